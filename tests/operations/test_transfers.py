"""Transfers of customers from apply to the last poll: what is accepted, what comes of it, what is never done twice."""

import json
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from tests.conftest import Wecrm
from tests.operations import moving
from tests.operations.moving import (
    CONFIRMED,
    DAY_S,
    DUE_S,
    GIVER,
    HOUR_S,
    LARGE,
    LIFTED,
    MINUTE_S,
    OTHER,
    TAKER,
    THIRD,
    advance,
    apply,
    attempts,
    calls,
    customers,
    followers,
    job,
    last_call,
    ledger,
    plan,
    poll,
    refuse,
    rows,
    started,
    state,
    statuses,
    switch,
    wishes,
)
from wecrm.operations import steps
from wecrm.sandbox import control

DONE, WAITING, REFUSED, FULL = 1, 2, 3, 4


def only(found: dict[str, Any]) -> Any:
    (one,) = found.values()
    return one


# -- a day


def test_accepted_is_submitted_until_a_day_later_wecom_says_it_is_done(synced: Wecrm) -> None:
    ids = customers(synced, GIVER, 5)
    applied = started(synced, wishes(GIVER, ids))
    assert "5 submitted" in applied.err
    assert "waits for WeCom until 2026-11-02 09:10" in applied.err
    assert "Undo with" not in applied.err
    assert (statuses(synced), state(synced)) == ({"submitted": 5}, "waiting")
    assert ledger(synced) == [(external, "waiting") for external in ids]
    advance(synced, DAY_S - MINUTE_S)
    before, journal = last_call(synced), synced.sql("SELECT * FROM job_row")
    early = poll(synced)
    assert "Nothing is due before 2026-11-02 09:10" in early.err
    assert (calls(synced, before).total(), synced.sql("SELECT * FROM job_row")) == (0, journal)
    advance(synced, DUE_S - DAY_S + MINUTE_S)
    polled = poll(synced)
    assert "5 verified" in polled.err
    assert (statuses(synced), state(synced)) == ({"verified": 5}, "done")
    assert ledger(synced) == [(external, "done") for external in ids]
    assert all(GIVER not in followers(synced)[external] and TAKER in followers(synced)[external] for external in ids)
    assert calls(synced, before) == {"transfer_result": 1, "/cgi-bin/gettoken": 1}
    ended = synced.sql("SELECT status FROM relation WHERE userid = ? AND external_userid = ?", GIVER, ids[0])
    assert ended == [("transferred",)]
    assert "No transfer is under way" in poll(synced).err


@pytest.mark.parametrize("lag", ["late", "empty", "status5"])
def test_results_that_come_late_change_nothing(synced: Wecrm, lag: str) -> None:
    switch(synced, "result_lag", lag)
    ids = customers(synced, GIVER, 5)
    path = plan(synced, wishes(GIVER, ids))
    apply(synced, path)
    for seconds in (0, 5 * MINUTE_S, 11 * MINUTE_S):
        advance(synced, seconds)
        assert synced("jobs", "resume", job(synced)).code == 0
        assert statuses(synced) == {"submitted": 5}
    advance(synced, DUE_S)
    poll(synced)
    assert statuses(synced) == {"verified": 5}
    assert calls(synced)["transfer_customer"] == 1


@pytest.mark.parametrize("lag", ["none", "late", "empty", "status5"])
@pytest.mark.parametrize("kind", ["onjob", "resigned"])
def test_a_lost_answer_is_found_out_and_nobody_is_submitted_twice(synced: Wecrm, lag: str, kind: str) -> None:
    switch(synced, "result_lag", lag)
    ids = customers(synced, GIVER, 5)
    if kind == "resigned":
        assert synced("sandbox", "member", GIVER, "--delete").code == 0
    with synced.world() as world:
        control.add_fault(world, kind="close", path="/transfer_customer", when="after")
    path = plan(synced, wishes(GIVER, ids))
    apply(synced, path, *CONFIRMED)
    assert statuses(synced) == {"submitted" if lag == "none" else "unknown": 5}
    assert state(synced) == "waiting"
    advance(synced, DUE_S)
    poll(synced)
    assert (statuses(synced), state(synced)) == ({"verified": 5}, "done")
    assert ledger(synced) == [(external, "done") for external in ids]
    assert set(attempts(synced)) == set(ids)
    assert all(len(found) == 1 for found in attempts(synced).values())
    assert moving.sent_again_blindly(synced) == []


