"""Members who are disabled, quit, are deleted and come back, and the customers whom nobody looks after."""

from typing import Any

import pytest

from wecrm.sandbox import control

DAY_S = 86_400
YEAR_S = 365 * DAY_S


def staff(office: Any) -> list[str]:
    """Members who can take customers, those with most customers first."""
    sql = (
        "SELECT m.userid FROM member m LEFT JOIN relation r ON r.member = m.id WHERE status = 1 AND follows"
        " AND left_at IS NULL GROUP BY m.id ORDER BY count(r.contact) DESC, m.id"
    )
    return [row[0] for row in office.world.db.connection.execute(sql)]


def owners(office: Any) -> list[str]:
    sql = "SELECT DISTINCT m.userid FROM chat c JOIN member m ON m.id = c.owner ORDER BY m.id"
    return [row[0] for row in office.world.db.connection.execute(sql)]


def update(office: Any, userid: str, **fields: Any) -> dict[str, Any]:
    answer: dict[str, Any] = office.post("user/update", "directory", userid=userid, **fields)
    return answer


def delete(office: Any, userid: str) -> dict[str, Any]:
    answer: dict[str, Any] = office.get("user/delete", "directory", userid=userid)
    return answer


def status(office: Any, userid: str) -> int:
    return int(office.get("user/get", userid=userid)["status"])


def unassigned(office: Any, size: int = 1000) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    cursor = ""
    while True:
        page = office.ec("get_unassigned_list", page_size=size, cursor=cursor)
        assert page["errcode"] == 0, page
        found += [(row["handover_userid"], row["external_userid"]) for row in page["info"]]
        cursor = page["next_cursor"]
        assert page["is_last"] == (not cursor)
        if not cursor:
            return found


def assign(office: Any, giver: str, taker: str, *ids: str) -> list[int]:
    answer = office.ec(
        "resigned/transfer_customer", handover_userid=giver, takeover_userid=taker, external_userid=list(ids)
    )
    assert answer["errcode"] == 0, answer
    return [row["errcode"] for row in answer["customer"]]


# -- states


def test_only_contacts_sync_disables_and_deletes(office: Any) -> None:
    userid = staff(office)[0]
    for app in ("contact", "second", "system", "archive", "other"):
        assert office.post("user/update", app, userid=userid, enable=0)["errcode"] == 48002
        assert office.get("user/delete", app, userid=userid)["errcode"] == 48002
    assert status(office, userid) == 1


def test_a_member_is_disabled_and_enabled(office: Any) -> None:
    userid = staff(office)[0]
    assert update(office, userid.upper(), enable=0) == {"errcode": 0, "errmsg": "updated"}
    assert status(office, userid) == 2
    assert update(office, userid)["errcode"] == 0  # nothing asked for
    assert status(office, userid) == 2
    assert update(office, userid, enable=1)["errcode"] == 0
    assert status(office, userid) == 1
    sleeper = office.world.db.connection.execute("SELECT userid FROM member WHERE status = 4").fetchone()[0]
    for enable in (0, 0, 1):
        update(office, sleeper, enable=enable)
    assert status(office, sleeper) == 4  # as before
    told = [e.fields for e in control.events(office.world) if e.change_type == "update_user"]
    assert [fields["Status"] for fields in told] == ["2", "1", "2", "4"]


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"userid": "nobody", "enable": 0}, 60111),
        ({"enable": 0}, 41009),
        ({"enable": 2}, 40058),
        ({"enable": "0"}, 40058),
    ],
)
def test_an_update_is_refused(office: Any, body: dict[str, Any], errcode: int) -> None:
    sent = {"userid": staff(office)[0], **body} if errcode != 41009 else body
    assert office.post("user/update", "directory", **sent)["errcode"] == errcode


def test_a_disabled_member_gives_customers_for_a_year(office: Any) -> None:
    giver, taker, *_ = staff(office)
    one = control.add_relation(office.world, giver)
    update(office, giver, enable=0)
    body = {"handover_userid": giver, "takeover_userid": taker, "external_userid": [one]}
    assert office.ec("resigned/transfer_customer", **body)["errcode"] == 40097
    office.later(YEAR_S - 60)
    assert office.ec("transfer_customer", **body)["errcode"] == 0
    office.later(YEAR_S)
    assert office.ec("transfer_customer", **body)["errcode"] == 90510
    assert unassigned(office) == []


