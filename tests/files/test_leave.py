"""The leave calendar as spreadsheets have it: headings in two languages, days in several forms."""

import io
from datetime import date, datetime
from pathlib import Path

import pytest

from wecrm.errors import UsageError
from wecrm.files import leave


def read(text: str) -> tuple[leave.Leave, ...]:
    return leave.read(io.BytesIO(text.encode()), "leave.csv")


def test_days_are_read_in_the_forms_that_people_write() -> None:
    found = read("员工,开始,结束\n张三,2026-11-22,2026/11/24\nlisi,2026.1.5,2026年1月6日\n")
    assert found == (
        leave.Leave("张三", date(2026, 11, 22), date(2026, 11, 24), "A2"),
        leave.Leave("lisi", date(2026, 1, 5), date(2026, 1, 6), "A3"),
    )


def test_a_userid_stands_before_a_name() -> None:
    found = read("to,note,userid,member,from\n2026-11-22,x,zhangsan,张三,2026-11-22\n2026-11-22,,,李四,2026-11-22\n")
    assert [(one.who, one.where) for one in found] == [("zhangsan", "C2"), ("李四", "D3")]


def test_a_workbook_with_real_dates_is_read(tmp_path: Path) -> None:
    import xlsxwriter

    path = tmp_path / "leave.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ("员工", "开始", "结束"))
        sheet.write(1, 0, "张三")
        for column, day in ((1, 22), (2, 24)):
            sheet.write_datetime(1, column, datetime(2026, 11, day), book.add_format({"num_format": "yyyy-mm-dd"}))
    assert leave.read(path, str(path)) == (leave.Leave("张三", date(2026, 11, 22), date(2026, 11, 24), "A2"),)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("张三,22.11.2026,2026-11-23", "B2: not a day: '22.11.2026'"),
        ("张三,2026-11-22,", "C2: not a day: ''"),
        ("张三,2026-02-30,2026-11-23", "B2: not a day"),
        ("张三,2026-11-22 12:00,2026-11-23", "B2: not a day"),
        ("张三,2026-11-24,2026-11-22", "C2: the last day stands before the first"),
        (",2026-11-22,2026-11-24", "A2: names nobody"),
        ("张三,#NAME?,2026-11-24", "B2: a formula failed here."),
    ],
)
def test_a_cell_that_is_wrong_is_told_with_its_address(row: str, told: str) -> None:
    with pytest.raises(UsageError) as raised:
        read(f"员工,开始,结束\n{row}\n")
    assert told in raised.value.why


def test_a_missing_column_is_told() -> None:
    with pytest.raises(UsageError, match="lacks a column"):
        read("员工,开始\n张三,2026-11-22\n")
