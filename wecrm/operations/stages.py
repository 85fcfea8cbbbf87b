"""Which stage a customer ends in: the tags of an exclusive group in their order, the first one earliest.

A stage belongs to the customer, a tag to one relation; so the furthest stage that any relation
carries is where the customer stands, and it is put on all relations that carry a stage.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from wecrm.store import rules as store_rules
from wecrm.store.conditions import Compiled
from wecrm.store.database import Store
from wecrm.store.tags import KnownGroup


@dataclass(frozen=True, slots=True)
class Move:
    """A rule that moves to `target` (places are counted from 0): from the places `start`, or forward when empty."""

    n: int
    target: int
    start: frozenset[int]
    condition: Compiled


@dataclass(slots=True)
class Standing:
    """One customer: the stage tags of each relation that carries some, and the relations that each move meets.

    `path` has the places the moves lead through, from None (no stage yet) or the furthest carried one.
    """

    external_userid: str
    carried: dict[int, frozenset[str]] = field(default_factory=dict)
    met: dict[int, set[int]] = field(default_factory=dict)
    userids: dict[int, str] = field(default_factory=dict)
    path: list[int | None] = field(default_factory=list)

    @property
    def before(self) -> int | None:
        """The furthest place that some relation carried."""
        return self.path[0]

    @property
    def after(self) -> int | None:
        """The place in the end."""
        return self.path[-1]

    def applies(self, move: Move) -> bool:
        """Whether the move had a say: a forward one always has, another when the customer was at its start."""
        return not move.start or not move.start.isdisjoint(self.path)


@dataclass(frozen=True, slots=True)
class Ladder:
    """The stages of one exclusive group, and the moves that the rules make in it; `tags` are their ids in order."""

    group: KnownGroup
    tags: tuple[str, ...]
    moves: tuple[Move, ...]

    def unsettled(self, store: Store) -> list[str]:
        """The customers whom this ladder may have to move; no other needs to be looked at."""
        found = store_rules.with_several(store, self.tags)
        for move in self.moves:
            if move.start:
                leaving = [self.tags[place] for place in sorted(move.start - {move.target})]
                found |= store_rules.having(store, move.condition, leaving)
            else:
                found |= store_rules.without_any(store, move.condition, self.tags[move.target :])
        return sorted(found)

    def standings(self, store: Store, customers: Sequence[str]) -> Iterator[Standing]:
        """Where each of these customers stands, and where the moves lead."""
        found = {customer: Standing(customer) for customer in customers}
        for relation in store_rules.carried(store, self.tags, customers):
            standing = found[relation.external_userid]
            standing.carried[relation.relation_id] = relation.tag_ids
            standing.userids[relation.relation_id] = relation.userid
        for move in self.moves:
            for relation_id, userid, customer in store_rules.meeting(store, move.condition, customers):
                found[customer].met.setdefault(move.n, set()).add(relation_id)
                found[customer].userids[relation_id] = userid
        place = {tag: n for n, tag in enumerate(self.tags)}
        for standing in found.values():
            places = [place[tag] for tags in standing.carried.values() for tag in tags]
            met = [move for move in self.moves if move.n in standing.met]
            standing.path = path(max(places, default=None), met)
            yield standing

    def relations(self, standing: Standing) -> list[int]:
        """The relations that end with the stage: those that carry one, and those of the moves that apply."""
        met = [standing.met.get(move.n, set()) for move in self.moves if standing.applies(move)]
        return sorted(set(standing.carried).union(*met)) if standing.after is not None else []


def path(place: int | None, moves: Collection[Move]) -> list[int | None]:
    """The places that these moves lead through from `place` until none leads on.

    The furthest target wins, and none leads back behind the target of a forward move. Moves that
    lead round in a circle end at its furthest place.
    """
    floor = max((move.target for move in moves if not move.start), default=-1)
    found: list[int | None] = [place]
    while True:
        here = found[-1]
        jumps = [move.target for move in moves if here in move.start]
        onward = max([floor, *jumps]) if jumps or here is None else max(floor, here)
        if onward in (here, -1):
            return found
        if onward in found:
            circle = [each for each in found[found.index(onward) :] if each is not None]
            return [*found, max(circle)]
        found.append(onward)
