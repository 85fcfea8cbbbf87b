"""The leave calendar: a spreadsheet that says who is away from which day to which."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO

from wecrm.errors import UsageError
from wecrm.files import headings, sheets
from wecrm.files.sheets import FieldKind, Row
from wecrm.i18n import _
from wecrm.models.text import visible

FIELDS: Mapping[str, FieldKind] = {"userid": "id", "member": "text", "from": "text", "to": "text"}
NEEDED = (("userid", "from", "to"), ("member", "from", "to"))

_DAY = re.compile(r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?(?:[T ]0?0:00(?::00)?)?")
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Leave:
    """Somebody is away from `first` to `last`, both days included.

    `who` is a userid or a member's name as the file says it, `where` the address of that cell.
    """

    who: str
    first: date
    last: date
    where: str


def read(source: Path | BinaryIO, name: str) -> tuple[Leave, ...]:
    """The leaves of a CSV, TSV or XLSX file with the columns member (or userid), from and to.

    Raises:
        UsageError: no such columns, or a cell that is no day; with the address of each.
    """
    sheet = sheets.read(source, name=name, fields=FIELDS, required=NEEDED)
    found: list[Leave] = []
    wrong: list[str] = []
    for row in sheet.rows:
        places = _addresses(row, name)
        first, last = day(row.cells["from"]), day(row.cells["to"])
        complaints = list(_complaints(row, places, first, last))
        if complaints or first is None or last is None:
            wrong += complaints
            continue
        who = "userid" if row.cells.get("userid") else "member"
        found.append(Leave(row.cells[who], first, last, places[who]))
    if wrong:
        shown = wrong[:_SHOWN] + ([_("… and {n} more.", n=len(wrong) - _SHOWN)] if len(wrong) > _SHOWN else [])
        raise UsageError(
            _("{name} is no calendar of leaves.", name=name),
            "\n".join(shown),
            _("Write days like 2026-11-22; both are included."),
        )
    return tuple(found)


def day(text: str) -> date | None:
    """The day that a cell means, like 2026-11-22, 2026/11/22 or 2026年11月22日; None for anything else."""
    match = _DAY.fullmatch(text.strip())
    try:
        return date(int(match[1]), int(match[2]), int(match[3])) if match else None
    except ValueError:
        return None


def _addresses(row: Row, name: str) -> dict[str, str]:
    columns = headings.locate(list(row.original), headings.wanted(FIELDS, {}), name)
    return {field: f"{headings.letter(index)}{row.number}" for field, index in columns.items()}


def _complaints(row: Row, places: Mapping[str, str], first: date | None, last: date | None) -> Iterator[str]:
    if not row.cells.get("userid") and not row.cells.get("member"):
        yield _("{cell}: names nobody", cell=places.get("userid") or places["member"])
    for field, found in (("from", first), ("to", last)):
        if found is None:
            yield _("{cell}: not a day: {text}", cell=places[field], text=repr(visible(row.cells[field])[:20]))
    if first and last and last < first:
        yield _("{cell}: the last day stands before the first", cell=places["to"])
