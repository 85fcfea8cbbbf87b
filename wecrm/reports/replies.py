"""How long customers wait for an answer: first replies and all replies, by the calendar and in working hours."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from math import ceil
from typing import Final

from wecrm.i18n import _
from wecrm.models import periods
from wecrm.models.report import Asked, Definition
from wecrm.models.table import Cell, Column, Table
from wecrm.reports.entries import Report, Sources
from wecrm.store import figures_messages, figures_staff, figures_waits
from wecrm.store.database import Store
from wecrm.store.figures_waits import Wait

_MINUTE_S: Final = 60
_PART: Final = 0.9
_QUARTER_MS: Final = 900_000
"""Days begin and end with a quarter of an hour."""


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
        """The figures of a row; puts the durations in order."""
        answered = len(self.waited)
        waits = answered + self.standing
        share = None if not waits else 100.0 if not self.standing else round(100 * answered / waits, 1)
        durations = self.waited, self.worked, self.first_waited, self.first_worked
        return waits, answered, self.standing, share, *chain.from_iterable(map(_typical, durations))


def build(sources: Sources, asked: Asked) -> Table:
    """One row per member and day, week or month in which customers began to wait, most waits first."""
    archive = sources.needed()
    whole, found = _Replies(), []
    for label, members in _counted(sources.store, archive, asked):
        for userid, each in sorted(members.items(), key=_order):
            found.append((label, userid, each.cells()))
            whole.add(each)
    staff = figures_staff.staff(sources.store, {userid for _label, userid, _cells in found})
    rows = (
        (*((label,) if asked.by else ()), one.userid, one.name, one.gone, *cells)
        for label, userid, cells in found
        for one in (staff[userid],)
    )
    columns = (
        *((Column("period", _("Period")),) if asked.by else ()),
        Column("userid", _("Userid"), "id"),
        Column("name", _("Name")),
        Column("left", _("Has left"), "bool"),
        *_columns(),
    )
    empty = (None,) * (len(columns) - len(_columns()) - 1)
    totals = (_("Total"), *empty, *whole.cells()) if found else None
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
    names = figures_messages.Names(sources.store)
    shown = (
        (
            *(wait.asked_at / 1000, (wait.answered_at or 0) / 1000, wait.member, wait.contact),
            *(names[wait.contact], wait.conversation, wait.questions, first),
            *(_minutes(wait.waited_s), _minutes(wait.work_s)),
        )
        for wait, first in _marked(sources.store, archive, asked)
    )
    return Table("waits", columns, shown, as_of=figures_messages.pulled_at(archive))


def _counted(store: Store, archive: Store, asked: Asked) -> Iterator[tuple[str, dict[str, _Replies]]]:
    """The figures by userid in lower case, period by period, earliest first."""
    days, since_ms = _Days(asked), 0 if asked.since is None else asked.since * 1000
    label, members = "", defaultdict[str, _Replies](_Replies)
    last: dict[int, int] = {}
    for userid, conversation, asked_at, waited_s, work_s in figures_waits.durations(store, archive, _whole(asked)):
        day, period = days[asked_at // _QUARTER_MS]
        first = last.get(conversation) != day
        last[conversation] = day
        if asked_at < since_ms:
            continue
        if period != label:
            yield label, members
            label, members = period, defaultdict(_Replies)
        each = members[userid]
        if waited_s is None or work_s is None:
            each.standing += 1
            continue
        each.waited.append(waited_s)
        each.worked.append(work_s)
        if first:
            each.first_waited.append(waited_s)
            each.first_worked.append(work_s)
    yield label, members


def _marked(store: Store, archive: Store, asked: Asked) -> Iterator[tuple[Wait, bool]]:
    """Answered waits of the period, and whether they are the first of their chat on their day."""
    days, since_ms = _Days(asked), 0 if asked.since is None else asked.since * 1000
    last: dict[int, int] = {}
    for wait in figures_waits.answered(store, archive, _whole(asked)):
        day, _label = days[wait.asked_at // _QUARTER_MS]
        first = last.get(wait.conversation) != day
        last[wait.conversation] = day
        if wait.asked_at >= since_ms:
            yield wait, first


def _whole(asked: Asked) -> Asked:
    """The period from the beginning of its first day on: what was the first of it began there."""
    if asked.since is None:
        return asked
    day = datetime.fromtimestamp(asked.since, asked.tz).date()
    return replace(asked, since=periods.moment(day, asked.tz))


class _Days(dict[int, tuple[int, str]]):
    """A quarter of an hour since the epoch → number of its day, and what its period is called."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked

    def __missing__(self, quarter: int) -> tuple[int, str]:
        day = datetime.fromtimestamp(quarter * _QUARTER_MS // 1000, self._asked.tz).date()
        label = periods.label(day, self._asked.by) if self._asked.by else ""
        found = self[quarter] = day.toordinal(), label
        return found


def _order(item: tuple[str, _Replies]) -> tuple[int, str]:
    userid, each = item
    return -len(each.waited) - each.standing, userid


def _typical(seconds: list[float]) -> tuple[Cell, Cell]:
    """Median, and the shortest time within which nine tenths lie, in minutes; puts them in order."""
    count = len(seconds)
    if count < 2:
        return (round(seconds[0] / _MINUTE_S, 1),) * 2 if count else (None, None)
    seconds.sort()
    middle = (seconds[(count - 1) // 2] + seconds[count // 2]) / 2
    return round(middle / _MINUTE_S, 1), round(seconds[ceil(_PART * count) - 1] / _MINUTE_S, 1)


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
