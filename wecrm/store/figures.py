"""Counts that reports are made of."""

from collections.abc import Iterator
from typing import Any

from wecrm.models.report import Asked
from wecrm.store.asked import parameters, staffed
from wecrm.store.database import Store


def as_of(store: Store, purpose: str) -> float | None:
    """When the newest finished sync of this purpose ended."""
    row = store.connection.execute(
        "SELECT max(finished_at) FROM sync_run WHERE purpose = ? AND state IN ('done', 'holes')", (purpose,)
    ).fetchone()
    return None if row[0] is None else float(row[0])


def followers(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """(userid, name, active, lost, transferred, out of sight), most active first."""
    return iter(
        store.connection.execute(
            "SELECT r.userid, m.name, sum(r.status = 'active') AS active, sum(r.status = 'lost'), "
            "sum(r.status = 'transferred'), sum(r.status = 'out_of_sight') FROM relation r "
            f"LEFT JOIN member m ON m.userid = r.userid WHERE {staffed(asked, 'r.userid')} "
            "GROUP BY r.userid ORDER BY active DESC, r.userid",
            parameters(store, asked),
        )
    )


def relations(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """(userid, name, external_userid, name, status, added, ended), in no order: sorting a million costs 7 s."""
    return iter(
        store.connection.execute(
            "SELECT r.userid, m.name, r.external_userid, c.name, r.status, nullif(r.createtime, 0), "
            "iif(r.status = 'active', NULL, r.status_at) FROM relation r LEFT JOIN member m ON m.userid = r.userid "
            f"LEFT JOIN contact c ON c.external_userid = r.external_userid WHERE {staffed(asked, 'r.userid')}",
            parameters(store, asked),
        )
    )
