"""What a person asks of a view, `--columns --where --sort --limit`, as rows.

`conditions.py` turns `--where` into SQL; here it is asked. Rows stream from the cursor: memory
does not grow with their number. Who writes to the same store meanwhile takes all rows first.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import tzinfo
from typing import Any

from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.table import Cell, Query, Table
from wecrm.store.columns import View, ViewColumn
from wecrm.store.conditions import Compiled, Param, compile  # noqa: A004
from wecrm.store.database import Store, explained
from wecrm.store.views import view

__all__ = ["Compiled", "as_of", "compile", "order", "relations", "table"]


def table(
    store: Store,
    source: str | View,
    query: Query,
    *,
    now: float,
    tz: tzinfo,
    base_where: tuple[str, Sequence[Param]] | None = None,
) -> Table:
    """The rows of a documented view that `query` asks for, read from the cache as they are taken.

    Args:
        source: the view, or the name of one of the cache.
        base_where: SQL over the view under the name `v` that rows must satisfy besides, and its
            parameters.

    Raises:
        UsageError: an unknown column, tag or department, or a condition that can't be read.
    """
    asked = view(source) if isinstance(source, str) else source
    columns = _chosen(asked, query.columns)
    condition = compile(asked, query.where, now=now, tz=tz, store=store)
    where, params = condition.sql, [*condition.params]
    if base_where is not None:
        where, params = f"({base_where[0]}) AND ({where})", [*base_where[1], *params]
    names = ", ".join(f'v."{column.key}"' for column in columns)
    ordered = order(asked, query.sort)
    if query.limit is None:
        sql = f'SELECT {names} FROM "{asked.name}" AS v WHERE {where} ORDER BY {ordered}'
    else:
        # Only the keys are sorted and cut; the columns that cost a subquery are made for what is left.
        key = ", ".join(f'v."{key}"' for key in asked.key)
        params.append(_limit(query.limit))
        sql = (
            f'SELECT {names} FROM "{asked.name}" AS v WHERE ({key}) IN (SELECT {key} FROM "{asked.name}" AS v'
            f" WHERE {where} ORDER BY {ordered} LIMIT ?) ORDER BY {ordered}"
        )
    read_at = as_of(store, asked)
    notes: tuple[str, ...] = ()
    if asked.purpose and read_at is None:
        notes = (_("Nothing is cached yet: run `wecrm sync {purpose}`.", purpose=asked.purpose),)
    rows = _rows(store, sql, params, columns)
    return Table(asked.name, tuple(column.column for column in columns), rows, notes, read_at)


def relations(store: Store, where: str, *, now: float, tz: tzinfo) -> Iterator[tuple[int, str, str]]:
    """(relation id, userid, external_userid) of the relations that `where` selects, in order of id.

    Only active ones, unless `where` asks about `status` itself.

    Raises:
        UsageError: at once, as for `table`.
    """
    condition = compile(view("contacts"), where, now=now, tz=tz, store=store)
    active = "" if "status" in condition.columns else " AND v.status = 'active'"
    sql = (
        "SELECT v.relation_id, v.userid, v.external_userid FROM contacts AS v"
        f" WHERE ({condition.sql}){active} ORDER BY v.relation_id"
    )
    return _streamed(store, sql, condition.params)


def as_of(store: Store, view: View) -> float | None:
    """Unix seconds of the newest finished sync that fills `view`; None when there is none."""
    if not view.purpose:
        return None
    row = store.connection.execute(
        "SELECT max(finished_at) FROM sync_run WHERE purpose = ? AND state IN ('done', 'holes')",
        (view.purpose,),
    ).fetchone()
    return None if row[0] is None else float(row[0])


def _chosen(view: View, names: Iterable[str]) -> tuple[ViewColumn, ...]:
    asked = tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
    if asked == ("*",):
        return view.columns
    return tuple(dict.fromkeys(view.column(name) for name in asked or view.shown))


def order(view: View, sort: str) -> str:
    """What stands behind ORDER BY for `sort`, or for the view's own order: the view's key decides between equals.

    Raises:
        UsageError: an unknown column.
    """
    terms: dict[str, str] = {}
    for word in (sort.strip() or view.sort).split(","):
        name = word.strip()
        column = view.column(name.removeprefix("-").strip())
        direction = "DESC" if name.startswith("-") else "ASC"
        last = " NULLS LAST" if sort.strip() and direction == "ASC" and column.key not in view.key else ""
        terms.setdefault(column.key, f'v."{column.key}" {direction}{last}')
    if sort.strip():
        for key in view.key:
            terms.setdefault(key, f'v."{key}"')
    return ", ".join(terms.values())


def _limit(limit: int) -> int:
    if limit < 0:
        raise UsageError(_("--limit is a number of rows, 0 or more."))
    return min(limit, 2**63 - 1)


def _rows(
    store: Store, sql: str, params: Sequence[Param], columns: tuple[ViewColumn, ...]
) -> Iterator[tuple[Cell, ...]]:
    decoders = [(n, _DECODERS[column.kind]) for n, column in enumerate(columns) if column.kind in _DECODERS]
    rows = _streamed(store, sql, params)
    return (_decoded(row, decoders) for row in rows) if decoders else rows


def _decoded(row: tuple[Cell, ...], decoders: list[tuple[int, Callable[[str | int], Cell]]]) -> tuple[Cell, ...]:
    cells = list(row)
    for n, decode in decoders:
        value = cells[n]
        if isinstance(value, str | int):
            cells[n] = decode(value)
    return tuple(cells)


_DECODERS: dict[str, Callable[[str | int], Cell]] = {
    "list": lambda text: tuple(map(str, json.loads(str(text)))),
    "bool": bool,
}


def _streamed(store: Store, sql: str, params: Sequence[Param]) -> Iterator[Any]:
    with explained(store.path):
        cursor = store.connection.execute(sql, params)
    return _fetched(store, cursor)


def _fetched(store: Store, cursor: sqlite3.Cursor) -> Iterator[Any]:
    with explained(store.path):
        for row in cursor:  # noqa: UP028 `yield from` would close the cursor, maybe after its database
            yield row
