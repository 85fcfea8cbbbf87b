"""`wecrm livecodes pull|diff|push`: live codes as a file under version control."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from wecrm.cli import applying, rows
from wecrm.cli.command import command, session
from wecrm.cli.main import exit_code
from wecrm.cli.session import Session
from wecrm.errors import Exit
from wecrm.i18n import _
from wecrm.models.plan import Change, Plan
from wecrm.models.table import Cell, Column, Table
from wecrm.models.text import visible

if TYPE_CHECKING:
    from wecrm.models.codebook import CodeEntry
    from wecrm.models.welcome import WelcomeEntry

FileArgument = Annotated[Path, typer.Argument(help=_("The YAML file of the live codes."), metavar="FILE")]
MissingOption = Annotated[
    bool, typer.Option("--delete-missing", help=_("Delete described codes that are not in the file."))
]


def commands(app: typer.Typer) -> None:
    """Give `livecodes` its verbs for the codes as a file."""
    command(
        app,
        "pull",
        _("Write the described live codes as a YAML file, as WeCom has them now."),
        ("wecrm livecodes pull codes.yaml", "wecrm livecodes pull codes.yaml --all"),
        _(
            "A file with comments or a layout of its own is not overwritten; the order of a file that is there stays. "
            "With --ids the file alone can bring the register back on another computer."
        ),
    )(pull)
    command(
        app,
        "diff",
        _("Show what a push of the file would change; exit 10 when it would."),
        ("wecrm livecodes diff codes.yaml", "wecrm livecodes diff codes.yaml -f json"),
    )(diff)
    command(
        app,
        "push",
        _("Make WeCom's live codes what the file says: change them, make new ones."),
        (
            "wecrm livecodes push codes.yaml -o codes.plan",
            "wecrm livecodes push codes.yaml",
            "wecrm livecodes push codes.yaml --dry-run",
        ),
        _(
            "With -o only the plan is written. Codes that are not in the file stay, unless --delete-missing says "
            "otherwise. Write `was: OLD` beside a name to rename, `id: CONFIG_ID` to take over a code that exists."
        ),
        writes="livecodes push",
    )(push)


def pull(
    ctx: typer.Context,
    file: FileArgument,
    all: Annotated[bool, typer.Option("--all", help=_("Also codes that nobody described, with their id."))] = False,
    ids: Annotated[bool, typer.Option("--ids", help=_("Write the id of every code."))] = False,
) -> None:
    """Write the codes as they are now."""
    from wecrm.files import codebook as files
    from wecrm.operations import codebook as operations

    s = session(ctx)
    found, notes = operations.described(s.work, files.names(file), everything=all, ids=ids)
    files.write(file, found)
    for note in notes:
        s.say(note)
    s.say(_("{n} live codes: {path}", n=len(found.codes), path=file))
    if found.welcomes:
        s.say(_("{n} welcome templates: {path}", n=len(found.welcomes), path=file))


def diff(
    ctx: typer.Context,
    file: FileArgument,
    delete_missing: MissingOption = False,
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
    plan, doubtful = _plan(s, file, delete_missing)
    for note in plan.notes:
        s.say(note)
    rows.show(
        s,
        Table("diff", _COLUMNS, _lines(plan)),
        rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers),
    )
    return exit_code(Exit.changes, _("something would change")) if plan.changes or doubtful else 0


def push(
    ctx: typer.Context,
    file: FileArgument,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help=_("Write the plan there and stop."), metavar="PLAN")
    ] = None,
    delete_missing: MissingOption = False,
    yes: applying.YesOption = False,
    max_changes: applying.MaxChangesOption = None,
    max_removals: applying.MaxRemovalsOption = "",
    max_failures: applying.MaxFailuresOption = "",
    confirm: applying.ConfirmOption = "",
) -> int:
    """Plan, and apply unless only the plan is wanted."""
    s = session(ctx)
    plan, doubtful = _plan(s, file, delete_missing)
    if output is not None and plan.changes:
        code = applying.write_plan(s, plan, output)
    else:
        code = apply(s, plan, applying.Approval(yes, max_changes, max_removals, max_failures, confirm))
    if doubtful and not code:
        return exit_code(Exit.partial, _("in doubt, and not planned: {names}", names=", ".join(doubtful)))
    return code


def apply(s: Session, plan: Plan, approval: applying.Approval) -> int:
    """Apply a plan of live codes, or say that nothing would change."""
    if plan.changes:
        return applying.apply_now(s, plan, approval)
    for note in plan.notes:
        s.say(note)
    s.say(_("No changes to make."))
    return 0


def _plan(s: Session, file: Path, delete_missing: bool) -> tuple[Plan, list[str]]:
    """The plan of a push, and the names of what it leaves out because nobody knows whether it exists."""
    from wecrm.files import codebook as files
    from wecrm.operations import codebook as operations
    from wecrm.operations import welcomebook

    wanted = files.read(file)
    plan = operations.plan(s.work, wanted, now(s), delete_missing=delete_missing)
    doubtful = [*operations.in_doubt(s.work, wanted.codes), *welcomebook.in_doubt(s.work, wanted.welcomes or ())]
    return plan, [visible(name) for name in doubtful]


def now(s: Session) -> datetime:
    """The time in the zone whose days count."""
    return datetime.fromtimestamp(s.clock.now(), s.tz)


_COLUMNS = (
    Column("op", _("Op")),
    Column("object", _("Object")),
    Column("before", _("Before")),
    Column("after", _("After")),
)


def _lines(plan: Plan) -> Iterator[tuple[Cell, ...]]:
    from wecrm.operations import steps

    for change in plan.changes:
        yield change.op, steps.find(change.op).title(change), *sides(change)


def sides(change: Change) -> tuple[str, str]:
    """What a change of a code or template takes and gives, in the words of the file; `on`: who of a roster is on."""
    from wecrm.operations import livecodes, welcomes
    from wecrm.operations.codeentries import FIELDS

    facts = change.before.get("entry", ""), change.after.get("entry", "")
    if change.op.startswith("welcome."):
        before, after = (_fields(welcomes.entry_of(fact)) for fact in facts)
        new = None
    else:
        old, new = (livecodes.entry_of(fact) for fact in facts)
        before, after = _fields(old), _fields(new)
    if "exists" in change.after:
        before["exists"], after["exists"] = str(change.before["exists"]), str(change.after["exists"])
    else:
        for name in sorted(change.after.keys() & FIELDS.keys()):
            field = "on" if name == "users" and new and new.rotates else FIELDS[name]
            before[field], after[field] = _cell(change.before[name]), _cell(change.after[name])
    differing = [field for field in {**before, **after} if before.get(field) != after.get(field)]
    told = (" ".join(f"{field}={side[field]}" for field in differing if side.get(field)) for side in (before, after))
    return next(told), next(told)


def _fields(entry: "CodeEntry | WelcomeEntry | None") -> dict[str, str]:
    """What an entry says, field by field."""
    return {} if entry is None else {name: _cell(value) for name, value in msgspec.to_builtins(entry).items()}


def _cell(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(_cell(item) for item in value)
    if isinstance(value, dict):
        return "/".join(f"{key}:{_cell(item)}" for key, item in value.items())
    return str(value)