@pytest.mark.parametrize("kind", ["onjob", "resigned"])
def test_what_never_reached_wecom_is_sent_again_at_once_or_after_a_day(synced: Wecrm, kind: str) -> None:
    ids = customers(synced, GIVER, 5)
    if kind == "resigned":
        assert synced("sandbox", "member", GIVER, "--delete").code == 0
    with synced.world() as world:
        control.add_fault(world, kind="close", path="/transfer_customer", when="before")
    started(synced, wishes(GIVER, ids), *CONFIRMED)
    if kind == "onjob":  # WeCom may show it later: the next one may be a second one
        assert statuses(synced) == {"unknown": 5}
        assert synced("jobs", "resume", job(synced)).code == 0
        assert attempts(synced) == {}
        advance(synced, DUE_S)
        poll(synced)
    assert statuses(synced) == {"submitted": 5}  # who still waits for somebody was not assigned
    advance(synced, DUE_S)
    poll(synced)
    assert statuses(synced) == {"verified": 5}
    assert moving.sent_again_blindly(synced) == []


@pytest.mark.parametrize("kind", ["onjob", "resigned"])
def test_who_refuses_after_a_lost_answer_is_refused_and_not_sent_again(synced: Wecrm, kind: str) -> None:
    switch(synced, "result_lag", "empty")
    ids = customers(synced, GIVER, 4)
    if kind == "resigned":
        assert synced("sandbox", "member", GIVER, "--delete").code == 0
    refuse(synced, ids[:2])
    with synced.world() as world:
        control.add_fault(world, kind="cut", path="/transfer_customer", when="after")
    started(synced, wishes(GIVER, ids), *CONFIRMED)
    assert statuses(synced) == {"unknown": 4}
    advance(synced, DUE_S)
    poll(synced, code=3)
    assert statuses(synced) == {"verified": 2, "failed": 2}
    assert {rows(synced)[external].errmsg for external in ids[:2]} == {"refused, or no longer a friend"}
    assert sorted(ledger(synced)) == sorted([(e, "refused") for e in ids[:2]] + [(e, "done") for e in ids[2:]])
    assert calls(synced)["transfer_customer" if kind == "onjob" else "resigned/transfer_customer"] == 1


def test_a_day_that_wecom_takes_longer_is_waited_for(synced: Wecrm) -> None:
    (one,) = customers(synced, GIVER, 1)
    started(synced, wishes(GIVER, [one]))
    with synced.world() as world, world.writing() as db:
        db.execute("UPDATE agenda SET at = at + 7200 WHERE what = 'transfer'")
    advance(synced, DUE_S)
    assert "1 submitted" in poll(synced).err
    assert "Nothing is due" in poll(synced).err
    advance(synced, 2 * HOUR_S)
    poll(synced)
    assert statuses(synced) == {"verified": 1}


def test_an_attempt_of_which_wecom_shows_nothing_fails_after_three_days_and_no_sooner(synced: Wecrm) -> None:
    (one,) = customers(synced, GIVER, 1)
    started(synced, wishes(GIVER, [one]))
    with synced.world() as world, world.writing() as db:
        db.execute("DELETE FROM transfer")
        db.execute("DELETE FROM agenda")
    for _look in range(8):
        advance(synced, 7 * HOUR_S)
        poll(synced)
        assert statuses(synced) == {"submitted": 1}
    advance(synced, 3 * DAY_S)
    poll(synced, code=3)
    assert (statuses(synced), state(synced)) == ({"failed": 1}, "done")
    assert only(rows(synced)).errmsg == "WeCom shows nothing of this transfer"
    assert "jobs retry" in only(rows(synced)).hint
    assert ledger(synced) == [(one, "lost")]


