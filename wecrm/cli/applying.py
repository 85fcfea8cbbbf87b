"""Planning to a file and applying a plan: what `tags`, `contacts`, `apply` and `jobs` have in common."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from wecrm.cli import ending
from wecrm.cli.main import exit_code
from wecrm.cli.options import share
from wecrm.cli.results import NOWHERE, Results
from wecrm.cli.session import Session
from wecrm.errors import Exit, SafetyError, UsageError
from wecrm.i18n import _
from wecrm.models.plan import Job, Limits, Plan, PlanHeader, Status

YesOption = Annotated[bool, typer.Option("--yes", "-y", help=_("Apply without asking; lifts no limit."))]
MaxChangesOption = Annotated[
    int | None, typer.Option("--max-changes", help=_("Allow so many changes."), min=0, metavar="N")
]
MaxRemovalsOption = Annotated[
    str, typer.Option("--max-removals", help=_("Allow taking away this share, as 60%."), metavar="N%")
]
MaxFailuresOption = Annotated[
    str, typer.Option("--max-failures", help=_("Stop at so many failures: 20 or 5%."), metavar="N|N%")
]
ConfirmOption = Annotated[
    str, typer.Option("--confirm", help=_("Corp name or id, where a change needs it."), metavar="CORP")
]
PlanOutOption = Annotated[Path, typer.Option("--output", "-o", help=_("The plan file to write."), metavar="PLAN")]
ExitOption = Annotated[bool, typer.Option("--detailed-exitcode", help=_("Exit 10 when the plan changes something."))]


@dataclass(frozen=True, slots=True)
class Approval:
    """What the caller allows in this very command."""

    yes: bool = False
    max_changes: int | None = None
    max_removals: str = ""
    max_failures: str = ""
    confirm: str = ""

    def limits(self, base: Limits) -> Limits:
        """The profile's limits with each given flag lifting just its own."""
        limits = base
        if self.max_changes is not None:
            limits = replace(limits, max_changes=self.max_changes)
        if self.max_removals:
            limits = replace(limits, max_removals=share("--max-removals", self.max_removals))
        if self.max_failures.endswith("%"):
            limits = replace(limits, max_failures=share("--max-failures", self.max_failures))
        elif self.max_failures:
            if not self.max_failures.isdigit():
                raise UsageError(_("--max-failures takes 20 or 5%, not {value}.", value=self.max_failures))
            limits = replace(limits, max_failures_rows=int(self.max_failures))
        return limits


def write_plan(s: Session, plan: Plan, path: Path, detailed: bool = False) -> int:
    """Write the plan file and tell what it would do."""
    from wecrm.operations import plans

    header = plans.save(s.store, plan, path, s.issuer, s.clock.now())
    for note in plan.notes:
        s.say(note)
    tell(s, header)
    s.say(_("Look: wecrm plan show {path}   Apply: wecrm apply {path}", path=path))
    if detailed and header.changes:
        return exit_code(Exit.changes, _("something would change"))
    return 0


def apply_now(s: Session, plan: Plan, approval: Approval, results: Results = NOWHERE) -> int:
    """Plan, show, ask, apply in one go."""
    from wecrm.operations import plans
    from wecrm.store import folders

    for note in plan.notes:
        s.say(note)
    s.places.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with ExitStack() as made:
        path = made.enter_context(folders.passing(s.places.data, "plan")) / "now.plan"
        plans.save(s.store, plan, path, s.issuer, s.clock.now())
        return apply_file(s, path, approval, results, made.close)


def begun(s: Session, plan: Plan, approval: Approval) -> Job | None:
    """Show and ask for a plan made just now: its job, with no row sent yet, or None in a dry run.

    For commands with a lock and a summary of their own, who hold that lock already.
    """
    from wecrm.operations import plans
    from wecrm.store import folders

    s.places.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with folders.passing(s.places.data, "plan") as folder:
        path = folder / "now.plan"
        header = plans.save(s.store, plan, path, s.issuer, s.clock.now())
        tell(s, header)
        plans.check(s.store, header, s.issuer, approval.limits(s.limits), s.clock.now())
        if s.options.dry_run:
            s.warn(_("Dry run: nothing was sent."))
            return None
        _allowed(s, header, approval)
        return plans.accept(s.store, path, header, s.clock.now(), _written(approval))


def _nothing() -> None:
    return


def apply_file(
    s: Session, path: Path, approval: Approval, results: Results = NOWHERE, accepted: Callable[[], None] = _nothing
) -> int:
    """Apply a plan file, or go on with it: checks, the question, the run, the summary.

    Args:
        accepted: called when the journal has every row, so that nothing is left behind by a run that is killed.
    """
    from wecrm.operations import plans, totals

    results.check()
    header = totals.opened(s.store, path)
    tell(s, header)
    limits = approval.limits(s.limits)
    if s.options.dry_run:
        plans.check(s.store, header, s.issuer, limits, s.clock.now())
        s.warn(_("Dry run: nothing was sent."))
        return 0
    with s.locked("apply"):
        job = plans.check(s.store, header, s.issuer, limits, s.clock.now())
        if job is None:
            _allowed(s, header, approval)
            job = plans.accept(s.store, path, header, s.clock.now(), _written(approval))
            accepted()
        else:
            s.say(_("Going on with job {job}.", job=job.id))
        try:
            return run_job(s, job, limits)
        finally:  # what was not reached is what a caller needs most after an interruption
            results.write(s, job.id)


