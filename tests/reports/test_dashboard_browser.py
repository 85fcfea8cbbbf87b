"""The dashboard in a real browser: light, dark, on a phone and on paper; quiet, legible, and alone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.files.browsers import Browser, browser
from tests.reports.lives import SEEDS, copied, lived
from tests.reports.test_dashboard import HOSTILE, NOVEMBER

VIEWS = (
    {"scheme": "light"},
    {"scheme": "dark"},
    {"scheme": "light", "width": 390},
    {"scheme": "dark", "media": "print", "width": 688},
)
LEGIBLE = 4.5  # contrast that WCAG asks of text
CONTRASTS = """(() => {
  const light = (color) => color.match(/[\\d.]+/g).slice(0, 3).map((c) => c / 255)
    .map((c) => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    .reduce((sum, c, n) => sum + c * [.2126, .7152, .0722][n], 0);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const color = getComputedStyle(node).backgroundColor;
      if (!/, 0\\)$/.test(color)) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const found = [];
  for (const node of document.querySelectorAll("h1, h2, h3, p, span, b, small, th, td, text")) {
    const style = getComputedStyle(node);
    const [a, b] = [light(node.tagName === "text" ? style.fill : style.color), light(ground(node))].sort();
    found.push([(b + .05) / (a + .05), node.tagName, node.textContent]);
  }
  return found;
})()"""
WORDS = """[...document.querySelectorAll("svg text")].map((node) => {
  const [own, frame] = [node.getBoundingClientRect(), node.ownerSVGElement.getBoundingClientRect()];
  return [own.left - frame.left, frame.right - own.right, node.textContent];
})"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The page of a month as it is, and one where every name is an attack."""
    life = lived(tmp_path_factory.getbasetemp(), SEEDS[0])
    folder = tmp_path_factory.mktemp("pages")
    home = copied(life, folder)
    with home.world() as world, world.writing() as db:
        for sql in ("UPDATE contact SET detail = json_set(detail, '$.name', ?)", "UPDATE member SET name = ?"):
            db.execute(sql, (HOSTILE,))
        db.execute("UPDATE tag SET name = ? || id", (HOSTILE,))
        world.changed()
    assert home("sync", "--max-removals", "100%", "-qq").code in (0, 7)
    found = {"plain": folder / "plain.html", "hostile": folder / "hostile.html"}
    for one, name in ((life.home, "plain"), (home, "hostile")):
        result = one("--lang", "zh", "report", "dashboard", *NOVEMBER, "-o", str(found[name]))
        assert result.code == 0, result.err
    return found


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser")) as found:
        yield found


@pytest.mark.parametrize("name", ["plain", "hostile"])
def test_it_asks_for_nothing_runs_nothing_and_nothing_complains(
    tab: Browser, pages: dict[str, Path], name: str
) -> None:
    for noted in (tab.requests, tab.complaints, tab.dialogs):
        noted.clear()
    for view in VIEWS:
        tab.show(pages[name], **view)  # type: ignore[arg-type]
        assert tab.run("document.querySelectorAll('script, img, iframe, object, embed, form, a').length") == 0
        assert tab.run("document.querySelectorAll('svg').length") > 5
    assert tab.requests == [pages[name].as_uri()] * len(VIEWS)
    assert not tab.complaints
    assert not tab.dialogs


def test_the_browser_would_have_told(tab: Browser, tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text("<img src='https://x.example/a.png'><script>console.log(1); alert(2)</script>", "utf-8")
    tab.requests.clear()
    tab.complaints.clear()
    tab.show(bad)
    assert "https://x.example/a.png" in tab.requests
    assert tab.complaints
    assert tab.dialogs == ["2"]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: "-".join(map(str, view.values())))
def test_every_word_stands_out_from_its_ground_and_nothing_sticks_out(
    tab: Browser, pages: dict[str, Path], view: dict[str, str]
) -> None:
    tab.show(pages["plain"], **view)  # type: ignore[arg-type]
    found = tab.run(CONTRASTS)
    assert len(found) > 200
    assert not [each for each in found if each[0] < LEGIBLE]
    assert tab.run("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert not [each for each in tab.run(WORDS) if min(each[:2]) < -1]


def test_light_and_dark_differ_and_paper_is_white_even_in_the_dark(tab: Browser, pages: dict[str, Path]) -> None:
    grounds = []
    for view in VIEWS:
        tab.show(pages["plain"], **view)  # type: ignore[arg-type]
        grounds.append(tab.run("getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(255, 255, 255)", "rgb(22, 24, 28)", "rgb(255, 255, 255)", "rgb(255, 255, 255)"]


def test_it_prints_on_a_few_pages_of_a4(tab: Browser, pages: dict[str, Path]) -> None:
    tab.show(pages["plain"])
    paper = tab.paper()
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", paper)
    assert 3 <= len(boxes) <= 10
    assert all((round(float(w)), round(float(h))) == (595, 842) for w, h in boxes)
