"""Several profiles in one command line: who takes them, and what is told of each."""

import json
from pathlib import Path

import pytest

from tests.conftest import Wecrm
from wecrm.errors import TerminatedRun


def configured(wecrm: Wecrm, text: str) -> Wecrm:
    (wecrm.home / "config.yaml").write_text(text)
    return wecrm


@pytest.fixture
def three(wecrm: Wecrm) -> Wecrm:
    """The sandbox, and two corps that were never synced."""
    text = "profiles: {acme: {corp_id: wwacme0001}, beta: {corp_id: wwbeta0001}, sandbox: {corp_id: wwsandbox00000001}}"
    return configured(wecrm, text)


@pytest.mark.parametrize(
    "words",
    [
        ("contacts", "list", "-o", "OUT"),
        ("jobs", "list"),
        ("report", "followers"),
        ("sql", "SELECT 1"),
        ("tags", "plan", "missing.csv", "--add", "VIP", "-o", "OUT"),
        ("apply", "missing.plan"),
        ("config", "init", "OUT"),
    ],
)
def test_a_command_for_one_corp_refuses_several_before_anything_happens(
    three: Wecrm, tmp_path: Path, words: tuple[str, ...]
) -> None:
    out = tmp_path / "out.csv"
    for profiles in ("acme,beta", "@all"):
        result = three("--profile", profiles, *(word.replace("OUT", str(out)) for word in words))
        assert (result.code, result.out) == (2, "")
        assert "one profile at a time" in result.err.splitlines()[-1]
        assert not out.exists()


def test_a_command_that_needs_no_corp_does_not_mind_several(three: Wecrm) -> None:
    for words in (("explain", "40001"), ("config", "path"), ("config", "show")):
        assert three(*words, env={"WECRM_PROFILE": "@all"}).code == 0


def test_all_means_every_profile_of_the_file_and_not_the_sandbox(three: Wecrm) -> None:
    paths = [Path(line).stem for line in three("db", "path", "--profile", "@all").lines]
    assert paths == ["wwacme0001", "wwbeta0001"]
    paths = [Path(line).stem for line in three("db", "path", "--profile", "beta, sandbox,@all,beta").lines]
    assert paths == ["wwbeta0001", "wwsandbox00000001", "wwacme0001"]


def test_all_of_nothing_is_exit_4_and_another_set_is_exit_2(wecrm: Wecrm) -> None:
    assert wecrm("db", "path", "--profile", "@all").code == 4
    assert wecrm("db", "path", "--profile", "@some").code == 2


def test_the_flag_beats_the_environment_for_several_too(three: Wecrm) -> None:
    env = {"WECRM_PROFILE": "@all"}
    assert len(three("db", "path", "--profile", "sandbox", env=env).lines) == 1
    assert three("contacts", "list", "--profile", "sandbox", env=env).code == 0
    assert len(three("db", "path", "--profile", "acme,beta", env={"WECRM_PROFILE": "sandbox"}).lines) == 2


def test_each_profile_has_a_line_and_q_leaves_out_those_that_went_well(three: Wecrm) -> None:
    result = three("db", "path", "--profile", "acme,nobody")
    assert result.code == 4
    lines = result.err.splitlines()
    assert "acme: ok" in lines
    assert any(line.startswith("nobody: exit 4 (config): There is no profile nobody. To fix: ") for line in lines)
    assert lines[-1] == "exit 4 (config): 1 of 2 profiles did not end well: nobody."
    result = three("db", "path", "--profile", "nobody,acme", "-q")
    assert [line.split(":")[0] for line in result.err.splitlines()] == ["nobody", "exit 4 (config)"]


def test_a_configuration_that_is_wrong_is_told_once(wecrm: Wecrm) -> None:
    configured(wecrm, "profiles: [")
    result = wecrm("db", "path", "--profile", "acme,beta")
    assert result.code == 4
    assert result.err.count("not valid YAML") == 2  # the error, and the last line


def test_a_bug_that_one_corp_meets_does_not_stop_the_next(wecrm: Wecrm) -> None:
    configured(wecrm, 'profiles: {acme: {corp_id: wwacme0001, database: "no\\0file"}}')
    result = wecrm("sync", "tags", "--profile", "acme,sandbox")
    assert result.code == 1
    assert "acme: exit 1 (internal): wecrm met a bug" in result.err
    assert "sandbox: ok" in result.err
    assert wecrm.sql("SELECT state FROM sync_run") == [("done",)]


def test_a_signal_stops_the_profiles_that_come_after_it(three: Wecrm) -> None:
    result = three("db", "path", "--profile", "@all", signalled=lambda: TerminatedRun("Stopped by SIGTERM."))
    assert (result.code, result.out) == (143, "")
    assert "acme, beta" in result.err.splitlines()[-1]


def test_doctor_has_one_table_with_a_column_for_the_profile(three: Wecrm) -> None:
    result = three("doctor", "--profile", "sandbox,nobody", "-f", "json")
    assert result.code == 4
    rows = json.loads(result.out)
    states = {(row["profile"], row["check"]): row["state"] for row in rows}
    assert states["sandbox", "token.contact"] == "ok"
    assert states["nobody", "config.profile"] == "fail"
    assert "sandbox: ok" in result.err


def test_files_of_several_corps_have_the_profile_in_their_names(synced: Wecrm, tmp_path: Path) -> None:
    text = "profiles: {acme: {corp_id: wwacme0001}, sandbox: {corp_id: wwsandbox00000001}}"
    configured(synced, text)
    result = synced("db", "backup", str(tmp_path / "one.db"), "--profile", "acme,sandbox")
    assert result.code == 2
    assert "{profile}" in result.err
    result = synced("db", "backup", str(tmp_path / "{profile}.db"), "--profile", "acme,sandbox")
    assert result.code != 0  # acme was never synced
    assert "sandbox: ok" in result.err
    assert [path.name for path in tmp_path.glob("*.db")] == ["sandbox.db"]
    result = synced("db", "check", str(tmp_path / "{profile}.db"), "--profile", "sandbox,")
    assert (result.code, result.out) == (0, "")
