"""Contact ways (联系我) and their pictures."""

import io
from typing import Any

import msgspec
import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st

from wecrm.sandbox import control

LONG_AGO = 1_625_846_400  # 2021-07-10 in Beijing
DAY_S = 86_400


def members(office: Any, where: str = "status = 1 AND follows") -> list[str]:
    sql = f"SELECT userid FROM member WHERE {where} AND left_at IS NULL ORDER BY id"
    return [row[0] for row in office.world.db.connection.execute(sql)]


def add(office: Any, **fields: Any) -> str:
    answer = office.ec("add_contact_way", **{"type": 2, "scene": 2, "user": members(office)[:2], **fields})
    assert answer["errcode"] == 0, answer
    return str(answer["config_id"])


def get(office: Any, config_id: str) -> dict[str, Any]:
    answer: dict[str, Any] = office.ec("get_contact_way", config_id=config_id)
    assert answer["errcode"] == 0, answer
    return answer["contact_way"]  # type: ignore[no-any-return]


def ids(office: Any, **fields: Any) -> list[str]:
    found: list[str] = []
    cursor = ""
    while True:
        page = office.ec("list_contact_way", **{"start_time": LONG_AGO, **fields}, cursor=cursor)
        assert page["errcode"] == 0, page
        found += [way["config_id"] for way in page["contact_way"]]
        cursor = page["next_cursor"]
        if not cursor:
            return found


def test_a_contact_way_comes_back_as_it_was_made_with_the_documented_defaults(office: Any) -> None:
    first, second = members(office)[:2]
    made = office.ec("add_contact_way", type=2, scene=2, user=[first.upper(), second, first], state="春")
    assert get(office, made["config_id"]) == {
        "config_id": made["config_id"],
        "type": 2,
        "scene": 2,
        "is_temp": False,
        "remark": "",
        "skip_verify": True,
        "state": "春",
        "user": [first, second],
        "party": [],
        "is_exclusive": False,
        "mark_source": True,
        "qr_code": made["qr_code"],
    }


def test_a_mini_program_button_has_a_style_and_no_picture(office: Any) -> None:
    made = office.ec("add_contact_way", type=1, scene=1, style=3, user=members(office)[:1])
    assert "qr_code" not in made
    way = get(office, made["config_id"])
    assert way["style"] == 3
    assert "qr_code" not in way


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"type": None}, 41037),
        ({"scene": None}, 41038),
        ({"type": 3}, 41039),
        ({"type": "2"}, 40058),
        ({"scene": 0}, 41040),
        ({"style": 1}, 41042),
        ({"scene": 1, "style": 3}, 41042),
        ({"scene": 1, "style": 0}, 41042),
        ({"remark": "a" * 31}, 40058),
        ({"state": "a" * 31}, 40058),
        ({"skip_verify": 1}, 40058),
        ({"is_exclusive": "true"}, 40058),
        ({"user": "an.lu"}, 40058),
        ({"user": []}, 40063),
        ({"user": ["nobody"]}, 40003),
        ({"user": [], "party": [999]}, 60123),
        ({"user": [], "party": ["3"]}, 40058),
        ({"user": [], "party": [True]}, 40058),
        ({"user": ["nobody"] * 101}, 41041),
        ({"type": 1}, 40058),
        ({"type": 1, "user": []}, 40063),
        ({"is_temp": True}, 48001),
    ],
)
def test_a_contact_way_is_refused(office: Any, body: dict[str, Any], errcode: int) -> None:
    before = ids(office)
    answer = office.ec("add_contact_way", **{"type": 2, "scene": 2, "user": members(office)[:2], **body})
    assert answer["errcode"] == errcode
    assert ids(office) == before


def test_thirty_characters_are_allowed_whatever_their_bytes(office: Any) -> None:
    way = get(office, add(office, remark="活" * 30, state="码" * 30))
    assert (way["remark"], way["state"]) == ("活" * 30, "码" * 30)


