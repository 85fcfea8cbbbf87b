import datetime
import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from datetime import timedelta, timezone
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.files import spreadsheets
from wecrm.errors import UsageError
from wecrm.files import sheets
from wecrm.files.headings import letter
from wecrm.files.sheets import Sheet
from wecrm.files.tables import write, write_book
from wecrm.files.workbooks import cells, package, writing
from wecrm.models.table import Cell, Column, Table

TZ = timezone(timedelta(hours=8))
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
TRICKY = st.text(st.sampled_from([*"_x0041DFfeE\x00\x07\t\r\n <>/r=+-@'&\ufffe\uffff"]), max_size=14)
COLUMNS = (
    Column("external_userid", "客户", "id"),
    Column("remark", "备注"),
    Column("calls", "次数", "int"),
    Column("rate", "比例", "float"),
    Column("lost", "流失", "bool"),
    Column("add_at", "添加时间", "time"),
    Column("tags", "标签", "list"),
)


def workbook(columns: tuple[Column, ...], *rows: tuple[Cell, ...], titles: bool = False) -> bytes:
    stream = io.BytesIO()
    write(Table("contacts", columns, iter(rows)), stream, "xlsx", for_file=True, tz=TZ, titles=titles)
    return stream.getvalue()


def read(data: bytes, **options) -> Sheet:  # type: ignore[no-untyped-def]
    return sheets.read(io.BytesIO(data), name="list.xlsx", **options)


def refusal(data: bytes, **options) -> UsageError:  # type: ignore[no-untyped-def]
    with pytest.raises(UsageError) as caught:
        read(data, **options)
    return caught.value


def texts(*cells: str) -> bytes:
    return workbook((Column("k", "k", "id"), Column("x", "x")), *[("1", cell) for cell in cells])


def originals(data: bytes) -> list[str]:
    return [row.original["x"] for row in read(data).rows]


def xml(data: bytes, part: str = "xl/worksheets/sheet1.xml") -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        return opened.read(part).decode()


@settings(deadline=None)
@given(st.lists(ANY_TEXT | TRICKY, min_size=1, max_size=8))
@example(["_x005F_x0041_", "__x0041_x0042_", "_x0041\x00", "_xFFFE_", "_xfFfF_\ufffe", "_x000D_", "\r\n", "<r>1</r>"])
@example(["\ufffe_\uffff_x005F_", "_x005F_xFFFE_", "\x00_x0000_", "_x3042_", " a ", "#N/A", "=1+1", "'=1"])
def test_any_text_written_to_a_workbook_is_read_back_exactly(cells: list[str]) -> None:
    assert originals(texts(*cells)) == cells


@settings(deadline=None)
@given(st.lists(st.integers(10**17, 10**18 - 1).map(str), min_size=1, max_size=8), st.sampled_from(["xlsx", "csv"]))
def test_any_id_of_18_digits_is_read_back_exactly(ids: list[str], fmt: str) -> None:
    ids = [each for each in ids if not each.endswith("000")]
    table = Table("t", (Column("external_userid", "x", "id"),), iter([(each,) for each in ids]))
    stream = io.BytesIO()
    write(table, stream, fmt, for_file=True, tz=TZ)
    sheet = sheets.read(io.BytesIO(stream.getvalue()), name="x")
    assert [row.cells["external_userid"] for row in sheet.rows] == ids


@settings(deadline=None)
@given(ANY_TEXT.map(lambda text: text + "\ud83d"))
def test_halves_of_broken_pairs_are_spelled_out(text: str) -> None:
    assert originals(texts(text)) == [text[:-1] + "\\ud83d"]


