"""The library of corp tags, and putting them on relations."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

import msgspec

from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.seed.ids import wire_id
from wecrm.sandbox.state.scope import App
from wecrm.sandbox.world import World

LONGEST_NAME: Final = 30


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag of the library, deleted ones included."""

    id: str
    group_id: str
    name: str
    order: int
    create_time: int
    owner: str  # the app that made it, or "console"
    deleted: bool


@dataclass(frozen=True, slots=True)
class Group:
    """One tag group with its tags, larger order first."""

    id: str
    name: str
    order: int
    create_time: int
    owner: str
    strategy: bool
    deleted: bool
    tags: tuple[Tag, ...]


@dataclass(frozen=True, slots=True)
class Library:
    """All groups and tags by id, in listing order, deleted ones included."""

    groups: Mapping[str, Group]
    tags: Mapping[str, Tag]
    live: frozenset[str]  # ids of corp tags that can be put on


def library(world: World) -> Library:
    """The tag library as it is now."""
    return world.remember("tags", _library)


def _library(world: World) -> Library:
    db = world.db.connection
    tags: dict[str, list[Tag]] = {}
    ties = "n" if world.switch("tied_tags") == "oldest" else "n DESC"
    for id_, group_id, name, order, made, owner, deleted in db.execute(
        f"SELECT id, group_id, name, ord, create_time, owner, deleted FROM tag ORDER BY ord DESC, {ties}"
    ).fetchall():
        tag = Tag(id_, group_id, name, order, made, owner, bool(deleted))
        tags.setdefault(group_id, []).append(tag)
    groups = {}
    for id_, name, order, made, owner, strategy, deleted in db.execute(
        f"SELECT id, name, ord, create_time, owner, strategy, deleted FROM tag_group ORDER BY ord DESC, {ties}"
    ).fetchall():
        own = tuple(tags.get(id_, ()))
        groups[id_] = Group(id_, name, order, made, owner, bool(strategy), bool(deleted), own)
    by_id = {tag.id: tag for group in groups.values() for tag in group.tags}
    live = frozenset(tag.id for g in groups.values() if not g.strategy for tag in g.tags if not tag.deleted)
    return Library(groups, by_id, live)


def names_of(world: World) -> Mapping[str, tuple[str, str]]:
    """(group name, tag name) of every tag id that a relation may carry."""
    return world.remember("tag names", _names)


def _names(world: World) -> dict[str, tuple[str, str]]:
    known = library(world)
    return {tag.id: (known.groups[tag.group_id].name, tag.name) for tag in known.tags.values()}


def mark(world: World, app: App, member: int, contact: int, add: Sequence[str], remove: Sequence[str]) -> None:
    """Put tags on a relation and take tags off; doing it again changes nothing.

    Raises:
        Refusal: 84061 no such relation; 40068 an unknown or deleted id; 60011 (a switch) another app's tag;
            40058 (a switch) a tag that is there or gone already.
    """
    db = world.db.connection
    row = db.execute("SELECT tags FROM relation WHERE member = ? AND contact = ?", (member, contact)).fetchone()
    if row is None:
        raise Refusal(84061)
    known = library(world)
    live = known.live
    unknown = not live.issuperset(add) or not live.issuperset(remove)
    if unknown and not world.switch("mark_valid_ids"):
        raise Refusal(40068)
    owners = {known.tags[id_].owner for id_ in (*add, *remove) if id_ in live}
    if not world.switch("mark_foreign") and not all(may_edit(app, owner) for owner in owners):
        raise refuse_unowned(world)
    old = cast(list[str], msgspec.json.decode(row[0]))
    if world.switch("mark_repeat") == "refuse" and (set(add) & set(old) or set(remove) - set(old)):
        raise Refusal(40058, "nothing to change")
    gone = frozenset(remove)
    new = list(dict.fromkeys([t for t in old if t not in gone] + [t for t in add if t in live]))
    if new != old:
        db.execute(
            "UPDATE relation SET tags = ? WHERE member = ? AND contact = ?",
            (msgspec.json.encode(new).decode(), member, contact),
        )
    if unknown:
        raise Refusal(40068, keeps_effect=True)


def check_name(name: str) -> None:
    """40072 unless a name has 1 to 30 characters."""
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Refusal(40072, name[:LONGEST_NAME])


def group_named(world: World, name: str) -> Group | None:
    """The living corp tag group of that name."""
    found = (g for g in library(world).groups.values() if g.name == name)
    return next((g for g in found if not g.deleted and not g.strategy), None)


def make_group(world: World, owner: str, name: str, order: int, now: int) -> str:
    """A new group, still empty; its id."""
    check_name(name)
    group_id = wire_id("et", world.seed, "made group", world.new_number())
    world.db.connection.execute(
        "INSERT INTO tag_group (id, name, ord, create_time, owner, strategy, deleted) VALUES (?, ?, ?, ?, ?, 0, 0)",
        (group_id, name, order, now, owner),
    )
    world.changed()
    return group_id


def make_tags(world: World, owner: str, group_id: str, wanted: Iterable[tuple[str, int]], now: int) -> list[str]:
    """New tags in a group, equal names once; the ids, in the order asked for.

    Raises:
        Refusal: 40072 name; 40071 the group has the name (or that tag's id comes back); 40126 too many.
    """
    there = {tag.name: tag.id for tag in library(world).groups[group_id].tags if not tag.deleted}
    ids: dict[str, str] = {}
    for name, order in wanted:
        check_name(name)
        if name in ids:
            continue
        if name in there:
            if world.switch("duplicate_tag") == "refuse":
                raise Refusal(40071, name)
            ids[name] = there[name]
            continue
        ids[name] = wire_id("et", world.seed, "made tag", world.new_number())
        world.db.connection.execute(
            "INSERT INTO tag (id, group_id, name, ord, create_time, owner, deleted) VALUES (?, ?, ?, ?, ?, ?, 0)",
            (ids[name], group_id, name, order, now, owner),
        )
    world.changed()
    if sum(not tag.deleted for tag in library(world).tags.values()) > world.limit("tags"):
        raise Refusal(40126)
    return list(ids.values())


def may_edit(app: App, owner: str) -> bool:
    """An app edits what it made; the system app edits everything."""
    return app.kind in ("system", owner)


def refuse_unowned(world: World) -> Refusal:
    """What an app gets for a tag that is not its own."""
    return Refusal(cast(int, world.switch("tag_owner")), "tag was not created by this app")
