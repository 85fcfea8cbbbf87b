"""Customers whom several members have."""

import json

from wecrm.i18n import _
from wecrm.models.report import Asked, Definition
from wecrm.models.table import Column, Table
from wecrm.reports.entries import Report, Sources
from wecrm.store import figures, figures_customers


def build(sources: Sources, asked: Asked) -> Table:
    """One row per customer whom two members or more have now, most members first."""
    columns = (
        Column("external_userid", _("Customer"), "id"),
        Column("name", _("Name")),
        Column("followers", _("Members"), "int"),
        Column("members", _("Who"), "list"),
        Column("first", _("First member"), "id"),
        Column("last_added", _("Last added"), "time"),
    )
    found = (
        (external, name, count, tuple(sorted(json.loads(members))), first, last)
        for external, name, count, members, first, last in figures_customers.shared(sources.store, asked)
    )
    return Table("shared-customers", columns, found, as_of=figures.as_of(sources.store, "contacts"))


def rows(sources: Sources, asked: Asked) -> Table:
    """One row per member of such a customer, who had them longest first."""
    columns = (
        Column("external_userid", _("Customer"), "id"),
        Column("name", _("Name")),
        Column("userid", _("Member"), "id"),
        Column("member", _("Member name")),
        Column("add_way", _("Added by"), "int"),
        Column("channel", _("Channel")),
        Column("began", _("Added"), "time"),
        Column("first", _("Had them first"), "bool"),
    )
    found = ((*row[:-1], bool(row[-1])) for row in figures_customers.shared_rows(sources.store, asked))
    return Table("shared", columns, found, as_of=figures.as_of(sources.store, "contacts"))


REPORT = Report(
    title="Customers of several members",
    summary="Customers whom several members have, and who had them first.",
    definition=Definition(
        "Customers with two active relations or more. With a member or department, those of whom one of these has one.",
        "The relations of the cache; the first member from the first touches.",
        "The first member may have left or lost the customer since, and then is not among those who have them.",
    ),
    build=build,
    takes=frozenset({"department", "member"}),
    rows=rows,
)
