"""What the archive holds: spans of records by seq. Streams are archived when somebody asks, up to that moment."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import msgspec

from wecrm.sandbox.archive import keys, seats
from wecrm.sandbox.archive.cast import Cast, gathered, switched
from wecrm.sandbox.archive.exchanges import Said
from wecrm.sandbox.archive.sealing import Record, Sealer
from wecrm.sandbox.archive.talks import Stream, Talks
from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.world import World

KEPT_S: Final = 5 * 86_400
STATE: Final = "archive.state"  # on, off or expired
TRUSTED: Final = "archive.trusted_ips"
FIRST_SEQ: Final = "archive.first_seq"
LARGEST_SEQ: Final = 2**64 - 1
HOLE_AFTER: Final = 37
CAST_LASTS_S: Final = 6 * 3600.0
_COLUMNS: Final = "first, last, version, stream, start, count, cast_id, holes, at, plain, forced"


@dataclass(frozen=True, slots=True)
class Span:
    """Records that follow each other; `at` and `plain` only where one message was scripted."""

    first: int
    last: int
    version: int
    stream: int
    start: int
    count: int
    cast: int
    holes: int
    at: float | None
    plain: bytes | None
    forced: dict[str, Any]

    def seq(self, n: int) -> int:
        """The seq of its n-th record, from 0."""
        return self.first + n + n // HOLE_AFTER * self.holes

    def after(self, seq: int) -> int:
        """How many of its records have that seq or a smaller one."""
        if seq < self.first:
            return 0
        rounds, rest = divmod(seq - self.first, HOLE_AFTER + self.holes)
        return min(self.count, rounds * HOLE_AFTER + min(rest + 1, HOLE_AFTER))


class Archive:
    """The records of a world, as they are read; keeps what it has made in memory."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._talks = Talks(world.seed)
        self._streams: dict[int, Stream] = {}
        self._casts: dict[int, Cast] = {}
        self._sealers: dict[int, Sealer] = {}

    def page(self, seq: int, limit: int, now: float) -> list[Record]:
        """Up to `limit` records after `seq` that are still kept."""
        found: list[Record] = []
        for span in self.spans(seq):
            for n in range(max(span.after(seq), self._lost(span, now - KEPT_S)), span.count):
                found.append(self._sealed(span, n))
                if len(found) == limit:
                    return found
        return found

    def truth(self, after: int = -1) -> Iterator[tuple[int, float, Said]]:
        """(seq, when it arrived, what it says) of every record there ever was after that seq, by seq."""
        for span in self.spans(after):
            for n in range(span.after(after), span.count):
                yield span.seq(n), *self._said(span, n)

    def spans(self, seq: int) -> Iterator[Span]:
        """The spans that hold a seq after this one, in their order."""
        last = _blob(max(seq, 0))
        beyond = ">" if seq >= 0 else ">="
        while True:
            with self._world.db.lock:
                sql = f"SELECT {_COLUMNS} FROM archive_span WHERE last {beyond} ? ORDER BY first LIMIT 100"
                rows = self._world.db.connection.execute(sql, (last,)).fetchall()
            for row in rows:
                yield _span(row)
            if len(rows) < 100:
                return
            last, beyond = rows[-1][1], ">"

    def arrived(self, stream: Stream, at: float) -> int:
        """How many messages of the stream there are by then."""
        return self._talks.arrived(stream, at)

    def stream(self, n: int) -> Stream:
        """A stream by number."""
        if n not in self._streams:
            sql = "SELECT n, begins, ends, rate FROM archive_stream WHERE n = ?"
            with self._world.db.lock:
                self._streams[n] = Stream(*self._world.db.connection.execute(sql, (n,)).fetchone())
        return self._streams[n]

    def _lost(self, span: Span, since: float) -> int:
        """How many of its records are too old to be kept."""
        if span.at is not None:
            return int(span.at < since)
        return min(span.count, max(0, self.arrived(self.stream(span.stream), since) - span.start))

    def _said(self, span: Span, n: int) -> tuple[float, Said]:
        if span.plain is not None and span.at is not None:
            return span.at, Said(span.forced.get("msgid", ""), span.plain)
        return self._talks.message(self.stream(span.stream), span.start + n, self._cast(span.cast), span.cast)

    def _sealed(self, span: Span, n: int) -> Record:
        said = self._said(span, n)[1]
        if span.version not in self._sealers:
            self._sealers[span.version] = Sealer.of(keys.private_pem(self._world, span.version), span.version)
        record = self._sealers[span.version].seal(span.seq(n), said.msgid, said.plain)
        return msgspec.structs.replace(record, **span.forced) if span.forced else record

    def _cast(self, n: int) -> Cast:
        if n not in self._casts:
            with self._world.db.lock:
                row = self._world.db.connection.execute("SELECT people FROM archive_cast WHERE n = ?", (n,)).fetchone()
            self._casts[n] = msgspec.json.decode(row[0], type=Cast)
        return self._casts[n]


def of(world: World) -> Archive:
    """The archive of a world."""
    return world.remember("archive", Archive)


