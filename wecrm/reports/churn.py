"""Lost customers by their last owner, and one by one."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median

from wecrm.i18n import _
from wecrm.models.report import Asked, Definition
from wecrm.models.table import Cell, Column, Table
from wecrm.reports.entries import Report, Sources
from wecrm.store import figures, figures_customers

_SOON_D = 7


@dataclass(slots=True)
class _Owner:
    name: str | None = None
    days: list[float] = field(default_factory=list)
    others: int = 0
    returned: int = 0


def build(sources: Sources, asked: Asked) -> Table:
    """One row per member who lost somebody, most lost first."""
    columns = (
        Column("userid", _("Last owner"), "id"),
        Column("name", _("Name")),
        Column("lost", _("Lost"), "int", sums=True),
        Column("soon", _("Lost within {days} d", days=_SOON_D), "int", sums=True),
        Column("returned", _("Returned"), "int", sums=True),
        Column("elsewhere", _("Still with others"), "int", sums=True),
        Column("days", _("Stayed (median)"), "float", "d"),
    )
    found: dict[str, _Owner] = defaultdict(_Owner)
    for userid, name, _id, _name, _channel, _began, _ended, days, others, returned in figures_customers.lost(
        sources.store, asked
    ):
        owner = found[userid]
        owner.name = name
        owner.days.append(days)
        owner.returned += returned
        owner.others += not returned and others > 0
    return Table("churn", columns, list(_rows(found)), as_of=figures.as_of(sources.store, "contacts"))


def _rows(found: dict[str, _Owner]) -> Iterator[tuple[Cell, ...]]:
    for userid, owner in sorted(found.items(), key=lambda item: (-len(item[1].days), item[0])):
        soon = sum(days <= _SOON_D for days in owner.days)
        stayed = round(median(owner.days), 1)
        yield userid, owner.name, len(owner.days), soon, owner.returned, owner.others, stayed


def rows(sources: Sources, asked: Asked) -> Table:
    """One row per loss, latest first."""
    columns = (
        Column("userid", _("Last owner"), "id"),
        Column("member", _("Member name")),
        Column("external_userid", _("Customer"), "id"),
        Column("name", _("Name")),
        Column("channel", _("Channel")),
        Column("began", _("Added"), "time"),
        Column("lost_at", _("Lost at"), "time"),
        Column("days", _("Stayed"), "float", "d"),
        Column("others", _("Other members"), "int"),
        Column("returned", _("Returned"), "bool"),
    )
    found = ((*row[:7], round(row[7], 1), row[8], bool(row[9])) for row in figures_customers.lost(sources.store, asked))
    return Table("lost", columns, found, as_of=figures.as_of(sources.store, "contacts"))


REPORT = Report(
    title="Lost customers",
    summary="Lost customers by their last owner: how many, how soon, and who returned.",
    definition=Definition(
        "Relations that a sync missed within the period and that went to no colleague; who is lost twice counts "
        "twice. Returned ones are the same member's customers again, others may still be customers of a colleague. "
        "Stayed is from being added until the loss was noticed.",
        "The relations of the cache and their history.",
        "A loss has the time of the sync that noticed it; whether the customer or the member ended it is not known. "
        "Customers of a member who left are no losses as long as nobody knows what became of them.",
    ),
    build=build,
    takes=frozenset({"since", "until", "department", "member", "channel"}),
    rows=rows,
    compares=True,
)
