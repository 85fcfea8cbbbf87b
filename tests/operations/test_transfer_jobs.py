"""Jobs of transfers: shown, polled, resumed, retried, cancelled, exported, undone, restored from a backup."""

import csv
import io
import json
import sqlite3
from pathlib import Path

import pytest

from tests.conftest import Wecrm
from tests.operations import moving
from tests.operations.moving import (
    CONFIRMED,
    DAY_S,
    DUE_S,
    GIVER,
    LARGE,
    LIFTED,
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
    wishes,
)
from wecrm.sandbox import control
from wecrm.store.locks import held


def show(home: Wecrm, *words: str) -> list[dict[str, str]]:
    result = home(*words, "-f", "json")
    assert result.code == 0, result.err
    return list(json.loads(result.out))


# -- looking


def test_a_power_cut_between_the_ledger_and_the_journal_leaves_one_attempt(synced: Wecrm) -> None:
    ids = customers(synced, GIVER, 3)
    refuse(synced, ids[:1])
    with synced.world() as world:
        control.add_fault(world, kind="close", path="/transfer_customer", when="after")
    started(synced, wishes(GIVER, ids))
    advance(synced, DUE_S)
    poll(synced, code=3)
    ended = ledger(synced)
    with sqlite3.connect(synced.database) as db:
        db.execute("UPDATE job_row SET status = 'submitted', due_at = 0")
        db.execute("UPDATE job SET state = 'waiting', due_at = 0")
    poll(synced, code=3)
    assert statuses(synced) == {"verified": 2, "failed": 1}
    assert ledger(synced) == ended
    assert len(ended) == 3


def test_what_the_ledger_knows_as_accepted_is_not_unknown_after_a_power_cut(synced: Wecrm) -> None:
    with synced.world() as world:
        control.set_switch(world, "result_lag", "empty")
    ids = customers(synced, GIVER, 3)
    started(synced, wishes(GIVER, ids))
    with sqlite3.connect(synced.database) as db:
        db.execute("UPDATE job_row SET status = 'unknown', due_at = NULL")
        db.execute("UPDATE job SET state = 'running', due_at = NULL")
    assert synced("jobs", "resume", job(synced)).code == 0
    assert (statuses(synced), state(synced)) == ({"submitted": 3}, "waiting")


def test_hints_speak_the_language_of_the_command(synced: Wecrm) -> None:
    ids = customers(synced, GIVER, 3)
    path = plan(synced, wishes(GIVER, ids))
    assert synced("sandbox", "member", TAKER, "--banned").code == 0
    apply(synced, path, "--lang", "zh", code=3)
    assert {(row.errmsg, row.errcode) for row in rows(synced).values()} == {("转接双方中有成员已被封禁。", 40143)}


def test_status_and_the_lists_say_what_waits_and_until_when(synced: Wecrm) -> None:
    ids = customers(synced, GIVER, 3)
    started(synced, wishes(GIVER, ids))
    (line,) = [row for row in show(synced, "status") if row["purpose"] == "apply"]
    assert (line["state"], line["open_rows"], line["jobs"]) == ("waiting", 3, [job(synced)])
    assert line["due_at"].startswith("2026-11-02T09:10")
    (listed,) = show(synced, "jobs", "list", "--columns", "id,state,open,due_at")
    assert (listed["state"], listed["open"]) == ("waiting", 3)
    assert listed["due_at"].startswith("2026-11-02T09:10")
    shown = show(synced, "jobs", "show", job(synced))
    assert {(row["status"], row["evidence"]) for row in shown} == {("submitted", "accepted")}
    assert all(row["due_at"].startswith("2026-11-02T09:10") for row in shown)
    assert "waits for WeCom until 2026-11-02 09:10" in synced("jobs", "show", job(synced)).err
    moves = show(synced, "transfers", "list")
    assert {(row["what"], row["kind"], row["handover"], row["takeover"], row["status"]) for row in moves} == {
        ("customer", "onjob", GIVER, TAKER, "waiting")
    }


