"""A caller's spreadsheet becomes rows of named fields, or a complaint with the cell's address.

The whole sheet is looked at before the first row is handed out: work never starts on a sheet with
damage further down.
"""

import hashlib
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from wecrm.errors import UsageError
from wecrm.files import delimited, headings
from wecrm.files.damage import damage, stripped
from wecrm.files.decoding import decode
from wecrm.files.headings import FIELDS, FieldKind
from wecrm.i18n import _

__all__ = ["FIELDS", "FieldKind", "Row", "Rows", "Sheet", "read"]

LIMIT_BYTES = 200 * 1024 * 1024
_COMPLAINTS = 10
_NOT_CONTENT = "".join(delimited.DELIMITERS) + ' "\r\n\ufeff'
_NOTHING: Mapping[str, str] = MappingProxyType({})

_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # XLSX; XLS, or XLSX with a password
_Records = Callable[[], Iterator[tuple[int, list[str]]]]
"""Every row of a file with its number, from the first, as often as asked."""


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
    headings: tuple[str, ...]
    columns: Mapping[str, int]
    kinds: Mapping[str, FieldKind]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a sheet: as often as wanted, made one by one, so that a million need little memory."""

    _records: _Records
    _layout: _Layout
    _count: int

    def __iter__(self) -> Iterator[Row]:
        for number, cells in _body(self._records):
            yield _row(number, cells, self._layout)

    def __len__(self) -> int:
        return self._count


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that was read whole and found sound; `digest` is the SHA-256 of its bytes, in hex.

    `encoding` is "xlsx" and `delimiter` empty for a workbook.
    """

    name: str
    encoding: str
    delimiter: str
    fields: tuple[str, ...]
    rows: Rows
    digest: str

    @property
    def format(self) -> str:
        """How a file like it is called: csv, tsv or xlsx."""
        return {"": "xlsx", "\t": "tsv"}.get(self.delimiter, "csv")


def read(
    source: Path | BinaryIO,
    *,
    name: str,
    fields: Mapping[str, FieldKind] = FIELDS,
    mapping: Mapping[str, str] = _NOTHING,
    required: Sequence[Sequence[str]] = (),
    sheet: str = "",
) -> Sheet:
    """The sheet in `source` (XLSX, or CSV separated by `,`, `;` or TAB), checked to its end.

    Args:
        name: what errors call the sheet.
        fields: the fields looked for; other columns are kept in `Row.original` only.
        mapping: field → heading, over the headings that are recognised by themselves.
        required: combinations of fields, one of which must be there whole.
        sheet: which sheet of a workbook; the first unless named.

    Raises:
        UsageError: not a spreadsheet, no such columns, rows of unequal length, damaged ids or
            numbers; up to 10 complaints at once, each with its address.
    """
    data = _bytes(source, name)
    known = headings.wanted(fields, mapping)
    records, encoding, delimiter = _opened(data, name, known, sheet)
    first = _header(records, name)
    headings.check_mapping(fields, mapping, first, name)
    columns = headings.locate(first, known, name)
    headings.check_required(required, columns, first, known, name)
    layout = _Layout(name, headings.unique(first), columns, fields)
    return Sheet(
        name=name,
        encoding=encoding,
        delimiter=delimiter,
        fields=tuple(columns),
        rows=Rows(records, layout, _checked(records, layout)),
        digest=hashlib.sha256(data).hexdigest(),
    )


def _opened(data: bytes, name: str, known: Mapping[str, str], sheet: str) -> tuple[_Records, str, str]:
    """The rows of the file, its encoding and its delimiter."""
    if data.startswith(_WORKBOOKS):
        from wecrm.files.workbooks import reading

        return reading.opened(data, name, sheet).records, "xlsx", ""
    text, encoding = decode(data, name)
    if sheet:
        raise UsageError(
            _("{name} has no sheet {sheet}.", name=name, sheet=sheet),
            why=_("It is a text file; only workbooks (XLSX) have sheets."),
            fix=_("Leave `--sheet` out."),
        )
    if not text.strip(_NOT_CONTENT):
        raise _empty(name)
    delimiter = delimited.delimiter_of(text, known)
    return lambda: delimited.records(text, delimiter, name), encoding, delimiter


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


def _blank(cells: Sequence[str]) -> bool:
    return not any(cell.strip() for cell in cells)


def _header(records: _Records, name: str) -> list[str]:
    """The first row that is not blank."""
    for _number, cells in records():
        if not _blank(cells):
            return [cell.strip().lstrip("\ufeff") for cell in cells]
    raise _empty(name)


def _empty(name: str) -> UsageError:
    return UsageError(
        _("{name} is empty.", name=name),
        fix=_("The first row names the columns; the rows follow."),
    )


def _body(records: _Records) -> Iterator[tuple[int, list[str]]]:
    """The records below the heading that are not blank."""
    return itertools.islice((record for record in records() if not _blank(record[1])), 1, None)


def _row(number: int, cells: Sequence[str], layout: _Layout) -> Row:
    return Row(
        number=number,
        cells={field: stripped(cells[i], layout.kinds[field]) for field, i in layout.columns.items()},
        original=dict(zip(layout.headings, cells, strict=False)),
    )


def _checked(records: _Records, layout: _Layout) -> int:
    """How many rows the sheet has.

    Raises:
        UsageError: the first complaints about them, in one.
    """
    count = 0
    complaints: list[str] = []
    for number, cells in _body(records):
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
        yield from damage(stripped(cells[index], kind), kind, f"{headings.letter(index)}{number}")
