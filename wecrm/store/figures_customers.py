"""Customers who came, went and stayed: what the reports of growth, loss and inheritance are made of.

An episode is one time that somebody is a customer of one member: from being added, or received from another
member, until a sync missed them. Who goes and returns has several.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wecrm.models.report import Asked
from wecrm.store.asked import channelled, parameters, staffed, within
from wecrm.store.beginnings import BEGINNINGS
from wecrm.store.database import Store
from wecrm.store.firsttouch import PASSED_ON

ASSIGNED = 202
"""The `add_way` of customers who were assigned, on the job or after a member left."""
QUARTER_S = 900
"""No day of any time zone begins within a quarter of an hour."""


@dataclass(slots=True)
class Moves:
    """Episodes that began or ended in some time: `fresh` are those of `new` who were nobody's customers before."""

    new: int = 0
    fresh: int = 0
    received: int = 0
    lost: int = 0
    passed: int = 0
    hidden: int = 0

    @property
    def net(self) -> int:
        """By how many the customers became more."""
        return self.new + self.received - self.lost - self.passed - self.hidden

    def add(self, other: "Moves") -> None:
        """Count those of `other` here, too."""
        self.new += other.new
        self.fresh += other.fresh
        self.received += other.received
        self.lost += other.lost
        self.passed += other.passed
        self.hidden += other.hidden


_ENDS = {"lost": "lost", "transferred": "passed", "out_of_sight": "hidden"}


def by_quarter(store: Store, asked: Asked) -> dict[int, Moves]:
    """What moved within the period, by the quarter of an hour (unix seconds of its beginning)."""
    return _moves(store, asked, f"{{at}} / {QUARTER_S} * {QUARTER_S}")


def by_member(store: Store, asked: Asked) -> dict[str, Moves]:
    """What moved within the period, by userid in lower case."""
    return _moves(store, asked, "lower(userid)")


def _moves(store: Store, asked: Asked, key: str) -> dict[Any, Moves]:
    found: dict[Any, Moves] = defaultdict(Moves)
    params = parameters(store, asked)
    whose = f"{staffed(asked, 'userid')} AND {channelled(asked, 'channel')}"
    began, ended = key.format(at="at"), key.format(at="ended")
    sql = (
        f"SELECT {began}, iif(way IN ({PASSED_ON}), 'received', 'new'), count(*) FROM ({BEGINNINGS}) "
        f"WHERE at > 0 AND {within('at')} AND {whose} GROUP BY 1, 2 UNION ALL "
        f"SELECT {ended}, status, count(*) FROM ({BEGINNINGS}) "
        f"WHERE at > 0 AND status <> 'active' AND {within('ended')} AND {whose} GROUP BY 1, 2 UNION ALL "
        f"SELECT {began}, 'fresh', count(*) FROM first_touch WHERE {within('at')} AND {whose} GROUP BY 1"
    )
    for at, what, count in store.connection.execute(sql, params):
        setattr(found[at], _ENDS.get(what, what), count)
    return found


def standing(store: Store, asked: Asked, at: float) -> dict[str, int]:
    """Customers there were just before that moment, as far as is known, by userid in lower case."""
    rows = store.connection.execute(
        f"SELECT lower(userid), count(*) FROM {_there(asked)} GROUP BY 1", {**parameters(store, asked), "at": at}
    )
    return dict(rows.fetchall())


def total(store: Store, asked: Asked, at: float) -> int:
    """The same of all members together."""
    row = store.connection.execute(
        f"SELECT count(*) FROM {_there(asked)}", {**parameters(store, asked), "at": at}
    ).fetchone()
    return int(row[0])


def _there(asked: Asked) -> str:
    return (
        f"({BEGINNINGS}) WHERE at > 0 AND at < :at AND (status = 'active' OR ended >= :at) "
        f"AND {staffed(asked, 'userid')} AND {channelled(asked, 'channel')}"
    )


def first(store: Store) -> float | None:
    """When the oldest known relation began."""
    row = store.connection.execute("SELECT min(createtime) FROM relation WHERE createtime > 0").fetchone()
    return None if row[0] is None else float(row[0])