def test_a_deleted_member_is_gone_and_their_customers_wait(office: Any) -> None:
    userid = owners(office)[0]
    ids = {r.external_userid for r in control.truth(office.world) if r.userid == userid}
    before = int(office.world.now())
    assert delete(office, userid) == {"errcode": 0, "errmsg": "deleted"}
    assert delete(office, userid)["errcode"] == 60111
    assert update(office, userid, enable=1)["errcode"] == 60111
    assert office.get("user/get", userid=userid)["errcode"] == 60111
    page = office.ec("get_unassigned_list")
    assert {row["external_userid"] for row in page["info"]} == ids
    assert {row["handover_userid"] for row in page["info"]} == {userid}
    assert {row["dimission_time"] for row in page["info"]} == {before}
    assert (page["is_last"], page["next_cursor"]) == (True, "")
    listed = office.ec("groupchat/list", limit=100, status_filter=1, owner_filter={"userid_list": [userid]})
    assert {row["status"] for row in listed["group_chat_list"]} == {1}
    assert [e.fields for e in control.events(office.world) if e.change_type == "delete_user"] == [{"UserID": userid}]


def test_the_creator_is_not_deleted(office: Any) -> None:
    userid = staff(office)[0]
    control.set_member(office.world, userid, creator=True)
    assert delete(office, userid)["errcode"] == 301005
    assert status(office, userid) == 1
    control.set_member(office.world, staff(office)[1], creator=True)
    assert delete(office, userid)["errcode"] == 0


def test_customers_of_who_had_no_customer_contact_are_lost(office: Any) -> None:
    userid = staff(office)[0]
    control.set_customer_contact(office.world, userid, False)
    delete(office, userid)
    assert unassigned(office) == []
    control.restore_member(office.world, userid)
    assert all(r.userid != userid for r in control.truth(office.world))


def test_a_restored_member_has_what_nobody_inherited(office: Any) -> None:
    userid, taker = owners(office)[:2]
    before = {r.external_userid for r in control.truth(office.world) if r.userid == userid}
    first = sorted(before)[0]
    with pytest.raises(ValueError):
        control.restore_member(office.world, userid)
    control.delete_member(office.world, userid)
    with pytest.raises(ValueError):
        control.delete_member(office.world, userid)
    assert assign(office, userid, taker, first) == [0]
    office.later()
    control.restore_member(office.world, userid)
    assert {r.external_userid for r in control.truth(office.world) if r.userid == userid} == before - {first}
    assert unassigned(office) == []
    assert office.ec("groupchat/list", limit=100, status_filter=1)["group_chat_list"] == []
    assert status(office, userid) == 1


def test_a_userid_may_be_used_again(office: Any) -> None:
    userid, taker = staff(office)[:2]
    ids = {r.external_userid for r in control.truth(office.world) if r.userid == userid}
    delete(office, userid)
    with office.world.writing() as db:
        db.execute("INSERT INTO member VALUES (5000, ?, 'New', 1, 1, '[1]', '{}', NULL)", (userid.upper(),))
        office.world.changed()
    assert status(office, userid) == 1
    assert {external for _, external in unassigned(office)} == ids
    body = {"handover_userid": userid, "takeover_userid": taker, "external_userid": sorted(ids)[:1]}
    assert office.ec("resigned/transfer_customer", **body)["errcode"] == 40097
    assert office.ec("transfer_customer", **body)["customer"][0]["errcode"] == 40131


@pytest.mark.parametrize(
    ("reading", "onjob", "resigned", "rows"),
    [("working", 0, 40097, 0), ("nobody", 40003, 40097, 0), ("left", 40003, 0, 1)],
)
def test_who_quit_works_left_or_neither(office: Any, reading: str, onjob: int, resigned: int, rows: int) -> None:
    control.set_switch(office.world, "quit_member", reading)
    userid = owners(office)[0]
    taker = next(one for one in staff(office) if one != userid)
    one = control.add_relation(office.world, userid)
    control.set_member(office.world, userid, status=5)
    assert status(office, userid) == 5
    body = {"handover_userid": userid, "takeover_userid": taker, "external_userid": [one]}
    assert bool([pair for pair in unassigned(office) if pair[1] == one]) == bool(rows)
    waiting = office.ec("groupchat/list", limit=100, status_filter=1)["group_chat_list"]
    assert bool(waiting) == bool(rows)
    assert office.ec("resigned/transfer_customer", **body)["errcode"] == resigned
    assert office.ec("transfer_customer", **body)["errcode"] == onjob
    control.set_member(office.world, userid, status=1)
    assert office.ec("groupchat/list", limit=100, status_filter=1)["group_chat_list"] == []


