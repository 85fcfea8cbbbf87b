"""Some weeks of conversations in a sandbox, pulled night by night, and everything that was said, straight from it."""

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
import yaml

from tests.conftest import Wecrm
from wecrm.sandbox import control
from wecrm.sandbox.archive import console, records
from wecrm.sandbox.world import World

CORP = "wwsandbox00000001"
ZONE = ZoneInfo("America/New_York")  # whose clocks are put back in the second night
HOURS = "Mon-Fri 09:00-12:00 13:00-18:00, Sat 10:00-14:00, 2026-11-11 off"
SEEDS = (3, 11, 29)
RULES = [
    {"name": "refund", "level": "warn", "words": ["退款", "REFUND"], "types": ["text"]},
    {"name": "price", "level": "info", "words": ["价格", "多少钱"], "who": "member", "types": ["text"]},
]
NIGHTS_H = (0, 33, 76, 100, 90, 100)  # until each pull; WeCom keeps messages for 120
GONE, LEAVING, MOVING = 1, 2, 3


@dataclass
class Talk:
    """A home with an archive, and what its people really wrote."""

    home: Wecrm
    said: list[dict[str, Any]]
    """Every message that was pulled, once, in the order in which they came."""
    now: float
    left: str

    def report(self, name: str, *words: str) -> list[dict[str, Any]]:
        """The rows of a report as JSON."""
        result = self.home("report", name, *words, "-f", "json")
        assert result.code == 0, result.err
        return list(msgspec.json.decode(result.out))

    def department(self) -> tuple[int, set[str]]:
        """A department with somebody below it, and everybody who belongs to it or below; never all of them."""
        with self.home.world() as world:
            db = world.db.connection
            parents = dict(db.execute("SELECT id, parentid FROM department").fetchall())
            rows = db.execute("SELECT userid, departments FROM member").fetchall()
        members = {userid: set(msgspec.json.decode(ids)) for userid, ids in rows}

        def inside(id_: int, top: int) -> bool:
            while id_ and id_ != top:
                id_ = parents.get(id_, 0)
            return id_ == top

        for top in sorted(set(parents.values()) - {0, 1}):
            found = {userid for userid, ids in members.items() if any(inside(id_, top) for id_ in ids)}
            if found and any(top not in members[userid] for userid in found):
                return top, found
        raise LookupError("no department has members below it")

    def within(self, since: float, until: float) -> Iterator[dict[str, Any]]:
        """What was sent then, taking back and messages without a time left out."""
        return (m for m in self.said if m["action"] == "send" and m["msgtime"] and since <= m["msgtime"] / 1000 < until)


def customer(who: str) -> bool:
    """By the form of the id."""
    return who.startswith(("wm", "wo")) and (who[2].isupper() or len(who) >= 30)


def member(who: str) -> bool:
    """By the form of the id."""
    return not customer(who) and not (who.startswith("wb") and (who[2].isupper() or len(who) >= 30))


def chat(m: dict[str, Any]) -> tuple[str, str] | None:
    """(member, customer) of a message of their single chat."""
    if m.get("roomid") or len(m["tolist"]) != 1:
        return None
    pair = sorted((m["from"], m["tolist"][0]), key=customer)
    return (pair[0], pair[1]) if member(pair[0]) and customer(pair[1]) else None


def day_of(at: float) -> date:
    """The day of a moment in the configured zone."""
    return datetime.fromtimestamp(at, ZONE).date()


def _made(path: Path, seed: int) -> Wecrm:
    (path / "data").mkdir(parents=True)
    profile = {"corp_id": CORP, "archive": {"words": str(path / "words.yaml"), "working_hours": HOURS}}
    config = {"timezone": ZONE.key, "profiles": {"sandbox": profile}}
    (path / "config.yaml").write_text(yaml.safe_dump(config), "utf-8")
    (path / "words.yaml").write_text(yaml.safe_dump({"rules": RULES}, allow_unicode=True), "utf-8")
    World.create(path / "data" / "sandbox.world", members=9, contacts=110, seed=seed).close()
    return Wecrm(path)


def _night(home: Wecrm, n: int, left: list[str], lost: list[tuple[str, str]]) -> None:
    """People come, go, move on and write; then everything is pulled."""
    with home.world() as world:
        mine = sorted((one.userid, one.external_userid) for one in control.truth(world))
        staff = sorted({userid for userid, _external in mine})
        if n == GONE:  # lost, and back two nights later
            lost.append(mine[0])
            control.delete_relation(world, *mine[0])
        if n == MOVING:
            control.add_relation(world, *lost[0])
        if n == LEAVING:
            left.append(max(staff, key=lambda userid: sum(userid == one for one, _external in mine)))
            control.delete_member(world, left[0])
        if n == MOVING:
            for userid, external in mine[-8:]:
                taker = next(one for one in staff if one != userid and (one, external) not in mine)
                control.add_relation(world, taker, external, add_way=202)
                control.delete_relation(world, userid, external)
        control.advance(world, 3600 * NIGHTS_H[n])
        console.archive_messages(world, 250, days=3)
    for what in ("members", "contacts"):
        synced = home("sync", what, "--max-removals", "100%", "-qq")
        assert synced.code in (0, 7), synced.err
    pulled = home("archive", "pull", "--no-media", "-qq")
    assert pulled.code == 0, pulled.err


@cache
def talked(folder: Path, seed: int) -> Talk:
    """The story of that seed, told once in a session."""
    home = _made(folder / "talks" / f"home{seed}", seed)
    left: list[str] = []
    lost: list[tuple[str, str]] = []
    for n in range(len(NIGHTS_H)):
        _night(home, n, left, lost)
    with sqlite3.connect(home.home / "data" / f"{CORP}.archive.db") as db:
        (last,) = db.execute("SELECT max(seq) FROM record").fetchone()
    with home.world() as world:
        found: dict[str, dict[str, Any]] = {}
        for seq, message in records.truth(world):
            if seq <= last:
                found.setdefault(message["msgid"], message | {"seq": seq})
        return Talk(home, list(found.values()), control.now(world), left[0])


@pytest.fixture(scope="module", params=SEEDS)
def talk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Talk:
    """What is not to be changed: every test reads it."""
    return talked(tmp_path_factory.getbasetemp(), request.param)


def copied(one: Talk, folder: Path) -> Wecrm:
    """A home of its own, to be changed."""
    shutil.copytree(one.home.home, folder / "home")
    return Wecrm(folder / "home")
