"""Customer-acquisition links (获客链接): the links of this app, whom they brought, and the quota.

An app sees only the links that it made. The customer-contact system secret may call none of this (48002).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec

from wecrm.api.answers import Envelope, lenient
from wecrm.api.client import Client
from wecrm.api.endpoint import Endpoint
from wecrm.models.livecode import LinkCustomer, LinkStatistic, LiveCode, Quota

_AT = "/cgi-bin/externalcontact/customer_acquisition"
LIST = Endpoint("POST", f"{_AT}/list_link", doc=97297, effect="read", secret="links")
GET = Endpoint("POST", f"{_AT}/get", doc=97297, effect="read", secret="links")
CREATE = Endpoint("POST", f"{_AT}/create_link", doc=97297, effect="once", secret="links")
UPDATE = Endpoint("POST", f"{_AT}/update_link", doc=97297, effect="same", secret="links")
DELETE = Endpoint("POST", f"{_AT}/delete_link", doc=97297, effect="same", secret="links")
CUSTOMERS = Endpoint("POST", f"{_AT}/customer", doc=97298, effect="read", secret="links")
STATISTIC = Endpoint("POST", f"{_AT}/statistic", doc=97375, effect="read", secret="links")
QUOTA = Endpoint("GET", f"{_AT}_quota", doc=97375, effect="read", secret="links")

PAGE, CUSTOMERS_PAGE = 100, 1000
IN_LIST = 2
"""`priority_type` that prefers a friend among `priority_userid_list`; 1 prefers one anywhere in the corp."""


class _List(msgspec.Struct, frozen=True):
    link_id_list: tuple[str, ...] = ()
    next_cursor: str | None = None


class _Link(msgspec.Struct, frozen=True):
    link_name: str = ""
    url: str = ""
    create_time: int = 0
    skip_verify: bool = True


class _Range(msgspec.Struct, frozen=True):
    user_list: tuple[str, ...] = ()
    department_list: tuple[int, ...] = ()


class _Priority(msgspec.Struct, frozen=True):
    priority_type: int = 0
    priority_userid_list: tuple[str, ...] = ()


class _Detail(msgspec.Struct, frozen=True):
    link: _Link
    range: _Range = _Range()
    priority_option: _Priority = _Priority()


class _Created(msgspec.Struct, frozen=True):
    link_id: str


class _Creation(msgspec.Struct, frozen=True):
    link: _Created


class _Customers(msgspec.Struct, frozen=True):
    customer_list: tuple[LinkCustomer, ...] = ()
    next_cursor: str | None = None


def ids(client: Client) -> Iterator[str]:
    """Ids of all links that this app made, page by page (doc 97297)."""
    for page in client.pages(LIST, _List, body={"limit": PAGE}):
        yield from page.link_id_list


def get(client: Client, link_id: str) -> tuple[LiveCode, bytes]:
    """One link, and the bytes of the whole answer (doc 97297); the answer may not repeat the link's id."""

    def code(content: bytes) -> tuple[LiveCode, bytes]:
        return _code(link_id, lenient(content, _Detail)), content

    return client.call(GET, tuple, body={"link_id": link_id}, decode=code)


def add(client: Client, code: LiveCode) -> str:
    """Make a link; its new link_id (doc 97297).

    The name has at most 30 characters; members and departments together cover at most 500 members.

    Raises:
        ApiError: 41095 the corp has too many links; 41054 a member is not activated or verified.
    """
    named = {name: people for name, people in _range(code).items() if people}
    fields = {"link_name": code.remark, "range": named, "skip_verify": code.skip_verify}
    if code.priority_type:
        fields["priority_option"] = _priority(code)
    return client.call(CREATE, _Creation, body=fields).link.link_id


def update(client: Client, code: LiveCode, touched: Collection[str]) -> None:
    """Write the `touched` fields of a link as `code` has them (doc 97297).

    The range is overwritten as a whole, so users and departments always go together. No documented
    value takes a preference (`priority_type`) off again.

    Args:
        touched: names of LiveCode fields; those that a link does not have are not sent.

    Raises:
        ApiError: 41098 granted to another component; 41054 a member is not activated or verified.
    """
    fields: dict[str, object] = {"link_id": code.id}
    if "remark" in touched:
        fields["link_name"] = code.remark
    if {"users", "departments"} & set(touched):
        fields["range"] = _range(code)
    if "skip_verify" in touched:
        fields["skip_verify"] = code.skip_verify
    if {"priority_type", "priority_users"} & set(touched):
        fields["priority_option"] = _priority(code)
    client.call(UPDATE, Envelope, body=fields)


def delete(client: Client, link_id: str) -> None:
    """Delete a link, which stops working (doc 97297)."""
    client.call(DELETE, Envelope, body={"link_id": link_id})


def customers(client: Client, link_id: str) -> Iterator[LinkCustomer]:
    """Whom a link brought, with the channel they came through, page by page (doc 97298)."""
    for page in client.pages(CUSTOMERS, _Customers, body={"link_id": link_id, "limit": CUSTOMERS_PAGE}):
        yield from page.customer_list


def statistic(client: Client, link_id: str, start_time: int, end_time: int) -> LinkStatistic:
    """Clicks and new customers from the day of `start_time` to that of `end_time` (unix seconds; doc 97375).

    Whole days, both included; at most 30 days apart, within the last 180.
    """
    body = {"link_id": link_id, "start_time": start_time, "end_time": end_time}
    return client.call(STATISTIC, LinkStatistic, body=body)


def quota(client: Client) -> Quota:
    """How many customers links brought so far and may still bring (doc 97375)."""
    return client.call(QUOTA, Quota)


def _range(code: LiveCode) -> Mapping[str, Sequence[str | int]]:
    """Who receives the customers; `update` sends empty lists too, so that they become empty."""
    return {"user_list": code.users, "department_list": code.departments}


def _priority(code: LiveCode) -> Mapping[str, object]:
    named = {"priority_userid_list": code.priority_users} if code.priority_type == IN_LIST else {}
    return {"priority_type": code.priority_type, **named}


def _code(link_id: str, detail: _Detail) -> LiveCode:
    return LiveCode(
        "link",
        link_id,
        remark=detail.link.link_name,
        users=detail.range.user_list,
        departments=detail.range.department_list,
        skip_verify=detail.link.skip_verify,
        priority_type=detail.priority_option.priority_type,
        priority_users=detail.priority_option.priority_userid_list,
        url=detail.link.url,
        create_time=detail.link.create_time,
    )
