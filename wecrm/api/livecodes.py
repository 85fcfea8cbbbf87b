"""Live codes of the three kinds behind one face; what differs stands in contactways, joinways, acquisitions."""

from collections.abc import Collection, Mapping
from typing import Protocol

from wecrm.api import acquisitions, contactways, joinways
from wecrm.api.client import Client
from wecrm.api.endpoint import Endpoint
from wecrm.errors import ApiError, TemporaryError, UsageError
from wecrm.i18n import _
from wecrm.models.livecode import Kind, LiveCode

ADD: Mapping[Kind, Endpoint] = {"contact": contactways.ADD, "group": joinways.ADD, "link": acquisitions.CREATE}
GET: Mapping[Kind, Endpoint] = {"contact": contactways.GET, "group": joinways.GET, "link": acquisitions.GET}
LIST: Mapping[Kind, Endpoint] = {"contact": contactways.LIST, "link": acquisitions.LIST}
"""Of join ways WeCom has no list."""
UPDATE: Mapping[Kind, Endpoint] = {
    "contact": contactways.UPDATE,
    "group": joinways.UPDATE,
    "link": acquisitions.UPDATE,
}
DELETE: Mapping[Kind, Endpoint] = {
    "contact": contactways.DELETE,
    "group": joinways.DELETE,
    "link": acquisitions.DELETE,
}

UNKNOWN: Mapping[Kind, frozenset[int]] = {
    "contact": frozenset((41044,)),
    "group": frozenset((41044,)),
    "link": frozenset((41044, 40058)),
}
"""Errcodes of an id that was deleted, or that another app made; for links no page names one."""

PICTURE_MAX = 1_000_000
"""Bytes; the QR codes of WeCom have some ten thousand."""

_ENDS = {b"\x89PNG": b"IEND", b"\xff\xd8\xff": b"\xff\xd9", b"GIF8": b";", b"RIFF": b""}
"""How pictures begin, and what stands at their end: an answer without a length may end in the middle unnoticed.
Of WebP nothing does."""
_TAIL = 64
"""Bytes in which the end is looked for; some programs append a little."""


class _Way(Protocol):
    """What the modules of the three kinds have in common."""

    def get(self, client: Client, code_id: str, /) -> tuple[LiveCode, bytes]: ...
    def add(self, client: Client, code: LiveCode, /) -> str: ...
    def update(self, client: Client, code: LiveCode, touched: Collection[str], /) -> None: ...
    def delete(self, client: Client, code_id: str, /) -> None: ...


_WAYS: Mapping[Kind, _Way] = {"contact": contactways, "group": joinways, "link": acquisitions}


def ids(client: Client, kind: Kind, since: int = 0) -> tuple[str, ...]:
    """Ids of all codes of a kind that WeCom lists; a listing that breaks off raises, and is never short.

    Args:
        since: unix seconds; of contact ways only those made since then. Links know no such limit.

    Raises:
        ValueError: of join ways WeCom has no list; () would say that there are none.
    """
    match kind:
        case "contact":
            return contactways.ids(client, since)
        case "link":
            return tuple(acquisitions.ids(client))
        case "group":
            raise ValueError("WeCom has no list of group join ways")


def get(client: Client, kind: Kind, code_id: str) -> tuple[LiveCode, bytes]:
    """One code as WeCom has it now, and the bytes it came from.

    Raises:
        ApiError: `UNKNOWN` deleted or made by another app.
    """
    return _WAYS[kind].get(client, code_id)


def add(client: Client, code: LiveCode) -> str:
    """Make this code; its new id. Of a QR code only `get` tells the address."""
    return _WAYS[code.kind].add(client, code)


def update(client: Client, code: LiveCode, touched: Collection[str]) -> None:
    """Make the code with this id be as `code` is.

    Args:
        code: all that is wanted; of a join way all of it is sent, since WeCom overwrites.
        touched: names of the LiveCode fields that differ; of contact ways and links only those are sent.
    """
    _WAYS[code.kind].update(client, code, touched)


def delete(client: Client, kind: Kind, code_id: str) -> None:
    """Delete a code; one that WeCom calls unknown counts as deleted."""
    try:
        _WAYS[kind].delete(client, code_id)
    except ApiError as error:
        if error.errcode not in UNKNOWN[kind]:
            raise


def picture(client: Client, code: LiveCode) -> bytes:
    """The picture of a QR code, from its public address (`code.url`).

    Raises:
        UsageError: a link, a button, or a code whose address is neither https nor below the profile's `base_url`.
        TemporaryError: it could not be fetched, or what came is no picture, or only its beginning.
    """
    if code.kind == "link" or not code.url.startswith(("https://", client.settings.base_url.rstrip("/") + "/")):
        raise UsageError(
            _("The live code has no picture to fetch."),
            _("Only QR codes have one: not links, not buttons of mini programs."),
            _("Look at its kind and scene, or run `wecrm sync livecodes`."),
        )
    content = client.download(code.url, PICTURE_MAX)
    if not any(content.startswith(start) and end in content[-_TAIL:] for start, end in _ENDS.items()):
        raise TemporaryError(
            _("What WeCom calls the QR code's picture is none."),
            _("A proxy may have answered in its place, it ended in the middle, or the address is not valid any more."),
            _("Run `wecrm sync livecodes` and try again; check the proxy of the profile."),
        )
    return content
