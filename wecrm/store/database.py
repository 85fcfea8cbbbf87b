"""Opening the corp's database file: private, WAL, migrated under a lock, one connection."""

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock
from sqlite_utils import Database

from wecrm.errors import ConfigError, IntegrityError, TemporaryError
from wecrm.i18n import _
from wecrm.store.migrations import SCHEMA_VERSION, migrations

logger = logging.getLogger(__name__)

BUSY_TIMEOUT_MS = 30_000


class Store:
    """One open database. Reads see a snapshot; `write()` is the only way to change anything.

    A `Store` belongs to the thread that opened it.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self.connection = connection

    @classmethod
    def open(cls, path: Path) -> "Store":
        """The database at `path`, made (mode 0600) or migrated when needed.

        Raises:
            ConfigError: the file can't be made, or a newer wecrm wrote it.
            IntegrityError: it is not a database, or a damaged one.
            TemporaryError: another program holds it for longer than 30 s.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            path.chmod(0o600)
        except OSError as error:
            raise ConfigError(
                _("The database {path} can't be opened.", path=path),
                str(error.strerror),
                _("Give this user a writable folder, or set WECRM_HOME to one."),
            ) from error
        with explained(path):
            connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None)
            store = cls(path, connection)
            store._prepare()
        return store

    def _prepare(self) -> None:
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = FULL")
        self.connection.execute("PRAGMA foreign_keys = ON")
        self.connection.execute("PRAGMA cache_size = -48000")
        self.connection.execute("PRAGMA wal_autocheckpoint = 8000")
        version = self.connection.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise ConfigError(
                _("The database {path} was written by a newer wecrm.", path=self.path),
                _("Its schema is {theirs}, this program knows {ours}.", theirs=version, ours=SCHEMA_VERSION),
                _("Update wecrm. The file was not touched."),
            )
        if version < SCHEMA_VERSION:
            with FileLock(f"{self.path}.migrate.lock", mode=0o600):
                migrations.apply(Database(self.connection))

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """One transaction, rolled back when the block raises.

        `durable`: on disk when the block ends (the journal). Without it a power cut may take back
        the newest transactions whole, which suits the cache: it is fetched again.
        """
        with explained(self.path):
            self.connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
            except BaseException:
                self.connection.execute("ROLLBACK")
                raise
            self.connection.execute("COMMIT")

    def close(self) -> None:
        """Close the connection; the object is not usable afterwards."""
        self.connection.close()

    def corp_id(self) -> str:
        """The corp id this file belongs to, or "" while it is new."""
        row = self.connection.execute("SELECT value FROM corp WHERE key = 'corp_id'").fetchone()
        return str(row[0]) if row else ""

    def claim(self, corp_id: str) -> None:
        """Bind a new file to `corp_id`; refuse one that belongs to another corporation."""
        known = self.corp_id()
        if not known:
            with self.write() as db:
                db.execute("INSERT OR IGNORE INTO corp VALUES ('corp_id', ?)", (corp_id,))
        elif known != corp_id:
            raise ConfigError(
                _("The database {path} belongs to another corp ({corp}).", path=self.path, corp=known),
                "",
                _("Point the profile at its own database."),
            )


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's errors inside the block into errors a person can act on."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise TemporaryError(
                _("The database {path} is held by another program.", path=path),
                str(error),
                _("Close that program, or try again later; nothing was written."),
            ) from error
        if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            raise IntegrityError(
                _("The database {path} is damaged or not a database.", path=path),
                str(error),
                _("Keep the file, restore a backup beside it, and compare."),
            ) from error
        if name.startswith(("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN")):
            raise ConfigError(
                _("The database {path} can't be written.", path=path),
                str(error),
                _("Check free disk space and the folder's permissions; nothing is half written."),
            ) from error
        raise
