"""Bringing an older database up to date: one process at a time, after a backup, all or nothing.

Killed at any moment, it leaves the database as it was or as it is to be; the next start finishes.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from sqlite_utils import Database

from wecrm.errors import ConfigError, TemporaryError
from wecrm.i18n import _
from wecrm.models.clock import Run
from wecrm.store import backup
from wecrm.store.connections import reading, refuse_newer
from wecrm.store.encryption import Key
from wecrm.store.schemas import CURRENT as CURRENT
from wecrm.store.schemas import Schema as Schema
from wecrm.store.schemas import foreign, refuse_damaged, version


class _NoClock:
    """Migrating asks for no time: it is not to be stopped half-way."""

    def now(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        return


def bring_up_to_date(
    path: Path, connection: sqlite3.Connection, schema: Schema, wait_s: float, key: Key | None = None
) -> None:
    """Apply the migrations that the database at `path` lacks, in one transaction.

    A file that holds something is first copied to `<path>.before-m0NN`, NN being the first that it lacks;
    with `key` the copy is encrypted as the file is.

    Raises:
        TemporaryError: another process migrates it for longer than `wait_s`.
        ConfigError: it is somebody else's SQLite file.
        IntegrityError: it is not as the earlier migrations made it.
    """
    if version(connection) == schema.version:
        if schema.digest:
            refuse_damaged(path, connection, schema)
        return
    with alone(path, wait_s):
        found = version(connection)
        refuse_newer(path, found, schema.version)
        if found == schema.version:  # another process did it meanwhile
            return
        if schema.digest and found:
            refuse_damaged(path, connection, schema)
        if _is_used(path, connection):
            _keep(path, found + 1, key)
        connection.execute("BEGIN IMMEDIATE")
        try:
            schema.migrations.apply(Database(connection))  # inside ours its own transactions are savepoints
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _is_used(path: Path, connection: sqlite3.Connection) -> bool:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if tables - {"_sqlite_migrations", "sqlite_sequence"} and "corp" not in tables:
        raise foreign(path)
    return "corp" in tables


def _keep(path: Path, first: int, key: Key | None) -> None:
    """Copy the database beside itself before the migration numbered `first`."""
    target = path.with_name(f"{path.name}.before-m{first:03d}")
    part = path.with_name(f".{target.name}.part")  # one name, under the lock: a killed start leaves one at most
    for end in ("", "-journal", "-wal", "-shm"):
        part.with_name(part.name + end).unlink(missing_ok=True)
    with reading(path, key=key) as source:
        backup.duplicate(source, path, part, Run(_NoClock()), lambda _db, _path: None, key)
    backup.put(part, target, force=True)


@contextmanager
def alone(path: Path, wait_s: float) -> Iterator[None]:
    """Make or migrate the database at `path` while no other process does; readers are not kept away.

    Raises:
        TemporaryError: another process does for longer than `wait_s`.
        ConfigError: the lock can't be made there.
    """
    lock = FileLock(f"{path}.migrate.lock", timeout=wait_s, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        raise TemporaryError(
            _("Another process is bringing the database {path} up to date.", path=path),
            "",
            _("Try again when it has ended."),
        ) from None
    except OSError as error:
        raise ConfigError(
            _("The database {path} can't be opened.", path=path),
            str(error.strerror),
            _("Give this user a writable folder, or set WECRM_HOME to one."),
        ) from error
    try:
        yield
    finally:
        lock.release()
