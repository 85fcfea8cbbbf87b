"""Offboarding: a durable case for each member who leaves, brought forward step by step.

A case is a row, its steps are rows, what a step changes at WeCom is a job of the runner. So whatever
stops a run, the next `advance` reads where everything is and goes on from there. Nothing is done that
was not approved when the case was started; what needs a person blocks its step, not the others.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from wecrm.errors import ApiError, Exit, PartialError, SafetyError, TemporaryError, UsageError, WecrmError
from wecrm.i18n import _
from wecrm.models.offboarding import FINISHED, OVER, Case, CaseState, CaseStep, Envelope, StepName
from wecrm.models.plan import Job, Limits
from wecrm.operations import offboardsteps_after as after
from wecrm.operations import offboardsteps_before as before
from wecrm.operations import offboardsteps_moves as moves
from wecrm.operations import plans, runner
from wecrm.operations.offboardsteps import Blocked, Done, Go, Skip, Step, Wait, Wanted
from wecrm.operations.plans import Issuer
from wecrm.operations.work import Work
from wecrm.store import folders, jobs, offboardings
from wecrm.store.database import Store

SPARE = 20
"""Customers and groups who may come between the approval and the move, besides a tenth of what there was."""

UNHINDERED = Limits(max_changes=1_000_000, max_removals=1.0, max_failures=1.0)
"""A case has its own limit, the envelope; who refuses does not stop the others."""

STEPS: dict[StepName, Step] = {
    step.name: step
    for step in (
        before.Precheck(),
        before.Snapshot(),
        before.Codes(),
        moves.Groups(),
        moves.Customers(),
        moves.Again(),
        after.Memory(),
        after.Removal(),
        moves.Rest(),
        moves.RestAgain(),
        after.RestMemory(),
        after.Archive(),
        after.Notices(),
        after.Evidence(),
    )
}
"""Every step by name, in their order."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What bringing a case forward needs: hands, who plans, a private folder for a plan on its way to the journal."""

    work: Work
    issuer: Issuer
    folder: Path
    tell: Callable[[str], None] = lambda _sentence: None


def digest(asked: Envelope) -> str:
    """The fingerprint of what was asked for; what was counted does not matter."""
    wanted = msgspec.structs.replace(asked, customers=0, groups=0, codes=0, most_customers=0, most_groups=0)
    return hashlib.sha256(msgspec.json.encode(wanted)).hexdigest()[:16]


def started(store: Store, asked: Envelope) -> Case | None:
    """The case that was started with exactly this, unless it was cancelled."""
    found = (case for case in offboardings.of_member(store, asked.userid) if case.state != "cancelled")
    return next((case for case in found if case.digest == digest(asked)), None)


def known(store: Store, asked: Envelope) -> Case | None:
    """As `started`; None: it may be started.

    Raises:
        SafetyError: another case of this member is under way, or is a taker's.
    """
    same = started(store, asked)
    if same is not None:
        return same
    running = next((case for case in offboardings.of_member(store, asked.userid) if case.state not in OVER), None)
    if running is not None:
        raise SafetyError(
            _(
                "{userid} has the case {case} already, and it was started differently.",
                userid=asked.userid,
                case=running.id,
            ),
            _("What was approved then does not cover what is asked for now."),
            _(
                "Go on with `wecrm offboard advance {case}`, or `wecrm offboard cancel {case}` and start anew.",
                case=running.id,
            ),
        )
    return None


