"""Customer groups of a new world."""

import sqlite3
from random import Random
from typing import Final

import msgspec

from wecrm.sandbox.seed import names
from wecrm.sandbox.seed.directory import Person
from wecrm.sandbox.seed.ids import hex_id, wire_id

TOPICS: Final = ("福利群", "售后服务群", "VIP 会员群", "新品体验群", "家长交流群", "Tea lovers", "")


def sow_chats(db: sqlite3.Connection, rng: Random, count: int, people: list[Person], seed: int, start: int) -> None:
    """`count` groups owned by members with customers."""
    customers = db.execute("SELECT max(id) FROM contact").fetchone()[0] or 0
    owners = [row[0] for row in db.execute("SELECT DISTINCT member FROM relation ORDER BY member")]
    if not customers or not owners:
        return
    by_id = {person.id: person for person in people}
    for n in range(1, count + 1):
        owner = by_id[rng.choice(owners)]
        made = start - 3600 - int(rng.random() * 700 * 86400)
        staff = [by_id[m] for m in rng.sample(owners, min(len(owners), rng.randrange(3)))]
        staff = [person for person in staff if person.id != owner.id]
        size = min(customers, 2 + int(rng.expovariate(1 / 18)))
        first = rng.randint(1, customers - size + 1)
        members = [_staff(rng, person, owner, made) for person in (owner, *staff)]
        rows = db.execute("SELECT detail FROM contact WHERE id BETWEEN ? AND ?", (first, first + size - 1))
        members += [_customer(rng, msgspec.json.decode(row[0]), owner, made, start) for row in rows]
        topic = rng.choice(TOPICS)
        head: dict[str, object] = {
            "chat_id": wire_id("wr", seed, "chat", n),
            "name": f"{topic}{n}" if topic and rng.random() < 0.9 else "",
            "owner": owner.userid,
            "create_time": made,
        }
        if rng.random() < 0.3:
            head["notice"] = "每周五发货，群内请勿发广告。"
        head["admin_list"] = [{"userid": person.userid} for person in staff[:1]]
        head["member_version"] = hex_id(seed, "member version", n)
        db.execute(
            "INSERT INTO chat VALUES (?, ?, ?, 0, ?, ?)",
            (n, head["chat_id"], owner.id, _json(head), _json(members)),
        )


def _staff(rng: Random, person: Person, owner: Person, made: int) -> dict[str, object]:
    return {
        "userid": person.userid,
        "type": 1,
        "join_time": made,
        "join_scene": 1,
        "invitor": {"userid": owner.userid},
        "group_nickname": "",
        "name": person.name,
    }


def _customer(rng: Random, detail: dict[str, object], owner: Person, made: int, start: int) -> dict[str, object]:
    scene = rng.choices((1, 2, 3), weights=(5, 2, 6))[0]
    row: dict[str, object] = {"userid": detail["external_userid"], "type": 2}
    if detail.get("unionid"):
        row["unionid"] = detail["unionid"]
    row["join_time"] = made + int(rng.random() * (start - made))
    row["join_scene"] = scene
    if scene == 1:
        row["invitor"] = {"userid": owner.userid}
    if scene == 3 and rng.random() < 0.5:
        row["state"] = rng.choice(names.CHANNELS)
    row["group_nickname"] = names.customer(rng) if rng.random() < 0.1 else ""
    row["name"] = detail["name"]
    return row


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
