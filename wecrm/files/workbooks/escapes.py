"""Characters that XML cannot hold, in the `_xHHHH_` form that Excel itself uses for them."""

import re

_FORBIDDEN = "\x00-\x08\x0b-\x1f\ufffe\uffff"  # of XML 1.0; CR because XML readers turn it into LF
_LIKE_ESCAPE = f"_(?=x[0-9A-Fa-f]{{4}}(?:_|[{_FORBIDDEN}]))"  # what follows may become an escape and lend its `_`
_ESCAPED = re.compile(f"[{_FORBIDDEN}]|{_LIKE_ESCAPE}")
_UNREAD = re.compile(rb"_x005[Ff]_|_x[Ff]{3}([EeFf])_")
_UNREAD_START = re.compile(rb"_x[Ff]{3}")
_RAW = {b"E": b"\xef\xbf\xbe", b"F": b"\xef\xbf\xbf"}


def escaped(text: str) -> str:
    """`text` as it stands in the XML of a workbook; a reader of workbooks gets `text` back exactly."""
    return _ESCAPED.sub(lambda found: f"_x{ord(found.group()):04X}_", text)


def completed(part: bytes) -> bytes:
    """XML of a workbook with the two escapes resolved that calamine leaves as they are."""
    if _UNREAD_START.search(part) is None:
        return part
    return _UNREAD.sub(lambda found: _RAW[found[1].upper()] if found[1] else found[0], part)
