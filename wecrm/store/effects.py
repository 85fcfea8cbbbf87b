"""What our own jobs changed on WeCom, noted in the cache and in the history with the job's id."""

from collections.abc import Mapping, Sequence

from wecrm.store.contacts import FIELDS, Event, as_text, known_relations, log_events, set_values
from wecrm.store.database import Store


def note_marks(
    store: Store, job: str, marks: Mapping[tuple[str, str], tuple[Sequence[str], Sequence[str]]], now: float
) -> None:
    """Cache what a job's marks changed: (userid, external_userid) → (tags put on, tags taken off)."""
    with store.write(durable=False) as db:
        known = known_relations(db, [(userid.lower(), external) for userid, external in marks])
        events: list[Event] = []
        for (userid, external), (added, removed) in marks.items():
            row = known.get((userid.lower(), external))
            if row is None:
                continue
            for tag in added:
                done = db.execute("INSERT OR IGNORE INTO relation_tag VALUES (?, ?)", (row[0], tag))
                events += [(int(now), row[0], "tag", None, tag, job, None)] * done.rowcount
            for tag in removed:
                done = db.execute("DELETE FROM relation_tag WHERE relation_id = ? AND tag_id = ?", (row[0], tag))
                events += [(int(now), row[0], "tag", tag, None, job, None)] * done.rowcount
            db.execute("UPDATE relation SET raw = NULL WHERE id = ?", (row[0],))
        log_events(db, events)


def note_fields(
    store: Store,
    job: str,
    key: tuple[str, str],
    fields: Mapping[str, str],
    mobiles: Sequence[str] | None,
    now: float,
) -> None:
    """Cache what a job wrote on one relation: remark, description, remark_corp_name, and mobiles."""
    with store.write(durable=False) as db:
        row = known_relations(db, [(key[0].lower(), key[1])]).get((key[0].lower(), key[1]))
        if row is None:
            return
        events: list[Event] = []
        for name, value in fields.items():
            assert name in FIELDS
            old = db.execute(f"SELECT {name} FROM relation WHERE id = ?", (row[0],)).fetchone()[0]
            db.execute(f"UPDATE relation SET {name} = ?, raw = NULL WHERE id = ?", (value, row[0]))
            if (old or "") != value:
                events.append((int(now), row[0], name, as_text(old), as_text(value), job, None))
        if mobiles is not None:
            set_values(db, "relation_mobile", "mobile", row[0], set(mobiles), "mobile", int(now), None, events)
            db.execute("UPDATE relation SET raw = NULL WHERE id = ?", (row[0],))
        log_events(db, [(at, rid, field, old, new, job, run) for at, rid, field, old, new, _job, run in events])
