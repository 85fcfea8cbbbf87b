"""A selection to be handed over: whose customers and groups, who may take them, and by which strategy."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TypeVar

from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.sharing import STRATEGIES, Customer, Group, SharingFile, Strategy
from wecrm.models.text import visible
from wecrm.operations import duty, givers, sharingrules, transferplan
from wecrm.operations.givers import Givers, Names
from wecrm.operations.rows import Problems
from wecrm.operations.ruleconditions import Cache
from wecrm.operations.transferplan import Batch, Manner, Planned
from wecrm.operations.work import Work
from wecrm.store import directory, handovers, selection
from wecrm.store.conditions import Compiled
from wecrm.store.nearest import did_you_mean
from wecrm.store.views import view

Ware = TypeVar("Ware", Customer, Group)


@dataclass(frozen=True, slots=True)
class Selection:
    """What is asked: `givers` and `takers` as people name them, `where` as in `--where`."""

    givers: Sequence[str]
    takers: Sequence[str]
    strategy: Strategy
    where: str = ""
    rules: SharingFile | None = None
    customers: bool = True
    groups: bool = False


def strategy(name: str, takers: int, *, ruled: bool, capped: bool) -> Strategy:
    """The strategy of that name, or the one that goes without saying for so many takers.

    Raises:
        UsageError: there is none of that name, or it does not go with the other options.
    """
    name = name or ("rules" if ruled else "one" if takers == 1 else "load")
    found = next((each for each in STRATEGIES if each == name), None)
    if found is None:
        near = did_you_mean(name, STRATEGIES)
        raise UsageError(
            _("There is no strategy {name}.", name=repr(visible(name))),
            near,
            _("Strategies: {names}.", names=", ".join(STRATEGIES)),
        )
    if (found == "rules") is not ruled or (ruled and takers):
        raise UsageError(
            _("The strategy rules and --rules go together, without --to."), "", _("The rules' file names the takers.")
        )
    if found == "one" and takers != 1:
        raise UsageError(
            _("The strategy one is for one taker, not for {n}.", n=takers), "", _("Leave out --strategy, or name one.")
        )
    if found == "cap" and not capped:
        raise UsageError(_("The strategy cap fills takers up to --cap."), "", _("Say how many: --cap 2000"))
    return found


def plan(work: Work, cache: Cache, asked: Selection, manner: Manner) -> Planned:
    """The plan that shares their customers and groups among the takers.

    Raises:
        UsageError: names of nobody or of several; takers who can't take anybody; a condition that can't be read.
    """
    problems, names = Problems(), Names(work.store)
    found = givers.find(work, {name: f"--from {name}" for name in asked.givers}, names, problems)
    rules = sharingrules.prepare(cache, asked.rules, names, problems) if asked.rules else None
    takers = [userid for name in asked.takers if (userid := names.userid(name, f"--to {name}", problems))]
    if rules:
        takers += [userid for userid in rules.takers if userid not in takers]
    _usable(work, takers, problems)
    problems.raise_any()
    condition = _condition(cache, asked.where)
    customers = _customers(work, found, condition, asked.strategy) if asked.customers else []
    if rules:
        customers = rules.decide(work.store, found.kinds, customers)
    groups = _groups(work, found, asked.strategy) if asked.groups else []
    digest = sha256(repr(asked).encode()).hexdigest()
    otherwise = rules.otherwise if rules else frozenset()
    batch = Batch(found.kinds, customers, groups, takers, asked.strategy, (), otherwise, digest)
    planned = transferplan.plan(work, batch, manner)
    notes = (*planned.plan.notes, *(_not_listed(work, found) if asked.customers else ()))
    return replace(planned, plan=replace(planned.plan, notes=notes))


def _not_listed(work: Work, found: Givers) -> Iterator[str]:
    """Leavers of whom WeCom lists nobody who waits, though the cache knows customers of theirs."""
    for userid in found.of("resigned"):
        count = 0 if userid in found.waiting else len(handovers.customers(work.store, [userid]))
        if count:
            yield _(
                "WeCom lists no customer of {userid} who waits, but the cache knows {n:,}. It may take some minutes to "
                "notice that a member was deleted: then plan again.",
                userid=userid,
                n=count,
            )


def _usable(work: Work, takers: Sequence[str], problems: Problems) -> None:
    members = directory.known(work.store, takers)
    for userid in takers:
        if reason := duty.unusable(userid, members):
            problems.add(userid, _("{userid} can't take anybody: {why}", userid=userid, why=duty.told(reason)))


def _condition(cache: Cache, where: str) -> Compiled | None:
    return selection.compile(view("contacts"), where, now=cache.now, tz=cache.tz, store=cache.store) if where else None


def _customers(work: Work, found: Givers, condition: Compiled | None, strategy: Strategy) -> list[Customer]:
    """Active relations of those who work here, and whoever waits of those who left."""
    asked = condition or handovers.EVERYBODY
    customers = handovers.customers(work.store, found.of("onjob"), asked)
    cached = handovers.customers(work.store, found.of("resigned"), asked, ended=True)
    known = {one.key: one for one in cached}
    for userid in found.of("resigned"):
        for external in found.waiting.get(userid, ()):
            one = known.get((userid, external)) or (None if condition else Customer(external, userid))
            if one is not None:
                customers.append(one)
    customers = [_named(found, one) for one in customers]
    if strategy == "department":
        return _placed(work, found, customers)
    if strategy == "keep-together":
        chats = handovers.chats(work.store, {one.external_userid for one in customers})
        return [replace(one, chats=chats.get(one.external_userid, frozenset())) for one in customers]
    return customers


def _groups(work: Work, found: Givers, strategy: Strategy) -> list[Group]:
    groups = [_named(found, one) for one in handovers.groups(work.store, found.kinds)]
    return _placed(work, found, groups) if strategy == "department" else groups


def _named(found: Givers, ware: Ware) -> Ware:
    """With the userid as the directory spells it; WeCom does not tell upper from lower case."""
    if ware.handover in found.kinds:
        return ware
    return replace(ware, handover=next(userid for userid in found.kinds if userid.lower() == ware.handover.lower()))


def _placed(work: Work, found: Givers, wares: Sequence[Ware]) -> list[Ware]:
    """With the departments of who hands them over."""
    at = handovers.departments(work.store, found.kinds)
    return [replace(one, departments=at.get(one.handover.lower(), frozenset())) for one in wares]
