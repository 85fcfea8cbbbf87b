"""What somebody else does in the admin console or in the client: it bypasses the API and its log."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from wecrm.sandbox.seed.ids import wire_id
from wecrm.sandbox.state import events, settling, tokens
from wecrm.sandbox.state.contacts import begin, write_info
from wecrm.sandbox.world import World

PAGE: Final = 2_000
Pair = tuple[str, str]  # userid, external_userid


@dataclass(frozen=True, slots=True)
class Relation:
    """One relation as it really is, for comparison."""

    userid: str
    external_userid: str
    remark: str
    description: str
    tag_ids: tuple[str, ...]  # corp tags, sorted
    remark_company: str
    remark_mobiles: tuple[str, ...]
    createtime: int
    add_way: int
    state: str
    name: str
    one_way: bool


def truth(world: World) -> Iterator[Relation]:
    """Every relation of members who have not left, in a fixed order, read in pages."""
    settling.catch_up(world)
    place = (0, 0)
    while True:
        with world.db.lock:
            rows = world.db.connection.execute(
                "SELECT r.member, r.contact, c.external_userid, c.detail, r.info, r.tags, r.one_way"
                " FROM relation r JOIN contact c ON c.id = r.contact WHERE (r.member, r.contact) > (?, ?)"
                " AND (SELECT left_at FROM member WHERE id = r.member) IS NULL"
                " ORDER BY r.member, r.contact LIMIT ?",
                (*place, PAGE),
            ).fetchall()
        for row in rows:
            yield _as_it_is(*row[2:])
        if len(rows) < PAGE:
            return
        place = rows[-1][:2]


def _as_it_is(external_userid: str, detail: str, info: str, tags: str, one_way: int) -> Relation:
    side = msgspec.json.decode(info)
    return Relation(
        userid=side["userid"],
        external_userid=external_userid,
        remark=side["remark"],
        description=side["description"],
        tag_ids=tuple(sorted(msgspec.json.decode(tags))),
        remark_company=side.get("remark_corp_name", ""),
        remark_mobiles=tuple(side["remark_mobiles"]),
        createtime=side["createtime"],
        add_way=side["add_way"],
        state=side.get("state", ""),
        name=msgspec.json.decode(detail)["name"],
        one_way=bool(one_way),
    )


def edit_tags(world: World, relations: Iterable[Pair], add: Sequence[str] = (), remove: Sequence[str] = ()) -> int:
    """Put tags on and take tags off; how many relations changed."""
    known = _strings(world, "SELECT id FROM tag")
    for id_ in (*add, *remove):
        if id_ not in known:
            raise ValueError(f"no tag {id_}")
    changed = 0
    with world.writing() as db:
        for pair in relations:
            where = _relation(world, *pair)
            old = msgspec.json.decode(
                db.execute("SELECT tags FROM relation WHERE member = ? AND contact = ?", where).fetchone()[0]
            )
            new = list(dict.fromkeys([t for t in (*old, *add) if t not in remove]))
            changed += new != old
            db.execute(
                "UPDATE relation SET tags = ? WHERE member = ? AND contact = ?",
                (msgspec.json.encode(new).decode(), *where),
            )
    return changed


def set_remark(world: World, userid: str, external_userid: str, remark: str) -> None:
    """The member renames a customer in the client."""
    with world.writing() as db:
        where = _relation(world, userid, external_userid)
        row = db.execute("SELECT info FROM relation WHERE member = ? AND contact = ?", where).fetchone()
        write_info(world, *where, {**msgspec.json.decode(row[0]), "remark": remark})


def add_relation(
    world: World,
    userid: str,
    external_userid: str = "",
    *,
    name: str = "新客户",
    remark: str = "",
    description: str = "",
    state: str = "",
    add_way: int = 1,
    tags: Sequence[str] = (),
    wecom: bool = False,
) -> str:
    """A member gets a customer, a new one unless `external_userid` names one; the customer's id."""
    with world.writing() as db:
        member = _member(world, userid)
        if external_userid:
            contact = _contact(world, external_userid)
        else:
            external_userid = wire_id("wo" if wecom else "wm", world.seed, "made customer", world.new_number())
            detail = {"external_userid": external_userid, "name": name, "type": 2 if wecom else 1, "gender": 0}
            contact = db.execute(
                "INSERT INTO contact (external_userid, detail) VALUES (?, ?) RETURNING id",
                (external_userid, msgspec.json.encode(detail).decode()),
            ).fetchone()[0]
        info: dict[str, object] = {
            "userid": member[1], "remark": remark, "description": description,
            "createtime": int(world.now()), "remark_mobiles": [], "oper_userid": member[1], "add_way": add_way,
        }  # fmt: skip
        if state:
            info["state"] = state
        info = begin(world, member[0], contact, info)
        db.execute(
            "INSERT OR REPLACE INTO relation VALUES (?, ?, ?, ?, '[]', '[]', 0)",
            (member[0], contact, msgspec.json.encode(info).decode(), msgspec.json.encode(tags).decode()),
        )
        channel = {"State": state} if state else {}
        events.customer(world, world.now(), "add_external_contact", member[1], external_userid, **channel)
    return external_userid


