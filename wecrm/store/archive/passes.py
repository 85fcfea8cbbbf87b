"""How far passes over the chain came: where the parts of one stopped, and when the last whole one was.

Kept in the table `corp`, and held against the chain before it is believed.
"""

from sqlite3 import Connection
from typing import TypeVar

import msgspec

from wecrm.store.archive import chain
from wecrm.store.database import Store

T = TypeVar("T")


class Position(msgspec.Struct, frozen=True):
    """How far a pass over the chain came: its last link, and the last row of each table up to there."""

    n: int = 0
    hash: bytes = chain.BEGINNING
    ids: dict[str, int] = {}
    media: int = 0
    """The last of `media_file` whose file was looked at."""
    began_at: int = 0
    found: int = 0


class Passed(msgspec.Struct, frozen=True):
    """The last pass over all links: when it began and ended, up to which link, and how much it found."""

    began_at: int
    ended_at: int
    n: int
    found: int
    media: bool
    """Whether the media files were read too."""


def hash_at(db: Connection, n: int) -> bytes | None:
    """The stored hash of link `n`; None when there is no such link."""
    if n == 0:
        return chain.BEGINNING
    row = db.execute("SELECT hash FROM chain WHERE n = ?", (n,)).fetchone()
    return row[0] if row and isinstance(row[0], bytes) else None


def position_at(db: Connection, n: int) -> Position:
    """Where a walk stands that has passed link `n`, as the stored chain tells it."""
    rows = db.execute("SELECT kind, max(id) FROM chain WHERE n <= ? GROUP BY kind", (n,)).fetchall()
    tables = {each.kind: each.table for each in chain.CHAINED.values()}
    ids = {tables[kind]: id_ for kind, id_ in rows if kind in tables and isinstance(id_, int)}
    return Position(n, hash_at(db, n) or b"", ids, ids.get("media_file", 0))


def stands(db: Connection, position: Position) -> bool:
    """Whether that position lies on this very chain; otherwise a pass has to begin anew."""
    return hash_at(db, position.n) == position.hash


def position(store: Store) -> Position | None:
    """Where the parts of a pass stopped; None when the next one begins a new pass."""
    return _kept(store, "verify_position", Position)


def passed(store: Store) -> Passed | None:
    """The last pass over all links; None when there was none."""
    return _kept(store, "verify_passed", Passed)


def remember(store: Store, *, position: Position | None = None, passed: Passed | None = None) -> None:
    """Note where a pass stopped, or that it is complete (no position)."""
    with store.write() as db:
        db.execute("DELETE FROM corp WHERE key = 'verify_position'")
        for key, value in (("verify_position", position), ("verify_passed", passed)):
            if value is not None:
                db.execute("REPLACE INTO corp VALUES (?, ?)", (key, msgspec.json.encode(value).decode()))


def _kept(store: Store, key: str, kind: type[T]) -> T | None:
    row = store.connection.execute("SELECT CAST(value AS BLOB) FROM corp WHERE key = ?", (key,)).fetchone()
    try:
        return msgspec.json.decode(row[0], type=kind) if row else None
    except msgspec.MsgspecError:  # somebody changed it: it is not believed
        return None
