"""The journal: every plan that was applied, row by row, with the intent before the request.

A row that is about to be sent is written as `unknown` in a durable commit; its outcome replaces that
at once. So whatever kills the process, the journal says which rows must be read back.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.plan import Change, Job, JobRow, JobState, Outcome, PlanHeader, Status
from wecrm.store.database import Store
from wecrm.store.nearest import did_you_mean

_ROW = "job, n, change, status, errcode, errmsg, hint, attempts, sent_at, due_at, evidence"
_change = msgspec.json.Decoder(Change)


@dataclass(frozen=True, slots=True)
class NewRow:
    """A change on its way into the journal; `cluster` is what rows read together have in common."""

    change: Change
    cluster: str


def create(store: Store, header: PlanHeader, rows: Iterable[NewRow], approval: str, now: float) -> Job:
    """Write a job and all its rows in one transaction, every row `pending`."""
    with store.write() as db:
        db.execute(
            "INSERT INTO job (id, digest, kind, title, undo_of, state, created_at, approval) "
            "VALUES (?, ?, ?, ?, ?, 'running', ?, ?)",
            (header.id, header.digest, header.kind, header.title, header.undo_of, now, approval),
        )
        db.executemany(
            "INSERT INTO job_row (job, n, stage, op, cluster, change, status) VALUES (?, ?, ?, ?, ?, ?, 'pending')",
            (
                (header.id, n, row.change.stage, row.change.op, row.cluster, msgspec.json.encode(row.change))
                for n, row in enumerate(rows, 1)
            ),
        )
    return get(store, header.id)


def find(store: Store, job_id: str) -> Job | None:
    """The job of that id, or None."""
    row = store.connection.execute(
        "SELECT id, digest, kind, title, state, created_at, finished_at, due_at, case_id, approval, undo_of "
        "FROM job WHERE id = ?",
        (job_id,),
    ).fetchone()
    if row is None:
        return None
    id_, digest, kind, title, state, created_at, finished_at, due_at, case_id, approval, undo_of = row
    return Job(
        id_, digest, kind, title, state, created_at, finished_at, due_at, case_id or "", approval or "", undo_of or ""
    )


def get(store: Store, job_id: str) -> Job:
    """The job of that id; an unknown one is an error that names the nearest."""
    job = find(store, job_id)
    if job is None:
        known = [id_ for (id_,) in store.connection.execute("SELECT id FROM job ORDER BY created_at DESC LIMIT 200")]
        fix = did_you_mean(job_id, known) or _("`wecrm jobs list` shows them.")
        raise UsageError(_("There is no job {job}.", job=job_id), "", fix)
    return job


def unfinished(store: Store) -> list[Job]:
    """Jobs that are running or waiting, oldest first."""
    ids = store.connection.execute("SELECT id FROM job WHERE state IN ('running', 'waiting') ORDER BY created_at, id")
    return [get(store, id_) for (id_,) in ids.fetchall()]


def set_state(
    store: Store, job_id: str, state: JobState, now: float | None = None, due_at: float | None = None
) -> None:
    """Move a job to another state; `now` is its end, if this ends it."""
    with store.write() as db:
        db.execute("UPDATE job SET state = ?, finished_at = ?, due_at = ? WHERE id = ?", (state, now, due_at, job_id))


def stages(store: Store, job_id: str) -> list[int]:
    """The stages of a job in order."""
    rows = store.connection.execute("SELECT DISTINCT stage FROM job_row WHERE job = ? ORDER BY stage", (job_id,))
    return [stage for (stage,) in rows]


def tally(store: Store, job_id: str, *, before_stage: int | None = None) -> dict[Status, int]:
    """How many rows stand at each status, of the whole job or of the stages before one."""
    rows = store.connection.execute(
        "SELECT status, count(*) FROM job_row WHERE job = ? AND (? IS NULL OR stage < ?) GROUP BY status",
        (job_id, before_stage, before_stage),
    )
    return dict(rows.fetchall())


def open_clusters(store: Store, job_id: str, stage: int, statuses: Sequence[Status]) -> list[tuple[str, str, int]]:
    """(op, cluster, rows) that still stand at one of `statuses`, in order of the plan."""
    marks = ",".join("?" * len(statuses))
    return store.connection.execute(
        f"SELECT op, cluster, count(*) FROM job_row WHERE job = ? AND stage = ? AND status IN ({marks}) "
        "GROUP BY op, cluster ORDER BY min(n)",
        (job_id, stage, *statuses),
    ).fetchall()


def open_rows(
    store: Store, job_id: str, stage: int, op: str, clusters: Sequence[str], statuses: Sequence[Status]
) -> list[JobRow]:
    """The rows of these clusters that stand at one of `statuses`, in order of the plan."""
    marks = ",".join("?" * len(statuses))
    names = ",".join("?" * len(clusters))
    rows = store.connection.execute(
        f"SELECT {_ROW} FROM job_row WHERE job = ? AND status IN ({marks}) AND stage = ? "
        f"AND cluster IN ({names}) AND op = ? ORDER BY n",
        (job_id, *statuses, stage, *clusters, op),
    )
    return [_row(row) for row in rows]


def rows(store: Store, job_id: str, statuses: Sequence[Status] = ()) -> Iterator[JobRow]:
    """All rows of a job in order of the plan, or those at one of `statuses`."""
    marks = ",".join("?" * len(statuses))
    only = f"AND status IN ({marks})" if statuses else ""
    found = store.connection.execute(f"SELECT {_ROW} FROM job_row WHERE job = ? {only} ORDER BY n", (job_id, *statuses))
    return map(_row, found)


def settle(
    store: Store, job_id: str, outcomes: Sequence[tuple[int, Outcome]], intents: Sequence[int], now: float
) -> None:
    """One durable commit: outcomes that reading decided, and the intent to send the rows of `intents`."""
    with store.write() as db:
        db.executemany(_RECORD, [_recorded(job_id, n, outcome) for n, outcome in outcomes])
        db.executemany(
            "UPDATE job_row SET status = 'unknown', sent_at = ?, attempts = attempts + 1 WHERE job = ? AND n = ?",
            [(now, job_id, n) for n in intents],
        )


_RECORD = (
    "UPDATE job_row SET status = ?, errcode = ?, errmsg = ?, hint = ?, due_at = ?, "
    "evidence = coalesce(nullif(?, ''), evidence) WHERE job = ? AND n = ?"
)


def _recorded(job_id: str, n: int, outcome: Outcome) -> tuple[str | int | float | None, ...]:
    return (
        outcome.status,
        outcome.errcode or None,
        outcome.errmsg or None,
        outcome.hint or None,
        outcome.due_at,
        outcome.evidence,
        job_id,
        n,
    )


def record(store: Store, job_id: str, outcomes: Sequence[tuple[int, Change, Outcome]]) -> None:
    """One durable commit: what WeCom answered, and the ids it made."""
    with store.write() as db:
        db.executemany(_RECORD, [_recorded(job_id, n, outcome) for n, _change, outcome in outcomes])
        db.executemany(
            "INSERT OR REPLACE INTO job_binding VALUES (?, ?, ?)",
            [(job_id, change.id, outcome.made_id) for _n, change, outcome in outcomes if outcome.made_id],
        )


def bindings(store: Store, job_id: str) -> dict[str, str]:
    """Ids that this job's changes made: change id → id on WeCom."""
    rows = store.connection.execute("SELECT change_id, made_id FROM job_binding WHERE job = ?", (job_id,))
    return dict(rows.fetchall())


