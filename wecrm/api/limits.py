"""Budgets: how many calls may go out, shared by every process of this machine.

Two kinds, as WeCom counts (doc 90454): per corp and API, and per IP and API. They live in one small
SQLite file of their own, so that a sync and an apply side by side share them. `Gate` bounds the
calls in flight: it grows while all is calm and halves when WeCom answers 45033.
"""

import os
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from filelock import FileLock
from pyrate_limiter import Rate, RateItem, SQLiteBucket

from wecrm.errors import ConfigError
from wecrm.i18n import _

CORP_PER_MINUTE, CORP_PER_HOUR = 10_000, 150_000
IP_PER_MINUTE, IP_PER_HOUR = 20_000, 600_000
MINUTE_MS, HOUR_MS = 60_000, 3_600_000

T = TypeVar("T")

_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


@dataclass(frozen=True, slots=True)
class Budget:
    """The share of the published limits that wecrm allows itself, and the scale of those limits.

    `scale` is 1 for WeCom; a sandbox with smaller limits is told the same factor.
    """

    share: float = 0.7
    scale: float = 1.0

    def corp(self) -> tuple[int, int]:
        """Calls of one API per (minute, hour) for one corp."""
        factor = self.share * self.scale
        return max(1, int(CORP_PER_MINUTE * factor)), max(1, int(CORP_PER_HOUR * factor))

    def ip(self) -> tuple[int, int]:
        """Calls of one API per (minute, hour) from this machine, all corps together."""
        factor = self.share * self.scale
        return max(1, int(IP_PER_MINUTE * factor)), max(1, int(IP_PER_HOUR * factor))

    def seconds(self, calls: int) -> float:
        """How long `calls` of one API take at the allowed rate, when the windows start empty."""
        minute, hour = self.corp()
        return calls / hour * 3600 if calls > hour else max(0.0, (calls - minute) / minute * 60)


