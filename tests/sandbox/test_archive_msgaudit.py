"""The archive's HTTP side: seats, consent, internal groups, robots, and the call of the vendor's library."""

import json
from typing import Any

import pytest

from wecrm.sandbox import control
from wecrm.sandbox.archive import records, seats

AUDIT = ("get_permit_user_list", "check_single_agree", "check_room_agree", "groupchat/get")


def audit(office: Any, path: str, app: str = "archive", **body: Any) -> dict[str, Any]:
    return office.post(f"msgaudit/{path}", app, **body)


def relations(office: Any) -> list[dict[str, str]]:
    found = [{"userid": r.userid, "exteranalopenid": r.external_userid} for r in control.truth(office.world)]
    return found[:300]


@pytest.mark.parametrize("path", AUDIT)
@pytest.mark.parametrize("app", ["contact", "directory", "other"])
def test_only_the_archives_secret_will_do(office: Any, path: str, app: str) -> None:
    assert audit(office, path, app)["errcode"] == 48002


@pytest.mark.parametrize(("state", "errcode"), [("off", 301053), ("expired", 301052)])
def test_nothing_is_told_while_the_archive_is_off(office: Any, state: str, errcode: int) -> None:
    control.archive_state(office.world, state)
    for path in AUDIT:
        assert audit(office, path, type=1)["errcode"] == errcode
    assert office.get("msgaudit/get_robot_info", "archive", robot_id="x")["errcode"] == errcode
    assert office.post("message/getchatdata", "archive", seq=0, limit=1)["errcode"] == errcode


def test_seats_by_edition(office: Any) -> None:
    everybody = audit(office, "get_permit_user_list")["ids"]
    parts = [audit(office, "get_permit_user_list", type=edition)["ids"] for edition in (1, 2, 3)]
    assert sorted(userid for part in parts for userid in part) == sorted(everybody)
    assert all(parts)
    follows = {u for (u,) in office.world.db.connection.execute("SELECT userid FROM member WHERE follows")}
    assert set(everybody) < follows  # somebody with customers has none
    control.archive_drop_seats(office.world)
    assert audit(office, "get_permit_user_list")["ids"] == []
    assert audit(office, "get_permit_user_list", type=4)["errcode"] == 40058


def test_most_customers_agreed_and_some_did_not(office: Any) -> None:
    found = []
    rows = relations(office)
    for start in range(0, 300, 100):
        found += audit(office, "check_single_agree", info=rows[start : start + 100])["agreeinfo"]
    assert [{k: each[k] for k in ("userid", "exteranalopenid")} for each in found] == rows
    answers = [each["agree_status"] for each in found]
    assert 0.85 < answers.count("Agree") / 300 < 1
    assert set(answers) == {"Agree", "Disagree"}
    assert all(0 < each["status_change_time"] < office.world.now() for each in found)
    assert audit(office, "check_single_agree", info=rows[:101])["errcode"] == 40058
    assert audit(office, "check_single_agree", info=[])["errcode"] == 40063


@pytest.mark.parametrize(("switch", "more"), [("Default_Agree", {"Default_Agree"}), ("absent", set())])
def test_silence_may_be_told_otherwise(office: Any, switch: str, more: set[str]) -> None:
    control.set_switch(office.world, "agree_silent", switch)
    found = audit(office, "check_single_agree", info=relations(office)[:100])["agreeinfo"]
    assert {each["agree_status"] for each in found} == {"Agree", "Disagree"} | more
    assert (len(found) < 100) == (switch == "absent")


def test_strangers_have_not_been_asked(office: Any) -> None:
    row = {**relations(office)[0], "exteranalopenid": "wmNobody"}
    assert audit(office, "check_single_agree", info=[row])["errcode"] == 84061
    control.set_switch(office.world, "agree_stranger", 0)
    assert audit(office, "check_single_agree", info=[row]) == {"errcode": 0, "errmsg": "ok", "agreeinfo": []}


def test_a_customer_changes_their_mind(office: Any) -> None:
    row = relations(office)[0]
    for answer, status in (("disagree", "Disagree"), ("agree", "Agree")):
        control.advance(office.world, 100)
        control.archive_consent(office.world, row["userid"], row["exteranalopenid"], answer)
        (found,) = audit(office, "check_single_agree", info=[row])["agreeinfo"]
        assert found == {**row, "agree_status": status, "status_change_time": found["status_change_time"]}
        assert abs(found["status_change_time"] - office.world.now()) < 2


