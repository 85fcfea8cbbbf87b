"""`wecrm jobs`: applied plans and what became of their rows."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from wecrm.cli import applying, ending, results, rows
from wecrm.cli.command import command, group, session
from wecrm.cli.listing import listing
from wecrm.cli.main import exit_code
from wecrm.cli.root import duration
from wecrm.cli.session import Session
from wecrm.errors import SEVERITY, Exit, LockedError, SafetyError, UsageError, WecrmError
from wecrm.i18n import _
from wecrm.models.plan import FINAL, Status
from wecrm.models.table import Cell, Column, Table

if TYPE_CHECKING:
    from wecrm.models.plan import Job

app = group(_("Applied plans: progress, results, resume, retry, cancel."))

JobArgument = Annotated[str, typer.Argument(help=_("The job; `wecrm jobs list` shows them."))]
StatusOption = Annotated[str, typer.Option("--status", help=_("Only rows at these statuses, as failed,conflict."))]
STATUSES: tuple[Status, ...] = ("pending", "submitted", "unknown", *FINAL)


listing(
    app,
    "jobs",
    _("List jobs, newest first."),
    ("wecrm jobs list", 'wecrm jobs list --where "open > 0"'),
    order="-created_at",
)


@command(
    app,
    "show",
    _("Show the rows of a job with their statuses."),
    ("wecrm jobs show tags-1101-3fa2b1", "wecrm jobs show tags-1101-3fa2b1 --status failed,conflict"),
)
def show(
    ctx: typer.Context,
    job: JobArgument,
    status: StatusOption = "",
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    where: rows.WhereOption = "",
    sort: rows.SortOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> None:
    from wecrm.store import jobs

    s = session(ctx)
    found = jobs.get(s.store, job)
    parts = (found.id, found.title, found.state, applying.told(jobs.tally(s.store, job)), applying.waits(s, job))
    s.say(" · ".join(part for part in parts if part))
    wanted = _statuses(status)
    asked = rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers)
    rows.show(s, Table("job_rows", _ROW_COLUMNS, _lines(s, job, wanted)), asked)


@command(
    app,
    "export",
    _("Write a job's rows with the columns of their input and what became of them."),
    (
        "wecrm jobs export tags-1101-3fa2b1 -o result.csv",
        "wecrm jobs export tags-1101-3fa2b1 --status failed -o again.csv",
        "wecrm jobs export tags-1101-3fa2b1 --split vip -f xlsx",
    ),
    _("Rows exported with --status failed are valid input for the command that made the plan."),
)
def export(
    ctx: typer.Context,
    job: JobArgument,
    status: StatusOption = "",
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    split: Annotated[
        str,
        typer.Option("--split", help=_("Write BASE.ok, BASE.failed and BASE.unprocessed files."), metavar="BASE"),
    ] = "",
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> None:
    from wecrm.store import jobs

    s = session(ctx)
    jobs.get(s.store, job)
    wanted = _statuses(status)
    if split:
        if output or wanted:
            raise UsageError(
                _("--split takes neither --output nor --status: it writes every row to one of three files.")
            )
        results.split(s, job, split, format or "csv")
        return
    rows.show(s, results.table(s, job, wanted), rows.Rows(format, output, csv_safe=csv_safe, headers=headers))


@command(
    app,
    "resume",
    _("Go on with a job that was interrupted."),
    ("wecrm jobs resume tags-1101-3fa2b1", "wecrm jobs resume --all --cron -qq --max-age 26h"),
    _(
        "Rows without an answer are read back first; nothing is done twice. --all is meant for cron: each job that was "
        "killed or stopped, without those that `offboard advance`, `livecodes rotate` and `transfers poll` bring on."
    ),
    writes="jobs resume",
)
def resume(
    ctx: typer.Context,
    job: Annotated[str, typer.Argument(help=_("The job; `wecrm jobs list` shows them."))] = "",
    all_: Annotated[bool, typer.Option("--all", help=_("Every job that was interrupted."))] = False,
    max_failures: applying.MaxFailuresOption = "",
    max_age: ending.MaxAgeOption = "",
) -> int:
    from wecrm.store import jobs
    from wecrm.store.status import APPLY

    s = session(ctx)
    if bool(job) is all_:
        raise UsageError(_("Say which job: JOB, or --all."), "", _("`wecrm jobs list` shows them."))
    age_s = duration("--max-age", max_age) if max_age else None
    if not all_:
        found = jobs.get(s.store, job)
        if found.state in ("done", "cancelled"):
            raise SafetyError(_("Job {job} is {state}; there is nothing to resume.", job=job, state=found.state))
    try:
        return _resume_all(s, max_failures) if all_ else _go_on(s, job, max_failures)
    except LockedError as error:
        return ending.let_be(s, "resume", [APPLY], age_s, error)


def _resume_all(s: Session, max_failures: str) -> int:
    """Go on with each interrupted job, oldest first; an error of one does not keep the others."""
    from wecrm.operations import runner

    began, bad, errors = s.clock.now(), 0, list[WecrmError]()
    if s.options.dry_run:
        s.warn(_("Dry run: {n} jobs would be resumed; nothing was sent.", n=len(_interrupted(s))))
        return 0
    limits = applying.Approval(max_failures=max_failures).limits(s.limits)
    with s.locked("apply"):
        found = _interrupted(s)  # asked under the lock: nobody is at them now
        for job in found:
            s.run.check()
            try:
                tally = runner.run(s.work, job, limits)
            except WecrmError as error:
                s.warn(_("job {job}: {what}", job=job.id, what=error.what))
                errors.append(error)
                continue
            s.say(_("job {job}: {tally}", job=job.id, tally=applying.told(tally)))
            bad += applying.not_well(tally, waiting=bool(applying.waits(s, job.id)))
        s.run.check()
    if errors:
        raise min(errors, key=lambda error: SEVERITY.index(error.code))
    told = _("interrupted jobs: {n:,}", n=len(found))
    ending.finished(s, "resume", told, s.clock.now() - began, Exit.partial if bad else Exit.ok)
    if not bad:
        return 0
    s.say(_('Which and why: wecrm jobs list --where "bad > 0"'))
    return exit_code(Exit.partial, _("rows that did not end well: {n} ({tally})", n=bad, tally=told))


def _interrupted(s: Session) -> "list[Job]":
    """Jobs that nobody is at and no other command goes on with."""
    from wecrm.operations import rotation
    from wecrm.store import jobs

    running = [job for job in jobs.unfinished(s.store) if job.state == "running" and not job.case_id]
    return [job for job in running if job.kind != rotation.KIND or job.undo_of]


@command(
    app,
    "retry",
    _("Try failed and skipped rows of a job again."),
    ("wecrm jobs retry tags-1101-3fa2b1",),
    _("Conflicts stay: look at them and plan again."),
    writes="jobs retry",
)
def retry(ctx: typer.Context, job: JobArgument, max_failures: applying.MaxFailuresOption = "") -> int:
    from wecrm.operations import plans
    from wecrm.store import jobs

    s = session(ctx)
    jobs.get(s.store, job)
    if s.options.dry_run:
        count = sum(1 for _row in jobs.rows(s.store, job, ("failed", "skipped")))
        s.warn(_("Dry run: {n} rows would be tried again; nothing was sent.", n=count))
        return 0
    with s.locked("apply"):
        plans.may_write(s.store)
        if not jobs.reopen(s.store, job):
            raise SafetyError(_("Job {job} has no failed or skipped row.", job=job))
    return _go_on(s, job, max_failures)


@command(
    app,
    "cancel",
    _("End an unfinished job: what was not sent is skipped."),
    ("wecrm jobs cancel tags-1101-3fa2b1",),
    _("What was done stays done; `wecrm undo` takes it back."),
)
def cancel(ctx: typer.Context, job: JobArgument) -> int:
    from wecrm.store import jobs

    s = session(ctx)
    found = jobs.get(s.store, job)
    if found.state in ("done", "cancelled"):
        raise SafetyError(_("Job {job} is {state} already.", job=job, state=found.state))
    if s.options.dry_run:
        s.warn(_("Dry run: nothing was cancelled."))
        return 0
    with s.locked("apply"):
        skipped = jobs.skip_open(s.store, job, "cancelled")
        jobs.set_state(s.store, job, "cancelled", s.clock.now())
    s.say(_("Cancelled; {n} rows were skipped.", n=skipped))
    return 0


def _go_on(s: Session, job: str, max_failures: str) -> int:
    from wecrm.store import jobs

    if s.options.dry_run:
        s.warn(_("Dry run: nothing was sent."))
        return 0
    with s.locked("apply"):
        limits = applying.Approval(max_failures=max_failures).limits(s.limits)
        return applying.run_job(s, jobs.get(s.store, job), limits)


_ROW_COLUMNS = (
    Column("n", _("Row"), "int"),
    Column("op", _("Op")),
    Column("object", _("Object")),
    Column("status", _("Status")),
    Column("errcode", _("Errcode"), "int"),
    Column("errmsg", _("WeCom said")),
    Column("hint", _("Hint")),
    Column("attempts", _("Attempts"), "int"),
    Column("due_at", _("Due"), "time"),
    Column("evidence", _("Evidence")),
)


def _lines(s: Session, job: str, statuses: tuple[Status, ...]) -> Iterator[tuple[Cell, ...]]:
    from wecrm.operations import steps
    from wecrm.store import jobs

    for row in jobs.rows(s.store, job, statuses):
        title = steps.find(row.change.op).title(row.change)
        yield (row.n, row.change.op, title, *results.outcome(row), row.due_at, row.evidence)


def _statuses(text: str) -> tuple[Status, ...]:
    wanted = tuple(part.strip() for part in text.split(",") if part.strip())
    for name in wanted:
        if name not in STATUSES:
            raise UsageError(_("There is no status {name}.", name=name), "", ", ".join(STATUSES))
    return tuple(status for status in STATUSES if status in wanted)