def test_who_cannot_serve_is_refused(office: Any) -> None:
    (userid,) = members(office)[:1]
    for where in ("status <> 1", "status = 1 AND NOT follows"):
        idle = members(office, where)
        assert idle
        assert office.ec("add_contact_way", type=1, scene=2, user=idle[:1])["errcode"] == 41054
    office.world.db.connection.execute("UPDATE member SET status = 2 WHERE userid = ?", (userid,))
    assert office.ec("add_contact_way", type=1, scene=2, user=[userid])["errcode"] == 41054
    office.world.db.connection.execute("UPDATE member SET status = 1 WHERE userid = ?", (userid,))
    control.set_customer_contact(office.world, userid, False)
    assert office.ec("add_contact_way", type=1, scene=2, user=[userid])["errcode"] == 41054
    control.delete_member(office.world, userid)
    assert office.ec("add_contact_way", type=1, scene=2, user=[userid])["errcode"] == 40003


def test_members_and_departments_out_of_sight_are_refused(office: Any) -> None:
    control.set_visible_range(office.world, "contact", [3])
    outside = members(office, "status = 1 AND follows AND departments = '[4]'")[0]
    assert office.ec("add_contact_way", type=1, scene=2, user=[outside])["errcode"] == 60011
    assert office.ec("add_contact_way", type=2, scene=2, party=[4])["errcode"] == 60011


def test_departments_count_with_all_their_members(office: Any) -> None:
    assert get(office, add(office, user=[], party=[1]))["party"] == [1]  # 60 members
    rows = [(1000 + n, f"more{n}", "More") for n in range(41)]
    with office.world.writing() as db:
        db.executemany("INSERT INTO member VALUES (?, ?, ?, 1, 1, '[16]', '{}', NULL)", rows)
        office.world.changed()
    assert office.ec("add_contact_way", type=2, scene=2, party=[1])["errcode"] == 41041


def test_an_update_replaces_lists_and_leaves_the_rest(office: Any) -> None:
    one, two, three = members(office)[:3]
    id_ = add(office, user=[one, two], remark="old", state="s", skip_verify=False)
    before = get(office, id_)
    assert office.ec("update_contact_way", config_id=id_, user=[three])["errcode"] == 0
    assert get(office, id_) == {**before, "user": [three]}
    assert office.ec("update_contact_way", config_id=id_, remark="", is_exclusive=True)["errcode"] == 0
    before = {**before, "user": [three], "remark": "", "is_exclusive": True}
    assert get(office, id_) == before
    assert office.ec("update_contact_way", config_id=id_, party=[999])["errcode"] == 60123
    assert office.ec("update_contact_way", config_id=id_, party=[3], user=[])["errcode"] == 0
    assert get(office, id_) == {**before, "user": [], "party": [3]}


def test_type_and_scene_stay_for_ever(office: Any) -> None:
    id_ = add(office)
    assert office.ec("update_contact_way", config_id=id_, type=1, scene=1)["errcode"] == 0
    assert office.last().notes == "unknown field: scene, type"
    assert (get(office, id_)["type"], get(office, id_)["scene"]) == (2, 2)


def test_an_update_that_lists_a_member_who_left_is_refused(office: Any) -> None:
    one, two = members(office)[:2]
    id_ = add(office, user=[one, two])
    control.delete_member(office.world, one)
    assert get(office, id_)["user"] == [one, two]
    assert office.ec("update_contact_way", config_id=id_, user=[one, two])["errcode"] == 40003
    assert office.ec("update_contact_way", config_id=id_, remark="x")["errcode"] == 0
    assert office.ec("update_contact_way", config_id=id_, user=[two])["errcode"] == 0
    assert get(office, id_)["user"] == [two]


def test_a_deleted_way_is_unknown(office: Any) -> None:
    id_ = add(office)
    assert office.ec("del_contact_way", config_id=id_)["errcode"] == 0
    for path in ("get_contact_way", "update_contact_way", "del_contact_way"):
        assert office.ec(path, config_id=id_)["errcode"] == 41044
        assert office.ec(path)["errcode"] == 41043
    assert id_ not in ids(office)


