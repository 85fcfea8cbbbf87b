"""Pages on tokens, departments, members and customers."""

from collections.abc import Mapping
from typing import Final

from wecrm.sandbox.pages.schemas import (
    BIT,
    CURSOR,
    CUSTOMER,
    DEPARTMENT,
    NOTHING,
    SIZE,
    TAG,
    TEXT,
    TIME,
    USERID,
    Page,
    either,
    many,
    number,
    one_of,
    record,
    text,
)

_GENDER: Final = either(one_of(0, 1, 2), one_of("0", "1", "2"))  # both shapes were seen
_ATTRIBUTES: Final = many(
    record(
        "type name",
        type=one_of(0, 1, 2),
        name=TEXT,
        text=record(value=TEXT),
        web=record(url=TEXT, title=TEXT),
        miniprogram=record(appid=TEXT, pagepath=TEXT, title=TEXT),
    )
)
_PROFILE: Final = record(
    external_corp_name=TEXT, wechat_channels=record(nickname=TEXT, status=BIT), external_attr=_ATTRIBUTES
)
_DEPARTMENT: Final = record(
    "id parentid order", id=DEPARTMENT, name=TEXT, name_en=TEXT, department_leader=many(USERID), parentid=DEPARTMENT,
    order=SIZE,
)  # fmt: skip
_MEMBER_FIELDS: Final = {
    "userid": USERID, "name": TEXT, "department": many(DEPARTMENT), "order": many(number()), "position": TEXT,
    "mobile": TEXT, "gender": _GENDER, "email": TEXT, "biz_mail": TEXT, "is_leader_in_dept": many(BIT),
    "direct_leader": many(USERID, 5), "avatar": TEXT, "thumb_avatar": TEXT, "telephone": TEXT, "alias": TEXT,
    "address": TEXT, "open_userid": TEXT, "main_department": DEPARTMENT, "extattr": record(attrs=_ATTRIBUTES),
    "status": one_of(1, 2, 4, 5), "qr_code": TEXT, "external_position": TEXT, "external_profile": _PROFILE,
}  # fmt: skip
_OF_DEPARTMENT: Final = record("department_id", department_id=DEPARTMENT, fetch_child=BIT)

_CONTACT: Final = record(
    "external_userid name type", external_userid=CUSTOMER, name=TEXT, avatar=TEXT, type=one_of(1, 2),
    gender=one_of(0, 1, 2), unionid=TEXT, position=TEXT, corp_name=TEXT, corp_full_name=TEXT, external_profile=_PROFILE,
)  # fmt: skip
_SIDE: Final = {
    "userid": USERID, "remark": TEXT, "description": TEXT, "createtime": TIME, "remark_corp_name": TEXT,
    "remark_mobiles": many(TEXT), "oper_userid": TEXT, "add_way": number(), "state": TEXT,
    "wechat_channels": record(nickname=TEXT, source=number()),
}  # fmt: skip
_TAGS: Final = many(record("tag_name type", group_name=TEXT, tag_name=TEXT, tag_id=TAG, type=one_of(1, 2, 3)))

PAGES: Final[Mapping[str, Page]] = {
    "gettoken": Page(
        91039,
        "A token for a secret",
        record("corpid corpsecret", corpid=text(shortest=1), corpsecret=text(shortest=1)),
        record("access_token expires_in", access_token=text(512, 1), expires_in=number(0, 7200)),
    ),
    "department/list": Page(
        90208, "Departments with names", record(id=DEPARTMENT), record("department", department=many(_DEPARTMENT))
    ),
    "department/simplelist": Page(
        95350,
        "Ids of departments",
        record(id=DEPARTMENT),
        record(
            "department_id",
            department_id=many(record("id parentid order", id=DEPARTMENT, parentid=DEPARTMENT, order=SIZE)),
        ),
    ),
    "department/get": Page(
        95351, "One department", record("id", id=DEPARTMENT), record("department", department=_DEPARTMENT)
    ),
    "user/get": Page(90196, "One member", record("userid", userid=USERID), record("userid", **_MEMBER_FIELDS)),
    "user/list": Page(
        90201,
        "Members of a department with their fields",
        _OF_DEPARTMENT,
        record("userlist", userlist=many(record("userid name department", **_MEMBER_FIELDS))),
    ),
    "user/simplelist": Page(
        90200,
        "Members of a department, ids and names",
        _OF_DEPARTMENT,
        record(
            "userlist",
            userlist=many(
                record(
                    "userid name department", userid=USERID, name=TEXT, department=many(DEPARTMENT), open_userid=TEXT
                )
            ),
        ),
    ),
    "user/list_id": Page(
        96067,
        "Pairs of member and department",
        record(cursor=CURSOR, limit=number(1, 10_000)),
        record(
            "dept_user",
            dept_user=many(record("userid department", userid=USERID, department=DEPARTMENT)),
            next_cursor=CURSOR,
        ),
    ),
    "user/update": Page(
        90197, "Disable a member, or enable one again", record("userid", userid=USERID, enable=BIT), NOTHING
    ),
    "user/delete": Page(90198, "Delete a member", record("userid", userid=USERID), NOTHING),
    "externalcontact/get_follow_user_list": Page(
        92571, "Members with customer contact", NOTHING, record("follow_user", follow_user=many(USERID))
    ),
    "externalcontact/list": Page(
        92113,
        "Customers of one member",
        record("userid", userid=USERID),
        record("external_userid", external_userid=many(CUSTOMER)),
    ),
    "externalcontact/get": Page(
        92114,
        "One customer and who follows them",
        record("external_userid", external_userid=CUSTOMER, cursor=CURSOR),
        record(
            "follow_user",
            external_contact=_CONTACT,
            follow_user=many(record("userid createtime", **_SIDE, tags=_TAGS)),
            next_cursor=CURSOR,
        ),
    ),
    "externalcontact/batch/get_by_user": Page(
        92994,
        "Relations of several members",
        record("userid_list", userid_list=many(USERID, 100, 1), cursor=CURSOR, limit=number(1)),
        record(
            "external_contact_list",
            external_contact_list=many(
                record(
                    "external_contact follow_info",
                    external_contact=_CONTACT,
                    follow_info=record("userid createtime", **_SIDE, tag_id=many(TAG)),
                )
            ),
            next_cursor=CURSOR,
            fail_info=record(unlicensed_userid_list=many(USERID)),
        ),
    ),
    "externalcontact/remark": Page(
        92115,
        "Change a member's notes on a customer",
        record(
            "userid external_userid",
            "remark description remark_company remark_mobiles remark_pic_mediaid",
            userid=USERID,
            external_userid=CUSTOMER,
            remark=text(20),
            description=text(150),
            remark_company=text(20),
            remark_mobiles=many(TEXT),
            remark_pic_mediaid=TEXT,
        ),
        NOTHING,
    ),
}
