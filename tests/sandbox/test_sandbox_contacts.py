"""Members, customers, remarks."""

import json
from typing import Any

import pytest

from wecrm.sandbox import control


def everything(office: Any, userids: list[str], limit: int = 100, app: str = "contact") -> list[dict[str, Any]]:
    found, cursor = [], ""
    while True:
        page = office.ec("batch/get_by_user", app, userid_list=userids, limit=limit, cursor=cursor)
        assert page["errcode"] == 0
        found += page["external_contact_list"]
        cursor = page.get("next_cursor", "")
        if not cursor:
            return found


def idle(office: Any) -> str:
    """A member with customer contact and without customers."""
    busy = {r.userid for r in control.truth(office.world)}
    users = office.get("externalcontact/get_follow_user_list")["follow_user"]
    return str(next(u for u in users if u not in busy))


def test_a_member_without_customers_answers_84061(office: Any) -> None:
    assert office.get("externalcontact/list", userid=idle(office))["errcode"] == 84061


def test_list_answers_every_customer_of_a_member(office: Any) -> None:
    userid = office.relation().userid
    want = {r.external_userid for r in control.truth(office.world) if r.userid == userid}
    got = office.get("externalcontact/list", userid=userid.upper())["external_userid"]
    assert set(got) == want
    assert len(got) == len(want)


def test_batch_answers_every_relation_once_as_it_is(office: Any) -> None:
    users = office.get("externalcontact/get_follow_user_list")["follow_user"]
    got = everything(office, users, limit=7)
    want = {
        (r.userid, r.external_userid): (r.remark, r.description, r.name, r.tag_ids, r.createtime)
        for r in control.truth(office.world)
    }
    seen = {
        (i["follow_info"]["userid"], i["external_contact"]["external_userid"]): (
            i["follow_info"]["remark"],
            i["follow_info"]["description"],
            i["external_contact"]["name"],
            tuple(sorted(i["follow_info"]["tag_id"])),
            i["follow_info"]["createtime"],
        )
        for i in got
    }
    assert len(got) == len(want) == 600
    assert seen == want


def test_batch_has_fifty_by_default_and_a_hundred_at_most(office: Any) -> None:
    users = office.get("externalcontact/get_follow_user_list")["follow_user"]
    assert len(office.ec("batch/get_by_user", userid_list=users)["external_contact_list"]) == 50
    assert len(office.ec("batch/get_by_user", userid_list=users, limit=5000)["external_contact_list"]) == 100


def test_members_without_customers_contribute_nothing_to_a_batch(office: Any) -> None:
    userid = office.relation().userid
    assert everything(office, [idle(office), userid]) == everything(office, [userid])
    assert office.ec("batch/get_by_user", userid_list=[idle(office)])["external_contact_list"] == []
    control.set_switch(office.world, "batch_empty", 84061)
    assert office.ec("batch/get_by_user", userid_list=[idle(office)])["errcode"] == 84061


def test_a_cursor_belongs_to_its_members_and_its_limit(office: Any) -> None:
    users = office.get("externalcontact/get_follow_user_list")["follow_user"]
    cursor = office.ec("batch/get_by_user", userid_list=users, limit=10)["next_cursor"]
    for change in ({"userid_list": users[1:]}, {"limit": 11}, {"cursor": cursor[:-2] + "AA"}, {"cursor": "x"}):
        body = {"userid_list": users, "limit": 10, "cursor": cursor, **change}
        assert office.ec("batch/get_by_user", **body)["errcode"] == 50100
    assert office.ec("batch/get_by_user", userid_list=users, limit=10, cursor=cursor)["errcode"] == 0


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({}, 40063),
        ({"userid_list": []}, 40063),
        ({"userid_list": "a"}, 40058),
        ({"userid_list": [1]}, 40058),
        ({"userid_list": [""]}, 40058),
        ({"userid_list": ["a"] * 101}, 40058),
        ({"userid_list": ["nobody"]}, 60111),
        ({"userid_list": ["nobody"], "limit": "5"}, 40058),
        ({"userid_list": ["nobody"], "limit": 0}, 40058),
        ({"userid_list": ["nobody"], "limit": True}, 40058),
        ({"userid_list": ["nobody"], "cursor": 5}, 40058),
    ],
)
def test_batch_refuses_what_is_ill_formed(office: Any, body: dict[str, Any], errcode: int) -> None:
    assert office.ec("batch/get_by_user", **body)["errcode"] == errcode


