"""The tutorial, typed line by line."""

from pathlib import Path

import pytest

from tests.conftest import Wecrm
from tests.docs.console import ROOT, Reader, agrees, steps

TUTORIAL = ROOT / "docs" / "tutorial.md"


def test_the_tutorial_shows_what_happens(wecrm: Wecrm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "desk"
    folder.mkdir()
    reader = Reader(wecrm, folder, monkeypatch)
    found = steps(TUTORIAL)
    assert len(found) > 15
    for step in found:
        seen = reader.types(step)
        assert agrees(step.expected, seen), "\n".join(
            [f"{step.where}: $ {step.command}", "--- the tutorial says", *step.expected, "--- what came", *seen]
        )


def test_a_wrong_line_is_noticed() -> None:
    assert agrees(["a … c", "…", "end"], ["a b c", "x", "y", "end"])
    assert agrees(["…"], [])
    assert not agrees(["a … c"], ["a b d"])
    assert not agrees(["a"], ["a", "b"])
    assert not agrees(["a", "b"], ["a"])
