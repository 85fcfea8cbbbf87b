"""Customers who came and went, and how many there are: in all, or by day, week or month."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace

from wecrm.i18n import _
from wecrm.models.periods import Span, spans
from wecrm.models.report import Asked, Definition
from wecrm.models.table import Cell, Column, Table
from wecrm.reports import moves
from wecrm.reports.entries import Report, Sources
from wecrm.store import figures, figures_customers
from wecrm.store.figures_customers import Moves


def build(sources: Sources, asked: Asked) -> Table:
    """One row per day, week or month, empty ones included, or one in all; `total` is at its end."""
    store = sources.store
    since = asked.since if asked.since is not None else figures_customers.first(store)
    until = min(asked.until if asked.until is not None else asked.now + 1, asked.now + 1)
    parts = spans(asked.now if since is None else since, until, asked.by, asked.tz)
    columns = (
        *((Column("period", _("Period")),) if asked.by else ()),
        *moves.columns(),
        Column("total", _("In all"), "int"),
    )
    rows = list(_rows(sources, replace(asked, since=since, until=until), parts)) if parts else []
    return Table("customers", columns, rows, as_of=figures.as_of(store, "contacts"))


def _rows(sources: Sources, asked: Asked, parts: tuple[Span, ...]) -> Iterator[tuple[Cell, ...]]:
    total = figures_customers.total(sources.store, asked, parts[0].start)
    found = [Moves() for _part in parts]
    starts = [part.start for part in parts]
    for quarter, each in figures_customers.by_quarter(sources.store, asked).items():
        found[max(0, bisect_right(starts, quarter) - 1)].add(each)
    for part, each in zip(parts, found, strict=True):
        total += each.net
        yield *((part.label,) if asked.by else ()), *moves.cells(each), total


REPORT = Report(
    title="Customers",
    summary="Customers: new, lost, net and in all, by day, week or month.",
    definition=Definition(moves.COUNTS, moves.SOURCE, moves.CAVEATS),
    build=build,
    takes=moves.TAKES | {"by"},
    rows=moves.rows,
    compares=True,
)
