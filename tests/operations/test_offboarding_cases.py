"""Several offboardings side by side, and one after the other of the same person."""

import json
from datetime import datetime, timedelta

import pytest

from tests.conftest import Wecrm
from tests.operations.leaving import CORP, DAY_S
from wecrm.sandbox import control


@pytest.fixture
def people(synced: Wecrm) -> list[str]:
    """Members with a few customers, who may leave or take over."""
    found = synced.sql(
        "SELECT m.userid FROM member m JOIN relation r ON r.userid = m.userid AND r.status = 'active' "
        "WHERE m.follows AND m.status = 1 AND NOT EXISTS (SELECT 1 FROM live_code_member l WHERE l.userid = m.userid) "
        "GROUP BY 1 HAVING count(*) > 5 ORDER BY count(*), 1"
    )
    return [userid for (userid,) in found]


def start(home: Wecrm, leaver: str, takers: str, due: str, then: str = "wait", code: int = 0) -> None:
    words = ("offboard", "start", leaver, "--to", takers, "--due", due, "--then", then, "--yes", "--confirm", CORP)
    result = home(*words)
    assert result.code == code, result.err


def advance(home: Wecrm, days: float, code: int) -> None:
    """Bring all cases forward, and let so many days pass."""
    result = home("offboard", "advance", "--all", "--cron")
    assert result.code == code, result.err
    with home.world() as world:
        control.advance(world, days * DAY_S)


def cases(home: Wecrm) -> dict[str, str]:
    """Leavers and the states of their cases, as `offboard list` has them."""
    return {row["userid"]: row["state"] for row in json.loads(home("offboard", "list", "-f", "json").out)}


def test_cases_are_listed_by_deadline_one_year_after_leaving(synced: Wecrm, people: list[str]) -> None:
    for leaver, due in zip(people, ("2026-12-24", "2026-11-30", "2027-01-31"), strict=False):
        start(synced, leaver, people[5], due)
    with synced.world() as world:
        control.delete_member(world, people[2])  # before the last day of any of them
    advance(synced, 0, 0)
    assert list(cases(synced)) == [people[2], people[1], people[0]]
    listed = json.loads(synced("offboard", "list", "-f", "json", "--columns", "left_at,deadline").out)[0]
    left, deadline = (datetime.fromisoformat(listed[name]) for name in ("left_at", "deadline"))
    assert deadline - left == timedelta(days=365)


def test_a_case_that_needs_a_person_does_not_hold_up_the_others(synced: Wecrm, people: list[str]) -> None:
    one, other, gone, taker = people[:4]
    start(synced, one, gone, "2026-10-31", "delete")  # comes first
    start(synced, other, taker, "2026-11-01", "delete")
    with synced.world() as world:
        control.delete_member(world, gone)
    advance(synced, 1.1, 6)
    advance(synced, 1.1, 6)
    assert cases(synced) == {one: "blocked", other: "closed"}
    start(synced, one, taker, "2026-10-31", "delete", code=7)
    assert synced("offboard", "cancel", one, "--yes").code == 0
    start(synced, one, taker, "2026-10-31", "delete")
    advance(synced, 1.1, 0)
    advance(synced, 0, 0)
    assert cases(synced) == {one: "closed", other: "closed"}


def test_a_taker_who_is_to_leave_too_gets_nobody_any_more(synced: Wecrm, people: list[str]) -> None:
    leaver, leaving, taker = people[:3]
    start(synced, leaver, f"{leaving},{taker}", "2026-11-01", "delete")
    start(synced, leaving, taker, "2026-11-30")
    advance(synced, 1.1, 0)
    with synced.world() as world:
        takers = {one.takeover_userid for one in control.transfers(world) if one.handover_userid == leaver}
    assert takers == {taker}


def test_who_came_back_and_leaves_again_has_a_case_of_their_own(synced: Wecrm, people: list[str]) -> None:
    leaver, taker = people[:2]
    start(synced, leaver, taker, "2026-11-01", "delete")
    advance(synced, 1.1, 0)
    advance(synced, 1.1, 0)
    assert cases(synced) == {leaver: "closed"}
    with synced.world() as world:
        control.restore_member(world, leaver)
        control.set_customer_contact(world, leaver, True)
        new = {control.add_relation(world, leaver) for _n in range(4)}
    start(synced, leaver, taker, "2026-11-30", "disable")
    advance(synced, 1.1, 0)
    advance(synced, 0, 0)
    assert synced.sql("SELECT state FROM offboarding ORDER BY created_at") == [("closed",), ("waiting",)]
    with synced.world() as world:
        assert new <= {one.external_userid for one in control.truth(world) if one.userid == taker}


def test_a_list_whose_taker_leaves_too_still_starts_the_others(synced: Wecrm, people: list[str]) -> None:
    one, other, taker = people[:3]
    words = ("offboard", "start", "--yes", "--confirm", CORP, "--cron", "-qq", "--from")
    rows = [(one, other, "2026-11-20")]
    first = synced(*words, str(synced.csv("leavers.csv", "userid,takeover,due", rows)))
    assert (first.code, first.err) == (0, "")
    rows.append((other, taker, "2026-11-20"))
    again = synced(*words, str(synced.csv("leavers.csv", "userid,takeover,due", rows)))
    assert (again.code, again.err) == (0, "")
    assert set(cases(synced)) == {one, other}
    rows.append((taker, one, "2026-11-20"))
    assert synced(*words, str(synced.csv("leavers.csv", "userid,takeover,due", rows))).code == 2


def test_a_sync_is_not_alarmed_by_a_leaver_with_a_case_and_nobody_stays_out_of_sight(
    synced: Wecrm, people: list[str]
) -> None:
    leaver, taker = people[:2]
    start(synced, leaver, taker, "2026-11-01")
    with synced.world() as world:
        refuses = next(one.external_userid for one in control.truth(world) if one.userid == leaver)
        control.delete_member(world, leaver)
        control.customer_refuses(world, refuses)
    assert synced("sync", "new", "--cron", "-qq").code == 0
    hidden = "SELECT count(*) FROM relation WHERE userid = ? AND status IN ('active', 'out_of_sight')"
    assert synced.sql(hidden, leaver)[0][0] > 1
    for _day in range(4):
        with synced.world() as world:
            control.advance(world, 1.1 * DAY_S)
        assert synced("offboard", "advance", "--all").code in (0, 3)
    assert cases(synced) == {leaver: "closed"}
    assert synced.sql(hidden, leaver) == [(0,)]
    ended = "SELECT status FROM relation WHERE userid = ? AND external_userid = ?"
    assert synced.sql(ended, leaver, refuses) == [("lost",)]
    with synced.world() as world:
        control.delete_member(world, people[2])  # nobody knows of this one
    assert synced("sync", "new", "--cron", "-qq").code == 7
