"""Walking the whole chain of the archive beside the rows that it covers: what does not fit, row by row.

Rows and links are read in their order, side by side, in constant memory. After a link that does not fit the
walk goes on from the hash that is stored there, so that one altered row is one finding.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from sqlite3 import Connection, connect
from typing import Any, Final, Literal

from sqlite_utils import Database

from wecrm.errors import IntegrityError
from wecrm.i18n import _
from wecrm.store import encryption, schemas
from wecrm.store.archive import chain
from wecrm.store.archive.opening import ARCHIVE
from wecrm.store.archive.passes import Position
from wecrm.store.database import Store

Kind = Literal[
    "changed",
    "removed",
    "extra",
    "link",
    "guard",
    "anchor",
    "cut",
    "unanchored",
    "unreadable",
    "signature",
    "media_missing",
    "media_changed",
    "media_extra",
]
"""changed: a row is not what its link says · removed: a link without its row · extra: a row without a link ·
link: a link is missing, out of order or altered itself · guard: nothing keeps a table from being changed any
more · anchor: the chain is not the one that was anchored · cut: it ends before what was anchored · unanchored:
rows newer than the anchor · unreadable: a line of the anchor is no head · signature: a line's is missing or
wrong · media_…: a file is missing, changed, or nobody's."""

BATCH: Final = 1000
"""Links between two looks at whether to stop."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was written. `table` and `id` name the row, `link` its place in the chain."""

    kind: Kind
    table: str = ""
    id: int | None = None
    msgid: str = ""
    link: int | None = None
    detail: str = ""


@contextmanager
def snapshot(store: Store) -> Iterator[Connection]:
    """One unchanging view of the archive while the block runs; a pull may go on meanwhile.

    Raises:
        IntegrityError: the tables are not those that wecrm makes.
    """
    db = store.connection
    db.execute("BEGIN")
    try:
        yield db
    except encryption.errors() as error:
        raise IntegrityError(
            _("The archive {path} is not as wecrm made it.", path=store.path),
            str(error),
            _("Keep the file as it is, and compare it with a backup."),
        ) from error
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def guards(db: Connection) -> Iterator[Finding]:
    """The chained tables and their triggers that are not as wecrm makes them, and whatever else of the schema is not.

    Raises:
        IntegrityError: after those, when it is a table: its rows can't be read in their order.
    """
    with closing(connect(":memory:")) as model:
        ARCHIVE.migrations.apply(Database(model))
        wanted, found = _schema(model), _schema(db)
    for name in sorted(wanted.keys() | found.keys()):
        if found.get(name) != wanted.get(name):
            yield Finding("guard", name)
    wrong = {name for name in wanted if found.get(name) != wanted[name]}
    for kind, name in (
        each.split(" ", 1) for each in schemas.lacking(schemas.made(ARCHIVE, ARCHIVE.version), schemas.objects(db))
    ):
        if name not in wrong:
            yield Finding("guard", name, detail=kind)
    if any(found.get(name) != wanted[name] for name in (*chain.CHAINED, "chain")):
        raise IntegrityError(
            _("Tables of the archive are not as wecrm made them."),
            "",
            _("Keep the file as it is, and compare it with a backup."),
        )


def _schema(db: Connection) -> dict[str, str]:
    """The chained tables and their triggers by name, as they were made."""
    rows = db.execute("SELECT name, tbl_name, sql FROM sqlite_master WHERE type IN ('table', 'trigger')")
    return {name: sql for name, table, sql in rows if table in chain.CHAINED or table == "chain"}


def links(db: Connection) -> int:
    """Number of the newest link."""
    return chain.head(db).n


@dataclass(slots=True)
class Walk:
    """A walk along the chain from a position on; `hash`, `n` and `ids` say where it stands."""

    db: Connection
    n: int
    hash: bytes
    ids: dict[str, int]
    _rows: dict[str, "_Rows"] = field(default_factory=dict)
    _computed: bytes | None = None
    """What the last link's hash should have been, where the stored one is another."""

    @classmethod
    def start(cls, db: Connection, position: Position) -> "Walk":
        """A walk from there."""
        return cls(db, position.n, position.hash, dict(position.ids))

    def findings(self, until: int) -> Iterator[Finding | None]:
        """What does not fit up to link `until`; None after every 1,000 links, so that the caller may stop."""
        cursor = self.db.execute(
            "SELECT n, kind, id, hash FROM chain WHERE n > ? AND n <= ? ORDER BY n", (self.n, until)
        )
        for n, kind, id_, hash_ in cursor:
            if n != self.n + 1:
                yield Finding("link", link=self.n + 1, detail=_("{n} links are missing.", n=n - self.n - 1))
                self._computed = None
            each = _BY_KIND.get(kind) if isinstance(kind, int) else None
            if each is None or not isinstance(id_, int) or not isinstance(hash_, bytes):
                yield Finding("link", link=n, detail=_("It is no link."))
            else:
                yield from self._one(each, n, id_, hash_)
            self.n, self.hash = n, hash_ if isinstance(hash_, bytes) else b""
            if n % BATCH == 0:
                yield None

    def _one(self, each: chain.Chained, n: int, id_: int, hash_: bytes) -> Iterator[Finding]:
        table = each.table
        if id_ != self.ids.get(table, 0) + 1:
            yield Finding("link", table, id_, link=n, detail=_("Its row is not the next one of its table."))
        rows = self._rows.get(table) or self._opened(each)
        for extra in rows.before(id_):
            yield _extra(table, extra)
        found, row = rows.take(id_)
        if not found:
            yield Finding("removed", table, id_, link=n)
            self._computed = None
        else:
            computed = _hash(self.hash, each.kind, id_, row)
            if computed == hash_:
                self._computed = None
            elif self._computed is not None and _hash(self._computed, each.kind, id_, row) == hash_:
                yield Finding("link", link=n - 1, detail=_("Its hash was changed; its row was not."))
                self._computed = None
            else:
                yield Finding("changed", table, id_, _msgid(each, row), n)
                self._computed = computed
        self.ids[table] = max(id_, self.ids.get(table, 0))

    def _opened(self, each: chain.Chained) -> "_Rows":
        rows = self._rows[each.table] = _Rows(self.db, each, self.ids.get(each.table))
        return rows

    def tail(self) -> Iterator[Finding]:
        """Rows after the last link, when the walk has reached the end."""
        for each in chain.CHAINED.values():
            rows = self._rows.get(each.table) or self._opened(each)
            for extra in rows.before(None):
                yield _extra(each.table, extra)


