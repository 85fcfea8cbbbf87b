"""Customers and the relations that members have with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

import msgspec

from wecrm.sandbox.cursors import seal, unseal
from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.state.scope import App, Member, member_of, visible_members
from wecrm.sandbox.state.tags import names_of
from wecrm.sandbox.world import World

FOLLOWERS_A_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Page:
    """A page of relations as JSON, and the cursor of the next one."""

    items: list[str]
    following: str


def follow_users(world: World, app: App) -> list[str]:
    """The members with customer contact, inside the app's range."""
    seen = visible_members(world, app)
    sql = "SELECT id, userid FROM member WHERE follows AND left_at IS NULL ORDER BY id"
    rows = world.db.connection.execute(sql).fetchall()
    return [userid for id_, userid in rows if seen is None or id_ in seen]


def contact_id(world: World, external_userid: str) -> int:
    """The number of a customer; 40096 for an id that nobody has."""
    row = world.db.connection.execute("SELECT id FROM contact WHERE external_userid = ?", (external_userid,)).fetchone()
    if row is None:
        raise Refusal(40096, external_userid)
    return int(row[0])


def customers_of(world: World, app: App, userid: str) -> list[str]:
    """The customers of one member; 84061 if there are none."""
    member = member_of(world, app, userid)
    rows = world.db.connection.execute(
        "SELECT c.external_userid FROM relation r JOIN contact c ON c.id = r.contact WHERE r.member = ?"
        f" {_shown(world)} AND (SELECT follows FROM member WHERE id = r.member) ORDER BY r.contact",
        (member.id,),
    ).fetchall()
    if not rows:
        raise Refusal(84061)
    return [row[0] for row in rows]


def _shown(world: World) -> str:
    return "" if world.switch("one_way_listed") else "AND NOT r.one_way"


def _detail(world: World) -> str:
    """What is told of a customer, as SQL."""
    return "c.detail" if world.switch("gender_told") else "json_set(c.detail, '$.gender', 0)"


def details(world: World, app: App, external_userid: str, cursor: str | None) -> tuple[str, list[str], str]:
    """A customer, a page of those who follow them, the next cursor, the first two as JSON.

    Personal tags are in it, strategy tags only for the system app; the customer is "" where later pages
    do not repeat it.
    """
    (after,) = unseal(world, cursor, 1, "externalcontact/get", external_userid)
    contact = contact_id(world, external_userid)
    db = world.db.connection
    seen = visible_members(world, app)
    rows = db.execute(
        "SELECT r.member, r.info, r.tags, r.personal, r.strategy FROM relation r JOIN member m ON m.id = r.member"
        " WHERE r.contact = ? AND r.member > ? AND m.left_at IS NULL AND m.follows ORDER BY r.member",
        (contact, after),
    ).fetchall()
    rows = [row for row in rows if seen is None or row[0] in seen]
    if not rows:
        raise Refusal(84061)
    more = len(rows) > FOLLOWERS_A_PAGE
    rows = rows[:FOLLOWERS_A_PAGE]
    following = seal(world, [rows[-1][0]], "externalcontact/get", external_userid) if more else ""
    detail = ""
    if not after or world.switch("repeat_contact"):
        detail = db.execute(f"SELECT {_detail(world)} FROM contact c WHERE id = ?", (contact,)).fetchone()[0]
    followers = [
        f'{info[:-1]},"tags":{_tags(world, app, tags, personal, strategy)}}}'
        for _, info, tags, personal, strategy in rows
    ]
    return detail, followers, following


def _tags(world: World, app: App, tags: str, personal: str, strategy: str) -> str:
    known = names_of(world)
    shown: list[dict[str, object]] = []
    for type_, ids in ((1, tags), (3, strategy if app.kind == "system" else "[]")):
        for id_ in cast(list[str], msgspec.json.decode(ids)):
            group, name = known[id_]
            shown.append({"group_name": group, "tag_name": name, "tag_id": id_, "type": type_})
    for group, name in cast(list[tuple[str, str]], msgspec.json.decode(personal)):
        shown.append({"group_name": group, "tag_name": name, "type": 2})
    return msgspec.json.encode(shown).decode()


