"""Parts of a message: text, picture, link, mini program, video, file, as several APIs take them."""

from collections.abc import Sequence
from typing import Any, Final

from wecrm.sandbox.fields import Fields
from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.seed.ids import wire_id
from wecrm.sandbox.world import World

# required fields and the most bytes of each field, for every kind
NEEDED: Final = {
    "image": (),
    "link": ("title", "url"),
    "miniprogram": ("title", "pic_media_id", "appid", "page"),
    "video": ("media_id",),
    "file": ("media_id",),
}
BYTES: Final = {
    "image": {"media_id": 0, "pic_url": 0},
    "link": {"title": 128, "picurl": 2048, "desc": 512, "url": 2048},
    "miniprogram": {"title": 64, "pic_media_id": 0, "appid": 0, "page": 0},
    "video": {"media_id": 0},
    "file": {"media_id": 0},
}


def text(fields: Fields, longest: int) -> dict[str, str] | None:
    """`text` with its content, if it was sent; 45002 above so many bytes."""
    given = fields.maybe_object("text")
    if given is None:
        return None
    content = given.text("content")
    if len(content.encode()) > longest:
        raise Refusal(45002, "text.content")
    return {"content": content}


def part(kind: str, given: Fields) -> dict[str, str]:
    """One part as it was sent, checked."""
    for name in NEEDED[kind]:
        given.text(name)
    if kind == "image" and not (given.has("media_id") or given.has("pic_url")):
        raise Refusal(40063, "media_id")
    found = {}
    for name, most in BYTES[kind].items():
        value = given.maybe_text(name)
        if value is not None:
            if most and len(value.encode()) > most:
                raise Refusal(40058, f"{kind}.{name}")
            found[name] = value
    return found


def message(world: World, fields: Fields, kinds: Sequence[str], longest: int) -> dict[str, Any]:
    """The text and the first of the other parts, as they are read; 40063 if there is none at all.

    A picture is sent as `media_id` and read as `pic_url`.
    """
    found: dict[str, Any] = {}
    words = text(fields, longest)
    if words:
        found["text"] = words
    for kind in kinds:
        given = fields.maybe_object(kind)
        if given is not None:
            found[kind] = _as_read(world, kind, part(kind, given))
            break
    if not found:
        raise Refusal(40063, "text")
    return found


def _as_read(world: World, kind: str, sent: dict[str, str]) -> dict[str, str]:
    if kind != "image" or "media_id" not in sent:
        return sent
    return {"pic_url": f"https://wework.qpic.cn/wwpic/{wire_id('', world.seed, 'media', world.new_number())}/0"}