def test_every_kind_of_cell_is_what_excel_calls_it() -> None:
    at = int(datetime.datetime(2026, 11, 1, 1, 30, tzinfo=datetime.UTC).timestamp())
    row = ("420000000000000001", "=1+1", -3, 0.5, True, at, ("VIP", "老客户"))
    data = workbook(COLUMNS, row, (None,) * 7, (420000000000000001, "", 2**60, 1e300, False, 1e300, ()))
    first, last = read(data).rows
    assert tuple(first.original.values()) == (
        "420000000000000001",
        "=1+1",
        "-3",
        "0.5",
        "true",
        "2026-11-01T09:30:00",
        "VIP;老客户",
    )
    assert (last.original["external_userid"], last.original["calls"]) == ("420000000000000001", str(2**60))
    sheet = xml(data)
    assert "<f>" not in sheet
    assert '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>' in sheet
    assert '<autoFilter ref="A1:G4"/>' in sheet
    assert "yyyy\\-mm\\-dd\\ hh:mm:ss" in xml(data, "xl/styles.xml") or "yyyy-mm-dd hh:mm:ss" in xml(
        data, "xl/styles.xml"
    )
    assert data == workbook(COLUMNS, row, (None,) * 7, (420000000000000001, "", 2**60, 1e300, False, 1e300, ()))


def book(*tables: Table) -> bytes:
    stream = io.BytesIO()
    write_book(tables, stream, tz=TZ)
    return stream.getvalue()


def test_figures_with_a_unit_or_a_total_have_a_number_format_and_the_totals_are_bold_values() -> None:
    columns = (
        Column("name", "n"),
        Column("came", "c", "int", sums=True),
        Column("share", "s", "float", "%"),
        Column("type", "t", "int"),
    )
    totals = ("Total", 1234567, None, None)
    data = book(Table("t", columns, [("=a", 1234566, 12.25, 2020), ("b", 1, 0.5, 1)], totals=totals))
    styles, sheet = xml(data, "xl/styles.xml"), xml(data)
    assert "<f>" not in sheet
    assert '<autoFilter ref="A1:D3"/>' in sheet  # the totals row stays where it is
    fonts = re.findall(r"<font>.*?</font>", styles)
    forms = re.findall(r"<xf numFmtId=\"(\d+)\" fontId=\"(\d+)\"", styles.split("<cellXfs", 1)[1])
    named = dict(re.findall(r'<numFmt numFmtId="(\d+)" formatCode="([^"]+)"', styles)) | {
        "3": "#,##0",
        "0": "",
        "49": "@",
    }

    def form(cell: str) -> tuple[str, bool]:
        style = re.search(rf'<c r="{cell}"(?: s="(\d+)")?', sheet)
        assert style is not None, cell
        number, font = forms[int(style[1] or 0)]
        return named[number], "<b/>" in fonts[int(font)]

    assert [form(cell) for cell in ("B2", "C2", "D2")] == [("#,##0", False), ("#,##0.0", False), ("", False)]
    assert [form(cell) for cell in ("A4", "B4")] == [("@", True), ("#,##0", True)]
    assert list(read(data).rows)[-1].original["came"] == "1234567"


def test_several_tables_are_sheets_whose_names_never_collide() -> None:
    long = "n" * 31
    data = book(*(Table(name, (Column("k", "k"),), [(name,)]) for name in ("a", "A", long, long, "[x]", "_x_")))
    names = re.findall(r'<sheet name="([^"]+)"', xml(data, "xl/workbook.xml"))
    assert names == ["a", "A 2", long, "n" * 29 + " 2", "_x_", "_x_ 2"]
    assert data == book(*(Table(name, (Column("k", "k"),), [(name,)]) for name in ("a", "A", long, long, "[x]", "_x_")))


def test_names_that_look_like_formulas_links_or_markup_are_only_text() -> None:
    hostile = ["=HYPERLINK(1)", "http://a.example", "<r><t>x</t></r>", "{=1}", "mailto:a@b", "@SUM(1)", "+1", "1.0"]
    data = texts(*hostile)
    assert originals(data) == hostile
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        assert not [name for name in opened.namelist() if "sheet1.xml.rels" in name]
    assert xml(data).count('t="inlineStr"') == 2 * len(hostile) + 2


def test_halves_odd_numbers_and_odd_times_become_text() -> None:
    (row,) = read(workbook(COLUMNS, ("\ud800", "a\udfffb", 2**70, float("nan"), None, 1e300, ("\ud83d",)))).rows
    assert list(row.original.values()) == ["\\ud800", "a\\udfffb", str(2**70), "nan", "", "1e+300", "\\ud83d"]


