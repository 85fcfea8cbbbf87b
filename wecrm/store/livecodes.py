"""Live codes in the cache, and the register: which is which by our name, and what each is for.

WeCom lists no group join ways and tells nothing of a contact way but its id: the register is the only
memory of what a code is for, so rows are marked gone and never deleted.
"""

import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import msgspec

from wecrm.models.codebook import CodeEntry
from wecrm.models.livecode import Kind, LiveCode
from wecrm.store.database import Store


@dataclass(frozen=True, slots=True)
class KnownCode:
    """A live code of the cache; `name` and `entry` are set once somebody described it."""

    code: LiveCode
    name: str = ""
    entry: CodeEntry | None = None
    gone_at: int | None = None

    @property
    def shown(self) -> str:
        """What a person calls it."""
        return self.name or self.code.remark or self.code.state or self.code.id


def put(store: Store, codes: Iterable[tuple[LiveCode, bytes]], now: float) -> int:
    """Store codes as WeCom has them now, with the bytes they came from; names and entries stay. How many."""
    count = 0
    with store.write() as db:
        for code, raw in codes:
            _put(db, code, raw, now)
            count += 1
    return count


_TAKEN = (
    "live_code.gone_at IS NOT NULL AND EXISTS "
    "(SELECT 1 FROM live_code o WHERE o.name = live_code.name AND o.gone_at IS NULL)"
)
"""A code that comes back (the app may see it again, say) and whose name another one got meanwhile."""


def _put(db: sqlite3.Connection, code: LiveCode, raw: bytes | None, now: float) -> int:
    row = db.execute(
        "INSERT INTO live_code (kind, code_id, state, remark, url, create_time, code, raw, first_seen, seen_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (kind, code_id) DO UPDATE SET "
        "state = excluded.state, remark = excluded.remark, url = coalesce(nullif(excluded.url, ''), url), "
        "create_time = coalesce(nullif(excluded.create_time, 0), create_time), code = excluded.code, "
        "raw = excluded.raw, seen_at = excluded.seen_at, gone_at = NULL, "
        f"name = iif({_TAKEN}, NULL, name), entry = iif({_TAKEN}, NULL, entry) RETURNING id",
        (
            code.kind,
            code.id,
            code.state,
            code.remark,
            code.url,
            code.create_time or None,
            msgspec.json.encode(code).decode(),
            raw,
            int(now),
            int(now),
        ),
    ).fetchone()
    db.execute("DELETE FROM live_code_member WHERE code = ?", (row[0],))
    db.executemany("INSERT OR IGNORE INTO live_code_member VALUES (?, ?)", [(row[0], userid) for userid in code.users])
    return int(row[0])


def register(
    store: Store, code: LiveCode, name: str, entry: CodeEntry | None, now: float, *, job: str | None = None
) -> None:
    """Remember a code as it is now under our name with what it is for; `job` when that job made it."""
    with store.write() as db:
        id_ = _put(db, code, None, now)
        db.execute(
            "UPDATE live_code SET name = nullif(?, ''), entry = ?, made_by_job = coalesce(?, made_by_job) WHERE id = ?",
            (name, None if entry is None else msgspec.json.encode(entry).decode(), job, id_),
        )


def note_gone(store: Store, kind: Kind, code_id: str, now: float) -> None:
    """Mark one code as no longer there."""
    with store.write() as db:
        db.execute(
            "UPDATE live_code SET gone_at = ? WHERE kind = ? AND code_id = ? AND gone_at IS NULL",
            (int(now), kind, code_id),
        )


_COLUMNS = "code, name, entry, gone_at"


def known(store: Store, *, gone: bool = False) -> tuple[KnownCode, ...]:
    """Every code that exists (with `gone`, also those that did), described ones first, by name."""
    rows = store.connection.execute(
        f"SELECT {_COLUMNS} FROM live_code WHERE ? OR gone_at IS NULL ORDER BY name IS NULL, name, kind, code_id",
        (gone,),
    )
    return tuple(_known(*row) for row in rows)


def find(store: Store, kind: Kind, code_id: str) -> KnownCode | None:
    """The code of that kind and id, also when it is gone."""
    row = store.connection.execute(
        f"SELECT {_COLUMNS} FROM live_code WHERE kind = ? AND code_id = ?", (kind, code_id)
    ).fetchone()
    return _known(*row) if row else None


def old_ids(store: Store, kind: Kind, before: float) -> frozenset[str]:
    """Ids of that kind which somebody described, or which were seen before that time."""
    rows = store.connection.execute(
        "SELECT code_id FROM live_code WHERE kind = ? AND (name IS NOT NULL OR first_seen < ?)", (kind, int(before))
    )
    return frozenset(code_id for (code_id,) in rows)


def named(store: Store, name: str) -> KnownCode | None:
    """The existing code of that name."""
    row = store.connection.execute(
        f"SELECT {_COLUMNS} FROM live_code WHERE name = ? AND gone_at IS NULL", (name,)
    ).fetchone()
    return _known(*row) if row else None


_entry = msgspec.json.Decoder(CodeEntry)
_code = msgspec.json.Decoder(LiveCode)


def _known(code: str, name: str | None, entry: str | None, gone_at: int | None) -> KnownCode:
    return KnownCode(_code.decode(code), name or "", _entry.decode(entry) if entry else None, gone_at)


def added(store: Store, channels: Collection[str], since: float) -> dict[tuple[str, str], int]:
    """(channel, userid in lower case) → relations that began since then through these channels."""
    rows = store.connection.execute(
        "SELECT state, lower(userid), count(*) FROM relation WHERE createtime >= ? "
        "AND state IN (SELECT value FROM json_each(?)) GROUP BY 1, 2",
        (int(since), msgspec.json.encode(list(channels)).decode()),
    )
    return {(state, userid): count for state, userid, count in rows}
