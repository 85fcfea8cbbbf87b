"""Lines are cut by the cells they take on a screen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wecrm.cli.cells import fill, width


def test_a_chinese_character_takes_two_cells() -> None:
    assert [width("ab"), width("客户"), width("客a。")] == [2, 4, 5]


def test_no_line_begins_with_a_closing_sign() -> None:
    text = "这是一句话，它很长。（括号）「引号」还有《书名》、顿号；分号！"
    for cells in range(8, 40):
        lines = fill(text, cells).splitlines()
        assert "".join(lines) == text
        assert not any(line[0] in "，。）」》、；！" for line in lines)
        assert not any(line[-1] in "（「《" for line in lines)


def test_what_stands_in_brackets_stays_together() -> None:
    assert fill("表格的列名 [默认：x; 必填]", 18).splitlines() == ["表格的列名", "[默认：x; 必填]"]


def test_a_word_longer_than_the_line_stays_whole() -> None:
    assert fill("看 external_userid 列", 8).splitlines() == ["看", "external_userid", "列"]


def test_the_first_line_and_the_others_begin_as_told() -> None:
    assert fill("一二三四五六", 8, "- ", "  ").splitlines() == ["- 一二三", "  四五六"]
    assert fill("", 8, "- ") == "- "


@given(
    st.text(alphabet="客户标签，。（）ab1 `-", max_size=80),
    st.integers(min_value=10, max_value=60),
)
def test_nothing_is_lost_and_nothing_is_too_wide(text: str, cells: int) -> None:
    lines = fill(text, cells).splitlines()
    assert "".join("".join(lines).split()) == "".join(text.split())
    for line in lines:
        assert width(line) <= cells or not any(char.isspace() for char in line.strip())


@pytest.mark.parametrize("text", ["中文 and English, `wecrm sync` 混排。", "only English words here"])
def test_a_wide_line_is_left_alone(text: str) -> None:
    assert fill(text, 200) == text
