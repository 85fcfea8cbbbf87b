"""Group join ways (加入群聊) and customers who join by them."""

from typing import Any

import pytest

from wecrm.sandbox import control


def chats(office: Any) -> list[str]:
    return [chat["chat_id"] for chat in office.ec("groupchat/list", limit=100)["group_chat_list"]]


def add(office: Any, **fields: Any) -> str:
    answer = office.ec("groupchat/add_join_way", **{"scene": 2, "chat_id_list": chats(office)[:1], **fields})
    assert set(answer) == {"errcode", "errmsg", "config_id"}, answer
    return str(answer["config_id"])


def get(office: Any, config_id: str) -> dict[str, Any]:
    answer: dict[str, Any] = office.ec("groupchat/get_join_way", config_id=config_id)
    assert answer["errcode"] == 0, answer
    return answer["join_way"]  # type: ignore[no-any-return]


def people(office: Any, chat_id: str) -> list[dict[str, Any]]:
    answer = office.ec("groupchat/get", chat_id=chat_id, need_name=1)
    return answer["group_chat"]["member_list"]  # type: ignore[no-any-return]


def test_a_join_way_comes_back_with_defaults_and_a_picture(office: Any) -> None:
    one, two = chats(office)[:2]
    id_ = add(office, chat_id_list=[one, two, one], remark="长" * 31)
    way = get(office, id_)
    assert office.http.get(way.pop("qr_code")).content.startswith(b"\x89PNG")
    assert way == {
        "config_id": id_,
        "scene": 2,
        "remark": "长" * 30,  # cut without an error
        "auto_create_room": 1,
        "room_base_name": "",
        "room_base_id": 0,
        "chat_id_list": [one, two],
        "state": "",
        "mark_source": True,
    }
    assert "qr_code" not in get(office, add(office, scene=1))


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"scene": None}, 41038),
        ({"scene": 3}, 41040),
        ({"chat_id_list": []}, 40063),
        ({"chat_id_list": None}, 40063),
        ({"chat_id_list": "wr"}, 40058),
        ({"chat_id_list": [f"wr{n}" for n in range(6)]}, 41091),
        ({"chat_id_list": ["wrNone"]}, 90501),
        ({"auto_create_room": True}, 40058),
        ({"auto_create_room": 2}, 40058),
        ({"room_base_name": "a" * 41}, 40058),
        ({"room_base_id": "1"}, 40058),
        ({"state": "a" * 31}, 40058),
    ],
)
def test_a_join_way_is_refused(office: Any, body: dict[str, Any], errcode: int) -> None:
    good = {"scene": 2, "chat_id_list": chats(office)[:1]}
    id_ = add(office)
    before = get(office, id_)
    assert office.ec("groupchat/add_join_way", **{**good, **body})["errcode"] == errcode
    assert office.ec("groupchat/update_join_way", config_id=id_, **{**good, **body})["errcode"] == errcode
    assert get(office, id_) == before


def test_groups_out_of_sight_are_refused(office: Any) -> None:
    everything = chats(office)
    control.set_visible_range(office.world, "contact", [3])
    outside = next(id_ for id_ in everything if id_ not in chats(office))
    assert office.ec("groupchat/add_join_way", scene=2, chat_id_list=[outside])["errcode"] == 60011


def test_an_update_overwrites_everything(office: Any) -> None:
    two = chats(office)[1]
    id_ = add(office, remark="r", state="s", auto_create_room=0, room_base_name="n", room_base_id=5)
    url = get(office, id_)["qr_code"]
    assert office.ec("groupchat/update_join_way", config_id=id_, scene=2, chat_id_list=[two])["errcode"] == 0
    way = get(office, id_)
    assert way["qr_code"] == url
    assert (way["remark"], way["state"], way["room_base_name"], way["room_base_id"]) == ("", "", "", 0)
    assert (way["auto_create_room"], way["chat_id_list"]) == (1, [two])


def test_a_join_way_is_known_to_its_own_app_alone_until_it_is_deleted(office: Any) -> None:
    id_ = add(office)
    for app in ("second", "system"):
        for path in ("get_join_way", "del_join_way"):
            assert office.ec(f"groupchat/{path}", app, config_id=id_)["errcode"] == 41044
    assert office.ec("get_contact_way", config_id=id_)["errcode"] == 41044
    assert office.ec("groupchat/del_join_way", config_id=id_)["errcode"] == 0
    assert office.ec("groupchat/del_join_way", config_id=id_)["errcode"] == 41044
    assert office.ec("groupchat/get_join_way")["errcode"] == 41043


def test_customers_join_the_first_group_with_room_and_then_a_new_one(office: Any) -> None:
    one, two = chats(office)[:2]
    room = [len(people(office, chat_id)) for chat_id in (one, two)]
    control.set_limits(office.world, group_people=max(room) + 5)
    free = [max(room) + 5 - n for n in room]
    id_ = add(office, chat_id_list=[one, two], state="fair", room_base_name="Fair ", room_base_id=10)
    done = control.scan(office.world, id_, sum(free) + 4)
    (made,) = done.made_groups
    assert done.groups == {one: free[0], two: free[1], made: 4}
    assert (done.added, done.failed) == (sum(free) + 4, 0)
    new = office.ec("groupchat/get", chat_id=made, need_name=1)["group_chat"]
    assert new["name"] == "Fair 10"
    assert [person["type"] for person in new["member_list"]] == [1, 2, 2, 2, 2]
    assert {(p["join_scene"], p["state"]) for p in new["member_list"][1:]} == {(3, "fair")}
    assert made in chats(office)
    again = control.scan(office.world, id_, max(room) + 5)
    assert again.groups[made] == max(room)
    assert office.ec("groupchat/get", chat_id=again.made_groups[0])["group_chat"]["name"] == "Fair 11"
    assert get(office, id_)["chat_id_list"] == [one, two]
    control.set_switch(office.world, "auto_rooms_listed", True)
    assert get(office, id_)["chat_id_list"] == [one, two, made, *again.made_groups]


def test_a_full_group_stays_full_where_none_is_made(office: Any) -> None:
    (chat_id,) = chats(office)[:1]
    control.set_limits(office.world, group_people=len(people(office, chat_id)) + 2)
    id_ = add(office, auto_create_room=0)
    before = people(office, chat_id)
    version = office.ec("groupchat/get", chat_id=chat_id)["group_chat"]["member_version"]
    done = control.scan(office.world, id_, 5)
    assert (done.added, done.failed) == (2, 3)
    assert people(office, chat_id)[:-2] == before
    assert office.ec("groupchat/get", chat_id=chat_id)["group_chat"]["member_version"] != version


def test_whether_a_group_without_owner_fills_is_a_switch(office: Any) -> None:
    id_ = add(office)
    owner = office.ec("groupchat/get", chat_id=chats(office)[0])["group_chat"]["owner"]
    control.delete_member(office.world, owner)
    assert control.scan(office.world, id_, 2).added == 2
    control.set_switch(office.world, "waiting_group_joins", False)
    assert control.scan(office.world, id_, 2).failed == 2