def delete_relation(world: World, userid: str, external_userid: str, by: str = "member") -> None:
    """A member deletes a customer, or the customer the member: then the relation stays, one-way."""
    if by not in ("member", "customer"):
        raise ValueError("by is member or customer")
    with world.writing() as db:
        where = _relation(world, userid, external_userid)
        if by == "member":
            db.execute("DELETE FROM relation WHERE member = ? AND contact = ?", where)
        else:
            db.execute("UPDATE relation SET one_way = 1 WHERE member = ? AND contact = ?", where)
        change = "del_external_contact" if by == "member" else "del_follow_user"
        events.customer(world, world.now(), change, _member(world, userid)[1], external_userid)


def set_customer_contact(world: World, userid: str, enabled: bool) -> None:
    """Switch customer contact on or off for a member; off, the API shows none of their customers."""
    with world.writing() as db:
        db.execute("UPDATE member SET follows = ? WHERE id = ?", (enabled, _member(world, userid)[0]))
        world.changed()


def set_visible_range(world: World, secret_kind: str, departments: Sequence[int] | None) -> None:
    """What an app may see: these departments and all below them; None = everything."""
    roots = None if departments is None else msgspec.json.encode(departments).decode()
    _change_app(world, secret_kind, "departments = ?", roots)


def disable_secret(world: World, kind: str) -> None:
    """Switch an app off: its token ends, its secret is wrong from now on."""
    _change_app(world, kind, "enabled = ?", 0)
    end_tokens(world, kind)


def change_secret(world: World, kind: str, secret: str) -> None:
    """Give an app a new secret and switch it on; its token ends."""
    _change_app(world, kind, "enabled = 1, secret = ?", secret)
    end_tokens(world, kind)


def end_tokens(world: World, kind: str = "") -> None:
    """End the token of one app early, or of all."""
    with world.writing():
        tokens.end_tokens(world, kind)


def set_trusted_ips(world: World, ips: Sequence[str] | None) -> None:
    """Only these addresses may call (60020); None = any."""
    world.store("trusted_ips", ips)


def _change_app(world: World, kind: str, assignment: str, value: object) -> None:
    with world.writing() as db:
        if not db.execute(f"UPDATE app SET {assignment} WHERE kind = ?", (value, kind)).rowcount:
            raise ValueError(f"no app {kind!r}")
        world.changed()


def _strings(world: World, sql: str) -> frozenset[str]:
    with world.db.lock:
        return frozenset(row[0] for row in world.db.connection.execute(sql).fetchall())


def _member(world: World, userid: str) -> tuple[int, str]:
    row = world.db.connection.execute(
        "SELECT id, userid FROM member WHERE userid = ? AND left_at IS NULL", (userid,)
    ).fetchone()
    if row is None:
        raise ValueError(f"no member {userid}")
    return row[0], row[1]


def _contact(world: World, external_userid: str) -> int:
    row = world.db.connection.execute("SELECT id FROM contact WHERE external_userid = ?", (external_userid,)).fetchone()
    if row is None:
        raise ValueError(f"no customer {external_userid}")
    return int(row[0])


def _relation(world: World, userid: str, external_userid: str) -> tuple[int, int]:
    member, contact = _member(world, userid)[0], _contact(world, external_userid)
    sql = "SELECT 1 FROM relation WHERE member = ? AND contact = ?"
    if world.db.connection.execute(sql, (member, contact)).fetchone() is None:
        raise ValueError(f"{userid} does not know {external_userid}")
    return member, contact
