"""`wecrm transfers`: customers and groups from one member to another, planned, applied and followed up."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wecrm.cli import applying, handover, render, rows, transferjobs
from wecrm.cli import input as inputs
from wecrm.cli.command import command, group, session
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
    from wecrm.operations.transferplan import Manner

    s = session(ctx)
    manner = Manner(_checked(message), seed, cap)
    _tell_age(s)
    if file is not None:
        _alone(from_, to, strategy, where, rules, groups, only_groups)
        made = _of_file(s, file, map_ or [], sheet, manner)
    else:
        asked = _asked(from_, to, strategy, where, rules, cap, groups, only_groups)
        made = _of_selection(s, asked, manner)
    if refused is not None:
        _write_refused(s, made, refused)
    return applying.write_plan(s, made.plan, output, detailed_exitcode)


def _checked(message: str) -> str:
    from wecrm.api.transfers import MESSAGE_MAX

    if len(message) > MESSAGE_MAX:
        raise UsageError(_("The message is longer than {n} characters.", n=MESSAGE_MAX), "", _("Shorten it."))
    return message


def _tell_age(s: Session) -> None:
    from wecrm.store import selection
    from wecrm.store.views import view

    at = selection.as_of(s.store, view("contacts"))
    if at is None:
        raise UsageError(_("Nothing is cached yet: run `wecrm sync {purpose}`.", purpose="contacts"))
    s.say(_("From the cache of {age} ago.", age=render.age(s.clock.now() - at)))


def _alone(*given: object) -> None:
    """Refuse what can't stand beside a file, which says already who gets whom."""
    names = ("--from", "--to", "--strategy", "--where", "--rules", "--groups", "--only-groups")
    named = [name for name, value in zip(names, given, strict=True) if value]
    if named:
        raise UsageError(
            _("{flag} can't be combined with {names}.", flag="FILE", names=", ".join(named)),
            _("It says already who gets whom."),
            _("Give either a file, or --from and --to. Groups are rows with a column chat_id."),
        )


def _asked(
    from_: str, to: str, strategy: str, where: str, rules: Path | None, cap: int | None, groups: bool, only: bool
) -> "Selection":
    """What the options ask for, if they fit together."""
    from wecrm.files import sharing
    from wecrm.operations import transferselection

    givers, takers = _names(from_), _names(to)
    if not givers or not (takers or rules):
        raise UsageError(
            _("Say who gets whom: a FILE, or --from and --to."),
            "",
            _("For example: wecrm transfers plan --from an.lu --to bo.tan -o handover.plan"),
        )
    chosen = transferselection.strategy(strategy, len(takers), ruled=rules is not None, capped=cap is not None)
    found = sharing.read(rules) if rules else None
    return transferselection.Selection(givers, takers, chosen, where, found, not only, groups or only)


def _names(text: str) -> list[str]:
    return list(dict.fromkeys(name.strip() for name in text.replace("，", ",").split(",") if name.strip()))


def _of_file(s: Session, file: Path, mapping: list[str], page: str, manner: "Manner") -> "Planned":
    from wecrm.operations import transferrows

    found = inputs.sheet(s, file, transferrows.FIELDS, transferrows.NEEDED, mapping, page)
    return transferrows.plan(s.work, found, inputs.mapped(mapping), manner)


def _of_selection(s: Session, asked: "Selection", manner: "Manner") -> "Planned":
    from wecrm.operations import transferselection
    from wecrm.operations.ruleconditions import Cache

    return transferselection.plan(s.work, Cache(s.store, s.clock.now(), s.tz), asked, manner)


def _write_refused(s: Session, made: "Planned", path: Path) -> None:
    from wecrm.operations import transferrefusals

    rows.show(s, transferrefusals.table(made.refused), rows.Rows(output=path))


handover.commands(app)
transferjobs.commands(app)
