"""Who carries a tag and not another one: what merging tags asks the cache."""

from collections.abc import Sequence

import msgspec

from wecrm.store.database import Store

_CARRIES = "SELECT 1 FROM relation_tag rt WHERE rt.relation_id = r.id AND rt.tag_id"


def lacking(store: Store, tag_ids: Sequence[str], other: str) -> list[tuple[str, str]]:
    """(userid, external_userid) of active relations that carry one of `tag_ids` and not `other`."""
    return store.connection.execute(
        "SELECT r.userid, r.external_userid FROM relation r WHERE r.status = 'active' "
        "AND r.id IN (SELECT relation_id FROM relation_tag WHERE tag_id IN (SELECT value FROM json_each(?))) "
        f"AND NOT EXISTS ({_CARRIES} = ?) ORDER BY r.id",
        (_json(tag_ids), other),
    ).fetchall()


def lacking_beside(store: Store, tag_ids: Sequence[str], other: str, rivals: Sequence[str]) -> int:
    """How many of those carry one of `rivals` as well."""
    row = store.connection.execute(
        "SELECT count(*) FROM relation r WHERE r.status = 'active' "
        "AND r.id IN (SELECT relation_id FROM relation_tag WHERE tag_id IN (SELECT value FROM json_each(?))) "
        f"AND NOT EXISTS ({_CARRIES} = ?) AND EXISTS ({_CARRIES} IN (SELECT value FROM json_each(?)))",
        (_json(tag_ids), other, _json(rivals)),
    ).fetchone()
    return int(row[0])


def left_behind(store: Store, tag_id: str, other: str) -> tuple[int, int]:
    """Who would lose the tag for nothing: (active relations without `other`, relations out of sight)."""
    row = store.connection.execute(
        "SELECT coalesce(sum(r.status = 'active'), 0), coalesce(sum(r.status = 'out_of_sight'), 0) "
        "FROM relation_tag t JOIN relation r ON r.id = t.relation_id WHERE t.tag_id = ? "
        f"AND (r.status = 'out_of_sight' OR NOT EXISTS ({_CARRIES} = ?))",
        (tag_id, other),
    ).fetchone()
    return int(row[0]), int(row[1])


def _json(ids: Sequence[str]) -> str:
    return msgspec.json.encode(ids).decode()
