"""Rows that only ever grow, each chained to the one written before it.

`hash(n) = SHA-256(hash(n − 1) + kind, id and the row's values)`; the first link follows 32 zero bytes.
Whoever alters, removes, doubles or reorders a row breaks it; whoever recomputes it all is found by an
anchor kept elsewhere. `put` is the only way to write a chained table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from sqlite3 import Connection
from typing import Final

import msgspec

BEGINNING: Final = bytes(32)
"""What the first link follows."""

Value = str | int | float | bytes | None


@dataclass(frozen=True, slots=True)
class Chained:
    """One chained table; `columns` without `id`, in the order in which they are hashed."""

    kind: int
    table: str
    columns: tuple[str, ...]


CHAINED: Final[dict[str, Chained]] = {
    each.table: each
    for each in (
        Chained(
            1,
            "record",
            (
                *("seq", "msgid", "publickey_ver", "stored_at", "msgtime", "action", "msgtype", "sender"),
                *("conversation", "text", "raw"),
            ),
        ),
        Chained(
            2,
            "quarantine",
            (
                *("seq", "msgid", "publickey_ver", "stored_at", "reason", "code"),
                *("encrypt_random_key", "encrypt_chat_msg", "plain"),
            ),
        ),
        Chained(3, "media_file", ("stored_at", "sdkfileid", "sha256", "size", "md5", "path")),
        Chained(4, "seats", ("at", "day", "edition", "userids")),
        Chained(5, "gap", ("at", "from_at", "to_at", "reason")),
        Chained(6, "gap_acknowledged", ("at", "gap", "who", "reason")),
        Chained(7, "access", ("at", "who", "command", "reason", "filter", "rows")),
    )
}
"""Chained tables by name. Kinds are written into files: numbers are never used again."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest link: its number (0 = none yet) and hash."""

    n: int
    hash: bytes


def head(db: Connection) -> Head:
    """The newest link of the chain."""
    row = db.execute("SELECT n, hash FROM chain ORDER BY n DESC LIMIT 1").fetchone()
    return Head(int(row[0]), bytes(row[1])) if row else Head(0, BEGINNING)


def put(db: Connection, table: str, rows: Sequence[Sequence[Value]]) -> range:
    """Append rows to a chained table and link them; the ids they got. Inside a transaction of the caller.

    Args:
        table: a key of `CHAINED`.
        rows: values of its `columns`, in that order, as SQLite will give them back: text without lone
            surrogates, integers below 2^63.
    """
    each = CHAINED[table]
    last = head(db)
    first = db.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {table}").fetchone()[0]
    ids = range(first, first + len(rows))
    marks = ", ".join("?" * (len(each.columns) + 1))
    db.executemany(
        f"INSERT INTO {table} (id, {', '.join(each.columns)}) VALUES ({marks})",
        [(id_, *row) for id_, row in zip(ids, rows, strict=True)],
    )
    links, hash_ = [], last.hash
    for n, (id_, row) in enumerate(zip(ids, rows, strict=True), last.n + 1):
        hash_ = link(hash_, each.kind, id_, row)
        links.append((n, each.kind, id_, hash_))
    db.executemany("INSERT INTO chain (n, kind, id, hash) VALUES (?, ?, ?, ?)", links)
    return ids


def link(before: bytes, kind: int, id_: int, row: Sequence[Value]) -> bytes:
    """The hash that follows `before` for this row."""
    return sha256(before + _ENCODE([kind, id_, *row])).digest()


_ENCODE = msgspec.msgpack.Encoder().encode
