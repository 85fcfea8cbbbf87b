"""A person's own reports: the `.sql` files in the folder `reports` beside the configuration."""

from dataclasses import dataclass
from pathlib import Path

from wecrm.cli.session import Session
from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.report import Query
from wecrm.reports.entries import Report


@dataclass(frozen=True, slots=True)
class Own:
    """One file: the query and the report in it, or what is wrong with it."""

    query: Query | None
    report: Report | None
    error: UsageError | None = None

    @property
    def summary(self) -> str:
        """What it answers; "" when that can't be read."""
        return self.report.summary if self.report else ""

    @property
    def broken(self) -> str:
        """What is wrong with it; "" when nothing is."""
        return self.error.what if self.error else ""

    def sound(self, seconds: float) -> Report:
        """The report, whose query may work for so many seconds.

        Raises:
            UsageError: what is wrong with the file.
        """
        if self.query is None or self.report is None:
            raise self.error or UsageError(self.broken)
        return _report(self.query, seconds)


def folder(s: Session) -> Path:
    """Where such files lie."""
    return s.config_path.parent / "reports"


def found(s: Session) -> dict[str, Own]:
    """Every file by the name of its report; a broken one does not hide the others."""
    from wecrm.files import ownreports

    return {path.stem: _read(path) for path in ownreports.files(folder(s))}


def tried(s: Session, own: Own) -> Own:
    """`own`, or what SQLite says against it; what asks the archive, and what has no cache yet, is not tried."""
    from wecrm.store.sql import check

    if own.query is None or own.query.archive or not s.database.exists():
        return own
    try:
        check(s.database, own.query.text, source=own.query.path)
    except UsageError as error:
        return Own(None, None, error)
    return own


def _read(path: Path) -> Own:
    from wecrm.cli.report import OTHERS
    from wecrm.files import ownreports
    from wecrm.reports import REPORTS

    try:
        if path.stem in (*REPORTS, *OTHERS):
            raise UsageError(_("{path}: a built-in report has this name.", path=path), "", _("Rename the file."))
        query = ownreports.read(path)
        return Own(query, _report(query))
    except UsageError as error:
        return Own(None, None, error)


def _report(query: Query, seconds: float = 30) -> Report:
    from time import monotonic

    from wecrm.reports.ownreports import report

    return report(Path(query.path).stem, query, monotonic=monotonic, seconds=seconds)
