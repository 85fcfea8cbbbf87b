"""Both READMEs: their commands work as they stand, and they are the same."""

from pathlib import Path

import pytest

from tests.conftest import Wecrm
from tests.docs.console import ROOT, Reader, Step, blocks

READMES = ROOT / "README.md", ROOT / "README.zh-CN.md"


def commands(path: Path) -> list[Step]:
    """Every line of the `sh` blocks, without comments."""
    return [
        Step(f"{path.name}:{n}", line.partition("  #")[0].strip())
        for first, text in blocks(path, "sh")
        for n, line in enumerate(text.splitlines(), first)
        if line.strip()
    ]


def test_both_readmes_show_the_same_commands() -> None:
    english, chinese = ([step.command for step in commands(path)] for path in READMES)
    assert english == chinese
    assert english[:2] == ["scripts/demo", "scripts/test"]


def test_both_readmes_link_to_the_same_pages() -> None:
    english, chinese = (path.read_text("utf-8") for path in READMES)
    pages = [
        sorted({part.split(")")[0].removeprefix("zh/") for part in text.split("](docs/")[1:]})
        for text in (english, chinese)
    ]
    assert pages[0] == pages[1]


def test_the_scripts_of_the_readme_exist() -> None:
    for step in commands(READMES[0]):
        if step.command.startswith("scripts/"):
            assert (ROOT / step.command).stat().st_mode & 0o100, step.where


def test_the_commands_of_the_readme_end_well(wecrm: Wecrm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "desk"
    folder.mkdir()
    reader = Reader(wecrm, folder, monkeypatch)
    run = [step for step in commands(READMES[0]) if step.command.startswith(("wecrm", "export"))]
    assert len(run) > 15
    for step in run:
        seen = reader.types(step)
        assert not any(line.startswith("exit ") for line in seen), "\n".join([step.where, step.command, *seen])
    assert (folder / "result.csv").exists()
