"""What can be wrong with the description of a group welcome template, as far as it shows without asking anybody."""

import re
from collections.abc import Iterator

from wecrm.i18n import _
from wecrm.models.coderules import named
from wecrm.models.welcome import PARTS, WelcomeEntry

TEMPLATES_MAX = 100
"""Templates of a corp, those of other apps counted (41055)."""
NEW_TEXT_BYTES = 3000
TEXT_BYTES = 4000
"""When made and when edited: both as the page has them (doc 92366)."""

_BYTES = {"link": {"title": 128, "url": 2048, "picurl": 2048, "desc": 512}, "miniprogram": {"title": 64}}
_NEEDED = {"link": ("title", "url"), "miniprogram": ("title", "pic_media_id", "appid", "page")}
_NICKNAME = re.compile("%nickname%", re.IGNORECASE)


def wrong(entry: WelcomeEntry) -> Iterator[str]:
    """Every reason why this entry can't be followed, without its name."""
    yield from named(entry.name)
    given = [part for part in PARTS if getattr(entry, part)]
    if not entry.text and not given:
        yield _("it needs `text` or one of {parts}", parts=", ".join(PARTS))
    if len(given) > 1:
        yield _("it has {parts}; WeCom takes one of them beside the text", parts=", ".join(given))
    yield from _longer("text", entry.text, TEXT_BYTES)
    if any(found != "%NICKNAME%" for found in _NICKNAME.findall(entry.text)):
        yield _("`text`: the customer's name stands for %NICKNAME% in capitals only")
    for part, fields in _NEEDED.items():
        whole = getattr(entry, part)
        for field in fields if whole else ():
            if not getattr(whole, field):
                yield _("`{field}` is empty", field=f"{part}.{field}")
        for field, most in _BYTES[part].items() if whole else ():
            yield from _longer(f"{part}.{field}", getattr(whole, field), most)


def too_long_to_make(entry: WelcomeEntry) -> Iterator[str]:
    """Why this entry, which can be followed, can't be made anew."""
    return _longer("text", entry.text, NEW_TEXT_BYTES)


def _longer(field: str, text: str, most: int) -> Iterator[str]:
    if (size := len(text.encode())) > most:
        yield _("`{field}` has {n} bytes; there may be {most}", field=field, n=size, most=most)
