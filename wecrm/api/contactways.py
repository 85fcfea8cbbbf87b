"""Contact ways (联系我): codes and buttons that lead a customer to one or several members."""

from collections.abc import Collection, Iterator, Mapping

import msgspec

from wecrm.api.answers import Envelope, lenient
from wecrm.api.client import Client
from wecrm.api.endpoint import Endpoint
from wecrm.errors import ApiError
from wecrm.models.livecode import BUTTON, LISTED_SINCE, MULTIPLE, LiveCode

ADD = Endpoint("POST", "/cgi-bin/externalcontact/add_contact_way", doc=92228, effect="once")
GET = Endpoint("POST", "/cgi-bin/externalcontact/get_contact_way", doc=92228, effect="read")
LIST = Endpoint("POST", "/cgi-bin/externalcontact/list_contact_way", doc=92228, effect="read")
UPDATE = Endpoint("POST", "/cgi-bin/externalcontact/update_contact_way", doc=92228, effect="same")
DELETE = Endpoint("POST", "/cgi-bin/externalcontact/del_contact_way", doc=92228, effect="same")

PAGE = 1000
WINDOW_TOO_LONG = 40058
WINDOW_S = 30 * 86400
"""Our own choice: the page names no longest time between start and end."""


class _Listed(msgspec.Struct, frozen=True):
    config_id: str


class _List(msgspec.Struct, frozen=True):
    contact_way: tuple[_Listed, ...] = ()
    next_cursor: str | None = None


class _Way(msgspec.Struct, frozen=True):
    config_id: str
    type: int
    scene: int
    style: int = 0
    remark: str = ""
    skip_verify: bool = True
    state: str = ""
    user: tuple[str, ...] = ()
    party: tuple[int, ...] = ()
    is_temp: bool = False
    is_exclusive: bool = False
    mark_source: bool = True
    qr_code: str = ""


class _Detail(msgspec.Struct, frozen=True):
    contact_way: msgspec.Raw


class _Added(msgspec.Struct, frozen=True):
    config_id: str


def ids(client: Client, since: int = 0) -> tuple[str, ...]:
    """Ids of all contact ways made since that time (unix seconds; doc 92228).

    Temporary ways and those made before 2021-07-10 are in no list. Without a time WeCom would list the
    last 90 days only, so one is always sent; where so long a time is refused, it is asked for in parts.
    """
    start = max(since, LISTED_SINCE)
    try:
        return tuple(_listed(client, {"start_time": start}))
    except ApiError as error:
        if error.errcode != WINDOW_TOO_LONG:
            raise
    found: dict[str, None] = {}
    while start <= client.run.clock.now():
        found |= dict.fromkeys(_listed(client, {"start_time": start, "end_time": start + WINDOW_S}))
        start += WINDOW_S
    return tuple(found)


def _listed(client: Client, times: Mapping[str, int]) -> Iterator[str]:
    for page in client.pages(LIST, _List, body={**times, "limit": PAGE}):
        yield from (way.config_id for way in page.contact_way)


def get(client: Client, config_id: str) -> tuple[LiveCode, bytes]:
    """One contact way, and the bytes it came from (doc 92228).

    Raises:
        ApiError: 41044 unknown or deleted.
    """
    return client.call(GET, tuple, body={"config_id": config_id}, decode=_code)


def add(client: Client, code: LiveCode) -> str:
    """Make a contact way; its new config_id (doc 92228).

    Type 1 names exactly one member, type 2 at most 100 with departments expanded; `remark` and `state`
    have at most 30 characters. A way made by API is never shown in the admin console.

    Raises:
        ApiError: 41041 more than 100 members; 41045 the corp has 500,000 ways; 41054 a member is not
            activated or verified; 40003 a member is unknown or left.
    """
    fixed = {"type": code.type, "scene": code.scene, **({"is_temp": True} if code.is_temp else {})}
    fields = {name: value for name, value in _fields(code).items() if value or name == "skip_verify"}
    return client.call(ADD, _Added, body={**fixed, **fields}).config_id


def update(client: Client, code: LiveCode, touched: Collection[str]) -> None:
    """Write the `touched` fields of a contact way as `code` has them, and `mark_source` if it is off (doc 92228).

    Lists replace the old ones; fields not named stay. Type and scene are fixed, and an expired
    temporary way can't be changed.

    Args:
        touched: names of LiveCode fields; those that this kind of way does not have are not sent.

    Raises:
        ApiError: 41044 unknown or deleted; 41041, 41054, 40003 as in `add`.
    """
    wanted = {_WIRE.get(name, name) for name in touched}
    fields = {name: value for name, value in _fields(code).items() if name in wanted}
    if not code.mark_source:  # whether it stays when it is not sent is told nowhere
        fields["mark_source"] = False
    client.call(UPDATE, Envelope, body={"config_id": code.id, **fields})


def delete(client: Client, config_id: str) -> None:
    """Delete a contact way; printed codes stop working, customers stay (doc 92228).

    Raises:
        ApiError: 41044 unknown or deleted.
    """
    client.call(DELETE, Envelope, body={"config_id": config_id})


_WIRE = {"users": "user", "departments": "party"}


def _fields(code: LiveCode) -> Mapping[str, object]:
    """What can be written on a way of this type and scene; `conclusions` never, its image can't be sent back."""
    fields: dict[str, object] = {
        "remark": code.remark,
        "skip_verify": code.skip_verify,
        "state": code.state,
        "user": code.users,
        "is_exclusive": code.is_exclusive,
    }
    if code.type == MULTIPLE:
        fields["party"] = code.departments
    if code.scene == BUTTON:
        fields["style"] = code.style
    return fields


def _code(content: bytes) -> tuple[LiveCode, bytes]:
    raw = bytes(lenient(content, _Detail).contact_way)
    way = lenient(raw, _Way)
    code = LiveCode(
        "contact",
        way.config_id,
        remark=way.remark,
        state=way.state,
        users=way.user,
        departments=way.party,
        type=way.type,
        scene=way.scene,
        style=way.style,
        skip_verify=way.skip_verify,
        is_exclusive=way.is_exclusive,
        is_temp=way.is_temp,
        mark_source=way.mark_source,
        url=way.qr_code,
    )
    return code, raw
