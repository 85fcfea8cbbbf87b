"""Rules that say who takes whom: the first rule that a customer meets decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from wecrm.errors import UsageError
from wecrm.models.rules import Texts, several
from wecrm.models.sharing import Customer, SharingFile, SharingRule
from wecrm.operations.givers import Names
from wecrm.operations.rows import Problems
from wecrm.operations.ruleconditions import KINDS, Cache
from wecrm.operations.tagnames import TagNames
from wecrm.store import handovers
from wecrm.store import rules as store_rules
from wecrm.store import tags as library
from wecrm.store.conditions import Compiled
from wecrm.store.database import Store


@dataclass(frozen=True, slots=True)
class Ready:
    """Rules with all names looked up, in order: their conditions and takers, and who takes the rest."""

    rules: Sequence[tuple[Compiled, frozenset[str]]]
    otherwise: frozenset[str]

    @property
    def takers(self) -> list[str]:
        """Everybody who is named, once."""
        return sorted(self.otherwise.union(*(takers for _condition, takers in self.rules)))

    def decide(self, store: Store, userids: Mapping[str, object], customers: Sequence[Customer]) -> list[Customer]:
        """The customers of these members, each with the only takers that the rules leave."""
        chosen: dict[int, frozenset[str]] = {}
        for condition, takers in self.rules:
            for relation_id in handovers.meeting(store, userids, condition):
                chosen.setdefault(relation_id, takers)
        rest = self.otherwise
        return [
            replace(one, takers=rest if one.relation_id is None else chosen.get(one.relation_id, rest))
            for one in customers
        ]


def prepare(cache: Cache, file: SharingFile, names: Names, problems: Problems) -> Ready:
    """The rules ready to be asked; names, tags and columns that do not exist become problems of their rule."""
    tags = TagNames(library.known(cache.store))
    found = []
    for n, rule in enumerate(file.rules, 1):
        label = rule.conditions().label(n)
        takers = _takers(rule.to, f"{label}, to", names, problems)
        found.append(
            (store_rules.both(_conditions(cache, rule, label, tags, problems) or [handovers.EVERYBODY]), takers)
        )
    return Ready(found, _takers(file.otherwise, "else", names, problems))


def _takers(to: Texts, where: str, names: Names, problems: Problems) -> frozenset[str]:
    return frozenset(userid for name in several(to) if (userid := names.userid(str(name), where, problems)))


def _conditions(cache: Cache, rule: SharingRule, label: str, tags: TagNames, problems: Problems) -> list[Compiled]:
    asked, found = rule.conditions(), []
    for field, kind in KINDS.items():
        if getattr(asked, field):
            try:
                found.append(kind.sql(cache, asked))
            except UsageError as error:
                problems.add(f"{label}, {field}", " ".join(filter(None, (error.what, error.why, error.fix))))
    own = Problems()
    ids = [tag.tag_id for name in several(rule.tag) if (tag := tags.existing(str(name), own))]
    for what, why in own.found:
        problems.add(f"{label}, tag", f"{what}: {why}")
    return [*found, handovers.carrying(ids)] if ids else found
