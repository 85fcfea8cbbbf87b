"""Lost customers, inherited ones and those of several members, against what happened in the sandbox."""

from collections import Counter, defaultdict
from collections.abc import Callable
from statistics import median
from typing import Any

import pytest

from tests.reports.lives import ASSIGNED, DAY_S, Episode, Life, periods
from wecrm.sandbox import control


def chosen(life: Life, wanted: Callable[[Episode], bool]) -> dict[str, list[Episode]]:
    """Episodes by member."""
    found = defaultdict(list)
    for one in life.account.episodes:
        if wanted(one):
            found[one.userid].append(one)
    return found


def returned(life: Life, one: Episode) -> bool:
    return (one.userid, one.external) in life.account.open


def others(life: Life, one: Episode) -> int:
    return sum(external == one.external and userid != one.userid for userid, external in life.account.open)


def stayed(one: Episode) -> float:
    assert one.ended is not None
    assert abs(one.ended - one.began - 7 * DAY_S) > 60  # a sync takes some seconds
    return (one.ended - one.began) / DAY_S


@pytest.mark.parametrize("n", range(4))
def test_lost_customers_by_their_last_owner(life: Life, n: int) -> None:
    words, since, until = periods(life)[n]
    owners = chosen(life, lambda one: one.status == "lost" and one.ended is not None and since <= one.ended < until)
    rows = life.report("churn", *words)
    assert {row["userid"] for row in rows} == set(owners)
    for row in rows:
        mine = owners[row["userid"]]
        assert row["lost"] == len(mine)
        assert row["soon"] == sum(stayed(one) <= 7 for one in mine)
        assert row["returned"] == sum(returned(life, one) for one in mine)
        assert row["elsewhere"] == sum(not returned(life, one) and others(life, one) > 0 for one in mine)
        assert row["days"] == pytest.approx(median(map(stayed, mine)), abs=0.06)
    assert [row["lost"] for row in rows] == sorted((row["lost"] for row in rows), reverse=True)
    if not words:
        assert all(sum(row[name] for row in rows) for name in ("soon", "returned", "elsewhere"))


def test_losses_one_by_one(life: Life) -> None:
    words, since, until = periods(life)[1]
    rows = life.report("churn", "--rows", *words)
    lost = [one for one in life.account.episodes if one.status == "lost" and one.ended and since <= one.ended < until]
    expected = [(one.userid, one.external, one.channel, others(life, one), returned(life, one)) for one in lost]
    found = [
        tuple(row[name] for name in ("userid", "external_userid", "channel", "others", "returned")) for row in rows
    ]
    assert sorted(found) == sorted(expected)
    assert sum(row["days"] for row in rows) == pytest.approx(sum(map(stayed, lost)), abs=0.06 * len(lost))


@pytest.mark.parametrize("n", range(4))
def test_inherited_customers(life: Life, n: int) -> None:
    words, since, until = periods(life)[n]
    takers = chosen(life, lambda one: one.way == ASSIGNED and since <= one.began < until)
    expected = {}
    for userid, mine in takers.items():
        ends = Counter(one.status for one in mine)
        expected[userid] = {
            "received": len(mine),
            "active": ends["active"],
            "lost": ends["lost"],
            "handed_over": ends["transferred"],
            "hidden": ends["out_of_sight"],
            "kept": round(100 * ends["active"] / len(mine), 1),
        }
    rows = life.report("inherited", *words)
    assert {row["userid"]: {key: row[key] for key in row if key not in ("userid", "name")} for row in rows} == expected
    if n < 2:
        assert sum(row["received"] for row in rows) > 10


def test_from_whom_customers_were_inherited(life: Life) -> None:
    with life.home.world() as world:
        moved = {
            (one.takeover_userid, one.external_userid): one.handover_userid
            for one in control.transfers(world)
            if one.status == 1
        }
    rows = life.report("inherited", "--rows")
    former = {(row["userid"], row["external_userid"]): row["former"] for row in rows if row["former"]}
    assert former == moved
    assert len(moved) > 5
    assert life.left in moved.values()
    statuses = Counter((one.userid, one.external, one.status) for one in life.account.episodes if one.way == ASSIGNED)
    assert Counter((row["userid"], row["external_userid"], row["status"]) for row in rows) == statuses


def test_customers_of_several_members(life: Life) -> None:
    followers: dict[str, list[Any]] = defaultdict(list)
    for (userid, external), one in life.account.open.items():
        followers[external].append((userid, one.began))
    touches = life.account.first_touches()
    expected = {
        external: {
            "followers": len(mine),
            "members": sorted(userid for userid, _began in mine),
            "first": touches[external].userid if external in touches else None,
        }
        for external, mine in followers.items()
        if len(mine) > 1
    }
    rows = life.report("shared-customers")
    assert {row["external_userid"]: {key: row[key] for key in ("followers", "members", "first")} for row in rows} == (
        expected
    )
    assert len(rows) > 5
    one = rows[0]["members"][0]
    mine = {external for external, row in expected.items() if one in row["members"]}
    assert {row["external_userid"] for row in life.report("shared-customers", "--member", one)} == mine