def test_pages_may_be_short_even_empty_and_still_lose_nothing(office: Any) -> None:
    users = office.get("externalcontact/get_follow_user_list")["follow_user"]
    want = everything(office, users)
    control.set_switch(office.world, "short_pages", True)
    control.set_switch(office.world, "last_cursor", "absent")
    sizes, found, cursor = [], [], ""
    while True:
        page = office.ec("batch/get_by_user", userid_list=users, limit=100, cursor=cursor)
        sizes.append(len(page["external_contact_list"]))
        found += page["external_contact_list"]
        if "next_cursor" not in page:
            break
        cursor = page["next_cursor"]
    assert found == want
    assert 0 in sizes
    assert max(sizes) <= 100


def test_a_late_page_costs_no_more_than_the_first(office: Any) -> None:
    users = office.get("externalcontact/get_follow_user_list")["follow_user"]
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    office.world.db.connection.set_progress_handler(step, 10)
    costs, cursor = [], ""
    while True:
        steps = 0
        page = office.ec("batch/get_by_user", userid_list=users, limit=20, cursor=cursor)
        if len(page["external_contact_list"]) == 20:
            costs.append(steps)
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert len(costs) >= 29
    assert max(costs) < 2 * min(costs)


def test_get_tells_corp_tags_from_personal_ones(office: Any) -> None:
    seen: dict[int, dict[str, Any]] = {}
    for relation in control.truth(office.world):
        answer = office.get("externalcontact/get", external_userid=relation.external_userid)
        assert "next_cursor" not in answer
        for follower in answer["follow_user"]:
            for tag in follower["tags"]:
                seen.setdefault(tag["type"], tag)
        if {1, 2} <= seen.keys():
            break
    assert set(seen) == {1, 2}
    assert seen[1].keys() == {"group_name", "tag_name", "tag_id", "type"}
    assert seen[2].keys() == {"group_name", "tag_name", "type"}


def test_strategy_tags_are_for_the_system_app_alone(office: Any) -> None:
    users = office.get("externalcontact/get_follow_user_list")["follow_user"]
    ours = [t for i in everything(office, users) for t in i["follow_info"]["tag_id"]]
    theirs = [t for i in everything(office, users, app="system") for t in i["follow_info"]["tag_id"]]
    assert all(tag.startswith("et") for tag in ours)
    assert any(tag.startswith("st") for tag in theirs)
    assert len([tag for tag in theirs if tag.startswith("et")]) == len(ours)


def test_get_pages_by_five_hundred_followers(world: Any, office: Any) -> None:
    office.token()
    with world.writing() as db:
        db.executemany(
            "INSERT INTO member VALUES (?, ?, 'x', 1, 1, '[1]', '{\"order\":[0]}', NULL)",
            [(n, f"crowd{n}") for n in range(1000, 1700)],
        )
        world.changed()
    customer = control.add_relation(world, "crowd1000")
    for n in range(1001, 1700):
        control.add_relation(world, f"crowd{n}", customer)
    first = office.get("externalcontact/get", external_userid=customer)
    assert len(first["follow_user"]) == 500
    second = office.get("externalcontact/get", external_userid=customer, cursor=first["next_cursor"])
    assert len(second["follow_user"]) == 200
    assert "next_cursor" not in second
    assert second["external_contact"] == first["external_contact"]
    control.set_switch(world, "repeat_contact", False)
    again = office.get("externalcontact/get", external_userid=customer, cursor=first["next_cursor"])
    assert "external_contact" not in again
    other = office.relation().external_userid
    wrong = office.get("externalcontact/get", external_userid=other, cursor=first["next_cursor"])
    assert wrong["errcode"] == 50100


def test_an_id_nobody_has_is_40096_and_a_customer_nobody_follows_84061(office: Any) -> None:
    assert office.get("externalcontact/get", external_userid="wmNobody")["errcode"] == 40096
    assert office.get("externalcontact/get")["errcode"] == 41035
    customer = control.add_relation(office.world, office.relation().userid)
    control.delete_relation(office.world, office.relation().userid, customer)
    assert office.get("externalcontact/get", external_userid=customer)["errcode"] == 84061


