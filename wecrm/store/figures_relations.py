"""Active relations by what is missing in them: a remark, a tag, an owner; or any sign of life."""

from collections.abc import Iterator
from typing import Any

from wecrm.models.report import Asked
from wecrm.store import figures_messages
from wecrm.store.asked import parameters, staffed
from wecrm.store.database import Store

LACKS = {
    "no_remark": "coalesce(r.remark, '') = '' OR r.remark = "
    "(SELECT c.name FROM contact c WHERE c.external_userid = r.external_userid)",
    "no_tag": "NOT EXISTS (SELECT 1 FROM relation_tag rt WHERE rt.relation_id = r.id)",
    "no_mobile": "NOT EXISTS (SELECT 1 FROM relation_mobile rm WHERE rm.relation_id = r.id)",
    "no_description": "coalesce(r.description, '') = ''",
    "no_owner": "NOT EXISTS (SELECT 1 FROM member m WHERE m.userid = r.userid AND m.gone_at IS NULL)",
}
"""What can be missing → SQL that says so of a relation `r`."""

# In the order in which relations are stored, which is that of their tags, too: by an index it takes five times as long.
_FLAGS = (
    f"SELECT r.userid, r.external_userid, r.remark, {', '.join(f'({sql}) AS {name}' for name, sql in LACKS.items())} "
    "FROM relation r NOT INDEXED WHERE r.status = 'active' AND {staffed} LIMIT -1"
)


def quality(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """(userid, name, active relations, and of LACKS how many in this order), most relations first."""
    return iter(
        store.connection.execute(
            f"SELECT r.userid, m.name, r.customers, {', '.join(LACKS)} FROM (SELECT userid, count(*) AS customers, "
            f"{', '.join(f'sum({name}) AS {name}' for name in LACKS)} FROM ({_flags(asked)}) GROUP BY userid) r "
            "LEFT JOIN member m ON m.userid = r.userid ORDER BY r.customers DESC, r.userid",
            parameters(store, asked),
        )
    )


def lacking(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """(userid, name, external_userid, name, remark, and of LACKS 1 or 0) of relations that lack something."""
    return iter(
        store.connection.execute(
            f"SELECT r.userid, m.name, r.external_userid, c.name, r.remark, {', '.join(LACKS)} "
            f"FROM ({_flags(asked)}) r LEFT JOIN contact c ON c.external_userid = r.external_userid "
            "LEFT JOIN member m ON m.userid = r.userid "
            f"WHERE {' OR '.join(LACKS)} ORDER BY r.userid, r.external_userid",
            parameters(store, asked),
        )
    )


def _flags(asked: Asked) -> str:
    return _FLAGS.format(staffed=staffed(asked, "r.userid"))


# A sign is the last message where the two have a conversation in the archive, and else the last change of what a
# member writes about a customer that was no job's; nobody is silent who was only just added. In the order in which
# relations are stored, which is nearly that of their history, too; the limit has each looked up once.
_SIGNS = """
    SELECT r.id, r.userid, r.external_userid, r.createtime, t.at AS message_at,
        iif(t.at IS NULL, (SELECT max(e.at) FROM relation_event e WHERE e.relation_id = r.id AND e.job IS NULL
            AND e.field IN ('remark', 'description', 'remark_corp_name', 'mobile', 'tag')), NULL) AS change_at
    FROM relation r NOT INDEXED
    LEFT JOIN temp.talk t ON t.userid = r.userid AND t.external_userid = r.external_userid
    WHERE r.status = 'active' AND r.createtime > 0 AND {staffed} LIMIT -1"""


def silent(store: Store, archive: Store | None, asked: Asked, since: float) -> Iterator[tuple[Any, ...]]:
    """(userid, name, active relations, those without a sign since then), most silent ones first."""
    _talk(store, archive)
    return iter(
        store.connection.execute(
            "SELECT s.userid, m.name, s.customers, s.silent FROM (SELECT userid, count(*) AS customers, "
            "sum(max(createtime, coalesce(message_at, change_at, 0)) < :from) AS silent "
            f"FROM ({_SIGNS.format(staffed=staffed(asked, 'r.userid'))}) GROUP BY userid) s "
            "LEFT JOIN member m ON m.userid = s.userid ORDER BY s.silent DESC, s.userid",
            {**parameters(store, asked), "from": since},
        )
    )


def silent_ones(store: Store, archive: Store | None, asked: Asked, since: float) -> Iterator[tuple[Any, ...]]:
    """(userid, name, external_userid, name, kind of the last sign, its time), longest silent first."""
    _talk(store, archive)
    return iter(
        store.connection.execute(
            "SELECT s.userid, m.name, s.external_userid, c.name, CASE max(s.createtime, coalesce(s.message_at, "
            "s.change_at, 0)) WHEN s.createtime THEN 'added' WHEN s.message_at THEN 'message' ELSE 'change' END, "
            "max(s.createtime, coalesce(s.message_at, s.change_at, 0)) AS last "
            f"FROM ({_SIGNS.format(staffed=staffed(asked, 'r.userid'))}) s LEFT JOIN member m ON m.userid = s.userid "
            "LEFT JOIN contact c ON c.external_userid = s.external_userid WHERE last < :from "
            "ORDER BY last, s.userid, s.external_userid",
            {**parameters(store, asked), "from": since},
        )
    )


def _talk(store: Store, archive: Store | None) -> None:
    """Make temp.talk: when a member and a customer last wrote to each other, unix seconds."""
    db = store.connection
    db.execute("DROP TABLE IF EXISTS temp.talk")
    db.execute(
        "CREATE TEMP TABLE talk (userid TEXT COLLATE NOCASE, external_userid TEXT, at INTEGER, "
        "PRIMARY KEY (userid, external_userid)) WITHOUT ROWID"
    )
    if archive is None:
        return
    with store.write(durable=False):
        db.executemany("INSERT OR REPLACE INTO talk VALUES (?, ?, ?)", figures_messages.last_message(archive))
