"""`wecrm sandbox`: an offline WeCom; here its time, faults, calls and rules.

Whole worlds are in `sandbox_worlds.py`, what other people do in `sandbox_console.py`, `sandbox_people.py` and
`sandbox_archive.py`.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from wecrm.cli import rows, sandbox_archive, sandbox_people
from wecrm.cli.command import command, session
from wecrm.cli.options import share as share_of
from wecrm.cli.root import duration
from wecrm.cli.sandbox_console import told
from wecrm.cli.sandbox_worlds import WorldOption, app, opened
from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.table import Cell, Column, Table

if TYPE_CHECKING:
    from wecrm.sandbox.world import World

__all__ = ["app"]

PathOption = Annotated[str, typer.Option("--path", help=_("How the API's path ends, as mark_tag."), metavar="API")]


@command(app, "advance", _("Let the sandbox's time pass."), ("wecrm sandbox advance 24h", "wecrm sandbox advance 90m"))
def advance(
    ctx: typer.Context,
    time: Annotated[str, typer.Argument(help=_("How long: 24h, 90m, 45s or 2d."))],
    world: WorldOption = None,
) -> None:
    s = session(ctx)
    now = opened(s, world).advance(duration("TIME", time))
    s.stdout.write(f"{datetime.fromtimestamp(now, s.tz).isoformat(timespec='seconds')}\n")


@command(
    app,
    "fault",
    _("Make the next calls fail, or a share of them; list and clear such faults."),
    (
        "wecrm sandbox fault 45033 --path mark_tag --times 3",
        "wecrm sandbox fault close --share 1% --seed 7 --when after",
        "wecrm sandbox fault http502 --path batch/get_by_user --skip 1",
        "wecrm sandbox fault -1",
        "wecrm sandbox fault --list",
        "wecrm sandbox fault --clear",
    ),
    _(
        "Kinds: -1, 45009, 45033, 42001, 40014, http502, cut, garbage, wrong_type, slow, close, kill. What the "
        "archive's library says, with --path message/getchatdata or message/getchatmediadata: 10001, 10002, 10003, "
        "10005, 10009, 10010, crash. What the host of the QR codes' pictures answers, with --path wwpic: http502, cut, "
        "garbage, wrong_type, slow, close, kill, http404, redirect, large."
    ),
    minus=True,
)
def fault(
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(help=_("What happens."), metavar="KIND")] = "",
    path: PathOption = "",
    times: Annotated[int | None, typer.Option(help=_("How many calls; 1 unless told."), min=1)] = None,
    share: Annotated[str, typer.Option(help=_("Which part of the calls, as 1%."), metavar="N%")] = "",
    seed: Annotated[int, typer.Option(help=_("What --share is drawn from."))] = 1,
    when: Annotated[str, typer.Option(help=_("before or after the effect."), metavar="WHEN")] = "",
    seconds: Annotated[float, typer.Option(help=_("How long a slow answer takes."), min=0)] = 60,
    skip: Annotated[int, typer.Option(help=_("So many calls go well first."), min=0)] = 0,
    clear: Annotated[bool, typer.Option("--clear", help=_("Let everything go right again."))] = False,
    list_: Annotated[bool, typer.Option("--list", help=_("Show the faults that still wait."))] = False,
    world: WorldOption = None,
    format: rows.FormatOption = None,
) -> None:
    from wecrm.sandbox import control

    s = session(ctx)
    if (bool(kind), clear, list_).count(True) != 1:
        raise UsageError(_("Name a kind of fault, or --list, or --clear."))
    where = opened(s, world)
    if clear:
        control.clear_faults(where)
        s.say(_("No more faults."))
    elif list_:
        rows.show(s, _faults(where), rows.Rows(format))
    else:
        part = share_of("--share", share) if share else None
        with told():
            number = control.add_fault(
                where, kind=kind, path=path, times=times, share=part, seed=seed, when=when, seconds=seconds, skip=skip
            )
        s.say(_("Fault {n} waits for its calls.", n=number))


def _faults(world: "World") -> Table:
    columns = (
        Column("id", _("Fault"), "int"),
        Column("kind", _("Kind")),
        Column("path", _("Path")),
        Column("times", _("Times left"), "int"),
        Column("share", _("Share"), "float"),
        Column("seed", _("Seed"), "int"),
        Column("when", _("When")),
        Column("seconds", _("Seconds"), "float"),
        Column("seen", _("Calls seen"), "int"),
    )
    sql = "SELECT id, kind, path, times, share, seed, moment, seconds, seen FROM fault ORDER BY id"
    with world.db.lock:
        return Table("faults", columns, world.db.connection.execute(sql).fetchall())


CALLS = (
    Column("id", "Call", "int"),
    Column("at", "Time", "time"),
    Column("path", "Path"),
    Column("app", "App"),
    Column("errcode", "Errcode", "int"),
    Column("applied", "Applied", "bool"),
    Column("fault", "Fault"),
    Column("notes", "Notes"),
    Column("caller", "IP"),
    Column("pid", "Process", "int"),
    Column("query", "Query"),
    Column("body", "Body"),
)
SHOWN = 8
"""How many of them are shown unasked."""


@command(
    app,
    "calls",
    _("List the calls that the sandbox received, oldest first."),
    (
        "wecrm sandbox calls --path mark_tag",
        "wecrm sandbox calls --after 1200 -f json",
        "wecrm sandbox calls --columns id,path,body",
    ),
)
def calls(
    ctx: typer.Context,
    path: PathOption = "",
    after: Annotated[int, typer.Option(help=_("Only calls after this number."), min=0)] = 0,
    world: WorldOption = None,
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    where: rows.WhereOption = "",
    sort: rows.SortOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> None:
    from wecrm.sandbox import control

    s = session(ctx)
    shown = CALLS if columns else CALLS[:SHOWN]
    found = control.calls(opened(s, world), after=after, path=path)
    lines: Iterator[tuple[Cell, ...]] = (tuple(_cell(getattr(call, column.key)) for column in shown) for call in found)
    titled = tuple(Column(column.key, _(column.title), column.kind) for column in shown)
    rows.show(
        s, Table("calls", titled, lines), rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers)
    )


def _cell(value: object) -> Cell:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str | int | float) else None


@command(
    app,
    "switch",
    _("Choose how a rule of WeCom that nobody could confirm is read; list such rules."),
    ("wecrm sandbox switch", "wecrm sandbox switch strict true", "wecrm sandbox switch unknown_userid 40003"),
)
def switch(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help=_("The switch."), metavar="NAME")] = "",
    value: Annotated[str, typer.Argument(help=_("Where it shall stand."), metavar="VALUE")] = "",
    world: WorldOption = None,
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
) -> None:
    from wecrm.sandbox import control, settings

    s = session(ctx)
    where = opened(s, world)
    if name and name not in settings.SWITCHES:
        from wecrm.store.nearest import did_you_mean

        fix = did_you_mean(name, settings.SWITCHES) or _("`wecrm sandbox switch` lists them.")
        raise UsageError(_("There is no switch {name}.", name=name), "", fix)
    if value:
        with told():
            control.set_switch(where, name, _read(value))
        s.say(_("{name} is {value}.", name=name, value=value))
        return
    titles = (("name", _("Switch")), ("value", _("Now")), ("default", _("Default")), ("others", _("Others")))
    columns = (*(Column(key, title) for key, title in titles), Column("meaning", _("What it decides")))
    lines: list[tuple[Cell, ...]] = []
    for key, now in control.switches(where).items():
        default, others, meaning = settings.SWITCHES[key]
        if name in ("", key):
            lines.append((key, _word(now), _word(default), tuple(map(_word, others)), _(meaning)))
    rows.show(s, Table("switches", columns, lines), rows.Rows(format, output))


def _read(word: str) -> str | int | bool:
    if word in ("true", "false"):
        return word == "true"
    return int(word) if word.isascii() and word.isdigit() else word


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@command(
    app,
    "limits",
    _("Change the sandbox's limits and end all its blocks; show them when none is given."),
    ("wecrm sandbox limits", "wecrm sandbox limits --per-minute 100", "wecrm sandbox limits --scale 0.01"),
)
def limits(
    ctx: typer.Context,
    per_minute: Annotated[int | None, typer.Option(help=_("Calls of one API by the corp."), min=1)] = None,
    per_hour: Annotated[int | None, typer.Option(help=_("The same in an hour."), min=1)] = None,
    concurrency: Annotated[int | None, typer.Option(help=_("Calls of one API in flight."), min=1)] = None,
    scale: Annotated[float | None, typer.Option(help=_("Factor on the rates."), min=0)] = None,
    wrong_secrets: Annotated[int | None, typer.Option(help=_("Wrong secrets before a block."), min=1)] = None,
    tags: Annotated[int | None, typer.Option(help=_("Corp tags in the library."), min=1)] = None,
    list_people: Annotated[int | None, typer.Option(help=_("People in range of one group list."), min=1)] = None,
    ways: Annotated[int | None, typer.Option(help=_("Contact ways and join ways together."), min=1)] = None,
    customers: Annotated[int | None, typer.Option(help=_("Customers of one member."), min=1)] = None,
    group_people: Annotated[int | None, typer.Option(help=_("People in one customer group."), min=1)] = None,
    quota: Annotated[int | None, typer.Option(help=_("Acquisition quota bought."), min=1)] = None,
    groups_a_day: Annotated[int | None, typer.Option(help=_("Groups a member may give or get a day."), min=1)] = None,
    page_rows: Annotated[int | None, typer.Option(help=_("Rows in a page of any listing."), min=1)] = None,
    world: WorldOption = None,
    format: rows.FormatOption = None,
) -> None:
    from wecrm.sandbox import control, settings

    s = session(ctx)
    where = opened(s, world)
    given = {
        "per_minute": per_minute, "per_hour": per_hour, "concurrency": concurrency, "scale": scale,
        "wrong_secrets": wrong_secrets, "tags": tags, "list_people": list_people, "ways": ways, "customers": customers,
        "group_people": group_people, "quota": quota, "groups_a_day": groups_a_day, "page_rows": page_rows,
    }  # fmt: skip
    if any(value is not None for value in given.values()):
        control.set_limits(where, **given)
    lines: list[tuple[Cell, ...]] = []
    for name, default in settings.LIMITS.items():
        stored = where.setting(f"limit.{name}")
        lines.append((name, stored if isinstance(stored, int | float) else default, default))
    titles = (("limit", _("Limit")), ("value", _("Now")), ("default", _("Default")))
    columns = tuple(Column(key, title, "text" if key == "limit" else "float") for key, title in titles)
    rows.show(s, Table("limits", columns, lines), rows.Rows(format))


sandbox_people.commands(app)
sandbox_archive.commands(app)
