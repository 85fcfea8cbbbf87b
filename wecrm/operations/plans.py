"""From a plan in memory to a plan file, and from a plan file to a job.

Checks before anything is sent: digest, corp, age, whether it is finished, thresholds. A plan whose
job is unfinished is resumed, however old, with the approvals it started with.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import msgspec

from wecrm import __version__
from wecrm.api.limits import Budget
from wecrm.errors import SafetyError
from wecrm.files import plans as files
from wecrm.i18n import _
from wecrm.models.plan import Change, Fact, Facts, Job, Limits, NewId, Plan, PlanHeader, Status
from wecrm.operations import steps, tagmerge
from wecrm.operations.totals import Tally
from wecrm.store import jobs, restores
from wecrm.store.database import Store
from wecrm.store.jobs import NewRow

LIFETIME_S = 24 * 3600
DONE: tuple[Status, ...] = ("ok", "verified", "unknown")
"""Rows that changed something, or may have."""

SMALL = 10
"""Things of fewer than this many may shrink by any share without asking (but not to nothing)."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who plans: what a plan header says about where it belongs."""

    corp_id: str
    profile: str
    budget: Budget


def save(store: Store, plan: Plan, path: Path, issuer: Issuer, now: float) -> PlanHeader:
    """Write `plan` to `path`, sealed, with its totals, cost and what it takes away."""
    tally = Tally()

    def header(digest: str) -> PlanHeader:
        calls = tally.calls(store)
        removals = tally.removals(store)
        busiest = max(calls.values(), default=0)
        return PlanHeader(
            wecrm_plan=files.VERSION,
            id=_plan_id(plan, issuer, digest, now),
            kind=plan.kind,
            title=plan.title,
            corp_id=issuer.corp_id,
            profile=issuer.profile,
            created=int(now),
            expires=int(now) + LIFETIME_S,
            tool=__version__,
            input_digest=plan.input_digest,
            changes=tally.changes,
            same=tally.same,
            ops=dict(tally.ops),
            undo=dict(tally.undo),
            removals=removals,
            calls=calls,
            seconds=int(issuer.budget.seconds(busiest)),
            budget_share=round(busiest / issuer.budget.corp()[1], 4),
            undo_of=plan.undo_of,
        )

    return files.write(path, map(tally.add, plan.changes), header)


def _plan_id(plan: Plan, issuer: Issuer, digest: str, now: float) -> str:
    mark = hashlib.sha256(f"{issuer.corp_id}\0{plan.kind}\0{plan.undo_of}\0{digest}\0{now:.3f}".encode()).hexdigest()[
        :6
    ]
    return f"{plan.kind}-{datetime.fromtimestamp(now, UTC):%m%d}-{mark}"


def check(store: Store, header: PlanHeader, issuer: Issuer, limits: Limits, now: float) -> Job | None:
    """The unfinished job of this plan, or None: it may be started.

    Raises:
        SafetyError: of another corp, expired, finished, above a threshold, older than a restore.
    """
    may_write(store)
    if header.corp_id != issuer.corp_id:
        raise SafetyError(
            _("This plan is for corp {theirs}, not for {ours}.", theirs=header.corp_id, ours=issuer.corp_id),
            "",
            _("Use --profile {profile}, or plan again for this corp.", profile=header.profile),
        )
    job = jobs.find(store, header.id)
    if job is not None:
        return _resumable(job, header)
    _refuse_forgotten(store, header)
    if now > min(header.expires, header.created + LIFETIME_S):
        raise SafetyError(
            _("This plan has expired: it is {hours} hours old.", hours=int((now - header.created) / 3600)),
            _("Plans are good for 24 hours: what they read may have changed since."),
            _("Plan again."),
        )
    check_limits(header, limits)
    return None


def accept(store: Store, path: Path, header: PlanHeader, now: float, approval: str = "", case_id: str = "") -> Job:
    """A new job for a plan that was checked, with every row in the journal."""
    return jobs.create(store, header, _rows(path, header), approval, now, case_id)


def may_write(store: Store) -> None:
    """Refuse to write to WeCom with a restored database whose journal was not compared with WeCom.

    Raises:
        SafetyError: with the command that compares it.
    """
    if restores.unchecked_since(store) is not None:
        raise SafetyError(
            _("This database was restored from a backup and not compared with WeCom since."),
            _("Rows may have been sent after the backup was taken; the journal of that is missing."),
            _("wecrm doctor --after-restore"),
        )


def _refuse_forgotten(store: Store, header: PlanHeader) -> None:
    """Refuse a plan that may have been applied between a backup and its restore."""
    restored = restores.restored_at(store)
    if restored is not None and header.created <= restored:
        raise SafetyError(
            _("This plan is older than the restore of the database."),
            _("It may have been applied after the backup was taken; the journal of that is missing."),
            _("Plan again."),
        )


def _resumable(job: Job, header: PlanHeader) -> Job:
    if job.digest != header.digest:
        raise SafetyError(_("Another plan with the id {id} was applied before.", id=header.id), "", _("Plan again."))
    if job.state in ("done", "cancelled"):
        raise SafetyError(
            _("This plan was already applied: job {job} is {state}.", job=job.id, state=job.state),
            "",
            _("`wecrm jobs show {job}` tells how it ended; to do it again, plan again.", job=job.id),
        )
    return job


