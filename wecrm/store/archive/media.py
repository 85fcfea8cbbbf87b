"""The queue of media files: what is wanted, how far it is, what became of it.

A row is `wanted`, `part` (some pieces are on disk), `done`, `failed`, `expired` or `skipped` (left out by the
settings). Its state is stored after its bytes are on disk, never before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from wecrm.models.archive import WINDOW_S
from wecrm.store.archive import chain
from wecrm.store.database import Store

State = Literal["wanted", "part", "done", "failed", "expired", "skipped"]

STATES: Final[tuple[State, ...]] = ("wanted", "part", "done", "failed", "expired", "skipped")

_OPEN = "state IN ('wanted', 'part')"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file to be fetched. `msgtime` in milliseconds, 0 when its message has none; `size` in bytes."""

    id: int
    sdkfileid: str = field(repr=False)
    kind: str
    extension: str
    size: int | None
    md5: str
    msgtime: int
    next_index: str
    written: int
    attempts: int
    mismatches: int
    asked: int
    """1: a person wants it, whatever the settings say."""

    def past(self, now: float) -> bool:
        """Whether WeCom has promised it no longer."""
        return 0 < self.msgtime < (now - WINDOW_S) * 1000


@dataclass(frozen=True, slots=True)
class Fetched:
    """A complete file: `name` under the media folder, hashes in hex, `size` in bytes."""

    name: str
    sha256: str
    md5: str
    size: int


def choose(store: Store, types: Sequence[str], size_max: int | None) -> None:
    """Leave out what the settings do not want and want again what they do; files a person asked for stay wanted.

    Args:
        types: as `image`; none: all.
        size_max: bytes; files that do not tell their size are not left out.
    """
    marks = ", ".join("?" * len(types))
    fits = " AND ".join((f"kind IN ({marks})" if types else "1", "coalesce(size, 0) <= ?"))
    values = (*types, 2**63 - 1 if size_max is None else size_max)
    with store.write() as db:
        db.execute(f"UPDATE media SET state = 'skipped' WHERE {_OPEN} AND NOT asked AND NOT ({fits})", values)
        db.execute(
            "UPDATE media SET state = iif(written > 0, 'part', 'wanted') "
            f"WHERE state = 'skipped' AND code = 0 AND ({fits})",
            values,
        )


def due(store: Store, now: float, limit: int) -> list[Wanted]:
    """Files whose turn it is: oldest message first, but those that were put off after the others.

    So that some which never come don't keep the rest from coming before WeCom drops it. What it has most likely
    dropped already comes last.
    """
    expired = int((now - WINDOW_S) * 1000)
    found: list[Wanted] = []
    for kept in ("(msgtime >= ? OR msgtime <= 0)", "(msgtime < ? AND msgtime > 0)"):
        for tried in ("attempts = 0", "attempts > 0"):
            rows = store.connection.execute(
                "SELECT id, sdkfileid, kind, extension, size, md5, msgtime, next_index, written, attempts, mismatches, "
                f"asked FROM media WHERE {_OPEN} AND next_at <= ? AND {kept} AND {tried} ORDER BY msgtime, id LIMIT ?",
                (int(now), expired, limit - len(found)),
            )
            found.extend(Wanted(*row) for row in rows)
            if len(found) >= limit:
                return found
    return found


def next_due(store: Store) -> int | None:
    """When the next file is to be tried (unix seconds); None when nothing is wanted."""
    row = store.connection.execute(f"SELECT min(next_at) FROM media WHERE {_OPEN}").fetchone()
    return None if row[0] is None else int(row[0])


def left(store: Store) -> int:
    """How many files are still wanted."""
    return int(store.connection.execute(f"SELECT count(*) FROM media WHERE {_OPEN}").fetchone()[0])


def known_name(store: Store, sha256: str) -> str | None:
    """The name of a file of that content that was fetched before."""
    begins = f"{sha256[:2]}/{sha256}"
    rows = store.connection.execute(
        "SELECT path FROM media_file WHERE path > ? AND path < ? ORDER BY id LIMIT 1", (f"{begins}.", f"{begins}/")
    )
    row = rows.fetchone()
    return str(row[0]) if row else None


def advance(store: Store, id_: int, next_index: str, written: int) -> None:
    """Pieces of it are on disk: `written` bytes, the next piece is `next_index`. A new beginning for ("", 0)."""
    with store.write() as db:
        db.execute(
            "UPDATE media SET state = iif(? > 0, 'part', 'wanted'), next_index = ?, written = ?, "
            "attempts = iif(? > 0, 0, attempts) WHERE id = ?",
            (written, next_index, written, written, id_),
        )


def put_off(store: Store, id_: int, code: int, until: float, *, attempts: int) -> None:
    """Not now: it is tried again after `until`; what is on disk of it stays."""
    with store.write() as db:
        db.execute(
            "UPDATE media SET code = ?, next_at = ?, attempts = ? WHERE id = ?", (code, int(until), attempts, id_)
        )


def differs(store: Store, id_: int, code: int, until: float) -> None:
    """It came complete but is not what its message says: from the beginning, after `until`."""
    with store.write() as db:
        db.execute(
            "UPDATE media SET state = 'wanted', next_index = '', written = 0, code = ?, next_at = ?, "
            "mismatches = mismatches + 1 WHERE id = ?",
            (code, int(until), id_),
        )


