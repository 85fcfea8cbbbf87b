import pytest

from tests.store.small_corp import CHINA, NOW
from wecrm.errors import UsageError
from wecrm.models.table import Query
from wecrm.store.database import Store
from wecrm.store.search import search


def found(store: Store, text: str, where: str = "") -> list[object]:
    query = Query(columns=("relation_id",), sort="relation_id", where=where)
    return [row[0] for row in search(store, text, query, now=NOW, tz=CHINA).rows]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("王伟", [1, 3]),
        ("老王", [1]),
        ("o'brien", [3]),
        ("50% OFF", [1]),
        ("0%", [1]),
        ("x_y", [4]),
        ("_", [4]),
        ("vip", [4]),
        ("ＶＩＰ", [4]),
        ("LTD", [1, 3]),
        ("ｌｔｄ", [1, 3]),
        ("oc", [4]),
        ("WMb", [2]),
        ("138 0000 0000", [1, 4]),
        ("+86 138-0000-0000", [1, 4]),
        ("１３９１１１", [1]),
        ("ZHANGSAN", [1, 2]),
        ("zhang", []),
        ("nobody", []),
    ],
)
def test_a_text_is_found_wherever_it_stands(small: Store, text: str, ids: list[int]) -> None:
    assert found(small, text) == ids


def test_a_condition_narrows_the_search(small: Store) -> None:
    assert found(small, "王伟", "userid = 'lisi'") == [3]


@pytest.mark.parametrize("text", ["", "  ", "x" * 201])
def test_nothing_to_look_for_is_refused(small: Store, text: str) -> None:
    with pytest.raises(UsageError):
        found(small, text)
