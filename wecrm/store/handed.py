"""What finished transfers mean for the cache: whose customer somebody is, and who owns a group."""

from collections.abc import Iterable, Mapping

from wecrm.store.contacts import Event, known_relations, log_events
from wecrm.store.database import Store


def customers(store: Store, userid: str) -> int:
    """Active relations of that member."""
    row = store.connection.execute(
        "SELECT count(*) FROM relation WHERE userid = ? AND status = 'active'", (userid,)
    ).fetchone()
    return int(row[0])


def note_moved(store: Store, job: str, moved: Iterable[tuple[str, str, str]], now: float) -> None:
    """End the former relations of (handover, takeover, external_userid): `transferred`, with the job in the history.

    The new relation is not guessed: the next reading of it stores it.
    """
    with store.write() as db:
        pairs = [(handover.lower(), external) for handover, _takeover, external in moved]
        events: list[Event] = []
        for row in known_relations(db, pairs).values():
            was = db.execute("SELECT status FROM relation WHERE id = ?", (row[0],)).fetchone()[0]
            if was != "transferred":
                db.execute("UPDATE relation SET status = 'transferred', status_at = ? WHERE id = ?", (int(now), row[0]))
                events.append((int(now), row[0], "status", was, "transferred", job, None))
        log_events(db, events)


def note_owners(store: Store, owners: Mapping[str, str]) -> None:
    """Write down the new owners of groups, by chat_id."""
    with store.write() as db:
        db.executemany("UPDATE group_chat SET owner = ? WHERE chat_id = ?", [(o, chat) for chat, o in owners.items()])
