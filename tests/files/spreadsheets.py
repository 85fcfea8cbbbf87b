"""Workbooks for tests: sound ones, hand-made ones and hostile ones."""

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence

import xlsxwriter

WORKBOOK = (
    b'<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.'
    b'openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="a" sheetId="1" r:id="rId1"/>'
    b"</sheets></workbook>"
)
_KIND = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    b'<Relationship Id="rId1" Type="' + _KIND + b'/worksheet" Target="worksheets/sheet1.xml"/>'
    b'<Relationship Id="rId2" Type="' + _KIND + b'/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
)
ROOT = RELATIONS.split(b"<Relationship ")[0] + (
    b'<Relationship Id="rId1" Type="' + _KIND + b'/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
SHEET = "xl/worksheets/sheet1.xml"


def made(pages: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    """A workbook as a person's program would write it: name → rows of cells."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"default_date_format": "yyyy-mm-dd hh:mm:ss", "strings_to_formulas": False})
    for name, rows in pages.items():
        page = book.add_worksheet(name)
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    book.close()
    return stream.getvalue()


def packed(parts: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these parts."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as package:
        for name, text in parts.items():
            package.writestr(name, text)
    return stream.getvalue()


def unpacked(data: bytes) -> dict[str, bytes]:
    """The parts of a zip."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {name: package.read(name) for name in package.namelist()}


def repacked(data: bytes) -> bytes:
    """The same without compression, so that changed bytes are changed XML."""
    return packed(unpacked(data), zipfile.ZIP_STORED)


def sheet(rows: str) -> bytes:
    """The XML of a sheet."""
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    text = f'<worksheet xmlns="{space}"><dimension ref="A1:A1"/><sheetData>{rows}</sheetData></worksheet>'
    return text.encode()


def with_part(text: bytes, more: Mapping[str, bytes] | None = None) -> bytes:
    """A minimal workbook whose one sheet is `text`."""
    return packed(_parts(text) | dict(more or {}))


def _parts(text: bytes) -> dict[str, bytes]:
    return {
        "_rels/.rels": ROOT,
        "xl/workbook.xml": WORKBOOK,
        "xl/_rels/workbook.xml.rels": RELATIONS,
        "xl/sharedStrings.xml": b"<sst/>",
        SHEET: text,
    }


def lying(text: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A workbook whose sheet declares 100 bytes, everywhere, and unpacks to `text`."""
    data = bytearray(packed(_parts(text), method))
    real, told = struct.pack("<I", len(text)), struct.pack("<I", 100)
    assert data.count(real) == 2
    return bytes(data).replace(real, told)
