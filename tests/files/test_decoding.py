import codecs

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from wecrm.errors import UsageError
from wecrm.files.decoding import decode

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
SHEET = "员工账号,客户ID,标签\nzhangsan,wmABC,重要客户\n"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (SHEET.encode(), "utf-8"),
        (SHEET.encode("utf-8-sig"), "utf-8-sig"),
        (SHEET.encode("utf-16"), "utf-16"),
        (codecs.BOM_UTF16_BE + SHEET.encode("utf-16-be"), "utf-16"),
        (SHEET.encode("gb18030"), "gb18030"),
        (b"", "utf-8"),
    ],
)
def test_the_encodings_of_spreadsheets_are_told_apart(data: bytes, encoding: str) -> None:
    assert decode(data) == ("" if not data else SHEET, encoding)


@given(TEXT)
def test_text_with_a_mark_or_in_utf8_is_read_exactly(text: str) -> None:
    assert decode(text.encode("utf-8-sig"))[0] == text
    assert decode(text.encode("utf-16"))[0] == text
    assume(not text.startswith("\ufeff"))
    assert decode(text.encode())[0] == text


@given(st.text(st.characters(codec="gb2312", exclude_characters="\0")))
@example("联通")
def test_chinese_text_of_old_programs_is_read_exactly_or_was_valid_utf8(text: str) -> None:
    data = text.encode("gb18030")
    try:
        expected = data.decode()
    except UnicodeDecodeError:
        expected = text
    assert decode(data)[0] == expected


def test_one_late_chinese_byte_decides_over_the_whole_file() -> None:
    data = b"userid,remark\n" + b"zhang,ok\n" * 200_000 + "li,老客户\n".encode("gbk")
    text, encoding = decode(data)
    assert encoding == "gb18030"
    assert text.endswith("老客户\n")


def test_broken_utf8_is_refused_and_not_turned_into_other_characters() -> None:
    data = (SHEET * 20).encode() + b"li,\xe8\x80,\n" + SHEET.encode()
    with pytest.raises(UsageError) as caught:
        decode(data, "名单.csv")
    assert "名单.csv" in caught.value.what
    assert "line 41" in caught.value.what
    assert f"byte {data.index(b'li,') + 3}" in caught.value.what


def test_bytes_that_are_no_text_are_refused_with_byte_and_line() -> None:
    with pytest.raises(UsageError, match="byte 3, line 2"):
        decode(b"a\r\n\xb0\xff\xff")
    with pytest.raises(UsageError, match="byte 5, line 2"):
        decode(codecs.BOM_UTF8 + b"a\r\xff")


def test_workbooks_and_binary_files_are_refused_by_name() -> None:
    with pytest.raises(UsageError, match="XLSX"):
        decode(b"PK\x03\x04" + bytes(100), "list.xlsx")
    with pytest.raises(UsageError, match="XLS file"):
        decode(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    with pytest.raises(UsageError, match="not a text file"):
        decode(b"a,b\n1,\0\n")
    with pytest.raises(UsageError, match="not a text file"):
        decode("a,b\n".encode("utf-16-le"))


@given(st.binary(max_size=300))
def test_random_bytes_are_read_or_refused_and_never_crash(data: bytes) -> None:
    try:
        text, encoding = decode(data)
    except UsageError:
        return
    assert "\0" not in text
    assert encoding