# -- a second attempt between the same two


ORDERS = ("newest_first", "newest_last", "newest_only")


def second(home: Wecrm, one: str, *, refuses: bool) -> None:
    """Another attempt for the customer, from the first poll's end to the next one's."""
    refuse(home, [one], refuses=refuses)
    assert home("jobs", "retry", job(home)).code == 0
    assert statuses(home) == {"submitted": 1}
    advance(home, DUE_S)
    poll(home, code=3 if refuses else 0)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("again", [False, True])
def test_a_second_attempt_after_a_refusal_is_told_from_the_first(synced: Wecrm, order: str, again: bool) -> None:
    switch(synced, "result_attempts", order)
    (one,) = customers(synced, GIVER, 1)
    refuse(synced, [one])
    started(synced, wishes(GIVER, [one]))
    advance(synced, DUE_S)
    poll(synced, code=3)
    assert statuses(synced) == {"failed": 1}
    second(synced, one, refuses=again)
    assert attempts(synced) == {one: [REFUSED, REFUSED if again else DONE]}
    assert statuses(synced) == {"failed" if again else "verified": 1}
    assert ledger(synced) == [(one, "refused"), (one, "refused" if again else "done")]


@pytest.mark.parametrize("order", ORDERS)
def test_there_and_back_and_there_again_refused_is_not_called_done(synced: Wecrm, order: str) -> None:
    switch(synced, "result_attempts", order)
    (one,) = customers(synced, GIVER, 1)
    with synced.world() as world:
        control.set_switch(world, "refused_counts", False)
    for former, taker in ((GIVER, TAKER), (TAKER, GIVER)):
        started(synced, wishes(former, [one], taker))
        advance(synced, DUE_S)
        poll(synced)
        assert statuses(synced) == {"verified": 1}
        assert synced("sync", "contacts").code == 0
    advance(synced, 91 * DAY_S)
    refuse(synced, [one])
    started(synced, wishes(GIVER, [one]))
    advance(synced, DUE_S)
    poll(synced, code=3)
    assert attempts(synced, TAKER) == {one: [DONE, REFUSED]}
    assert (statuses(synced), rows(synced)[one].errmsg) == ({"failed": 1}, "refused, or no longer a friend")


@pytest.mark.parametrize("order", ORDERS)
def test_after_a_refusal_a_lost_second_attempt_is_sent_once_more_if_it_never_began(synced: Wecrm, order: str) -> None:
    switch(synced, "result_attempts", order)
    (one,) = customers(synced, GIVER, 1)
    refuse(synced, [one])
    started(synced, wishes(GIVER, [one]))
    advance(synced, DUE_S)
    poll(synced, code=3)
    refuse(synced, [one], refuses=False)
    with synced.world() as world:
        control.add_fault(world, kind="close", path="/transfer_customer", when="before")
    assert synced("jobs", "retry", job(synced)).code == 0
    assert statuses(synced) == {"unknown": 1}
    advance(synced, DUE_S)
    poll(synced)
    assert statuses(synced) == {"submitted": 1}
    advance(synced, DUE_S)
    poll(synced)
    assert attempts(synced) == {one: [REFUSED, DONE]}
    assert statuses(synced) == {"verified": 1}
    assert moving.sent_again_blindly(synced) == []


