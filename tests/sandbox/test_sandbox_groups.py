"""Customer groups."""

import re
from typing import Any

import pytest

from wecrm.sandbox import control


def test_groups_are_listed_page_by_page(office: Any) -> None:
    ids, cursor = [], ""
    while True:
        page = office.ec("groupchat/list", limit=5, cursor=cursor)
        ids += [chat["chat_id"] for chat in page["group_chat_list"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert len(ids) == len(set(ids)) == 12
    assert office.ec("groupchat/list", limit=5, cursor="x")["errcode"] == 50100


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({}, 40063),
        ({"limit": 0}, 40058),
        ({"limit": 1001}, 40058),
        ({"limit": "10"}, 40058),
        ({"limit": 10, "status_filter": 4}, 40058),
        ({"limit": 10, "owner_filter": {"userid_list": ["a"] * 101}}, 40058),
        ({"limit": 10, "owner_filter": {"userid_list": ["nobody"]}}, 60111),
        ({"limit": 10, "owner_filter": []}, 40058),
    ],
)
def test_listing_groups_refuses(office: Any, body: dict[str, Any], errcode: int) -> None:
    assert office.ec("groupchat/list", **body)["errcode"] == errcode


def test_too_many_owners_may_be_81017(office: Any) -> None:
    control.set_switch(office.world, "too_many_owners", 81017)
    answer = office.ec("groupchat/list", limit=1, owner_filter={"userid_list": ["a"] * 101})
    assert answer["errcode"] == 81017


def test_a_large_scope_wants_owners(office: Any) -> None:
    control.set_limits(office.world, list_people=59)
    assert office.ec("groupchat/list", limit=10)["errcode"] == 81017
    owner = office.relation().userid
    assert office.ec("groupchat/list", limit=10, owner_filter={"userid_list": [owner]})["errcode"] == 0


def test_a_group_shows_names_only_when_asked(office: Any) -> None:
    chat_id = office.ec("groupchat/list", limit=1)["group_chat_list"][0]["chat_id"]
    bare = office.ec("groupchat/get", chat_id=chat_id)["group_chat"]
    assert all("name" not in member for member in bare["member_list"])
    named = office.ec("groupchat/get", chat_id=chat_id, need_name=1)["group_chat"]
    assert all("name" in member for member in named["member_list"])
    assert {member["type"] for member in named["member_list"]} == {1, 2}
    assert named["owner"] in [member["userid"] for member in named["member_list"]]
    assert re.fullmatch("[0-9a-f]{32}", named["member_version"])


def test_members_may_go_by_their_alias_in_groups(office: Any) -> None:
    control.set_switch(office.world, "group_names", "alias")
    chats = office.ec("groupchat/list", limit=100)["group_chat_list"]
    for chat in chats:
        for row in office.ec("groupchat/get", chat_id=chat["chat_id"], need_name=1)["group_chat"]["member_list"]:
            if row["type"] == 1:
                person = office.get("user/get", userid=row["userid"])
                assert row["name"] == (person["alias"] or person["name"])
            assert row["name"]
    assert "name" not in office.ec("groupchat/get", chat_id=chats[0]["chat_id"])["group_chat"]["member_list"][0]


def test_unknown_groups_and_groups_of_outsiders_are_refused(office: Any) -> None:
    assert office.ec("groupchat/get", chat_id="wrNone")["errcode"] == 90501
    assert office.ec("groupchat/get", chat_id="x")["errcode"] == 40058
    assert office.ec("groupchat/get")["errcode"] == 40063
    all_ids = [chat["chat_id"] for chat in office.ec("groupchat/list", limit=100)["group_chat_list"]]
    control.set_visible_range(office.world, "contact", [3])
    inside = [chat["chat_id"] for chat in office.ec("groupchat/list", limit=100)["group_chat_list"]]
    assert len(inside) < len(all_ids)
    outside = next(id_ for id_ in all_ids if id_ not in inside)
    assert office.ec("groupchat/get", chat_id=outside)["errcode"] == 60011
