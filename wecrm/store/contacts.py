"""Storing relations as they arrive: cache, tags, mobiles and the history of changes, together.

One page, one transaction. What is unchanged costs one update; what changed leaves an event. A value
that WeCom leaves out (absent or null; for a customer also "") never wipes one that is known, but absent
corp tags mean none, and so does the absent channel of a customer who came back.
"""

from collections.abc import Iterable, Sequence
from sqlite3 import Connection

from wecrm.models.contact import ExternalContact, Follow, Relation
from wecrm.store import firsttouch
from wecrm.store.database import Store
from wecrm.store.syncs import Counts

FIELDS = ("remark", "description", "createtime", "add_way", "state", "oper_userid", "remark_corp_name")
_CONTACT_FIELDS = ("name", "type", "gender", "unionid", "position", "corp_name", "corp_full_name", "avatar")
_BLOCK = 400
"""Keys per look-up statement; SQLite takes 32,766 parameters at most."""

Event = tuple[int, int, str, str | None, str | None, str | None, int | None]


def put_relations(store: Store, relations: Sequence[Relation], run: int, now: float) -> Counts:
    """Store relations that just arrived in sync `run`; returns how many were new or changed."""
    by_key = {(r.follow.userid.lower(), r.contact.external_userid): r for r in relations}
    counts = Counts(seen=len(by_key))
    with store.write(durable=False) as db:
        _put_contacts(db, by_key.values(), int(now))
        known = known_relations(db, list(by_key))
        fresh: list[Relation] = []
        same: list[tuple[int, int]] = []
        changed: list[int] = []
        events: list[Event] = []
        for key, relation in by_key.items():
            row = known.get(key)
            if row is None:
                fresh.append(relation)
            elif row[1] == relation.follow_raw and row[2] == "active":
                same.append((run, row[0]))
            elif _update(db, relation, row[0], row[2], run, int(now), events):
                changed.append(row[0])
        db.executemany("UPDATE relation SET seen_run = ? WHERE id = ?", same)
        firsttouch.note(db, [*_insert(db, fresh, run, int(now), events), *changed])
        log_events(db, events)
    counts.added, counts.changed = len(fresh), len(changed)
    return counts


def known_relations(
    db: Connection, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], tuple[int, bytes | None, str]]:
    """(userid in lower case, external_userid) → (id, raw, status), for those of the keys that are known."""
    found = {}
    for start in range(0, len(keys), _BLOCK):
        block = keys[start : start + _BLOCK]
        values = ",".join(["(?,?)"] * len(block))
        rows = db.execute(
            f"WITH k(u, e) AS (VALUES {values}) SELECT k.u, k.e, r.id, r.raw, r.status "
            "FROM k JOIN relation r ON r.userid = k.u AND r.external_userid = k.e",
            [part for key in block for part in key],
        )
        found.update({(u, e): (id_, raw, status) for u, e, id_, raw, status in rows})
    return found


def _insert(db: Connection, fresh: Sequence[Relation], run: int, now: int, events: list[Event]) -> range:
    """Store new relations; their ids."""
    first = db.execute("SELECT coalesce(max(id), 0) + 1 FROM relation").fetchone()[0]
    rows, tags, mobiles, personal = [], [], [], []
    for id_, relation in enumerate(fresh, first):
        follow = relation.follow
        rows.append(
            (
                id_,
                follow.userid,
                relation.contact.external_userid,
                *(getattr(follow, name) for name in FIELDS),
                relation.follow_raw,
                now,
                run,
            )
        )
        tags += [(id_, tag) for tag in follow.tag_ids]
        mobiles += [(id_, mobile) for mobile in _mobiles(follow)]
        personal += [(id_, *tag) for tag in _personal(follow)]
        events.append((now, id_, "status", None, "active", None, run))
    db.executemany(
        f"INSERT INTO relation (id, userid, external_userid, {', '.join(FIELDS)}, "
        "raw, first_seen, seen_run) "
        f"VALUES (?, ?, ?, {', '.join('?' * len(FIELDS))}, ?, ?, ?)",
        rows,
    )
    db.executemany("INSERT INTO relation_tag VALUES (?, ?)", tags)
    db.executemany("INSERT INTO relation_mobile VALUES (?, ?)", mobiles)
    db.executemany("INSERT OR IGNORE INTO relation_personal_tag VALUES (?, ?, ?)", personal)
    return range(first, first + len(fresh))