def test_the_file_that_came_in_goes_out_with_what_became_of_each_row(synced: Wecrm) -> None:
    ids = customers(synced, GIVER, 4)
    refuse(synced, ids[:1])
    file = synced.csv(
        "reorg.csv", "员工,客户ID,接替人,备注", [(GIVER, external, TAKER, f"n{n}") for n, external in enumerate(ids)]
    )
    path = str(synced.home / "reorg.plan")
    assert synced("transfers", "plan", str(file), "-o", path).code == 0
    base = str(synced.home / "out")
    apply(synced, path, "--results", base)
    assert len(table(Path(f"{base}.unprocessed.csv"))) == 4
    advance(synced, DUE_S)
    poll(synced, code=3)
    assert synced("jobs", "export", job(synced), "--split", base).code == 0
    (failed,) = table(Path(f"{base}.failed.csv"))
    assert (failed["客户ID"], failed["备注"], failed["status"]) == (ids[0], "n0", "failed")
    assert failed["errmsg"] == "refused, or no longer a friend"
    assert [row["客户ID"] for row in table(Path(f"{base}.ok.csv"))] == ids[1:]
    again = synced("transfers", "plan", f"{base}.failed.csv", "-o", str(synced.home / "again.plan"))
    assert again.code == 0, again.err
    assert "1 to change" in again.err


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))


def test_transfers_apply_plans_shows_asks_and_applies_in_one_go(synced: Wecrm) -> None:
    ids = customers(synced, LARGE, 3)
    file = str(synced.csv("a.csv", "员工,客户ID,接替人", wishes(LARGE, ids)))
    base = str(synced.home / "out")
    unanswered = synced("transfers", "apply", file, "--no-input")
    assert (unanswered.code, attempts(synced)) == (2, {})
    done = synced("transfers", "apply", file, "--yes", "--results", base)
    assert done.code == 0, done.err
    assert f"{TAKER}: 3 customers" in done.err
    assert [row["客户ID"] for row in table(Path(f"{base}.unprocessed.csv"))] == ids
    words = ("transfers", "apply", "--from", GIVER, "--to", OTHER, "--yes")
    assert "--max-removals" in synced(*words).err  # all customers of somebody
    assert synced(*words, "--max-removals", "100%").code == 0
    assert synced("transfers", "apply", file, "--from", GIVER, "--groups").code == 2
    assert {taker for (taker,) in ledger(synced, "takeover")} == {TAKER, OTHER}


# -- polling


def test_two_polls_at_once_the_second_ends_with_11_or_with_0_while_the_last_success_is_young(synced: Wecrm) -> None:
    ids = customers(synced, GIVER, 3)
    started(synced, wishes(GIVER, ids))
    advance(synced, DUE_S)
    before, journal = last_call(synced), synced.sql("SELECT * FROM job_row")
    with held(synced.database, "apply"):
        assert "process" in poll(synced, code=11).err
        assert synced("transfers", "poll", "--max-age", "26h").code == 11  # there was no success yet
    assert (calls(synced, before).total(), synced.sql("SELECT * FROM job_row")) == (0, journal)
    poll(synced)
    more = customers(synced, GIVER, 1)
    started(synced, wishes(GIVER, more))
    advance(synced, DUE_S)
    with held(synced.database, "apply"):
        poll(synced, code=11)
        assert "another run is under way" in poll(synced, "--max-age", "26h").err
    poll(synced)


def test_a_poll_that_can_not_reach_wecom_ends_with_5_changes_nothing_and_the_next_one_goes_on(synced: Wecrm) -> None:
    ids = customers(synced, GIVER, 3)
    started(synced, wishes(GIVER, ids))
    advance(synced, DUE_S)
    journal, attempted = synced.sql("SELECT * FROM job_row"), synced.sql("SELECT * FROM transfer")
    with synced.world() as world:
        control.add_fault(world, kind="close", share=1.0)
    offline = poll(synced, code=5)
    assert offline.err.splitlines()[-1].startswith("exit 5 (temporary)")
    assert synced.sql("SELECT * FROM job_row") == journal
    assert synced.sql("SELECT * FROM transfer") == attempted
    assert state(synced) == "waiting"
    with synced.world() as world:
        control.clear_faults(world)
    poll(synced)
    assert statuses(synced) == {"verified": 3}


def test_an_error_of_one_job_does_not_keep_the_others(synced: Wecrm) -> None:
    ids = customers(synced, GIVER, 4)
    for taker, some in ((TAKER, ids[:2]), (OTHER, ids[2:])):
        started(synced, wishes(GIVER, some, taker))
    first = synced.sql("SELECT id FROM job ORDER BY created_at")[0][0]
    advance(synced, DUE_S)
    with synced.world() as world:
        control.add_fault(world, kind="garbage", path="/transfer_result", times=4)  # as often as a reading is tried
    assert "job " + first in poll(synced, code=5).err
    assert (state(synced, first), state(synced)) == ("waiting", "done")
    poll(synced)
    assert statuses(synced, first) == {"verified": 2}


