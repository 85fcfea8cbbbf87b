"""`wecrm contacts`: customers and who follows them; remarks in bulk."""

from pathlib import Path
from typing import Annotated

import typer

from wecrm.cli import applying, pages, rows
from wecrm.cli import input as inputs
from wecrm.cli.command import command, group, session
from wecrm.cli.listing import listing
from wecrm.cli.persons import commands
from wecrm.cli.results import Results, ResultsOption
from wecrm.i18n import _

app = group(_("Customers (客户) and who follows them."))

FileArgument = Annotated[Path, typer.Argument(help=_("XLSX, CSV or TSV file, or - for stdin."), metavar="FILE")]
PlanOption = Annotated[
    Path | None, typer.Option("--output", "-o", help=_("Only write the plan to this file."), metavar="PLAN")
]


listing(
    app,
    "contacts",
    _("List relations: a customer of two members stands there twice."),
    (
        "wecrm contacts list",
        "wecrm contacts list --where \"tag has 'VIP' and status = 'active'\" -o vip.csv",
        "wecrm contacts list --where \"added_at >= '2026-10-01'\" --sort -added_at",
        "wecrm contacts list --columns external_userid,unionid,mobiles -f ndjson",
    ),
    _("Every status is listed; `--where \"status = 'active'\"` leaves out who was lost."),
)


@command(
    app,
    "search",
    _("Find relations by a piece of name, remark, description, company, mobile or id."),
    (
        "wecrm contacts search 王",
        "wecrm contacts search 138-0013-8000",
        "wecrm contacts search 科技 --where \"userid = 'zhangsan'\"",
    ),
    _("Width and case do not count, nor blanks in a phone number. A userid must be given whole."),
)
def search(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(help=_("What to look for."), metavar="TEXT")],
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    where: rows.WhereOption = "",
    sort: rows.SortOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> None:
    from wecrm.store import search as store

    s = session(ctx)
    wanted = rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers)
    if rows.explained(s, "contacts", wanted):
        return
    with rows.opened(s, wanted) as (out, file):
        found = store.search(s.store, text, wanted.query(), now=s.clock.now(), tz=s.tz)
        rows.put(s, found, out, file)


@command(
    app,
    "show",
    _("Show one customer: all members who have it, its groups, and what changed when."),
    (
        "wecrm contacts show wmqfasd1e1927831291723123109rAAA",
        "wecrm contacts show wmqfasd1e1927831291723123109rAAA -f json",
        "wecrm contacts show wmqfasd1e1927831291723123109rAAA --part history",
    ),
    _("Parts: customer, followers, chats, history. Programs get one of them, `followers` unless told."),
)
def show(
    ctx: typer.Context,
    external_userid: Annotated[
        str,
        typer.Argument(help=_("The customer; `wecrm contacts search` finds it."), metavar="EXTERNAL_USERID"),
    ],
    part: pages.PartOption = "",
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    where: rows.WhereOption = "",
    sort: rows.SortOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> None:
    from wecrm.store import details

    s = session(ctx)
    found = details.contact(s.store, external_userid, now=s.clock.now(), tz=s.tz)
    pages.show(s, found, rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers), part, "followers")


@command(
    app,
    "remark",
    _("Write remark, description, company and mobiles of relations from a file."),
    (
        "wecrm contacts remark remarks.csv --dry-run",
        "wecrm contacts remark remarks.csv",
        "wecrm contacts remark remarks.csv -o remarks.plan",
    ),
    _(
        "Rows name a relation by userid (or member) and external_userid, unionid or mobile. An empty cell leaves its "
        "field alone, <clear> empties it. Plans, shows, asks and applies; with -o it only writes the plan."
    ),
    writes="contacts remark",
)
def remark(
    ctx: typer.Context,
    file: FileArgument,
    output: PlanOption = None,
    followers: inputs.FollowersOption = "",
    map_: inputs.MapOption = None,
    sheet: inputs.SheetOption = "",
    results: ResultsOption = "",
    detailed_exitcode: applying.ExitOption = False,
    yes: applying.YesOption = False,
    max_changes: applying.MaxChangesOption = None,
    max_removals: applying.MaxRemovalsOption = "",
    max_failures: applying.MaxFailuresOption = "",
    confirm: applying.ConfirmOption = "",
) -> int:
    from wecrm.operations import remarks
    from wecrm.operations.rows import Problems

    s = session(ctx)
    problems = Problems()
    source = inputs.read(s, file, "", followers, map_ or [], problems, sheet)
    made = remarks.plan(s.store, source.targets, problems, input_digest=source.digest)
    if output is not None:
        return applying.write_plan(s, made, output, detailed_exitcode)
    approval = applying.Approval(yes, max_changes, max_removals, max_failures, confirm)
    return applying.apply_now(s, made, approval, Results(results, source.format))


commands(app)
