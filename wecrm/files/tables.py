"""A `Table` becomes bytes: CSV, TSV, JSON, NDJSON, Markdown, XLSX or HTML, one row after the other.

A file is for people with a spreadsheet: byte order mark, CRLF, cells that a spreadsheet would run
as formulas made harmless. A pipe is for programs: exact bytes. Memory does not grow with the rows.
"""

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import msgspec

from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.table import Cell, Column, Table
from wecrm.models.text import visible

FORMATS = ("csv", "tsv", "json", "ndjson", "markdown", "xlsx", "html")
"""What `write` can write."""

_EXTENSIONS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".md": "markdown",
    ".markdown": "markdown",
    ".xlsx": "xlsx",
    ".html": "html",
    ".htm": "html",
}
_DELIMITERS = {"csv": ",", "tsv": "\t"}
_BOM = b"\xef\xbb\xbf"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_RUNNABLE = re.compile("'*[=+\\-@\t\r]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_MARKDOWN = re.compile(r"[\\`*\[\]<>|~&]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: `neutralised` cells were given a `'` so that no spreadsheet runs them."""

    rows: int
    neutralised: int = 0


def known(fmt: str) -> str:
    """`fmt`, if it can be written.

    Raises:
        UsageError: names the formats there are.
    """
    if fmt in FORMATS:
        return fmt
    raise UsageError(
        _("Cannot write the format {format}.", format=repr(visible(fmt))),
        why=_("There is no such format."),
        fix=_("Formats: {formats}.", formats=", ".join(FORMATS)),
    )


def format_of(path: Path) -> str:
    """The format that the extension of `path` names.

    Raises:
        UsageError: an extension that names none.
    """
    found = _EXTENSIONS.get(path.suffix.lower())
    if found is None:
        raise UsageError(
            _("The extension of {path} names no format.", path=path),
            fix=_(
                "Use one of {extensions}, or give the format with `-f`.",
                extensions=" ".join(_EXTENSIONS),
            ),
        )
    return found


def write(
    table: Table,
    stream: BinaryIO,
    fmt: str,
    *,
    for_file: bool,
    tz: tzinfo,
    safe: bool = True,
    titles: bool = False,
    totals: bool = False,
) -> Written:
    """Write `table` to `stream`; its rows are read once.

    Headings are the column keys (Markdown and HTML: the titles). Times are ISO 8601 with the offset of
    `tz`, lists are joined by `;` (JSON: arrays), ids are strings, None is empty (JSON: null).

    Args:
        for_file: CSV and TSV get a byte order mark, CRLF, and neutralised cells.
        safe: False leaves cells as they are, whatever a spreadsheet would make of them.
        titles: CSV, TSV and XLSX get the titles as headings.
        totals: a totals row is the last row of CSV, TSV, JSON and NDJSON, as it always is of the others.

    Raises:
        UsageError: unknown format; more than a workbook holds.
    """
    known(fmt)
    headings = headings_of(table, titles)
    if table.totals is not None and totals and fmt not in ("xlsx", "markdown", "html"):
        table = replace(table, rows=chain(table.rows, [table.totals]))
    if fmt in _DELIMITERS:
        return _delimited(table, headings, stream, _DELIMITERS[fmt], tz, for_file=for_file, safe=safe)
    if fmt == "xlsx":
        from wecrm.files.workbooks import writing

        return Written(writing.write([(table, headings)], stream, tz))
    if fmt == "html":
        from wecrm.files import tablepages

        return Written(tablepages.write([table], stream, tz))
    if fmt == "markdown":
        return _markdown(table, stream, tz)
    return _json(table, stream, tz) if fmt == "json" else _ndjson(table, stream, tz)


def write_book(parts: Sequence[Table], stream: BinaryIO, *, tz: tzinfo, titles: bool = False) -> int:
    """One workbook with a sheet for each table; how many rows in all.

    Raises:
        UsageError: more than a sheet holds.
    """
    from wecrm.files.workbooks import writing

    return writing.write([(table, headings_of(table, titles)) for table in parts], stream, tz)


def write_object(parts: Sequence[Table], stream: BinaryIO, *, tz: tzinfo) -> None:
    """One JSON object: each table's name and its rows as an array."""
    for n, table in enumerate(parts):
        stream.write((b",\n" if n else b"{\n") + msgspec.json.encode(table.name) + b": ")
        _json(table, stream, tz)
    stream.write(b"}\n")


def write_arrays(parts: Sequence[Table], stream: BinaryIO, *, tz: tzinfo) -> None:
    """One JSON array with an object for each table: its `name`, and its `rows` as an array."""
    for n, table in enumerate(parts):
        stream.write((b",\n" if n else b"[\n") + b'{"name":' + msgspec.json.encode(table.name) + b',"rows":')
        _json(table, stream, tz)
        stream.write(b"}")
    stream.write(b"\n]\n")


def headings_of(table: Table, titles: bool) -> list[str]:
    """The first line: keys for programs, titles for people."""
    return [heading(column) if titles else column.key for column in table.columns]


def heading(column: Column) -> str:
    """What stands above the column for people: title and unit."""
    return f"{column.title} ({column.unit})" if column.unit else column.title


def neutral(text: str) -> str:
    """`text` as a spreadsheet may show it without running it; `plain` undoes it exactly."""
    return "'" + text if _RUNNABLE.match(text) else text


def plain(text: str) -> str:
    """`text` without the `'` that `neutral` gave it."""
    return text[1:] if text.startswith("'") and _RUNNABLE.match(text) else text


def moment(seconds: float, tz: tzinfo) -> datetime | None:
    """The time in `tz`, None when it lies outside the calendar."""
    try:
        return (_EPOCH + timedelta(seconds=seconds)).astimezone(tz)
    except (OverflowError, ValueError):
        return None


def _text(text: str) -> str:
    """`text` with halves of broken pairs spelled out: UTF-8 cannot hold them."""
    return _SURROGATE.sub(lambda half: visible(half.group()), text)


def _iso(seconds: float, tz: tzinfo) -> str:
    found = moment(seconds, tz)
    return found.isoformat(timespec="seconds") if found else str(seconds)


def _as_text(cell: Cell, column: Column, tz: tzinfo) -> str:
    match cell:
        case str():
            return _text(cell)
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case tuple():
            return _text(";".join(cell))
    return _iso(cell, tz) if column.kind == "time" else str(cell)


def _as_json(cell: Cell, column: Column, tz: tzinfo) -> object:
    match cell:
        case str():
            return _text(cell)
        case tuple():
            return [_text(part) for part in cell]
        case None | bool():
            return cell
    if column.kind == "time":
        return _iso(cell, tz)
    return str(cell) if column.kind == "id" else cell


def _delimited(
    table: Table, headings: Sequence[str], stream: BinaryIO, delimiter: str, tz: tzinfo, *, for_file: bool, safe: bool
) -> Written:
    lines = _Lines(stream, b"\r\n" if for_file else b"\n")
    writer = csv.writer(lines, delimiter=delimiter, lineterminator="\r\n")
    neutralised = 0

    def cell_text(cell: Cell, column: Column) -> str:
        nonlocal neutralised
        text = _as_text(cell, column, tz)
        if not (for_file and safe) or isinstance(cell, int | float):
            return text
        text = text.replace("\0", "\\x00")  # NUL ends the reading in many programs
        harmless = neutral(text)
        neutralised += harmless is not text
        return harmless

    if for_file:
        stream.write(_BOM)
    writer.writerow([cell_text(text, column) for text, column in zip(headings, table.columns, strict=True)])
    rows = 0
    for row in table.rows:
        writer.writerow([cell_text(cell, column) for cell, column in zip(row, table.columns, strict=True)])
        rows += 1
    return Written(rows, neutralised)


class _Lines:
    """Takes csv's CRLF lines (with it, csv quotes lone CRs too) and ends them as asked."""

    def __init__(self, stream: BinaryIO, end: bytes) -> None:
        self._stream = stream
        self._end = end

    def write(self, line: str, /) -> None:
        self._stream.write(line[:-2].encode() + self._end)


def _objects(table: Table, tz: tzinfo) -> Callable[[Sequence[Cell]], bytes]:
    """How a row becomes a JSON object with the column keys."""
    columns = table.columns
    encoder = msgspec.json.Encoder()

    def encode(row: Sequence[Cell]) -> bytes:
        return encoder.encode({_text(c.key): _as_json(cell, c, tz) for cell, c in zip(row, columns, strict=True)})

    return encode


def _ndjson(table: Table, stream: BinaryIO, tz: tzinfo) -> Written:
    encode = _objects(table, tz)
    rows = 0
    for row in table.rows:
        stream.write(encode(row) + b"\n")
        rows += 1
    return Written(rows)


def _json(table: Table, stream: BinaryIO, tz: tzinfo) -> Written:
    encode = _objects(table, tz)
    rows = 0
    for row in table.rows:
        stream.write((b",\n" if rows else b"[\n") + encode(row))
        rows += 1
    stream.write(b"\n]\n" if rows else b"[]\n")
    return Written(rows)


def _markdown(table: Table, stream: BinaryIO, tz: tzinfo) -> Written:
    def line(cells: Sequence[str]) -> bytes:
        return ("| " + " | ".join(cells) + " |\n").encode()

    def shown(text: str) -> str:
        return _MARKDOWN.sub(r"\\\g<0>", visible(text))

    columns = table.columns
    stream.write(line([shown(heading(column)) for column in columns]))
    stream.write(line(["---:" if column.kind in ("int", "float") else "---" for column in columns]))
    rows = 0
    for row in table.rows:
        stream.write(line([shown(_as_text(cell, c, tz)) for cell, c in zip(row, columns, strict=True)]))
        rows += 1
    if table.totals is not None:
        cells = (shown(_as_text(cell, c, tz)) for cell, c in zip(table.totals, columns, strict=True))
        stream.write(line([f"**{cell}**" if cell else "" for cell in cells]))
    return Written(rows)
