"""Departments and members of the corporation; blocking members and deleting them.

Newer contact-sync secrets may read ids but no details (48009), and a huge tree is refused (45029):
both fall back to the calls that answer less. Only contact sync may change members (48002).
"""

from collections.abc import Iterator
from dataclasses import replace

import msgspec

from wecrm.api.answers import Envelope
from wecrm.api.client import Client
from wecrm.api.endpoint import Endpoint, Secret
from wecrm.errors import ApiError
from wecrm.models.member import Department, Member

DEPARTMENTS = Endpoint("GET", "/cgi-bin/department/list", doc=90208, effect="read", secret="directory")
DEPARTMENT_IDS = Endpoint("GET", "/cgi-bin/department/simplelist", doc=95350, effect="read", secret="directory")
DEPARTMENT = Endpoint("GET", "/cgi-bin/department/get", doc=95351, effect="read", secret="directory")
MEMBER = Endpoint("GET", "/cgi-bin/user/get", doc=90196, effect="read", secret="directory")
MEMBERS = Endpoint("GET", "/cgi-bin/user/list", doc=90201, effect="read", secret="directory")
MEMBERS_SHORT = Endpoint("GET", "/cgi-bin/user/simplelist", doc=90200, effect="read", secret="directory")
MEMBER_IDS = Endpoint("POST", "/cgi-bin/user/list_id", doc=96067, effect="read", secret="directory")
UPDATE = Endpoint("POST", "/cgi-bin/user/update", doc=90197, effect="same", secret="directory")
DELETE = Endpoint("GET", "/cgi-bin/user/delete", doc=90198, effect="once", secret="directory")

NOT_FROM_THIS_IP, TOO_LARGE, MAY_NOT = 48009, 45029, 48002
IDS_PAGE = 10_000
_READERS: tuple[Secret, ...] = ("directory", "contact")


class _Departments(msgspec.Struct, frozen=True):
    department: tuple[Department, ...] = ()


class _DepartmentIds(msgspec.Struct, frozen=True):
    department_id: tuple[Department, ...] = ()


class _Department(msgspec.Struct, frozen=True):
    department: Department


class _Members(msgspec.Struct, frozen=True):
    userlist: tuple[Member, ...] = ()


class _DeptUser(msgspec.Struct, frozen=True):
    userid: str
    department: int


class _MemberIds(msgspec.Struct, frozen=True):
    dept_user: tuple[_DeptUser, ...] = ()
    next_cursor: str | None = None


def departments(client: Client) -> tuple[tuple[Department, ...], Secret]:
    """Every department that can be seen, and the secret that may read details.

    A contact-sync secret used from a newer IP may not (48009); the app's secret then reads its own
    visible range.
    """
    for secret in _readers(client):
        try:
            return client.call(replace(DEPARTMENTS, secret=secret), _Departments).department, secret
        except ApiError as error:
            if error.errcode == TOO_LARGE:
                return _one_by_one(client, secret), secret
            if error.errcode not in (NOT_FROM_THIS_IP, MAY_NOT):
                raise
    return _one_by_one(client, "directory"), "directory"


def _readers(client: Client) -> tuple[Secret, ...]:
    known = client.settings.secrets
    return tuple(secret for secret in _READERS if secret in known)


def _one_by_one(client: Client, secret: Secret) -> tuple[Department, ...]:
    ids = client.call(replace(DEPARTMENT_IDS, secret=secret), _DepartmentIds).department_id
    return tuple(_named(client, department, secret) for department in ids)


def _named(client: Client, department: Department, secret: Secret) -> Department:
    try:
        endpoint = replace(DEPARTMENT, secret=secret)
        return client.call(endpoint, _Department, params={"id": department.id}).department
    except ApiError as error:
        if error.errcode == NOT_FROM_THIS_IP:
            return department
        raise


def members_of(client: Client, department: int, secret: Secret) -> tuple[Member, ...]:
    """Direct members of one department, with status where details may be read (docs 90201, 90200).

    A member of several departments comes once for each. `department` lists only visible ones.
    Nobody, when this secret may read ids only: `member_ids` has those.
    """
    for endpoint in (MEMBERS, MEMBERS_SHORT):
        try:
            return client.call(
                replace(endpoint, secret=secret), _Members, params={"department_id": department}
            ).userlist
        except ApiError as error:
            if error.errcode not in (NOT_FROM_THIS_IP, TOO_LARGE):
                raise
    return ()


def member_ids(client: Client) -> Iterator[Member]:
    """Every member by (userid, department) pairs, merged; ids only (doc 96067).

    Raises:
        ApiError: 48002 only the contact-sync secret may call it.
    """
    found: dict[str, list[int]] = {}
    for page in client.pages(MEMBER_IDS, _MemberIds, body={"limit": IDS_PAGE}):
        for pair in page.dept_user:
            found.setdefault(pair.userid, []).append(pair.department)
    for userid, ids in found.items():
        yield Member(userid=userid, department=tuple(ids))


def get(client: Client, userid: str) -> Member:
    """One member, with status (doc 90196); by the app's secret where contact sync may read no details.

    Raises:
        ApiError: 60111 or 40003 unknown or left, 60011 or 60111 out of the app's sight: whether somebody still
            is a member, only `member_ids` tells for sure.
    """
    params = {"userid": userid}
    try:
        return client.call(MEMBER, Member, params=params)
    except ApiError as error:
        if error.errcode not in (NOT_FROM_THIS_IP, MAY_NOT):
            raise
    return client.call(replace(MEMBER, secret="contact"), Member, params=params)


def disable(client: Client, userid: str) -> None:
    """Block a member from logging in: status 2; customers, groups and data stay (doc 90197).

    For on-job transfers a disabled member still works here.

    Raises:
        ApiError: 48002 not the secret of contact sync, or it may not edit; 60111 unknown; 60011 no right.
    """
    client.call(UPDATE, Envelope, body={"userid": userid, "enable": 0})


def enable(client: Client, userid: str) -> None:
    """Let a disabled member log in again: status 1, or 4 who never was activated (doc 90197).

    Raises:
        ApiError: 48002 not the secret of contact sync, or it may not edit; 60111 unknown; 60011 no right.
    """
    client.call(UPDATE, Envelope, body={"userid": userid, "enable": 1})


def delete(client: Client, userid: str) -> None:
    """Delete a member, who thereby has left; nothing brings them back (doc 90198).

    Customers and groups then wait for a resigned transfer, for a year; the mailbox goes along. What follows
    may be true only seconds or minutes later. The userid may be given to somebody else: after a lost answer
    see `member_ids` before trying again.

    Raises:
        ApiError: 301005 the creator of the corp; 60111 unknown or deleted; 60011 no right; 48002 as in `disable`.
    """
    client.call(DELETE, Envelope, params={"userid": userid})