def measured(asked: Envelope, customers: int, groups: int, codes: int) -> Envelope:
    """The envelope with what was counted, and with how much may be moved at most."""
    return msgspec.structs.replace(
        asked,
        customers=customers,
        groups=groups,
        codes=codes,
        most_customers=customers + max(SPARE, customers // 10),
        most_groups=groups + max(SPARE, groups // 10),
    )


def start(store: Store, envelope: Envelope, name: str, approved_by: str, now: float) -> Case:
    """Write down a case that was approved; nothing is done yet."""
    mark = hashlib.sha256(f"{envelope.userid}\0{digest(envelope)}\0{now:.3f}".encode()).hexdigest()[:6]
    case = Case(
        id=f"offboard-{datetime.fromtimestamp(now, UTC):%m%d}-{mark}",
        userid=envelope.userid,
        name=name,
        state="open",
        due=envelope.due,
        left_at=None,
        envelope=envelope,
        digest=digest(envelope),
        approved_by=approved_by,
        approved_at=int(now),
        created_at=int(now),
        closed_at=None,
        blocked_by="",
        steps=(),
    )
    offboardings.create(store, case)
    return offboardings.get(store, case.id)


def cancel(store: Store, case: Case, now: float) -> None:
    """End a case where it is; what it began at WeCom goes its way (`transfers poll` asks), the rest is not sent.

    Raises:
        SafetyError: the case is over.
    """
    if case.state in OVER:
        raise SafetyError(_("Case {case} is {state}.", case=case.id, state=case.state))
    for step in case.steps:
        if step.job and (job := jobs.find(store, step.job)) is not None and job.state in ("running", "waiting"):
            jobs.skip_open(store, job.id, "the offboarding was cancelled")
            jobs.set_state(store, job.id, "cancelled", now)
    offboardings.set_state(store, case.id, "cancelled")


def advance(desk: Desk, case_id: str) -> Case:
    """Bring a case as far as it can go now.

    Raises:
        ApiError: WeCom refuses the whole corp (secret, token, IP).
        TemporaryError: WeCom was busy or out of reach; the case goes on from there.
    """
    tried: set[StepName] = set()
    while True:
        case = offboardings.get(desk.work.store, case_id)
        if case.state in OVER:
            return case
        step = next((step for step in case.steps if step.name not in tried and _may_begin(case, step)), None)
        if step is None:
            return _conclude(desk, case)
        desk.work.run.check()
        tried.add(step.name)
        _bring_forward(desk, case, step)


def _may_begin(case: Case, step: CaseStep) -> bool:
    if step.state in FINISHED:
        return False
    return all(case.step(name).state in FINISHED for name in STEPS[step.name].after)


def _bring_forward(desk: Desk, case: Case, step: CaseStep) -> None:
    """One step as far as it goes; what a person has to do about a refusal blocks it."""
    try:
        _step(desk, case, step)
    except TemporaryError as error:
        _end(desk, case, step, Wait(None, error.what))
        raise
    except (ApiError, UsageError, PartialError) as error:
        if error.code == Exit.config:
            raise
        if error.code == Exit.temporary:
            _end(desk, case, step, Wait(None, error.what))
            raise
        _end(desk, case, step, Blocked(_sentence(error)))


def _sentence(error: WecrmError) -> str:
    return " ".join(part for part in (error.what, error.why, error.fix) if part)


def _step(desk: Desk, case: Case, step: CaseStep) -> None:
    """Go on with the step's job; where it has none, or it ended and a person was needed, see and plan anew."""
    work, kind = desk.work, STEPS[step.name]
    job = jobs.find(work.store, step.job) if step.job else None
    if job is None or (step.state == "blocked" and job.state in ("done", "cancelled")):
        ready = kind.ready(work, case)
        if not isinstance(ready, Go):
            _end(desk, case, step, ready)
            return
        wanted = kind.plan(work, case)
        if isinstance(wanted, Blocked):
            _end(desk, case, step, wanted)
            return
        job = _begin(desk, case, step, wanted)
    if job is not None and job.state in ("running", "waiting"):
        runner.run(work, job, UNHINDERED)
        job = jobs.get(work.store, job.id)
        if job.state == "waiting":
            _end(desk, case, step, Wait(job.due_at, "the job waits"))
            return
    fresh = offboardings.get(work.store, case.id)
    _end(desk, case, step, kind.finish(work, fresh, job.id if job else ""))


def _begin(desk: Desk, case: Case, step: CaseStep, wanted: Wanted | None) -> Job | None:
    """The job of what is wanted, named in the case before it exists: an interruption between is planned anew."""
    work = desk.work
    if wanted is None or not wanted.plan.changes:
        said = wanted.answered if wanted else {}
        offboardings.begin_step(work.store, case.id, step.name, work.now(), asked={}, answered=said)
        return None
    desk.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with folders.passing(desk.folder, "plan") as folder:
        path = folder / "step.plan"
        header = plans.save(work.store, wanted.plan, path, desk.issuer, work.now())
        offboardings.begin_step(
            work.store,
            case.id,
            step.name,
            work.now(),
            asked={**wanted.asked, "title": header.title, "digest": header.digest},
            answered=wanted.answered,
            job=header.id,
        )
        return plans.accept(work.store, path, header, work.now(), _approval(case), case.id)


def _approval(case: Case) -> str:
    return f"case={case.id}, digest={case.digest}, by={case.approved_by}"


def _end(desk: Desk, case: Case, step: CaseStep, how: Skip | Wait | Blocked | Done) -> None:
    """Write down how a step stands, and tell."""
    store, now = desk.work.store, desk.work.now()
    match how:
        case Skip(why):
            offboardings.end_step(store, case.id, step.name, "skipped", now=now, answered={"skipped": why})
        case Wait(until, why):
            offboardings.end_step(store, case.id, step.name, "waiting", now=now, wait_until=until)
        case Blocked(why):
            offboardings.end_step(store, case.id, step.name, "blocked", now=now, blocked_by=why)
        case Done(answered, read_back):
            kept = msgspec.json.decode(offboardings.get(store, case.id).step(step.name).answered)
            said = {**kept, **answered}
            offboardings.end_step(store, case.id, step.name, "done", now=now, answered=said, read_back=read_back)
            why = ""
    state = offboardings.get(store, case.id).step(step.name).state
    desk.tell(f"{case.userid} · {step.name}: {state}" + (f" ({why})" if why else ""))


def _conclude(desk: Desk, case: Case) -> Case:
    """The state of the case, from those of its steps."""
    blocked = " ".join(step.blocked_by for step in case.steps if step.state == "blocked")
    closed_at = None
    state: CaseState
    if all(step.state in FINISHED for step in case.steps):
        state, closed_at = "closed", desk.work.now()
    elif blocked:
        state = "blocked"
    else:
        state = "waiting" if any(step.state == "waiting" for step in case.steps) else "open"
    offboardings.set_state(desk.work.store, case.id, state, blocked, closed_at)
    return offboardings.get(desk.work.store, case.id)
