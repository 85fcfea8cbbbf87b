"""One archived message (会话内容存档), read from its plaintext without losing what is not known.

The common fields are typed at once; the content stays in `raw` until somebody asks for `body()`. Texts given from here
can go into a database: they hold no halves of broken pairs. They come from strangers: `visible()` before showing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from wecrm.i18n import _
from wecrm.models.messagetypes import TYPES, reading
from wecrm.models.messagetypes.body import STORABLE_MAX, Body
from wecrm.models.messagetypes.body import MediaRef as MediaRef
from wecrm.models.messagetypes.bundles import ChatRecord, Item, Mixed
from wecrm.models.messagetypes.words import Text

_LINE_MAX = 200
_ITEMS_SHOWN = 6


class UnreadableMessage(ValueError):
    """The plaintext is no message: no JSON object. It belongs into quarantine."""


class _Common(msgspec.Struct, frozen=True, gc=False):
    msgid: str = ""
    action: str = ""
    sender: str = msgspec.field(default="", name="from")
    tolist: tuple[str, ...] = ()
    roomid: str = ""
    msgtime: int = 0
    msgtype: str = ""
    time: int = 0
    user: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """The common fields of one message; `msgtime` in milliseconds, 0 where there is none. `raw` is the plaintext."""

    msgid: str
    action: str
    msgtype: str
    sender: str
    tolist: tuple[str, ...]
    roomid: str
    msgtime: int
    raw: bytes


_DECODER = msgspec.json.Decoder(_Common, strict=False)


def parse(raw: bytes) -> Message:
    """The message in this plaintext; raw control characters and wrong types of single fields are borne.

    A `switch` has neither sender nor type: its `user`, `time` and action stand for them. A time that no database
    holds is 0.

    Raises:
        UnreadableMessage: it is no JSON object, or one nested hundreds deep.
    """
    try:
        found = _DECODER.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        try:
            found = reading.fitted(_Common, reading.loads(raw))
        except reading.Unreadable as error:
            raise UnreadableMessage(*error.args) from None
    msgtype, sender, msgtime = found.msgtype, found.sender, found.msgtime
    if found.action == "switch":
        msgtype, sender, msgtime = msgtype or "switch", sender or found.user, msgtime or found.time
    if not 0 <= msgtime <= STORABLE_MAX:
        msgtime = 0
    return Message(found.msgid, found.action, msgtype, sender, found.tolist, found.roomid, msgtime, raw)


def content(message: Message) -> dict[str, Any]:
    """The part of the message that its type is about, as it came, unknown fields too; {} where there is none."""
    whole = reading.loads(message.raw)
    kind = TYPES.get(message.msgtype)
    keys = kind.keys if kind else (message.msgtype, "info")
    found = (whole[name] for name in keys if isinstance(whole.get(name), dict))
    return next(found, whole if kind and kind.flat else {})


def body(message: Message) -> Body:
    """The same typed: a struct of `messagetypes`, `Other` for a type that is not known."""
    return reading.body(message.msgtype, message.raw)


def parts(message: Message) -> Iterator[tuple[int, Item | None, Body]]:
    """The content and all that lies in it (mixed, chatrecord): (depth, its item, content), outermost first."""
    return reading.walk(body(message))


def summary(message: Message) -> str:
    """One line for people: what was said, or what kind of thing was sent; at most 200 characters."""
    return _one_line(_line(body(message)))


def _line(found: Body) -> str:
    if isinstance(found, Mixed):
        texts = (part.line() for _depth, _item, part in reading.walk(found) if part is not found)
        return " ".join(text for text in texts if text)
    if isinstance(found, ChatRecord):
        inner = [reading.item(each) for each in found.item[:_ITEMS_SHOWN]]
        lines = [_one_line(_line(one) if isinstance(one, Mixed) else one.line()) for one in inner]
        said = " / ".join([*lines, "…"] if len(found.item) > _ITEMS_SHOWN else lines)
        return _("[forwarded chat] {title}: {said}", title=found.title, said=said)
    return found.line()


def _one_line(text: str) -> str:
    line = " ".join(text[: 2 * _LINE_MAX].split())
    return line if len(line) <= _LINE_MAX else f"{line[: _LINE_MAX - 1]}…"


def searchable(message: Message) -> str:
    """Every text of the message that a person would look for, on lines of their own; "" where there is none."""
    found = body(message)
    if type(found) is Text:
        return found.content
    return "\n".join(text for _depth, _item, part in reading.walk(found) for text in part.texts() if text)


def media(message: Message) -> tuple[MediaRef, ...]:
    """The files that the message carries, also inside mixed and chatrecord, in their order."""
    if message.msgtype == "text":
        return ()
    return tuple(file for _depth, _item, part in parts(message) for file in part.files())