def open_(world: World) -> bool:
    """Whether what is said now is archived: the service is on, there is a public key, somebody has a seat."""
    on = world.setting(STATE) in (None, "on") and keys.current(world) > 0
    return on and bool(seats.permitted(world))


def check_address(world: World, ip: str) -> None:
    """301042 unless the address is in the archive's own list, or there is no list."""
    ips = world.setting(TRUSTED)
    if ips is not None and ip not in cast(Sequence[str], ips):
        raise Refusal(301042)


def catch_up(world: World) -> None:
    """Archive what was said since somebody last asked; what could not be archived is lost."""
    with world.writing() as db:
        now = world.now()
        rows = db.execute("SELECT n, said FROM archive_stream WHERE ends IS NULL").fetchall()
        for n, said in rows:
            upto = of(world).arrived(of(world).stream(n), now)
            if upto > said:
                db.execute("UPDATE archive_stream SET said = ? WHERE n = ?", (upto, n))
                add_span(world, n, said, upto - said, now)


def truth(world: World, after: int = -1) -> Iterator[tuple[int, dict[str, Any]]]:
    """(seq, what was said) of every message that was ever archived after `after`, kept or no longer, by seq.

    A message that comes twice is there twice. One that was scripted as no JSON object is {"": its bytes}.
    """
    world.refresh()
    catch_up(world)
    for seq, _, said in of(world).truth(after):
        try:
            found = json.loads(said.plain.decode("utf-8", "surrogatepass"), strict=False)
        except ValueError:
            found = None
        yield seq, found if isinstance(found, dict) else {"": said.plain}


def add_span(world: World, stream: int, start: int, count: int, now: float) -> int:
    """Archive a part of a stream; the number of records, 0 while nothing is archived or no seq is left."""
    if not open_(world):
        return 0
    cast_id, people = _cast_of(world, now)
    if people.silent:
        return 0
    holes = cast(int, world.switch("archive_holes"))
    first = next_seq(world)
    last = first + count - 1 + (count - 1) // HOLE_AFTER * holes
    if last > LARGEST_SEQ:
        return 0
    _insert(
        world, (_blob(first), _blob(last), keys.current(world), stream, start, count, cast_id, holes, None, None, None)
    )
    return count


def add_one(world: World, plain: bytes, at: float, forced: dict[str, Any]) -> int:
    """Archive one message as it is, and return its seq.

    Raises:
        ValueError: nothing is archived now, or no seq is left.
    """
    if not open_(world):
        raise ValueError("nothing is archived: the service is off, there is no public key, or nobody has a seat")
    with world.writing():
        catch_up(world)
        seq = next_seq(world)
        if seq > LARGEST_SEQ:
            raise ValueError("no seq is left")
        told = msgspec.json.encode(forced).decode()
        _insert(world, (_blob(seq), _blob(seq), keys.current(world), 0, 0, 1, 0, 0, at, plain, told))
    return seq


def next_seq(world: World) -> int:
    """The seq of the next record."""
    row = world.db.connection.execute("SELECT last FROM archive_span ORDER BY first DESC LIMIT 1").fetchone()
    least = world.setting(FIRST_SEQ)
    after = int.from_bytes(row[0], "big") + 1 if row else 1
    return max(after, int(least) if isinstance(least, int | str) else 1)


def recast(world: World) -> None:
    """Let who speaks be found out anew: seats or consent have changed."""
    world.db.connection.execute("UPDATE archive_cast SET at = 0")


def _cast_of(world: World, now: float) -> tuple[int, Cast]:
    """Who speaks now: as it was found out some hours ago, else anew."""
    db = world.db.connection
    row = db.execute("SELECT n, at, people FROM archive_cast ORDER BY n DESC LIMIT 1").fetchone()
    if row and now - row[1] < CAST_LASTS_S:
        known = msgspec.json.decode(row[2], type=Cast)
        if (known.same_ids, known.md5) == switched(world):
            return row[0], known
    found = gathered(world)
    people = msgspec.json.encode(found).decode()
    if row and row[2] == people:
        db.execute("UPDATE archive_cast SET at = ? WHERE n = ?", (now, row[0]))
        return row[0], found
    made = db.execute("INSERT INTO archive_cast (at, people) VALUES (?, ?) RETURNING n", (now, people)).fetchone()
    return made[0], found


def _insert(world: World, row: tuple[object, ...]) -> None:
    world.db.connection.execute(f"INSERT INTO archive_span ({_COLUMNS}) VALUES ({', '.join('?' * 11)})", row)


def _blob(seq: int) -> bytes:
    return seq.to_bytes(8, "big")


def _span(row: tuple[Any, ...]) -> Span:
    first, last, version, stream, start, count, cast_id, holes, at, plain, forced = row
    return Span(
        int.from_bytes(first, "big"), int.from_bytes(last, "big"), version, stream, start, count, cast_id, holes, at,
        plain, msgspec.json.decode(forced) if forced else {},
    )  # fmt: skip