def test_who_was_a_customer_of_the_taker_already_and_refuses_is_not_called_moved(synced: Wecrm) -> None:
    for kind, former in (("onjob", LARGE), ("resigned", GIVER)):
        (one,) = customers(synced, former, 1)
        with synced.world() as world:
            control.add_relation(world, TAKER, one)
        if kind == "resigned":
            assert synced("sandbox", "member", former, "--delete").code == 0
        refuse(synced, [one])
        started(synced, wishes(former, [one]), *CONFIRMED)
        advance(synced, DUE_S)
        poll(synced, code=3)
        assert statuses(synced) == {"failed": 1}, kind


@pytest.mark.parametrize("kind", ["onjob", "resigned"])
def test_who_was_a_customer_of_the_taker_already_is_not_called_moved_because_wecom_shows_nothing_yet(
    synced: Wecrm, kind: str
) -> None:
    (one,) = customers(synced, GIVER, 1)
    switch(synced, "result_lag", "empty")
    with synced.world() as world:
        control.add_relation(world, TAKER, one)
        if kind == "resigned":
            control.delete_member(world, GIVER)
        control.add_fault(world, kind="close", path="/transfer_customer", when="after")
    refuse(synced, [one])
    started(synced, wishes(GIVER, [one]), *CONFIRMED)
    assert statuses(synced) == {"unknown": 1}
    advance(synced, DUE_S)
    poll(synced, code=3)
    assert statuses(synced) == {"failed": 1}


def test_who_was_a_customer_of_the_taker_already_is_verified_when_the_former_member_has_them_no_more(
    synced: Wecrm,
) -> None:
    (one,) = customers(synced, GIVER, 1)
    with synced.world() as world:
        control.add_relation(world, TAKER, one)
    started(synced, wishes(GIVER, [one]))
    assert statuses(synced) == {"submitted": 1}
    advance(synced, DUE_S)
    poll(synced)
    assert statuses(synced) == {"verified": 1}
    assert followers(synced)[one] == {TAKER}


# -- what WeCom refuses


def test_one_way_customers_and_refusals_are_worded_so_and_tell_what_is_left_to_do(synced: Wecrm) -> None:
    ids = customers(synced, GIVER, 4)
    refuse(synced, ids[:1], after_s=20 * HOUR_S)
    with synced.world() as world:
        control.delete_relation(world, GIVER, ids[1], by="customer")  # deleted the member before; nobody refuses
    started(synced, wishes(GIVER, ids))
    assert statuses(synced) == {"submitted": 4}
    advance(synced, DUE_S)
    polled = poll(synced, code=3)
    assert polled.err.splitlines()[-1].startswith("exit 3 (partial): rows that did not end well: 2")
    assert statuses(synced) == {"verified": 2, "failed": 2}
    for external in ids[:2]:
        row = rows(synced)[external]
        assert row.errmsg == "refused, or no longer a friend"
        assert "stays with the former member" in row.hint
    assert {external: found[-1] for external, found in attempts(synced).items()} == {
        **dict.fromkeys(ids[:2], REFUSED),
        **dict.fromkeys(ids[2:], DONE),
    }
    listed = synced("transfers", "list", "--where", "status = 'refused'", "-f", "json")
    assert {row["object_id"] for row in json.loads(listed.out)} == set(ids[:2])


def test_of_somebody_who_left_the_plan_must_be_confirmed_and_who_refuses_is_called_lost(synced: Wecrm) -> None:
    ids = customers(synced, GIVER, 4)
    assert synced("sandbox", "member", GIVER, "--delete").code == 0
    refuse(synced, ids[:1])
    path = plan(synced, wishes(GIVER, ids))
    refused = synced("apply", path, *LIFTED)
    assert (refused.code, attempts(synced)) == (7, {})
    assert "irreversible" in refused.err
    apply(synced, path, *CONFIRMED)
    advance(synced, DUE_S)
    poll(synced, code=3)
    assert statuses(synced) == {"verified": 3, "failed": 1}
    assert "lost when they refuse" in rows(synced)[ids[0]].hint
    assert TAKER not in followers(synced)[ids[0]]
    assert all(TAKER in followers(synced)[external] for external in ids[1:])
    assert not any(GIVER in followers(synced)[external] for external in ids)
    undone = synced("undo", job(synced), "-o", str(synced.home / "undo.plan"))
    assert undone.code == 7
    assert "3 changes of it are irreversible" in undone.err


