"""Rows as a page of HTML: what stands in it, that nothing in it acts, and that it grows without memory."""

import io
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta, timezone
from pathlib import Path

import msgspec
import pytest

from tests.conftest import Wecrm
from tests.files.browsers import Browser, browser
from tests.reports.pages import Page
from tests.reports.test_dashboard_browser import CONTRASTS, LEGIBLE, VIEWS
from wecrm.files import tablepages
from wecrm.models.table import Cell, Column, Kind, Table

TZ = timezone(timedelta(hours=8))
AT = 1_793_496_600
COLUMNS = (
    Column("external_userid", "客户", "id"),
    Column("name", "名字"),
    Column("calls", "次数", "int", "calls"),
    Column("rate", "比例", "float", "%"),
    Column("lost", "流失", "bool"),
    Column("at", "时间", "time"),
    Column("tags", "标签", "list"),
)
HOSTILE = (
    "=1+1</td></table><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><style>body{display:none}",
    "\x1b[31m\u202eevil\u2066\x00",
    "{{ 7*7 }}{% raw %}",
    "<!--",
    "&lt;b&gt;",
    "\ud800",
    "javascript:alert(1)",
)
SHOWN = (
    HOSTILE[0],
    HOSTILE[1],
    HOSTILE[2],
    "\\e[31m\\u202eevil\\u2066\\x00",
    HOSTILE[4],
    HOSTILE[5],
    HOSTILE[6],
    "\\ud800",
    HOSTILE[8],
)


OVERFLOWING = (
    """[...document.querySelectorAll("th, td")].filter((cell) => cell.scrollWidth > cell.clientWidth + 1).length"""
)


def page(*tables: Table) -> Page:
    stream = io.BytesIO()
    tablepages.write(tables, stream, TZ)
    return Page(stream.getvalue().decode())


def hostile() -> Table:
    columns = (Column("a", HOSTILE[0]), *(Column(f"c{n}", name) for n, name in enumerate(HOSTILE)))
    rows = [(str(n), *HOSTILE) for n in range(3)]
    return Table(HOSTILE[1], columns, rows, notes=HOSTILE, as_of=AT, totals=(HOSTILE[2], *HOSTILE))


def test_cells_are_as_a_person_reads_them_and_nothing_is_rounded() -> None:
    row: tuple[Cell, ...] = ("wm1", "王", 1234567, 0.05, True, AT, ("VIP", "老客户"))
    odd: tuple[Cell, ...] = (420000000000000001, "", -1, 12.345, False, 1e300, ())
    found = page(Table("contacts", COLUMNS, iter([row, (None,) * 7, odd]), totals=("Total", *(None,) * 6)))
    ((heads, *rows),) = found.sections[0].tables
    assert heads == ["客户", "名字", "次数 (calls)", "比例 (%)", "流失", "时间", "标签"]
    assert rows == [
        ["wm1", "王", "1,234,567", "0.05", "yes", "2026-11-01 09:30", "VIP, 老客户"],
        [""] * 7,
        ["420000000000000001", "", "-1", "12.345", "no", "1e+300", ""],
        ["Total", *[""] * 6],
    ]


def test_several_tables_stand_below_their_titles_with_their_notes() -> None:
    stream = io.BytesIO()
    both = [
        Table(name, (Column("k", "k"),), [(name,)] * n, notes=(f"note {name}",), as_of=AT + n, title=title)
        for n, (name, title) in enumerate((("a", "One"), ("b", "")), 1)
    ]
    assert tablepages.write(both, stream, TZ) == 3
    found = Page(stream.getvalue().decode())
    assert [section.title for section in found.sections[1:]] == ["One", "b"]
    assert [section.tables for section in found.sections[1:]] == [[[["k"], ["a"]]], [[["k"], ["b"], ["b"]]]]
    assert [section.texts for section in found.sections[1:]] == [["note a"], ["note b"]]
    assert found.sections[0].texts == ["From the cache of 2026-11-01 09:30 UTC+08:00."]
    assert "<title>One · b</title>" in stream.getvalue().decode()


def test_hostile_names_are_only_text() -> None:
    found = page(hostile())
    assert not found.tags.keys() & {"script", "img", "iframe", "a"}
    assert found.tags["style"] == 1
    (table,) = found.sections[0].tables
    assert [row[1:] for row in table] == [list(SHOWN)] * 5
    assert [text for text in found.sections[0].texts if text in SHOWN] == list(SHOWN)
    assert "49" not in found.text
    assert {name for name, _value in found.attributes} <= {
        "lang",
        "charset",
        "content",
        "http-equiv",
        "name",
        "rel",
        "href",
        "class",
    }


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser")) as found:
        yield found


