"""`--where` and `--sort` for tables that are made in memory, by the rules of the documented views."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import tzinfo

from wecrm.models.table import Cell, Table
from wecrm.store.columns import View, ViewColumn
from wecrm.store.conditions import Param, compile  # noqa: A004
from wecrm.store.selection import order

_ITEMS = 'EXISTS (SELECT 1 FROM json_each(v."{key}") WHERE value {{item}})'


def narrowed(table: Table, where: str, sort: str, *, now: float, tz: tzinfo) -> Table:
    """`table` with only the rows that `where` selects, in the order of `sort`; all its rows are held in memory.

    Its totals row, which adds up all rows, is left out when `where` takes some away.

    Raises:
        UsageError: an unknown column, or a condition that can't be read.
    """
    columns = tuple(ViewColumn(c.key, c.title, c.kind, "", _ITEMS.format(key=c.key)) for c in table.columns)
    view = View(table.name, "", columns, (), sort, ("rowid",))
    condition = compile(view, where, now=now, tz=tz)
    wanted = order(view, sort) if sort.strip() else "v.rowid"
    sql = f"SELECT v.rowid FROM made AS v WHERE {condition.sql} ORDER BY {wanted}"
    return replace(
        table,
        rows=_rows(table, sql, condition.params),
        totals=None if where.strip() else table.totals,
    )


def _rows(table: Table, sql: str, params: Sequence[Param]) -> Iterator[Sequence[Cell]]:
    rows = list(table.rows)
    with closing(sqlite3.connect(":memory:")) as db:
        names = ", ".join(f'"{column.key}"' for column in table.columns)
        db.execute(f"CREATE TABLE made ({names})")
        marks = ", ".join("?" * len(table.columns))
        db.executemany(f"INSERT INTO made VALUES ({marks})", (tuple(map(_stored, row)) for row in rows))
        found = [n for (n,) in db.execute(sql, params)]
    return (rows[n - 1] for n in found)


def _stored(cell: Cell) -> str | int | float | None:
    """A cell as the views hold it: lists as JSON; what SQLite can't hold comes near enough to be compared."""
    if isinstance(cell, tuple):
        return json.dumps(cell)
    if isinstance(cell, str):
        return cell.encode("utf-8", "replace").decode()
    return float(cell) if isinstance(cell, int) and abs(cell) >= 2**63 else cell
