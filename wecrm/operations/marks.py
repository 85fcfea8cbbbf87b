"""Putting corp tags on relations and taking them off, in bulk."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from wecrm.api import tags as api
from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.contact import Relation
from wecrm.models.plan import Change, Fact, Facts, NewId, Outcome, Plan, State, Undo
from wecrm.models.text import visible
from wecrm.operations import readback
from wecrm.operations.exclusive import Alternatives, TagRef
from wecrm.operations.outcomes import failed_state, text
from wecrm.operations.rows import Problems, Target
from wecrm.operations.tagnames import TagNames
from wecrm.operations.work import Work
from wecrm.store import effects
from wecrm.store import relations as relations_store
from wecrm.store import tags as tags_store
from wecrm.store.database import Store


class Mark:
    """Op `tag.mark`: one relation, the touched tag ids as `present` and `absent`."""

    op = "tag.mark"
    batch = 1
    undo: Undo = "reversible"

    def cluster(self, change: Change) -> str:
        return text(change.key["userid"])

    def group(self, change: Change) -> Hashable:
        return change.id

    def calls(self, store: Store, clusters: Mapping[str, int], sent: int) -> dict[str, int]:
        return {api.MARK.path: sent, **readback.calls(store, dict(clusters))}

    def taken(self, change: Change) -> Sequence[str]:
        return [tag for tag in _ids(change.before["present"]) if tag in set(_ids(change.after["absent"]))]

    def existing(self, store: Store, thing: str) -> tuple[str, int]:
        name, count = tags_store.customers(store, thing)
        return _("tag {name}", name=name), count

    def read(self, work: Work, changes: Sequence[Change]) -> Iterator[dict[str, State]]:
        wanted: dict[readback.Key, list[Change]] = {}
        for change in changes:
            wanted.setdefault(_key(change), []).append(change)
        for found in readback.relations(work, list(wanted)):
            yield {change.id: _state(change, found[key]) for key in found for change in wanted[key]}

    def send(self, work: Work, changes: Sequence[Change]) -> list[Outcome]:
        for change in changes:
            added = [tag for tag in _ids(change.after["present"]) if tag in set(_ids(change.before["absent"]))]
            api.mark(work.client, *_key(change), add=added, remove=self.taken(change))
        return [Outcome("ok") for _change in changes]

    def note(self, work: Work, job: str, changes: Sequence[Change], made: Mapping[str, str]) -> None:
        marks: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
        for change in changes:
            added, removed = marks.setdefault(_key(change), ([], []))
            added += _ids(change.after["present"])
            removed += _ids(change.after["absent"])
        effects.note_marks(work.store, job, marks, work.now())

    def reverse(self, store: Store, job: str, change: Change, made_id: str) -> Sequence[Change]:
        return [Change(change.id, 0, self.op, change.key, change.after, change.before, self.undo, change.input)]

    def title(self, change: Change) -> str:
        return "{} · {}".format(*_key(change))


@dataclass(frozen=True, slots=True)
class Wish:
    """What one row asks for: tags to put on and to take off."""

    add: tuple[TagRef, ...]
    remove: tuple[TagRef, ...]


def plan(
    store: Store,
    targets: Iterable[Target],
    names: TagNames,
    problems: Problems,
    *,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    input_digest: str = "",
) -> Plan:
    """A plan that tags each target with `add` and its row's own tags, and takes others off.

    Where a tag of an exclusive group is put on, another of that group comes off in the same change.

    Raises:
        UsageError: a name that is unknown or stands for several tags; rows that contradict each
            other; two tags of an exclusive group for one relation; nothing asked for.
    """
    everyone = Wish(names.resolve(add, problems), names.resolve(remove, problems, make=False))
    marks: dict[tuple[int, str], tuple[Target, bool]] = {}
    wishes: list[tuple[Target, Wish]] = []
    repeated = 0
    for target in targets:
        own = Wish(
            names.resolve(target.split("add"), problems), names.resolve(target.split("remove"), problems, make=False)
        )
        wish = Wish(everyone.add + own.add, everyone.remove + own.remove)
        wish, again = _new_only(target, wish, marks, problems)
        repeated += again
        if wish.add or wish.remove:
            wishes.append((target, wish))
    created = names.creations()
    alternatives = Alternatives(tags_store.groups(store), created)
    _one_of_each(wishes, alternatives, problems)
    problems.raise_any()
    if not wishes:
        raise UsageError(
            _("No row asks for a tag."), "", _("Name tags with --add or --remove, or in columns of the file.")
        )
    marks_, moves = _changes(store, wishes, alternatives, 1 if created else 0)
    notes = []
    if repeated:
        notes.append(_("{n} rows repeat an earlier row and were left out.", n=repeated))
    if moves:
        notes.append(moved(moves))
    return Plan("tags", _title(add, remove), (*created, *marks_), input_digest=input_digest, notes=tuple(notes))


def moved(n: int) -> str:
    """The note of a plan with so many stage moves."""
    return _("Stage moves, which take another tag of an exclusive group off: {n:,}.", n=n)


def _new_only(
    target: Target, wish: Wish, marks: dict[tuple[int, str], tuple[Target, bool]], problems: Problems
) -> tuple[Wish, int]:
    """`wish` without tags that an earlier row, or this one, already asked for on the same relation."""
    kept: dict[bool, list[TagRef]] = {True: [], False: []}
    again = 0
    for on, refs in ((True, wish.add), (False, wish.remove)):
        for ref in refs:
            name = ref.new if isinstance(ref, NewId) else ref
            earlier = marks.setdefault((target.relation_id, name), (target, on))
            if earlier[1] is not on:
                problems.add(target.where, _("asks for the opposite of {where}", where=earlier[0].where))
            elif earlier[0] is target and ref not in kept[on]:
                kept[on].append(ref)
            else:
                again += earlier[0] is not target
    return Wish(tuple(kept[True]), tuple(kept[False])), int(bool(again) and not kept[True] and not kept[False])


def _one_of_each(wishes: Iterable[tuple[Target, Wish]], alternatives: Alternatives, problems: Problems) -> None:
    """Note the rows that ask for a second tag of an exclusive group on the same relation."""
    chosen: dict[tuple[int, str], tuple[str, TagRef]] = {}
    for target, wish in wishes:
        for tag in wish.add:
            group = alternatives.group(tag)
            where, first = chosen.setdefault((target.relation_id, group), (target.where, tag))
            if group and first != tag:
                problems.add(
                    target.where,
                    _(
                        "asks for another tag of the exclusive group {group} than {where}",
                        group=visible(group),
                        where=where,
                    )
                    if where != target.where
                    else _("asks for two tags of the exclusive group {group}", group=visible(group)),
                )


def _changes(
    store: Store, wishes: Iterable[tuple[Target, Wish]], alternatives: Alternatives, stage: int
) -> tuple[list[Change], int]:
    """A change for each wish, and how many of them are stage moves.

    All other tags of an exclusive group are touched, absent ones too: one that somebody has put on
    since the sync is then seen when the relation is read back.
    """
    found: list[Change] = []
    moves = 0
    for target, wish in wishes:
        has = relations_store.tag_ids(store, target.relation_id)
        off = [tag for tag in alternatives.shut_out(wish.add) if tag not in wish.remove]
        moves += not has.isdisjoint(off)
        found.append(change(len(found) + 1, stage, target, Wish(wish.add, (*wish.remove, *off)), has))
    return found, moves


def change(n: int, stage: int, target: Target, wish: Wish, has: frozenset[str]) -> Change:
    """The `n`-th change of a plan: `wish` on a relation that carries the tags `has`."""
    touched = (*wish.add, *wish.remove)
    return Change(
        id=f"m{n}",
        stage=stage,
        op=Mark.op,
        key={"userid": target.userid, "external_userid": target.external_userid},
        before=_facts(has, touched),
        after=_facts(wish.add, touched),
        undo=Mark.undo,
        input=target.input,
    )


def _facts(present: Iterable[TagRef], touched: Sequence[TagRef]) -> Facts:
    """The touched tags, split into those that are present and those that are not."""
    on = set(present)
    return {
        "present": tuple(sorted((ref for ref in touched if ref in on), key=str)),
        "absent": tuple(sorted((ref for ref in touched if ref not in on), key=str)),
    }


def _state(change: Change, found: readback.Found) -> State:
    if not isinstance(found, Relation):
        return failed_state(found)
    touched = [*_ids(change.before["present"]), *_ids(change.before["absent"])]
    return State(_facts(found.follow.tag_ids, touched))


def _ids(fact: Fact) -> list[str]:
    """The tag ids of a resolved fact."""
    assert isinstance(fact, tuple)
    return [text(ref) for ref in fact]


def _key(change: Change) -> readback.Key:
    return text(change.key["userid"]), text(change.key["external_userid"])


def _title(add: Sequence[str], remove: Sequence[str]) -> str:
    return " ".join([*(f"+{name}" for name in add), *(f"-{name}" for name in remove)]) or _("tags of the file")
