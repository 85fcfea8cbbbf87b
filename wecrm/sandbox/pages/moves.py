"""Pages on groups, transfers, statistics, mass messages, messages of an app and the archive."""

from collections.abc import Mapping
from typing import Final

from wecrm.sandbox.pages.schemas import (
    AGENT,
    BIT,
    CHAT,
    CURSOR,
    CUSTOMER,
    DEPARTMENT,
    FLAG,
    MOMENT,
    READ,
    RECEIVERS,
    ROBOT,
    ROOM,
    SEND,
    SIZE,
    TEXT,
    TIME,
    USERID,
    WORDS,
    Page,
    either,
    many,
    number,
    one_of,
    record,
    text,
)

_OWNERS: Final = record(userid_list=many(USERID, 100))
_FIGURES: Final = record(
    new_chat_cnt=SIZE, chat_total=SIZE, chat_has_msg=SIZE, new_member_cnt=SIZE, member_total=SIZE, member_has_msg=SIZE,
    msg_total=SIZE, migrate_trainee_chat_cnt=SIZE,
)  # fmt: skip
_GROUP: Final = record(
    "chat_id owner create_time member_list", chat_id=CHAT, name=TEXT, owner=USERID, create_time=TIME, notice=TEXT,
    member_list=many(
        record(
            "userid type join_time join_scene", userid=text(64, 1), type=one_of(1, 2), unionid=TEXT, join_time=TIME,
            join_scene=one_of(1, 2, 3), invitor=record("userid", userid=USERID), group_nickname=TEXT, name=TEXT,
            state=TEXT,
        )
    ),
    admin_list=many(record("userid", userid=USERID)),
    member_version=TEXT,
)  # fmt: skip
_GROUPS: Final = {
    "list": Page(
        92120,
        "Ids of groups",
        record("limit", status_filter=one_of(0, 1, 2, 3), owner_filter=_OWNERS, cursor=CURSOR, limit=number(1, 1000)),
        record(
            "group_chat_list",
            group_chat_list=many(record("chat_id status", chat_id=CHAT, status=one_of(0, 1, 2, 3))),
            next_cursor=CURSOR,
        ),
    ),
    "get": Page(
        92122,
        "One group with who is in it",
        record("chat_id", chat_id=CHAT, need_name=BIT),
        record("group_chat", group_chat=_GROUP),
    ),
    "statistic": Page(
        92133,
        "Figures of the groups of each owner",
        record(
            "day_begin_time", day_begin_time=MOMENT, day_end_time=MOMENT, owner_filter=_OWNERS,
            order_by=one_of(1, 2, 3, 4), order_asc=BIT, offset=number(), limit=number(1, 1000),
        ),
        record(
            "total next_offset items", total=SIZE, next_offset=SIZE,
            items=many(record("owner data", owner=USERID, data=_FIGURES)),
        ),
    ),
    "statistic_group_by_day": Page(
        92133,
        "Figures of all groups, day by day",
        record("day_begin_time", day_begin_time=MOMENT, day_end_time=MOMENT, owner_filter=_OWNERS),
        record("items", items=many(record("stat_time data", stat_time=TIME, data=_FIGURES))),
    ),
}  # fmt: skip

_PAIR: Final = {"handover_userid": USERID, "takeover_userid": USERID}
_START: Final = {**_PAIR, "external_userid": many(CUSTOMER, 100, 1)}
_STARTED: Final = record(
    "customer", customer=many(record("external_userid errcode", external_userid=CUSTOMER, errcode=number()))
)
_ASKED: Final = record("handover_userid takeover_userid", **_PAIR, cursor=CURSOR)
_RESULTS: Final = record(
    "customer",
    customer=many(
        record("external_userid status", external_userid=CUSTOMER, status=one_of(1, 2, 3, 4, 5), takeover_time=TIME)
    ),
    next_cursor=CURSOR,
)
_MOVE: Final = record("chat_id_list new_owner", chat_id_list=many(CHAT, 100, 1), new_owner=USERID)
_MOVED: Final = record(
    failed_chat_list=many(record("chat_id errcode", chat_id=CHAT, errcode=number(), errmsg=TEXT))
)  # fmt: skip
_TRANSFERS: Final = {
    "transfer_customer": Page(
        92125,
        "Begin to move customers of a working member",
        record("handover_userid takeover_userid external_userid", **_START, transfer_success_msg=text(200)),
        _STARTED,
    ),
    "transfer_result": Page(94088, "How those moves stand", _ASKED, _RESULTS),
    "groupchat/onjob_transfer": Page(95703, "Give groups of working members another owner", _MOVE, _MOVED),
    "get_unassigned_list": Page(
        92124,
        "Customers of members who left",
        record(page_id=number(), cursor=CURSOR, page_size=number(1, 1000)),
        record(
            "info is_last",
            info=many(
                record(
                    "handover_userid external_userid dimission_time", handover_userid=USERID, external_userid=CUSTOMER,
                    dimission_time=TIME,
                )
            ),
            is_last=FLAG,
            next_cursor=CURSOR,
        ),
    ),
    "resigned/transfer_customer": Page(
        94081,
        "Begin to move customers of a member who left",
        record("handover_userid takeover_userid external_userid", **_START),
        _STARTED,
    ),
    "resigned/transfer_result": Page(94082, "How those moves stand", _ASKED, _RESULTS),
    "groupchat/transfer": Page(92127, "Give groups of members who left another owner", _MOVE, _MOVED),
}  # fmt: skip

