"""Where cron and containers run: no environment, no home, no terminal, closed streams."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conftest import Wecrm


def outside(env: Mapping[str, str], *argv: str, closed: str = "<&-") -> "subprocess.CompletedProcess[bytes]":
    """The command line under nothing but `env`, with streams closed by the shell."""
    command = ["/bin/sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-m", "wecrm", *argv]
    root = str(Path(__file__).parents[2])
    return subprocess.run(command, env=dict(env), cwd=root, capture_output=True, check=False, timeout=60)


@pytest.fixture
def env(wecrm: Wecrm) -> dict[str, str]:
    return {"WECRM_HOME": str(wecrm.home), "LANG": "C"}


def test_an_empty_environment_and_closed_stdin_are_enough_to_sync_and_list(env: dict[str, str]) -> None:
    synced = outside(env, "--profile", "sandbox", "sync")
    assert synced.returncode == 0, synced.stderr
    assert synced.stdout == b""
    listed = outside(env, "--profile", "sandbox", "contacts", "list")
    assert listed.returncode == 0, listed.stderr
    text = listed.stdout.decode("utf-8")
    assert text.startswith("userid,member,external_userid,")
    assert any("\u4e00" <= char <= "\u9fff" for char in text)


def test_times_are_shanghai_times_whatever_the_machine_says(corp: Wecrm) -> None:
    env = {"WECRM_HOME": str(corp.home), "LANG": "C", "TZ": "America/New_York"}
    done = outside(env, "--profile", "sandbox", "contacts", "list", "--columns", "added_at", "--limit", "5")
    assert {line[-6:] for line in done.stdout.decode().splitlines()[1:]} == {"+08:00"}


@pytest.mark.parametrize("closed", ["<&- >&-", "<&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_never_get_into_the_database(corp: Wecrm, closed: str, tmp_path: Path) -> None:
    env = {"WECRM_HOME": str(corp.home), "LANG": "C"}
    file = tmp_path / "out.csv"
    before = corp.database.read_bytes()[:100]
    done = outside(env, "--profile", "sandbox", "contacts", "list", "-o", str(file), closed=closed)
    assert done.returncode == 0, done.stderr
    assert file.read_bytes().startswith(b"\xef\xbb\xbfuserid,")
    assert corp.database.read_bytes()[:100] == before
    again = outside(env, "--profile", "sandbox", "contacts", "list", closed=closed)
    assert again.returncode == 0


def test_a_question_without_a_terminal_is_exit_2_and_names_the_flag(corp: Wecrm) -> None:
    env = {"WECRM_HOME": str(corp.home), "LANG": "C", "WECRM_PROFILE": "sandbox"}
    rows = corp.sql("SELECT userid, external_userid, 'never' FROM relation WHERE status = 'active' LIMIT 1")
    done = outside(env, "contacts", "remark", str(corp.csv("never.csv", "userid,external_userid,remark", rows)))
    assert done.returncode == 2
    assert b"--yes" in done.stderr


def test_without_any_home_the_tool_works_or_says_what_to_set() -> None:
    done = outside({"LANG": "C"}, "config", "path")
    assert done.returncode in (0, 4), done.stderr
    if done.returncode == 4:
        assert b"WECRM_HOME" in done.stderr
    else:
        assert done.stdout.endswith(b"config.yaml\n")


@pytest.mark.parametrize("name", ["HOME", "WECRM_HOME"])
@pytest.mark.parametrize("command", [("sync",), ("contacts", "list")])
def test_a_home_that_cannot_be_used_is_exit_4(name: str, command: tuple[str, ...]) -> None:
    done = outside({name: "/dev/null/x", "LANG": "C"}, "--profile", "sandbox", *command)
    assert done.returncode == 4, done.stderr
    assert b"/dev/null/x" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_full_disk_behind_stdout_is_no_bug(corp: Wecrm) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    env = {"WECRM_HOME": str(corp.home), "LANG": "C"}
    done = outside(env, "--profile", "sandbox", "contacts", "list", closed=">/dev/full")
    assert done.returncode == 5
    assert b"no room" in done.stderr
