"""Messages that could not be read: their ciphertext waits here until they can."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from sqlite3 import Connection

from wecrm.models.archive import Sealed
from wecrm.store.database import Store

CHUNK = 500


@dataclass(frozen=True, slots=True)
class Waiting:
    """One message in quarantine; `plain` where it was opened and could not be read."""

    id: int
    sealed: Sealed
    stored_at: int
    reason: str
    code: int
    attempts: int
    tried_at: int
    plain: bytes | None


_COLUMNS = (
    "q.id, q.seq, q.msgid, q.publickey_ver, q.encrypt_random_key, q.encrypt_chat_msg, q.stored_at, "
    "s.reason, s.code, s.attempts, s.tried_at, q.plain"
)


def waiting(
    store: Store, *, versions: Sequence[int] | None = None, reasons: Sequence[str] = (), upto: int | None = None
) -> Iterator[list[Waiting]]:
    """What waits, in the order in which it came, some hundred at a time; what is solved meanwhile is left out.

    Args:
        versions: only messages of these versions of the public key; None for all.
        reasons: only those that wait for these; none for all.
        upto: only ids up to this one, so that a pass over a growing quarantine ends.
    """
    where, values = ["s.record IS NULL"], list[str | int]()
    for column, wanted in (("q.publickey_ver", versions), ("s.reason", reasons or None)):
        if wanted is not None:
            where.append(f"{column} IN ({', '.join('?' * len(wanted))})")
            values.extend(wanted)
    if upto is not None:
        where.append("q.id <= ?")
        values.append(upto)
    last = 0
    while True:
        rows = store.connection.execute(
            f"SELECT {_COLUMNS} FROM quarantine_state s JOIN quarantine q ON q.id = s.quarantine "
            f"WHERE {' AND '.join(where)} AND s.quarantine > ? ORDER BY s.quarantine LIMIT ?",
            (*values, last, CHUNK),
        ).fetchall()
        if not rows:
            return
        last = rows[-1][0]
        yield [Waiting(row[0], Sealed(int(row[1]), *row[2:6]), *row[6:]) for row in rows]


def newest_id(store: Store) -> int:
    """The id of what came last; 0 when nothing ever did."""
    return int(store.connection.execute("SELECT coalesce(max(id), 0) FROM quarantine").fetchone()[0])


def tally(db: Connection) -> list[tuple[int, str, int, int]]:
    """(version of the public key, reason, code, messages) of what waits."""
    rows = db.execute(
        "SELECT q.publickey_ver, s.reason, s.code, count(*) FROM quarantine_state s "
        "JOIN quarantine q ON q.id = s.quarantine WHERE s.record IS NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )
    return rows.fetchall()