def test_widths_count_chinese_as_two_cells() -> None:
    data = xml(texts("王" * 20))
    assert 'width="43.7' in data


def test_more_rows_or_longer_texts_than_a_sheet_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "LIMIT_ROWS", 3)
    assert len(originals(texts(*"abc"))) == 3
    with pytest.raises(UsageError, match="More rows"):
        texts(*"abcd")
    assert originals(texts("a" * 32_767)) == ["a" * 32_767]
    with pytest.raises(UsageError, match="B2"):
        texts("😀" * 16_384)


def test_a_row_that_fails_leaves_no_file_of_customers_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def rows():  # type: ignore[no-untyped-def]
        yield ("a",)
        raise KeyboardInterrupt

    stream = io.BytesIO()
    with pytest.raises(KeyboardInterrupt):
        write(Table("t", (Column("x", "x"),), rows()), stream, "xlsx", for_file=True, tz=TZ)
    assert list(tmp_path.iterdir()) == []
    assert stream.getvalue() == b""
    assert capsys.readouterr().err == ""


def test_chinese_headings_and_a_named_sheet_are_found() -> None:
    data = spreadsheets.made({"说明": [["x"]], "名单": [["员工账号", "客户ID", "标签"], ["zhang", "wm1", "VIP"]]})
    sheet = read(data, sheet="名单", required=(("userid", "external_userid"),))
    assert (sheet.encoding, sheet.delimiter, sheet.format) == ("xlsx", "", "xlsx")
    assert [row.cells for row in sheet.rows] == [{"userid": "zhang", "external_userid": "wm1", "add": "VIP"}]
    assert "说明, 名单" in refusal(data, sheet="无").why
    with pytest.raises(UsageError, match="no sheet"):
        sheets.read(io.BytesIO(b"userid\na\n"), name="a.csv", sheet="名单")


def test_addresses_are_those_of_the_workbook() -> None:
    rows = [[], ["", "userid", "mobile"], [], ["", "a", 13800000001], ["", 4.2e17, 1.38e10 + 0.5], ["", "", "", "x"]]
    error = refusal(spreadsheets.made({"a": rows}))
    assert [line.split(":")[0] for line in error.why.splitlines()] == ["B5", "A6"]
    (row,) = read(spreadsheets.made({"a": rows[:4]})).rows
    assert (row.number, row.cells) == (4, {"userid": "a", "mobile": "13800000001"})


@pytest.mark.parametrize("number", [420000000000000000, 1234567890123456, 1e15, -4.2e17])
@pytest.mark.parametrize("heading", ["external_userid", "手机"])
def test_numbers_of_more_than_15_digits_are_refused_where_ids_belong(number: float, heading: str) -> None:
    assert refusal(spreadsheets.made({"a": [["x", heading], ["1", number]]})).why.startswith("B2: digits were lost")


@pytest.mark.parametrize("number", [999999999999999, 13800000001, 0])
def test_numbers_that_kept_all_their_digits_are_read(number: int) -> None:
    (row,) = read(spreadsheets.made({"a": [["userid"], [number]]})).rows
    assert row.cells == {"userid": str(number)}


@pytest.mark.parametrize("failed", ["#NAME?", "#DIV/0!", "#N/A", "#REF!"])
def test_formulas_give_their_saved_value_and_failed_ones_are_refused(failed: str) -> None:
    book = io.BytesIO()
    made = xlsxwriter.Workbook(book)
    page = made.add_worksheet()
    page.write_row(0, 0, ["userid", "remark"])
    page.write_formula(1, 0, '="zh"&"ang"', None, "zhang")
    page.write_formula(1, 1, "=1+1", None, 2)
    page.write_formula(2, 0, "=NOW()", None, "li")
    good = made.add_worksheet("good")
    good.write_row(0, 0, ["userid", "remark"])
    good.write_formula(1, 0, '="zh"&"ang"', None, "zhang")
    good.write_formula(1, 1, "=1+1", None, 2)
    page.write_formula(2, 1, "=nosuch()", None, failed)
    made.close()
    assert refusal(book.getvalue()).why == "B3: a formula failed here."
    (row,) = read(book.getvalue(), sheet="good").rows
    assert row.cells == {"userid": "zhang", "remark": "2"}