def test_a_visible_range_filters_lists_and_refuses_outsiders(office: Any) -> None:
    world = office.world
    all_users = office.get("externalcontact/get_follow_user_list")["follow_user"]
    control.set_visible_range(world, "contact", [6])
    users = office.get("externalcontact/get_follow_user_list")["follow_user"]
    assert 0 < len(users) < len(all_users)
    outside = next(u for u in all_users if u not in users)
    assert office.get("externalcontact/list", userid=outside)["errcode"] == 60011
    assert office.ec("batch/get_by_user", userid_list=[users[0], outside])["errcode"] == 60011
    control.set_switch(world, "outside_userid", 60111)
    assert office.get("user/get", userid=outside)["errcode"] == 60111
    shown = office.get("department/simplelist")["department_id"]
    assert {d["id"] for d in shown} == {6, 7, 8, 9, 10, 11, 12}
    assert office.get("department/get", id=2)["errcode"] == 60011
    relation = next(r for r in control.truth(world) if r.userid == outside)
    answer = office.get("externalcontact/get", external_userid=relation.external_userid)
    assert answer["errcode"] == 84061 or outside not in [f["userid"] for f in answer["follow_user"]]
    control.set_visible_range(world, "contact", None)
    assert office.get("externalcontact/get_follow_user_list")["follow_user"] == all_users


def test_deleted_relations_vanish_and_one_way_friends_stay(office: Any) -> None:
    world, relation = office.world, office.relation()
    who = {"userid": relation.userid, "external_userid": relation.external_userid}
    control.delete_relation(world, **who, by="customer")
    assert office.ec("remark", **who, remark="一")["errcode"] == 0
    assert relation.external_userid in office.get("externalcontact/list", userid=relation.userid)["external_userid"]
    control.set_switch(world, "one_way_listed", False)
    listed = office.get("externalcontact/list", userid=relation.userid)["external_userid"]
    assert relation.external_userid not in listed
    assert len(everything(office, [relation.userid])) == len(listed)
    control.delete_relation(world, **who, by="member")
    assert office.ec("remark", **who, remark="二")["errcode"] == 84061


@pytest.mark.parametrize("returning", ["new", "first"])
def test_a_customer_who_comes_back_begins_anew_or_goes_on(office: Any, returning: str) -> None:
    world, first = office.world, next(r for r in control.truth(office.world) if r.state)
    who = {"userid": first.userid, "external_userid": first.external_userid}
    control.set_switch(world, "returning", returning)
    for n in range(2):
        control.delete_relation(world, **who)
        office.later()
        now = int(world.now())
        control.add_relation(world, **who, state=f"again{n}", add_way=3)
        (follow,) = [
            item["follow_info"]
            for item in everything(office, [first.userid])
            if item["external_contact"]["external_userid"] == first.external_userid
        ]
        begun = follow["createtime"], follow["add_way"], follow["state"]
        assert begun == (
            (now, 3, f"again{n}") if returning == "new" else (first.createtime, first.add_way, first.state)
        )


def test_nobody_may_be_told_the_gender_of_a_customer(office: Any) -> None:
    def told() -> set[int]:
        listed = everything(office, [office.relation().userid])
        single = office.get("externalcontact/get", external_userid=listed[0]["external_contact"]["external_userid"])
        assert single["external_contact"]["gender"] == listed[0]["external_contact"]["gender"]
        return {item["external_contact"]["gender"] for item in listed}

    assert told() == {0, 1, 2}
    control.set_switch(office.world, "gender_told", False)
    assert told() == {0}


def test_a_member_who_left_is_unknown_and_their_groups_wait(office: Any) -> None:
    owner = office.ec("groupchat/get", chat_id=office.ec("groupchat/list", limit=1)["group_chat_list"][0]["chat_id"])
    userid = owner["group_chat"]["owner"]
    control.delete_member(office.world, userid)
    assert office.get("user/get", userid=userid)["errcode"] == 60111
    assert office.get("externalcontact/list", userid=userid)["errcode"] == 60111
    assert userid not in office.get("externalcontact/get_follow_user_list")["follow_user"]
    waiting = office.ec("groupchat/list", limit=100, status_filter=1)["group_chat_list"]
    assert waiting
    assert {chat["status"] for chat in waiting} == {1}


