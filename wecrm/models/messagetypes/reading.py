"""Content of archived messages becomes structs: quickly when it is as documented, patiently when it is not."""

import json
import math
from collections.abc import Iterator
from functools import cache
from typing import Any, Final, TypeVar, get_args, get_origin

import msgspec

from wecrm.models.messagetypes import TYPES, Kind
from wecrm.models.messagetypes.body import Body, Other
from wecrm.models.messagetypes.bundles import ChatRecord, Item, Mixed

T = TypeVar("T", bound=msgspec.Struct)

DEPTH_MAX: Final = 8
"""How deep bundles may lie in bundles."""

ITEMS_MAX: Final = 5000
"""How many items of one message are looked at, on all depths together."""

_DIGITS_MAX = 100
_DEEP = 50


class Unreadable(ValueError):
    """It is no JSON object."""


def loads(raw: bytes | str) -> dict[str, Any]:
    """The JSON object: control characters, broken UTF-8 and endless numbers are borne.

    Raises:
        Unreadable: it is none, or nested too deep.
    """
    text = raw.decode("utf-8-sig", "replace") if isinstance(raw, bytes) else raw
    try:
        value = json.loads(text, strict=False, parse_int=whole)
    except (ValueError, RecursionError) as error:
        raise Unreadable(type(error).__name__) from None
    if not isinstance(value, dict):
        raise Unreadable("not an object")
    return value


def whole(digits: str) -> int | str:
    """A number of more digits than any machine's stays the text it is."""
    return int(digits) if len(digits) <= _DIGITS_MAX else digits


def body(msgtype: str, raw: bytes) -> Body:
    """The content of a message of that type, from its whole plaintext."""
    decoder = _DECODERS.get(msgtype)
    if decoder is not None:
        try:
            found = decoder.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass
        else:
            for name in found.__struct_fields__:
                part = getattr(found, name)
                if part is not None:
                    return part  # type: ignore[no-any-return]
    try:
        return _placed(msgtype, loads(raw))
    except Unreadable:
        return Other(msgtype)


def _placed(msgtype: str, whole: dict[str, Any]) -> Body:
    kind = TYPES.get(msgtype)
    if kind is None:
        return Other(msgtype, _sounded({name: part for name, part in whole.items() if _holds(name, part)}))
    inner = (whole[name] for name in kind.keys if isinstance(whole.get(name), dict))
    return fitted(kind.struct, next(inner, whole if kind.flat else None))


def _holds(name: str, part: Any) -> bool:
    """Whether content can stand there in a message of an unknown type: nobody says under which name."""
    return isinstance(part, (dict, list)) and name != "tolist"


def item(each: Item) -> Body:
    """The content of one item of a bundle."""
    value = each.content
    if isinstance(value, str):
        try:
            value = loads(value)
        except Unreadable:
            value = {"content": value}  # never seen, but then it is what was said
    kind = TYPES.get(each.msgtype)
    if kind is None:
        return Other(each.msgtype or "?", _sounded(value))
    nested = next(
        (value[name] for name in kind.keys if isinstance(value, dict) and isinstance(value.get(name), dict)), value
    )
    return fitted(kind.struct, nested)


def walk(outer: Body) -> Iterator[tuple[int, Item | None, Body]]:
    """The content and all that lies in it: (depth, its item, content), outermost first; bounded."""
    waiting: list[tuple[int, Item | None, Body]] = [(0, None, outer)]
    left = ITEMS_MAX
    while waiting:
        depth, each, found = waiting.pop()
        yield depth, each, found
        if isinstance(found, (Mixed, ChatRecord)) and depth < DEPTH_MAX:
            inner = found.item[:left]
            left -= len(inner)
            waiting += [(depth + 1, one, item(one)) for one in reversed(inner)]


def fitted(struct: type[T], value: object) -> T:
    """A struct from an object of JSON: what fits is taken, field by field, what does not is left at its default."""
    if not isinstance(value, dict):
        return struct()
    kept = {}
    for encoded, name, wanted in _fields(struct):
        if value.get(encoded) is not None:
            found = _fit(wanted, value[encoded])
            if found is not None:
                kept[name] = found
    return struct(**kept)


@cache
def _fields(struct: type[msgspec.Struct]) -> list[tuple[str, str, Any]]:
    return [(field.encode_name, field.name, field.type) for field in msgspec.structs.fields(struct)]


def _fit(wanted: Any, value: Any) -> Any:
    """The value as that type; None when it is no such thing."""
    if wanted is str:
        return _text(value)
    if wanted is int or int in get_args(wanted):
        return _number(value)
    if wanted is bool:
        return bool(value) if isinstance(value, (bool, int)) else None
    if wanted is float:
        number = value if isinstance(value, float) else _number(value)
        return float(number) if number is not None and abs(number) < 1e300 else None
    if get_origin(wanted) is tuple:
        each = get_args(wanted)[0]
        found = (_fit(each, one) for one in value) if isinstance(value, list) else ()
        return tuple(one for one in found if one is not None)
    if isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
        return fitted(wanted, value)
    return _sounded(value) if isinstance(value, (str, dict)) else value


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return sound(value)
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _number(value: Any) -> int | None:
    if isinstance(value, str):
        digits = value.strip()
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS_MAX else None
    if isinstance(value, float):
        return int(value) if math.isfinite(value) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def sound(text: str) -> str:
    """The text with halves of broken pairs replaced: neither UTF-8 nor a database takes them."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _sounded(value: Any, depth: int = 0) -> Any:
    """The same with every text in it sound, without what lies too deep."""
    if isinstance(value, str):
        return sound(value)
    if isinstance(value, list):
        return [_sounded(each, depth + 1) for each in value] if depth < _DEEP else []
    if isinstance(value, dict):
        return {sound(name): _sounded(each, depth + 1) for name, each in value.items()} if depth < _DEEP else {}
    return value


def _decoder(kind: Kind) -> msgspec.json.Decoder[Any]:
    """Of a whole message: nothing is read of it but the content."""
    parts = [(f"c{n}", kind.struct | None, msgspec.field(name=name, default=None)) for n, name in enumerate(kind.keys)]
    return msgspec.json.Decoder(msgspec.defstruct("Whole", parts, frozen=True, gc=False), strict=False)


_DECODERS = {name: _decoder(kind) for name, kind in TYPES.items() if kind.keys}
