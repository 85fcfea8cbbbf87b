"""`wecrm groups`: customer groups, as the cache knows them."""

from typing import Annotated

import typer

from wecrm.cli import pages, rows
from wecrm.cli.command import command, group, session
from wecrm.cli.listing import listing
from wecrm.i18n import _

app = group(_("Customer groups (客户群)."))


listing(
    app,
    "groups",
    _("List the customer groups with owner and size, newest first."),
    (
        "wecrm groups list",
        "wecrm groups list --where \"owner = 'zhangsan'\" --sort -customers",
        "wecrm groups list --where 'status = 1' -o ownerless.csv",
    ),
)


@command(
    app,
    "show",
    _("Show one customer group and the people in it."),
    ("wecrm groups show wrOgQhDgAAcwMTB7YmDkbeBsAAAA", "wecrm groups show wrOgQhDgAAcwMTB7YmDkbeBsAAAA -o people.csv"),
    _("Parts: group, people. Programs get one of them, `people` unless told."),
)
def show(
    ctx: typer.Context,
    chat_id: Annotated[str, typer.Argument(help=_("The group; `wecrm groups list` shows them."), metavar="CHAT_ID")],
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
    found = details.group(s.store, chat_id, now=s.clock.now(), tz=s.tz)
    pages.show(s, found, rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers), part, "people")
