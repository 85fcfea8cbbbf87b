"""How long customers wait for an answer: first replies and all replies, by the calendar and in working hours."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache
from math import ceil

from wecrm.i18n import _
from wecrm.models import periods
from wecrm.models.report import Asked, Definition
from wecrm.models.table import Cell, Column, Table
from wecrm.reports.entries import Report, Sources
from wecrm.store import figures_messages, figures_staff, figures_waits
from wecrm.store.database import Store
from wecrm.store.figures_waits import Wait

_MINUTE_S = 60
_PART = 0.9


@dataclass(slots=True)
class _Replies:
    """What one row counts; durations in seconds."""

    standing: int = 0
    waited: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    first_waited: list[float] = field(default_factory=list)
    first_worked: list[float] = field(default_factory=list)

    def add(self, other: "_Replies") -> None:
        """Count those too."""
        self.standing += other.standing
        self.waited += other.waited
        self.worked += other.worked
        self.first_waited += other.first_waited
        self.first_worked += other.first_worked

    def cells(self) -> tuple[Cell, ...]:
        """The figures of a row."""
        answered = len(self.waited)
        waits = answered + self.standing
        share = round(100 * answered / waits, 1) if waits else None
        durations = (self.waited, self.worked, self.first_waited, self.first_worked)
        return waits, answered, self.standing, share, *(cell for each in durations for cell in _typical(each))


def build(sources: Sources, asked: Asked) -> Table:
    """One row per member and day, week or month in which customers began to wait, most waits first."""
    archive = sources.needed()
    found = _counted(sources, archive, asked)
    staff = figures_staff.staff(sources.store, {userid for _label, userid in found})
    whole = _Replies()
    rows = []
    for (label, userid), each in sorted(found.items(), key=lambda item: _order(*item)):
        one = staff[userid]
        rows.append((*((label,) if asked.by else ()), one.userid, one.name, one.gone, *each.cells()))
        whole.add(each)
    columns = (
        *((Column("period", _("Period")),) if asked.by else ()),
        Column("userid", _("Userid"), "id"),
        Column("name", _("Name")),
        Column("left", _("Has left"), "bool"),
        *_columns(),
    )
    empty = (None,) * (len(columns) - len(_columns()) - 1)
    totals = (_("Total"), *empty, *whole.cells()) if rows else None
    return Table("replies", columns, rows, as_of=figures_messages.pulled_at(archive), totals=totals)


def _columns() -> tuple[Column, ...]:
    return (
        Column("waits", _("Waits"), "int", sums=True),
        Column("answered", _("Answered"), "int", sums=True),
        Column("open", _("Open"), "int", sums=True),
        Column("share", _("Answered, share"), "float", "%"),
        Column("reply_median", _("Reply, median"), "float", "min"),
        Column("reply_p90", _("Reply, 90 % within"), "float", "min"),
        Column("reply_work_median", _("Reply in working hours, median"), "float", "min"),
        Column("reply_work_p90", _("Reply in working hours, 90 % within"), "float", "min"),
        Column("first_median", _("First reply, median"), "float", "min"),
        Column("first_p90", _("First reply, 90 % within"), "float", "min"),
        Column("first_work_median", _("First reply in working hours, median"), "float", "min"),
        Column("first_work_p90", _("First reply in working hours, 90 % within"), "float", "min"),
    )


def rows(sources: Sources, asked: Asked) -> Table:
    """One row per wait that was answered, earliest first."""
    archive = sources.needed()
    columns = (
        Column("asked_at", _("Asked"), "time"),
        Column("answered_at", _("Answered at"), "time"),
        Column("userid", _("Member"), "id"),
        Column("external_userid", _("Customer"), "id"),
        Column("name", _("Name")),
        Column("conversation", _("Conversation"), "int"),
        Column("questions", _("Messages"), "int"),
        Column("first", _("First of the day"), "bool"),
        Column("reply", _("Reply"), "float", "min"),
        Column("reply_work", _("Reply in working hours"), "float", "min"),
    )
    waits = list(_marked(sources.store, archive, asked))
    names = figures_messages.customers(sources.store, {wait.contact for wait, _first in waits})
    shown = (
        (
            *(wait.asked_at / 1000, (wait.answered_at or 0) / 1000, wait.member, wait.contact),
            *(names.get(wait.contact), wait.conversation, wait.questions, first),
            *(_minutes(wait.waited_s), _minutes(wait.work_s)),
        )
        for wait, first in waits
    )
    return Table("waits", columns, shown, as_of=figures_messages.pulled_at(archive))


def _counted(sources: Sources, archive: Store, asked: Asked) -> dict[tuple[str, str], _Replies]:
    """The figures by period and userid in lower case."""
    found: dict[tuple[str, str], _Replies] = defaultdict(_Replies)
    calendar = _calendar(asked)
    for wait, first in _marked(sources.store, archive, asked):
        each = found[calendar(wait.asked_at)[1], wait.member.lower()]
        each.waited.append(wait.waited_s)
        each.worked.append(wait.work_s)
        if first:
            each.first_waited.append(wait.waited_s)
            each.first_worked.append(wait.work_s)
    for userid, asked_at in figures_waits.unanswered(sources.store, archive, asked):
        found[calendar(asked_at)[1], userid.lower()].standing += 1
    return found


def _marked(store: Store, archive: Store, asked: Asked) -> Iterator[tuple[Wait, bool]]:
    """Answered waits of the period, and whether they are the first of their chat on their day."""
    calendar, since = _calendar(asked), asked.since
    if since is not None:  # a day is looked at from its beginning
        asked = replace(asked, since=periods.moment(calendar(int(since * 1000))[0], asked.tz))
    last: dict[int, date] = {}
    for wait in figures_waits.answered(store, archive, asked):
        today = calendar(wait.asked_at)[0]
        first = last.get(wait.conversation) != today
        last[wait.conversation] = today
        if since is None or wait.asked_at >= since * 1000:
            yield wait, first


def _calendar(asked: Asked) -> Callable[[int], tuple[date, str]]:
    """The day of a moment in ms, and what its period is called; days begin and end with a quarter of an hour."""

    @cache
    def of(quarter: int) -> tuple[date, str]:
        day = datetime.fromtimestamp(quarter * 900, asked.tz).date()
        return day, periods.label(day, asked.by) if asked.by else ""

    return lambda at_ms: of(at_ms // 900_000)


def _order(key: tuple[str, str], each: _Replies) -> tuple[str, int, str]:
    return key[0], -len(each.waited) - each.standing, key[1]


def _typical(seconds: Sequence[float]) -> tuple[Cell, Cell]:
    """Median, and the shortest time within which nine tenths lie, in minutes."""
    if not seconds:
        return None, None
    if len(seconds) == 1:
        return _minutes(seconds[0]), _minutes(seconds[0])
    ordered, count = sorted(seconds), len(seconds)
    middle = (ordered[(count - 1) // 2] + ordered[count // 2]) / 2
    return _minutes(middle), _minutes(ordered[ceil(_PART * count) - 1])


def _minutes(seconds: float) -> float:
    return round(seconds / _MINUTE_S, 1)


REPORT = Report(
    title="Reply times",
    summary="How long customers wait for a reply: medians and 90 %, calendar and working hours.",
    definition=Definition(
        "A wait begins with a customer's first message that has no answer and ends with the member's next message, in "
        "single chats; it belongs to the moment it began, whenever the answer came. A first reply is that to the "
        "first wait of a chat on a day. 90 % within: the shortest time in which nine of ten replies came. Open ones "
        "have no answer yet and no duration.",
        "The waits that the session archive keeps while messages are pulled, and the profile's working_hours.",
        "A reply counts whatever it says, an automatic one too; calls, consent and taking back neither ask nor "
        "answer. Group chats are not in it. A median of several members is that of all their replies.",
    ),
    build=build,
    takes=frozenset({"since", "until", "by", "department", "member"}),
    rows=rows,
    compares=True,
    archive="needed",
)
