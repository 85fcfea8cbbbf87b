"""The corp tag library: making, renaming and deleting tags."""

from collections.abc import Hashable, Iterator, Mapping, Sequence

import msgspec

from wecrm.api import tags as api
from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.plan import Change, Facts, NewId, Outcome, Plan, State, Undo
from wecrm.models.tag import NAME_MAX, CorpTag, TagGroup
from wecrm.operations.outcomes import text
from wecrm.operations.rows import Problems
from wecrm.operations.tagnames import TagNames, creation
from wecrm.operations.work import Work
from wecrm.store import history
from wecrm.store import tags as store_tags
from wecrm.store.database import Store


class _LibraryStep:
    """What making, renaming and deleting share: one row a call, the library read whole."""

    op = ""
    batch = 1
    undo: Undo = "reversible"
    endpoint = api.EDIT

    def cluster(self, change: Change) -> str:
        return self.op

    def group(self, change: Change) -> Hashable:
        return change.id

    def calls(self, store: Store, clusters: Mapping[str, int], sent: int) -> dict[str, int]:
        return {self.endpoint.path: sent, api.LIST.path: len(clusters)}

    def taken(self, change: Change) -> Sequence[str]:
        return ()

    def existing(self, store: Store, thing: str) -> tuple[str, int]:
        name, count = store_tags.customers(store, thing)
        return _("tag {name}", name=name), count

    def read(self, work: Work, changes: Sequence[Change]) -> Iterator[dict[str, State]]:
        library = api.library(work.client)
        store_tags.put_library(work.store, library, work.now())
        yield {change.id: self.state(change, library) for change in changes}

    def state(self, change: Change, library: Sequence[TagGroup]) -> State:
        raise NotImplementedError

    def note(self, work: Work, job: str, changes: Sequence[Change], made: Mapping[str, str]) -> None:
        store_tags.put_library(work.store, api.library(work.client), work.now())
        for tag_id in made.values():
            store_tags.note_made(work.store, job, tag_id)


class Create(_LibraryStep):
    """Op `tag.create`: a tag by group and name; the id WeCom gives is bound to the change."""

    op = "tag.create"
    undo: Undo = "compensable"
    endpoint = api.ADD

    def state(self, change: Change, library: Sequence[TagGroup]) -> State:
        tag = _named(library, text(change.key["group"]), text(change.key["name"]))
        now: Facts = {"exists": tag is not None, "order": tag.order if tag else None}
        return State({name: now[name] for name in change.after}, made_id=tag.id if tag else "")

    def send(self, work: Work, changes: Sequence[Change]) -> list[Outcome]:
        group, name = text(changes[0].key["group"]), text(changes[0].key["name"])
        order, place = changes[0].after.get("order"), changes[0].key.get("group_order")
        made = api.add(
            work.client,
            group,
            name,
            order if isinstance(order, int) else None,
            int(place) if isinstance(place, str) else None,
        ) or _named(api.library(work.client), group, name)
        if made is None:
            return [Outcome("unknown", evidence="accepted, but the library does not show it")]
        return [Outcome("ok", made_id=made.id)]

    def reverse(self, store: Store, job: str, change: Change, made_id: str) -> Sequence[Change]:
        if not made_id:
            return ()
        key: dict[str, str | NewId] = {"id": made_id, "group": change.key["group"], "name": change.key["name"]}
        return [Change(change.id, 0, Delete.op, key, {"exists": True}, {"exists": False}, Delete.undo)]

    def title(self, change: Change) -> str:
        return "{}/{}".format(change.key["group"], change.key["name"])


class Rename(_LibraryStep):
    """Op `tag.rename`: another name for the tag or group of that id; its order stays."""

    op = "tag.rename"

    def state(self, change: Change, library: Sequence[TagGroup]) -> State:
        found = _by_id(library, text(change.key["id"]))
        return State({"name": found[0]}) if found else State(gone=True, errcode=40068, errmsg="no such tag")

    def send(self, work: Work, changes: Sequence[Change]) -> list[Outcome]:
        tag_id = text(changes[0].key["id"])
        found = _by_id(api.library(work.client), tag_id)
        api.rename(work.client, tag_id, text(changes[0].after["name"]), found[1] if found else 0)
        return [Outcome("ok")]

    def reverse(self, store: Store, job: str, change: Change, made_id: str) -> Sequence[Change]:
        return [Change(change.id, 0, self.op, change.key, change.after, change.before, self.undo)]

    def title(self, change: Change) -> str:
        return "{} → {}".format(change.before["name"], change.after["name"])


class Reorder(_LibraryStep):
    """Op `tag.reorder`: another place for the tag or group of that id; a larger order stands first."""

    op = "tag.reorder"

    def state(self, change: Change, library: Sequence[TagGroup]) -> State:
        found = _by_id(library, text(change.key["id"]))
        return State({"order": found[1]}) if found else State(gone=True, errcode=40068, errmsg="no such tag")

    def send(self, work: Work, changes: Sequence[Change]) -> list[Outcome]:
        order = changes[0].after["order"]
        assert isinstance(order, int)
        api.reorder(work.client, text(changes[0].key["id"]), order)
        return [Outcome("ok")]

    def reverse(self, store: Store, job: str, change: Change, made_id: str) -> Sequence[Change]:
        return [Change(change.id, 0, self.op, change.key, change.after, change.before, self.undo)]

    def title(self, change: Change) -> str:
        return "{}: {} → {}".format(change.key["name"], change.before["order"], change.after["order"])


