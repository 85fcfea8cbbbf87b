"""Encrypting an archive that was made without: a new file beside it, verified, that takes its name in one step.

Killed at any moment, the plain archive is as it was, or the encrypted one is in its place and whole.
"""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from wecrm.errors import ConfigError, IntegrityError
from wecrm.i18n import _
from wecrm.models.clock import Progress, Run
from wecrm.store import encryption
from wecrm.store.archive.opening import ARCHIVE
from wecrm.store.backup import sync
from wecrm.store.connections import BUSY_TIMEOUT_S, explained, stoppable
from wecrm.store.database import Store
from wecrm.store.encryption import Key

_SALT: Final = "encrypting_salt"
_HEADER = 4096


def key_for(plain: Store, passphrase: str) -> Key:
    """The key that the plain archive is to get: the same for the same passphrase, so that what broke off goes on."""
    row = plain.connection.execute("SELECT value FROM corp WHERE key = ?", (_SALT,)).fetchone()
    if row:
        with suppress(ConfigError):  # it was begun with another passphrase: from the beginning
            return encryption.key(passphrase, bytes.fromhex(row[0]))
    own = encryption.key(passphrase)
    with plain.write() as db:
        db.execute("INSERT OR REPLACE INTO corp VALUES (?, ?)", (_SALT, own.salt.hex()))
    return own


def media_names(store: Store) -> list[str]:
    """The names of all media files that were fetched, each once."""
    return [name for (name,) in store.connection.execute("SELECT DISTINCT path FROM media_file ORDER BY path")]


def replace(path: Path, own: Key, run: Run, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> int:
    """Put an encrypted copy in the place of the plain archive at `path`; how many chained rows it holds.

    No connection of this process may have the file open: closing one would drop the locks of ours.

    Raises:
        TemporaryError: another program has the archive open.
        IntegrityError: the copy is not what was copied; nothing was replaced.
    """
    new = path.with_name(f"{path.name}.encrypting")
    for end in ("", "-journal", "-wal", "-shm"):
        new.with_name(new.name + end).unlink(missing_ok=True)
    os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with explained(path), closing(encryption.connect_plain(path, timeout_s=busy_timeout_s)) as db:
        _alone(db)
        links = _copy(db, new, own, run)
        sync(new)
        run.check()
        _exchange(path, new)
    return links


def _alone(db: sqlite3.Connection) -> None:
    """Keep everybody else out until the connection closes, and have the whole archive in one file."""
    db.execute("PRAGMA main.locking_mode = EXCLUSIVE")
    db.execute("PRAGMA main.journal_mode = DELETE").fetchone()
    db.execute("BEGIN EXCLUSIVE")
    db.execute("COMMIT")


def _copy(db: sqlite3.Connection, new: Path, own: Key, run: Run) -> int:
    run.progress(Progress("archive encrypt database", 0))
    db.execute("ATTACH DATABASE ? AS new KEY ?", (new.absolute().as_uri(), encryption.raw(own)))
    db.execute("PRAGMA new.synchronous = OFF")  # one fsync follows
    with stoppable(db, run):
        db.execute("SELECT sqlcipher_export('new')").fetchone()
        db.execute(f"PRAGMA new.user_version = {ARCHIVE.version}")
        db.execute("DELETE FROM new.corp WHERE key = ?", (_SALT,))
        links = _compared(db, new)
    db.execute("DETACH DATABASE new")
    return links


def _compared(db: sqlite3.Connection, new: Path) -> int:
    """The number of links, once the copy was found whole and with as many rows of every table."""
    found = [row[0] for row in db.execute("PRAGMA new.integrity_check(3)")]
    listed = (
        "SELECT name FROM {}.sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' AND name <> 'corp'"
    )
    tables = [name for (name,) in db.execute(listed.format("main"))]
    counts, heads = [], []
    for side in ("main", "new"):
        counts.append([db.execute(f'SELECT count(*) FROM {side}."{name}"').fetchone()[0] for name in tables])
        heads.append(db.execute(f"SELECT n, hash FROM {side}.chain ORDER BY n DESC LIMIT 1").fetchone())
    if found != ["ok"] or counts[0] != counts[1] or heads[0] != heads[1]:
        raise IntegrityError(_("The copy of {path} is not what was copied.", path=new))
    return int(heads[0][0]) if heads[0] else 0


def _exchange(path: Path, new: Path) -> None:
    """Let the new file take the old one's name; who waits for the old one then finds no database in it."""
    with path.open("r+b") as old:
        new.replace(path)
        sync(path.parent)
        old.write(bytes(_HEADER))
