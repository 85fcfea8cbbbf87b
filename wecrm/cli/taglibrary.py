"""`wecrm tags pull|diff|push`: the tag library as a file under version control."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from wecrm.cli import applying, rows
from wecrm.cli.command import command, session
from wecrm.cli.main import exit_code
from wecrm.cli.session import Session
from wecrm.errors import Exit
from wecrm.i18n import _
from wecrm.models.plan import Plan
from wecrm.models.table import Cell, Column, Table

FileArgument = Annotated[Path, typer.Argument(help=_("The YAML file of the library."), metavar="FILE")]


def commands(app: typer.Typer) -> None:
    """Give `tags` its verbs for the library as a file."""
    command(
        app,
        "pull",
        _("Write the tag library of WeCom as a YAML file."),
        ("wecrm tags pull tags.yaml",),
        _("A file with comments or a layout of its own is not overwritten."),
    )(pull)
    command(
        app,
        "diff",
        _("Show what a push of the file would change; exit 10 when it would."),
        ("wecrm tags diff tags.yaml", "wecrm tags diff tags.yaml -f json"),
    )(diff)
    command(
        app,
        "push",
        _("Make WeCom's tag library what the file says: rename, make, reorder, delete."),
        ("wecrm tags push tags.yaml -o tags.plan", "wecrm tags push tags.yaml", "wecrm tags push tags.yaml --dry-run"),
        _(
            "With -o only the plan is written. Write `was: OLD` beside a name to rename instead of delete and make, "
            "`exclusive: true` beside a group of whose tags a customer has one at most."
        ),
        writes="tags push",
    )(push)


def pull(ctx: typer.Context, file: FileArgument) -> None:
    """Write the library as it is now."""
    from wecrm.files import taglibrary as files
    from wecrm.operations import taglibrary as operations

    s = session(ctx)
    groups = operations.refresh(s.work)
    files.write(file, operations.described(groups))
    s.say(_("{n} tags in {m} groups: {path}", n=sum(len(g.tags) for g in groups), m=len(groups), path=file))


def diff(
    ctx: typer.Context,
    file: FileArgument,
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    where: rows.WhereOption = "",
    sort: rows.SortOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> int:
    """Show the differences as rows."""
    s = session(ctx)
    plan = _plan(s, file)
    rows.show(
        s,
        Table("diff", _COLUMNS, _lines(plan)),
        rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers),
    )
    return exit_code(Exit.changes, _("something would change")) if plan.changes else 0


def push(
    ctx: typer.Context,
    file: FileArgument,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help=_("Write the plan there and stop."), metavar="PLAN")
    ] = None,
    yes: applying.YesOption = False,
    max_changes: applying.MaxChangesOption = None,
    max_removals: applying.MaxRemovalsOption = "",
    max_failures: applying.MaxFailuresOption = "",
    confirm: applying.ConfirmOption = "",
) -> int:
    """Plan, and apply unless only the plan is wanted."""
    s = session(ctx)
    plan = _plan(s, file)
    if not plan.changes:
        s.say(_("No changes: WeCom's library is what the file says."))
        return 0
    if output is not None:
        return applying.write_plan(s, plan, output)
    return applying.apply_now(s, plan, applying.Approval(yes, max_changes, max_removals, max_failures, confirm))


_COLUMNS = (
    Column("op", _("Op")),
    Column("object", _("Object")),
    Column("before", _("Before")),
    Column("after", _("After")),
)


def _plan(s: Session, file: Path) -> Plan:
    from wecrm.files import taglibrary as files
    from wecrm.operations import taglibrary as operations

    wanted = files.read(file)
    return operations.plan(s.work, wanted, operations.refresh(s.work))


def _lines(plan: Plan) -> Iterator[tuple[Cell, ...]]:
    from wecrm.operations import steps

    for change in plan.changes:
        before, after = (" ".join(f"{k}={v}" for k, v in facts.items()) for facts in (change.before, change.after))
        yield change.op, steps.find(change.op).title(change), before, after
