"""`wecrm jobs resume --all`: what cron needs to finish what was killed."""

import re

import pytest

from tests.acceptance import facts
from tests.conftest import Wecrm
from tests.operations.handing import customers, pair
from tests.operations.leaving import CORP
from wecrm.sandbox import control
from wecrm.store.locks import held


def killed(home: Wecrm, text: str) -> str:
    """A job of forty remarks, each job's on other customers, that was killed in the middle."""
    (count,) = home.sql("SELECT count(*) FROM job")[0]
    query = "SELECT userid, external_userid, ? FROM relation WHERE status = 'active' ORDER BY id LIMIT 40 OFFSET ?"
    rows = home.sql(query, text, 40 * count)
    file = str(home.csv(f"{text}.csv", "userid,external_userid,remark", rows))
    with home.world() as world:
        control.add_fault(world, kind="kill", path="externalcontact/remark", share=0.1, times=1, seed=3)
    process = home.process("contacts", "remark", file, "--yes")
    process.communicate()
    assert process.returncode == -9
    return str(home.sql("SELECT id FROM job ORDER BY rowid DESC LIMIT 1")[0][0])


def states(home: Wecrm) -> dict[str, str]:
    return dict(home.sql("SELECT id, state FROM job"))


def test_every_interrupted_job_is_finished_in_one_line(synced: Wecrm) -> None:
    first, second = killed(synced, "one"), killed(synced, "two")
    assert states(synced) == {first: "running", second: "running"}
    dry = synced("jobs", "resume", "--all", "--dry-run")
    assert dry.code == 0
    assert "2 jobs would be resumed" in dry.err
    result = synced("jobs", "resume", "--all", "--cron")
    assert (result.code, result.out) == (0, "")
    assert re.fullmatch(r"resume sandbox: interrupted jobs: 2 · \d+ s · exit 0\n", result.err)
    assert states(synced) == {first: "done", second: "done"}
    assert facts.statuses(synced, first) + facts.statuses(synced, second) == {"ok": 80}
    result = synced("jobs", "resume", "--all", "--cron")
    assert re.fullmatch(r"resume sandbox: interrupted jobs: 0 · 0 s · exit 0\n", result.err)
    assert synced("jobs", "resume", "--all", "--cron", "-qq").err == ""


def test_each_job_that_can_not_go_on_is_told(synced: Wecrm) -> None:
    first, second = killed(synced, "one"), killed(synced, "two")
    with synced.world() as world:
        control.set_trusted_ips(world, ["203.0.113.9"])
        control.end_tokens(world)
    result = synced("jobs", "resume", "--all", "--cron", "-qq")
    assert result.code == 4
    assert first in result.err
    assert second in result.err
    assert result.err.splitlines()[-1].startswith("exit 4 (config): ")


def test_while_another_run_holds_the_lock_max_age_decides(synced: Wecrm) -> None:
    job = killed(synced, "one")
    with synced.world() as world:
        control.advance(world, 3600)
    with held(synced.database, "apply"):
        assert synced("jobs", "resume", "--all", "--max-age", "1h").code == 11
        assert synced("jobs", "resume", job).code == 11
    assert synced("jobs", "resume", "--all").code == 0
    assert states(synced) == {job: "done"}
    with held(synced.database, "apply"):
        assert synced("jobs", "resume", "--all", "--max-age", "1h").code == 0


def test_what_other_commands_go_on_with_is_left_to_them(synced: Wecrm) -> None:
    former, taker = pair(synced)
    rows = [(former, external, taker) for external in customers(synced, former, taker, 3)]
    file = str(synced.csv("some.csv", "userid,external_userid,takeover", rows))
    assert synced("transfers", "apply", file, "--yes", "--max-removals", "100%").code == 0
    assert (
        synced("offboard", "start", former, "--to", taker, "--due", "2026-12-24", "--yes", "--confirm", CORP).code == 0
    )
    with synced.world() as world:
        control.add_fault(world, kind="kill", path="transfer_customer", times=1)
    process = synced.process("offboard", "advance", "--all")
    process.communicate()
    assert process.returncode == -9
    before = states(synced)
    assert set(before.values()) >= {"running", "waiting"}
    assert synced("jobs", "resume", "--all", "--cron", "-qq").code == 0
    assert states(synced) == before


@pytest.mark.parametrize("words", [(), ("tags-1101-3fa2b1", "--all")])
def test_a_job_or_all(synced: Wecrm, words: tuple[str, ...]) -> None:
    result = synced("jobs", "resume", *words)
    assert result.code == 2
    assert "--all" in result.err