class Delete(_LibraryStep):
    """Op `tag.delete`: takes the tag off everybody. Undo makes it anew and marks them again."""

    op = "tag.delete"
    undo: Undo = "compensable"
    endpoint = api.DELETE

    def taken(self, change: Change) -> Sequence[str]:
        return [text(change.key["id"])]

    def state(self, change: Change, library: Sequence[TagGroup]) -> State:
        return State({"exists": _by_id(library, text(change.key["id"])) is not None})

    def send(self, work: Work, changes: Sequence[Change]) -> list[Outcome]:
        api.delete(work.client, [text(change.key["id"]) for change in changes])
        return [Outcome("ok") for _change in changes]

    def note(self, work: Work, job: str, changes: Sequence[Change], made: Mapping[str, str]) -> None:
        for change in changes:
            history.note_tag_deleted(work.store, job, text(change.key["id"]), work.now())
        super().note(work, job, changes, made)

    def reverse(self, store: Store, job: str, change: Change, made_id: str) -> Sequence[Change]:
        again = creation(change.id, text(change.key["group"]), text(change.key["name"]))
        order = change.key.get("order")
        if isinstance(order, str):
            again = msgspec.structs.replace(
                again, before={"exists": False, "order": None}, after={"exists": True, "order": int(order)}
            )
        ref = NewId(change.id)
        off: Facts = {"present": (), "absent": (ref,)}
        on: Facts = {"present": (ref,), "absent": ()}
        marks = (
            Change(f"{change.id}.{n}", 1, "tag.mark", {"userid": userid, "external_userid": external}, off, on)
            for n, (userid, external) in enumerate(history.lost_tag(store, job, text(change.key["id"])), 1)
        )
        return [again, *marks]

    def title(self, change: Change) -> str:
        return "{}/{}".format(change.key["group"], change.key["name"])


def plan_create(store: Store, group: str, names: Sequence[str]) -> Plan:
    """A plan that makes these tags in the group of that name."""
    known = {(tag.group_name, tag.name) for tag in store_tags.known(store)}
    for name in (group, *names):
        if not 1 <= len(name) <= NAME_MAX:
            raise UsageError(_("A tag or group name has 1 to {n} characters: {name}", n=NAME_MAX, name=name))
    changes = [creation(f"t{n}", group, name) for n, name in enumerate(dict.fromkeys(names), 1)]
    same = [c if (group, c.key["name"]) not in known else _unchanged(c) for c in changes]
    return Plan("tags", _("make {names}", names=", ".join(names)), tuple(same))


def plan_rename(store: Store, old: str, new: str) -> Plan:
    """A plan that renames one tag."""
    tag = _existing(store, old)
    if not 1 <= len(new) <= NAME_MAX:
        raise UsageError(_("A tag or group name has 1 to {n} characters: {name}", n=NAME_MAX, name=new))
    change = Change("r1", 0, Rename.op, {"id": tag.tag_id}, {"name": tag.name}, {"name": new}, Rename.undo)
    return Plan("tags", f"{tag.name} → {new}", (change,))


def plan_delete(store: Store, names: Sequence[str]) -> Plan:
    """A plan that deletes tags; it says how many customers would lose each."""
    changes = []
    for n, name in enumerate(names, 1):
        tag = _existing(store, name)
        changes.append(deletion(f"d{n}", 0, tag))
    return Plan("tags", _("delete {names}", names=", ".join(names)), tuple(changes))


def deletion(change_id: str, stage: int, tag: store_tags.KnownTag) -> Change:
    """The change that deletes this tag; its name, group and order are kept for undo."""
    key: dict[str, str | NewId] = {
        "id": tag.tag_id,
        "group": tag.group_name,
        "name": tag.name,
        "order": str(tag.order),
    }
    return Change(change_id, stage, Delete.op, key, {"exists": True}, {"exists": False}, Delete.undo)


def _existing(store: Store, name: str) -> store_tags.KnownTag:
    problems = Problems()
    tag = TagNames(store_tags.known(store)).existing(name, problems)
    problems.raise_any()
    assert tag is not None
    return tag


def _unchanged(change: Change) -> Change:
    return msgspec.structs.replace(change, before=change.after)


def _named(library: Sequence[TagGroup], group: str, name: str) -> CorpTag | None:
    return next((tag for g in library if g.group_name == group for tag in g.tag if tag.name == name), None)


def _by_id(library: Sequence[TagGroup], id_: str) -> tuple[str, int] | None:
    for group in library:
        if group.group_id == id_:
            return group.group_name, group.order
        for tag in group.tag:
            if tag.id == id_:
                return tag.name, tag.order
    return None
