"""Complete passes over a member's customers, and what becomes of relations that did not arrive.

Absence alone proves nothing; who calls this decides (operations/sync_contacts.py). A customer whom wecrm itself is
moving to another member is missing for a known reason: what became of them is for the transfer's job to find out.
"""

import json
from collections.abc import Collection, Sequence
from sqlite3 import Connection

from wecrm.store.contacts import Event, log_events
from wecrm.store.database import Store
from wecrm.store.syncs import SyncRun

_UNDER_WAY = (
    "EXISTS (SELECT 1 FROM transfer t WHERE t.object_id = relation.external_userid AND t.what = 'customer' "
    "AND t.handover = relation.userid AND t.status = 'waiting' AND t.started_at > ?)"
)
_FORGOTTEN_S = 5 * 24 * 3600
"""A transfer that nobody has read back for so long explains nothing any more."""


def passed(store: Store, userids: Sequence[str], run: SyncRun, now: float) -> None:
    """Record that a complete pass over these members succeeded in this run."""
    with store.write(durable=False) as db:
        db.executemany(
            "UPDATE member SET pass_run = ?, pass_at = ?, pass_relations = (SELECT count(*) FROM relation r "
            "WHERE r.userid = member.userid AND r.seen_run >= ?) WHERE userid = ?",
            [(run.id, int(now), run.id, userid) for userid in userids],
        )


def note_listed(store: Store, userid: str, external_userids: Sequence[str], run: SyncRun) -> list[str]:
    """Note that this member's list named these customers; the ids that are not active in the cache."""
    known = {
        external: id_
        for id_, external in store.connection.execute(
            "SELECT id, external_userid FROM relation WHERE userid = ? AND status = 'active'", (userid,)
        )
    }
    listed = [(run.id, known[external]) for external in external_userids if external in known]
    with store.write(durable=False) as db:
        db.executemany("UPDATE relation SET seen_run = ? WHERE id = ?", listed)
    return [external for external in external_userids if external not in known]


def complete(store: Store, run: SyncRun) -> set[str]:
    """Members, in lower case, whose customers were read to the end in this run."""
    return {
        userid
        for (userid,) in store.connection.execute("SELECT lower(userid) FROM member WHERE pass_run = ?", (run.id,))
    }


def missing_by_member(store: Store, run: SyncRun) -> dict[str, tuple[int, int]]:
    """Per member: (active relations before this run, those of them that did not arrive in it)."""
    found = {}
    for (userid,) in store.connection.execute("SELECT userid FROM member").fetchall():  # one by one: no large sort
        active, missing = store.connection.execute(
            f"SELECT count(*), coalesce(sum(coalesce(seen_run, 0) < ? AND NOT {_UNDER_WAY}), 0) FROM relation "
            "WHERE userid = ? AND status = 'active' AND first_seen <= ?",
            (run.id, run.started_at - _FORGOTTEN_S, userid, run.started_at),
        ).fetchone()
        if missing:
            found[userid] = (active, missing)
    return found


def end_missing(store: Store, run: SyncRun, userid: str, status: str, now: float) -> int:
    """Mark this member's active relations that did not arrive as `lost` or `out_of_sight`.

    A lost one whose customer arrived with another member since it was last seen becomes `transferred`.
    """
    return _end(store, run, userid, "active", status, now)


def end_hidden(store: Store, run: SyncRun, userid: str, now: float) -> int:
    """Mark this member's relations that are out of sight, and did not arrive, as `lost`: a person said so."""
    return _end(store, run, userid, "out_of_sight", "lost", now)


def end_left(store: Store, userid: str, waiting: Collection[str], now: float) -> None:
    """Mark relations of a member who has left as `lost`; `waiting`: external_userids of those who wait for somebody."""
    with store.write() as db:
        rows = db.execute(
            "SELECT id, status FROM relation WHERE userid = ? AND status IN ('active', 'out_of_sight') "
            "AND external_userid NOT IN (SELECT value FROM json_each(?))",
            (userid, json.dumps(list(waiting))),
        ).fetchall()
        db.executemany(
            "UPDATE relation SET status = 'lost', status_at = ? WHERE id = ?", [(int(now), id_) for id_, _was in rows]
        )
        log_events(db, [(int(now), id_, "status", was, "lost", None, None) for id_, was in rows])


def _end(store: Store, run: SyncRun, userid: str, was: str, status: str, now: float) -> int:
    with store.write() as db:
        rows = db.execute(
            "SELECT id, external_userid, seen_run FROM relation WHERE userid = ? AND status = ? "
            "AND coalesce(seen_run, 0) < ? "
            f"AND NOT {_UNDER_WAY}",
            (userid, was, run.id, run.started_at - _FORGOTTEN_S),
        ).fetchall()
        events: list[Event] = []
        for id_, external_userid, seen in rows:
            became = status
            if status == "lost" and _moved(db, run.id - 1 if seen is None else seen, external_userid):
                became = "transferred"
            db.execute("UPDATE relation SET status = ?, status_at = ? WHERE id = ?", (became, int(now), id_))
            events.append((int(now), id_, "status", was, became, None, run.id))
        log_events(db, events)
    return len(rows)


def _moved(db: Connection, seen: int, external_userid: str) -> bool:
    """Whether the customer arrived with another member after the run that last saw the relation, however that ended."""
    return (
        db.execute(
            "SELECT 1 FROM relation r JOIN relation_event e ON e.relation_id = r.id AND e.run > ? "
            "WHERE r.external_userid = ? AND e.field = 'status' AND e.new = 'active' AND r.add_way = 202",
            (seen, external_userid),
        ).fetchone()
        is not None
    )