@pytest.mark.parametrize("reading", ["item", "call", "later", "extends"])
def test_a_taker_at_the_cap(synced: Wecrm, reading: str) -> None:
    switch(synced, "taker_full", reading)
    ids = customers(synced, GIVER, 6)
    room = 2 if reading == "later" else 0
    with synced.world() as world:
        have = sum(r.userid == TAKER for r in control.truth(world))
        control.set_limits(world, customers=have + room)
    code = 3 if reading in ("item", "call") else 0
    started(synced, wishes(GIVER, ids), code=code)
    advance(synced, DUE_S)
    poll(synced, code=3 if reading == "later" else 0)
    if reading == "extends":
        assert statuses(synced) == {"verified": 6}
        return
    if reading == "later":
        assert statuses(synced) == {"verified": 2, "failed": 4}
        assert {row.errmsg for row in rows(synced).values() if row.errmsg} == {"the taker is at the customer limit"}
        assert sorted(status for _id, status in ledger(synced)) == ["done"] * 2 + ["full"] * 4
    else:
        assert statuses(synced) == {"failed": 6}
        assert {row.errcode for row in rows(synced).values()} == {40099}
        assert ledger(synced) == []
    assert all(row.hint for row in rows(synced).values() if row.status == "failed")
    assert all(GIVER in followers(synced)[e] for e, row in rows(synced).items() if row.status == "failed")


@pytest.mark.parametrize("errcode", [40129, 40100])
@pytest.mark.parametrize("to", [TAKER, THIRD])
def test_whom_the_console_is_moving_already_is_waited_for_and_then_looked_for(
    synced: Wecrm, errcode: int, to: str
) -> None:
    switch(synced, "in_flight", errcode)
    switch(synced, "in_flight_of", "customer")
    switch(synced, "result_lag", "empty" if to == TAKER else "none")
    ids = customers(synced, GIVER, 4)
    path = plan(synced, wishes(GIVER, ids))
    refuse(synced, ids[1:2])
    moving.console_moves(synced, GIVER, ids[:2], to)
    apply(synced, path)
    assert {external: row.status for external, row in rows(synced).items()} == {
        **dict.fromkeys(ids[:2], "pending"),
        **dict.fromkeys(ids[2:], "submitted"),
    }
    assert {row.errcode for row in rows(synced).values()} == {errcode, 0}
    refuse(synced, ids[1:2], refuses=False)
    advance(synced, DUE_S)
    poll(synced, code=0 if to == TAKER else 3)
    moved = rows(synced)[ids[0]]
    assert moved.status == ("same" if to == TAKER else "failed")
    assert to == TAKER or moved.errmsg == "with neither of the two members"
    assert rows(synced)[ids[1]].status == "submitted"  # did not go with the console's taker: moved as planned
    advance(synced, DUE_S)
    poll(synced)
    assert [rows(synced)[external].status for external in ids[1:]] == ["verified"] * 3


def test_whom_the_console_is_moving_to_the_same_taker_is_not_sent_but_waited_for(synced: Wecrm) -> None:
    ids = customers(synced, GIVER, 2)
    path = plan(synced, wishes(GIVER, ids))
    moving.console_moves(synced, GIVER, ids, TAKER)
    advance(synced, 3 * HOUR_S)
    before = last_call(synced)
    apply(synced, path)
    assert "transfer_customer" not in calls(synced, before)
    assert statuses(synced) == {"submitted": 2}
    assert "Nothing is due before 2026-11-02 09:10" in poll(synced).err
    (due,) = {at for (at,) in ledger(synced, "due_at")}
    assert synced.sql("SELECT DISTINCT CAST(due_at AS INTEGER) FROM job_row") == [(due,)]
    advance(synced, 22 * HOUR_S)
    poll(synced)
    assert statuses(synced) == {"verified": 2}
    assert ledger(synced, "status") == [("done",)] * 2