def _rows(path: Path, header: PlanHeader) -> Iterator[NewRow]:
    for change in files.changes(path, header):
        yield NewRow(change, steps.find(change.op).cluster(change))


def check_limits(header: PlanHeader, limits: Limits) -> None:
    """Refuse a plan that changes or takes away more than may be done unasked.

    Raises:
        SafetyError: with the flag that lifts just this limit.
    """
    if header.changes > limits.max_changes:
        raise SafetyError(
            _("This plan makes {n} changes; {limit} may be made unasked.", n=header.changes, limit=limits.max_changes),
            _("A wrong file or filter usually shows first in the number of rows."),
            _("If the number is right: --max-changes {n}", n=header.changes),
        )
    for removal in header.removals:
        share = removal.removed / max(removal.existing, 1)
        emptied = removal.removed >= removal.existing > 0 and removal.removed > 0
        large = removal.existing >= SMALL and share > limits.max_removals
        if (emptied and limits.max_removals < 1) or large:
            raise SafetyError(
                _(
                    "This plan takes away {removed} of {existing}: {what}.",
                    removed=removal.removed,
                    existing=removal.existing,
                    what=removal.what,
                ),
                _("More than {share:.0%} of what exists, or all of it.", share=limits.max_removals),
                _("If that is meant: --max-removals {share}%", share=min(100, int(share * 100) + 1)),
            )


def undo(store: Store, job: Job) -> Plan:
    """The plan that takes back exactly what this job changed, in reverse order of its stages.

    Built from the journal. Rows that changed nothing are left out; rows whose outcome is unknown are
    in it, because reading back decides about them. A merged tag that the job left alone has to be there.

    Raises:
        SafetyError: the job is still under way, changed nothing, or nothing that can be undone.
    """
    if job.state in ("running", "waiting"):
        raise SafetyError(
            _("Job {job} is not finished.", job=job.id),
            "",
            _("Finish it with `wecrm jobs resume {job}`, or end it with `wecrm jobs cancel {job}`.", job=job.id),
        )
    _refuse_under_way(store, job)
    made = jobs.bindings(store, job.id)
    last = max(jobs.stages(store, job.id), default=0)
    changes: list[Change] = []
    kept: list[Change] = []
    final = 0
    for row in jobs.rows(store, job.id):
        if row.status not in DONE and row.change.op == tagmerge.Retire.op:
            kept.append(tagmerge.kept(row.change))
        if row.status not in DONE or row.change.is_same:
            continue
        change = resolved(row.change, made)
        stage = 2 * (last - row.change.stage)
        back = steps.find(change.op).reverse(store, job.id, change, made.get(change.id, ""))
        changes += [msgspec.structs.replace(reverse, stage=stage + reverse.stage) for reverse in back]
        final += change.undo == "irreversible" and not back
    if not changes:
        _refuse_empty(job, final)
    changes += kept
    changes.sort(key=lambda change: change.stage)
    notes = (_("{n:,} changes of job {job} can't be undone, and are not in this plan.", n=final, job=job.id),)
    title = _("undo {job}", job=job.id)
    return Plan(job.kind, title, tuple(changes), undo_of=job.id, notes=notes if final else ())


def _refuse_under_way(store: Store, job: Job) -> None:
    """Refuse to undo a job that was ended while WeCom still carries out some of it."""
    count = jobs.tally(store, job.id).get("submitted", 0)
    if count:
        raise SafetyError(
            _("{n:,} changes of job {job} are still on their way.", n=count, job=job.id),
            _("WeCom accepted them before the job was ended, and carries them out."),
            _("`wecrm transfers poll` asks how they end; undo the job then."),
        )


def _refuse_empty(job: Job, final: int) -> NoReturn:
    """Refuse to undo a job of which nothing can be undone; `final` of its changes are for good."""
    if final:
        raise SafetyError(
            _("Job {job} can't be undone: {n:,} changes of it are irreversible.", job=job.id, n=final),
            _("WeCom has no way back for them, as the plan said."),
            _("`wecrm jobs show {job}` lists them.", job=job.id),
        )
    raise SafetyError(_("Job {job} changed nothing, so there is nothing to undo.", job=job.id))


def resolved(change: Change, made: dict[str, str]) -> Change:
    """`change` with ids that earlier changes made put in their places."""

    def one(ref: str | NewId) -> str | NewId:
        return made.get(ref.new, ref) if isinstance(ref, NewId) else ref

    def fact(value: Fact) -> Fact:
        if isinstance(value, tuple):
            return tuple(sorted((one(ref) for ref in value), key=str))
        return one(value) if isinstance(value, NewId) else value

    def facts(values: Facts) -> Facts:
        return {name: fact(value) for name, value in values.items()}

    key = {name: one(ref) for name, ref in change.key.items()}
    return msgspec.structs.replace(change, key=key, before=facts(change.before), after=facts(change.after))