def _update(
    db: Connection, relation: Relation, id_: int, status: str, run: int | None, now: int, events: list[Event]
) -> bool:
    """Bring one known relation up to date; True when anything a person would call a change happened."""
    before = len(events)
    follow = relation.follow
    old = db.execute(f"SELECT {', '.join(FIELDS)} FROM relation WHERE id = ?", (id_,)).fetchone()
    known = dict(zip(FIELDS, old, strict=True))
    if follow.createtime not in (None, known["createtime"]):  # the customer came back, and not by the old channel
        known["state"] = None
    new = [was if (value := getattr(follow, name)) is None else value for name, was in known.items()]
    for name, was, value in zip(FIELDS, old, new, strict=True):
        if (was or None) != (value or None):
            events.append((now, id_, name, as_text(was), as_text(value), None, run))
    if status != "active":
        events.append((now, id_, "status", status, "active", None, run))
    db.execute(
        f"UPDATE relation SET {', '.join(f'{name} = ?' for name in FIELDS)}, raw = ?, "
        "seen_run = coalesce(?, seen_run), status = 'active', "
        "status_at = CASE status WHEN 'active' THEN status_at ELSE ? END WHERE id = ?",
        (*new, relation.follow_raw, run, now, id_),
    )
    set_values(db, "relation_tag", "tag_id", id_, set(follow.tag_ids), "tag", now, run, events)
    if follow.remark_mobiles is not None:  # left out for apps without that permission
        set_values(db, "relation_mobile", "mobile", id_, set(_mobiles(follow)), "mobile", now, run, events)
    if relation.personal_known:
        db.execute("DELETE FROM relation_personal_tag WHERE relation_id = ?", (id_,))
        db.executemany(
            "INSERT OR IGNORE INTO relation_personal_tag VALUES (?, ?, ?)",
            [(id_, *tag) for tag in _personal(follow)],
        )
    return len(events) > before


def set_values(
    db: Connection,
    table: str,
    column: str,
    id_: int,
    new: set[str],
    field: str,
    now: int,
    run: int | None,
    events: list[Event],
) -> None:
    """Make `new` the values of one relation in a table of (relation_id, value), leaving an event for each change."""
    old = {value for (value,) in db.execute(f"SELECT {column} FROM {table} WHERE relation_id = ?", (id_,))}
    for value in sorted(old - new):
        db.execute(f"DELETE FROM {table} WHERE relation_id = ? AND {column} = ?", (id_, value))
        events.append((now, id_, field, value, None, None, run))
    for value in sorted(new - old):
        db.execute(f"INSERT INTO {table} VALUES (?, ?)", (id_, value))
        events.append((now, id_, field, None, value, None, run))


def log_events(db: Connection, events: Iterable[Event]) -> None:
    """Append to the history of relations."""
    db.executemany(
        "INSERT INTO relation_event (at, relation_id, field, old, new, job, run) VALUES (?, ?, ?, ?, ?, ?, ?)",
        events,
    )


def _put_contacts(db: Connection, relations: Iterable[Relation], now: int) -> None:
    by_id = {r.contact.external_userid: r for r in relations}
    ids = list(by_id)
    known: dict[str, bytes] = {}
    for start in range(0, len(ids), _BLOCK):
        block = ids[start : start + _BLOCK]
        marks = ",".join("?" * len(block))
        known.update(db.execute(f"SELECT external_userid, raw FROM contact WHERE external_userid IN ({marks})", block))
    rows = [
        (id_, *_contact_values(r.contact), r.contact_raw, now)
        for id_, r in by_id.items()
        if known.get(id_) != r.contact_raw
    ]
    keep = ", ".join(f"{name} = coalesce(nullif(excluded.{name}, ''), {name})" for name in _CONTACT_FIELDS)
    db.executemany(
        f"INSERT INTO contact (external_userid, {', '.join(_CONTACT_FIELDS)}, raw, first_seen) "
        f"VALUES (?, {', '.join('?' * len(_CONTACT_FIELDS))}, ?, ?) "
        f"ON CONFLICT (external_userid) DO UPDATE SET {keep}, raw = excluded.raw",
        rows,
    )


def _contact_values(contact: ExternalContact) -> tuple[str | int | None, ...]:
    return tuple(getattr(contact, name) for name in _CONTACT_FIELDS)


def _mobiles(follow: Follow) -> tuple[str, ...]:
    return tuple(dict.fromkeys(m for m in follow.remark_mobiles or () if m))


def _personal(follow: Follow) -> tuple[tuple[str, str], ...]:
    return tuple((tag.group_name or "", tag.tag_name or "") for tag in follow.tags or () if tag.type == 2)


def as_text(value: object) -> str | None:
    """A value as the history keeps it; empty is NULL."""
    return None if value is None or value == "" else str(value)
