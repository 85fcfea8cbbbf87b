"""`wecrm sql`: reads anything in the database, changes nothing, and nothing outside it."""

from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wecrm.errors import ConfigError, IntegrityError, UsageError
from wecrm.models.table import Table
from wecrm.store.database import Store
from wecrm.store.sql import query

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT "


def asked(store: Store, text: str) -> Table:
    return query(store.path, text, monotonic=lambda: 0.0)


def refused(store: Store, text: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        list(asked(store, text).rows)
    return caught.value


def test_rows_come_with_names_and_kinds(small: Store) -> None:
    found = asked(
        small, "SELECT userid, count(*) AS n, count(*) / 2.0 AS half, NULL AS x FROM contacts GROUP BY 1 ORDER BY n, 1;"
    )
    assert [(c.key, c.kind) for c in found.columns] == [
        ("userid", "text"),
        ("n", "int"),
        ("half", "float"),
        ("x", "text"),
    ]
    assert list(found.rows) == [("lisi", 1, 0.5, None), ("wangwu", 1, 0.5, None), ("ZhangSan", 2, 1.0, None)]


def test_a_query_without_rows_has_its_columns(small: Store) -> None:
    found = asked(small, "SELECT userid FROM members WHERE 0")
    assert [column.key for column in found.columns] == ["userid"]
    assert list(found.rows) == []


def test_iso_writes_times_of_china(small: Store) -> None:
    found = asked(small, "SELECT iso(0), iso(NULL), iso('x'), iso(1e300), iso(1774886400.9)")
    assert list(found.rows) == [
        ("1970-01-01T08:00:00+08:00", None, None, None, "2026-03-31T00:00:00+08:00"),
    ]


def test_bytes_are_text_or_hex(small: Store) -> None:
    found = asked(small, "SELECT change, x'ff00', CAST(x'ff' AS TEXT) FROM job_row")
    assert list(found.rows) == [('{"key":{"userid":"lisi"}}', "ff00", "\\xff")]


def test_every_view_and_json_can_be_read(small: Store) -> None:
    assert list(asked(small, "SELECT t.value FROM contacts c, json_each(c.tags) t WHERE c.relation_id = 1").rows)
    assert list(asked(small, "PRAGMA table_info(contacts)").rows)
    assert list(asked(small, "EXPLAIN QUERY PLAN SELECT * FROM contacts").rows)
    assert list(asked(small, "-- all\nWITH a AS (SELECT 1) SELECT * FROM a; -- end").rows) == [(1,)]


@pytest.mark.parametrize(
    "text",
    [
        "DELETE FROM relation",
        "INSERT INTO corp VALUES ('a', 'b')",
        "UPDATE member SET name = 'x'",
        "DROP VIEW contacts",
        "CREATE TABLE x (y)",
        "CREATE TEMP TABLE x (y)",
        "ATTACH 'other.db' AS other",
        "VACUUM INTO 'copy.db'",
        "PRAGMA query_only = OFF",
        "PRAGMA writable_schema = ON",
        "PRAGMA journal_mode = DELETE",
        "BEGIN IMMEDIATE",
        "REINDEX",
        "ANALYZE",
        "SELECT load_extension('x')",
        "WITH a AS (SELECT 1) DELETE FROM relation",
        "SELECT 1; DELETE FROM relation",
        "SELECT 1; SELECT 2",
        "",
        ";",
        "-- nothing",
        "SELEC 1",
        "SELECT 'open",
        "SELECT ?",
        "SELECT :name",
        "SELECT 1 \0",
        "SELECT '\ud800'",
        "SELECT zeroblob(2000000000)",
        "SELECT abs(-9223372036854775808)",
        "SELECT " + "(" * 500 + "1" + ")" * 500,
    ],
)
def test_anything_but_one_select_is_refused_and_changes_nothing(small: Store, text: str) -> None:
    before = list(small.connection.iterdump())
    names = sorted(path.name for path in small.path.parent.iterdir())
    refused(small, text)
    assert list(small.connection.iterdump()) == before
    assert sorted(path.name for path in small.path.parent.iterdir()) == names


def test_misspelt_names_are_answered_with_the_nearest(small: Store) -> None:
    assert "contacts" in refused(small, "SELECT * FROM contact_s").fix
    assert "external_userid" in refused(small, "SELECT external_user FROM contacts").fix
    assert "departments" in refused(small, "SELECT m.department FROM members m").fix


def test_what_takes_too_long_is_stopped(small: Store) -> None:
    seconds = count()
    with pytest.raises(UsageError, match="30 s"):
        query(small.path, f"{ENDLESS} count(*) FROM n", monotonic=lambda: float(next(seconds)))


def test_what_takes_too_long_is_stopped_between_rows_too(small: Store) -> None:
    seconds = count()
    found = query(small.path, f"{ENDLESS} i FROM n", seconds=500, monotonic=lambda: float(next(seconds)))
    rows = iter(found.rows)
    assert next(rows) == (1,)
    with pytest.raises(UsageError, match="500 s"):
        list(rows)


def test_time_spent_by_the_reader_of_the_rows_does_not_count(small: Store) -> None:
    now = [0.0]
    found = query(small.path, f"{ENDLESS} i FROM n LIMIT 5000", monotonic=lambda: now[0])
    taken = 0
    for _row in found.rows:
        now[0] += 100
        taken += 1
    assert taken == 5000


def test_a_missing_or_broken_database_says_so_and_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        query(tmp_path / "none.db", "SELECT 1", monotonic=lambda: 0.0)
    assert list(tmp_path.iterdir()) == []
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"not a database " * 100)
    with pytest.raises(IntegrityError):
        query(broken, "SELECT 1", monotonic=lambda: 0.0)


@settings(deadline=None, max_examples=200)
@given(st.one_of(st.text(max_size=40), st.text(max_size=20).map(lambda text: f"SELECT {text} FROM contacts")))
def test_any_text_either_runs_or_is_a_usage_error(small: Store, text: str) -> None:
    try:
        list(asked(small, text).rows)
    except UsageError as error:
        str(error)
