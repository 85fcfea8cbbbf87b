"""`wecrm contacts`."""

import json
from pathlib import Path

import pytest

from tests.conftest import Wecrm
from wecrm.sandbox import control


def a_customer(corp: Wecrm) -> str:
    """One whom several members follow and who is in a group."""
    found = corp.sql(
        "SELECT external_userid FROM contacts WHERE external_userid IN (SELECT userid FROM group_members) "
        "GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
    )
    return str(found[0][0])


def remarks(wecrm: Wecrm) -> dict[tuple[str, str], str]:
    """What the sandbox has as remark of each relation."""
    world = wecrm.world()
    try:
        return {(r.userid, r.external_userid): r.remark for r in control.truth(world)}
    finally:
        world.close()


def test_a_tag_and_a_status_select_relations(corp: Wecrm) -> None:
    result = corp("contacts", "list", "--where", "tag has '客户等级/VIP' and status = 'active'", "-f", "json")
    known = corp.sql(
        "SELECT count(*) FROM relation r JOIN relation_tag rt ON rt.relation_id = r.id JOIN corp_tag t USING (tag_id) "
        "JOIN tag_group g USING (group_id) WHERE t.name = 'VIP' AND group_name = '客户等级' AND r.status = 'active'"
    )
    rows = json.loads(result.out)
    assert len(rows) == known[0][0] > 0
    assert all("VIP" in row["tags"] for row in rows)


def test_search_finds_a_piece_of_a_name_and_takes_a_condition(corp: Wecrm) -> None:
    found = json.loads(corp("contacts", "search", "王", "-f", "json", "--columns", "userid,name,remark").out)
    assert found
    assert all("王" in (row["name"] or "") + (row["remark"] or "") for row in found[:50])
    one = found[0]["userid"]
    narrowed = corp("contacts", "search", "王", "--where", f"userid = '{one}'", "--columns", "userid").lines[1:]
    assert narrowed == [one] * sum(row["userid"] == one for row in found)


def test_search_finds_a_mobile_however_it_is_written(corp: Wecrm) -> None:
    mobile = corp.sql("SELECT mobile FROM relation_mobile WHERE length(mobile) = 11 LIMIT 1")[0][0]
    written = f"+86 {mobile[:3]}-{mobile[3:7]} {mobile[7:]}"
    rows = json.loads(corp("contacts", "search", written, "--columns", "mobiles", "-f", "json").out)
    assert rows
    assert all(mobile in row["mobiles"] for row in rows)


def test_search_for_nothing_is_exit_2(corp: Wecrm) -> None:
    assert corp("contacts", "search", " ").code == 2


def test_search_shows_where_a_query_is_wrong(corp: Wecrm) -> None:
    assert corp("contacts", "search", "王", "--sort", "nmae").code == 2


def test_show_gives_programs_the_followers(corp: Wecrm) -> None:
    customer = a_customer(corp)
    rows = json.loads(corp("contacts", "show", customer, "-f", "json").out)
    known = corp.sql("SELECT userid FROM relation WHERE external_userid = ? ORDER BY createtime", customer)
    assert [row["userid"] for row in rows] == [userid for (userid,) in known]
    assert len(rows) > 1
    assert corp("contacts", "show", customer).lines[0].startswith("userid,member,status,")


@pytest.mark.parametrize(
    ("part", "query"),
    [
        ("customer", "SELECT count(*) FROM contact WHERE external_userid = ?"),
        ("followers", "SELECT count(*) FROM relation WHERE external_userid = ?"),
        ("chats", "SELECT count(*) FROM group_members WHERE userid = ?"),
        ("history", "SELECT count(*) FROM history WHERE external_userid = ?"),
    ],
)
def test_each_part_can_be_had_by_itself(corp: Wecrm, part: str, query: str) -> None:
    customer = a_customer(corp)
    rows = json.loads(corp("contacts", "show", customer, "--part", part, "-f", "json").out)
    assert len(rows) == corp.sql(query, customer)[0][0] > 0


def test_a_person_sees_all_parts_and_no_empty_column(corp: Wecrm, tmp_path: Path) -> None:
    customer = a_customer(corp)
    result = corp("contacts", "show", customer, "-f", "table")
    assert result.code == 0
    for title in ("Customer", "Members", "Groups", "History"):
        assert title in result.lines
    for title, key in (("Corporation in full", "corp_full_name"), ("Company", "company"), ("Channel", "channel")):
        filled = corp.sql(f"SELECT 1 FROM contacts WHERE external_userid = ? AND {key} <> ''", customer)
        assert (title in result.out) is bool(filled), title
    file = tmp_path / "page.txt"
    assert corp("contacts", "show", customer, "-f", "table", "-o", str(file)).code == 0
    assert file.read_text("utf-8") == result.out


