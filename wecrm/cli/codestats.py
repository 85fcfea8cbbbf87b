"""`wecrm livecodes stats`: whom the codes bring, and what the links cost of the quota."""

from typing import TYPE_CHECKING, Annotated

import typer

from wecrm.cli import pages, rows
from wecrm.cli.command import command, session
from wecrm.cli.main import exit_code
from wecrm.cli.session import Session
from wecrm.errors import Exit
from wecrm.i18n import _

if TYPE_CHECKING:
    from wecrm.store.livecodes import KnownCode


def commands(app: typer.Typer) -> None:
    """Give `livecodes` its verb for figures."""
    command(
        app,
        "stats",
        _("Count customers by live code and period, clicks of links by day, and the acquisition quota."),
        (
            "wecrm livecodes stats",
            "wecrm livecodes stats 双11-海报 官网落地页",
            "wecrm livecodes stats --fetch --days 180 --part days -o clicks.xlsx",
            "wecrm livecodes stats --part quota -f json",
        ),
        _(
            "Parts: codes, days, quota. Programs get one of them, `codes` unless told. Read from the cache: `wecrm "
            "sync livecodes` brings the days of links up to yesterday and the quota; --fetch reads both now, today "
            "included."
        ),
    )(stats)


def stats(
    ctx: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(help=_("Only these, by name or id."), metavar="NAME...")] = None,
    days: Annotated[int, typer.Option(help=_("How many days of links."), min=1, max=180)] = 30,
    fetch: Annotated[
        bool, typer.Option("--fetch", help=_("Read days of links and the quota from WeCom first."))
    ] = False,
    part: pages.PartOption = "",
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    where: rows.WhereOption = "",
    sort: rows.SortOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> int:
    """Show the figures."""
    from wecrm.operations import codestats

    s = session(ctx)
    codes = codestats.chosen(s.store, names or [])
    failed = _fetch(s, codes, days) if fetch else 0
    found = codestats.stats(s.store, codes, days, now=s.clock.now(), tz=s.tz)
    wanted = rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers)
    pages.show(s, found, wanted, part, "codes", upright=False)
    return exit_code(Exit.partial, _("links not read: {n}", n=failed)) if failed else 0


def _fetch(s: Session, codes: "tuple[KnownCode, ...]", days: int) -> int:
    """Read the days of these links, and the quota; how many links could not be read."""
    from wecrm.operations import linkdays

    notes: list[str] = []
    with s.locked("sync"):
        failed = linkdays.fetch(
            s.work, [one.code.id for one in codes if one.code.kind == "link"], days, notes, today=True
        )
        linkdays.fetch_quota(s.work)
    for note in notes:
        s.warn(f"  {note}")
    return failed
