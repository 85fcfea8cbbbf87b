"""One SQLite file, used by many threads and processes."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wecrm.sandbox.schema import INDEXES_AFTER_SEEDING, TABLES, VERSION


class Database:
    """The connection of this process, handed from thread to thread under one lock.

    Threads wait for the lock in turn; processes wait for SQLite (30 s). Every use is a write, if only
    of the call log, so that a connection per thread would gain nothing: SQLite has one writer.
    """

    def __init__(self, path: Path, *, seeding: bool = False) -> None:
        self.path = path
        self.lock = threading.RLock()
        self.depth = 0
        self.connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, cached_statements=256, timeout=30.0
        )
        run = self.connection.execute
        run(f"PRAGMA journal_mode = {'OFF' if seeding else 'WAL'}")
        run("PRAGMA synchronous = OFF")
        run("PRAGMA cache_size = -65536")
        run("PRAGMA temp_store = MEMORY")
        run("PRAGMA wal_autocheckpoint = 4000")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that holds the write lock from its start; inner ones join the outer one."""
        with self.lock:
            if self.depth:
                yield self.connection
                return
            self.connection.execute("BEGIN IMMEDIATE")
            self.depth = 1
            try:
                yield self.connection
            except BaseException:
                self.connection.execute("ROLLBACK")
                raise
            else:
                self.connection.execute("COMMIT")
            finally:
                self.depth = 0

    def close(self) -> None:
        """Give the file back."""
        with self.lock:
            self.connection.close()


def empty_file(path: Path) -> Database:
    """A new file with all tables, readable by its owner alone, ready to be filled."""
    os.close(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600))
    os.chmod(path, 0o600)
    db = Database(path, seeding=True)
    db.connection.executescript(TABLES)
    return db


def finish_seeding(db: Database) -> None:
    """Build what is faster built last, stamp the file and close it."""
    db.connection.executescript(INDEXES_AFTER_SEEDING)
    db.connection.execute(f"PRAGMA user_version = {VERSION}")
    db.connection.execute("PRAGMA journal_mode = WAL")
    db.close()


def open_file(path: Path) -> Database:
    """An existing world file.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is something else, or was made by another version.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no sandbox world at {path}")
    try:
        db = Database(path)
        found = db.connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.DatabaseError as e:
        raise ValueError(f"{path} is not a sandbox world") from e
    if found != VERSION:
        db.close()
        raise ValueError(f"{path} is a sandbox world of version {found}, not {VERSION}: make a new one")
    return db
