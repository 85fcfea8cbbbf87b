"""Customers and relations: follow-user list, list, get, batch get, remark."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec

from wecrm.api import answers
from wecrm.api.answers import Envelope
from wecrm.api.client import Client
from wecrm.api.endpoint import Endpoint
from wecrm.errors import ApiError
from wecrm.models.contact import ExternalContact, Follow, Relation

FOLLOW_USERS = Endpoint("GET", "/cgi-bin/externalcontact/get_follow_user_list", doc=92571, effect="read")
LIST = Endpoint("GET", "/cgi-bin/externalcontact/list", doc=92113, effect="read")
GET = Endpoint("GET", "/cgi-bin/externalcontact/get", doc=92114, effect="read")
BATCH_GET = Endpoint("POST", "/cgi-bin/externalcontact/batch/get_by_user", doc=92994, effect="read")
REMARK = Endpoint("POST", "/cgi-bin/externalcontact/remark", doc=92115, effect="same")

NO_RELATION = 84061
UNLICENSED = 701008
BATCH_MEMBERS = 100
PAGE = 100
REMARK_MAX, DESCRIPTION_MAX, COMPANY_MAX = 20, 150, 20
"""Characters of remark, description and company (doc 92115)."""


class _FollowUsers(msgspec.Struct, frozen=True):
    follow_user: tuple[str, ...] = ()


class _List(msgspec.Struct, frozen=True):
    external_userid: tuple[str, ...] = ()


class _Pair(msgspec.Struct, frozen=True):
    external_contact: msgspec.Raw
    follow_info: msgspec.Raw


class _Skipped(msgspec.Struct, frozen=True):
    unlicensed_userid_list: tuple[str, ...] | None = None


class _Batch(msgspec.Struct, frozen=True):
    external_contact_list: tuple[_Pair, ...] = ()
    next_cursor: str | None = None
    fail_info: _Skipped | None = None


class _Detail(msgspec.Struct, frozen=True):
    external_contact: msgspec.Raw = msgspec.Raw()  # later pages may leave it out
    follow_user: tuple[msgspec.Raw, ...] = ()
    next_cursor: str | None = None


T = TypeVar("T", bound=msgspec.Struct)

_contact = msgspec.json.Decoder(ExternalContact, strict=False)
_follow = msgspec.json.Decoder(Follow, strict=False)


class Malformed(msgspec.Struct, frozen=True):
    """One relation of an answer that can't be read as documented; the others still count."""

    reason: str


def follow_users(client: Client) -> tuple[str, ...]:
    """Userids with customer contact enabled, inside the app's visible range (doc 92571)."""
    return client.call(FOLLOW_USERS, _FollowUsers).follow_user


def external_userids(client: Client, userid: str) -> tuple[str, ...]:
    """Ids of all customers of one member (doc 92113); a member without any answers 84061: empty."""
    try:
        return client.call(LIST, _List, params={"userid": userid}).external_userid
    except ApiError as error:
        if error.errcode == NO_RELATION:
            return ()
        raise


def get(client: Client, external_userid: str) -> tuple[Relation | Malformed, ...]:
    """All relations of one customer that the app can see (doc 92114); () when nobody follows it.

    The only call that answers personal tags. More than 500 followers come in several pages.
    """
    found: list[Relation | Malformed] = []
    contact = msgspec.Raw()
    try:
        for page in client.pages(GET, _Detail, params={"external_userid": external_userid}):
            contact = page.external_contact if bytes(page.external_contact) else contact
            found += [_relation(contact, follow, personal=True) for follow in page.follow_user]
    except ApiError as error:
        if error.errcode == NO_RELATION:
            return ()
        raise
    return tuple(found)


def batch_get(client: Client, userids: Sequence[str]) -> Iterator[tuple[Relation | Malformed, ...]]:
    """Pages of all relations of up to 100 members (doc 92994), as they come.

    A customer of two of the members comes twice. Members without customers contribute nothing; of one alone
    84061 says so too, as in `external_userids`. Personal tags are not in this answer. A page may be short or
    empty before the last one.

    Raises:
        ApiError: 40003/60111 a member is unknown or out of sight; 84061 maybe none of several members has a
            customer: ask for each of them; 50100 the cursor ended; 701008, after the last page, the others are
            whole, but somebody has no licence (provider apps).
    """
    body = {"userid_list": list(userids), "limit": PAGE}
    begun = False
    skipped: set[str] = set()
    try:
        for page in client.pages(BATCH_GET, _Batch, body=body):
            begun = True
            skipped.update((page.fail_info and page.fail_info.unlicensed_userid_list) or ())
            yield tuple(_relation(pair.external_contact, pair.follow_info) for pair in page.external_contact_list)
    except ApiError as error:
        if error.errcode != NO_RELATION or begun or len(userids) > 1:
            raise
    if skipped:
        raise answers.error(BATCH_GET, Envelope(UNLICENSED, ", ".join(sorted(skipped))))


def remark(client: Client, userid: str, external_userid: str, fields: Mapping[str, str | Sequence[str]]) -> None:
    """Write remark fields of one relation (doc 92115); fields not named stay as they are.

    Args:
        fields: wire names: `remark`, `description`, `remark_company`, `remark_mobiles` (replaces the
            whole list; `[""]` clears it).

    Raises:
        ApiError: 84061 no relation; 40058 too long.
    """
    client.call(REMARK, Envelope, body={"userid": userid, "external_userid": external_userid, **fields})


def _relation(contact: msgspec.Raw, follow: msgspec.Raw, *, personal: bool = False) -> Relation | Malformed:
    contact_raw, follow_raw = bytes(contact), bytes(follow)
    try:
        try:
            sides = _contact.decode(contact_raw), _follow.decode(follow_raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            # a number where text is documented, broken text
            sides = _texts(contact_raw, ExternalContact), _texts(follow_raw, Follow)
    except (msgspec.MsgspecError, ValueError, AttributeError, RecursionError) as error:
        return Malformed(type(error).__name__)
    return Relation(*sides, contact_raw, follow_raw, personal)


def _texts(raw: bytes, kind: type[T]) -> T:
    """Decode with numbers read as text wherever `kind` wants text, and broken characters replaced."""
    value = json.loads(raw.decode("utf-8", "replace"), strict=False)
    wanted = {name for name, hint in kind.__annotations__.items() if hint in (str, str | None)}
    fixed = {k: str(v) if k in wanted and isinstance(v, int | float) else v for k, v in value.items()}
    clean = json.dumps(fixed, ensure_ascii=False).encode("utf-8", "replace")
    return msgspec.json.decode(clean, type=kind, strict=False)
