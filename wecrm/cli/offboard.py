"""`wecrm offboard`: members who leave, from the first check to a closed case."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wecrm.cli import applying, ending, offboardreport, offboardscan, rows
from wecrm.cli import input as inputs
from wecrm.cli.command import command, group, session
from wecrm.cli.listing import listing
from wecrm.cli.main import exit_code
from wecrm.cli.root import duration
from wecrm.cli.session import Session
from wecrm.errors import Exit, LockedError, SafetyError, TemporaryError, UsageError, most_severe
from wecrm.i18n import _

if TYPE_CHECKING:
    from wecrm.models.offboarding import Case, Envelope

app = group(_("Offboarding (离职交接): a durable case for each member who leaves."))

CaseArgument = Annotated[str, typer.Argument(help=_("The case, or the member's userid."), metavar="CASE")]
ToOption = Annotated[str, typer.Option("--to", help=_("Who may take over, separated by commas."), metavar="MEMBERS")]
StrategyOption = Annotated[
    str, typer.Option("--strategy", help=_("How several takers share; by load unless told."), metavar="NAME")
]
DueOption = Annotated[str, typer.Option("--due", help=_("The last day of work, YYYY-MM-DD."), metavar="DATE")]
ThenOption = Annotated[
    str, typer.Option("--then", help=_("wait (HR deletes the member), disable or delete."), metavar="WHAT")
]
MessageOption = Annotated[
    str, typer.Option("--message", help=_("What customers are told when they change hands."), metavar="TEXT")
]
CapOption = Annotated[
    int | None, typer.Option("--cap", help=_("The most customers a taker may have then."), min=1, metavar="N")
]
SeedOption = Annotated[int, typer.Option("--seed", help=_("Another number shares in another way."), metavar="N")]
ByOption = Annotated[str, typer.Option("--by", help=_("Who approves; the user of this computer unless told."))]
TellOption = Annotated[bool, typer.Option("--tell", help=_("In the end, tell each taker by a message of the app."))]
FromOption = Annotated[
    Path | None, typer.Option("--from", help=_("File of leavers: one case for each row."), metavar="FILE")
]


@command(
    app,
    "start",
    _("Start the case of a member who leaves: show all that it may do, ask once, store the approval."),
    (
        "wecrm offboard start an.lu --to bo.tan,lina --due 2026-11-30",
        "wecrm offboard start an.lu --to bo.tan --due 2026-11-30 --then delete",
        "wecrm offboard start --from leavers.csv   # userid, takeover, due [, then]",
        "wecrm offboard start an.lu --to bo.tan --due 2026-11-30 --dry-run",
    ),
    _(
        "Nothing is written to WeCom yet: `wecrm offboard advance` does that, and only what was approved here. Started "
        "once more with the same words it is the same case; with other words it is refused (exit 7). Customers move at "
        "once; the member is deleted or disabled only after the last day, and never while anything is under way."
    ),
)
def start(
    ctx: typer.Context,
    user: Annotated[str, typer.Argument(help=_("The member who leaves."), metavar="USER")] = "",
    to: ToOption = "",
    due: DueOption = "",
    strategy: StrategyOption = "",
    then: ThenOption = "wait",
    message: MessageOption = "",
    cap: CapOption = None,
    seed: SeedOption = 0,
    tell: TellOption = False,
    by: ByOption = "",
    from_: FromOption = None,
    map_: inputs.MapOption = None,
    sheet: inputs.SheetOption = "",
    yes: applying.YesOption = False,
    confirm: applying.ConfirmOption = "",
) -> int:
    from wecrm.operations import offboardstart

    s = session(ctx)
    given = offboardstart.Given(user, to, due, strategy, then, message, cap, seed, tell)
    if from_ is None:
        wanted = offboardstart.asked(s.work, [given])
    elif user or to:
        raise UsageError(_("{flag} can't be combined with {names}.", flag="--from", names="USER, --to"))
    else:
        found = inputs.sheet(s, from_, offboardstart.FIELDS, offboardstart.NEEDED, map_ or [], sheet)
        wanted = offboardstart.asked(s.work, list(offboardstart.rows(found, given)))
    with s.locked("offboard"):
        return _start(s, wanted, applying.Approval(yes, confirm=confirm), by)


def _start(s: Session, wanted: "Sequence[Envelope]", approval: applying.Approval, by: str) -> int:
    """Show what is new, ask once, write it down; what is there already stays. The worst of the rows' codes."""
    from wecrm.operations import offboardstart

    fresh: list[Envelope] = []
    differing = 0
    for asked in wanted:
        try:
            if not _known(s, asked):
                fresh.append(offboardstart.measure(s.work, asked))
        except SafetyError as error:
            if len(wanted) == 1:
                raise
            s.warn(f"{error.what} {error.why} {error.fix}")
            differing += 1
    for envelope in fresh:
        for sentence in offboardstart.told(envelope):
            s.say(sentence)
    if fresh and s.options.dry_run:
        s.warn(_("Dry run: nothing was started."))
    elif fresh:
        _approved(s, fresh, approval)
        _write_down(s, fresh, by)
    if not s.options.dry_run:
        ending.summary(s, "start", _("{n:,} cases started", n=len(fresh)), Exit.safety if differing else Exit.ok)
    return exit_code(Exit.safety, _("cases that were started differently: {n}", n=differing)) if differing else 0


