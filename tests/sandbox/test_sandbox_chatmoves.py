"""Groups that get another owner, from who works there (onjob_transfer) and from who left (transfer)."""

from typing import Any

import msgspec
import pytest

from wecrm.sandbox import control

DAY_S = 86_400
ONJOB, RESIGNED = "groupchat/onjob_transfer", "groupchat/transfer"


def chats(office: Any) -> dict[str, tuple[str, int]]:
    """chat_id → (owner, status) as they are."""
    sql = "SELECT c.chat_id, m.userid, c.status FROM chat c JOIN member m ON m.id = c.owner ORDER BY c.id"
    return {chat_id: (owner, status) for chat_id, owner, status in office.world.db.connection.execute(sql)}


def members(office: Any) -> list[str]:
    sql = "SELECT userid FROM member WHERE status = 1 AND follows AND left_at IS NULL ORDER BY id"
    return [row[0] for row in office.world.db.connection.execute(sql)]


def free(office: Any, n: int = 0) -> str:
    """A member who owns no group."""
    owners = {owner for owner, _ in chats(office).values()}
    return [userid for userid in members(office) if userid not in owners][n]


def move(office: Any, path: str, taker: str, *chat_ids: str) -> dict[str, int]:
    """What failed."""
    answer = office.ec(path, chat_id_list=list(chat_ids), new_owner=taker)
    assert answer["errcode"] == 0, answer
    assert all(row["errmsg"] for row in answer["failed_chat_list"])
    return {row["chat_id"]: row["errcode"] for row in answer["failed_chat_list"]}


def seen(office: Any, chat_id: str) -> dict[str, Any]:
    found: dict[str, Any] = office.ec("groupchat/get", chat_id=chat_id, need_name=1)["group_chat"]
    return found


def more(office: Any, owner: str, count: int) -> list[str]:
    """New groups of that owner."""
    ids = [f"wrMore{n:04}" for n in range(count)]
    with office.world.writing() as db:
        (member,) = db.execute("SELECT id FROM member WHERE userid = ?", (owner,)).fetchone()
        people = [{"userid": owner, "type": 1, "join_time": 1, "join_scene": 1, "group_nickname": "", "name": "x"}]
        for id_ in ids:
            head = {
                "chat_id": id_,
                "name": "",
                "owner": owner,
                "create_time": 1,
                "admin_list": [],
                "member_version": "a",
            }
            db.execute(
                "INSERT INTO chat (chat_id, owner, status, head, members) VALUES (?, ?, 0, ?, ?)",
                (id_, member, msgspec.json.encode(head).decode(), msgspec.json.encode(people).decode()),
            )
    return ids


def test_a_group_of_a_working_owner_moves_at_once(office: Any) -> None:
    chat_id, (owner, _) = next(iter(chats(office).items()))
    taker = free(office)
    before = seen(office, chat_id)
    assert move(office, ONJOB, taker.upper(), chat_id) == {}
    after = seen(office, chat_id)
    assert after["owner"] == taker
    people = {person["userid"]: person for person in after["member_list"]}
    assert set(people) == {p["userid"] for p in before["member_list"]} | {taker}
    assert people[taker]["join_time"] == pytest.approx(office.world.now(), abs=1)
    assert after["member_version"] != before["member_version"]
    assert chats(office)[chat_id] == (taker, 0)
    (done,) = control.group_moves(office.world)
    assert (done.kind, done.chat_id, done.old_owner, done.new_owner) == ("onjob", chat_id, owner, taker)


def test_a_group_of_a_leaver_is_inherited(office: Any) -> None:
    chat_id, (owner, _) = next(iter(chats(office).items()))
    taker, second = free(office), free(office, 1)
    assert move(office, RESIGNED, taker, chat_id) == {chat_id: 90500}
    control.delete_member(office.world, owner)
    assert move(office, ONJOB, taker, chat_id) == {chat_id: 90502}
    assert move(office, RESIGNED, taker, chat_id) == {}
    people = [person["userid"] for person in seen(office, chat_id)["member_list"]]
    assert owner not in people
    assert taker in people
    assert chats(office)[chat_id] == (taker, 3)
    assert chat_id in [c["chat_id"] for c in office.ec("groupchat/list", limit=99, status_filter=3)["group_chat_list"]]
    assert move(office, RESIGNED, second, chat_id) == {chat_id: 90508}
    assert move(office, ONJOB, second, chat_id) == {}
    assert chats(office)[chat_id] == (second, 0)
    control.delete_member(office.world, second)
    assert move(office, RESIGNED, taker, chat_id) == {}


