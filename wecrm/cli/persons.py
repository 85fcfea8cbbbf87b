"""`wecrm contacts lost|duplicates|export`: customers as persons, over all members."""

from pathlib import Path
from typing import Annotated

import typer

from wecrm.cli import rows
from wecrm.cli.command import command, session
from wecrm.errors import UsageError
from wecrm.i18n import _

PersonArgument = Annotated[
    str, typer.Argument(help=_("The customer; `wecrm contacts search` finds it."), metavar="EXTERNAL_USERID")
]
JsonOption = Annotated[
    Path | None, typer.Option("--output", "-o", help=_("Write the JSON to this file."), metavar="FILE")
]


def commands(app: typer.Typer) -> None:
    """Give `contacts` its verbs about persons."""
    command(
        app,
        "lost",
        _("List customers who were lost or transferred: when, and with whom they were."),
        ("wecrm contacts lost", "wecrm contacts lost --where \"status_at >= '2026-10-01'\" -o lost.csv"),
        _("`wecrm explain lost-customers` says what counts as lost."),
    )(lost)
    command(
        app,
        "duplicates",
        _("List unionids and mobiles that several customers or members share."),
        ("wecrm contacts duplicates", "wecrm contacts duplicates -o duplicates.xlsx"),
    )(duplicates)
    command(
        app,
        "export",
        _("Write everything kept about one customer as JSON."),
        (
            "wecrm contacts export wmqfasd1e1927831291723123109rAAA",
            "wecrm contacts export wmqfasd1e1927831291723123109rAAA -o person.json",
        ),
        _("Identity, every member's side, groups, history, and the answers of WeCom. A file is readable by you alone."),
    )(export)


def lost(
    ctx: typer.Context,
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    where: rows.WhereOption = "",
    sort: rows.SortOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> None:
    """Show relations that ended."""
    from wecrm.store import persons

    s = session(ctx)
    wanted = rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers)
    if rows.explained(s, "contacts", wanted):
        return
    with rows.opened(s, wanted) as (out, file):
        found = persons.lost(s.store, wanted.query(), now=s.clock.now(), tz=s.tz)
        rows.put(s, found, out, file)


def duplicates(
    ctx: typer.Context,
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    where: rows.WhereOption = "",
    sort: rows.SortOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> None:
    """Show what several customers or members share."""
    from wecrm.store import persons

    s = session(ctx)
    wanted = rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers)
    rows.show(s, persons.duplicates(s.store), wanted)


def export(ctx: typer.Context, external_userid: PersonArgument, output: JsonOption = None) -> None:
    """Write one person's data."""
    from wecrm.files.atomic import replacing
    from wecrm.files.tables import write_object
    from wecrm.store import persons

    s = session(ctx)
    if output is not None and output.suffix != ".json":
        raise UsageError(_("The export is JSON: name the file like person.json."))
    parts = [part for _title, part in persons.everything(s.store, external_userid, now=s.clock.now(), tz=s.tz)]
    if output is None:
        write_object(parts, s.stdout.buffer, tz=s.tz)
        return
    with replacing(output) as stream:
        write_object(parts, stream, tz=s.tz)
    s.say(_("Written: {path}", path=output))
