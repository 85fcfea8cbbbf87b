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
    ("wecrm report", "wecrm report followers", "wecrm report channels -o channels.csv"),
    _("Reports read only the cache, never WeCom."),
)
def report(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help=_("Which report."), metavar="NAME")] = "",
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> None:
    from wecrm.reports import REPORTS
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
    rows.show(s, REPORTS[name].build(s.store), wanted)
