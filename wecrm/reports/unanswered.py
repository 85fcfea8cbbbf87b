"""Customers who wait for an answer now."""

from collections import defaultdict
from dataclasses import dataclass

from wecrm.i18n import _
from wecrm.models.report import Asked, Definition
from wecrm.models.table import Column, Table
from wecrm.reports.entries import Report, Sources
from wecrm.store import figures_messages, figures_staff, figures_waits

_HOUR_S = 3600
_DAY_S = 24 * _HOUR_S


@dataclass(slots=True)
class _Waiting:
    """What one row counts; `oldest` in unix ms."""

    chats: int = 0
    messages: int = 0
    day: int = 0
    oldest: int = 0
    worked_s: int = 0


def build(sources: Sources, asked: Asked) -> Table:
    """One row per member for whose answer somebody waits, most waiting ones first."""
    archive = sources.needed()
    columns = (
        Column("userid", _("Userid"), "id"),
        Column("name", _("Name")),
        Column("left", _("Has left"), "bool"),
        Column("chats", _("Chats waiting"), "int", sums=True),
        Column("messages", _("Messages"), "int", sums=True),
        Column("day", _("For more than 24 h"), "int", sums=True),
        Column("oldest", _("Since"), "time"),
        Column("longest_work", _("Longest in working hours"), "float", "h"),
    )
    found: dict[str, _Waiting] = defaultdict(_Waiting)
    for wait in figures_waits.standing(sources.store, archive, asked):
        each = found[wait.member.lower()]
        each.chats += 1
        each.messages += wait.questions
        each.day += wait.waited_s > _DAY_S
        each.oldest = each.oldest or wait.asked_at
        each.worked_s = max(each.worked_s, wait.work_s)
    staff = figures_staff.staff(sources.store, found)
    rows = []
    for userid, each in sorted(found.items(), key=lambda item: (-item[1].chats, item[0])):
        one = staff[userid]
        figures = each.chats, each.messages, each.day, each.oldest / 1000, round(each.worked_s / _HOUR_S, 1)
        rows.append((one.userid, one.name, one.gone, *figures))
    return Table("unanswered", columns, rows, as_of=figures_messages.pulled_at(archive))


def rows(sources: Sources, asked: Asked) -> Table:
    """One row per chat in which a customer waits, longest first."""
    archive = sources.needed()
    columns = (
        Column("asked_at", _("Since"), "time"),
        Column("userid", _("Member"), "id"),
        Column("external_userid", _("Customer"), "id"),
        Column("name", _("Name")),
        Column("conversation", _("Conversation"), "int"),
        Column("questions", _("Messages"), "int"),
        Column("waits", _("Waits for"), "float", "h"),
        Column("waits_work", _("In working hours"), "float", "h"),
    )
    names = figures_messages.Names(sources.store)
    shown = (
        (
            *(wait.asked_at / 1000, wait.member, wait.contact, names[wait.contact], wait.conversation),
            *(wait.questions, round(wait.waited_s / _HOUR_S, 1), round(wait.work_s / _HOUR_S, 1)),
        )
        for wait in figures_waits.standing(sources.store, archive, asked)
    )
    return Table("waiting", columns, shown, as_of=figures_messages.pulled_at(archive))


REPORT = Report(
    title="Unanswered chats",
    summary="Customers whose last messages have no answer, by member.",
    definition=Definition(
        "Single chats in which the customer wrote last, with all messages since the member's last one. The period is "
        "that in which they began to wait; whether they still wait is as of now, and so are the hours.",
        "The waits that the session archive keeps while messages are pulled, and the profile's working_hours.",
        "A closing 'thank you' waits like a question. An answer by telephone, or one that was not pulled yet, is not "
        "seen. Members who left and customers who are gone are in it.",
    ),
    build=build,
    takes=frozenset({"since", "until", "department", "member"}),
    rows=rows,
    archive="needed",
)
