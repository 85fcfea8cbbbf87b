import io
import json
from collections.abc import Iterator
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from wecrm.cli.render import Output, describe_columns, emit, prepare, select_columns
from wecrm.errors import UsageError
from wecrm.models.table import Cell, Column, Table

TZ = timezone(timedelta(hours=8))
NOW = 1793496600.0
COLUMNS = (
    Column("userid", "员工", "id"),
    Column("remark", "备注"),
    Column("n", "次数", "int"),
    Column("at", "时间", "time"),
    Column("tags", "标签", "list"),
    Column("lost", "流失", "bool"),
)
ROW: tuple[Cell, ...] = ("420000000000000000", "[bold]hi[/] :smile: \x1b[31m\n", -5, NOW, ("VIP", "老"), True)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Pipe(io.TextIOWrapper):
    """Standard output as Python gives it: text over bytes."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="ascii")

    def data(self) -> bytes:
        self.flush()
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue()


def output(fmt: str | None = None, path: Path | None = None, **more) -> Output:  # type: ignore[no-untyped-def]
    return Output(**{"format": fmt, "path": path, "color": "auto", "tz": TZ, "width": 100} | more)


def table(rows: int = 1, **more) -> Table:  # type: ignore[no-untyped-def]
    return Table("contacts", COLUMNS, (ROW for _ in range(rows)), **more)


def on_terminal(shown: Table, asked: Output | None = None) -> str:
    screen = Terminal()
    emit(shown, asked or output(), stdout=screen, stderr=io.StringIO(), now=NOW)
    return screen.getvalue()


def test_a_terminal_gets_a_table_for_people() -> None:
    text = on_terminal(table(), output(color="never"))
    assert text.splitlines()[0].split() == ["员工", "备注", "次数", "时间", "标签", "流失"]
    assert "─" in text
    assert "420000000000000000" in text
    assert "2026-11-01 09:30" in text
    assert "VIP, 老" in text
    assert "\x1b" not in text


def test_markup_and_escapes_of_strangers_are_shown_and_not_obeyed() -> None:
    for rows in (1, 1001):
        text = on_terminal(table(rows), output(color="never", width=200))
        assert "[bold]hi[/] :smile: \\e[31m\\n" in text
        assert "\x1b" not in text


@pytest.mark.parametrize("fmt", ["csv", "tsv", "json", "ndjson", "markdown"])
def test_even_formats_for_programs_cannot_command_a_terminal(fmt: str) -> None:
    text = on_terminal(Table("t", (Column("x", "x"),), [("\x1b[31m\x9b2J",)]), output(fmt))
    assert not {"\x1b", "\x9b"} & set(text)


@pytest.mark.parametrize(("color", "colored"), [("always", True), ("never", False), ("auto", False)])
def test_outside_a_terminal_there_is_no_box_and_colour_only_when_demanded(color: str, colored: bool) -> None:
    pipe = Pipe()
    emit(table(), output("table", color=color), stdout=pipe.buffer, stderr=io.StringIO(), now=NOW)
    text = pipe.data().decode()
    assert ("\x1b[" in text) == colored
    assert not {"─", "│", "━", "┃"} & set(text)
    assert "420000000000000000" in text


@pytest.mark.parametrize("cell", ["0012", "4.20E+17", "1e5", "1,000", "nan", "  x"])
@pytest.mark.parametrize("rows", [1, 1001])
def test_cells_that_look_like_numbers_are_shown_as_they_are(cell: str, rows: int) -> None:
    text = on_terminal(Table("t", (Column("id", "编号", "id"),), [(cell,)] * rows), output(color="never"))
    assert [line.rstrip() for line in text.splitlines()].count(cell) >= rows


def test_nothing_is_lost_on_a_narrow_terminal() -> None:
    rows = [("wm" + "A" * 30, "很长的备注" * 6)]
    text = on_terminal(Table("t", COLUMNS[:2], rows), output(color="never", width=30))
    assert text.count("A") == 30
    assert text.count("很") == 6
    assert "…" not in text


def test_many_columns_on_a_narrow_terminal_come_plain() -> None:
    columns = tuple(Column(f"c{n}", f"c{n}") for n in range(20))
    text = on_terminal(Table("t", columns, [("value",) * 20]), output(color="never", width=60))
    assert "─" not in text
    assert text.count("value") == 20


def test_more_than_a_thousand_rows_come_plain_in_blocks_while_they_are_read() -> None:
    screen = Terminal()
    seen: list[int] = []

    def rows() -> Iterator[tuple[str]]:
        for n in range(3500):
            seen.append(len(screen.getvalue()) if n % 1000 == 999 else 0)
            yield (f"id{n}",)

    count = emit(
        Table("t", (Column("id", "编号", "id"),), rows()),
        output(),
        stdout=screen,
        stderr=io.StringIO(),
        now=NOW,
    )
    text = screen.getvalue()
    assert count == 3500
    assert "─" not in text
    assert text.count("编号") == 4
    assert all(f"id{n}\n" in text for n in (0, 999, 1000, 3499))
    assert 0 < max(seen[:2000]) < max(seen)


@pytest.mark.parametrize("rows", [1000, 1001, 2000])
def test_every_row_is_shown_once(rows: int) -> None:
    shown = Table("t", (Column("id", "编号", "id"),), ((f"<{n}>",) for n in range(rows)))
    text = on_terminal(shown, output(color="never"))
    assert text.count("<") == rows
    assert text.count("编号") == (1 if rows <= 1000 else 2)


def test_an_empty_table_still_has_its_headings() -> None:
    assert "员工" in on_terminal(table(0))
    pipe = Pipe()
    assert emit(table(0), output("table"), stdout=pipe.buffer, stderr=io.StringIO(), now=NOW) == 0
    assert "员工" in pipe.data().decode()


def test_a_pipe_gets_exact_csv_in_utf8_whatever_the_locale() -> None:
    pipe = Pipe()
    stderr = io.StringIO()
    assert emit(table(), output(), stdout=pipe, stderr=stderr, now=NOW) == 1
    assert pipe.data().decode().splitlines()[0] == "userid,remark,n,at,tags,lost"
    assert b"\x1b[31m" in pipe.data()
    assert stderr.getvalue() == ""


def test_a_dash_is_standard_output() -> None:
    pipe = Pipe()
    emit(table(), output("json", Path("-")), stdout=pipe, stderr=io.StringIO(), now=NOW)
    assert json.loads(pipe.data())[0]["userid"] == "420000000000000000"


def test_a_file_gets_the_format_of_its_extension_and_says_what_was_neutralised(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    stderr = io.StringIO()
    rows = [("=1",), ("+2",)]
    shown = Table("t", (Column("x", "x"),), rows, notes=("a\x1bnote",), as_of=NOW - 3 * 3600)
    emit(shown, output(path=path), stdout=Pipe(), stderr=stderr, now=NOW)
    assert path.read_bytes() == b"\xef\xbb\xbfx\r\n'=1\r\n'+2\r\n"
    first, second, third = stderr.getvalue().splitlines()
    assert ": 2 (" in first
    assert second == "From the cache of 3 h ago."
    assert third == "a\\enote"


@pytest.mark.parametrize(
    ("age", "said"), [(-5, "0 s"), (45, "45 s"), (120, "2 min"), (26 * 3600, "26 h"), (2 * 86400, "2 d")]
)
def test_the_age_of_the_cache_is_said_in_a_unit_that_fits(age: float, said: str) -> None:
    stderr = io.StringIO()
    emit(table(as_of=NOW - age), output(), stdout=Pipe(), stderr=stderr, now=NOW)
    assert f"of {said} ago" in stderr.getvalue()


def test_the_format_beats_the_extension_and_a_table_in_a_file_is_plain(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    emit(table(), output("table", path), stdout=Pipe(), stderr=io.StringIO(), now=NOW)
    assert "员工" in path.read_text("utf-8")
    emit(table(), output("ndjson", path), stdout=Pipe(), stderr=io.StringIO(), now=NOW)
    assert json.loads(path.read_bytes())["n"] == -5


@pytest.mark.parametrize("name", ["out.txt", "out.pdf", "missing/out.csv"])
def test_a_place_or_format_that_cannot_be_written_is_refused_before_the_work(tmp_path: Path, name: str) -> None:
    worked = False
    with pytest.raises(UsageError), prepare(output(path=tmp_path / name)):
        worked = True
    assert not worked
    assert list(tmp_path.iterdir()) == []


def test_work_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_bytes(b"old")
    asked = output(path=path)

    def rows() -> Iterator[tuple[Cell, ...]]:
        yield ROW
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), prepare(asked) as file:
        emit(Table("t", COLUMNS, rows()), asked, stdout=Pipe(), stderr=io.StringIO(), now=NOW, file=file)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_prepared_output_is_written_through(tmp_path: Path) -> None:
    asked = output(path=tmp_path / "out.json")
    with prepare(asked) as file:
        emit(table(2), asked, stdout=Pipe(), stderr=io.StringIO(), now=NOW, file=file)
    assert len(json.loads((tmp_path / "out.json").read_bytes())) == 2


def test_columns_are_chosen_in_their_order_and_once() -> None:
    chosen = select_columns(table(2), ["n", "userid", "n"])
    assert [column.key for column in chosen.columns] == ["n", "userid"]
    assert list(chosen.rows) == [(-5, "420000000000000000")] * 2
    assert select_columns(whole := table(), []) is whole


def test_an_unknown_column_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        select_columns(table(), ["Remarks"])
    assert "contacts" in caught.value.what
    assert caught.value.fix == "Did you mean remark?"


def test_columns_can_be_described() -> None:
    described = describe_columns(table())
    assert [column.key for column in described.columns] == ["key", "title", "kind", "unit"]
    assert next(iter(described.rows)) == ("userid", "员工", "id", "")


FIGURES = (Column("name", "名称"), Column("came", "新增", "int", sums=True), Column("share", "占比", "float", "%"))


def figures(*came: Cell, totals: tuple[Cell, ...] | None = None) -> Table:
    return Table("t", FIGURES, [(f"n{n}", cell, 1.5) for n, cell in enumerate(came)], totals=totals)


def test_bars_stand_beside_the_first_figures_that_are_added_up() -> None:
    lines = on_terminal(figures(24, 12, 1, 0, -5, None, totals=("Total", 32, None)), output(color="never")).splitlines()
    bars = ["".join(char for char in line if "█" <= char <= "▏") for line in lines[2:8]]
    assert bars == ["█" * 12, "█" * 6, "▌", "", "", ""]
    assert lines[-1].split() == ["Total", "32"]
    assert len({line.index("1.5") for line in lines[2:8]}) == 1


def test_there_are_no_bars_where_they_have_no_room_no_terminal_or_nothing_to_show() -> None:
    for drawn in (
        on_terminal(figures(24, 12), output(color="never", width=38)),
        on_terminal(figures(24), output(color="never")),
        on_terminal(figures(0, 0), output(color="never")),
        on_terminal(Table("t", COLUMNS[2:3], [(3,), (4,)]), output(color="never")),
    ):
        assert "█" not in drawn
    plain = io.StringIO()
    assert emit(figures(24, 12, totals=("Total", 36, None)), output("table"), stdout=plain, stderr=plain, now=0) == 2
    assert "█" not in plain.getvalue()
    assert plain.getvalue().splitlines()[-1].split() == ["Total", "36"]


def test_chosen_columns_keep_their_totals() -> None:
    chosen = select_columns(figures(1, totals=("Total", 1, None)), ("came", "name"))
    assert chosen.totals == (1, "Total")
