"""Tagging by rules: from a file of conditions to a plan of marks for exactly the relations that lack a tag."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.plan import Change, Plan
from wecrm.models.rules import Rule, RulesFile, several
from wecrm.models.text import visible
from wecrm.operations import marks
from wecrm.operations.rows import Problems, Target
from wecrm.operations.ruleconditions import KINDS, Cache
from wecrm.operations.stages import Ladder, Move
from wecrm.operations.tagnames import TagNames
from wecrm.store import rules as store_rules
from wecrm.store import selection
from wecrm.store import tags as store_tags
from wecrm.store.conditions import Compiled
from wecrm.store.database import Store
from wecrm.store.tags import KnownGroup, KnownTag
from wecrm.store.views import view


@dataclass(frozen=True, slots=True)
class Ready:
    """The `n`-th rule with its names looked up; `conditions` in the order of KINDS."""

    n: int
    rule: Rule
    conditions: Mapping[str, Compiled]
    tag: KnownTag
    start: tuple[KnownTag, ...] = ()

    @property
    def condition(self) -> Compiled:
        """All its conditions together."""
        return store_rules.both(list(self.conditions.values()))


@dataclass(frozen=True, slots=True)
class Rules:
    """A file of rules, ready to be asked: those that give a tag, and the ladders of those that give a stage."""

    ready: tuple[Ready, ...]
    ladders: tuple[Ladder, ...]


def prepare(cache: Cache, file: RulesFile) -> Rules:
    """The rules with all names looked up.

    Raises:
        UsageError: tags, groups, ways, columns that do not exist, or stages of a group that is not
            exclusive; all of them with their rules. Nothing was ever synced.
    """
    as_of(cache, file)
    groups = store_tags.groups(cache.store)
    names, problems = TagNames(store_tags.known(cache.store)), Problems()
    exclusive = frozenset(group.group_id for group in groups if group.exclusive)
    found = [_ready(cache, n, rule, names, exclusive, problems) for n, rule in enumerate(file.rules, 1)]
    problems.raise_any()
    ready = tuple(each for each in found if each is not None)
    return Rules(ready, tuple(ladder for group in groups if (ladder := _ladder(group, ready)).moves))


def as_of(cache: Cache, file: RulesFile) -> float:
    """How old (unix seconds) the oldest part of the cache is that these rules look at.

    Raises:
        UsageError: a part was never synced, so that all rules would be met by nobody.
    """
    needed = (kind.needs(cache, rule) for rule in file.rules for name, kind in KINDS.items() if getattr(rule, name))
    names = sorted({"contacts"}.union(*needed))
    found = {name: selection.as_of(cache.store, view(name)) for name in names}
    for name, at in found.items():
        if at is None:
            raise UsageError(_("Nothing is cached yet: run `wecrm sync {purpose}`.", purpose=name))
    return min(at for at in found.values() if at is not None)


def _ladder(group: KnownGroup, ready: Sequence[Ready]) -> Ladder:
    place = {tag.tag_id: n for n, tag in enumerate(group.tags)}
    moves = (
        Move(each.n, place[each.tag.tag_id], frozenset(place[tag.tag_id] for tag in each.start), each.condition)
        for each in ready
        if each.rule.stage and each.tag.tag_id in place
    )
    return Ladder(group, tuple(place), tuple(moves))


def _ready(
    cache: Cache, n: int, rule: Rule, names: TagNames, exclusive: frozenset[str], problems: Problems
) -> Ready | None:
    """One rule, or None with its problems noted."""
    label = rule.label(n)
    conditions = {}
    for field_, kind in KINDS.items():
        if getattr(rule, field_):
            try:
                conditions[field_] = kind.sql(cache, rule)
            except UsageError as error:
                told = " ".join(filter(None, (error.what, error.fix)))
                problems.add(f"{label}, {field_}", "\n".join(filter(None, (told, error.why))))
    tag = _tag(names, f"{label}, {'tag' if rule.tag else 'stage'}", rule.tag or rule.stage, problems)
    start = [_tag(names, f"{label}, from", str(each), problems) for each in several(rule.start)]
    if tag is None or None in start:
        return None
    ready = Ready(n, rule, conditions, tag, tuple(each for each in start if each is not None))
    if wrong := _not_fitting(ready, tag.group_id in exclusive):
        problems.add(f"{label}, {wrong[0]}", wrong[1])
    return ready


def _not_fitting(ready: Ready, exclusive: bool) -> tuple[str, str] | None:
    """The field of a rule whose tag is of the wrong kind of group, and why."""
    group = visible(ready.tag.group_name)
    if ready.rule.tag and exclusive:
        return "tag", _("the group {group} is exclusive: write `stage`", group=group)
    if ready.rule.stage and not exclusive:
        return "stage", _(
            "the group {group} is not exclusive: write `exclusive: true` beside it in the tag library's file, then "
            "`wecrm tags push`",
            group=group,
        )
    for each in ready.start:
        if each.group_id != ready.tag.group_id:
            return "from", _("{tag} is not of the group {group}", tag=visible(each.name), group=group)
    return None


def _tag(names: TagNames, where: str, name: str, problems: Problems) -> KnownTag | None:
    own = Problems()
    found = names.existing(name, own)
    for what, why in own.found:
        problems.add(where, f"{what}: {why}")
    return found


@dataclass(slots=True)
class _Wanted:
    """What one relation is to get: tags to put on, stages to take off, and the stages it carries."""

    userid: str
    external_userid: str
    add: list[str] = field(default_factory=list)
    remove: tuple[str, ...] = ()
    has: frozenset[str] = frozenset()


def plan(cache: Cache, file: RulesFile, *, title: str, input_digest: str) -> Plan:
    """The plan that gives every active relation what the rules say and it lacks; without changes when it lacks nothing.

    Raises:
        UsageError: as `prepare`.
    """
    rules = prepare(cache, file)
    wanted: dict[int, _Wanted] = {}
    counts = [(each, _lacking(cache.store, each, wanted)) for each in rules.ready if each.rule.tag]
    notes = [
        _("{rule}: {n:,} relations get {tag}.", rule=each.rule.label(each.n), n=n, tag=each.rule.tag)
        for each, n in counts
        if n
    ]
    moves = 0
    for ladder in rules.ladders:
        n, off = _moving(cache.store, ladder, wanted)
        if n:
            notes.append(_("{group}: {n:,} relations get a stage.", group=visible(ladder.group.name), n=n))
        moves += off
    if moves:
        notes.append(marks.moved(moves))
    changes = (_change(n, relation_id, wanted[relation_id]) for n, relation_id in enumerate(sorted(wanted), 1))
    return Plan("tags", title, tuple(changes), input_digest=input_digest, notes=tuple(notes))


def _lacking(store: Store, rule: Ready, wanted: dict[int, _Wanted]) -> int:
    """Add the relations that lack the rule's tag; how many of them no earlier rule gives it."""
    n = 0
    for relation_id, userid, external in store_rules.lacking(store, rule.condition, rule.tag.tag_id):
        add = wanted.setdefault(relation_id, _Wanted(userid, external)).add
        if rule.tag.tag_id not in add:
            add.append(rule.tag.tag_id)
            n += 1
    return n


def _moving(store: Store, ladder: Ladder, wanted: dict[int, _Wanted]) -> tuple[int, int]:
    """Add the relations that get another stage; how many there are, and from how many of them one comes off."""
    n = moves = 0
    for standing in ladder.standings(store, ladder.unsettled(store)):
        for relation_id in ladder.relations(standing):
            assert standing.after is not None
            stage = ladder.tags[standing.after]
            has = standing.carried.get(relation_id, frozenset())
            if has == {stage}:
                continue
            n += 1
            moves += bool(has - {stage})
            target = wanted.setdefault(relation_id, _Wanted(standing.userids[relation_id], standing.external_userid))
            target.add.append(stage)
            target.remove += tuple(tag for tag in ladder.tags if tag != stage)  # absent ones too, as marks.plan
            target.has |= has
    return n, moves


def _change(n: int, relation_id: int, wanted: _Wanted) -> Change:
    keys = {"userid": wanted.userid, "external_userid": wanted.external_userid}
    target = Target(relation_id, wanted.userid, wanted.external_userid, "", {}, keys)
    return marks.change(n, 0, target, marks.Wish(tuple(wanted.add), wanted.remove), wanted.has)
