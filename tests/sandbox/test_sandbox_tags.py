"""The tag library and marking."""

from typing import Any

import pytest

from wecrm.sandbox import control


def test_the_library_leaves_deleted_and_strategy_tags_out(office: Any) -> None:
    groups = office.ec("get_corp_tag_list")["tag_group"]
    assert [g["group_name"] for g in groups][:2] == ["客户等级", "意向"]
    assert all("deleted" not in g and "deleted" not in g["tag"][0] for g in groups)
    assert all(g["group_id"].startswith("et") for g in groups)
    names = [t["name"] for g in groups for t in g["tag"]]
    assert names.count("其他") == 2


def test_a_larger_order_stands_first(office: Any) -> None:
    group = office.ec("get_corp_tag_list")["tag_group"][0]
    last = group["tag"][-1]
    assert office.ec("edit_corp_tag", id=last["id"], order=2**32 - 1)["errcode"] == 0
    assert office.ec("get_corp_tag_list")["tag_group"][0]["tag"][0]["id"] == last["id"]
    assert office.ec("edit_corp_tag", id=last["id"], order=2**32)["errcode"] == 40058


def test_asking_by_group_ignores_tag_ids(office: Any) -> None:
    one, two = office.ec("get_corp_tag_list")["tag_group"][:2]
    by_tag = office.ec("get_corp_tag_list", tag_id=[one["tag"][1]["id"]])["tag_group"]
    assert [t["id"] for t in by_tag[0]["tag"]] == [one["tag"][1]["id"]]
    assert by_tag[0]["deleted"] is False
    assert by_tag[0]["tag"][0]["deleted"] is False
    both = office.ec("get_corp_tag_list", tag_id=[one["tag"][1]["id"]], group_id=[two["group_id"]])["tag_group"]
    assert [g["group_id"] for g in both] == [two["group_id"]]
    assert "deleted" not in both[0]
    assert both[0]["tag"][0]["deleted"] is False


def test_a_deleted_tag_is_answered_by_id_as_deleted_and_an_unknown_one_refused(office: Any) -> None:
    tag = office.tag("高意向")
    assert office.ec("del_corp_tag", tag_id=[tag])["errcode"] == 0
    answer = office.ec("get_corp_tag_list", tag_id=[tag])["tag_group"]
    assert answer[0]["tag"][0]["deleted"] is True
    assert office.ec("get_corp_tag_list", tag_id=["etNone"])["errcode"] == 40068
    assert office.ec("get_corp_tag_list", group_id=["etNone"])["errcode"] == 40068
    group = office.group("意向")
    assert len(office.ec("get_corp_tag_list", group_id=[group])["tag_group"][0]["tag"]) == 4
    control.set_switch(office.world, "group_shows_deleted", True)
    assert len(office.ec("get_corp_tag_list", group_id=[group])["tag_group"][0]["tag"]) == 5


def test_adding_answers_an_object_and_listing_an_array(office: Any) -> None:
    wanted = [{"name": "甲", "order": 3}, {"name": "乙"}, {"name": "甲"}]
    made = office.ec("add_corp_tag", group_name="新组", order=5, tag=wanted)["tag_group"]
    assert made["group_name"] == "新组"
    assert made["order"] == 5
    assert [(t["name"], t["order"]) for t in made["tag"]] == [("甲", 3), ("乙", 0)]
    listed = office.ec("get_corp_tag_list", group_id=[made["group_id"]])["tag_group"]
    assert [t["name"] for t in listed[0]["tag"]] == ["甲", "乙"]


def test_adding_by_name_goes_to_the_group_of_that_name(office: Any) -> None:
    made = office.ec("add_corp_tag", group_name="意向", order=1, tag=[{"name": "犹豫"}])["tag_group"]
    assert made["group_id"] == office.group("意向")
    assert [t["name"] for t in made["tag"]] == ["犹豫"]
    by_id = office.ec("add_corp_tag", group_id=made["group_id"], group_name="别的", tag=[{"name": "观望"}])
    assert by_id["tag_group"]["group_name"] == "意向"


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"group_name": "g"}, 40063),
        ({"group_name": "g", "tag": []}, 40063),
        ({"group_name": "g", "tag": {"name": "a"}}, 40058),
        ({"group_name": "g", "tag": ["a"]}, 40058),
        ({"group_name": "g", "tag": [{}]}, 40072),
        ({"group_name": "g", "tag": [{"name": "字" * 30}]}, 0),
        ({"group_name": "g", "tag": [{"name": "字" * 31}]}, 40072),
        ({"group_name": "字" * 31, "tag": [{"name": "a"}]}, 40072),
        ({"group_name": "g", "tag": [{"name": "a", "order": -1}]}, 40058),
        ({"group_name": "g", "tag": [{"name": "a", "order": "1"}]}, 40058),
        ({"group_name": "g", "tag": [{"name": "a", "id": ""}]}, 40068),
        ({"group_id": "", "group_name": "g", "tag": [{"name": "a"}]}, 40068),
        ({"group_id": "etNone", "tag": [{"name": "a"}]}, 40068),
        ({"tag": [{"name": "a"}]}, 40058),
        ({"group_name": "意向", "tag": [{"name": "新"}, {"name": "高意向"}]}, 40071),
    ],
)
def test_adding_refuses_and_then_nothing_is_made(office: Any, body: dict[str, Any], errcode: int) -> None:
    before = office.ec("get_corp_tag_list")["tag_group"]
    assert office.ec("add_corp_tag", **body)["errcode"] == errcode
    assert (office.ec("get_corp_tag_list")["tag_group"] == before) is (errcode != 0)


