"""`wecrm livecodes rotate|show`: who is on a live code now, and why."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wecrm.cli import applying, ending, pages, rows
from wecrm.cli.command import command, session
from wecrm.cli.main import exit_code
from wecrm.cli.root import duration
from wecrm.cli.session import Session
from wecrm.errors import ApiError, Exit, LockedError, most_severe
from wecrm.i18n import _

if TYPE_CHECKING:
    from wecrm.files.leave import Leave
    from wecrm.operations.rotation import Rotation, Turn

LeaveOption = Annotated[
    Path | None,
    typer.Option("--leave", help=_("Who is away: XLSX or CSV with member, from, to."), metavar="FILE"),
]
LOCK = "rotate"


def commands(app: typer.Typer) -> None:
    """Give `livecodes` its verbs about who is on."""
    command(
        app,
        "rotate",
        _("Put those members on the codes whose turn it is: caps, shifts, leaves, fallback."),
        (
            "wecrm livecodes rotate --dry-run",
            "wecrm livecodes rotate --leave leave.xlsx --cron --max-age 15m",
            "wecrm --profile @all --cron livecodes rotate",
            "wecrm livecodes rotate 双11-海报",
        ),
        _(
            "A code is never left without a member: when nobody of its roster can be on, the fallback is; when that "
            "can't either, those who are on stay. Exit code: 6 when not one member of a code can be used."
        ),
        writes="livecodes rotate",
        many=True,
    )(rotate)
    command(
        app,
        "show",
        _("Show one live code: what it is, who is on and why, its customers, the jobs that changed it."),
        (
            "wecrm livecodes show 双11-海报",
            "wecrm livecodes show 双11-海报 --leave leave.xlsx",
            "wecrm livecodes show 42b34949e138eb6e027c123cba77fad7 --part customers",
        ),
        _("Parts: code, members, groups, customers, jobs. Programs get one of them, `members` unless told."),
    )(show)


def rotate(
    ctx: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(help=_("Only these codes, by name."), metavar="NAME...")] = None,
    leave: LeaveOption = None,
    max_age: ending.MaxAgeOption = "",
    yes: applying.YesOption = False,
    max_changes: applying.MaxChangesOption = None,
    confirm: applying.ConfirmOption = "",
) -> int:
    """Decide and apply, unless another run is at it."""
    s = session(ctx)
    age_s = duration("--max-age", max_age) if max_age else None
    approval = applying.Approval(yes or s.options.cron, max_changes, max_failures="100%", confirm=confirm)
    calendar = _calendar(leave)
    try:
        with s.locked(LOCK):
            return _rotate(s, names or [], calendar, approval)
    except LockedError as error:
        return ending.let_be(s, "rotate", ["rotation"], age_s, error)


def _calendar(path: Path | None) -> "tuple[Leave, ...]":
    from wecrm.files import leave

    return () if path is None else leave.read(path, str(path))


def _rotate(s: Session, names: list[str], calendar: "tuple[Leave, ...]", approval: applying.Approval) -> int:
    from wecrm.operations import rotation

    began = s.clock.now()
    if not s.options.dry_run:
        rotation.settle(s.work)
    found = rotation.look(s.work, rotation.chosen(s.store, names), calendar, s.tz)
    state = "failed"
    try:
        _tell(s, found)
        unchanged = _apply(s, found, approval)
        code, reason = _ended(found, unchanged)
        state = "stopped" if s.options.dry_run else "holes" if code else "done"
    finally:
        rotation.finish(s.work, found, state)
    if s.options.dry_run:
        return exit_code(code, reason)
    seconds, told = s.clock.now() - began, _told(found, unchanged)
    if not s.options.cron and (s.options.quiet < 2 or code):
        s.warn(f"{told} · {seconds:.0f} s")
    ending.finished(s, "rotate", told, seconds, code)
    return exit_code(code, reason)


def _tell(s: Session, found: "Rotation") -> None:
    """What was not read, who goes on and off and why, and which codes nobody can serve."""
    tell = s.warn if found.counts.failed else s.say
    for note in found.notes:
        tell(f"  {note}")
    for turn in found.turns:
        if turn.changes:
            s.say(f"{turn.known.shown}:")
            for line in _moves(turn):
                s.say(line)
    for turn in found.of("kept"):
        s.say(_("{name}: by its rules nobody can be on, so those who can be used stay.", name=turn.known.shown))
    for turn in found.of("nobody"):
        s.warn(_("{name}: not one of its members can be used; nothing was changed.", name=turn.known.shown))
        for one in turn.duty.standings:
            s.warn(f"  {one.userid}  {one.why}")
        s.warn("  " + _("Name somebody else in its description and push it: `wecrm livecodes push FILE`."))


def _moves(turn: "Turn") -> Iterator[str]:
    """A line for everybody who goes on (+) or off (-)."""
    before = {userid.lower() for userid in turn.known.code.users}
    for one in turn.duty.standings:
        if one.on is not (one.userid.lower() in before):
            yield f"  {'+' if one.on else '-'} {one.userid}  {one.why}"
    named = {one.userid.lower() for one in turn.duty.standings}
    for userid in turn.known.code.users:
        if userid.lower() not in named:
            yield f"  - {userid}  " + _("not in the description")


def _apply(s: Session, found: "Rotation", approval: applying.Approval) -> list[str]:
    """Change the codes on which others should be; the names of those that were not changed."""
    from wecrm.operations import rotation, runner

    plan = rotation.plan(found.turns)
    if not plan.changes:
        s.say(_("Nothing to change."))
        return []
    job = applying.begun(s, plan, approval)
    if job is None:
        return []
    runner.run(s.work, job, approval.limits(s.limits))
    rotation.read_again(s.work, job)
    troubles = rotation.troubles(s.store, job)
    for name, refusal in troubles:
        _explain(s, name, refusal)
    return [name for name, _refusal in troubles]


def _explain(s: Session, name: str, refusal: ApiError | None) -> None:
    """Why a code was not changed."""
    if refusal is None:
        s.warn(_("{name}: somebody else changed it; it was read again, and the next run decides.", name=name))
        return
    s.warn(f"{name}: {refusal.what}\n  {refusal.why}")
    s.warn("  " + _("WeCom said: {errmsg} (hint {hint})", errmsg=refusal.errmsg, hint=refusal.hint or "-"))
    s.warn("  " + _("To fix: {fix}", fix=refusal.fix))


def _ended(found: "Rotation", unchanged: list[str]) -> tuple[Exit, str]:
    """The exit code, and why."""
    nobody = ", ".join(turn.known.shown for turn in found.of("nobody"))
    reasons = {
        Exit.refused: _("nobody can be on: {names}", names=nobody) if nobody else "",
        Exit.partial: _("not changed: {codes}; not read: {n}", codes=", ".join(unchanged) or "0", n=found.counts.failed)
        if unchanged or found.counts.failed
        else "",
    }
    code = most_severe([code for code, reason in reasons.items() if reason])
    return code, reasons.get(code, "")


def _told(found: "Rotation", unchanged: list[str]) -> str:
    """The run in one line; what did not happen is left out."""
    changed = sum(turn.changes for turn in found.turns) - len(unchanged)
    fallback, kept, nobody = (len(found.of(source)) for source in ("fallback", "kept", "nobody"))
    parts = (
        _("{n:,} codes", n=len(found.turns)),
        _("{n:,} changed", n=changed),
        _("{n:,} not changed", n=len(unchanged)) if unchanged else "",
        _("{n:,} on their fallback", n=fallback) if fallback else "",
        _("{n:,} kept as they are", n=kept) if kept else "",
        _("{n:,} without anybody", n=nobody) if nobody else "",
        _("{n:,} new customers", n=found.counts.added) if found.counts.added else "",
    )
    return " · ".join(part for part in parts if part)


def show(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help=_("Its name, channel, or config_id or link_id."), metavar="NAME|ID")],
    leave: LeaveOption = None,
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
    """Show the parts of one code."""
    from wecrm.operations import codedetails

    s = session(ctx)
    found = codedetails.details(s.store, name, _calendar(leave), now=s.clock.now(), tz=s.tz)
    wanted = rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers)
    pages.show(s, found, wanted, part, "members")