def episodes(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """Episodes that began or ended within the period, latest beginning first.

    (userid, name, external_userid, name, add_way, channel, began, status, ended)
    """
    ended = f"b.status <> 'active' AND {within('b.ended')}"
    return iter(
        store.connection.execute(
            "SELECT b.userid, m.name, b.external_userid, c.name, b.way, b.channel, b.at, b.status, "
            f"iif(b.status = 'active', NULL, b.ended) FROM ({BEGINNINGS}) b "
            "LEFT JOIN member m ON m.userid = b.userid LEFT JOIN contact c ON c.external_userid = b.external_userid "
            f"WHERE b.at > 0 AND ({within('b.at')} OR {ended}) AND {staffed(asked, 'b.userid')} "
            f"AND {channelled(asked, 'b.channel')} ORDER BY b.at DESC, b.external_userid, b.userid",
            parameters(store, asked),
        )
    )


def lost(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """Episodes that ended as lost within the period, latest loss first.

    (userid of the last owner, name, external_userid, name, channel, began, ended, days, other members who have the
    customer now, whether the same member has them again)
    """
    return iter(
        store.connection.execute(
            "SELECT b.userid, m.name, b.external_userid, c.name, b.channel, b.at, b.ended, "
            "(b.ended - b.at) / 86400.0, (SELECT count(*) FROM relation o WHERE o.external_userid = b.external_userid "
            "AND o.status = 'active' AND lower(o.userid) <> lower(b.userid)), EXISTS (SELECT 1 FROM relation o WHERE "
            "o.external_userid = b.external_userid AND o.status = 'active' AND lower(o.userid) = lower(b.userid)) "
            f"FROM ({BEGINNINGS}) b LEFT JOIN member m ON m.userid = b.userid "
            "LEFT JOIN contact c ON c.external_userid = b.external_userid "
            f"WHERE b.at > 0 AND b.status = 'lost' AND {within('b.ended')} AND {staffed(asked, 'b.userid')} "
            f"AND {channelled(asked, 'b.channel')} ORDER BY b.ended DESC, b.external_userid, b.userid",
            parameters(store, asked),
        )
    )


def inherited(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """Episodes that began by assignment (add_way 202) within the period, latest first.

    (userid of the taker, name, external_userid, name, former member as our own ledger knows, began, status, ended)
    """
    return iter(
        store.connection.execute(
            "SELECT b.userid, m.name, b.external_userid, c.name, (SELECT t.handover FROM transfer t "
            "WHERE t.object_id = b.external_userid AND t.what = 'customer' AND t.takeover = b.userid "
            "AND t.status = 'done' ORDER BY t.id DESC LIMIT 1), b.at, b.status, "
            f"iif(b.status = 'active', NULL, b.ended) FROM ({BEGINNINGS}) b "
            "LEFT JOIN member m ON m.userid = b.userid LEFT JOIN contact c ON c.external_userid = b.external_userid "
            f"WHERE b.way = {ASSIGNED} AND {within('b.at')} AND {staffed(asked, 'b.userid')} "
            "ORDER BY b.at DESC, b.external_userid, b.userid",
            parameters(store, asked),
        )
    )


def shared_rows(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """Every active relation of the customers of `shared`, by customer.

    (external_userid, name, userid, name, add_way, channel, began, whether the member had them first)
    """
    one_of = f"max({staffed(asked, 'userid')})"
    return iter(
        store.connection.execute(
            "SELECT r.external_userid, c.name, r.userid, m.name, r.add_way, r.state, r.createtime, EXISTS ("
            "SELECT 1 FROM first_touch f WHERE f.external_userid = r.external_userid AND lower(f.userid) = "
            "lower(r.userid)) FROM (SELECT external_userid FROM relation WHERE status = 'active' GROUP BY 1 "
            f"HAVING count(*) > 1 AND {one_of}) several JOIN relation r "
            "ON r.external_userid = several.external_userid AND r.status = 'active' "
            "LEFT JOIN contact c ON c.external_userid = r.external_userid LEFT JOIN member m ON m.userid = r.userid "
            "ORDER BY r.external_userid, r.createtime, r.userid",
            parameters(store, asked),
        )
    )


def shared(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """Customers whom several members have now, most members first; those of whom one at least was asked for.

    (external_userid, name, members, their userids as a JSON list in no order, the one who had them first, when the
    last one came)
    """
    return iter(
        store.connection.execute(
            "SELECT r.external_userid, c.name, count(*) AS members, json_group_array(r.userid), "
            "(SELECT f.userid FROM first_touch f WHERE f.external_userid = r.external_userid), max(r.createtime) "
            "FROM (SELECT external_userid FROM relation GROUP BY 1 HAVING count(*) > 1) several "
            "JOIN relation r ON r.external_userid = several.external_userid AND r.status = 'active' "
            "LEFT JOIN contact c ON c.external_userid = r.external_userid GROUP BY r.external_userid "
            f"HAVING count(*) > 1 AND max({staffed(asked, 'r.userid')}) ORDER BY members DESC, r.external_userid",
            parameters(store, asked),
        )
    )
