import hashlib
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wecrm.errors import UsageError
from wecrm.files import sheets
from wecrm.files.headings import letter
from wecrm.files.sheets import Sheet

TAGGING = (("userid", "external_userid"), ("mobile",))


def read(text: str, **options) -> Sheet:  # type: ignore[no-untyped-def]
    return sheets.read(io.BytesIO(text.encode()), name="list.csv", **options)


def refusal(text: str, **options) -> UsageError:  # type: ignore[no-untyped-def]
    with pytest.raises(UsageError) as caught:
        read(text, **options)
    return caught.value


def test_chinese_headings_are_recognised_and_other_columns_kept(tmp_path: Path) -> None:
    path = tmp_path / "名单.csv"
    path.write_bytes("员工账号,客户ＩＤ, 标签 ,级别\r\n zhang ,wm1,VIP;老客户, 高\r\n".encode("gb18030"))
    sheet = sheets.read(path, name=path.name, required=TAGGING)
    assert (sheet.name, sheet.encoding, sheet.delimiter) == ("名单.csv", "gb18030", ",")
    assert sheet.fields == ("userid", "external_userid", "add")
    assert sheet.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    (row,) = sheet.rows
    assert row.number == 2
    assert row.cells == {"userid": "zhang", "external_userid": "wm1", "add": "VIP;老客户"}
    assert row.original == {"员工账号": " zhang ", "客户ＩＤ": "wm1", "标签": "VIP;老客户", "级别": " 高"}


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("员工", "member"),
        ("成员", "member"),
        ("员工姓名", "member"),
        ("成员账号", "userid"),
        ("外部联系人ID", "external_userid"),
        ("External UserID", "external_userid"),
        ("手机号", "mobile"),
        ("电话", "mobile"),
        ("UnionID", "unionid"),
        ("备注", "remark"),
        ("描述", "description"),
        ("公司", "company"),
    ],
)
def test_every_heading_means_one_field(heading: str, field: str) -> None:
    assert read(f"{heading}\nx\n").fields == (field,)


def test_a_heading_falls_to_the_field_that_the_caller_knows() -> None:
    assert read("员工\nzhang\n", fields={"userid": "id"}).fields == ("userid",)


def test_a_map_overrides_the_headings() -> None:
    sheet = read("标签,客户标签,u\n旧,新,zhang\n", mapping={"add": "客户标签", "userid": "u"})
    (row,) = sheet.rows
    assert row.cells == {"add": "新", "userid": "zhang"}


def test_a_map_to_nothing_is_refused_with_the_nearest_name() -> None:
    assert "客户标签" in refusal("客户标签,u\nx,y\n", mapping={"add": "客户标"}).fix
    assert "userid" in refusal("u\nx\n", mapping={"usrid": "u"}).fix
    assert "both" in refusal("u\nx\n", mapping={"add": "u", "remove": "u"}).what


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    text = "\n".join(delimiter.join(cells) for cells in (("userid", "add"), ("z", '"a,b;c\td"')))
    sheet = read(text)
    assert sheet.delimiter == delimiter
    assert [row.cells["add"] for row in sheet.rows] == ["a,b;c\td"]


def test_one_column_with_other_delimiters_in_its_cells_stays_one_column() -> None:
    assert [row.cells for row in read("标签\nVIP;老客户\n新\n").rows] == [{"add": "VIP;老客户"}, {"add": "新"}]


def test_row_numbers_are_those_of_the_spreadsheet() -> None:
    sheet = read('\nuserid,remark\n\na,"two\nlines"\n,\nb,\n')
    assert [(row.number, row.cells["userid"]) for row in sheet.rows] == [(4, "a"), (6, "b")]
    assert len(sheet.rows) == 2
    assert [row.number for row in sheet.rows] == [4, 6], "rows can be read again"


def test_two_columns_for_one_field_are_refused_with_their_letters() -> None:
    error = refusal("userid,手机,电话\na,1,2\n")
    assert "B and C" in error.what
    assert "--map mobile=" in error.fix


def test_unknown_headings_that_are_blank_or_double_keep_their_cells_apart() -> None:
    (row,) = read("userid,x,x,\na,1,2,3\n").rows
    assert row.original == {"userid": "a", "x": "1", "x (C)": "2", "(D)": "3"}


def test_a_missing_column_names_what_was_found_what_is_near_and_what_is_accepted() -> None:
    error = refusal("员工账户,客户ID\nzhang,wm1\n", required=TAGGING)
    assert "userid + external_userid / mobile" in error.what
    assert "员工账户, 客户ID" in error.why
    assert "`员工账户` is perhaps meant as userid." in error.why
    assert "userid: userid 员工账号" in error.fix