def give_up(store: Store, id_: int, state: State, code: int) -> None:
    """It will not come, for the reason of that code."""
    with store.write() as db:
        db.execute(
            "UPDATE media SET state = ?, code = ?, next_index = '', written = 0 WHERE id = ?", (state, code, id_)
        )


def finish(store: Store, wanted: Wanted, fetched: Fetched, now: float, *, state: State = "done", code: int = 0) -> None:
    """It is on disk under its final name; as `failed` with a code it is kept, but is not what its message says."""
    with store.write() as db:
        row = (int(now), wanted.sdkfileid, fetched.sha256, fetched.size, fetched.md5, fetched.name)
        (file,) = chain.put(db, "media_file", [row])
        db.execute(
            "UPDATE media SET state = ?, code = ?, file = ?, written = ?, next_index = '' WHERE id = ?",
            (state, code, file, fetched.size, wanted.id),
        )


def want_again(store: Store, ids: Sequence[int], states: Sequence[State]) -> int:
    """Want failed, expired or left-out files again, whatever the settings say; how many.

    Args:
        ids: of rows; none: all in those states.
    """
    only = f" AND id IN ({', '.join('?' * len(ids))})" if ids else ""
    with store.write() as db:
        done = db.execute(
            "UPDATE media SET state = iif(written > 0 AND file IS NULL, 'part', 'wanted'), asked = 1, attempts = 0, "
            "mismatches = 0, next_at = 0, code = 0, next_index = iif(file IS NULL, next_index, ''), "
            "written = iif(file IS NULL, written, 0), file = NULL "
            f"WHERE state IN ({', '.join('?' * len(states))}){only}",
            (*states, *ids),
        )
    return done.rowcount


def begin_again(store: Store) -> None:
    """Forget how far files were fetched that are not complete: their parts are gone."""
    with store.write() as db:
        db.execute("UPDATE media SET state = 'wanted', next_index = '', written = 0 WHERE state = 'part'")


@dataclass(frozen=True, slots=True)
class Held:
    """What the archive has of media: files and their bytes by state; `first_lost_at`: when WeCom drops the oldest."""

    files: dict[State, int]
    size: dict[State, int]
    first_lost_at: float | None


def held(store: Store, now: float) -> Held:
    """Files by state, and when the first of the wanted ones that WeCom still keeps is lost (unix seconds)."""
    files: dict[State, int] = dict.fromkeys(STATES, 0)
    size: dict[State, int] = dict.fromkeys(STATES, 0)
    query = "SELECT state, count(*), sum(iif(state = 'done', written, coalesce(size, 0))) FROM media GROUP BY state"
    for state, n, total in store.connection.execute(query):
        files[state], size[state] = n, int(total)
    oldest = store.connection.execute(
        f"SELECT min(msgtime) FROM media WHERE {_OPEN} AND msgtime >= ?", (max(1, int((now - WINDOW_S) * 1000)),)
    ).fetchone()[0]
    return Held(files, size, None if oldest is None else oldest / 1000 + WINDOW_S)


@dataclass(frozen=True, slots=True)
class Listed:
    """One file as people see it. Times in unix seconds; `name` is the sender's word for it."""

    id: int
    state: State
    kind: str
    name: str
    size: int | None
    sent_at: float | None
    lost_at: float | None
    attempts: int
    code: int
    path: str
    sha256: str
    msgid: str


def listed(store: Store, states: Sequence[State], kinds: Sequence[str], limit: int | None) -> list[Listed]:
    """Files in those states (none: all) and of those kinds, newest message first."""
    where = [f"{column} IN ({', '.join('?' * len(all_))})" for column, all_ in _filters(states, kinds)]
    rows = store.connection.execute(
        "SELECT media.id, state, kind, name, coalesce(media_file.size, media.size), media.msgtime, attempts, code, "
        "coalesce(path, ''), coalesce(sha256, ''), record.msgid FROM media "
        "LEFT JOIN media_file ON media_file.id = media.file LEFT JOIN record ON record.id = media.record "
        f"{'WHERE ' + ' AND '.join(where) if where else ''} ORDER BY media.msgtime DESC, media.id DESC LIMIT ?",
        (*states, *kinds, -1 if limit is None else limit),
    )
    return [_listed(*row) for row in rows]


def _filters(states: Sequence[str], kinds: Sequence[str]) -> list[tuple[str, Sequence[str]]]:
    return [(column, all_) for column, all_ in (("state", states), ("kind", kinds)) if all_]


def _listed(
    id_: int,
    state: State,
    kind: str,
    name: str,
    size: int | None,
    msgtime: int,
    attempts: int,
    code: int,
    path: str,
    sha256: str,
    msgid: str | None,
) -> Listed:
    sent = msgtime / 1000 if msgtime > 0 else None
    lost = sent + WINDOW_S if sent is not None and state in ("wanted", "part", "skipped", "failed") else None
    return Listed(id_, state, kind, name, size, sent, lost, attempts, code, path, sha256, msgid or "")


def name_of(store: Store, id_: int) -> str | None:
    """The name (`media_file.path`) of the fetched file of that row; None when it was not fetched."""
    row = store.connection.execute(
        "SELECT path FROM media JOIN media_file ON media_file.id = media.file WHERE media.id = ?", (id_,)
    ).fetchone()
    return str(row[0]) if row else None