def test_inheriting_may_take_its_time(office: Any) -> None:
    chat_id, (owner, _) = next(iter(chats(office).items()))
    taker, second = free(office), free(office, 1)
    control.set_switch(office.world, "group_takes_s", 60)
    control.delete_member(office.world, owner)
    assert move(office, RESIGNED, taker, chat_id) == {}
    assert chats(office)[chat_id] == (taker, 2)
    assert move(office, RESIGNED, second, chat_id) == {chat_id: 90507}
    assert move(office, ONJOB, second, chat_id) == {chat_id: 90507}
    office.later(61)
    assert chats(office)[chat_id] == (taker, 3)


def test_every_group_is_judged_alone(office: Any) -> None:
    (first, (owner, _)), *rest = chats(office).items()
    other = next(chat_id for chat_id, (who, _) in rest if who != owner)
    assert move(office, ONJOB, owner, first, "wrNone", other) == {first: 90504, "wrNone": 90501}
    control.set_switch(office.world, "not_a_group", 90509)
    assert move(office, ONJOB, owner, "wrNone") == {"wrNone": 90509}
    assert chats(office)[other] == (owner, 0)


@pytest.mark.parametrize("path", [ONJOB, RESIGNED])
@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"chat_id_list": []}, 40063),
        ({"chat_id_list": ["wr"] * 101}, 40058),
        ({"chat_id_list": [1]}, 40058),
        ({"new_owner": ""}, 41009),
        ({"new_owner": "nobody"}, 40003),
    ],
)
def test_moving_groups_is_refused(office: Any, path: str, body: dict[str, Any], errcode: int) -> None:
    sent = {"chat_id_list": list(chats(office))[:1], "new_owner": free(office), **body}
    assert office.ec(path, **sent)["errcode"] == errcode
    for app in ("directory", "other"):
        assert office.ec(path, app, **sent)["errcode"] == 48002


@pytest.mark.parametrize("path", [ONJOB, RESIGNED])
def test_a_new_owner_has_to_be_fit(office: Any, path: str) -> None:
    chat_id, (owner, _) = next(iter(chats(office).items()))
    if path == RESIGNED:
        control.delete_member(office.world, owner)
    taker = free(office)
    sent = {"chat_id_list": [chat_id], "new_owner": taker}
    changes: list[tuple[dict[str, Any], int]] = [
        ({"real_name": False}, 40098),
        ({"real_name": True, "banned": True}, 40143),
        ({"banned": False, "status": 4}, 41054),
        ({"status": 1, "last_login": office.world.now() - 366 * DAY_S}, 90510),
    ]
    for change, errcode in changes:
        control.set_member(office.world, taker, **change)
        assert office.ec(path, **sent)["errcode"] == errcode
    control.set_member(office.world, taker, last_login=office.world.now())
    control.set_customer_contact(office.world, taker, False)
    assert office.ec(path, **sent)["errcode"] == 84074
    control.set_customer_contact(office.world, taker, True)
    assert move(office, path, taker, chat_id) == {}


def test_an_owner_who_was_not_there_for_a_year_cannot_give(office: Any) -> None:
    chat_id, (owner, _) = next(iter(chats(office).items()))
    control.set_member(office.world, owner, last_login=office.world.now() - 366 * DAY_S)
    assert move(office, ONJOB, free(office), chat_id) == {chat_id: 90510}
    control.delete_member(office.world, owner)
    assert move(office, RESIGNED, free(office), chat_id) == {chat_id: 90510}
    control.set_member(office.world, owner, last_login=office.world.now() - DAY_S)
    office.later(365 * DAY_S)
    assert move(office, RESIGNED, free(office), chat_id) == {chat_id: 40003}


