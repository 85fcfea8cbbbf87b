"""Every endpoint's documented request and answers, what calls it, and the value its answer has to become.

A sample is `tests/golden/<endpoint>.json`, written from WeCom's documentation, its ids invented: the `request` of one
call and the `answer` to it; `every_field` of the documented request, where that call sends fewer; `also`, other shapes
that the answer is documented or known to have (pages in their order). A key that is missing somewhere is optional.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from wecrm.api import (
    acquisitions,
    contacts,
    contactways,
    endpoints,
    groups,
    groupsends,
    joinways,
    members,
    msgaudit,
    notices,
    statistics,
    tags,
    transfers,
    welcomes,
)
from wecrm.api.client import Client
from wecrm.api.endpoint import GETTOKEN, Endpoint
from wecrm.errors import ApiError
from wecrm.models.archive import Agreement, Robot, Room, RoomMember
from wecrm.models.contact import ExternalContact, Follow, FollowTag, Relation
from wecrm.models.group import GroupAdmin, GroupChat, GroupInvitor, GroupMember, GroupStatus
from wecrm.models.groupsend import GroupSend, SendResult, SendTask, SendText
from wecrm.models.livecode import LinkCustomer, LinkStatistic, LiveCode, Quota, QuotaPart
from wecrm.models.member import Department, Member
from wecrm.models.statistics import Behavior, GroupFigures, OwnerFigures
from wecrm.models.tag import CorpTag, TagGroup
from wecrm.models.transfer import (
    FINISHED,
    FULL,
    NO_RECORD,
    REFUSED,
    WAITING,
    GroupFailure,
    Submitted,
    TransferRow,
    Unassigned,
)
from wecrm.models.welcome import Image, Link, Media, MiniProgram, Text, WelcomeTemplate

GOLDEN = Path(__file__).parents[1] / "golden"

CUSTOMER, MEMBER = "wmGOLDENcustomer0001", "an.lu"
OTHER_CUSTOMER, THIRD_CUSTOMER = "woGOLDENcustomer0002", "wmGOLDENcustomer0003"
FROM_NOW_ON = "您好，今后由谭博为您服务。"


def sample(endpoint: Endpoint) -> Path:
    return GOLDEN / f"{endpoint.name.replace('/', '_')}.json"


def read(endpoint: Endpoint) -> dict[str, Any]:
    return json.loads(sample(endpoint).read_text("utf-8"))


class Replay:
    """A WeCom that answers each path with its sample, or with what a test says, and remembers the requests."""

    def __init__(self, answers: Mapping[str, Sequence[dict[str, Any]]] | None = None) -> None:
        self.answers = {path: list(told) for path, told in (answers or {}).items()}
        self.requests: list[dict[str, Any]] = []
        self.tokens: list[str] = []
        self.samples = {endpoint.path: read(endpoint)["answer"] for endpoint in endpoints.ALL}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        path = environ["PATH_INFO"]
        query = dict(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True))
        body = environ["wsgi.input"].read()
        self.tokens.append(query.pop("access_token", ""))
        self.requests.append(
            {
                "method": environ["REQUEST_METHOD"],
                "path": path,
                "query": query,
                "body": json.loads(body) if body else None,
            }
        )
        told = self.answers.get(path)
        answer = told.pop(0) if told else self.samples[path]
        start_response("200 OK", [("Content-Type", "application/json; charset=UTF-8")])
        return [json.dumps(answer, ensure_ascii=False).encode()]

    def asked(self, endpoint: Endpoint) -> list[dict[str, Any]]:
        return [request for request in self.requests if request["path"] == endpoint.path]


class StillClock:
    def now(self) -> float:
        return 1_793_494_800.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


BO = Department(id=41, parentid=1, name="海港门店", department_leader=("bo.tan",), order=100)
DEPARTMENTS = (
    Department(id=1, parentid=0, name="示例公司", department_leader=("bo.tan",), order=100000000),
    Department(id=41, parentid=1, name="海港门店", name_en="Harbour shop", order=100),
)
AN = Member(userid=MEMBER, name="陆安", department=(41,), main_department=41, status=1)
AN_DISABLED = Member(
    userid=MEMBER,
    name="陆安",
    department=(41,),
    is_leader_in_dept=(0,),
    alias="安安",
    position="顾问",
    main_department=41,
    status=2,
)
CONTACT = ExternalContact(
    CUSTOMER, name="李小茶", type=1, gender=0, unionid="oGOLDENunion0001", avatar="https://example.com/a.png"
)
FOLLOW = Follow(
    MEMBER,
    remark="茶客",
    description="",
    createtime=1760000000,
    tags=(
        FollowTag(1, "etGOLDENtag0001", "金", "等级"),
        FollowTag(2, None, "爱喝绿茶", "我的"),
        FollowTag(3, "stGOLDENtag0003", "银", "规则组"),
    ),
    remark_corp_name="茶行",
    remark_mobiles=("13900000000",),
    oper_userid=MEMBER,
    add_way=10,
    state="spring-fair",
)
OTHER = ExternalContact(
    "woGOLDENcustomer0002",
    name="王大碗",
    type=2,
    gender=1,
    position="采购",
    corp_name="大碗",
    corp_full_name="大碗餐饮有限公司",
)
OTHER_FOLLOW = Follow(
    "bo.tan",
    remark="王总",
    description="面议",
    createtime=1760000300,
    tag_id=("etGOLDENtag0001",),
    remark_mobiles=(),
    oper_userid="woGOLDENcustomer0002",
    add_way=16,
    state="ad-7",
)
LIBRARY = TagGroup(
    "etGOLDENgroup0001",
    "等级",
    order=10,
    create_time=1760000000,
    tag=(CorpTag("etGOLDENtag0001", "金", order=4294967295, create_time=1760000000, deleted=True),),
)
GROUP = GroupChat(
    "wrGOLDENgroup0001",
    name="茶友三群",
    owner=MEMBER,
    create_time=1751328000,
    notice="周五到货",
    member_list=(
        GroupMember(MEMBER, type=1, join_time=1751328000, join_scene=1, group_nickname="", name="陆安"),
        GroupMember(
            CUSTOMER,
            type=2,
            join_time=1751331600,
            join_scene=3,
            unionid="oGOLDENunion0001",
            name="李小茶",
            group_nickname="小茶",
            state="fair2025",
            invitor=GroupInvitor(MEMBER),
        ),
    ),
    admin_list=(GroupAdmin("bo.tan"),),
    member_version="0f3a9c5d7b1e4826a0c4e8f2d6b91357",
)
FIELDS = {
    "remark": "茶客（12 号店）",
    "description": "老客户",
    "remark_company": "茶行",
    "remark_mobiles": ["13900000000"],
}
WAY, JOIN, LINK, TEMPLATE = "cfgGOLDENway0001", "cfgGOLDENjoin0001", "caGOLDENlink0001", "msgGOLDENtpl0001"
SEND = "msgGOLDENsend0001"
FAIR = LiveCode(
    "contact",
    remark="春季展会",
    state="spring-fair",
    users=(MEMBER, "bo.tan"),
    departments=(41,),
    skip_verify=False,
    is_exclusive=True,
)
DAY_TWO = LiveCode("contact", WAY, remark="春季展会第二天", state="spring-fair", users=("bo.tan",))
BUTTON = LiveCode(
    "contact",
    WAY,
    remark="前台按钮",
    state="desk",
    users=(MEMBER,),
    type=1,
    scene=1,
    style=2,
    is_exclusive=True,
    is_temp=True,
    url="https://wework.qpic.cn/wwpic/GOLDEN0001/0",
)
TEA = LiveCode(
    "group", remark="茶友群", state="fair", chats=("wrGOLDENgroup0001",), room_base_name="茶友", room_base_id=10
)
TEA_NOW = LiveCode("group", JOIN, remark="茶友群", chats=("wrGOLDENgroup0001",), auto_create_room=False)
TEA_READ = LiveCode(
    "group",
    JOIN,
    remark="茶友群",
    state="fair",
    chats=("wrGOLDENgroup0001", "wrGOLDENgroup0002"),
    auto_create_room=False,
    room_base_name="茶友",
    room_base_id=10,
    url="https://wework.qpic.cn/wwpic/GOLDEN0003/0",
)
AD = LiveCode("link", remark="广告七", users=(MEMBER,), priority_type=1)
AD_NOW = LiveCode("link", LINK, remark="广告七", users=("bo.tan",), priority_type=2, priority_users=("bo.tan",))
AD_READ = LiveCode(
    "link",
    LINK,
    remark="广告七",
    users=(MEMBER,),
    departments=(41,),
    skip_verify=False,
    priority_type=2,
    priority_users=(MEMBER,),
    url="https://work.weixin.qq.com/ca/caGOLDENlink0001",
    create_time=1760000000,
)
PRICES = Link("茶单", "https://example.com", picurl="https://example.com/a.png", desc="今年的")
HELLO = WelcomeTemplate(Text("%NICKNAME% 你好"), link=PRICES)
WELCOME = WelcomeTemplate(
    Text("欢迎"),
    Image(pic_url="https://wework.qpic.cn/wwpic/GOLDEN0004/0"),
    PRICES,
    MiniProgram("茶铺", "wxgolden0000000001", "/index", "MEDIAGOLDEN0001"),
    Media("MEDIAGOLDEN0002"),
    Media("MEDIAGOLDEN0003"),
)


def to_the_end(pages: Iterator[object]) -> list[object]:
    """The pages, and last 701008 where some members have no licence."""
    found: list[object] = []
    try:
        found.extend(pages)
    except ApiError as error:
        if error.errcode != contacts.UNLICENSED:
            raise
        found.append(error.errcode)
    return found


def sides(relations: Sequence[Any]) -> list[tuple[ExternalContact, Follow]]:
    assert all(isinstance(relation, Relation) for relation in relations)
    return [(relation.contact, relation.follow) for relation in relations]


EXPECTED: dict[Endpoint, tuple[Callable[[Client], object], object]] = {
    GETTOKEN: (lambda c: c.check_token("contact"), None),
    members.DEPARTMENTS: (members.departments, (DEPARTMENTS, "directory")),
    members.MEMBERS: (lambda c: members.members_of(c, 41, "directory"), (AN,)),
    members.MEMBER_IDS: (
        lambda c: list(members.member_ids(c)),
        [Member("bo.tan", department=(1, 41)), Member(MEMBER, department=(41,))],
    ),
    members.MEMBER: (lambda c: members.get(c, MEMBER), AN_DISABLED),
    members.UPDATE: (lambda c: members.disable(c, MEMBER), None),
    members.DELETE: (lambda c: members.delete(c, MEMBER), None),
    contacts.FOLLOW_USERS: (contacts.follow_users, (MEMBER, "bo.tan")),
    contacts.LIST: (lambda c: contacts.external_userids(c, MEMBER), (CUSTOMER, "woGOLDENcustomer0002")),
    contacts.GET: (lambda c: sides(contacts.get(c, CUSTOMER)), [(CONTACT, FOLLOW)]),
    contacts.BATCH_GET: (
        lambda c: to_the_end(sides(page) for page in contacts.batch_get(c, [MEMBER, "bo.tan"])),
        [[(OTHER, OTHER_FOLLOW)]],
    ),
    contacts.REMARK: (lambda c: contacts.remark(c, MEMBER, CUSTOMER, FIELDS), None),
    tags.LIST: (lambda c: tags.look_up(c, ["etGOLDENtag0001"]), (LIBRARY,)),
    tags.ADD: (
        lambda c: tags.add(c, "等级", "银", 1),
        CorpTag("etGOLDENtag0002", "银", order=1, create_time=1760000500),
    ),
    tags.EDIT: (lambda c: tags.rename(c, "etGOLDENtag0001", "金牌", 2), None),
    tags.DELETE: (lambda c: tags.delete(c, ["etGOLDENtag0001"]), None),
    tags.MARK: (lambda c: tags.mark(c, MEMBER, CUSTOMER, ["etGOLDENtag0001"], ["etGOLDENtag0002"]), None),
    groups.LIST: (lambda c: list(groups.statuses(c, [MEMBER])), [GroupStatus("wrGOLDENgroup0001", 1)]),
    groups.GET: (lambda c: groups.get(c, "wrGOLDENgroup0001")[0], GROUP),
    transfers.ONJOB: (
        lambda c: transfers.submit(c, "onjob", MEMBER, "bo.tan", [CUSTOMER, OTHER_CUSTOMER], FROM_NOW_ON),
        (Submitted(CUSTOMER, 0), Submitted(OTHER_CUSTOMER, 40128)),
    ),
    transfers.ONJOB_RESULT: (
        lambda c: list(transfers.results(c, "onjob", MEMBER, "bo.tan")),
        [
            TransferRow(CUSTOMER, WAITING, 1793581200),
            TransferRow(OTHER_CUSTOMER, REFUSED, 0),
            TransferRow(THIRD_CUSTOMER, NO_RECORD),
        ],
    ),
    transfers.ONJOB_GROUPS: (
        lambda c: transfers.move_groups(c, "onjob", ["wrGOLDENgroup0001", "wrGOLDENgroup0002"], "bo.tan"),
        (GroupFailure("wrGOLDENgroup0002", 90501, "chat is not external group chat"),),
    ),
    transfers.UNASSIGNED: (
        lambda c: list(transfers.unassigned(c)),
        [Unassigned(MEMBER, THIRD_CUSTOMER, 1793408400), Unassigned("left.li", CUSTOMER, 1790816400)],
    ),
    transfers.RESIGNED: (
        lambda c: transfers.submit(c, "resigned", MEMBER, "bo.tan", [THIRD_CUSTOMER]),
        (Submitted(THIRD_CUSTOMER, 0),),
    ),
    transfers.RESIGNED_RESULT: (
        lambda c: list(transfers.results(c, "resigned", MEMBER, "bo.tan")),
        [TransferRow(THIRD_CUSTOMER, FINISHED, 1793491200), TransferRow(CUSTOMER, FULL, 0)],
    ),
    transfers.RESIGNED_GROUPS: (
        lambda c: transfers.move_groups(c, "resigned", ["wrGOLDENgroup0001"], "bo.tan"),
        (GroupFailure("wrGOLDENgroup0001", 90500),),
    ),
    contactways.ADD: (lambda c: contactways.add(c, FAIR), WAY),
    contactways.GET: (lambda c: contactways.get(c, WAY)[0], BUTTON),
    contactways.LIST: (lambda c: list(contactways.ids(c)), [WAY, "cfgGOLDENway0002"]),
    contactways.UPDATE: (lambda c: contactways.update(c, DAY_TWO, {"remark", "users"}), None),
    contactways.DELETE: (lambda c: contactways.delete(c, WAY), None),
    joinways.ADD: (lambda c: joinways.add(c, TEA), JOIN),
    joinways.GET: (lambda c: joinways.get(c, JOIN)[0], TEA_READ),
    joinways.UPDATE: (lambda c: joinways.update(c, TEA_NOW, {"auto_create_room"}), None),
    joinways.DELETE: (lambda c: joinways.delete(c, JOIN), None),
    acquisitions.LIST: (lambda c: list(acquisitions.ids(c)), [LINK, "caGOLDENlink0002"]),
    acquisitions.GET: (lambda c: acquisitions.get(c, LINK)[0], AD_READ),
    acquisitions.CREATE: (lambda c: acquisitions.add(c, AD), LINK),
    acquisitions.UPDATE: (lambda c: acquisitions.update(c, AD_NOW, {"users", "priority_users"}), None),
    acquisitions.DELETE: (lambda c: acquisitions.delete(c, LINK), None),
    acquisitions.CUSTOMERS: (
        lambda c: list(acquisitions.customers(c, LINK)),
        [LinkCustomer(CUSTOMER, MEMBER, 1, "feed-3"), LinkCustomer("woGOLDENcustomer0002", MEMBER, 0)],
    ),
    acquisitions.STATISTIC: (
        lambda c: acquisitions.statistic(c, LINK, 1760000000, 1760604800),
        LinkStatistic(click_link_customer_cnt=120, new_customer_cnt=31),
    ),
    acquisitions.QUOTA: (
        acquisitions.quota,
        Quota(total=800, balance=200, quota_list=(QuotaPart(1793462400, 50), QuotaPart(1796054400, 150))),
    ),
    welcomes.ADD: (lambda c: welcomes.add(c, HELLO, notify=False), TEMPLATE),
    welcomes.EDIT: (
        lambda c: welcomes.edit(c, TEMPLATE, WelcomeTemplate(Text("欢迎"), Image("MEDIAGOLDEN0001"))),
        None,
    ),
    welcomes.GET: (lambda c: welcomes.get(c, TEMPLATE), WELCOME),
    welcomes.DELETE: (lambda c: welcomes.delete(c, TEMPLATE), None),
    notices.SEND: (
        lambda c: notices.send(c, 1000002, ["An.Lu", "bo.tan", "left.li"], "今天有 3 位客户等您确认"),
        notices.Sent("appmsgGOLDEN0001", invalid=("left.li",), unlicensed=("An.Lu",)),
    ),
    msgaudit.SEATS: (lambda c: msgaudit.get_permit_user_list(c, 1), (MEMBER, "bo.tan")),
    msgaudit.SINGLE_AGREE: (
        lambda c: msgaudit.check_single_agree(c, [(MEMBER, CUSTOMER), ("bo.tan", OTHER_CUSTOMER)]),
        (
            Agreement(CUSTOMER, "Agree", 1793462400, MEMBER),
            Agreement(OTHER_CUSTOMER, "Disagree", 1793466000, "bo.tan"),
        ),
    ),
    msgaudit.ROOM_AGREE: (
        lambda c: msgaudit.check_room_agree(c, "wrGOLDENgroup0001"),
        (Agreement(CUSTOMER, "Agree", 1793462400),),
    ),
    msgaudit.ROOM: (
        lambda c: msgaudit.groupchat_get(c, "wrGOLDENgroup0002"),
        Room(
            "茶铺内部群",
            MEMBER,
            1751328000,
            "周五盘点",
            (RoomMember(MEMBER, 1751328000), RoomMember("bo.tan", 1751331600)),
        ),
    ),
    msgaudit.ROBOT: (
        lambda c: msgaudit.get_robot_info(c, "wbGOLDENrobot0001"),
        Robot("wbGOLDENrobot0001", "报时机器人", MEMBER),
    ),
    statistics.BEHAVIOR: (
        lambda c: statistics.behavior(c, MEMBER, 1766851200, 1766937600),
        (
            Behavior(1766851200, 40, 160, 87.5, 6, 1, 3, 2),
            Behavior(1766937600, new_contact_cnt=1),
        ),
    ),
    statistics.GROUPS: (
        lambda c: statistics.groups(c, [MEMBER, "bo.tan"], 1766937600),
        (
            OwnerFigures(MEMBER, GroupFigures(2, 14, 9, 31, 812, 120, 1904)),
            OwnerFigures("bo.tan", GroupFigures(0, 3, 1, 4, 95, 7, 66)),
        ),
    ),
    groupsends.LIST: (
        lambda c: list(groupsends.listed(c, "single", 1764518400, 1766937600)),
        [
            GroupSend(SEND, 1766000000, MEMBER, 0, SendText("新茶到店")),
            GroupSend("msgGOLDENsend0002", 1766100000),
        ],
    ),
    groupsends.TASKS: (
        lambda c: list(groupsends.tasks(c, SEND)),
        [SendTask(MEMBER, 2, 1766000600), SendTask("bo.tan")],
    ),
    groupsends.RESULTS: (
        lambda c: list(groupsends.results(c, SEND, MEMBER)),
        [
            SendResult(CUSTOMER, "", MEMBER, 1, 1766000600),
            SendResult(OTHER_CUSTOMER, "", MEMBER, 3),
            SendResult("", "wrGOLDENgroup0001", MEMBER, 1, 1766000700),
        ],
    ),
}
"""What calls the endpoint, and the value that its documented answer has to become."""

AFTER_A_REFUSAL: dict[Endpoint, tuple[Callable[[Client], object], object, dict[str, int]]] = {
    members.DEPARTMENT_IDS: (members.departments, ((BO,), "directory"), {members.DEPARTMENTS.path: 45029}),
    members.DEPARTMENT: (members.departments, ((BO,), "directory"), {members.DEPARTMENTS.path: 45029}),
    members.MEMBERS_SHORT: (
        lambda c: members.members_of(c, 41, "directory"),
        (Member(MEMBER, name="陆安", department=(41, 7)),),
        {members.MEMBERS.path: 48009},
    ),
}
"""Endpoints that are only called once another one was refused with an errcode."""


def name(endpoint: Endpoint) -> str:
    return endpoint.name