def test_a_sheet_without_headings_is_refused_without_showing_its_data() -> None:
    error = refusal("zhang,wmABCDEFGHIJKLMN,13812345678\n", required=TAGGING)
    assert "looks like data" in error.why
    assert "13812345678" not in str(vars(error))


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff", " , \n", '"",""', "\u3000\n"])
def test_an_empty_file_is_refused(text: str) -> None:
    assert "empty" in refusal(text).what


def test_a_heading_without_rows_is_a_sheet_of_no_rows() -> None:
    assert len(read("userid,external_userid\n", required=TAGGING).rows) == 0


def test_rows_of_another_length_are_refused_with_their_address() -> None:
    error = refusal("userid,add,remark\na,b,c\na,b\na,b,c,d\na,b,c,,\n")
    assert error.why.splitlines() == [
        "A3: the row has 2 cells, the heading has 3.",
        "A4: the row has 4 cells, the heading has 3.",
    ]


def test_quotes_that_do_not_match_are_refused_with_the_line_they_open_in() -> None:
    assert "line 3" in refusal('userid,remark\na,b\na,"c\nd,e\nf,g\n').what
    assert "line 2" in refusal('userid,remark\na,"b"c\n').what


@pytest.mark.parametrize(
    ("heading", "cell"),
    [
        ("external_userid", "4.2E+17"),
        ("external_userid", "4,2e+17"),
        ("userid", "13812345678.0"),
        ("userid", "420000000000000000"),
        ("userid", "1234567890123456000"[:15] + "000"),
        ("mobile", "1.38E+10"),
        ("mobile", "13812345678.00"),
        ("mobiles", "13812345678;1.38E+10"),
        ("remark", "#NAME?"),
        ("add", "#N/A"),
        ("external_userid", "#ref!"),
    ],
)
def test_what_a_spreadsheet_damaged_is_refused_with_its_address(heading: str, cell: str) -> None:
    error = refusal(f'x;{heading}\n1;ok\n\n2;"{cell}"\n')
    assert error.why.startswith("B4: ")
    assert "13812345678" not in str(vars(error))


@pytest.mark.parametrize(
    ("heading", "cell"),
    [
        ("userid", "100000000000000"),
        ("userid", "4200000000000000001"),
        ("userid", "1E10"),
        ("userid", "zhang.000"),
        ("mobile", "+86 138-1234-5678"),
        ("remark", "4.2E+17"),
        ("remark", "1.0"),
        ("x", "#NAME?"),
    ],
)
def test_what_is_sound_is_not_refused(heading: str, cell: str) -> None:
    assert len(read(f"{heading};y\n{cell};1\n").rows) == 1


def test_ten_complaints_come_in_one_error() -> None:
    error = refusal("userid,mobile\n" + "1.2E+9,1.3E+10\n" * 20)
    lines = error.why.splitlines()
    assert len(lines) == 10
    assert [line[:3] for line in lines[:3]] == ["A2:", "B2:", "A3:"]


def test_marks_that_copying_leaves_are_taken_from_ids_and_numbers() -> None:
    (row,) = read("mobile,userid,remark\n\u202d13812345678\u202c,\u3000zhang\u200b,\u200bx\n").rows
    assert row.cells == {"mobile": "13812345678", "userid": "zhang", "remark": "\u200bx"}


def test_the_apostrophe_we_wrote_is_taken_away_and_no_other() -> None:
    sheet = read("userid,remark\na,'=1\na,'tis\na,'\na,''+x\n")
    assert [row.cells["remark"] for row in sheet.rows] == ["=1", "'tis", "'", "'+x"]


def test_a_file_that_is_not_there_or_too_large_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(UsageError, match="Cannot read"):
            sheets.read(path, name="none.csv")
    big = tmp_path / "big.csv"
    with big.open("wb") as stream:
        stream.truncate(sheets.LIMIT_BYTES + 1)
    with pytest.raises(UsageError, match="200 MB"):
        sheets.read(big, name="big.csv")


def test_columns_have_the_letters_of_a_spreadsheet() -> None:
    assert [letter(i) for i in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]


@given(st.binary(max_size=300) | st.text(alphabet="userid,;\t\"\r\n'=1E+0.#你", max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused_and_never_crash(data: bytes) -> None:
    try:
        sheet = sheets.read(io.BytesIO(b"userid,remark\n" + data), name="x", required=TAGGING)
    except UsageError:
        pass
    else:
        assert len(list(sheet.rows)) == len(sheet.rows)
    try:
        sheet = sheets.read(io.BytesIO(data), name="x")
    except UsageError:
        return
    assert len(list(sheet.rows)) == len(sheet.rows)
