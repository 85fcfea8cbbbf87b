"""The Chinese pages name the same commands, in as many sections, as the English ones; their blocks: tests/docs."""

import re
from pathlib import Path

import pytest

from tests.docs.console import ROOT

PAGES = sorted((ROOT / "docs" / "zh").rglob("*.md"))
_FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")


def english(path: Path) -> str:
    """The English page of a Chinese one."""
    return (ROOT / "docs" / path.relative_to(ROOT / "docs" / "zh")).read_text("utf-8")


def quoted(text: str) -> set[str]:
    """What stands in backticks outside blocks, line breaks undone."""
    return set(_INLINE.findall(re.sub(r"\n *(?!\n)", " ", _FENCE.sub("", text))))


each_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)


@each_page
def test_commands_and_names_in_the_text_are_the_same(path: Path) -> None:
    here, there = quoted(path.read_text("utf-8")), quoted(english(path))
    assert here - {"怎么办："} == there - {"To fix:"}


@each_page
def test_every_page_has_as_many_sections(path: Path) -> None:
    levels = [re.findall(r"^#+", text, re.MULTILINE) for text in (path.read_text("utf-8"), english(path))]
    assert levels[0] == levels[1]


def test_there_are_pages() -> None:
    assert len(PAGES) >= 3
