"""Transfers of customers (在职继承, 离职继承): their start, the day they take, and what follows the customer."""

from collections.abc import Sequence
from typing import Any

import pytest

from wecrm.sandbox import control

DAY_S = 86_400
ONJOB, RESIGNED = "transfer_customer", "resigned/transfer_customer"


def staff(office: Any) -> list[str]:
    """Members who can take customers, those with most customers first."""
    sql = (
        "SELECT m.userid FROM member m LEFT JOIN relation r ON r.member = m.id WHERE status = 1 AND follows"
        " AND left_at IS NULL GROUP BY m.id ORDER BY count(r.contact) DESC, m.id"
    )
    return [row[0] for row in office.world.db.connection.execute(sql)]


def customers(office: Any, userid: str) -> list[str]:
    return [r.external_userid for r in control.truth(office.world) if r.userid == userid]


def sides(office: Any, external: str) -> dict[str, control.Relation]:
    return {r.userid: r for r in control.truth(office.world) if r.external_userid == external}


def fresh(office: Any, userid: str, count: int = 1, **fields: Any) -> list[str]:
    """Customers whom nobody else has."""
    return [control.add_relation(office.world, userid, **fields) for _ in range(count)]


def start(office: Any, path: str, giver: str, taker: str, ids: Sequence[str]) -> list[int]:
    answer = office.ec(path, handover_userid=giver, takeover_userid=taker, external_userid=list(ids))
    assert answer["errcode"] == 0, answer
    assert [row["external_userid"] for row in answer["customer"]] == list(ids)
    return [row["errcode"] for row in answer["customer"]]


def refused(office: Any, path: str, giver: str, taker: str, ids: Sequence[str], **more: Any) -> int:
    answer = office.ec(path, handover_userid=giver, takeover_userid=taker, external_userid=list(ids), **more)
    assert "customer" not in answer
    return int(answer["errcode"])


def results(office: Any, giver: str, taker: str, path: str = "transfer_result") -> list[tuple[str, int, int | None]]:
    rows: list[tuple[str, int, int | None]] = []
    cursor = ""
    while True:
        page = office.ec(path, handover_userid=giver, takeover_userid=taker, cursor=cursor)
        assert page["errcode"] == 0, page
        rows += [(row["external_userid"], row["status"], row.get("takeover_time")) for row in page["customer"]]
        cursor = page["next_cursor"]
        if not cursor:
            return rows


def happened(office: Any, *changes: str) -> list[tuple[str, dict[str, str]]]:
    return [(e.change_type, e.fields) for e in control.events(office.world) if e.change_type in changes]


@pytest.fixture
def pair(office: Any) -> tuple[str, str]:
    """A member with customers, and another."""
    giver, *_, taker = staff(office)
    return giver, taker


# -- a day


def test_a_customer_waits_a_day_and_then_has_the_new_member_alone(office: Any, pair: tuple[str, str]) -> None:
    giver, taker = pair
    (customer,) = fresh(office, giver, state="shop", remark="旧", description="note")
    tag = office.tag("English")
    control.edit_tags(office.world, [(giver, customer)], add=[tag])
    started = office.world.now()
    assert start(office, ONJOB, giver.upper(), taker, [customer]) == [0]
    ((id_, status, due),) = results(office, giver, taker)
    assert (id_, status) == (customer, 2)
    assert due == pytest.approx(started + DAY_S, abs=1)
    office.later(DAY_S - 60)
    assert list(sides(office, customer)) == [giver]
    office.later(5000)
    assert results(office, giver, taker) == [(customer, 1, due)]
    (side,) = sides(office, customer).values()
    assert (side.userid, side.createtime, side.add_way, side.state) == (taker, due, 202, "")
    assert (side.remark, side.description, side.remark_company, side.remark_mobiles) == ("", "", "", ())
    assert side.tag_ids == (tag,)
    shown = office.get("externalcontact/get", external_userid=customer)
    assert [(f["userid"], f["add_way"], "state" in f) for f in shown["follow_user"]] == [(taker, 202, False)]
    assert shown["follow_user"][0]["oper_userid"] not in ("", giver)
    (truth,) = control.transfers(office.world)
    assert (truth.kind, truth.status, truth.handover_userid, truth.takeover_userid) == ("onjob", 1, giver, taker)


