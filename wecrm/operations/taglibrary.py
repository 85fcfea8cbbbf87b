"""Tags as code: the library as a file, what differs, and the staged plan that makes WeCom agree.

Stages: renames, then new tags, then their order, then which groups are exclusive, then deletions. A tag
that WeCom does not let this app edit holds up what needs it: new tags in a group wait for the renames
there, deletions for everything, so that nothing goes whose successor was not made.
A tag is found by its name in its group, or by the name it `was`; it can't move to another group.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TypeVar

import msgspec

from wecrm.api import tags as api
from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.plan import Change, NewId, Plan
from wecrm.models.tag import ORDER_MAX
from wecrm.models.taglibrary import GroupEntry, LibraryFile, TagEntry
from wecrm.operations.exclusive import Exclusive
from wecrm.operations.tagnames import creation
from wecrm.operations.tags import deletion
from wecrm.operations.work import Work
from wecrm.store import jobs as journal
from wecrm.store import tags as store
from wecrm.store.tags import KnownGroup, KnownTag

RENAME, CREATE, ORDER, EXCLUSIVE, DELETE = range(5)
STEP = 10
"""Distance between neighbours' orders when a whole group is numbered anew."""


def refresh(work: Work) -> tuple[KnownGroup, ...]:
    """The library as WeCom has it now, stored in the cache."""
    store.put_library(work.store, api.library(work.client), work.now())
    return store.groups(work.store)


def described(groups: Sequence[KnownGroup]) -> LibraryFile:
    """The library as a file."""
    return LibraryFile(
        tuple(
            GroupEntry(group.name, tuple(tag.name for tag in group.tags), exclusive=group.exclusive) for group in groups
        )
    )


@dataclass(slots=True)
class _Made:
    """The changes of a push while they are found, and what a person must know."""

    changes: list[Change] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def next_id(self, letter: str) -> str:
        return f"{letter}{len(self.changes) + 1}"


def plan(work: Work, file: LibraryFile, groups: Sequence[KnownGroup]) -> Plan:
    """The plan that makes WeCom's library what the file says; no changes when it is.

    Raises:
        UsageError: a rename to a name that another tag still has.
    """
    made = _Made()
    left = {group.group_id: group for group in groups}
    found = [_match(entry, left) for entry in file.groups]
    for entry, group in zip(file.groups, found, strict=True):
        if group is not None:
            _rename(made, group.group_id, group.name, entry.group, [g.name for g in groups])
    placed = _spread([group.order if group else None for group in found], _in_order(found, groups))
    for entry, group, order in zip(file.groups, found, placed, strict=True):
        _push_group(made, entry, group, order)
    for group in left.values():
        _flag(made, group.name, group.exclusive, False, None)  # so that undo makes it exclusive again
        made.changes += [deletion(made.next_id("d"), DELETE, tag) for tag in group.tags]
    if made.wrong:
        raise UsageError(
            _("This library can't be reached in one step."), "\n".join(made.wrong), _("Push it in two steps.")
        )
    _tell_refusals(work, made)
    made.changes.sort(key=lambda change: change.stage)
    return Plan("tags", _("the tag library of the file"), tuple(made.changes), notes=tuple(made.notes))


def _match(entry: GroupEntry, left: dict[str, KnownGroup]) -> KnownGroup | None:
    """The group an entry means, by name or by former name; taken out of `left`."""
    for name in filter(None, (entry.group, entry.was)):
        for group in left.values():
            if group.name == name:
                return left.pop(group.group_id)
    return None


def _rename(made: _Made, id_: str, old: str, new: str, taken: Sequence[str]) -> None:
    if old == new:
        return
    if new in taken:
        made.wrong.append(_("{old} is to be called {new}, which another one is called now.", old=old, new=new))
    made.changes.append(
        Change(made.next_id("r"), RENAME, "tag.rename", {"id": id_}, {"name": old}, {"name": new}, needs=())
    )