def test_a_browser_asks_for_nothing_runs_nothing_and_shows_it_in_light_and_dark(tab: Browser, tmp_path: Path) -> None:
    file = tmp_path / "rows.html"
    with file.open("wb") as stream:
        tablepages.write([hostile()], stream, TZ)
    grounds = []
    for view in VIEWS:
        tab.show(file, **view)  # type: ignore[arg-type]
        assert tab.run("document.querySelectorAll('script, img, iframe, object, embed, form, a').length") == 0
        assert tab.run("document.querySelectorAll('tbody td').length") == 4 * (1 + len(HOSTILE))
        found = tab.run(CONTRASTS)
        assert len(found) > 50
        assert not [each for each in found if each[0] < LEGIBLE]
        grounds.append(tab.run("getComputedStyle(document.body).backgroundColor"))
    assert tab.requests == [file.as_uri()] * len(VIEWS)
    assert not tab.complaints
    assert not tab.dialogs
    assert grounds[0] != grounds[1]
    assert grounds[3] == "rgb(255, 255, 255)"


@pytest.mark.parametrize(("columns", "size"), [(3, (595, 842)), (12, (842, 595)), (26, (842, 595))])
def test_few_columns_are_printed_upright_and_many_on_the_side(
    tab: Browser, tmp_path: Path, columns: int, size: tuple[int, int]
) -> None:
    file = tmp_path / "rows.html"
    with file.open("wb") as stream:
        kinds: tuple[Kind, ...] = ("id", "time", "text", "int")
        heads = tuple(Column(f"c{n}", "一列的标题", kinds[n % 4]) for n in range(columns))
        cells: tuple[Cell, ...] = ("wm" + "0" * 30, AT, "名" * 30 + "x" * 200, 1234567)
        table = Table("t", heads, [tuple(cells[n % 4] for n in range(columns))] * 60)
        tablepages.write([table], stream, TZ)
    tab.show(file)
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", tab.paper())
    assert len(boxes) >= 3
    assert {(round(float(w)), round(float(h))) for w, h in boxes} == {size}
    for media, width in (("screen", 820), ("print", size[0] * 4 // 3 - 106)):
        tab.show(file, media=media, width=width)
        assert tab.run("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), media
        assert not tab.run(OVERFLOWING), media


def test_the_commands_write_it_and_reports_stand_on_one_page(synced: Wecrm, tmp_path: Path) -> None:
    file = tmp_path / "week.html"
    assert synced("report", "followers,tags", "-o", str(file)).code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    found = Page(file.read_text("utf-8"))
    assert [section.title for section in found.sections[1:]] == ["Customers per member", "Tags by use"]
    for section, name in zip(found.sections[1:], ("followers", "tags"), strict=True):
        rows = msgspec.json.decode(synced("report", name, "-f", "json").out)
        totals = name == "followers"
        assert len(section.tables[0]) == 1 + len(rows) + totals
    (external,) = synced.sql("SELECT external_userid FROM contact LIMIT 1")[0]
    shown = Page(synced("contacts", "show", external, "-f", "html").out)
    assert len(shown.sections) > 2
    assert external in shown.text
    assert len(Page(synced("contacts", "show", external, "-f", "html", "--part", "contact").out).sections) == 1


MEASURED = """
import re, sys
from datetime import UTC
from wecrm.files.tables import write
from wecrm.models.table import Column, Table
columns = tuple(Column(f"c{n}", "列", kind) for n, kind in enumerate(("id", "id", "text", "int", "time", "list")))
rows = ((f"m{n}", f"wm{n:030d}", f"客户{n}<b>", n, n, ("VIP", "老客户")) for n in range(int(sys.argv[1])))
with open(sys.argv[2], "wb") as stream:
    assert write(Table("t", columns, rows), stream, "html", for_file=True, tz=UTC).rows == int(sys.argv[1])
print(int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc tells the most memory there was")
@pytest.mark.parametrize("rows", [50_000, pytest.param(1_000_000, marks=pytest.mark.long)])
def test_memory_stays_as_it_is_however_many_rows_there_are(tmp_path: Path, rows: int) -> None:
    words = [sys.executable, "-c", MEASURED, str(rows), str(tmp_path / "rows.html")]
    done = subprocess.run(words, capture_output=True, check=True)
    assert 10 < float(done.stdout) < 40