class _Rows:
    """The rows of one table by id, each once; a row whose text is not UTF-8 has no values."""

    def __init__(self, db: Connection, each: chain.Chained, after: int | None) -> None:
        self._db = db
        self._each = each
        self._columns = ", ".join(("id", *each.columns))
        self._cursor = self._select(after)
        self._last = after
        self._next: tuple[Any, ...] | None = self._fetch()

    def _select(self, after: int | None) -> Iterator[tuple[Any, ...]]:
        where, values = ("", ()) if after is None else ("WHERE id > ?", (after,))
        return self._db.execute(f"SELECT {self._columns} FROM {self._each.table} {where} ORDER BY id", values)

    def _fetch(self) -> tuple[Any, ...] | None:
        try:
            row = next(self._cursor, None)
        except encryption.errors() as error:
            if "decode" not in str(error):
                raise
            row = self._undecodable()
        if row is not None:
            self._last = row[0]
        return row

    def _undecodable(self) -> tuple[Any, ...]:
        where, values = ("", ()) if self._last is None else ("WHERE id > ?", (self._last,))
        query = f"SELECT id FROM {self._each.table} {where} ORDER BY id LIMIT 1"
        id_ = self._db.execute(query, values).fetchone()[0]
        self._cursor = self._select(id_)
        return (id_,)

    def before(self, id_: int | None) -> Iterator[tuple[Any, ...]]:
        """The rows that stand before that id (None: all that are left), passed by."""
        while self._next is not None and (id_ is None or self._next[0] < id_):
            yield self._next
            self._next = self._fetch()

    def take(self, id_: int) -> tuple[bool, Sequence[chain.Value]]:
        """Whether the next row has that id, and its values."""
        if self._next is None or self._next[0] != id_:
            return False, ()
        row, self._next = self._next[1:], self._fetch()
        return True, row


_BY_KIND: Final = {each.kind: each for each in chain.CHAINED.values()}


def _hash(before: bytes, kind: int, id_: int, row: Sequence[chain.Value]) -> bytes:
    return chain.link(before, kind, id_, row)


def _extra(table: str, row: Sequence[Any]) -> Finding:
    return Finding("extra", table, row[0], _msgid(chain.CHAINED[table], row[1:]))


def _msgid(each: chain.Chained, row: Sequence[Any]) -> str:
    if "msgid" not in each.columns or not row:
        return ""
    found = row[each.columns.index("msgid")]
    return found if isinstance(found, str) else ""


def files(db: Connection, after: int, until: int) -> Iterator[tuple[int, str, str]]:
    """(id, sha256, path) of the stored media files with those ids, each path where it stands first."""
    rows = db.execute(
        "SELECT id, CAST(sha256 AS BLOB), CAST(path AS BLOB) FROM media_file AS f WHERE id > ? AND id <= ? "
        "AND NOT EXISTS (SELECT 1 FROM media_file AS e WHERE e.path = f.path AND e.id < f.id) ORDER BY id",
        (after, until),
    )
    yield from ((id_, _shown(digest), _shown(path)) for id_, digest, path in rows)


def strays(db: Connection, there: Iterable[str], place: Callable[[str], str]) -> Iterator[str]:
    """Those of the files that lie `there` which no stored media file is kept in.

    Args:
        place: where the file of a `media_file.path` lies.
    """
    db.execute("CREATE TEMP TABLE there (path TEXT PRIMARY KEY) WITHOUT ROWID")
    try:
        db.executemany("INSERT OR IGNORE INTO there VALUES (?)", ((path,) for path in there))
        known = db.execute("SELECT CAST(path AS BLOB) FROM media_file")
        db.executemany("DELETE FROM there WHERE path = ?", ((place(_shown(path)),) for (path,) in known))
        yield from [path for (path,) in db.execute("SELECT path FROM there")]
    finally:
        db.execute("DROP TABLE there")


def _shown(text: bytes | None) -> str:
    """A text of a row that may have been changed: whatever it is now, without NUL."""
    return (text or b"").decode(errors="replace").replace("\0", "\ufffd")