def test_time_passes_with_calls_too(office: Any, pair: tuple[str, str]) -> None:
    (customer,) = fresh(office, pair[0])
    start(office, ONJOB, *pair, [customer])
    office.later(DAY_S - 0.002)
    assert [t.status for t in control.transfers(office.world)] == [2]
    assert results(office, *pair)[0][1] == 1


def test_what_follows_the_customer_can_be_read_the_other_way(office: Any, pair: tuple[str, str]) -> None:
    _giver, taker = pair
    relation = next(
        r
        for r in control.truth(office.world)
        if r.tag_ids
        and r.remark
        and r.description
        and r.remark_mobiles
        and r.userid != taker
        and taker not in sides(office, r.external_userid)
    )
    control.set_switch(office.world, "tags_follow", False)
    control.set_switch(office.world, "notes_follow", True)
    assert start(office, ONJOB, relation.userid, taker, [relation.external_userid]) == [0]
    office.later()
    side = sides(office, relation.external_userid)[taker]
    assert side.tag_ids == ()
    assert (side.remark, side.description) == (relation.remark, relation.description)
    assert (side.remark_company, side.remark_mobiles) == (relation.remark_company, relation.remark_mobiles)


@pytest.mark.parametrize("follow", [False, True])
def test_personal_tags_go_with_the_remarks(office: Any, pair: tuple[str, str], follow: bool) -> None:
    giver, taker = pair
    (customer,) = fresh(office, giver)
    with office.world.writing() as db:
        db.execute(
            'UPDATE relation SET personal = \'[["个人","老乡"]]\' WHERE contact ='
            " (SELECT id FROM contact WHERE external_userid = ?)",
            (customer,),
        )
    control.set_switch(office.world, "notes_follow", follow)
    start(office, ONJOB, giver, taker, [customer])
    office.later()
    (side,) = office.get("externalcontact/get", external_userid=customer)["follow_user"]
    assert [tag["tag_name"] for tag in side["tags"]] == (["老乡"] if follow else [])


def test_who_knew_the_customer_keeps_their_own_side_and_hears_nothing(office: Any, pair: tuple[str, str]) -> None:
    giver, taker = pair
    (customer,) = fresh(office, giver)
    control.add_relation(office.world, taker, customer, remark="meiner", state="mine")
    mine = sides(office, customer)[taker]
    before = len(happened(office, "add_external_contact"))
    control.delete_relation(office.world, taker, customer, by="customer")
    start(office, ONJOB, giver, taker, [customer])
    office.later()
    assert sides(office, customer) == {taker: mine}  # no longer one-way
    assert len(happened(office, "add_external_contact")) == before


def test_events_tell_of_a_success_of_a_refusal_and_of_a_return(office: Any, pair: tuple[str, str]) -> None:
    giver, taker = pair
    glad, sad = fresh(office, giver, 2)
    known = len(list(control.events(office.world)))
    control.customer_refuses(office.world, sad)
    start(office, ONJOB, giver, taker, [glad, sad])
    office.later()
    told = [(e.change_type, e.fields) for e in list(control.events(office.world))[known:]]
    assert told == [
        ("transfer_fail", {"UserID": taker, "ExternalUserID": sad, "FailReason": "customer_refused"}),
        ("add_external_contact", {"UserID": taker, "ExternalUserID": glad}),
        ("del_external_contact", {"UserID": giver, "ExternalUserID": glad, "Source": "DELETE_BY_TRANSFER"}),
    ]
    start(office, ONJOB, taker, giver, [glad])
    office.later()
    assert list(sides(office, glad)) == [giver]
    assert [e.change_type for e in list(control.events(office.world))[known + 3 :]] == ["del_external_contact"]


