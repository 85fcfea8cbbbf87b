"""Acquisition links (获客链接), their customers, figures and quota."""

from typing import Any

import pytest

from wecrm.sandbox import control

DAY_S = 86_400


def members(office: Any) -> list[str]:
    sql = "SELECT userid FROM member WHERE status = 1 AND follows AND left_at IS NULL ORDER BY id"
    return [row[0] for row in office.world.db.connection.execute(sql)]


def link(office: Any, path: str, app: str = "contact", **body: Any) -> dict[str, Any]:
    return office.ec(f"customer_acquisition/{path}", app, **body)  # type: ignore[no-any-return]


def create(office: Any, **fields: Any) -> str:
    body = {"link_name": "Ad 7", "range": {"user_list": members(office)[:2]}, **fields}
    answer = link(office, "create_link", **body)
    assert answer["errcode"] == 0, answer
    return str(answer["link"]["link_id"])


def quota(office: Any) -> dict[str, Any]:
    return office.get("externalcontact/customer_acquisition_quota")  # type: ignore[no-any-return]


def test_a_link_comes_back_as_it_was_made(office: Any) -> None:
    users = members(office)[:2]
    made = link(office, "create_link", link_name="广告", range={"user_list": users})["link"]
    url = f"https://work.weixin.qq.com/ca/{made['link_id']}"
    assert made["link_id"].startswith("ca")
    head = {"link_name": "广告", "url": url, "create_time": made["create_time"]}
    assert made == {"link_id": made["link_id"], **head}
    assert link(office, "get", link_id=made["link_id"]) == {
        "errcode": 0,
        "errmsg": "ok",
        "link": {**head, "skip_verify": True, "mark_source": True},
        "range": {"user_list": users, "department_list": []},
    }
    control.set_switch(office.world, "link_id_in_get", True)
    assert link(office, "get", link_id=made["link_id"])["link"]["link_id"] == made["link_id"]


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"link_name": ""}, 40063),
        ({"link_name": "a" * 31}, 40058),
        ({"range": {}}, 40063),
        ({"range": {"user_list": [], "department_list": []}}, 40063),
        ({"range": {"user_list": ["nobody"]}}, 40003),
        ({"range": {"user_list": ["nobody"] * 501}}, 40058),
        ({"range": {"department_list": [999]}}, 60123),
        ({"range": {"department_list": ["1"]}}, 40058),
        ({"skip_verify": 1}, 40058),
        ({"priority_option": {"priority_type": 3}}, 40058),
        ({"priority_option": {"priority_type": 2}}, 40063),
        ({"priority_option": {"priority_type": 2, "priority_userid_list": ["nobody"]}}, 40003),
    ],
)
def test_a_link_is_refused(office: Any, body: dict[str, Any], errcode: int) -> None:
    id_ = create(office)
    before = link(office, "get", link_id=id_)
    good = {"link_name": "x", "range": {"user_list": members(office)[:1]}}
    assert link(office, "create_link", **{**good, **body})["errcode"] == errcode
    assert link(office, "update_link", link_id=id_, **body)["errcode"] == errcode
    assert link(office, "get", link_id=id_) == before


def test_a_range_covers_at_most_500_members(office: Any) -> None:
    rows = [(1000 + n, f"more{n}", "More") for n in range(441)]
    with office.world.writing() as db:
        db.executemany("INSERT INTO member VALUES (?, ?, ?, 1, 1, '[16]', '{}', NULL)", rows)
        office.world.changed()
    answer = link(office, "create_link", link_name="x", range={"department_list": [1]})
    assert answer["errcode"] == 40058
    with office.world.writing() as db:
        db.execute("UPDATE member SET left_at = 1 WHERE id = 1000")
        office.world.changed()
    assert link(office, "create_link", link_name="x", range={"department_list": [1]})["errcode"] == 0


def test_an_update_overwrites_the_range_and_leaves_the_rest(office: Any) -> None:
    three = members(office)[2]
    id_ = create(office, skip_verify=False, priority_option={"priority_type": 1})
    assert link(office, "update_link", link_id=id_, range={"department_list": [3]})["errcode"] == 0
    found = link(office, "get", link_id=id_)
    assert found["range"] == {"user_list": [], "department_list": [3]}
    assert (found["link"]["link_name"], found["link"]["skip_verify"]) == ("Ad 7", False)
    assert found["priority_option"] == {"priority_type": 1}
    option = {"priority_type": 2, "priority_userid_list": [three]}
    link(office, "update_link", link_id=id_, link_name="Ad 8", priority_option=option)
    found = link(office, "get", link_id=id_)
    assert (found["link"]["link_name"], found["priority_option"]) == ("Ad 8", option)
    link(office, "update_link", link_id=id_, priority_option={})
    assert "priority_option" not in link(office, "get", link_id=id_)


