"""Runs of `sync`: what was fetched, chunk by chunk, so that a stopped run can go on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from sqlite3 import Connection

import msgspec

from wecrm.store.database import Store


@dataclass(slots=True)
class Counts:
    """What one run did so far, in relations (or members, tags, groups)."""

    seen: int = 0
    added: int = 0
    changed: int = 0
    lost: int = 0
    out_of_sight: int = 0
    failed: int = 0

    def add(self, other: "Counts") -> None:
        """Add another's numbers to these."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True)
class Chunk:
    """Members fetched by one listing. `n` is unique in the run."""

    n: int
    userids: tuple[str, ...]


@dataclass(slots=True)
class SyncRun:
    """One run: its number, its purpose and what is still to fetch."""

    id: int
    purpose: str
    started_at: float
    pending: list[Chunk] = field(default_factory=list)
    resumed: bool = False


_KNOWN = {
    "tags": "SELECT count(*) FROM corp_tag WHERE deleted_at IS NULL",
    "groups": "SELECT count(*) FROM group_chat WHERE gone_at IS NULL",
}


def known(store: Store, purpose: str) -> int:
    """How many tags, or groups, exist as far as the cache knows."""
    return int(store.connection.execute(_KNOWN[purpose]).fetchone()[0])


def start(store: Store, purpose: str, now: float, chunks: Sequence[Sequence[str]] = ()) -> SyncRun:
    """A new run; `chunks` of userids are what it has to fetch."""
    with store.write() as db:
        db.execute("UPDATE sync_run SET state = 'stopped' WHERE purpose = ? AND state = 'running'", (purpose,))
        cursor = db.execute(
            "INSERT INTO sync_run (purpose, state, started_at) VALUES (?, 'running', ?)", (purpose, int(now))
        )
        run = int(cursor.lastrowid or 0)
        made = [Chunk(n, tuple(userids)) for n, userids in enumerate(chunks)]
        _insert(db, run, made)
    return SyncRun(run, purpose, now, made)


def unfinished(store: Store, purpose: str, since: float) -> SyncRun | None:
    """The newest run of this purpose when it was stopped in the middle and began after `since`."""
    row = store.connection.execute(
        "SELECT id, state, started_at FROM sync_run WHERE purpose = ? ORDER BY id DESC LIMIT 1", (purpose,)
    ).fetchone()
    if row is None or row[1] != "running" or row[2] < since:
        return None
    pending = store.connection.execute(
        "SELECT n, userids FROM sync_chunk WHERE run = ? AND state <> 'done' ORDER BY n", (row[0],)
    ).fetchall()
    chunks = [Chunk(n, tuple(msgspec.json.decode(userids, type=list[str]))) for n, userids in pending]
    return SyncRun(row[0], purpose, row[2], chunks, resumed=True)


def covered(store: Store, run: SyncRun) -> set[str]:
    """Every userid that any chunk of this run names."""
    rows = store.connection.execute("SELECT userids FROM sync_chunk WHERE run = ?", (run.id,))
    return {userid for (userids,) in rows for userid in msgspec.json.decode(userids, type=list[str])}


def append(store: Store, run: SyncRun, chunks: Sequence[Sequence[str]]) -> list[Chunk]:
    """Add chunks to a run: members who joined since, or the halves of a chunk that failed."""
    with store.write() as db:
        first = db.execute("SELECT coalesce(max(n), -1) + 1 FROM sync_chunk WHERE run = ?", (run.id,)).fetchone()[0]
        made = [Chunk(first + n, tuple(userids)) for n, userids in enumerate(chunks)]
        _insert(db, run.id, made)
    return made


def end_chunk(store: Store, run: SyncRun, chunk: Chunk, state: str, errcode: int = 0, error: str = "") -> None:
    """Record that a chunk is `done`, `failed` or `split`."""
    with store.write(durable=False) as db:
        db.execute(
            "UPDATE sync_chunk SET state = ?, errcode = ?, error = ? WHERE run = ? AND n = ?",
            (state, errcode, error, run.id, chunk.n),
        )


def finish(store: Store, run: SyncRun, state: str, counts: Counts, now: float, note: str = "") -> None:
    """End the run: `done`, `holes` (something was not read), `refused` (a safety rule), `failed`."""
    with store.write() as db:
        db.execute(
            "UPDATE sync_run SET state = ?, finished_at = ?, seen = ?, added = ?, changed = ?, lost = ?, "
            "out_of_sight = ?, failed = ?, note = ? WHERE id = ?",
            (
                state,
                int(now),
                counts.seen,
                counts.added,
                counts.changed,
                counts.lost,
                counts.out_of_sight,
                counts.failed,
                note,
                run.id,
            ),
        )


def _insert(db: Connection, run: int, chunks: Sequence[Chunk]) -> None:
    db.executemany(
        "INSERT INTO sync_chunk (run, n, userids, state) VALUES (?, ?, ?, 'pending')",
        [(run, chunk.n, msgspec.json.encode(chunk.userids).decode()) for chunk in chunks],
    )