def test_a_name_the_group_has_may_answer_the_old_tag(office: Any) -> None:
    control.set_switch(office.world, "duplicate_tag", "return")
    made = office.ec("add_corp_tag", group_name="意向", tag=[{"name": "高意向"}, {"name": "新"}])["tag_group"]
    assert made["tag"][0]["id"] == office.tag("高意向")
    assert [t["name"] for t in made["tag"]] == ["高意向", "新"]


def test_no_group_at_all_has_two_readings(office: Any) -> None:
    control.set_switch(office.world, "no_tag_group", 41018)
    assert office.ec("add_corp_tag", tag=[{"name": "a"}])["errcode"] == 41018


def test_the_library_is_full_at_its_limit_and_strategy_tags_count_too(office: Any) -> None:
    ((strategy,),) = office.world.db.connection.execute("SELECT count(*) FROM tag WHERE id LIKE 'st%'").fetchall()
    count = sum(len(g["tag"]) for g in office.ec("get_corp_tag_list")["tag_group"]) + strategy
    assert strategy > 0
    control.set_limits(office.world, tags=count + 1)
    assert office.ec("add_corp_tag", group_name="g", tag=[{"name": "a"}, {"name": "b"}])["errcode"] == 40126
    assert office.ec("add_corp_tag", group_name="g", tag=[{"name": "a"}])["errcode"] == 0


def test_an_app_edits_and_deletes_only_what_it_made(office: Any) -> None:
    console, second, own = office.tag("教育"), office.tag("Lead"), office.tag("高意向")
    for foreign in (console, second, office.group("Stage")):
        assert office.ec("edit_corp_tag", id=foreign, name="x")["errcode"] == 60011
    assert office.ec("del_corp_tag", tag_id=[own, second])["errcode"] == 60011
    assert office.tag("高意向") == own
    assert office.ec("edit_corp_tag", "second", id=second, name="Suspect")["errcode"] == 0
    assert office.ec("edit_corp_tag", "system", id=console, name="培训")["errcode"] == 0
    control.set_switch(office.world, "delete_unowned", "skip")
    assert office.ec("del_corp_tag", tag_id=[own, second])["errcode"] == 0
    assert office.tag("Suspect") == second
    with pytest.raises(KeyError):
        office.tag("高意向")


def test_adding_to_another_apps_group_has_two_readings(office: Any) -> None:
    assert office.ec("add_corp_tag", group_name="Stage", tag=[{"name": "a"}])["errcode"] == 0
    control.set_switch(office.world, "foreign_group_add", False)
    assert office.ec("add_corp_tag", group_name="Stage", tag=[{"name": "b"}])["errcode"] == 60011


def test_renaming_keeps_the_order_and_refuses_a_taken_name(office: Any) -> None:
    tag, group = office.tag("中意向"), office.group("意向")
    assert office.ec("edit_corp_tag", id=tag, name="高意向")["errcode"] == 40071
    assert office.ec("edit_corp_tag", id=tag, name="中意向")["errcode"] == 0
    assert office.ec("edit_corp_tag", id=tag, name="")["errcode"] == 40072
    assert office.ec("edit_corp_tag", id=group, name="客户等级")["errcode"] == 40071
    assert office.ec("edit_corp_tag", id=group, name="意愿")["errcode"] == 0
    assert office.ec("edit_corp_tag", id="etNone", name="a")["errcode"] == 40068
    assert office.ec("edit_corp_tag", name="a")["errcode"] == 40063
    by_id = office.ec("get_corp_tag_list", tag_id=[tag])["tag_group"][0]
    assert (by_id["group_name"], by_id["tag"][0]["order"]) == ("意愿", 4)
    control.set_switch(office.world, "rename_resets_order", True)
    office.ec("edit_corp_tag", id=tag, name="一般")
    assert office.ec("get_corp_tag_list", tag_id=[tag])["tag_group"][0]["tag"][0]["order"] == 0


