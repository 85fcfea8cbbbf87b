"""Customers, groups and takers of a handover (交接), read from the cache in a few statements whatever their number."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeVar

from wecrm.models.sharing import Customer, Group, Taker
from wecrm.store.conditions import Compiled
from wecrm.store.database import Store

T = TypeVar("T")
EVERYBODY = Compiled("1", (), frozenset())


def named(store: Store, name: str) -> list[str]:
    """Members with this userid, name or alias, as far as nothing fits better: the userid, then who has not left."""
    rows = store.connection.execute(
        "SELECT userid, userid = ?1 AS own, gone_at IS NOT NULL AS gone FROM member "
        "WHERE userid = ?1 OR name = ?1 OR alias = ?1 ORDER BY own DESC, gone, userid",
        (name,),
    ).fetchall()
    best = [row[1:] for row in rows[:1]]
    return [userid for userid, *rank in rows if tuple(rank) in best]


def customers(
    store: Store, userids: Iterable[str], condition: Compiled = EVERYBODY, *, ended: bool = False
) -> list[Customer]:
    """Relations of these members that meet the condition, in order; active ones, or `ended` ones too."""
    rows = store.connection.execute(
        "SELECT v.relation_id, v.userid, v.external_userid, coalesce(nullif(v.company, ''), v.corp_name, '') "
        "FROM contacts AS v WHERE v.userid IN (SELECT value FROM json_each(?)) "
        f"AND (? OR v.status = 'active') AND ({condition.sql}) ORDER BY v.relation_id",
        (json.dumps(list(userids)), ended, *condition.params),
    )
    return [Customer(external, userid, company=company, relation_id=id_) for id_, userid, external, company in rows]


def pairs(store: Store, userids: Iterable[str], external_userids: Iterable[str]) -> set[tuple[str, str]]:
    """(userid in lower case, external_userid) of the active relations between these."""
    rows = store.connection.execute(
        "SELECT lower(userid), external_userid FROM relation WHERE status = 'active' "
        "AND external_userid IN (SELECT value FROM json_each(?)) AND userid IN (SELECT value FROM json_each(?))",
        (json.dumps(list(external_userids)), json.dumps(list(userids))),
    )
    return set(rows.fetchall())


def meeting(store: Store, userids: Iterable[str], condition: Compiled) -> list[int]:
    """Relation ids of these members, whatever their status, that meet the condition."""
    rows = store.connection.execute(
        "SELECT v.relation_id FROM contacts AS v WHERE v.userid IN (SELECT value FROM json_each(?)) "
        f"AND ({condition.sql})",
        (json.dumps(list(userids)), *condition.params),
    )
    return [id_ for (id_,) in rows]


def carrying(tag_ids: Sequence[str]) -> Compiled:
    """Relations that carry one of these tags, under the name `v`."""
    sql = "v.relation_id IN (SELECT relation_id FROM relation_tag WHERE tag_id IN (SELECT value FROM json_each(?)))"
    return Compiled(sql, (json.dumps(tag_ids),), frozenset({"tags"}))


def chats(store: Store, external_userids: Iterable[str]) -> dict[str, frozenset[str]]:
    """external_userid → ids of the existing groups that this customer is in, for those in any."""
    rows = store.connection.execute(
        "SELECT gm.userid, gm.chat_id FROM group_member gm JOIN group_chat g ON g.chat_id = gm.chat_id "
        "WHERE gm.type = 2 AND g.gone_at IS NULL AND gm.userid IN (SELECT value FROM json_each(?))",
        (json.dumps(list(external_userids)),),
    )
    return _gathered(rows)


def groups(store: Store, owners: Iterable[str] = (), chat_ids: Iterable[str] = ()) -> list[Group]:
    """Existing groups of these owners, and those of these ids, with the customers in them."""
    found = store.connection.execute(
        "SELECT chat_id, coalesce(owner, '') FROM group_chat WHERE gone_at IS NULL AND "
        "(owner IN (SELECT value FROM json_each(?)) OR chat_id IN (SELECT value FROM json_each(?))) ORDER BY chat_id",
        (json.dumps(list(owners)), json.dumps(list(chat_ids))),
    ).fetchall()
    people = _gathered(
        store.connection.execute(
            "SELECT chat_id, userid FROM group_member WHERE type = 2 AND chat_id IN (SELECT value FROM json_each(?))",
            (json.dumps([id_ for id_, _owner in found]),),
        )
    )
    return [Group(id_, owner, customers=people.get(id_, frozenset())) for id_, owner in found]


def orphaned(store: Store, owners: Iterable[str]) -> set[str]:
    """Those of these members, in lower case, who own a group that WeCom calls one without an owner (status 1)."""
    rows = store.connection.execute(
        "SELECT DISTINCT owner FROM group_chat WHERE gone_at IS NULL AND status = 1 "
        "AND owner IN (SELECT value FROM json_each(?))",
        (json.dumps(list(owners)),),
    )
    return {owner.lower() for (owner,) in rows}


def departments(store: Store, userids: Iterable[str]) -> dict[str, frozenset[int]]:
    """userid in lower case → the departments the cache knows this member in."""
    rows = store.connection.execute(
        "SELECT lower(userid), department FROM member_department WHERE userid IN (SELECT value FROM json_each(?))",
        (json.dumps(list(userids)),),
    )
    return _gathered(rows)


def takers(store: Store, userids: Collection[str], cap: int | None) -> list[Taker]:
    """These members as takers, in their order; their room is what lacks to `cap` customers."""
    loads: Mapping[str, int] = dict(
        store.connection.execute(
            "SELECT lower(userid), count(*) FROM relation WHERE status = 'active' "
            "AND userid IN (SELECT value FROM json_each(?)) GROUP BY lower(userid)",
            (json.dumps(list(userids)),),
        ).fetchall()
    )
    at = departments(store, userids)
    found = []
    for userid in userids:
        load = loads.get(userid.lower(), 0)
        room = None if cap is None else max(0, cap - load)
        found.append(Taker(userid, load, room, at.get(userid.lower(), frozenset())))
    return found


def _gathered(rows: Iterable[tuple[str, T]]) -> dict[str, frozenset[T]]:
    found: dict[str, list[T]] = defaultdict(list)
    for key, value in rows:
        found[key].append(value)
    return {key: frozenset(values) for key, values in found.items()}
