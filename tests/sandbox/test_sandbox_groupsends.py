"""Mass messages: lists by time, tasks of members, what became of receivers."""

from collections import Counter
from typing import Any

import pytest

from wecrm.sandbox import control

DAY_S = 86_400
NOW = 1_793_494_800


def listed(office: Any, chat_type: str = "single", **body: Any) -> list[dict[str, Any]]:
    asked = {"start_time": NOW - 30 * DAY_S, "end_time": NOW + DAY_S, **body}
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = office.ec("get_groupmsg_list_v2", chat_type=chat_type, cursor=cursor, **asked)
        found += page["group_msg_list"]
        cursor = page["next_cursor"]
        if not cursor:
            return found


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({}, 40063),
        ({"chat_type": "single"}, 40063),
        ({"chat_type": "both", "start_time": NOW - 9, "end_time": NOW}, 40058),
        ({"chat_type": "single", "start_time": NOW - 32 * DAY_S, "end_time": NOW}, 40058),
        ({"chat_type": "single", "start_time": NOW, "end_time": NOW - 1}, 40058),
        ({"chat_type": "single", "start_time": NOW - 9, "end_time": NOW, "filter_type": 3}, 40058),
        ({"chat_type": "single", "start_time": NOW - 9, "end_time": NOW, "cursor": "x"}, 50100),
    ],
)
def test_the_list_refuses(office: Any, body: dict[str, Any], errcode: int) -> None:
    assert office.ec("get_groupmsg_list_v2", **body)["errcode"] == errcode


def test_the_list_by_time_kind_and_page(office: Any) -> None:
    found = [one for back in range(0, 180, 30) for one in _window(office, back)]
    times = [int(one["create_time"]) for one in found]
    assert len(found) > 10
    assert times == sorted(times, reverse=True)
    assert {one["create_type"] for one in found} == {0, 1}
    assert {"creator" in one for one in found if one["create_type"] == 0} == {True, False}
    corp = [one for back in range(0, 180, 30) for one in _window(office, back, filter_type=0)]
    assert corp == [one for one in found if one["create_type"] == 0]
    assert [one for back in range(0, 180, 30) for one in _window(office, back, limit=1)] == found


def _window(office: Any, back: int, **body: Any) -> list[dict[str, Any]]:
    return listed(office, start_time=NOW - (back + 30) * DAY_S + 1, end_time=NOW - back * DAY_S, **body)


def test_a_limit_above_the_most_becomes_the_usual_one(office: Any) -> None:
    body = {"chat_type": "single", "start_time": NOW - 30 * DAY_S, "end_time": NOW}
    assert office.ec("get_groupmsg_list_v2", limit=5000, **body)["errcode"] == 0
    assert office.ec("get_groupmsg_list_v2", limit=0, **body)["errcode"] == 40058


def test_new_ones_appear_as_time_goes_on(office: Any) -> None:
    before = {one["msgid"] for kind in ("single", "group") for one in listed(office, kind)}
    office.later(20 * DAY_S)
    after = {
        one["msgid"]
        for kind in ("single", "group")
        for one in listed(office, kind, start_time=NOW - 9 * DAY_S, end_time=NOW + 20 * DAY_S)
    }
    assert len(after - before) >= 2


def test_tasks_and_what_became_of_the_customers(office: Any) -> None:
    truth = Counter(relation.userid for relation in control.truth(office.world))
    (send, *_) = _window(office, 30, filter_type=0)
    tasks = office.ec("get_groupmsg_task", msgid=send["msgid"])["task_list"]
    assert {task["status"] for task in tasks} == {0, 2}
    assert all(("send_time" in task) == (task["status"] == 2) for task in tasks)
    found: Counter[int] = Counter()
    for task in tasks:
        rows = results(office, send["msgid"], task["userid"])
        assert len(rows) <= truth[task["userid"]]
        assert all(("send_time" in row) == (row["status"] == 1) for row in rows)
        assert task["status"] == 2 or {row["status"] for row in rows} <= {0}
        found.update(row["status"] for row in rows)
    assert found[0] > 0
    assert found[1] > found[3] > 0


def results(office: Any, msgid: str, userid: str, limit: int = 7) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = office.ec("get_groupmsg_send_result", msgid=msgid, userid=userid, limit=limit, cursor=cursor)
        assert page["errcode"] == 0
        found += page["send_list"]
        cursor = page["next_cursor"]
        if not cursor:
            return found


def test_a_customer_who_deleted_the_member_is_no_friend(office: Any) -> None:
    (send, *_) = _window(office, 30, filter_type=0)
    tasks = office.ec("get_groupmsg_task", msgid=send["msgid"])["task_list"]
    userid = next(t["userid"] for t in tasks if t["status"] == 2 and results(office, send["msgid"], t["userid"]))
    external = next(r["external_userid"] for r in results(office, send["msgid"], userid) if r["status"] == 1)
    control.delete_relation(office.world, userid, external, by="customer")
    after = {row["external_userid"]: row["status"] for row in results(office, send["msgid"], userid)}
    assert after[external] == 2


def test_into_groups_only_what_was_sent_is_shown(office: Any) -> None:
    (send, *_) = [one for back in range(0, 180, 30) for one in _group_window(office, back)]
    tasks = office.ec("get_groupmsg_task", msgid=send["msgid"])["task_list"]
    shown = [row for task in tasks for row in results(office, send["msgid"], task["userid"])]
    assert {row["status"] for row in shown} == {1}
    assert all(row["chat_id"].startswith("wr") for row in shown)


def _group_window(office: Any, back: int) -> list[dict[str, Any]]:
    start, end = NOW - (back + 30) * DAY_S, NOW - back * DAY_S
    return listed(office, "group", start_time=start, end_time=end, filter_type=0)


def test_unknown_messages_and_members_are_refused(office: Any) -> None:
    (send, *_) = listed(office)
    for api in ("get_groupmsg_task", "get_groupmsg_send_result"):
        assert office.ec(api, msgid="msgNOBODY", userid="nobody")["errcode"] == 41047
        assert office.ec(api, userid="nobody")["errcode"] == 41046
    assert office.ec("get_groupmsg_send_result", msgid=send["msgid"])["errcode"] == 40063
    assert office.ec("get_groupmsg_send_result", msgid=send["msgid"], userid="nobody")["errcode"] == 60111