def test_the_system_secret_may_not_touch_links(office: Any) -> None:
    id_ = create(office)
    for path in ("list_link", "create_link", "get", "update_link", "delete_link", "customer", "statistic"):
        assert link(office, path, "system", link_id=id_)["errcode"] == 48002
    assert office.get("externalcontact/customer_acquisition_quota", "system")["errcode"] == 48002


def test_an_app_knows_its_own_links_alone(office: Any) -> None:
    id_ = create(office)
    assert id_ in link(office, "list_link")["link_id_list"]
    assert link(office, "list_link", "second")["link_id_list"] == []
    for path in ("get", "update_link", "delete_link", "customer"):
        assert link(office, path, "second", link_id=id_)["errcode"] == 41044
    control.set_switch(office.world, "unknown_link", 40058)
    assert link(office, "get", "second", link_id=id_)["errcode"] == 40058


def test_links_are_listed_page_by_page_until_deleted(office: Any) -> None:
    there = link(office, "list_link")["link_id_list"]
    made = [create(office) for _ in range(5)]
    found, cursor = [], ""
    while True:
        page = link(office, "list_link", limit=2, cursor=cursor)
        found += page["link_id_list"]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert found == there + made
    assert link(office, "delete_link", link_id=made[0])["errcode"] == 0
    assert link(office, "delete_link", link_id=made[0])["errcode"] == 41044
    assert link(office, "list_link")["link_id_list"] == there + made[1:]
    assert link(office, "list_link", limit=101)["errcode"] == 40058
    control.set_limits(office.world, links=len(there) + 4)
    assert link(office, "create_link", link_name="x", range={"user_list": members(office)[:1]})["errcode"] == 41095


def test_customers_of_a_link_are_listed_with_their_channel(office: Any) -> None:
    id_ = create(office)
    control.scan(office.world, id_, 5, channel="feed-3")
    control.scan(office.world, id_, 2)
    found, cursor = [], ""
    while True:
        page = link(office, "customer", link_id=id_, limit=3, cursor=cursor)
        found += page["customer_list"]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert [one["state"] for one in found] == ["feed-3"] * 5 + [""] * 2
    relations = {(r.userid, r.external_userid): r for r in control.truth(office.world)}
    for one in found:
        relation = relations[one["userid"], one["external_userid"]]
        assert (relation.add_way, relation.state) == (16, one["state"])
        assert one["chat_status"] in (0, 1, 2)
    assert link(office, "customer", link_id=id_, limit=1001)["errcode"] == 40058


def test_a_channel_is_cut_at_64_bytes(office: Any) -> None:
    id_ = create(office)
    control.scan(office.world, id_, channel="渠" * 30)
    (one,) = link(office, "customer", link_id=id_)["customer_list"]
    assert one["state"] == "渠" * 21  # 63 bytes; half a character is nothing


def test_statistics_count_whole_days(office: Any) -> None:
    id_ = create(office)
    now = int(office.world.now())
    control.scan(office.world, id_, 3)
    control.advance(office.world, 2 * DAY_S)
    control.scan(office.world, id_, 4)
    office.tokens.clear()

    def counted(start: int, end: int) -> tuple[int, int]:
        answer = link(office, "statistic", link_id=id_, start_time=start, end_time=end)
        assert answer["errcode"] == 0, answer
        return answer["click_link_customer_cnt"], answer["new_customer_cnt"]

    assert counted(now, now) == (3, 3)
    assert counted(now + 9 * 3600, now + 2 * DAY_S) == (7, 7)
    assert counted(now + DAY_S, now + DAY_S) == (0, 0)
    for user in members(office)[:2]:
        control.set_customer_contact(office.world, user, False)
    control.scan(office.world, id_, 5)
    assert counted(now + 2 * DAY_S, now + 2 * DAY_S) == (9, 4)