_SENDS: Final = {
    "get_user_behavior_data": Page(
        92132,
        "Conversations of members, day by day",
        record(
            "start_time end_time", "userid partyid", userid=many(USERID, 100), partyid=many(DEPARTMENT, 100),
            start_time=MOMENT, end_time=MOMENT,
        ),
        record(
            "behavior_data",
            behavior_data=many(
                record(
                    "stat_time", stat_time=TIME, chat_cnt=SIZE, message_cnt=SIZE, reply_percentage={"type": "number"},
                    avg_reply_time=SIZE, negative_feedback_cnt=SIZE, new_apply_cnt=SIZE, new_contact_cnt=SIZE,
                )
            ),
        ),
    ),
    "get_groupmsg_list_v2": Page(
        93338,
        "Mass messages made in a time",
        record(
            "chat_type start_time end_time", chat_type=one_of("single", "group"), start_time=MOMENT,
            end_time=MOMENT, creator=TEXT, filter_type=one_of(0, 1, 2), limit=number(1), cursor=CURSOR,
        ),
        record(
            "group_msg_list",
            group_msg_list=many(
                record(
                    "msgid create_time", msgid=TEXT, creator=USERID, create_type=BIT, text=record(content=TEXT),
                    create_time=either(TIME, {"type": "string", "pattern": "^[0-9]+$"}),  # both shapes were seen
                    attachments=many(record("msgtype", msgtype=one_of(*READ), **READ)),
                )
            ),
            next_cursor=CURSOR,
        ),
    ),
    "get_groupmsg_task": Page(
        93338,
        "Members who were to send a mass message",
        record("msgid", msgid=SEND, limit=number(1), cursor=CURSOR),
        record(
            "task_list",
            task_list=many(record("userid status", userid=USERID, status=one_of(0, 2), send_time=TIME)),
            next_cursor=CURSOR,
        ),
    ),
    "get_groupmsg_send_result": Page(
        93338,
        "What became of each receiver",
        record("msgid userid", msgid=SEND, userid=USERID, limit=number(1), cursor=CURSOR),
        record(
            "send_list",
            send_list=many(
                record(
                    "userid status", external_userid=CUSTOMER, chat_id=CHAT, userid=USERID, status=one_of(0, 1, 2, 3),
                    send_time=TIME,
                )
            ),
            next_cursor=CURSOR,
        ),
    ),
}  # fmt: skip

_TOLD: Final = {"agree_status": one_of("Agree", "Disagree", "Default_Agree"), "status_change_time": TIME}
_ROOM: Final = record("roomid", roomid=ROOM)
_ARCHIVE: Final = {
    "msgaudit/get_permit_user_list": Page(
        91614, "Members who are archived", record(type=one_of(1, 2, 3)), record("ids", ids=many(USERID))
    ),
    "msgaudit/check_single_agree": Page(
        91782,
        "What customers answered to being archived",
        record(
            "info",
            info=many(
                record("userid exteranalopenid", userid=USERID, exteranalopenid=CUSTOMER), 100, 1
            ),
        ),
        record(
            "agreeinfo",
            agreeinfo=many(
                record("userid exteranalopenid agree_status", userid=USERID, exteranalopenid=CUSTOMER, **_TOLD)
            ),
        ),
    ),
    "msgaudit/check_room_agree": Page(
        91782,
        "What customers in a group answered",
        _ROOM,
        record(
            "agreeinfo", agreeinfo=many(record("exteranalopenid agree_status", exteranalopenid=CUSTOMER, **_TOLD))
        ),
    ),
    "msgaudit/groupchat/get": Page(
        92951,
        "A group of members alone",
        _ROOM,
        record(
            "roomname creator members", roomname=TEXT, creator=TEXT, room_create_time=TIME, notice=TEXT,
            members=many(record("memberid", memberid=USERID, jointime=TIME)),
        ),
    ),
    "msgaudit/get_robot_info": Page(
        91774,
        "A robot that speaks in conversations",
        record("robot_id", robot_id=ROBOT),
        record("data", data=record("robot_id", robot_id=TEXT, name=TEXT, creator_userid=TEXT)),
    ),
    "message/getchatdata": Page(
        91774,
        "Sealed records, as the vendor's library fetches them",
        record(seq=number(0, 2**64 - 1), limit=number(1, 1000), version={}, encrypt_sign={}),
        record(
            chatdata=either(
                many(
                    record(
                        "seq msgid publickey_ver encrypt_random_key encrypt_chat_msg", seq=number(0, 2**64 - 1),
                        msgid=TEXT, publickey_ver=number(), encrypt_random_key=TEXT, encrypt_chat_msg=TEXT,
                    ),
                    1000,
                ),
                {"type": "null"},
            ),
        ),
    ),
}  # fmt: skip

PAGES: Final[Mapping[str, Page]] = {
    **{f"externalcontact/groupchat/{name}": page for name, page in _GROUPS.items()},
    **{f"externalcontact/{name}": page for name, page in (_TRANSFERS | _SENDS).items()},
    **_ARCHIVE,
    "message/send": Page(
        90236,
        "Write to members as an app",
        record(
            "msgtype agentid", "touser toparty totag", touser=RECEIVERS, toparty=TEXT, totag=TEXT,
            msgtype=one_of("text", "markdown", "textcard"),  # of the kinds that the page has
            agentid=AGENT, text=WORDS, markdown=WORDS,
            textcard=record("title description url", title=TEXT, description=TEXT, url=text(2048), btntxt=TEXT),
            safe=one_of(0, 1, 2), enable_id_trans=BIT, enable_duplicate_check=BIT,
            duplicate_check_interval=number(0, 14_400),
        ),
        record("msgid", invaliduser=TEXT, invalidparty=TEXT, invalidtag=TEXT, unlicenseduser=TEXT, msgid=TEXT),
    ),
}  # fmt: skip