def test_the_history_names_the_job_that_made_a_change(synced: Wecrm) -> None:
    rows = synced.sql("SELECT userid, external_userid, '新备注' FROM relation WHERE status = 'active' LIMIT 1")
    file = synced.csv("r.csv", "userid,external_userid,remark", rows)
    assert synced("contacts", "remark", str(file), "--yes").code == 0
    job = synced.sql("SELECT id FROM job")[0][0]
    history = json.loads(synced("contacts", "show", rows[0][1], "--part", "history", "-f", "json").out)
    assert [(e["field"], e["new"]) for e in history if e["job"] == job] == [("remark", "新备注")]


def test_an_unknown_customer_is_told_the_nearest(corp: Wecrm) -> None:
    customer = a_customer(corp)
    result = corp("contacts", "show", customer[:-3])
    assert (result.code, result.out) == (2, "")
    assert customer in result.err


def test_remark_writes_what_cells_say_and_leaves_the_rest(synced: Wecrm) -> None:
    before = remarks(synced)
    rows = synced.sql("SELECT userid, external_userid FROM relation WHERE status = 'active' ORDER BY id LIMIT 3")
    cells = ("甲", "<clear>", "")
    lines = [(*row, cell, "说明") for row, cell in zip(rows, cells, strict=True)]
    file = synced.csv("r.csv", "userid,external_userid,remark,description", lines)
    result = synced("contacts", "remark", str(file), "--yes")
    assert result.code == 0, result.err
    after = remarks(synced)
    assert [after[row] for row in rows] == ["甲", "", before[rows[2]]]
    assert {key for key in after if after[key] != before[key]} <= {*rows}
    described = synced.sql("SELECT description FROM relation WHERE status = 'active' ORDER BY id LIMIT 3")
    assert described == [("说明",)] * 3


def test_remark_finds_a_customer_by_unionid_mobile_or_the_members_name(synced: Wecrm) -> None:
    userid, external, unionid, name = synced.sql(
        "SELECT userid, external_userid, unionid, member FROM contacts WHERE status = 'active' AND unionid <> '' "
        "AND member IN (SELECT name FROM member GROUP BY name HAVING count(*) = 1) LIMIT 1"
    )[0]
    file = synced.csv("r.csv", "成员,unionid,备注", [(name, unionid, "由名字")])
    assert synced("contacts", "remark", str(file), "--yes").code == 0
    assert remarks(synced)[userid, external] == "由名字"
    external, mobile = synced.sql(
        "SELECT external_userid, mobile FROM relation JOIN relation_mobile ON relation_id = relation.id "
        "WHERE status = 'active' AND length(mobile) = 11 GROUP BY mobile HAVING count(*) = 1 LIMIT 1"
    )[0]
    file = synced.csv("m.csv", "手机,备注", [(mobile, "由手机")])
    assert synced("contacts", "remark", str(file), "--yes").code == 0
    assert "由手机" in [text for (_userid, customer), text in remarks(synced).items() if customer == external]


def test_remark_with_output_only_writes_the_plan(synced: Wecrm) -> None:
    before = remarks(synced)
    rows = synced.sql("SELECT userid, external_userid, 'x' FROM relation WHERE status = 'active' LIMIT 2")
    file = synced.csv("r.csv", "userid,external_userid,remark", rows)
    plan = synced.home / "r.plan"
    assert synced("contacts", "remark", str(file), "-o", str(plan)).code == 0
    assert synced("contacts", "remark", str(file), "-o", str(plan), "--detailed-exitcode").code == 10
    assert remarks(synced) == before
    assert synced("apply", str(plan), "--yes").code == 0
    assert [remarks(synced)[row[:2]] for row in rows] == ["x", "x"]


def test_undo_brings_the_old_remarks_back(synced: Wecrm) -> None:
    before = remarks(synced)
    rows = synced.sql("SELECT userid, external_userid, 'x' FROM relation WHERE status = 'active' LIMIT 5")
    file = synced.csv("r.csv", "userid,external_userid,remark", rows)
    assert synced("contacts", "remark", str(file), "--yes").code == 0
    assert remarks(synced) != before
    undo = synced.home / "undo.plan"
    assert synced("undo", synced.sql("SELECT id FROM job")[0][0], "-o", str(undo)).code == 0
    assert synced("apply", str(undo), "--yes").code == 0
    assert remarks(synced) == before


def test_a_file_that_is_partly_wrong_changes_nothing(synced: Wecrm) -> None:
    before = remarks(synced)
    rows = synced.sql("SELECT userid, external_userid, 'x' FROM relation WHERE status = 'active' LIMIT 2")
    file = synced.csv("r.csv", "userid,external_userid,remark", [*rows, ("nobody", "wmnobody", "x")])
    result = synced("contacts", "remark", str(file), "--yes")
    assert result.code == 2
    assert "row 4" in result.err
    assert remarks(synced) == before


def test_remark_needs_a_file(corp: Wecrm) -> None:
    assert corp("contacts", "remark").code == 2
    assert corp("contacts", "remark", "no-such-file.csv").code == 2
