"""Copies of a database that other processes go on writing to: SQLite's online backup, verified.

What a copy holds is one moment. It is a single file: no `-wal` belongs to it.
"""

import contextlib
import hashlib
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from wecrm.errors import ConfigError, IntegrityError, UsageError
from wecrm.i18n import _
from wecrm.models.clock import Progress, Run
from wecrm.store import encryption, folders
from wecrm.store.connections import BUSY_TIMEOUT_S, explained, reading, stoppable
from wecrm.store.encryption import Key
from wecrm.store.schemas import CURRENT, refuse_damaged, version

Held = TypeVar("Held")

PAGES = 1000
"""Pages per step, 4 MB: between steps the run may be stopped."""

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
_BLOCK = 1 << 22


@dataclass(frozen=True, slots=True)
class Contents:
    """What a database holds, in numbers that all copies of one moment share. `newest` in unix seconds."""

    schema: int
    corp_id: str
    jobs: int
    rows: int
    events: int
    relations: int
    newest: float


@dataclass(frozen=True, slots=True)
class Backup:
    """A finished backup file. `size` in bytes, `sha256` in hex."""

    path: Path
    size: int
    sha256: str
    contents: Contents


def take(database: Path, target: Path, corp_id: str, run: Run, *, force: bool = False) -> Backup:
    """Write a verified copy of the living database to `target`, whole or not at all, mode 0600.

    Args:
        force: replace a file that is there.

    Raises:
        UsageError: `target` exists, is the database itself, or can't be written.
        ConfigError: there is no database, it is another corp's, or there is no room.
        IntegrityError: the database is damaged, or the copy is not what was copied.
    """
    refuse_target(database, target, force=force)
    if not database.exists():
        raise ConfigError(_("There is no database {path}.", path=database), "", _("`wecrm sync` makes it."))
    with sibling(target) as copied:
        with reading(database) as source:
            before = copy(source, database, copied, run)
        if before.corp_id != corp_id:
            raise ConfigError(
                _("The database {path} belongs to another corp ({corp}).", path=database, corp=before.corp_id),
                "",
                _("Point the profile at its own database."),
            )
        if verified(copied, run) != before:
            raise IntegrityError(_("The copy of {path} is not what was copied.", path=database))
        size, sha256 = copied.stat().st_size, digest(copied, run)
        put(copied, target, force=force)
    return Backup(target, size, sha256, before)


def refuse_target(database: Path, target: Path, *, force: bool) -> None:
    """Refuse a place where no backup may be written, before anything is.

    Raises:
        UsageError: the living database or a file of it, a folder or device, or a file that exists.
    """
    own = {(database.resolve().parent / f"{database.resolve().name}{end}") for end in ("", "-wal", "-shm", "-journal")}
    same = target.exists() and database.exists() and target.samefile(database)
    if target.resolve() in own or same:
        raise UsageError(
            _("{path} is the database itself.", path=target), "", _("Name another file, best on another disk.")
        )
    if target.exists() and not stat.S_ISREG(target.stat().st_mode):
        raise UsageError(_("Cannot write {path}.", path=target), _("It is not a file."), "")
    if (target.exists() or target.is_symlink()) and not force:
        raise _exists(target)


def _exists(target: Path) -> UsageError:
    return UsageError(
        _("{path} is there already.", path=target),
        _("A backup never takes another's place unasked."),
        _("Name a new file, for example with the date in it, or add --force."),
    )


@contextlib.contextmanager
def sibling(target: Path) -> Iterator[Path]:
    """The path of a temporary beside `target`, in a hidden folder that is gone when the block ends.

    Raises:
        UsageError: the folder of `target` can't be written.
    """
    with contextlib.ExitStack() as stack:
        try:
            folder = stack.enter_context(folders.passing(target.parent, target.name[:40]))
        except OSError as error:
            raise UsageError(_("Cannot write {path}.", path=target.parent), error.strerror or str(error), "") from error
        yield folder / "copy"


def copy(source: sqlite3.Connection, name: Path, target: Path, run: Run) -> Contents:
    """Copy what `source` shows now into the new file `target`, and fsync it; what it holds."""
    return duplicate(source, name, target, run, contents)


