"""The Chinese pages show the same commands as the English ones."""

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
    return set(_INLINE.findall(re.sub(r"\n(?!\n)", " ", _FENCE.sub("", text))))


def shared(text: str) -> list[tuple[str, str]]:
    """Every block without what is in the page's language: what commands print, comments and values of a YAML file."""
    return [(kind, "\n".join(_same(kind, block))) for kind, block in _FENCE.findall(text)]


def _same(kind: str, block: str) -> list[str]:
    lines = block.splitlines()
    if block[:2] == "$ ":
        return [line for line in lines if line.startswith("$ ")]
    if kind == "text":  # what a command printed
        return [""] * len(lines)
    if kind.startswith("yaml"):
        return [line.split(":")[0] for line in lines if not line.lstrip("- ").startswith("#")]
    if kind == "sql":  # headings of a report, whose texts are in the page's language
        return [line.split(":")[0] if line.startswith("-- ") else line for line in lines]
    return lines


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
