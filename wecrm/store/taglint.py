"""Counts that the lint of the tag library is made of: who carries a tag, and who two that exclude each other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations, groupby
from typing import Literal

import msgspec

from wecrm.i18n import _
from wecrm.models.clock import Progress
from wecrm.store.database import Store
from wecrm.store.tags import KnownGroup, KnownTag

Scope = Literal["relation", "members"]
"""Where two tags meet: on one relation, or on one customer's relations with different members."""


@dataclass(slots=True)
class Use:
    """Active relations that carry a tag, of how many members, and one of these."""

    customers: int = 0
    members: int = 0
    userid: str = ""


@dataclass(slots=True)
class Clash:
    """Two tags of an exclusive group, the one that stands earlier first, and whose customers have both."""

    earlier: KnownTag
    later: KnownTag
    scope: Scope
    customers: int = 0
    userids: set[str] = field(default_factory=set)


def working(store: Store) -> list[str]:
    """Members with active customers."""
    rows = store.connection.execute("SELECT DISTINCT userid FROM relation WHERE status = 'active'")
    return [userid for (userid,) in rows]


def unread(store: Store) -> int:
    """Members whose customers were never read completely: a tag may be in use there unseen."""
    row = store.connection.execute(
        "SELECT count(*) FROM member WHERE follows = 1 AND gone_at IS NULL AND pass_at IS NULL"
    ).fetchone()
    return int(row[0])


def usage(store: Store, userids: Sequence[str], progress: Callable[[Progress], None]) -> dict[str, Use]:
    """Tag id → its use by these members; a tag that none of their active relations carries is left out."""
    found: dict[str, Use] = {}
    for n, userid in enumerate(userids, 1):  # one by one: no large sort, and there is progress to tell
        rows = store.connection.execute(
            "SELECT rt.tag_id, count(*) FROM relation r JOIN relation_tag rt ON rt.relation_id = r.id "
            "WHERE r.userid = ? AND r.status = 'active' GROUP BY rt.tag_id",
            (userid,),
        )
        for tag_id, customers in rows:
            use = found.setdefault(tag_id, Use(userid=userid))
            use.customers += customers
            use.members += 1
        progress(Progress(_("members"), n, len(userids)))
    return found


_TORN = (
    "WITH carried AS MATERIALIZED (SELECT r.external_userid AS customer, r.id, r.userid, rt.tag_id "
    "FROM relation_tag rt JOIN relation r ON r.id = rt.relation_id AND r.status = 'active' "
    "WHERE rt.tag_id IN (SELECT value FROM json_each(?))) "
    "SELECT * FROM carried WHERE customer IN (SELECT customer FROM carried GROUP BY customer "
    "HAVING min(tag_id) < max(tag_id)) ORDER BY customer"
)
"""The marks of those customers alone who have two different ones of these tags."""


def clashes(store: Store, group: KnownGroup) -> list[Clash]:
    """Pairs of this group's tags that meet on customers, in the group's order; a customer counts once in each."""
    place = {tag.tag_id: n for n, tag in enumerate(group.tags)}
    found: dict[tuple[int, int, Scope], Clash] = {}
    marks = store.connection.execute(_TORN, (msgspec.json.encode(list(place)).decode(),))
    for _customer, rows in groupby(marks, key=lambda row: row[0]):
        met = _met([(relation, userid, place[tag]) for _, relation, userid, tag in rows])
        for (one, other, scope), userids in met.items():
            clash = found.setdefault((one, other, scope), Clash(group.tags[one], group.tags[other], scope))
            clash.customers += 1
            clash.userids |= userids
    return [found[key] for key in sorted(found)]


def _met(marks: Sequence[tuple[int, str, int]]) -> dict[tuple[int, int, Scope], set[str]]:
    """Which two places of the group meet on one customer, where, and with which members."""
    met: dict[tuple[int, int, Scope], set[str]] = {}
    for (relation, userid, one), (other_relation, other_userid, other) in combinations(marks, 2):
        if one != other:
            scope: Scope = "relation" if relation == other_relation else "members"
            met.setdefault((min(one, other), max(one, other), scope), set()).update((userid, other_userid))
    return met
