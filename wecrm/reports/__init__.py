"""Figures for managers, built from the cache alone: one file per report, this registry.

A report is `build(store, period) -> Table`. To add one: write the file, add a line here; the command
`wecrm report NAME`, its help and its docs page follow.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wecrm.models.table import Table
from wecrm.reports import channels, followers, tagusage
from wecrm.store.beginnings import Period
from wecrm.store.database import Store


@dataclass(frozen=True, slots=True)
class Report:
    """One report: what it answers, how it is built, and whether it is about a period that can be chosen."""

    summary: str
    build: Callable[[Store, Period], Table]
    dated: bool = False


REPORTS: Mapping[str, Report] = {
    "followers": Report(
        "Customers per member: active, lost, out of sight.", lambda store, _period: followers.build(store)
    ),
    "channels": Report(
        "Customers per channel (state of the live code): added, lost after 1, 7 and 30 days, kept.",
        channels.build,
        dated=True,
    ),
    "tags": Report(
        "Tags by use: customers, members, and tags nobody uses.", lambda store, _period: tagusage.build(store)
    ),
}