SPELLINGS = {
    "usual": '<row r="2"><c r="A2"{type}><v>{value}</v></c></row>',
    "with more": '<row r="2"><c r="A2" s="0"{type} cm="1"><f>1&gt;0</f><v>{value}</v></c></row>',
    "type first": '<row r="2"><c{type} r="A2"><v>{value}</v></c></row>',
    "small letters": '<row r="2"><c r="a2"{type}><v>{value}</v></c></row>',
    "without places": "<row><c{type}><f/><v>{value}</v></c></row>",
    "on several lines": '<row r="2"><c\nr = "A2"{type}\n><v>{value}</v></c></row>',
    "with a prefix": '<x:row r="2"><x:c r="A2"{type}><x:v>{value}</x:v></x:c></x:row>',
    "beyond Z": '<row r="2"><c r="A2"{type}><v>{value}</v></c><c r="AB2"/></row>',
    "after a comment": '<!-- <row r="9"> --><row><c{type}><v>{value}</v></c></row>',
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_cells_are_found_however_they_are_spelled(spelling: str) -> None:
    def spelled(**words: str) -> bytes:
        heading = '<row r="1"><c r="A1" t="inlineStr"><is><t>userid</t></is></c></row>'
        return spreadsheets.with_part(spreadsheets.sheet(heading + SPELLINGS[spelling].format(**words)))

    (row,) = read(spelled(type="", value="5")).rows
    assert (row.number, row.cells) == (2, {"userid": "5"})
    for failed in (' t="e"', " t='e'"):
        assert refusal(spelled(type=failed, value="#N/A")).why == "A2: a formula failed here."


@pytest.mark.parametrize("number", ["nan", "inf", "-1e999"])
def test_numbers_beyond_numbers_are_only_text(number: str) -> None:
    rows = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c></row><row r="2"><c r="A2"><v>{number}</v></c></row>'
    )
    data = spreadsheets.with_part(spreadsheets.sheet(rows.format(number=number)))
    assert originals(data) == [str(float(number))]


@pytest.mark.parametrize("cell", ['<c r="A2" t="e"', "<c r='A2' t='e'"])
@pytest.mark.parametrize("end", ["/>", "></c>", "><v></v></c>", "><f>1/0</f></c>"])
def test_a_failed_cell_that_does_not_say_how_is_neither_empty_nor_its_neighbours_value(cell: str, end: str) -> None:
    heading = '<row r="1"><c r="A1" t="inlineStr"><is><t>userid</t></is></c><c r="B1"><v>7</v></c></row>'
    row = f'<row r="2">{cell}{end}<c r="B2"><v>#5</v></c></row>'
    assert "damaged" in refusal(spreadsheets.with_part(spreadsheets.sheet(heading + row))).what


def test_every_failed_cell_is_told_even_after_thousands() -> None:
    rows = [f'<row r="{n}"><c r="B{n}" t="e"><v>#N/A</v></c></row>' for n in range(2, 3_000)]
    heading = '<row r="1"><c r="A1" t="inlineStr"><is><t>userid</t></is></c><c r="B1"><v>7</v></c></row>'
    last = '<row r="3000"><c r="A3000" t="e"><v>#SPILL!</v></c></row>'
    data = spreadsheets.with_part(spreadsheets.sheet(heading + "".join(rows) + last))
    assert refusal(data).why == "A3000: a formula failed here."


@pytest.mark.parametrize("shape", cells.SHAPES)
def test_places_that_are_taken_on_trust_lie_within_the_limit(shape: bytes) -> None:
    def matches(row: int) -> bool:
        return re.fullmatch(shape, b"A%d" % row) is not None

    rows = max(row for row in (int(f"{lead}{'9' * n}") for lead in range(1, 10) for n in range(9)) if matches(row))
    columns = [n for n in range(18_278) if re.fullmatch(shape, letter(n).encode() + b"1")]
    assert columns == list(range(len(columns)))
    assert 5_000_000 < rows * len(columns) <= cells.LIMIT_CELLS