def test_who_quit_is_deleted_after_30_days_unless_they_come_back(office: Any) -> None:
    gone, back = staff(office)[:2]
    for userid in (gone, back):
        control.set_member(office.world, userid, status=5)
    office.later(30 * DAY_S - 60)
    control.set_member(office.world, back, status=1)
    assert unassigned(office) == []
    control.set_member(office.world, back, status=5)
    office.later(120)
    assert office.get("user/get", userid=gone)["errcode"] == 60111
    assert status(office, back) == 5  # again, and for 30 days more
    assert {handover for handover, _ in unassigned(office)} == {gone}


def test_what_the_console_cannot_do_is_a_value_error(office: Any) -> None:
    userid = staff(office)[0]
    with pytest.raises(ValueError, match="status is"):
        control.set_member(office.world, userid, status=3)
    with pytest.raises(ValueError, match="no member"):
        control.set_member(office.world, "nobody", banned=True)
    control.delete_member(office.world, userid)
    with pytest.raises(ValueError, match="has left"):
        control.set_member(office.world, userid, status=1)


# -- the list of the unassigned


def test_the_unassigned_are_listed_page_by_page(office: Any) -> None:
    first, second = staff(office)[:2]
    control.delete_member(office.world, first)
    office.later(3600)
    control.delete_member(office.world, second)
    whole = unassigned(office)
    assert unassigned(office, 7) == whole
    assert len(whole) == len(set(whole))
    assert [userid for userid, _ in whole] == sorted((u for u, _ in whole), key=lambda u: u == first)
    control.set_switch(office.world, "unassigned_order", "oldest")
    assert [userid for userid, _ in unassigned(office)] == sorted((u for u, _ in whole), key=lambda u: u == second)
    page = office.ec("get_unassigned_list", page_size=7, page_id=1)
    assert "next_cursor" not in page
    assert [(r["handover_userid"], r["external_userid"]) for r in page["info"]] == unassigned(office)[7:14]
    last = office.ec("get_unassigned_list", page_size=7, page_id=len(whole) // 7)
    assert (last["is_last"], len(last["info"])) == (True, len(whole) % 7)


@pytest.mark.parametrize(
    ("body", "errcode"),
    [({"page_size": 0}, 40058), ({"page_size": 1001}, 40058), ({"page_id": "1"}, 40058), ({"cursor": "x"}, 50100)],
)
def test_listing_the_unassigned_refuses(office: Any, body: dict[str, Any], errcode: int) -> None:
    assert office.ec("get_unassigned_list", **body)["errcode"] == errcode


def test_who_assigns_while_paging_misses_rows(office: Any) -> None:
    giver, taker = staff(office)[:2]
    control.delete_member(office.world, giver)
    whole = unassigned(office)
    page = office.ec("get_unassigned_list", page_size=10)
    assert assign(office, giver, taker, *(row["external_userid"] for row in page["info"])) == [0] * 10
    following = office.ec("get_unassigned_list", page_size=10, cursor=page["next_cursor"])
    assert following["info"][0]["external_userid"] == whole[20][1]
    assert unassigned(office) == whole[10:]


@pytest.mark.parametrize("returns", [True, False])
def test_assigned_customers_are_off_the_list_and_a_full_taker_puts_them_back(office: Any, returns: bool) -> None:
    giver, taker = staff(office)[:2]
    one, *rest = [control.add_relation(office.world, giver) for _ in range(3)]
    control.set_switch(office.world, "full_taker_returns", returns)
    control.set_switch(office.world, "taker_full", "later")
    control.delete_member(office.world, giver)
    whole = unassigned(office)
    assert assign(office, giver, taker, one, *rest) == [0, 0, 0]
    assert set(whole) - set(unassigned(office)) == {(giver, id_) for id_ in (one, *rest)}
    have = sum(r.userid == taker for r in control.truth(office.world))
    control.set_limits(office.world, customers=have + 1)
    office.later()
    assert set(whole) - set(unassigned(office)) == {(giver, id_) for id_ in ((one,) if returns else (one, *rest))}
    assert {t.external_userid: t.status for t in control.transfers(office.world)} == {one: 1, rest[0]: 4, rest[1]: 4}
    control.set_limits(office.world, customers=5000)
    assert assign(office, giver, taker, *rest) == [0, 0]
    office.later()
    assert set(rest) <= {r.external_userid for r in control.truth(office.world) if r.userid == taker}


def test_a_leavers_customer_goes_with_their_tags_and_is_told_of(office: Any) -> None:
    giver, taker = staff(office)[:2]
    one = control.add_relation(office.world, giver, tags=[office.tag("English")])
    control.delete_member(office.world, giver)
    known = len(list(control.events(office.world)))
    assert assign(office, giver, taker, one, one) == [0, 40129]
    office.later()
    (side,) = [r for r in control.truth(office.world) if r.external_userid == one]
    assert (side.userid, side.add_way, side.tag_ids) == (taker, 202, (office.tag("English"),))
    told = list(control.events(office.world))[known:]
    assert [(e.change_type, e.fields["UserID"]) for e in told] == [("add_external_contact", taker)]
    assert assign(office, giver, taker, one) == [40131]


def test_a_leaver_is_inherited_for_a_year(office: Any) -> None:
    giver, taker = staff(office)[:2]
    one, other = (control.add_relation(office.world, giver) for _ in range(2))
    control.delete_member(office.world, giver)
    office.later(YEAR_S - 60)
    assert assign(office, giver, taker, one) == [0]
    assert (giver, other) in unassigned(office)
    office.later(120)
    body = {"handover_userid": giver, "takeover_userid": taker, "external_userid": [other]}
    for errcode in (40003, 40097, 90500):
        control.set_switch(office.world, "left_long_ago", errcode)
        assert office.ec("resigned/transfer_customer", **body)["errcode"] == errcode
    assert unassigned(office) == []


def test_a_leaver_who_had_not_been_there_for_a_year_is_not_inherited(office: Any) -> None:
    giver, taker = staff(office)[:2]
    one = control.add_relation(office.world, giver)
    control.set_member(office.world, giver, last_login=office.world.now() - YEAR_S - 60)
    control.delete_member(office.world, giver)
    body = {"handover_userid": giver, "takeover_userid": taker, "external_userid": [one]}
    assert office.ec("resigned/transfer_customer", **body)["errcode"] == 90510
    control.set_member(office.world, giver, last_login=office.world.now() - YEAR_S + 60, banned=True)
    assert office.ec("resigned/transfer_customer", **body)["errcode"] == 40143
    control.set_member(office.world, giver, banned=False)
    assert office.ec("resigned/transfer_customer", **body)["errcode"] == 0


@pytest.mark.parametrize("scope", ["all", "visible"])
def test_whether_an_app_sees_leavers_from_outside_its_range(office: Any, scope: str) -> None:
    sql = "SELECT m.userid FROM member m JOIN relation r ON r.member = m.id WHERE departments = ? GROUP BY 1"
    inside, outside = (office.world.db.connection.execute(sql, (own,)).fetchone()[0] for own in ("[3]", "[4]"))
    for userid in (inside, outside):
        control.delete_member(office.world, userid)
    control.set_visible_range(office.world, "contact", [3])
    control.set_switch(office.world, "unassigned_scope", scope)
    assert {userid for userid, _ in unassigned(office)} == ({inside} if scope == "visible" else {inside, outside})


def test_a_member_who_leaves_in_the_middle_of_a_transfer_still_gives(office: Any) -> None:
    giver, taker = staff(office)[:2]
    glad, sad = (control.add_relation(office.world, giver) for _ in range(2))
    control.customer_refuses(office.world, sad)
    body = {"handover_userid": giver, "takeover_userid": taker}
    assert office.ec("transfer_customer", external_userid=[glad, sad], **body)["errcode"] == 0
    delete(office, giver)
    assert (giver, glad) not in unassigned(office)
    office.later()
    listed = unassigned(office)
    assert (giver, sad) in listed
    assert (giver, glad) not in listed
    assert glad in {r.external_userid for r in control.truth(office.world) if r.userid == taker}
