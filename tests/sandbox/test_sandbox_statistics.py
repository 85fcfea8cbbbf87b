"""What the platform counts by itself: days, sums, limits, and that the figures are those of the world."""

from collections import Counter
from typing import Any

import msgspec
import pytest

from wecrm.sandbox import control

DAY_S = 86_400
TODAY = 1_793_462_400  # 2026-11-01 00:00 +08:00; the world begins at 09:00


def behavior(office: Any, *userids: str, start: int = TODAY - DAY_S, end: int = TODAY - DAY_S, **body: Any) -> Any:
    asked = {"userid": list(userids)} if userids else {}
    return office.ec("get_user_behavior_data", start_time=start, end_time=end, **asked, **body)


def owners(office: Any, userids: list[str], begin: int, end: int | None = None, **body: Any) -> Any:
    days = {"day_begin_time": begin} | ({} if end is None else {"day_end_time": end})
    return office.ec("groupchat/statistic", owner_filter={"userid_list": userids}, **days, **body)


def able(office: Any) -> list[str]:
    return [str(userid) for userid in office.get("externalcontact/get_follow_user_list")["follow_user"]]


def chats(office: Any) -> list[dict[str, Any]]:
    rows = office.world.db.connection.execute("SELECT head, members FROM chat").fetchall()
    return [{**msgspec.json.decode(head), "people": msgspec.json.decode(people)} for head, people in rows]


def test_days_are_those_of_beijing_and_both_ends_count(office: Any) -> None:
    userid = able(office)[0]
    rows = behavior(office, userid, start=TODAY - 3 * DAY_S + 5, end=TODAY - 1)["behavior_data"]
    assert [row["stat_time"] for row in rows] == [TODAY - 3 * DAY_S, TODAY - 2 * DAY_S, TODAY - DAY_S]


@pytest.mark.parametrize(
    ("first", "last", "errcode"),
    [(-180, -150, 0), (-31, -1, 0), (-181, -170, 40058), (-32, -1, 40058), (-1, 0, 40058), (-1, -2, 40058)],
)
def test_thirty_days_a_call_and_180_days_back(office: Any, first: int, last: int, errcode: int) -> None:
    start, end = TODAY + first * DAY_S, TODAY + last * DAY_S
    assert behavior(office, *able(office)[:2], start=start, end=end)["errcode"] == errcode
    assert owners(office, able(office)[:2], start, end)["errcode"] == errcode


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({}, 40063),
        ({"userid": ["a"] * 101}, 40058),
        ({"partyid": list(range(101))}, 40058),
        ({"userid": ["nobody"]}, 60111),
    ],
)
def test_whom_one_may_ask_for(office: Any, body: dict[str, Any], errcode: int) -> None:
    assert behavior(office, **body)["errcode"] == errcode


def test_members_without_customer_contact_or_out_of_range_are_refused(office: Any) -> None:
    first, second = able(office)[:2]
    control.set_customer_contact(office.world, first, enabled=False)
    assert behavior(office, first)["errcode"] == 84074
    row = office.world.db.connection.execute("SELECT departments FROM member WHERE userid = ?", (second,)).fetchone()
    others = {*range(1, 200)} - {1, *msgspec.json.decode(row[0])}
    leaf = next(
        id_
        for (id_,) in office.world.db.connection.execute("SELECT id FROM department ORDER BY id DESC")
        if id_ in others
    )
    control.set_visible_range(office.world, "contact", [leaf])
    assert behavior(office, second)["errcode"] == 60011
    assert owners(office, [second], TODAY - DAY_S)["errcode"] == 60011