def _known(s: Session, asked: "Envelope") -> bool:
    """Whether this was started already; tells the case."""
    from wecrm.operations import offboarding

    case = offboarding.known(s.store, asked)
    if case is None:
        return False
    s.say(_("{userid} has this case already: {case}, {state}.", userid=case.userid, case=case.id, state=case.state))
    return True


def _write_down(s: Session, fresh: "Sequence[Envelope]", by: str) -> None:
    """The cases that were approved; tells how to go on."""
    from wecrm.operations import offboarding, offboardstart
    from wecrm.store import directory

    names = directory.names(s.store)
    tell = s.say if s.options.cron else s.warn
    for envelope in fresh:
        who = by or offboardstart.approver(s.options.environ)
        case = offboarding.start(s.store, envelope, names.get(envelope.userid, ""), who, s.clock.now())
        tell(_("{userid}: case {case}. Go on with: wecrm offboard advance {case}", userid=case.userid, case=case.id))


def _approved(s: Session, fresh: "Sequence[Envelope]", approval: applying.Approval) -> None:
    """The confirmation and the question: resigned transfers and deletions can't be undone."""
    corp = s.profile.name or s.profile.corp_id
    final = any(envelope.removal != "disable" for envelope in fresh) or s.profile.protected
    if final and approval.confirm not in {s.profile.corp_id, s.profile.name} - {""}:
        raise SafetyError(
            _("Starting this needs the corp's name or id: what follows can't be undone."),
            _("Once a member is deleted, customers who refuse are lost; the profile may be protected, too."),
            _("--confirm {corp}", corp=corp),
        )
    if not approval.yes and not s.confirm(_("Start {n} cases in {corp}?", n=len(fresh), corp=corp), flag="--yes"):
        raise UsageError(_("Not started."), _("The answer was no."), "")


@command(
    app,
    "advance",
    _("Bring cases as far as they can go now: check, move, wait, read back, restore, close."),
    (
        "wecrm offboard advance an.lu",
        "wecrm offboard advance --all",
        "wecrm --cron offboard advance --all --max-age 26h",
    ),
    _(
        "Does only what was approved at the start. Ends with 0 when all cases wait or are closed, 3 when customers "
        "refused or could not be moved, or a taker may not have been told, 6 when a person is needed. "
        "Meant for cron, every hour."
    ),
    writes="offboard advance",
)
def advance(
    ctx: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(help=_("Cases or userids."), metavar="CASE...")] = None,
    all_: Annotated[bool, typer.Option("--all", help=_("Every case that is not over."))] = False,
    max_age: ending.MaxAgeOption = "",
) -> int:
    """Go on with every case that is asked for."""
    from wecrm.store import offboardings
    from wecrm.store.status import APPLY

    s = session(ctx)
    age_s = duration("--max-age", max_age) if max_age else None
    if bool(names) is all_:
        raise UsageError(_("Say which cases: CASE, or --all."), "", _("`wecrm offboard list` shows them."))
    cases = offboardings.unfinished(s.store) if all_ else [offboardings.get(s.store, name) for name in names or []]
    if s.options.dry_run:
        s.warn(_("Dry run: {n} cases would be brought forward; nothing was sent.", n=len(cases)))
        return 0
    try:
        with s.locked("apply"):
            return _advance(s, cases)
    except LockedError as error:
        return ending.let_be(s, "offboard", [APPLY], age_s, error)


