"""The command line: any words in any order end in a documented exit code, with a reason, and never in a traceback."""

import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Result, Wecrm
from tests.fuzz.holding import LONG, kept, shown, tries
from wecrm.cli._tree import COMMANDS, GLOBALS, OPTIONS
from wecrm.errors import Exit

ENDS = {code.value for code in Exit} - {Exit.internal.value}
"""1 is a bug by definition."""

LEAVES = sorted(
    name
    for name in COMMANDS
    if not any(other.startswith(f"{name} ") for other in COMMANDS)
    and name.split()[0] not in ("sandbox", "completion")  # one that ends when it is told to, and one for shells
)
WORDS = (
    "", " ", "-", "--", "?", "*", "0", "-1", "1e9", "99999999999999999999", "nan", "10%", "-5%", "101%", "26h", "0s",
    "9999999d", "2026-02-30", "0000-00-00", "9999-12-31", "今天", "null", "true", "VIP", "等级/金", "a,b,,c", "a=b",
    "x'; DROP TABLE member;--", "userid = 'a'", "tag has", "(((((", "\x1b[31m", "‮", "🙂", "\udcd6\udcdc", "x" * 3000,
    "zh", "json", "xlsx", "nothing.csv", "input.csv", "folder", "out.csv", "out.xlsx", "wwsandbox00000001",
    "wm02e4djwfj8Vx9U1PE_HJq1xNoPhgtP", "he.chenxi",
)  # fmt: skip
"""Texts that are nearly right, plainly wrong, or hostile; the files lie in the folder that the test runs in."""

FILES = ("nothing.csv", "input.csv", "folder", "out.csv", "out.xlsx", "new.plan")


@st.composite
def lines(draw: st.DrawFn) -> list[str]:
    """A command with some of its options, some of the global ones, and too few or too many words."""
    command = draw(st.sampled_from(LEAVES))
    _about, wanted, own = COMMANDS[command]
    found = command.split()
    for _n in range(draw(st.integers(0, len(wanted) + 1))):
        found.append(draw(st.sampled_from(WORDS)))
    known = [OPTIONS[n] for n in own] * 2 + [OPTIONS[n] for n in GLOBALS]
    for names, kind, _help, _many in draw(st.lists(st.sampled_from(known), max_size=4)):
        if names[0] in ("--debug", "--config"):
            continue
        found.append(draw(st.sampled_from(names)))
        if kind == "file":
            found.append(draw(st.sampled_from(FILES)))
        elif kind.startswith("one ") and draw(st.booleans()):
            found.append(draw(st.sampled_from(kind.removeprefix("one ").split("|"))))
        elif kind:
            found.append(draw(st.sampled_from(WORDS)))
    return draw(st.permutations(found)) if draw(st.integers(0, 9)) == 0 else found


def said(result: Result, argv: list[str]) -> None:
    """What every end of a command has to hold."""
    assert result.code in ENDS, (argv, result.code, result.err)
    assert "Traceback" not in result.err, (argv, result.err)
    assert "Traceback" not in result.out, argv
    if result.code not in (Exit.ok, Exit.changes):
        assert result.err.strip(), (argv, result.code)


def try_all(home: Wecrm, count: int) -> Counter[int]:
    ends: Counter[int] = Counter()

    @tries(count)
    @given(argv=lines())
    def each(argv: list[str]) -> None:
        with shown("\0".join(argv).encode("utf-8", "surrogateescape"), home.home):
            result = home(*argv)
            ends[result.code] += 1
            said(result, argv)

    each()
    return ends


@pytest.fixture
def desk(synced: Wecrm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wecrm:
    """A home, and a working folder with a file and a folder in it."""
    place = tmp_path / "desk"
    place.mkdir()
    (place / "folder").mkdir()
    (place / "input.csv").write_text("userid,external_userid\nhe.chenxi,wm02e4djwfj8Vx9U1PE_HJq1xNoPhgtP\n", "utf-8")
    monkeypatch.chdir(place)
    return synced


def test_any_command_line_ends_as_documented(desk: Wecrm) -> None:
    ends = try_all(desk, 60)
    assert ends[2] > 10
    assert ends[0] > 3


@pytest.mark.long
def test_any_command_line_ends_as_documented_thousands_of_times(desk: Wecrm) -> None:
    try_all(desk, LONG // 2)


@pytest.mark.parametrize("file", kept("command_line"), ids=lambda file: file.name)
def test_kept_command_lines(desk: Wecrm, file: Path) -> None:
    argv = file.read_bytes().decode("utf-8", "surrogateescape").split("\0")
    said(desk(*argv), argv)
    assert os.listdir("folder") == []
