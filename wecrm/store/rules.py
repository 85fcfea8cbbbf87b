"""Which relations a rule is about, in SQL over the cache: conditions, who lacks a tag, who is not settled in a stage.

A condition is SQL over the view `contacts` under the name `v`, as `conditions.py` makes it. Only
active relations count: WeCom refuses to mark others.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.text import visible
from wecrm.store.conditions import Compiled
from wecrm.store.database import Store
from wecrm.store.nearest import did_you_mean

Row = tuple[int, str, str]
"""(relation id, userid, external_userid)."""


def by_channel(patterns: Iterable[str]) -> Compiled:
    """Relations that came by one of these channels; `*` and `?` stand for any text and any character."""
    return _fitting("channel", "v.channel", patterns)


def by_add_way(numbers: Sequence[int]) -> Compiled:
    """Relations that were added in one of these ways."""
    return Compiled(f"v.add_way IN {_places(numbers)}", tuple(numbers), frozenset({"add_way"}))


def in_chats(chat_ids: Sequence[str]) -> Compiled:
    """Relations whose customer is in one of these customer groups, while the group exists."""
    sql = (
        "v.external_userid IN (SELECT gm.userid FROM group_member gm JOIN group_chat g ON g.chat_id = gm.chat_id "
        "WHERE gm.type = 2 AND g.gone_at IS NULL AND g.chat_id IN (SELECT value FROM json_each(?)))"
    )
    return Compiled(sql, (json.dumps(chat_ids),), frozenset({"external_userid"}))


def chat_ids(store: Store, pattern: str) -> list[str]:
    """Ids of the customer groups of that id or name; of all that fit, when it has `*` or `?`.

    Raises:
        UsageError: there never was a group of that name; says the nearest.
    """
    fits = _fitting("name", "g.name", [pattern])
    found = store.connection.execute(
        f"SELECT g.chat_id FROM group_chat g WHERE g.chat_id = ? OR {fits.sql}", (pattern, *fits.params)
    ).fetchall()
    if not found and not _is_glob(pattern):
        names = store.connection.execute("SELECT DISTINCT name FROM group_chat WHERE name <> ''")
        raise UsageError(
            _("There is no customer group {name}.", name=repr(visible(pattern))),
            "",
            did_you_mean(pattern, [name for (name,) in names], 3)
            or _("`wecrm groups list` shows the groups; `wecrm sync groups` reads new ones."),
        )
    return [id_ for (id_,) in found]


def both(conditions: Sequence[Compiled]) -> Compiled:
    """The condition that all of these (one at least) make together."""
    return Compiled(
        " AND ".join(f"({each.sql})" for each in conditions),
        tuple(param for each in conditions for param in each.params),
        frozenset().union(*(each.columns for each in conditions)),
    )


def lacking(store: Store, condition: Compiled, tag_id: str) -> Iterator[Row]:
    """Relations that meet the condition and do not carry the tag."""
    return store.connection.execute(
        "SELECT v.relation_id, v.userid, v.external_userid FROM contacts AS v WHERE v.status = 'active' AND "
        f"({condition.sql}) AND NOT EXISTS "
        "(SELECT 1 FROM relation_tag rt WHERE rt.relation_id = v.relation_id AND rt.tag_id = ?)",
        (*condition.params, tag_id),
    )


def meeting(store: Store, condition: Compiled, customers: Sequence[str]) -> Iterator[Row]:
    """Relations of these customers that meet the condition."""
    return store.connection.execute(
        "SELECT v.relation_id, v.userid, v.external_userid FROM contacts AS v WHERE v.status = 'active' AND "
        f"({condition.sql}) AND v.external_userid IN (SELECT value FROM json_each(?))",
        (*condition.params, json.dumps(customers)),
    )


@dataclass(frozen=True, slots=True)
class Carried:
    """The tags of one group that an active relation carries, one at least."""

    relation_id: int
    userid: str
    external_userid: str
    tag_ids: frozenset[str]


def carried(store: Store, tags: Sequence[str], customers: Sequence[str]) -> Iterator[Carried]:
    """What the relations of these customers carry of these tags."""
    rows = store.connection.execute(
        "SELECT r.id, r.userid, r.external_userid, group_concat(rt.tag_id) FROM json_each(?) j "
        "CROSS JOIN relation r ON r.external_userid = j.value AND r.status = 'active' "
        f"CROSS JOIN relation_tag rt ON rt.relation_id = r.id AND +rt.tag_id IN {_places(tags)} GROUP BY r.id",
        (json.dumps(customers), *tags),
    )
    return (Carried(id_, userid, external, frozenset(found.split(","))) for id_, userid, external, found in rows)


def with_several(store: Store, tags: Sequence[str]) -> set[str]:
    """Customers who carry, or carried when relations ended, more than one of these tags on all relations together."""
    rows = store.connection.execute(
        "SELECT external_userid FROM relation WHERE id IN (SELECT relation_id FROM relation_tag "
        f"WHERE tag_id IN {_places(tags)} GROUP BY relation_id HAVING count(*) > 1) "
        "UNION SELECT r.external_userid FROM relation r CROSS JOIN relation_tag rt "
        f"ON rt.relation_id = r.id AND +rt.tag_id IN {_places(tags)} WHERE r.external_userid IN "
        "(SELECT external_userid FROM relation GROUP BY external_userid HAVING count(*) > 1) "
        "GROUP BY r.external_userid HAVING min(rt.tag_id) < max(rt.tag_id)",
        (*tags, *tags),
    )
    return {customer for (customer,) in rows}


def without_any(store: Store, condition: Compiled, tags: Sequence[str]) -> set[str]:
    """Customers with a relation that meets the condition and carries none of these tags."""
    rows = store.connection.execute(
        "SELECT v.external_userid FROM contacts AS v WHERE v.status = 'active' AND "
        f"({condition.sql}) AND v.relation_id NOT IN "
        f"(SELECT relation_id FROM relation_tag WHERE tag_id IN {_places(tags)})",
        (*condition.params, *tags),
    )
    return {customer for (customer,) in rows}


def having(store: Store, condition: Compiled, tags: Sequence[str]) -> set[str]:
    """Customers with a relation that meets the condition and one, maybe another, that carries one of these tags."""
    rows = store.connection.execute(
        "SELECT v.external_userid FROM contacts AS v WHERE v.status = 'active' AND "
        f"({condition.sql}) AND v.external_userid IN (SELECT r.external_userid FROM relation_tag rt "
        f"JOIN relation r ON r.id = rt.relation_id WHERE rt.tag_id IN {_places(tags)})",
        (*condition.params, *tags),
    )
    return {customer for (customer,) in rows}


@dataclass(frozen=True, slots=True)
class Facts:
    """One relation, as far as rules ask about it."""

    relation_id: int
    userid: str
    external_userid: str
    status: str
    channel: str
    add_way: int | None
    tag_ids: frozenset[str]


def relations(store: Store, external_userid: str) -> list[Facts]:
    """All relations of one customer, whatever their status, oldest first."""
    rows = store.connection.execute(
        "SELECT id, userid, external_userid, status, coalesce(state, ''), add_way, (SELECT group_concat(tag_id) "
        "FROM relation_tag WHERE relation_id = r.id) FROM relation r WHERE external_userid = ? ORDER BY createtime, id",
        (external_userid,),
    )
    return [
        Facts(id_, userid, external, status, channel, way, frozenset((tags or "").split(",")))
        for id_, userid, external, status, channel, way, tags in rows
    ]


def chat_names(store: Store, external_userid: str) -> list[str]:
    """Names (ids, where there is no name) of the existing groups that a customer is in."""
    rows = store.connection.execute(
        "SELECT coalesce(nullif(g.name, ''), g.chat_id) FROM group_member gm JOIN group_chat g USING (chat_id) "
        "WHERE gm.userid = ? AND gm.type = 2 AND g.gone_at IS NULL ORDER BY 1",
        (external_userid,),
    )
    return [name for (name,) in rows]


def _places(values: Sequence[object]) -> str:
    """As many question marks, in brackets."""
    return f"({', '.join('?' * len(values))})"


def _is_glob(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern


def _fitting(column: str, sql: str, patterns: Iterable[str]) -> Compiled:
    """One of the patterns fits the column, `sql`; those without `*` and `?` are compared as they are."""
    tests, params = [], []
    for pattern in patterns:
        tests.append(f"{sql} GLOB ?" if _is_glob(pattern) else f"{sql} = ?")
        params.append(pattern.replace("[", "[[]") if _is_glob(pattern) else pattern)
    return Compiled(" OR ".join(tests), tuple(params), frozenset({column}))
