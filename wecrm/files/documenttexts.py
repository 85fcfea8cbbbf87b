"""A `Document` as plain text, fit for a mail from cron: no colours, no control characters, columns in line."""

import unicodedata
from collections.abc import Iterator, Sequence
from datetime import tzinfo
from itertools import pairwise
from typing import TextIO

from wecrm.files import documents
from wecrm.files.charts import number
from wecrm.models.document import Chart, Document, Excerpt, Figures, Heading, Number, Text
from wecrm.models.text import visible

_BAR = 24
_LEVELS = "▁▂▃▄▅▆▇█"
_TREND_MAX = 62
_UNDERLINES = {1: "=", 2: "-"}


def write(document: Document, screen: TextIO, tz: tzinfo) -> None:
    """Write the document line by line; a chart right before a table is left out, the table says the same."""
    screen.writelines(f"{line}\n" for line in _headed(document.title, 1))
    screen.writelines(f"{visible(fact)}\n" for fact in document.facts)
    for block, after in pairwise((*document.blocks, None)):
        match block:
            case Heading(text, level):
                lines = ["", *_headed(text, level)]
            case Text(text):
                lines = [visible(text)]
            case Figures():
                lines = ["", *_figures(block)]
            case Chart():
                lines = [] if isinstance(after, Excerpt) else ["", *_chart(block)]
            case Excerpt():
                lines = ["", *_table(block, tz)]
            case None:
                lines = []
        screen.writelines(f"{line.rstrip()}\n" for line in lines)


def _headed(text: str, level: int) -> list[str]:
    line = visible(text)
    return [line, _UNDERLINES[level] * _width(line)] if level in _UNDERLINES else [line]


def _figures(block: Figures) -> Iterator[str]:
    names = _aligned([visible(one.title) for one in block.figures])
    values = [number(one.value) for one in block.figures]
    widest = max(map(len, values), default=0)
    changes = _aligned([documents.since(one) for one in block.figures])
    for name, value, change, one in zip(names, values, changes, block.figures, strict=True):
        yield f"{name}  {value:>{widest}}  {change}  {_trend(one.trend)}"


def _chart(chart: Chart) -> Iterator[str]:
    if len(chart.series) == 1:
        yield visible(chart.title)
    if chart.kind == "lines":
        yield from _lines(chart)
        return
    most = max((value for one in chart.series for value in one.values if value is not None), default=0)
    names = _aligned([visible(label) for label in chart.labels])
    for n, name in enumerate(names):
        for one in chart.series:
            value = one.values[n]
            told = f" {visible(one.name)}" if len(chart.series) > 1 else ""
            yield f"{name}  {_bar(value, most)} {number(value)}{told}"
            name = " " * _width(name)


def _lines(chart: Chart) -> Iterator[str]:
    """Each series in one line: its way, the least and the greatest of its values."""
    names = _aligned([visible(one.name) for one in chart.series]) if len(chart.series) > 1 else [""]
    for name, one in zip(names, chart.series, strict=True):
        known = [value for value in one.values if value is not None]
        if known:
            yield f"{name}  {_trend(one.values)}  {number(min(known))} – {number(max(known))}".strip()
    if chart.labels:
        yield visible(f"{chart.labels[0]} – {chart.labels[-1]}")


def _table(excerpt: Excerpt, tz: tzinfo) -> Iterator[str]:
    from tabulate import tabulate

    columns = excerpt.table.columns
    rows = [*excerpt.table.rows, *([excerpt.table.totals] if excerpt.table.totals else [])]
    yield tabulate(
        [[visible(cell.text) for cell in documents.cells(row, columns, tz)] for row in rows],
        headers=[visible(head.text) for head in documents.heads(columns)],
        tablefmt="simple",
        disable_numparse=True,
        preserve_whitespace=True,
        colalign=["right" if head.kind else "left" for head in documents.heads(columns)] if rows else None,
    )
    yield documents.cut(excerpt)


def _bar(value: Number, most: float) -> str:
    return "█" * max(round(_BAR * value / most), 1) if value is not None and value > 0 else ""


def _trend(values: Sequence[Number]) -> str:
    """A character for each value, from the least to the greatest; nothing for too few or too many of them."""
    known = [value for value in values if value is not None]
    if len(known) < 2 or len(values) > _TREND_MAX:
        return ""
    low, spread = min(known), max(known) - min(known) or 1
    last = len(_LEVELS) - 1
    return "".join(" " if value is None else _LEVELS[round(last * (value - low) / spread)] for value in values)


def _aligned(texts: Sequence[str]) -> list[str]:
    """All as wide as the widest."""
    widest = max(map(_width, texts), default=0)
    return [text + " " * (widest - _width(text)) for text in texts]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
