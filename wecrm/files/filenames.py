"""Names of files made of names that strangers chose: safe in any folder of any system, and none twice."""

import re
import unicodedata
from collections.abc import Iterable
from itertools import chain, count

from wecrm.models.text import visible

BYTES_MAX = 120
"""UTF-8 bytes of a name; file systems allow 255, with the ending and what `distinct` adds."""

_SPECIAL = re.compile(r'[<>:"/\\|?*]|^[-.~\s]|[.\s]+$')
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\..*)?", re.IGNORECASE)
"""Devices on Windows, whatever ending they are given."""


def filename(text: str) -> str:
    """`text` as the name of a file without its ending; "_" stands for what a file's name can't or shouldn't have."""
    name = _SPECIAL.sub("_", visible(unicodedata.normalize("NFC", text)).strip())
    name = name.encode()[:BYTES_MAX].decode("utf-8", "ignore").rstrip()
    return f"_{name}" if not name or _RESERVED.fullmatch(name) else name


def distinct(texts: Iterable[tuple[str, str]]) -> list[str]:
    """A name for each (text, id), none twice even where case does not count; the id tells the same apart."""
    found: list[str] = []
    taken: set[str] = set()
    for text, id_ in texts:
        name, id_ = filename(text), filename(id_)
        more = (f"{name}-{id_}-{n}" for n in count(2))
        free = next(each for each in chain((name, f"{name}-{id_}"), more) if each.casefold() not in taken)
        taken.add(free.casefold())
        found.append(free)
    return found
