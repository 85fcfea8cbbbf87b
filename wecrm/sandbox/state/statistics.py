"""What the platform counts by itself, by days of UTC+8: chats of members, groups of owners.

New customers, groups and their people are those of the world; how much was said is drawn from its seed, the same
whenever it is asked.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, cast

import msgspec

from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.state.livecodes import BEIJING_S, DAY_S, midnight
from wecrm.sandbox.state.scope import Member
from wecrm.sandbox.world import World

LONGEST_S: Final = 30 * DAY_S
KEPT_S: Final = 180 * DAY_S
ADDED: Final = "add_external_contact"
DELETED_BY_CUSTOMER: Final = "del_follow_user"


@dataclass(slots=True)
class Talk:
    """The one-to-one chats of somebody on one day."""

    chats: int = 0
    messages: int = 0
    begun: int = 0  # by customers
    answered: int = 0  # of those, the same day
    waited: int = 0  # minutes until the first answer, of all answered chats
    negative: int = 0
    applied: int = 0
    new: int = 0

    def add(self, other: "Talk") -> None:
        """Add somebody else's."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def days(begin: int | None, end: int | None, now: float, *, at_least: str) -> range:
    """The midnights of the days asked for; 40058 unless they are over, at most 30 days apart and 180 back."""
    if begin is None or end is None:
        raise Refusal(40063, at_least)
    first, last, today = midnight(begin), midnight(end), midnight(now)
    if not first <= last <= first + LONGEST_S or first < today - KEPT_S or last >= today:
        raise Refusal(40058, "times")
    return range(first, last + DAY_S, DAY_S)


def ready(world: World, day: int, now: float) -> bool:
    """Whether the figures of a day that is over are there; until then they are all zero."""
    return now >= day + DAY_S + cast(int, world.switch("stats_ready_hour")) * 3600


def talks(world: World, member: Member, wanted: range) -> list[Talk]:
    """One member's days."""
    new, lost = _added(world, member, wanted), _told(world, member, wanted, DELETED_BY_CUSTOMER)
    found = []
    for day in wanted:
        talk = _drawn(world, member, day)
        talk.new, talk.negative = new[day], lost[day]
        found.append(talk)
    return found


def _drawn(world: World, member: Member, day: int) -> Talk:
    """How much was said, from the seed: few members are busy, some never write, Sundays are quiet."""
    level = world.digest("talker", member.userid.lower(), size=1)[0] % 7
    rng = Random(world.digest("talk", member.userid.lower(), day))
    sunday = (day + BEIJING_S) // DAY_S % 7 == 3
    if level == 0 or rng.random() < (0.9 if sunday else 0.1):
        return Talk(applied=rng.randrange(2) * level)
    chats = rng.randrange(level * 8)
    begun = rng.randrange(level * 5)
    answered = rng.randint(begun // 2, begun)
    return Talk(
        chats=chats,
        messages=chats + rng.randrange(chats * 5 + 1),
        begun=begun,
        answered=answered,
        waited=answered * rng.randrange(120),
        applied=rng.randrange(level + 1),
    )


def _added(world: World, member: Member, wanted: range) -> Counter[int]:
    """New customers by day: those the world began with by when they were added, later ones by what happened."""
    start = cast(float, world.setting("start"))
    rows = world.db.connection.execute(
        "SELECT json_extract(info, '$.createtime') FROM relation WHERE member = ? UNION ALL"
        " SELECT json_extract(info, '$.createtime') FROM former WHERE member = ?",
        (member.id, member.id),
    )
    found = Counter(midnight(at) for (at,) in rows if at < start)
    return found + _told(world, member, wanted, ADDED)


def _told(world: World, member: Member, wanted: range, change_type: str) -> Counter[int]:
    rows = world.db.connection.execute(
        "SELECT at FROM event WHERE at >= ? AND at < ? AND change_type = ? AND json_extract(fields, '$.UserID') = ?",
        (wanted.start, wanted.stop, change_type, member.userid),
    )
    return Counter(midnight(at) for (at,) in rows)


# -- groups


@dataclass(frozen=True, slots=True)
class _Chat:
    id: int
    owner: int
    made: int
    joined: tuple[int, ...]


def groups(world: World, owners: Sequence[Member], first: int, last: int) -> Mapping[int, Counter[str]]:
    """Member id → figures of the groups that were theirs when the day `last` ended; none for who had none.

    `new_*` are of the days from `first` on, everything else is as of the end of `last`.
    """
    end = last + DAY_S
    asked = {member.id for member in owners}
    moves = _moves(world, end)
    found: dict[int, Counter[str]] = {}
    for chat in _chats(world):
        owner = moves.get(chat.id, chat.owner)
        if chat.made < end and owner in asked:
            found.setdefault(owner, Counter()).update(_figures(world, chat, first, end))
    return found


def _figures(world: World, chat: _Chat, first: int, end: int) -> dict[str, int]:
    people = sum(at < end for at in chat.joined)
    said = _said(world, chat, end)
    return {
        "new_chat_cnt": int(chat.made >= first),
        "chat_total": 1,
        "chat_has_msg": int(said > 0),
        "new_member_cnt": sum(first <= at < end for at in chat.joined),
        "member_total": people,
        "member_has_msg": min(people, (said + 2) // 3),
        "msg_total": said,
    }


def _said(world: World, chat: _Chat, end: int) -> int:
    """All messages of a group until then: never fewer than the day before."""
    rate = world.digest("group rate", chat.id, size=1)[0] % 32 / 2.5
    age = (end - midnight(chat.made)) // DAY_S
    return int(rate * age) + int.from_bytes(world.digest("group talk", chat.id, end, size=4), "big") % max(1, int(rate))


def _chats(world: World) -> list[_Chat]:
    rows = world.db.connection.execute(
        "SELECT id, owner, json_extract(head, '$.create_time'),"
        " (SELECT json_group_array(json_extract(value, '$.join_time')) FROM json_each(members)) FROM chat ORDER BY id"
    )
    return [_Chat(id_, owner, made, tuple(msgspec.json.decode(joined))) for id_, owner, made, joined in rows]


def _moves(world: World, end: int) -> dict[int, int]:
    """Chat → whose it was at that moment, of the chats that moved since."""
    rows = world.db.connection.execute("SELECT chat, giver FROM chat_move WHERE at >= ? ORDER BY at DESC", (end,))
    return dict(rows.fetchall())
