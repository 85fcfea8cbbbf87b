"""`wecrm jobs`: applied plans and what became of their rows."""

from collections.abc import Iterator
from typing import Annotated

import typer

from wecrm.cli import applying, rows
from wecrm.cli.command import command, group, session
from wecrm.cli.session import Session
from wecrm.errors import SafetyError, UsageError
from wecrm.i18n import _
from wecrm.models.plan import FINAL, JobRow, NewId, Status
from wecrm.models.table import Cell, Column, Table

app = group(_("Applied plans: progress, results, resume, retry, cancel."))

JobArgument = Annotated[str, typer.Argument(help=_("The job; `wecrm jobs list` shows them."))]
StatusOption = Annotated[str, typer.Option("--status", help=_("Only rows at these statuses, as failed,conflict."))]
STATUSES: tuple[Status, ...] = ("pending", "submitted", "unknown", *FINAL)


@command(app, "list", _("List jobs, newest first."), ("wecrm jobs list", 'wecrm jobs list --where "open > 0"'))
def list_(
    ctx: typer.Context,
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    where: rows.WhereOption = "",
    sort: rows.SortOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
) -> None:
    wanted = rows.Rows(format, output, columns, where, sort or "-created_at", limit, csv_safe)
    rows.show_view(session(ctx), "jobs", wanted)


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
) -> None:
    from wecrm.store import jobs

    s = session(ctx)
    found = jobs.get(s.store, job)
    s.say(f"{found.id} · {found.title} · {found.state} · {applying.told(jobs.tally(s.store, job))}")
    wanted = _statuses(status)
    asked = rows.Rows(format, output, columns, limit=limit, csv_safe=csv_safe)
    rows.show(s, Table("job_rows", _ROW_COLUMNS, _lines(s, job, wanted)), asked)


@command(
    app,
    "export",
    _("Write a job's rows with the columns of their input and what became of them."),
    (
        "wecrm jobs export tags-1101-3fa2b1 -o result.csv",
        "wecrm jobs export tags-1101-3fa2b1 --status failed -o again.csv",
    ),
    _("Rows exported with --status failed are valid input for the command that made the plan."),
)
def export(
    ctx: typer.Context,
    job: JobArgument,
    status: StatusOption = "",
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
) -> None:
    from wecrm.store import jobs

    s = session(ctx)
    jobs.get(s.store, job)
    wanted = _statuses(status)
    names: dict[str, None] = {}
    for row in jobs.rows(s.store, job, wanted):
        names.update(dict.fromkeys(_input(row)))
    table = Table("job_rows", (*(Column(n, n, "id") for n in names), *_RESULT), _results(s, job, wanted, tuple(names)))
    rows.show(s, table, rows.Rows(format, output, csv_safe=csv_safe))


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
    from wecrm.store import jobs

    s = session(ctx)
    jobs.get(s.store, job)
    if s.options.dry_run:
        count = sum(1 for _row in jobs.rows(s.store, job, ("failed", "skipped")))
        s.warn(_("Dry run: {n} rows would be tried again; nothing was sent.", n=count))
        return 0
    with s.locked("apply"):
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
    Column("evidence", _("Evidence")),
)
_RESULT = (
    Column("status", _("Status")),
    Column("errcode", _("Errcode"), "int"),
    Column("errmsg", _("WeCom said")),
    Column("hint", _("Hint")),
    Column("attempts", _("Attempts"), "int"),
)


def _lines(s: Session, job: str, statuses: tuple[Status, ...]) -> Iterator[tuple[Cell, ...]]:
    from wecrm.operations import steps
    from wecrm.store import jobs

    for row in jobs.rows(s.store, job, statuses):
        title = steps.find(row.change.op).title(row.change)
        yield (row.n, row.change.op, title, *_outcome(row), row.evidence)


def _results(s: Session, job: str, statuses: tuple[Status, ...], names: tuple[str, ...]) -> Iterator[tuple[Cell, ...]]:
    from wecrm.store import jobs

    for row in jobs.rows(s.store, job, statuses):
        given = _input(row)
        yield (*(given.get(name, "") for name in names), *_outcome(row))


def _outcome(row: JobRow) -> tuple[Cell, ...]:
    return row.status, row.errcode or None, row.errmsg, row.hint, row.attempts


def _input(row: JobRow) -> dict[str, str]:
    """The caller's columns, or the object's own names where there was no file."""
    if row.change.input:
        return row.change.input
    return {name: value.new if isinstance(value, NewId) else value for name, value in row.change.key.items()}


def _statuses(text: str) -> tuple[Status, ...]:
    wanted = tuple(part.strip() for part in text.split(",") if part.strip())
    for name in wanted:
        if name not in STATUSES:
            raise UsageError(_("There is no status {name}.", name=name), "", ", ".join(STATUSES))
    return tuple(status for status in STATUSES if status in wanted)