def test_customers_of_a_group(office: Any) -> None:
    chat_id = office.ec("groupchat/list", limit=1)["group_chat_list"][0]["chat_id"]
    people = office.ec("groupchat/get", chat_id=chat_id)["group_chat"]["member_list"]
    found = audit(office, "check_room_agree", roomid=chat_id)["agreeinfo"]
    assert [each["exteranalopenid"] for each in found] == [each["userid"] for each in people if each["type"] == 2]
    assert all(set(each) == {"exteranalopenid", "agree_status", "status_change_time"} for each in found)
    assert audit(office, "check_room_agree", roomid="wrNone")["errcode"] == 40058


def test_a_group_of_members_only(office: Any) -> None:
    control.archive_messages(office.world, 2_000)
    chats = {c for (c,) in office.world.db.connection.execute("SELECT chat_id FROM chat")}
    said = [m for _, m in records.truth(office.world) if m.get("roomid") and len(m["tolist"]) < 1_000]
    rooms = {m["roomid"]: {m["from"], *m["tolist"]} for m in said if m["roomid"] not in chats}
    assert rooms
    for roomid, people in rooms.items():
        answer = audit(office, "groupchat/get", roomid=roomid)
        assert people == {each["memberid"] for each in answer["members"]}
        assert answer["creator"] in people
    assert audit(office, "groupchat/get", roomid=next(iter(chats)))["errcode"] == 40058


def test_robots(office: Any) -> None:
    control.archive_messages(office.world, 3_000)
    robot = next(m["from"] for _, m in records.truth(office.world) if m.get("from", "").startswith("wb"))
    data = office.get("msgaudit/get_robot_info", "archive", robot_id=robot)["data"]
    assert data["robot_id"] == robot
    assert data["name"]
    assert office.get("msgaudit/get_robot_info", "archive", robot_id="wbNone")["errcode"] == 40058


def test_the_librarys_own_call_answers_what_the_source_gives(office: Any) -> None:
    answer = office.post("message/getchatdata", "archive", seq=0, limit=3)
    assert [each["msgid"] for each in answer["chatdata"]] == [m["msgid"] for _, m in records.truth(office.world)][:3]
    assert set(answer["chatdata"][0]) == {"seq", "msgid", "publickey_ver", "encrypt_random_key", "encrypt_chat_msg"}
    assert office.post("message/getchatdata", "contact", seq=0, limit=3)["errcode"] == 48002
    assert office.post("message/getchatdata", "archive", seq=0, limit=1001)["errcode"] == 40058
    control.archive_trust(office.world, ["203.0.113.7"])
    assert office.post("message/getchatdata", "archive", seq=0, limit=3)["errcode"] == 301042
    assert audit(office, "get_permit_user_list")["errcode"] == 0


def test_a_fault_of_the_library_breaks_the_connection_over_http(office: Any) -> None:
    office.token("archive")
    control.add_fault(office.world, kind="10001", path="message/getchatdata")
    with pytest.raises(ConnectionError):
        office.post("message/getchatdata", "archive", seq=0, limit=3)
    assert office.post("message/getchatdata", "archive", seq=0, limit=3)["errcode"] == 0


def test_calls_a_minute(office: Any) -> None:
    control.set_limits(office.world, scale=0.002)
    codes = [audit(office, "get_permit_user_list")["errcode"] for _ in range(3)]
    assert codes == [0, 0, 45009]


def test_the_archive_is_worked_over_http_too(office: Any) -> None:
    def operate(operation: str, **body: Any) -> Any:
        return office.http.post(f"/_sandbox/{operation}", json=body).json()

    assert operate("archive_messages", count=50)["result"] == 50
    who = seats.permitted(office.world)[0]
    seq = operate("archive_say", sender=who, to="wmX", text="你好")["result"]
    last = operate("archive_truth")["result"][-1]
    assert (last["seq"], json.loads(last["plain"])["text"]["content"]) == (seq, "你好")
    assert operate("archive_rotate_key")["result"] == 2
