"""Who may have left without anybody starting a case, as far as the cache can tell."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from wecrm.store.database import Store

_QUIT = 5
"""Members who quit the corporation on their own; WeCom deletes them 30 days later."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A member as the directory wrote them; `seen_at` (unix seconds) is when they were last read as a member."""

    userid: str
    name: str
    seen_at: int


def gone(store: Store, present: Iterable[str] | None) -> list[str]:
    """Members whom the newest sync found gone, and who are none of `present` now; None: nobody knows who is there."""
    rows = store.connection.execute(
        "SELECT userid FROM member WHERE userid NOT IN (SELECT value FROM json_each(?)) AND (gone_at >= "
        "(SELECT max(started_at) FROM sync_run WHERE purpose = 'members' AND state IN ('done', 'holes')) "
        "OR (gone_at IS NULL AND ?))",
        (json.dumps(list(present or ())), present is not None),
    )
    return [userid for (userid,) in rows]


def quitters(store: Store) -> list[str]:
    """Members who quit on their own and are not deleted yet."""
    rows = store.connection.execute("SELECT userid FROM member WHERE status = ? AND gone_at IS NULL", (_QUIT,))
    return [userid for (userid,) in rows]


def remembered(store: Store, userids: Iterable[str]) -> dict[str, Remembered]:
    """Those of these members whom the cache knows, by userid in lower case."""
    rows = store.connection.execute(
        "SELECT userid, coalesce(name, ''), seen_at FROM member WHERE userid IN (SELECT value FROM json_each(?))",
        (json.dumps(list(userids)),),
    )
    return {row[0].lower(): Remembered(*row) for row in rows}


def owners(store: Store) -> dict[str, str]:
    """chat_id → owner of every existing group of the cache."""
    rows = store.connection.execute(
        "SELECT chat_id, owner FROM group_chat WHERE gone_at IS NULL AND coalesce(owner, '') <> ''"
    )
    return dict(rows.fetchall())


def covered(store: Store) -> dict[str, float]:
    """userid in lower case → until when leaving is taken care of: for ever while a case is under way.

    A closed case is over: somebody who has the userid and leaves later needs another one. A cancelled one is none.
    """
    rows = store.connection.execute(
        "SELECT lower(userid), max(CASE state WHEN 'closed' THEN coalesce(closed_at, 0) ELSE 9e999 END) "
        "FROM offboarding WHERE state <> 'cancelled' GROUP BY lower(userid)"
    )
    return dict(rows.fetchall())
