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


def create(
    store: Store, header: PlanHeader, rows: Iterable[NewRow], approval: str, now: float, case_id: str = ""
) -> Job:
    """Write a job and all its rows in one transaction, every row `pending`; `case_id`: of an offboarding, if any."""
    with store.write() as db:
        db.execute(
            "INSERT INTO job (id, digest, kind, title, undo_of, state, created_at, approval, case_id) "
            "VALUES (?, ?, ?, ?, ?, 'running', ?, ?, nullif(?, ''))",
            (header.id, header.digest, header.kind, header.title, header.undo_of, now, approval, case_id),
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


def tally(
    store: Store, job_id: str, *, before_stage: int | None = None, excused: int | None = None
) -> dict[Status, int]:
    """How many rows stand at each status, of the whole job or of the stages before one.

    `excused`: rows with this errcode are left out.
    """
    rows = store.connection.execute(
        "SELECT status, count(*) FROM job_row WHERE job = ? AND (? IS NULL OR stage < ?) "
        "AND (? IS NULL OR errcode IS NOT ?) GROUP BY status",
        (job_id, before_stage, before_stage, excused, excused),
    )
    return dict(rows.fetchall())


def open_clusters(
    store: Store, job_id: str, stage: int, statuses: Sequence[Status], now: float | None = None
) -> list[tuple[str, str, int]]:
    """(op, cluster, rows) that still stand at one of `statuses`, in order of the plan.

    With `now`, rows that are due later are left out.
    """
    marks = ",".join("?" * len(statuses))
    return store.connection.execute(
        f"SELECT op, cluster, count(*) FROM job_row WHERE job = ? AND stage = ? AND status IN ({marks}) "
        "AND (? IS NULL OR due_at IS NULL OR due_at <= ?) GROUP BY op, cluster ORDER BY min(n)",
        (job_id, stage, *statuses, now, now),
    ).fetchall()


def open_rows(
    store: Store,
    job_id: str,
    stage: int,
    op: str,
    clusters: Sequence[str],
    statuses: Sequence[Status],
    now: float | None = None,
) -> list[JobRow]:
    """The rows of these clusters that `open_clusters` counts, in order of the plan."""
    marks = ",".join("?" * len(statuses))
    names = ",".join("?" * len(clusters))
    rows = store.connection.execute(
        f"SELECT {_ROW} FROM job_row WHERE job = ? AND status IN ({marks}) AND stage = ? "
        f"AND cluster IN ({names}) AND op = ? AND (? IS NULL OR due_at IS NULL OR due_at <= ?) ORDER BY n",
        (job_id, *statuses, stage, *clusters, op, now, now),
    )
    return [_row(row) for row in rows]


def next_due(store: Store, job_id: str) -> float | None:
    """When the first row is due of those that wait for their time; None when none does."""
    row = store.connection.execute(
        "SELECT min(due_at) FROM job_row WHERE job = ? AND status IN ('submitted', 'pending', 'unknown')", (job_id,)
    ).fetchone()
    return None if row is None else row[0]


def pending(store: Store, job_id: str, op: str) -> Iterator[Change]:
    """The changes of that op which were never sent, in order of the plan."""
    found = store.connection.execute(
        "SELECT change FROM job_row WHERE job = ? AND op = ? AND status = 'pending' ORDER BY n", (job_id, op)
    )
    return (_change.decode(change) for (change,) in found)


def count_open(store: Store, job_id: str, statuses: Sequence[Status], now: float) -> int:
    """How many rows stand at one of `statuses` and do not wait for a later time."""
    marks = ",".join("?" * len(statuses))
    row = store.connection.execute(
        f"SELECT count(*) FROM job_row WHERE job = ? AND status IN ({marks}) AND (due_at IS NULL OR due_at <= ?)",
        (job_id, *statuses, now),
    ).fetchone()
    return int(row[0])


def failed_at_once(store: Store, job_id: str) -> int:
    """How many rows failed with an errcode; what a customer refused a day later has none."""
    row = store.connection.execute(
        "SELECT count(*) FROM job_row WHERE job = ? AND status = 'failed' AND errcode IS NOT NULL", (job_id,)
    ).fetchone()
    return int(row[0])


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


def skip_needy(store: Store, job_id: str, stage: int, bad: Sequence[Status], *, excused: int) -> None:
    """Mark the rows of a stage `skipped` that need an earlier row which stands at one of the statuses `bad`.

    `excused`: rows with this errcode are not meant.
    """
    marks = ",".join("?" * len(bad))
    with store.write() as db:
        db.execute(
            "UPDATE job_row SET status = 'skipped', evidence = 'an earlier change that it needs did not end well' "
            "WHERE job = ? AND stage = ? AND status = 'pending' "
            "AND (json_extract(CAST(change AS TEXT), '$.needs') IS NULL OR EXISTS "
            "(SELECT 1 FROM json_each(CAST(job_row.change AS TEXT), '$.needs') need JOIN job_row before "
            f"ON before.job = job_row.job AND before.stage < job_row.stage AND before.status IN ({marks}) "
            "AND before.errcode IS NOT ? AND json_extract(CAST(before.change AS TEXT), '$.id') = need.value))",
            (job_id, stage, *bad, excused),
        )


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
        "SELECT json_extract(CAST(r.change AS TEXT), '$.key.id'), coalesce(t.name, g.group_name) FROM job_row r "
        "LEFT JOIN corp_tag t ON t.tag_id = json_extract(CAST(r.change AS TEXT), '$.key.id') "
        "LEFT JOIN tag_group g ON g.group_id = json_extract(CAST(r.change AS TEXT), '$.key.id') "
        "WHERE r.op IN ('tag.rename', 'tag.reorder', 'tag.delete', 'tag.retire') AND r.errcode = 60011"
    )
    return {id_: name or id_ for id_, name in rows}


def lost_creations(store: Store, op: str) -> dict[str, str]:
    """Names in changes of that op whose making may have been done without an answer → the job that knows of it."""
    rows = store.connection.execute(
        "SELECT json_extract(CAST(r.change AS TEXT), '$.key.name'), r.job FROM job_row r JOIN job j ON j.id = r.job "
        "WHERE r.op = ? AND j.state <> 'cancelled' AND r.errcode IS NULL "
        "AND r.sent_at IS NOT NULL AND r.status IN ('unknown', 'failed')",
        (op,),
    )
    return dict(rows.fetchall())


def of_kind(store: Store, kind: str) -> list[str]:
    """Ids of the jobs of that kind, oldest first."""
    found = store.connection.execute("SELECT id FROM job WHERE kind = ? ORDER BY created_at, id", (kind,))
    return [id_ for (id_,) in found.fetchall()]
