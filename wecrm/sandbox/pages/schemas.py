"""Words to write a page in: JSON Schema of texts, numbers, lists and records, and the ids that occur everywhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """One API: number of its page, what it does, what goes into the query (GET) or the body (POST), what comes back."""

    doc: int
    summary: str
    asks: Schema
    answers: Schema


def record(required: str = "", any_of: str = "", /, **fields: Schema) -> Schema:
    """An object.

    Args:
        required: names of the fields that have to be there, with blanks between them.
        any_of: names of which at least one has to be there.
        fields: every field that the page names.
    """
    found: dict[str, Any] = {"type": "object", "properties": fields}
    if required:
        found["required"] = required.split()
    if any_of:
        found["anyOf"] = [{"required": [name]} for name in any_of.split()]
    return found


def text(longest: int = 0, shortest: int = 0) -> Schema:
    """A string, of at most so many characters unless 0."""
    least = {"minLength": shortest} if shortest else {}
    return {"type": "string", **least, **({"maxLength": longest} if longest else {})}


def number(least: int = 0, most: int = 2**32 - 1) -> Schema:
    """An integer from `least` to `most`."""
    return {"type": "integer", "minimum": least, "maximum": most}


def one_of(*values: int | str) -> Schema:
    """One of these values, all of one type."""
    return {"type": "string" if isinstance(values[0], str) else "integer", "enum": list(values)}


def many(items: Schema, most: int = 0, least: int = 0) -> Schema:
    """A list, of at most so many items unless 0."""
    fewest = {"minItems": least} if least else {}
    return {"type": "array", "items": items, **fewest, **({"maxItems": most} if most else {})}


def either(*schemas: Schema) -> Schema:
    """What fits one of several, for fields that came in two shapes."""
    return {"anyOf": list(schemas)}


def named(name: str) -> Schema:
    """A reference to one of `COMPONENTS`."""
    return {"$ref": f"#/components/schemas/{name}"}


USERID: Final = named("UserId")
CUSTOMER: Final = named("ExternalUserId")
CHAT: Final = named("ChatId")
TAG: Final = named("TagId")
DEPARTMENT: Final = named("DepartmentId")
CURSOR: Final = named("Cursor")
TIME: Final = named("Time")
MOMENT: Final = named("Moment")
AGENT: Final = named("AgentId")
CODE: Final = named("ConfigId")
LINK: Final = named("LinkId")
TEMPLATE: Final = named("TemplateId")
SEND: Final = named("SendId")
ROOM: Final = named("RoomId")
ROBOT: Final = named("RobotId")
TAG_GROUP: Final = named("TagGroupId")
RECEIVERS: Final = named("Receivers")
FLAG: Final[Schema] = {"type": "boolean"}
BIT: Final = one_of(0, 1)
SIZE: Final = number(0, 2**63 - 1)
TEXT: Final = text()
NOTHING: Final = record()

_PART: Final = {
    "link": record("title url", title=TEXT, picurl=TEXT, desc=TEXT, url=TEXT),
    "miniprogram": record("title pic_media_id appid page", title=TEXT, pic_media_id=TEXT, appid=TEXT, page=TEXT),
    "video": record("media_id", media_id=TEXT),
    "file": record("media_id", media_id=TEXT),
}
SENT: Final[Mapping[str, Schema]] = {"image": record("", "media_id pic_url", media_id=TEXT, pic_url=TEXT), **_PART}
READ: Final[Mapping[str, Schema]] = {"image": record(media_id=TEXT, pic_url=TEXT), **_PART}
"""Parts of a message as they are sent and as they are read: a picture that was sent by media_id has an address."""
WORDS: Final = record("content", content=text(shortest=1))

COMPONENTS: Final[Mapping[str, Schema]] = {
    "UserId": text(64, 1),
    "ExternalUserId": text(64, 1),
    "ChatId": text(64, 1),
    "TagId": text(shortest=1),
    "DepartmentId": number(),
    "AgentId": number(),
    "ConfigId": text(shortest=1),
    "LinkId": text(shortest=1),
    "TemplateId": text(shortest=1),
    "SendId": text(shortest=1),
    "RoomId": text(shortest=1),
    "RobotId": text(shortest=1),
    "TagGroupId": text(shortest=1),
    "Receivers": {**TEXT, "description": "Ids with | between them, or @all"},
    "Cursor": {**TEXT, "description": 'What the page before said in next_cursor; "" or left out for the first'},
    "Time": {**number(0, 2**63 - 1), "description": "Seconds since 1970"},
    "Moment": {**number(), "description": "Seconds since 1970, one end of what is asked for"},
    "Refused": {
        **record("errcode errmsg", errcode={"type": "integer", "not": {"const": 0}}, errmsg=TEXT),
        "description": "Nothing was done, and errcode says why; the HTTP status is 200 all the same",
    },
}