def test_a_customer_who_moved_twice_already_fails_alone_and_says_why(synced: Wecrm) -> None:
    one, other = customers(synced, GIVER, 2)
    for former, taker in ((GIVER, TAKER), (TAKER, GIVER)):
        moving.console_moves(synced, former, [one], taker)
        advance(synced, DAY_S + MINUTE_S)
    assert synced("sync", "contacts").code == 0
    started(synced, wishes(GIVER, [one, other]), code=3)
    assert {external: row.status for external, row in rows(synced).items()} == {one: "failed", other: "submitted"}
    assert rows(synced)[one].errcode == 40128
    assert "twice in 90 days" in synced("explain", "40128").out.replace("\n", " ")
    assert "90 days old" in rows(synced)[one].hint
    advance(synced, DUE_S)
    assert "1 failed, 1 verified" in poll(synced).err  # with 0: what failed before is not news
    assert state(synced) == "done"


@pytest.mark.parametrize("errcode", [40131, 84061])
def test_who_is_gone_between_reading_and_sending_fails_alone(synced: Wecrm, errcode: int) -> None:
    switch(synced, "not_follower", errcode)
    ids = customers(synced, GIVER, 3)
    path = plan(synced, wishes(GIVER, ids))
    with synced.world() as world:
        control.delete_relation(world, GIVER, ids[0])
    apply(synced, path, code=3)
    assert rows(synced)[ids[0]].errcode == 84061
    assert rows(synced)[ids[0]].errmsg == "with neither of the two members"
    assert "wecrm sync contacts" in rows(synced)[ids[0]].hint
    assert [rows(synced)[external].status for external in ids[1:]] == ["submitted"] * 2


@pytest.mark.parametrize(
    ("errcode", "words"),
    [
        (41054, ("--disable",)),
        (40098, ("--no-real-name",)),
        (40143, ("--banned",)),
        (90510, ("--last-login", "400d")),
        (40003, ("--delete",)),
        (84074, ()),
    ],
)
def test_a_taker_who_can_not_take_fails_their_rows_and_the_others_go_on(
    synced: Wecrm, errcode: int, words: Sequence[str]
) -> None:
    ids = customers(synced, GIVER, 6)
    path = plan(synced, [*wishes(GIVER, ids[:3]), *wishes(GIVER, ids[3:], THIRD)])
    if words:
        assert synced("sandbox", "member", TAKER, *words).code == 0
    else:
        with synced.world() as world:
            control.set_customer_contact(world, TAKER, False)
    result = apply(synced, path, code=3)
    assert "3 submitted, 3 failed" in result.err or "3 failed, 3 submitted" in result.err
    for external in ids[:3]:
        row = rows(synced)[external]
        assert (row.status, row.errcode) == ("failed", errcode)
        assert row.hint
    advance(synced, DUE_S)
    poll(synced)
    assert [rows(synced)[external].status for external in ids[3:]] == ["verified"] * 3
    assert state(synced) == "done"


@pytest.mark.parametrize(("errcode", "words"), [(40143, ("--banned",)), (40003, ("--delete",))])
def test_a_former_member_who_can_not_give_any_more_fails_their_rows_and_the_others_go_on(
    synced: Wecrm, errcode: int, words: Sequence[str]
) -> None:
    ids, others = customers(synced, GIVER, 3), customers(synced, LARGE, 3)
    path = plan(synced, [*wishes(GIVER, ids), *wishes(LARGE, others)])
    assert synced("sandbox", "member", GIVER, *words).code == 0
    apply(synced, path, code=3)
    assert {rows(synced)[external].errcode for external in ids} == {errcode}
    assert [rows(synced)[external].status for external in others] == ["submitted"] * 3
    assert errcode != 40003 or "resigned kind" in rows(synced)[ids[0]].hint


