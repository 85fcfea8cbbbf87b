"""Opening the corp's database file: private, WAL, migrated under a lock, one connection."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wecrm.errors import ConfigError
from wecrm.i18n import _
from wecrm.store import filesystem, migrating
from wecrm.store.connections import BUSY_TIMEOUT_S, refuse_newer, written_version
from wecrm.store.connections import explained as explained
from wecrm.store.migrating import CURRENT, Schema


class Store:
    """One open database. Reads see a snapshot; `write()` is the only way to change anything.

    A `Store` belongs to the thread that opened it.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self.connection = connection

    @classmethod
    def open(cls, path: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S, schema: Schema = CURRENT) -> "Store":
        """The database at `path`, made (mode 0600) or migrated when needed.

        Args:
            busy_timeout_s: how long to wait, now and later, for another program that holds it.
            schema: what the file is to become; other than the current one only in tests of migrating.

        Raises:
            ConfigError: the file can't be made, lies on a network share, or a newer wecrm wrote it.
            IntegrityError: it is not a database, or a damaged one.
            TemporaryError: another program holds it for longer than `busy_timeout_s`.
        """
        filesystem.refuse_network(path, filesystem.mounts())
        try:
            refuse_newer(path, written_version(path), schema.version)  # before anything touches it
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
            connection = sqlite3.connect(path, timeout=busy_timeout_s, isolation_level=None)
            try:
                _prepare(path, connection, schema, busy_timeout_s)
            except BaseException:
                connection.close()
                raise
        return cls(path, connection)

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
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:  # a full disk has ended it already
                    self.connection.execute("ROLLBACK")
                raise

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


def _prepare(path: Path, connection: sqlite3.Connection, schema: Schema, wait_s: float) -> None:
    refuse_newer(path, migrating.version(connection), schema.version)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cache_size = -48000")
    connection.execute("PRAGMA wal_autocheckpoint = 8000")
    migrating.bring_up_to_date(path, connection, schema, wait_s)
