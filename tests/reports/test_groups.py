"""Customer groups and their owners, against the sandbox's groups."""

from collections import Counter, defaultdict
from datetime import date
from typing import Any

import msgspec
import pytest

from tests.reports.lives import Life, midnight, periods


def chats(life: Life) -> dict[str, dict[str, Any]]:
    """The groups as they are in the sandbox: head, status and people."""
    rows = life.world("SELECT chat_id, status, head, members FROM chat")
    return {
        chat: {"status": status, "head": msgspec.json.decode(head), "people": msgspec.json.decode(people)}
        for chat, status, head, people in rows
    }


def joins(chat: dict[str, Any], since: float, until: float) -> int:
    return sum(one["type"] == 2 and since <= one["join_time"] < until for one in chat["people"])


def spans(life: Life) -> list[tuple[tuple[str, ...], float, float]]:
    months = ("--since", "2026-08", "--until", "2026-10"), midnight(date(2026, 8, 1)), midnight(date(2026, 11, 1))
    return [periods(life)[0], months]


@pytest.mark.parametrize("n", range(2))
def test_groups(life: Life, n: int) -> None:
    words, since, until = spans(life)[n]
    expected = {
        id_: {
            "name": chat["head"]["name"],
            "owner": chat["head"]["owner"],
            "status": chat["status"],
            "people": len(chat["people"]),
            "customers": sum(one["type"] == 2 for one in chat["people"]),
            "joined": joins(chat, since, until),
            "last_message": None,
        }
        for id_, chat in chats(life).items()
    }
    rows = life.report("groups", *words)
    assert {row["chat_id"]: {key: row[key] for key in expected[row["chat_id"]]} for row in rows} == expected
    assert sum(row["joined"] for row in rows) > 0
    if words:
        assert sum(row["joined"] for row in rows) < sum(row["customers"] for row in rows)
        assert len(life.report("groups", "--rows", *words)) == sum(row["joined"] for row in rows)


@pytest.mark.parametrize("n", range(2))
def test_owners_of_groups(life: Life, n: int) -> None:
    words, since, until = spans(life)[n]
    expected: dict[str, Counter[str]] = defaultdict(Counter)
    for chat in chats(life).values():
        expected[chat["head"]["owner"]].update(
            groups=1,
            made=since <= chat["head"]["create_time"] < until,
            people=len(chat["people"]),
            customers=sum(one["type"] == 2 for one in chat["people"]),
            joined=joins(chat, since, until),
        )
    rows = life.report("group-owners", *words)
    assert {row["owner"]: Counter({key: row[key] for key in expected[row["owner"]]}) for row in rows} == expected
    assert [row["owner"] for row in rows if row["left"]] == [life.left] * (life.left in expected)
