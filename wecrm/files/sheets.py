"""A caller's spreadsheet becomes rows of named fields, or a complaint with the cell's address.

The whole sheet is looked at before the first row is handed out: work never starts on a sheet with
damage further down.
"""

import contextlib
import csv
import hashlib
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from wecrm.errors import UsageError
from wecrm.files import headings
from wecrm.files.decoding import decode
from wecrm.files.headings import FIELDS, FieldKind
from wecrm.files.tables import plain
from wecrm.i18n import _

__all__ = ["FIELDS", "FieldKind", "Row", "Rows", "Sheet", "read"]

LIMIT_BYTES = 200 * 1024 * 1024
_COMPLAINTS = 10
_SAMPLE = 50  # rows that the delimiter is judged by
_DELIMITERS = (",", ";", "\t")
_NOT_CONTENT = "".join(_DELIMITERS) + ' "\r\n\ufeff'
_NOTHING: Mapping[str, str] = MappingProxyType({})

_LINE = re.compile("[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_SCIENTIFIC = re.compile(r"[+-]?\d+([.,]\d+)?E\+\d+", re.IGNORECASE)
_DECIMAL = re.compile(r"\d+\.0+")
_ROUNDED = re.compile(r"\d{15}0+")  # a spreadsheet's number has 15 digits
_SEVERAL = re.compile(r"[;；,，、\s]+")
_FAILED = frozenset({"#NAME?", "#REF!", "#VALUE!", "#N/A", "#NUM!", "#DIV/0!", "#NULL!"})
_INVISIBLE = "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a sheet.

    `number` is the spreadsheet's row number (the heading's is 1, if nothing stands above it).
    `cells`: field → text without outer blanks; every field of the sheet has one, maybe empty.
    `original`: the file's own heading → the cell as it stands there.
    """

    number: int
    cells: dict[str, str]
    original: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where what stands."""

    name: str
    delimiter: str
    headings: tuple[str, ...]
    columns: Mapping[str, int]
    kinds: Mapping[str, FieldKind]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a sheet: as often as wanted, made one by one, so that a million need little memory."""

    _text: str
    _layout: _Layout
    _count: int

    def __iter__(self) -> Iterator[Row]:
        for number, cells in _body(self._text, self._layout):
            yield _row(number, cells, self._layout)

    def __len__(self) -> int:
        return self._count


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that was read whole and found sound; `digest` is the SHA-256 of its bytes, in hex."""

    name: str
    encoding: str
    delimiter: str
    fields: tuple[str, ...]
    rows: Rows
    digest: str


def read(
    source: Path | BinaryIO,
    *,
    name: str,
    fields: Mapping[str, FieldKind] = FIELDS,
    mapping: Mapping[str, str] = _NOTHING,
    required: Sequence[Sequence[str]] = (),
) -> Sheet:
    """The sheet in `source` (CSV, `;` or TAB separated), checked to its end.

    Args:
        name: what errors call the sheet.
        fields: the fields looked for; other columns are kept in `Row.original` only.
        mapping: field → heading, over the headings that are recognised by themselves.
        required: combinations of fields, one of which must be there whole.

    Raises:
        UsageError: not a text file, no such columns, rows of unequal length, damaged ids or
            numbers; up to 10 complaints at once, each with its address.
    """
    data = _bytes(source, name)
    text, encoding = decode(data, name)
    known = headings.wanted(fields, mapping)
    delimiter = _delimiter(text, known)
    first = _header(text, delimiter, name)
    headings.check_mapping(fields, mapping, first, name)
    columns = headings.locate(first, known, name)
    headings.check_required(required, columns, first, known, name)
    layout = _Layout(name, delimiter, headings.unique(first), columns, fields)
    return Sheet(
        name=name,
        encoding=encoding,
        delimiter=delimiter,
        fields=tuple(columns),
        rows=Rows(text, layout, _checked(text, layout)),
        digest=hashlib.sha256(data).hexdigest(),
    )


def _bytes(source: Path | BinaryIO, name: str) -> bytes:
    try:
        if isinstance(source, Path):
            with source.open("rb") as stream:
                data = stream.read(LIMIT_BYTES + 1)
        else:
            data = source.read(LIMIT_BYTES + 1)
    except OSError as error:
        raise UsageError(
            _("Cannot read {name}.", name=name),
            why=error.strerror or str(error),
            fix=_("Name a file that exists and that you may read, or `-` for standard input."),
        ) from error
    if len(data) > LIMIT_BYTES:
        raise UsageError(
            _("{name} is larger than {limit} MB.", name=name, limit=LIMIT_BYTES >> 20),
            fix=_("Split it into several files."),
        )
    return data


