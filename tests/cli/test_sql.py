"""`wecrm sql`: reading, and nothing but reading."""

import json
from pathlib import Path

import pytest

from tests.conftest import Wecrm


def test_a_select_is_answered_in_any_format(corp: Wecrm) -> None:
    query = "SELECT status, count(*) AS n FROM contacts GROUP BY 1 ORDER BY 1"
    known = [{"status": status, "n": n} for status, n in corp.sql(query)]
    assert json.loads(corp("sql", query, "-f", "json").out) == known
    assert corp("sql", query).lines == ["status,n", *(f"{row['status']},{row['n']}" for row in known)]


def test_a_dash_reads_the_query_from_stdin(corp: Wecrm) -> None:
    assert corp("sql", "-", stdin="\ufeffSELECT '客户' AS x".encode()).out == "x\n客户\n"
    assert corp("sql", "-", stdin=b"SELECT '\xff'").code == 2
    assert corp("sql", "-", stdin=b"").code == 2


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM contact",
        "UPDATE member SET name = 'x'",
        "DROP TABLE contact",
        "CREATE TABLE x (y)",
        "ATTACH '/tmp/x.db' AS x",
        "PRAGMA user_version = 9",
        "VACUUM",
        "INSERT INTO corp VALUES ('a', 'b')",
        "SELECT 1; DELETE FROM contact",
        "SELECT load_extension('x')",
    ],
)
def test_nothing_can_be_written(corp: Wecrm, query: str) -> None:
    before = corp.sql("SELECT count(*) FROM contact")
    result = corp("sql", query)
    assert (result.code, result.out) == (2, "")
    assert corp.sql("SELECT count(*) FROM contact") == before


def test_a_query_that_takes_too_long_is_stopped(corp: Wecrm) -> None:
    endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    result = corp("sql", endless, "--timeout", "0.2s")
    assert result.code == 2
    assert "--timeout" in result.err


def test_a_timeout_that_is_no_time_is_refused(corp: Wecrm) -> None:
    result = corp("sql", "SELECT 1", "--timeout", "soon")
    assert result.code == 2
    assert "--timeout" in result.err


def test_a_misspelt_view_or_column_is_told_the_nearest(corp: Wecrm) -> None:
    assert "contacts" in corp("sql", "SELECT 1 FROM contcts").err
    assert "remark" in corp("sql", "SELECT remrk FROM contacts").err


def test_columns_and_limit_cut_the_answer(corp: Wecrm) -> None:
    result = corp("sql", "SELECT userid, name FROM members ORDER BY 1", "--columns", "name", "--limit", "2")
    assert len(result.lines) == 3
    assert result.lines[0] == "name"
    assert corp("sql", "SELECT userid FROM members", "--columns", "usrid").code == 2


def test_the_answer_can_go_to_a_file(corp: Wecrm, tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    assert corp("sql", "SELECT 1 AS one", "-o", str(file)).code == 0
    assert json.loads(file.read_text()) == [{"one": 1}]


def test_the_age_of_the_oldest_part_of_the_cache_is_said(corp: Wecrm) -> None:
    assert "From the cache" in corp("sql", "SELECT 1").err


def test_without_a_database_the_first_step_is_named(wecrm: Wecrm) -> None:
    result = wecrm("sql", "SELECT 1")
    assert result.code == 4
    assert "wecrm sync" in result.err
    assert not wecrm.database.exists()


def test_db_path_names_the_file_that_is_asked(corp: Wecrm, wecrm: Wecrm) -> None:
    assert corp("db", "path").out == f"{corp.database}\n"
    absent = wecrm("db", "path")
    assert (absent.code, absent.out) == (0, f"{wecrm.database}\n")
    assert "wecrm sync" in absent.err


def test_parameters_are_numbers_texts_or_arrays(corp: Wecrm) -> None:
    query = (
        "SELECT typeof(:n) AS n, typeof(:x) AS x, typeof(:id) AS id, :id AS text, "
        "(SELECT group_concat(value, '+') FROM json_each(:many)) AS many"
    )
    given = ("n=12", "x=-1.5", "id=0012", "many=a", "many=b,c=d")
    words = [word for each in given for word in ("--param", each)]
    (row,) = json.loads(corp("sql", query, *words, "-f", "json").out)
    assert row == {"n": "integer", "x": "real", "id": "text", "text": "0012", "many": "a+b,c=d"}


def test_a_parameter_is_a_value_and_never_part_of_the_query(corp: Wecrm) -> None:
    result = corp("sql", "SELECT :x AS x", "--param", "x='; DROP TABLE contact; --", "-f", "json")
    assert json.loads(result.out) == [{"x": "'; DROP TABLE contact; --"}]


@pytest.mark.parametrize("given", ["x", "=1", "a b=1", "1=1"])
def test_a_parameter_without_a_name_is_refused(corp: Wecrm, given: str) -> None:
    result = corp("sql", "SELECT 1", "--param", given)
    assert (result.code, "--param" in result.err) == (2, True)


def test_a_parameter_without_a_value_is_pointed_at(corp: Wecrm) -> None:
    result = corp("sql", "SELECT ':no' -- :neither\n , :userid, :since", "--param", "user_id=x", "--param", "since=1")
    assert result.code == 2
    assert "Line 2, column 4: The parameter :userid has no value." in result.err
    assert "Did you mean user_id?" in result.err


def test_the_one_of_several_equal_words_is_pointed_at_that_is_wrong(corp: Wecrm) -> None:
    result = corp("sql", "SELECT 'FROM', name FROM contacts WHERE (\n  SELECT 1 FROM FROM contacts)")
    assert "Line 2, column 17: SQLite can't run this query." in result.err


def test_period_names_the_day_week_or_month(corp: Wecrm) -> None:
    query = (
        "SELECT period(at, 'day') AS d, period(at, 'week') AS w, period(at, 'month') AS m, period(at, 'year') AS y "
        "FROM (SELECT 1793894399 AS at)"
    )
    (row,) = json.loads(corp("sql", query, "-f", "json").out)
    assert row == {"d": "2026-11-05", "w": "2026-11-02", "m": "2026-11", "y": None}
