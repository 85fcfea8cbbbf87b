"""What the reports of WeCom's own statistics share: notes on their days, and rows of gaps."""

from collections.abc import Iterable, Iterator

from wecrm.i18n import _
from wecrm.models.report import Asked
from wecrm.models.table import Cell
from wecrm.reports.entries import Sources
from wecrm.store import figures_statistics

DAYS = (
    "Days are WeCom's, of UTC+8 whatever the time zone of the profile. What is read less than 24 hours after a day's "
    "end is provisional. WeCom keeps 180 days, `wecrm sync stats` keeps what it read."
)


def notes(sources: Sources, asked: Asked, view: str) -> tuple[str, ...]:
    """Which days of the period are provisional."""
    days = figures_statistics.provisional(sources.store, asked, view)
    return (_("Provisional: {days}.", days=", ".join(days)),) if days else ()


def with_gaps(
    sources: Sources, asked: Asked, view: str, found: Iterable[tuple[Cell, ...]]
) -> Iterator[tuple[Cell, ...]]:
    """The rows by their first cell, a label, and an empty row for each label between them that has none."""
    known = {row[0]: row for row in found}
    width = max((len(row) for row in known.values()), default=1)
    for label in figures_statistics.labels(sources.store, asked, view):
        yield known.get(label, (label, *(None,) * (width - 1)))
