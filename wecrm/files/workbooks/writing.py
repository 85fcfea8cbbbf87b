"""A `Table` becomes an XLSX workbook: what people filter and sort, with ids that stay what they are."""

import math
import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, BinaryIO

from wecrm.errors import UsageError
from wecrm.files.headings import letter
from wecrm.i18n import _
from wecrm.models.table import Cell, Column, Table
from wecrm.models.text import visible

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

LIMIT_ROWS = 1_048_575
"""Rows that a sheet holds below its heading."""

LIMIT_TEXT = 32_767
"""UTF-16 units that a cell holds."""

_EXACT = 2**53  # above it, a spreadsheet's number loses digits
_SAMPLE = 1_000  # rows that the widths of the columns are judged by
_WIDEST = 60
_NARROWEST = 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_YEAR = 1901  # Excel's calendar has a day in 1900 that never was
_MADE = datetime(1980, 1, 1, tzinfo=UTC)  # the same rows make the same bytes
_SURROGATE = re.compile("[\ud800-\udfff]")
_NOT_IN_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f\ud800-\udfff]")


def write(parts: Sequence[tuple[Table, Sequence[str]]], stream: BinaryIO, tz: tzinfo) -> int:
    """Write tables to `stream`, each on a sheet under its headings; how many rows there were.

    Texts, ids and lists (joined by `;`) are text cells, never formulas or links. Times are Excel's
    own, as the clocks of `tz` show them. Integers beyond 2^53 are text, because a number would lose digits.

    Raises:
        UsageError: more rows, or a longer text, than a sheet holds.
    """
    from xlsxwriter.workbook import Workbook

    with TemporaryDirectory(prefix="wecrm-") as folder:  # 0700, and gone even when a row fails
        options = {"constant_memory": True, "tmpdir": folder, "nan_inf_to_errors": False}
        book = Workbook(stream, options)
        try:
            rows = sum([_Page(book, table, tz).fill(headings) for table, headings in parts])
            book.set_properties({"created": _MADE})
            book.close()
        except BaseException:
            for page in book.worksheets():
                page.row_data_fh.close()
            raise
    return rows