def test_a_deleted_tag_leaves_all_relations(office: Any) -> None:
    tag = office.tag("VIP", "客户等级")
    had = [r for r in control.truth(office.world) if tag in r.tag_ids]
    assert had
    office.ec("del_corp_tag", tag_id=[tag])
    assert not [r for r in control.truth(office.world) if tag in r.tag_ids]
    assert office.read(had[0]).tag_ids == tuple(t for t in had[0].tag_ids if t != tag)


def test_a_deleted_tag_may_stay_on_relations(office: Any) -> None:
    control.set_switch(office.world, "deleted_tag_stays", True)
    tag = office.tag("VIP", "客户等级")
    office.ec("del_corp_tag", tag_id=[tag])
    had = next(r for r in control.truth(office.world) if tag in r.tag_ids)
    shown = office.get("externalcontact/get", external_userid=had.external_userid)["follow_user"]
    assert tag in [t.get("tag_id") for f in shown for t in f["tags"]]


def test_a_group_goes_with_its_last_tag(office: Any) -> None:
    made = office.ec("add_corp_tag", group_name="短命", tag=[{"name": "a"}, {"name": "b"}])["tag_group"]
    ids = [t["id"] for t in made["tag"]]
    office.ec("del_corp_tag", tag_id=ids[:1])
    assert office.group("短命")
    office.ec("del_corp_tag", tag_id=ids[1:])
    with pytest.raises(StopIteration):
        office.group("短命")
    assert office.ec("get_corp_tag_list", tag_id=ids)["tag_group"][0]["deleted"] is True
    assert (
        office.ec("add_corp_tag", group_name="短命", tag=[{"name": "a"}])["tag_group"]["group_id"] != made["group_id"]
    )


def test_a_group_is_deleted_with_its_tags(office: Any) -> None:
    group = office.group("意向")
    tags = {t["id"] for t in office.ec("get_corp_tag_list", group_id=[group])["tag_group"][0]["tag"]}
    assert office.ec("del_corp_tag", group_id=[group])["errcode"] == 0
    assert not [r for r in control.truth(office.world) if tags & set(r.tag_ids)]
    assert office.ec("del_corp_tag", group_id=[group])["errcode"] == 40068
    assert office.ec("del_corp_tag")["errcode"] == 40063
    gone = office.ec("get_corp_tag_list", group_id=[group])["tag_group"][0]
    assert all(tag["deleted"] for tag in gone["tag"])


def test_marking_adds_and_removes_on_one_relation(office: Any) -> None:
    relation = next(r for r in control.truth(office.world) if len(r.tag_ids) >= 2)
    others = [r for r in control.truth(office.world) if r != relation]
    new, old = office.tag("English"), relation.tag_ids[0]
    who = {"userid": relation.userid.upper(), "external_userid": relation.external_userid}
    for _ in range(2):  # again is harmless
        assert office.ec("mark_tag", **who, add_tag=[new], remove_tag=[old])["errcode"] == 0
        assert set(office.read(relation).tag_ids) == {*relation.tag_ids, new} - {old}
        assert office.last().applied
    assert [r for r in control.truth(office.world) if r.external_userid != relation.external_userid] == [
        r for r in others if r.external_userid != relation.external_userid
    ]


def test_any_allowed_app_may_mark_with_tags_it_cannot_edit(office: Any) -> None:
    relation = office.relation()
    who = {"userid": relation.userid, "external_userid": relation.external_userid}
    assert office.ec("mark_tag", **who, add_tag=[office.tag("教育"), office.tag("Lead")])["errcode"] == 0


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({}, 40063),
        ({"add_tag": [], "remove_tag": []}, 40063),
        ({"add_tag": ["etNone"]}, 40068),
        ({"remove_tag": ["etNone"]}, 40068),
        ({"add_tag": "etNone"}, 40058),
        ({"add_tag": [1]}, 40058),
        ({"add_tag": ["x"], "userid": ""}, 41009),
        ({"add_tag": ["x"], "external_userid": ""}, 41035),
        ({"add_tag": ["x"], "userid": "nobody"}, 60111),
        ({"add_tag": ["x"], "external_userid": "wmNobody"}, 40096),
    ],
)
def test_marking_refuses(office: Any, body: dict[str, Any], errcode: int) -> None:
    relation = office.relation()
    who = {"userid": relation.userid, "external_userid": relation.external_userid}
    assert office.ec("mark_tag", **{**who, **body})["errcode"] == errcode
    assert not office.last().applied


def test_marking_a_stranger_is_84061(office: Any) -> None:
    relation = office.relation()
    mine = {r.external_userid for r in control.truth(office.world) if r.userid == relation.userid}
    stranger = next(r for r in control.truth(office.world) if r.external_userid not in mine)
    answer = office.ec(
        "mark_tag", userid=relation.userid, external_userid=stranger.external_userid, add_tag=[office.tag("VIP")]
    )
    assert answer["errcode"] == 84061