def test_get_shows_only_followers_who_are_there_and_have_customer_contact(office: Any) -> None:
    world = office.world
    one, two, three = office.get("externalcontact/get_follow_user_list")["follow_user"][:3]
    customer = control.add_relation(world, one)
    control.add_relation(world, two, customer)
    control.add_relation(world, three, customer)

    def followers() -> list[str]:
        answer = office.get("externalcontact/get", external_userid=customer)
        return [f["userid"] for f in answer["follow_user"]]

    assert followers() == [one, two, three]
    control.delete_member(world, one)
    assert followers() == [two, three]
    control.set_customer_contact(world, two, False)
    assert followers() == [three]
    assert two not in office.get("externalcontact/get_follow_user_list")["follow_user"]
    assert office.get("externalcontact/list", userid=two)["errcode"] == 84061
    assert everything(office, [two]) == []


def test_an_app_sees_only_those_departments_of_a_member_that_lie_in_its_range(office: Any) -> None:
    rows = office.post("user/list_id", "directory", limit=10000)["dept_user"]
    userid, home = next(
        (r["userid"], r["department"])
        for r in rows
        if r["department"] == 13 and any(other["userid"] == r["userid"] and other["department"] != 13 for other in rows)
    )
    assert len(office.get("user/get", userid=userid)["department"]) == 2
    own = [row["department"] for row in rows if row["userid"] == userid]
    leads = json.dumps([int(department != home) for department in own])
    with office.world.writing() as db:
        sql = "UPDATE member SET detail = json_set(detail, '$.order', json(?), '$.is_leader_in_dept', json(?))"
        db.execute(f"{sql} WHERE userid = ?", (json.dumps(own), leads, userid))
    control.set_visible_range(office.world, "contact", [home])
    seen = office.get("user/get", userid=userid)
    assert (seen["department"], seen["order"], seen["is_leader_in_dept"]) == ([home], [home], [0])
    (listed,) = [one for one in office.get("user/list", department_id=home)["userlist"] if one["userid"] == userid]
    assert (listed["department"], listed["order"], listed["is_leader_in_dept"]) == ([home], [home], [0])


def test_remark_changes_what_is_named_and_leaves_the_rest(office: Any) -> None:
    relation = next(r for r in control.truth(office.world) if r.external_userid.startswith("wm") and r.tag_ids)
    who = {"userid": relation.userid, "external_userid": relation.external_userid}
    assert office.ec("remark", **who, remark="张三", remark_company="晨光")["errcode"] == 0
    now = office.read(relation)
    assert (now.remark, now.remark_company) == ("张三", "晨光")
    assert (now.description, now.tag_ids, now.remark_mobiles) == (
        relation.description,
        relation.tag_ids,
        relation.remark_mobiles,
    )
    got = next(
        i["follow_info"]
        for i in everything(office, [relation.userid])
        if i["external_contact"]["external_userid"] == relation.external_userid
    )
    assert got["remark_corp_name"] == "晨光"
    assert "remark_company" not in got


def test_remark_company_has_no_effect_on_wecom_users(office: Any) -> None:
    relation = next(r for r in control.truth(office.world) if r.external_userid.startswith("wo"))
    who = {"userid": relation.userid, "external_userid": relation.external_userid}
    assert office.ec("remark", **who, remark_company="晨光", remark="a")["errcode"] == 0
    assert office.read(relation).remark_company == ""
    assert office.read(relation).remark == "a"


def test_remark_mobiles_replace_and_one_empty_string_clears(office: Any) -> None:
    relation = office.relation()
    who = {"userid": relation.userid, "external_userid": relation.external_userid}
    office.ec("remark", **who, remark_mobiles=["13800000001", "13800000002"])
    assert office.read(relation).remark_mobiles == ("13800000001", "13800000002")
    assert office.ec("remark", **who, remark_mobiles=[])["errcode"] == 0
    assert len(office.read(relation).remark_mobiles) == 2
    office.ec("remark", **who, remark_mobiles=[""])
    assert office.read(relation).remark_mobiles == ()
    office.ec("remark", **who, remark_mobiles=["13800000001"])
    control.set_switch(office.world, "empty_mobiles_clear", True)
    office.ec("remark", **who, remark_mobiles=[])
    assert office.read(relation).remark_mobiles == ()


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({}, 40063),
        ({"remark": "字" * 20}, 0),
        ({"remark": "字" * 21}, 40058),
        ({"description": "d" * 151}, 40058),
        ({"remark_company": "c" * 21}, 40058),
        ({"remark": 5}, 40058),
        ({"remark_mobiles": "13800000000"}, 40058),
        ({"remark_mobiles": [13800000000]}, 40058),
        ({"remark": ""}, 0),
        ({"remark_pic_mediaid": "m"}, 0),
    ],
)
def test_remark_has_limits(office: Any, body: dict[str, Any], errcode: int) -> None:
    relation = office.relation()
    answer = office.ec("remark", userid=relation.userid, external_userid=relation.external_userid, **body)
    assert answer["errcode"] == errcode
    assert office.last().applied is (errcode == 0)


