"""Text cut into lines by display cells: a Chinese character takes two, and a line may end after it.

Our own sentences have no combining characters, so their widths need no table but Python's own:
importing wcwidth would take 17 ms of a help page.
"""

import re
from collections.abc import Iterator
from unicodedata import east_asian_width

_OPENING = "（「『《【〈“‘"
_CLOSING = "，。；：！？、）」』》】〉”’…"
_WIDE = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff01-\uff60"
_UNIT = re.compile(
    rf"\s+|\[[^\[\]]{{1,30}}\]|[{_OPENING}]*(?:[^\s{_WIDE}{_OPENING}{_CLOSING}]+|(?![{_OPENING}{_CLOSING}])[{_WIDE}])?[{_CLOSING}]*"
)


def width(text: str) -> int:
    """How many cells `text` takes on a screen."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def fill(text: str, cells: int, first: str = "", rest: str = "") -> str:
    """`text` in lines of at most `cells`, the first beginning with `first`, the others with `rest`.

    A word that is longer than a line stays whole; no line begins with a closing sign.
    """
    lines: list[str] = []
    line, empty, gap = first, True, ""
    for unit in _units(text):
        if unit.isspace():
            gap = " "
        elif empty:
            line, empty, gap = line + unit, False, ""
        elif width(line + gap + unit) <= cells:
            line, gap = line + gap + unit, ""
        else:
            lines.append(line)
            line, gap = rest + unit, ""
    return "\n".join([*lines, line])


def _units(text: str) -> Iterator[str]:
    """What a line may end after: words, single wide characters, with the signs that cling to them."""
    return (match.group() for match in _UNIT.finditer(text) if match.group())