def _records(text: str, delimiter: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Every record with its row number; blank lines are records without cells."""
    lines = (match.group() for match in _LINE.finditer(text))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    for number in itertools.count(1):
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UsageError(
                _("{name}, line {line}: the quotes do not match.", name=name, line=line),
                why=_("The row that begins there cannot be taken apart: {error}.", error=error),
                fix=_('A `"` inside a quoted cell is written twice, and every quoted cell is closed.'),
            ) from error
        yield number, [plain(cell) for cell in cells]


def _blank(cells: Sequence[str]) -> bool:
    return not any(cell.strip() for cell in cells)


def _header(text: str, delimiter: str, name: str) -> list[str]:
    """The first row that is not blank."""
    if text.strip(_NOT_CONTENT):
        for _number, cells in _records(text, delimiter, name):
            if not _blank(cells):
                return [cell.strip().lstrip("\ufeff") for cell in cells]
    raise UsageError(
        _("{name} is empty.", name=name),
        fix=_("The first row names the columns; the rows follow."),
    )


def _delimiter(text: str, known: Mapping[str, str]) -> str:
    """The delimiter with the most recognised headings, then rows of one width, then most columns."""

    def merit(delimiter: str) -> tuple[int, bool, int]:
        rows: list[list[str]] = []
        with contextlib.suppress(UsageError):  # it comes again when the sheet is read
            for _number, cells in itertools.islice(_records(text, delimiter, ""), _SAMPLE):
                if not _blank(cells):
                    rows.append(cells)
        first = rows[0] if rows else []
        recognised = len({known.get(headings.key(heading)) for heading in first} - {None})
        return recognised, len(first) > 1 and len({len(row) for row in rows}) == 1, len(first)

    return max(_DELIMITERS, key=merit)


def _body(text: str, layout: _Layout) -> Iterator[tuple[int, list[str]]]:
    """The records below the heading that are not blank."""
    records = (record for record in _records(text, layout.delimiter, layout.name) if not _blank(record[1]))
    return itertools.islice(records, 1, None)


def _row(number: int, cells: Sequence[str], layout: _Layout) -> Row:
    return Row(
        number=number,
        cells={field: _stripped(cells[i], layout.kinds[field]) for field, i in layout.columns.items()},
        original=dict(zip(layout.headings, cells, strict=False)),
    )


def _stripped(cell: str, kind: FieldKind) -> str:
    """The cell without outer blanks; ids and numbers also lose the marks that copying leaves at them."""
    text = cell.strip()
    return text if kind == "text" else text.strip(_INVISIBLE).strip()


def _checked(text: str, layout: _Layout) -> int:
    """How many rows the sheet has.

    Raises:
        UsageError: the first complaints about them, in one.
    """
    count = 0
    complaints: list[str] = []
    for number, cells in _body(text, layout):
        count += 1
        complaints += _complaints(number, cells, layout)
        if len(complaints) >= _COMPLAINTS:
            break
    if complaints:
        raise UsageError(
            _("{name} cannot be used as it is.", name=layout.name),
            why="\n".join(complaints[:_COMPLAINTS]),
            fix=_(
                "Mend these places, and format columns of ids and numbers as text before filling them: "
                "what a spreadsheet has rounded cannot be restored from this file."
            ),
        )
    return count


def _complaints(number: int, cells: Sequence[str], layout: _Layout) -> Iterator[str]:
    width = len(layout.headings)
    if len(cells) < width or not _blank(cells[width:]):
        yield _(
            "A{row}: the row has {count} cells, the heading has {width}.",
            row=number,
            count=len(cells),
            width=width,
        )
        return
    for field, index in layout.columns.items():
        kind = layout.kinds[field]
        yield from _damage(_stripped(cells[index], kind), kind, f"{headings.letter(index)}{number}")


def _damage(text: str, kind: FieldKind, cell: str) -> Iterator[str]:
    """What a spreadsheet did to the cell; nothing when it looks sound."""
    parts = (text, *_SEVERAL.split(text)) if kind == "mobile" else (text,)
    if text.upper() in _FAILED:
        yield _("{cell}: a formula failed here.", cell=cell)
    elif kind == "text":
        return
    elif any(map(_SCIENTIFIC.fullmatch, parts)):
        yield _("{cell}: digits were lost, the number was shortened to a form like 4.2E+17.", cell=cell)
    elif any(map(_DECIMAL.fullmatch, parts)):
        yield _("{cell}: a number with a decimal point, where digits alone belong.", cell=cell)
    elif kind == "id" and text.endswith("000") and _ROUNDED.fullmatch(text):
        yield _("{cell}: digits were rounded, only zeros stand after the first 15.", cell=cell)
