"""At which hours of which days customers write, and members answer."""

from wecrm.i18n import _
from wecrm.models.report import Asked, Definition
from wecrm.models.table import Cell, Column, Table
from wecrm.reports.entries import Report, Sources
from wecrm.store import figures_messages

_HOURS = range(24)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def build(sources: Sources, asked: Asked) -> Table:
    """One row per hour of the day, from midnight on; quiet ones too."""
    archive = sources.needed()
    titles = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
    columns = (
        Column("hour", _("Hour")),
        Column("customers", _("From customers"), "int", sums=True),
        Column("members", _("From members"), "int", sums=True),
        *(Column(key, title, "int", sums=True) for key, title in zip(_DAYS, titles, strict=True)),
    )
    received = [[0] * len(_DAYS) for _hour in _HOURS]
    sent = [0 for _hour in _HOURS]
    found = figures_messages.by_hour(sources.store, archive, asked)
    for (weekday, hour), (customers, members) in found.items():
        received[hour][weekday] += customers
        sent[hour] += members
    rows: list[tuple[Cell, ...]] = [
        (f"{hour:02}:00", sum(received[hour]), sent[hour], *received[hour]) for hour in _HOURS
    ]
    return Table("busiest_hours", columns, rows, as_of=figures_messages.pulled_at(archive))


REPORT = Report(
    title="Busiest hours",
    summary="Hours of the day by messages from customers and members, and by day of the week.",
    definition=Definition(
        "Messages of conversations with customers, single chats and groups, by the hour in which they were sent. Under "
        "the days of the week stand the messages of customers. For members or departments: only conversations in which "
        "they take part, and of members' messages only theirs.",
        "The counts by day and hour that the session archive keeps while messages are pulled.",
        "Hours and days are those of the time zone at the time of the pull. Messages without a time are left out.",
    ),
    build=build,
    takes=frozenset({"since", "until", "department", "member"}),
    compares=True,
    archive="needed",
)
