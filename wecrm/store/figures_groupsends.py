"""Mass messages of a period: who sent them and whom they reached."""

from collections.abc import Iterator
from typing import Any

from wecrm.models.report import Asked
from wecrm.store.asked import parameters, staffed, within
from wecrm.store.database import Store


def sends(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """Mass messages made within the period, latest first; of the members asked for, those that somebody got.

    (when made, msgid, single or group, text, creator, members, those who sent, delivered, not sent, no friend, cap
    reached, when read)
    """
    named = bool(asked.members or asked.departments)
    return iter(
        store.connection.execute(
            "SELECT s.create_time, s.msgid, s.chat_type, s.text, s.creator, count(t.userid), coalesce(sum(t.sent), 0), "
            "sum(t.delivered), sum(t.undelivered), sum(t.no_friend), sum(t.cap_reached), s.read_at FROM groupsend s "
            f"{'' if named else 'LEFT '}JOIN groupsend_task t ON t.msgid = s.msgid AND {staffed(asked, 't.userid')} "
            f"WHERE {within('s.create_time')} GROUP BY s.msgid ORDER BY s.create_time DESC, s.msgid",
            parameters(store, asked),
        )
    )


def tasks(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """(when made, msgid, userid, name, whether and when sent, delivered, not sent, no friend, cap reached)."""
    return iter(
        store.connection.execute(
            "SELECT s.create_time, t.msgid, t.userid, t.name, t.sent, t.send_time, t.delivered, t.undelivered, "
            "t.no_friend, t.cap_reached FROM groupsend s JOIN groupsend_tasks t ON t.msgid = s.msgid "
            f"WHERE {within('s.create_time')} AND {staffed(asked, 't.userid')} "
            "ORDER BY s.create_time DESC, t.msgid, t.userid",
            parameters(store, asked),
        )
    )
