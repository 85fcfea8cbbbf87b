"""A person's own report, a query in a file, as an entry like the built-in ones."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.report import Asked, Query
from wecrm.models.table import Cell, Column, Table
from wecrm.reports.entries import OPTIONS, Report, Sources
from wecrm.store import figures, figures_messages, sql, sqltext
from wecrm.store.nearest import did_you_mean

VALUES = (*OPTIONS, "now")
"""The parameters that such a query may have; those of several values are JSON arrays, for json_each."""


def report(name: str, query: Query, *, monotonic: Callable[[], float], seconds: float = 30) -> Report:
    """The report that `query` makes: it takes those options whose parameters stand in it.

    Args:
        monotonic: seconds of a clock that never goes back, to stop a query that takes longer than `seconds`.

    Raises:
        UsageError: a parameter that nobody gives, or another than the header names; with line and column.
    """

    def build(sources: Sources, asked: Asked) -> Table:
        store = sources.archive if query.archive and sources.archive else sources.store
        found = sql.query(
            store.path,
            query.text,
            values(asked),
            seconds=seconds,
            monotonic=monotonic,
            key=store.key,
            tz=asked.tz,
            source=query.path,
        )
        as_of = figures_messages.pulled_at(store) if query.archive else figures.as_of(sources.store, "contacts")
        return replace(_described(found, query), name=name, as_of=as_of)

    takes = _taken(query)
    return Report(
        query.title,
        query.summary,
        query.definition,
        build,
        takes,
        compares={"since", "until"} <= takes and "by" not in takes,  # a row per month has no namesake a year ago
        archive="needed" if query.archive else "",
        own=True,
    )


def values(asked: Asked) -> Mapping[str, sql.Value]:
    """What was asked, as the parameters of a query."""
    return {
        "since": asked.since,
        "until": asked.until,
        "by": asked.by,
        "now": asked.now,
        "department": json.dumps(asked.departments),
        "member": json.dumps(asked.members),
        "channel": json.dumps(asked.channels),
        "tag": json.dumps(asked.tags),
    }


def _taken(query: Query) -> frozenset[str]:
    used = sqltext.parameters(query.text)
    for name, offset in used.items():
        if name not in VALUES:
            _refuse(query, offset, _("There is no parameter :{name}.", name=name), did_you_mean(name, VALUES))
        if query.params is not None and name not in (*query.params, "now"):
            _refuse(query, offset, _("The params of the header lack :{name}.", name=name))
    for name in query.params or ():
        if name not in used:
            offset = max(0, query.text.find("params"))
            near = did_you_mean(name, VALUES) if name not in VALUES else ""
            _refuse(query, offset, _("The query has no parameter :{name}.", name=name), near)
    return frozenset(used) & frozenset(OPTIONS)


def _refuse(query: Query, offset: int, what: str, fix: str = "") -> None:
    line, column = sqltext.place(query.text, offset)
    raise UsageError(
        _("{path}, line {line}, column {column}: {what}", path=query.path, line=line, column=column, what=what),
        _("Parameters: {names}.", names=", ".join(f":{name}" for name in VALUES)),
        fix,
    )


def _described(table: Table, query: Query) -> Table:
    """The rows under the headings that the file gives them."""
    known = [column.key for column in table.columns]
    for column in query.columns:
        if column.key not in known:
            raise UsageError(
                _("{path}: the query has no column {name}.", path=query.path, name=column.key),
                _("Columns: {columns}.", columns=", ".join(known)),
                did_you_mean(column.key, known),
            )
    given = {column.key: column for column in query.columns}
    columns = tuple(given.get(column.key, column) for column in table.columns)
    return replace(table, columns=columns, rows=_rows(columns, table.rows))


def _rows(columns: Sequence[Column], rows: object) -> Iterator[tuple[Cell, ...]]:
    for row in rows:  # type: ignore[attr-defined]
        yield tuple(_cell(cell, column) for cell, column in zip(row, columns, strict=True))


def _cell(cell: Cell, column: Column) -> Cell:
    """A value of SQLite as the kind of its column; what does not fit stays as it is."""
    match column.kind:
        case "bool" if isinstance(cell, int):
            return bool(cell)
        case "list" if isinstance(cell, str):
            return _listed(cell)
        case "id" | "text" if isinstance(cell, int | float):
            return str(cell)
    return cell


def _listed(text: str) -> Cell:
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return tuple(str(each) for each in found) if isinstance(found, list) else text
