"""The errcode tables know every documented code and say something useful about it."""

import re
from collections import Counter
from pathlib import Path

import pytest

from wecrm.api.errcodes import LINES, TABLE, WAIT_WINDOW_S, Errcode, Reaction, find
from wecrm.api.topics import TOPICS
from wecrm.errors import SEVERITY, Exit

GOLDEN = Path(__file__).parents[1] / "golden" / "errcodes.txt"

ALLOWED = {
    Reaction.retry: {Exit.temporary},
    Reaction.wait: {Exit.temporary},
    Reaction.slow: {Exit.temporary},
    Reaction.restart: {Exit.temporary},
    Reaction.refresh: {Exit.config},
    Reaction.stop: {Exit.config, Exit.refused},
    Reaction.input: {Exit.usage},
    Reaction.item: {Exit.partial},
    Reaction.gone: {Exit.partial},
}


def golden() -> dict[int, bool]:
    """Each documented code, and whether it must be explained."""
    rows = [row.split() for row in GOLDEN.read_text("utf-8").splitlines() if row and not row.startswith("#")]
    return {int(code): rest == ["explained"] for code, *rest in rows}


def texts(line: Errcode) -> tuple[str, ...]:
    return tuple(text for text in (line.meaning, line.cause, line.fix) if text)


def test_every_documented_code_has_a_line() -> None:
    assert len(golden()) > 300
    assert set(golden()) - set(TABLE) == set()


def test_no_line_stands_for_an_undocumented_code() -> None:
    assert set(TABLE) - set(golden()) == set()


def test_no_code_has_two_lines() -> None:
    assert [code for code, times in Counter(line.code for line in LINES).items() if times > 1] == []


def test_every_line_has_a_meaning_and_a_chinese_term() -> None:
    assert [line.code for line in LINES if not line.meaning or not line.zh] == []
    assert [line.code for line in LINES if not any("\u4e00" <= letter <= "\u9fff" for letter in line.zh)] == []


def test_codes_that_admins_meet_have_a_cause_and_a_fix() -> None:
    explained = [code for code, must in golden().items() if must]
    assert len(explained) > 60
    assert [code for code in explained if not (find(code).cause and find(code).fix)] == []


def test_only_wrong_input_may_go_without_cause_and_fix() -> None:
    bare = {line.reaction for line in LINES if not (line.cause and line.fix)}
    assert bare == {Reaction.input}


def test_cause_and_fix_come_together() -> None:
    assert [line.code for line in LINES if bool(line.cause) != bool(line.fix)] == []


def test_texts_are_whole_sentences_without_placeholders() -> None:
    for line in LINES:
        for text in texts(line):
            assert text[0].isupper() or text.startswith("wecrm "), (line.code, text)
            assert text.endswith("."), (line.code, text)
            assert text == " ".join(text.split()), (line.code, text)
            assert "{" not in text, (line.code, text)
            assert "}" not in text, (line.code, text)


def test_a_reaction_ends_only_with_the_exit_codes_it_may_end_with() -> None:
    assert set(ALLOWED) == set(Reaction)
    assert [line.code for line in LINES if line.code and line.exit not in ALLOWED[line.reaction]] == []


def test_success_ends_with_ok() -> None:
    assert [line.code for line in LINES if line.exit is Exit.ok] == [0]


@pytest.mark.parametrize(
    ("code", "reaction", "end"),
    [
        (-1, Reaction.retry, Exit.temporary),
        (40001, Reaction.stop, Exit.config),
        (40013, Reaction.stop, Exit.config),
        (40014, Reaction.refresh, Exit.config),
        (40058, Reaction.input, Exit.usage),
        (40068, Reaction.gone, Exit.partial),
        (40091, Reaction.stop, Exit.config),
        (40128, Reaction.item, Exit.partial),
        (41002, Reaction.stop, Exit.config),
        (41004, Reaction.stop, Exit.config),
        (42001, Reaction.refresh, Exit.config),
        (45009, Reaction.wait, Exit.temporary),
        (45031, Reaction.stop, Exit.config),
        (45033, Reaction.slow, Exit.temporary),
        (48002, Reaction.stop, Exit.refused),
        (50100, Reaction.restart, Exit.temporary),
        (60011, Reaction.item, Exit.partial),
        (60020, Reaction.stop, Exit.config),
        (60111, Reaction.item, Exit.partial),
        (84061, Reaction.gone, Exit.partial),
        (301042, Reaction.stop, Exit.config),
        (10001, Reaction.retry, Exit.temporary),
        (10010, Reaction.gone, Exit.partial),
    ],
)
def test_a_well_known_code_has_its_reaction_and_exit_code(code: int, reaction: Reaction, end: Exit) -> None:
    assert (find(code).reaction, find(code).exit) == (reaction, end)


def test_an_unknown_code_is_recorded_against_its_item_and_ends_as_refused() -> None:
    unknown = find(987654)
    assert 987654 not in TABLE
    assert (unknown.code, unknown.reaction, unknown.exit) == (987654, Reaction.item, Exit.refused)
    assert "unknown" in unknown.meaning
    assert unknown.cause
    assert unknown.fix


def test_the_table_cannot_be_changed_by_its_readers() -> None:
    with pytest.raises(TypeError):
        TABLE[1] = find(1)  # type: ignore[index]


def test_a_minute_limit_blocks_for_a_minute_and_an_hour_limit_for_an_hour() -> None:
    assert dict(WAIT_WINDOW_S) == {"minute": 60, "hour": 3600}


def test_every_topic_that_a_fix_refers_to_exists() -> None:
    named = {
        after.split("`")[0] for line in LINES for text in texts(line) for after in text.split("`wecrm explain ")[1:]
    }
    assert {"limits", "secrets", "visible-range", "tags"} <= named
    assert named - set(TOPICS) == set()


@pytest.mark.parametrize("name", TOPICS)
def test_a_topic_is_a_short_page_that_fits_a_terminal(name: str) -> None:
    title, body = TOPICS[name]
    lines = body.splitlines()
    assert title
    assert 4 <= len(lines) <= 15
    assert max(len(line) for line in lines) <= 105
    assert body == body.strip()
    assert "{" not in body


def test_the_exit_code_topic_names_every_exit_code() -> None:
    body = TOPICS["exit-codes"].body
    assert [end for end in Exit if str(int(end)) not in body] == []
    order = [int(number) for number in re.findall(r"\d+", body.splitlines()[-1])]
    assert order == [end for end in SEVERITY if end not in (Exit.interrupt, Exit.terminate, Exit.ok)]