def test_remark_wants_its_two_ids(office: Any) -> None:
    relation = office.relation()
    assert office.ec("remark", external_userid=relation.external_userid, remark="a")["errcode"] == 41009
    assert office.ec("remark", userid=relation.userid, remark="a")["errcode"] == 41035
    assert office.ec("remark", userid=relation.userid, external_userid="wmX", remark="a")["errcode"] == 40096
    users = [r.userid for r in control.truth(office.world) if r.external_userid == relation.external_userid]
    stranger = next(r.userid for r in control.truth(office.world) if r.userid not in users)
    answer = office.ec("remark", userid=stranger, external_userid=relation.external_userid, remark="a")
    assert answer["errcode"] == 84061


def test_hostile_names_arrive_unchanged(office: Any) -> None:
    users = office.get("externalcontact/get_follow_user_list")["follow_user"]
    name = "\x1b[31m=1+1\t[bold]\u202e\n"
    control.add_relation(office.world, users[0], name=name)
    assert name in [i["external_contact"]["name"] for i in everything(office, users)]
    control.set_switch(office.world, "raw_controls", True)
    body = {"userid_list": users[:1], "limit": 100}
    assert b"\x1b[31m" in office.raw("externalcontact/batch/get_by_user", json=body).content


def test_members_are_shown_with_fewer_fields_unless_the_app_is_old(office: Any) -> None:
    userid = office.relation().userid
    reduced = office.get("user/get", userid=userid.title())
    assert reduced["userid"] == userid
    assert not {"mobile", "email", "avatar", "gender"} & reduced.keys()
    control.set_switch(office.world, "member_fields", "full")
    assert {"mobile", "email", "avatar", "gender"} <= office.get("user/get", userid=userid).keys()


def test_contacts_sync_reads_ids_and_no_details_from_a_new_address(office: Any) -> None:
    for path, query in (
        ("department/list", {}),
        ("department/get", {"id": 1}),
        ("user/get", {"userid": "x"}),
        ("user/list", {"department_id": 1}),
        ("user/simplelist", {"department_id": 1}),
    ):
        assert office.get(path, "directory", **query)["errcode"] == 48009
    assert len(office.get("department/simplelist", "directory")["department_id"]) == 17
    control.set_switch(office.world, "contacts_sync_new_ip", False)
    assert "mobile" in office.get("user/get", "directory", userid=office.relation().userid)


def test_departments_are_listed_below_an_id(office: Any) -> None:
    assert [d["id"] for d in office.get("department/list", id=6)["department"]] == [6, 7, 8, 9, 10, 11, 12]
    assert office.get("department/list", id=99)["errcode"] == 60003
    assert office.get("department/list", id="x")["errcode"] == 40058
    assert office.get("department/get")["errcode"] == 60123
    one = office.get("department/get", id=8)["department"]
    assert (one["name"], one["parentid"]) == ("上海门店", 7)


def test_members_of_a_department_with_and_without_those_below(office: Any) -> None:
    own = office.get("user/simplelist", department_id=1)["userlist"]
    below = office.get("user/simplelist", department_id=1, fetch_child=1)["userlist"]
    assert len(below) == 60
    assert len(own) < 60
    assert set(below[0]) == {"userid", "name", "department"}
    assert office.get("user/list", department_id=3)["userlist"][0]["status"] in (1, 2, 4)


@pytest.mark.parametrize("limit", [1, 7, 10000])
def test_list_id_has_one_row_per_member_and_department(office: Any, limit: int) -> None:
    rows, cursor = [], ""
    while True:
        page = office.post("user/list_id", "directory", limit=limit, cursor=cursor)
        rows += [(row["userid"], row["department"]) for row in page["dept_user"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert len(rows) == len(set(rows)) > 60
    assert len({userid for userid, _ in rows}) == 60
    assert office.post("user/list_id", "directory", limit=10, cursor="zz")["errcode"] == 50100
