"""`wecrm offboard scan`: leavers nobody started a case for."""

import shlex
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, tzinfo
from functools import cache
from typing import TYPE_CHECKING, Annotated

import typer

from wecrm.cli import codebook, ending, rows
from wecrm.cli.command import command, session
from wecrm.cli.main import exit_code
from wecrm.cli.session import Session
from wecrm.errors import Exit, UsageError
from wecrm.i18n import _
from wecrm.models.table import Cell, Column, Table

if TYPE_CHECKING:
    from wecrm.operations.offboardscan import Leaver

ExitOption = Annotated[bool, typer.Option("--detailed-exitcode", help=_("Exit 10 when something is found."))]


def commands(app: typer.Typer) -> None:
    """Give `offboard` its look for leavers."""
    command(
        app,
        "scan",
        _("List who left without a case, by what waits for them and what still names them, with the command to start."),
        (
            "wecrm offboard scan",
            "wecrm offboard scan --cron -qq --detailed-exitcode -o leavers.csv",
            "wecrm offboard scan -f json --columns userid,deadline,customers,groups",
        ),
        _(
            "Found by: unassigned (customers wait), groups (groups wait), gone (no longer a member), quit (left on "
            "their own, deleted after 30 days), codes (a live code or link names them). Only reads. Customers and "
            "groups can be inherited for one year."
        ),
    )(scan)


def scan(
    ctx: typer.Context,
    detailed_exitcode: ExitOption = False,
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    where: rows.WhereOption = "",
    sort: rows.SortOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> int:
    """Look, show and tell."""
    from wecrm.operations import offboardscan

    s = session(ctx)
    as_of, began = _as_of(s), s.clock.now()
    found = cache(lambda: offboardscan.scan(s.work, codebook.now(s)))  # asked first when the output is open
    table = Table("scan", _columns(), _lines(found, s.tz), as_of=as_of)
    rows.show(s, table, rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers))
    leavers, notes = found()
    for note in notes:
        s.say(note)
    told = _("Leavers without a case: {n:,}", n=len(leavers))
    code = Exit.changes if leavers and detailed_exitcode else Exit.ok
    s.say(told)
    ending.summary(s, "scan", f"{told} · {s.clock.now() - began:.0f} s", code)
    return exit_code(code, told) if code else 0


def _as_of(s: Session) -> float:
    """The age of the members in the cache."""
    from wecrm.store.figures import as_of

    at = as_of(s.store, "members")
    if at is None:
        raise UsageError(_("Nothing is cached yet: run `wecrm sync {purpose}`.", purpose="members"))
    return at


def _columns() -> tuple[Column, ...]:
    return (
        Column("userid", _("Member"), "id"),
        Column("name", _("Name")),
        Column("left_at", _("Left at"), "time"),
        Column("deadline", _("Deadline"), "time"),
        Column("customers", _("Customers"), "int"),
        Column("groups", _("Groups"), "int"),
        Column("codes", _("Live codes"), "list"),
        Column("found_by", _("Found by"), "list"),
        Column("command", _("Command")),
    )


def _lines(found: "Callable[[], tuple[Sequence[Leaver], Sequence[str]]]", tz: tzinfo) -> Iterator[tuple[Cell, ...]]:
    for each in found()[0]:
        yield (
            each.userid,
            each.name,
            each.left_at or None,
            each.deadline or None,
            each.customers,
            each.groups,
            each.codes,
            tuple(each.found_by),
            _command(each, tz),
        )


def _command(leaver: "Leaver", tz: tzinfo) -> str:
    """What starts a case; whom codes alone name needs none."""
    userid = shlex.quote(leaver.userid)
    if set(leaver.found_by) == {"codes"}:
        return f"wecrm livecodes swap {userid} MEMBER"
    due = datetime.fromtimestamp(leaver.left_at, tz).strftime("%Y-%m-%d") if leaver.left_at else "DATE"
    return f"wecrm offboard start {userid} --to MEMBER --due {due}"
