"""Running a job: the only code that writes to WeCom.

For each stage, window by window: read back what is there now; decide rows that need no call (already
so, changed by somebody else, gone); write the intent to send the others in one durable commit; send
them side by side; record each answer at once. A row that was sent without a readable answer is
`unknown` and is read back before anything is sent again. A stage opens when the earlier ones were
gone through; rows that need one that did not end well are skipped. Customers who are gone do not count:
nothing of theirs can be missed by going on. What WeCom accepted and does later is `submitted` until it
is due and was read back; of such changes an unanswered one may show as late, so it can be due as well.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field

import msgspec

from wecrm.api.contacts import NO_RELATION
from wecrm.api.errcodes import Reaction, find
from wecrm.errors import ApiError, Exit, PartialError, TemporaryError, UnansweredError, WecrmError
from wecrm.i18n import _
from wecrm.models.clock import Progress
from wecrm.models.plan import Change, Job, JobRow, Limits, Outcome, State, Status
from wecrm.operations import memory, steps
from wecrm.operations.plans import may_write, resolved
from wecrm.operations.steps import Step
from wecrm.operations.work import Work
from wecrm.store import jobs

ROUNDS = 4
"""How often a stage is gone through for rows that had no answer or a busy server."""

WINDOW_ROWS = 2000
WINDOW_CLUSTERS = 100
IN_FLIGHT = 256
"""Rows handed to the threads before the next page is read."""

FIRST_ROWS = 20
"""Outcomes before a share of failures can stop a job."""

PATIENCE = 7
"""How often a row is sent that WeCom asks to come back with another time."""

OPEN: tuple[Status, ...] = ("pending", "unknown")
SENT: tuple[Status, ...] = ("submitted", "unknown")
UNSETTLED: tuple[Status, ...] = ("pending", "unknown", "submitted")
BAD: tuple[Status, ...] = ("failed", "conflict", "skipped")


@dataclass(slots=True)
class _Stage:
    """What one pass over a stage keeps in mind."""

    work: Work
    job: Job
    limits: Limits
    made: dict[str, str]
    total: int
    done: int = 0
    failed: int = 0
    fatal: WecrmError | None = None
    flying: dict["Future[list[Outcome]]", list[JobRow]] = field(default_factory=dict)


def run(work: Work, job: Job, limits: Limits) -> dict[Status, int]:
    """Bring every row of the job to a final status, or as far as WeCom lets it; the tally by status.

    Raises:
        PartialError: too many failures: the rest was skipped.
        ApiError: WeCom refuses the whole corp (secret, permission); the job can be resumed.
        TemporaryError: rows are left that WeCom was too busy for; the job can be resumed.
        SafetyError: the database was restored and not compared with WeCom since.
    """
    may_write(work.store)
    memory.snapshot(work, job.id, jobs.pending(work.store, job.id, memory.OP))
    for stage in jobs.stages(work.store, job.id):
        before = jobs.tally(work.store, job.id, before_stage=stage, excused=NO_RELATION)
        if any(before.get(status) for status in UNSETTLED):
            break
        if any(before.get(status) for status in BAD):
            jobs.skip_needy(work.store, job.id, stage, BAD, excused=NO_RELATION)
        _run_stage(work, job, stage, limits)
    return _finish(work, job)


def _run_stage(work: Work, job: Job, stage: int, limits: Limits) -> None:
    for _round in range(ROUNDS):
        verify(work, job)
        tally = jobs.tally(work.store, job.id)
        total = sum(tally.values())
        here = _Stage(work, job, limits, jobs.bindings(work.store, job.id), total)
        here.done = total - tally.get("pending", 0) - tally.get("unknown", 0)
        here.failed = jobs.failed_at_once(work.store, job.id)
        now = work.now()
        clusters = jobs.open_clusters(work.store, job.id, stage, OPEN, now)
        if not clusters:
            return
        for op, names in windows(clusters):
            rows = jobs.open_rows(work.store, job.id, stage, op, names, read_by(op), now)
            _window(here, steps.find(op), rows)


def read_by(op: str) -> tuple[Status, ...]:
    """The statuses of rows that a step's `read` decides about: where effects come later, `verify` has the sent ones."""
    return OPEN if steps.waiting(op) is None else ("pending",)


def verify(work: Work, job: Job) -> None:
    """Read back rows whose effect comes later and is due, and record what became of them; nothing is sent."""
    now = work.now()
    for stage in jobs.stages(work.store, job.id):
        for op, names in windows(jobs.open_clusters(work.store, job.id, stage, SENT, now)):
            step = steps.waiting(op)
            if step is None:
                continue
            rows = jobs.open_rows(work.store, job.id, stage, op, names, SENT, now)
            for outcomes in step.verify(work, rows):
                found = [(row, outcomes[row.change.id]) for row in rows if row.change.id in outcomes]
                step.settled(work, job.id, found)
                jobs.record(work.store, job.id, [(row.n, row.change, outcome) for row, outcome in found])
                work.run.check()


