"""Customer groups: their size, who came, who owns them."""

from collections.abc import Iterator
from typing import Any

from wecrm.models.report import Asked
from wecrm.store.asked import parameters, staffed, within
from wecrm.store.database import Store

_GROUPS = """
    SELECT g.chat_id, g.name, g.owner, m.name AS owner_name, g.status, g.create_time,
        count(gm.userid) AS people, total(gm.type = 2) AS customers,
        total(gm.type = 2 AND {joined}) AS joined, max(iif(gm.type = 2, gm.join_time, NULL)) AS last_joined
    FROM group_chat g LEFT JOIN group_member gm ON gm.chat_id = g.chat_id LEFT JOIN member m ON m.userid = g.owner
    WHERE g.gone_at IS NULL AND {staffed} GROUP BY g.chat_id"""


def groups(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """Existing groups, most customers first.

    (chat_id, name, owner, owner's name, status, created, people, customers, customers in it who joined within the
    period, when the last customer joined)
    """
    rows = store.connection.execute(f"{_filled(asked)} ORDER BY customers DESC, g.chat_id", parameters(store, asked))
    return ((*row[:6], row[6], int(row[7]), int(row[8]), row[9]) for row in rows)


def owners(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """Owners of existing groups, most customers first.

    (userid, name, whether they left, groups, those made within the period, people, customers, customers in them who
    joined within the period, when the last customer joined); who is in two groups counts twice.
    """
    return iter(
        store.connection.execute(
            f"SELECT x.owner, max(owner_name), (SELECT m.gone_at IS NOT NULL FROM member m WHERE m.userid = x.owner), "
            f"count(*), CAST(total({within('create_time')}) AS INTEGER), sum(people), "
            "CAST(total(customers) AS INTEGER) AS all_customers, CAST(total(joined) AS INTEGER), max(last_joined) "
            f"FROM ({_filled(asked)}) x GROUP BY lower(x.owner) ORDER BY all_customers DESC, x.owner",
            parameters(store, asked),
        )
    )


def _filled(asked: Asked) -> str:
    return _GROUPS.format(joined=within("gm.join_time"), staffed=staffed(asked, "g.owner"))


def joined(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """Customers in existing groups who joined within the period, latest first.

    (when, chat_id, group, owner, external_userid, name, how, channel, invited by)
    """
    return iter(
        store.connection.execute(
            "SELECT gm.join_time, gm.chat_id, g.name, g.owner, gm.userid, coalesce(nullif(gm.name, ''), c.name), "
            "gm.join_scene, gm.state, gm.invitor FROM group_member gm JOIN group_chat g ON g.chat_id = gm.chat_id "
            "LEFT JOIN contact c ON c.external_userid = gm.userid WHERE g.gone_at IS NULL AND gm.type = 2 "
            f"AND {within('gm.join_time')} AND {staffed(asked, 'g.owner')} "
            "ORDER BY gm.join_time DESC, gm.chat_id, gm.userid",
            parameters(store, asked),
        )
    )


def last_messages(archive: Store) -> dict[str, int]:
    """chat_id → when something was last said in it (unix seconds), as far as it was archived."""
    rows = archive.connection.execute("SELECT key, last_at FROM conversation WHERE kind = 'group'")
    return dict(rows.fetchall())
