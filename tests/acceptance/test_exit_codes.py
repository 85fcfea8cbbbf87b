"""Every exit code of the promise, by a real process."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.acceptance import facts
from tests.acceptance.conftest import Served, config
from tests.conftest import Wecrm
from wecrm.sandbox import control


def ended(home: Wecrm, *argv: str, env: Mapping[str, str] | None = None) -> tuple[int, str]:
    process = home.process(*argv, env=env)
    _out, err = process.communicate()
    return process.returncode, err.decode()


def last(err: str) -> str:
    return err.splitlines()[-1]


def test_0_when_everything_was_done(synced: Wecrm) -> None:
    assert ended(synced, "sync")[0] == 0


def test_1_for_a_bug_with_a_report_that_holds_no_values(synced: Wecrm, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "pyrate_limiter.py").write_text("raise RuntimeError('-'.join(['secret', 'value']))")
    code, err = ended(synced, "sync", env={"PYTHONPATH": f"{broken}{os.pathsep}{os.getcwd()}"})
    assert code == 1
    assert last(err).startswith("exit 1 (internal): ")
    report = next((synced.home / "cache").glob("bug-*.txt"))
    assert str(report) in err
    assert "RuntimeError" in report.read_text()
    assert "secret-value" not in report.read_text() + err


@pytest.mark.parametrize("words", [["snyc"], ["tags", "plan"], ["sync", "contact"], ["contacts", "list", "--nope"]])
def test_2_for_a_wrong_command_line(synced: Wecrm, words: list[str]) -> None:
    code, err = ended(synced, *words)
    assert code == 2
    assert last(err).startswith("exit 2 (usage): ")


def test_3_when_some_rows_did_not_end_well(synced: Wecrm) -> None:
    keys = facts.relations(synced, 30, lacking=facts.tag(synced, "客户等级", "VIP"))
    file = facts.keys_csv(synced, "a.csv", keys)
    with synced.world() as world:
        control.delete_relation(world, *keys[0])
    code, err = ended(synced, "tags", "apply", file, "--add", "VIP", "--yes")
    assert code == 3
    assert last(err).startswith("exit 3 (partial): ")
    assert facts.statuses(synced) == {"ok": 29, "failed": 1}


def test_4_for_a_wrong_secret_which_is_asked_once(served: Served) -> None:
    home = served()
    for _n in range(3):
        code, err = ended(home, "sync", env={"S_CONTACT": "wrong", "S_DIRECTORY": "wrong"})
        assert code == 4, err
        assert last(err).startswith("exit 4 (config): ")
        assert re.search("the (contact|directory) secret", err), err
    with home.world() as world:
        assert sum(call.errcode == 40001 for call in control.calls(world)) == 1


def test_4_for_an_untrusted_ip(synced: Wecrm) -> None:
    with synced.world() as world:
        control.set_trusted_ips(world, ["203.0.113.9"])
        control.end_tokens(world)
    code, err = ended(synced, "sync")
    assert code == 4
    assert "60020" in err
    assert "asked with the directory secret" in err


def test_5_when_wecom_is_out_of_reach(served: Served) -> None:
    home = served()
    (home.home / "config.yaml").write_text(config("http://127.0.0.1:9"))
    code, err = ended(home, "sync", "tags")
    assert code == 5, err
    assert last(err).startswith("exit 5 (temporary): ")


def test_6_for_a_secret_of_another_kind_which_is_named(served: Served) -> None:
    code, err = ended(served(secret="archive"), "sync", "tags")
    assert code == 6, err
    assert "48002" in err
    assert "asked with the contact secret" in err


def test_6_when_the_app_may_not(served: Served) -> None:
    home = served(secret="other")
    code, err = ended(home, "sync", "contacts")
    assert code == 6
    assert "48002" in err
    assert "可调用接口的应用" in err


def test_7_when_a_plan_is_refused(synced: Wecrm) -> None:
    keys = facts.relations(synced, 600, lacking=facts.tag(synced, "客户等级", "VIP"))
    code, err = ended(synced, "tags", "apply", facts.keys_csv(synced, "a.csv", keys), "--add", "VIP", "--yes")
    assert code == 7
    assert "--max-changes 600" in err


def test_9_for_a_damaged_database_which_is_left_as_it_is(synced: Wecrm) -> None:
    synced.database.write_bytes(b"this is not a database " * 400)
    for end in ("-wal", "-shm"):
        Path(f"{synced.database}{end}").unlink(missing_ok=True)
    code, err = ended(synced, "contacts", "list")
    assert code == 9, err
    assert synced.database.read_bytes().startswith(b"this is not a database")


def test_10_when_a_plan_would_change_something(synced: Wecrm) -> None:
    tag = facts.tag(synced, "客户等级", "VIP")
    plan = str(synced.home / "a.plan")
    file = facts.keys_csv(synced, "a.csv", facts.relations(synced, 3, lacking=tag))
    assert ended(synced, "tags", "plan", file, "--add", "VIP", "-o", plan, "--detailed-exitcode")[0] == 10
    file = facts.keys_csv(synced, "b.csv", facts.relations(synced, 3, having=tag))
    assert ended(synced, "tags", "plan", file, "--add", "VIP", "-o", plan, "--detailed-exitcode")[0] == 0


def test_11_when_another_run_holds_the_lock(synced: Wecrm) -> None:
    from wecrm.store.locks import held

    with held(synced.database, "sync"):
        code, err = ended(synced, "sync")
    assert code == 11
    assert last(err).startswith("exit 11 (locked): ")


def test_12_when_the_time_is_up_and_the_next_run_goes_on(synced: Wecrm) -> None:
    code, err = ended(synced, "sync", "contacts", "--max-runtime", "0.02")
    assert code == 12, err
    assert last(err).startswith("exit 12 (deadline): ")
    assert ended(synced, "sync", "contacts")[0] == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_130_and_143_after_a_signal_and_the_job_can_be_resumed(served: Served, number: int, code: int) -> None:
    home = served(latency_s=0.05)
    assert home("sync", "tags", "members", "contacts").code == 0
    keys = facts.relations(home, 400, lacking=facts.tag(home, "客户等级", "VIP"))
    plan = str(home.home / "a.plan")
    assert home("tags", "plan", facts.keys_csv(home, "a.csv", keys), "--add", "VIP", "-o", plan).code == 0
    process = home.process("apply", plan, "--yes")
    while not facts.applied_marks(home):
        assert process.poll() is None
    process.send_signal(number)
    _out, err = process.communicate()
    assert process.returncode == code, err
    assert facts.statuses(home)["pending"] > 0
    assert home("apply", plan, "--yes").code == 0
    assert set(facts.statuses(home)) == {"ok"}
    assert max(facts.applied_marks(home).values()) == 1


def test_no_home_no_terminal_no_stdin_no_locale(synced: Wecrm) -> None:
    command = [sys.executable, "-m", "wecrm", "--profile", "sandbox", "contacts", "list", "--limit", "2", "-f", "json"]
    env = {"LANG": "C", "WECRM_HOME": str(synced.home), "PYTHONPATH": os.getcwd()}
    done = subprocess.run(command, env=env, capture_output=True, preexec_fn=lambda: os.close(0), check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"[")