@pytest.mark.parametrize("readable", [True, False])
@pytest.mark.parametrize("who", ["giver", "taker", "both"])
def test_a_member_who_is_deleted_while_customers_are_on_their_way(synced: Wecrm, readable: bool, who: str) -> None:
    switch(synced, "result_of_departed", readable)
    ids = customers(synced, GIVER, 4)
    refuse(synced, ids[:1])
    started(synced, wishes(GIVER, ids))
    for userid, side in ((GIVER, "giver"), (TAKER, "taker")):
        if who in (side, "both"):
            assert synced("sandbox", "member", userid, "--delete").code == 0
    advance(synced, DUE_S)
    polled = synced("transfers", "poll")
    assert {attempts(synced)[external][-1] for external in ids[1:]} == {DONE}
    assert [rows(synced)[external].status for external in ids[1:]] == ["verified"] * 3
    if readable:
        assert (polled.code, rows(synced)[ids[0]].status) == (3, "failed")
        return
    assert (polled.code, rows(synced)[ids[0]].status) == (0, "submitted")  # nothing says what became of this one
    advance(synced, 3 * DAY_S)
    poll(synced, code=3)
    assert rows(synced)[ids[0]].status == "failed"


# -- a whole call refused for one customer's sake


@pytest.mark.parametrize("errcode", [40096, 40128, 40131, 84061, 40129])
def test_a_call_refused_for_one_customers_sake_fails_that_one_alone_with_few_calls(synced: Wecrm, errcode: int) -> None:
    ids = customers(synced, LARGE, 100)
    changes = [moving.change(LARGE, external, TAKER, str(n)) for n, external in enumerate(ids)]
    sizes: list[int] = []

    def picky(asked: dict[str, Any]) -> dict[str, Any] | None:
        sizes.append(len(asked["external_userid"]))
        return {"errcode": errcode, "errmsg": "one of them"} if ids[37] in asked["external_userid"] else None

    with moving.answering(synced, "/transfer_customer", picky) as work:
        outcomes = steps.find("transfer.customer").send(work, changes)
    bad = outcomes.pop(37)
    assert (bad.status, bad.errcode) == ("pending" if errcode == 40129 else "failed", errcode)
    assert {outcome.status for outcome in outcomes} == {"submitted"}
    assert set(attempts(synced)) == set(ids) - {ids[37]}
    assert len(sizes) <= 15


@pytest.mark.parametrize("errcode", [40096, 40099, 40128, 40131, 84061])
def test_what_wecom_says_of_one_customer_is_told_with_what_to_do(synced: Wecrm, errcode: int) -> None:
    ids = customers(synced, LARGE, 2)
    changes = [moving.change(LARGE, external, TAKER, str(n)) for n, external in enumerate(ids)]
    codes = zip(ids, (0, errcode), strict=True)
    answer = {"customer": [{"external_userid": external, "errcode": code} for external, code in codes]}
    with moving.answering(synced, "/transfer_customer", answer) as work:
        good, bad = steps.find("transfer.customer").send(work, changes)
    assert (good.status, bad.status, bad.errcode) == ("submitted", "failed", errcode)
    assert bad.errmsg
    assert bad.hint


def test_an_answer_that_leaves_a_customer_out_says_nothing_of_them(synced: Wecrm) -> None:
    ids = customers(synced, LARGE, 3)
    changes = [moving.change(LARGE, external, TAKER, str(n)) for n, external in enumerate(ids)]
    answer = {"customer": [{"external_userid": external, "errcode": 0} for external in ids[1:]]}
    with moving.answering(synced, "/transfer_customer", answer) as work:
        outcomes = steps.find("transfer.customer").send(work, changes)
    assert [outcome.status for outcome in outcomes] == ["unknown", "submitted", "submitted"]