# -- what is refused


@pytest.mark.parametrize("path", [ONJOB, RESIGNED])
@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"handover_userid": None}, 41009),
        ({"takeover_userid": ""}, 41009),
        ({"external_userid": None}, 41035),
        ({"external_userid": []}, 40063),
        ({"external_userid": "wm"}, 40058),
        ({"external_userid": ["x"] * 101}, 40058),
        ({"external_userid": [""]}, 40058),
        ({"handover_userid": "nobody"}, 40003),
        ({"takeover_userid": "nobody"}, 40003),
    ],
)
def test_a_call_is_refused(office: Any, path: str, body: dict[str, Any], errcode: int) -> None:
    giver, taker = staff(office)[0], staff(office)[-1]
    ids = customers(office, giver)[:1]
    if path == RESIGNED:
        control.delete_member(office.world, giver)
    sent = {"handover_userid": giver, "takeover_userid": taker, "external_userid": ids, **body}
    assert office.ec(path, **sent)["errcode"] == errcode
    assert list(control.transfers(office.world)) == []


def test_only_on_the_job_a_message_is_sent_of_at_most_200_characters(office: Any, pair: tuple[str, str]) -> None:
    giver, taker = pair
    control.set_switch(office.world, "strict", True)
    one, other = fresh(office, giver, 2)
    assert refused(office, ONJOB, giver, taker, [one], transfer_success_msg="好" * 201) == 40058
    answer = office.ec(
        ONJOB, handover_userid=giver, takeover_userid=taker, external_userid=[one], transfer_success_msg="好" * 200
    )
    assert answer["customer"] == [{"external_userid": one, "errcode": 0}]
    control.delete_member(office.world, giver)
    assert refused(office, RESIGNED, giver, taker, [other], transfer_success_msg="x") == 40058  # an unknown field


def test_the_secrets_of_others_may_not_transfer(office: Any, pair: tuple[str, str]) -> None:
    giver, taker = pair
    body = {"handover_userid": giver, "takeover_userid": taker, "external_userid": customers(office, giver)[:1]}
    for app in ("directory", "archive", "other"):
        for path in (ONJOB, RESIGNED, "transfer_result", "resigned/transfer_result", "get_unassigned_list"):
            assert office.ec(path, app, **body)["errcode"] == 48002
    assert office.ec(ONJOB, "system", **body)["errcode"] == 0


def test_giver_and_taker_are_two(office: Any, pair: tuple[str, str]) -> None:
    giver, _ = pair
    assert refused(office, ONJOB, giver, giver.upper(), customers(office, giver)[:1]) == 40130


def test_every_customer_is_judged_alone(office: Any, pair: tuple[str, str]) -> None:
    giver, taker = pair
    one, other = fresh(office, giver, 2)
    (foreign,) = fresh(office, taker)
    sent = [one, "wmNobody", foreign, other, one]
    assert start(office, ONJOB, giver, taker, sent) == [0, 40096, 40131, 0, 40129]
    control.set_switch(office.world, "not_follower", 84061)
    control.set_switch(office.world, "in_flight", 40100)
    assert start(office, ONJOB, giver, taker, [foreign, one]) == [84061, 40100]


@pytest.mark.parametrize("scope", ["relation", "customer"])
def test_a_running_transfer_blocks_the_relation_or_the_customer(office: Any, pair: tuple[str, str], scope: str) -> None:
    giver, taker = pair
    second, third = staff(office)[1:3]
    (customer,) = fresh(office, giver)
    control.add_relation(office.world, second, customer)
    control.set_switch(office.world, "in_flight_of", scope)
    assert start(office, ONJOB, giver, taker, [customer]) == [0]
    assert start(office, ONJOB, giver, third, [customer]) == [40129]
    assert start(office, ONJOB, second, third, [customer]) == [0 if scope == "relation" else 40129]


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"status": 4}, 41054),
        ({"status": 2}, 41054),
        ({"status": 5}, 41054),
        ({"real_name": False}, 40098),
        ({"banned": True}, 40143),
        ({"last_login": 1_700_000_000}, 90510),
    ],
)
def test_who_is_not_fit_does_not_take_over(
    office: Any, pair: tuple[str, str], change: dict[str, Any], errcode: int
) -> None:
    giver, taker = pair
    control.set_member(office.world, taker, **change)
    ids = customers(office, giver)[:2]
    assert refused(office, ONJOB, giver, taker, ids) == errcode
    control.delete_member(office.world, giver)
    assert refused(office, RESIGNED, giver, taker, ids) == errcode