class _Page:
    """One sheet of a workbook that is being written."""

    def __init__(self, book: "Workbook", table: Table, tz: tzinfo) -> None:
        self.table = table
        self.tz = tz
        self.widths = [0] * len(table.columns)
        self.sheet: Worksheet = book.add_worksheet(_free(book, _sheet_name(table.name)), _worksheet())
        self.book = book
        self.bold = book.add_format({"bold": True, "num_format": "@"})
        formats = {"time": "yyyy-mm-dd hh:mm:ss", "text": "@", "id": "@", "list": "@"}
        made: dict[str, Any] = {kind: book.add_format({"num_format": form}) for kind, form in formats.items()}
        numbers = {form: book.add_format({"num_format": form}) for form in filter(None, map(_number, table.columns))}
        self.formats: list[Format | None] = [
            made.get(column.kind) or numbers.get(_number(column)) for column in table.columns
        ]
        self.as_text: Format = made["text"]

    def fill(self, headings: Sequence[str]) -> int:
        """Write headings and rows; how many rows."""
        columns = self.table.columns
        for place, heading in enumerate(headings):
            self._text(0, place, heading, self.bold)
        count = 0
        for row in self.table.rows:
            count += 1
            if count > LIMIT_ROWS:
                raise UsageError(
                    _("More rows than a sheet of a workbook holds: {limit:,}.", limit=LIMIT_ROWS),
                    fix=_("Write CSV, or choose fewer rows with `--where` or `--limit`."),
                )
            self._row(count, row)
        kept = self.formats
        if self.table.totals is not None:
            self._totals(count + 1, self.table.totals)
        for place, width in enumerate(self.widths):
            self.sheet.set_column(place, place, min(_WIDEST, max(_NARROWEST, width + 3)), kept[place])
        self.sheet.freeze_panes(1, 0)
        if columns:
            self.sheet.autofilter(0, 0, count, len(columns) - 1)
        return count

    def _row(self, number: int, row: Sequence[Cell]) -> None:
        for place, (cell, column) in enumerate(zip(row, self.table.columns, strict=True)):
            self._cell(number, place, cell, column)

    def _totals(self, number: int, totals: Sequence[Cell]) -> None:
        """The last row, bold, below what the filter hides: values, no formulas."""
        self.formats = [
            self.book.add_format({"bold": True, "top": 1, "num_format": _number(column) or "@"})
            if column.kind in ("int", "float")
            else self.bold
            for column in self.table.columns
        ]
        self.as_text = self.bold
        self._row(number, totals)

    def _cell(self, row: int, place: int, cell: Cell, column: Column) -> None:
        match cell:
            case None | "" | ():
                return
            case bool():
                self.sheet.write_boolean(row, place, cell)
            case tuple():
                self._text(row, place, ";".join(cell), self.as_text)
            case str():
                self._text(row, place, cell, self.as_text)
            case int() | float() if column.kind == "time":
                self._time(row, place, cell)
            case _ if column.kind == "id" or not _is_exact(cell):
                self._text(row, place, str(cell), self.as_text)
            case _:
                self.sheet.write_number(row, place, cell, self.formats[place])
                self._wide(row, place, str(cell))

    def _time(self, row: int, place: int, seconds: float) -> None:
        try:
            at = (_EPOCH + timedelta(seconds=int(seconds))).astimezone(self.tz)
        except (OverflowError, ValueError):
            self._text(row, place, str(seconds), self.as_text)
            return
        if at.year < _FIRST_YEAR:
            self._text(row, place, at.isoformat(timespec="seconds"), self.as_text)
            return
        self.sheet.write_datetime(row, place, at.replace(tzinfo=None), self.formats[place])
        self._wide(row, place, "2026-01-01 00:00:00")

    def _text(self, row: int, place: int, text: str, form: "Format") -> None:
        text = _SURROGATE.sub(lambda half: visible(half.group()), text)
        if self.sheet.write_string(row, place, text, form):
            raise UsageError(
                _(
                    "{cell}: the text is longer than a cell of a workbook holds: {limit:,} characters.",
                    cell=f"{letter(place)}{row + 1}",
                    limit=LIMIT_TEXT,
                ),
                fix=_("Write CSV or JSON, or leave the column {name} out.", name=self.table.columns[place].key),
            )
        self._wide(row, place, text)

    def _wide(self, row: int, place: int, text: str) -> None:
        if row <= _SAMPLE and len(text) * 2 > self.widths[place]:
            first = text.partition("\n")[0][:_WIDEST]
            cells = len(first) if first.isascii() else sum(map(_cells, first))
            self.widths[place] = max(self.widths[place], cells)


def _worksheet() -> "type[Worksheet]":
    """XlsxWriter's sheet with an escaping that can be read back exactly."""
    from xlsxwriter.worksheet import Worksheet

    from wecrm.files.workbooks.escapes import escaped

    class Sheet(Worksheet):  # type: ignore[misc] # it has no types
        def _escape_control_characters(self, string: str) -> str:
            return escaped(string) if isinstance(string, str) else string  # numbers pass here too

        def _xml_rich_inline_string(self, string: str, attributes: Sequence[tuple[str, Any]] = ()) -> None:
            self._xml_inline_string(string, False, attributes)  # it takes a text <r>…</r> for markup of its own

    return Sheet


def _is_exact(number: float) -> bool:
    return abs(number) <= _EXACT if isinstance(number, int) else math.isfinite(number)


def _cells(char: str) -> int:
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _number(column: Column) -> str:
    """Excel's format of a column of figures; "" where a number is shown as it is."""
    if column.kind not in ("int", "float") or not (column.unit or column.sums):
        return ""
    return "#,##0" if column.kind == "int" else "#,##0.0"


def _free(book: "Workbook", name: str) -> str:
    """`name`, with a number where the workbook has a sheet of that name, as Excel compares them."""
    taken = {sheet.get_name().lower() for sheet in book.worksheets()}
    found, n = name, 1
    while found.lower() in taken:
        n += 1
        found = f"{name[: 30 - len(str(n))]} {n}"
    return found


def _sheet_name(name: str) -> str:
    """`name` as Excel accepts it: 31 characters, without a few signs and outer apostrophes."""
    return _NOT_IN_NAME.sub("_", name)[:31].strip("'") or "rows"
