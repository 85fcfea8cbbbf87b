"""What we did ourselves: transfers and how they ended, jobs and their changes."""

from collections.abc import Iterator
from typing import Any

from wecrm.models.report import Asked
from wecrm.store.asked import parameters, staffed, within
from wecrm.store.database import Store


def transfers(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """Transfers that WeCom took on within the period, by taker and what was moved, most first.

    (userid of the taker, name, customer or group, taken on, done, refused, taker full, lost, waiting)
    """
    ends = ", ".join(f"sum(t.status = '{end}')" for end in ("done", "refused", "full", "lost", "waiting"))
    return iter(
        store.connection.execute(
            f"SELECT t.takeover, m.name, t.what, count(*) AS started, {ends} FROM transfer t "
            f"LEFT JOIN member m ON m.userid = t.takeover WHERE {within('t.started_at')} "
            f"AND {staffed(asked, 't.takeover')} GROUP BY t.takeover, t.what "
            "ORDER BY started DESC, t.takeover, t.what",
            parameters(store, asked),
        )
    )


def attempts(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """The same one by one, latest first.

    (taken on, on the job or resigned, customer or group, former member, taker, id, name, status, ended, job)
    """
    return iter(
        store.connection.execute(
            "SELECT started_at, kind, what, handover, takeover, object_id, name, status, finished_at, job "
            f"FROM transfers WHERE {within('started_at')} AND {staffed(asked, 'takeover')} ORDER BY id DESC",
            parameters(store, asked),
        )
    )


_ROWS = "FROM job_row r JOIN job j ON j.id = r.job WHERE "


def changes(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """Changes of jobs that were first applied within the period, by operation, most first.

    (operation, jobs, changes, made, already so, failed, otherwise by now, outcome unknown, skipped, still open)
    """
    states = (
        "'ok', 'verified'",
        "'same'",
        "'failed'",
        "'conflict'",
        "'unknown'",
        "'skipped'",
        "'pending', 'submitted'",
    )
    counts = ", ".join(f"sum(r.status IN ({each}))" for each in states)
    return iter(
        store.connection.execute(
            f"SELECT r.op, count(DISTINCT r.job), count(*) AS changes, {counts} {_ROWS}{within('j.created_at')} "
            "GROUP BY r.op ORDER BY changes DESC, r.op",
            parameters(store, asked),
        )
    )


def changed(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """The same one by one, latest job first.

    (applied, job, what it does, row, operation, what was changed as JSON, status, errcode, sent)
    """
    return iter(
        store.connection.execute(
            "SELECT j.created_at, j.id, j.title, r.n, r.op, json_extract(CAST(r.change AS TEXT), '$.key'), r.status, "
            f"r.errcode, r.sent_at {_ROWS}{within('j.created_at')} ORDER BY j.created_at DESC, j.id, r.n",
            parameters(store, asked),
        )
    )