def test_who_has_no_customer_contact_neither_gives_nor_takes(office: Any, pair: tuple[str, str]) -> None:
    giver, taker = pair
    ids = customers(office, giver)[:1]
    control.set_customer_contact(office.world, taker, False)
    assert refused(office, ONJOB, giver, taker, ids) == 84074
    control.set_customer_contact(office.world, taker, True)
    control.set_customer_contact(office.world, giver, False)
    assert refused(office, ONJOB, giver, taker, ids) == 84074


def test_a_banned_or_long_absent_giver_gives_nothing(office: Any, pair: tuple[str, str]) -> None:
    giver, taker = pair
    ids = customers(office, giver)[:1]
    control.set_member(office.world, giver, banned=True)
    assert refused(office, ONJOB, giver, taker, ids) == 40143
    control.set_member(office.world, giver, banned=False, last_login=office.world.now() - 366 * DAY_S)
    assert refused(office, ONJOB, giver, taker, ids) == 90510
    control.set_switch(office.world, "long_absent", 41054)
    assert refused(office, ONJOB, giver, taker, ids) == 41054
    control.set_member(office.world, giver, last_login=office.world.now() - 364 * DAY_S)
    assert start(office, ONJOB, giver, taker, ids) == [0]


def test_a_taker_out_of_sight_is_refused_with_a_code_of_its_own(office: Any) -> None:
    control.set_visible_range(office.world, "contact", [3])
    sql = "SELECT userid FROM member WHERE status = 1 AND follows AND departments = ?"
    ((inside,), *_), ((outside,), *_) = (
        office.world.db.connection.execute(sql, (departments,)).fetchall() for departments in ("[3]", "[4]")
    )
    assert refused(office, ONJOB, inside, outside, ["wmX"]) == 60021
    assert refused(office, ONJOB, outside, inside, ["wmX"]) == 60011
    for errcode in (50002, 40003):
        control.set_switch(office.world, "taker_outside", errcode)
        assert refused(office, ONJOB, inside, outside, ["wmX"]) == errcode


@pytest.mark.parametrize("errcode", [40003, 60111])
def test_the_wrong_api_for_the_giver_is_refused(office: Any, pair: tuple[str, str], errcode: int) -> None:
    giver, taker = pair
    ids = customers(office, giver)[:1]
    control.set_switch(office.world, "transfer_unknown_userid", errcode)
    assert refused(office, RESIGNED, giver, taker, ids) == 40097
    control.delete_member(office.world, giver)
    assert refused(office, ONJOB, giver, taker, ids) == errcode
    assert start(office, RESIGNED, giver, taker, ids) == [0]
    control.delete_member(office.world, taker)
    assert refused(office, RESIGNED, giver, taker, ids) == errcode


# -- refusals and full members


def test_a_refused_customer_stays_with_a_working_member(office: Any, pair: tuple[str, str]) -> None:
    giver, taker = pair
    (customer,) = fresh(office, giver)
    before = sides(office, customer)
    control.customer_refuses(office.world, customer, after_s=7200)
    start(office, ONJOB, giver, taker, [customer])
    office.later(7100)
    assert results(office, giver, taker)[0][1] == 2
    office.later(200)
    assert results(office, giver, taker) == [(customer, 3, 0)]
    assert sides(office, customer) == before
    control.customer_refuses(office.world, customer, refuses=False)
    start(office, ONJOB, giver, taker, [customer])
    office.later()
    assert list(sides(office, customer)) == [taker]


