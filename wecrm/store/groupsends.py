"""Mass messages in the cache: which there are, who sent them, how many receivers they reached."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wecrm.models.groupsend import TASK_SENT, ChatType, GroupSend, SendTask
from wecrm.store.database import Store

WATCHED_S = 30 * 24 * 3600
"""How long after it was made a mass message is looked at again."""

SETTLED_S = 24 * 3600
"""How long after a member sent it what became of the receivers may still change; WeCom does not say."""


@dataclass(frozen=True, slots=True)
class Fates:
    """How many receivers of one member there are of each kind."""

    delivered: int = 0
    undelivered: int = 0
    no_friend: int = 0
    cap_reached: int = 0


def put(store: Store, chat_type: ChatType, found: Iterable[GroupSend]) -> None:
    """Add mass messages; those that are known stay as they are."""
    with store.write() as db:
        db.executemany(
            "INSERT OR IGNORE INTO groupsend VALUES (?, ?, ?, ?, ?, NULL)",
            [(one.msgid, chat_type, one.creator, one.create_time, one.text.content) for one in found],
        )


def newest(store: Store, chat_type: ChatType) -> int | None:
    """When the newest that is stored was made; None when there is none."""
    row = store.connection.execute(
        "SELECT max(create_time) FROM groupsend WHERE chat_type = ?", (chat_type,)
    ).fetchone()
    return None if row[0] is None else int(row[0])


def unfinished(store: Store) -> list[str]:
    """Mass messages whose members are to be read: never were, or while watched and not everybody had sent."""
    rows = store.connection.execute(
        "SELECT msgid FROM groupsend s WHERE read_at IS NULL OR (read_at < create_time + ? AND EXISTS "
        "(SELECT 1 FROM groupsend_task t WHERE t.msgid = s.msgid AND NOT t.sent)) ORDER BY create_time",
        (WATCHED_S,),
    )
    return [msgid for (msgid,) in rows]


def put_tasks(store: Store, msgid: str, tasks: Iterable[SendTask], now: float) -> None:
    """Store who was asked to send a mass message and who did; what is known of receivers stays."""
    with store.write() as db:
        db.executemany(
            "INSERT INTO groupsend_task (msgid, userid, sent, send_time) VALUES (?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET sent = excluded.sent, send_time = excluded.send_time",
            [(msgid, task.userid, task.status == TASK_SENT, task.send_time) for task in tasks],
        )
        db.execute("UPDATE groupsend SET read_at = ? WHERE msgid = ?", (int(now), msgid))


def unread(store: Store, now: float) -> list[tuple[str, str]]:
    """(msgid, userid) whose receivers are to be read: never were since it was sent, or not since they settled."""
    rows = store.connection.execute(
        "SELECT msgid, userid FROM groupsend_task WHERE sent AND (read_at IS NULL OR "
        "(read_at < coalesce(send_time, 0) + :settled AND coalesce(send_time, 0) + :settled <= :now)) "
        "ORDER BY msgid, userid",
        {"settled": SETTLED_S, "now": now},
    )
    return rows.fetchall()


def give_up(store: Store, keys: Iterable[tuple[str, str]], now: float) -> None:
    """Ask no more for the receivers of these (msgid, userid); what is known of them stays."""
    with store.write(durable=False) as db:
        db.executemany(
            "UPDATE groupsend_task SET read_at = ? WHERE msgid = ? AND userid = ?", [(int(now), *key) for key in keys]
        )


def put_fates(store: Store, found: Mapping[tuple[str, str], Fates], now: float) -> None:
    """Store what became of the receivers of these (msgid, userid)."""
    with store.write(durable=False) as db:
        db.executemany(
            "UPDATE groupsend_task SET delivered = ?, undelivered = ?, no_friend = ?, cap_reached = ?, read_at = ? "
            "WHERE msgid = ? AND userid = ?",
            [
                (each.delivered, each.undelivered, each.no_friend, each.cap_reached, int(now), *key)
                for key, each in found.items()
            ],
        )