def test_only_the_jobs_that_are_named_are_asked_about(synced: Wecrm) -> None:
    ids = customers(synced, GIVER, 4)
    for taker, some in ((TAKER, ids[:2]), (OTHER, ids[2:])):
        started(synced, wishes(GIVER, some, taker))
    first = synced.sql("SELECT id FROM job ORDER BY created_at")[0][0]
    assert "Nothing is due" in poll(synced, first).err
    advance(synced, DUE_S)
    dry = poll(synced, "--dry-run")
    assert "2 jobs are due; nothing was asked" in dry.err
    poll(synced, first)
    assert (state(synced, first), state(synced)) == ("done", "waiting")
    assert "There is no job nope" in poll(synced, "nope", code=2).err


def test_under_cron_a_poll_says_one_line(synced: Wecrm) -> None:
    ids = customers(synced, GIVER, 3)
    refuse(synced, ids[:1])
    path = plan(synced, wishes(GIVER, ids))
    applied = synced("--cron", "apply", path, *LIFTED)
    assert applied.code == 0
    assert applied.err.count("\n") == 1
    assert "3 submitted · waits for WeCom until 2026-11-02 09:10" in applied.err
    quiet = synced("--cron", "transfers", "poll")
    assert (quiet.code, quiet.err.count("\n")) == (0, 1)
    assert "Nothing is due before 2026-11-02 09:10" in quiet.err
    advance(synced, DUE_S)
    told = synced("--cron", "transfers", "poll")
    assert told.code == 3
    assert "2 verified, 1 failed" in told.err
    assert synced("--cron", "transfers", "poll").code == 0


def test_several_corps_are_asked_one_after_the_other(synced: Wecrm) -> None:
    ids = customers(synced, GIVER, 3)
    started(synced, wishes(GIVER, ids))
    advance(synced, DUE_S)
    (synced.home / "config.yaml").write_text("profiles: {other: {corp_id: ww0000000000000001}}")
    told = synced("--profile", "other,sandbox", "--cron", "transfers", "poll")
    assert told.code == 0, told.err
    assert "poll other: No transfer is under way" in told.err
    assert "poll sandbox: 3 verified" in told.err


# -- going on, trying again, ending


def test_retry_tries_refused_customers_again_as_a_new_attempt_of_the_ledger(synced: Wecrm) -> None:
    ids = customers(synced, GIVER, 3)
    refuse(synced, ids[:2])
    started(synced, wishes(GIVER, ids))
    advance(synced, DUE_S)
    poll(synced, code=3)
    refuse(synced, ids[:1], refuses=False)
    assert "2 rows would be tried again" in synced("jobs", "retry", job(synced), "--dry-run").err
    again = synced("jobs", "retry", job(synced))
    assert again.code == 0, again.err
    assert (statuses(synced), state(synced)) == ({"submitted": 2, "verified": 1}, "waiting")
    busy = synced("transfers", "plan", "--from", GIVER, "--to", THIRD, "-o", str(synced.home / "b.plan"))
    assert "Left out, 2: is being moved already" in busy.err
    advance(synced, DUE_S)
    poll(synced, code=3)
    assert statuses(synced) == {"verified": 2, "failed": 1}
    assert sorted(ledger(synced)) == sorted(
        [(ids[0], "refused"), (ids[0], "done"), (ids[1], "refused"), (ids[1], "refused"), (ids[2], "done")]
    )
    used = synced.sql("SELECT attempts FROM job_row WHERE status = 'failed'")
    assert used == [(2,)]


def test_a_cancelled_job_sends_nothing_more_and_what_was_accepted_is_still_followed_up(synced: Wecrm) -> None:
    ids = customers(synced, LARGE, 20)
    refuse(synced, ids[:2])
    with synced.world() as world:
        control.set_switch(world, "in_flight_of", "customer")
    path = plan(synced, wishes(LARGE, ids))
    moving.console_moves(synced, LARGE, ids[15:], THIRD)
    apply(synced, path)
    assert statuses(synced) == {"submitted": 15, "pending": 5}
    assert synced("jobs", "cancel", job(synced)).code == 0
    assert (statuses(synced), state(synced)) == ({"submitted": 15, "skipped": 5}, "cancelled")
    assert synced("jobs", "resume", job(synced)).code == 7
    before = last_call(synced)
    assert "No transfer is under way" not in poll(synced).err
    advance(synced, DUE_S)
    assert "2 failed" in poll(synced, code=3).err
    assert "transfer_customer" not in calls(synced, before)
    assert (statuses(synced), state(synced)) == ({"verified": 13, "failed": 2, "skipped": 5}, "cancelled")
    assert {status for _id, status in ledger(synced)} == {"done", "refused"}
    assert "No transfer is under way" in poll(synced).err


