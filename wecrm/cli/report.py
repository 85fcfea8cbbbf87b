"""`wecrm report`: the registry as commands, one per report, with the options that the report takes."""

import copy
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wecrm.cli import rows
from wecrm.cli.archive.filters import ReasonOption
from wecrm.cli.command import command, session, single
from wecrm.cli.help import Group
from wecrm.cli.session import Session
from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.table import Column, Table
from wecrm.store.nearest import did_you_mean

if TYPE_CHECKING:
    from wecrm.reports.entries import Report

OTHERS: dict[str, str] = {"dashboard": "wecrm.cli.dashboard", "score": "wecrm.cli.score"}
"""Words below `report` that are no tables, and the modules with their `app`."""

_EXAMPLES = (
    "wecrm report",
    "wecrm report followers",
    "wecrm report channels --since 2026-11 --until 2026-11 --compare",
    "wecrm report followers,channels -o week.xlsx",
)
_HELP = (
    _("Examples:"),
    "\b\n" + "\n".join(f"  {example}" for example in _EXAMPLES),
    _("Show a report, or list them all when none is named."),
    _(
        "Reports read only the cache and the session archive, never WeCom. `wecrm report NAME --help` shows what a "
        "report takes. Your own are .sql files in the folder `reports` beside the configuration."
    ),
)


