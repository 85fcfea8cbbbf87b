"""What is done to members goes through plans, too: undone where that can be, never repeated where it cannot."""

from collections.abc import Sequence

import pytest

from tests.conftest import Wecrm
from tests.operations.handing import session
from wecrm.models.plan import Change, Job, Limits, Plan, Undo
from wecrm.operations import plans, runner
from wecrm.sandbox import control


def begun(home: Wecrm, changes: Sequence[Change]) -> Job:
    with session(home) as s:
        path = home.home / "staff.plan"
        header = plans.save(s.store, Plan("staff", "x", tuple(changes)), path, s.issuer, s.clock.now())
        return plans.accept(s.store, path, header, s.clock.now())


def ran(home: Wecrm, job: Job) -> dict[str, int]:
    with session(home) as s:
        return {str(status): n for status, n in runner.run(s.work, job, Limits()).items()}


def change(op: str, undo: Undo, name: str, before: bool, **key: str) -> Change:
    return Change("m1", 0, op, {**key}, {name: before}, {name: not before}, undo)


def member(home: Wecrm) -> str:
    return str(home.sql("SELECT userid FROM member WHERE follows AND status = 1 ORDER BY userid LIMIT 1")[0][0])


def status(home: Wecrm, userid: str) -> int | None:
    """None for somebody who has left."""
    with home.world() as world:
        row = world.db.connection.execute(
            "SELECT status FROM member WHERE userid = ? AND left_at IS NULL", (userid,)
        ).fetchone()
    return row[0] if row else None


def test_a_disabled_member_is_enabled_again_by_undo(synced: Wecrm) -> None:
    userid = member(synced)
    job = begun(synced, [change("member.disable", "reversible", "enabled", True, userid=userid)])
    assert ran(synced, job) == {"ok": 1}
    assert status(synced, userid) == 2
    assert synced.sql("SELECT status FROM member WHERE userid = ?", userid) == [(2,)]
    back = synced.home / "undo.plan"
    assert synced("undo", job.id, "-o", str(back)).code == 0
    assert synced("apply", str(back), "--yes").code == 0
    assert status(synced, userid) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_deletion_whose_answer_was_lost_is_looked_up_before_it_is_sent_again(synced: Wecrm, when: str) -> None:
    userid = member(synced)
    job = begun(synced, [change("member.delete", "irreversible", "present", True, userid=userid)])
    with synced.world() as world:
        control.add_fault(world, kind="close", path="user/delete", times=1, when=when)
    assert ran(synced, job) == {"ok": 1}
    assert status(synced, userid) is None
    with synced.world() as world:
        sent = list(control.calls(world, path="user/delete"))
    assert len(sent) == {"before": 2, "after": 1}[when]
    assert synced.sql("SELECT follows, gone_at IS NOT NULL FROM member WHERE userid = ?", userid) == [(0, 1)]


def test_a_notice_whose_answer_was_lost_is_not_sent_twice(synced: Wecrm) -> None:
    userid = member(synced)
    key = {"userid": userid, "about": "case", "day": "2026-11-01", "text": "你好"}
    job = begun(synced, [change("notice.send", "irreversible", "sent", False, **key)])
    with synced.world() as world:
        control.add_fault(world, kind="close", path="message/send", times=1, when="after")
    assert ran(synced, job) == {"failed": 1}
    with synced.world() as world:
        assert [notice.userid for notice in control.notices(world)] == [userid]
    assert "nothing to look it up in" in synced.sql("SELECT evidence FROM job_row WHERE job = ?", job.id)[0][0]


def test_a_notice_to_somebody_who_gets_none_says_so(synced: Wecrm) -> None:
    key = {"userid": "nobody.here", "about": "case", "day": "2026-11-01", "text": "你好"}
    job = begun(synced, [change("notice.send", "irreversible", "sent", False, **key)])
    assert ran(synced, job) == {"failed": 1}