def by_user(world: World, app: App, userids: Sequence[str], limit: int, cursor: str | None) -> Page:
    """A page of the relations of these members, in one fixed order, each with the customer.

    The cursor says how far it got (place in the list, customer), so that every page costs the same.
    """
    question = ("batch/get_by_user", app.kind, limit, *(u.lower() for u in userids))
    place, after, number = unseal(world, cursor, 3, *question)
    members = [member_of(world, app, userid) for userid in userids]
    room = _room(world, limit, number)
    items: list[str] = []
    while place < len(members):
        rows = _relations(world, app, members[place], after, room - len(items) + 1)
        fits = rows[: room - len(items)]
        items += [row[1] for row in fits]
        if fits:
            after = fits[-1][0]
        if len(rows) > len(fits):
            return Page(items, seal(world, (place, after, number + 1), *question))
        place, after = place + 1, 0
    if not items and not number and world.switch("batch_empty") == 84061:
        raise Refusal(84061)
    return Page(items, "")


def _room(world: World, limit: int, number: int) -> int:
    """How many fit on page `number`: `limit`, or fewer where pages are short, every third one empty."""
    if not world.switch("short_pages"):
        return limit
    return 0 if number % 3 == 1 else 1 + world.digest("page", number)[0] * limit // 256


def _relations(world: World, app: App, member: Member, after: int, count: int) -> list[tuple[int, str]]:
    strategy = "''"
    if app.kind == "system":
        strategy = "CASE r.strategy WHEN '[]' THEN '' ELSE (CASE r.tags WHEN '[]' THEN '' ELSE ',' END)"
        strategy += " || substr(r.strategy, 2, length(r.strategy) - 2) END"
    sql = (
        f"SELECT r.contact, '{{\"external_contact\":' || {_detail(world)} || ',\"follow_info\":'"
        " || substr(r.info, 1, length(r.info) - 1) || ',\"tag_id\":' || substr(r.tags, 1, length(r.tags) - 1)"
        f" || {strategy} || ']}}}}' FROM relation r JOIN contact c ON c.id = r.contact"
        f" WHERE r.member = ? AND r.contact > ? {_shown(world)}"
        " AND (SELECT follows FROM member WHERE id = ?) ORDER BY r.contact LIMIT ?"
    )
    return world.db.connection.execute(sql, (member.id, after, member.id, count)).fetchall()


def relation(world: World, member: int, contact: int) -> tuple[str, str]:
    """A relation's info and tags, as JSON; 84061 if there is none."""
    row = world.db.connection.execute(
        "SELECT info, tags FROM relation WHERE member = ? AND contact = ?", (member, contact)
    ).fetchone()
    if row is None:
        raise Refusal(84061)
    return row[0], row[1]


def set_remarks(world: World, app: App, userid: str, external_userid: str, changes: dict[str, str | list[str]]) -> None:
    """Set fields of the member's side, under the names they are read by; the rest stays."""
    member = member_of(world, app, userid)
    contact = contact_id(world, external_userid)
    info, _ = relation(world, member.id, contact)
    if not external_userid.startswith("wm"):
        changes = {k: v for k, v in changes.items() if k != "remark_corp_name"}
    write_info(world, member.id, contact, {**msgspec.json.decode(info), **changes})


def begin(world: World, member: int, contact: int, info: dict[str, object]) -> dict[str, object]:
    """How a new relation begins: with `info`, or (a switch) as the first that these two had."""
    if world.switch("returning") == "new":
        return info
    where = "WHERE member = ? AND contact = ? ORDER BY rowid LIMIT 1"
    db = world.db.connection
    row = db.execute(f"SELECT info, rowid FROM former {where}", (member, contact)).fetchone()
    if row is None:
        return info
    db.execute("DELETE FROM former WHERE rowid = ?", (row[1],))  # it goes on, and is counted once
    first = msgspec.json.decode(row[0])
    kept = {name: first[name] for name in ("createtime", "add_way", "state") if name in first}
    return {name: value for name, value in info.items() if name != "state"} | kept


def write_info(world: World, member: int, contact: int, info: dict[str, object]) -> None:
    """Replace the member's side of a relation."""
    world.db.connection.execute(
        "UPDATE relation SET info = ? WHERE member = ? AND contact = ?",
        (msgspec.json.encode(info).decode(), member, contact),
    )
