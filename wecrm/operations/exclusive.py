"""Exclusive tag groups: of their tags a relation carries one at most, as stages. WeCom knows nothing of it."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

from wecrm.models.plan import Change, NewId, Outcome, State, Undo
from wecrm.operations.outcomes import text
from wecrm.operations.work import Work
from wecrm.store import tags as store_tags
from wecrm.store.database import Store
from wecrm.store.tags import KnownGroup

TagRef = str | NewId


class Exclusive:
    """Op `group.exclusive`: whether the group of that name is exclusive; noted here, nothing is sent."""

    op = "group.exclusive"
    batch = 100
    undo: Undo = "reversible"

    def cluster(self, change: Change) -> str:
        return self.op

    def group(self, change: Change) -> Hashable:
        return self.op

    def calls(self, store: Store, clusters: Mapping[str, int], sent: int) -> dict[str, int]:
        return {}

    def taken(self, change: Change) -> Sequence[str]:
        return ()

    def existing(self, store: Store, thing: str) -> tuple[str, int]:
        return thing, 0

    def read(self, work: Work, changes: Sequence[Change]) -> Iterator[dict[str, State]]:
        known = {group.name: group for group in store_tags.groups(work.store)}
        yield {change.id: _state(known.get(text(change.key["group"]))) for change in changes}

    def send(self, work: Work, changes: Sequence[Change]) -> list[Outcome]:
        return [Outcome("ok") for _change in changes]

    def note(self, work: Work, job: str, changes: Sequence[Change], made: Mapping[str, str]) -> None:
        ids = {group.name: group.group_id for group in store_tags.groups(work.store)}
        for change in changes:
            store_tags.set_exclusive(work.store, ids[text(change.key["group"])], change.after["exclusive"] is True)

    def reverse(self, store: Store, job: str, change: Change, made_id: str) -> Sequence[Change]:
        return [Change(change.id, 0, self.op, change.key, change.after, change.before, self.undo)]

    def title(self, change: Change) -> str:
        return text(change.key["group"])


def _state(group: KnownGroup | None) -> State:
    if group is None:
        return State(gone=True, errmsg="no such group")
    return State({"exclusive": group.exclusive})


class Alternatives:
    """Which tags shut each other out: those of one exclusive group, tags that `creations` will make included."""

    def __init__(self, groups: Iterable[KnownGroup], creations: Iterable[Change]) -> None:
        exclusive = [group for group in groups if group.exclusive]
        names = {group.name for group in exclusive}
        self._tags = {group.name: frozenset(tag.tag_id for tag in group.tags) for group in exclusive}
        self._group: dict[TagRef, str] = {id_: name for name, ids in self._tags.items() for id_ in ids}
        self._group.update({NewId(c.id): str(c.key["group"]) for c in creations if c.key["group"] in names})

    def group(self, tag: TagRef) -> str:
        """Name of the exclusive group of this tag; "" when its group is not exclusive."""
        return self._group.get(tag, "")

    def shut_out(self, added: Iterable[TagRef]) -> tuple[str, ...]:
        """The tags that must not stand beside those `added`, in order of id."""
        wanted = set(added)
        named = {self._group[tag] for tag in wanted if tag in self._group}
        return tuple(sorted(id_ for name in named for id_ in self._tags[name] if id_ not in wanted))
