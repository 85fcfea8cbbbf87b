"""What the report on an offboarding case asks of the cache, the ledger and the journal."""

import json
from collections import Counter
from collections.abc import Iterable

from wecrm.store.database import Store


def names(store: Store, ids: Iterable[str]) -> dict[str, str]:
    """external_userid or chat_id → name, of those the cache knows by one."""
    rows = store.connection.execute(
        "SELECT external_userid, name FROM contact WHERE name <> '' AND external_userid IN "
        "(SELECT value FROM json_each(?1)) UNION ALL SELECT chat_id, name FROM group_chat WHERE name <> '' "
        "AND chat_id IN (SELECT value FROM json_each(?1))",
        (json.dumps(list(ids)),),
    )
    return dict(rows.fetchall())


def ended(store: Store, jobs: Iterable[str]) -> dict[tuple[str, str], int]:
    """(job, customer or group) → when the outcome of the transfer was read."""
    rows = store.connection.execute(
        "SELECT job, object_id, max(finished_at) FROM transfer WHERE finished_at IS NOT NULL "
        "AND job IN (SELECT value FROM json_each(?)) GROUP BY job, object_id",
        (json.dumps(list(jobs)),),
    )
    return {(job, object_id): at for job, object_id, at in rows}


def remembered(store: Store, jobs: Iterable[str]) -> Counter[str]:
    """What became of the remarks and tags that these jobs kept → of how many customers; "" of nobody yet."""
    rows = store.connection.execute(
        "SELECT result, count(*) FROM handover_memory WHERE result <> '' "
        "AND job IN (SELECT value FROM json_each(?)) GROUP BY result ORDER BY result",
        (json.dumps(list(jobs)),),
    )
    return Counter(dict(rows.fetchall()))


def jobs_of(store: Store, case_id: str) -> list[str]:
    """The jobs of a case, the first one first."""
    rows = store.connection.execute("SELECT id FROM job WHERE case_id = ? ORDER BY created_at, rowid", (case_id,))
    return [id_ for (id_,) in rows]


def tags_in_use(store: Store, userid: str, since: float) -> int:
    """How many different corp tags were on the relations that a member had then, as they were last read."""
    row = store.connection.execute(
        "SELECT count(DISTINCT rt.tag_id) FROM relation_tag rt JOIN relation r ON r.id = rt.relation_id "
        "WHERE r.userid = ? AND (r.status = 'active' OR r.status_at >= ?)",
        (userid, since),
    ).fetchone()
    return int(row[0])
