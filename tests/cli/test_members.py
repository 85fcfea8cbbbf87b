"""`wecrm members`."""

import json

import pytest

from tests.conftest import Wecrm


def test_the_list_has_every_member_once(corp: Wecrm) -> None:
    rows = json.loads(corp("members", "list", "-f", "json").out)
    assert [row["userid"] for row in rows] == [u for (u,) in corp.sql("SELECT userid FROM members ORDER BY userid")]
    assert list(rows[0]) == ["userid", "name", "departments", "status", "follows", "customers", "groups_owned"]


def test_a_department_selects_those_below_it_too(corp: Wecrm) -> None:
    name = corp.sql("SELECT name FROM department WHERE parentid = 1 AND name <> '' LIMIT 1")[0][0]
    rows = corp("members", "list", "--where", f"department under '{name}'", "--columns", "userid").lines[1:]
    below = corp.sql(
        "WITH RECURSIVE under (id) AS (SELECT id FROM department WHERE name = ? UNION SELECT d.id FROM department d "
        "JOIN under ON d.parentid = under.id) SELECT DISTINCT userid FROM member_department WHERE department IN under "
        "ORDER BY userid",
        name,
    )
    assert rows == [userid for (userid,) in below]


def test_show_takes_a_userid_in_any_case_or_a_name_that_is_unique(corp: Wecrm) -> None:
    userid, name = corp.sql("SELECT userid, name FROM member GROUP BY name HAVING count(*) = 1 LIMIT 1")[0]
    for who in (userid, userid.upper(), name):
        result = corp("members", "show", who, "-f", "json")
        assert result.code == 0, result.err
        assert [row["userid"] for row in json.loads(result.out)] == [userid]


def test_a_name_of_several_members_is_refused_with_their_userids(synced: Wecrm) -> None:
    import sqlite3

    with sqlite3.connect(synced.database) as db:
        db.execute("UPDATE member SET name = '同名' WHERE userid IN (SELECT userid FROM member LIMIT 2)")
    db.close()
    result = synced("members", "show", "同名")
    assert result.code == 2
    for (userid,) in synced.sql("SELECT userid FROM member WHERE name = '同名'"):
        assert userid in result.err


def test_a_misspelt_userid_or_name_is_told_the_nearest(corp: Wecrm) -> None:
    userid, name = corp.sql("SELECT userid, name FROM member WHERE length(name) = 2 LIMIT 1")[0]
    by_id = corp("members", "show", userid[:-1])
    assert (by_id.code, by_id.out) == (2, "")
    assert userid in by_id.err
    by_name = corp("members", "show", name[0] + "龘")
    assert by_name.code == 2
    assert "Did you mean" in by_name.err


@pytest.mark.parametrize("part", ["member", "departments", "customers", "groups"])
def test_each_part_can_be_had_by_itself(corp: Wecrm, part: str) -> None:
    owner = corp.sql("SELECT owner FROM groups LIMIT 1")[0][0]
    result = corp("members", "show", owner, "--part", part, "-f", "json")
    assert result.code == 0, result.err
    rows = json.loads(result.out)
    assert rows
    if part == "customers":
        counts = corp.sql("SELECT status, count(*) FROM relation WHERE userid = ? GROUP BY 1", owner)
        assert {row["status"]: row["customers"] for row in rows} == dict(counts)


def test_a_person_sees_all_parts_with_titles(corp: Wecrm) -> None:
    owner = corp.sql("SELECT owner FROM groups LIMIT 1")[0][0]
    result = corp("members", "show", owner, "-f", "table")
    assert result.code == 0
    for title in ("Member", "Departments", "Customers by status", "Groups owned"):
        assert title in result.lines
    assert "From the cache" in result.err


def test_a_part_that_does_not_exist_is_told_the_nearest(corp: Wecrm) -> None:
    result = corp("members", "show", corp.sql("SELECT userid FROM member")[0][0], "--part", "group")
    assert result.code == 2
    assert "Did you mean groups?" in result.err


def test_the_id_of_a_department_is_a_text_in_json_and_found_with_quotes_and_without(corp: Wecrm) -> None:
    every = json.loads(corp("members", "list", "--columns", "userid,main_department", "-f", "json").out)
    wanted = every[0]["main_department"]
    assert isinstance(wanted, str)
    for condition in (f"main_department = {wanted}", f"main_department in ('{wanted}')"):
        found = json.loads(corp("members", "list", "--where", condition, "-f", "json").out)
        assert [row["userid"] for row in found] == [row["userid"] for row in every if row["main_department"] == wanted]
