"""`wecrm report`: figures from the cache."""

from typing import Annotated

import typer

from wecrm.cli import rows
from wecrm.cli.command import command, session, single
from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.table import Column, Table

app = single()


@command(
    app,
    "report",
    _("Show a report, or list them all when none is named."),
    (
        "wecrm report",
        "wecrm report followers",
        "wecrm report channels -o channels.csv",
        "wecrm report channels --since 2026-11-01 --until 2026-11-11",
    ),
    _("Reports read only the cache, never WeCom."),
)
def report(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help=_("Which report."), metavar="NAME")] = "",
    since: Annotated[str, typer.Option(help=_("Only who came then or later: a day, a month, 7d ago."))] = "",
    until: Annotated[str, typer.Option(help=_("Only who came then or before: a day, a month, 7d ago."))] = "",
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> None:
    from wecrm.reports import REPORTS
    from wecrm.store import literals
    from wecrm.store.beginnings import Period
    from wecrm.store.nearest import did_you_mean

    s = session(ctx)
    wanted = rows.Rows(format, output, columns, limit=limit, csv_safe=csv_safe, headers=headers)
    if not name:
        listed = [(key, _(each.summary)) for key, each in REPORTS.items()]
        rows.show(s, Table("reports", (Column("name", _("Name")), Column("summary", _("Answers"))), listed), wanted)
        return
    if name not in REPORTS:
        fix = did_you_mean(name, REPORTS) or _("`wecrm report` lists them.")
        raise UsageError(_("There is no report {name}.", name=name), "", fix)
    if (since or until) and not REPORTS[name].dated:
        raise UsageError(_("The report {name} is not about a period.", name=name), "", _("Leave out --since, --until."))
    now = s.clock.now()
    period = Period(
        literals.span(since, now, s.tz).start if since else None, literals.span(until, now, s.tz).end if until else None
    )
    rows.show(s, REPORTS[name].build(s.store, period), wanted)
