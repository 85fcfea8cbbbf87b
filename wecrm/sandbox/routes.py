"""Which path leads to which handler, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from wecrm.sandbox import contacts, groups, members, tags
from wecrm.sandbox.asked import Handler

CUSTOMERS: Final = frozenset(("contact", "second", "system"))
DIRECTORY: Final = frozenset(("contact", "second", "system", "directory", "archive", "other"))
SYNC: Final = frozenset(("directory",))

GETTOKEN: Final = "/cgi-bin/gettoken"


@dataclass(frozen=True, slots=True)
class Route:
    """One API of the platform."""

    method: Literal["GET", "POST"]
    handle: Handler
    kinds: frozenset[str]  # apps that may call it; the others get 48002
    fields: frozenset[str]  # of the query (GET) or the body (POST); anything else is unknown
    writes: bool = False


def _get(handle: Handler, kinds: frozenset[str], *fields: str) -> Route:
    return Route("GET", handle, kinds, frozenset(fields))


def _post(handle: Handler, kinds: frozenset[str], *fields: str) -> Route:
    return Route("POST", handle, kinds, frozenset(fields))


def _write(handle: Handler, *fields: str) -> Route:
    return Route("POST", handle, CUSTOMERS, frozenset(fields), writes=True)


_AFTER_CGI_BIN: Final[Mapping[str, Route]] = {
    "department/list": _get(members.department_list, DIRECTORY, "id"),
    "department/simplelist": _get(members.department_simplelist, DIRECTORY, "id"),
    "department/get": _get(members.department_get, DIRECTORY, "id"),
    "user/get": _get(members.user_get, DIRECTORY, "userid"),
    "user/list": _get(members.user_list, DIRECTORY, "department_id", "fetch_child"),
    "user/simplelist": _get(members.user_simplelist, DIRECTORY, "department_id", "fetch_child"),
    "user/list_id": _post(members.user_list_id, SYNC, "cursor", "limit"),
    "externalcontact/get_follow_user_list": _get(contacts.get_follow_user_list, CUSTOMERS),
    "externalcontact/list": _get(contacts.list_, CUSTOMERS, "userid"),
    "externalcontact/get": _get(contacts.get, CUSTOMERS, "external_userid", "cursor"),
    "externalcontact/batch/get_by_user": _post(
        contacts.batch_get_by_user, CUSTOMERS, "userid_list", "cursor", "limit"
    ),
    "externalcontact/remark": _write(
        contacts.remark, "userid", "external_userid", "remark", "description", "remark_company",
        "remark_mobiles", "remark_pic_mediaid",
    ),
    "externalcontact/get_corp_tag_list": _post(tags.get_corp_tag_list, CUSTOMERS, "tag_id", "group_id"),
    "externalcontact/add_corp_tag": _write(
        tags.add_corp_tag, "group_id", "group_name", "order", "tag", "agentid"
    ),
    "externalcontact/edit_corp_tag": _write(tags.edit_corp_tag, "id", "name", "order", "agentid"),
    "externalcontact/del_corp_tag": _write(tags.del_corp_tag, "tag_id", "group_id", "agentid"),
    "externalcontact/mark_tag": _write(tags.mark_tag, "userid", "external_userid", "add_tag", "remove_tag"),
    "externalcontact/groupchat/list": _post(
        groups.list_, CUSTOMERS, "status_filter", "owner_filter", "cursor", "limit"
    ),
    "externalcontact/groupchat/get": _post(groups.get, CUSTOMERS, "chat_id", "need_name"),
}  # fmt: skip

ROUTES: Final[Mapping[str, Route]] = MappingProxyType(
    {f"/cgi-bin/{path}": route for path, route in _AFTER_CGI_BIN.items()}
)
QUERY_OF_ALL: Final = frozenset(("access_token", "debug"))
