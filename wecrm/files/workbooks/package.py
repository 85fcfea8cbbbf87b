"""A stranger's workbook is looked through before any reader sees it.

A workbook is a zip of XML. Sizes that it declares may be lies, a few bytes may become gigabytes, and
one cell far down makes a reader fill everything above it. So its parts are unpacked here, counted as
they come, and handed on in a plain package of our own: the reader gets what was looked at.
"""

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

from wecrm.errors import UsageError
from wecrm.files.workbooks.escapes import completed
from wecrm.i18n import _

ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0"
"""XLS, and workbooks with a password."""

LIMIT_BYTES = 200 * 1024 * 1024
LIMIT_PARTS = 2_000
LIMIT_RATIO = 500  # deflate reaches 1,032; sheets of equal rows stay below 150
LIMIT_CELLS = 10_000_000  # of the rectangle around a sheet's cells, which the reader holds whole
_SMALL = 10 * 1024 * 1024  # below it, a ratio harms nobody
_CHUNK = 1024 * 1024
_PASSWORD = "EncryptedPackage".encode("utf-16-le")
_PARTS = (".xml", ".rels")
_CELL = re.compile(rb"<(?:\w+:)?(row|c)\b([^>]*)>")
_PLACE = re.compile(rb"\sr\s*=\s*[\"']([A-Za-z]*)(\d*)[\"']")
_FAILED = re.compile(rb"\st\s*=\s*[\"']e[\"']")
_VALUE = re.compile(rb"<(?:\w+:)?v\b[^>]*>([^<]{1,20})<")
_FAILED_SHOWN = 1_000
_PIECE = 4 * 1024 * 1024
_ODD = (*(b"<c" + sign for sign in (b"\t", b"\n", b"\r", b">", b"/")), b":c", b":row", b'"e"', b"'e'")
_BEYOND_Z = re.compile(rb'<c r="[A-Z]{2}')
_COLUMNS = re.compile(rb'<c r="([A-Z]{1,3})')
_ROWS = re.compile(rb'<c r="[A-Z]{1,3}([0-9]{1,7})"')


@dataclass(frozen=True, slots=True)
class Package:
    """A workbook that was looked through: XML only, packed without compression.

    `failed`: part → {(row, column), from 0: what stands in a cell whose formula failed}.
    """

    data: bytes
    failed: Mapping[str, Mapping[tuple[int, int], str]]


