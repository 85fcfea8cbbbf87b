"""Opening the corp's database file: private, WAL, migrated under a lock, one connection."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakSet

from wecrm.errors import ConfigError
from wecrm.i18n import _
from wecrm.store import encryption, filesystem, migrating, schemas
from wecrm.store.connections import BUSY_TIMEOUT_S, refuse_newer, written_version
from wecrm.store.connections import explained as explained
from wecrm.store.encryption import Key
from wecrm.store.migrating import CURRENT, Schema


class Store:
    """One open database. Reads see a snapshot; `write()` is the only way to change anything.

    A `Store` belongs to the thread that opened it.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, key: Key | None = None) -> None:
        self.path = path
        self.connection = connection
        self.key = key
        """What opens it; None: it is not encrypted."""
        _OPEN.add(self)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        busy_timeout_s: float = BUSY_TIMEOUT_S,
        schema: Schema = CURRENT,
        passphrase: str | None = None,
    ) -> "Store":
        """The database at `path`, made (mode 0600) or migrated when needed.

        Args:
            busy_timeout_s: how long to wait, now and later, for another program that holds it.
            schema: what the file is to become; other than the current one only in tests of migrating.
            passphrase: of an encrypted file; a new one is made so.

        Raises:
            ConfigError: the file can't be made, lies on a network share, a newer wecrm wrote it, or
                it was encrypted with another passphrase.
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
            key = None if passphrase is None else _key(path, passphrase, busy_timeout_s)
            connection = encryption.connect(path, key, timeout_s=busy_timeout_s)
            try:
                _prepare(path, connection, schema, busy_timeout_s, key)
            except BaseException:
                connection.close()
                raise
        return cls(path, connection, key)

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
        _OPEN.discard(self)

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


def _key(path: Path, passphrase: str, wait_s: float) -> Key:
    """What opens the file at `path`; an empty one becomes an encrypted database."""
    if not encryption.beginning(path):
        with migrating.alone(path, wait_s):
            if not encryption.beginning(path):
                return encryption.begin(path, passphrase)
    return encryption.key(passphrase, encryption.beginning(path))


_OPEN: WeakSet[Store] = WeakSet()


def is_open(path: Path) -> bool:
    """Whether this process has the database at `path` open as a `Store`."""
    return any(store.path.absolute() == path.absolute() for store in _OPEN)


def _prepare(path: Path, connection: sqlite3.Connection, schema: Schema, wait_s: float, key: Key | None) -> None:
    refuse_newer(path, schemas.version(connection), schema.version)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cache_size = -48000")
    connection.execute("PRAGMA wal_autocheckpoint = 8000")
    migrating.bring_up_to_date(path, connection, schema, wait_s, key)
