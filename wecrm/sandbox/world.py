"""The world: one SQLite file that holds the corp, its clock, its call log and its faults."""

import hashlib
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

import msgspec

from wecrm.sandbox.database import Database, empty_file, finish_seeding, open_file
from wecrm.sandbox.flights import Flights
from wecrm.sandbox.identity import CORP_ID, START
from wecrm.sandbox.seed.sow import Wanted, sow
from wecrm.sandbox.settings import JSON, LIMITS, SWITCHES

CALL_COSTS_S = 0.005

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Moment:
    """A call's number and its time."""

    number: int
    now: float


class World:
    """A simulated corp in a file; any number of threads and processes may hold one.

    In process its time stands still but for calls (5 ms each), `sleep` and `advance`. When `served`, it
    is real time plus a stored shift; it never runs backwards.
    """

    def __init__(self, db: Database) -> None:
        self.db = db
        self.path = db.path
        self.flights = Flights()
        self.served = False
        self.address = ""  # where it is served
        self._version = -1
        self._kept: dict[str, object] = {}
        self.corp_id = cast(str, self.setting("corp_id"))
        self.seed = cast(int, self.setting("seed"))
        self._key = b"%d" % self.seed

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        members: int = 200,
        contacts: int = 50_000,
        seed: int = 7,
        groups: int | None = None,
        start: float | None = None,
        corp_id: str = CORP_ID,
    ) -> "World":
        """A new world in `path`, which is overwritten; the same arguments make the same world.

        Args:
            path: the file; only its owner may read it.
            members: how many members the corp has.
            contacts: how many relations (member x customer).
            seed: what everything is drawn from.
            groups: customer groups; one per 200 relations unless told.
            start: unix seconds of the world's first moment; 2026-11-01 09:00 +08:00 unless told.
            corp_id: which corp it plays, where a test needs several.
        """
        wanted = Wanted(
            members=members,
            relations=contacts,
            groups=contacts // 200 if groups is None else groups,
            seed=seed,
            start=START if start is None else start,
            corp_id=corp_id,
        )
        fresh = path.with_name(path.name + ".new")
        fresh.unlink(missing_ok=True)
        db = empty_file(fresh)
        with db.writing() as connection:
            sow(connection, wanted)
        finish_seeding(db)
        for end in ("-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)
        os.replace(fresh, path)
        return cls.open(path)

    @classmethod
    def open(cls, path: Path) -> "World":
        """The world in `path`.

        Raises:
            FileNotFoundError: there is none.
            ValueError: the file is no world, or one of another version.
        """
        return cls(open_file(path))

    def copied(self, path: Path) -> "World":
        """Another world in the new file `path`, as this one is now."""
        path.touch(mode=0o600, exist_ok=False)
        self.db.connection.execute("VACUUM INTO ?", (str(path),))
        return self.open(path)

    def close(self) -> None:
        """Give the file back; the world goes on in it."""
        self.db.close()

    def __enter__(self) -> "World":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def writing(self) -> AbstractContextManager[sqlite3.Connection]:
        """A transaction; inner ones join the outer one."""
        return self.db.writing()

    # -- time

    def now(self) -> float:
        """The world's time in unix seconds."""
        with self.db.lock:
            now, shift = self.db.connection.execute("SELECT now, shift FROM world").fetchone()
        return float(max(now, time.time() + shift) if self.served else now)

    def tick(self) -> Moment:
        """Count one call, let its time pass, notice what other processes changed."""
        if self.served:
            sql = "UPDATE world SET now = max(now, ? + shift), calls = calls + 1 RETURNING calls, now, version"
            row = self.db.connection.execute(sql, (time.time(),)).fetchone()
        else:
            sql = "UPDATE world SET now = now + ?, calls = calls + 1 RETURNING calls, now, version"
            row = self.db.connection.execute(sql, (CALL_COSTS_S,)).fetchone()
        self._notice(row[2])
        return Moment(row[0], row[1])

    def advance(self, seconds: float) -> float:
        """Move the world's time, here and where it is served, and let happen what is due by then; the new time."""
        from wecrm.sandbox.state import settling  # the state is built on the world

        if seconds < 0:
            raise ValueError("time does not run backwards")
        with self.writing() as db:
            db.execute("UPDATE world SET now = now + ?, shift = shift + ?", (seconds, seconds))
            settling.settle(self, self.now())
        return self.now()

    def serve_from_now(self) -> None:
        """Go over to real time, going on from the moment the world has reached."""
        with self.writing() as db:
            db.execute("UPDATE world SET shift = now - ?", (time.time(),))
        self.served = True

    # -- what is kept in memory

    def _notice(self, version: int) -> None:
        if version != self._version:
            self._version = version
            self._kept = {}

    def refresh(self) -> None:
        """Forget what another process may have changed since the last call."""
        with self.db.lock:
            self._notice(self.db.connection.execute("SELECT version FROM world").fetchone()[0])

    def changed(self) -> None:
        """Make every process forget what it keeps in memory of this world."""
        self.db.connection.execute("UPDATE world SET version = version + 1")
        self._version = -1
        self._kept = {}

    def remember(self, name: str, make: Callable[["World"], T]) -> T:
        """`make(self)`, made once and kept until something of that sort changes."""
        kept = self._kept  # another thread may put a new one in its place
        if name not in kept:
            kept[name] = make(self)
        return cast(T, kept[name])

    # -- settings

    def setting(self, name: str) -> JSON:
        """One stored setting; None if it was never set."""
        return self.remember("settings", _settings).get(name)

    def store(self, name: str, value: JSON) -> None:
        """Set one setting, for all processes."""
        with self.writing() as db:
            db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, msgspec.json.encode(value).decode()))
            self.changed()

    def switch(self, name: str) -> JSON:
        """How one uncertain rule is read at the moment."""
        found = self.remember("settings", _settings).get("switch." + name)
        return SWITCHES[name][0] if found is None else found

    def limit(self, name: str) -> int:
        """One limit, scaled where windows are scaled."""
        stored = self.remember("settings", _settings)
        value = cast(float, stored.get("limit." + name, LIMITS[name]))
        return self.scaled(value) if name.startswith(("per_", "ip_")) else max(1, int(value))

    def scaled(self, rate: float) -> int:
        """A rate by the factor that the world's windows have."""
        scale = self.remember("settings", _settings).get("limit.scale", LIMITS["scale"])
        return max(1, int(rate * cast(float, scale)))

    # -- ids

    def digest(self, *parts: object, size: int = 16) -> bytes:
        """Bytes that depend on the seed and the parts and on nothing else."""
        text = "\x1f".join(map(str, parts)).encode()
        return hashlib.blake2b(text, digest_size=size, key=self._key).digest()

    def new_number(self) -> int:
        """The next number of this world, for ids; never given twice."""
        return self.new_numbers(1)[0]

    def new_numbers(self, count: int) -> range:
        """The next numbers of this world, for ids; none of them is ever given twice."""
        row = self.db.connection.execute("UPDATE world SET made = made + ? RETURNING made", (count,)).fetchone()
        return range(row[0] - count + 1, row[0] + 1)


def _settings(world: World) -> dict[str, JSON]:
    with world.db.lock:
        rows = world.db.connection.execute("SELECT name, value FROM setting").fetchall()
    return {name: msgspec.json.decode(value) for name, value in rows}
