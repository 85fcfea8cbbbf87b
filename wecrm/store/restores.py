"""Putting a backup in the place of a database, and what the database remembers of that.

Two rows of `corp`: `restored_at`, kept for good, and `restore_checked_at`, which appears once the
journal was compared with WeCom. With the first alone, nothing may be written to WeCom.
"""

import contextlib
import os
import shutil
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from wecrm.errors import IntegrityError, TemporaryError, UsageError
from wecrm.i18n import _
from wecrm.models.clock import Run
from wecrm.store import backup
from wecrm.store.connections import explained, reading
from wecrm.store.database import Store

RESTORED_AT, CHECKED_AT = "restored_at", "restore_checked_at"

_ENDS = ("", "-wal", "-shm", "-journal")
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def restored_at(store: Store) -> float | None:
    """When this database was last put back from a backup (unix seconds), None if never."""
    return _moment(store, RESTORED_AT)


def unchecked_since(store: Store) -> float | None:
    """When it was restored, while its journal was not compared with WeCom yet; else None."""
    return None if _moment(store, CHECKED_AT) is not None else _moment(store, RESTORED_AT)


def note_checked(store: Store, now: float) -> None:
    """The journal was compared with WeCom: writing is allowed again."""
    with store.write() as db:
        db.execute("INSERT OR REPLACE INTO corp VALUES (?, ?)", (CHECKED_AT, repr(now)))


def _moment(store: Store, key: str) -> float | None:
    row = store.connection.execute("SELECT value FROM corp WHERE key = ?", (key,)).fetchone()
    return None if row is None else float(row[0])


def keep_present(database: Path, now: float, run: Run) -> Path:
    """Copy the present database to `<database>.before-restore-<time>`; a damaged one byte by byte."""
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    target = database.with_name(f"{database.name}.before-restore-{stamp}")
    n = 1
    while _taken(target):
        n += 1
        target = database.with_name(f"{database.name}.before-restore-{stamp}-{n}")
    try:
        with backup.sibling(target) as part:
            with reading(database) as source:
                backup.copy(source, database, part, run)
            backup.verified(part, run)
            backup.put(part, target, force=False)
    except (IntegrityError, UsageError):  # damaged, or not even begun
        for end in ("", "-wal", "-journal"):
            found = database.with_name(database.name + end)
            if found.exists():
                shutil.copy2(found, target.with_name(target.name + end))
                backup.sync(target.with_name(target.name + end))
        backup.sync(target.parent)
    return target


def _taken(target: Path) -> bool:
    """Whether anything stands where a copy and what lies beside it would go; a link would be followed."""
    return any(os.path.lexists(target.with_name(target.name + end)) for end in _ENDS)


def replace(database: Path, file: Path, now: float, run: Run, busy_timeout_s: float) -> None:
    """Put what `file` holds in the place of the database, marked as not yet compared, all or nothing.

    Where the present file is a database, one transaction of SQLite overwrites all its pages: renaming
    would let a process that still has the old file open delete the new one's `-wal` when it closes.
    """
    with backup.sibling(database) as part:
        with reading(file, alone=True) as source:
            backup.copy(source, file, part, run)
        _mark(part, now)
        run.check()  # the last moment to stop
        if not database.exists() or not _overwritten(database, part, busy_timeout_s):
            _swapped(database, part)


def _mark(part: Path, now: float) -> None:
    with explained(part), closing(sqlite3.connect(part, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        db.execute("DELETE FROM corp WHERE key = ?", (CHECKED_AT,))
        db.execute("INSERT OR REPLACE INTO corp VALUES (?, ?)", (RESTORED_AT, repr(now)))
        db.execute("COMMIT")


def _overwritten(database: Path, part: Path, busy_timeout_s: float) -> bool:
    """Whether SQLite could write all pages over; False: the present file is no database any more."""
    end = time.monotonic() + busy_timeout_s

    def patience(status: int, _left: int, _total: int) -> None:
        if status in _BUSY and time.monotonic() > end:
            raise TemporaryError(
                _("The database {path} is held by another program.", path=database),
                "",
                _("Close that program, or try again later; nothing was written."),
            )

    try:
        with (
            explained(database),
            reading(part, alone=True) as source,
            closing(sqlite3.connect(database, timeout=busy_timeout_s, isolation_level=None)) as present,
        ):
            present.execute("PRAGMA synchronous = FULL")
            source.backup(present, pages=-1, progress=patience)
            with contextlib.suppress(sqlite3.OperationalError):  # a reader still needs the old pages
                present.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except IntegrityError:
        return False
    return True


def _swapped(database: Path, part: Path) -> None:
    for end in _ENDS[1:]:  # before the rename: SQLite would play a stale one into the new file
        database.with_name(database.name + end).unlink(missing_ok=True)
    part.replace(database)
    backup.sync(database.parent)
