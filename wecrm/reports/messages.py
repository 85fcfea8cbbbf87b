"""Messages and conversations of members, from the session archive."""

from wecrm.i18n import _
from wecrm.models.report import Asked, Definition
from wecrm.models.table import Column, Table
from wecrm.reports.entries import Report, Sources
from wecrm.store import figures_messages, figures_staff
from wecrm.store.figures_messages import Written


def build(sources: Sources, asked: Asked) -> Table:
    """One row per member and day, week or month with messages, most sent ones first."""
    archive = sources.needed()
    columns = (
        *((Column("period", _("Period")),) if asked.by else ()),
        Column("userid", _("Userid"), "id"),
        Column("name", _("Name")),
        Column("left", _("Has left"), "bool"),
        Column("days", _("Days"), "int"),
        Column("chats", _("Chats with customers"), "int", sums=not asked.by),
        Column("chat_sent", _("Sent in them"), "int", sums=True),
        Column("chat_received", _("Received in them"), "int", sums=True),
        Column("groups", _("Groups"), "int"),
        Column("group_sent", _("Sent in groups"), "int", sums=True),
        Column("other_sent", _("Sent to others"), "int", sums=True),
        Column("sent", _("Sent in all"), "int", sums=True),
    )
    found = [
        (label, userid, _cells(written))
        for label, members in figures_messages.by_member(sources.store, archive, asked)
        for userid, written in sorted(members.items(), key=lambda item: (-item[1].sent, item[0]))
    ]
    staff = figures_staff.staff(sources.store, {userid for _label, userid, _figures in found})
    rows = (
        (*((label,) if asked.by else ()), one.userid, one.name, one.gone, *figures)
        for label, userid, figures in found
        for one in (staff[userid],)
    )
    return Table("messages", columns, rows, as_of=figures_messages.pulled_at(archive))


def _cells(one: Written) -> tuple[int, ...]:
    chats, groups = len(one.chats), len(one.groups)
    figures = one.days, chats, one.chat_sent, one.chat_received, groups, one.group_sent, one.other_sent
    return *figures, one.sent


def rows(sources: Sources, asked: Asked) -> Table:
    """One row per day, member and conversation, earliest first."""
    archive = sources.needed()
    columns = (
        Column("day", _("Day")),
        Column("userid", _("Member"), "id"),
        Column("conversation", _("Conversation"), "int"),
        Column("place", _("Kind")),
        Column("external_userid", _("Customer"), "id"),
        Column("sent", _("Sent"), "int"),
        Column("received", _("Received"), "int"),
    )
    found = figures_messages.by_conversation(sources.store, archive, asked)
    return Table("message_days", columns, found, as_of=figures_messages.pulled_at(archive))


REPORT = Report(
    title="Messages of members",
    summary="Messages and conversations by member and day: with customers, in groups, with others.",
    definition=Definition(
        "Messages that were sent, by the time of sending; taken back ones count, taking back does not. Chats are "
        "single ones with a customer in which either wrote within the period; what the customer wrote is received. "
        "Groups are those in which the member wrote, groups without customers included. Others are colleagues, robots "
        "and calls of several. Days are those on which the member wrote.",
        "The counts by day and hour that the session archive keeps while messages are pulled.",
        "Only members with a seat are archived. Messages without a time are left out. What members of a group "
        "received is not counted. Days are those of the time zone at the time of the pull.",
    ),
    build=build,
    takes=frozenset({"since", "until", "by", "department", "member"}),
    rows=rows,
    compares=True,
    archive="needed",
)
