"""A sheet of an XLSX workbook as rows of texts; formulas give the values they were saved with."""

import contextlib
import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from wecrm.errors import UsageError
from wecrm.files.workbooks import package
from wecrm.i18n import _
from wecrm.models.text import visible

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

_DIGITS = 10**15  # a spreadsheet's number has 15 digits
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Page:
    """One sheet, its rows read as often as wanted."""

    _sheet: "CalamineSheet"

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Every row with its number, as wide as the first that is not blank, or wider if there is more."""
        width = 0
        left = [""] * (self._sheet.start[1] if self._sheet.start else 0)  # columns that nothing stands in
        for number, cells in enumerate(self._sheet.iter_rows(), 1):
            texts = left + [cell if type(cell) is str else _TEXT[type(cell)](cell) for cell in cells]
            if len(texts) != width:
                while len(texts) > width and not texts[-1].strip():
                    texts.pop()
                width = width or len(texts)
                texts += [""] * (width - len(texts))
            yield number, texts


def opened(data: bytes, name: str, sheet: str = "") -> Page:
    """The sheet called `sheet`, or else the first, of the workbook in `data`.

    Raises:
        UsageError: not an XLSX workbook, a damaged or dangerous one, or no such sheet.
    """
    found = package.examined(data, name)
    with _damage_told(name):
        from python_calamine import CalamineWorkbook

        book = CalamineWorkbook.from_filelike(io.BytesIO(found))
        return Page(book.get_sheet_by_name(_title(book.sheet_names, sheet, name)))


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


def _number(number: float) -> str:
    if -_DIGITS < number < _DIGITS:
        whole = int(number)
        return str(whole) if number == whole else repr(number)
    if not math.isfinite(number):
        return str(number)
    digits, _e, power = f"{number:.14E}".partition("E")
    return f"{digits.rstrip('0').rstrip('.')}E{power}"


_TEXT: Mapping[type, Callable[[Any], str]] = {
    bool: lambda cell: "true" if cell else "false",
    int: _number,
    float: _number,
    datetime: lambda cell: cell.isoformat()[:19],  # without fractions of a second
    date: date.isoformat,
    time: time.isoformat,
    timedelta: str,
}
"""A cell as CSV would have it, by its type; a number that a spreadsheet has rounded shows so."""
