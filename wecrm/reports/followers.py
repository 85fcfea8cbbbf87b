"""Customers per member."""

from wecrm.i18n import _
from wecrm.models.report import Asked, Definition
from wecrm.models.table import Column, Table
from wecrm.reports.entries import Report, Sources
from wecrm.store import figures


def build(sources: Sources, asked: Asked) -> Table:
    """One row per member with relations: how many are active, lost, transferred and out of sight."""
    columns = (
        Column("userid", _("Userid"), "id"),
        Column("name", _("Name")),
        Column("active", _("Active"), "int", sums=True),
        Column("lost", _("Lost"), "int", sums=True),
        Column("transferred", _("Transferred"), "int", sums=True),
        Column("out_of_sight", _("Out of sight"), "int", sums=True),
    )
    store = sources.store
    return Table("followers", columns, figures.followers(store, asked), as_of=figures.as_of(store, "contacts"))


def rows(sources: Sources, asked: Asked) -> Table:
    """One row per relation, in no order."""
    columns = (
        Column("userid", _("Member"), "id"),
        Column("member", _("Member name")),
        Column("external_userid", _("Customer"), "id"),
        Column("name", _("Name")),
        Column("status", _("Status")),
        Column("began", _("Added"), "time"),
        Column("ended", _("Ended"), "time"),
    )
    store = sources.store
    return Table("relations", columns, figures.relations(store, asked), as_of=figures.as_of(store, "contacts"))


REPORT = Report(
    title="Customers per member",
    summary="Customers per member: active, lost, out of sight.",
    definition=Definition(
        "Relations of each member by their status at the last sync: a customer of two members counts twice.",
        "The relations of the cache.",
        "Lost means missed by a sync; whether member or customer ended it is not known here.",
    ),
    build=build,
    takes=frozenset({"department", "member"}),
    rows=rows,
)