def test_a_customer_may_refuse_while_the_transfer_runs(office: Any, pair: tuple[str, str]) -> None:
    giver, taker = pair
    soon, now = fresh(office, giver, 2)
    start(office, ONJOB, giver, taker, [soon, now])
    office.later(3600)
    control.customer_refuses(office.world, soon, after_s=7200)
    control.customer_refuses(office.world, now, after_s=60)
    assert {t.external_userid: t.status for t in control.transfers(office.world)} == {soon: 2, now: 3}
    office.later(3600)
    assert {row[:2] for row in results(office, giver, taker)} == {(soon, 3), (now, 3)}
    for wrong in ({"external_userid": "wmNobody"}, {"external_userid": soon, "after_s": DAY_S}):
        with pytest.raises(ValueError):
            control.customer_refuses(office.world, **wrong)


def test_a_share_of_the_customers_refuses_always_the_same_ones(office: Any, pair: tuple[str, str]) -> None:
    giver, taker = pair
    ids = fresh(office, giver, 300)
    control.refusal_share(office.world, 0.2, seed=5)
    for n in range(0, 300, 100):
        start(office, ONJOB, giver, taker, ids[n : n + 100])
    office.later()
    lost = {id_ for id_, status, _ in results(office, giver, taker) if status == 3}
    assert 35 <= len(lost) <= 85
    assert {t.external_userid for t in control.transfers(office.world) if t.refuses} == lost
    assert set(customers(office, giver)) & set(ids) == lost
    again = sorted(lost)[:100]
    start(office, ONJOB, giver, taker, again)
    control.refusal_share(office.world, 0)
    office.later()
    assert {row[1] for row in results(office, giver, taker) if row[0] in again} == {3}
    with pytest.raises(ValueError):
        control.refusal_share(office.world, 1.5)


def test_who_had_deleted_the_member_is_accepted_and_counts_as_refused_a_day_later(
    office: Any, pair: tuple[str, str]
) -> None:
    giver, taker = pair
    before, during, gone = fresh(office, giver, 3)
    control.delete_relation(office.world, giver, before, by="customer")
    assert start(office, ONJOB, giver, taker, [before, during, gone]) == [0, 0, 0]
    office.later(3600)
    control.delete_relation(office.world, giver, during, by="customer")
    control.delete_relation(office.world, giver, gone, by="member")
    assert {row[1] for row in results(office, giver, taker)} == {2}
    office.later()
    assert sorted(results(office, giver, taker)) == sorted((id_, 3, 0) for id_ in (before, during, gone))
    assert list(sides(office, before)) == [giver]


@pytest.mark.parametrize("lost", [True, False])
def test_a_leavers_customer_who_refuses_is_lost(office: Any, pair: tuple[str, str], lost: bool) -> None:
    giver, taker = pair
    refuser, stranger = fresh(office, giver, 2)
    control.delete_relation(office.world, giver, stranger, by="customer")
    control.customer_refuses(office.world, refuser)
    control.set_switch(office.world, "refused_leaver_lost", lost)
    control.delete_member(office.world, giver)
    known = len(happened(office, "del_follow_user"))
    assert start(office, RESIGNED, giver, taker, [refuser, stranger]) == [0, 0]
    office.later()
    rows = results(office, giver, taker, "resigned/transfer_result")
    assert sorted(rows) == sorted([(refuser, 3, 0), (stranger, 3, 0)])
    assert len(happened(office, "del_follow_user")) == known + (2 if lost else 0)
    control.customer_refuses(office.world, refuser, refuses=False)
    assert start(office, RESIGNED, giver, taker, [refuser]) == [40131 if lost else 0]


