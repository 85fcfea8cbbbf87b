"""What spreadsheets do to ids and numbers, found before anything is done with them."""

import re
from collections.abc import Iterator

from wecrm.files.headings import FieldKind
from wecrm.i18n import _

_SCIENTIFIC = re.compile(r"[+-]?\d+([.,]\d+)?E\+\d+", re.IGNORECASE)
_DECIMAL = re.compile(r"\d+\.0+")
_ROUNDED = re.compile(r"\d{15}0+")  # a spreadsheet's number has 15 digits
_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d)?|\d\d:\d\d:\d\d")
_SEVERAL = re.compile(r"[;；,，、\s]+")
_FAILED = frozenset(
    {"#NAME?", "#REF!", "#VALUE!", "#N/A", "#NUM!", "#DIV/0!", "#NULL!"}
    | {"#SPILL!", "#CALC!", "#FIELD!", "#GETTING_DATA", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#BUSY!"}  # newer Excel
)
_INVISIBLE = "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"


def stripped(cell: str, kind: FieldKind) -> str:
    """The cell without outer blanks; ids and numbers also lose the marks that copying leaves at them."""
    text = cell.strip()
    return text if kind == "text" else text.strip(_INVISIBLE).strip()


def damage(text: str, kind: FieldKind, cell: str) -> Iterator[str]:
    """What a spreadsheet did to the cell at the address `cell`; nothing when it looks sound."""
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
    elif any(map(_DATE.fullmatch, parts)):
        yield _("{cell}: the spreadsheet made a date or a time of what was typed here.", cell=cell)