def _advance(s: Session, cases: "Sequence[Case]") -> int:
    """Each case by itself: one that WeCom was too busy for does not hold up the others."""
    from wecrm.operations import offboarding

    began, codes, told = s.clock.now(), [], []
    for case in cases:
        desk = offboarding.Desk(s.work, s.issuer, s.places.data, s.say)
        try:
            found = offboarding.advance(desk, case.id)
        except TemporaryError as error:
            s.warn(f"{case.userid}: {error.what}")
            codes.append(error.code)
            told.append(f"{case.userid} {error.code.name}")
            continue
        codes.append(_code(s, case, found))
        told.append(f"{found.userid} {found.state}")
    code = most_severe(codes)
    line = ", ".join(told) or _("no case is open")
    ending.finished(s, "offboard", line, s.clock.now() - began, code)
    again = _("Advance again later; what was done is recorded.") if code == Exit.temporary else ""
    return exit_code(code, line, again) if code else 0


def _code(s: Session, before: "Case", case: "Case") -> Exit:
    """Tell how a case stands; what the caller should do next."""
    from wecrm.operations import offboardstart

    for sentence in offboardstart.stands(case, s.tz):
        (s.warn if case.state == "blocked" else s.say)(sentence)
    if case.state == "blocked":
        return Exit.refused
    closed = case.state == "closed" and before.state != "closed"
    return Exit.partial if closed and (offboardstart.short(case) or offboardstart.untold(case)) else Exit.ok


listing(
    app,
    "offboardings",
    _("List cases by deadline: one year after leaving nothing can be inherited any more."),
    (
        "wecrm offboard list",
        "wecrm offboard list --where \"state = 'blocked'\" -f json",
        "wecrm offboard list --where \"state <> 'closed'\" -o cases.xlsx",
    ),
)


@command(
    app,
    "show",
    _("Show a case: what was approved, and each step with its job, what it waits for, who must do what."),
    ("wecrm offboard show an.lu", "wecrm offboard show offboard-1122-3fa2b1 -f json"),
)
def show(
    ctx: typer.Context,
    case: CaseArgument,
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    where: rows.WhereOption = "",
    sort: rows.SortOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> None:
    """The envelope on stderr, the steps as rows."""
    from wecrm.operations import offboardstart
    from wecrm.store import offboardings

    s = session(ctx)
    found = offboardings.get(s.store, case)
    for sentence in (*offboardstart.told(found.envelope), *offboardstart.stands(found, s.tz)):
        s.say(sentence)
    where = f"case_id = '{found.id}' and ({where})" if where.strip() else f"case_id = '{found.id}'"
    wanted = rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers)
    rows.show_view(s, "offboarding_steps", wanted)


@command(
    app,
    "cancel",
    _("End a case where it is: what was sent goes its way, nothing more is sent."),
    ("wecrm offboard cancel an.lu --yes", "wecrm offboard cancel offboard-1122-3fa2b1"),
)
def cancel(ctx: typer.Context, case: CaseArgument, yes: applying.YesOption = False) -> None:
    """Ask, and cancel."""
    from wecrm.operations import offboarding
    from wecrm.store import offboardings

    s = session(ctx)
    with s.locked("apply"):
        found = offboardings.get(s.store, case)
        if s.options.dry_run:
            s.warn(_("Dry run: case {case} would be cancelled.", case=found.id))
            return
        if not yes and not s.confirm(
            _("Cancel case {case} of {userid}?", case=found.id, userid=found.userid), flag="--yes"
        ):
            raise UsageError(_("Not cancelled."), _("The answer was no."), "")
        offboarding.cancel(s.store, found, s.clock.now())
    s.warn(_("Case {case} is cancelled.", case=found.id))


offboardreport.commands(app)
offboardscan.commands(app)
