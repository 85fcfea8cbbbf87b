"""Putting a backup back, and comparing its journal with WeCom before anything is sent again.

What was sent after the backup was taken is not in its journal. So a restored database may not write
until every open row was read back; and plans from before the restore that the journal does not know
stay refused (`plans.check`).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from wecrm.api.contacts import NO_RELATION
from wecrm.errors import IntegrityError, SafetyError, UsageError
from wecrm.i18n import _
from wecrm.models.clock import Run
from wecrm.models.plan import Job, JobRow, Outcome, State, Status
from wecrm.operations import runner, steps
from wecrm.operations.doctor import Finding
from wecrm.operations.steps import Step
from wecrm.operations.work import Work
from wecrm.store import backup, jobs, restores
from wecrm.store.backup import Contents
from wecrm.store.connections import reading, refuse_newer
from wecrm.store.migrations import SCHEMA_VERSION

GOOD: tuple[Status, ...] = ("ok", "same", "verified")


def look(database: Path, file: Path, corp_id: str, run: Run) -> Contents:
    """What the backup `file` holds, once it is sure that it can take the place of `database`.

    Raises:
        UsageError: there is no such file, it is the database itself, or none of wecrm.
        IntegrityError: it is damaged.
        ConfigError: a newer wecrm wrote it.
        SafetyError: it is another corp's.
    """
    if not file.is_file():
        raise UsageError(_("There is no file {path}.", path=file), "", _("Name a file of `wecrm db backup`."))
    if database.exists() and file.samefile(database):
        raise UsageError(_("{path} is the database itself.", path=file), "", _("Name a file of `wecrm db backup`."))
    found = backup.verified(file, run)
    refuse_newer(file, found.schema, SCHEMA_VERSION)
    _same_corp(file, found.corp_id, corp_id)
    return found


def look_at_present(database: Path, corp_id: str) -> Contents | None:
    """What would be replaced; None where there is nothing that can be read.

    Raises:
        SafetyError: it is another corp's.
    """
    if not database.exists():
        return None
    try:
        with reading(database) as db:
            found = backup.contents(db, database)
    except (IntegrityError, UsageError):  # damaged or empty: that is what backups are for
        return None
    _same_corp(database, found.corp_id or corp_id, corp_id)
    return found


def _same_corp(path: Path, theirs: str, ours: str) -> None:
    if theirs != ours:
        raise SafetyError(
            _("The database {path} belongs to another corp ({corp}).", path=path, corp=theirs or "-"),
            "",
            _("Use the profile of that corp."),
        )


def put_back(database: Path, file: Path, now: float, run: Run, busy_timeout_s: float) -> Path | None:
    """Replace `database` by what `file` holds, marked as not compared; where the former one was kept.

    The caller holds the corp's locks and has called `look`.
    """
    kept = restores.keep_present(database, now, run) if database.exists() else None
    restores.replace(database, file, now, run, busy_timeout_s)
    return kept


def compare(work: Work) -> Iterator[Finding]:
    """Read back the open rows of every unfinished job, then allow writing again; one finding per job.

    Nothing is sent. Rows that are as their change wants them become `ok` or `same`, and what was sent and takes
    effect later stands as WeCom tells; all others stay as they are, for `jobs resume` to decide.
    """
    for job in jobs.unfinished(work.store):
        done = _compare_job(work, job)
        tally = jobs.tally(work.store, job.id)
        left = sum(tally.get(status, 0) for status in runner.UNSETTLED)
        yield Finding(
            f"job.{job.id}",
            "ok",
            _("{done} open rows were done already, {left} are still open.", done=done, left=left),
            _("`wecrm jobs resume {job}` goes on with it, `wecrm jobs cancel {job}` ends it.", job=job.id),
        )
    restores.note_checked(work.store, work.now())
    yield Finding(
        "restore",
        "ok",
        _("The journal agrees with WeCom; writing is allowed again. Plans from before the restore stay refused."),
        _("`wecrm sync`"),
    )


def _compare_job(work: Work, job: Job) -> int:
    """How many rows are done; stage by stage: a later one was never opened while an earlier one is not good."""
    before = _done_rows(work, job)
    runner.verify(work, job)
    for stage in jobs.stages(work.store, job.id):
        for op, names in runner.windows(jobs.open_clusters(work.store, job.id, stage, runner.OPEN)):
            rows = jobs.open_rows(work.store, job.id, stage, op, names, runner.read_by(op))
            _compare_window(work, job, steps.find(op), rows)
        tally = jobs.tally(work.store, job.id, before_stage=stage + 1, excused=NO_RELATION)
        if any(tally.get(status) for status in (*runner.UNSETTLED, *runner.BAD)):
            break
    return _done_rows(work, job) - before


def _done_rows(work: Work, job: Job) -> int:
    tally = jobs.tally(work.store, job.id)
    return sum(tally.get(status, 0) for status in GOOD)


def _compare_window(work: Work, job: Job, step: Step, rows: Sequence[JobRow]) -> None:
    made = jobs.bindings(work.store, job.id)
    by_id = {row.change.id: runner.with_ids(row, made) for row in rows}
    for states in step.read(work, [row.change for row in by_id.values()]):
        done = [(by_id[id_], outcome) for id_, state in states.items() if (outcome := _done(by_id[id_], state))]
        ours = [(row.change, outcome) for row, outcome in done if outcome.status != "same"]
        if ours:
            bound = {change.id: outcome.made_id for change, outcome in ours if outcome.made_id}
            step.note(work, job.id, [change for change, _outcome in ours], bound)
        jobs.record(work.store, job.id, [(row.n, row.change, outcome) for row, outcome in done])
        work.run.check()


def _done(row: JobRow, state: State) -> Outcome | None:
    """The final outcome of a row whose effect is there; None for all others."""
    outcome = runner.outcome_of_reading(row, state)
    return outcome if outcome is not None and outcome.status in ("ok", "same") else None