def test_an_ended_job_is_not_undone_while_some_of_it_is_on_the_way(synced: Wecrm) -> None:
    ids = customers(synced, GIVER, 3)
    started(synced, wishes(GIVER, ids))
    out = ("-o", str(synced.home / "undo.plan"))
    assert "is not finished" in synced("undo", job(synced), *out).err
    assert synced("jobs", "cancel", job(synced)).code == 0
    early = synced("undo", job(synced), *out)
    assert early.code == 7
    assert "3 changes" in early.err
    assert "still on their way" in early.err
    advance(synced, DUE_S)
    poll(synced)
    assert (statuses(synced), state(synced)) == ({"verified": 3}, "cancelled")
    assert synced("undo", job(synced), *out).code == 0


def test_an_interrupted_job_is_asked_about_and_nothing_of_it_is_sent_before_it_is_resumed(synced: Wecrm) -> None:
    ids = customers(synced, LARGE, 150)
    path = plan(synced, [*wishes(LARGE, ids[:75]), *wishes(LARGE, ids[75:], OTHER)])
    with synced.world() as world:
        control.add_fault(world, kind="kill", path="/transfer_customer", times=1, when="before")
    synced.process("apply", path, *LIFTED).communicate()
    assert synced("transfers", "poll").code == 0
    assert attempts(synced) == {}
    advance(synced, DUE_S)
    assert synced("apply", path, *LIFTED).code == 0
    assert statuses(synced) == {"submitted": 150}
    advance(synced, DUE_S)
    poll(synced)
    assert statuses(synced) == {"verified": 150}


def test_too_many_failures_stop_the_job_and_what_was_accepted_is_still_followed_up(synced: Wecrm) -> None:
    ids = customers(synced, LARGE, 240)
    for former, taker in ((LARGE, TAKER), (TAKER, LARGE)):
        for start in (0, 50):
            moving.console_moves(synced, former, ids[start : start + 50], taker)
        advance(synced, DUE_S)
    assert synced("sync", "contacts", "--max-removals", "100%").code == 0
    path = plan(synced, wishes(LARGE, [*ids[200:], *ids[:200]]))
    stopped = apply(synced, path, code=3)
    assert "the job was stopped" in stopped.err
    found = statuses(synced)
    assert found["failed"] >= 20
    assert found["submitted"] > 0
    assert state(synced) == "waiting"
    advance(synced, DUE_S)
    poll(synced)
    assert statuses(synced)["submitted"] == 0
    assert (statuses(synced)["verified"], state(synced)) == (found["submitted"], "done")


def test_a_lost_answer_in_a_job_that_is_stopped_is_looked_up_before_the_job_ends(synced: Wecrm) -> None:
    ids = customers(synced, LARGE, 60)
    path = plan(synced, [*wishes(LARGE, ids[:30]), *wishes(LARGE, ids[30:], OTHER)])
    with synced.world() as world:
        for external in ids[30:]:
            control.delete_relation(world, LARGE, external)
        control.add_fault(world, kind="close", path="/transfer_customer", when="after")
    assert "the job was stopped" in apply(synced, path, code=3).err
    assert (statuses(synced), state(synced)) == ({"submitted": 30, "failed": 30}, "waiting")
    advance(synced, DUE_S)
    poll(synced)
    assert (statuses(synced), state(synced)) == ({"verified": 30, "failed": 30}, "done")


def test_refusals_of_a_day_later_do_not_stop_what_waits_for_another_day(synced: Wecrm) -> None:
    ids = customers(synced, LARGE, 40)
    refuse(synced, ids[:20])
    moving.console_moves(synced, LARGE, ids[30:], THIRD)
    path = plan(synced, wishes(LARGE, ids))
    with synced.world() as world:
        control.set_switch(world, "in_flight_of", "customer")
    apply(synced, path)
    assert statuses(synced) == {"submitted": 30, "pending": 10}
    with synced.world() as world:  # the console's attempts come to nothing
        for external in ids[30:]:
            control.customer_refuses(world, external)
            control.customer_refuses(world, external, refuses=False)
    advance(synced, DUE_S)
    poll(synced, code=3)
    assert statuses(synced) == {"failed": 20, "verified": 10, "submitted": 10}
    advance(synced, DUE_S)
    poll(synced)
    assert statuses(synced) == {"failed": 20, "verified": 20}


