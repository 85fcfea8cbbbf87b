"""Charts as SVG: bars, lines, funnels and sparklines that stand in a page and take their colours from it.

Sizes are pixels of a drawing 720 wide, which the page scales. Colours are the page's classes `s1` to `s4`, so that
light, dark and paper differ by CSS variables alone. There are neither scripts nor references to anything outside.
"""

import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from markupsafe import Markup

from wecrm.models.document import Chart, Number, Series
from wecrm.models.text import visible

COLOURS = 4
"""How many classes of colour the page has; series beyond them begin again."""

_WIDTH = 720
_EM = 12
_LINES_HEIGHT, _TOP, _BOTTOM = 190, 8, 22
_TICKS = 4
_LABEL_MAX = 210
_LABEL_GAP = 14
_VALUE_ROOM = 64
_BAR, _BAR_GAP = 13, 8
_FUNNEL_BAR, _FUNNEL_GAP = 24, 6
_SPARK_WIDTH, _SPARK_HEIGHT = 120, 24
_DOTS_MAX = 40  # points above which dots run into each other
_SAME = 1e-6  # values closer than this share of theirs are one
_NARROWEST = 1.5  # the shortest bar of what is more than nothing

_LINE = Markup('<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>')
_TEXT = Markup('<text class="{}" x="{:.1f}" y="{:.1f}">{}</text>')
_RECT = Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{}" rx="1.5"><title>{}</title></rect>')
_PATH = Markup('<path class="{}" d="{}"/>')
_DOT = Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="2.4"><title>{}</title></circle>')
_SVG = Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>')
_SPARK = Markup('<svg class="spark" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>')


def svg(chart: Chart) -> Markup:
    """The chart as an element of a page; what is text in it is escaped, and spelled out where it can't be seen."""
    draw = {"lines": _lines, "bars": _bars, "funnel": _funnel}[chart.kind]
    height, parts = draw(chart.labels, chart.series)
    return _SVG.format(_WIDTH, height, visible(chart.title), Markup("").join(parts))


