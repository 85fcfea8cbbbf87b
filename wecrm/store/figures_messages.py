"""Messages of the archive by member, day and hour, from the counts that are kept while messages are stored.

The counts are read day by day in the order in which they stand, and added up here: a million of them take a
second or two that way, and several times that in statements that sort them.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from functools import cache
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, Final

from wecrm.models import periods
from wecrm.models.report import Asked
from wecrm.models.speakers import side
from wecrm.store.asked import parameters
from wecrm.store.database import Store

Count = tuple[int, str, int, int]
"""hour, who wrote, conversation, messages."""

_QUARTER_S: Final = 900
"""Clocks of all places differ by whole quarters of an hour."""

_LATEST_S: Final = 253_000_000_000
"""The year 9987: later times are no days of a calendar."""

_EVER: Final = ("~", 0)
"""Behind every (day, hour)."""

_WHOLE: Final = (
    "SELECT hour, person, conversation, messages FROM message_day WHERE day = :day "
    "AND hour >= iif(:day = :first_day, :first_hour, 0) AND hour < iif(:day = :last_day, :last_hour, 24)"
)
"""Whole hours of a day from the counts; of the hours in which a period begins or ends, its own messages."""

_BEFORE: Final = (
    "SELECT :since_hour, sender, conversation, 1 FROM record "
    "WHERE action = 'send' AND msgtime >= :since_ms AND msgtime < :first_ms"
)

_BEHIND: Final = (
    "SELECT :until_hour, sender, conversation, 1 FROM record "
    "WHERE action = 'send' AND msgtime >= :last_ms AND msgtime < :until_ms"
)

_CHATS: Final = (
    "SELECT c.id, m.person, x.person, c.last_at FROM conversation c "
    "CROSS JOIN participant m ON m.conversation = c.id AND m.side = 'member' "
    "CROSS JOIN participant x ON x.conversation = c.id AND x.side = 'contact' WHERE c.kind = 'single'"
)
"""Single chats of a member with a customer; joined in the order in which all three are stored."""


@dataclass(slots=True)
class Written:
    """What a member, and customers in single chats with the member, wrote in some time."""

    day: str = ""
    """The last on which the member wrote."""
    days: int = 0
    """On how many the member wrote."""
    chats: set[int] = field(default_factory=set)
    chat_sent: int = 0
    chat_received: int = 0
    groups: set[int] = field(default_factory=set)
    group_sent: int = 0
    other_sent: int = 0

    @property
    def sent(self) -> int:
        """Messages of the member in all."""
        return self.chat_sent + self.group_sent + self.other_sent


def by_member(store: Store, archive: Store, asked: Asked) -> Iterator[tuple[str, dict[str, Written]]]:
    """What was written by day, week or month (or in all, ""), and by userid in lower case; earliest first."""
    places = _Places(archive, _staff(store, asked))

    def period(item: tuple[str, Iterable[Count]]) -> str:
        return periods.label(date.fromisoformat(item[0]), asked.by) if asked.by else ""

    for label, days in groupby(_days(archive, asked), key=period):
        found: dict[str, Written] = defaultdict(Written)
        for day, counts in days:
            _add(found, day, counts, places)
        yield label, found


def _add(found: dict[str, Written], day: str, counts: Iterable[Count], places: "_Places") -> None:
    """Count a day."""
    chats, groups, members = places.chats, places.groups, places.members
    for _hour, person, conversation, messages in counts:
        chat = chats.get(conversation)
        if member := members[person]:
            written = found[member]
            if written.day != day:
                written.day = day
                written.days += 1
            if chat:
                written.chats.add(conversation)
                written.chat_sent += messages
            elif conversation in groups:
                written.groups.add(conversation)
                written.group_sent += messages
            else:
                written.other_sent += messages
        elif chat:
            written = found[chat[0]]
            written.chats.add(conversation)
            written.chat_received += messages


def by_conversation(store: Store, archive: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """(day, userid, conversation, chat, group or other, customer of a chat, sent, received), day by day."""
    places = _Places(archive, _staff(store, asked))
    for day, counts in _days(archive, asked):
        lines: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0])
        for _hour, person, conversation, messages in counts:
            if member := places.members[person]:
                lines[member, conversation][0] += messages
            elif chat := places.chats.get(conversation):
                lines[chat[0], conversation][1] += messages
        for (member, conversation), (sent, received) in sorted(lines.items()):
            chat = places.chats.get(conversation)
            contact = chat[1] if chat else None
            place = "chat" if chat else "group" if conversation in places.groups else "other"
            yield day, places.members.userids[member], conversation, place, contact, sent, received


def by_hour(store: Store, archive: Store, asked: Asked) -> dict[tuple[int, int], list[int]]:
    """(day of the week from Monday = 0, hour) → [messages of customers, of members] in chats with customers.

    Where members were asked for: only conversations in which one of them takes part, and only what they sent.
    """
    staff = _staff(store, asked)
    outside = _with(archive, "contact", None)
    if staff is not None:
        outside &= _with(archive, "member", staff)
    who = cache(side)
    found: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    for day, counts in _days(archive, asked):
        weekday = date.fromisoformat(day).weekday()
        hours = [found[weekday, hour] for hour in range(24)]
        for hour, person, conversation, messages in counts:
            if conversation in outside:
                if who(person) == "contact":
                    hours[hour][0] += messages
                elif who(person) == "member" and (staff is None or person.lower() in staff):
                    hours[hour][1] += messages
    return found


def _with(archive: Store, who: str, staff: frozenset[str] | None) -> set[int]:
    """Conversations in which somebody of that side takes part, one of these where they are named."""
    rows = archive.connection.execute("SELECT conversation, lower(person) FROM participant WHERE side = ?", (who,))
    return {conversation for conversation, person in rows if staff is None or person in staff}


class _Members(dict[str, str]):
    """Who wrote → the userid in lower case, "" for customers, robots and members who were not asked for."""

    def __init__(self, staff: frozenset[str] | None) -> None:
        self._staff = staff
        self.userids: dict[str, str] = {}
        """userid in lower case → as it is written."""

    def __missing__(self, person: str) -> str:
        key = person.lower() if side(person) == "member" else ""
        if self._staff is not None and key not in self._staff:
            key = ""
        self.userids.setdefault(key, person)
        self[person] = key
        return key


class _Places:
    """What conversations are, and who talks in them, as far as the members asked for do."""

    def __init__(self, archive: Store, staff: frozenset[str] | None) -> None:
        self.members = _Members(staff)
        self.chats: dict[int, tuple[str, str]] = {}
        """Single chats: (userid in lower case, customer)."""
        for id_, userid, contact, _at in archive.connection.execute(_CHATS):
            if member := self.members[userid]:
                self.chats[id_] = (member, contact)
        groups = archive.connection.execute("SELECT id FROM conversation WHERE kind = 'group'")
        self.groups = {id_ for (id_,) in groups}


def _staff(store: Store, asked: Asked) -> frozenset[str] | None:
    """Userids in lower case of those who were asked for; None for everybody."""
    if not (asked.members or asked.departments):
        return None
    return frozenset(json.loads(str(parameters(store, asked)["staff"])))


def _days(archive: Store, asked: Asked) -> Iterator[tuple[str, Iterable[Count]]]:
    """Day by day what was written within the period."""
    db, params = archive.connection, _hours(asked)
    parts: list[Iterable[tuple[str, Iterable[Count]]]] = [
        ((day, db.execute(_WHOLE, {**params, "day": day})) for day in _whole_days(archive, params))
    ]
    if params["since_ms"] < params["first_ms"]:
        parts.insert(0, [(params["since_day"], db.execute(_BEFORE, params))])
    if params["last_ms"] < params["until_ms"]:
        parts.append([(params["until_day"], db.execute(_BEHIND, params))])
    for day, same in groupby(chain.from_iterable(parts), key=itemgetter(0)):
        yield day, chain.from_iterable(counts for _day, counts in same)


def _whole_days(archive: Store, params: Mapping[str, Any]) -> Iterator[str]:
    """Days of which there are counts, from the first to the last whole hour of a period."""
    find, begin = "SELECT min(day) FROM message_day WHERE day >= ? AND day <= ?", params["first_day"]
    while day := archive.connection.execute(find, (begin, params["last_day"])).fetchone()[0]:
        yield day
        begin = f"{day}!"  # behind that day and before the next


def last_message(archive: Store) -> Iterator[tuple[str, str, int]]:
    """(userid, external_userid, unix seconds of the last message, whoever wrote it) of every single chat."""
    return ((member, contact, at) for _id, member, contact, at in archive.connection.execute(_CHATS))


def pulled_at(archive: Store) -> float | None:
    """Unix seconds at which the newest pull began that went through: what was sent later may be missing."""
    found = archive.connection.execute("SELECT max(started_at) FROM pull WHERE emptied = 1").fetchone()[0]
    return None if found is None else float(found)


class Names(dict[str, str | None]):
    """external_userid → name of the customer, None where the cache knows none; looked up when asked for."""

    def __init__(self, store: Store) -> None:
        self._db = store.connection

    def __missing__(self, customer: str) -> str | None:
        row = self._db.execute("SELECT nullif(name, '') FROM contact WHERE external_userid = ?", (customer,)).fetchone()
        found = self[customer] = row[0] if row else None
        return found


def _hours(asked: Asked) -> dict[str, Any]:
    """The parameters of the statements above: whole hours of the period, what is left of it before and behind them."""
    since = None if asked.since is None else min(asked.since, _LATEST_S)
    until = None if asked.until is None else min(asked.until, _LATEST_S)
    first = None if since is None else _hour(since, asked.tz, 1)
    last = None if until is None else _hour(until, asked.tz, -1)
    if first is not None and last is not None and until is not None and first > last:  # all of it in one hour
        first = last = until
    first_day = ("", 0) if first is None else _when(first, asked.tz)
    last_day = _EVER if last is None else _when(last, asked.tz)
    before = ("", 0) if since is None else _when(since, asked.tz)
    behind = ("", 0) if last is None else _when(last, asked.tz)
    return {
        "first_day": first_day[0],
        "first_hour": first_day[1],
        "last_day": last_day[0],
        "last_hour": last_day[1],
        "since_day": before[0],
        "since_hour": before[1],
        "until_day": behind[0],
        "until_hour": behind[1],
        "since_ms": _ms(since),
        "first_ms": _ms(first),
        "last_ms": _ms(last),
        "until_ms": _ms(until),
    }


def _hour(at: float, tz: tzinfo, step: int) -> float:
    """The moment itself where the clocks begin an hour, or the next (1) or the last (-1) in which they do."""
    quarter = int(at // _QUARTER_S) * _QUARTER_S
    if step > 0 and quarter < at:
        quarter += _QUARTER_S
    while _when(quarter, tz) == _when(quarter - _QUARTER_S, tz):
        quarter += step * _QUARTER_S
    return quarter


def _when(at: float, tz: tzinfo) -> tuple[str, int]:
    """(day, hour) on the clocks."""
    told = datetime.fromtimestamp(at, tz)
    return told.strftime("%Y-%m-%d"), told.hour


def _ms(at: float | None) -> int:
    return 0 if at is None else int(at * 1000)
