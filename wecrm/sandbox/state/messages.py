"""Messages of an app to members: who gets one, and who does not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from wecrm.sandbox.seed.ids import wire_id
from wecrm.sandbox.state.scope import App, below, sees, visible_departments
from wecrm.sandbox.world import World

EVERYONE: Final = "@all"


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it was sent."""

    app: App
    msgtype: str
    content: dict[str, str]
    same_within_s: int  # dropped where the member got the same one in so many seconds; 0 = never


def receivers(
    world: World, app: App, users: Sequence[str], departments: Sequence[str]
) -> tuple[list[int], list[str], list[str]]:
    """The members who are meant, the users and the departments that are not valid for the app."""
    db = world.db.connection
    rows = db.execute("SELECT id, userid, departments FROM member WHERE left_at IS NULL ORDER BY id").fetchall()
    ids = {userid.lower(): id_ for id_, userid, _ in rows if sees(world, app, id_)}
    if EVERYONE in users:
        return list(ids.values()), [], []
    wrong = [userid.lower() for userid in users if userid.lower() not in ids]
    found = dict.fromkeys(ids[userid.lower()] for userid in users if userid.lower() in ids)
    seen = visible_departments(world, app)
    wrong_departments = []
    for name in departments:
        inside = below(world, [int(name)]) if name.isascii() and name.isdigit() else frozenset()
        if not inside or (seen is not None and int(name) not in seen):
            wrong_departments.append(name)
            continue
        found |= {id_: None for id_, _, own in rows if not inside.isdisjoint(msgspec.json.decode(own))}
    return list(found), wrong, wrong_departments


def send(world: World, message: Message, members: Sequence[int], now: float) -> str:
    """Deliver to each, or drop it without a word; the message's id."""
    msgid = wire_id("", world.seed, "message", world.new_number())
    content = msgspec.json.encode(message.content).decode()
    world.db.connection.executemany(
        "INSERT INTO notice (at, app, member, msgtype, content, msgid, dropped) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (now, message.app.kind, id_, message.msgtype, content, msgid, _dropped(world, message, id_, content, now))
            for id_ in members
        ],
    )
    return msgid


def _dropped(world: World, message: Message, member: int, content: str, now: float) -> str:
    """Why this member does not get it; "" if they do."""
    count = world.db.connection.execute
    delivered = "SELECT count(*) FROM notice WHERE member = ? AND at > ? AND app = ? AND dropped = ''"
    for limit, seconds in (("notice_minute", 60), ("notice_hour", 3600)):
        if count(delivered, (member, now - seconds, message.app.kind)).fetchone()[0] >= world.limit(limit):
            return "too many"
    same = (member, now - message.same_within_s, message.app.kind, message.msgtype, content)
    if message.same_within_s and count(f"{delivered} AND msgtype = ? AND content = ?", same).fetchone()[0]:
        return "duplicate"
    return ""