def test_a_click_at_midnight_belongs_to_the_new_day(office: Any) -> None:
    id_ = create(office)
    midnight = 1_793_494_800 + 15 * 3600  # the world begins at nine in Beijing
    control.advance(office.world, midnight - office.world.now())
    control.scan(office.world, id_)
    office.tokens.clear()
    for day, count in ((midnight - 1, 0), (midnight, 1)):
        answer = link(office, "statistic", link_id=id_, start_time=day, end_time=day)
        assert answer["new_customer_cnt"] == count


def test_statistics_reach_30_days_and_180_days_back(office: Any) -> None:
    id_ = create(office)
    now = int(office.world.now())
    for start, end, errcode in (
        (now - 30 * DAY_S, now, 0),
        (now - 31 * DAY_S, now, 40058),
        (now - 180 * DAY_S, now - 150 * DAY_S, 0),
        (now - 181 * DAY_S, now - 160 * DAY_S, 40058),
        (now, now - DAY_S, 40058),
        (now, now + DAY_S, 40058),
    ):
        assert link(office, "statistic", link_id=id_, start_time=start, end_time=end)["errcode"] == errcode
    assert link(office, "statistic", link_id=id_, start_time=now)["errcode"] == 40063


def test_the_quota_falls_with_every_customer_until_it_is_used_up(office: Any) -> None:
    before = quota(office)
    id_ = create(office)
    control.scan(office.world, id_, 10, known=0.5)
    after = quota(office)
    assert (after["total"], after["balance"]) == (before["total"] + 10, before["balance"] - 10)
    assert sum(part["balance"] for part in after["quota_list"]) == after["balance"]
    assert [part["expire_date"] % DAY_S for part in after["quota_list"]] == [16 * 3600] * 2  # Beijing midnight
    control.set_limits(office.world, quota=after["total"] + 3)
    done = control.scan(office.world, id_, 8)
    assert (done.added, done.failed, done.why) == (3, 5, "acquisition quota used up")
    assert quota(office)["balance"] == 0


def test_a_part_of_the_quota_ends_after_90_days(office: Any) -> None:
    before = quota(office)
    control.advance(office.world, 91 * DAY_S)
    office.tokens.clear()
    after = quota(office)
    assert after["quota_list"] == before["quota_list"][1:]
    assert after["balance"] == before["quota_list"][1]["balance"] < before["balance"]


def test_known_customers_may_cost_no_quota(office: Any) -> None:
    control.set_switch(office.world, "quota_for_known", False)
    before = quota(office)["balance"]
    done = control.scan(office.world, create(office), 40, known=0.5)
    assert 0 < done.known < 40
    assert quota(office)["balance"] == before - 40 + done.known
    control.set_limits(office.world, quota=quota(office)["total"] + 3)
    done = control.scan(office.world, create(office), 40, known=0.5)
    assert done.added - done.known == 3


def test_a_priority_leads_known_customers_to_their_own_member(office: Any) -> None:
    anybody = create(office, priority_option={"priority_type": 1})
    done = control.scan(office.world, anybody, 20, known=1)
    assert (done.added, done.again) == (0, 20)
    nobody = members(office)[0]
    option = {"priority_type": 2, "priority_userid_list": [nobody]}
    some = create(office, range={"user_list": [nobody]}, priority_option=option)
    done = control.scan(office.world, some, 20, known=1)
    assert done.added + done.again == 20
    assert done.added


def test_a_chat_key_tells_of_a_conversation_for_half_an_hour(office: Any) -> None:
    id_ = create(office)
    control.scan(office.world, id_, channel="feed")
    (came,) = control.came(office.world, id_)
    before = next(c for c in link(office, "customer", link_id=id_)["customer_list"])
    key = control.customer_writes(office.world, came.userid, came.external_userid, 3)
    answer = link(office, "get_chat_info", chat_key=key)
    assert answer["chat_info"]["recv_msg_cnt"] >= 3
    assert (answer["chat_info"]["link_id"], answer["chat_info"]["state"]) == (id_, "feed")
    assert (answer["userid"], answer["external_userid"]) == (before["userid"], before["external_userid"])
    assert link(office, "customer", link_id=id_)["customer_list"][0]["chat_status"] == 1
    assert link(office, "get_chat_info", chat_key="x")["errcode"] == 40058
    control.advance(office.world, 1801)
    assert link(office, "get_chat_info", chat_key=key)["errcode"] == 40058
    with pytest.raises(ValueError, match="did not come"):
        control.customer_writes(office.world, "nobody", came.external_userid)
