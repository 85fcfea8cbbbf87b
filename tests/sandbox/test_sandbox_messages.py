"""message/send: app messages to members."""

from typing import Any

import pytest

from wecrm.sandbox import control
from wecrm.sandbox.identity import AGENTIDS


def members(office: Any) -> list[str]:
    return [row[0] for row in office.world.db.connection.execute("SELECT userid FROM member ORDER BY id")]


def send(office: Any, app: str = "contact", **fields: Any) -> dict[str, Any]:
    body = {"msgtype": "text", "agentid": AGENTIDS[app], "text": {"content": "hello"}, **fields}
    answer: dict[str, Any] = office.post("message/send", app, **body)
    return answer


def got(office: Any) -> list[str]:
    """Who got a message."""
    return [notice.userid for notice in control.notices(office.world) if not notice.dropped]


def test_a_message_reaches_those_named_and_lists_the_others_in_lower_case(office: Any) -> None:
    one, two, gone, *_ = members(office)
    control.delete_member(office.world, gone)
    answer = send(office, touser=f"{one}|{two.upper()}|Nobody.X|{gone}|{one}", totag="7")
    assert answer["errcode"] == 0
    assert (answer["invaliduser"], answer["invalidparty"], answer["invalidtag"]) == (
        f"nobody.x|{gone.lower()}",
        "",
        "7",
    )
    assert answer["unlicenseduser"] == ""
    assert got(office) == [one, two]
    assert {(n.app, n.msgtype, n.content["content"], n.msgid) for n in control.notices(office.world)} == {
        ("contact", "text", "hello", answer["msgid"])
    }
    assert send(office, touser=one)["msgid"] != answer["msgid"]


def test_departments_and_everyone_are_receivers(office: Any) -> None:
    inside = {row["userid"] for row in office.get("user/simplelist", department_id=2, fetch_child=1)["userlist"]}
    answer = send(office, toparty="2|999|x")
    assert answer["invalidparty"] == "999|x"
    assert set(got(office)) == inside
    control.set_visible_range(office.world, "contact", [3])
    seen = {row["userid"] for row in office.get("user/simplelist", department_id=3, fetch_child=1)["userlist"]}
    answer = send(office, touser="@all", toparty="999")
    assert answer["invalidparty"] == ""
    assert {n.userid for n in control.notices(office.world) if n.msgid == answer["msgid"]} == seen
    outside = next(userid for userid in members(office) if userid not in seen)
    assert send(office, touser=f"{outside}|{next(iter(seen))}")["invaliduser"] == outside.lower()


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({}, 82001),
        ({"touser": "|"}, 82001),
        ({"touser": "nobody"}, 81013),
        ({"totag": "1"}, 81013),
        ({"touser": "|".join(["x"] * 1001)}, 40032),
        ({"toparty": "|".join(["2"] * 101)}, 82002),
        ({"totag": "|".join(["2"] * 101)}, 82003),
        ({"agentid": 1000003}, 301002),
        ({"agentid": None}, 301002),
        ({"msgtype": None}, 40063),
        ({"msgtype": "image"}, 40008),
        ({"msgtype": "markdown"}, 40063),
        ({"text": {"content": ""}}, 44004),
        ({"enable_duplicate_check": 2}, 40058),
        ({"duplicate_check_interval": 14401}, 40058),
        ({"msgtype": "textcard", "textcard": {"title": "t", "url": "https://x.example"}}, 41033),
    ],
)
def test_a_message_is_refused(office: Any, body: dict[str, Any], errcode: int) -> None:
    given = {} if errcode == 82001 or "toparty" in body or "totag" in body else {"touser": members(office)[0]}
    assert send(office, **{**given, **body})["errcode"] == errcode
    assert got(office) == []


def test_only_self_built_apps_send(office: Any) -> None:
    one = members(office)[0]
    for app in ("system", "directory", "archive"):
        assert send(office, app, touser=one)["errcode"] == 48002
    for app in ("contact", "second", "other"):
        assert send(office, app, touser=one)["errcode"] == 0
    assert [notice.app for notice in control.notices(office.world)] == ["contact", "second", "other"]


def test_what_is_too_long_is_cut_or_refused(office: Any) -> None:
    one = members(office)[0]
    assert send(office, touser=one, text={"content": "长" * 1000})["errcode"] == 0
    (notice,) = control.notices(office.world)
    assert notice.content["content"] == "长" * 682  # 2046 bytes
    control.set_switch(office.world, "long_notice", 45002)
    assert send(office, touser=one, text={"content": "x" * 2049})["errcode"] == 45002
    assert send(office, touser=one, text={"content": "x" * 2048})["errcode"] == 0
    card = {"title": "t" * 200, "description": "d", "url": "https://x.example", "btntxt": "12345"}
    assert send(office, touser=one, msgtype="textcard", textcard=card)["errcode"] == 0
    last = list(control.notices(office.world))[-1].content
    assert (len(last["title"]), last["btntxt"]) == (128, "1234")


def test_the_same_text_is_dropped_where_that_is_asked_for(office: Any) -> None:
    one, two, *_ = members(office)
    check = {"enable_duplicate_check": 1, "duplicate_check_interval": 600}
    assert send(office, touser=one)["errcode"] == 0
    assert send(office, touser=f"{one}|{two}", **check)["errcode"] == 0
    assert got(office) == [one, two]
    assert [n.dropped for n in control.notices(office.world)] == ["", "duplicate", ""]
    assert send(office, touser=one, text={"content": "other"}, **check)["errcode"] == 0
    assert send(office, touser=one)["errcode"] == 0
    assert got(office) == [one, two, one, one]
    control.advance(office.world, 601)
    assert send(office, touser=one, **check)["errcode"] == 0
    assert got(office) == [one, two, one, one, one]


def test_a_member_is_not_flooded(office: Any) -> None:
    one, two, *_ = members(office)
    for _ in range(31):
        assert send(office, touser=one)["errcode"] == 0
    assert len(got(office)) == 30
    assert send(office, touser=f"{one}|{two}")["errcode"] == 0
    assert got(office)[30:] == [two]
    assert send(office, "second", touser=one)["errcode"] == 0
    assert got(office)[31:] == [one]  # every app has its own measure
    control.set_limits(office.world, notice_hour=40)
    for _ in range(2):
        control.advance(office.world, 61)
        for _ in range(10):
            send(office, touser=one)
    assert got(office).count(one) == 41
    control.advance(office.world, 3600)
    send(office, touser=one)
    assert got(office).count(one) == 42
