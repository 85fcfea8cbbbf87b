"""Faults as data: which calls go wrong, and how. They stand in the world file, for every process."""

import hashlib
from dataclasses import dataclass
from typing import Final

import msgspec

from wecrm.sandbox.world import World

ERRCODES: Final = ("-1", "45009", "45033", "42001", "40014")
BODIES: Final = ("http502", "cut", "garbage", "wrong_type")
BREAKS: Final = ("slow", "close", "kill")
KINDS: Final = ERRCODES + BODIES + BREAKS
LIBRARY: Final = ("10001", "10002", "10003", "10005", "10009", "10010", "crash")
"""What the archive's library says or does; only calls of its own paths (message/getchat…) can meet them."""
HOST: Final = ("http404", "redirect", "large")
"""What the public host of pictures may answer besides; it knows no errcodes."""
PICTURES: Final = "/wwpic"
"""The path by which a fault strikes fetches of pictures, which none strikes that names no path."""
GARBAGE: Final = b"<html>\x00\xff\xfe{'errcode': 0, </html>"
BAD_GATEWAY: Final = b"<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that strikes one call."""

    id: int
    kind: str
    when: str  # before or after the effect
    seconds: float

    @property
    def name(self) -> str:
        """As the call log says it."""
        return f"{self.kind} {self.when}"


def kinds_of(path: str) -> tuple[str, ...]:
    """The kinds that calls of a path can meet."""
    if path.strip("/") == PICTURES.strip("/"):
        return (*BODIES, *BREAKS, *HOST)
    return (*KINDS, *LIBRARY) if "getchat" in path else KINDS


def usual_moment(kind: str) -> str:
    """When a kind strikes unless told: a spoilt answer comes after the effect, a refusal before."""
    return "after" if kind in BODIES or kind == "slow" else "before"


def add(
    world: World,
    kind: str,
    path: str,
    times: int | None,
    share: float | None,
    seed: int,
    when: str,
    seconds: float,
    skip: int = 0,
) -> int:
    """Store a fault; its number. What it has seen begins below 0 by the calls that it lets go well first."""
    if kind not in kinds_of(path):
        raise ValueError(f"no fault {kind!r} of {path or 'every API'}; there are {', '.join(kinds_of(path))}")
    if when not in ("", "before", "after"):
        raise ValueError("when is before or after")
    if share is not None and not 0 <= share <= 1:
        raise ValueError("share is from 0 to 1")
    if skip < 0:
        raise ValueError("skip is a number of calls, 0 or more")
    if times is None and share is None:
        times = 1
    with world.writing() as db:
        row = db.execute(
            "INSERT INTO fault (kind, path, times, share, seed, moment, seconds, seen)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            (kind, path, times, share, seed, when or usual_moment(kind), seconds, -skip),
        ).fetchone()
    return int(row[0])


def clear(world: World) -> None:
    """No more faults."""
    with world.writing() as db:
        db.execute("DELETE FROM fault")


def draw(world: World, path: str) -> Fault | None:
    """The fault that strikes this call, if any; the first that was added wins.

    A share is decided by the fault's seed and how many calls of its path it has seen: the same calls in
    the same order meet the same faults.
    """
    db = world.db.connection
    rows = db.execute("SELECT id, kind, path, times, share, seed, moment, seconds, seen FROM fault ORDER BY id")
    for id_, kind, suffix, times, share, seed, moment, seconds, seen in rows.fetchall():
        if not path.endswith(suffix) or (path == PICTURES and not suffix):
            continue
        strikes = seen >= 0 and (share is None or _chance(seed, seen) < share)
        if strikes and times == 1:
            db.execute("DELETE FROM fault WHERE id = ?", (id_,))
        else:
            left = times - 1 if strikes and times is not None else times
            db.execute("UPDATE fault SET seen = seen + 1, times = ? WHERE id = ?", (left, id_))
        if strikes:
            return Fault(id_, kind, moment, seconds)
    return None


def _chance(seed: int, seen: int) -> float:
    digest = hashlib.blake2b(f"{seed}:{seen}".encode(), digest_size=8).digest()
    return float(int.from_bytes(digest, "big") / 2**64)


def spoil(kind: str, body: bytes) -> bytes:
    """A good body turned into what the fault makes of it."""
    if kind == "garbage":
        return GARBAGE
    if kind == "http502":
        return BAD_GATEWAY
    if kind == "cut":
        return body[: max(1, len(body) // 2)]
    return _wrong_type(body)


def _wrong_type(body: bytes) -> bytes:
    """The first field of the answer with another type; the whole answer a list if it has no field."""
    if not body.startswith(b"{"):
        return b"[]"
    answer: dict[str, object] = msgspec.json.decode(body)
    for name, value in answer.items():
        if name not in ("errcode", "errmsg"):
            answer[name] = {} if isinstance(value, list) else []
            return msgspec.json.encode(answer)
    return b"[]"
