"""Every line of the threat model has a guard, and the guard exists."""

import re

import pytest

from tests.docs.console import ROOT

PAGE = ROOT / "docs" / "explain" / "security.md"
_GUARD = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
_ROW = re.compile(r"^\|(?! ---|---| (?:What is tried|Trouble|Asset) ).*\|$", re.MULTILINE)

GUARDS = _GUARD.findall(PAGE.read_text("utf-8"))


@pytest.mark.parametrize(("path", "test"), GUARDS)
def test_a_guard_that_is_named_exists(path: str, test: str) -> None:
    assert re.search(rf"^def {test}\(", (ROOT / path).read_text("utf-8"), re.MULTILINE)


def test_every_threat_has_a_guard() -> None:
    _before, threats = PAGE.read_text("utf-8").split("## A customer", 1)
    rows = _ROW.findall(threats)
    assert len(rows) > 25
    assert [row for row in rows if not _GUARD.search(row)] == []


def test_the_page_is_found_from_where_people_begin() -> None:
    for place in ("README.md", "README.zh-CN.md", "docs/explain/architecture.md", "docs/contributing.md"):
        assert "security.md" in (ROOT / place).read_text("utf-8"), place
