"""WeCom's own statistics in the cache, by day (`2026-11-22`, of UTC+8) and member or owner."""

from collections.abc import Mapping

from wecrm.models.statistics import Behavior, GroupFigures
from wecrm.store.database import Store


def put_behavior(store: Store, userid: str, days: Mapping[str, Behavior | None], now: float) -> None:
    """Store a member's days; None is a day that was asked for and of which WeCom told nothing."""
    with store.write(durable=False) as db:
        db.executemany(
            "INSERT OR REPLACE INTO behavior_day VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(userid, day, *_behavior(found), int(now)) for day, found in days.items()],
        )


def _behavior(found: Behavior | None) -> tuple[float | None, ...]:
    if found is None:
        return (None,) * 7
    return (
        found.chat_cnt,
        found.message_cnt,
        found.reply_percentage,
        found.avg_reply_time,
        found.negative_feedback_cnt,
        found.new_apply_cnt,
        found.new_contact_cnt,
    )


def put_groups(store: Store, day: str, owners: Mapping[str, GroupFigures | None], now: float) -> None:
    """Store one day of these owners; None is an owner of whom WeCom told nothing."""
    with store.write(durable=False) as db:
        db.executemany(
            "INSERT OR REPLACE INTO group_day VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(owner, day, *_groups(found), int(now)) for owner, found in owners.items()],
        )


def _groups(found: GroupFigures | None) -> tuple[int | None, ...]:
    if found is None:
        return (None,) * 7
    return (
        found.new_chat_cnt,
        found.chat_total,
        found.chat_has_msg,
        found.new_member_cnt,
        found.member_total,
        found.member_has_msg,
        found.msg_total,
    )


def behavior_read(store: Store, userid: str) -> dict[str, int]:
    """Days of a member that are stored, and when each was read (unix seconds)."""
    return dict(store.connection.execute("SELECT day, read_at FROM behavior_day WHERE userid = ?", (userid,)))


def groups_read(store: Store, owner: str) -> dict[str, int]:
    """The same of an owner's groups."""
    return dict(store.connection.execute("SELECT day, read_at FROM group_day WHERE owner = ?", (owner,)))


def owners(store: Store) -> list[str]:
    """Members who own a group of the cache, or of whose groups a day was read."""
    rows = store.connection.execute(
        "SELECT owner FROM group_chat WHERE owner IS NOT NULL UNION SELECT DISTINCT owner FROM group_day"
    )
    return [owner for (owner,) in rows]