def test_a_call_sums_up_everybody_asked_for(office: Any) -> None:
    people = able(office)[:20]
    start = TODAY - 30 * DAY_S
    single = [behavior(office, userid, start=start)["behavior_data"] for userid in people]
    together = behavior(office, *people, start=start)["behavior_data"]
    for name in ("chat_cnt", "message_cnt", "negative_feedback_cnt", "new_apply_cnt", "new_contact_cnt"):
        assert [row[name] for row in together] == [sum(day[name] for day in days) for days in zip(*single, strict=True)]
        assert name == "negative_feedback_cnt" or sum(row[name] for row in together) > 0
    for day, days in zip(together, zip(*single, strict=True), strict=True):
        rates = [one["reply_percentage"] for one in days if "reply_percentage" in one]
        assert ("reply_percentage" in day) == bool(rates)
        assert not rates or min(rates) <= day["reply_percentage"] <= max(rates)
    assert {"reply_percentage" in day for days in single for day in days} == {True, False}


def test_a_department_means_everybody_below_it(office: Any) -> None:
    everybody = behavior(office, *able(office))["behavior_data"]
    assert behavior(office, partyid=[1])["behavior_data"] == everybody
    assert everybody[0]["message_cnt"] > 0


def test_new_customers_are_those_of_the_world(office: Any) -> None:
    start, end = TODAY - 170 * DAY_S, TODAY - 141 * DAY_S
    began = Counter(
        (relation.userid, (int(relation.createtime) + 8 * 3600) // DAY_S) for relation in control.truth(office.world)
    )
    found = 0
    for userid in able(office):
        for row in behavior(office, userid, start=start, end=end)["behavior_data"]:
            assert row["new_contact_cnt"] == began[userid, (row["stat_time"] + 8 * 3600) // DAY_S]
            found += row["new_contact_cnt"]
    assert found > 0


def test_customers_who_come_and_go_are_counted_on_their_day(office: Any) -> None:
    userid = able(office)[0]
    first, second = (control.add_relation(office.world, userid) for _ in range(2))
    control.delete_relation(office.world, userid, first, by="customer")
    control.delete_relation(office.world, userid, second)
    office.later()
    (row,) = behavior(office, userid, start=TODAY, end=TODAY)["behavior_data"]
    assert (row["new_contact_cnt"], row["negative_feedback_cnt"]) == (2, 1)


def test_figures_stay_the_same_whenever_they_are_asked_for(office: Any) -> None:
    people, start = able(office)[:5], TODAY - 10 * DAY_S
    before = behavior(office, *people, start=start), owners(office, people, start)
    for relation in list(control.truth(office.world)):
        if relation.userid in people:
            control.delete_relation(office.world, relation.userid, relation.external_userid)
    office.later(5 * DAY_S)
    assert (behavior(office, *people, start=start), owners(office, people, start)) == before


def test_yesterday_is_zero_until_the_morning(office: Any) -> None:
    people = able(office)
    office.later(15.5 * 3600)  # 00:30 of the next day
    zero = behavior(office, *people, start=TODAY, end=TODAY)["behavior_data"][0]
    assert zero.keys() == {
        *("stat_time", "chat_cnt", "message_cnt", "negative_feedback_cnt", "new_apply_cnt", "new_contact_cnt")
    }
    assert sum(zero.values()) == TODAY
    assert {item["data"]["msg_total"] for item in owners(office, people, TODAY)["items"]} == {0}
    control.set_switch(office.world, "stats_ready_hour", 0)
    full = behavior(office, *people, start=TODAY, end=TODAY)
    assert sum(full["behavior_data"][0].values()) > TODAY
    control.set_switch(office.world, "stats_ready_hour", 6)
    office.later(5.5 * 3600)
    assert behavior(office, *people, start=TODAY, end=TODAY) == full


def test_groups_are_counted_per_owner(office: Any) -> None:
    begin, end = TODAY - 20 * DAY_S, TODAY - 10 * DAY_S
    people = able(office)
    truth: dict[str, Counter[str]] = {}
    for chat in chats(office):
        if chat["create_time"] >= end + DAY_S:
            continue
        joined = [person["join_time"] for person in chat["people"]]
        truth.setdefault(chat["owner"], Counter()).update(
            new_chat_cnt=chat["create_time"] >= begin,
            chat_total=1,
            new_member_cnt=sum(begin <= at < end + DAY_S for at in joined),
            member_total=sum(at < end + DAY_S for at in joined),
        )
    answer = owners(office, people, begin, end)
    assert answer["total"] == answer["next_offset"] == len(truth)
    for item in answer["items"]:
        figures = item["data"]
        assert {name: figures[name] for name in truth[item["owner"]]} == truth[item["owner"]]
        assert figures["chat_has_msg"] <= figures["chat_total"]
        assert figures["member_has_msg"] <= figures["member_total"]
    assert sum(figures["new_member_cnt"] for figures in truth.values()) > 0


def test_owners_come_in_pages_and_in_the_order_asked_for(office: Any) -> None:
    people, day = able(office), TODAY - DAY_S
    everybody = owners(office, people, day, order_by=4)["items"]
    sizes = [item["data"]["member_total"] for item in everybody]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > sizes[-1]
    turned = owners(office, people, day, order_by=4, order_asc=1)["items"]
    assert [item["data"]["member_total"] for item in turned] == sorted(sizes)
    paged, offset, total = [], 0, len(everybody)
    while offset < total:
        page = owners(office, people, day, order_by=4, offset=offset, limit=3)
        assert page["total"] == total
        paged += page["items"]
        offset = page["next_offset"]
    assert paged == everybody


def test_messages_of_groups_only_grow(office: Any) -> None:
    people, grew = able(office), 0
    for first in (-180, -31):
        answer = office.ec(
            "groupchat/statistic_group_by_day",
            day_begin_time=TODAY + first * DAY_S,
            day_end_time=TODAY + (first + 30) * DAY_S,
            owner_filter={"userid_list": people},
        )
        for name in ("msg_total", "member_total", "chat_total", "member_has_msg", "chat_has_msg"):
            totals = [item["data"][name] for item in answer["items"]]
            assert totals == sorted(totals)
            grew += totals[-1] > totals[0]
    assert grew > 5


def test_a_day_by_day_answer_is_the_sum_of_the_owners(office: Any) -> None:
    people, day = able(office), TODAY - 3 * DAY_S
    body = {"day_begin_time": day, "owner_filter": {"userid_list": people}}
    (item,) = office.ec("groupchat/statistic_group_by_day", **body)["items"]
    single = owners(office, people, day)["items"]
    assert item["stat_time"] == day
    assert item["data"] == {name: sum(one["data"][name] for one in single) for name in item["data"]}


def test_a_group_counts_for_whom_it_belonged_to_on_the_day(office: Any) -> None:
    chat = chats(office)[0]
    giver, taker = chat["owner"], next(userid for userid in able(office) if userid != chat["owner"])
    before = {
        item["owner"]: item["data"]["chat_total"] for item in owners(office, [giver, taker], TODAY - DAY_S)["items"]
    }
    moved = office.ec("groupchat/onjob_transfer", chat_id_list=[chat["chat_id"]], new_owner=taker)
    assert moved["errcode"] == 0
    assert moved.get("failed_chat_list", []) == []
    office.later(2 * DAY_S)
    again = {
        item["owner"]: item["data"]["chat_total"] for item in owners(office, [giver, taker], TODAY - DAY_S)["items"]
    }
    after = {item["owner"]: item["data"]["chat_total"] for item in owners(office, [giver, taker], TODAY)["items"]}
    assert again == before
    assert after.get(giver, 0) == before[giver] - 1
    assert after[taker] == before.get(taker, 0) + 1


def test_without_owners_everybody_in_range_is_meant_unless_they_are_too_many(office: Any) -> None:
    day = TODAY - DAY_S
    assert office.ec("groupchat/statistic", day_begin_time=day) == owners(office, able(office), day)
    control.set_limits(office.world, list_people=59)
    assert office.ec("groupchat/statistic", day_begin_time=day)["errcode"] == 81017
    assert owners(office, ["a"] * 101, day)["errcode"] == 40058
