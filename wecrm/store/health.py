"""Whether a database is whole: SQLite's own check, our schema, references, and the journal's logic.

Nothing is changed, nothing is migrated. Every check is one finding; a damaged file is a finding too.
"""

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from wecrm.errors import IntegrityError, UsageError
from wecrm.i18n import _
from wecrm.models.clock import Run
from wecrm.models.plan import FINAL
from wecrm.store import schemas
from wecrm.store.connections import BUSY_TIMEOUT_S, explained, reading, stoppable
from wecrm.store.schemas import CURRENT, Schema

SHOWN = 5
"""Damaged places or jobs that one finding tells."""

_REFERENCES = (
    ("relation_tag", "relation_id", "relation", "id"),
    ("relation_personal_tag", "relation_id", "relation", "id"),
    ("relation_mobile", "relation_id", "relation", "id"),
    ("relation_event", "relation_id", "relation", "id"),
    ("relation", "external_userid", "contact", "external_userid"),
    ("group_member", "chat_id", "group_chat", "chat_id"),
    ("sync_chunk", "run", "sync_run", "id"),
    ("job_row", "job", "job", "id"),
    ("job_binding", "job", "job", "id"),
)
"""(table, column) whose every value must be found in (table, column)."""

_STATUSES = ",".join(f"'{status}'" for status in ("pending", "submitted", "unknown", *FINAL))
_HAS = "EXISTS (SELECT 1 FROM job_row r WHERE r.job = j.id AND r.status"

_JOURNAL = {
    "state": "SELECT id FROM job WHERE state NOT IN ('running', 'waiting', 'done', 'cancelled')",
    "status": f"SELECT DISTINCT job FROM job_row WHERE status NOT IN ({_STATUSES})",
    # a job that was stopped for its failures keeps the rows whose answer was never read
    "ended": f"SELECT id FROM job j WHERE state = 'done' AND ({_HAS} IN ('pending', 'submitted')) "
    f"OR ({_HAS} = 'unknown') AND NOT {_HAS} = 'failed')))",
    "rows": "SELECT job FROM job_row GROUP BY job HAVING count(*) <> max(n)",
    "changes": "SELECT DISTINCT job FROM job_row WHERE NOT json_valid(CAST(change AS TEXT))",
    "intents": "SELECT DISTINCT job FROM job_row WHERE status = 'unknown' AND sent_at IS NULL",
}
"""Check → the jobs for which it fails."""