def test_dates_are_text_where_text_belongs_and_damage_where_ids_belong() -> None:
    day = datetime.datetime(2026, 11, 1)
    (row,) = read(spreadsheets.made({"a": [["userid", "remark"], ["a", day]]})).rows
    assert row.cells["remark"] == "2026-11-01"
    assert refusal(spreadsheets.made({"a": [["userid"], [day]]})).why.startswith("A2: the spreadsheet made a date")


def test_what_we_wrote_with_titles_in_either_language_is_read_back() -> None:
    from wecrm.cli.headers import headed

    columns = (Column("userid", "Member", "id"), Column("member", "Member name"), Column("external_userid", "Customer"))
    for language in ("zh", "en", "raw"):
        table = headed(Table("contacts", columns, ()), language)
        data = workbook(table.columns, ("zhang", "张", "wm1"), titles=True)
        (row,) = read(data).rows
        assert row.cells == {"userid": "zhang", "member": "张", "external_userid": "wm1"}, language


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xd0\xcf\x11\xe0" + bytes(600), "not a workbook"),
        (b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "password"),
        (spreadsheets.packed({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}), "not a workbook"),
        (spreadsheets.packed({"word/document.xml": b"<x/>"}), "not a workbook"),
        (spreadsheets.packed({"xl/workbook.xml": b"<x/>"}), "damaged|empty"),
        (spreadsheets.packed({"xl/workbook.bin": b""}), "not a workbook"),
        (b"PK\x03\x04", "damaged"),
    ],
)
def test_other_kinds_of_files_are_refused_by_their_kind(data: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read(data)


def test_rows_can_be_read_again_and_blank_ones_do_not_count() -> None:
    sheet = read(spreadsheets.made({"a": [["userid"], ["a"], [" "], [], ["b"], [""], []]}))
    assert [row.number for row in sheet.rows] == [2, 5] == [row.number for row in sheet.rows]
    assert len(sheet.rows) == 2


BOMBS = {
    "zeros": lambda: spreadsheets.with_part(b"<c r='A9'/>" + bytes(150_000_000)),
    "declared": lambda: spreadsheets.with_part(bytes(100), more={"xl/a.xml": bytes(210_000_000)}),
    "lying": lambda: spreadsheets.lying(bytes(400_000_000)),
    "packed by another method": lambda: spreadsheets.lying(bytes(100_000_000), zipfile.ZIP_BZIP2),
    "far": lambda: spreadsheets.with_part(spreadsheets.sheet('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')),
    "far without row": lambda: spreadsheets.with_part(spreadsheets.sheet("<c r = \"AAAA9000\"/><x:c\nr='A1048576'/>")),
    "wide without places": lambda: spreadsheets.with_part(
        spreadsheets.sheet("<row>" + "<c><v>1</v></c>" * 16_000 + "</row>" + "<row><c><v>1</v></c></row>" * 100_000)
    ),
    "parts": lambda: spreadsheets.packed({"xl/workbook.xml": b"", **{f"{n}.xml": b"" for n in range(3_000)}}),
    "strings": lambda: spreadsheets.with_part(
        spreadsheets.sheet('<row r="1"><c r="A1" t="s"><v>0</v></c></row>'),
        more={"xl/sharedStrings.xml": b'<sst count="4000000000" uniqueCount="4000000000"><si><t>a</t></si></sst>'},
    ),
    "dimension": lambda: spreadsheets.with_part(
        spreadsheets.sheet('<row r="1"><c r="A1"><v>1</v></c></row>').replace(b"A1:A1", b"A1:XFD1048576")
    ),
}
"""Small files that want all the memory; the last lies only about its size and may be read."""

MEASURED = """
import json, resource, sys
from pathlib import Path
from wecrm.errors import UsageError
from wecrm.files import sheets
from wecrm.files.workbooks import reading, package
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    said = str(len(sheets.read(Path(sys.argv[1]), name="bomb.xlsx").rows))
except UsageError as error:
    said = error.what
print(json.dumps([said, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024]))
"""


@pytest.mark.parametrize("kind", BOMBS)
def test_bombs_are_refused_in_bounded_memory(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("resource")
    path = tmp_path / "bomb.xlsx"
    path.write_bytes(BOMBS[kind]())
    assert path.stat().st_size < 2_000_000
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(path)], capture_output=True, text=True, check=True, cwd=os.getcwd()
    )
    said, megabytes = json.loads(done.stdout)
    if kind == "dimension":
        assert said == "0"
    elif kind == "packed by another method":
        assert "damaged" in said
    else:
        assert "memory" in said or "too far" in said, said
    assert megabytes < 64