def _allowed(s: Session, header: PlanHeader, approval: Approval) -> None:
    """The confirmation and the question that stand before a first apply."""
    needs = header.undo.get("irreversible", 0) or s.profile.protected
    if needs and approval.confirm not in {s.profile.corp_id, s.profile.name} - {""}:
        raise SafetyError(
            _("This plan needs the corp's name or id: it is irreversible, or the profile is protected."),
            "",
            _("--confirm {corp}", corp=s.profile.name or s.profile.corp_id),
        )
    if not header.changes or approval.yes:
        return
    if not s.confirm(
        _("Apply {n} changes to {corp}?", n=header.changes, corp=s.profile.name or s.profile.corp_id), flag="--yes"
    ):
        raise UsageError(_("Not applied."), _("The answer was no."), "")


def _written(approval: Approval) -> str:
    given = {name: getattr(approval, name) for name in Approval.__slots__ if getattr(approval, name)}
    return ", ".join(f"{name}={value}" for name, value in given.items())


def run_job(s: Session, job: Job, limits: Limits) -> int:
    """Run a job to its end and tell how it ended."""
    from wecrm.operations import runner

    began = s.clock.now()
    tally = runner.run(s.work, job, limits)
    text, seconds, until = told(tally), s.clock.now() - began, waits(s, job.id)
    if until:
        text = f"{text} · {until}"
    bad = not_well(tally, waiting=bool(until))
    if not s.options.cron and (s.options.quiet < 2 or bad):
        s.warn(_("job {job}: {tally} · {s:.0f} s", job=job.id, tally=text, s=seconds))
    ending.finished(s, "apply", f"{job.id}: {text}", seconds, Exit.partial if bad else Exit.ok)
    if not bad:
        if not until and _undoable(s, job.id):
            s.say(_("Undo with: wecrm undo {job} -o undo.plan", job=job.id))
        return 0
    s.say(_("Which and why: wecrm jobs export {job} -o result.csv", job=job.id))
    return exit_code(Exit.partial, _("rows that did not end well: {n} ({tally})", n=bad, tally=text))


def _undoable(s: Session, job: str) -> bool:
    """Whether the job has done something that `wecrm undo` takes back."""
    from wecrm.store import jobs

    return any(row.change.undo != "irreversible" for row in jobs.rows(s.store, job, ("ok", "verified")))


def waits(s: Session, job: str) -> str:
    """Until when a job waits for WeCom, and what to do then; "" when it does not."""
    from wecrm.store import jobs

    found = jobs.get(s.store, job)
    if found.state != "waiting" or found.due_at is None:
        return ""
    at = datetime.fromtimestamp(found.due_at, s.tz).strftime("%Y-%m-%d %H:%M")
    return _("waits for WeCom until {at}, then `wecrm transfers poll`", at=at)


def not_well(tally: Mapping[Status, int], *, waiting: bool) -> int:
    """Rows that a person has to look at; what is unknown has a day to show while the job waits."""
    bad: tuple[Status, ...] = (
        ("failed", "conflict", "skipped") if waiting else ("failed", "conflict", "skipped", "unknown")
    )
    return sum(tally.get(status, 0) for status in bad)


def told(tally: dict[Status, int]) -> str:
    """`12 ok, 3 same`: statuses are keys and stay untranslated."""
    return ", ".join(f"{n:,} {status}" for status, n in sorted(tally.items(), key=lambda pair: -pair[1]))


def tell(s: Session, header: PlanHeader) -> None:
    """What a plan would do, on stderr: removals first, then changes and cost."""
    for removal in header.removals[:10]:
        s.say(
            _(
                "- takes away {removed:,} of {existing:,}: {what}",
                removed=removal.removed,
                existing=removal.existing,
                what=removal.what,
            )
        )
    ops = ", ".join(f"{n:,} {op}" for op, n in header.ops.items()) or "0"
    s.say(
        _(
            "{changes:,} to change ({ops}), {same:,} already so: {title}",
            changes=header.changes,
            ops=ops,
            same=header.same,
            title=header.title,
        )
    )
    kinds = ", ".join(f"{n:,} {kind}" for kind, n in header.undo.items())
    s.say(
        _(
            "{calls:,} calls ({share:.1%} of the hourly budget), {kinds}; good until {until}",
            calls=sum(header.calls.values()),
            share=header.budget_share,
            kinds=kinds or "-",
            until=datetime.fromtimestamp(header.expires, s.tz).strftime("%Y-%m-%d %H:%M"),
        )
    )
