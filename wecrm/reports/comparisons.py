"""The figures of a period beside those of the period before."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.periods import before
from wecrm.models.report import Asked
from wecrm.models.table import Cell, Column, Table
from wecrm.reports.entries import Report, Sources

_FIGURES = ("int", "float")
_NO_KEYS = (*_FIGURES, "time")
Key = tuple[Cell, ...]


def compared(report: Report, sources: Sources, asked: Asked) -> Table:
    """The report with, for each figure, what it was in the period before and by how much it changed.

    Rows belong together when all columns that are neither numbers nor times agree; who stands in one period only
    has nothing in the other, where what is added up counts as 0. Rows of the period before alone come last.

    Raises:
        UsageError: the period has no beginning, or none of its columns is a figure.
    """
    until = asked.now if asked.until is None else asked.until
    if asked.since is None or until <= asked.since:
        raise UsageError(
            _("--compare needs a period."), "", _("Say where it begins with --since, as in --since 2026-03.")
        )
    earlier = before(asked.since, until, asked.tz)
    now = report.build(sources, asked)
    then = report.build(sources, replace(asked, since=earlier[0], until=earlier[1]))
    first, last = (datetime.fromtimestamp(at, asked.tz).isoformat(sep=" ", timespec="minutes") for at in earlier)
    note = _("Before: from {first} until {last}.", first=first, last=last)
    return replace(joined(now, then), notes=(*now.notes, note))


def joined(now: Table, then: Table) -> Table:
    """`now` with `<key>_before` and `<key>_change` behind each figure of `then`, a table of the same columns."""
    columns = now.columns
    keys = [n for n, column in enumerate(columns) if column.kind not in _NO_KEYS]
    older = {tuple(row[n] for n in keys): row for row in then.rows}
    return replace(now, columns=tuple(_columns(columns)), rows=list(_rows(columns, keys, now, older)), totals=None)


def _columns(columns: Sequence[Column]) -> Iterator[Column]:
    for column in columns:
        yield column
        if column.kind in _FIGURES:
            yield replace(column, key=f"{column.key}_before", title=_("{title}, before", title=column.title))
            unit = _("points") if column.unit == "%" else column.unit
            title = _("{title}, change", title=column.title)
            yield replace(column, key=f"{column.key}_change", title=title, unit=unit)


def _rows(
    columns: Sequence[Column], keys: Sequence[int], now: Table, older: Mapping[Key, Sequence[Cell]]
) -> Iterator[tuple[Cell, ...]]:
    left = dict(older)
    for row in now.rows:
        yield tuple(_cells(columns, row, left.pop(tuple(row[n] for n in keys), None)))
    for row in left.values():
        yield tuple(_cells(columns, None, row, named=row))


def _cells(
    columns: Sequence[Column],
    now: Sequence[Cell] | None,
    then: Sequence[Cell] | None,
    named: Sequence[Cell] = (),
) -> Iterator[Cell]:
    for n, column in enumerate(columns):
        if column.kind not in _FIGURES:
            yield (now or named)[n]
            continue
        nothing = 0 if column.sums else None
        new, old = (nothing if row is None else row[n] for row in (now, then))
        yield from (new, old, _change(new, old))


def _change(new: Cell, old: Cell) -> Cell:
    if not isinstance(new, int | float) or not isinstance(old, int | float):
        return None
    change = new - old
    return change if isinstance(change, int) else round(change, 6)
