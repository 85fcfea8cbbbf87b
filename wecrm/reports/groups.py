"""Customer groups by size, growth and activity, and their owners."""

from wecrm.i18n import _
from wecrm.models.report import Asked, Definition
from wecrm.models.table import Column, Table
from wecrm.reports.entries import Report, Sources
from wecrm.store import figures, figures_groups

_TAKES = frozenset({"since", "until", "department", "member"})
_COUNTS = (
    "Groups that exist now. People are all in the group, customers the external ones; joined counts the customers "
    "in it who joined within the period. Member and department mean the owner's."
)
_CAVEATS = "Who joined and left again is not known here. Who is in two groups counts twice."


def build(sources: Sources, asked: Asked) -> Table:
    """One row per group, most customers first; the last message only where there is an archive."""
    columns = (
        Column("chat_id", _("Group id"), "id"),
        Column("name", _("Name")),
        Column("owner", _("Owner"), "id"),
        Column("owner_name", _("Owner name")),
        Column("status", _("Status"), "int"),
        Column("created", _("Created"), "time"),
        Column("people", _("People"), "int", sums=True),
        Column("customers", _("Customers"), "int", sums=True),
        Column("joined", _("Joined"), "int", sums=True),
        Column("last_joined", _("Last joined"), "time"),
        Column("last_message", _("Last message"), "time"),
    )
    said = figures_groups.last_messages(sources.archive) if sources.archive else {}
    found = ((*row, said.get(row[0])) for row in figures_groups.groups(sources.store, asked))
    return Table("groups", columns, found, as_of=figures.as_of(sources.store, "groups"))


def owners(sources: Sources, asked: Asked) -> Table:
    """One row per owner, most customers first."""
    columns = (
        Column("owner", _("Owner"), "id"),
        Column("name", _("Owner name")),
        Column("left", _("Has left"), "bool"),
        Column("groups", _("Groups"), "int", sums=True),
        Column("made", _("Made"), "int", sums=True),
        Column("people", _("People"), "int", sums=True),
        Column("customers", _("Customers"), "int", sums=True),
        Column("joined", _("Joined"), "int", sums=True),
        Column("last_joined", _("Last joined"), "time"),
    )
    found = ((*row[:2], row[2] != 0, *row[3:]) for row in figures_groups.owners(sources.store, asked))
    return Table("group-owners", columns, found, as_of=figures.as_of(sources.store, "groups"))


def rows(sources: Sources, asked: Asked) -> Table:
    """One row per customer who joined within the period, latest first."""
    columns = (
        Column("at", _("Joined"), "time"),
        Column("chat_id", _("Group id"), "id"),
        Column("group", _("Group")),
        Column("owner", _("Owner"), "id"),
        Column("external_userid", _("Customer"), "id"),
        Column("name", _("Name")),
        Column("join_scene", _("Joined by"), "int"),
        Column("channel", _("Channel")),
        Column("invitor", _("Invited by"), "id"),
    )
    found = figures_groups.joined(sources.store, asked)
    return Table("joined", columns, found, as_of=figures.as_of(sources.store, "groups"))


REPORT = Report(
    title="Customer groups",
    summary="Customer groups: size, who joined, and when somebody last said something.",
    definition=Definition(
        _COUNTS, "The groups of the cache; the last message from the session archive, where there is one.", _CAVEATS
    ),
    build=build,
    takes=_TAKES,
    rows=rows,
    archive="used",
)

OWNERS = Report(
    title="Owners of customer groups",
    summary="Owners of customer groups: how many groups, people and customers.",
    definition=Definition(_COUNTS, "The groups of the cache.", _CAVEATS),
    build=owners,
    takes=_TAKES,
    rows=rows,
)