def test_every_app_with_customer_contact_sees_every_contact_way(office: Any) -> None:
    id_ = add(office)
    for app in ("second", "system"):
        assert office.ec("get_contact_way", app, config_id=id_)["errcode"] == 0
    assert office.ec("get_contact_way", "other", config_id=id_)["errcode"] == 48002


def test_a_list_shows_ids_page_by_page_and_the_last_90_days_unless_told(office: Any) -> None:
    made = [add(office) for _ in range(5)]
    everything = ids(office)
    assert everything == ids(office, limit=2)
    assert everything[-5:] == made
    recent = ids(office, start_time=None)
    assert set(made) <= set(recent) < set(everything)
    control.advance(office.world, 91 * DAY_S)
    office.tokens.clear()
    assert ids(office, start_time=None) == []
    assert ids(office) == everything


def test_ways_from_before_july_2021_are_in_no_list(office: Any) -> None:
    id_ = add(office)
    office.world.db.connection.execute("UPDATE live_code SET created = ? WHERE id = ?", (LONG_AGO - 1, id_))
    assert id_ not in ids(office, start_time=0)
    assert get(office, id_)["config_id"] == id_
    office.world.db.connection.execute("UPDATE live_code SET created = ? WHERE id = ?", (LONG_AGO, id_))
    assert id_ in ids(office, start_time=0)


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"limit": 0}, 40058),
        ({"limit": 1001}, 40058),
        ({"start_time": 20, "end_time": 10}, 40058),
        ({"start_time": "1"}, 40058),
        ({"cursor": "x"}, 50100),
    ],
)
def test_listing_refuses(office: Any, body: dict[str, Any], errcode: int) -> None:
    assert office.ec("list_contact_way", **body)["errcode"] == errcode


def test_contact_ways_and_join_ways_share_one_total(office: Any) -> None:
    there = len([code for code in control.code_truth(office.world) if code.kind != "link"])
    control.set_limits(office.world, ways=there + 1)
    id_ = add(office)
    chat = office.ec("groupchat/list", limit=1)["group_chat_list"][0]["chat_id"]
    assert office.ec("add_contact_way", type=2, scene=2, user=members(office)[:1])["errcode"] == 41045
    assert office.ec("groupchat/add_join_way", scene=2, chat_id_list=[chat])["errcode"] == 41045
    office.ec("del_contact_way", config_id=id_)
    assert office.ec("groupchat/add_join_way", scene=2, chat_id_list=[chat])["errcode"] == 0


def temporary(office: Any, **fields: Any) -> str:
    control.set_switch(office.world, "medical_corp", True)
    return add(office, type=1, user=members(office)[:1], is_temp=True, **fields)


def test_a_temporary_way_is_in_no_list_and_expires(office: Any) -> None:
    id_ = temporary(office, expires_in=3600)
    assert id_ not in ids(office)
    way = get(office, id_)
    assert (way["expires_in"], way["chat_expires_in"], way["unionid"]) == (3600, DAY_S, "")
    assert "expires_at" not in way
    assert office.ec("update_contact_way", config_id=id_, remark="x")["errcode"] == 0
    control.advance(office.world, 3601)
    assert office.ec("update_contact_way", config_id=id_, remark="y")["errcode"] == 41044
    assert control.scan(office.world, id_).why == "expired"


def test_temporary_ways_are_for_one_member_and_limited_by_day(office: Any) -> None:
    control.set_limits(office.world, temp_ways=1, ways=1)
    temporary(office)
    one = members(office)[:1]
    assert office.ec("add_contact_way", type=1, scene=2, user=one, is_temp=True)["errcode"] == 41045
    control.advance(office.world, DAY_S)
    office.tokens.clear()
    assert office.ec("add_contact_way", type=2, scene=2, user=one, is_temp=True)["errcode"] == 41039
    answer = office.ec("add_contact_way", type=1, scene=2, user=one, is_temp=True, expires_in=14 * DAY_S + 1)
    assert answer["errcode"] == 40058
    temporary(office)