FAR = "RH22000"  # 10,472,000 cells from A1
FAR_CELLS = {
    "a second place": f'<row r="1"><c r="A1" r="{FAR}"><v>1</v></c></row>',
    "after a bracket in quotes": f'<row r="1"><c x=">" r="{FAR}"><v>1</v></c></row>',
    "with a prefix": f'<row r="1"><a-b:c r="{FAR}"><v>1</v></a-b:c></row>',
    "among rows in comments": '<row r="22000">' + '<c><v>1</v></c><!--<row r="1">-->' * 480 + "</row>",
    "among rows in texts": '<row r="22000">' + '<c><is><row r="1"></row></is></c>' * 480 + "</row>",
    "after places in quotes": '<row r="22000">' + "<c x=' r=\"A1\"'><v>1</v></c>" * 480 + "</row>",
    "in rows in rows": '<row r="22000">' + "<row><c><v>1</v></c>" * 480 + "</row>" * 481,
}


@pytest.mark.parametrize("spelling", FAR_CELLS)
def test_a_cell_far_away_is_seen_however_it_is_spelled(spelling: str) -> None:
    error = refusal(spreadsheets.with_part(spreadsheets.sheet(FAR_CELLS[spelling])))
    assert "too far" in error.what or "damaged" in error.what


def test_entities_are_refused_as_they_could_hide_cells() -> None:
    text = spreadsheets.sheet("<row><c><v>1</v></c></row><row><c><v>&e;</v></c></row>")
    data = spreadsheets.with_part(b'<!DOCTYPE worksheet [<!ENTITY e "5">]>' + text)
    assert "damaged" in refusal(data).what


def untouched(data: bytes) -> None:
    """Read or refuse, never anything else."""
    try:
        sheet = read(data)
    except UsageError:
        return
    assert len(list(sheet.rows)) == len(sheet.rows)


STORED = spreadsheets.repacked(workbook(COLUMNS, ("wm1", "a_x0041_", 1, 2.5, True, 1793496600, ("VIP",))))
SHARED = spreadsheets.made({"a": [["userid", "remark"], ["zhang", "=1"], [13800000001, "é"]]})


def mutations(data: bytes) -> st.SearchStrategy[bytes]:
    """`data` with a few bytes changed, taken out or put in."""
    edit = st.tuples(st.integers(0, len(data) - 1), st.integers(0, 40), st.binary(max_size=20))

    def edited(edits: list[tuple[int, int, bytes]]) -> bytes:
        text = data
        for place, length, new in edits:
            text = text[:place] + new + text[place + length :]
        return text

    return st.lists(edit, min_size=1, max_size=4).map(edited)


PARTS = spreadsheets.unpacked(STORED) | {"xl/sharedStrings.xml": spreadsheets.unpacked(SHARED)["xl/sharedStrings.xml"]}


@st.composite
def rebuilt(draw: st.DrawFn) -> bytes:
    """A sound zip in which one part's XML is damaged."""
    name = draw(st.sampled_from([each for each in PARTS if "docProps" not in each and "theme" not in each]))
    return spreadsheets.packed(PARTS | {name: draw(mutations(PARTS[name]))})


DAMAGED = st.one_of(
    st.binary(max_size=400),
    st.binary(max_size=400).map(lambda rest: b"PK\x03\x04" + rest),
    mutations(STORED),
    mutations(SHARED),
    rebuilt(),
)
CALM = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=1_000, deadline=None, suppress_health_check=CALM)
@given(DAMAGED)
def test_damaged_workbooks_are_read_or_refused(data: bytes) -> None:
    untouched(data)


