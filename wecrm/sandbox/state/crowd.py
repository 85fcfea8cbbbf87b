"""Customers who come to a live code one after the other, drawn from the world's seed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import msgspec

from wecrm.sandbox.seed.customers import customer_detail
from wecrm.sandbox.seed.ids import wire_id
from wecrm.sandbox.state.livecodes import Code
from wecrm.sandbox.world import World

TRIES: Final = 20


@dataclass(slots=True)
class Scanned:
    """What became of the scans of one code."""

    code: str
    kind: str
    scans: int
    added: int = 0  # customers whom a member or a group got
    known: int = 0  # of those, customers whom the corp had before
    again: int = 0  # led to a member whom they knew already; nobody was added
    failed: int = 0
    why: str = ""  # of the failures
    members: dict[str, int] = field(default_factory=dict)  # userid → customers added
    groups: dict[str, int] = field(default_factory=dict)  # chat_id → customers added
    made_groups: list[str] = field(default_factory=list)

    def fail(self, why: str) -> None:
        """One scan led nowhere."""
        self.failed += 1
        self.why = why


@dataclass(frozen=True, slots=True)
class Customer:
    """One of the crowd."""

    contact: int
    external_userid: str
    detail: dict[str, Any]
    at: int
    number: int  # never used before
    followers: frozenset[int]  # members who know the customer; empty for a new one


class Crowd:
    """So many customers at these times, a share of them known to the corp."""

    def __init__(self, world: World, code: Code, times: Sequence[int], known: float) -> None:
        self.world = world
        self.times = times
        self.known = known
        self.rng = Random(world.digest("scan", code.id, code.turn))
        self.numbers = world.new_numbers(len(times))
        row = world.db.connection.execute("SELECT max(id) FROM contact").fetchone()
        self.oldest = row[0] or 0

    def come(self, n: int, strangers_to: Collection[int]) -> Customer:
        """Customer `n`: somebody known, but to none of these members, or somebody new."""
        if self.oldest and self.rng.random() < self.known:
            for _ in range(TRIES):
                found = self._old(n, self.rng.randint(1, self.oldest))
                if found is not None and found.followers.isdisjoint(strangers_to):
                    return found
        return self._new(n)

    def _old(self, n: int, contact: int) -> Customer | None:
        db = self.world.db.connection
        rows = db.execute("SELECT member FROM relation WHERE contact = ?", (contact,)).fetchall()
        row = db.execute("SELECT external_userid, detail FROM contact WHERE id = ?", (contact,)).fetchone()
        if not rows or row is None:
            return None
        followers = frozenset(member for (member,) in rows)
        return Customer(contact, row[0], msgspec.json.decode(row[1]), self.times[n], self.numbers[n], followers)

    def _new(self, n: int) -> Customer:
        number = self.numbers[n]
        external = wire_id("wo" if number % 12 == 0 else "wm", self.world.seed, "made customer", number)
        detail = customer_detail(self.rng, self.world.seed, external, 10**9 + number)
        row = self.world.db.connection.execute(
            "INSERT INTO contact (external_userid, detail) VALUES (?, ?) RETURNING id",
            (external, msgspec.json.encode(detail).decode()),
        ).fetchone()
        return Customer(row[0], external, detail, self.times[n], number, frozenset())
