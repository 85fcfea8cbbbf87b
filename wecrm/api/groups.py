"""Customer groups: list and details."""

from collections.abc import Iterator, Sequence

import msgspec

from wecrm.api.answers import lenient
from wecrm.api.client import Client
from wecrm.api.endpoint import Endpoint
from wecrm.models.group import GroupChat, GroupStatus

LIST = Endpoint("POST", "/cgi-bin/externalcontact/groupchat/list", doc=92120, effect="read")
GET = Endpoint("POST", "/cgi-bin/externalcontact/groupchat/get", doc=92122, effect="read")

OWNERS = 100
PAGE = 1000
SCOPE_TOO_LARGE = 81017
GONE = (49008, 40050)
"""Errcodes of a group that was dissolved."""


class _List(msgspec.Struct, frozen=True):
    group_chat_list: tuple[GroupStatus, ...] = ()
    next_cursor: str | None = None


class _Chat(msgspec.Struct, frozen=True):
    group_chat: msgspec.Raw


def statuses(client: Client, owners: Sequence[str] = ()) -> Iterator[GroupStatus]:
    """Ids and states of the groups of up to 100 owners, or of everybody in range when () (doc 92120).

    Raises:
        ApiError: 81017 more than 1000 people in range: ask by owners.
    """
    body: dict[str, object] = {"status_filter": 0, "limit": PAGE}
    if owners:
        body["owner_filter"] = {"userid_list": list(owners)}
    for page in client.pages(LIST, _List, body=body):
        yield from page.group_chat_list


def get(client: Client, chat_id: str) -> tuple[GroupChat, bytes]:
    """One group with its people and their names, and the bytes it came from (doc 92122).

    Raises:
        ApiError: 40050 or 49008 gone; 90501 not a customer group; 60011 owner out of sight.
    """
    return client.call(GET, tuple, body={"chat_id": chat_id, "need_name": 1}, decode=_chat)


def _chat(content: bytes) -> tuple[GroupChat, bytes]:
    raw = bytes(lenient(content, _Chat).group_chat)
    return lenient(raw, GroupChat), raw
