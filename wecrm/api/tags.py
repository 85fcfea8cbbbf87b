"""The corp tag library and marking relations with tags."""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Final

import msgspec

from wecrm.api.answers import Envelope
from wecrm.api.client import Client
from wecrm.api.endpoint import Endpoint
from wecrm.models.tag import CorpTag, TagGroup

LIST = Endpoint("POST", "/cgi-bin/externalcontact/get_corp_tag_list", doc=92117, effect="read")
ADD = Endpoint("POST", "/cgi-bin/externalcontact/add_corp_tag", doc=92117, effect="once")
EDIT = Endpoint("POST", "/cgi-bin/externalcontact/edit_corp_tag", doc=92117, effect="same")
DELETE = Endpoint("POST", "/cgi-bin/externalcontact/del_corp_tag", doc=92117, effect="once")
MARK = Endpoint("POST", "/cgi-bin/externalcontact/mark_tag", doc=92118, effect="same")

MOST_IDS: Final = 50
"""Ids of one `mark_tag`; WeCom names no number, and callers in the field keep to this one."""


class _Library(msgspec.Struct, frozen=True):
    tag_group: tuple[TagGroup, ...] = ()


class _Added(msgspec.Struct, frozen=True):
    tag_group: TagGroup


def library(client: Client) -> tuple[TagGroup, ...]:
    """Every group with its tags, deleted ones left out (doc 92117); not paged."""
    return client.call(LIST, _Library, body={}).tag_group


def look_up(client: Client, tag_ids: Sequence[str]) -> tuple[TagGroup, ...]:
    """These tags, deleted ones flagged `deleted` (doc 92117).

    Raises:
        ApiError: 40068 an id was never a tag.
    """
    return client.call(LIST, _Library, body={"tag_id": list(tag_ids)}).tag_group


def add(
    client: Client, group_name: str, name: str, order: int | None = None, group_order: int | None = None
) -> CorpTag | None:
    """Make one tag; the group of that name is used, or made with `group_order` (doc 92117).

    Returns the new tag, or None when the answer does not list it: read the library then.

    Raises:
        ApiError: 40071 the name is taken; 40072 too long; 40126 the library is full.
    """
    tag: dict[str, str | int] = {"name": name} if order is None else {"name": name, "order": order}
    body: dict[str, object] = {"group_name": group_name, "tag": [tag]}
    if group_order is not None:
        body["order"] = group_order
    made = client.call(ADD, _Added, body=body).tag_group
    return next((tag for tag in made.tag if tag.name == name), None)


def rename(client: Client, tag_or_group_id: str, name: str, order: int) -> None:
    """Rename a tag or group; `order` is sent along because leaving it out has reset it (doc 92117).

    Raises:
        ApiError: 60011 made by another app or in the console; 40071 the name is taken.
    """
    client.call(EDIT, Envelope, body={"id": tag_or_group_id, "name": name, "order": order})


def reorder(client: Client, tag_or_group_id: str, order: int) -> None:
    """Move a tag within its group, or a group; a larger `order`, below 2^32, stands first (doc 92117).

    Raises:
        ApiError: 60011 made by another app or in the console.
    """
    client.call(EDIT, Envelope, body={"id": tag_or_group_id, "order": order})


def delete(client: Client, tag_ids: Sequence[str]) -> None:
    """Delete tags, which also takes them off every relation; the call fails as a whole (doc 92117).

    Raises:
        ApiError: 60011 made by another app or in the console; 40068 unknown.
    """
    client.call(DELETE, Envelope, body={"tag_id": list(tag_ids)})


def mark(client: Client, userid: str, external_userid: str, add: Sequence[str], remove: Sequence[str]) -> None:
    """Put corp tags on one relation and take others off (doc 92118); repeating is harmless.

    How many ids a call takes is not documented: beyond `MOST_IDS` there are several calls, what is put on first.

    Raises:
        ApiError: 84061 no relation; 40068 a tag id is unknown or deleted.
    """
    ids = [("add_tag", id_) for id_ in add] + [("remove_tag", id_) for id_ in remove]
    for start in range(0, len(ids), MOST_IDS):
        body: dict[str, object] = {"userid": userid, "external_userid": external_userid}
        for what, those in groupby(ids[start : start + MOST_IDS], itemgetter(0)):
            body[what] = [id_ for _what, id_ in those]
        client.call(MARK, Envelope, body=body)
