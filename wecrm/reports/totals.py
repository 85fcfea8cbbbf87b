"""The totals row."""

from collections.abc import Sequence
from dataclasses import replace

from wecrm.i18n import _
from wecrm.models.table import Cell, Table


def totalled(table: Table) -> Table:
    """`table` with a totals row of the columns that `sums`; itself where none does, or where it has one already.

    A cell without a value adds nothing; a column without any value has no total. The rows are read into memory.
    """
    if table.totals is not None or not any(column.sums for column in table.columns):
        return table
    rows = list(table.rows)
    sums = [_sum([row[n] for row in rows]) if column.sums else None for n, column in enumerate(table.columns)]
    if table.columns[0].kind in ("text", "id"):
        sums[0] = _("Total")
    return replace(table, rows=rows, totals=tuple(sums))


def _sum(cells: Sequence[Cell]) -> Cell:
    numbers = [cell for cell in cells if isinstance(cell, int | float)]
    if not numbers:
        return None
    found = sum(numbers)
    return found if isinstance(found, int) else round(found, 6)
