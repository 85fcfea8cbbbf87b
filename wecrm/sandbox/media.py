"""Temporary media (临时素材): media/upload and media/get, the only APIs that carry a file instead of JSON."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from wecrm.sandbox.asked import Answer, Asked
from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.state import media
from wecrm.sandbox.state.media import File

MB: Final = 1024 * 1024
SHORTEST: Final = 6
"""More than 5 bytes."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """What the platform takes as one kind of media."""

    largest: int
    fits: Callable[[bytes], bool] = lambda _content: True


_KINDS: Final[Mapping[str, _Kind]] = MappingProxyType(
    {
        "image": _Kind(10 * MB, lambda content: content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))),
        "voice": _Kind(2 * MB, lambda content: content.startswith(b"#!AMR")),
        "video": _Kind(10 * MB, lambda content: content[4:8] == b"ftyp"),
        "file": _Kind(20 * MB),
    }
)


def received(content_type: str, body: bytes) -> File:
    """The file of a multipart body, in its part `media`; 44001 where there is none."""
    from werkzeug.formparser import FormDataParser
    from werkzeug.http import parse_options_header

    kind, options = parse_options_header(content_type)
    try:
        files = FormDataParser(silent=False).parse(io.BytesIO(body), kind, len(body), options)[2]
    except ValueError:
        raise Refusal(44001, "media") from None
    part = files.get("media")
    if part is None:
        raise Refusal(44001, "media")
    return File(part.filename or "", part.mimetype, part.read())


def upload(asked: Asked) -> Answer:
    """Keep a file for three days, for all apps of the corp (doc 90253)."""
    name = asked.fields.text("type")
    kind = _KINDS.get(name)
    if kind is None:
        raise Refusal(40005, name)
    file = asked.file
    if file is None or not file.content:
        raise Refusal(44001, "media")
    if len(file.content) < SHORTEST:
        raise Refusal(40006, "media")
    if len(file.content) > kind.largest:
        raise Refusal(45001, "media")
    if not kind.fits(file.content):
        raise Refusal(40004, f"not of type {name}")
    media_id = media.keep(asked.world, file, asked.now)
    return {"errmsg": "", "type": name, "media_id": media_id, "created_at": str(int(asked.now))}


def get(asked: Asked) -> Answer:
    """A file as it was uploaded (doc 90254)."""
    return media.kept(asked.world, asked.fields.text("media_id", missing=40007), asked.now)
