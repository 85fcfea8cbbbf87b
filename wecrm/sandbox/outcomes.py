"""What customers do about transfers, past the API, and what came of them and was told to whom."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from wecrm.sandbox.state import agenda, settling
from wecrm.sandbox.state.transfers import TAKES_S, WAITING
from wecrm.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Transfer:
    """One attempt to move a customer, as it really is."""

    kind: str  # onjob or resigned
    handover_userid: str
    takeover_userid: str
    external_userid: str
    started: float
    status: int  # 1 done, 2 waiting, 3 refused or no longer a friend, 4 taker at the cap
    ended: float | None  # None while it waits
    refuses: bool  # the customer says no, or will


@dataclass(frozen=True, slots=True)
class GroupMove:
    """One group that got another owner."""

    kind: str  # onjob or resigned
    chat_id: str
    old_owner: str
    new_owner: str
    at: float


@dataclass(frozen=True, slots=True)
class Event:
    """What a callback would have told."""

    at: int
    event: str  # as in change_external_contact
    change_type: str
    fields: dict[str, str]  # under the names of the callback


@dataclass(frozen=True, slots=True)
class Notice:
    """A message of an app for one member."""

    at: float
    app: str
    userid: str
    msgtype: str
    content: dict[str, str]
    msgid: str
    dropped: str  # why the member did not get it; "" = they did


def customer_refuses(world: World, external_userid: str, *, refuses: bool = True, after_s: float = 3600.0) -> None:
    """A customer says no to every transfer, so many seconds after it began; one that waits is refused then or now.

    Args:
        world: where.
        external_userid: the customer.
        refuses: False = the customer says nothing about transfers that begin from now on.
        after_s: 0 up to 24 hours.

    Raises:
        ValueError: no such customer; a time after which nobody can refuse.
    """
    if not 0 <= after_s < TAKES_S:
        raise ValueError("after_s is from 0 to less than 24 hours")
    with world.writing() as db:
        row = db.execute("SELECT id FROM contact WHERE external_userid = ?", (external_userid,)).fetchone()
        if row is None:
            raise ValueError(f"no customer {external_userid}")
        if not refuses:
            db.execute("DELETE FROM refuser WHERE contact = ?", row)
            return
        db.execute("INSERT OR REPLACE INTO refuser VALUES (?, ?)", (row[0], after_s))
        waiting = f"SELECT n, started FROM transfer WHERE contact = ? AND status = {WAITING}"
        for n, started in db.execute(waiting, row).fetchall():
            db.execute("UPDATE transfer SET refuses = 1 WHERE n = ?", (n,))
            agenda.bring_forward(world, max(started + after_s, world.now()), agenda.TRANSFER, n)
        settling.catch_up(world)


def refusal_share(world: World, share: float, *, seed: int = 1) -> None:
    """This part of all customers refuses a transfer that begins from now on, drawn from `seed`; 0 = nobody."""
    if not 0 <= share <= 1:
        raise ValueError("share is from 0 to 1")
    world.store("refusals", [share, seed])


def transfers(world: World) -> Iterator[Transfer]:
    """Every transfer of a customer, first begun first."""
    rows = _all(
        world,
        "SELECT t.kind, g.userid, m.userid, c.external_userid, t.started, t.status, t.ended, t.refuses FROM transfer t"
        " JOIN member g ON g.id = t.giver JOIN member m ON m.id = t.taker JOIN contact c ON c.id = t.contact"
        " ORDER BY t.n",
    )
    for kind, giver, taker, external, started, status, ended, refuses in rows:
        yield Transfer(kind, giver, taker, external, started, status, ended, bool(refuses))


def group_moves(world: World) -> Iterator[GroupMove]:
    """Every change of an owner that the API made, first come first."""
    rows = _all(
        world,
        "SELECT v.kind, c.chat_id, g.userid, m.userid, v.at FROM chat_move v JOIN chat c ON c.id = v.chat"
        " JOIN member g ON g.id = v.giver JOIN member m ON m.id = v.taker ORDER BY v.n",
    )
    for row in rows:
        yield GroupMove(*row)


def events(world: World) -> Iterator[Event]:
    """What callbacks would have told since the world began, oldest first."""
    for at, event, change_type, fields in _all(world, "SELECT at, event, change_type, fields FROM event ORDER BY n"):
        yield Event(at, event, change_type, msgspec.json.decode(fields))


def notices(world: World) -> Iterator[Notice]:
    """The messages that apps sent to members, oldest first."""
    rows = _all(
        world,
        "SELECT n.at, n.app, m.userid, n.msgtype, n.content, n.msgid, n.dropped FROM notice n"
        " JOIN member m ON m.id = n.member ORDER BY n.n",
    )
    for at, app, userid, msgtype, content, msgid, dropped in rows:
        yield Notice(at, app, userid, msgtype, msgspec.json.decode(content), msgid, dropped)


def _all(world: World, sql: str) -> list[Any]:
    """All rows, as of now."""
    settling.catch_up(world)
    with world.db.lock:
        return world.db.connection.execute(sql).fetchall()