# -- killed


def kill(home: Wecrm, random: Random, kind: str) -> None:
    """The next process dies, early or late, before or after some call."""
    submits = "transfer_customer" if kind == "onjob" else "resigned/transfer_customer"
    path = random.choice([submits, submits, "transfer_result", ""])
    when = random.choice(["before", "after"])
    with home.world() as world:
        control.add_fault(
            world, kind="kill", path=path, share=1.0 if path else 0.02, seed=random.randrange(1000), when=when
        )


def killed(home: Wecrm, random: Random, kind: str, *words: str) -> int:
    """Run the command line as a process that is killed in the middle; how it ended."""
    kill(home, random, kind)
    process = home.process(*words)
    process.communicate()
    with home.world() as world:
        control.clear_faults(world)
    return process.returncode


@pytest.mark.parametrize("seed", [1, 2, 3, *(pytest.param(n, marks=pytest.mark.long) for n in range(4, 31))])
def test_killed_at_any_moment_every_customer_ends_as_wecom_says_and_is_started_once(synced: Wecrm, seed: int) -> None:
    random = Random(seed)
    kind = random.choice(["onjob", "resigned"])
    switch(synced, "result_lag", random.choice(["none", "late", "empty", "status5"]))
    switch(synced, "result_attempts", random.choice(ORDERS))
    ids = customers(synced, LARGE, 240)
    takers = [random.choice([TAKER, OTHER]) for _id in ids]
    with synced.world() as world:
        for external, taker in list(zip(ids, takers, strict=True))[::10]:
            control.add_relation(world, taker, external)
        for external in ids[10:20]:
            control.delete_relation(world, LARGE, external, by="customer")
        if kind == "resigned":
            control.delete_member(world, LARGE)
    refuse(synced, ids[:10])
    path = plan(synced, [(LARGE, external, taker) for external, taker in zip(ids, takers, strict=True)])
    ended = [killed(synced, random, kind, "apply", path, *LIFTED, *CONFIRMED) for _time in range(2)]
    assert -9 in ended
    for _day in range(8):
        assert synced("apply", path, *LIFTED, *CONFIRMED).code in (0, 3)
        if state(synced) == "done":
            break
        advance(synced, DUE_S)
        killed(synced, random, kind, "transfers", "poll")
        assert synced("transfers", "poll").code in (0, 3)
        if state(synced) == "done":
            break
    really = attempts(synced)
    assert state(synced) == "done"
    assert set(really) == set(ids)
    assert all(len(found) == 1 for found in really.values())
    assert moving.sent_again_blindly(synced) == []
    for external, row in rows(synced).items():
        assert row.status == ("verified" if really[external] == [DONE] else "failed")
        assert row.status == "verified" or row.errmsg == "refused, or no longer a friend"
    assert sorted(ledger(synced)) == sorted(
        (external, "done" if found == [DONE] else "refused") for external, found in really.items()
    )


@pytest.mark.parametrize("kind", ["close", "cut", "garbage", "http502", "-1", "45033", "wrong_type"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_lost_and_spoilt_answers_are_survived(synced: Wecrm, kind: str, when: str) -> None:
    ids = customers(synced, LARGE, 150)
    path = plan(synced, wishes(LARGE, ids))
    with synced.world() as world:
        control.add_fault(world, kind=kind, share=0.3, seed=5, when=when)
    for _day in range(40):  # busy calls may end an apply again and again before it has begun
        assert synced("apply", path, *LIFTED).code in (0, 3, 5)
        if state(synced) == "waiting":
            advance(synced, DUE_S)
        assert synced("transfers", "poll").code in (0, 3, 5)
        if state(synced) == "done":
            break
    assert statuses(synced) == {"verified": 150}
    assert all(found == [DONE] for found in attempts(synced).values())
    assert moving.sent_again_blindly(synced) == []
