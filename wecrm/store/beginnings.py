"""Every time somebody became a customer, counted by how they came: also those beginnings that ended, and began anew.

A relation has one row, and returning gives it another time and channel; the earlier beginning is then
read from the history. Shared and assigned customers (add_way 201, 202) came to the corp before and are
no beginnings. When a customer was lost is when a sync missed them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wecrm.models.report import Asked
from wecrm.store.asked import channelled, parameters, staffed, within
from wecrm.store.attribution import LINK_WAY
from wecrm.store.database import Store
from wecrm.store.firsttouch import PASSED_ON

DAY_S = 86400
TERMS = (1, 7, 30)
"""Days after which it is asked how many were lost."""


@dataclass(frozen=True, slots=True)
class Came:
    """Who came in one way: by a link or not, through a channel ("" none), a link that is known by its customers.

    `fresh` were no customer of anybody before. `judged` and `gone` go with TERMS: those whom the syncs
    could watch for so many days from the first on, and those of them who were lost by then. `since` goes
    with the times asked for.
    """

    link: bool
    channel: str
    link_id: str
    added: int
    fresh: int
    active: int
    lost: int
    judged: tuple[int, ...]
    gone: tuple[int, ...]
    since: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Joined:
    """People in customer groups who joined through one channel; who left a group is not known any more."""

    channel: str
    added: int
    since: tuple[int, ...]


def _before(field: str, now: str) -> str:
    """SQL: what a field of the relation was until the event `e`, where it is `now` if it never changed since."""
    return (
        "coalesce((SELECT coalesce(s.old, '') FROM relation_event s WHERE s.relation_id = e.relation_id "
        f"AND s.field = '{field}' AND s.id > e.id ORDER BY s.id LIMIT 1), {now})"
    )


# An earlier beginning is over when the next one is there, even where no sync saw it end. The + keeps SQLite from
# reading relations in the order of an index on their times, where all of them take five times as long.
BEGINNINGS = f"""
    SELECT userid, external_userid, +createtime AS at, coalesce(state, '') AS channel,
        coalesce(add_way, 0) AS way, status, status_at AS ended, id AS relation FROM relation
    UNION ALL SELECT r.userid, r.external_userid, CAST(e.old AS INTEGER), {_before("state", "coalesce(r.state, '')")},
        CAST({_before("add_way", "coalesce(r.add_way, 0)")} AS INTEGER),
        iif(ended.new = 'transferred', ended.new, 'lost'),
        iif(ended.new IN ('lost', 'transferred'), ended.at, CAST(e.new AS INTEGER)), r.id
    FROM relation_event e JOIN relation r ON r.id = e.relation_id
    LEFT JOIN relation_event ended ON ended.id = (SELECT max(s.id) FROM relation_event s
        WHERE s.relation_id = e.relation_id AND s.field = 'status' AND s.id < e.id)
    WHERE e.field = 'createtime' AND e.old IS NOT NULL"""
"""SQL: userid, external_userid, at, channel, way, status, ended, which tells nothing while the status is active, and
relation, its id.
"""

# `watched`: until when we know how it went, which is the last complete pass over the member, or an earlier moment when
# it went elsewhere. Of what began before the first sync nothing is known: who was lost before it was in no list.
_FACTS = f"""
    SELECT b.*, m.name AS member, b.way = {LINK_WAY} AS link, f.at IS NOT NULL AS fresh,
        iif(b.at >= (SELECT min(started_at) FROM sync_run WHERE purpose IN ('contacts', 'new')),
            iif(b.status IN ('active', 'lost'), m.pass_at, min(m.pass_at, b.ended)), NULL) AS watched,
        iif(b.way = {LINK_WAY}, (SELECT coalesce(
            min(iif(coalesce(lc.state, '') = b.channel, lc.link_id, NULL)), min(lc.link_id), '') FROM link_customer lc
            WHERE lc.external_userid = b.external_userid AND lc.userid = b.userid), '') AS link_id
    FROM ({BEGINNINGS}) b LEFT JOIN member m ON m.userid = b.userid
    LEFT JOIN first_touch f ON f.external_userid = b.external_userid AND f.userid = b.userid AND f.at = b.at
    WHERE b.way NOT IN ({PASSED_ON})"""
_JOINS = "FROM group_member gm LEFT JOIN group_chat g ON g.chat_id = gm.chat_id WHERE gm.type = 2 AND gm.state <> ''"


def _asked(asked: Asked | None, at: str, userid: str, channel: str) -> str:
    """SQL: it counts; everything does when nothing was asked."""
    if asked is None:
        return "1"
    return f"{within(f'coalesce({at}, 0)')} AND {staffed(asked, userid)} AND {channelled(asked, channel)}"


def _values(store: Store, asked: Asked | None, starts: Sequence[float] = ()) -> Mapping[str, str | float | None]:
    return {**(parameters(store, asked) if asked else {}), **{f"start{n}": start for n, start in enumerate(starts)}}


def came(store: Store, asked: Asked | None = None, starts: Sequence[float] = ()) -> list[Came]:
    """Beginnings that were asked for, by link, channel and link_id; `since` counts those from each start on."""
    judged = [f"total(at + {days * DAY_S} <= watched)" for days in TERMS]
    gone = [
        f"total(at + {days * DAY_S} <= watched AND status = 'lost' AND ended <= at + {days * DAY_S})" for days in TERMS
    ]
    sums = ", ".join([*judged, *gone, *(f"total(at >= :start{n})" for n in range(len(starts)))])
    rows = store.connection.execute(
        "SELECT link, channel, link_id, count(*), total(fresh), total(status = 'active'), total(status = 'lost'), "
        f"{sums} FROM ({_FACTS} AND {_asked(asked, 'b.at', 'b.userid', 'b.channel')}) GROUP BY link, channel, link_id",
        _values(store, asked, starts),
    )
    return [_came(*row) for row in rows]


def _came(link: int, channel: str, link_id: str, *counts: float) -> Came:
    added, fresh, active, lost, *rest = map(int, counts)
    n = len(TERMS)
    judged, gone, since = tuple(rest[:n]), tuple(rest[n : 2 * n]), tuple(rest[2 * n :])
    return Came(bool(link), channel, link_id, added, fresh, active, lost, judged, gone, since)


def each(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """Every single beginning that was asked for, latest first.

    (link, channel, link_id, userid, name, external_userid, name, at, whether nobody's customer before, status, ended)
    """
    return iter(
        store.connection.execute(
            "SELECT b.link, b.channel, b.link_id, b.userid, b.member, b.external_userid, c.name, b.at, b.fresh, "
            "b.status, iif(b.status = 'active', NULL, b.ended) "
            f"FROM ({_FACTS} AND {_asked(asked, 'b.at', 'b.userid', 'b.channel')}) b "
            "LEFT JOIN contact c ON c.external_userid = b.external_userid "
            "ORDER BY b.at DESC, b.external_userid, b.userid",
            _values(store, asked),
        )
    )


def joined(store: Store, asked: Asked | None = None, starts: Sequence[float] = ()) -> list[Joined]:
    """People who joined groups, by channel, of the groups whose owner was asked for; `since` counts those from each
    start on.
    """
    since = "".join(f", count(DISTINCT iif(gm.join_time >= :start{n}, gm.userid, NULL))" for n in range(len(starts)))
    rows = store.connection.execute(
        f"SELECT gm.state, count(DISTINCT gm.userid){since} {_JOINS} "
        f"AND {_asked(asked, 'gm.join_time', 'g.owner', 'gm.state')} GROUP BY gm.state",
        _values(store, asked, starts),
    )
    return [Joined(channel, added, tuple(counts)) for channel, added, *counts in rows]


def each_joined(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """Everybody who joined a group that was asked for, once for each channel, latest first.

    (channel, userid of the owner, name, external_userid, name, at, chat_id)
    """
    return iter(
        store.connection.execute(
            "SELECT j.state, j.owner, m.name, j.userid, coalesce(c.name, j.name), j.at, j.chat_id FROM ("
            "SELECT gm.state, g.owner, gm.userid, gm.name, min(gm.join_time) AS at, gm.chat_id "
            f"{_JOINS} AND {_asked(asked, 'gm.join_time', 'g.owner', 'gm.state')} GROUP BY gm.state, gm.userid) j "
            "LEFT JOIN member m ON m.userid = j.owner LEFT JOIN contact c ON c.external_userid = j.userid "
            "ORDER BY j.at DESC, j.userid, j.state",
            _values(store, asked),
        )
    )
