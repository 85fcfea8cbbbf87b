from collections.abc import Sequence

import pytest

from tests.store.small_corp import CHINA, NOW
from wecrm.errors import UsageError
from wecrm.models.table import Cell, Query, Table
from wecrm.store.database import Store
from wecrm.store.selection import relations, table
from wecrm.store.views import VIEWS, view


def asked(store: Store, name: str, query: Query) -> Table:
    return table(store, name, query, now=NOW, tz=CHINA)


def rows(store: Store, name: str, query: Query) -> list[Sequence[Cell]]:
    return list(asked(store, name, query).rows)


def test_unasked_a_view_shows_its_default_columns_in_its_default_order(small: Store) -> None:
    found = asked(small, "contacts", Query())
    assert tuple(column.key for column in found.columns) == view("contacts").shown
    assert [(row[0], row[2]) for row in found.rows] == [
        ("lisi", "wmA"),
        ("wangwu", "wmC"),
        ("ZhangSan", "wmA"),
        ("ZhangSan", "wmB"),
    ]


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_can_be_listed_whole_and_cut(small: Store, name: str) -> None:
    everything = rows(small, name, Query(columns=("*",)))
    assert everything
    assert rows(small, name, Query(columns=("*",), limit=1)) == everything[:1]
    assert all(len(row) == len(view(name).columns) for row in everything)


def test_columns_come_as_asked_once_each(small: Store) -> None:
    found = asked(small, "members", Query(columns=("name", " userid", "NAME")))
    assert [column.key for column in found.columns] == ["name", "userid"]


def test_a_name_with_a_semicolon_survives_in_a_list(small: Store) -> None:
    query = Query(columns=("tags", "mobiles", "tag_ids", "personal_tags"), where="relation_id in (1, 2)")
    assert rows(small, "contacts", query) == [
        (("VIP", "a;b"), ("13800000000", "13911112222"), ("t1", "t3"), ()),
        (("strategy9",), (), ("strategy9",), ("朋友",)),
    ]


def test_yes_and_no_are_truth_values(small: Store) -> None:
    assert rows(small, "members", Query(columns=("follows",), sort="-follows,userid")) == [(True,), (True,), (False,)]


def test_sorting_takes_several_columns_and_puts_empty_values_last(small: Store) -> None:
    query = Query(columns=("relation_id",), sort="-added_at, name")
    assert rows(small, "contacts", query) == [(3,), (2,), (1,), (4,)]
    assert rows(small, "contacts", Query(columns=("relation_id",), sort="added_at")) == [(1,), (2,), (3,), (4,)]


def test_a_limit_takes_the_first_of_the_order(small: Store) -> None:
    query = Query(columns=("relation_id", "tags"), sort="-added_at", limit=2, where="status = 'active'")
    assert rows(small, "contacts", query) == [(3, ("VIP",)), (2, ("strategy9",))]
    assert rows(small, "contacts", Query(limit=0)) == []


def test_base_condition_and_where_both_hold(small: Store) -> None:
    base = ("v.external_userid = ? OR v.external_userid = ?", ("wmA", "wmB"))
    query = Query(columns=("relation_id",), where="userid = 'lisi' or status = 'lost'", limit=9)
    found = table(small, "contacts", query, now=NOW, tz=CHINA, base_where=base)
    assert list(found.rows) == [(3,)]


@pytest.mark.parametrize(
    ("query", "nearest"),
    [(Query(columns=("nmae",)), "name"), (Query(sort="-add_at"), "added_at"), (Query(where="stats = 'x'"), "status")],
)
def test_an_unknown_column_is_refused_with_the_nearest(small: Store, query: Query, nearest: str) -> None:
    with pytest.raises(UsageError) as caught:
        asked(small, "contacts", query)
    assert nearest in caught.value.why + caught.value.fix


def test_a_negative_limit_is_refused(small: Store) -> None:
    with pytest.raises(UsageError):
        asked(small, "contacts", Query(limit=-1))


def test_as_of_is_the_newest_finished_sync_of_that_purpose(small: Store, empty: Store) -> None:
    assert asked(small, "contacts", Query()).as_of == 2000
    assert asked(small, "history", Query()).as_of == 2000
    assert asked(small, "syncs", Query()).as_of is None
    fresh = asked(empty, "contacts", Query())
    assert fresh.as_of is None
    assert "wecrm sync contacts" in fresh.notes[0]


def test_rows_are_read_as_they_are_taken(small: Store) -> None:
    statements: list[str] = []
    found = asked(small, "contacts", Query())
    small.connection.set_trace_callback(statements.append)
    first = next(iter(found.rows))
    small.connection.set_trace_callback(None)
    assert first[0] == "lisi"
    assert statements == []
    assert not isinstance(found.rows, list | tuple)


def test_bulk_planning_takes_active_relations_unless_status_is_asked(small: Store) -> None:
    def chosen(where: str) -> list[tuple[int, str, str]]:
        return list(relations(small, where, now=NOW, tz=CHINA))

    assert chosen("external_userid in ('wmA', 'wmC')") == [(1, "ZhangSan", "wmA"), (3, "lisi", "wmA")]
    assert chosen("userid = 'lisi' or status = 'lost'") == [(3, "lisi", "wmA"), (4, "wangwu", "wmC")]
    assert chosen("remark = 'status'") == []
    assert len(chosen("")) == 3


def test_bulk_planning_refuses_before_the_first_row(small: Store) -> None:
    with pytest.raises(UsageError):
        relations(small, "nonsense", now=NOW, tz=CHINA)


@pytest.mark.parametrize(
    ("where", "index"),
    [
        ("userid = 'lisi'", "USING INDEX sqlite_autoindex_relation_1 (userid=?)"),
        ("external_userid = 'wmA'", "USING INDEX relation_external_userid"),
        ("unionid = 'oA'", "USING INDEX contact_unionid"),
        ("tag has 'VIP'", "USING COVERING INDEX relation_tag_tag_id"),
        ("mobiles has '13800000000'", "USING COVERING INDEX relation_mobile_mobile"),
        ("department under '销售部'", "USING COVERING INDEX member_department_department"),
    ],
)
def test_selective_conditions_use_an_index_and_never_scan_the_relations(small: Store, where: str, index: str) -> None:
    statements: list[str] = []
    small.connection.set_trace_callback(statements.append)
    asked(small, "contacts", Query(where=where))
    small.connection.set_trace_callback(None)
    sql = next(statement for statement in statements if statement.startswith("SELECT v."))
    plan = [row[3] for row in small.connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
    assert any(index in step for step in plan), plan
    assert not any(step.startswith("SCAN r ") or step == "SCAN r" for step in plan), plan