def test_a_group_of_an_owner_out_of_sight_does_not_move(office: Any) -> None:
    control.set_visible_range(office.world, "contact", [3])
    sql = "SELECT c.chat_id, m.userid FROM chat c JOIN member m ON m.id = c.owner WHERE m.departments <> '[3]'"
    outside, owner = office.world.db.connection.execute(sql).fetchone()
    sql = "SELECT userid FROM member WHERE status = 1 AND follows AND departments = '[3]' AND userid <> ?"
    taker = office.world.db.connection.execute(sql, (owner,)).fetchone()[0]
    assert move(office, ONJOB, taker, outside) == {outside: 60011}
    control.delete_member(office.world, owner)
    assert move(office, RESIGNED, taker, outside) == {outside: 60011}


@pytest.mark.parametrize("limited", [True, False])
def test_a_group_moves_at_most_twice_in_90_days(office: Any, limited: bool) -> None:
    chat_id, (owner, _) = next(iter(chats(office).items()))
    taker = free(office)
    control.set_switch(office.world, "group_moves_limited", limited)
    assert move(office, ONJOB, taker, chat_id) == {}
    assert move(office, ONJOB, owner, chat_id) == {}
    assert move(office, ONJOB, taker, chat_id) == ({chat_id: 40128} if limited else {})
    if limited:
        control.set_switch(office.world, "group_too_often", 45009)
        assert move(office, ONJOB, taker, chat_id) == {chat_id: 45009}
        office.later(90 * DAY_S)
        assert move(office, ONJOB, taker, chat_id) == {}


@pytest.mark.parametrize(("counts", "errcode"), [("both", 45009), ("taker", 45009), ("owner", 0)])
def test_a_taker_gets_so_many_groups_a_day(office: Any, counts: str, errcode: int) -> None:
    control.set_switch(office.world, "group_day_counts", counts)
    taker, one, other = free(office), *sorted({owner for owner, _ in chats(office).values()})[:2]
    first, *rest = more(office, one, 4)
    mine = next(chat_id for chat_id, (owner, _) in chats(office).items() if owner == other)
    control.set_limits(office.world, groups_a_day=4)
    assert move(office, ONJOB, taker, first, *rest) == {}
    assert move(office, ONJOB, taker, mine) == ({mine: errcode} if errcode else {})
    office.later(14 * 3600)
    assert not errcode or move(office, ONJOB, taker, mine) == {mine: 45009}  # before midnight in Beijing
    office.later(3600)
    assert not errcode or move(office, ONJOB, taker, mine) == {}


@pytest.mark.parametrize(("counts", "errcode"), [("both", 45009), ("owner", 45009), ("taker", 0)])
def test_an_owner_gives_so_many_groups_a_day(office: Any, counts: str, errcode: int) -> None:
    control.set_switch(office.world, "group_day_counts", counts)
    owner, taker, second = free(office), free(office, 1), free(office, 2)
    ids = more(office, owner, 4)
    control.set_limits(office.world, groups_a_day=3)
    assert move(office, ONJOB, taker, *ids[:3]) == {}
    assert move(office, ONJOB, second, ids[3]) == ({ids[3]: errcode} if errcode else {})


@pytest.mark.parametrize("reading", ["item", "call"])
def test_three_hundred_groups_a_day(office: Any, reading: str) -> None:
    owner, taker = free(office), free(office, 1)
    control.set_switch(office.world, "group_day_full", reading)
    ids = more(office, owner, 305)
    for n in (0, 100):
        assert move(office, ONJOB, taker, *ids[n : n + 100]) == {}
    assert move(office, ONJOB, taker, *ids[200:290]) == {}
    answer = office.ec(ONJOB, chat_id_list=ids[290:], new_owner=taker)
    if reading == "call":
        assert answer["errcode"] == 45009
        assert len(list(control.group_moves(office.world))) == 290
    else:
        assert {row["chat_id"]: row["errcode"] for row in answer["failed_chat_list"]} == dict.fromkeys(ids[300:], 45009)
        assert len(list(control.group_moves(office.world))) == 300


