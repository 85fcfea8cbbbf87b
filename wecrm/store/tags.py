"""The corp tag library in the cache, and looking tags up by name."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from wecrm.models.tag import TagGroup
from wecrm.store.database import Store


@dataclass(frozen=True, slots=True)
class KnownTag:
    """A tag of the cached library."""

    tag_id: str
    name: str
    group_id: str
    group_name: str
    order: int


@dataclass(frozen=True, slots=True)
class KnownGroup:
    """A group of the cached library with its tags in the order people see them.

    `exclusive`: a customer has at most one of its tags (stages); only our own file says so, WeCom
    knows nothing of it.
    """

    group_id: str
    name: str
    order: int
    tags: tuple[KnownTag, ...]
    exclusive: bool = False


def put_library(store: Store, groups: Sequence[TagGroup], now: float) -> int:
    """Store the whole library; tags that are no longer in it get `deleted_at`. Returns the tags."""
    with store.write() as db:
        for group in groups:
            db.execute(
                "INSERT INTO tag_group VALUES (?, ?, ?, ?, NULL) ON CONFLICT (group_id) DO UPDATE SET "
                'group_name = excluded.group_name, "order" = excluded."order", deleted_at = NULL',
                (group.group_id, group.group_name, group.order, group.create_time),
            )
            db.executemany(
                'INSERT INTO corp_tag (tag_id, group_id, name, "order", create_time) VALUES (?, ?, ?, ?, ?) '
                "ON CONFLICT (tag_id) DO UPDATE SET group_id = excluded.group_id, name = excluded.name, "
                '"order" = excluded."order", deleted_at = NULL',
                [(tag.id, group.group_id, tag.name, tag.order, tag.create_time) for tag in group.tag],
            )
        ids = [tag.id for group in groups for tag in group.tag]
        db.execute(
            "UPDATE corp_tag SET deleted_at = ? WHERE deleted_at IS NULL "
            "AND tag_id NOT IN (SELECT value FROM json_each(?))",
            (int(now), msgspec.json.encode(ids).decode()),
        )
        db.execute(
            "UPDATE tag_group SET deleted_at = ? WHERE deleted_at IS NULL AND group_id NOT IN "
            "(SELECT group_id FROM corp_tag WHERE deleted_at IS NULL)",
            (int(now),),
        )
    return len(ids)


def note_made(store: Store, job: str, tag_id: str) -> None:
    """Remember that this job made the tag: the only ownership wecrm can know."""
    with store.write() as db:
        db.execute("UPDATE corp_tag SET made_by_job = ? WHERE tag_id = ?", (job, tag_id))


def known(store: Store) -> tuple[KnownTag, ...]:
    """Every live tag, larger order first."""
    rows = store.connection.execute(
        'SELECT t.tag_id, t.name, t.group_id, g.group_name, coalesce(t."order", 0) '
        "FROM corp_tag t JOIN tag_group g ON g.group_id = t.group_id WHERE t.deleted_at IS NULL "
        'ORDER BY g."order" DESC, g.create_time, g.group_id, t."order" DESC, t.create_time, t.tag_id'
    )
    return tuple(KnownTag(*row) for row in rows)


def groups(store: Store) -> tuple[KnownGroup, ...]:
    """Every live group, larger order first; of equal orders the one made earlier."""
    rows = store.connection.execute(
        'SELECT t.tag_id, t.name, t.group_id, g.group_name, coalesce(t."order", 0), coalesce(g."order", 0) '
        "FROM corp_tag t JOIN tag_group g ON g.group_id = t.group_id WHERE t.deleted_at IS NULL "
        'ORDER BY g."order" DESC, g.create_time, g.group_id, t."order" DESC, t.create_time, t.tag_id'
    ).fetchall()
    found: dict[str, list[KnownTag]] = {}
    for *tag, _order in rows:
        found.setdefault(tag[2], []).append(KnownTag(*tag))
    orders = {row[2]: row[5] for row in rows}
    stages = {id_ for (id_,) in store.connection.execute("SELECT group_id FROM exclusive_group")}
    return tuple(
        KnownGroup(id_, tags[0].group_name, orders[id_], tuple(tags), id_ in stages) for id_, tags in found.items()
    )


def set_exclusive(store: Store, group_id: str, exclusive: bool) -> None:
    """Remember, or forget, that a customer has at most one tag of this group."""
    with store.write() as db:
        if exclusive:
            db.execute("INSERT OR IGNORE INTO exclusive_group VALUES (?)", (group_id,))
        else:
            db.execute("DELETE FROM exclusive_group WHERE group_id = ?", (group_id,))


def customers(store: Store, tag_id: str) -> tuple[str, int]:
    """(group/name of the tag, active relations that carry it); the id itself when it is not known."""
    name = store.connection.execute(
        "SELECT g.group_name || '/' || t.name FROM corp_tag t JOIN tag_group g USING (group_id) WHERE tag_id = ?",
        (tag_id,),
    ).fetchone()
    count = store.connection.execute(
        "SELECT count(*) FROM relation_tag rt JOIN relation r ON r.id = rt.relation_id "
        "WHERE rt.tag_id = ? AND r.status = 'active'",
        (tag_id,),
    ).fetchone()
    return (name[0] if name else tag_id), int(count[0])
