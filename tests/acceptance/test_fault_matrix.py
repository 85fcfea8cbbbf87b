"""Every command that talks to WeCom against every fault, at every kind of call, once and always.

Rows are in `matrix/rows.py`, what a cell must end with in `matrix/cells.py`. The short form runs a sample that has
every row and every column, the long form all; both hold docs/explain/faults.md to what they see.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from random import Random

import pytest

from tests.acceptance.matrix import deeds, page, results, scene
from tests.acceptance.matrix.cells import KILLED, Bench
from tests.acceptance.matrix.places import Cell, cells_of
from tests.acceptance.matrix.rows import ELSEWHERE, OFFLINE, ROWS
from wecrm.cli._tree import COMMANDS
from wecrm.sandbox import control, faults

SEED = 9
KEPT = results.kept()

Expected = tuple[Cell, int]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("matrix"))


def sample() -> dict[str, list[Expected]]:
    """At least one cell of each row and of each column: position, kind, moment and how often."""
    everything = [(row, expected) for row in KEPT for expected in results.cells_of(row, KEPT[row])]
    Random(SEED).shuffle(everything)
    columns: set[object] = set()
    found: dict[str, list[Expected]] = {}
    for row, (cell, code) in everything:
        column = cell.place.position, cell.kind, cell.when, cell.always
        if column not in columns or row not in found:
            columns.add(column)
            found.setdefault(row, []).append((cell, code))
    return found


def leaves() -> Iterator[str]:
    """Every command that has no verbs below it."""
    return (name for name in COMMANDS if not any(other.startswith(f"{name} ") for other in COMMANDS))


def command_of(argv: tuple[str, ...]) -> str:
    """The command that a command line begins with."""
    return max((name for name in COMMANDS if argv[: len(name.split())] == tuple(name.split())), key=len)


def check(bench: Bench, expected: list[Expected]) -> None:
    wrong = []
    for cell, code in expected:
        seen = bench.run(cell)
        wrong += [f"{cell.key}: {each}" for each in seen.wrong]
        if (137 if seen.code == KILLED else seen.code) != code:
            wrong.append(f"{cell.key}: ended with {seen.code}, the page says {code}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("row", "expected"), sample().items(), ids=sample().keys())
def test_a_sample_of_cells(bench: Bench, row: str, expected: list[Expected]) -> None:
    check(bench, expected)
    made = {results.place_name(place) for place in bench.clean(row).places}
    assert made == KEPT[row].keys(), "the calls of this row changed: run scripts/faults.py for it"


@pytest.mark.long
@pytest.mark.parametrize("row", ROWS)
def test_all_cells(bench: Bench, row: str) -> None:
    codes = dict(results.cells_of(row, KEPT[row]))
    check(bench, [(cell, codes[cell]) for cell in cells_of(row, bench.clean(row).places)])


def test_every_command_is_a_row_or_asks_wecom_nothing() -> None:
    known = {command_of(row.argv) for row in (*ROWS.values(), *OFFLINE.values())}
    assert [name for name in leaves() if name not in known and not name.startswith(ELSEWHERE)] == []
    assert KEPT.keys() == ROWS.keys(), "run scripts/faults.py for the rows that are missing"


def test_commands_that_ask_wecom_nothing(bench: Bench) -> None:
    for name, row in OFFLINE.items():
        home = scene.copied(bench.scene, bench.copy)
        with home.world() as world:
            last = max(call.id for call in control.calls(world))
            control.add_fault(world, kind="close", share=1.0)
        result = home(*bench.words(row.argv))
        assert result.code == row.code, (name, result.err)
        with home.world() as world:
            assert [call.path for call in control.calls(world, after=last)] == [], name


def test_a_row_that_says_more_than_was_done_is_told(bench: Bench) -> None:
    home = scene.copied(bench.scene, bench.copy)
    assert list(deeds.untrue(home)) == []
    with closing(sqlite3.connect(home.database)) as db, db:
        bad = db.execute("UPDATE job_row SET status = 'ok' WHERE status = 'failed'").rowcount
        moved = db.execute(
            "UPDATE job_row SET change = CAST(replace(CAST(change AS TEXT), ?, ?) AS BLOB) WHERE op LIKE 'transfer.%'",
            (bench.names["taker"], bench.names["heir"]),
        ).rowcount
    told = list(deeds.untrue(home))
    assert (bad, moved) == (1, 4)
    assert sum("no call did it" in each for each in told) == bad + moved
    assert sum("WeCom has not moved it" in each for each in told) == moved


def test_every_fault_that_the_sandbox_can_play_is_a_column() -> None:
    played = {fault.split()[0] for places in KEPT.values() for codes in places.values() for fault in codes}
    assert played == {*faults.KINDS, *faults.LIBRARY, *faults.HOST}
    assert played == {*page.FAULTS, *page.LIBRARY_FAULTS, *page.HOST_FAULTS}


def test_the_page_is_what_the_kept_codes_say() -> None:
    assert page.PAGE.read_text("utf-8") == page.page(KEPT)
    assert results.DATA.read_text("utf-8") == results.text(KEPT)


def test_leaves_are_the_commands_themselves() -> None:
    assert command_of(("tags", "push", "file")) == "tags push"
    assert "archive media fetch" in set(leaves())
    assert "archive media" not in set(leaves())
