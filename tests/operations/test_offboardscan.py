"""Leavers nobody started a case for are found by every trace that they leave."""

import json
from typing import Any

import pytest

from tests.conftest import Result, Wecrm
from wecrm.sandbox import control

DAY_S = 86400
Row = dict[str, Any]


def scan(home: Wecrm, *words: str) -> dict[str, Row]:
    """Leavers by userid."""
    result = home("offboard", "scan", "-f", "json", *words)
    assert result.code == 0, result.err
    return {row["userid"]: row for row in json.loads(result.out)}


def leave(home: Wecrm, *userids: str) -> None:
    with home.world() as world:
        for userid in userids:
            control.delete_member(world, userid)


def truth(home: Wecrm) -> dict[str, int]:
    """Member → customers whom they really have."""
    found: dict[str, int] = {}
    with home.world() as world:
        for relation in control.truth(world):
            found[relation.userid] = found.get(relation.userid, 0) + 1
    return found


@pytest.fixture
def owner(synced: Wecrm) -> str:
    """A member with customers and groups."""
    return str(
        synced.sql(
            "SELECT g.owner FROM group_chat g JOIN relation r ON r.userid = g.owner GROUP BY 1 ORDER BY count(*) DESC"
        )[0][0]
    )


@pytest.fixture
def idle(synced: Wecrm) -> str:
    """A member with neither customers nor groups, whom no code names."""
    return str(
        synced.sql(
            "SELECT userid FROM member WHERE userid NOT IN (SELECT userid FROM relation) AND userid NOT IN "
            "(SELECT owner FROM group_chat) AND userid NOT IN (SELECT userid FROM live_code_member) AND status = 1"
        )[0][0]
    )


def test_a_leaver_is_found_with_what_waits_and_the_command_that_starts_a_case(synced: Wecrm, owner: str) -> None:
    customers, groups = truth(synced)[owner], synced.sql("SELECT count(*) FROM group_chat WHERE owner = ?", owner)[0][0]
    leave(synced, owner)
    row = scan(synced)[owner]
    assert (row["customers"], row["groups"]) == (customers, groups)
    assert row["command"] == f"wecrm offboard start {owner} --to MEMBER --due {row['left_at'][:10]}"
    assert {"unassigned", "groups", "gone"} <= set(row["found_by"])
    assert row["left_at"][:4].isdigit()
    assert int(row["deadline"][:4]) == int(row["left_at"][:4]) + 1
    named = {
        name
        for (name,) in synced.sql(
            "SELECT code_id FROM live_code_member m JOIN live_code c ON c.id = m.code WHERE userid = ?", owner
        )
    }
    assert len(row["codes"]) == len(named)


def test_a_leaver_with_only_groups_is_found(synced: Wecrm, owner: str) -> None:
    with synced.world() as world:
        for relation in [each for each in control.truth(world) if each.userid == owner]:
            control.delete_relation(world, owner, relation.external_userid, by="member")
    leave(synced, owner)
    row = scan(synced)[owner]
    assert row["customers"] == 0
    assert row["groups"] > 0
    assert row["left_at"] is None
    assert row["deadline"] is not None  # from when the member was last seen


def test_a_leaver_for_whom_nothing_waits_is_told_until_the_next_but_one_sync(synced: Wecrm, idle: str) -> None:
    assert idle not in scan(synced)
    leave(synced, idle)
    assert scan(synced)[idle]["found_by"] == ["gone"]
    with synced.world() as world:
        control.advance(world, 3600)
    assert synced("sync", "members").code == 0
    assert idle in scan(synced)  # a sync just before the scan of the same night hides nobody
    with synced.world() as world:
        control.advance(world, 3600)
    assert synced("sync", "members").code == 0
    assert idle not in scan(synced)


