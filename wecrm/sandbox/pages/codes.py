"""Pages on tags, contact ways, join ways, acquisition links and welcome templates."""

from collections.abc import Mapping
from typing import Any, Final

from wecrm.sandbox.pages.schemas import (
    AGENT,
    BIT,
    CHAT,
    CODE,
    CURSOR,
    CUSTOMER,
    DEPARTMENT,
    FLAG,
    LINK,
    MOMENT,
    NOTHING,
    READ,
    SENT,
    SIZE,
    TAG,
    TAG_GROUP,
    TEMPLATE,
    TEXT,
    TIME,
    USERID,
    WORDS,
    Page,
    Schema,
    many,
    number,
    one_of,
    record,
    text,
)

_TAG_NAME: Final = text(30, 1)
_GROUP: Final = record(
    "group_id group_name tag", group_id=TAG_GROUP, group_name=text(30), create_time=TIME, order=number(), deleted=FLAG,
    strategy_id=number(),
    tag=many(record("id name", id=TAG, name=text(30), create_time=TIME, order=number(), deleted=FLAG)),
)  # fmt: skip

_FORTNIGHT: Final = number(0, 14 * 86_400)
_WAY: Final[Mapping[str, Schema]] = {
    "style": one_of(1, 2, 3), "remark": text(30), "skip_verify": FLAG, "state": text(30), "user": many(USERID, 100),
    "party": many(DEPARTMENT), "expires_in": _FORTNIGHT, "chat_expires_in": _FORTNIGHT, "unionid": TEXT,
    "is_exclusive": FLAG, "mark_source": FLAG,
}  # fmt: skip
_KIND: Final[Mapping[str, Schema]] = {"type": one_of(1, 2), "scene": one_of(1, 2), "is_temp": FLAG}
_FAREWELL: Final = {name: SENT[name] for name in ("image", "link", "miniprogram")}
_FAREWELL_PARTS: Final = "text image link miniprogram"
_JOIN_WAY: Final[Mapping[str, Schema]] = {
    "scene": one_of(1, 2), "auto_create_room": BIT, "room_base_name": text(40), "room_base_id": number(),
    "state": text(30), "mark_source": FLAG,
}  # fmt: skip
_JOINS: Final = {"remark": TEXT, "chat_id_list": many(CHAT, 5, 1), **_JOIN_WAY}  # a longer remark is cut
_CONFIG: Final = record("config_id", config_id=CODE)

_LINK: Final = record(
    link_id=LINK, link_name=text(30), url=TEXT, create_time=TIME, skip_verify=FLAG, mark_source=FLAG
)  # fmt: skip
_RANGE: Final = record("", "user_list department_list", user_list=many(USERID, 500), department_list=many(DEPARTMENT))
_PRIORITY: Final = record(priority_type=one_of(1, 2), priority_userid_list=many(USERID, 1000))
_LINK_FIELDS: Final[Mapping[str, Schema]] = {
    "link_name": text(30, 1), "range": _RANGE, "skip_verify": FLAG, "priority_option": _PRIORITY, "mark_source": FLAG
}  # fmt: skip
_LINK_ID: Final = record("link_id", link_id=LINK)

_TEMPLATE: Final[Mapping[str, Schema]] = {"text": WORDS, **SENT, "agentid": AGENT}
_ANY_PART: Final = "text image link miniprogram video file"
_TEMPLATE_ID: Final = record("template_id", template_id=TEMPLATE)


def _page(doc: int, summary: str, asks: Schema, required: str = "", **answers: Any) -> Page:
    return Page(doc, summary, asks, record(required, **answers))


_TAGS: Final = {
    "get_corp_tag_list": _page(
        92117,
        "The tag library, or some of it",
        record(tag_id=many(TAG), group_id=many(TAG_GROUP)),
        "tag_group",
        tag_group=many(_GROUP),
    ),
    "add_corp_tag": _page(
        92117,
        "Add tags to a group, old or new",
        record(
            "tag", "group_id group_name", group_id=TAG_GROUP, group_name=text(30), order=number(),
            tag=many(record("name", name=_TAG_NAME, order=number()), least=1), agentid=AGENT,
        ),
        "tag_group",
        tag_group=_GROUP,
    ),
    "edit_corp_tag": Page(
        92117,
        "Rename or reorder a tag or a group",
        record("id", id=TAG, name=text(30), order=number(), agentid=AGENT),
        NOTHING,
    ),
    "del_corp_tag": Page(
        92117,
        "Delete tags and groups",
        record("", "tag_id group_id", tag_id=many(TAG), group_id=many(TAG_GROUP), agentid=AGENT),
        NOTHING,
    ),
    "mark_tag": Page(
        92118,
        "Put tags on a customer and take tags off",
        record(
            "userid external_userid", "add_tag remove_tag", userid=USERID, external_userid=CUSTOMER,
            add_tag=many(TAG), remove_tag=many(TAG),
        ),
        NOTHING,
    ),
}  # fmt: skip