def fill(office: Any, chat_id: str, people: int, wechat: int, owner: str) -> None:
    """The owner, WeChat users and, up to the number, WeCom users."""
    with office.world.writing() as db:
        all_: list[dict[str, Any]] = [{"userid": owner, "type": 1, "name": "x"}]
        all_ += [
            {"userid": f"{'wm' if n < wechat else 'wo'}Full{n}", "type": 2, "name": "x"} for n in range(people - 1)
        ]
        db.execute("UPDATE chat SET members = ? WHERE chat_id = ?", (msgspec.json.encode(all_).decode(), chat_id))


def test_a_full_group_pushes_somebody_out_unless_there_are_99_wechat_users(office: Any) -> None:
    chat_id, (owner, _) = next(iter(chats(office).items()))
    taker = free(office)
    control.set_limits(office.world, group_people=110)
    fill(office, chat_id, 110, 99, owner)
    assert move(office, ONJOB, taker, chat_id) == {chat_id: 90503}
    fill(office, chat_id, 109, 99, owner)
    assert move(office, ONJOB, taker, chat_id) == {}
    assert len(seen(office, chat_id)["member_list"]) == 110
    fill(office, chat_id, 110, 98, taker)
    second = free(office)
    assert move(office, ONJOB, second, chat_id) == {}
    people = [person["userid"] for person in seen(office, chat_id)["member_list"]]
    assert len(people) == 110
    assert "woFull108" not in people
    control.delete_member(office.world, second)
    fill(office, chat_id, 110, 109, second)
    assert move(office, RESIGNED, taker, chat_id) == {}  # the leaver makes room
    assert len(seen(office, chat_id)["member_list"]) == 110


@pytest.mark.parametrize("sent", [True, False])
def test_a_new_owner_is_told_of_by_an_event(office: Any, sent: bool) -> None:
    chat_id = next(iter(chats(office)))
    control.set_switch(office.world, "change_owner_event", sent)
    move(office, ONJOB, free(office), chat_id)
    told = [e.fields for e in control.events(office.world) if e.event == "change_external_chat"]
    assert told == ([{"ChatId": chat_id, "UpdateDetail": "change_owner"}] if sent else [])


@pytest.mark.parametrize("reading", ["empty", "absent"])
def test_all_moved_is_an_empty_list_or_none(office: Any, reading: str) -> None:
    control.set_switch(office.world, "no_failures", reading)
    answer = office.ec(ONJOB, chat_id_list=list(chats(office))[:1], new_owner=free(office))
    assert answer == {"errcode": 0, "errmsg": "ok", **({"failed_chat_list": []} if reading == "empty" else {})}


def test_groups_of_leavers_are_listed_by_them(office: Any) -> None:
    owner = next(iter(chats(office).values()))[0]
    own = [chat_id for chat_id, (who, _) in chats(office).items() if who == owner]
    control.delete_member(office.world, owner)
    body = {"limit": 100, "owner_filter": {"userid_list": [owner.upper()]}}
    assert [chat["chat_id"] for chat in office.ec("groupchat/list", **body)["group_chat_list"]] == own
    control.set_limits(office.world, list_people=59)
    assert office.ec("groupchat/list", limit=100)["errcode"] == 0  # one of 60 has left


def test_one_group_that_can_not_move_may_fail_the_whole_call(office: Any) -> None:
    (chat, (owner, _status)), *_ = chats(office).items()
    control.set_switch(office.world, "one_refused", "call")
    for errcode in (40050, 40058, 90509):
        control.set_switch(office.world, "not_a_group", errcode)
        assert office.ec(ONJOB, chat_id_list=[chat, "wrNone"], new_owner=free(office))["errcode"] == errcode
    assert chats(office)[chat][0] == owner
    assert office.ec(ONJOB, chat_id_list=[chat], new_owner=free(office))["errcode"] == 0
