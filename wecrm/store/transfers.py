"""The ledger of transfers: every attempt that WeCom accepted, and what became of it.

WeCom gives a transfer no id, announces no success, and lists attempts of the same pair without telling
them apart: this table is what decides which row is whose.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from wecrm.models.transfer import Kind
from wecrm.store.database import Store

What = Literal["customer", "group"]
Ended = Literal["done", "refused", "full", "lost"]
"""How an attempt ended: `lost` when WeCom shows nothing of it and the customer is with nobody of the two."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One accepted transfer of a customer or a group; times are unix seconds."""

    kind: Kind
    what: What
    handover: str
    takeover: str
    object_id: str
    job: str
    change_id: str
    started_at: int
    status: str = "waiting"
    due_at: int | None = None


def begin(store: Store, attempts: Iterable[Attempt]) -> None:
    """Remember accepted transfers; what is noted of the same change since it was sent, or waits, stays as it is."""
    with store.write() as db:
        db.executemany(
            "INSERT OR IGNORE INTO transfer (kind, what, handover, takeover, object_id, job, change_id, started_at, "
            "status, due_at) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 WHERE NOT EXISTS "
            "(SELECT 1 FROM transfer WHERE job = ?6 AND change_id = ?7 AND started_at >= ?8)",
            [
                (
                    *(a.kind, a.what, a.handover, a.takeover, a.object_id),
                    *(a.job, a.change_id, a.started_at, a.status, a.due_at),
                )
                for a in attempts
            ],
        )


def end(store: Store, job: str, ended: Mapping[str, Ended], now: float) -> None:
    """Write down how attempts of this job ended, by change id."""
    with store.write() as db:
        db.executemany(
            "UPDATE transfer SET status = ?, finished_at = ? WHERE job = ? AND change_id = ? AND status = 'waiting'",
            [(status, int(now), job, change_id) for change_id, status in ended.items()],
        )


def put_off(store: Store, job: str, due: Mapping[str, float]) -> None:
    """Attempts of this job that take longer, by change id: when to look again."""
    with store.write() as db:
        db.executemany(
            "UPDATE transfer SET due_at = ? WHERE job = ? AND change_id = ? AND status = 'waiting'",
            [(int(at), job, change_id) for change_id, at in due.items()],
        )


def of_pair(store: Store, kind: Kind, handover: str, takeover: str) -> dict[str, list[Attempt]]:
    """Every attempt to move customers between these two, by customer, oldest first."""
    rows = store.connection.execute(
        f"SELECT {_COLUMNS} FROM transfer WHERE handover = ? AND takeover = ? AND kind = ? AND what = 'customer' "
        "ORDER BY started_at, id",
        (handover, takeover, kind),
    )
    found: dict[str, list[Attempt]] = {}
    for row in rows:
        found.setdefault(row[4], []).append(Attempt(*row))
    return found


def moves(store: Store, what: What, ids: Collection[str], since: float) -> Counter[str]:
    """How often each of these was moved on the job since then, refused attempts not counted."""
    rows = store.connection.execute(
        "SELECT object_id, count(*) FROM transfer WHERE what = ? AND kind = 'onjob' AND started_at >= ? "
        "AND status <> 'refused' AND object_id IN (SELECT value FROM json_each(?)) GROUP BY object_id",
        (what, int(since), msgspec.json.encode(list(ids)).decode()),
    )
    return Counter(dict(rows.fetchall()))


def moving(store: Store) -> frozenset[str]:
    """Customers who are on their way now, as far as we started it."""
    rows = store.connection.execute("SELECT object_id FROM transfer WHERE status = 'waiting' AND what = 'customer'")
    return frozenset(id_ for (id_,) in rows)


def moving_from(store: Store, userid: str) -> dict[str, int]:
    """The jobs by which customers are on their way from this member → when the first of them is due."""
    rows = store.connection.execute(
        "SELECT job, min(coalesce(due_at, started_at)) FROM transfer WHERE status = 'waiting' AND what = 'customer' "
        "AND handover = ? GROUP BY job",
        (userid,),
    )
    return dict(rows.fetchall())


def groups_moved(store: Store, userids: Iterable[str], since: float) -> Counter[tuple[str, str]]:
    """Groups given and taken since then: (handover or takeover, userid in lower case) → how many."""
    wanted = msgspec.json.encode(list(userids)).decode()
    found: Counter[tuple[str, str]] = Counter()
    for side in ("handover", "takeover"):
        rows = store.connection.execute(
            f"SELECT lower({side}), count(*) FROM transfer WHERE what = 'group' AND started_at >= ? "
            f"AND {side} IN (SELECT value FROM json_each(?)) GROUP BY 1",
            (int(since), wanted),
        )
        found.update({(side, userid): count for userid, count in rows})
    return found


def waiting(store: Store) -> dict[str, float]:
    """Jobs with transfers under way, whatever the state of the job → when the first outcome can be asked for."""
    rows = store.connection.execute(
        "SELECT job, min(due_at) FROM transfer WHERE status = 'waiting' AND due_at IS NOT NULL GROUP BY job"
    )
    return dict(rows.fetchall())


_COLUMNS = "kind, what, handover, takeover, object_id, job, change_id, started_at, status, due_at"
