"""Which members serve a live code: those it may be given, and those who can take a customer now."""

from collections.abc import Iterable, Sequence

import msgspec

from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.state.scope import App, below, member_of, parents, visible_departments
from wecrm.sandbox.world import World

ACTIVE = "status = 1 AND follows AND left_at IS NULL"


def checked_users(world: World, app: App, userids: Sequence[str]) -> list[str]:
    """The members as the directory writes them, each once.

    Raises:
        Refusal: 40003 nobody has that userid, or not any more; 60011 outside the app's visible range (a
            switch); 41054 not activated, or without customer contact.
    """
    found: dict[str, None] = {}
    for userid in userids:
        member = member_of(world, app, userid, unknown=40003)
        sql = f"SELECT {ACTIVE} FROM member WHERE id = ?"
        if not world.db.connection.execute(sql, (member.id,)).fetchone()[0]:
            raise Refusal(41054, userid)
        found[member.userid] = None
    return list(found)


def checked_departments(world: World, app: App, ids: Iterable[int]) -> list[int]:
    """The departments, each once; 60123 for an unknown one, 60011 for one out of sight."""
    found = list(dict.fromkeys(ids))
    seen = visible_departments(world, app)
    for id_ in found:
        if id_ not in parents(world):
            raise Refusal(60123, str(id_))
        if seen is not None and id_ not in seen:
            raise Refusal(60011, str(id_))
    return found


def everybody(world: World, userids: Sequence[str], departments: Sequence[int]) -> list[tuple[int, str]]:
    """(id, userid) of the members named and of all in the departments and below; those who left are not."""
    named = dict.fromkeys(userids)
    inside = below(world, departments)
    sql = "SELECT id, userid, departments FROM member WHERE left_at IS NULL ORDER BY id"
    rows = world.db.connection.execute(sql).fetchall()
    return [
        (id_, userid)
        for id_, userid, own in rows
        if userid in named or (inside and not inside.isdisjoint(msgspec.json.decode(own)))
    ]


def usable(world: World, userids: Sequence[str], departments: Sequence[int]) -> dict[int, tuple[str, int]]:
    """Who can take a customer now, id → (userid, room left): activated, with customer contact, below the cap."""
    db = world.db.connection
    most = world.limit("customers")
    found = {}
    for id_, userid in everybody(world, userids, departments):
        if db.execute(f"SELECT {ACTIVE} FROM member WHERE id = ?", (id_,)).fetchone()[0]:
            room = most - db.execute("SELECT count(*) FROM relation WHERE member = ?", (id_,)).fetchone()[0]
            if room > 0:
                found[id_] = userid, room
    return found
