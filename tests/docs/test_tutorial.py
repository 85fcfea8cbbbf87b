"""The tutorial, and the how-to that shows what its commands do, typed line by line in both languages."""

from pathlib import Path

import pytest

from tests.conftest import Wecrm
from tests.docs.console import ROOT, agrees, edits, steps, typed

ENGLISH = ROOT / "docs"
CHINESE = ENGLISH / "zh"


def check(path: Path, wecrm: Wecrm, folder: Path, lang: str) -> None:
    """Every command of a document shows what the document says."""
    folder.mkdir()
    for step, seen in typed(path, wecrm, folder, lang):
        assert agrees(step.expected, seen), "\n".join(
            [f"{step.where}: $ {step.command}", "--- the document says", *step.expected, "--- what came", *seen]
        )


both_languages = pytest.mark.parametrize(("docs", "lang"), [(ENGLISH, "en"), (CHINESE, "zh")], ids=["en", "zh"])


@both_languages
def test_the_tutorial_shows_what_happens(docs: Path, lang: str, wecrm: Wecrm, tmp_path: Path) -> None:
    check(docs / "tutorial.md", wecrm, tmp_path / "desk", lang)


@both_languages
def test_the_tag_library_goes_as_its_how_to_shows(docs: Path, lang: str, synced: Wecrm, tmp_path: Path) -> None:
    check(docs / "howto" / "tag-library.md", synced, tmp_path / "desk", lang)


@both_languages
def test_rules_go_as_their_how_to_shows(docs: Path, lang: str, synced: Wecrm, tmp_path: Path) -> None:
    check(docs / "howto" / "rules.md", synced, tmp_path / "desk", lang)


@pytest.mark.parametrize(("page", "least"), [("tutorial.md", 25), ("howto/tag-library.md", 8), ("howto/rules.md", 5)])
def test_both_languages_have_the_same_commands_and_edits(page: str, least: int) -> None:
    english, chinese = (
        ([step.command for step in steps(docs / page)], [texts for _line, *texts in edits(docs / page)])
        for docs in (ENGLISH, CHINESE)
    )
    assert english == chinese
    assert len(english[0]) > least


def test_a_wrong_line_is_noticed() -> None:
    assert agrees(["a … c", "…", "end"], ["a b c", "x", "y", "end"])
    assert agrees(["…"], [])
    assert not agrees(["a … c"], ["a b d"])
    assert not agrees(["a"], ["a", "b"])
    assert not agrees(["a", "b"], ["a"])