def test_group_ids_and_strategy_ids_are_no_tags(office: Any) -> None:
    relation = office.relation()
    who = {"userid": relation.userid, "external_userid": relation.external_userid}
    assert office.ec("mark_tag", **who, add_tag=[office.group("意向")])["errcode"] == 40068


def test_an_unknown_id_spoils_the_whole_call_or_only_itself(office: Any) -> None:
    relation = next(r for r in control.truth(office.world) if not r.tag_ids)
    who = {"userid": relation.userid, "external_userid": relation.external_userid}
    tag = office.tag("English")
    assert office.ec("mark_tag", **who, add_tag=[tag, "etNone"])["errcode"] == 40068
    assert office.read(relation).tag_ids == ()
    control.set_switch(office.world, "mark_valid_ids", True)
    assert office.ec("mark_tag", **who, add_tag=[tag, "etNone"])["errcode"] == 40068
    assert office.read(relation).tag_ids == (tag,)
    assert office.last().applied


def test_somebody_else_edits_tags_past_the_api(office: Any) -> None:
    relation = next(r for r in control.truth(office.world) if not r.tag_ids)
    tag = office.tag("English")
    logged = office.last().id
    assert control.edit_tags(office.world, [(relation.userid, relation.external_userid)], add=[tag]) == 1
    control.set_remark(office.world, relation.userid, relation.external_userid, "改了")
    assert office.read(relation).tag_ids == (tag,)
    assert office.read(relation).remark == "改了"
    assert office.last().id == logged


def test_an_app_may_be_refused_tags_that_it_can_not_edit(office: Any) -> None:
    relation = next(r for r in control.truth(office.world) if not r.tag_ids)
    who = {"userid": relation.userid, "external_userid": relation.external_userid}
    tag = office.tag("English")
    control.set_switch(office.world, "mark_foreign", False)
    assert office.ec("mark_tag", "second", **who, add_tag=[tag])["errcode"] == 60011
    assert office.read(relation).tag_ids == ()
    assert office.ec("mark_tag", "system", **who, add_tag=[tag])["errcode"] == 0
    assert office.read(relation).tag_ids == (tag,)


def test_marking_again_may_be_refused(office: Any) -> None:
    relation = next(r for r in control.truth(office.world) if not r.tag_ids)
    who = {"userid": relation.userid, "external_userid": relation.external_userid}
    tag = office.tag("English")
    control.set_switch(office.world, "mark_repeat", "refuse")
    assert office.ec("mark_tag", **who, remove_tag=[tag])["errcode"] == 40058
    assert office.ec("mark_tag", **who, add_tag=[tag])["errcode"] == 0
    assert office.ec("mark_tag", **who, add_tag=[tag])["errcode"] == 40058
    assert office.ec("mark_tag", **who, remove_tag=[tag])["errcode"] == 0


def test_one_call_may_take_fifty_tags_and_no_more(office: Any) -> None:
    relation = office.relation()
    who = {"userid": relation.userid, "external_userid": relation.external_userid}
    made = office.ec("add_corp_tag", group_name="多", tag=[{"name": str(n)} for n in range(51)])["tag_group"]["tag"]
    ids = [tag["id"] for tag in made]
    control.set_switch(office.world, "mark_most_ids", 50)
    assert office.ec("mark_tag", **who, add_tag=ids[:49], remove_tag=ids[49:])["errcode"] == 40058
    assert office.ec("mark_tag", **who, add_tag=ids[:50])["errcode"] == 0
    control.set_switch(office.world, "mark_most_ids", 0)
    assert office.ec("mark_tag", **who, add_tag=ids)["errcode"] == 0


def test_adding_may_answer_the_whole_group(office: Any) -> None:
    control.set_switch(office.world, "added_tags", "all")
    first = office.ec("add_corp_tag", group_name="新组", tag=[{"name": "a"}])["tag_group"]
    both = office.ec("add_corp_tag", group_name="新组", tag=[{"name": "b"}])["tag_group"]
    assert [tag["name"] for tag in first["tag"]] == ["a"]
    assert {tag["name"] for tag in both["tag"]} == {"a", "b"}


def test_equal_orders_have_two_readings(office: Any) -> None:
    for name in ("甲", "乙"):
        office.ec("add_corp_tag", group_name=f"组{name}", tag=[{"name": name}, {"name": f"{name}二"}])

    def listed() -> list[str]:
        groups = [g for g in office.ec("get_corp_tag_list")["tag_group"] if g["group_name"].startswith("组")]
        return [tag["name"] for group in groups for tag in group["tag"]]

    assert listed() == ["甲", "甲二", "乙", "乙二"]
    control.set_switch(office.world, "tied_tags", "newest")
    assert listed() == ["乙二", "乙", "甲二", "甲"]
