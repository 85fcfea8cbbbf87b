"""`wecrm tags lint`: what is wrong with the tag library, and what mends it."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Annotated

import typer

from wecrm.cli import rows
from wecrm.cli.command import command, session
from wecrm.cli.main import exit_code
from wecrm.cli.session import Session
from wecrm.errors import Exit, UsageError
from wecrm.i18n import _
from wecrm.models.table import Cell, Column, Table

if TYPE_CHECKING:
    from wecrm.operations.taglint import Finding

OnlyOption = Annotated[
    str,
    typer.Option(
        "--only",
        help=_("Kinds of finding: unused, near-duplicate, exclusive, single-tag-group, single-member."),
        metavar="KINDS",
    ),
]
ExitOption = Annotated[bool, typer.Option("--detailed-exitcode", help=_("Exit 10 when something is found."))]


def commands(app: typer.Typer) -> None:
    """Give `tags` its verb for looking the library through."""
    command(
        app,
        "lint",
        _("List what is wrong with the tag library: unused, doubled and contradicting tags, each with its remedy."),
        (
            "wecrm tags lint",
            "wecrm tags lint --only unused,near-duplicate -o lint.xlsx",
            "wecrm tags lint --only exclusive --detailed-exitcode",
        ),
        _("Only the cache is read. The commands in the column fix are for you to read, change and run."),
    )(lint)


def lint(
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
    from wecrm.operations import taglint

    s = session(ctx)
    kinds = _kinds(only)
    as_of = _as_of(s)
    found = cache(lambda: taglint.findings(s.store, kinds, s.progress))  # asked first when the output is open
    table = Table("lint", _columns(), _lines(found), _notes(s), as_of)
    rows.show(s, table, rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers))
    counts = Counter(finding.kind for finding in found())
    told = ", ".join(f"{n:,} {kind}" for kind, n in counts.items())
    s.say(_("Found: {findings}.", findings=told) if told else _("Nothing was found."))
    if detailed_exitcode and told:
        return exit_code(Exit.changes, _("something was found: {findings}", findings=told))
    return 0


def _columns() -> tuple[Column, ...]:
    return (
        Column("kind", _("Kind")),
        Column("tags", _("Tags"), "list"),
        Column("customers", _("Customers"), "int"),
        Column("members", _("Members"), "int"),
        Column("detail", _("Detail")),
        Column("fix", _("Remedy")),
    )


def _lines(found: "Callable[[], Sequence[Finding]]") -> Iterator[tuple[Cell, ...]]:
    for each in found():
        tags = tuple(f"{tag.group_name}/{tag.name}" for tag in each.tags)
        yield each.kind, tags, each.customers, each.members, each.detail, each.fix


def _kinds(only: str) -> Sequence[str]:
    """The kinds that `--only` names; all when it names none."""
    from wecrm.operations.taglint import KINDS
    from wecrm.store.nearest import did_you_mean

    asked = [name.strip() for name in only.split(",") if name.strip()]
    for name in asked:
        if name not in KINDS:
            raise UsageError(
                _("There is no kind of finding called {name}.", name=name),
                _("The kinds are: {kinds}.", kinds=", ".join(KINDS)),
                did_you_mean(name, KINDS),
            )
    return asked or KINDS


def _as_of(s: Session) -> float:
    """The age of the older one of the two caches that are read."""
    from wecrm.store.figures import as_of

    found = []
    for purpose in ("tags", "contacts"):
        at = as_of(s.store, purpose)
        if at is None:
            raise UsageError(
                _("Nothing is cached yet: run `wecrm sync {purpose}`.", purpose=purpose),
                _("Before, every tag would look unused."),
            )
        found.append(at)
    return min(found)


def _notes(s: Session) -> tuple[str, ...]:
    from wecrm.store.taglint import unread

    n = unread(s.store)
    if not n:
        return ()
    return (_("Members whose customers were never read, and may have tags that seem unused: {n:,}.", n=n),)
