"""Who gets whom: customers and groups shared among takers by a strategy. Pure: the same for the same seed.

Nobody is given to a taker who may not have them, or has no room: who fits nobody is left, with the reason.
The order of the customers does not matter; that of the takers only for `cap`, which fills them one by one.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from math import inf

from wecrm.models.sharing import Customer, Group, Misfit, Strategy, Taker
from wecrm.models.text import folded


@dataclass(frozen=True, slots=True)
class Shared:
    """Every customer once, given or left, in the order they came in; `bundles`: sizes of what was kept together."""

    given: tuple[tuple[Customer, str], ...]
    left: tuple[tuple[Customer, Misfit], ...]
    bundles: tuple[int, ...] = ()


def share(customers: Sequence[Customer], takers: Sequence[Taker], strategy: Strategy, seed: int) -> Shared:
    """Give each customer to a taker, as far as they may and have room.

    `one`, `load`, `rules`: to whoever has the fewest customers then; `department`: so too, among those of a
    department of the handing-over member; `round-robin`: in turn; `cap`: fill one after the other;
    `keep-together`: customers of one group chat or company to one taker, the largest bundle first.
    A customer of several members goes to one taker, as far as possible, and takes room there once.
    """
    board = _Board(takers, strategy, seed)
    bundles = (
        _bundles(customers, seed) if strategy == "keep-together" else [[one] for one in _shuffled(customers, seed)]
    )
    placed: dict[tuple[str, str], str] = {}
    misfits: dict[tuple[str, str], Misfit] = {}
    for bundle in bundles:
        able = [one for one in bundle if board.may_take(one)]
        misfits |= {one.key: board.misfit(one) for one in bundle if not board.may_take(one)}
        if not able:
            continue
        chosen = board.place(able)
        if chosen:
            placed |= dict.fromkeys((one.key for one in able), chosen)
        else:
            misfits |= dict.fromkeys((one.key for one in able), "together" if len(able) > 1 else "full")
    given = tuple((one, placed[one.key]) for one in customers if one.key in placed)
    left = tuple((one, misfits[one.key]) for one in customers if one.key in misfits)
    return Shared(given, left, tuple(len(bundle) for bundle in bundles if len(bundle) > 1))


def share_groups(
    groups: Sequence[Group], homes: Mapping[str, str], takers: Sequence[Taker], strategy: Strategy, seed: int
) -> tuple[tuple[tuple[Group, str], ...], tuple[tuple[Group, Misfit], ...]]:
    """Groups given, and groups left: each to the taker who gets most of its customers, else the fewest groups.

    Args:
        homes: external_userid → who takes that customer.
    """
    board = _Board(takers, strategy, seed)
    had: Counter[str] = Counter()
    given: dict[str, str] = {}
    for group in sorted(groups, key=lambda group: _draw(seed, group.chat_id)):
        found = board.may_take(group)
        if found:
            among = votes(group, homes)
            chosen = min(found, key=lambda userid: (-among[userid], had[userid], board.rank[userid]))
            given[group.chat_id] = chosen
            had[chosen] += 1
    return (
        tuple((group, given[group.chat_id]) for group in groups if group.chat_id in given),
        tuple((group, board.misfit(group)) for group in groups if group.chat_id not in given),
    )


def votes(group: Group, homes: Mapping[str, str]) -> Counter[str]:
    """How many of a group's customers each taker gets."""
    return Counter(homes[external] for external in group.customers if external in homes)


