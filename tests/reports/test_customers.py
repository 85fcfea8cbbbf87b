"""Customers, ranking of members, departments: against a plain count of what happened in the sandbox."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from tests.reports.lives import Episode, Life, day_of, midnight, periods

FIGURES = ("new", "fresh", "received", "lost", "handed_over", "hidden", "net")
PERIODS = range(4)


def counted(life: Life, episodes: Iterable[Episode], since: float, until: float) -> dict[str, int]:
    """The figures of these episodes in a time, and who was there at its end."""
    touches = life.account.first_touches()
    episodes = list(episodes)
    began = [one for one in episodes if since <= one.began < until]
    ended = [one.status for one in episodes if one.ended is not None and since <= one.ended < until]
    row = {
        "new": sum(not one.passed_on for one in began),
        "fresh": sum(touches.get(one.external) is one for one in began),
        "received": sum(one.passed_on for one in began),
        "lost": ended.count("lost"),
        "handed_over": ended.count("transferred"),
        "hidden": ended.count("out_of_sight"),
    }
    row["net"] = row["new"] + row["received"] - len(ended)
    row["total"] = sum(one.began < until and (one.ended is None or one.ended >= until) for one in episodes)
    return row


def grouped(life: Life, key: Callable[[Episode], Any], since: float, until: float) -> dict[Any, dict[str, int]]:
    """The same by some key, without those of whom nothing is to be said."""
    parts = defaultdict(list)
    for one in life.account.episodes:
        parts[key(one)].append(one)
    rows = {name: counted(life, part, since, until) for name, part in parts.items()}
    return {name: row for name, row in rows.items() if any(row.values())}


def figures(row: dict[str, Any]) -> dict[str, int]:
    return {name: row[name] for name in (*FIGURES, "total")}


@pytest.mark.parametrize("n", PERIODS)
def test_customers_who_came_and_went_in_a_period(life: Life, n: int) -> None:
    words, since, until = periods(life)[n]
    (row,) = life.report("customers", *words)
    assert row == counted(life, life.account.episodes, since, until)
    assert row["lost"] or since < life.began
    if not words:
        assert min(row[name] for name in FIGURES) > 0


@pytest.mark.parametrize("by", ["day", "week", "month"])
def test_every_day_week_and_month_from_the_first_to_now(life: Life, by: str) -> None:
    firsts = {
        "day": lambda day: day,
        "week": lambda day: day - timedelta(days=day.weekday()),
        "month": lambda day: day.replace(day=1),
    }
    label = (lambda day: f"{day:%Y-%m}") if by == "month" else str
    first, last = day_of(min(one.began for one in life.account.episodes)), day_of(life.now)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    starts = list(dict.fromkeys(firsts[by](day) for day in days))
    rows = life.report("customers", "--by", by)
    assert [row["period"] for row in rows] == [label(start) for start in starts]
    ends = [midnight(start) for start in starts[1:]] + [life.now + 1]
    for row, start, end in zip(rows, starts, ends, strict=True):
        assert figures(row) == counted(life, life.account.episodes, midnight(start), end), row["period"]
    beijing = ZoneInfo("Asia/Shanghai")
    other = [
        one for one in life.account.episodes if day_of(one.began) != datetime.fromtimestamp(one.began, beijing).date()
    ]
    assert len(other) > 20  # the time zone matters


def test_one_day_at_the_end_of_a_month(life: Life) -> None:
    rows = life.report("customers", "--by", "day", "--since", "2026-10-30", "--until", "2026-11-02")
    assert [row["period"] for row in rows] == ["2026-10-30", "2026-10-31", "2026-11-01", "2026-11-02"]
    starts = [midnight(day_of(life.began) + timedelta(days=n)) for n in (-1, 0, 1, 2, 3)]
    expected = [counted(life, life.account.episodes, since, until) for since, until in pairwise(starts)]
    assert [figures(row) for row in rows] == expected


@pytest.mark.parametrize("n", PERIODS)
def test_ranking_of_members(life: Life, n: int) -> None:
    words, since, until = periods(life)[n]
    rows = life.report("staff", *words)
    assert {row["userid"]: figures(row) for row in rows} == grouped(life, lambda one: one.userid, since, until)
    assert [row["new"] for row in rows] == sorted((row["new"] for row in rows), reverse=True)
    assert [row["userid"] for row in rows if row["left"]] == [life.left] * any(
        row["userid"] == life.left for row in rows
    )
    names = dict(life.world("SELECT userid, name FROM member"))
    assert all(row["name"] == names[row["userid"]] for row in rows)


@pytest.mark.parametrize("n", PERIODS)
def test_departments(life: Life, n: int) -> None:
    words, since, until = periods(life)[n]
    main = {
        userid: str(msgspec.json.decode(detail)["main_department"])
        for userid, detail in life.world("SELECT userid, detail FROM member")
    }
    expected = grouped(life, lambda one: main[one.userid], since, until)
    rows = life.report("departments", *words)
    assert {row["department"]: figures(row) for row in rows} == expected
    whole = grouped(life, lambda one: one.userid, since, until)
    assert sum(row["members"] for row in rows) == len(whole)


def test_only_a_member_a_department_or_a_channel(life: Life) -> None:
    episodes = life.account.episodes
    one = episodes[0].userid
    (row,) = life.report("customers", "--member", one)
    assert row == counted(life, [each for each in episodes if each.userid == one], 0, life.now + 1)
    (row,) = life.report("customers", "--channel", "poster")
    assert row == counted(life, [each for each in episodes if each.channel == "poster"], 0, life.now + 1)
    assert row["new"] > 5
    parents = dict(life.world("SELECT id, parentid FROM department"))
    departments = life.departments()
    top = next(id_ for id_ in sorted(set(parents.values()) - {0, 1}) if reached(parents, id_, departments))
    inside = {userid for userid, ids in departments.items() if any(under(parents, id_, top) for id_ in ids)}
    (row,) = life.report("customers", "--department", str(top))
    mine = [each for each in episodes if each.userid in inside]
    assert row == counted(life, mine, 0, life.now + 1)
    assert 0 < len(mine) < len(episodes)


def under(parents: dict[int, int], id_: int, top: int) -> bool:
    while id_ and id_ != top:
        id_ = parents.get(id_, 0)
    return id_ == top


def reached(parents: dict[int, int], top: int, departments: dict[str, set[int]]) -> bool:
    return any(top not in ids and any(under(parents, id_, top) for id_ in ids) for ids in departments.values())


def test_compared_with_the_month_before(life: Life) -> None:
    (row,) = life.report("customers", "--since", "2026-12", "--until", "2026-12", "--compare")
    day = day_of(life.began).replace(day=1)
    november = midnight(day + timedelta(days=31)), midnight(day + timedelta(days=61))
    december = november[1], midnight(day + timedelta(days=92))
    now = counted(life, life.account.episodes, *december)
    before = counted(life, life.account.episodes, *november)
    for name in FIGURES:
        assert (row[name], row[f"{name}_before"]) == (now[name], before[name])
    assert before["new"] > now["new"] > 0


def test_the_episodes_behind_the_figures(life: Life) -> None:
    words, since, until = periods(life)[1]
    rows = life.report("customers", "--rows", *words)
    expected = [
        (one.userid, one.external, one.way, one.channel, one.status)
        for one in life.account.episodes
        if since <= one.began < until or (one.ended is not None and since <= one.ended < until)
    ]
    found = [(row["userid"], row["external_userid"], row["add_way"], row["channel"], row["status"]) for row in rows]
    assert sorted(found) == sorted(expected)
    assert all(row["name"] == life.account.names[row["external_userid"]] for row in rows)
