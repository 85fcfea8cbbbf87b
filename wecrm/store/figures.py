"""Counts that reports are made of."""

from collections.abc import Iterator
from typing import Any

from wecrm.store.database import Store


def as_of(store: Store, purpose: str) -> float | None:
    """When the newest finished sync of this purpose ended."""
    row = store.connection.execute(
        "SELECT max(finished_at) FROM sync_run WHERE purpose = ? AND state IN ('done', 'holes')", (purpose,)
    ).fetchone()
    return None if row[0] is None else float(row[0])


def followers(store: Store) -> Iterator[tuple[Any, ...]]:
    """(userid, name, active, lost, transferred, out of sight), most active first."""
    return iter(
        store.connection.execute(
            "SELECT r.userid, m.name, sum(r.status = 'active') AS active, sum(r.status = 'lost'), "
            "sum(r.status = 'transferred'), sum(r.status = 'out_of_sight') FROM relation r "
            "LEFT JOIN member m ON m.userid = r.userid GROUP BY r.userid ORDER BY active DESC, r.userid"
        )
    )


def tag_usage(store: Store) -> Iterator[tuple[Any, ...]]:
    """(group, tag, active relations, members), most used first; unused tags come last with 0."""
    return iter(
        store.connection.execute(
            "SELECT g.group_name, t.name, count(r.id) AS customers, count(DISTINCT r.userid) FROM corp_tag t "
            "JOIN tag_group g ON g.group_id = t.group_id LEFT JOIN relation_tag rt ON rt.tag_id = t.tag_id "
            "LEFT JOIN relation r ON r.id = rt.relation_id AND r.status = 'active' WHERE t.deleted_at IS NULL "
            "GROUP BY t.tag_id ORDER BY customers DESC, g.group_name, t.name"
        )
    )