def windows(clusters: Sequence[tuple[str, str, int]]) -> Iterator[tuple[str, list[str]]]:
    """Neighbouring clusters of one op, as many as may be read together."""
    names: list[str] = []
    op, count = "", 0
    for next_op, name, size in clusters:
        if names and (next_op != op or count + size > WINDOW_ROWS or len(names) == WINDOW_CLUSTERS):
            yield op, names
            names, count = [], 0
        op = next_op
        names.append(name)
        count += size
    if names:
        yield op, names


def _window(here: _Stage, step: Step, rows: Sequence[JobRow]) -> None:
    by_id = {row.change.id: with_ids(row, here.made) for row in rows}
    changes = [row.change for row in by_id.values()]
    try:
        for states in step.read(here.work, changes):
            _decide(here, step, [(by_id[id_], state) for id_, state in states.items()])
            alone = any(state.unsure for state in states.values())  # what can't be looked up leaves by itself
            _gather(here, step, 0 if alone else IN_FLIGHT)
            here.work.run.check()
            if here.fatal is not None:
                break
    finally:
        _land(here, step)
    _raise_fatal(here)


def with_ids(row: JobRow, made: dict[str, str]) -> JobRow:
    """The row with the ids that earlier changes of its job made."""
    if not made:
        return row
    return msgspec.structs.replace(row, change=resolved(row.change, made))


def _decide(here: _Stage, step: Step, found: Sequence[tuple[JobRow, State]]) -> None:
    """Settle the rows that reading decides, write the intents of the others, hand them to the threads."""
    decided: list[tuple[JobRow, Outcome]] = []
    to_send: list[JobRow] = []
    for row, state in found:
        outcome = outcome_of_reading(row, state)
        if outcome is None:
            to_send.append(row)
        else:
            decided.append((row, outcome))
    bound = [(r.n, r.change, o) for r, o in decided if o.made_id]
    if bound:
        jobs.record(here.work.store, here.job.id, bound)
        here.made.update({change.id: o.made_id for _n, change, o in bound})
    confirmed = [r.change for r, o in decided if o.status in ("ok", "submitted")]
    if confirmed:
        step.note(here.work, here.job.id, confirmed, {change.id: o.made_id for _n, change, o in bound})
    later = [(row, outcome) for row, outcome in decided if outcome.status == "submitted"]
    if later and (waiting := steps.waiting(step.op)):
        waiting.settled(here.work, here.job.id, later)
    now = here.work.now()
    jobs.settle(here.work.store, here.job.id, [(r.n, o) for r, o in decided], [r.n for r in to_send], now)
    _count(here, [o for _r, o in decided])
    if here.fatal is not None:
        _put_back(here, to_send)
        return
    _submit(here, step, to_send)


def _submit(here: _Stage, step: Step, to_send: Sequence[JobRow]) -> None:
    groups: dict[object, list[JobRow]] = defaultdict(list)
    for row in to_send:
        groups[step.group(row.change)].append(row)
    for members in groups.values():
        for start in range(0, len(members), step.batch):
            batch = members[start : start + step.batch]
            future = here.work.client.pool().submit(step.send, here.work, [row.change for row in batch])
            here.flying[future] = batch


def outcome_of_reading(row: JobRow, state: State) -> Outcome | None:
    """What reading back says about a row; None: send it."""
    change = row.change
    if state.gone:
        return Outcome("failed", state.errcode, state.errmsg, state.hint, evidence="read back: not there")
    if state.unsure and row.status == "unknown":
        hint = _("It may have been made; WeCom has no list of these. `wecrm jobs retry` makes another.")
        return Outcome("failed", hint=hint, evidence="sent, no answer read, and nothing to look it up in")
    if state.facts == change.after:
        if state.due_at is not None:
            return Outcome("submitted", due_at=state.due_at, evidence="read back: under way")
        if row.status == "unknown":
            return Outcome("ok", made_id=state.made_id, evidence="read back: done")
        return Outcome("same", made_id=state.made_id, evidence="read back: already so")
    if state.facts == change.before:
        wait = state.due_at is not None
        return Outcome("pending", due_at=state.due_at, hint=state.hint, evidence=state.evidence) if wait else None
    return Outcome("conflict", hint=state.hint, evidence=state.evidence or "read back: somebody else changed it")


def _gather(here: _Stage, step: Step, at_most: int) -> None:
    """Record answers as they come until at most so many rows are in flight."""
    while here.flying and (len(here.flying) > at_most or any(future.done() for future in here.flying)):
        done, _rest = wait(here.flying, return_when=FIRST_COMPLETED)
        _record(here, step, [(future, here.flying.pop(future)) for future in done])
        if here.fatal is not None:
            return


