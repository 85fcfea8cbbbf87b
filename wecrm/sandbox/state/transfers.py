"""Customers on their way from one member to another: the start of it, and what can be read of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.state import agenda
from wecrm.sandbox.state.livecodes import midnight
from wecrm.sandbox.state.parties import Party
from wecrm.sandbox.state.scope import code
from wecrm.sandbox.world import World

ONJOB: Final = "onjob"
RESIGNED: Final = "resigned"

DONE: Final = 1
WAITING: Final = 2
REFUSED: Final = 3
FULL: Final = 4

DAY_S: Final = 86_400
TAKES_S: Final = DAY_S  # then silence is consent
MOVES: Final = 2  # of one customer or group, in so many natural days
WINDOW_DAYS: Final = 90


@dataclass(frozen=True, slots=True)
class Start:
    """What is the same for all customers of one call."""

    world: World
    kind: str
    giver: Party
    taker: Party
    now: float
    full: bool  # the taker has no room
    drawn: tuple[float, int]  # which share of the customers refuses, and the seed it is drawn from


def start(world: World, kind: str, giver: Party, taker: Party, externals: Sequence[str], now: float) -> list[int]:
    """Let transfers begin; the errcode of each customer, 0 = it waits now.

    Raises:
        Refusal: 40099 (a switch) the taker is at the cap; what speaks against one of them (a switch).
    """
    reading = world.switch("taker_full")
    full = reading in ("item", "call") and customers(world, taker.id) >= world.limit("customers")
    if full and reading == "call":
        raise Refusal(40099)
    drawn = cast(tuple[float, int], world.setting("refusals") or (0.0, 0))
    begun = Start(world, kind, giver, taker, now, full, drawn)
    errcodes = [_one(begun, external) for external in externals]
    if any(errcodes) and world.switch("one_refused") == "call":
        raise Refusal(next(filter(None, errcodes)))
    return errcodes


def customers(world: World, member: int) -> int:
    """How many customers a member has."""
    return int(world.db.connection.execute("SELECT count(*) FROM relation WHERE member = ?", (member,)).fetchone()[0])


def follows(world: World, member: int, contact: int) -> bool:
    """Whether a member has that customer."""
    sql = "SELECT 1 FROM relation WHERE member = ? AND contact = ?"
    return world.db.connection.execute(sql, (member, contact)).fetchone() is not None


def _one(begun: Start, external: str) -> int:
    world, db = begun.world, begun.world.db.connection
    row = db.execute("SELECT id FROM contact WHERE external_userid = ?", (external,)).fetchone()
    if row is None:
        return 40096
    contact = row[0]
    errcode = _refusal(begun, contact)
    if errcode:
        return errcode
    after = _refuses_after(begun, contact, external)
    n = db.execute(
        "INSERT INTO transfer (kind, giver, taker, contact, started, refuses, status) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (begun.kind, begun.giver.id, begun.taker.id, contact, begun.now, after is not None, WAITING),
    ).lastrowid
    wait = TAKES_S if after is None else min(after, TAKES_S)
    agenda.enter(world, begun.now + wait, agenda.TRANSFER, cast(int, n))
    return 0


def _refusal(begun: Start, contact: int) -> int:
    """Why this customer cannot be moved; 0 if nothing speaks against it."""
    world = begun.world
    if not follows(world, begun.giver.id, contact):
        return code(world, "not_follower")
    of = "contact = ?" if world.switch("in_flight_of") == "customer" else f"contact = ? AND giver = {begun.giver.id}"
    sql = f"SELECT 1 FROM transfer WHERE {of} AND status = ?"
    if world.db.connection.execute(sql, (contact, WAITING)).fetchone():
        return code(world, "in_flight")
    if _moves(begun, contact) >= MOVES:
        return 40128
    if begun.full and not follows(world, begun.taker.id, contact):
        return 40099
    return 0


def _moves(begun: Start, contact: int) -> int:
    """How many transfers of the last 90 natural days count against another one."""
    world = begun.world
    both = world.switch("resigned_counts")
    if begun.kind == RESIGNED and not both:
        return 0
    where = "" if both else f" AND kind = '{ONJOB}'"
    if not world.switch("refused_counts"):
        where += f" AND status = {DONE}"
    sql = f"SELECT count(*) FROM transfer WHERE contact = ? AND started >= ?{where}"
    return int(world.db.connection.execute(sql, (contact, window(begun.now))).fetchone()[0])


def window(now: float) -> int:
    """The beginning of the first of 90 natural days, today the last."""
    return midnight(now) - (WINDOW_DAYS - 1) * DAY_S


def _refuses_after(begun: Start, contact: int, external: str) -> float | None:
    """After how many seconds the customer will refuse; None if they say nothing."""
    world = begun.world
    row = world.db.connection.execute("SELECT after_s FROM refuser WHERE contact = ?", (contact,)).fetchone()
    if row is not None:
        return cast(float, row[0])
    share, seed = begun.drawn
    draw = int.from_bytes(world.digest("refuses", seed, external, begun.taker.userid, size=8), "big") / 2**64
    return 3600.0 + draw / share * (TAKES_S - 7200) if draw < share else None
