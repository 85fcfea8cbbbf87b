import io
import json
from datetime import timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wecrm.errors import UsageError
from wecrm.files import sheets
from wecrm.files.tables import FORMATS, Written, format_of, neutral, plain, write
from wecrm.models.table import Cell, Column, Kind, Table

TZ = timezone(timedelta(hours=8))
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
COLUMNS = (
    Column("external_userid", "客户", "id"),
    Column("remark", "备注"),
    Column("calls", "次数", "int"),
    Column("rate", "比例", "float"),
    Column("lost", "流失", "bool"),
    Column("add_at", "添加时间", "time"),
    Column("tags", "标签", "list"),
)
ROW: tuple[Cell, ...] = ("wm1", '说 "好",\n是', -3, -0.5, True, 1793496600, ("VIP", "老客户"))


def written(table: Table, fmt: str, *, for_file: bool = False, safe: bool = True) -> tuple[bytes, Written]:
    stream = io.BytesIO()
    result = write(table, stream, fmt, for_file=for_file, tz=TZ, safe=safe)
    return stream.getvalue(), result


def table_of(*rows: tuple[Cell, ...], columns: tuple[Column, ...] = COLUMNS) -> Table:
    return Table("contacts", columns, iter(rows))


def texts(*cells: str, kind: Kind = "text") -> Table:
    return table_of(*[("u", cell) for cell in cells], columns=(Column("userid", "u"), Column("x", "x", kind)))


def test_a_csv_pipe_has_exact_bytes_and_the_column_keys() -> None:
    data, result = written(table_of(ROW, (None,) * 7), "csv")
    assert data.decode() == (
        "external_userid,remark,calls,rate,lost,add_at,tags\n"
        'wm1,"说 ""好"",\n是",-3,-0.5,true,2026-11-01T09:30:00+08:00,VIP;老客户\n'
        ",,,,,,\n"
    )
    assert result == Written(2, 0)


def test_a_csv_file_is_for_excel() -> None:
    data, result = written(texts("=1+1", "+86", "-", "@x", "\tx", "\rx", "a=1", ""), "csv", for_file=True)
    assert data.startswith(b"\xef\xbb\xbfuserid,x\r\nu,'=1+1\r\nu,'+86\r\nu,'-\r\nu,'@x\r\nu,'\tx\r\n")
    assert data.endswith(b"\r\nu,a=1\r\nu,\r\n")
    assert result == Written(8, 6)


def test_numbers_are_no_formulas_but_text_in_a_number_column_may_be_one() -> None:
    data, result = written(table_of(ROW), "csv", for_file=True)
    assert b",-3,-0.5," in data
    assert result.neutralised == 0
    data, result = written(texts("-1", kind="int"), "csv", for_file=True)
    assert b"u,'-1\r\n" in data
    assert result.neutralised == 1


def test_unsafe_cells_are_kept_when_asked_and_in_pipes() -> None:
    data, result = written(texts("=1"), "csv", for_file=True, safe=False)
    assert data == b"\xef\xbb\xbfuserid,x\r\nu,=1\r\n"
    assert result.neutralised == 0
    assert written(texts("=1"), "csv")[0] == b"userid,x\nu,=1\n"


def test_a_heading_that_is_a_formula_is_neutralised_too() -> None:
    data, result = written(table_of(("1",), columns=(Column("=cmd", "x"),)), "csv", for_file=True)
    assert data == b"\xef\xbb\xbf'=cmd\r\n1\r\n"
    assert result.neutralised == 1


def test_tsv_quotes_tabs_and_line_ends() -> None:
    data, _ = written(texts("a\tb", "c\nd", "e,f", "g\rh"), "tsv")
    assert data == b'userid\tx\nu\t"a\tb"\nu\t"c\nd"\nu\te,f\nu\t"g\rh"\n'


def test_json_is_always_an_array_with_typed_values() -> None:
    data, result = written(table_of(ROW, (None,) * 7), "json")
    first, second = json.loads(data)
    assert first == {
        "external_userid": "wm1",
        "remark": '说 "好",\n是',
        "calls": -3,
        "rate": -0.5,
        "lost": True,
        "add_at": "2026-11-01T09:30:00+08:00",
        "tags": ["VIP", "老客户"],
    }
    assert set(second.values()) == {None}
    assert result == Written(2)
    assert json.loads(written(table_of(), "json")[0]) == []
    assert len(json.loads(written(table_of(ROW), "json")[0])) == 1


