"""Departments and members of a new world."""

import sqlite3
from dataclasses import dataclass
from random import Random
from typing import Final

import msgspec

from wecrm.sandbox.identity import CORP_NAME
from wecrm.sandbox.seed import names

# (id, parent, name, English name, share of the members)
TREE: Final = (
    (1, 0, CORP_NAME, "Sandbox Technology", 1),
    (2, 1, "销售中心", "Sales", 2),
    (3, 2, "销售一部", "Sales 1", 18),
    (4, 2, "销售二部", "Sales 2", 16),
    (5, 2, "大客户部", "Key accounts", 8),
    (6, 1, "区域", "Regions", 1),
    (7, 6, "华东区", "East", 4),
    (8, 7, "上海门店", "Shanghai shop", 9),
    (9, 7, "杭州门店", "Hangzhou shop", 7),
    (10, 6, "华南区", "South", 3),
    (11, 10, "深圳门店", "Shenzhen shop", 8),
    (12, 10, "广州门店", "Guangzhou shop", 6),
    (13, 1, "客户服务部", "Customer service", 9),
    (14, 1, "市场部", "Marketing", 5),
    (15, 1, "技术部", "Engineering", 6),
    (16, 15, "平台组", "Platform", 3),
    (17, 1, "人事行政部", "HR and administration", 3),
)
POSITIONS: Final = ("顾问", "高级顾问", "客户经理", "店长", "客服专员", "Adviser", "")


@dataclass(frozen=True, slots=True)
class Person:
    """A member as the rest of the seeding needs it."""

    id: int
    userid: str
    name: str
    follows: bool


def sow_departments(db: sqlite3.Connection, rng: Random, members: int) -> list[int]:
    """The department tree; for each member the department they will sit in."""
    rows = [
        (id_, parent, 100_000_000 if id_ == 1 else 100_000 - 1000 * id_, name, name_en, "[]")
        for id_, parent, name, name_en, _ in TREE
    ]
    db.executemany("INSERT INTO department VALUES (?, ?, ?, ?, ?, ?)", rows)
    return rng.choices([row[0] for row in TREE], weights=[row[4] for row in TREE], k=members)


def sow_members(db: sqlite3.Connection, rng: Random, count: int, seats: list[int]) -> list[Person]:
    """The members, about one in ten without customer contact, a few disabled or not yet activated."""
    taken: dict[str, int] = {}
    people: list[Person] = []
    rows = []
    leaders: dict[int, list[str]] = {}
    for n in range(1, count + 1):
        name, stem = names.english(rng) if rng.random() < 0.25 else names.chinese(rng)
        taken[stem] = taken.get(stem, 0) + 1
        userid = stem if taken[stem] == 1 else f"{stem}{taken[stem]}"
        home = seats[n - 1]
        departments = [home]
        if rng.random() < 0.06 and home != 13:
            departments.append(13)
        status = rng.choices((1, 2, 4), weights=(94, 2, 4))[0]
        follows = status == 1 and rng.random() < 0.95
        leads = home not in leaders
        if leads:
            leaders[home] = [userid]
        detail = _detail(rng, name, stem, departments, leads=leads, boss=leaders[home][0])
        people.append(Person(n, userid, name, follows))
        rows.append(
            (n, userid, name, status, follows, msgspec.json.encode(departments).decode(),
             msgspec.json.encode(detail).decode())
        )  # fmt: skip
    db.executemany("INSERT INTO member VALUES (?, ?, ?, ?, ?, ?, ?, NULL)", rows)
    db.executemany(
        "UPDATE department SET leaders = ? WHERE id = ?",
        [(msgspec.json.encode(who).decode(), id_) for id_, who in leaders.items()],
    )
    return people


def _detail(rng: Random, name: str, stem: str, departments: list[int], *, leads: bool, boss: str) -> dict[str, object]:
    """Everything about a member but id, name, status and departments."""
    number = rng.randrange(10_000)
    return {
        "order": [0] * len(departments),
        "position": rng.choice(POSITIONS),
        "mobile": names.mobile(rng),
        "gender": str(rng.randrange(3)),
        "email": f"{stem}{number}@sandbox.example",
        "biz_mail": f"{stem}{number}@corp.sandbox.example",
        "is_leader_in_dept": [int(leads)] + [0] * (len(departments) - 1),
        "direct_leader": [] if leads else [boss],
        "avatar": f"https://avatar.sandbox.example/m/{number}/0",
        "thumb_avatar": f"https://avatar.sandbox.example/m/{number}/100",
        "telephone": "",
        "alias": name.split()[0] if " " in name else "",
        "address": "",
        "main_department": departments[0],
        "extattr": {"attrs": []},
        "qr_code": f"https://qr.sandbox.example/m/{number}",
        "external_position": "",
    }
