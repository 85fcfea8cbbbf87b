"""`wecrm transfers restore|handover`: what a former member knew goes along with the customers."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wecrm.cli import applying
from wecrm.cli.command import command, session
from wecrm.cli.main import exit_code
from wecrm.cli.session import Session
from wecrm.errors import Exit, UsageError
from wecrm.i18n import _

if TYPE_CHECKING:
    from wecrm.models.memory import Kept

JobArgument = Annotated[str, typer.Argument(help=_("The job of the transfers; `wecrm jobs list` shows them."))]


def commands(app: typer.Typer) -> None:
    """Give `transfers` its verbs about what is known of the customers."""
    command(
        app,
        "restore",
        _("Put tags, remarks and mobiles of the former member back at the members who took the customers over."),
        (
            "wecrm transfers restore transfers-1101-3fa2b1 --dry-run",
            "wecrm transfers restore transfers-1101-3fa2b1 -o restore.plan",
            "wecrm transfers restore transfers-1101-3fa2b1 --max-changes 5000",
        ),
        _(
            "Only for customers who are with the other member by now. Tags and mobiles are united, empty fields are "
            "filled; what the other member wrote stays, and so does their stage of an exclusive group. With -o only "
            "the plan is written; after applying it, restore again to have it verified."
        ),
        writes="transfers restore",
    )(restore)
    command(
        app,
        "handover",
        _("Write a file for each member who took customers over: all that was known, what came over, what differs."),
        (
            "wecrm transfers handover transfers-1101-3fa2b1 -o handover",
            "wecrm transfers handover transfers-1101-3fa2b1 -o handover --format html",
        ),
        _("Named like the members; files of an earlier run are replaced. The customers are read at WeCom for it."),
    )(handover)


def restore(
    ctx: typer.Context,
    job: JobArgument,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help=_("Write the plan there and stop."), metavar="PLAN")
    ] = None,
    yes: applying.YesOption = False,
    max_changes: applying.MaxChangesOption = None,
    max_failures: applying.MaxFailuresOption = "",
    confirm: applying.ConfirmOption = "",
) -> int:
    """Plan, apply unless only the plan is wanted, and read back."""
    from wecrm.operations import memory

    s = session(ctx)
    kept = [each for each in _moved(s, job) if each.restored_at is None]
    plan = memory.restoration(s.work, kept)
    if output is not None:
        return applying.write_plan(s, plan, output)
    code = 0
    if plan.changes:
        approval = applying.Approval(yes, max_changes, max_failures=max_failures, confirm=confirm)
        code = applying.apply_now(s, plan, approval)
    else:
        for sentence in (*plan.notes, _("Nothing has to be put back.")):
            s.say(sentence)
    return code if s.options.dry_run else _verified(s, kept, code)


def _verified(s: Session, kept: "Sequence[Kept]", code: int) -> int:
    """Read back, tell and note what is there now."""
    from wecrm.operations import memory

    results = memory.verified(s.work, kept)
    told = ", ".join(f"{n:,} {result}" for result, n in results.items())
    if told:
        s.say(_("Read back: {results}.", results=told))
    if code or results.keys() <= {"restored"}:
        return code
    return exit_code(Exit.partial, _("not all is back: {results}", results=told))


def handover(
    ctx: typer.Context,
    job: JobArgument,
    output: Annotated[Path, typer.Option("--output", "-o", help=_("The folder for the files."), metavar="FOLDER")],
    format: Annotated[str, typer.Option("--format", "-f", help=_("xlsx or html."), metavar="FORMAT")] = "xlsx",
) -> None:
    """Read what is there now and write the files."""
    from wecrm.files import handovers as files
    from wecrm.files.atomic import replacing
    from wecrm.files.filenames import distinct
    from wecrm.operations import handovers

    s = session(ctx)
    if format not in files.FORMATS:
        raise UsageError(_("--format is xlsx or html, not {value}.", value=format))
    kept = _moved(s, job)
    _make_folder(output)
    sheets = handovers.sheets(s.work, kept)
    for sheet, name in zip(
        sheets, distinct((sheet.name or sheet.userid, sheet.userid) for sheet in sheets), strict=True
    ):
        path = output / f"{name}.{format}"
        with replacing(path) as stream:
            files.write(sheet, stream, format, s.tz)
        s.say(_("{n:,} customers in {path}", n=len(sheet.customers), path=path))


def _moved(s: Session, job: str) -> "list[Kept]":
    """The memories of customers who have arrived; those who have not are told.

    Raises:
        UsageError: no such job, or one of which no memory is kept.
    """
    from wecrm.operations import memory
    from wecrm.store import jobs

    kept, others = memory.arrived(s.store, jobs.get(s.store, job).id)
    if others:
        s.say(_("Left out, since they have not arrived: {statuses}.", statuses=applying.told(others)))
    if not kept:
        raise UsageError(
            _("Job {job} has no customer who has arrived and of whom a memory is kept.", job=job),
            _("Customers arrive a day after the start; memories are kept by `wecrm transfers apply`."),
            _("Ask WeCom how they stand: `wecrm transfers poll`."),
        )
    return kept


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UsageError(
            _("The folder {path} can't be made.", path=path), str(error.strerror), _("Name another one: -o FOLDER.")
        ) from error
