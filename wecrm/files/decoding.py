"""Bytes of unknown origin become text, or are refused with the place that could not be read."""

import codecs
import re

from wecrm.errors import UsageError
from wecrm.i18n import _

_MARKS = (
    (codecs.BOM_UTF8, "utf-8", "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16"),
)
_XLSX = b"PK\x03\x04"
_XLS = b"\xd0\xcf\x11\xe0"
_LONG_SEQUENCE = re.compile("[\u0800-\ufffc\U00010000-\U0010ffff]")
_DAMAGED_RATIO = 10  # good UTF-8 characters per bad one; GB18030 text read as UTF-8 has far below 1


def decode(data: bytes, name: str = "-") -> tuple[str, str]:
    """The text of `data` and the name of its encoding, decided over all of it.

    A byte order mark decides; then strict UTF-8; then GB18030, which Chinese Excel writes. UTF-8
    with a few broken bytes is refused, because GB18030 would turn it into other characters.

    Raises:
        UsageError: a workbook, binary data, or bytes that are no text; names byte and line.
    """
    _refuse_workbooks(data, name)
    for mark, codec, label in _MARKS:
        if data.startswith(mark):
            text = _strict(data[len(mark) :], codec, name, offset=len(mark))
            _refuse_nul("\0" in text, name)
            return text, label
    _refuse_nul(b"\0" in data, name)
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        if _is_damaged_utf8(data):
            raise _undecodable(name, "UTF-8", error.start, data) from error
    return _strict(data, "gb18030", name), "gb18030"


def _refuse_workbooks(data: bytes, name: str) -> None:
    if data.startswith(_XLSX):
        what = _("{name} is an XLSX file; only text can be read.", name=name)
    elif data.startswith(_XLS):
        what = _("{name} is an XLS file; only text can be read.", name=name)
    else:
        return
    raise UsageError(what, fix=_("Save as CSV (in Excel: CSV UTF-8), then read that."))


def _refuse_nul(found: bool, name: str) -> None:
    if found:
        raise UsageError(
            _("{name} is not a text file.", name=name),
            why=_("It contains NUL bytes."),
            fix=_("Save the list as CSV in UTF-8."),
        )


def _is_damaged_utf8(data: bytes) -> bool:
    text = data.decode("utf-8", "replace")
    good = sum(1 for _match in _LONG_SEQUENCE.finditer(text))
    return good > _DAMAGED_RATIO * text.count("\ufffd")


def _strict(data: bytes, codec: str, name: str, offset: int = 0) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        raise _undecodable(name, codec.upper(), error.start, data, offset) from error


def _undecodable(name: str, codec: str, start: int, data: bytes, offset: int = 0) -> UsageError:
    before = data[:start].decode(codec, "replace")
    line = len(re.findall("\r\n|\r|\n", before)) + 1
    return UsageError(
        _(
            "{name} cannot be read as text: byte {byte}, line {line}.",
            name=name,
            byte=start + offset,
            line=line,
        ),
        why=_("The bytes there are not valid {codec}.", codec=codec),
        fix=_("Save the list as CSV in UTF-8."),
    )