@pytest.mark.parametrize("reading", ["item", "call", "later", "extends"])
def test_a_taker_at_the_cap(office: Any, pair: tuple[str, str], reading: str) -> None:
    giver, taker = pair
    one, known = fresh(office, giver, 2)
    control.add_relation(office.world, taker, known)
    control.set_limits(office.world, customers=len(customers(office, taker)))
    control.set_switch(office.world, "taker_full", reading)
    if reading == "call":
        assert refused(office, ONJOB, giver, taker, [one, known]) == 40099
        return
    assert start(office, ONJOB, giver, taker, [one, known]) == [40099 if reading == "item" else 0, 0]
    office.later()
    found = {row[0]: row[1] for row in results(office, giver, taker)}
    assert found == {known: 1} | ({} if reading == "item" else {one: 4 if reading == "later" else 1})
    assert set(sides(office, one)) == {taker if reading == "extends" else giver}


@pytest.mark.parametrize(("reading", "time"), [("zero", 0), ("moment", DAY_S), ("absent", None)])
def test_the_cap_is_reached_while_customers_wait(
    office: Any, pair: tuple[str, str], reading: str, time: int | None
) -> None:
    giver, taker = pair
    ids = fresh(office, giver, 4)
    control.set_limits(office.world, customers=len(customers(office, taker)) + 3)
    control.set_switch(office.world, "full_takeover_time", reading)
    begun = office.world.now()
    assert start(office, ONJOB, giver, taker, ids) == [0] * 4
    control.add_relation(office.world, taker)
    office.later()
    rows = {id_: (status, at) for id_, status, at in results(office, giver, taker)}
    assert [rows[id_][0] for id_ in ids] == [1, 1, 4, 4]
    when = rows[ids[3]][1]
    assert when == (int(begun) + DAY_S if time else time)
    fails = [fields for _, fields in happened(office, "transfer_fail")]
    assert [f["FailReason"] for f in fails] == ["customer_limit_exceed"] * 2
    assert [f["ExternalUserID"] for f in fails] == ids[2:]
    assert set(sides(office, ids[3])) == {giver}
    second = staff(office)[-2]
    assert start(office, ONJOB, giver, second, ids[2:]) == [0, 0]


def test_a_full_member_who_gives_has_room_again(office: Any) -> None:
    busy, *_, quiet = staff(office)
    first, third = fresh(office, quiet, 2)
    (second,) = fresh(office, busy)
    control.set_switch(office.world, "taker_full", "later")
    control.set_limits(office.world, customers=len(customers(office, busy)))
    for giver, taker, customer in ((quiet, busy, first), (busy, quiet, second), (quiet, busy, third)):
        assert start(office, ONJOB, giver, taker, [customer]) == [0]
    office.later()
    assert [t.status for t in control.transfers(office.world)] == [4, 1, 1]


# -- twice in 90 days


def move(office: Any, customer: str, giver: str, taker: str) -> int:
    (errcode,) = start(office, ONJOB, giver, taker, [customer])
    office.later()
    return errcode


def test_a_third_move_in_90_natural_days_is_one_too_many(office: Any) -> None:
    a, b, c, d = staff(office)[:4]
    (customer,) = fresh(office, a)
    first_day = int(office.world.now())  # nine in the morning
    assert move(office, customer, a, b) == 0
    office.later(30 * DAY_S)
    assert move(office, customer, b, c) == 0
    assert start(office, ONJOB, c, d, [customer]) == [40128]
    office.later(first_day + 89 * DAY_S - office.world.now() + 14 * 3600)
    assert start(office, ONJOB, c, d, [customer]) == [40128]  # the last hour of the 90th day
    office.later(3600)
    assert start(office, ONJOB, c, d, [customer]) == [0]


@pytest.mark.parametrize("counts", [True, False])
def test_whether_refused_moves_count(office: Any, pair: tuple[str, str], counts: bool) -> None:
    giver, taker = pair
    (customer,) = fresh(office, giver)
    control.set_switch(office.world, "refused_counts", counts)
    control.customer_refuses(office.world, customer)
    assert [move(office, customer, giver, taker) for _ in range(3)] == [0, 0, 40128 if counts else 0]