def test_ids_are_strings_in_json_even_when_they_came_as_numbers() -> None:
    data, _ = written(table_of((420000000000000001,), columns=(Column("id", "id", "id"),)), "ndjson")
    assert data == b'{"id":"420000000000000001"}\n'


def test_ndjson_has_a_row_on_every_line() -> None:
    data, _ = written(table_of(ROW, ROW), "ndjson")
    lines = data.decode().splitlines()
    assert len(lines) == 2
    assert json.loads(lines[0]) == json.loads(lines[1])
    assert written(table_of(), "ndjson")[0] == b""


def test_markdown_shows_markup_and_never_obeys_it() -> None:
    columns = (Column("a", "备注"), Column("n", "次数", "int", "calls"))
    data, _ = written(table_of(("a|b\n<b>*x*\x1b[31m", 3), ("wm_1_", None), columns=columns), "markdown")
    assert data.decode() == (
        "| 备注 | 次数 (calls) |\n| --- | ---: |\n| a\\|b\\\\n\\<b\\>\\*x\\*\\\\e\\[31m | 3 |\n| wm_1\\_ |  |\n"
    )


TEXTS = [fmt for fmt in FORMATS if fmt != "xlsx"]


@pytest.mark.parametrize("fmt", TEXTS)
@pytest.mark.parametrize("for_file", [True, False])
def test_halves_of_pairs_odd_numbers_and_odd_times_never_crash(fmt: str, for_file: bool) -> None:
    row: tuple[Cell, ...] = ("\ud800", "a\udfffb", 2**70, float("nan"), None, 1e300, ("\ud83d",))
    data, result = written(table_of(row), fmt, for_file=for_file)
    assert "\\ud800" in data.decode().replace("\\\\", "\\")
    assert result.rows == 1


@pytest.mark.parametrize("fmt", TEXTS)
def test_rows_are_read_one_by_one(fmt: str) -> None:
    stream = io.BytesIO()
    seen: list[int] = []

    def rows():  # type: ignore[no-untyped-def]
        for n in range(3):
            seen.append(stream.tell())
            yield (str(n),)

    write(Table("t", (Column("id", "id", "id"),), rows()), stream, fmt, for_file=False, tz=TZ)
    assert seen[1] < seen[2]


def test_the_extension_names_the_format() -> None:
    assert [format_of(Path(name)) for name in ("a.csv", "b.TSV", "c.jsonl", "d.md")] == [
        "csv",
        "tsv",
        "ndjson",
        "markdown",
    ]
    with pytest.raises(UsageError, match=r"a\.txt"):
        format_of(Path("a.txt"))


@pytest.mark.parametrize("fmt", ["pdf", "yaml", "\x1b[31m"])
def test_a_format_that_is_not_there_is_refused_with_those_that_are(fmt: str) -> None:
    stream = io.BytesIO()
    with pytest.raises(UsageError) as caught:
        write(table_of(), stream, fmt, for_file=True, tz=TZ)
    assert "csv, tsv, json, ndjson, markdown, xlsx, html" in caught.value.fix
    assert "\x1b" not in caught.value.what
    assert stream.getvalue() == b""


@given(TEXT)
def test_neutralising_can_be_undone_exactly(text: str) -> None:
    for cell in (text, "=" + text, "'=" + text, "''-" + text):
        assert plain(neutral(cell)) == cell
        assert neutral(cell)[:1] not in tuple("=+-@\t\r")


@given(st.lists(TEXT, max_size=5), st.sampled_from(["csv", "tsv"]))
def test_any_text_written_to_a_file_is_read_back_exactly(cells: list[str], fmt: str) -> None:
    data, _ = written(texts(*cells), fmt, for_file=True)
    sheet = sheets.read(io.BytesIO(data), name="x")
    assert [row.original["x"] for row in sheet.rows] == cells
    assert sheet.delimiter == {"csv": ",", "tsv": "\t"}[fmt]


@given(st.lists(TEXT, max_size=5))
def test_any_text_written_to_a_pipe_is_read_back_but_for_our_own_apostrophe(cells: list[str]) -> None:
    data, _ = written(texts(*cells), "csv")
    assert [row.original["x"] for row in sheets.read(io.BytesIO(data), name="x").rows] == [
        plain(cell) for cell in cells
    ]


@given(st.lists(TEXT, max_size=5))
def test_any_text_survives_json(cells: list[str]) -> None:
    data, _ = written(texts(*cells), "json")
    assert [row["x"] for row in json.loads(data)] == cells