def sparkline(values: Sequence[Number], title: str) -> Markup:
    """A line of a word's size, from its least value to its greatest; nothing for fewer than two values."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return Markup("")
    low, high = min(known), max(known)
    spread = high - low or 1
    step = _SPARK_WIDTH / (len(values) - 1)
    room = _SPARK_HEIGHT - 4
    points = [
        None if value is None else (n * step, 2 + room * (high - value) / spread) for n, value in enumerate(values)
    ]
    return _SPARK.format(_SPARK_WIDTH, _SPARK_HEIGHT, visible(title), _PATH.format("l1", _way(points)))


def number(value: Number) -> str:
    """A value as people read it: thousands apart, at most one decimal."""
    if value is None:
        return "—"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def ticks(low: float, high: float, *, whole: bool) -> list[float]:
    """Round numbers, evenly apart, that enclose both: 1, 2 or 5 times a power of ten; whole ones where asked."""
    if high - low < _SAME * max(abs(low), abs(high), 1):
        high = low + 1
    rough = (high - low) / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(step for step in (power, 2 * power, 5 * power, 10 * power) if step >= rough * 0.999)
    step = max(step, 1.0) if whole else step
    first, last = math.floor(low / step), math.ceil(high / step - 1e-9)
    return [n * step for n in range(first, last + 1)]


def _lines(labels: Sequence[str], series: Sequence[Series]) -> tuple[int, Iterator[Markup]]:
    return _LINES_HEIGHT, _curves(labels, series)


def _curves(labels: Sequence[str], series: Sequence[Series]) -> Iterator[Markup]:
    """Grid and scale on the left, labels below, then one line for each series."""
    known = [value for one in series for value in one.values if value is not None]
    whole = all(isinstance(value, int) for value in known)
    marks = ticks(min(known, default=0), max(known, default=1), whole=whole) if known else [0.0, 1.0]
    names = [number(int(mark) if mark == int(mark) else mark) for mark in marks]
    left = max(_pixels(name) for name in names) + 8
    right, bottom = _WIDTH - 10, _LINES_HEIGHT - _BOTTOM
    for mark, name in zip(marks, names, strict=True):
        y = _place(mark, marks, bottom)
        yield _LINE.format("axis" if mark == marks[0] else "grid", left, y, right, y)
        yield _TEXT.format("e", left - 6, y + 4, name)
    step = (right - left - 16) / max(len(labels) - 1, 1)
    xs = [left + 8 + n * step for n in range(len(labels))]
    yield from _below(labels, xs, step)
    for n, one in enumerate(series):
        points = [
            None if value is None else (x, _place(value, marks, bottom))
            for x, value in zip(xs, one.values, strict=True)
        ]
        yield _PATH.format(f"l{_colour(n)}", _way(points))
        if len(labels) <= _DOTS_MAX:
            for label, value, point in zip(labels, one.values, points, strict=True):
                if point:
                    yield _DOT.format(f"s{_colour(n)}", *point, _told(label, one.name, value))


def _below(labels: Sequence[str], xs: Sequence[float], step: float) -> Iterator[Markup]:
    """As many labels as have room, the last one among them."""
    widest = max(map(_pixels, labels), default=0) + _LABEL_GAP
    every = max(1, math.ceil(widest / step)) if step else 1
    for n, (label, x) in enumerate(zip(labels, xs, strict=True)):
        if (len(labels) - 1 - n) % every == 0:
            x = min(max(x, _pixels(label) / 2), _WIDTH - _pixels(label) / 2)
            yield _TEXT.format("m", x, _LINES_HEIGHT - 5, _cut(label, _LABEL_MAX))


def _bars(labels: Sequence[str], series: Sequence[Series]) -> tuple[int, Iterator[Markup]]:
    pitch = _BAR * len(series) + _BAR_GAP
    return pitch * len(labels) + _BAR_GAP, _rows(labels, series, pitch)


def _rows(labels: Sequence[str], series: Sequence[Series], pitch: int) -> Iterator[Markup]:
    """A label on the left and beside it one bar for each series, its value behind it."""
    left = min(_LABEL_MAX, max(map(_pixels, labels), default=0)) + 8
    most = _most(value for one in series for value in one.values)
    for n, label in enumerate(labels):
        top = _BAR_GAP + n * pitch
        yield _TEXT.format("e", left - 8, top + _BAR * len(series) / 2 + 4, _cut(label, left))
        for k, one in enumerate(series):
            value = one.values[n]
            width = _length(value, most, _WIDTH - left - _VALUE_ROOM)
            yield _RECT.format(f"s{_colour(k)}", left, top + k * _BAR, width, _BAR - 1, _told(label, one.name, value))
            yield _TEXT.format("v", left + width + 5, top + k * _BAR + _BAR - 1.5, number(value))
    yield _LINE.format("axis", left, _BAR_GAP - 4, left, pitch * len(labels) + 4)


def _funnel(labels: Sequence[str], series: Sequence[Series]) -> tuple[int, Iterator[Markup]]:
    return (_FUNNEL_BAR + _FUNNEL_GAP) * len(labels) + _FUNNEL_GAP, _stages(labels, series[0])


def _stages(labels: Sequence[str], one: Series) -> Iterator[Markup]:
    """Bars around a middle line, each with its value and its share of the first."""
    left = min(_LABEL_MAX, max(map(_pixels, labels), default=0)) + 8
    right = _WIDTH - 2 * _VALUE_ROOM
    first, most = one.values[0] if one.values else None, _most(one.values)
    for n, (label, value) in enumerate(zip(labels, one.values, strict=True)):
        top = _FUNNEL_GAP + n * (_FUNNEL_BAR + _FUNNEL_GAP)
        width = _length(value, most, right - left)
        x = left + (right - left - width) / 2
        yield _TEXT.format("e", left - 8, top + _FUNNEL_BAR / 2 + 4, _cut(label, left))
        yield _RECT.format("s1", x, top, width, _FUNNEL_BAR, _told(label, one.name, value))
        share = f" · {100 * value / first:.0f} %" if first and value is not None else ""
        yield _TEXT.format("v", right + 8, top + _FUNNEL_BAR / 2 + 4, number(value) + share)


def _most(values: Iterable[Number]) -> float:
    return max((value for value in values if value is not None), default=0)


def _length(value: Number, most: float, room: float) -> float:
    """How long a bar is: nothing for nothing or less, else enough to be seen."""
    return max(room * value / most, _NARROWEST) if value is not None and value > 0 else 0.0


def _place(value: float, marks: Sequence[float], bottom: float) -> float:
    return bottom - (bottom - _TOP) * (value - marks[0]) / (marks[-1] - marks[0])


def _way(points: Sequence[tuple[float, float] | None]) -> str:
    """Moves and lines from point to point; a point that is missing leaves a gap."""
    parts, drawing = [], False
    for point in points:
        if point:
            parts.append(f"{'L' if drawing else 'M'}{point[0]:.1f} {point[1]:.1f}")
        drawing = point is not None
    return " ".join(parts)


def _told(label: str, name: str, value: Number) -> str:
    """What a pointer that rests on a shape is told."""
    return visible(f"{label} · {name}: {number(value)}")


def _colour(n: int) -> int:
    return n % COLOURS + 1


def _cut(label: str, pixels: float) -> str:
    """As much of the label as has room."""
    text = visible(label)
    if _pixels(text) <= pixels:
        return text
    while text and _pixels(text) + _EM > pixels:
        text = text[:-1]
    return f"{text}…"


def _pixels(text: str) -> float:
    """About how wide a text is in the page's fonts, rather too much than too little."""
    wide = sum(1 if unicodedata.east_asian_width(char) in "WFA" else 0.62 for char in visible(text))
    return wide * _EM
