"""`wecrm livecodes audit|swap`: codes that point at the wrong people, and putting others in their place."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wecrm.cli import applying, codebook, rows
from wecrm.cli.command import command, session
from wecrm.cli.main import exit_code
from wecrm.cli.session import Session
from wecrm.errors import Exit, UsageError
from wecrm.i18n import _
from wecrm.models.table import Cell, Column, Table
from wecrm.models.text import visible

if TYPE_CHECKING:
    from wecrm.operations.codeaudit import Finding, Kind

ExitOption = Annotated[bool, typer.Option("--detailed-exitcode", help=_("Exit 10 when something is found."))]
OnlyOption = Annotated[
    str, typer.Option("--only", help=_("Kinds of finding, as nobody,leaver,single."), metavar="KINDS")
]


def commands(app: typer.Typer) -> None:
    """Give `livecodes` its verbs for codes that point at the wrong people."""
    command(
        app,
        "audit",
        _("List live codes that point at nobody, at leavers or at one person, each with what mends it."),
        (
            "wecrm livecodes audit",
            "wecrm livecodes audit --only nobody,leaver,disabled --detailed-exitcode",
            "wecrm livecodes audit -o audit.xlsx",
        ),
        _(
            "Kinds: nobody, leaver, disabled, no-contact, single, too-many, no-channel, no-tag, tag-without-channel, "
            "ended, unused, unlisted; of welcome templates: other-app, full. Only the cache is read."
        ),
    )(audit)
    command(
        app,
        "swap",
        _("Put other members in the place of one, on every live code that names them."),
        (
            "wecrm livecodes swap zhangwei lina --dry-run",
            "wecrm livecodes swap zhangwei lina,wangfang -o swap.plan",
            "wecrm livecodes swap zhangwei lina",
        ),
        _("Rosters, shifts, caps and fallbacks change with the codes. A code that WeCom refuses holds up no other."),
        writes="livecodes swap",
    )(swap)


def audit(
    ctx: typer.Context,
    only: OnlyOption = "",
    detailed_exitcode: ExitOption = False,
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    where: rows.WhereOption = "",
    sort: rows.SortOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> int:
    """Show the findings."""
    from wecrm.operations import codeaudit

    s = session(ctx)
    kinds = _kinds(only)
    as_of = _as_of(s)
    found = cache(lambda: codeaudit.findings(s.store, codebook.now(s), kinds))  # asked first when the output is open
    table = Table("audit", _columns(), _lines(found), as_of=as_of)
    rows.show(s, table, rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers))
    told = ", ".join(f"{n:,} {kind}" for kind, n in Counter(finding.kind for finding in found()).items())
    s.say(_("Found: {findings}.", findings=told) if told else _("Nothing was found."))
    if detailed_exitcode and told:
        return exit_code(Exit.changes, _("something was found: {findings}", findings=told))
    return 0


def swap(
    ctx: typer.Context,
    old: Annotated[str, typer.Argument(help=_("The member who goes, also one who left."), metavar="OLD")],
    new: Annotated[str, typer.Argument(help=_("Who takes the place, as userid or a,b."), metavar="NEW")],
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
    from wecrm.operations import codeswap

    s = session(ctx)
    taking = [part.strip() for part in new.replace("，", ",").split(",") if part.strip()]
    if not taking:
        raise UsageError(_("Say who takes the place."))
    plan = codeswap.plan(s.work, old, taking)
    if output is not None and plan.changes:
        return applying.write_plan(s, plan, output)
    if not plan.changes:
        s.say(_("No live code names {userid}.", userid=visible(old)))
    return codebook.apply(s, plan, applying.Approval(yes, max_changes, max_removals, max_failures, confirm))


def _columns() -> tuple[Column, ...]:
    return (
        Column("kind", _("Kind")),
        Column("code", _("Live code")),
        Column("code_id", _("Code id"), "id"),
        Column("channel", _("Channel")),
        Column("members", _("Members"), "list"),
        Column("customers", _("Customers"), "int"),
        Column("last_added_at", _("Last customer"), "time"),
        Column("fix", _("Remedy")),
    )


def _lines(found: "Callable[[], Sequence[Finding]]") -> Iterator[tuple[Cell, ...]]:
    for each in found():
        last = each.last_at or None
        yield each.kind, each.code, each.code_id, each.channel, each.members, each.customers, last, each.fix


def _kinds(only: str) -> "Sequence[Kind]":
    """The kinds that `--only` names; all when it names none."""
    from wecrm.operations.codeaudit import KINDS
    from wecrm.store.nearest import did_you_mean

    asked = [name.strip() for name in only.split(",") if name.strip()]
    for name in asked:
        if name not in KINDS:
            raise UsageError(
                _("There is no kind of finding called {name}.", name=name),
                _("The kinds are: {kinds}.", kinds=", ".join(KINDS)),
                did_you_mean(name, KINDS),
            )
    return [kind for kind in KINDS if not asked or kind in asked]


def _as_of(s: Session) -> float:
    """The age of the oldest cache that is read."""
    from wecrm.store.figures import as_of

    found = []
    for purpose in ("members", "contacts", "livecodes"):
        at = as_of(s.store, purpose)
        if at is None:
            raise UsageError(
                _("Nothing is cached yet: run `wecrm sync {purpose}`.", purpose=purpose),
                _("Without it, every code would look wrong."),
            )
        found.append(at)
    return min(found)