def test_conclusions_keep_the_text_and_the_first_other_part(office: Any) -> None:
    link = {"title": "t", "url": "https://example.com"}
    id_ = temporary(office, conclusions={"text": {"content": "bye"}, "link": link, "image": {"media_id": "MEDIA"}})
    kept = get(office, id_)["conclusions"]
    assert kept["text"] == {"content": "bye"}
    assert set(kept) == {"text", "image"}
    assert kept["image"]["pic_url"].startswith("https://wework.qpic.cn/")
    for conclusions, errcode in (
        ({}, 40063),
        ({"text": {"content": "字" * 1334}}, 45002),
        ({"link": {"title": "t"}}, 40063),
        ({"link": {**link, "title": "t" * 129}}, 40058),
    ):
        answer = office.ec("update_contact_way", config_id=id_, conclusions=conclusions)
        assert answer["errcode"] == errcode


def test_a_temporary_session_is_ended_once(office: Any) -> None:
    id_ = temporary(office)
    assert control.scan(office.world, id_, 3).added == 1
    (came,) = control.came(office.world, id_)
    pair = {"userid": came.userid, "external_userid": came.external_userid}
    other = office.relation()
    answer = office.ec("close_temp_chat", userid=other.userid, external_userid=other.external_userid)
    assert answer["errcode"] == 84061
    assert office.ec("close_temp_chat", **pair)["errcode"] == 0
    assert office.ec("close_temp_chat", **pair)["errcode"] == 84061


# -- pictures


def test_the_picture_is_a_png_that_anybody_may_fetch_and_that_stays(office: Any) -> None:
    id_ = add(office)
    url = get(office, id_)["qr_code"]
    calls = len(list(control.calls(office.world)))
    picture = office.http.get(url)
    assert picture.headers["content-type"] == "image/png"
    assert picture.content.startswith(b"\x89PNG\r\n")
    assert len(list(control.calls(office.world))) == calls
    office.ec("update_contact_way", config_id=id_, remark="x")
    assert get(office, id_)["qr_code"] == url
    assert office.http.get(url).content == picture.content
    assert office.http.get(get(office, add(office))["qr_code"]).content != picture.content
    assert office.http.get("https://wework.qpic.cn/wwpic/none/0").status_code == 404


def test_what_a_picture_says_is_an_address_of_its_own(office: Any) -> None:
    codes = list(control.code_truth(office.world))
    drawn = io.BytesIO()
    segno.make_qr(codes[0].target).save(drawn, kind="png", scale=8)
    assert office.http.get(codes[0].url).content == drawn.getvalue()
    said = [code.target for code in codes if code.target]
    assert len(set(said)) == len(said) > 5
    for code in codes:
        start = {"contact": "https://work.weixin.qq.com/u/vc", "group": "https://work.weixin.qq.com/gm/", "link": ""}
        assert code.target.startswith(start[code.kind])


# -- the other reading of each rule


def test_a_state_may_have_to_be_unique(office: Any) -> None:
    add(office, state="same")
    id_ = add(office, state="same")
    control.set_switch(office.world, "state_unique", True)
    users = members(office)[:1]
    assert office.ec("add_contact_way", type=2, scene=2, user=users, state="same")["errcode"] == 40058
    assert office.ec("update_contact_way", config_id=id_, state="other")["errcode"] == 0
    assert office.ec("update_contact_way", config_id=id_, state="other")["errcode"] == 0
    assert office.ec("add_contact_way", type=2, scene=2, user=users)["errcode"] == 0


def test_a_way_for_nobody_may_be_accepted(office: Any) -> None:
    control.set_switch(office.world, "type2_empty", "accept")
    id_ = add(office, user=[])
    assert control.scan(office.world, id_).failed == 1


def test_an_update_may_reset_what_is_left_out(office: Any) -> None:
    control.set_switch(office.world, "update_keeps", False)
    users = members(office)[:1]
    id_ = add(office, remark="old", state="s", skip_verify=False)
    assert office.ec("update_contact_way", config_id=id_, remark="new")["errcode"] == 40063
    assert office.ec("update_contact_way", config_id=id_, remark="new", user=users)["errcode"] == 0
    way = get(office, id_)
    assert (way["remark"], way["state"], way["skip_verify"], way["user"]) == ("new", "", True, users)


