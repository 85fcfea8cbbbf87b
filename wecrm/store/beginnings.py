"""Every time somebody became a customer, counted by how they came: also those beginnings that ended, and began anew.

A relation has one row, and returning gives it another time and channel; the earlier beginning is then
read from the history. Shared and assigned customers (add_way 201, 202) came to the corp before and are
no beginnings. When a customer was lost is when a sync missed them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from wecrm.store.attribution import LINK_WAY
from wecrm.store.database import Store
from wecrm.store.firsttouch import PASSED_ON

DAY_S = 86400
TERMS = (1, 7, 30)
"""Days after which it is asked how many were lost."""


@dataclass(frozen=True, slots=True)
class Period:
    """Unix seconds of the first moment and of the one after the last; None is open."""

    since: float | None = None
    until: float | None = None


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


# An earlier beginning is over when the next one is there, even where no sync saw it end.
BEGINNINGS = f"""
    SELECT userid, external_userid, createtime AS at, coalesce(state, '') AS channel,
        coalesce(add_way, 0) AS way, status, status_at AS ended FROM relation
    UNION ALL SELECT r.userid, r.external_userid, CAST(e.old AS INTEGER), {_before("state", "coalesce(r.state, '')")},
        CAST({_before("add_way", "coalesce(r.add_way, 0)")} AS INTEGER),
        iif(ended.new = 'transferred', ended.new, 'lost'),
        iif(ended.new IN ('lost', 'transferred'), ended.at, CAST(e.new AS INTEGER))
    FROM relation_event e JOIN relation r ON r.id = e.relation_id
    LEFT JOIN relation_event ended ON ended.id = (SELECT max(s.id) FROM relation_event s
        WHERE s.relation_id = e.relation_id AND s.field = 'status' AND s.id < e.id)
    WHERE e.field = 'createtime' AND e.old IS NOT NULL"""
"""SQL: userid, external_userid, at, channel, way, status, and ended, which tells nothing while the status is active."""

# `watched`: until when we know how it went, which is the last complete pass over the member, or an earlier moment when
# it went elsewhere. Of what began before the first sync nothing is known: who was lost before it was in no list.
_FACTS = f"""
    SELECT b.*, b.way = {LINK_WAY} AS link, f.at IS NOT NULL AS fresh,
        iif(b.at >= (SELECT min(started_at) FROM sync_run WHERE purpose IN ('contacts', 'new')),
            iif(b.status IN ('active', 'lost'), m.pass_at, min(m.pass_at, b.ended)), NULL) AS watched,
        iif(b.way = {LINK_WAY}, (SELECT coalesce(
            min(iif(coalesce(lc.state, '') = b.channel, lc.link_id, NULL)), min(lc.link_id), '') FROM link_customer lc
            WHERE lc.external_userid = b.external_userid AND lc.userid = b.userid), '') AS link_id
    FROM ({BEGINNINGS}) b LEFT JOIN member m ON m.userid = b.userid
    LEFT JOIN first_touch f ON f.external_userid = b.external_userid AND f.userid = b.userid AND f.at = b.at
    WHERE b.way NOT IN ({PASSED_ON}) AND (? IS NULL OR b.at >= ?) AND (? IS NULL OR b.at < ?)"""


def came(store: Store, period: Period = Period(), starts: Sequence[float] = ()) -> list[Came]:
    """Beginnings within the period by link, channel and link_id; `since` counts those from each start on."""
    judged = [f"total(at + {days * DAY_S} <= watched)" for days in TERMS]
    gone = [
        f"total(at + {days * DAY_S} <= watched AND status = 'lost' AND ended <= at + {days * DAY_S})" for days in TERMS
    ]
    sums = ", ".join([*judged, *gone, *("total(at >= ?)" for _start in starts)])
    rows = store.connection.execute(
        "SELECT link, channel, link_id, count(*), total(fresh), total(status = 'active'), total(status = 'lost'), "
        f"{sums} FROM ({_FACTS}) GROUP BY link, channel, link_id",
        (*starts, period.since, period.since, period.until, period.until),
    )
    return [_came(*row) for row in rows]


def _came(link: int, channel: str, link_id: str, *counts: float) -> Came:
    added, fresh, active, lost, *rest = map(int, counts)
    n = len(TERMS)
    judged, gone, since = tuple(rest[:n]), tuple(rest[n : 2 * n]), tuple(rest[2 * n :])
    return Came(bool(link), channel, link_id, added, fresh, active, lost, judged, gone, since)


def joined(store: Store, period: Period = Period(), starts: Sequence[float] = ()) -> list[Joined]:
    """People who joined groups within the period, by channel; `since` counts those from each start on."""
    since = "".join(", count(DISTINCT iif(join_time >= ?, userid, NULL))" for _start in starts)
    rows = store.connection.execute(
        f"SELECT state, count(DISTINCT userid){since} FROM group_member WHERE type = 2 AND state <> '' "
        "AND (? IS NULL OR join_time >= ?) AND (? IS NULL OR join_time < ?) GROUP BY state",
        (*starts, period.since, period.since, period.until, period.until),
    )
    return [Joined(channel, added, tuple(counts)) for channel, added, *counts in rows]
