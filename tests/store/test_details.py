import pytest

from tests.store.small_corp import CHINA, NOW
from wecrm.errors import UsageError
from wecrm.models.table import Cell
from wecrm.store import details
from wecrm.store.database import Store


def read(parts: details.Details) -> dict[str, list[dict[str, Cell]]]:
    return {
        table.name: [dict(zip([c.key for c in table.columns], row, strict=True)) for row in table.rows]
        for _title, table in parts
    }


def test_a_customer_is_shown_with_members_groups_and_history(small: Store) -> None:
    parts = details.contact(small, "wmA", now=NOW, tz=CHINA)
    shown = read(parts)
    assert [title for title, _table in parts] == ["Customer", "Members", "Groups", "History"]
    assert [row["name"] for row in shown["customer"]] == ["王伟;Ltd"]
    assert [(row["userid"], row["tags"], row["channel"]) for row in shown["followers"]] == [
        ("ZhangSan", ("VIP", "a;b"), "shop"),
        ("lisi", ("VIP",), None),
    ]
    assert [row["group_name"] for row in shown["chats"]] == ["车友群"]
    assert [(row["at"], row["field"], row["tag_name"]) for row in shown["history"]] == [
        (200, "tag", "VIP"),
        (100, "status", None),
    ]


def test_a_member_is_shown_with_departments_customers_and_groups(small: Store) -> None:
    shown = read(details.member(small, "zhangsan", now=NOW, tz=CHINA))
    assert shown["member"][0]["userid"] == "ZhangSan"
    assert shown["member"][0]["customers"] == 2
    assert [row["name"] for row in shown["departments"]] == ["销售一组"]
    assert shown["customers"] == [{"status": "active", "customers": 2}]
    assert [row["chat_id"] for row in shown["groups"]] == ["wrX"]
    assert read(details.member(small, "wangwu", now=NOW, tz=CHINA))["customers"] == [{"status": "lost", "customers": 1}]


def test_a_group_is_shown_with_its_people(small: Store) -> None:
    shown = read(details.group(small, "wrX", now=NOW, tz=CHINA))
    assert shown["group"][0]["people"] == 2
    assert [(row["userid"], row["name"]) for row in shown["people"]] == [("ZhangSan", "张三"), ("wmA", "王伟;Ltd")]


def test_an_unknown_id_names_those_near(small: Store) -> None:
    for call, wrong, near in (
        (details.member, "zhangsam", "ZhangSan (张三)"),
        (details.member, "李四", "lisi (李四)"),
        (details.member, "iisi", "lisi (李四)"),
        (details.contact, "wmX", "wmA"),
        (details.contact, "李娜", "wmB (李娜)"),
        (details.group, "wrZ", "wrX (车友群)"),
    ):
        with pytest.raises(UsageError) as caught:
            call(small, wrong, now=NOW, tz=CHINA)
        assert near in caught.value.why, wrong


def test_an_unknown_id_of_an_empty_cache_says_how_to_fill_it(empty: Store) -> None:
    with pytest.raises(UsageError) as caught:
        details.contact(empty, "wm'; --", now=NOW, tz=CHINA)
    assert caught.value.why == ""
    assert "wecrm sync contacts" in caught.value.fix
