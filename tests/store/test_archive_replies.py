"""Waits for an answer and messages by day, against a plain computation over everything that was said."""

import json
import random
import sqlite3
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from tests.conftest import Wecrm
from wecrm.models.archive import Sealed
from wecrm.models.message import parse
from wecrm.models.workinghours import parse as hours
from wecrm.sandbox.archive import console, records
from wecrm.sandbox.world import World
from wecrm.store.archive import pages, pulls, replies
from wecrm.store.archive.derived import Memory
from wecrm.store.archive.opening import open_archive

CHINA = timezone(timedelta(hours=8))
CALLS = {"voiptext", "meeting_voice_call", "voip_doc_share"}


def customer(who: str) -> bool:
    return who.startswith(("wm", "wo")) and (who[2].isupper() or len(who) >= 30)


def worked(at_s: float) -> float:
    """Seconds of Monday to Friday, 9 to 18 in China, that have passed since some Monday."""
    weeks, rest = divmod(at_s + 8 * 3600 - 4 * 86400, 7 * 86400)  # 1970-01-05 was a Monday
    day, clock = divmod(rest, 86400)
    return weeks * 45 * 3600 + min(day, 5) * 9 * 3600 + (min(max(clock - 9 * 3600, 0), 9 * 3600) if day < 5 else 0)


def said(world: World, last: int) -> list[tuple[int, dict]]:
    """(seq, message) of everything that was archived up to that seq, each msgid once."""
    found: dict[str, tuple[int, dict]] = {}
    for seq, message in records.truth(world):
        if seq <= last:
            found.setdefault(message["msgid"], (seq, message))
    return list(found.values())


def expected_waits(messages: list[tuple[int, dict]]) -> list[tuple]:
    """(member, contact, seq asked, asked_at, questions, seq answered, answered_at, work_s), as one would on paper."""
    chats = defaultdict(list)
    for seq, m in messages:
        if m["action"] != "send" or m.get("roomid") or m["msgtype"] in CALLS | {"agree", "disagree", "revoke"}:
            continue
        people = {m["from"], *m["tolist"]}
        robot = any(who.startswith("wb") for who in people)
        if len(m["tolist"]) == 1 and sum(map(customer, people)) == 1 and not robot and m["msgtime"]:
            chats[tuple(sorted(people, key=customer))].append((m["msgtime"], seq, customer(m["from"])))
    found = []
    for (member, contact), lines in chats.items():
        lines.sort()
        while lines:
            first = next((n for n, line in enumerate(lines) if line[2]), None)
            if first is None:
                break
            answer = next((n for n in range(first, len(lines)) if not lines[n][2]), None)
            asked_at, asked, _ = lines[first]
            if answer is None:
                found.append((member, contact, asked, asked_at, len(lines) - first, None, None, None))
                break
            at, seq, _ = lines[answer]
            work = int(worked(at / 1000) - worked(asked_at / 1000) + 1e-6)
            found.append((member, contact, asked, asked_at, answer - first, seq, at, work))
            lines = lines[answer:]
    return sorted(found, key=str)


def stored_waits(path: Path) -> list[tuple]:
    with sqlite3.connect(path) as db:
        rows = db.execute(
            "SELECT w.member, w.contact, a.seq, w.asked_at, w.questions, b.seq, w.answered_at, w.work_s FROM wait w "
            "JOIN record a ON a.id = w.asked LEFT JOIN record b ON b.id = w.answered"
        ).fetchall()
    return sorted(rows, key=str)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_waits_and_days_are_those_of_everything_that_was_said(seed: int, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    World.create(tmp_path / "data" / "sandbox.world", members=12, contacts=150, seed=seed).close()
    wecrm = Wecrm(tmp_path)
    for _night in range(3):
        with wecrm.world() as world:
            console.archive_messages(world, 700, days=3)  # laggards come days late, so earlier waits change
        result = wecrm("archive", "pull", "--no-media")
        assert result.code == 0, result.err
        with wecrm.world() as world:
            world.advance(20 * 3600)
    archive = tmp_path / "data" / "wwsandbox00000001.archive.db"
    with wecrm.world() as world, sqlite3.connect(archive) as db:
        messages = said(world, db.execute("SELECT max(seq) FROM record").fetchone()[0])
    found = stored_waits(archive)
    assert found == expected_waits(messages)
    assert len(found) > 300
    assert {row[5] is None for row in found} == {True, False}
    assert len({row[4] for row in found}) > 2
    days: Counter[tuple] = Counter()
    for _seq, m in messages:
        if m["action"] == "send" and m["msgtime"]:
            at = datetime.fromtimestamp(m["msgtime"] // 1000, UTC).astimezone(CHINA)
            days[at.strftime("%Y-%m-%d"), m["from"], at.hour] += 1
    with sqlite3.connect(archive) as db:
        counted = db.execute("SELECT day, person, hour, sum(messages) FROM message_day GROUP BY day, person, hour")
        assert {(day, person, hour): n for day, person, hour, n in counted.fetchall()} == days


def _line(n: int, sender: str, at: int) -> pages.Read:
    other = "wmAAAA" if sender == "ann" else "ann"
    plain = {"msgid": f"m{n}", "action": "send", "from": sender, "tolist": [other], "roomid": "", "msgtime": at}
    plain |= {"msgtype": "text", "text": {"content": "?"}}
    return pages.Read(Sealed(n, f"m{n}", 1, "", ""), parse(json.dumps(plain).encode()), "?")


@pytest.mark.parametrize("seed", range(40))
def test_in_whatever_order_messages_come_the_waits_are_the_same(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    lines = [_line(n, rng.choice(["ann", "wmAAAA"]), 1_790_000_000_000 + rng.randrange(12)) for n in range(1, 25)]
    found = []
    for name, order in (("one", lines), ("other", rng.sample(lines, len(lines)))):
        store = open_archive(tmp_path / f"{name}.db", "ww1")
        memory, pull = Memory(UTC), pulls.begin(store, 0, 1)
        while order:
            many = rng.randint(1, 5) if name == "other" else len(order)
            page, order = order[:many], order[many:]
            pages.store_page(
                *(store, memory, pull, page), seq=1, now=1, derive=[replies.derive("Mon-Fri 09:00-18:00", UTC)]
            )
        store.close()
        found.append(stored_waits(tmp_path / f"{name}.db"))
    assert found[0] == found[1]
    assert found[0]


def test_other_hours_measure_what_is_there_again(tmp_path: Path) -> None:
    store = open_archive(tmp_path / "a.db", "ww1")
    memory, pull = Memory(CHINA), pulls.begin(store, 0, 1)
    friday = int(datetime(2026, 11, 20, 17, 0, tzinfo=CHINA).timestamp() * 1000)
    first = [_line(1, "wmAAAA", friday), _line(2, "ann", friday + 3 * 86_400_000)]
    later = [_line(3, "ann", friday + 4 * 86_400_000)]
    for page, setting in ((first, "Mon-Fri 09:00-18:00"), (later, "Mon-Fri 09:00-18:00, Sat 10:00-14:00")):
        pages.store_page(*(store, memory, pull, page), seq=1, now=1, derive=[replies.derive(setting, CHINA)])
        (work,) = store.connection.execute("SELECT work_s FROM wait").fetchone()
        assert work == hours(setting).seconds(friday / 1000, friday / 1000 + 3 * 86400, CHINA)
    assert work == 13 * 3600
    store.close()
