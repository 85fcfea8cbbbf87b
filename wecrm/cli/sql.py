"""`wecrm sql`: one SELECT over the cache, on a connection that can only read."""

from dataclasses import replace
from typing import Annotated

import typer

from wecrm.cli import rows
from wecrm.cli.command import command, session, single
from wecrm.cli.session import Session
from wecrm.errors import UsageError
from wecrm.i18n import _

app = single()

_READ_AT = """SELECT min(newest) FROM (
    SELECT max(finished_at) AS newest FROM sync_run WHERE state IN ('done', 'holes') GROUP BY purpose)"""


@command(
    app,
    "sql",
    _("Ask the cache one SELECT; nothing can be written."),
    (
        'wecrm sql "SELECT status, count(*) FROM contacts GROUP BY status"',
        'wecrm sql "SELECT name, iso(added_at) AS added FROM contacts" -o added.csv',
        "wecrm sql - -f json < query.sql",
    ),
    _(
        "The views members, contacts, tags, groups, group_members, history, jobs and others are documented; "
        "times are unix seconds, `iso(…)` writes them as dates."
    ),
)
def sql(
    ctx: typer.Context,
    query: Annotated[str, typer.Argument(help=_("One SELECT, or - to read it from stdin."), metavar="QUERY")],
    timeout: Annotated[str, typer.Option(help=_("Longest time that SQLite may work."), metavar="TIME")] = "30s",
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> None:
    from time import monotonic

    from wecrm.cli.root import duration
    from wecrm.store.sql import query as ask

    s = session(ctx)
    seconds = duration("--timeout", timeout)
    text = _stdin(s) if query == "-" else query
    found = ask(s.database, text, seconds=seconds, monotonic=monotonic)
    read_at = next(iter(ask(s.database, _READ_AT, monotonic=monotonic).rows))[0]
    found = replace(found, as_of=read_at if isinstance(read_at, int | float) else None)
    rows.show(s, found, rows.Rows(format, output, columns, limit=limit, csv_safe=csv_safe, headers=headers))


def _stdin(s: Session) -> str:
    if s.stdin is None:
        raise UsageError(_("There is no standard input to read."))
    try:
        return s.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(_("The query on standard input is not UTF-8.")) from None