def skip_open(store: Store, job_id: str, why: str) -> int:
    """Mark every row that was not sent as `skipped`; returns how many."""
    with store.write() as db:
        return db.execute(
            "UPDATE job_row SET status = 'skipped', evidence = ? WHERE job = ? AND status = 'pending'", (why, job_id)
        ).rowcount


def reopen(store: Store, job_id: str) -> int:
    """Make failed and skipped rows `pending` again and the job running; returns how many rows."""
    with store.write() as db:
        count = db.execute(
            "UPDATE job_row SET status = 'pending', errcode = NULL, errmsg = NULL, hint = NULL "
            "WHERE job = ? AND status IN ('failed', 'skipped')",
            (job_id,),
        ).rowcount
        if count:
            db.execute("UPDATE job SET state = 'running', finished_at = NULL WHERE id = ?", (job_id,))
    return count


def _row(row: tuple[Any, ...]) -> JobRow:
    job, n, change, status, errcode, errmsg, hint, attempts, sent_at, due_at, evidence = row
    return JobRow(
        job,
        n,
        _change.decode(change),
        status,
        errcode or 0,
        errmsg or "",
        hint or "",
        attempts,
        sent_at,
        due_at,
        evidence or "",
    )


def refused_tags(store: Store) -> dict[str, str]:
    """Tags and groups that WeCom refused to let this app edit (60011): id → name."""
    rows = store.connection.execute(
        "SELECT json_extract(r.change, '$.key.id'), coalesce(t.name, g.group_name) FROM job_row r "
        "LEFT JOIN corp_tag t ON t.tag_id = json_extract(r.change, '$.key.id') "
        "LEFT JOIN tag_group g ON g.group_id = json_extract(r.change, '$.key.id') "
        "WHERE r.op IN ('tag.rename', 'tag.reorder', 'tag.delete') AND r.errcode = 60011"
    )
    return {id_: name or id_ for id_, name in rows}
