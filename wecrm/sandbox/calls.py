"""The call log: everything that was asked, what became of it, and which fault was played."""

import re
import sqlite3
from dataclasses import dataclass
from typing import Final

SECRET: Final = re.compile(r"((?:access_token|corpsecret)=)[^&]*")
KEPT_BODY: Final = 65_536
PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Call:
    """One call as the world saw it."""

    id: int  # grows by one with every call
    at: float  # world time
    path: str
    app: str  # kind of the secret; "" if the call had no valid token
    caller: str  # address
    pid: int | None  # calling process, known in process only
    errcode: int | None  # of the answer; None = the caller got no errcode at all
    applied: bool  # a writing call was carried out
    fault: str
    notes: str  # what was ignored, as in "unknown field: foo"
    query: str  # without token and secret
    body: bytes

    @property
    def number(self) -> int:
        """Its place in the log, from 1."""
        return self.id

    @property
    def request(self) -> str:
        """Query and body in one text."""
        return f"?{self.query}\n{self.body.decode(errors='replace')}"


def masked(query: str) -> str:
    """The query string without token and secret."""
    return SECRET.sub(r"\1***", query)


def write_call(db: sqlite3.Connection, call: Call) -> None:
    """Append to the log."""
    db.execute(
        "INSERT INTO call VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            call.id, call.at, call.path, call.app, call.caller, call.pid, call.errcode, call.applied,
            call.fault, call.notes, masked(call.query), call.body[:KEPT_BODY],
        ),
    )  # fmt: skip


def read_calls(db: sqlite3.Connection, after: int, path: str) -> list[Call]:
    """Up to 1,000 calls after number `after` whose path ends with `path`, oldest first."""
    rows = db.execute(
        "SELECT * FROM call WHERE id > ? AND (? = '' OR substr(path, -length(?)) = ?) ORDER BY id LIMIT ?",
        (after, path, path, path, PAGE),
    ).fetchall()
    return [
        Call(id_, at, of, app, ip, pid, errcode, bool(applied), fault, notes, query, body)
        for id_, at, of, app, ip, pid, errcode, applied, fault, notes, query, body in rows
    ]
