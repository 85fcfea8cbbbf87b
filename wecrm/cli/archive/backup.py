"""`wecrm db backup --archive`."""

from pathlib import Path

from wecrm.cli import ending, rows
from wecrm.cli.archive import opening
from wecrm.cli.session import Session
from wecrm.errors import ConfigError
from wecrm.i18n import _
from wecrm.models.table import Column, Table


def take(s: Session, file: Path, wanted: rows.Rows, *, force: bool) -> None:
    """Write a verified copy of the archive's database to `file`, and show what it holds."""
    from wecrm.store.archive import backups

    if not opening.database(s).exists():
        raise ConfigError(
            _("There is no archive {path} yet.", path=opening.database(s)), "", _("`wecrm archive pull` makes it.")
        )
    done = backups.take(opening.archive(s), file, s.run, force=force)
    columns = (
        Column("path", _("File")),
        Column("size", _("Size"), "int", "bytes"),
        Column("records", _("Messages"), "int"),
        Column("link", _("Newest link"), "int"),
        Column("sha256", "SHA-256", "id"),
    )
    if not s.options.cron and not s.among_several:
        row = (str(done.path), done.size, done.records, done.head.n, done.sha256)
        rows.show(s, Table("archive_backup", columns, [row]), wanted)
    s.say(_("Media files are not in it: copy the folder {path}; its files never change.", path=opening.media_folder(s)))
    ending.summary(s, "backup", f"{done.size / 1e6:,.1f} MB · {done.records:,} records · sha256 {done.sha256}")
