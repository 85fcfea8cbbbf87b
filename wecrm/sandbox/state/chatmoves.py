"""Groups that get another owner: at once, without asking anybody in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.seed.ids import hex_id
from wecrm.sandbox.state import agenda, events, parties
from wecrm.sandbox.state.livecodes import midnight
from wecrm.sandbox.state.parties import Party
from wecrm.sandbox.state.scope import App, code, sees
from wecrm.sandbox.state.transfers import MOVES, ONJOB, RESIGNED, window
from wecrm.sandbox.world import World

MOST_WECHAT: Final = 99  # WeChat users in a full group, from which on nobody can be pushed out


@dataclass(frozen=True, slots=True)
class _Chat:
    """A group that is to move."""

    id: int
    chat_id: str
    owner: Party
    status: int
    head: dict[str, Any]
    people: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Change:
    """What is the same for all groups of one call."""

    world: World
    app: App
    kind: str
    taker: Party
    now: float


def move(change: Change, chat_ids: Sequence[str]) -> list[tuple[str, int]]:
    """Give groups to the taker; those that stay, each with its errcode.

    Raises:
        Refusal: 45009 too many groups in a day, or what else speaks against one, where a switch reads it as the
            whole call's.
    """
    failed = []
    for chat_id in chat_ids:
        errcode = _one(change, chat_id)
        switch = "group_day_full" if errcode == 45009 else "one_refused"
        if errcode and change.world.switch(switch) == "call":
            raise Refusal(errcode)
        if errcode:
            failed.append((chat_id, errcode))
    return failed


def _one(change: Change, chat_id: str) -> int:
    world = change.world
    row = world.db.connection.execute(
        "SELECT id, chat_id, owner, status, head, members FROM chat WHERE chat_id = ?", (chat_id,)
    ).fetchone()
    if row is None:
        return code(world, "not_a_group")
    owner = parties.numbered(world, row[2])
    chat = _Chat(row[0], row[1], owner, row[3], msgspec.json.decode(row[4]), msgspec.json.decode(row[5]))
    errcode = _of_owner(change, chat) or _too_many(change, chat) or _full(change, chat)
    if not errcode:
        _hand_over(change, chat)
    return errcode


def _of_owner(change: Change, chat: _Chat) -> int:
    """Why the owner cannot give the group; 0 if they can."""
    world, owner = change.world, chat.owner
    if not sees(world, change.app, owner.id):
        return code(world, "outside_userid")
    if owner.id == change.taker.id:
        return 90504
    if chat.status == 2:
        return 90507
    if change.kind == ONJOB:
        if not parties.works(world, owner):
            return 90502
        return code(world, "long_absent") if owner.absent(change.now) else 0
    if parties.left_at(world, owner) is None:
        return 90508 if chat.status == 3 else 90500
    return parties.too_late(world, owner, change.now)


def _too_many(change: Change, chat: _Chat) -> int:
    """Why the group cannot move now, for what moved before; 0 if it can."""
    world = change.world
    count = world.db.connection.execute
    if change.kind == ONJOB and world.switch("group_moves_limited"):
        sql = f"SELECT count(*) FROM chat_move WHERE chat = ? AND at >= ? AND kind = '{ONJOB}'"
        if count(sql, (chat.id, window(change.now))).fetchone()[0] >= MOVES:
            return code(world, "group_too_often")
    counted = world.switch("group_day_counts")
    for column, who, other in (("taker", change.taker, "owner"), ("giver", chat.owner, "taker")):
        sql = f"SELECT count(*) FROM chat_move WHERE {column} = ? AND at >= ?"
        today = (who.id, midnight(change.now))
        if counted != other and count(sql, today).fetchone()[0] >= world.limit("groups_a_day"):
            return 45009
    return 0


def _full(change: Change, chat: _Chat) -> int:
    """90503 if the new owner cannot come in: the group is full and there are too many WeChat users to push one out."""
    if change.kind == RESIGNED or _is_in(chat, change.taker) or len(chat.people) < change.world.limit("group_people"):
        return 0
    return 90503 if sum(map(_wechat, chat.people)) >= MOST_WECHAT else 0


def _wechat(person: dict[str, Any]) -> bool:
    return bool(person["type"] == 2 and person["userid"].startswith("wm"))


def _is_in(chat: _Chat, member: Party) -> bool:
    return any(person["userid"] == member.userid for person in chat.people)


def _hand_over(change: Change, chat: _Chat) -> None:
    world, taker, now = change.world, change.taker, change.now
    people = [p for p in chat.people if change.kind == ONJOB or p["userid"] != chat.owner.userid]
    if not _is_in(chat, taker):
        if len(people) >= world.limit("group_people"):
            people.remove(next(p for p in reversed(people) if not _wechat(p)))
        people.append(_person(world, taker, now))
    admins = [admin for admin in chat.head["admin_list"] if admin["userid"] != taker.userid]
    head = {**chat.head, "owner": taker.userid, "admin_list": admins}
    if people != chat.people:
        head["member_version"] = hex_id(world.seed, "member version", world.new_number())
    takes_s = code(world, "group_takes_s")
    status = 0 if change.kind == ONJOB else 2 if takes_s else 3
    world.db.connection.execute(
        "UPDATE chat SET owner = ?, status = ?, head = ?, members = ? WHERE id = ?",
        (taker.id, status, msgspec.json.encode(head).decode(), msgspec.json.encode(people).decode(), chat.id),
    )
    world.db.connection.execute(
        "INSERT INTO chat_move (kind, chat, giver, taker, at) VALUES (?, ?, ?, ?, ?)",
        (change.kind, chat.id, chat.owner.id, taker.id, now),
    )
    if status == 2:
        agenda.enter(world, now + takes_s, agenda.CHAT, chat.id)
    if world.switch("change_owner_event"):
        events.emit(world, now, events.CHAT, "update", ChatId=chat.chat_id, UpdateDetail="change_owner")


def _person(world: World, member: Party, now: float) -> dict[str, Any]:
    name = world.db.connection.execute("SELECT name FROM member WHERE id = ?", (member.id,)).fetchone()[0]
    return {
        "userid": member.userid, "type": 1, "join_time": int(now), "join_scene": 1,
        "invitor": {"userid": member.userid}, "group_nickname": "", "name": name,
    }  # fmt: skip