class Reports(Group):
    """Built-in reports, a person's own `.sql` files, and several names with commas between them."""

    def __init__(self, **attributes: Any) -> None:
        from wecrm.reports import REPORTS

        super().__init__(**attributes)
        self._one = typer.main.get_command(_template)
        self.commands = {name: self._shaped(name, report) for name, report in REPORTS.items()} | {
            name: _imported(module) for name, module in OTHERS.items()
        }

    def list_commands(self, ctx: Any) -> list[str]:
        """The names, the person's own ones behind the built-in ones."""
        return [*self.commands, *(name for name in _own(ctx) if name not in self.commands)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of one report, or of several."""
        if cmd_name in self.commands:
            return self.commands[cmd_name]
        if "," in cmd_name:
            return self._one
        found = _own(ctx).get(cmd_name)
        if found is None:
            return None
        made = self._shaped(cmd_name, found.report)
        made.short_help = found.summary or _("Broken: {what}", what=found.broken)
        return made

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the first word names; an unknown name is told the nearest."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            raise _unknown(args[0], self.list_commands(ctx))
        return super().resolve_command(ctx, args)

    def _shaped(self, name: str, report: "Report | None") -> Any:
        """The command of a report: its own help, and only the options it takes are shown."""
        made = copy.copy(self._one)
        made.name = name
        if report is None:
            return made
        summary = _(report.summary)
        facts = (_(report.definition.counts), _(report.definition.source), _(report.definition.caveats))
        shown = "\n".join(f"  {example}" for example in _examples(name, report))
        made.short_help = summary
        made.help = "\n\n".join(filter(None, (_("Examples:"), f"\b\n{shown}", summary, *facts)))
        able = {*report.takes, *(("single_rows",) if report.rows else ()), *(("compare",) if report.compares else ())}
        able |= {"reason"} if report.archive else set()
        able |= {"timeout"} if report.own else set()
        made.params = [_hidden(each, each.name not in able) for each in made.params]
        return made


def _hidden(parameter: Any, unable: bool) -> Any:
    """The option, not shown where the report does not take it: there it is refused with what it does take."""
    from wecrm.reports.entries import OPTIONS

    if parameter.name not in (*OPTIONS, "single_rows", "compare", "reason", "timeout"):
        return parameter
    made = copy.copy(parameter)
    made.hidden = unable
    return made


def _examples(name: str, report: "Report") -> list[str]:
    period = " --since 2026-11" if "since" in report.takes else ""
    found = [f"wecrm report {name}", f"wecrm report {name}{period} -o {name}.xlsx"]
    if "by" in report.takes:
        found.append(f"wecrm report {name} --since 2026-01 --by month")
    if report.compares:
        found.append(f"wecrm report {name} --since 2026-11 --until 2026-11 --compare")
    if report.rows:
        found.append(f"wecrm report {name}{period} --rows -f csv")
    return found


def _imported(module: str) -> Any:
    from importlib import import_module

    return typer.main.get_command(import_module(module).app)


def _own(ctx: Any) -> dict[str, Any]:
    """The person's own reports; none where no run has begun, as in a look at the tree of commands."""
    s = ctx.find_root().obj
    if not isinstance(s, Session):
        return {}
    from wecrm.cli.ownreports import found

    return found(s)


def _checked(ctx: Any) -> dict[str, Any]:
    """The person's own reports, tried on the cache where there is one."""
    from wecrm.cli.ownreports import tried

    s = session(ctx)
    return {name: tried(s, each) for name, each in _own(ctx).items()}


def _unknown(name: str, known: list[str]) -> UsageError:
    fix = did_you_mean(name, known) or _("`wecrm report` lists them.")
    return UsageError(_("There is no report {name}.", name=name), "", fix)


app = typer.Typer(cls=Reports, rich_markup_mode=None, add_completion=False, help="\n\n".join(_HELP))


@app.callback(invoke_without_command=True)
def listed(
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
    """Show which reports there are."""
    wanted = rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers)
    if ctx.invoked_subcommand is not None:
        if wanted != rows.Rows():
            raise UsageError(
                _("Options stand behind the report's name."),
                "",
                _("Write: wecrm report {name} OPTIONS", name=ctx.invoked_subcommand),
            )
        return
    from wecrm.reports import REPORTS

    lines = [(name, _(each.summary), None) for name, each in REPORTS.items()]
    lines += [(name, _imported(module).short_help, None) for name, module in OTHERS.items()]
    lines += [(name, each.summary, each.broken or None) for name, each in _checked(ctx).items()]
    table = Table(
        "reports", (Column("name", _("Name")), Column("summary", _("Answers")), Column("broken", _("Broken"))), lines
    )
    rows.show(session(ctx), table, wanted)


_template = single()


@command(_template, "report", _("Show several reports."), ("wecrm report followers,channels -o week.xlsx",))
def report(
    ctx: typer.Context,
    since: Annotated[
        str, typer.Option(help=_("Only what happened then or later: a day, a month, 7d ago."), metavar="TIME")
    ] = "",
    until: Annotated[
        str, typer.Option(help=_("Only what happened then or before: a day, a month, 7d ago."), metavar="TIME")
    ] = "",
    by: Annotated[str, typer.Option(help=_("A row for each day, week or month."), metavar="PERIOD")] = "",
    department: Annotated[
        list[str] | None, typer.Option(help=_("Only members of this department or below it."), metavar="DEPARTMENT")
    ] = None,
    member: Annotated[
        list[str] | None, typer.Option(help=_("Only this member: userid or name."), metavar="MEMBER")
    ] = None,
    channel: Annotated[
        list[str] | None, typer.Option(help=_("Only customers who came by this channel."), metavar="STATE")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(help=_("Only this tag; may be repeated."), metavar="TAG")] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help=_("Beside each figure, that of the period before."))
    ] = False,
    single_rows: Annotated[bool, typer.Option("--rows", help=_("The single rows behind the figures."))] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help=_("What is counted, from where, and what it does not say."))
    ] = False,
    totals: Annotated[bool, typer.Option("--totals", help=_("The totals row in CSV, TSV and JSON, too."))] = False,
    timeout: Annotated[str, typer.Option(help=_("Longest time that SQLite may work."), metavar="TIME")] = "",
    reason: ReasonOption = "",
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    where: rows.WhereOption = "",
    sort: rows.SortOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> None:
    from wecrm.cli import reporting
    from wecrm.cli.reportasked import Given
    from wecrm.cli.root import duration

    s = session(ctx)
    names = [name for name in str(ctx.info_name).split(",") if name]
    seconds = duration("--timeout", timeout or "30s")
    chosen = {name: _registered(ctx, name, seconds) for name in names}
    wanted = rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers, totals=totals)
    if explain:
        rows.show(s, reporting.explained(chosen), wanted)
        return
    lists = (tuple(each or ()) for each in (department, member, channel, tag))
    given = Given(since, until, by, *lists)
    flags = {"compare": compare, "rows": single_rows, "timed": bool(timeout)}
    tables = reporting.tables(s, chosen, given, **flags, reason=reason)
    reporting.show(s, tables, wanted)


def _registered(ctx: Any, name: str, seconds: float) -> "Report":
    """The report of that name; a person's own one works so many seconds at most.

    Raises:
        UsageError: there is none, or it is a person's own and broken.
    """
    from wecrm.reports import REPORTS

    if name in REPORTS:
        return REPORTS[name]
    own = _own(ctx)
    if name not in own:
        raise _unknown(name, [*REPORTS, *own])
    return own[name].sound(seconds)  # type: ignore[no-any-return]
