"""What `--where` selects, what it refuses, and that nothing can be smuggled through it."""

import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.small_corp import CHINA, NOW
from wecrm.errors import UsageError
from wecrm.store.conditions import Compiled, compile  # noqa: A004
from wecrm.store.database import Store
from wecrm.store.views import VIEWS, view


def compiled(store: Store, text: str, name: str = "contacts") -> Compiled:
    return compile(view(name), text, now=NOW, tz=CHINA, store=store)


def selected(store: Store, text: str, name: str = "contacts") -> list[object]:
    condition = compiled(store, text, name)
    key = view(name).key[0]
    sql = f'SELECT v."{key}" FROM "{name}" AS v WHERE {condition.sql} ORDER BY 1'
    return [row[0] for row in store.connection.execute(sql, condition.params)]


def refused(store: Store, text: str, name: str = "contacts") -> UsageError:
    with pytest.raises(UsageError) as caught:
        compiled(store, text, name)
    return caught.value


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", [1, 2, 3, 4]),
        ("userid = 'ZHANGSAN'", [1, 2]),
        ("USERID == 'zhangsan'", [1, 2]),
        ("userid in ('LISI', \"wangwu\")", [3, 4]),
        ("userid not in ('LISI', 'wangwu')", [1, 2]),
        ("remark = 'O''Brien'", [3]),
        ('remark = "O\'Brien"', [3]),
        ("remark like '老%'", [1]),
        ("remark like 'x\\_y'", [4]),
        ("remark like 'X_Y'", [4]),
        ("description like '%50\\%%'", [1]),
        ("remark not like '老%'", [2, 3, 4]),
        ("channel = 'shop'", [1]),
        ("channel != 'shop'", [2, 3, 4]),
        ("channel <> 'shop'", [2, 3, 4]),
        ("channel is null", [2, 3]),
        ("channel is empty", [2, 3]),
        ("channel is not null", [1, 4]),
        ("relation_id between 2 and 3 or relation_id = 4", [2, 3, 4]),
        ("relation_id not between 2 and 3", [1, 4]),
        ("relation_id >= 2 and relation_id < 4", [2, 3]),
        ("relation_id = '3'", [3]),
        ("status = 'lost'", [4]),
        ("status = 'active'", [1, 2, 3]),
        ("not status = 'active'", [4]),
        ("not not status = 'active'", [1, 2, 3]),
        ("not (status = 'active' or userid = 'wangwu')", []),
        ("channel = 'shop' or channel = 'fair' and status = 'active'", [1]),
        ("(channel = 'shop' or channel = 'fair') and status = 'lost'", [4]),
    ],
)
def test_comparisons_select(small: Store, text: str, ids: list[int]) -> None:
    assert selected(small, text) == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("added_at = '2026-03-30'", [2]),
        ("added_at != '2026-03-30'", [1, 3, 4]),
        ("added_at < '2026-03-30'", [1]),
        ("added_at <= '2026-03-30'", [1, 2]),
        ("added_at > '2026-03-30'", [3]),
        ("added_at >= '2026-03-30'", [2, 3]),
        ("added_at = '2026-03'", [1, 2, 3]),
        ("added_at between '2026-03-02' and '2026-03-30'", [2]),
        ("added_at in ('2026-03-01', 'today')", [1, 3]),
        ("added_at = 'yesterday'", [2]),
        ("added_at = '2026-03-30 23:59'", [2]),
        ("added_at = '2026-03-30T23:59:59'", [2]),
        ("added_at = '2026-03-30 15:59:59Z'", [2]),
        ("added_at = '2026-03-30T16:59:59+01:00'", [2]),
        ("added_at >= '7d ago'", [2, 3]),
        ("added_at > '12h ago'", []),
        ("added_at >= '12h ago'", [3]),
        ("added_at is null", [4]),
        ("added_at < 1774886400", [1, 2]),
    ],
)
def test_days_and_moments_select(small: Store, text: str, ids: list[int]) -> None:
    assert selected(small, text) == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("tag has 'VIP'", [1, 3]),
        ("tag has '客户等级/VIP'", [1]),
        ("tag has 't2'", [3]),
        ("not tag has 'VIP'", [2, 4]),
        ("tag not has 'VIP'", [2, 4]),
        ("tag in ('VIP', 'a;b')", [1, 3, 4]),
        ("tag has 'strategy9'", [2]),
        ("tags has 'a;b'", [1, 4]),
        ("tags like 'vi%'", [1, 3]),
        ("tags != 'VIP'", [2, 4]),
        ("tag_ids has 'strategy9'", [2]),
        ("personal_tags is not empty", [2]),
        ("mobiles has '13800000000'", [1, 4]),
        ("mobiles = 13911112222", [1]),
        ("mobiles is empty", [2, 3]),
        ("department under '销售部'", [1, 2, 3]),
        ("department under 3", [1, 2, 3]),
        ("department under '4'", [3]),
        ("not department under 'Sales'", [4]),
    ],
)
def test_tags_lists_and_departments_select(small: Store, text: str, ids: list[int]) -> None:
    assert selected(small, text) == ids


