"""What members knew of customers who were transferred: kept before, so that it can be put back after."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from wecrm.models.memory import Beginning, HeldTag, Kept, Memory, Side
from wecrm.store.database import Store
from wecrm.store.relations import mobiles, remark_fields, tag_ids

_memory = msgspec.json.Decoder(Memory)


@dataclass(frozen=True, slots=True)
class About:
    """What the cache says of a customer beside the two sides."""

    name: str
    contact_type: int
    first: Beginning | None
    chats: tuple[str, ...]


def put(store: Store, job: str, memories: Iterable[tuple[str, str, str, Memory]], now: float) -> None:
    """Keep (handover, takeover, external_userid, memory) for a job; one that is kept already stays as it is."""
    with store.write() as db:
        db.executemany(
            "INSERT INTO handover_memory (job, handover, takeover, external_userid, taken_at, memory) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [(job, *key, int(now), msgspec.json.encode(memory)) for *key, memory in memories],
        )


def keys(store: Store, job: str) -> set[tuple[str, str]]:
    """(handover in lower case, external_userid) of whom this job keeps a memory."""
    rows = store.connection.execute("SELECT handover, external_userid FROM handover_memory WHERE job = ?", (job,))
    return {(handover.lower(), external) for handover, external in rows}


def of_job(store: Store, job: str) -> Iterator[Kept]:
    """The memories of a job in the order they were read."""
    for row in store.connection.execute(
        "SELECT id, job, handover, takeover, external_userid, taken_at, memory, restored_at, coalesce(result, '') "
        "FROM handover_memory WHERE job = ? ORDER BY id",
        (job,),
    ):
        id_, job_id, handover, takeover, external_userid, taken_at, memory, restored_at, result = row
        known = _memory.decode(memory)
        yield Kept(id_, job_id, handover, takeover, external_userid, taken_at, known, restored_at, result)


def note_results(store: Store, results: Sequence[tuple[int, str, float | None]]) -> None:
    """Keep (id of the memory, what became of it, when it was all back or None)."""
    with store.write() as db:
        db.executemany(
            "UPDATE handover_memory SET result = ?, restored_at = ? WHERE id = ?",
            [(result, None if at is None else int(at), id_) for id_, result, at in results],
        )


def library(store: Store) -> dict[str, HeldTag]:
    """Every tag that was ever seen, also deleted ones, by id."""
    rows = store.connection.execute(
        "SELECT t.tag_id, coalesce(g.group_name, ''), t.name, x.group_id IS NOT NULL FROM corp_tag t "
        "LEFT JOIN tag_group g ON g.group_id = t.group_id LEFT JOIN exclusive_group x ON x.group_id = t.group_id"
    )
    return {tag_id: HeldTag(tag_id, group, name, bool(stage)) for tag_id, group, name, stage in rows}


def cached_side(
    store: Store, userid: str, external_userid: str, names: Mapping[str, HeldTag], *, active: bool = False
) -> Side | None:
    """A member's side as cached, personal tags included; None if there is none (with `active`: none that lasts).

    Personal tags that no answer ever brought are unknown, not absent.
    """
    row = store.connection.execute(
        "SELECT id, coalesce(state, ''), add_way, createtime, status FROM relation "
        "WHERE userid = ? AND external_userid = ?",
        (userid, external_userid),
    ).fetchone()
    if row is None or (active and row[4] != "active"):
        return None
    id_, channel, add_way, createtime, _status = row
    tags = tuple(names.get(tag, HeldTag(tag, "", tag)) for tag in sorted(tag_ids(store, id_)))
    fields = remark_fields(store, id_)
    return Side(
        **fields,
        mobiles=mobiles(store, id_),
        tags=tags,
        personal_tags=cached_personal(store, userid, external_userid),
        channel=channel,
        add_way=add_way,
        createtime=createtime,
    )


def cached_personal(store: Store, userid: str, external_userid: str) -> tuple[str, ...] | None:
    """Personal tags that are cached; None if there are none, since then nobody may ever have asked."""
    rows = store.connection.execute(
        "SELECT p.group_name, p.tag_name FROM relation_personal_tag p JOIN relation r ON r.id = p.relation_id "
        "WHERE r.userid = ? AND r.external_userid = ? ORDER BY p.group_name, p.tag_name",
        (userid, external_userid),
    )
    return tuple(personal_tag(*row) for row in rows) or None


def personal_tag(group: str | None, name: str) -> str:
    """A personal tag as a person would write it."""
    return f"{group}/{name}" if group else name


def about(store: Store, userid: str, external_userid: str) -> About:
    """Name, first touch, and the groups that this member shares with the customer, as cached."""
    db = store.connection
    contact = db.execute(
        "SELECT coalesce(name, ''), coalesce(type, 0) FROM contact WHERE external_userid = ?", (external_userid,)
    ).fetchone()
    first = db.execute(
        "SELECT at, userid, coalesce(channel, ''), add_way FROM first_touch WHERE external_userid = ?",
        (external_userid,),
    ).fetchone()
    chats = db.execute(
        "SELECT coalesce(nullif(g.name, ''), g.chat_id) FROM group_member c "
        "JOIN group_member m ON m.chat_id = c.chat_id AND m.userid = ? COLLATE NOCASE "
        "JOIN group_chat g ON g.chat_id = c.chat_id AND g.gone_at IS NULL WHERE c.userid = ? ORDER BY 1",
        (userid, external_userid),
    )
    name, contact_type = contact or ("", 0)
    return About(name, contact_type, Beginning(*first) if first else None, tuple(chat for (chat,) in chats))