def _land(here: _Stage, step: Step) -> None:
    """Call back what has not left yet, wait for what has, record all of it."""
    stopping = here.fatal is not None or here.work.run.stop() is not None
    if stopping:
        recalled = [(future, rows) for future, rows in here.flying.items() if future.cancel()]
        for future, rows in recalled:
            del here.flying[future]
            _put_back(here, rows)
    while here.flying:
        done, _rest = wait(here.flying, return_when=FIRST_COMPLETED)
        _record(here, step, [(future, here.flying.pop(future)) for future in done])


def _record(here: _Stage, step: Step, done: Sequence[tuple["Future[list[Outcome]]", list[JobRow]]]) -> None:
    outcomes: list[tuple[int, Change, Outcome]] = []
    for future, rows in done:
        for row, outcome in zip(rows, _answers(here, future, rows), strict=True):
            outcomes.append((row.n, row.change, _patient(row, outcome)))
    good = [(change, outcome) for _n, change, outcome in outcomes if outcome.status in ("ok", "submitted")]
    made = {change.id: outcome.made_id for change, outcome in good if outcome.made_id}
    if good:
        step.note(here.work, here.job.id, [change for change, _outcome in good], made)
    jobs.record(here.work.store, here.job.id, outcomes)  # after the cache: a crash between is read back
    _count(here, [outcome for _n, _change, outcome in outcomes])


def _patient(row: JobRow, outcome: Outcome) -> Outcome:
    """The outcome of a row just sent; what WeCom put off too often has failed."""
    if outcome.status == "pending" and outcome.due_at is not None and row.attempts + 1 >= PATIENCE:
        return Outcome("failed", outcome.errcode, outcome.errmsg, outcome.hint, evidence=outcome.evidence)
    return outcome


def _answers(here: _Stage, future: "Future[list[Outcome]]", rows: Sequence[JobRow]) -> list[Outcome]:
    """The outcomes of one call; an error becomes the outcome of its rows, and maybe the job's end."""
    try:
        return future.result()
    except UnansweredError as error:
        return [Outcome("unknown", evidence=error.what) for _row in rows]
    except ApiError as error:
        if error.code in (Exit.config, Exit.refused, Exit.temporary):
            here.fatal = here.fatal or error
            # -1 may have been done all the same
            status: Status = "unknown" if find(error.errcode).reaction is Reaction.retry else "pending"
            return [Outcome(status, error.errcode, error.errmsg, error.hint) for _row in rows]
        return [Outcome("failed", error.errcode, error.errmsg, error.hint) for _row in rows]
    except WecrmError as error:  # stopped before it was sent
        here.fatal = here.fatal or error
        return [Outcome("pending") for _row in rows]


def _put_back(here: _Stage, rows: Sequence[JobRow]) -> None:
    """Rows that never left: `pending` again, unless they were unknown before this pass."""
    back = [(row.n, row.change, Outcome(row.status)) for row in rows]
    jobs.record(here.work.store, here.job.id, back)


def _count(here: _Stage, outcomes: Sequence[Outcome]) -> None:
    here.done += sum(outcome.status not in OPEN for outcome in outcomes)
    here.failed += sum(outcome.status == "failed" for outcome in outcomes)
    here.work.run.progress(Progress(_("rows"), here.done, here.total, here.failed))
    limits = here.limits
    allowed = limits.max_failures_rows
    if allowed is None:
        allowed = int(here.done * limits.max_failures) if here.done >= FIRST_ROWS else here.total
    if here.failed > allowed and here.fatal is None:
        here.fatal = PartialError(
            _("{failed} of {done} rows failed; the job was stopped.", failed=here.failed, done=here.done),
            _("More than --max-failures allows."),
            _("Look at `wecrm jobs show {job}`; `wecrm jobs retry {job}` tries the rest again.", job=here.job.id),
        )


def _raise_fatal(here: _Stage) -> None:
    if here.fatal is None:
        return
    if isinstance(here.fatal, PartialError):
        verify(here.work, here.job)  # what was sent a moment ago may be on its way, and must not be skipped
        jobs.skip_open(here.work.store, here.job.id, "stopped by --max-failures")
        _close(here.work, here.job)
    raise here.fatal


def _finish(work: Work, job: Job) -> dict[Status, int]:
    count = jobs.count_open(work.store, job.id, OPEN, work.now())
    if count:
        raise TemporaryError(
            _("{n} rows have no final answer yet.", n=count),
            _("WeCom was busy or out of reach; what was done is recorded."),
            _("Go on with `wecrm jobs resume {job}`.", job=job.id),
        )
    _close(work, job)
    return jobs.tally(work.store, job.id)


def _close(work: Work, job: Job) -> None:
    """The job is done, or waits for the first of its rows that is due later."""
    due = jobs.next_due(work.store, job.id)
    if due is None:
        jobs.set_state(work.store, job.id, "done", work.now())
    else:
        jobs.set_state(work.store, job.id, "waiting", due_at=due)