def duplicate(
    source: sqlite3.Connection,
    name: Path,
    target: Path,
    run: Run,
    look: Callable[[sqlite3.Connection, Path], Held],
    key: Key | None = None,
) -> Held:
    """As `copy` for any database of SQLite; what `look` tells of the very moment that was copied.

    A read transaction pins the moment: without it SQLite begins again whenever somebody writes, and a
    backup beside a sync would never end.

    Args:
        name: what errors of reading call the source.
        key: of an encrypted source; the copy has the same.
    """
    try:
        os.close(os.open(target, _FLAGS, 0o600))
    except OSError as error:
        raise UsageError(_("Cannot write {path}.", path=target.parent), error.strerror or str(error), "") from error
    with explained(name):
        source.execute("BEGIN")
        try:
            held = look(source, name)
            with explained(target):
                _copy_pages(source, target, _telling(run), key)
        finally:
            if source.in_transaction:
                source.execute("ROLLBACK")
    sync(target)
    return held


def _telling(run: Run) -> Callable[[int, int, int], None]:
    def step(_status: int, left: int, total: int) -> None:
        run.progress(Progress(_("pages"), total - left, total))
        run.check()

    return step


def _copy_pages(
    source: sqlite3.Connection, target: Path, step: Callable[[int, int, int], None], key: Key | None
) -> None:
    with closing(encryption.connect(target, key, timeout_s=BUSY_TIMEOUT_S)) as copied:
        copied.execute("PRAGMA locking_mode = EXCLUSIVE")  # no shared memory, which network shares lack
        copied.execute("PRAGMA synchronous = OFF")  # one fsync follows
        source.backup(copied, pages=PAGES, progress=step)
        copied.execute("PRAGMA journal_mode = DELETE").fetchone()


def contents(db: sqlite3.Connection, path: Path) -> Contents:
    """What the database behind `db` holds.

    Raises:
        UsageError: it is no database of wecrm.
        IntegrityError: its schema is damaged.
    """
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not {"corp", "relation", "job", "job_row"} & tables:
        raise UsageError(_("{path} is not a database of wecrm.", path=path), "", _("Name a file of `wecrm db backup`."))
    schema = version(db)
    if schema <= CURRENT.version:
        refuse_damaged(path, db, CURRENT)
    corp = db.execute("SELECT value FROM corp WHERE key = 'corp_id'").fetchone()
    numbers = db.execute(
        "SELECT (SELECT count(*) FROM job), (SELECT count(*) FROM job_row), (SELECT count(*) FROM relation_event), "
        "(SELECT count(*) FROM relation), max(coalesce((SELECT max(finished_at) FROM sync_run), 0), "
        "coalesce((SELECT max(created_at) FROM job), 0), coalesce((SELECT max(sent_at) FROM job_row), 0))"
    ).fetchone()
    return Contents(schema, corp[0] if corp else "", *numbers)


def verified(path: Path, run: Run) -> Contents:
    """What the file at `path` holds, once SQLite found it whole.

    Raises:
        IntegrityError: it is damaged.
        UsageError: it is whole, but no database of wecrm.
    """
    with reading(path, alone=True) as db:
        with stoppable(db, run):
            found = [row[0] for row in db.execute("PRAGMA integrity_check(3)")]
        if found != ["ok"]:
            raise IntegrityError(
                _("The database {path} is damaged or not a database.", path=path),
                "; ".join(map(str, found)),
                _("Keep the file, restore a backup beside it, and compare."),
            )
        return contents(db, path)


def put(copied: Path, target: Path, *, force: bool) -> None:
    """Give the finished file its name; never another's unless `force`."""
    try:
        if force:
            copied.replace(target)
        else:
            _name_new(copied, target)
    except OSError as error:
        raise UsageError(_("Cannot write {path}.", path=target), error.strerror or str(error), "") from error
    sync(target.parent)


def _name_new(copied: Path, target: Path) -> None:
    try:
        os.link(copied, target)  # fails where a file came meanwhile, which rename would not
    except FileExistsError:
        raise _exists(target) from None
    except OSError:  # a file system without hard links
        if target.exists():
            raise _exists(target) from None
        copied.rename(target)


def sync(path: Path) -> None:
    """Have a file, or a folder's names, survive a power cut, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def digest(path: Path, run: Run) -> str:
    """SHA-256 of a file, in hex."""
    found = hashlib.sha256()
    with path.open("rb") as stream:
        for block in iter(lambda: stream.read(_BLOCK), b""):
            found.update(block)
            run.check()
    return found.hexdigest()
