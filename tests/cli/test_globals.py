"""Global options: before or after the subcommand, and a flag beats the environment."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Wecrm
from wecrm import __version__


@pytest.mark.parametrize(
    "words",
    [
        ("--config", "FILE", "config", "path"),
        ("config", "--config", "FILE", "path"),
        ("config", "path", "--config", "FILE"),
        ("config", "path", "--config=FILE"),
    ],
)
def test_a_global_option_may_stand_anywhere(wecrm: Wecrm, words: tuple[str, ...]) -> None:
    file = wecrm.home / "own.yaml"
    file.write_text("timezone: UTC\n")
    result = wecrm(*(word.replace("FILE", str(file)) for word in words))
    assert (result.code, result.out) == (0, f"{file}\n")


@pytest.mark.parametrize("words", ["--version", "-q -V", "--profile nobody --version", "--lang=zh --version"])
def test_the_version_is_a_question_of_its_own_and_not_of_a_command(corp: Wecrm, words: str) -> None:
    result = corp(*words.split())
    assert (result.code, result.out) == (0, f"wecrm {__version__}\n")
    flag = words.split()[-1]
    assert corp("tags", "list", flag).code == 2
    assert corp("tags", "list", "--where", flag).out == ""


def test_after_two_dashes_nothing_is_an_option(corp: Wecrm) -> None:
    result = corp("contacts", "search", "--", "--dry-run")
    assert (result.code, len(result.lines)) == (0, 1)


def test_a_flag_beats_the_environment(wecrm: Wecrm, tmp_path: Path) -> None:
    assert wecrm("db", "path", "--profile", "sandbox", env={"WECRM_PROFILE": "nobody"}).code == 0
    env = {"WECRM_CONFIG": str(tmp_path / "env.yaml")}
    assert wecrm("config", "path", env=env).out == f"{tmp_path / 'env.yaml'}\n"
    assert wecrm("config", "path", "--config", "flag.yaml", env=env).out == "flag.yaml\n"


def test_the_environment_beats_the_file(wecrm: Wecrm) -> None:
    (wecrm.home / "config.yaml").write_text("default_profile: acme\nprofiles: {acme: {corp_id: ww1a2b3c4d5e6f7a8b}}\n")
    assert wecrm("db", "path").out.endswith("/wwsandbox00000001.db\n")
    assert wecrm("db", "path", env={"WECRM_PROFILE": ""}).out.endswith("/ww1a2b3c4d5e6f7a8b.db\n")


def test_an_unknown_profile_is_exit_4_and_named_the_nearest(wecrm: Wecrm) -> None:
    (wecrm.home / "config.yaml").write_text("profiles: {acme: {corp_id: ww1a2b3c4d5e6f7a8b}}\n")
    for given, near in (("acmee", "acme"), ("sandbx", "sandbox")):
        result = wecrm("contacts", "list", "--profile", given)
        assert result.code == 4
        assert f"Did you mean {near}?" in result.err
    result = wecrm("contacts", "list", "--profile", "zzz")
    assert result.code == 4
    assert "acme" in result.err


def test_a_missing_profile_is_exit_4_and_says_how_to_choose_one(wecrm: Wecrm) -> None:
    result = wecrm("contacts", "list", env={"WECRM_PROFILE": ""})
    assert result.code == 4
    assert "--profile" in result.err
    assert not result.out


def test_a_missing_configuration_that_was_named_is_exit_4(wecrm: Wecrm) -> None:
    for words, env in ((("--config", "no.yaml"), {}), ((), {"WECRM_CONFIG": "no.yaml"})):
        result = wecrm("contacts", "list", *words, env=env)
        assert result.code == 4
        assert "no.yaml" in result.err


@pytest.mark.parametrize(
    ("flags", "env", "coloured"),
    [
        ((), {}, False),
        ((), {"CLICOLOR_FORCE": "1"}, True),
        ((), {"CLICOLOR_FORCE": "0"}, False),
        ((), {"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, False),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        (("--color", "never"), {"CLICOLOR_FORCE": "1"}, False),
        (("--cron",), {"CLICOLOR_FORCE": "1"}, False),
        ((), {"CLICOLOR_FORCE": ""}, False),
    ],
)
def test_colour_follows_the_flag_then_no_color_then_force(
    corp: Wecrm, flags: tuple[str, ...], env: dict[str, str], coloured: bool
) -> None:
    result = corp("tags", "list", "-f", "table", *flags, env=env)
    assert result.code == 0
    assert ("\x1b[" in result.out) is coloured


def test_a_colour_that_does_not_exist_is_exit_2(corp: Wecrm) -> None:
    assert corp("tags", "list", "--color", "pink").code == 2


def test_no_input_refuses_to_ask_even_on_a_terminal(synced: Wecrm) -> None:
    pty = pytest.importorskip("pty")
    rows = synced.sql("SELECT userid, external_userid, 'x' FROM relation WHERE status = 'active' LIMIT 1")
    file = synced.csv("remarks.csv", "userid,external_userid,remark", rows)
    controller, terminal = pty.openpty()
    env = {**os.environ, "WECRM_HOME": str(synced.home), "WECRM_PROFILE": "sandbox"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "wecrm", "contacts", "remark", str(file), "--no-input"],
            stdin=terminal,
            capture_output=True,
            env=env,
            check=False,
            timeout=60,
        )
    finally:
        os.close(controller)
        os.close(terminal)
    assert done.returncode == 2
    assert b"--yes" in done.stderr
    assert synced.sql("SELECT count(*) FROM job") == [(0,)]


def test_dry_run_writes_nothing_to_wecom(synced: Wecrm) -> None:
    rows = synced.sql("SELECT userid, external_userid, 'x' FROM relation WHERE status = 'active' LIMIT 1")
    file = synced.csv("remarks.csv", "userid,external_userid,remark", rows)
    result = synced("contacts", "remark", str(file), "--yes", "--dry-run")
    assert result.code == 0
    assert "Dry run" in result.err
    assert synced.sql("SELECT count(*) FROM job") == [(0,)]


def test_quiet_leaves_out_the_age_of_the_cache(corp: Wecrm) -> None:
    assert "From the cache" in corp("tags", "list").err
    assert corp("tags", "list", "-q").err == ""
    assert "cache" not in corp("tags", "list", "--cron").err


def test_the_last_line_of_a_failure_says_code_name_and_reason(corp: Wecrm) -> None:
    result = corp("tags", "list", "--sort", "nonsense")
    assert result.err.splitlines()[-1].startswith("exit 2 (usage): ")
    assert result.out == ""


def test_data_goes_to_stdout_and_everything_else_to_stderr(corp: Wecrm) -> None:
    result = corp("tags", "list", "-v")
    assert result.lines[0] == "group,name,tag_id,customers"
    assert "From the cache" not in result.out


def test_the_log_file_is_private(corp: Wecrm, tmp_path: Path) -> None:
    log = tmp_path / "wecrm.log"
    assert corp("tags", "list", "--log-file", str(log), "--log-format", "json").code == 0
    assert log.stat().st_mode & 0o777 == 0o600
    assert corp("tags", "list", "--log-file", str(tmp_path / "no" / "log")).code == 4
