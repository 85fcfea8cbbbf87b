"""Runs of `archive pull`: when, how far, with what end; and the gaps that a stop of more than five days leaves."""

from dataclasses import dataclass
from sqlite3 import Connection
from typing import Literal

from wecrm.models.archive import WINDOW_S
from wecrm.store.archive import chain
from wecrm.store.database import Store

State = Literal["running", "done", "partial", "silent", "limited", "stopped", "failed"]
"""done: to the end; partial: to the end, some messages in quarantine; silent: to the end, and nothing came
where something was to be expected; limited: as many as were asked for; stopped: deadline, signal, or killed."""

SOUND = ("done", "partial")
"""Ends that a monitor takes for a success."""


@dataclass(frozen=True, slots=True)
class Pull:
    """One run; times in unix seconds, `newest_msgtime` in milliseconds."""

    id: int
    started_at: int
    finished_at: int | None
    state: str
    to_seq: int
    new: int
    quarantined: int
    note: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Messages of this span (unix seconds) that were not fetched yet are lost: WeCom no longer keeps them."""

    id: int
    at: int
    from_at: int
    to_at: int
    acknowledged: str
    """Who acknowledged it and why; "" while nobody did."""


def begin(store: Store, seq: int, now: int) -> int:
    """The id of a new run that begins after `seq`; runs that were killed are told as stopped from now on."""
    with store.write() as db:
        db.execute("UPDATE pull SET state = 'stopped', finished_at = ? WHERE state = 'running'", (now,))
        made = db.execute(
            "INSERT INTO pull (started_at, state, from_seq, to_seq) VALUES (?, 'running', ?, ?) RETURNING id",
            (now, str(seq), str(seq)),
        )
        return int(made.fetchone()[0])


def end(store: Store, pull: int, state: State, now: int, note: str = "", *, emptied: bool = False) -> None:
    """The run is over. `emptied`: it came to the end of what WeCom had."""
    with store.write() as db:
        db.execute(
            "UPDATE pull SET state = ?, finished_at = ?, note = ?, emptied = ? WHERE id = ?",
            (state, now, note, int(emptied), pull),
        )


def newest(db: Connection, states: tuple[str, ...] = ()) -> Pull | None:
    """The newest run, or the newest that ended in one of `states`; None when there is none."""
    marks = ", ".join("?" * len(states))
    row = db.execute(
        "SELECT id, started_at, finished_at, state, to_seq, new, quarantined, note FROM pull "
        f"{f'WHERE state IN ({marks})' if states else ''} ORDER BY id DESC LIMIT 1",
        states,
    ).fetchone()
    return Pull(row[0], row[1], row[2], row[3], int(row[4]), *row[5:]) if row else None


def covered_until(db: Connection) -> int | None:
    """Until when everything was fetched, or is told as a gap; None before the first run that came to its end.

    A run that was cut short covers what it stored: messages come in the order of their times, nearly.
    """
    found = db.execute(
        "SELECT max(at) FROM (SELECT max(started_at) AS at FROM pull WHERE emptied = 1 "
        "UNION ALL SELECT max(min(newest_msgtime / 1000, started_at)) FROM pull WHERE pages > 0 AND newest_msgtime > 0 "
        "UNION ALL SELECT max(to_at) FROM gap)"
    ).fetchone()[0]
    return None if found is None else int(found)


def register_gap(store: Store, now: int) -> Gap | None:
    """The gap that is proven now, written down; None when the last pull is young enough.

    WeCom keeps a message for 5 days, so whatever is older than that and was not fetched is gone.
    """
    covered = covered_until(store.connection)
    if covered is None or now - WINDOW_S <= covered:
        return None
    with store.write() as db:
        row = (now, covered, now - WINDOW_S, "no pull came to its end for more than 5 days")
        (id_,) = chain.put(db, "gap", [row])
    return Gap(id_, now, covered, now - WINDOW_S, "")


def gaps(db: Connection) -> list[Gap]:
    """Every gap, the oldest first."""
    rows = db.execute(
        "SELECT g.id, g.at, g.from_at, g.to_at, "
        "coalesce((SELECT a.who || ': ' || a.reason FROM gap_acknowledged a WHERE a.gap = g.id LIMIT 1), '') "
        "FROM gap g ORDER BY g.id"
    )
    return [Gap(*row) for row in rows.fetchall()]


def acknowledge(store: Store, gap: int, who: str, reason: str, now: int) -> None:
    """Somebody knows of the gap: it is no longer an alarm, and stays written down."""
    with store.write() as db:
        chain.put(db, "gap_acknowledged", [(now, gap, who, reason)])
