"""Building the reports that were named, and showing them: one table, or several in a workbook."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from wecrm.cli import pages, reportasked
from wecrm.cli import rows as row_options
from wecrm.cli.reportasked import Given
from wecrm.cli.rows import Rows
from wecrm.cli.session import Session
from wecrm.errors import ConfigError
from wecrm.i18n import _
from wecrm.models.report import Asked
from wecrm.models.table import Cell, Column, Table
from wecrm.reports.comparisons import compared
from wecrm.reports.entries import OPTIONS, Report, Sources
from wecrm.reports.totals import totalled

if TYPE_CHECKING:
    from wecrm.store.database import Store

Titled = tuple[str, Table]


def tables(
    s: Session, chosen: Mapping[str, Report], given: Given, *, compare: bool, rows: bool, reason: str
) -> list[Titled]:
    """Title and table of each report, totals added.

    Raises:
        UsageError: one of them does not take what was asked.
        ConfigError: a report needs the session archive, and there is none.
    """
    for name, report in chosen.items():
        reportasked.check(name, report, given, compare=compare, rows=rows)
    asked = reportasked.asked(s, given)
    found = []
    for name, report in chosen.items():
        read = sources(s, report)
        table = _built(report, read, asked, compare=compare, rows=rows)
        if read.archive and (rows or report.own):
            table = _noted(s, read.archive, table, f"report {name}", reason, str(given))
        found.append((_(report.title), table))
    return found


def _built(report: Report, read: Sources, asked: Asked, *, compare: bool, rows: bool) -> Table:
    if rows and report.rows:
        return report.rows(read, asked)
    return totalled(compared(report, read, asked) if compare else report.build(read, asked))


def sources(s: Session, report: Report) -> Sources:
    """What this report reads, open.

    Raises:
        ConfigError: it needs the session archive, and there is none.
    """
    return Sources(s.store, _archive(s, report))


def _archive(s: Session, report: Report) -> "Store | None":
    from wecrm.cli.archive import opening

    if not report.archive:
        return None
    if opening.database(s).exists():
        return opening.archive(s)
    if report.archive == "used":
        return None
    raise ConfigError(
        _("There is no session archive yet."),
        _("This report is made of archived messages."),
        _("Run `wecrm archive pull` first."),
    )


def _noted(s: Session, archive: "Store", table: Table, command: str, reason: str, filter: str) -> Table:
    """`table`, after the access log has noted that so many rows of the archive are shown."""
    from wecrm.cli.archive import opening

    rows = list(table.rows)
    opening.accessed(s, archive, command, reason=reason, filter=filter, rows=len(rows))
    return replace(table, rows=rows)


def show(s: Session, found: Sequence[Titled], wanted: Rows) -> None:
    """Show one report as any table; several as sheets of a workbook, or one under the other for a person.

    Raises:
        UsageError: several, in a form that holds one table.
    """
    if len(found) == 1:
        row_options.show(s, found[0][1], wanted)
    elif pages.for_person(s, wanted):
        limited = [(title, replace(table, rows=islice(table.rows, wanted.limit))) for title, table in found]
        pages.show(s, limited, wanted, "", found[0][1].name, upright=False)
    else:
        row_options.show_all(s, [table for _title, table in found], wanted)


def explained(chosen: Mapping[str, Report]) -> Table:
    """What each report counts, where from, what it does not say, and what may be asked of it."""
    rows: list[tuple[Cell, ...]] = []
    for name, report in chosen.items():
        options = [f"--{each}" for each in OPTIONS if each in report.takes]
        options += [flag for flag, able in (("--compare", report.compares), ("--rows", report.rows)) if able]
        facts = (
            (_("Title"), _(report.title)),
            (_("Answers"), _(report.summary)),
            (_("Counts"), _(report.definition.counts)),
            (_("Source"), _(report.definition.source)),
            (_("Caveats"), _(report.definition.caveats)),
            (_("Options"), ", ".join(options)),
        )
        rows += [(name, what, told) for what, told in facts if told]
    return Table(
        "explained", (Column("report", _("Report")), Column("what", _("What")), Column("text", _("Text"))), rows
    )