def examined(data: bytes, name: str) -> Package:
    """The workbook in `data`, looked through in bounded memory.

    Raises:
        UsageError: another kind of file, a password, damage, or more than it is sound to unpack.
    """
    if data.startswith(OLE):
        raise _other(name, protected=_PASSWORD in data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            _check_directory(package, name, len(data))
            parts = _unpacked(package, name)
    except UsageError:
        raise
    except Exception as error:  # zipfile has no one kind of error for broken bytes
        raise _damaged(name) from error
    failed = {part: found for part, text in parts.items() if (found := _looked_through(text, name))}
    return Package(_packed(parts), failed)


def _check_directory(package: zipfile.ZipFile, name: str, size: int) -> None:
    """What the zip says of itself must be sound, before anything is unpacked."""
    infos = package.infolist()
    names = [info.filename for info in infos]
    total = sum(info.file_size for info in infos)
    if len(names) > LIMIT_PARTS or total > LIMIT_BYTES or total > max(_SMALL, size * LIMIT_RATIO):
        raise _too_large(name)
    if any(info.flag_bits & 1 for info in infos):
        raise _other(name, protected=True)
    if len(set(names)) < len(names):
        raise _damaged(name)
    if "xl/workbook.xml" not in {each.lower().replace("\\", "/") for each in names}:
        raise _other(name)


def _unpacked(package: zipfile.ZipFile, name: str) -> dict[str, bytes]:
    """The XML parts; unpacking stops where it passes what was declared."""
    parts = {}
    left = LIMIT_BYTES
    for info in package.infolist():
        if not info.filename.lower().endswith(_PARTS):
            continue
        declared = info.file_size
        info.file_size = LIMIT_BYTES + 1  # or zipfile stops at the size declared, as calamine would not
        chunks = []
        with package.open(info) as stream:
            while chunk := stream.read(_CHUNK):
                declared -= len(chunk)
                left -= len(chunk)
                if declared < 0 or left < 0:
                    raise _too_large(name)
                chunks.append(chunk)
        parts[info.filename] = completed(b"".join(chunks))
    return parts


def _is_plain(part: bytes) -> bool:
    """Whether every cell names its place in the usual spelling, none failed, and the rectangle is small enough.

    Tells in a fifth of the time that `_looked_through` takes; what is spelled in any other way is left to it.
    """
    last_row, last_column, start = 0, 25, 0
    while start < len(part):
        end = part.find(b"<", start + _PIECE)  # no tag is cut
        end = len(part) if end < 0 else end
        rows = _ROWS.findall(part, start, end)
        if len(rows) != part.count(b"<c ", start, end) or any(part.count(odd, start, end) for odd in _ODD):
            return False
        last_row = max(last_row, max(map(int, set(rows)), default=0))
        if _BEYOND_Z.search(part, start, end):
            last_column = max(last_column, *map(_column, set(_COLUMNS.findall(part, start, end))))
        start = end
    return last_row * (last_column + 1) <= LIMIT_CELLS


def _looked_through(part: bytes, name: str) -> dict[tuple[int, int], str]:
    """The cells of a sheet whose formulas failed.

    Raises:
        UsageError: the rectangle around its cells is too large to be held.
    """
    failed: dict[tuple[int, int], str] = {}
    if _is_plain(part):
        return failed
    row, column, last_row, last_column = -1, -1, -1, -1
    for found in _CELL.finditer(part):
        place = _PLACE.search(found[2])
        if found[1] == b"row":
            row, column = int(place[2][:9] or 0) - 1 if place else row + 1, -1
            continue
        column = _column(place[1]) if place and place[1] else column + 1
        if place and place[2]:
            row = int(place[2][:9]) - 1
        last_row, last_column = max(last_row, row), max(last_column, column)
        if b"e" in found[2] and _FAILED.search(found[2]) and len(failed) < _FAILED_SHOWN:
            value = _VALUE.search(part, found.end(), found.end() + 10_000)
            failed[row, column] = value[1].decode("ascii", "replace") if value else "#VALUE!"
    if (last_row + 1) * (last_column + 1) > LIMIT_CELLS:
        raise UsageError(
            _("{name} has cells too far from each other to be read.", name=name),
            why=_("Its sheet reaches from A1 over {cells:,} cells.", cells=(last_row + 1) * (last_column + 1)),
            fix=_("Copy the list into a new workbook, beginning at A1."),
        )
    return failed


def _column(letters: bytes) -> int:
    place = 0
    for each in letters.upper()[:6]:
        place = place * 26 + each - 64
    return place - 1


def _packed(parts: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as package:
        for part, text in parts.items():
            package.writestr(part, text)
    return stream.getvalue()


def _too_large(name: str) -> UsageError:
    return UsageError(
        _("{name} would take too much memory to be unpacked.", name=name),
        why=_("A workbook may hold {limit} MB when unpacked; this one holds more, or hides how much.", limit=200),
        fix=_("Save the one sheet that is needed as a workbook of its own, or as CSV."),
    )


def _damaged(name: str) -> UsageError:
    return UsageError(
        _("{name} is a damaged workbook.", name=name),
        why=_("It cannot be unpacked whole."),
        fix=_("Open it in the spreadsheet program and save it again as XLSX or CSV."),
    )


def _other(name: str, *, protected: bool = False) -> UsageError:
    return UsageError(
        _("{name} is protected by a password.", name=name)
        if protected
        else _("{name} is not a workbook that can be read; XLSX, CSV and TSV can.", name=name),
        fix=_("Save it without a password, as XLSX or CSV.")
        if protected
        else _("Save it as XLSX or CSV in the spreadsheet program, then read that."),
    )
