"""Acquisition links as WeCom counts them: per link, or by day, week or month; `--rows` per link and day."""

from collections.abc import Iterable, Iterator

from wecrm.i18n import _
from wecrm.models.report import Asked, Definition
from wecrm.models.table import Cell, Column, Table
from wecrm.reports import statdays
from wecrm.reports.entries import Report, Sources
from wecrm.store import figures
from wecrm.store import figures_statistics as store

VIEW = "link_days"


def _figures() -> tuple[Column, ...]:
    return (
        Column("clicks", _("Clicks"), "int", sums=True),
        Column("added", _("New customers"), "int", sums=True),
        Column("rate", _("Share added"), "float", "%"),
    )


def build(sources: Sources, asked: Asked) -> Table:
    """One row per link, most clicks first; with `by` one per period, empty where nothing is known."""
    as_of, noted = figures.as_of(sources.store, "stats"), statdays.notes(sources, asked, VIEW)
    days = Column("days", _("Days known"), "int", sums=True)
    if asked.by:
        columns = (Column("period", _("Period")), Column("links", _("Links"), "int"), days, *_figures())
        found = _rated(store.links_by_period(sources.store, asked))
        return Table("links", columns, list(statdays.with_gaps(sources, asked, VIEW, found)), noted, as_of)
    columns = (
        Column("link_id", _("Acquisition link"), "id"),
        Column("name", _("Name")),
        Column("gone", _("No longer there"), "bool"),
        days,
        *_figures(),
    )
    rows = ((*row[:2], row[2] == 1, *row[3:]) for row in _rated(store.links(sources.store, asked)))
    return Table("links", columns, rows, noted, as_of)


def _rated(found: Iterable[tuple[Cell, ...]]) -> Iterator[tuple[Cell, ...]]:
    """The rows, which end with clicks and new customers, with the share of the one in the other."""
    for row in found:
        clicks, added = int(str(row[-2])), int(str(row[-1]))
        yield *row, round(100 * added / clicks, 1) if clicks else None


def rows(sources: Sources, asked: Asked) -> Table:
    """One row per link and known day, newest first."""
    columns = (
        Column("day", _("Day")),
        Column("link_id", _("Acquisition link"), "id"),
        Column("name", _("Name")),
        Column("clicks", _("Clicks"), "int"),
        Column("added", _("New customers"), "int"),
        Column("provisional", _("Provisional"), "bool"),
    )
    found = ((*row[:-1], row[-1] == 1) for row in store.link_days(sources.store, asked))
    return Table("link-days", columns, found, as_of=figures.as_of(sources.store, "stats"))


REPORT = Report(
    title="Acquisition links",
    summary="Acquisition links as WeCom counts them: clicks, new customers, and the share of the one in the other.",
    definition=Definition(
        "Customers who opened a link, and customers who were added by it, summed up over days; the share is of clicks.",
        "WeCom's own statistics of acquisition links, read by `wecrm sync stats` and `wecrm sync livecodes`.",
        statdays.DAYS + " Only links that this app made can be read.",
    ),
    build=build,
    takes=frozenset(("since", "until", "by")),
    rows=rows,
    compares=True,
)
