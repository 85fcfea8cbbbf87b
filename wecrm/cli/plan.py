"""`wecrm plan show`: look at a plan before it is applied."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from wecrm.cli import applying, rows
from wecrm.cli.codebook import sides
from wecrm.cli.command import command, group, session
from wecrm.cli.session import Session
from wecrm.i18n import _
from wecrm.models.plan import Change, Fact, NewId
from wecrm.models.table import Cell, Column, Table

app = group(_("Look at a plan file."))

COLUMNS = (
    Column("id", _("Change")),
    Column("stage", _("Stage"), "int"),
    Column("op", _("Op")),
    Column("object", _("Object")),
    Column("before", _("Before")),
    Column("after", _("After")),
    Column("undo", _("Undo")),
)


@command(
    app,
    "show",
    _("Show every change of a plan, removals first."),
    ("wecrm plan show vip.plan", "wecrm plan show vip.plan -f csv -o vip-plan.csv"),
)
def show(
    ctx: typer.Context,
    plan: Annotated[Path, typer.Argument(help=_("The plan file."), metavar="PLAN")],
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    where: rows.WhereOption = "",
    sort: rows.SortOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> None:
    from wecrm.operations import totals

    s = session(ctx)
    applying.tell(s, totals.opened(s.store, plan))
    names = _names(s)
    wanted = rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers)
    rows.show(s, Table("plan", COLUMNS, _lines(plan, names)), wanted)


def _lines(path: Path, names: dict[str, str]) -> Iterator[tuple[Cell, ...]]:
    from wecrm.files import plans as files
    from wecrm.operations import steps
    from wecrm.operations.totals import DAMAGE

    for removing in (True, False):
        for n, change in enumerate(files.changes(path), 2):
            if bool(steps.find(change.op).taken(change)) is not removing:
                continue
            try:
                line = _line(change, steps.find(change.op).title(change), names)
            except DAMAGE as error:
                raise files.damaged(path, n) from error
            yield line


def _line(change: Change, title: str, names: dict[str, str]) -> tuple[Cell, ...]:
    if change.op.startswith(("livecode.", "welcome.")):
        before, after = sides(change)
    else:
        before, after = (_facts(facts, names) for facts in _changing(change))
    return change.id, change.stage, change.op, title, before, after, change.undo


def _changing(change: Change) -> tuple[dict[str, Fact], dict[str, Fact]]:
    """`before` and `after` without tags that are absent in both: stages that are only looked at."""
    before, after = change.before.get("absent"), change.after.get("absent")
    if not isinstance(before, tuple) or not isinstance(after, tuple):
        return change.before, change.after
    kept = [tuple(tag for tag in one if tag not in other) for one, other in ((before, after), (after, before))]
    return {**change.before, "absent": kept[0]}, {**change.after, "absent": kept[1]}


def _facts(facts: dict[str, Fact], names: dict[str, str]) -> str:
    return " ".join(f"{name}={_fact(value, names)}" for name, value in facts.items() if value != ())


def _fact(value: Fact, names: dict[str, str]) -> str:
    if isinstance(value, tuple):
        return ",".join(f"<{part.new}>" if isinstance(part, NewId) else names.get(part, part) for part in value)
    return str(value)


def _names(s: Session) -> dict[str, str]:
    from wecrm.store import tags

    return {tag.tag_id: f"{tag.group_name}/{tag.name}" for tag in tags.known(s.store)}
