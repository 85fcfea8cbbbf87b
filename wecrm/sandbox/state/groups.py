"""Customer groups."""

from collections.abc import Sequence
from typing import cast

import msgspec

from wecrm.sandbox.cursors import seal, unseal
from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.state import parties
from wecrm.sandbox.state.scope import App, member_of, sees, visible_members
from wecrm.sandbox.world import World


def chats(
    world: World, app: App, status: int, owners: Sequence[str], limit: int, cursor: str | None
) -> tuple[list[dict[str, object]], str]:
    """A page of groups, by state and owner, and the next cursor.

    Without owners: all groups of owners in the app's range, but 81017 where it holds over 1000 people.
    """
    question = ("groupchat/list", status, limit, *(u.lower() for u in owners))
    (after,) = unseal(world, cursor, 1, *question)
    db = world.db.connection
    seen = visible_members(world, app)
    ids: frozenset[int] | None = seen
    if owners:
        ids = frozenset(_owner(world, app, userid) for userid in owners)
    wanted = None if ids is None else msgspec.json.encode(sorted(ids)).decode()
    if not owners:
        there = "left_at IS NULL AND (? IS NULL OR id IN (SELECT value FROM json_each(?)))"
        people = db.execute(f"SELECT count(*) FROM member WHERE {there}", (wanted, wanted)).fetchone()[0]
        if people > world.limit("list_people"):
            raise Refusal(81017)
    sql = (
        "SELECT id, chat_id, status FROM chat WHERE id > ? AND (? = 0 OR status = ?)"
        " AND (? IS NULL OR owner IN (SELECT value FROM json_each(?))) ORDER BY id LIMIT ?"
    )
    rows = db.execute(sql, (after, status, status, wanted, wanted, limit + 1)).fetchall()
    following = seal(world, [rows[limit - 1][0]], *question) if len(rows) > limit else ""
    return [{"chat_id": chat_id, "status": state} for _, chat_id, state in rows[:limit]], following


def _owner(world: World, app: App, userid: str) -> int:
    """The member of that userid, or the last one who left with it: groups of leavers are listed by them too."""
    found = parties.find(world, userid)
    if found is None or found.left_at is None or not sees(world, app, found.id):
        return member_of(world, app, userid).id
    return found.id


def check_in_sight(world: World, app: App, chat_id: str) -> None:
    """90501 or 40058 if there is no such group; 60011 if its owner lies outside the app's range."""
    row = world.db.connection.execute("SELECT owner FROM chat WHERE chat_id = ?", (chat_id,)).fetchone()
    if row is None:
        raise Refusal(90501 if chat_id.startswith("wr") else 40058, "chat_id")
    if not sees(world, app, row[0]):
        raise Refusal(60011)


def _alias(world: World, member: dict[str, object]) -> str:
    """The alias of a member of the corp; "" for a customer, and where there is none."""
    sql = "SELECT json_extract(detail, '$.alias') FROM member WHERE userid = ? ORDER BY left_at IS NOT NULL LIMIT 1"
    row = world.db.connection.execute(sql, (member["userid"],)).fetchone() if member["type"] == 1 else None
    return row[0] or "" if row else ""


def chat(world: World, app: App, chat_id: str, *, names: bool) -> dict[str, object]:
    """One group with its members."""
    check_in_sight(world, app, chat_id)
    row = world.db.connection.execute("SELECT head, members FROM chat WHERE chat_id = ?", (chat_id,)).fetchone()
    head = cast(dict[str, object], msgspec.json.decode(row[0]))
    members = cast(list[dict[str, object]], msgspec.json.decode(row[1]))
    if not names:
        for member in members:
            member.pop("name", None)
    elif world.switch("group_names") == "alias":
        members = [{**member, "name": _alias(world, member) or member["name"]} for member in members]
    tail = {name: head.pop(name) for name in ("admin_list", "member_version")}
    return {**head, "member_list": members, **tail}
