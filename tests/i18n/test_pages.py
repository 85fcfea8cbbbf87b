"""The Chinese pages show the same commands as the English ones."""

import re
from pathlib import Path

import pytest

from tests.docs.console import ROOT

PAGES = sorted((ROOT / "docs" / "zh").rglob("*.md"))
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")


def english(path: Path) -> str:
    """The English page of a Chinese one."""
    return (ROOT / "docs" / path.relative_to(ROOT / "docs" / "zh")).read_text("utf-8")


def quoted(text: str) -> set[str]:
    """What stands in backticks outside blocks, line breaks undone."""
    return set(_INLINE.findall(re.sub(r"\n(?!\n)", " ", _FENCE.sub("", text))))


def shared(text: str) -> list[tuple[str, str]]:
    """Every block; of one that shows what its commands print, which is in the page's language, the commands alone."""
    return [
        (kind, "\n".join(line for line in block.splitlines() if line.startswith("$ ")) if block[:2] == "$ " else block)
        for kind, block in _FENCE.findall(text)
    ]


each_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)


@each_page
def test_blocks_are_the_same(path: Path) -> None:
    assert shared(path.read_text("utf-8")) == shared(english(path))


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
