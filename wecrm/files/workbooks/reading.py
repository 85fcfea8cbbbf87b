"""A sheet of an XLSX workbook as rows of texts; formulas give the values they were saved with."""

import contextlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from wecrm.errors import UsageError
from wecrm.files.workbooks import package
from wecrm.i18n import _
from wecrm.models.text import visible

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

_DIGITS = 10**15  # a spreadsheet's number has 15 digits
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Page:
    """One sheet, its rows read as often as wanted."""

    _sheet: "CalamineSheet"
    _failed: Mapping[tuple[int, int], str]

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Every row with its number, as wide as the first that is not blank, or wider if there is more."""
        width = 0
        left = [""] * (self._sheet.start[1] if self._sheet.start else 0)  # columns that nothing stands in
        for number, cells in enumerate(self._sheet.iter_rows(), 1):
            texts = left + [cell if isinstance(cell, str) else _text(cell) for cell in cells]
            if self._failed:
                self._put_failed(number - 1, texts)
            while len(texts) > width and not texts[-1].strip():
                texts.pop()
            width = width or len(texts)
            texts += [""] * (width - len(texts))
            yield number, texts

    def _put_failed(self, row: int, texts: list[str]) -> None:
        for column, text in enumerate(texts):
            if not text and (row, column) in self._failed:
                texts[column] = self._failed[row, column]


def opened(data: bytes, name: str, sheet: str = "") -> Page:
    """The sheet called `sheet`, or else the first, of the workbook in `data`.

    Raises:
        UsageError: not an XLSX workbook, a damaged or dangerous one, or no such sheet.
    """
    found = package.examined(data, name)
    with _damage_told(name):
        from python_calamine import CalamineWorkbook

        book = CalamineWorkbook.from_filelike(io.BytesIO(found.data))
        title = _title(book.sheet_names, sheet, name)
        return Page(book.get_sheet_by_name(title), _failed_of(found, book, title))


def _failed_of(found: package.Package, book: "CalamineWorkbook", title: str) -> Mapping[tuple[int, int], str]:
    """The failed cells of that sheet; of all of them where it is not clear which part it is."""
    if not found.failed:
        return {}
    from wecrm.files.workbooks.parts import part_of

    part = part_of(found.data, title)
    if part is not None:
        return found.failed.get(part, {})
    return {place: text for cells in found.failed.values() for place, text in cells.items()}


def _title(names: Sequence[str], sheet: str, name: str) -> str:
    if not names:
        raise UsageError(_("{name} is empty.", name=name), fix=_("The first row names the columns; the rows follow."))
    if not sheet:
        return names[0]
    if sheet not in names:
        raise UsageError(
            _("{name} has no sheet {sheet}.", name=name, sheet=visible(sheet)),
            why=_("Its sheets: {names}.", names=", ".join(map(visible, names[:_SHOWN]))),
        )
    return sheet


@contextlib.contextmanager
def _damage_told(name: str) -> Iterator[None]:
    """Whatever the reader ends with, a panic of its own too, is told as damage of the file."""
    try:
        yield
    except (UsageError, KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError):
        raise
    except BaseException as error:  # a panic is no Exception
        raise UsageError(
            _("{name} is a damaged workbook.", name=name),
            why=_("Its sheets cannot be read."),
            fix=_("Open it in the spreadsheet program and save it again as XLSX or CSV."),
        ) from error


def _text(cell: Any) -> str:
    """A cell as CSV would have it; a number that a spreadsheet has rounded shows so."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case int() | float():
            return _number(cell)
        case datetime():
            return cell.isoformat(timespec="seconds")
        case date() | time():
            return cell.isoformat()
        case timedelta():
            return str(cell)
    return str(cell)


def _number(number: float) -> str:
    if abs(number) >= _DIGITS:
        digits, _e, power = f"{number:.14E}".partition("E")
        return f"{digits.rstrip('0').rstrip('.')}E{power}"
    return str(int(number)) if number == int(number) else repr(number)