@pytest.mark.long
@settings(max_examples=20_000, deadline=None, suppress_health_check=CALM)
@given(DAMAGED)
def test_damaged_workbooks_are_read_or_refused_20000_times(data: bytes) -> None:
    untouched(data)


def test_the_package_that_the_reader_gets_is_ours_alone() -> None:
    extra = {"xl/vbaProject.bin": b"macro", "xl/externalLinks/a.bin": b"x", "xl/media/a.png": b"x"}
    found = package.examined(spreadsheets.packed(spreadsheets.unpacked(SHARED) | extra), "x")
    assert not [name for name in spreadsheets.unpacked(found) if not name.endswith((".xml", ".rels"))]


def saved_by_libreoffice(data: bytes, folder: Path, form: str) -> bytes:
    """The workbook in `data`, opened in LibreOffice and saved as `form`."""
    soffice = shutil.which("soffice")
    if soffice is None:
        pytest.skip("LibreOffice is not installed")
    (folder / "in.xlsx").write_bytes(data)
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"  # nobody's own, which may be in use
    words = [soffice, profile, "--headless", "--convert-to", form, "--outdir", "out", "in.xlsx"]
    subprocess.run(words, cwd=folder, check=True, timeout=120, capture_output=True)
    (saved,) = (folder / "out").iterdir()
    return saved.read_bytes()


@pytest.mark.long
@pytest.mark.parametrize("form", ["xlsx", "csv:Text - txt - csv (StarCalc):44,34,76"])
def test_libreoffice_keeps_ids_and_names_and_runs_no_formula(form: str, tmp_path: Path) -> None:
    ids = ["420000000000000001", "wm0000000000000001", "0012", "1E5"]
    names = ["=1+1", "=NOW()", '=HYPERLINK("http://a.example")', "+86", "-5", "@x", "{=1}", "'quoted", "1/2", "12:30"]
    names += [
        "王小明",
        "😀👨‍👩‍👧",
        " a  b ",
        "a\nb",
        '"q",;',
        "<r>1</r>",
        "<b>",
        "a_x0041_b",
        "_x000D_",
        "TRUE",
        "2026-11-01",
        "00123",
    ]
    rows = [(ids[n % len(ids)], name) for n, name in enumerate(names)]
    saved = read(saved_by_libreoffice(workbook(COLUMNS[:2], *rows), tmp_path, form))
    assert [tuple(row.original.values()) for row in saved.rows] == rows


@pytest.mark.long
@pytest.mark.parametrize("sheet", [1, 2])
def test_libreoffice_opens_every_sheet_with_its_totals(sheet: int, tmp_path: Path) -> None:
    columns = (Column("userid", "u", "id"), Column("came", "c", "int", sums=True), Column("share", "s", "float", "%"))
    rows = [("420000000000000001", 1200, 99.5), ("=1+1", 34, 0.25)]
    first, second = (Table(name, columns, rows, totals=(name, 1234, None)) for name in ("one", "two"))
    saved = saved_by_libreoffice(
        book(first, second),
        tmp_path,
        f"csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,{sheet}",
    )
    lines = saved.decode().splitlines()
    assert lines[1:3] == ["420000000000000001,1200,99.5", "=1+1,34,0.25"]
    assert lines[-1] == f"{('one', 'two')[sheet - 1]},1234,"


@pytest.mark.long
def test_what_libreoffice_saves_of_formulas_is_read_or_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    page = book.add_worksheet()
    page.write_row(0, 0, ["userid", "remark"])
    page.write_formula(1, 0, '="zh"&"ang"', None, "zhang")
    page.write_formula(1, 1, "=1+1", None, 2)
    page.write_formula(2, 1, "=nosuch()", None, "#NAME?")
    page.write_formula(3, 0, "=1/0", None, "#DIV/0!")
    page.write_number(4, 0, 420000000000000001)
    book.close()
    error = refusal(saved_by_libreoffice(stream.getvalue(), tmp_path, "xlsx"))
    assert [line.split(":")[0] for line in error.why.splitlines()] == ["B3", "A4", "A5"]