def test_other_views_are_asked_the_same_way(small: Store) -> None:
    assert selected(small, "follows = true and department under '公司'", "members") == ["lisi", "ZhangSan"]
    assert selected(small, "departments has '销售一组' or departments has '4'", "members") == ["lisi", "ZhangSan"]
    assert selected(small, "customers >= 1 and deleted_at is null", "tags") == ["t1", "t2", "t3"]
    assert selected(small, "department under '销售部'", "groups") == ["wrX", "wrY"]
    assert selected(small, "open = 0 and rows > 0", "jobs") == ["j1"]
    assert selected(small, "object like '%\"lisi\"%'", "job_rows") == ["j1"]
    assert selected(small, "tag_name = 'VIP'", "history") == [2]


def test_a_department_that_is_its_own_ancestor_ends(empty: Store) -> None:
    with empty.write() as db:
        db.execute("INSERT INTO department (id, parentid, name, seen_at) VALUES (1, 2, 'a', 1), (2, 1, 'b', 1)")
    assert compiled(empty, "department under 'a'").params == ("[1, 2]",)


def test_a_deleted_tag_counts_only_while_no_living_one_has_its_name(empty: Store) -> None:
    with empty.write() as db:
        db.execute("INSERT INTO corp_tag (tag_id, group_id, name, deleted_at) VALUES ('t1', 'g', 'VIP', 1)")
    assert compiled(empty, "tag has 'VIP'").params == ("t1",)
    with empty.write() as db:
        db.execute("INSERT INTO corp_tag (tag_id, group_id, name) VALUES ('t2', 'g', 'VIP')")
    assert compiled(empty, "tag has 'VIP'").params == ("t2",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("remrak = 'x'", ("remrak", "remark")),
        ("\"remark\" = 'x'", ("without quotes",)),
        ("userid = lisi", ("quotes", "'lisi'")),
        ('remark = "name', ("closing quote",)),
        ("remark = ‘x’", ("full-width",)),
        ("tag has 'VlP'", ("VlP", "VIP")),
        ("tag has '客户等级/VIPP'", ("客户等级/VIP",)),
        ("department under '销售'", ("销售部",)),
        ("tag under 'VIP'", ("department",)),
        ("tag like 'V%'", ("tag has",)),
        ("remark has 'x'", ("has",)),
        ("added_at = '2026-02-30'", ("2026-02-30", "7d ago")),
        ("added_at like '2026%'", ("texts only",)),
        ("relation_id = 'many'", ("number",)),
        ("relation_id = 99999999999999999999", ("too large",)),
        ("remark =", ("value",)),
        ("remark", ("comparison",)),
        ("remark is 'x'", ("null",)),
        ("remark = 'x' remark = 'y'", ("end here",)),
        ("(remark = 'x'", ("')'",)),
        ("remark = 'x';", ("can't be read",)),
        ("remark = 'x' --", ("can't be read",)),
        ("and", ("column",)),
        ("remark in ()", ("value",)),
        ("remark = '\ud800'", ("UTF-8",)),
        ("remark = 1 \u3000%", ("can't be read",)),
        ("remark like '" + "%" * 1001 + "'", ("1000",)),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_caret(small: Store, text: str, words: tuple[str, ...]) -> None:
    error = refused(small, text)
    assert error.why.endswith("^")
    said = f"{error.what} {error.why} {error.fix}"
    assert all(word in said for word in words), said


def test_the_caret_stands_under_the_place_also_after_wide_characters(small: Store) -> None:
    shown, caret = refused(small, "remark = '客户' and remrak = 'x'").why.splitlines()
    assert shown == "remark = '客户' and remrak = 'x'"
    assert caret.index("^") == shown.index("remrak") + 2


def test_predicates_stand_only_where_they_make_sense(small: Store) -> None:
    assert "no column 'tag'" in refused(small, "tag has 'VIP'", "members").what
    assert "no department" in refused(small, "department under '公司'", "jobs").what


@pytest.mark.parametrize(
    "text",
    [
        "(" * 200 + "userid = 'a'" + ")" * 200,
        "not " * 5000 + "userid = 'a'",
        "userid = 'a'" + " or userid = 'a'" * 400,
        "userid = '" + "a" * 20_000 + "'",
    ],
    ids=["brackets", "nots", "ors", "length"],
)
def test_what_is_too_deep_or_too_long_is_refused(small: Store, text: str) -> None:
    refused(small, text)


def test_the_deepest_and_longest_that_is_taken_runs(small: Store) -> None:
    unit = "relation_id = 1 or relation_id = 1 and "
    deep = "".join(f"{unit}not (" for _ in range(6)) + "userid = 'a'" + ")" * 6
    selected(small, deep)
    deep = "".join(f"{unit}(" for _ in range(12)) + "userid = 'a'" + ")" * 12
    selected(small, deep)
    selected(small, " or ".join(["added_at = 'today'"] * 300))
    selected(small, "userid in (" + ",".join(["1"] * 9_900) + ")")
    selected(small, "added_at in (" + ",".join(["1"] * 250) + ")")


def test_values_are_parameters_and_never_part_of_the_sql(small: Store) -> None:
    evil = "x'); DROP TABLE relation; --"
    condition = compiled(small, 'remark = "' + evil + '" or remark like "' + evil + '" or mobiles has "' + evil + '"')
    assert condition.params == (evil, evil, evil)
    assert "DROP" not in condition.sql


_WORDS = st.one_of(
    st.sampled_from(["and", "or", "not", "in", "like", "is", "null", "empty", "between", "has", "under", "true"]),
    st.sampled_from(["(", ")", ",", "=", "==", "!=", "<>", "<", "<=", ">", ">=", "'", '"', ";", "--"]),
    st.sampled_from(["userid", "added_at", "status", "tags", "tag", "mobiles", "department", "order", "nosuch"]),
    st.sampled_from(
        ["'VIP'", "'销售部'", "1", "-2", "3.5", "9" * 20, "'2026-03-30'", "'7d ago'", "'1'", '"x"', "v.id"]
    ),
)
_TESTS = st.sampled_from(
    [
        "userid = 'lisi'",
        "remark like '%'",
        "channel = 'shop'",
        "channel != 'shop'",
        "added_at < '2026-03-30'",
        "added_at != 'today'",
        "tag has 'VIP'",
        "tags like 'a%'",
        "mobiles is empty",
        "description is null",
        "department under '销售部'",
        "relation_id in (1, 2)",
        "status = 'lost'",
    ]
)
_CONDITIONS = st.recursive(
    _TESTS,
    lambda part: st.one_of(
        part.map(lambda p: f"not ({p})"),
        st.tuples(part, part).map(lambda p: f"({p[0]}) and {p[1]}"),
        st.tuples(part, part).map(lambda p: f"{p[0]} or ({p[1]})"),
    ),
    max_leaves=6,
)
_SOME = settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_SOME
@given(
    name=st.sampled_from(sorted(VIEWS)),
    text=st.one_of(st.text(max_size=60), st.lists(_WORDS, max_size=14).map(" ".join)),
)
def test_any_text_either_runs_or_is_a_usage_error(small: Store, name: str, text: str) -> None:
    before = small.connection.total_changes
    try:
        selected(small, text, name)
    except UsageError as error:
        str(error)
    assert small.connection.total_changes == before


@_SOME
@given(value=st.text(max_size=40), op=st.sampled_from(["=", "!=", "like", "has"]))
def test_any_value_travels_as_a_parameter(small: Store, value: str, op: str) -> None:
    column = "mobiles" if op == "has" else "remark"
    condition = compiled(small, f"{column} {op} '" + value.replace("'", "''") + "'")
    assert condition.params == (value,)
    assert condition.sql == compiled(small, f"{column} {op} 'x'").sql
    small.connection.execute(f"SELECT 1 FROM contacts AS v WHERE {condition.sql}", condition.params).fetchall()


@_SOME
@given(text=_CONDITIONS)
def test_not_selects_exactly_the_other_rows(small: Store, text: str) -> None:
    chosen, others = selected(small, text), selected(small, f"not ({text})")
    assert sorted([*chosen, *others], key=str) == [1, 2, 3, 4]


def test_no_column_falls_back_to_a_text(small: Store) -> None:
    """SQLite takes an unknown "column" for a text; with the view's name before it, it does not."""
    with pytest.raises(sqlite3.OperationalError):
        small.connection.execute('SELECT 1 FROM contacts AS v WHERE v."nosuch" = 1')
    condition = compiled(small, "remark = 'x'")
    assert 'v."remark"' in condition.sql
    assert condition.columns == {"remark"}
