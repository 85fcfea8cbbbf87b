"""Every command, in Chinese, says nothing in English that has a translation."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from wcwidth import wcswidth

from scripts.sentences import rooms, translated
from tests.cli.conftest import leaves
from tests.cli.test_help import words_of
from tests.conftest import Wecrm
from wecrm import i18n
from wecrm.cli.registry import COMMANDS

SERVING = {("sandbox", "serve")}
"""Commands that go on until somebody stops them."""

SMALL = "200"
"""How large the sandboxes of the examples become here."""

DRIVER = """
import io, json, sys
from wecrm.cli.main import run
environ = json.loads(sys.argv[1])
screen, told = sys.stdout, []
for words in json.load(sys.stdin):
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2)]
    sys.stdin = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    sys.stdout, sys.stderr = streams
    code = run(words, environ=environ)
    told.append([words, code, *(each.buffer.getvalue().decode() for each in streams)])
json.dump(told, screen)
"""
"""Runs command lines in a fresh process, where the language is chosen before a command is imported."""

PRELUDE = (
    "sync",
    "doctor -f table",
    "contacts list --limit 3 --columns userid,external_userid -o vip.csv",
    "tags plan vip.csv --add VIP -o vip.plan",
    "tags plan vip.csv --add 没有这个 -o no.plan",
    "tags create 旅行 甲 乙 --yes",
    "tags plan vip.csv --add 旅行/甲 -o vip.plan",
    "plan show vip.plan -f table",
    "apply vip.plan",
    "apply vip.plan --yes",
    "apply vip.plan --yes",
    "jobs list -f table",
    "members list --columns ?",
    "members show nobody",
    "contacts show nobody",
    "contacts list --where nonsense",
    "contacts list --where status='active",
    "contacts list --sort nonsense",
    "sql DELETE",
    "tags delete nonsense",
    "report nonsense",
    "explain 999999",
    "explain nonsense",
    "jobs show nonsense",
    "--profile nobody doctor",
)


def command_lines(root: Any) -> Iterator[list[str]]:
    """The prelude, then the examples of every command, as tables where they are rows."""
    yield from (line.split() for line in PRELUDE)
    for first in COMMANDS:
        for words, command in leaves(root, first):
            yield [*words, "--help"]
            if words in SERVING:
                continue
            options = {option for parameter in command.params for option in parameter.opts}
            for line in command.help.split("\b\n", 1)[1].split("\n\n")[0].splitlines():
                if "$(" in line or "wecrm " not in line:
                    continue
                found = [SMALL if words == ("sandbox", "seed") and word.isdigit() else word for word in words_of(line)]
                table = "--format" in options and not {"-f", "-o", "--format", "--output"} & set(found)
                yield [*found, *(["-f", "table"] if table else [])]


@pytest.fixture(scope="module")
def told(root: Any, seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> list[list[Any]]:
    """[words, exit code, stdout, stderr] of every command line, run in Chinese."""
    folder = tmp_path_factory.mktemp("tour")
    shutil.copytree(seeded, folder / "home")
    environ = {"WECRM_HOME": str(folder / "home"), "WECRM_PROFILE": "sandbox", "WECRM_LANG": "zh"}
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, json.dumps(environ)],
        input=json.dumps(list(command_lines(root))),
        cwd=folder,
        env={"COLUMNS": "80", "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def english_sentences() -> re.Pattern[str]:
    """A whole line, with or without a mark before it, that is an English sentence of ours."""
    patterns = []
    for room, sentences in rooms().items():
        for sentence in sentences:
            words = len(re.findall(r"[A-Za-z']{2,}", re.sub(r"\{[^}]*\}", "", sentence)))
            if (
                words > (2 if "{" in sentence else 1)
                and translated(room).get(sentence, "") != sentence
                and "\n" not in sentence
            ):
                patterns.append(re.sub(r"\\{[^}]*\\}", ".*", re.escape(sentence)))
    return re.compile(rf"(?:Error: |To fix: |exit \d+ \(\w+\): |- )?(?:{'|'.join(patterns)})")


def test_the_tour_meets_no_bug(told: list[list[Any]]) -> None:
    assert len(told) > 60
    bugs = [(words, err) for words, code, _out, err in told if code == 1]
    assert not bugs


def test_the_tour_meets_no_english_sentence(told: list[list[Any]]) -> None:
    english = english_sentences()
    found = [
        (words, line)
        for words, _code, out, err in told
        for line in (*out.splitlines(), *err.splitlines())
        if english.fullmatch(line.strip())
    ]
    assert not found


def test_an_english_sentence_would_be_noticed() -> None:
    assert english_sentences().fullmatch("Error: There is no tag VIP.")
    assert not english_sentences().fullmatch("错误：没有标签 VIP。")


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@pytest.mark.parametrize("first", ["", *COMMANDS])
def test_help_fits_80_cells(first: str, language: str, root: Any, seeded: Path) -> None:
    wecrm = Wecrm(seeded)
    pages = [(first,) if first else ()] + ([words for words, _command in leaves(root, first)] if first else [])
    for words in pages:
        result = wecrm(*words, "--help", "--lang", language)
        assert (result.code, result.err) == (0, ""), words
        assert not [line for line in result.lines if wcswidth(line) > 80], words


@pytest.mark.parametrize("first", COMMANDS)
def test_definitions_in_chinese_help_stand_below_each_other(first: str, root: Any, seeded: Path) -> None:
    wecrm = Wecrm(seeded)
    for words, _command in leaves(root, first):
        lines = wecrm(*words, "--help", "--lang", "zh").out.split("选项：\n", 1)[1].splitlines()
        starts = {
            len(found[0]) for line in lines if (found := re.match(r"  -.*?  +(?=\S)", line)) and len(found[0]) < 36
        }
        assert len(starts) == 1, words
