"""Which path leads to which handler, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from wecrm.sandbox import (
    acquisitions,
    contacts,
    contactways,
    groups,
    groupsends,
    joinways,
    media,
    members,
    messages,
    msgaudit,
    statistics,
    tags,
    transfers,
    welcomes,
)
from wecrm.sandbox.asked import Handler

CUSTOMERS: Final = frozenset(("contact", "second", "system"))
DIRECTORY: Final = frozenset(("contact", "second", "system", "directory", "archive", "other"))
LINKS: Final = frozenset(("contact", "second"))
SELF_BUILT: Final = frozenset(("contact", "second", "other"))
SYNC: Final = frozenset(("directory",))
ARCHIVE: Final = frozenset(("archive",))

GETTOKEN: Final = "/cgi-bin/gettoken"


@dataclass(frozen=True, slots=True)
class Route:
    """One API of the platform."""

    method: Literal["GET", "POST"]
    handle: Handler
    kinds: frozenset[str]  # apps that may call it; the others get 48002
    fields: frozenset[str]  # of the query (GET) or the body (POST); anything else is unknown
    writes: bool = False
    per_minute: int = 0  # calls that the corp has, where it is fewer than usual
    uploads: bool = False  # its fields stand in the query, its body is a file


def _get(handle: Handler, kinds: frozenset[str], *fields: str) -> Route:
    return Route("GET", handle, kinds, frozenset(fields))


def _post(handle: Handler, kinds: frozenset[str], *fields: str) -> Route:
    return Route("POST", handle, kinds, frozenset(fields))


def _write(handle: Handler, *fields: str, kinds: frozenset[str] = CUSTOMERS) -> Route:
    return Route("POST", handle, kinds, frozenset(fields), writes=True)


def _audit(handle: Handler, per_minute: int, *fields: str) -> Route:
    return Route("POST", handle, ARCHIVE, frozenset(fields), per_minute=per_minute)


_WAY: Final = (
    "remark", "skip_verify", "style", "state", "user", "party", "expires_in", "chat_expires_in", "unionid",
    "is_exclusive", "mark_source", "conclusions",
)  # fmt: skip
_JOIN_WAY: Final = (
    "scene", "remark", "auto_create_room", "room_base_name", "room_base_id", "chat_id_list", "state", "mark_source"
)  # fmt: skip
_LINK: Final = ("link_name", "range", "skip_verify", "priority_option", "mark_source")
_PAIR: Final = ("handover_userid", "takeover_userid")
_TEMPLATE: Final = ("text", "image", "link", "miniprogram", "file", "video", "agentid")


_AFTER_CGI_BIN: Final[Mapping[str, Route]] = {
    "department/list": _get(members.department_list, DIRECTORY, "id"),
    "department/simplelist": _get(members.department_simplelist, DIRECTORY, "id"),
    "department/get": _get(members.department_get, DIRECTORY, "id"),
    "user/get": _get(members.user_get, DIRECTORY, "userid"),
    "user/list": _get(members.user_list, DIRECTORY, "department_id", "fetch_child"),
    "user/simplelist": _get(members.user_simplelist, DIRECTORY, "department_id", "fetch_child"),
    "user/list_id": _post(members.user_list_id, SYNC, "cursor", "limit"),
    "user/update": _write(members.user_update, "userid", "enable", kinds=SYNC),
    "user/delete": Route("GET", members.user_delete, SYNC, frozenset(("userid",)), writes=True),
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
    "externalcontact/groupchat/statistic": _post(
        statistics.statistic, CUSTOMERS, "day_begin_time", "day_end_time", "owner_filter", "order_by", "order_asc",
        "offset", "limit",
    ),
    "externalcontact/groupchat/statistic_group_by_day": _post(
        statistics.statistic_group_by_day, CUSTOMERS, "day_begin_time", "day_end_time", "owner_filter"
    ),
    "externalcontact/get_user_behavior_data": _post(
        statistics.get_user_behavior_data, CUSTOMERS, "userid", "partyid", "start_time", "end_time"
    ),
    "externalcontact/get_groupmsg_list_v2": _post(
        groupsends.get_groupmsg_list_v2, CUSTOMERS, "chat_type", "start_time", "end_time", "creator", "filter_type",
        "limit", "cursor",
    ),
    "externalcontact/get_groupmsg_task": _post(groupsends.get_groupmsg_task, CUSTOMERS, "msgid", "limit", "cursor"),
    "externalcontact/get_groupmsg_send_result": _post(
        groupsends.get_groupmsg_send_result, CUSTOMERS, "msgid", "userid", "limit", "cursor"
    ),
    "externalcontact/add_contact_way": _write(
        contactways.add_contact_way, "type", "scene", "is_temp", *_WAY
    ),
    "externalcontact/get_contact_way": _post(contactways.get_contact_way, CUSTOMERS, "config_id"),
    "externalcontact/list_contact_way": _post(
        contactways.list_contact_way, CUSTOMERS, "start_time", "end_time", "cursor", "limit"
    ),
    "externalcontact/update_contact_way": _write(contactways.update_contact_way, "config_id", *_WAY),
    "externalcontact/del_contact_way": _write(contactways.del_contact_way, "config_id"),
    "externalcontact/close_temp_chat": _write(contactways.close_temp_chat, "userid", "external_userid"),
    "externalcontact/groupchat/add_join_way": _write(joinways.add_join_way, *_JOIN_WAY),
    "externalcontact/groupchat/get_join_way": _post(joinways.get_join_way, CUSTOMERS, "config_id"),
    "externalcontact/groupchat/update_join_way": _write(joinways.update_join_way, "config_id", *_JOIN_WAY),
    "externalcontact/groupchat/del_join_way": _write(joinways.del_join_way, "config_id"),
    "externalcontact/customer_acquisition/list_link": _post(acquisitions.list_link, LINKS, "limit", "cursor"),
    "externalcontact/customer_acquisition/get": _post(acquisitions.get, LINKS, "link_id"),
    "externalcontact/customer_acquisition/create_link": _write(acquisitions.create_link, *_LINK, kinds=LINKS),
    "externalcontact/customer_acquisition/update_link": _write(
        acquisitions.update_link, "link_id", *_LINK, kinds=LINKS
    ),
    "externalcontact/customer_acquisition/delete_link": _write(acquisitions.delete_link, "link_id", kinds=LINKS),
    "externalcontact/customer_acquisition/customer": _post(
        acquisitions.customer, LINKS, "link_id", "limit", "cursor"
    ),
    "externalcontact/customer_acquisition/statistic": _post(
        acquisitions.statistic, LINKS, "link_id", "start_time", "end_time"
    ),
    "externalcontact/customer_acquisition/get_chat_info": _post(acquisitions.get_chat_info, LINKS, "chat_key"),
    "externalcontact/customer_acquisition_quota": _get(acquisitions.quota, LINKS),
    "externalcontact/send_welcome_msg": _write(
        welcomes.send_welcome_msg, "welcome_code", "text", "attachments"
    ),
    "externalcontact/group_welcome_template/add": _write(welcomes.add, "notify", *_TEMPLATE),
    "externalcontact/group_welcome_template/edit": _write(welcomes.edit, "template_id", *_TEMPLATE),
    "externalcontact/group_welcome_template/get": _post(welcomes.get, CUSTOMERS, "template_id"),
    "externalcontact/group_welcome_template/del": _write(welcomes.del_, "template_id", "agentid"),
    "externalcontact/transfer_customer": _write(
        transfers.transfer_customer, *_PAIR, "external_userid", "transfer_success_msg"
    ),
    "externalcontact/transfer_result": _post(transfers.transfer_result, CUSTOMERS, *_PAIR, "cursor"),
    "externalcontact/groupchat/onjob_transfer": _write(transfers.onjob_transfer, "chat_id_list", "new_owner"),
    "externalcontact/get_unassigned_list": _post(
        transfers.get_unassigned_list, CUSTOMERS, "page_id", "page_size", "cursor"
    ),
    "externalcontact/resigned/transfer_customer": _write(
        transfers.resigned_transfer_customer, *_PAIR, "external_userid"
    ),
    "externalcontact/resigned/transfer_result": _post(
        transfers.resigned_transfer_result, CUSTOMERS, *_PAIR, "cursor"
    ),
    "externalcontact/groupchat/transfer": _write(transfers.groupchat_transfer, "chat_id_list", "new_owner"),
    "msgaudit/get_permit_user_list": _audit(msgaudit.get_permit_user_list, 1000, "type"),
    "msgaudit/check_single_agree": _audit(msgaudit.check_single_agree, 2500, "info"),
    "msgaudit/check_room_agree": _audit(msgaudit.check_room_agree, 1500, "roomid"),
    "msgaudit/groupchat/get": _audit(msgaudit.groupchat_get, 2000, "roomid"),
    "msgaudit/get_robot_info": _get(msgaudit.get_robot_info, ARCHIVE, "robot_id"),
    "message/getchatdata": Route(
        "POST", msgaudit.getchatdata, ARCHIVE, frozenset(("seq", "limit", "version", "encrypt_sign")), per_minute=600
    ),
    "message/send": _write(
        messages.send, "touser", "toparty", "totag", "msgtype", "agentid", "text", "markdown", "textcard", "safe",
        "enable_id_trans", "enable_duplicate_check", "duplicate_check_interval", kinds=SELF_BUILT,
    ),
}  # fmt: skip

FILES: Final[Mapping[str, Route]] = MappingProxyType(
    {
        "/cgi-bin/media/upload": Route(
            "POST", media.upload, CUSTOMERS | SELF_BUILT, frozenset(("type",)), writes=True, uploads=True
        ),
        "/cgi-bin/media/get": Route("GET", media.get, CUSTOMERS | SELF_BUILT, frozenset(("media_id",))),
    }
)
"""APIs that carry a file instead of JSON, one way or the other."""
ROUTES: Final[Mapping[str, Route]] = MappingProxyType(
    {f"/cgi-bin/{path}": route for path, route in _AFTER_CGI_BIN.items()}
)
QUERY_OF_ALL: Final = frozenset(("access_token", "debug"))