def test_who_quit_and_who_is_only_named_by_a_code_are_found(synced: Wecrm, idle: str) -> None:
    with synced.world() as world:
        control.set_member(world, idle, status=5)
    assert synced("sync", "members").code == 0
    found = scan(synced)
    assert found[idle]["found_by"] == ["quit"]
    assert found["sun.yue.2024"]["codes"] == ["展会2026春"]  # the seeded code of somebody who left long ago
    assert found["sun.yue.2024"]["found_by"] == ["codes"]
    assert found["sun.yue.2024"]["command"] == "wecrm livecodes swap sun.yue.2024 MEMBER"


def test_who_works_here_is_not_found_whatever_the_cache_says(synced: Wecrm) -> None:
    assert set(scan(synced)) == {"sun.yue.2024"}
    here = synced.sql("SELECT userid FROM live_code_member WHERE userid <> 'sun.yue.2024'")[0][0]
    leave(synced, here)
    assert synced("sync", "members").code == 0
    with synced.world() as world:
        control.restore_member(world, here)
    assert here not in scan(synced, "--columns", "userid")


def test_the_nearest_deadline_comes_first(synced: Wecrm) -> None:
    first, second = [userid for userid, _n in sorted(truth(synced).items(), key=lambda pair: -pair[1])][:2]
    leave(synced, second)
    with synced.world() as world:
        control.advance(world, 40 * DAY_S)
    leave(synced, first)
    assert list(scan(synced))[:2] == [second, first]


def start(home: Wecrm, userid: str) -> None:
    taker = home.sql("SELECT userid FROM member WHERE follows AND status = 1 AND userid <> ?", userid)[0][0]
    words = ("offboard", "start", userid, "--to", taker, "--due", "2026-11-02", "--confirm", "wwsandbox00000001")
    assert home(*words, "--yes").code == 0


def test_who_has_a_case_is_left_out_until_it_is_cancelled(synced: Wecrm, owner: str) -> None:
    leave(synced, owner)
    start(synced, owner)
    assert owner not in scan(synced)
    assert synced("offboard", "cancel", owner, "--yes").code == 0
    assert owner in scan(synced)


def test_a_closed_case_is_for_that_leaving_and_not_for_the_next(synced: Wecrm, owner: str) -> None:
    leave(synced, owner)
    start(synced, owner)
    while synced.sql("SELECT state FROM offboarding") != [("closed",)]:
        assert synced("offboard", "advance", owner).code in (0, 3)
        with synced.world() as world:
            control.advance(world, DAY_S + 900)
    assert owner not in scan(synced)
    with synced.world() as world:
        control.restore_member(world, owner)
        control.set_customer_contact(world, owner, True)
        known = {one.external_userid for one in control.truth(world) if one.userid == owner}
        other = next(one for one in control.truth(world) if one.external_userid not in known)
        control.add_relation(world, owner, other.external_userid)
    leave(synced, owner)
    assert scan(synced)[owner]["customers"] == len(known) + 1


def test_the_exit_code_tells_whether_there_is_a_leaver(synced: Wecrm, owner: str) -> None:
    leave(synced, owner)
    told: Result = synced("--cron", "offboard", "scan", "--detailed-exitcode", "-o", str(synced.home / "leavers.csv"))
    assert told.code == 10
    assert told.out == ""
    assert "Leavers without a case: 2" in told.err
    assert owner in (synced.home / "leavers.csv").read_text("utf-8-sig")
    assert synced("offboard", "scan").code == 0


def test_scanning_asks_for_no_change(synced: Wecrm, owner: str) -> None:
    leave(synced, owner)
    with synced.world() as world:
        last = max(call.id for call in control.calls(world))
    scan(synced)
    with synced.world() as world:
        asked = {call.path.rsplit("/", 2)[-1] for call in control.calls(world, after=last)}
    assert asked <= {"gettoken", "list_id", "get_unassigned_list", "list", "get"}


def test_a_large_corp_is_asked_by_owners(synced: Wecrm, owner: str) -> None:
    leave(synced, owner)
    with synced.world() as world:
        control.set_limits(world, list_people=5)
    assert scan(synced)[owner]["groups"] > 0


def test_an_empty_cache_is_not_judged(wecrm: Wecrm) -> None:
    result = wecrm("offboard", "scan")
    assert result.code == 2
    assert "wecrm sync members" in result.err
