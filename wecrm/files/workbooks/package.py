"""A stranger's workbook is looked through before any reader sees it.

A workbook is a zip of XML. Sizes that it declares may be lies, a few bytes may become gigabytes, and
one cell far down makes a reader fill everything above it. So its parts are unpacked here, counted as
they come, and handed on in a plain package of our own: the reader gets what was looked at.
"""

import io
import re
import zipfile
from collections.abc import Mapping

from wecrm.errors import UsageError
from wecrm.files.workbooks import cells
from wecrm.files.workbooks.escapes import completed
from wecrm.i18n import _

ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0"
"""XLS, and workbooks with a password."""

LIMIT_BYTES = 200 * 1024 * 1024
LIMIT_PARTS = 2_000
LIMIT_RATIO = 500  # deflate reaches 1,032; sheets of equal rows stay below 150
_SMALL = 10 * 1024 * 1024  # below it, a ratio harms nobody
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # zipfile unpacks the others without a bound
_PASSWORD = "EncryptedPackage".encode("utf-16-le")
_PARTS = (".xml", ".rels")
_RESERVED = re.compile(rb"uniqueCount\s*=\s*[\"']([^\"']*)")  # texts that calamine makes room for before it reads one


def examined(data: bytes, name: str) -> bytes:
    """The workbook in `data`, looked through in bounded memory: XML only, packed without compression.

    Raises:
        UsageError: another kind of file, a password, damage, or more than it is sound to unpack.
    """
    if data.startswith(OLE):
        raise _other(name, protected=_PASSWORD in data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            _check_directory(package, name, len(data))
            parts = _unpacked(package, name)
        return _packed({part: cells.sound(text, name) for part, text in parts.items()})
    except UsageError:
        raise
    except Exception as error:  # zipfile has no one kind of error for broken bytes, the walk through XML has its own
        raise _damaged(name) from error


def _check_directory(package: zipfile.ZipFile, name: str, size: int) -> None:
    """What the zip says of itself must be sound, before anything is unpacked."""
    infos = package.infolist()
    names = [info.filename for info in infos]
    total = sum(info.file_size for info in infos)
    if len(names) > LIMIT_PARTS or total > LIMIT_BYTES or total > max(_SMALL, size * LIMIT_RATIO):
        raise _too_large(name)
    if any(info.flag_bits & 1 for info in infos):
        raise _other(name, protected=True)
    if len(set(names)) < len(names) or not {info.compress_type for info in infos} <= _METHODS:
        raise _damaged(name)
    if "xl/workbook.xml" not in {each.lower().replace("\\", "/") for each in names}:
        raise _other(name)


def _unpacked(package: zipfile.ZipFile, name: str) -> dict[str, bytes]:
    """The XML parts; unpacking stops where it passes what was declared."""
    parts = {}
    for info in package.infolist():
        if not info.filename.lower().endswith(_PARTS):
            continue
        declared = info.file_size
        info.file_size = LIMIT_BYTES + 1  # or zipfile stops at the size declared, as calamine would not
        with package.open(info) as stream:
            text = stream.read(declared + 1)
        if len(text) > declared or any(int(count) > cells.LIMIT_CELLS for count in _RESERVED.findall(text)):
            raise _too_large(name)
        parts[info.filename] = completed(text)
    return parts


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
