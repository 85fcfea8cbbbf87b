"""`wecrm archive consent` and `seats`: who has not agreed to being archived, and whose conversations are."""

from typing import TYPE_CHECKING, Annotated

import typer

from wecrm.cli import rows
from wecrm.cli.archive import filters, opening
from wecrm.cli.command import command, session
from wecrm.cli.session import Session
from wecrm.i18n import _

if TYPE_CHECKING:
    from wecrm.store.archive.agreements import Agreed
    from wecrm.store.database import Store


def commands(app: typer.Typer) -> None:
    """Put the verbs under `wecrm archive`."""
    command(
        app,
        "consent",
        _("List customers who have not agreed to being archived, by member."),
        (
            "wecrm archive consent",
            "wecrm archive consent --by-member -o consent.xlsx",
            "wecrm archive consent --member zhangwei --all",
            "wecrm archive consent --groups",
        ),
        _(
            "Asked of WeCom for the active customers of every member with a seat, once a day; messages that agree or "
            "object count too. unknown: WeCom does not tell. Customers and groups come from the cache (`wecrm sync`)."
        ),
    )(consent)
    command(
        app,
        "seats",
        _("List who has a seat in the archive, who lost one, and who serves customers without."),
        ("wecrm archive seats", "wecrm archive seats --without -o uncovered.csv"),
        _("Asked of WeCom and kept, so that each day can be proved. Customers come from the cache (`wecrm sync`)."),
    )(seats)


def consent(
    ctx: typer.Context,
    member: filters.MemberOption = "",
    group: filters.GroupOption = "",
    groups: Annotated[
        bool, typer.Option("--groups", help=_("Customer groups too: one call to WeCom for each."))
    ] = False,
    everybody: Annotated[bool, typer.Option("--all", help=_("Those who have agreed, too."))] = False,
    by_member: Annotated[
        bool, typer.Option("--by-member", help=_("A row with numbers for each member, and each group."))
    ] = False,
    anew: Annotated[bool, typer.Option("--anew", help=_("Ask WeCom again also what was asked today."))] = False,
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    where: rows.WhereOption = "",
    sort: rows.SortOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> None:
    from wecrm.operations.archive import consent as operations
    from wecrm.store.archive.opening import with_cache

    s = session(ctx)
    if _dry(s):
        return
    archive = opening.archive(s)
    with with_cache(archive, s.database):
        found, asked = _found(s, archive, member, group, groups=groups, anew=anew)
        s.say(_("WeCom was asked about {n:,}; the rest was known of today.", n=asked))
        table = operations.summed(archive, found) if by_member else operations.rows(archive, found, everybody=everybody)
        wanted = rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers)
        rows.show(s, table, wanted)


def _dry(s: Session) -> bool:
    if s.options.dry_run:
        s.warn(_("Would ask WeCom, and keep in the archive what it answers."))
    return s.options.dry_run


def _found(
    s: Session, archive: "Store", member: str, group: str, *, groups: bool, anew: bool
) -> "tuple[list[Agreed], int]":
    """Everybody who is meant, asked for where needed; and about how many WeCom was asked."""
    from wecrm.operations.archive import consent, seats
    from wecrm.store.archive import agreements, people

    client, now = opening.client(s, s.run), s.clock.now()
    seated = seats.fetch(client, archive, now, s.tz).userids
    if member:
        wanted = {userid.casefold() for userid in people.persons(archive, member, ("member",))}
        seated = tuple(userid for userid in seated if userid.casefold() in wanted)
    rooms = people.rooms(archive, group) if group else ()
    since = int(now) + 1 if anew else consent.midnight(now, s.tz)
    asked = consent.ask(client, archive, seated, since, rooms=rooms if group else None, groups=groups)
    found = [] if group else agreements.singles(archive, seated)
    if groups or group:
        found += [one for one in agreements.in_rooms(archive, seated) if not group or one.room in rooms]
    return found, asked


def seats(
    ctx: typer.Context,
    without: Annotated[
        bool, typer.Option("--without", help=_("Only members with customers who have no seat, or lost it."))
    ] = False,
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    where: rows.WhereOption = "",
    sort: rows.SortOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> None:
    from wecrm.operations.archive import seatreport
    from wecrm.store.archive.opening import with_cache

    s = session(ctx)
    if _dry(s):
        return
    archive = opening.archive(s)
    with with_cache(archive, s.database):
        client = opening.client(s, s.run)
        table = seatreport.report(client, archive, s.clock.now(), s.tz, without=without)
        wanted = rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers)
        rows.show(s, table, wanted)
