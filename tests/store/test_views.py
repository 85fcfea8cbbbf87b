import pytest

from wecrm.errors import UsageError
from wecrm.store.columns import View, describe
from wecrm.store.database import Store
from wecrm.store.views import VIEWS, view


@pytest.mark.parametrize("each", VIEWS.values(), ids=VIEWS)
def test_documented_columns_are_the_columns_of_the_view(each: View, empty: Store) -> None:
    real = [row[1] for row in empty.connection.execute(f'PRAGMA table_info("{each.name}")')]
    assert [column.key for column in each.columns] == real


def test_every_view_of_the_database_is_documented(empty: Store) -> None:
    real = {row[0] for row in empty.connection.execute("SELECT name FROM sqlite_master WHERE type = 'view'")}
    assert set(VIEWS) == real


@pytest.mark.parametrize("each", VIEWS.values(), ids=VIEWS)
def test_what_a_view_names_exists(each: View) -> None:
    named = [*each.shown, *each.key, *(word.lstrip("-") for word in each.sort.split(","))]
    named += filter(None, (each.tagged, each.staffed))
    assert {each.column(name).key for name in named} == set(named)
    assert all(column.title and column.doc.endswith(".") for column in each.columns)
    assert all(bool(column.items) == (column.kind == "list") for column in each.columns)


@pytest.mark.parametrize("each", VIEWS.values(), ids=VIEWS)
def test_the_key_of_a_view_tells_its_rows_apart(each: View, small: Store) -> None:
    keys = ", ".join(f'"{key}"' for key in each.key)
    rows = small.connection.execute(f'SELECT {keys} FROM "{each.name}"').fetchall()
    assert rows
    assert len(set(rows)) == len(rows)


def test_the_kinds_fit_what_sqlite_gives(small: Store) -> None:
    allowed = {
        "int": int,
        "float": (int, float),
        "bool": int,
        "time": (int, float),
        "text": str,
        "id": str,
        "list": str,
    }
    for each in VIEWS.values():
        names = ", ".join(f'v."{column.key}"' for column in each.columns)
        for row in small.connection.execute(f'SELECT {names} FROM "{each.name}" AS v'):
            for column, value in zip(each.columns, row, strict=True):
                assert value is None or isinstance(value, allowed[column.kind]), (each.name, column.key, value)


def test_an_unknown_column_names_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        view("contacts").column("extrenal_userid")
    assert "external_userid" in caught.value.why


def test_describe_lists_every_column_with_its_sentence() -> None:
    rows = {row[0]: row for row in describe(view("members")).rows}
    assert list(rows) == [column.key for column in view("members").columns]
    assert rows["userid"][3] is True
    assert rows["alias"][3] is False