def test_an_update_may_check_stored_members(office: Any) -> None:
    one, two = members(office)[:2]
    id_ = add(office, user=[one, two])
    control.set_switch(office.world, "update_checks_stored", True)
    assert office.ec("update_contact_way", config_id=id_, remark="x")["errcode"] == 0
    control.delete_member(office.world, one)
    assert office.ec("update_contact_way", config_id=id_, remark="y")["errcode"] == 40003


def test_an_update_may_change_the_picture(office: Any) -> None:
    control.set_switch(office.world, "qr_changes", True)
    id_ = add(office)
    url = get(office, id_)["qr_code"]
    office.ec("update_contact_way", config_id=id_, remark="x")
    assert get(office, id_)["qr_code"] != url
    assert office.http.get(get(office, id_)["qr_code"]).status_code == 200


def test_a_list_may_have_a_longest_window(office: Any) -> None:
    control.set_switch(office.world, "list_window_days", 30)
    now = int(office.world.now())
    assert office.ec("list_contact_way")["errcode"] == 40058
    assert office.ec("list_contact_way", start_time=now - 31 * DAY_S, end_time=now)["errcode"] == 40058
    assert office.ec("list_contact_way", start_time=now - 30 * DAY_S, end_time=now)["errcode"] == 0


def test_members_who_left_may_vanish_from_a_code_and_the_code_with_the_last_one(office: Any) -> None:
    one, two = members(office)[:2]
    id_ = add(office, user=[one, two])
    control.set_switch(office.world, "departed_listed", False)
    control.set_switch(office.world, "departed_code", "deleted")
    control.delete_member(office.world, one)
    assert get(office, id_)["user"] == [two]
    control.delete_member(office.world, two)
    assert office.ec("get_contact_way", config_id=id_)["errcode"] == 41044
    with pytest.raises(ValueError, match="no live code"):
        control.scan(office.world, id_)
    control.set_switch(office.world, "departed_code", "stays")
    assert control.scan(office.world, id_, 4).failed == 4


def test_a_deleted_code_may_take_its_relations_along(office: Any) -> None:
    before = len(list(control.truth(office.world)))
    for keeps, left in ((True, 7), (False, 7)):
        control.set_switch(office.world, "delete_keeps_relations", keeps)
        id_ = add(office)
        control.scan(office.world, id_, 7)
        office.ec("del_contact_way", config_id=id_)
        assert len(list(control.truth(office.world))) == before + left


def test_the_state_of_a_relation_is_frozen_unless_a_switch_says_otherwise(office: Any) -> None:
    id_ = add(office, state="old")
    control.scan(office.world, id_, 3)
    for follows, state in ((False, "old"), (True, "new 2")):
        control.set_switch(office.world, "state_follows", follows)
        office.ec("update_contact_way", config_id=id_, state="new 2" if follows else "new 1")
        pairs = {(came.userid, came.external_userid) for came in control.came(office.world, id_)}
        found = [r.state for r in control.truth(office.world) if (r.userid, r.external_userid) in pairs]
        assert found == [state] * 3


GOOD: dict[str, dict[str, Any]] = {
    "add_contact_way": {"type": 2, "scene": 2, "party": [3]},
    "list_contact_way": {"start_time": LONG_AGO},
    "groupchat/add_join_way": {"scene": 2},
    "customer_acquisition/create_link": {"link_name": "x", "range": {"department_list": [3]}},
    "send_welcome_msg": {"welcome_code": "x"},
    "group_welcome_template/add": {"text": {"content": "x"}},
}
SENT = (
    "type scene style remark state user party is_temp skip_verify conclusions limit cursor end_time chat_id_list "
    "auto_create_room room_base_id link_name range priority_option text attachments image link notify"
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None)
@given(path=st.sampled_from(sorted(GOOD)), body=st.dictionaries(st.sampled_from(SENT.split()), ANYTHING, max_size=3))
def test_no_body_whatever_breaks_the_sandbox(scratch: Any, path: str, body: Any) -> None:
    answer = scratch.raw(f"externalcontact/{path}", content=msgspec.json.encode({**GOOD[path], **body})).json()
    assert isinstance(answer["errcode"], int)
