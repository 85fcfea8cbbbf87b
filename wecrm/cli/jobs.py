"""`wecrm jobs`: applied plans and what became of their rows."""

from collections.abc import Iterator
from typing import Annotated

import typer

from wecrm.cli import applying, results, rows
from wecrm.cli.command import command, group, session
from wecrm.cli.listing import listing
from wecrm.cli.session import Session
from wecrm.errors import SafetyError, UsageError
from wecrm.i18n import _
from wecrm.models.plan import FINAL, Status
from wecrm.models.table import Cell, Column, Table

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
    asked = rows.Rows(format, output, columns, limit=limit, csv_safe=csv_safe, headers=headers)
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
    ("wecrm jobs resume tags-1101-3fa2b1",),
    _("Rows without an answer are read back first; nothing is done twice."),
    writes="jobs resume",
)
def resume(ctx: typer.Context, job: JobArgument, max_failures: applying.MaxFailuresOption = "") -> int:
    from wecrm.store import jobs

    s = session(ctx)
    found = jobs.get(s.store, job)
    if found.state in ("done", "cancelled"):
        raise SafetyError(_("Job {job} is {state}; there is nothing to resume.", job=job, state=found.state))
    return _go_on(s, job, max_failures)


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
