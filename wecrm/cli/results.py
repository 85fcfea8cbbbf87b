"""Result files: what became of each row of the input, with its columns, in its format.

`BASE.ok.csv`, `BASE.failed.csv` and `BASE.unprocessed.csv` hold every row of a job once. The last
two can be given to the same command again.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from wecrm.cli.session import Session
from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.plan import JobRow, NewId, Status
from wecrm.models.table import Cell, Column, Table

ResultsOption = Annotated[
    str,
    typer.Option("--results", help=_("Write BASE.ok, BASE.failed and BASE.unprocessed files."), metavar="BASE"),
]

FILES: Mapping[str, tuple[Status, ...]] = {
    "ok": ("ok", "same", "verified"),
    "failed": ("failed", "conflict"),
    "unprocessed": ("pending", "submitted", "unknown", "skipped"),
}
"""File → the statuses of its rows; every status stands in one of them."""

OUTCOME = (
    Column("status", _("Status")),
    Column("errcode", _("Errcode"), "int"),
    Column("errmsg", _("WeCom said")),
    Column("hint", _("Hint")),
    Column("attempts", _("Attempts"), "int"),
)


_SUPPORT = re.compile(r"[\w-]+", re.ASCII)
"""What WeCom writes into an errmsg for its support: no sentence."""


@dataclass(frozen=True, slots=True)
class Results:
    """Where result files go; `base` empty: nowhere."""

    base: str = ""
    format: str = "csv"

    def path(self, name: str) -> Path:
        """The file of that name."""
        return Path(f"{self.base}.{name}.{self.format}")

    def check(self) -> None:
        """Find out before the work whether the files can be written.

        Raises:
            UsageError: they cannot.
        """
        from wecrm.files.atomic import check_writable

        for name in FILES if self.base else ():
            check_writable(self.path(name))

    def write(self, s: Session, job: str) -> None:
        """Write the three files from the journal, or none of them."""
        if not self.base:
            return
        from wecrm.files.atomic import replacing

        with ExitStack() as stack:
            streams = {name: stack.enter_context(replacing(self.path(name))) for name in FILES}
            counts = {name: self._put(s, job, FILES[name], stream) for name, stream in streams.items()}
        for name, count in counts.items():
            s.say(_("{n:,} rows in {path}", n=count, path=self.path(name)))

    def _put(self, s: Session, job: str, statuses: tuple[Status, ...], stream: BinaryIO) -> int:
        from wecrm.files.tables import write

        return write(table(s, job, statuses), stream, self.format, for_file=True, tz=s.tz).rows


NOWHERE = Results()


def split(s: Session, job: str, base: str, form: str) -> None:
    """Write the three files of a job, in CSV, TSV or XLSX.

    Raises:
        UsageError: another format, which could not be given to a command again.
    """
    if form not in ("csv", "tsv", "xlsx"):
        raise UsageError(_("Result files are csv, tsv or xlsx, not {value}.", value=form))
    Results(base, form).write(s, job)


def table(s: Session, job: str, statuses: tuple[Status, ...] = ()) -> Table:
    """Rows of a job as they came in, and what became of them, without changes that no input row asked for."""
    from wecrm.store import jobs

    names: dict[str, None] = {}
    given = False
    for row in jobs.rows(s.store, job):  # of all rows, so that every file has the same columns
        if row.change.input and not given:
            given, names = True, {}
        if row.change.input or not given:
            names.update(dict.fromkeys(_input(row)))
    own = {column.key for column in OUTCOME}
    kept = tuple(name for name in names if name not in own)
    found = (row for row in jobs.rows(s.store, job, statuses) if row.change.input or not given)
    columns = (*(Column(name, name, "id") for name in kept), *OUTCOME)
    return Table("job_rows", columns, _rows(found, kept))


def _rows(found: Iterable[JobRow], names: Sequence[str]) -> Iterator[tuple[Cell, ...]]:
    for row in found:
        given = _input(row)
        yield (*(given.get(name, "") for name in names), *outcome(row))


def outcome(row: JobRow) -> tuple[Cell, ...]:
    """What became of a row, as the columns OUTCOME."""
    return row.status, row.errcode or None, row.errmsg, _advice(row), row.attempts


def _advice(row: JobRow) -> str:
    """What to do about a row: as it was told then, or as its errcode has it, with the hint for WeCom's support."""
    if row.status == "conflict" and not row.hint:
        return _("Somebody else changed it since the plan was made. Sync, look at it, and plan it again.")
    if not row.errcode or (row.hint and not _SUPPORT.fullmatch(row.hint)):
        return row.hint
    from wecrm.api.errcodes import find

    code = find(row.errcode)
    return " ".join(part for part in (_(code.fix or code.meaning), f"({row.hint})" if row.hint else "") if part)


def _input(row: JobRow) -> dict[str, str]:
    """The caller's columns, or the object's own names where there was no file."""
    if row.change.input:
        return row.change.input
    return {name: value.new if isinstance(value, NewId) else value for name, value in row.change.key.items()}
