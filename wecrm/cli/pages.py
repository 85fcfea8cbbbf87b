"""What `show` commands print: several titled tables for a person, one of them for a program."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import Annotated

import typer

from wecrm.cli import rows as row_options
from wecrm.cli.rows import Rows
from wecrm.cli.session import Session
from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.table import Cell, Column, Table
from wecrm.models.text import visible

_EMPTY = (None, "", ())

PartOption = Annotated[
    str, typer.Option("--part", help=_("Only this table; for programs there is always just one."), metavar="PART")
]


def show(
    session: Session,
    details: Iterable[tuple[str, Table]],
    rows: Rows,
    part: str,
    default: str,
    *,
    upright: bool = True,
) -> None:
    """Show titled tables, the first of which has one row (unless not `upright`).

    A person who asks for nothing of one table sees them all, one under the other. CSV, JSON and
    the like hold one table: `part`, or else `default`.

    Raises:
        UsageError: there is no such part.
    """
    parts = {table.name: (title, table) for title, table in details}
    if part and part not in parts:
        from wecrm.store.nearest import did_you_mean

        raise UsageError(
            _("There is no part {name}.", name=part),
            _("Parts: {names}.", names=", ".join(parts)),
            did_you_mean(part, parts),
        )
    if part or rows.columns or rows.where or rows.sort or not (rows.paged or for_person(session, rows)):
        title, table = parts[part or default]
        row_options.show(session, replace(table, title=title), rows)
        return
    (title, first), *others = parts.values()
    found = [(title, _upright(first, session.tz) if upright else first), *others]
    if rows.paged:
        read = [replace(each, title=name, rows=list(each.rows)) for name, each in found]
        row_options.show_all(session, [filled(each) if each.rows else each for each in read], rows)
    else:
        _all(session, found, rows)


def for_person(session: Session, rows: Rows) -> bool:
    """Whether the rows are drawn for a person to read, not written for a program."""
    if rows.format:
        return rows.format == "table"
    return (rows.output is None or str(rows.output) == "-") and session.stdout.isatty()


def _all(session: Session, pages: Sequence[tuple[str, Table]], rows: Rows) -> None:
    read = [(title, filled(replace(table, rows=list(table.rows)))) for title, table in pages]
    last = max((n for n, (_title, table) in enumerate(read) if table.rows), default=0)
    with row_options.opened(session, rows) as (output, file):
        for n, (title, table) in enumerate(read):
            line = visible(title) if table.rows else _("{title}: none", title=visible(title))
            text = f"\n{line}\n" if n else f"{line}\n"
            if file is None:
                session.stdout.write(text)
            else:
                file.write(text.encode())
            if table.rows:
                age = pages[0][1].as_of if n == last else None
                row_options.put(session, replace(table, as_of=age), output, file)


def filled(table: Table) -> Table:
    """`table` (its rows in a list) without the columns that are empty in every row."""
    rows = list(table.rows)
    kept = [n for n in range(len(table.columns)) if any(row[n] not in _EMPTY for row in rows)]
    return replace(
        table,
        columns=tuple(table.columns[n] for n in kept),
        rows=[tuple(row[n] for n in kept) for row in rows],
        totals=table.totals and tuple(table.totals[n] for n in kept),
    )


def _upright(table: Table, tz: tzinfo) -> Table:
    """The first row of `table` as lines of name and value; what is empty is left out."""
    from wecrm.cli.terminal import shown
    from wecrm.files.tables import heading

    row = next(iter(table.rows), ())
    lines: list[tuple[Cell, ...]] = [
        (heading(column), shown(cell, column, tz))
        for cell, column in zip(row, table.columns, strict=False)
        if cell not in _EMPTY
    ]
    columns = (Column("field", _("Field")), Column("value", _("Value")))
    return replace(table, columns=columns, rows=lines)
