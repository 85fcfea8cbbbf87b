"""One page of the archive, read from the JSON that the library hands on byte for byte, whatever it is."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from wecrm.models.archive import Sealed
from wecrm.models.messagetypes.reading import whole

SEQ_MAX: Final = 2**64 - 1


class _Body(msgspec.Struct):
    errcode: int
    errmsg: str = ""
    chatdata: tuple[Sealed, ...] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What a page holds; with an `errcode` that is not 0 it holds nothing.

    `malformed` are entries that are no message, as they came, each with the seq that it names or else the
    newest one before it; they are kept too.
    """

    errcode: int = 0
    errmsg: str = ""
    sealed: Sequence[Sealed] = ()
    malformed: Sequence[tuple[int, str]] = ()

    @property
    def seq(self) -> int:
        """The largest seq of the page; 0 when it is empty."""
        return max(
            max((one.seq for one in self.sealed), default=0), max((seq for seq, _raw in self.malformed), default=0)
        )


_DECODER = msgspec.json.Decoder(_Body)


def read(body: bytes) -> Page | None:
    """The page in this body; None when it is none: empty, HTML, cut off."""
    try:
        found = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _patiently(body)
    sealed = found.chatdata or ()
    if not all(map(_storable, sealed)):
        return _patiently(body)
    return Page(found.errcode, found.errmsg, sealed)


def _storable(one: Sealed) -> bool:
    return 0 <= one.seq <= SEQ_MAX and 0 <= one.publickey_ver < 2**63


def _patiently(body: bytes) -> Page | None:
    """The same entry by entry, with what is wrong in one of them borne."""
    try:
        value = json.loads(body.decode("utf-8", "replace"), strict=False, parse_int=whole)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not ("errcode" in value or "chatdata" in value):
        return None
    errcode, errmsg, entries = value.get("errcode", 0), value.get("errmsg", ""), value.get("chatdata")
    if not isinstance(errcode, int) or not isinstance(entries, list | None):
        return None
    sealed: list[Sealed] = []
    malformed: list[tuple[int, str]] = []
    last = 0
    for entry in entries or ():
        one = _entry(entry)
        if one is not None:
            last = max(last, one.seq)
            sealed.append(one)
        else:
            seq = _seq(entry)
            last = max(last, seq)
            malformed.append((seq or last, json.dumps(entry)))
    return Page(errcode, str(errmsg), sealed, malformed)


def _entry(entry: Any) -> Sealed | None:
    try:
        one = msgspec.convert(entry, Sealed, strict=False)
        f"{one.msgid}{one.encrypt_random_key}{one.encrypt_chat_msg}".encode()
    except (msgspec.ValidationError, UnicodeEncodeError):  # the latter: half of a pair, which no database takes
        return None
    return one if _storable(one) else None


def _seq(entry: Any) -> int:
    found = entry.get("seq") if isinstance(entry, dict) else None
    try:
        seq = int(str(found))
    except ValueError:
        return 0
    return seq if 0 <= seq <= SEQ_MAX else 0
