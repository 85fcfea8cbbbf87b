"""The Chinese catalogue: complete, without leftovers, and the same places to be filled in."""

import json
import re
from string import Formatter

import pytest

from scripts.sentences import CATALOGUE, indirect, missing, rooms, stale, translated

ROOMS = sorted(rooms())
_CHINESE = re.compile("[\u3400-\u9fff\uff01-\uff60]")

NEUTRAL = {"IP", "exit {code} ({name}): {what}"}
"""What is the same in every language: a name, and what scripts look for."""

_COMMAND = re.compile(r"`?(wecrm|chmod|--[a-z-]+) [^`.]+`?")
"""A sentence that is nothing but a command, or a piece of one."""


def places(sentence: str) -> set[tuple[str, str, str]]:
    """The `{placeholders}` of a sentence with their format."""
    return {(name, spec or "", how or "") for _text, name, spec, how in Formatter().parse(sentence) if name is not None}


def test_there_is_a_catalogue_for_every_room_and_no_other() -> None:
    assert sorted(path.stem for path in CATALOGUE.glob("*")) == ROOMS


@pytest.mark.parametrize("room", ROOMS)
def test_every_sentence_is_translated(room: str) -> None:
    assert not missing()[room]


@pytest.mark.parametrize("room", ROOMS)
def test_nothing_is_translated_that_nobody_says(room: str) -> None:
    assert not stale()[room]


@pytest.mark.parametrize("room", ROOMS)
def test_translations_have_the_same_places_to_be_filled_in(room: str) -> None:
    for sentence, translation in translated(room).items():
        assert places(sentence) == places(translation), sentence


@pytest.mark.parametrize("room", ROOMS)
def test_translations_are_chinese(room: str) -> None:
    for sentence, translation in translated(room).items():
        assert translation.strip(), sentence
        same = sentence in NEUTRAL or _COMMAND.fullmatch(sentence)
        assert translation == sentence if same else _CHINESE.search(translation), sentence


@pytest.mark.parametrize("room", ROOMS)
def test_commands_in_backticks_stay_as_they_are(room: str) -> None:
    for sentence, translation in translated(room).items():
        quoted = re.findall(r"`(wecrm [^`]+)`", sentence)
        assert not [each for each in quoted if each not in translation], sentence


@pytest.mark.parametrize("room", ROOMS)
def test_no_sentence_stands_twice_in_a_file(room: str) -> None:
    pairs = json.loads((CATALOGUE / f"{room}.json").read_text("utf-8"), object_pairs_hook=list)
    assert len(pairs) == len(dict(pairs))


def test_a_sentence_has_one_translation() -> None:
    seen: dict[str, str] = {}
    for room in ROOMS:
        for sentence, translation in translated(room).items():
            assert seen.setdefault(sentence, translation) == translation, sentence


_DEFINITION = ("definition.counts", "definition.source", "definition.caveats")
INDIRECT = {
    *(("api/answers.py", f"code.{part}") for part in ("meaning", "cause", "fix")),
    ("operations/archive/media.py", "find(code).meaning"),
    ("operations/doctor_archive.py", "find(code).meaning"),
    *(("cli/explain.py", f"code.{part}") for part in ("meaning", "cause", "fix")),
    ("cli/explain.py", "topic.title"),
    ("cli/explain.py", "TOPICS[known].title"),
    ("cli/explain.py", "TOPICS[known].body"),
    ("cli/explain.py", "TOPICS['exit-codes'].body"),
    ("cli/explain.py", "REACTIONS[code.reaction]"),
    ("cli/registry.py", "COMMANDS[name][1]"),
    ("cli/report.py", "each.summary"),
    *(("cli/report.py", f"report.{part}") for part in ("summary", *_DEFINITION)),
    *(("cli/reporting.py", f"report.{part}") for part in ("title", "summary", *_DEFINITION)),
    *(("reports/dashboard.py", f"report.{part}") for part in ("title", "summary")),
    *(("reports/dashboard.py", part) for part in _DEFINITION),
    ("cli/results.py", "code.fix or code.meaning"),
    ("cli/sandbox.py", "column.title"),
    ("cli/sandbox.py", "meaning"),
    ("models/messagetypes/body.py", "self.label"),
    ("models/messagetypes/dealings.py", "self.label"),
    ("models/messagetypes/dealings.py", "status"),
    *(("operations/transfers.py", f"code.{part}") for part in ("meaning", "fix")),
    ("store/columns.py", "c.doc"),
    ("store/columns.py", "c.title"),
    ("store/columns.py", "self.title"),
    ("store/details.py", "ADD_WAYS[cell]"),
}
"""Sentences from tables, all of which `scripts/sentences.py` reads."""


def test_every_table_of_sentences_is_known() -> None:
    parser = {"cli/formatter.py", "cli/help.py"}  # what they look up was declared elsewhere
    found = {(path, expression) for path, expression in indirect() if path not in parser}
    assert found == INDIRECT, "let _listed of scripts/sentences.py read the new table, then name it here"


def test_a_missing_place_would_be_noticed() -> None:
    assert places("{n:,} rows in {path}") == {("n", ",", ""), ("path", "", "")}
    assert places("已写出 {n} 行到 {path}") != places("{n:,} rows in {path}")
