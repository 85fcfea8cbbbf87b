"""What the QR codes of live codes say: of a link itself, of others what WeCom's own picture says.

Nothing of it is kept: a picture is one short answer away, and stays the same while its code exists.
"""

from collections.abc import Sequence
from datetime import tzinfo
from typing import cast
from urllib.parse import quote

from wecrm.api import livecodes as api
from wecrm.api.client import Client
from wecrm.errors import UsageError
from wecrm.files import qrcodes
from wecrm.i18n import _
from wecrm.models.coderules import LINK_CHANNEL_BYTES
from wecrm.models.livecode import BUTTON, Kind
from wecrm.models.table import Query
from wecrm.models.text import visible
from wecrm.store import livecodes as register
from wecrm.store import selection
from wecrm.store.code_details import channel_of, named
from wecrm.store.database import Store
from wecrm.store.livecodes import KnownCode


def of_names(store: Store, names: Sequence[str]) -> tuple[KnownCode, ...]:
    """The codes of these names or ids, each once; every one of them has a QR code.

    Raises:
        UsageError: a name nobody knows or several share, a code that was deleted, a button.
    """
    found = {(known.code.kind, known.code.id): known for known in (named(store, name) for name in names)}
    for known in found.values():
        if known.gone_at is not None:
            raise UsageError(
                _("The live code {name} does not exist any more.", name=visible(known.shown)),
                _("Its QR code leads nowhere."),
                _("`wecrm livecodes list` shows those that do."),
            )
        if _is_button(known):
            raise UsageError(
                _("The live code {name} has no QR code.", name=visible(known.shown)),
                _("It is a button in a mini program (scene 1), and what a code is for is fixed when it is made."),
                _("Make another one: `wecrm livecodes create`."),
            )
    return tuple(found.values())


def of_condition(store: Store, where: str, *, now: float, tz: tzinfo) -> tuple[tuple[KnownCode, ...], int]:
    """The existing codes that meet `where` (all for ""), and how many more are buttons without a QR code.

    Raises:
        UsageError: a condition that can't be read.
    """
    rows = selection.table(store, "livecodes", Query(("kind", "code_id"), where), now=now, tz=tz).rows
    found = [register.find(store, cast("Kind", kind), str(code_id)) for kind, code_id in list(rows)]
    existing = [known for known in found if known is not None and known.gone_at is None]
    shown = tuple(known for known in existing if not _is_button(known))
    return shown, len(existing) - len(shown)


def _is_button(known: KnownCode) -> bool:
    return known.code.kind != "link" and known.code.scene == BUTTON


def content(client: Client, known: KnownCode, channel: str | None = None) -> str:
    """What the QR code says; fetches WeCom's picture unless it is a link.

    Args:
        channel: of a link, instead of its own; "" for none.

    Raises:
        UsageError: the picture can't be read, or the channel is too long.
        TemporaryError: the picture could not be fetched.
        ConfigError: the libraries are missing.
    """
    if known.code.kind == "link":
        return _with_channel(_address(client, known), channel_of(known) if channel is None else channel)
    found = qrcodes.read(picture(client, known))
    if found is None:
        raise UsageError(
            _("WeCom's picture of the live code {name} can't be read.", name=visible(known.shown)),
            _("It shows no QR code, or more than one, or one that is no address."),
            _("Save it as it is: `wecrm livecodes qr {id} --as-is -o FILE`.", id=known.code.id),
        )
    return found


def picture(client: Client, known: KnownCode) -> bytes:
    """WeCom's own picture of the QR code.

    Raises:
        UsageError: a link has none.
        TemporaryError: it could not be fetched.
    """
    return api.picture(client, known.code if known.code.url else api.get(client, known.code.kind, known.code.id)[0])


def _address(client: Client, known: KnownCode) -> str:
    return known.code.url or api.get(client, "link", known.code.id)[0].url


def _with_channel(url: str, channel: str) -> str:
    """A link whose customers carry `channel` (doc 97297)."""
    size = len(channel.encode())
    if size > LINK_CHANNEL_BYTES:
        raise UsageError(
            _("The channel {channel} has {n} bytes.", channel=visible(channel), n=size),
            _("WeCom cuts it after {most} without a word; a Chinese character has 3.", most=LINK_CHANNEL_BYTES),
            _("Take a shorter one."),
        )
    if not channel:
        return url
    return f"{url}{'&' if '?' in url else '?'}customer_channel={quote(channel, safe='')}"
