"""What a full run of the fault matrix found, kept as data: the exit code of every cell."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from tests.acceptance.matrix.cells import KILLED
from tests.acceptance.matrix.places import Cell, Place

DATA: Final = Path(__file__).parents[3] / "docs" / "explain" / "faults.json"

Codes = dict[str, list[int]]
"""For each kind and moment the exit codes for once and for always."""
Results = dict[str, dict[str, Codes]]
"""By row, then by place: position, API and how many of its calls go well first."""


def place_name(place: Place) -> str:
    """A place in the kept data."""
    return f"{place.position} {place.path.removeprefix('/cgi-bin/')} {place.skip}"


def place_of(name: str) -> Place:
    """The place behind its name."""
    position, path, skip = name.split()
    return Place(position, path if path.startswith("/") else f"/cgi-bin/{path}", int(skip))


def cells_of(row: str, results: Mapping[str, Codes]) -> Iterable[tuple[Cell, int]]:
    """The cells of a row with the codes that were kept."""
    for name, codes in results.items():
        for fault, found in codes.items():
            kind, when = fault.split()
            for always, code in zip((False, True), found, strict=True):
                yield Cell(row, place_of(name), kind, when, always), code


def kept() -> Results:
    """The committed results."""
    return json.loads(DATA.read_text("utf-8")) if DATA.exists() else {}


def text(results: Results) -> str:
    """The results as they are kept: a line for each place."""
    rows = []
    for row, places in results.items():
        lines = [f"    {json.dumps(name)}: {json.dumps(codes)}" for name, codes in places.items()]
        rows.append(f"  {json.dumps(row)}: {{\n" + ",\n".join(lines) + "\n  }")
    return "{\n" + ",\n".join(rows) + "\n}\n"


def add(results: Results, cell: Cell, code: int) -> None:
    """Put in the code of one cell; a killed process shows as a shell shows it."""
    codes = results.setdefault(cell.row, {}).setdefault(place_name(cell.place), {})
    codes.setdefault(f"{cell.kind} {cell.when}", [-1, -1])[cell.always] = 137 if code == KILLED else code
