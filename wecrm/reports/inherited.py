"""Customers whom members took over from others, and how many of them stayed."""

from collections import Counter, defaultdict

from wecrm.i18n import _
from wecrm.models.report import Asked, Definition
from wecrm.models.table import Column, Table
from wecrm.reports.entries import Report, Sources
from wecrm.store import figures, figures_customers


def build(sources: Sources, asked: Asked) -> Table:
    """One row per member who took customers over, most first."""
    columns = (
        Column("userid", _("New member"), "id"),
        Column("name", _("Name")),
        Column("received", _("Received"), "int", sums=True),
        Column("active", _("Active"), "int", sums=True),
        Column("lost", _("Lost"), "int", sums=True),
        Column("handed_over", _("Handed over"), "int", sums=True),
        Column("hidden", _("Hidden"), "int", sums=True),
        Column("kept", _("Kept"), "float", "%"),
    )
    found: dict[tuple[str, str | None], Counter[str]] = defaultdict(Counter)
    for userid, name, _id, _name, _former, _began, status, _ended in figures_customers.inherited(sources.store, asked):
        found[userid, name][status] += 1
    rows = [
        (
            *(userid, name, counts.total(), counts["active"], counts["lost"], counts["transferred"]),
            *(counts["out_of_sight"], round(100 * counts["active"] / counts.total(), 1)),
        )
        for (userid, name), counts in sorted(found.items(), key=lambda item: (-item[1].total(), item[0][0]))
    ]
    return Table("inherited", columns, rows, as_of=figures.as_of(sources.store, "contacts"))


def rows(sources: Sources, asked: Asked) -> Table:
    """One row per customer who was taken over, latest first."""
    columns = (
        Column("userid", _("New member"), "id"),
        Column("member", _("Member name")),
        Column("external_userid", _("Customer"), "id"),
        Column("name", _("Name")),
        Column("former", _("Former member"), "id"),
        Column("began", _("Received"), "time"),
        Column("status", _("Status")),
        Column("ended", _("Ended"), "time"),
    )
    found = figures_customers.inherited(sources.store, asked)
    return Table("taken_over", columns, found, as_of=figures.as_of(sources.store, "contacts"))


REPORT = Report(
    title="Inherited customers",
    summary="Customers taken over from other members: how many came, stayed and were lost.",
    definition=Definition(
        "Relations that began within the period because somebody assigned the customer (add_way 202), on the job or "
        "after a member left, with what became of each until now. Kept is the share that is active.",
        "The relations of the cache and their history; the former member from the ledger of transfers.",
        "The former member is not known of transfers made elsewhere, such as in the admin console. "
        "Customers whom a colleague shared (add_way 201) are not inherited: the colleague still has them.",
    ),
    build=build,
    takes=frozenset({"since", "until", "department", "member"}),
    rows=rows,
    compares=True,
)
