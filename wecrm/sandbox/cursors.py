"""Opaque cursors: a place in a listing, sealed together with the question it belongs to."""

import base64
import binascii
import struct
from collections.abc import Sequence

from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.world import World


def seal(world: World, place: Sequence[int], *question: object) -> str:
    """A cursor for `place` (up to three numbers) in the listing that `question` asked for."""
    body = struct.pack(f">{len(place)}Q", *place)
    mac = world.digest("cursor", body.hex(), *question, size=10)
    return base64.urlsafe_b64encode(mac + body).decode().rstrip("=")


def unseal(world: World, cursor: str | None, numbers: int, *question: object) -> tuple[int, ...]:
    """The place a cursor stands for; zeros for the first page; 50100 for another question's cursor."""
    if not cursor:
        return (0,) * numbers
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as e:
        raise Refusal(50100) from e
    mac, body = raw[:10], raw[10:]
    if len(body) != 8 * numbers or mac != world.digest("cursor", body.hex(), *question, size=10):
        raise Refusal(50100)
    return struct.unpack(f">{numbers}Q", body)


def next_cursor(world: World, cursor: str) -> dict[str, str]:
    """`next_cursor` as it goes on the wire; the last page has an empty one, or none."""
    if not cursor and world.switch("last_cursor") == "absent":
        return {}
    return {"next_cursor": cursor}