State = Literal["ok", "wrong", "skip"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; `count` of what is wrong, `detail` in words."""

    check: str
    state: State
    count: int = 0
    detail: str = ""


def examine(
    path: Path, run: Run, *, alone: bool, busy_timeout_s: float = BUSY_TIMEOUT_S, schema: Schema = CURRENT
) -> Iterator[Finding]:
    """All findings about the file at `path`, each as soon as it is known.

    Args:
        alone: nobody writes to the file meanwhile: it is a backup.

    Raises:
        UsageError: there is no such file.
        TemporaryError: another program holds it.
    """
    if not path.is_file():
        raise UsageError(_("There is no file {path}.", path=path), "", _("`wecrm db path` says where the database is."))
    yield _mode(path)
    try:
        with reading(path, alone=alone, busy_timeout_s=busy_timeout_s) as db:
            yield from _inside(path, db, run, schema, alone)
    except IntegrityError as error:  # not even its first page can be read
        yield Finding("integrity", "wrong", 1, f"{error.what} {error.why}")


def _inside(path: Path, db: sqlite3.Connection, run: Run, schema: Schema, alone: bool) -> Iterator[Finding]:
    yield _judged(path, "integrity", lambda: _integrity(db, run))
    version = schemas.version(db)
    if not version and not schemas.objects(db):  # the very first start was broken off; a backup holds something
        yield Finding("schema", "wrong" if alone else "skip", int(alone), _("It is still empty."))
        return
    yield _judged(path, "schema", lambda: _schema(db, version, schema))
    if version > schema.version:
        return
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    with stoppable(db, run):
        for table, column, target, key in _REFERENCES:
            if {table, target} <= tables:
                yield _judged(path, f"reference.{table}", _orphans(db, table, column, target, key))
        for check, query in _JOURNAL.items():
            if {"job", "job_row"} <= tables:
                yield _judged(path, f"journal.{check}", _jobs(db, check, query))


def _judged(path: Path, check: str, ask: Callable[[], Finding]) -> Finding:
    """The finding of `ask`; damage that it runs into is one as well."""
    try:
        with explained(path):
            return ask()
    except IntegrityError as error:
        return Finding(check, "wrong", 1, error.why)
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorname", "") == "SQLITE_INTERRUPT":
            raise
        return Finding(check, "wrong", 1, str(error))  # a column that is not there: the schema tells which


def _mode(path: Path) -> Finding:
    if os.name != "posix":
        return Finding("mode", "skip")
    bits = stat.S_IMODE(path.stat().st_mode)
    if bits & 0o077:
        return Finding(
            "mode", "wrong", 1, _("Others can read {path}: its mode is {mode}.", path=path, mode=f"{bits:04o}")
        )
    return Finding("mode", "ok", 0, f"{bits:04o}")


def _integrity(db: sqlite3.Connection, run: Run) -> Finding:
    with stoppable(db, run):
        found = [str(row[0]) for row in db.execute("PRAGMA integrity_check(100)")]
    if found == ["ok"]:
        return Finding("integrity", "ok")
    return Finding("integrity", "wrong", len(found), "; ".join(found[:SHOWN]))


def _schema(db: sqlite3.Connection, version: int, schema: Schema) -> Finding:
    if version > schema.version:
        detail = _("Its schema is {theirs}, this program knows {ours}.", theirs=version, ours=schema.version)
        return Finding("schema", "wrong", 1, detail)
    differing = sorted({name for name, _text in schemas.made(schema, version).items() ^ schemas.objects(db).items()})
    if differing:
        return Finding("schema", "wrong", len(differing), schemas.told(version, differing))
    return Finding("schema", "ok", 0, str(version))


def _orphans(db: sqlite3.Connection, table: str, column: str, target: str, key: str) -> Callable[[], Finding]:
    def ask() -> Finding:
        count, example = db.execute(
            f"SELECT count(*), min({column}) FROM {table} t "
            f"WHERE NOT EXISTS (SELECT 1 FROM {target} x WHERE x.{key} = t.{column})"
        ).fetchone()
        if not count:
            return Finding(f"reference.{table}", "ok")
        detail = _(
            "{column} names a {target} that is not there, for example {example}.",
            column=column,
            target=target,
            example=example,
        )
        return Finding(f"reference.{table}", "wrong", count, detail)

    return ask


def _jobs(db: sqlite3.Connection, check: str, query: str) -> Callable[[], Finding]:
    def ask() -> Finding:
        found = [str(job) for (job,) in db.execute(query)]
        if not found:
            return Finding(f"journal.{check}", "ok")
        return Finding(f"journal.{check}", "wrong", len(found), _meaning(check) + " " + ", ".join(found[:SHOWN]))

    return ask


def _meaning(check: str) -> str:
    return {
        "state": _("Jobs at a state that does not exist:"),
        "status": _("Jobs with rows at a status that does not exist:"),
        "ended": _("Jobs that ended with rows that are still open:"),
        "rows": _("Jobs that lack some of their rows:"),
        "changes": _("Jobs with changes that can't be read:"),
        "intents": _("Jobs with rows of unknown outcome that were never sent:"),
    }[check]


def first_wrong(findings: list[Finding]) -> str:
    """The reason that stands for all findings, "" when nothing is wrong."""
    return next((f"{found.check}: {found.detail}" for found in findings if found.state == "wrong"), "")