class _Board:
    """Who may still take how many, and whose turn it is."""

    def __init__(self, takers: Sequence[Taker], strategy: Strategy, seed: int) -> None:
        self._strategy = strategy
        self._takers = {taker.userid: taker for taker in takers}
        named = list(self._takers)
        if strategy != "cap":
            named.sort(key=lambda userid: _draw(seed, userid))
        self.rank = {userid: n for n, userid in enumerate(named)}
        self._room = {taker.userid: inf if taker.room is None else taker.room for taker in takers}
        self._turn = {taker.userid: self._first(taker) for taker in takers}
        self._homes: dict[str, str] = {}
        self._may: dict[tuple[str, frozenset[str] | None, frozenset[int]], tuple[str, ...]] = {}

    def _first(self, taker: Taker) -> tuple[int, int]:
        """Whose turn it is: the smallest comes first, and grows with each customer but for `cap`."""
        before = 0 if self._strategy in ("cap", "round-robin") else taker.load
        return before, self.rank[taker.userid]

    def may_take(self, ware: Customer | Group) -> tuple[str, ...]:
        """The takers who may have this customer or group, whatever their room."""
        key = ware.handover, ware.takers, ware.departments
        if key not in self._may:
            self._may[key] = tuple(
                userid
                for userid, taker in self._takers.items()
                if userid.lower() != ware.handover.lower()
                and (ware.takers is None or userid in ware.takers)
                and (self._strategy != "department" or taker.departments & ware.departments)
            )
        return self._may[key]

    def _pools(self, bundle: Sequence[Customer]) -> list[tuple[str, ...]]:
        """Who may have each of them; many customers have the same pool, which is looked at once."""
        return list({id(pool): pool for pool in map(self.may_take, bundle)}.values())

    def misfit(self, ware: Customer | Group) -> Misfit:
        """Why nobody may take this customer or group."""
        pool = frozenset(self._takers) if ware.takers is None else ware.takers
        if not pool:
            return "rule" if ware.takers is not None else "unusable"
        if {userid.lower() for userid in pool} == {ware.handover.lower()}:
            return "self"
        return "department" if self._strategy == "department" and not pool.isdisjoint(self._takers) else "unusable"

    def place(self, bundle: Sequence[Customer]) -> str:
        """Give all of them to one who may take each and has room; "" when there is nobody."""
        found, *others = self._pools(bundle)
        for pool in others:
            found = tuple(userid for userid in found if userid in pool)
        home = self._homes.get(bundle[0].external_userid, "") if len(bundle) == 1 else ""
        if home in found:
            return home
        n = len({customer.external_userid for customer in bundle})
        fitting = [userid for userid in found if self._room[userid] >= n]
        if not fitting:
            return ""
        chosen = min(fitting, key=self._turn.__getitem__)
        self._room[chosen] -= n
        if self._strategy != "cap":
            self._turn[chosen] = self._turn[chosen][0] + n, self._turn[chosen][1]
        self._homes |= dict.fromkeys((customer.external_userid for customer in bundle), chosen)
        return chosen


def _draw(seed: int, name: str) -> bytes:
    """Where a name stands in an order that only the seed decides."""
    return blake2b(f"{seed}\0{name}".encode(), digest_size=8).digest()


def _shuffled(customers: Iterable[Customer], seed: int) -> list[Customer]:
    return sorted(customers, key=lambda one: (_draw(seed, one.external_userid), one.external_userid, one.handover))


def _bundles(customers: Iterable[Customer], seed: int) -> list[list[Customer]]:
    """Customers whom a chain of group chats and companies ties together, the largest bundle first."""
    above: dict[tuple[str, str], tuple[str, str]] = {}

    def top(token: tuple[str, str]) -> tuple[str, str]:
        while (higher := above.setdefault(token, token)) != token:
            above[token] = above[higher]
            token = above[token]
        return token

    for one in customers:
        own = top(("customer", one.external_userid))
        ties = [("chat", chat) for chat in one.chats] + [
            ("company", company) for company in [folded(one.company)] if company
        ]
        for tie in ties:
            above[top(tie)] = own
    found: dict[tuple[str, str], list[Customer]] = defaultdict(list)
    for one in _shuffled(customers, seed):
        found[top(("customer", one.external_userid))].append(one)
    return sorted(found.values(), key=len, reverse=True)
