"""Samples for inspection: so many of each member, the same with the same seed, nobody left out."""

import json
import sqlite3
from collections import Counter, defaultdict

import pytest

from tests.conftest import Result, Wecrm
from wecrm.sandbox.archive import console

CORP = "wwsandbox00000001"


@pytest.fixture
def pulled(wecrm: Wecrm) -> Wecrm:
    with wecrm.world() as world:
        console.archive_messages(world, 2000)
    ok(wecrm("archive", "pull", "--no-media"))
    return wecrm


def ok(result: Result) -> Result:
    assert result.code == 0, result.err
    return result


def drawn(wecrm: Wecrm, *words: str) -> list[dict]:
    return json.loads(ok(wecrm("archive", "sample", "--reason", "inspection", "-f", "json", *words)).out)


def sql(wecrm: Wecrm, query: str, *values: object) -> list[tuple]:
    with sqlite3.connect(wecrm.home / "data" / f"{CORP}.archive.db") as db:
        return db.execute(query, values).fetchall()


def talks(wecrm: Wecrm) -> dict[str, set[int]]:
    """Conversations of each member."""
    found = defaultdict(set)
    query = (
        "SELECT person, conversation FROM participant JOIN conversation c ON c.id = conversation "
        "WHERE side = 'member' AND c.kind <> 'other'"
    )
    for person, conversation in sql(wecrm, query):
        found[person].add(conversation)
    return found


def test_each_member_is_sampled_and_the_seed_decides(pulled: Wecrm) -> None:
    rows = drawn(pulled, "--per-member", "2", "--seed", "a")
    of = talks(pulled)
    assert Counter(row["member"] for row in rows) == {member: min(2, len(own)) for member, own in of.items()}
    assert all(row["conversation"] in of[row["member"]] for row in rows)
    assert len({(row["member"], row["conversation"]) for row in rows}) == len(rows)
    assert drawn(pulled, "--per-member", "2", "--seed", "a") == rows
    assert drawn(pulled, "--per-member", "2", "--seed", "b") != rows
    more = drawn(pulled, "--per-member", "3", "--seed", "a")
    assert {str(row) for row in rows} < {str(row) for row in more}


def test_without_a_seed_it_is_the_day_and_it_is_told(pulled: Wecrm) -> None:
    result = ok(pulled("archive", "sample", "-f", "json"))
    with pulled.world() as world:
        world.advance(24 * 3600)
    later = ok(pulled("archive", "sample", "-f", "json"))
    assert later.out != result.out
    (line,) = (line for line in result.err.splitlines() if "--seed" in line)
    seed = line.rpartition(" ")[2].rstrip(".")
    assert ok(pulled("archive", "sample", "-f", "json", "--seed", seed)).out == result.out


def test_every_conversation_has_its_chance(pulled: Wecrm) -> None:
    of = talks(pulled)
    member = max(of, key=lambda userid: len(of[userid]))
    seen = Counter(
        row["conversation"]
        for seed in range(60)
        for row in drawn(pulled, "--per-member", "5", "--seed", str(seed), "--from", member)
        if row["member"] == member
    )
    assert len(seen) > len(of[member]) / 2
    assert seen.most_common(1)[0][1] < 40


def test_messages_one_by_one_narrowed_and_the_look_is_kept(pulled: Wecrm) -> None:
    rows = drawn(pulled, "--messages", "--per-member", "4", "--type", "text", "--seed", "x")
    counts = Counter(row["member"] for row in rows)
    assert max(counts.values()) == 4
    for row in rows:
        assert sql(pulled, "SELECT sender, msgtype FROM record WHERE msgid = ?", row["msgid"]) == [
            (row["member"], "text")
        ]
    log = sql(pulled, "SELECT command, reason, filter, rows FROM access")
    assert log == [
        ("archive sample (messages)", "inspection", "--per-member 4 --seed x --type text", len(rows)),
    ]
