"""Live codes of a new world: most are in order, some are what an audit should find."""

import sqlite3
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import msgspec

from wecrm.sandbox.seed import names
from wecrm.sandbox.seed.ids import hex_id, picture_of, wire_id

DAY_S: Final = 86_400
RELATIONS_A_WAY: Final = 2_500
MOST_WAYS: Final = 200
LEFT: Final = "sun.yue.2024"  # nobody: a member whom the directory has forgotten
MOST_MEMBERS: Final = 100


@dataclass(slots=True)
class _Staff:
    """Who may stand on a code."""

    good: list[str]  # can take customers
    idle: list[str]  # not activated, or disabled
    team: int  # a department that fits one code; 0 = there is none


def sow_live_codes(db: sqlite3.Connection, rng: Random, seed: int, start: int) -> None:
    """Contact ways, two acquisition links and a join way, all made by the contact app.

    The channels are those that the relations carry; a world without usable members gets no ways.
    """
    staff = _staff(db)
    if staff.good:
        relations = db.execute("SELECT count(*) FROM relation").fetchone()[0]
        for n, way in enumerate(_ways(rng, staff, min(MOST_WAYS, 6 + relations // RELATIONS_A_WAY)), start=1):
            _insert(db, "contact", hex_id(seed, "seeded contact way", n), way, seed, start - _age(rng, n))
        _links(db, rng, staff, seed, start)
    chats = [row[0] for row in db.execute("SELECT chat_id FROM chat ORDER BY id LIMIT 2")]
    if chats:
        _insert(db, "group", hex_id(seed, "seeded group way", 1), _join_way(chats), seed, start - 60 * DAY_S)


def _staff(db: sqlite3.Connection) -> _Staff:
    good: list[str] = []
    idle: list[str] = []
    teams: dict[int, list[bool]] = {}
    rows = db.execute("SELECT userid, status, follows, departments FROM member ORDER BY id").fetchall()
    for userid, status, follows, departments in rows:
        usable = status == 1 and bool(follows)
        if usable:
            good.append(userid)
        elif status != 1:
            idle.append(userid)
        for department in msgspec.json.decode(departments):
            teams.setdefault(department, []).append(usable)
    parents = {row[0] for row in db.execute("SELECT parentid FROM department")}
    fit = [id_ for id_, all_ in teams.items() if id_ not in parents and any(all_) and len(all_) <= MOST_MEMBERS]
    return _Staff(good, idle, min(fit, default=0))


def _age(rng: Random, n: int) -> int:
    """Seconds since a way was made: every other one is older than the 90 days that a list shows unasked."""
    return (rng.randint(100, 500) if n % 2 else rng.randint(1, 80)) * DAY_S


def _ways(rng: Random, staff: _Staff, count: int) -> list[dict[str, Any]]:
    def some(most: int) -> list[str]:
        return sorted(rng.sample(staff.good, min(len(staff.good), most)))

    channel = names.CHANNELS
    first = [
        _way(channel[0], some(3)),
        _way(channel[1], [], party=[staff.team]) if staff.team else _way(channel[1], some(5)),
        _way(channel[2], some(1), type_=1),
        _way(channel[3], some(1) + (staff.idle[:1] or [LEFT])),
        _way("", some(2), remark="前台立牌", skip_verify=False),
        _way(channel[5], [LEFT], type_=1),
    ]
    for n in range(len(first), count):
        state = channel[n] if n < len(channel) else f"{channel[n % len(channel)]}-{n}"
        first.append(_way(state, some(rng.randint(1, 4)), scene=1 if n % 9 == 8 else 2))
    return first


def _way(
    state: str, user: list[str], *, type_: int = 2, scene: int = 2, party: list[int] | None = None,
    remark: str = "", skip_verify: bool = True,
) -> dict[str, Any]:  # fmt: skip
    return {
        "type": type_, "scene": scene, "is_temp": False, "remark": remark or state, "skip_verify": skip_verify,
        "state": state, "user": user, "party": party or [], "is_exclusive": False, "mark_source": True,
        **({"style": 1} if scene == 1 else {}),
    }  # fmt: skip


def _join_way(chats: list[str]) -> dict[str, Any]:
    return {
        "scene": 2, "remark": "春季活动群", "auto_create_room": 1, "room_base_name": "春季活动群", "room_base_id": 1,
        "chat_id_list": chats, "state": "spring-fair", "mark_source": True, "rooms": [],
    }  # fmt: skip


def _links(db: sqlite3.Connection, rng: Random, staff: _Staff, seed: int, start: int) -> None:
    """Two links, and as their customers the relations of their members that came in by a link."""
    many = sorted(rng.sample(staff.good, min(len(staff.good), 8)))
    few, rest = many[:2], many[2:] or many
    for n, (name, users) in enumerate((("朋友圈广告", few), ("官网落地页", rest)), start=1):
        fields = {
            "skip_verify": True, "mark_source": True, "priority_option": {}, "link_name": name, "user_list": users,
            "department_list": [],
        }  # fmt: skip
        made = start - 400 * DAY_S
        code = _insert(db, "link", wire_id("ca", seed, "seeded link", n), fields, seed, made)
        db.execute(
            "INSERT INTO arrival (code, at, state, member, contact, fresh, messages, welcome, greeted)"
            " SELECT ?, json_extract(r.info, '$.createtime'), ifnull(json_extract(r.info, '$.state'), ''), r.member,"
            " r.contact, 1, r.contact % 3, '', 1 FROM relation r JOIN member m ON m.id = r.member"
            " WHERE m.userid IN (SELECT value FROM json_each(?)) AND json_extract(r.info, '$.add_way') = 16"
            " AND json_extract(r.info, '$.createtime') >= ? ORDER BY 2, r.contact",
            (code, msgspec.json.encode(users).decode(), made),
        )


def _insert(db: sqlite3.Connection, kind: str, id_: str, fields: dict[str, Any], seed: int, made: int) -> int:
    picture = picture_of(seed, id_, 0) if fields.get("scene") == 2 else ""
    row = db.execute(
        "INSERT INTO live_code (id, kind, owner, created, picture, fields, temporary, turn, deleted)"
        " VALUES (?, ?, 'contact', ?, ?, ?, 0, 0, 0) RETURNING n",
        (id_, kind, made, picture, msgspec.json.encode(fields).decode()),
    ).fetchone()
    return int(row[0])
