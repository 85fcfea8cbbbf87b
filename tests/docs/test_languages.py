"""Every how-to stands in both languages, with the same commands, units and settings in its blocks."""

import re
from itertools import zip_longest
from pathlib import Path

import pytest

from tests.docs.console import DOCS, ROOT
from tests.docs.test_links import prose

ENGLISH = ROOT / "docs" / "howto"
CHINESE = ROOT / "docs" / "zh" / "howto"
PAGES = sorted({path.name for folder in (ENGLISH, CHINESE) for path in folder.glob("*.md")})

_FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"(?:^|\s+)# .*$")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_NUMBER = re.compile(r"\d+")
_LINK = re.compile(r"\[([^\]]*)\]\(([^)\s#]+)[^)]*\)")


def blocks(page: str) -> list[tuple[str, list[str]]]:
    """(what stands behind its fence, lines) of every block; of a session on a terminal only what is typed."""
    found = []
    for fence, text in _FENCE.findall(page):
        lines = text.splitlines()
        typed = [line for line in lines if line.startswith("$ ")]
        found.append((fence, typed if fence == "console" and typed else lines))
    return found


def differences(english: str, chinese: str) -> list[str]:
    """What the blocks of one page do otherwise than those of the other, a line each."""
    found = []
    for one, other in zip_longest(blocks(english), blocks(chinese), fillvalue=("no block", [])):
        if one[0] != other[0]:
            found.append(f"{one[0]} | {other[0]}")
        pairs = zip_longest(one[1], other[1], fillvalue="no line")
        found += [f"{line} | {there}" for line, there in pairs if not _same(one[0].partition(" ")[0], line, there)]
    return found


def _same(language: str, english: str, chinese: str) -> bool:
    """Whether a line does the same in both: only comments, words for people and what wecrm says are in Chinese."""
    if _COMMENT.sub("", english) == _COMMENT.sub("", chinese):
        return True
    key, colon, _value = english.partition(": ")
    if not colon or not _HAN.search(chinese) or sorted(_NUMBER.findall(english)) != sorted(_NUMBER.findall(chinese)):
        return False
    return language == "text" or (language in ("yaml", "sql") and chinese.startswith(f"{key}: "))


@pytest.mark.parametrize("name", PAGES)
def test_a_how_to_has_the_same_blocks_in_both_languages(name: str) -> None:
    english, chinese = ((folder / name).read_text("utf-8") for folder in (ENGLISH, CHINESE))
    assert blocks(english)
    assert differences(english, chinese) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_chinese_how_to_names_the_english_one_first(name: str) -> None:
    assert (CHINESE / name).read_text("utf-8").splitlines()[2] == f"[English](../../howto/{name})"


def test_chinese_pages_lead_to_chinese_ones_where_they_exist() -> None:
    chinese = [path for path in DOCS if path.is_relative_to(ROOT / "docs" / "zh")] + [ROOT / "README.zh-CN.md"]
    astray = [
        f"{path.name}: {target}"
        for path in chinese
        for label, target in _LINK.findall(prose(path))
        if label != "English" and "://" not in target and _translated((path.parent / target).resolve())
    ]
    assert astray == []


def _translated(path: Path) -> bool:
    docs = ROOT / "docs"
    return path.is_relative_to(docs) and (docs / "zh" / path.relative_to(docs)).exists()


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("```console\nwecrm sync\n```", "```console\nwecrm sync tags\n```"),
        ("```console\n$ wecrm sync\n12 read\n```", "```console\n$ wecrm sync 标签\n读到 12\n```"),
        ("```sh\nwecrm sync  # all\n```", "```sh\nwecrm status  # 全部\n```"),
        ("```text\npodman build -t wecrm .\n```", "```text\npodman build -t 镜像 .\n```"),
        ("```text\nacme: 2 of 3 failed\n```", "```text\nacme：3 个中有 1 个失败\n```"),
        ("```ini\nUMask=0077\nType=oneshot\n```", "```ini\nUMask=0077\n```"),
        ("```yaml\nname: acme\n```", "```yaml\ntitle: 企业\n```"),
        ("```yaml\nname: acme\n```", "```yaml\nname: beta\n```"),
        ("```yaml a.yaml\n```", "```yaml b.yaml\n```"),
        ("```sh\nwecrm sync\n```", ""),
    ],
)
def test_a_block_that_does_something_else_is_noticed(english: str, chinese: str) -> None:
    assert differences(english + "\n", english + "\n") == []
    assert differences(english + "\n", chinese + "\n")
