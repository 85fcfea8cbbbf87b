"""Building the reports that were named, and showing them: one table, or several in a workbook."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final, Literal

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
from wecrm.reports.entries import Report, Sources
from wecrm.reports.totals import totalled

if TYPE_CHECKING:
    from wecrm.store.database import Store

_KEPT: Final = 20_000
"""Rows that stay in memory from their counting until they are shown; more are read a second time."""


def tables(
    s: Session, chosen: Mapping[str, Report], given: Given, *, compare: bool, rows: bool, timed: bool, reason: str
) -> list[Table]:
    """The table of each report under its title, totals added; `timed`: a longest time was asked for.

    Raises:
        UsageError: one of them does not take what was asked.
        ConfigError: a report needs the session archive, and there is none.
    """
    for name, report in chosen.items():
        reportasked.check(name, report, given, compare=compare, rows=rows, timed=timed)
    asked = reportasked.asked(s, given)
    found = []
    for name, report in chosen.items():
        read = sources(s, report)
        build = partial(_built, report, read, asked, compare=compare, rows=rows)
        if read.archive and (rows or report.own):
            table = _noted(s, read.archive, build, f"report {name}", reason, str(given))
        else:
            table = build()
        source: Literal["archive", "cache"] = "archive" if report.archive == "needed" else "cache"
        found.append(replace(table, title=_(report.title), source=source))
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


def _noted(s: Session, archive: "Store", build: Callable[[], Table], command: str, reason: str, filter: str) -> Table:
    """The table, after the access log has noted that so many rows of the archive are shown; never more are."""
    from wecrm.cli.archive import opening

    table = build()
    unread = iter(table.rows)
    rows = list(islice(unread, _KEPT))
    count = len(rows) + sum(1 for _row in unread)
    opening.accessed(s, archive, command, reason=reason, filter=filter, rows=count)
    if count == len(rows):
        return replace(table, rows=rows)
    table = build()
    return replace(table, rows=islice(table.rows, count))


def show(s: Session, found: Sequence[Table], wanted: Rows) -> None:
    """Show one report as any table; several as sheets of a workbook, or one below the other for a person.

    Raises:
        UsageError: several, in a form that holds one table.
    """
    if len(found) == 1:
        row_options.show(s, found[0], wanted)
    elif pages.for_person(s, wanted):
        row_options.one_table(wanted)
        limited = [(table.title, replace(table, rows=islice(table.rows, wanted.limit))) for table in found]
        pages.show(s, limited, wanted, "", found[0].name, upright=False)
    else:
        row_options.show_all(s, found, wanted)


def explained(chosen: Mapping[str, Report]) -> Table:
    """What each report counts, where from, what it does not say, and what may be asked of it."""
    rows: list[tuple[Cell, ...]] = []
    for name, report in chosen.items():
        facts = (
            (_("Title"), _(report.title)),
            (_("Answers"), _(report.summary)),
            (_("Counts"), _(report.definition.counts)),
            (_("Source"), _(report.definition.source)),
            (_("Caveats"), _(report.definition.caveats)),
            (_("Options"), ", ".join(reportasked.able(report))),
        )
        rows += [(name, what, told) for what, told in facts if told]
    return Table(
        "explained", (Column("report", _("Report")), Column("what", _("What")), Column("text", _("Text"))), rows
    )
