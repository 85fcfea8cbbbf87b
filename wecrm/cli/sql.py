"""`wecrm sql`: one SELECT over the cache, on a connection that can only read."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from wecrm.cli import rows
from wecrm.cli.archive import filters
from wecrm.cli.command import command, session, single
from wecrm.cli.session import Session
from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.table import Table
from wecrm.models.text import visible

if TYPE_CHECKING:
    from wecrm.store.sql import Value

app = single()

_READ_AT = """SELECT min(newest) FROM (
    SELECT max(finished_at) AS newest FROM sync_run WHERE state IN ('done', 'holes') GROUP BY purpose)"""


@command(
    app,
    "sql",
    _("Ask the cache, or the session archive, one SELECT; nothing can be written."),
    (
        'wecrm sql "SELECT status, count(*) FROM contacts GROUP BY status"',
        'wecrm sql "SELECT name, iso(added_at) AS added FROM contacts" -o added.csv',
        'wecrm sql "SELECT name FROM contacts WHERE channel = :c" --param c=expo',
        "wecrm sql - -f json < query.sql",
        'wecrm sql --archive "SELECT count(*) FROM record" --reason "yearly figures"',
    ),
    _(
        "The views members, contacts, tags, groups, group_members, history, jobs and others are documented; "
        "times are unix seconds, `iso(…)` writes them as dates, `period(…, 'week')` names the day, week or month. With "
        "--archive the query is run twice: its rows are counted for the access log before the first is shown."
    ),
)
def sql(
    ctx: typer.Context,
    query: Annotated[str, typer.Argument(help=_("One SELECT, or - to read it from stdin."), metavar="QUERY")],
    param: Annotated[
        list[str] | None,
        typer.Option(help=_("The value of :NAME in the query; again for more."), metavar="NAME=VALUE"),
    ] = None,
    timeout: Annotated[str, typer.Option(help=_("Longest time that SQLite may work."), metavar="TIME")] = "30s",
    archive: Annotated[bool, typer.Option("--archive", help=_("Ask the session archive instead."))] = False,
    reason: filters.ReasonOption = "",
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
    values = _values(param or [])
    wanted = rows.Rows(format, output, columns, limit=limit, csv_safe=csv_safe, headers=headers)
    if archive:
        rows.show(s, _archived(s, text, values, seconds, reason, limit), wanted)
        return
    found = ask(s.database, text, values, seconds=seconds, monotonic=monotonic, tz=s.tz)
    read_at = next(iter(ask(s.database, _READ_AT, monotonic=monotonic).rows))[0]
    found = replace(found, as_of=read_at if isinstance(read_at, int | float) else None)
    rows.show(s, found, wanted)


def _values(given: Sequence[str]) -> "dict[str, Value]":
    """The parameters by name: a number where the value is written as one, else text; of several, a JSON array.

    Raises:
        UsageError: one without a name.
    """
    found: dict[str, list[Value]] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(_("--param takes NAME=VALUE, not {value}.", value=repr(visible(each))))
        number = re.fullmatch(r"-?(0|[1-9]\d{0,17})(\.\d+)?", value)
        found.setdefault(name, []).append((float if number[2] else int)(value) if number else value)
    return {name: each[0] if len(each) == 1 else json.dumps(each) for name, each in found.items()}


def _archived(
    s: Session, text: str, values: "dict[str, Value]", seconds: float, reason: str, limit: int | None
) -> Table:
    """The rows of a query over the archive, after the access log has noted how many they are."""
    from time import monotonic

    from wecrm.cli.archive import opening
    from wecrm.store.sql import query as ask

    store = opening.archive(s)

    def asked() -> Table:
        return ask(store.path, text, values, seconds=seconds, monotonic=monotonic, key=store.key, tz=s.tz, archive=True)

    count = sum(1 for _row in islice(asked().rows, limit))
    opening.accessed(s, store, "sql --archive", reason=reason, filter=text, rows=count)
    return asked()


def _stdin(s: Session) -> str:
    if s.stdin is None:
        raise UsageError(_("There is no standard input to read."))
    try:
        return s.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(_("The query on standard input is not UTF-8.")) from None
