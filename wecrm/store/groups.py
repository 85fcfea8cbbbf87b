"""Customer groups in the cache."""

from collections.abc import Iterable, Sequence

import msgspec

from wecrm.models.group import GroupChat
from wecrm.store.database import Store


def put_group(store: Store, chat: GroupChat, raw: bytes, status: int, now: float) -> None:
    """Store one group with its people as they are now."""
    admins = {admin.userid for admin in chat.admin_list}
    with store.write(durable=False) as db:
        db.execute(
            "INSERT INTO group_chat (chat_id, name, owner, create_time, notice, status, member_version, raw, "
            "first_seen, seen_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (chat_id) DO UPDATE SET "
            "name = excluded.name, owner = excluded.owner, notice = excluded.notice, status = excluded.status, "
            "member_version = excluded.member_version, raw = excluded.raw, seen_at = excluded.seen_at, gone_at = NULL",
            (
                chat.chat_id,
                chat.name,
                chat.owner,
                chat.create_time,
                chat.notice,
                status,
                chat.member_version,
                raw,
                int(now),
                int(now),
            ),
        )
        db.execute("DELETE FROM group_member WHERE chat_id = ?", (chat.chat_id,))
        db.executemany(
            "INSERT OR REPLACE INTO group_member VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    chat.chat_id,
                    m.userid,
                    m.type,
                    m.name,
                    m.group_nickname,
                    m.join_time,
                    m.join_scene,
                    m.state,
                    m.invitor.userid if m.invitor else None,
                    int(m.userid in admins),
                )
                for m in chat.member_list
            ],
        )


def end_absent(store: Store, listed: Iterable[str], owners_in_sight: Sequence[str], now: float) -> int:
    """After a complete listing: groups of owners in sight that were not listed get `gone_at`."""
    with store.write() as db:
        return db.execute(
            "UPDATE group_chat SET gone_at = ? WHERE gone_at IS NULL "
            "AND owner COLLATE NOCASE IN (SELECT value FROM json_each(?)) "
            "AND chat_id NOT IN (SELECT value FROM json_each(?))",
            (int(now), msgspec.json.encode(list(owners_in_sight)).decode(), msgspec.json.encode(list(listed)).decode()),
        ).rowcount


def note_gone(store: Store, chat_ids: Iterable[str], now: float) -> None:
    """WeCom says that these groups do not exist any more; the first time stays."""
    with store.write() as db:
        db.execute(
            "UPDATE group_chat SET gone_at = ? WHERE gone_at IS NULL AND chat_id IN (SELECT value FROM json_each(?))",
            (int(now), msgspec.json.encode(list(chat_ids)).decode()),
        )


def names(store: Store) -> dict[str, str]:
    """chat_id → name of every group that exists."""
    return dict(store.connection.execute("SELECT chat_id, coalesce(name, '') FROM group_chat WHERE gone_at IS NULL"))
