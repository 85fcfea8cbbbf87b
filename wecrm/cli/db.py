"""`wecrm db`: the local database of a profile: where it is, its backups, whether it is whole."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wecrm.cli import ending, rows, several
from wecrm.cli.applying import YesOption
from wecrm.cli.command import command, group, session
from wecrm.cli.main import exit_code
from wecrm.cli.session import Session, SystemClock
from wecrm.errors import ConfigError, Exit, UsageError
from wecrm.i18n import _
from wecrm.models.clock import Run
from wecrm.models.table import Cell, Column, Table

if TYPE_CHECKING:
    from wecrm.store.backup import Backup, Contents
    from wecrm.store.health import Finding

app = group(_("The local database: where it is, back it up, check it, put a backup back."))

FileArgument = Annotated[Path, typer.Argument(help=_("The backup file."), metavar="FILE")]


@command(
    app,
    "path",
    _("Say where this profile's database is."),
    ("wecrm db path", "wecrm --profile acme db path", 'ls -l "$(wecrm db path)"'),
    _("One SQLite file per corporation; it appears with the first `wecrm sync`."),
    many=True,
)
def path(ctx: typer.Context) -> None:
    s = session(ctx)
    s.stdout.write(f"{s.database}\n")
    if not s.database.exists():
        s.say(_("It is not there yet: run `wecrm sync`."))


@command(
    app,
    "backup",
    _("Write a verified copy of the database while everything goes on."),
    (
        "wecrm db backup acme-2026-11-01.db",
        "wecrm db backup /var/backups/wecrm/acme.db --force --cron",
        "wecrm --profile @all db backup '/var/backups/wecrm/{profile}.db' --force",
        "wecrm db backup acme-archive-2026-11-01.db --archive",
    ),
    _(
        "Syncs, applies and pulls may run meanwhile; the copy holds one moment. It is readable for its owner only: "
        "it holds customers' data. Exit code: 9 when the database or the copy is damaged."
    ),
    many=True,
)
def backup(
    ctx: typer.Context,
    file: FileArgument,
    force: Annotated[bool, typer.Option("--force", help=_("Replace a file that is there."))] = False,
    archive: Annotated[
        bool, typer.Option("--archive", help=_("The session archive's database, encrypted if it is."))
    ] = False,
    format: rows.FormatOption = None,
    columns: rows.ColumnsOption = "",
) -> None:
    from wecrm.cli.archive import backup as archives
    from wecrm.cli.archive import opening
    from wecrm.store import backup as store

    s = session(ctx)
    file = several.file(s, file)
    if s.options.dry_run:
        store.refuse_target(opening.database(s) if archive else s.database, file, force=force)
        s.warn(_("Dry run: {path} was not written.", path=file))
        return
    if archive:
        archives.take(s, file, rows.Rows(format, columns=columns), force=force)
        return
    done = store.take(s.database, file, s.profile.corp_id, s.run, force=force)
    if not s.options.cron and not s.among_several:
        rows.show(s, _taken(done), rows.Rows(format, columns=columns))
    ending.summary(s, "backup", f"{done.size / 1e6:,.1f} MB · {done.contents.rows:,} rows · sha256 {done.sha256}")


@command(
    app,
    "check",
    _("Check that the database, or a backup, is whole and consistent."),
    ("wecrm db check", "wecrm db check acme-2026-11-01.db", "wecrm db check -f json"),
    _("Reads only, and migrates nothing. Exit code: 9 when anything is wrong."),
    many=True,
)
def check(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help=_("A backup; without it, the database."), metavar="FILE")] = None,
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    where: rows.WhereOption = "",
    sort: rows.SortOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> int:
    from wecrm.store import health

    s = session(ctx)
    file, output = (several.file(s, each) if each else None for each in (file, output))
    found: list[Finding] = []
    examined = health.examine(file or s.database, _run(s), alone=file is not None and not _living(s, file))
    if s.among_several and output is None:
        found.extend(examined)  # each has its line; tables of several corps would run into one
    else:
        wanted = rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers)
        rows.show(s, _found(_kept(examined, found)), wanted)
        found.extend(examined)  # what --limit left out counts, too
    reason = health.first_wrong(found)
    return exit_code(Exit.integrity if reason else Exit.ok, reason)


@command(
    app,
    "restore",
    _("Put a backup in the place of the database; the present one is kept beside it."),
    ("wecrm db restore acme-2026-11-01.db", "wecrm db restore acme-2026-11-01.db --dry-run"),
    _(
        "Until `wecrm doctor --after-restore` has compared the journal with WeCom, nothing is written to WeCom: "
        "what was sent after the backup was taken is not in it. Reading and `wecrm sync` work at once."
    ),
)
def restore(ctx: typer.Context, file: FileArgument, yes: YesOption = False) -> None:
    from wecrm.operations import restore as operations

    s = session(ctx)
    corp = s.profile.corp_id
    s.say(_("The backup: {contents}", contents=_told(s, operations.look(s.database, file, corp, s.run))))
    present = operations.look_at_present(s.database, corp)
    s.say(_("The database now: {contents}", contents=_told(s, present) if present else "-"))
    if s.options.dry_run:
        s.warn(_("Dry run: nothing was replaced."))
        return
    with s.locked("sync"), s.locked("apply"):
        if not yes and not s.confirm(_("Replace the database of {corp} by this backup?", corp=corp), flag="--yes"):
            raise UsageError(_("Not restored."), _("The answer was no."), "")
        kept = operations.put_back(s.database, file, s.clock.now(), s.run, s.profile.busy_timeout_s)
    if kept is not None:
        s.say(_("The former database is {path}.", path=kept))
    s.warn(_("Restored. Before anything is written to WeCom: wecrm doctor --after-restore"))


def _run(s: Session) -> Run:
    """The run of the profile; a file can be checked without any."""
    try:
        return s.run
    except ConfigError:
        return Run(SystemClock(), s.signalled, s.progress)


def _living(s: Session, file: Path) -> bool:
    try:
        return s.database.exists() and file.exists() and file.samefile(s.database)
    except ConfigError:
        return False


def _kept(findings: Iterator["Finding"], found: list["Finding"]) -> Iterator["Finding"]:
    for finding in findings:
        found.append(finding)
        yield finding


def _found(findings: Iterator["Finding"]) -> Table:
    columns = (
        Column("check", _("Check")),
        Column("state", _("State")),
        Column("count", _("Wrong"), "int"),
        Column("detail", _("Detail")),
    )
    lines: Iterator[tuple[Cell, ...]] = ((f.check, f.state, f.count, f.detail) for f in findings)
    return Table("db_check", columns, lines)


def _taken(done: "Backup") -> Table:
    columns = (
        Column("path", _("File")),
        Column("size", _("Size"), "int", "bytes"),
        Column("schema", _("Schema"), "int"),
        Column("jobs", _("Jobs"), "int"),
        Column("rows", _("Job rows"), "int"),
        Column("events", _("Events"), "int"),
        Column("relations", _("Relations"), "int"),
        Column("sha256", "SHA-256", "id"),
    )
    held = done.contents
    row = (str(done.path), done.size, held.schema, held.jobs, held.rows, held.events, held.relations, done.sha256)
    return Table("backup", columns, [row])


def _told(s: Session, held: "Contents") -> str:
    """What a database holds, in one line."""
    return _(
        "{relations:,} relations, {jobs:,} jobs with {rows:,} rows, newest entry {newest}",
        relations=held.relations,
        jobs=held.jobs,
        rows=held.rows,
        newest=datetime.fromtimestamp(held.newest, s.tz).strftime("%Y-%m-%d %H:%M"),
    )
