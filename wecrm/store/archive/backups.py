"""Copies of the archive while it is written to: verified, encrypted as it is, one file without its media."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from wecrm.errors import IntegrityError
from wecrm.i18n import _
from wecrm.models.clock import Run
from wecrm.store import backup
from wecrm.store.archive import chain
from wecrm.store.archive.chain import Head
from wecrm.store.connections import reading, stoppable
from wecrm.store.database import Store


@dataclass(frozen=True, slots=True)
class ArchiveBackup:
    """A finished copy. `size` in bytes, `sha256` of the file in hex, `head` the newest link that it holds."""

    path: Path
    size: int
    sha256: str
    records: int
    head: Head


def take(archive: Store, target: Path, run: Run, *, force: bool = False) -> ArchiveBackup:
    """Write a verified copy of the living archive to `target`, whole or not at all, mode 0600.

    Args:
        force: replace a file that is there.

    Raises:
        UsageError: `target` exists, is the archive itself, or can't be written.
        IntegrityError: the archive is damaged, or the copy is not what was copied.
    """
    backup.refuse_target(archive.path, target, force=force)
    with backup.sibling(target) as copied:
        with reading(archive.path, key=archive.key) as source:
            held = backup.duplicate(source, archive.path, copied, run, _held, archive.key)
        with reading(copied, alone=True, key=archive.key) as db:
            with stoppable(db, run):
                found = [row[0] for row in db.execute("PRAGMA integrity_check(3)")]
            if found != ["ok"] or _held(db, copied) != held:
                raise IntegrityError(_("The copy of {path} is not what was copied.", path=archive.path))
        size, digest = copied.stat().st_size, backup.digest(copied, run)
        backup.put(copied, target, force=force)
    return ArchiveBackup(target, size, digest, *held)


def _held(db: sqlite3.Connection, _path: Path) -> tuple[int, Head]:
    return db.execute("SELECT count(*) FROM record").fetchone()[0], chain.head(db)