# -- back


def test_undo_moves_on_the_job_customers_back_as_a_second_move_and_without_the_words_of_the_first(
    synced: Wecrm,
) -> None:
    ids = customers(synced, GIVER, 4)
    refuse(synced, ids[:1])
    file = synced.csv("w.csv", "userid,external_userid,takeover", wishes(GIVER, ids))
    path, undo = str(synced.home / "m.plan"), str(synced.home / "undo.plan")
    assert synced("transfers", "plan", str(file), "--message", "从今天起由我为您服务", "-o", path).code == 0
    apply(synced, path)
    advance(synced, DUE_S)
    poll(synced, code=3)
    assert synced("undo", job(synced), "-o", undo).code == 0
    shown = synced("plan", "show", undo, "-f", "csv").out
    assert ids[0] not in shown
    assert f"{TAKER} → {GIVER}" in shown
    apply(synced, undo)
    with synced.world() as world:
        last = list(control.calls(world, path="/transfer_customer"))[-1]
    assert b"transfer_success_msg" not in last.body
    advance(synced, DUE_S)
    poll(synced)
    assert all(
        GIVER in followers(synced)[external] and TAKER not in followers(synced)[external] for external in ids[1:]
    )
    exported = show(synced, "jobs", "export", job(synced))
    assert {(row["userid"], row["takeover"]) for row in exported} == {(TAKER, GIVER)}


def test_undo_of_a_job_of_both_kinds_says_what_stays(synced: Wecrm) -> None:
    left, working = customers(synced, GIVER, 2), customers(synced, LARGE, 3)
    assert synced("sandbox", "member", GIVER, "--delete").code == 0
    started(synced, [*wishes(GIVER, left), *wishes(LARGE, working)], *CONFIRMED)
    advance(synced, DUE_S)
    poll(synced)
    undone = synced("undo", job(synced), "-o", str(synced.home / "undo.plan"))
    assert undone.code == 0
    assert "2 changes of job" in undone.err
    assert "3 to change" in undone.err


# -- a backup put back


def restore(home: Wecrm, backup: Path) -> None:
    assert home("db", "restore", str(backup), "--yes").code == 0


@pytest.fixture
def backup(synced: Wecrm) -> Path:
    return synced.home / "b.bak"


def test_after_a_restore_submitted_rows_are_looked_up_before_anything_is_sent(synced: Wecrm, backup: Path) -> None:
    ids = customers(synced, GIVER, 4)
    refuse(synced, ids[:1])
    started(synced, wishes(GIVER, ids))
    assert synced("db", "backup", str(backup)).code == 0
    advance(synced, DUE_S)
    poll(synced, code=3)
    restore(synced, backup)
    assert statuses(synced) == {"submitted": 4}
    assert "doctor --after-restore" in poll(synced, code=7).err
    before = last_call(synced)
    assert synced("doctor", "--after-restore").code == 0
    assert "transfer_customer" not in calls(synced, before)
    assert statuses(synced) == {"verified": 3, "failed": 1}
    assert sorted(ledger(synced)) == sorted([(ids[0], "refused"), *((external, "done") for external in ids[1:])])
    assert synced("jobs", "resume", job(synced)).code == 3
    assert state(synced) == "done"


@pytest.mark.parametrize("days", [0, 2])
def test_what_was_sent_after_the_backup_is_not_sent_again(synced: Wecrm, backup: Path, days: int) -> None:
    ids = customers(synced, LARGE, 150)
    path = plan(synced, [*wishes(LARGE, ids[:75]), *wishes(LARGE, ids[75:], OTHER)])
    with synced.world() as world:
        control.add_fault(world, kind="kill", path="/transfer_customer", times=1, when="before")
    synced.process("apply", path, *LIFTED).communicate()
    assert synced("db", "backup", str(backup)).code == 0
    advance(synced, DUE_S)
    assert synced("apply", path, *LIFTED).code == 0
    assert statuses(synced) == {"submitted": 150}
    if days:
        advance(synced, days * DAY_S)
        poll(synced)
    sent = calls(synced)["transfer_customer"]
    restore(synced, backup)
    assert synced("doctor", "--after-restore").code == 0
    assert synced("jobs", "resume", job(synced)).code == 0
    assert calls(synced)["transfer_customer"] == sent
    advance(synced, DUE_S)
    poll(synced)
    assert set(statuses(synced)) <= {"verified", "same"}
    assert all(found == [1] for found in attempts(synced).values())
