"""Charts say the truth: bars as long as their values, points where they belong, words that are only words."""

from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wecrm.files import charts
from wecrm.models.document import Chart, Number, Series

HOSTILE = '</title><script>alert(1)</script>"onload="x\x1b[31m\u202eevil'
KINDS = ("bars", "lines", "funnel")
NUMBERS = st.none() | st.integers(-(10**9), 10**9) | st.floats(-1e9, 1e9)


def drawn(kind: str, labels: tuple[str, ...], *values: tuple[Number, ...]) -> ElementTree.Element:
    series = tuple(Series(f"series {n}", each) for n, each in enumerate(values))
    return ElementTree.fromstring(charts.svg(Chart(kind, "title", labels, series)))  # type: ignore[arg-type]


def far(element: ElementTree.Element, *names: str) -> list[float]:
    return [float(element.get(name, "nan")) for name in names]


@pytest.mark.parametrize("kind", ["bars", "funnel"])
def test_bars_are_as_long_as_their_values(kind: str) -> None:
    found = drawn(kind, ("a", "b", "c", "d", "e"), (40, 10, 0, None, -5))
    widths = [far(each, "width")[0] for each in found.iter("rect")]
    assert widths[0] > 300
    assert widths[1:] == pytest.approx([widths[0] / 4, 0, 0, 0], abs=0.1)
    told = [each.text for each in found.iter("title")]
    assert told == [
        f"{label} · series 0: {value}" for label, value in zip("abcde", ("40", "10", "0", "—", "-5"), strict=True)
    ]


def test_bars_stand_side_by_side_from_one_line() -> None:
    found = drawn("bars", ("a", "b"), (2, 1), (1, 2))
    bars = [far(each, "x", "y", "width") for each in found.iter("rect")]
    assert len({x for x, _y, _width in bars}) == 1
    assert len({y for _x, y, _width in bars}) == 4
    assert [each.get("class") for each in found.iter("rect")] == ["s1", "s2", "s1", "s2"]


def test_a_funnel_is_even_on_both_sides_and_tells_shares_of_the_first() -> None:
    found = drawn("funnel", ("a", "b"), (200, 50))
    first, second = (far(each, "x", "width") for each in found.iter("rect"))
    assert first[0] + first[1] / 2 == pytest.approx(second[0] + second[1] / 2, abs=0.1)
    assert [each.text for each in found.iter("text") if each.get("class") == "v"] == ["200 · 100 %", "50 · 25 %"]


def test_points_stand_at_the_height_that_the_scale_tells() -> None:
    values = (0, 30, 15, 60)
    found = drawn("lines", ("a", "b", "c", "d"), values)
    marks = {
        float(str(text.text)): far(line, "y1")[0]
        for line, text in zip(
            found.iter("line"), [each for each in found.iter("text") if each.get("class") == "e"], strict=True
        )
    }
    assert {0, 60} <= marks.keys()
    per_unit = (marks[60] - marks[0]) / 60
    points = [far(each, "cx", "cy") for each in found.iter("circle")]
    assert [y for _x, y in points] == pytest.approx([marks[0] + value * per_unit for value in values], abs=0.1)
    assert [x for x, _y in points] == sorted({x for x, _y in points})


def test_what_is_not_known_is_a_gap_and_not_zero() -> None:
    found = drawn("lines", tuple("abcde"), (3, 4, None, 5, 4))
    (path,) = found.iter("path")
    assert str(path.get("d")).count("M") == 2
    assert len(list(found.iter("circle"))) == 4


@given(st.lists(st.tuples(st.text(max_size=30), NUMBERS, NUMBERS), max_size=50), st.sampled_from(KINDS))
def test_anything_is_drawn_within_its_frame(rows: list[tuple[str, Number, Number]], kind: str) -> None:
    labels = tuple(label for label, _a, _b in rows)
    found = drawn(kind, labels, tuple(a for _label, a, _b in rows), tuple(b for _label, _a, b in rows))
    _x, _y, width, height = map(float, str(found.get("viewBox")).split())
    for each in found.iter("rect"):
        x, y, wide, high = far(each, "x", "y", "width", "height")
        assert wide >= 0
        assert 0 <= x <= x + wide <= width
        assert 0 <= y <= y + high <= height
    for each in found.iter("circle"):
        x, y = far(each, "cx", "cy")
        assert 0 <= x <= width
        assert 0 <= y <= height


@given(
    st.tuples(st.integers(-(10**9), 10**9), st.integers(0, 10**9)) | st.tuples(st.floats(-1e9, 1e9), st.floats(0, 1e9))
)
@example((5e8, 2e-6))
def test_a_scale_encloses_everything_in_few_even_round_steps(ends: tuple[float, float]) -> None:
    low, spread = ends
    whole = isinstance(low, int)
    found = charts.ticks(low, low + spread, whole=whole)
    assert found[0] <= low + 1e-6 * max(abs(low), 1)
    assert found[-1] >= low + spread - 1e-6 * max(abs(low), spread, 1)
    assert 2 <= len(found) <= 7
    steps = [after - before for before, after in pairwise(found)]
    assert steps == pytest.approx([steps[0]] * len(steps), rel=1e-3)
    assert not whole or all(mark == int(mark) for mark in found)


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_words_are_only_words(kind: str) -> None:
    chart = Chart(kind, HOSTILE, (HOSTILE, "客户"), (Series(HOSTILE, (1, 2)),))  # type: ignore[arg-type]
    text = charts.svg(chart)
    found = ElementTree.fromstring(text)
    assert {each.tag for each in found.iter()} <= {"svg", "rect", "text", "title", "line", "path", "circle"}
    assert not [name for each in found.iter() for name in each.attrib if name.startswith("on") or "href" in name]
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "客户" in text


def test_a_long_label_is_cut_and_told_whole() -> None:
    found = drawn("bars", ("很长的名字" * 20,), (1,))
    (label,) = [str(each.text) for each in found.iter("text") if each.get("class") == "e"]
    assert label.endswith("…")
    assert len(label) * 12 <= 230
    (told,) = found.iter("title")
    assert str(told.text).startswith("很长的名字" * 20)


@given(st.lists(NUMBERS, max_size=80))
def test_a_sparkline_goes_from_the_least_to_the_greatest(values: list[Number]) -> None:
    known = [value for value in values if value is not None]
    text = charts.sparkline(values, HOSTILE)
    if len(known) < 2:
        assert not text
        return
    (path,) = ElementTree.fromstring(text).iter("path")
    heights = [float(part.split()[1]) for part in str(path.get("d")).replace("M", "|").replace("L", "|").split("|")[1:]]
    assert len(heights) == len(known)
    if max(known) > min(known):
        assert heights[known.index(max(known))] == 2
        assert heights[known.index(min(known))] == 22