_WAYS: Final = {
    "add_contact_way": _page(
        92228,
        "Make a contact way",
        record("type scene", **_KIND, **_WAY, conclusions=record("", _FAREWELL_PARTS, text=WORDS, **_FAREWELL)),
        "config_id",
        config_id=CODE,
        qr_code=TEXT,
    ),
    "get_contact_way": _page(
        92228,
        "One contact way",
        _CONFIG,
        "contact_way",
        contact_way=record(
            "config_id type scene",
            config_id=CODE,
            qr_code=TEXT,
            **_KIND,
            **_WAY,
            conclusions=record(text=WORDS, **{name: READ[name] for name in _FAREWELL}),
        ),
    ),
    "list_contact_way": _page(
        92228,
        "Ids of the contact ways made in a time",
        record(start_time=MOMENT, end_time=MOMENT, cursor=CURSOR, limit=number(1, 1000)),
        "contact_way",
        contact_way=many(_CONFIG),
        next_cursor=CURSOR,
    ),
    "update_contact_way": Page(
        92228,
        "Change a contact way",
        record("config_id", config_id=CODE, **_WAY, conclusions=record("", _FAREWELL_PARTS, text=WORDS, **_FAREWELL)),
        NOTHING,
    ),
    "del_contact_way": Page(92228, "Delete a contact way", _CONFIG, NOTHING),
    "close_temp_chat": Page(
        92228,
        "End a temporary session",
        record("userid external_userid", userid=USERID, external_userid=CUSTOMER),
        NOTHING,
    ),
    "groupchat/add_join_way": _page(
        92229, "Make a join way", record("scene chat_id_list", **_JOINS), "config_id", config_id=CODE
    ),
    "groupchat/get_join_way": _page(
        92229,
        "One join way",
        _CONFIG,
        "join_way",
        join_way=record(
            "config_id scene chat_id_list", config_id=CODE, qr_code=TEXT, remark=text(30), chat_id_list=many(CHAT),
            **_JOIN_WAY,
        ),
    ),
    "groupchat/update_join_way": Page(
        92229, "Overwrite a join way", record("config_id scene chat_id_list", config_id=CODE, **_JOINS), NOTHING
    ),
    "groupchat/del_join_way": Page(92229, "Delete a join way", _CONFIG, NOTHING),
}  # fmt: skip

_LINKS: Final = {
    "list_link": _page(
        97297,
        "Ids of the links",
        record(limit=number(1, 100), cursor=CURSOR),
        "link_id_list",
        link_id_list=many(LINK),
        next_cursor=CURSOR,
    ),
    "get": _page(
        97297,
        "One link and who serves it",
        _LINK_ID,
        "link range",
        link=_LINK,
        range=record(user_list=many(USERID, 500), department_list=many(DEPARTMENT)),
        priority_option=_PRIORITY,
    ),
    "create_link": _page(97297, "Make a link", record("link_name range", **_LINK_FIELDS), "link", link=_LINK),
    "update_link": Page(97297, "Change a link", record("link_id", link_id=LINK, **_LINK_FIELDS), NOTHING),
    "delete_link": Page(97297, "Delete a link", _LINK_ID, NOTHING),
    "customer": _page(
        97298,
        "Customers whom a link brought",
        record("link_id", link_id=LINK, limit=number(1, 1000), cursor=CURSOR),
        "customer_list",
        customer_list=many(
            record(
                "external_userid userid chat_status", external_userid=CUSTOMER, userid=USERID,
                chat_status=one_of(0, 1, 2), state=TEXT,
            )
        ),
        next_cursor=CURSOR,
    ),
    "statistic": _page(
        97375,
        "Clicks and new customers of a link",
        record("link_id start_time end_time", link_id=LINK, start_time=MOMENT, end_time=MOMENT),
        "click_link_customer_cnt new_customer_cnt",
        click_link_customer_cnt=SIZE,
        new_customer_cnt=SIZE,
    ),
    "get_chat_info": _page(
        100130,
        "What a customer of a link has written",
        record("chat_key", chat_key=text(shortest=1)),
        "userid external_userid chat_info",
        userid=USERID,
        external_userid=CUSTOMER,
        chat_info=record(recv_msg_cnt=SIZE, link_id=LINK, state=TEXT),
    ),
}  # fmt: skip

_WELCOMES: Final = {
    "add": _page(
        92366,
        "Make a welcome template of groups",
        record("", _ANY_PART, notify=BIT, **_TEMPLATE),
        "template_id",
        template_id=TEMPLATE,
    ),
    "edit": Page(
        92366,
        "Replace a welcome template",
        record("template_id", _ANY_PART, template_id=TEMPLATE, **_TEMPLATE),
        NOTHING,
    ),
    "get": _page(92366, "One welcome template", _TEMPLATE_ID, "", text=record(content=TEXT), **READ),
    "del": Page(
        92366, "Delete a welcome template", record("template_id", template_id=TEMPLATE, agentid=AGENT), NOTHING
    ),
}

PAGES: Final[Mapping[str, Page]] = {
    **{f"externalcontact/{name}": page for name, page in (_TAGS | _WAYS).items()},
    **{f"externalcontact/customer_acquisition/{name}": page for name, page in _LINKS.items()},
    "externalcontact/customer_acquisition_quota": _page(
        97375,
        "The quota of links",
        NOTHING,
        "total balance",
        total=SIZE,
        balance=SIZE,
        quota_list=many(record("expire_date balance", expire_date=TIME, balance=SIZE)),
    ),
    "externalcontact/send_welcome_msg": Page(
        92137,
        "Greet a new customer",
        record(
            "welcome_code",
            "text attachments",
            welcome_code=text(shortest=1),
            text=WORDS,
            attachments=many(record("msgtype", msgtype=one_of(*SENT), **SENT), 9),
        ),
        NOTHING,
    ),
    **{f"externalcontact/group_welcome_template/{name}": page for name, page in _WELCOMES.items()},
}
