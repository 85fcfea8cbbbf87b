"""What cron may rely on: one line, --max-age, locks that die with their holder, heartbeats."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.conftest import Wecrm
from tests.monitor import Monitor, serving
from wecrm.sandbox import control
from wecrm.store.locks import held

HOLD = """
import sys
from pathlib import Path
from wecrm.store.locks import held
with held(Path(sys.argv[1]), sys.argv[2]):
    print("held", flush=True)
    sys.stdin.read()
"""


def remarks(wecrm: Wecrm, text: str) -> str:
    """A file with a remark for three customers."""
    rows = wecrm.sql("SELECT userid, external_userid FROM relation WHERE status = 'active' LIMIT 3")
    return str(wecrm.csv(f"{text}.csv", "userid,external_userid,remark", [(*row, text) for row in rows]))


def refused(wecrm: Wecrm) -> None:
    """Make WeCom refuse whatever is asked from this machine."""
    with wecrm.world() as world:
        control.set_trusted_ips(world, ["203.0.113.9"])
        control.end_tokens(world)


# -- one line


def test_a_sync_under_cron_says_one_line_and_nothing_with_qq(synced: Wecrm) -> None:
    result = synced("sync", "tags", "members", "--cron")
    assert (result.code, result.out) == (0, "")
    assert re.fullmatch(r"sync sandbox: members: 30 read · tags: \d+ read · \d+ s · exit 0\n", result.err)
    result = synced("sync", "tags", "--cron", "-qq")
    assert (result.code, result.out, result.err) == (0, "", "")


def test_an_apply_under_cron_says_one_line_and_nothing_with_qq(synced: Wecrm) -> None:
    result = synced("contacts", "remark", remarks(synced, "one"), "--yes", "--cron")
    assert (result.code, result.out) == (0, "")
    assert re.fullmatch(r"apply sandbox: [\w-]+: 3 ok · \d+ s · exit 0\n", result.err)
    result = synced("contacts", "remark", remarks(synced, "two"), "--yes", "--cron", "-qq")
    assert (result.code, result.out, result.err) == (0, "", "")
    result = synced("contacts", "remark", remarks(synced, "three"), "--cron")
    assert result.code == 2
    assert "--yes" in result.err


@pytest.mark.parametrize(
    "words", ["db check", "status", "report followers", "members list", "archive quarantine list", "config show"]
)
def test_every_command_under_cron_says_one_line_and_nothing_with_qq(synced: Wecrm, words: str) -> None:
    file = str(synced.home / "a.csv")
    result = synced(*words.split(), "-o", file, "--cron")
    assert (result.code, result.out) == (0, "")
    assert re.fullmatch(rf"{words} sandbox: \d+ s · exit 0\n", result.err)
    assert synced(*words.split(), "-o", file, "--cron", "-qq").err == ""


def test_notes_of_a_good_night_are_for_those_who_want_to_read_them(synced: Wecrm) -> None:
    told = synced("archive", "pull", "--cron")
    assert told.code == 0
    assert "have no seat" in told.err
    assert told.err.splitlines()[-1].endswith("exit 0")
    silent = synced("archive", "pull", "--cron", "-qq")
    assert (silent.code, silent.out, silent.err) == (0, "", "")


@pytest.mark.parametrize("flags", [("--cron",), ("--cron", "-qq")])
def test_a_failure_is_always_told(synced: Wecrm, flags: tuple[str, ...]) -> None:
    refused(synced)
    result = synced("sync", "tags", *flags)
    assert result.code == 4
    assert "60020" in result.err
    assert result.err.splitlines()[-1].startswith("exit 4 (config): ")


def test_what_went_out_of_sight_is_told_with_qq_too(synced: Wecrm) -> None:
    with synced.world() as world:
        for (userid,) in synced.sql("SELECT userid FROM member WHERE follows = 1 ORDER BY userid LIMIT 1"):
            control.set_customer_contact(world, userid, False)
    result = synced("sync", "contacts", "--cron", "-qq")
    assert result.code == 7
    assert result.err.splitlines()[-1].startswith("exit 7 (safety): ")


# -- the lock


def test_while_another_run_holds_the_lock_max_age_decides(synced: Wecrm) -> None:
    with held(synced.database, "sync"):
        assert synced("sync", "tags").code == 11
        result = synced("sync", "tags", "contacts", "--max-age", "26h", "--cron")
        assert (result.code, result.out) == (0, "")
        assert re.fullmatch(r"sync sandbox: another run is under way; .* 0\.0 h ago · exit 0\n", result.err)
        assert synced("sync", "tags", "--max-age", "26h", "--cron", "-qq").err == ""
        assert "under way" in synced("sync", "tags", "--max-age", "26h").err
        with synced.world() as world:
            control.advance(world, 27 * 3600)
        result = synced("sync", "tags", "--max-age", "26h", "--cron", "-qq")
        assert result.code == 11
        assert result.err.splitlines()[-1].startswith("exit 11 (locked): ")
        assert synced("sync", "tags", "--max-age", "28h").code == 0


def test_what_never_succeeded_is_older_than_any_age(synced: Wecrm) -> None:
    with held(synced.database, "sync"):
        assert synced("sync", "new", "tags", "--max-age", "26h").code == 11


def test_without_another_run_max_age_changes_nothing(synced: Wecrm) -> None:
    with synced.world() as world:
        last = max(call.id for call in control.calls(world))
    assert synced("sync", "tags", "--max-age", "26h").code == 0
    with synced.world() as world:
        assert any(call.path.endswith("get_corp_tag_list") for call in control.calls(world, after=last))
    assert synced("sync", "tags", "--max-age", "soon").code == 2


@pytest.mark.parametrize("purpose", ["sync", "apply"])
def test_a_lock_is_free_the_moment_its_holder_is_killed(synced: Wecrm, purpose: str) -> None:
    file = remarks(synced, "again")
    words = ("sync", "tags") if purpose == "sync" else ("contacts", "remark", file, "--yes")
    command = [sys.executable, "-c", HOLD, str(synced.database), purpose]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        result = synced(*words)
        assert result.code == 11
        assert f"(process {holder.pid})." in result.err
        assert f"（进程 {holder.pid}）。" in synced("--lang", "zh", *words).err
        holder.send_signal(signal.SIGKILL)
        assert holder.wait() == -signal.SIGKILL
        process = synced.process(*words)
        _out, err = process.communicate()
        assert process.returncode == 0, err


# -- heartbeats


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    with serving() as server:
        yield server


def configured(wecrm: Wecrm, **settings: str) -> Wecrm:
    """The sandbox with settings of its own."""
    profile = {"corp_id": "wwsandbox00000001", **settings}
    (wecrm.home / "config.yaml").write_text(json.dumps({"profiles": {"sandbox": profile}}))
    return wecrm


def test_the_heart_beats_after_every_sync_and_apply_that_went_well(synced: Wecrm, monitor: Monitor) -> None:
    configured(synced, heartbeat_url=f"{monitor.url}/ping/1a2b", heartbeat_file=str(synced.home / "beat.json"))
    assert synced("sync", "tags", "--cron").code == 0
    said = json.loads((synced.home / "beat.json").read_text())
    assert (said["command"], said["profile"], said["corp_id"]) == ("sync", "sandbox", "wwsandbox00000001")
    assert (said["exit"], said["at"][-6:]) == (0, "+08:00")
    assert synced("contacts", "remark", remarks(synced, "one"), "--yes").code == 0
    assert json.loads((synced.home / "beat.json").read_text())["command"] == "apply"
    assert [path for path, _headers, _body in monitor.seen] == ["/ping/1a2b", "/ping/1a2b"]


def test_the_heart_does_not_beat_for_what_did_not_run_well(synced: Wecrm, monitor: Monitor) -> None:
    configured(synced, heartbeat_url=monitor.url, heartbeat_file=str(synced.home / "beat.json"))
    assert synced("sync", "tags", "--dry-run").code == 0
    assert synced("contacts", "list").code == 0
    with held(synced.database, "sync"):
        assert synced("sync", "tags", "--max-age", "1h").code == 0
    refused(synced)
    assert synced("sync", "tags").code == 4
    assert monitor.seen == []
    assert not (synced.home / "beat.json").exists()


def test_a_heartbeat_that_fails_is_a_warning_that_keeps_the_address_secret(synced: Wecrm, monitor: Monitor) -> None:
    configured(synced, heartbeat_url=f"{monitor.url}/500/1a2b", heartbeat_file=str(synced.home / "no" / "beat.json"))
    result = synced("sync", "tags", "--cron", "-qq", "-vv")
    assert result.code == 0
    assert "HTTP 500" in result.err
    assert "beat.json" in result.err
    assert "1a2b" not in result.err


def test_the_address_of_a_heartbeat_is_not_shown(synced: Wecrm) -> None:
    configured(synced, heartbeat_url="https://user:pass@monitor.example/1a2b?key=3c4d")
    shown = synced("config", "show").out
    assert "https://monitor.example/***" in shown
    assert not any(secret in shown for secret in ("1a2b", "3c4d", "pass"))


def test_wrong_settings_of_a_heartbeat_are_found(synced: Wecrm) -> None:
    configured(synced, heartbeat_url="monitor.example", heartbeat_file="/nonexistent/beat.json")
    out = synced("config", "validate").out
    assert "wrong,profiles.sandbox.heartbeat_url" in out
    assert "wrong,profiles.sandbox.heartbeat_file" in out
