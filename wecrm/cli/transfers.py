"""`wecrm transfers`: customers and groups from one member to another, planned, applied and followed up."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wecrm.cli import applying, handover, render, rows, transferjobs
from wecrm.cli import input as inputs
from wecrm.cli.command import command, group, session
from wecrm.cli.results import Results, ResultsOption
from wecrm.cli.session import Session
from wecrm.errors import UsageError
from wecrm.i18n import _

if TYPE_CHECKING:
    from wecrm.operations.transferplan import Manner, Planned
    from wecrm.operations.transferselection import Selection

app = group(_("Transfers (继承): customers and groups from one member to another."))

FromOption = Annotated[str, typer.Option("--from", help=_("Who hands over, separated by commas."), metavar="MEMBERS")]
ToOption = Annotated[str, typer.Option("--to", help=_("Who may take, separated by commas."), metavar="MEMBERS")]
StrategyOption = Annotated[
    str, typer.Option("--strategy", help=_("How several takers share; by load unless told."), metavar="NAME")
]
RulesOption = Annotated[
    Path | None, typer.Option("--rules", help=_("YAML file that says who takes whom."), metavar="RULES")
]
GroupsOption = Annotated[bool, typer.Option("--groups/--no-groups", help=_("Move the groups they own too."))]
OnlyGroupsOption = Annotated[bool, typer.Option("--only-groups", help=_("Move the groups, but no customers."))]
MessageOption = Annotated[
    str, typer.Option("--message", help=_("What customers of working members are told."), metavar="TEXT")
]
SeedOption = Annotated[int, typer.Option("--seed", help=_("Another number shares in another way."), metavar="N")]
CapOption = Annotated[
    int | None, typer.Option("--cap", help=_("The most customers a taker may have then."), min=1, metavar="N")
]
RefusedOption = Annotated[
    Path | None, typer.Option("--refused", help=_("Write who can't move, and why, to this file."), metavar="FILE")
]


@command(
    app,
    "plan",
    _("Plan who gets whose customers and groups: from a file, or from a selection and a strategy."),
    (
        "wecrm transfers plan reorg.csv -o reorg.plan",
        "wecrm transfers plan --from an.lu --to bo.tan --groups -o handover.plan",
        "wecrm transfers plan --from an.lu --to bo.tan,lina --cap 3000 -o load.plan",
        "wecrm transfers plan --from an.lu --rules regions.yaml -o regions.plan",
        "wecrm transfers plan --from an --to bo --where \"tags has 'VIP'\" -o vip.plan",
    ),
    _(
        "A file has the columns userid, takeover, and external_userid or chat_id.\n\n"
        "Strategies: one, round-robin, load (fewest customers), cap (fill one after the other), department (a taker of "
        "the member's department), keep-together (customers of one group chat or company). Members who left are told "
        "from those who work here. Nothing is written to WeCom until the plan is applied.\n\n"
        "Rules are a YAML file: `rules: [{tag: 华东, to: [lina]}, {channel: fair-*, to: [bo.tan]}]` and "
        "`else: [lina]`; the first one met decides."
    ),
)
def plan(
    ctx: typer.Context,
    output: applying.PlanOutOption,
    file: inputs.FileArgument = None,
    from_: FromOption = "",
    to: ToOption = "",
    strategy: StrategyOption = "",
    where: rows.WhereOption = "",
    rules: RulesOption = None,
    groups: GroupsOption = False,
    only_groups: OnlyGroupsOption = False,
    message: MessageOption = "",
    seed: SeedOption = 0,
    cap: CapOption = None,
    refused: RefusedOption = None,
    map_: inputs.MapOption = None,
    sheet: inputs.SheetOption = "",
    detailed_exitcode: applying.ExitOption = False,
) -> int:
    s = session(ctx)
    asked = _Asked(from_, to, strategy, where, rules, groups, only_groups)
    made, _form = _made(s, file, asked, _manner(message, seed, cap), map_ or [], sheet, refused)
    return applying.write_plan(s, made.plan, output, detailed_exitcode)


@command(
    app,
    "apply",
    _("Plan, show, ask and apply in one go."),
    (
        "wecrm transfers apply reorg.csv --results reorg",
        "wecrm transfers apply --from an.lu --to bo.tan --groups --max-removals 100%",
        "wecrm transfers apply --from an.lu --to bo.tan,lina --dry-run",
    ),
    _(
        "Accepted is not done: after a day `wecrm transfers poll` asks how it ended. With --results, rows that failed "
        "or were not reached are files that can be given to it again."
    ),
    writes="transfers apply",
)
def apply(
    ctx: typer.Context,
    file: inputs.FileArgument = None,
    from_: FromOption = "",
    to: ToOption = "",
    strategy: StrategyOption = "",
    where: rows.WhereOption = "",
    rules: RulesOption = None,
    groups: GroupsOption = False,
    only_groups: OnlyGroupsOption = False,
    message: MessageOption = "",
    seed: SeedOption = 0,
    cap: CapOption = None,
    refused: RefusedOption = None,
    map_: inputs.MapOption = None,
    sheet: inputs.SheetOption = "",
    results: ResultsOption = "",
    yes: applying.YesOption = False,
    max_changes: applying.MaxChangesOption = None,
    max_removals: applying.MaxRemovalsOption = "",
    max_failures: applying.MaxFailuresOption = "",
    confirm: applying.ConfirmOption = "",
) -> int:
    s = session(ctx)
    approval = applying.Approval(yes, max_changes, max_removals, max_failures, confirm)
    asked = _Asked(from_, to, strategy, where, rules, groups, only_groups)
    made, form = _made(s, file, asked, _manner(message, seed, cap), map_ or [], sheet, refused)
    return applying.apply_now(s, made.plan, approval, Results(results, form))


@dataclass(frozen=True, slots=True)
class _Asked:
    """The options that select instead of a file."""

    from_: str
    to: str
    strategy: str
    where: str
    rules: Path | None
    groups: bool
    only_groups: bool


def _made(
    s: Session,
    file: Path | None,
    asked: _Asked,
    manner: "Manner",
    mapping: list[str],
    page: str,
    refused: Path | None,
) -> "tuple[Planned, str]":
    """The plan, and the format of its input."""
    _tell_age(s)
    if file is not None:
        _alone(asked)
        made, form = _of_file(s, file, mapping, page, manner)
    else:
        made, form = _of_selection(s, _selection(asked, manner), manner), "csv"
    if refused is not None:
        _write_refused(s, made, refused)
    return made, form


def _manner(message: str, seed: int, cap: int | None) -> "Manner":
    from wecrm.api.transfers import MESSAGE_MAX
    from wecrm.operations.transferplan import Manner

    if len(message) > MESSAGE_MAX:
        raise UsageError(_("The message is longer than {n} characters.", n=MESSAGE_MAX), "", _("Shorten it."))
    return Manner(message, seed, cap)


def _tell_age(s: Session) -> None:
    from wecrm.store import selection
    from wecrm.store.views import view

    at = selection.as_of(s.store, view("contacts"))
    if at is None:
        raise UsageError(_("Nothing is cached yet: run `wecrm sync {purpose}`.", purpose="contacts"))
    s.say(_("From the cache of {age} ago.", age=render.age(s.clock.now() - at)))


def _alone(asked: _Asked) -> None:
    """Refuse what can't stand beside a file, which says already who gets whom."""
    options = [name.rstrip("_").replace("_", "-") for name in _Asked.__slots__ if getattr(asked, name)]
    if options:
        raise UsageError(
            _("{flag} can't be combined with {names}.", flag="FILE", names=", ".join(f"--{name}" for name in options)),
            _("It says already who gets whom."),
            _("Give either a file, or --from and --to. Groups are rows with a column chat_id."),
        )