class Limiter:
    """Admission to WeCom's APIs for one corp; safe for threads and shared between processes."""

    def __init__(self, folder: Path, corp_id: str, budget: Budget, now: Callable[[], float]) -> None:
        self._folder = folder
        self._path = folder / "limits.db"
        self._lock = threading.Lock()
        self._file_lock = FileLock(folder / "limits.lock", mode=0o600)
        self._now = now
        self._corp_id = corp_id
        self._budget = budget
        self._buckets: dict[tuple[str, str], SQLiteBucket] = {}
        self._db: sqlite3.Connection | None = None
        self._do(lambda _db: None)

    def _opened(self) -> sqlite3.Connection:
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600))
        db = sqlite3.connect(self._path, timeout=30, check_same_thread=False)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")  # a power cut may forget the newest calls, never harm the file
            db.execute(
                "CREATE TABLE IF NOT EXISTS blocked (scope TEXT, path TEXT, until REAL, PRIMARY KEY (scope, path))"
            )
            db.commit()
        except BaseException:
            db.close()
            raise
        return db

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` returns; a damaged file is begun anew, as it holds nothing but the last hour's counts."""
        with self._held():
            for last in (False, True):
                try:
                    self._db = self._db or self._opened()
                    return work(self._db)
                except sqlite3.DatabaseError as error:
                    if last or not getattr(error, "sqlite_errorname", "").startswith(_DAMAGED):
                        raise
                    self._discard()
        raise AssertionError

    def _discard(self) -> None:
        if self._db is not None:
            self._db.close()
        self._db = None
        self._buckets.clear()
        for end in ("", "-wal", "-shm", "-journal"):
            self._path.with_name(self._path.name + end).unlink(missing_ok=True)

    @contextmanager
    def _held(self) -> Iterator[None]:
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._lock, self._file_lock:
                yield
        except OSError as error:
            raise ConfigError(
                _("The cache folder {folder} can't be written.", folder=self._folder),
                str(error.strerror),
                _("Give this user a writable folder, or set WECRM_HOME to one."),
            ) from error
        except sqlite3.OperationalError as error:  # no room, no permission, somebody else's lock
            raise ConfigError(
                _("The cache folder {folder} can't be written.", folder=self._folder),
                str(error),
                _("Check free disk space and the folder's permissions; nothing is half written."),
            ) from error

    def take(self, path: str) -> float:
        """Take one call of `path` from both budgets: 0.0 when taken, else seconds to wait and ask again."""
        return self._do(lambda db: self._take(db, path, self._now()))

    def _take(self, db: sqlite3.Connection, path: str, now: float) -> float:
        until = db.execute(
            "SELECT max(until) FROM blocked WHERE path = ? AND scope = ?", (path, self._corp_id)
        ).fetchone()[0]
        if until is not None and until > now:
            return float(until - now)
        taken: list[SQLiteBucket] = []
        for scope, rates in ((self._corp_id, self._budget.corp()), ("ip", self._budget.ip())):
            bucket = self._bucket(db, scope, path, rates)
            item = RateItem("call", int(now * 1000))
            if not bucket.put(item):
                for other in taken:
                    self._give_back(db, other)
                waiting = bucket.waiting(item)
                assert isinstance(waiting, int)
                return max(waiting, 1) / 1000
            taken.append(bucket)
        return 0.0

    def block(self, path: str, seconds: float) -> None:
        """Let no process call `path` for this corp during the next `seconds` (WeCom answered 45009)."""
        self._do(lambda db: self._block(db, path, self._now() + seconds))

    def _block(self, db: sqlite3.Connection, path: str, until: float) -> None:
        db.execute(
            "INSERT INTO blocked VALUES (?, ?, ?) "
            "ON CONFLICT (scope, path) DO UPDATE SET until = max(until, excluded.until)",
            (self._corp_id, path, until),
        )
        db.commit()

    def close(self) -> None:
        """Close the budget file."""
        with self._held():
            if self._db is not None:
                self._db.close()

    def _bucket(self, db: sqlite3.Connection, scope: str, path: str, rates: tuple[int, int]) -> SQLiteBucket:
        key = (scope, path)
        if key not in self._buckets:
            table = re.sub(r"\W", "_", f"{scope}{path}")
            db.execute(f"CREATE TABLE IF NOT EXISTS '{table}' (name VARCHAR, item_timestamp INTEGER)")
            db.execute(f"CREATE INDEX IF NOT EXISTS 'i_{table}' ON '{table}' (item_timestamp)")
            bucket = SQLiteBucket([Rate(rates[0], MINUTE_MS), Rate(rates[1], HOUR_MS)], db, table)
            bucket.leak(int(self._now() * 1000))
            self._buckets[key] = bucket
        return self._buckets[key]

    @staticmethod
    def _give_back(db: sqlite3.Connection, bucket: SQLiteBucket) -> None:
        db.execute(f"DELETE FROM '{bucket.table}' WHERE rowid = (SELECT max(rowid) FROM '{bucket.table}')")
        db.commit()


class Gate:
    """How many calls of one API may be in flight: +1 after a calm stretch, halved on 45033.

    `line` is held by the thread that waits for the budget of this API.
    """

    CALM = 50

    def __init__(self, start: int, most: int) -> None:
        self._limit = float(start)
        self._most = most
        self._in_flight = 0
        self._calm = 0
        self._free = threading.Condition()
        self.line = threading.Lock()

    @property
    def limit(self) -> int:
        """Calls allowed in flight now."""
        return int(self._limit)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Hold one place while a call is on the wire."""
        with self._free:
            while self._in_flight >= int(self._limit):
                self._free.wait()
            self._in_flight += 1
        try:
            yield
        finally:
            with self._free:
                self._in_flight -= 1
                self._free.notify()

    def calm(self) -> None:
        """A call went well."""
        with self._free:
            self._calm += 1
            if self._calm >= self.CALM and self._limit < self._most:
                self._limit += 1
                self._calm = 0
                self._free.notify()

    def crowded(self) -> None:
        """WeCom answered 45033: too many at once."""
        with self._free:
            self._limit = max(1.0, self._limit / 2)
            self._calm = 0
