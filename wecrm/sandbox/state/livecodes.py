"""Live codes of the three kinds as rows: contact ways, group join ways, acquisition links."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import msgspec

from wecrm.sandbox.cursors import seal, unseal
from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.seed.ids import hex_id, picture_of, wire_id
from wecrm.sandbox.world import World

CONTACT: Final = "contact"
GROUP: Final = "group"
LINK: Final = "link"
BEIJING_S: Final = 8 * 3600
DAY_S: Final = 86_400

Settings = Mapping[str, Any]  # the fields of one code under the names they are sent by


@dataclass(frozen=True, slots=True)
class Code:
    """One live code, deleted ones included."""

    n: int
    id: str  # config_id or link_id
    kind: str
    owner: str  # the app that made it
    created: int
    picture: str
    fields: dict[str, Any]
    turn: int  # scans so far
    deleted: bool


def matching(world: World, where: str, values: Sequence[object]) -> list[Code]:
    """The codes that meet a condition, oldest first."""
    rows = world.db.connection.execute(
        f"SELECT n, id, kind, owner, created, picture, fields, turn, deleted FROM live_code WHERE {where} ORDER BY n",
        values,
    ).fetchall()
    return [
        Code(n, id_, kind, owner, created, picture, msgspec.json.decode(fields), turn, bool(deleted))
        for n, id_, kind, owner, created, picture, fields, turn, deleted in rows
    ]


def find(world: World, kind: str, id_: str, *, owner: str = "") -> Code:
    """The code with that id, of that app where one is named; 41044 (a link: a switch) if there is none."""
    found = matching(world, "id = ? AND kind = ? AND NOT deleted AND ? IN ('', owner)", (id_, kind, owner))
    if not found or gone(world, found[0]):
        raise Refusal(cast(int, world.switch("unknown_link")) if kind == LINK else 41044)
    return found[0]


def gone(world: World, code: Code) -> bool:
    """Whether a contact way went with its last member, where the world reads the rules so."""
    if code.kind != CONTACT or code.fields["party"] or world.switch("departed_code") != "deleted":
        return False
    users = code.fields["user"]
    return bool(users) and not present(world, users)


def present(world: World, userids: Sequence[str]) -> list[str]:
    """Those of the members who have not left."""
    sql = "SELECT userid FROM member WHERE left_at IS NULL AND userid IN (SELECT value FROM json_each(?))"
    rows = world.db.connection.execute(sql, (msgspec.json.encode(userids).decode(),)).fetchall()
    here = {str(row[0]) for row in rows}
    return [userid for userid in userids if userid in here]


def listed(world: World, userids: Sequence[str]) -> list[str]:
    """The members that a code shows."""
    return list(userids) if world.switch("departed_listed") else present(world, userids)


def make(world: World, kind: str, owner: str, fields: Settings, now: float) -> Code:
    """Keep a new code; a QR picture comes with scene 2."""
    number = world.new_number()
    id_ = wire_id("ca", world.seed, "link", number) if kind == LINK else hex_id(world.seed, f"{kind} way", number)
    picture = picture_of(world.seed, id_, 0) if fields.get("scene") == 2 else ""
    world.db.connection.execute(
        "INSERT INTO live_code (id, kind, owner, created, picture, fields, temporary, turn, deleted)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0)",
        (id_, kind, owner, int(now), picture, msgspec.json.encode(fields).decode(), fields.get("is_temp", False)),
    )
    return find(world, kind, id_)


def write(world: World, code: Code, fields: Settings) -> None:
    """Replace what is kept of a code."""
    world.db.connection.execute(
        "UPDATE live_code SET fields = ? WHERE n = ?", (msgspec.json.encode(fields).decode(), code.n)
    )


def update(world: World, code: Code, fields: Settings) -> None:
    """Replace what an app configured; the picture stays, unless a switch says otherwise."""
    write(world, code, fields)
    if code.picture and world.switch("qr_changes"):
        picture = picture_of(world.seed, code.id, world.new_number())
        world.db.connection.execute("UPDATE live_code SET picture = ? WHERE n = ?", (picture, code.n))


def delete(world: World, code: Code) -> None:
    """The code stops working; what came through it stays, unless a switch says otherwise."""
    db = world.db.connection
    db.execute("UPDATE live_code SET deleted = 1 WHERE n = ?", (code.n,))
    if code.kind == CONTACT and not world.switch("delete_keeps_relations"):
        db.execute(
            "DELETE FROM relation WHERE (member, contact) IN (SELECT member, contact FROM arrival WHERE code = ?)",
            (code.n,),
        )


def count(world: World, *kinds: str) -> int:
    """How many codes of these kinds there are, temporary ones left out."""
    sql = "SELECT count(*) FROM live_code WHERE NOT temporary AND NOT deleted AND kind = ?"
    return sum(world.db.connection.execute(sql, (kind,)).fetchone()[0] for kind in kinds)


def temporary_since(world: World, moment: int) -> int:
    """How many temporary contact ways were made from a moment on."""
    sql = "SELECT count(*) FROM live_code WHERE temporary AND created >= ?"
    return int(world.db.connection.execute(sql, (moment,)).fetchone()[0])


def page(
    world: World, where: str, values: Sequence[object], limit: int, cursor: str | None, *question: object
) -> tuple[list[str], str]:
    """A page of ids of living codes that meet a condition, oldest first, and the next cursor."""
    (after,) = unseal(world, cursor, 1, *question)
    rows = world.db.connection.execute(
        f"SELECT n, id FROM live_code WHERE n > ? AND NOT deleted AND {where} ORDER BY n LIMIT ?",
        (after, *values, limit + 1),
    ).fetchall()
    following = seal(world, [rows[limit - 1][0]], *question) if len(rows) > limit else ""
    return [id_ for _, id_ in rows[:limit]], following


def midnight(now: float) -> int:
    """The beginning of the day in Beijing."""
    return int(now + BEIJING_S) // DAY_S * DAY_S - BEIJING_S