@pytest.mark.parametrize("counts", [False, True])
def test_whether_resigned_moves_count(office: Any, counts: bool) -> None:
    a, b, c, d = staff(office)[:4]
    (customer,) = fresh(office, a)
    control.set_switch(office.world, "resigned_counts", counts)
    assert move(office, customer, a, b) == 0
    control.delete_member(office.world, b)
    assert start(office, RESIGNED, b, c, [customer]) == [0]
    office.later()
    assert start(office, ONJOB, c, d, [customer]) == [40128 if counts else 0]
    control.delete_member(office.world, c)
    assert start(office, RESIGNED, c, d, [customer]) == [40128 if counts else 40129]


# -- results


def test_results_come_by_the_thousand_and_belong_to_a_pair_and_a_kind(office: Any, pair: tuple[str, str]) -> None:
    giver, taker = pair
    ids = fresh(office, giver, 1100)
    for n in range(0, 1100, 100):
        start(office, ONJOB, giver, taker, ids[n : n + 100])
    page = office.ec("transfer_result", handover_userid=giver, takeover_userid=taker)
    assert len(page["customer"]) == 1000
    assert {id_ for id_, _, _ in results(office, giver, taker)} == set(ids)
    cursor = page["next_cursor"]
    assert office.ec("transfer_result", handover_userid=taker, takeover_userid=giver, cursor=cursor)["errcode"] == 50100
    assert results(office, taker, giver) == []
    assert results(office, giver, taker, "resigned/transfer_result") == []
    for body, errcode in (({"handover_userid": "nobody"}, 40003), ({"takeover_userid": None}, 41009)):
        sent = {"handover_userid": giver, "takeover_userid": taker, **body}
        assert office.ec("transfer_result", **sent)["errcode"] == errcode


@pytest.mark.parametrize(
    ("reading", "statuses"), [("newest_first", [2, 3]), ("newest_last", [3, 2]), ("newest_only", [2])]
)
def test_a_second_attempt_makes_a_second_row(
    office: Any, pair: tuple[str, str], reading: str, statuses: list[int]
) -> None:
    giver, taker = pair
    (customer,) = fresh(office, giver)
    control.set_switch(office.world, "result_attempts", reading)
    control.customer_refuses(office.world, customer)
    assert move(office, customer, giver, taker) == 0
    start(office, ONJOB, giver, taker, [customer])
    assert [status for _, status, _ in results(office, giver, taker)] == statuses
    office.later()
    control.delete_member(office.world, giver)
    start(office, RESIGNED, giver, taker, [customer])
    assert [status for _, status, _ in results(office, giver, taker)] == [3] * len(statuses)


@pytest.mark.parametrize("reading", ["late", "empty", "status5"])
@pytest.mark.parametrize("path", [ONJOB, RESIGNED])
def test_results_may_lag_behind(office: Any, pair: tuple[str, str], reading: str, path: str) -> None:
    giver, taker = pair
    ids = fresh(office, giver, 100)
    if path == RESIGNED:
        control.delete_member(office.world, giver)
    control.set_switch(office.world, "result_lag", reading)
    start(office, path, giver, taker, ids)
    asked = path.replace("customer", "result")

    def statuses() -> list[int]:
        return [status for _, status, _ in results(office, giver, taker, asked)]

    office.later(120)
    early = statuses()
    if reading == "empty":
        assert early == []
    elif reading == "status5" and path == ONJOB:
        assert len(early) == 100
        assert set(early) == {2, 5}
    else:
        assert 0 < len(early) < 100
        assert set(early) == {2}
    office.later(480)
    assert statuses() == [2] * 100


