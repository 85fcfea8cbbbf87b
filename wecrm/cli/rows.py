"""Options of every command that shows rows, and showing them."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from wecrm.cli.render import Output, check, describe_columns, emit, emit_all, prepare, select_columns
from wecrm.cli.session import Session, SystemClock
from wecrm.errors import ConfigError, UsageError
from wecrm.i18n import _
from wecrm.models.clock import Progress
from wecrm.models.table import Cell, Query, Table

if TYPE_CHECKING:
    from wecrm.store.columns import View

FormatOption = Annotated[
    str | None,
    typer.Option("--format", "-f", help=_("table, csv, tsv, xlsx, json, ndjson, markdown or html."), metavar="FORMAT"),
]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", help=_("Write to FILE; its ending chooses the format."), metavar="FILE")
]
ColumnsOption = Annotated[
    str,
    typer.Option("--columns", help=_("Names separated by commas; * for all, ? explains them."), metavar="NAMES"),
]
WhereOption = Annotated[
    str,
    typer.Option("--where", help=_("Only rows that meet a condition (`wecrm explain where`)."), metavar="CONDITION"),
]
SortOption = Annotated[
    str, typer.Option("--sort", help=_("Columns to sort by; - before a name for descending."), metavar="NAMES")
]
_COUNTED = 1000
"""Rows between two looks at how many there were."""

LIMIT_MAX = 2**63 - 1
"""More than this neither SQLite nor Python counts to."""

LimitOption = Annotated[
    int | None, typer.Option("--limit", help=_("At most so many rows."), min=0, max=LIMIT_MAX, metavar="N")
]
CsvSafeOption = Annotated[
    str,
    typer.Option("--csv-safe", help=_("apostrophe or none: cells like formulas in CSV files."), metavar="HOW"),
]
HeadersOption = Annotated[
    str,
    typer.Option("--headers", help=_("zh, en or raw: headings for people, or the keys."), metavar="WHICH"),
]


@dataclass(frozen=True, slots=True)
class Rows:
    """What a person asked of the rows of one command."""

    format: str | None = None
    output: Path | None = None
    columns: str = ""
    where: str = ""
    sort: str = ""
    limit: int | None = None
    csv_safe: str = "apostrophe"
    headers: str = ""
    totals: bool = False

    @property
    def paged(self) -> bool:
        """Whether a page of HTML is wanted: it is for people, and has room for several tables."""
        if self.format or self.output is None:
            return self.format == "html"
        return self.output.suffix.lower() in (".html", ".htm")

    def query(self) -> Query:
        """The part that the store answers."""
        columns = () if self.columns.strip() == "?" else _names(self.columns)
        return Query(columns, self.where, self.sort, self.limit)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def show_view(session: Session, view: str, rows: Rows) -> None:
    """Show a documented view of the cache."""
    from wecrm.store import selection

    if explained(session, view, rows):
        return
    with opened(session, rows) as (output, file):
        table = selection.table(session.store, view, rows.query(), now=session.clock.now(), tz=session.tz)
        put(session, table, output, file)


def explained(session: Session, view: "str | View", rows: Rows) -> bool:
    """Whether `--columns ?` was asked; if so, the columns of that view are shown."""
    if rows.columns.strip() != "?":
        return False
    from wecrm.store import columns, views

    asked = views.view(view) if isinstance(view, str) else view
    show(session, columns.describe(asked), replace(rows, columns="", where="", sort="", limit=None))
    return True


def show(session: Session, table: Table, rows: Rows, tz: tzinfo | None = None) -> None:
    """Show a table that a command made; `--columns`, `--where`, `--sort` and `--limit` apply.

    Args:
        tz: where times are shown; None takes it from the configuration, which must be sound then.
    """
    if rows.where.strip() or rows.sort.strip():
        table = _narrowed(session, table, rows, tz)
    if rows.columns.strip() == "?":
        table = describe_columns(table)
    elif rows.columns.strip() != "*":
        table = select_columns(table, _names(rows.columns))
    if rows.limit is not None:
        table = replace(table, rows=islice(table.rows, rows.limit))
    with opened(session, rows, tz) as (output, file):
        put(session, table, output, file)


def _narrowed(session: Session, table: Table, rows: Rows, tz: tzinfo | None) -> Table:
    if rows.columns.strip() == "?":
        return table
    from wecrm.store.narrowing import narrowed

    try:
        now = session.clock.now()
    except ConfigError:  # no profile, as `config show` needs none
        now = SystemClock().now()
    return narrowed(table, rows.where, rows.sort, now=now, tz=tz or session.tz)


def one_table(rows: Rows) -> None:
    """Refuse what is about one table, where there are several.

    Raises:
        UsageError: `--columns`, `--where` or `--sort` was given.
    """
    for flag, given in (("--columns", rows.columns), ("--where", rows.where), ("--sort", rows.sort)):
        if given:
            raise UsageError(_("{flag} is about one table, not several.", flag=flag))


def show_all(session: Session, tables: Sequence[Table], rows: Rows) -> None:
    """Write several tables into one workbook, page or JSON array; `--limit` is for each.

    Raises:
        UsageError: a form that holds one table only, or an option that is about one.
    """
    one_table(rows)
    limited = [replace(table, rows=islice(table.rows, rows.limit)) for table in tables]
    with opened(session, rows) as (output, file):
        count = emit_all(limited, output, file or session.stdout)
        if output.file:
            session.say(_("{n:,} rows in {path}", n=count, path=output.file))


def foresee(format: str | None, output: Path | None, headers: str) -> None:
    """Refuse a form that rows don't have or a place that can't be written to, before any work for them.

    Raises:
        UsageError: says what is wrong; no file is made.
    """
    if format is None and output is None and not headers:
        return
    check(Output(format, output, "auto", UTC, headers=headers))


@contextmanager
def opened(session: Session, rows: Rows, tz: tzinfo | None = None) -> Iterator[tuple[Output, BinaryIO | None]]:
    """Where the rows go, opened before the work starts."""
    if rows.csv_safe not in ("apostrophe", "none"):
        raise UsageError(_("--csv-safe is apostrophe or none, not {value}.", value=rows.csv_safe))
    color = "never" if session.options.cron else session.options.color
    safe = rows.csv_safe != "none"
    output = Output(rows.format, rows.output, color, tz or session.tz, safe, headers=rows.headers, totals=rows.totals)
    with prepare(output) as file:
        yield output, file


def _counted(session: Session, found: Iterable[Sequence[Cell]]) -> Iterator[Sequence[Cell]]:
    """The rows, while a person sees how many there were already."""
    try:
        for n, row in enumerate(found, 1):
            if not n % _COUNTED:
                session.progress(Progress(_("rows"), n))
            yield row
    finally:
        session.clear_progress()


def put(session: Session, table: Table, output: Output, file: BinaryIO | None) -> None:
    """Write the rows where `opened` said."""
    if session.options.quiet or session.options.cron:
        table = replace(table, as_of=None)
    if output.file or not session.stdout.isatty():
        table = replace(table, rows=_counted(session, table.rows))
    now = 0.0 if table.as_of is None else session.clock.now()
    count = emit(table, output, stdout=session.stdout, stderr=session.stderr, now=now, file=file)
    session.stdout.flush()
    if output.file:
        session.say(_("{n:,} rows in {path}", n=count, path=output.file))
