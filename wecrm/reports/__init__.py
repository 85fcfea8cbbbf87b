"""Figures for managers, built from the cache alone: one file per report, this registry.

A report is `build(store, …) -> Table`. To add one: write the file, add a line here; the command
`wecrm report NAME`, its help and its docs page follow.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wecrm.models.table import Table
from wecrm.reports import channels, followers, tagusage
from wecrm.store.database import Store


@dataclass(frozen=True, slots=True)
class Report:
    """One report: what it answers, and how it is built."""

    summary: str
    build: Callable[[Store], Table]


REPORTS: Mapping[str, Report] = {
    "followers": Report("Customers per member: active, lost, out of sight.", followers.build),
    "channels": Report("Customers per channel (state of the live code), and how many stayed.", channels.build),
    "tags": Report("Tags by use: customers, members, and tags nobody uses.", tagusage.build),
}
