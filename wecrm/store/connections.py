"""Connections beside the one that a `Store` holds, and SQLite's errors in words."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from wecrm.errors import ConfigError, IntegrityError, TemporaryError
from wecrm.i18n import _
from wecrm.models.clock import Run
from wecrm.store import encryption
from wecrm.store.encryption import Key

BUSY_TIMEOUT_S = 30.0
"""How long to wait for another program that holds the database."""

_STEPS = 200_000
"""Instructions of SQLite's machine between two looks at whether to stop: some milliseconds."""


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's errors inside the block into errors a person can act on."""
    try:
        yield
    except encryption.errors() as error:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise TemporaryError(
                _("The database {path} is held by another program.", path=path),
                str(error),
                _("Close that program, or try again later; nothing was written."),
            ) from error
        if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) or "unsupported file format" in str(error):
            raise damaged(path, str(error)) from error
        if "decode to UTF-8" in str(error):  # and then it quotes what may be a customer's words
            raise damaged(path, _("A text in it is no text.")) from None
        if name.startswith(("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN")):
            raise ConfigError(
                _("The database {path} can't be written.", path=path),
                str(error),
                _("Check free disk space and the folder's permissions; nothing is half written."),
            ) from error
        raise
    except UnicodeDecodeError:  # the damage is in what SQLite complains about
        raise damaged(path, _("A text in it is no text.")) from None


def damaged(path: Path, why: str, fix: str = "") -> IntegrityError:
    """What to say of a file that is no longer what SQLite, or wecrm, wrote."""
    return IntegrityError(
        _("The database {path} is damaged or not a database.", path=path),
        why,
        fix or _("Keep the file, restore a backup beside it, and compare."),
    )


@contextmanager
def reading(
    path: Path, *, alone: bool = False, busy_timeout_s: float = BUSY_TIMEOUT_S, key: Key | None = None
) -> Iterator[sqlite3.Connection]:
    """A connection that changes no byte of the file at `path`, but for `rolled_back`.

    Args:
        key: of an encrypted file.
        alone: nobody writes to the file meanwhile (a backup): then nothing is made beside it either,
            unless it was copied with a `-wal` that must be read too.
    """
    if not alone:
        rolled_back(path, key)
    immutable = alone and not any(_filled(path, end) for end in ("-wal", "-journal"))
    mode = f"?mode=ro{'&immutable=1' if immutable else ''}"
    with explained(path), closing(encryption.connect(path, key, mode=mode, timeout_s=busy_timeout_s)) as db:
        yield db


def rolled_back(path: Path, key: Key | None = None) -> None:
    """Let SQLite take back what a power cut left half done in the file at `path`, which nobody can read before.

    Only a new file has such a journal, while it is made; later changes go through a `-wal`, which readers read.
    """
    if path.exists() and _filled(path, "-journal"):
        with explained(path), closing(encryption.connect(path, key, timeout_s=BUSY_TIMEOUT_S)) as db:
            db.execute("SELECT 1 FROM sqlite_master").fetchone()


def _filled(path: Path, end: str) -> bool:
    beside = path.with_name(path.name + end)
    return beside.exists() and beside.stat().st_size > 0


def written_version(path: Path) -> int:
    """Number of the schema in the file (0: none), read without touching it or anything beside it."""
    try:
        with path.open("rb") as stream:
            head = stream.read(100)
    except FileNotFoundError:
        return 0
    if not head.startswith(encryption.PLAIN):
        return 0  # new, encrypted, or no database: SQLite itself will say so
    if _filled(path, "-wal"):
        with reading(path, alone=True) as db:
            return int(db.execute("PRAGMA user_version").fetchone()[0])
    return int.from_bytes(head[60:64], "big")


def refuse_newer(path: Path, theirs: int, ours: int) -> None:
    """Refuse a file whose schema this program does not know.

    Raises:
        ConfigError: a newer wecrm wrote it.
    """
    if theirs > ours:
        raise ConfigError(
            _("The database {path} was written by a newer wecrm.", path=path),
            _("Its schema is {theirs}, this program knows {ours}.", theirs=theirs, ours=ours),
            _("Update wecrm. The file was not touched."),
        )


@contextmanager
def stoppable(db: sqlite3.Connection, run: Run) -> Iterator[None]:
    """Let the run's end (deadline, signal) break off a long statement inside the block."""
    db.set_progress_handler(lambda: int(run.stop() is not None), _STEPS)
    try:
        yield
    except encryption.errors() as error:
        if getattr(error, "sqlite_errorname", "") == "SQLITE_INTERRUPT":
            run.check()
        raise
    finally:
        db.set_progress_handler(None, 0)
