"""How a database stands, read without making, migrating, locking or changing it."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wecrm.errors import ConfigError
from wecrm.i18n import _
from wecrm.models.status import CorpStatus, OpenJob, Worked
from wecrm.store.connections import reading

APPLY = "apply"
"""The purpose of jobs, beside those of sync runs."""

_BAD = "('failed', 'conflict', 'unknown', 'skipped')"
_OPEN = "('pending', 'submitted', 'unknown')"


def read(path: Path, profile: str, corp_id: str) -> CorpStatus:
    """What the database at `path` says; a corp without database was never synced.

    Raises:
        IntegrityError: it is damaged, or not a database.
        ConfigError: this user can't read it, or it belongs to another corp.
    """
    if not path.exists():
        return CorpStatus(profile, corp_id)
    with _opened(path) as db:
        if not db.execute("PRAGMA user_version").fetchone()[0]:  # its very first start was broken off
            return CorpStatus(profile, corp_id)
        _check_corp(db, path, corp_id)
        work = (*_syncs(db), *_applied(db))
        members, since = db.execute(
            "SELECT count(DISTINCT userid), min(status_at) FROM relation WHERE status = 'out_of_sight'"
        ).fetchone()
        return CorpStatus(profile, corp_id, "", work, tuple(_jobs(db)), _relations(db), members, since)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """One unchanging picture of the database at `path`."""
    if not os.access(path, os.R_OK):
        raise ConfigError(
            _("The database {path} can't be read.", path=path), "", _("Run it as the user who syncs this corp.")
        )
    at_rest = not os.access(path.parent, os.W_OK) and not Path(f"{path}-shm").exists()  # a read-only file system
    with reading(path, alone=at_rest) as db:
        db.execute("BEGIN")
        yield db


def _check_corp(db: sqlite3.Connection, path: Path, corp_id: str) -> None:
    row = db.execute("SELECT value FROM corp WHERE key = 'corp_id'").fetchone()
    if row is not None and row[0] != corp_id:
        raise ConfigError(
            _("The database {path} belongs to another corp ({corp}).", path=path, corp=row[0]),
            "",
            _("Point the profile at its own database."),
        )


def _syncs(db: sqlite3.Connection) -> Iterator[Worked]:
    for (purpose,) in db.execute("SELECT DISTINCT purpose FROM sync_run").fetchall():
        state, failed = db.execute(
            "SELECT state, failed FROM sync_run WHERE purpose = ? ORDER BY id DESC LIMIT 1", (purpose,)
        ).fetchone()
        good = db.execute(
            "SELECT finished_at, finished_at - started_at FROM sync_run WHERE purpose = ? AND state = 'done' "
            "ORDER BY id DESC LIMIT 1",
            (purpose,),
        ).fetchone()
        yield _worked(purpose, state, good, failed)


def _applied(db: sqlite3.Connection) -> Iterator[Worked]:
    newest = db.execute("SELECT state FROM job ORDER BY created_at DESC LIMIT 1").fetchone()
    if newest is None:
        return
    good = db.execute(
        "SELECT finished_at, finished_at - created_at FROM job j WHERE state = 'done' AND NOT EXISTS "
        f"(SELECT 1 FROM job_row r WHERE r.job = j.id AND r.status IN {_BAD}) ORDER BY finished_at DESC LIMIT 1"
    ).fetchone()
    yield _worked(APPLY, newest[0], good, 0)


def _worked(purpose: str, state: str, good: tuple[Any, ...] | None, unread: int) -> Worked:
    at, seconds = good or (None, None)
    return Worked(purpose, state, at, None if seconds is None else max(0.0, seconds), unread)


def _jobs(db: sqlite3.Connection) -> Iterator[OpenJob]:
    rows = db.execute(
        "SELECT j.id, j.state, count(r.n), coalesce(j.due_at, min(r.due_at)) FROM job j "
        f"LEFT JOIN job_row r ON r.job = j.id AND r.status IN {_OPEN} "
        "WHERE j.state IN ('running', 'waiting') GROUP BY j.id ORDER BY j.created_at"
    )
    return (OpenJob(*row) for row in rows.fetchall())


def _relations(db: sqlite3.Connection) -> dict[str, int]:
    """Relations by status; the active ones, nearly all, are what is left of the whole."""
    ended = dict(
        db.execute("SELECT status, count(*) FROM relation WHERE status <> 'active' GROUP BY status").fetchall()
    )
    whole = db.execute("SELECT count(*) FROM relation").fetchone()[0]
    return {"active": whole - sum(ended.values()), **ended}
