"""A `Table` on a screen: drawn while it is short, plain text in blocks when it is long."""

import itertools
from collections.abc import Iterable, Sequence
from datetime import tzinfo
from typing import Literal, TextIO

from wecrm.files.tables import heading, moment
from wecrm.i18n import _
from wecrm.models.table import Cell, Column, Table
from wecrm.models.text import visible

Color = Literal["auto", "always", "never"]

DRAWN_ROWS = 1000
"""Above it, plain text: 44,000 rows a second against 2,200."""

_NARROWEST = 8  # cells per column on average, below which a drawn table is unreadable
_GAP = 3  # cells between columns
_UNBOUNDED = 100_000  # width where nothing wraps
_NUMBERS = ("int", "float")
_BAR = 12  # cells of the longest bar
_EIGHTHS = "▏▎▍▌▋▊▉█"


def draw(table: Table, screen: TextIO, *, tz: tzinfo, color: Color = "auto", width: int | None = None) -> int:
    """Write `table` to `screen` for a person to read, and say how many rows that were.

    Up to 1,000 rows on a terminal are drawn and wrapped to its width. More rows, or a screen that
    is no terminal, get plain text in blocks of 1,000, each with its headings; nothing is cut off.

    Args:
        color: `always` colours headings even where there is no terminal.
        width: in cells; None asks the terminal.
    """
    remaining = iter(table.rows)
    first = list(itertools.islice(remaining, DRAWN_ROWS + 1))
    last = [] if table.totals is None else [table.totals]
    texts = (
        [shown(cell, c, tz) for cell, c in zip(row, table.columns, strict=True)]
        for row in itertools.chain(first, remaining, last)
    )
    if len(first) <= DRAWN_ROWS and (screen.isatty() or color == "always"):
        rows = list(texts)
        totals = rows.pop() if last else None
        return _drawn(table.columns, rows, screen, color, width, totals, _bars(table, first))
    return _plain(table.columns, texts, screen) - len(last)


def shown(cell: Cell, column: Column, tz: tzinfo) -> str:
    """One cell as a person reads it, nothing in it obeyed by a terminal."""
    match cell:
        case str():
            return visible(cell)
        case None:
            return ""
        case bool():
            return _("yes") if cell else _("no")
        case tuple():
            return visible(", ".join(cell))
    at = moment(cell, tz) if column.kind == "time" else None
    return f"{at:%Y-%m-%d %H:%M}" if at else str(cell)


def _bars(table: Table, rows: Sequence[Sequence[Cell]]) -> tuple[int, list[str]] | None:
    """The first column of figures that are added up, and a bar for each row; None where there is nothing to compare."""
    place = next((n for n, column in enumerate(table.columns) if column.sums), None)
    if place is None or len(rows) < 2:
        return None
    figures = [cell if isinstance(cell := row[place], int | float) else 0 for row in rows]
    most = max(figures)
    return (place, [bar(figure / most) for figure in figures]) if most > 0 else None


def bar(share: float) -> str:
    """A bar of up to 12 cells, in steps of an eighth; nothing for nothing or less."""
    eighths = max(round(share * _BAR * 8), 1) if share > 0 else 0
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest - 1] if rest else "")


def _drawn(
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    screen: TextIO,
    color: Color,
    width: int | None,
    totals: Sequence[str] | None = None,
    bars: tuple[int, list[str]] | None = None,
) -> int:
    from rich import box
    from rich.console import Console
    from rich.table import Table as Drawing
    from rich.text import Text

    terminal = screen.isatty()
    console = Console(
        file=screen,
        width=width if terminal else _UNBOUNDED,
        height=None if terminal and width is None else 25,  # rich heeds a width only with a height
        force_terminal=terminal or color == "always",
        color_system=None if color == "never" else "standard" if color == "always" else "auto",
        no_color=False if color == "always" else None,  # a flag beats NO_COLOR
        markup=False,
        highlight=False,
        emoji=False,
    )
    if terminal and console.width < _NARROWEST * len(columns):
        _plain(columns, [*rows, *([totals] if totals else [])], screen)
        return len(rows)
    if bars and terminal and console.width >= _NARROWEST * len(columns) + _BAR + _GAP:
        columns, rows, totals = _with_bars(columns, rows, totals, *bars)
    whole = _whole_ids(columns, rows, console.width)
    drawing = Drawing(box=box.SIMPLE_HEAD if terminal else None, show_edge=False, pad_edge=False)
    for column in columns:
        number = column.kind in _NUMBERS
        drawing.add_column(
            Text(visible(heading(column))),
            justify="right" if number else "left",
            overflow="fold",
            no_wrap=number or column.kind == "time" or (whole and column.kind == "id"),
        )
    for row in rows:
        drawing.add_row(*map(Text, row))
    if totals:
        drawing.add_section()
        drawing.add_row(*map(Text, totals), style="bold")
    console.print(drawing)
    return len(rows)


def _with_bars(
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    totals: Sequence[str] | None,
    place: int,
    bars: Sequence[str],
) -> tuple[list[Column], list[list[str]], Sequence[str] | None]:
    """Everything with a column of bars behind that place."""
    behind = place + 1
    drawn = [[*row[:behind], shape, *row[behind:]] for row, shape in zip(rows, bars, strict=True)]
    column = Column("bar", "")
    return (
        [*columns[:behind], column, *columns[behind:]],
        drawn,
        totals and [*totals[:behind], "", *totals[behind:]],
    )


def _whole_ids(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> bool:
    """Whether ids can stay in one piece, to be copied, and leave room for everything else."""
    room = 0
    for n, column in enumerate(columns):
        longest = max((len(row[n]) for row in rows), default=0)
        unbroken = column.kind in ("id", "time")
        room += _GAP + (longest if unbroken else min(_NARROWEST, max(longest, len(heading(column)))))
    return room <= width


def _plain(columns: Sequence[Column], rows: Iterable[Sequence[str]], screen: TextIO) -> int:
    from tabulate import tabulate

    titles = [visible(heading(column)) for column in columns]
    align = ["right" if column.kind in _NUMBERS else "left" for column in columns]
    remaining = iter(rows)
    count = 0
    while (block := list(itertools.islice(remaining, DRAWN_ROWS))) or not count:
        text = tabulate(
            block,
            headers=titles,
            tablefmt="simple",
            disable_numparse=True,
            preserve_whitespace=True,
            colalign=align if block else None,
        )
        screen.write(text + "\n")
        count += len(block)
        if len(block) < DRAWN_ROWS:
            break
    return count
