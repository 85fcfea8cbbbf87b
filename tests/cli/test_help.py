"""Help: examples first, and examples that work."""

import re
import shlex
from typing import Any

import pytest
from wcwidth import wcswidth

from tests.cli.conftest import leaves
from tests.conftest import Wecrm
from wecrm.cli.globals import hoist
from wecrm.cli.registry import COMMANDS

FIRST_WORDS = list(COMMANDS)


@pytest.fixture(autouse=True)
def _eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def examples(text: str) -> list[str]:
    """The lines below `Examples:`."""
    return [line.strip() for line in text.split("Examples:\n", 1)[1].strip("\n").split("\n\n", 1)[0].splitlines()]


def words_of(example: str) -> list[str]:
    """The words after `wecrm`, without comments, pipes and redirections."""
    words = shlex.split(example, comments=True)
    end = next((n for n, word in enumerate(words) if word in ("<", ">", "|", "&&")), len(words))
    return words[words.index("wecrm") + 1 : end]


def parse(root: Any, words: list[str]) -> None:
    """Parse a command line as far as possible without running it."""
    context = root.make_context("wecrm", hoist(words), obj={})
    name, command, rest = root.resolve_command(context, [*context._protected_args, *context.args])
    while hasattr(command, "resolve_command"):
        context = command.make_context(name, rest, parent=context)
        name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
    command.make_context(name, rest, parent=context)


def test_the_root_help_begins_with_examples_and_lists_every_command(corp: Wecrm) -> None:
    result = corp("--help")
    assert result.code == 0
    assert result.out.split("\n\n")[1].strip() == "Examples:"
    for name in FIRST_WORDS:
        assert re.search(rf"^  {name}  ", result.out, re.MULTILINE)


def test_without_a_word_the_help_is_shown(corp: Wecrm) -> None:
    assert corp().out == corp("--help").out


@pytest.mark.parametrize("first", FIRST_WORDS)
def test_every_command_has_help_that_begins_with_examples_and_fits_80_columns(
    first: str, root: Any, corp: Wecrm
) -> None:
    for words, _command in leaves(root, first):
        result = corp(*words, "--help")
        assert (result.code, result.err) == (0, ""), words
        assert result.out.split("\n\n")[1].strip() == "Examples:", words
        assert examples(result.out), words
        wide = [line for line in result.lines if wcswidth(line) > 80]
        assert not wide, words


@pytest.mark.parametrize("first", ["", *FIRST_WORDS])
def test_every_example_is_understood_by_the_parser(first: str, root: Any, corp: Wecrm) -> None:
    lines = [((), "--help")] if not first else [(words, "--help") for words, _command in leaves(root, first)]
    for words, flag in lines:
        for example in examples(corp(*words, flag).out):
            if "$(wecrm" in example:
                example = example.split("$(", 1)[1].split(")", 1)[0]
            parse(root, words_of(example))


@pytest.mark.parametrize("first", FIRST_WORDS)
def test_every_option_and_argument_says_what_it_is(first: str, root: Any) -> None:
    for words, command in leaves(root, first):
        silent = [each.name for each in command.params if not getattr(each, "help", None)]
        assert not silent, words


def test_a_misspelt_command_is_told_the_nearest(corp: Wecrm) -> None:
    result = corp("contatcs", "list")
    assert result.code == 2
    assert "Did you mean contacts" in result.err


@pytest.mark.parametrize("first", FIRST_WORDS)
def test_a_misspelt_verb_is_told_the_nearest(first: str, root: Any, corp: Wecrm) -> None:
    for words, _command in leaves(root, first):
        if len(words) == 2:
            result = corp(words[0], words[1] + "x")
            assert result.code == 2, words
            assert words[1] in result.err, words


def test_a_misspelt_option_is_told_the_nearest(corp: Wecrm) -> None:
    result = corp("contacts", "list", "--colums", "name")
    assert result.code == 2
    assert "--columns" in result.err


@pytest.mark.parametrize("first", FIRST_WORDS)
def test_help_of_a_group_lists_its_verbs_with_one_sentence_each(first: str, root: Any, corp: Wecrm) -> None:
    result = corp(first, "--help")
    assert result.code == 0
    assert all(wcswidth(line) <= 80 for line in result.lines)
    for words, _command in leaves(root, first):
        assert len(words) == 1 or re.search(rf"^  {words[1]}  +\S", result.out, re.MULTILINE), words
