"""Stages and tags that go together, against what happened in the sandbox."""

from collections import Counter
from itertools import combinations
from statistics import median
from typing import Any

import pytest

from tests.reports.lives import DAY_S, STAGES, Key, Life, periods


def keys_of(life: Life, since: float, until: float) -> list[Key]:
    """Relations of customers who were added in that time, the last time they were."""
    began = {(one.userid, one.external): one.began for one in life.account.episodes}
    return [key for key in life.account.carried if since <= began[key] < until]


def expected_funnel(life: Life, keys: list[Key], names: tuple[str, ...]) -> list[dict[str, Any]]:
    ids = [life.tags[f"Stage/{name}"] for name in names]
    rows: list[dict[str, Any]] = []
    for n, id_ in enumerate(ids):
        reached = sum(any(tag in life.account.carried[key] for tag in ids[n:]) for key in keys)
        days = []
        for key in keys:
            got = [at for at, tag in life.account.gains[key] if tag == id_][:1]
            later = [at for at, tag in life.account.gains[key] if tag in ids[n + 1 :] and got and at > got[0]]
            days += [(later[0] - got[0]) / DAY_S] if later else []
        row = {
            "group": "Stage",
            "stage": names[n],
            "carried": sum(id_ in life.account.carried[key] for key in keys),
            "reached": reached,
            "conversion": round(100 * reached / rows[-1]["reached"], 1) if rows and rows[-1]["reached"] else None,
            "now": sum(id_ in life.account.tags[key] for key in keys if key in life.account.open),
            "moved": len(days),
            "days": pytest.approx(median(days), abs=0.06) if days else None,
        }
        row["overall"] = round(100 * reached / rows[0]["reached"], 1) if rows and rows[0]["reached"] else 100.0
        rows.append(row)
    return rows


@pytest.mark.parametrize("n", range(3))
def test_funnel_of_the_exclusive_group(life: Life, n: int) -> None:
    words, since, until = periods(life)[n]
    keys = keys_of(life, since, until)
    assert life.report("funnel", *words) == expected_funnel(life, keys, STAGES)


def test_funnel_of_some_stages_of_one_member(life: Life) -> None:
    names = STAGES[:-1]
    keys = keys_of(life, 0, life.now)
    one = Counter(userid for userid, _external in keys).most_common(1)[0][0]
    words = [word for name in names for word in ("--tag", f"Stage/{name}")]
    rows = life.report("funnel", *words, "--member", one)
    assert rows == expected_funnel(life, [key for key in keys if key[0] == one], names)


def test_the_story_has_people_who_go_on_fall_back_and_skip(life: Life) -> None:
    rows = life.report("funnel")
    assert sum(row["moved"] for row in rows) > 15
    assert all(row["reached"] > row["carried"] for row in rows[:-1])
    ids = {life.tags[f"Stage/{name}"]: name for name in STAGES}
    gains = sum(tag in ids for each in life.account.gains.values() for _at, tag in each)
    assert sum(row["on"] for row in life.report("funnel", "--rows")) == gains


def test_tags_that_go_together(life: Life) -> None:
    names = {id_: tuple(name.split("/", 1)) for name, id_ in life.tags.items()}
    alone: Counter[str] = Counter()
    both: Counter[frozenset[str]] = Counter()
    for key in life.account.open:
        alone.update(life.account.tags[key])
        both.update(frozenset(pair) for pair in combinations(life.account.tags[key], 2))
    expected = {
        frozenset((names[tag], names[other])): (
            count,
            {names[tag]: round(100 * count / alone[tag], 1), names[other]: round(100 * count / alone[other], 1)},
        )
        for (tag, other), count in ((tuple(pair), count) for pair, count in both.items())
    }
    rows = life.report("tag-overlap")
    found = {}
    for row in rows:
        tag, other = (row["group"], row["tag"]), (row["other_group"], row["other_tag"])
        found[frozenset((tag, other))] = (row["both"], {tag: row["share"], other: row["other_share"]})
    assert found == expected
    assert len(rows) > 50
    mine = life.report("tag-overlap", "--tag", "客户等级/VIP")
    assert {(row["group"], row["tag"]) for row in mine} == {("客户等级", "VIP")}
    assert len(mine) == sum(("客户等级", "VIP") in pair for pair in expected)
