"""Renaming, reordering and deleting corp tags and their groups."""

from collections.abc import Sequence
from typing import cast

import msgspec

from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.state.scope import App
from wecrm.sandbox.state.tags import Group, Tag, check_name, group_named, library, may_edit, refuse_unowned
from wecrm.sandbox.world import World


def edit(world: World, app: App, id_: str, name: str | None, order: int | None) -> None:
    """Rename or reorder a tag or a group.

    Raises:
        Refusal: 40068 unknown; 60011 another app's; 40071 the new name is taken; 40072 its length.
    """
    known = library(world)
    found = known.tags.get(id_) or known.groups.get(id_)
    if found is None or found.deleted or not _is_corp(world, found):
        raise Refusal(40068)
    if not may_edit(app, found.owner):
        raise refuse_unowned(world)
    if name is not None:
        check_name(name)
        _free(world, found, name)
    if order is None:
        order = 0 if name is not None and world.switch("rename_resets_order") else found.order
    table = "tag" if isinstance(found, Tag) else "tag_group"
    world.db.connection.execute(
        f"UPDATE {table} SET name = ?, ord = ? WHERE id = ?", (found.name if name is None else name, order, id_)
    )
    world.changed()


def _is_corp(world: World, found: Tag | Group) -> bool:
    group = library(world).groups[found.group_id] if isinstance(found, Tag) else found
    return not group.strategy


def _free(world: World, found: Tag | Group, name: str) -> None:
    if isinstance(found, Tag):
        siblings = library(world).groups[found.group_id].tags
        taken = any(t.name == name and t.id != found.id and not t.deleted for t in siblings)
    else:
        other = group_named(world, name)
        taken = other is not None and other.id != found.id
    if taken:
        raise Refusal(40071, name)


def delete(world: World, app: App, tag_ids: Sequence[str], group_ids: Sequence[str]) -> None:
    """Delete tags and whole groups, take them off all relations; a group without tags goes too.

    Raises:
        Refusal: 40068 unknown or already deleted; 60011 another app's; in both cases nothing is deleted.
    """
    known = library(world)
    found: list[Tag | Group] = []
    for id_ in (*tag_ids, *group_ids):
        one = known.tags.get(id_) if id_ in tag_ids else known.groups.get(id_)
        if one is None or one.deleted or not _is_corp(world, one):
            raise Refusal(40068)
        found.append(one)
    owned = [one for one in found if may_edit(app, one.owner)]
    if len(owned) < len(found) and world.switch("delete_unowned") == "refuse":
        raise refuse_unowned(world)
    doomed = {tag.id for one in owned if isinstance(one, Group) for tag in one.tags if not tag.deleted}
    doomed |= {one.id for one in owned if isinstance(one, Tag)}
    db = world.db.connection
    db.executemany("UPDATE tag SET deleted = 1 WHERE id = ?", [(id_,) for id_ in sorted(doomed)])
    db.execute(
        "UPDATE tag_group SET deleted = 1 WHERE NOT EXISTS"
        " (SELECT 1 FROM tag WHERE tag.group_id = tag_group.id AND NOT tag.deleted)"
    )
    world.changed()
    if not world.switch("deleted_tag_stays"):
        _take_off(world, doomed)


def _take_off(world: World, doomed: set[str]) -> None:
    """Remove tags from every relation; reads all relations once, 0.1 s per 100,000."""
    db = world.db.connection
    if not doomed:
        return
    clause = " OR ".join("instr(tags, ?)" for _ in doomed)
    rows = db.execute(
        f"SELECT member, contact, tags FROM relation WHERE tags <> '[]' AND ({clause})", sorted(doomed)
    ).fetchall()
    left = [
        (msgspec.json.encode([t for t in cast(list[str], msgspec.json.decode(tags)) if t not in doomed]).decode(), m, c)
        for m, c, tags in rows
    ]
    db.executemany("UPDATE relation SET tags = ? WHERE member = ? AND contact = ?", left)
