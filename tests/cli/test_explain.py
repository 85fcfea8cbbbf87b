"""`wecrm explain`: codes, exit codes and topics, without a network and without a configuration."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Wecrm
from wecrm.api.errcodes import LINES, Reaction
from wecrm.api.topics import TOPICS
from wecrm.cli.explain import REACTIONS
from wecrm.errors import Exit


@pytest.fixture
def bare(tmp_path: Path) -> Wecrm:
    """A machine where nothing of wecrm has been set up."""
    return Wecrm(tmp_path / "nothing", env={"WECRM_PROFILE": ""})


def test_a_code_is_explained_with_meaning_chinese_term_cause_fix_reaction_and_exit_code(bare: Wecrm) -> None:
    result = bare("explain", "60020")
    assert result.code == 0
    for part in ("60020", "not trusted", "访问IP不在白名单之中", "Cause: ", "To fix: ", "企业可信IP", "4 (config)"):
        assert part in result.out
    assert "does not try again" in result.out
    assert result.err == ""


def test_several_codes_are_explained_one_after_the_other(bare: Wecrm) -> None:
    result = bare("explain", "40001", "48002", "-1")
    assert result.code == 0
    assert [line.split()[0] for line in result.lines if line and not line.startswith(" ")] == ["40001", "48002", "-1"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["errcode", "60020"], "60020"),
        (["errcode 60020"], "60020"),
        (["errcode: -1"], "-1"),
        (["WeCom", "answered", "errcode", "84061", "to", "externalcontact/list:", "not", "connected."], "84061"),
        (['{"errcode":84061,"errmsg":"not external contact, hint: [1760000000_12_0123456789abcdef]"}'], "84061"),
        (["2026-11-01 09:00:01 ERROR 45009 api freq out of limit, from ip: 203.0.113.5"], "45009"),
        (["exit 4 (config): WeCom answered errcode 60020 to gettoken"], "60020"),
        (["code", "40058"], "40058"),
    ],
)
def test_a_pasted_line_is_explained_by_the_first_code_that_is_known(bare: Wecrm, words: list[str], code: str) -> None:
    result = bare("explain", *words)
    assert result.code == 0
    assert result.lines[0].split()[0] == code


def test_every_known_code_can_be_explained(bare: Wecrm) -> None:
    result = bare("explain", *(str(line.code) for line in LINES), "-f", "json")
    rows = json.loads(result.out)
    assert [row["name"] for row in rows] == [str(line.code) for line in LINES]
    assert [row["exit"] for row in rows] == [int(line.exit) for line in LINES]
    assert [row["name"] for row in rows if row["name"] != "0" and not row["wecrm"]] == []


def test_every_reaction_has_a_sentence() -> None:
    assert set(REACTIONS) == set(Reaction)
    assert [text for text in REACTIONS.values() if not text.endswith(".")] == []


@pytest.mark.parametrize("code", list(Exit))
def test_every_exit_code_is_explained(bare: Wecrm, code: Exit) -> None:
    for words in (["exit", str(int(code))], [f"exit {int(code)}"]):
        result = bare("explain", *words)
        assert result.code == 0
        assert result.out.startswith(f"exit {int(code)} ({code.name})  ")


def test_the_last_line_of_a_run_can_be_pasted(bare: Wecrm) -> None:
    result = bare("explain", "exit 7 (safety): This plan makes 501 changes.")
    assert (result.code, result.out.split("  ")[0]) == (0, "exit 7 (safety)")


@pytest.mark.parametrize("name", TOPICS)
def test_every_topic_is_shown_by_its_name(bare: Wecrm, name: str) -> None:
    result = bare("explain", name)
    assert (result.code, result.out) == (0, f"{TOPICS[name].title}\n\n{TOPICS[name].body}\n")


@pytest.mark.parametrize(
    ("words", "name"),
    [(["trusted", "ip"], "trusted-ip"), (["Trusted_IP"], "trusted-ip"), (["live", "code"], "live-codes")],
)
def test_a_topic_is_found_however_it_is_written(bare: Wecrm, words: list[str], name: str) -> None:
    assert bare("explain", *words).lines[0] == TOPICS[name].title


def test_without_a_word_the_topics_are_listed(bare: Wecrm) -> None:
    result = bare("explain", "-f", "json")
    assert [row["topic"] for row in json.loads(result.out)] == list(TOPICS)
    assert bare("explain").lines[0] == "topic,title"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["trnsfers"], "Did you mean transfers"),
        (["987654"], "not a documented code"),
        (["60020", "987654"], "987654 is not a documented code"),
        (["60020", "limitz"], "Did you mean limits"),
        (["7"], "`wecrm explain exit 7`"),
        (["qqqqqq"], "lists the topics"),
        (["exit", "99"], "99 is not"),
    ],
)
def test_what_is_not_known_is_said_honestly_with_exit_2(bare: Wecrm, words: list[str], said: str) -> None:
    result = bare("explain", *words)
    assert (result.code, result.out) == (2, "")
    assert said in result.err


def test_scripts_get_the_same_as_rows(bare: Wecrm, tmp_path: Path) -> None:
    (row,) = json.loads(bare("explain", "45009", "-f", "json").out)
    assert (row["kind"], row["name"], row["reaction"], row["exit"]) == ("errcode", "45009", "wait", 5)
    result = bare("explain", "45009", "exit", "7", "-o", str(tmp_path / "codes.csv"), "--columns", "kind,name")
    assert result.code == 0
    assert (tmp_path / "codes.csv").read_text("utf-8-sig").split() == ["kind,name", "errcode,45009", "exit,7"]


def test_a_broken_configuration_does_not_keep_anything_from_being_explained(bare: Wecrm) -> None:
    bare.home.mkdir()
    (bare.home / "config.yaml").write_text("profiles: [")
    assert bare("explain", "60020").code == 0
    assert bare("explain", "60020", "-f", "json").code == 0
    assert bare("explain").code == 0


def test_the_code_that_an_error_named_is_explained_in_the_words_of_the_error(wecrm: Wecrm) -> None:
    assert wecrm("sandbox", "trust", "203.0.113.7").code == 0
    failed = wecrm("sync", "tags")
    assert failed.code == 4
    explained = wecrm("explain", failed.err.splitlines()[-1])
    assert explained.lines[0].startswith("60020")
    assert "127.0.0.1" in failed.err


def test_nothing_is_loaded_that_talks_to_a_network_or_a_database() -> None:
    script = (
        "import sys; from wecrm.cli.main import run; run(['explain', '60020'], environ={'WECRM_HOME': '/nonexistent'});"
        "print(sorted({'httpx', 'sqlite_utils', 'pyrate_limiter', 'werkzeug'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
