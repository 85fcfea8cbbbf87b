"""docs/explain/performance.md says what the measured figures say, and its charts are those of the figures."""

from pathlib import Path

import pytest

from scripts.bench import MODULES
from scripts.benches import page
from scripts.benches.figures import Figure


def test_the_page_and_its_charts_are_those_of_the_figures() -> None:
    results = page.kept()
    assert set(results) == set(MODULES)
    assert page.PAGE.read_text("utf-8") == page.page(results)
    for name, figures in page.figures_of(results):
        assert (page.CHARTS / f"{name}.svg").read_text("utf-8") == page.chart(page.SUBJECTS[name], figures)
    assert {path.name for path in page.CHARTS.iterdir()} == {f"{name}.svg" for name in results}


@pytest.mark.parametrize(
    ("unit", "value", "base", "ratio"), [("ms", 30.0, 10.0, 3.0), ("MB", 10.0, 40.0, 0.25), ("/s", 10.0, 40.0, 4.0)]
)
def test_a_ratio_is_a_cost_and_a_promise_is_the_largest_one(unit: str, value: float, base: float, ratio: float) -> None:
    for bound, kept in ((ratio * 1.01, "yes"), (ratio * 0.99, "NO")):
        figure = Figure("work", value, unit, "else", base, bound)
        assert figure.ratio == ratio
        assert page.line(figure).endswith(f"| {kept} |")


def test_the_chart_marks_what_was_promised_on_the_same_scale() -> None:
    slow = page.chart("T", [Figure("a <b>", 40.0, "ms", "c", 10.0, 2.0)])
    rate = page.chart("T", [Figure("rate", 5.0, "/s", "c", 10.0, 4.0)])
    assert 'class="n"' in slow  # a broken promise has its own colour
    assert "a &lt;b&gt; / c" in slow
    assert 'class="m"' in rate
    assert "10/s" in rate
    room = 720 - 16 - 120
    assert f'x1="{16 + room * 20 / 40:.1f}"' in slow
    assert f'x1="{16 + room * 2.5 / 10:.1f}"' in rate


def test_a_later_run_is_compared_figure_by_figure() -> None:
    before = {"xlsx": page.entry([Figure("a", 10.0, "s", "b", 10.0), Figure("gone", 1.0, "s", "b", 1.0)], "m", "c")}
    said = page.compared([Figure("a", 15.0, "s", "b", 10.0), Figure("new", 1.0, "s", "b", 1.0)], before)
    assert [line.split() for line in said] == [
        ["1.50", "×", "as", "before", "a", "(against", "b:", "1.00", "→", "1.50)"]
    ]


def test_the_measured_files_are_under_docs() -> None:
    assert Path("docs/explain/performance.json") == page.DATA.relative_to(page.ROOT)
