"""Departments and members, as the one who asks may see them."""

from collections.abc import Iterable
from typing import Final, cast

import msgspec

from wecrm.sandbox.cursors import seal, unseal
from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.state.scope import App, below, member_of, sees, visible_departments
from wecrm.sandbox.world import World

WITHHELD: Final = frozenset(("mobile", "gender", "email", "biz_mail", "avatar", "thumb_avatar", "address", "qr_code"))
PER_DEPARTMENT: Final = frozenset(("order", "is_leader_in_dept"))
"""Fields with one value for each department of the member, in the same sequence."""

Answer = dict[str, object]


def detail_reads(world: World, app: App) -> None:
    """48009 for contacts sync, which may read nothing but ids from a new address."""
    if app.kind == "directory" and world.switch("contacts_sync_new_ip"):
        raise Refusal(48009)


def departments(world: World, app: App, root: int | None) -> list[Answer]:
    """The departments below `root`, itself included; without it all that the app sees."""
    seen = visible_departments(world, app)
    inside = None if root is None else _below(world, app, root)
    rows = world.db.connection.execute("SELECT id, parentid, ord, name, name_en, leaders FROM department ORDER BY id")
    return [
        {
            "id": id_,
            "name": name,
            "name_en": name_en,
            "department_leader": msgspec.json.decode(leaders),
            "parentid": parent,
            "order": order,
        }
        for id_, parent, order, name, name_en, leaders in rows.fetchall()
        if (seen is None or id_ in seen) and (inside is None or id_ in inside)
    ]


def _below(world: World, app: App, root: int) -> frozenset[int]:
    inside = below(world, [root])
    if not inside:
        raise Refusal(60003, str(root))
    seen = visible_departments(world, app)
    if seen is not None and root not in seen:
        raise Refusal(60011, str(root))
    return inside


def department(world: World, app: App, id_: int) -> Answer:
    """One department."""
    _below(world, app, id_)
    return next(row for row in departments(world, app, None) if row["id"] == id_)


def member(world: World, app: App, userid: str) -> Answer:
    """One member with the fields the app may see."""
    who = member_of(world, app, userid)
    row = world.db.connection.execute(
        "SELECT userid, name, status, departments, detail FROM member WHERE id = ?", (who.id,)
    ).fetchone()
    return _member(world, app, *row)


def _member(world: World, app: App, userid: str, name: str, status: int, own: str, detail: str) -> Answer:
    seen = visible_departments(world, app)
    all_places = cast(list[int], msgspec.json.decode(own))
    shown = [n for n, place in enumerate(all_places) if seen is None or place in seen]
    full = world.switch("member_fields") == "full" or app.kind == "directory"
    rest = cast(Answer, msgspec.json.decode(detail))
    fields = {k: v for k, v in rest.items() if full or k not in WITHHELD}
    for each in PER_DEPARTMENT & fields.keys():
        values = cast(list[int], fields[each])
        fields[each] = [values[n] for n in shown if n < len(values)]
    places = [all_places[n] for n in shown]
    return {"userid": userid, "name": name, "department": places, "status": status, **fields}


def members_in(world: World, app: App, root: int, *, children: bool) -> list[Answer]:
    """The members of one department with their fields, or of all below it."""
    inside = _below(world, app, root) if children else _below(world, app, root) & {root}
    sql = "SELECT id, userid, name, status, departments, detail FROM member WHERE left_at IS NULL ORDER BY id"
    rows: Iterable[tuple[int, str, str, int, str, str]] = world.db.connection.execute(sql).fetchall()
    return [
        _member(world, app, *row[1:])
        for row in rows
        if sees(world, app, row[0]) and not inside.isdisjoint(msgspec.json.decode(row[4]))
    ]


def ids(world: World, limit: int, cursor: str | None) -> tuple[list[Answer], str]:
    """(member, department) pairs, one per row, and the next cursor."""
    id_, place = unseal(world, cursor, 2, "user/list_id")
    rows = world.db.connection.execute(
        "SELECT m.id, m.userid, CAST(d.key AS INTEGER), d.value FROM member m, json_each(m.departments) d"
        " WHERE m.left_at IS NULL AND m.id >= ? AND (m.id > ? OR CAST(d.key AS INTEGER) >= ?)"
        " ORDER BY m.id, CAST(d.key AS INTEGER) LIMIT ?",
        (id_, id_, place, limit + 1),
    ).fetchall()
    pairs: list[Answer] = [{"userid": userid, "department": value} for _, userid, _, value in rows[:limit]]
    following = seal(world, rows[limit][:1] + rows[limit][2:3], "user/list_id") if len(rows) > limit else ""
    return pairs, following