@pytest.mark.parametrize("shown", [True, False])
def test_results_of_who_has_left_since(office: Any, pair: tuple[str, str], shown: bool) -> None:
    giver, taker = pair
    (customer,) = fresh(office, giver)
    start(office, ONJOB, giver, taker, [customer])
    office.later()
    control.delete_member(office.world, giver)
    control.set_switch(office.world, "result_of_departed", shown)
    answer = office.ec("transfer_result", handover_userid=giver, takeover_userid=taker)
    assert answer["errcode"] == (0 if shown else 40003)


def test_ten_thousand_customers_move_in_calls_of_a_hundred(office: Any, pair: tuple[str, str]) -> None:
    giver, taker = pair
    control.set_limits(office.world, customers=20_000)
    with office.world.writing() as db:
        member = db.execute("SELECT id FROM member WHERE userid = ?", (giver,)).fetchone()[0]
        (last,) = db.execute("SELECT max(id) FROM contact").fetchone()
        side = '{"userid":"%s","remark":"","description":"","createtime":1,"remark_mobiles":[],"add_way":1}'
        ids = [f"wmBulk{n:05}" for n in range(10_000)]
        rows = [(last + 1 + n, id_, f'{{"external_userid":"{id_}","name":"x","type":1}}') for n, id_ in enumerate(ids)]
        db.executemany("INSERT INTO contact VALUES (?, ?, ?)", rows)
        relations = [(member, row[0], side % giver) for row in rows]
        db.executemany("INSERT INTO relation VALUES (?, ?, ?, '[]', '[]', '[]', 0)", relations)
    for n in range(0, len(ids), 100):
        assert set(start(office, ONJOB, giver, taker, ids[n : n + 100])) == {0}
    office.later()
    assert len(results(office, giver, taker)) == 10_000
    assert set(customers(office, taker)) >= set(ids)
    assert not set(customers(office, giver)) & set(ids)


def test_outcomes_are_set_and_read_over_http_too(office: Any, pair: tuple[str, str]) -> None:
    giver, taker = pair
    one, other = fresh(office, giver, 2)

    def operate(operation: str, **body: Any) -> Any:
        return office.http.post(f"/_sandbox/{operation}", json=body).json()

    assert operate("set_member", userid=taker, real_name=False)["ok"]
    assert refused(office, ONJOB, giver, taker, [one]) == 40098
    assert operate("set_member", userid=taker, real_name=True)["ok"]
    assert operate("customer_refuses", external_userid=one)["ok"]
    assert not operate("customer_refuses", external_userid="wmNobody")["ok"]
    start(office, ONJOB, giver, taker, [one, other])
    office.later()
    found = operate("transfers")["result"]
    assert [(t["external_userid"], t["status"]) for t in found] == [(one, 3), (other, 1)]
    assert operate("events")["result"][-1]["fields"]["Source"] == "DELETE_BY_TRANSFER"
    assert operate("delete_member", userid=giver)["ok"]
    assert operate("restore_member", userid=giver)["ok"]
    assert operate("group_moves")["result"] == operate("notices")["result"] == []


def test_one_customer_who_can_not_move_may_fail_the_whole_call(office: Any, pair: tuple[str, str]) -> None:
    giver, taker = pair
    (good,) = fresh(office, giver)
    (other,) = fresh(office, taker)
    control.set_switch(office.world, "one_refused", "call")
    assert refused(office, ONJOB, giver, taker, [good, other]) == 40131
    assert list(control.transfers(office.world)) == []
    assert start(office, ONJOB, giver, taker, [good]) == [0]


def test_a_deletion_may_be_known_to_transfers_only_later(office: Any, pair: tuple[str, str]) -> None:
    giver, taker = pair
    (customer,) = fresh(office, giver)
    control.set_switch(office.world, "leaving_takes_s", 60)
    control.delete_member(office.world, giver)
    assert office.ec("get_unassigned_list")["info"] == []
    assert refused(office, RESIGNED, giver, taker, [customer]) == 40097
    office.later(60)
    assert customer in {row["external_userid"] for row in office.ec("get_unassigned_list")["info"]}
    assert start(office, RESIGNED, giver, taker, [customer]) == [0]
