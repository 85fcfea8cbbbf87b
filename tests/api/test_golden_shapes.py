"""Every other shape that an answer is documented or known to have, and every field a request may have."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.api.documented import (
    AD_READ,
    AFTER_A_REFUSAL,
    AN_DISABLED,
    BUTTON,
    CONTACT,
    CUSTOMER,
    EXPECTED,
    FINISHED,
    FOLLOW,
    FULL,
    LIBRARY,
    MEMBER,
    OTHER,
    OTHER_CUSTOMER,
    OTHER_FOLLOW,
    TEA_READ,
    THIRD_CUSTOMER,
    WAY,
    Replay,
    StillClock,
    name,
    read,
)
from tests.api.shapes import Shape, answers_of, request_of, shape_of, strangers
from wecrm.api import (
    acquisitions,
    contacts,
    contactways,
    endpoints,
    groups,
    joinways,
    members,
    msgaudit,
    notices,
    statistics,
    tags,
    transfers,
    welcomes,
)
from wecrm.api.client import Client, Settings
from wecrm.api.endpoint import Endpoint
from wecrm.models.archive import Agreement, Room, RoomMember
from wecrm.models.clock import Run
from wecrm.models.contact import ExternalContact, Follow
from wecrm.models.group import GroupChat, GroupMember
from wecrm.models.livecode import LiveCode
from wecrm.models.member import Department, Member
from wecrm.models.statistics import Behavior
from wecrm.models.transfer import GroupFailure, TransferRow
from wecrm.models.welcome import Link, Text, WelcomeTemplate

LITTLE = Member(userid=MEMBER, name="陆安", department=(41,), main_department=41)
TWO_MOVES = (
    GroupFailure("wrGOLDENgroup0001", 90500, "owner still employed"),
    GroupFailure("wrGOLDENgroup0002", 40128),
)
OLD_TAG = tags.CorpTag("etGOLDENtag0001", "金", order=4294967295, create_time=1760000000)

OTHERWISE: dict[Endpoint, dict[str, object]] = {
    members.DEPARTMENT: {
        "a name in English, nobody leads it, the parent is out of sight": (
            (Department(41, parentid=9, name="海港门店", name_en="Harbour shop", order=4294967295),),
            "directory",
        )
    },
    members.MEMBER: {
        "nothing but what every member has": replace(LITTLE, status=2),
        "numbers as texts, and what is not set as null": AN_DISABLED,
    },
    members.MEMBERS: {
        "nothing but what every member has": (replace(LITTLE, status=1),),
        "nobody is in it": (),
        **dict.fromkeys(
            (
                "every field, as apps from before 2022-06-20 get it",
                "the fields that newer apps get",
                "an older server: the gender a number, fields that are no longer named",
            ),
            (replace(AN_DISABLED, status=1),),
        ),
    },
    members.MEMBERS_SHORT: {
        "for another company's app": (Member(MEMBER, name=MEMBER, department=(41, 7)),),
    },
    contacts.FOLLOW_USERS: {"nobody may": ()},
    contacts.LIST: {"an empty list instead of 84061": ()},
    contacts.GET: {
        "a WeCom user, with all that is known of their company; a customer of two": [
            (
                replace(OTHER, avatar="https://example.com/b.png"),
                replace(OTHER_FOLLOW, tags=(), tag_id=None),
            ),
            (
                replace(OTHER, avatar="https://example.com/b.png"),
                Follow(MEMBER, "王总", "", 1760000400, oper_userid=MEMBER, add_way=202),
            ),
        ],
        "a WeCom user who hides what can be hidden": [
            (
                replace(OTHER, gender=0, position=None),
                Follow("bo.tan", "王总", "", 1760000300, (), oper_userid="bo.tan", add_way=0),
            )
        ],
        "what is not known is null": [
            (
                ExternalContact(CUSTOMER, name="", type=1, gender=0),
                Follow(MEMBER, createtime=1760000000, oper_userid=MEMBER, add_way=0),
            )
        ],
    },
    contacts.BATCH_GET: {
        "a WeChat user who came by a channel, and an unlicensed member": [
            [(CONTACT, replace(FOLLOW, tags=None, tag_id=(), state=""))],
            701008,
        ],
        "little is known": [
            [
                (
                    ExternalContact(CUSTOMER, name="", type=1, gender=0),
                    Follow("bo.tan", "", "", 1760000300, None, (), oper_userid=CUSTOMER, add_way=1),
                ),
                (
                    ExternalContact(OTHER_CUSTOMER, name="王大碗", type=2, gender=0),
                    Follow("bo.tan", createtime=1760000300, oper_userid=OTHER_CUSTOMER, add_way=16),
                ),
            ]
        ],
        "an empty page in the middle": [[], [(OTHER, OTHER_FOLLOW)]],
        "none of them has a customer": [[]],
    },
    tags.LIST: {
        "asked for a group: only tags say whether they are deleted": (replace(LIBRARY, deleted=False),),
        "the whole library: nothing says whether it is deleted": (replace(LIBRARY, tag=(OLD_TAG,)),),
        "no tag yet": (),
    },
    groups.LIST: {"no group": []},
    groups.GET: {
        "names not asked for, no announcement, a member without anything else": GroupChat(
            "wrGOLDENgroup0001",
            owner=MEMBER,
            create_time=1751328000,
            member_list=(GroupMember(CUSTOMER, join_time=1751331600, join_scene=2, group_nickname=""),),
            member_version="0f3a9c5d7b1e4826a0c4e8f2d6b91357",
        )
    },
    transfers.ONJOB_RESULT: {"right after the start: nothing yet": []},
    transfers.RESIGNED_RESULT: {"right after the start: nothing yet": []},
    transfers.ONJOB_GROUPS: {
        "all moved: no list": (),
        "all moved: an empty list": (),
        "failures with and without words": TWO_MOVES,
    },
    transfers.RESIGNED_GROUPS: {
        "all moved: no list": (),
        "all moved: an empty list": (),
        "failures with and without words": TWO_MOVES,
    },
    transfers.UNASSIGNED: {"nobody waits": []},
    contactways.GET: {
        "a code, and nothing that only buttons and temporary ways have": LiveCode(
            "contact",
            WAY,
            remark="春季展会",
            state="spring-fair",
            users=(MEMBER, "bo.tan"),
            departments=(41,),
            skip_verify=False,
            is_exclusive=True,
            url="https://wework.qpic.cn/wwpic/GOLDEN0001/0",
        ),
        "a button without picture": replace(BUTTON, remark="", state="", is_exclusive=False, is_temp=False, url=""),
    },
    joinways.GET: {
        "makes no groups by itself, has no channel": replace(
            TEA_READ, state="", chats=("wrGOLDENgroup0001",), room_base_name="", room_base_id=0
        ),
        "a plug-in without picture": replace(
            TEA_READ,
            remark="",
            state="",
            chats=("wrGOLDENgroup0001",),
            auto_create_room=True,
            room_base_name="",
            room_base_id=1,
            scene=1,
            url="",
        ),
    },
    acquisitions.GET: {
        "nobody comes first": replace(AD_READ, departments=(), priority_type=0, priority_users=()),
        "somebody anywhere in the corp comes first": replace(AD_READ, users=(), priority_type=1, priority_users=()),
    },
    welcomes.GET: {
        "text alone": WelcomeTemplate(Text("欢迎")),
        "a link alone, with nothing but what it must have": WelcomeTemplate(link=Link("茶单", "https://example.com")),
    },
    notices.SEND: {
        "everybody gets it: nobody is listed": notices.Sent("appmsgGOLDEN0001"),
        "a card with buttons was sent": notices.Sent("appmsgGOLDEN0001"),
    },
    msgaudit.SEATS: {"nobody has a seat": ()},
    msgaudit.SINGLE_AGREE: {
        "told of the archive, and has said nothing": (
            Agreement(CUSTOMER, "Default_Agree", 0, MEMBER),
            Agreement(OTHER_CUSTOMER, "Disagree", userid="bo.tan"),
        ),
        "a pair without answer is left out": (),
    },
    msgaudit.ROOM_AGREE: {"nobody from outside": ()},
    msgaudit.ROOM: {
        "a group without name and announcement": Room(
            "", MEMBER, 1751328000, "", (RoomMember(MEMBER, 1751328000), RoomMember("bo.tan", 1751331600))
        )
    },
    statistics.BEHAVIOR: {
        "nobody wrote: no share and no time": (Behavior(1766851200),),
        "a whole per cent comes without fraction": (Behavior(1766851200, 1, 1, 100.0, 1),),
    },
    statistics.GROUPS: {"nobody owns a group": ()},
}
"""What a shape has to become, where that is not what the plain answer becomes."""
OTHERWISE[transfers.RESIGNED_RESULT]["no time where nothing was taken over"] = [
    TransferRow(THIRD_CUSTOMER, FINISHED, 1793491200),
    TransferRow(CUSTOMER, FULL),
]

SHAPES = [
    pytest.param(endpoint, also["shape"], also["answers"], id=f"{endpoint.name}: {also['shape']}")
    for endpoint in endpoints.ALL
    for also in read(endpoint).get("also", ())
]


@pytest.fixture
def replay() -> Replay:
    return Replay()


@pytest.fixture
def client(replay: Replay, tmp_path: Path) -> Iterator[Client]:
    secrets = {kind: f"golden-{kind}-secret" for kind in ("contact", "directory", "archive")}
    client = Client(Settings("wwgolden000000001", secrets, tmp_path), Run(StillClock()), replay)
    yield client
    client.close()


@pytest.mark.parametrize(("endpoint", "shape", "answers"), SHAPES)
def test_every_shape_of_an_answer_decodes(
    endpoint: Endpoint, shape: str, answers: list[dict[str, Any]], client: Client, replay: Replay
) -> None:
    if endpoint in EXPECTED:
        call, expected = EXPECTED[endpoint]
    else:
        call, expected, refusals = AFTER_A_REFUSAL[endpoint]
        replay.answers = {path: [{"errcode": code, "errmsg": "refused"}] for path, code in refusals.items()}
    replay.answers[endpoint.path] = list(answers)
    assert call(client) == OTHERWISE.get(endpoint, {}).get(shape, expected)
    assert replay.answers[endpoint.path] == []


def test_no_expected_shape_is_left_over() -> None:
    known = {(endpoint, also["shape"]) for endpoint in endpoints.ALL for also in read(endpoint).get("also", ())}
    assert {(endpoint, shape) for endpoint, shapes in OTHERWISE.items() for shape in shapes} <= known


@pytest.mark.parametrize("endpoint", endpoints.ALL, ids=name)
def test_a_sample_says_of_every_list_what_is_in_it(endpoint: Endpoint) -> None:
    def empty(shape: Shape, where: str) -> Iterator[str]:
        if "list" in shape.types and shape.rows is None:
            yield where
        for field, inner in shape.fields.items():
            yield from empty(inner, f"{where}.{field}")
        if shape.rows:
            yield from empty(shape.rows, f"{where}[]")

    assert list(empty(shape_of(answers_of(endpoint)), "")) == []
    assert list(empty(request_of(endpoint), "")) == []


def test_a_shape_tells_what_it_does_not_know_and_what_it_lacks() -> None:
    shape = shape_of([{"a": 1, "b": [{"c": "x"}]}, {"a": "1", "b": [], "d": None}])
    assert list(strangers({"a": "2", "b": [{"c": "y"}]}, shape, whole=True)) == []
    assert list(strangers({"a": 1.5, "b": [{"c": 1, "e": 2}], "d": True}, shape, whole=True)) == [
        ".a: number, not text or whole number",
        ".b[].c: whole number, not text",
        ".b[].e: unknown",
        ".d: yes or no, not null",
    ]
    assert list(strangers({"b": [{}]}, shape, whole=True)) == [".b[].c: missing", ".a: missing"]
    assert list(strangers({"b": [{}]}, shape, whole=False)) == []