def _push_group(made: _Made, entry: GroupEntry, group: KnownGroup | None, order: int) -> None:
    left = {tag.tag_id: tag for tag in group.tags} if group else {}
    found = [_match_tag(tag, left) for tag in entry.entries]
    for each, tag in zip(entry.entries, found, strict=True):
        if tag is not None:
            _rename(made, tag.tag_id, tag.name, each.name, [t.name for t in group.tags] if group else [])
    needs = _renames(made, entry.group, {tag.tag_id for tag in found if tag is not None})
    placed = _spread([tag.order if tag else None for tag in found], _in_order(found, group.tags if group else ()))
    for each, tag, place in zip(entry.entries, found, placed, strict=True):
        if tag is None:
            new = _creation(made.next_id("t"), entry.group, each.name, place, None if group else order)
            made.changes.append(msgspec.structs.replace(new, needs=needs))
        else:
            _reorder(made, tag.tag_id, f"{entry.group}/{each.name}", tag.order, place)
    if group is not None:
        _reorder(made, group.group_id, entry.group, group.order, order)
    _flag(made, entry.group, group is not None and group.exclusive, entry.exclusive, needs)
    gone = [replace(tag, group_name=entry.group) for tag in left.values()]  # undo finds the group by its new name
    made.changes += [deletion(made.next_id("d"), DELETE, tag) for tag in gone]


def _renames(made: _Made, group: str, tags: Collection[str]) -> tuple[str, ...]:
    """The renames that new tags in this group wait for: the group's own, one that frees its name, its tags'."""
    return tuple(
        change.id
        for change in made.changes
        if change.stage == RENAME
        and (change.key["id"] in tags or group in (change.before["name"], change.after["name"]))
    )


def _match_tag(entry: TagEntry, left: dict[str, KnownTag]) -> KnownTag | None:
    for name in filter(None, (entry.name, entry.was)):
        for tag in left.values():
            if tag.name == name:
                return left.pop(tag.tag_id)
    return None


def _creation(change_id: str, group: str, name: str, order: int, group_order: int | None) -> Change:
    bare = creation(change_id, group, name)
    key: dict[str, str | NewId] = dict(bare.key)
    if group_order is not None:
        key["group_order"] = str(group_order)
    return Change(
        change_id, CREATE, bare.op, key, {"exists": False, "order": None}, {"exists": True, "order": order}, bare.undo
    )


def _reorder(made: _Made, id_: str, name: str, old: int, new: int) -> None:
    if old != new:
        key: dict[str, str | NewId] = {"id": id_, "name": name}
        made.changes.append(
            Change(made.next_id("o"), ORDER, "tag.reorder", key, {"order": old}, {"order": new}, needs=())
        )


def _flag(made: _Made, group: str, old: bool, new: bool, needs: tuple[str, ...] | None) -> None:
    if old != new:
        key: dict[str, str | NewId] = {"group": group}
        made.changes.append(
            Change(made.next_id("x"), EXCLUSIVE, Exclusive.op, key, {"exclusive": old}, {"exclusive": new}, needs=needs)
        )


T = TypeVar("T")


def _in_order(wanted: Sequence[T | None], present: Sequence[T]) -> bool:
    """Whether what exists already stands in the wanted sequence; equal orders count as they are shown."""
    ranks = [present.index(each) for each in wanted if each is not None]
    return all(a < b for a, b in pairwise(ranks))


def _spread(orders: Sequence[int | None], right: bool) -> list[int]:
    """Orders that put things in the given sequence, larger first; None is new.

    Orders that are `right` already stay, and new ones go between their neighbours where there is
    room; else the whole sequence is numbered anew.
    """
    known = [order for order in orders if order is not None]
    if right and len(known) == len(orders):
        return known
    placed: list[int] = []
    for n, order in enumerate(orders):
        if order is None:
            above = placed[-1] if placed else max(known, default=0) + 2 * STEP
            below = next((later for later in orders[n:] if later is not None), 0)
            placed.append((above + below) // 2)
        else:
            placed.append(order)
    if placed and placed[0] <= ORDER_MAX and placed[-1] > 0 and all(a > b for a, b in pairwise(placed)):
        return placed
    return [(len(orders) - n) * STEP for n in range(len(orders))]


def _tell_refusals(work: Work, made: _Made) -> None:
    """Name the tags that WeCom did not let this app edit before: that is all it tells about owners."""
    refused = journal.refused_tags(work.store)
    ids = {change.key.get("id") for change in made.changes}
    for id_, name in refused.items():
        if id_ in ids:
            made.notes.append(
                _("WeCom refused to let this app edit {name} before (60011): its maker must do it.", name=name)
            )