def _selection(asked: _Asked, manner: "Manner") -> "Selection":
    """What the options ask for, if they fit together."""
    from wecrm.files import sharing
    from wecrm.operations import transferselection

    givers, takers = _names(asked.from_), _names(asked.to)
    if not givers or not (takers or asked.rules):
        raise UsageError(
            _("Say who gets whom: a FILE, or --from and --to."),
            "",
            _("For example: wecrm transfers plan --from an.lu --to bo.tan -o handover.plan"),
        )
    ruled, capped = asked.rules is not None, manner.cap is not None
    chosen = transferselection.strategy(asked.strategy, len(takers), ruled=ruled, capped=capped)
    found = sharing.read(asked.rules) if asked.rules else None
    customers, groups = not asked.only_groups, asked.groups or asked.only_groups
    return transferselection.Selection(givers, takers, chosen, asked.where, found, customers, groups)


def _names(text: str) -> list[str]:
    return list(dict.fromkeys(name.strip() for name in text.replace("，", ",").split(",") if name.strip()))


def _of_file(s: Session, file: Path, mapping: list[str], page: str, manner: "Manner") -> "tuple[Planned, str]":
    from wecrm.operations import transferrows

    found = inputs.sheet(s, file, transferrows.FIELDS, transferrows.NEEDED, mapping, page)
    return transferrows.plan(s.work, found, inputs.mapped(mapping), manner), found.format


def _of_selection(s: Session, asked: "Selection", manner: "Manner") -> "Planned":
    from wecrm.operations import transferselection
    from wecrm.operations.ruleconditions import Cache

    return transferselection.plan(s.work, Cache(s.store, s.clock.now(), s.tz), asked, manner)


def _write_refused(s: Session, made: "Planned", path: Path) -> None:
    from wecrm.operations import transferrefusals

    rows.show(s, transferrefusals.table(made.refused), rows.Rows(output=path))


handover.commands(app)
transferjobs.commands(app)
