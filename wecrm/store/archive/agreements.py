"""What customers answered to being archived, as WeCom told when it was asked; joined with whom it is about."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wecrm.store.archive.opening import attached
from wecrm.store.database import Store

Answer = tuple[str, str, str, str, int]
"""room, member, contact, status, changed_at (unix seconds)."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """One customer with one member, or in one group; times in unix seconds, None where there is none.

    `status` is WeCom's word, "" where WeCom does not tell, None where it was not asked; `said` what a message in the
    archive tells (agree, disagree, ""), at `said_at`.
    """

    room: str
    member: str
    contact: str
    status: str | None
    changed_at: int | None
    checked_at: int | None
    said: str = ""
    said_at: int = 0


def pairs_to_ask(archive: Store, userids: Sequence[str], since: int) -> list[tuple[str, str]]:
    """(member, customer) of active relations of these members that were not asked for since then."""
    if not attached(archive):
        return []
    return archive.connection.execute(
        "SELECT l.userid, l.external_userid FROM crm.relation l LEFT JOIN agreement a ON a.room = '' "
        "AND a.member = l.userid AND a.contact = l.external_userid AND a.checked_at >= ? "
        "WHERE l.status = 'active' AND l.userid IN (SELECT value FROM json_each(?)) AND a.contact IS NULL "
        "ORDER BY l.userid, l.external_userid",
        (since, json.dumps(userids)),
    ).fetchall()


def rooms_to_ask(archive: Store, userids: Sequence[str], since: int) -> list[str]:
    """Customer groups with one of these members in them that were not asked for since then."""
    if not attached(archive):
        return []
    rows = archive.connection.execute(
        f"SELECT g.chat_id FROM crm.group_chat g WHERE {_ROOMS} AND NOT EXISTS (SELECT 1 FROM agreement a "
        "WHERE a.room = g.chat_id AND a.member = '' AND a.contact = '' AND a.checked_at >= ?) ORDER BY g.chat_id",
        (json.dumps(userids), since),
    )
    return [room for (room,) in rows]


_ROOMS = (
    "g.gone_at IS NULL AND EXISTS (SELECT 1 FROM crm.group_member m WHERE m.chat_id = g.chat_id "
    "AND m.userid COLLATE NOCASE IN (SELECT value FROM json_each(?)))"
)


def put(archive: Store, answers: Iterable[Answer], now: int) -> None:
    """Keep answers, asked for now."""
    with archive.write() as db:
        db.executemany(
            "INSERT OR REPLACE INTO agreement (room, member, contact, status, changed_at, checked_at) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            [(*answer, now) for answer in answers],
        )


def singles(archive: Store, userids: Sequence[str]) -> list[Agreed]:
    """Every active relation of these members, with what is known of it; by member and customer."""
    if not attached(archive):
        return []
    said = (
        "(SELECT {} FROM consent k JOIN participant p ON p.conversation = k.conversation AND p.person = l.userid "
        "WHERE k.person = l.external_userid ORDER BY k.at DESC, k.record DESC LIMIT 1)"
    )
    rows = archive.connection.execute(
        "SELECT '', l.userid, l.external_userid, a.status, a.changed_at, a.checked_at, "
        f"coalesce({said.format('k.answer')}, ''), coalesce({said.format('k.at')}, 0) "
        "FROM crm.relation l LEFT JOIN agreement a ON a.room = '' AND a.member = l.userid "
        "AND a.contact = l.external_userid WHERE l.status = 'active' "
        "AND l.userid IN (SELECT value FROM json_each(?)) ORDER BY l.userid, l.external_userid",
        (json.dumps(userids),),
    )
    return [Agreed(*row) for row in rows.fetchall()]


def in_rooms(archive: Store, userids: Sequence[str]) -> list[Agreed]:
    """Every customer in groups of these members, with what WeCom told; by group and customer."""
    if not attached(archive):
        return []
    rows = archive.connection.execute(
        "SELECT g.chat_id, '', c.userid, a.status, a.changed_at, a.checked_at FROM crm.group_chat g "
        "JOIN crm.group_member c ON c.chat_id = g.chat_id AND c.type = 2 LEFT JOIN agreement a ON a.room = g.chat_id "
        f"AND a.member = '' AND a.contact = c.userid WHERE {_ROOMS} ORDER BY g.chat_id, c.userid",
        (json.dumps(userids),),
    )
    return [Agreed(*row) for row in rows.fetchall()]
