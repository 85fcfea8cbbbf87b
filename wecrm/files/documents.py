"""A `Document` becomes bytes: one self-contained HTML page, or plain text fit for a mail."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import TYPE_CHECKING, BinaryIO

from wecrm.files import charts
from wecrm.files.documentpage import PAGE
from wecrm.files.tables import heading, moment
from wecrm.i18n import _, language
from wecrm.models.document import Document, Excerpt, Figure
from wecrm.models.table import Cell, Column
from wecrm.models.text import visible

if TYPE_CHECKING:
    from jinja2 import Environment

FORMATS = ("html", "text")
ENDINGS = {".html": "html", ".htm": "html", ".txt": "text"}
"""What the ending of a file's name says of its form."""

_NUMBERS = ("int", "float")


@dataclass(frozen=True, slots=True)
class Shown:
    """A cell or heading as a person reads it; `kind` is n for numbers, s for what stays on one line."""

    text: str
    kind: str


def write(document: Document, stream: BinaryIO, fmt: str, tz: tzinfo) -> None:
    """Write the document in that format, times as the clocks of `tz` show them."""
    if fmt == "text":
        from wecrm.files import documenttexts

        text = io.StringIO()
        documenttexts.write(document, text, tz)
        stream.write(text.getvalue().encode("utf-8", "replace"))
        return
    template = _environment(tz).from_string(PAGE)
    blocks = [(type(block).__name__, block) for block in document.blocks]
    values = {"title": document.title, "document": document, "blocks": blocks}
    for piece in template.generate(values, language=language(), colours=range(1, charts.COLOURS + 1)):
        stream.write(piece.encode("utf-8", "replace"))


def _environment(tz: tzinfo) -> "Environment":
    from jinja2 import Environment

    page = Environment(autoescape=True)
    page.filters |= {
        "visible": visible,
        "number": charts.number,
        "chart": charts.svg,
        "since": since,
        "trend": lambda figure: charts.sparkline(figure.trend, figure.title),
        "heads": lambda excerpt: heads(excerpt.table.columns),
        "rows": lambda excerpt: (
            cells(row, excerpt.table.columns, tz, whole=not excerpt.of) for row in excerpt.table.rows
        ),
        "totals": lambda excerpt: cells(excerpt.table.totals, excerpt.table.columns, tz, whole=not excerpt.of),
        "cut": cut,
    }
    return page


def heads(columns: Sequence[Column]) -> list[Shown]:
    """What stands above the columns."""
    return [Shown(heading(column), "n" if column.kind in _NUMBERS else "") for column in columns]


def cells(row: Sequence[Cell], columns: Sequence[Column], tz: tzinfo, *, whole: bool = False) -> list[Shown]:
    """One row as a person reads it: thousands apart, times to the minute, nothing for nothing.

    Args:
        whole: all decimals are shown, not just one.
    """
    return [_cell(cell, column, tz, whole) for cell, column in zip(row, columns, strict=True)]


def _cell(cell: Cell, column: Column, tz: tzinfo, whole: bool) -> Shown:
    match cell:
        case None:
            return Shown("", "")
        case str():
            return Shown(cell, "")
        case bool():
            return Shown(_("yes") if cell else _("no"), "")
        case tuple():
            return Shown(", ".join(cell), "")
    if column.kind in _NUMBERS:
        return Shown(f"{cell:,}" if whole else charts.number(cell), "n")
    at = moment(cell, tz) if column.kind == "time" else None
    return Shown(f"{at:%Y-%m-%d %H:%M}", "s") if at else Shown(str(cell), "")


def since(figure: Figure) -> str:
    """How a figure changed since the period before; only for one that has both values."""
    if figure.value is None or figure.before is None:
        return ""
    change = figure.value - figure.before
    sign = "+" if change > 0 else "" if change else "±"
    return _("{change}, before {before}", change=sign + charts.number(change), before=charts.number(figure.before))


def cut(excerpt: Excerpt) -> str:
    """That there are more rows than are shown; nothing where there are not."""
    shown = len(list(excerpt.table.rows)) if excerpt.of else 0
    return _("{n:,} of {of:,} rows.", n=shown, of=excerpt.of) if shown < excerpt.of else ""
