"""What is measured of relations at a moment, rebuilt from their history."""

import json
from collections.abc import Iterator, Sequence

from wecrm.models.scores import CHANGES_D, LOST, MEASURES, Score, Standing
from wecrm.store.beginnings import BEGINNINGS
from wecrm.store.database import Store

_DAY_S = 86400
_CARE = "e.job IS NULL AND e.field IN ('remark', 'description', 'remark_corp_name', 'mobile', 'tag')"

# What a relation carries at :at is what it carries now, less what came since, and with what went since.
_STANDING = f"""
    WITH episode AS MATERIALIZED (
        SELECT * FROM ({BEGINNINGS}) WHERE at > 0 AND (:customer = '' OR external_userid = :customer)),
    active AS MATERIALIZED (SELECT * FROM episode WHERE at <= :at AND (status = 'active' OR ended > :at)),
    held AS MATERIALIZED (SELECT external_userid, count(*) AS n FROM active GROUP BY 1),
    gone AS MATERIALIZED (
        SELECT external_userid, count(*) AS n FROM episode WHERE status = 'lost' AND ended <= :at GROUP BY 1),
    history AS MATERIALIZED (SELECT e.relation_id,
        total(e.at <= :at AND e.at > :at - {CHANGES_D * _DAY_S} AND {_CARE}) AS changes,
        max(iif(e.at <= :at AND {_CARE}, e.at, NULL)) AS changed,
        total(e.at > :at AND e.field = 'tag' AND e.old IS NOT NULL)
            - total(e.at > :at AND e.field = 'tag' AND e.new IS NOT NULL) AS tags,
        total(e.at > :at AND e.field = 'tag' AND e.old IN (SELECT value FROM json_each(:goal)))
            - total(e.at > :at AND e.field = 'tag' AND e.new IN (SELECT value FROM json_each(:goal))) AS goal,
        max(e.at > :at AND e.at <= :until AND e.field = 'tag'
            AND e.new IN (SELECT value FROM json_each(:goal))) AS gained
        FROM relation_event e GROUP BY e.relation_id),
    remarked AS MATERIALIZED (SELECT relation_id, old, min(id) FROM relation_event WHERE field = 'remark' AND at > :at
        GROUP BY relation_id)
    SELECT a.userid, m.name, a.external_userid, c.name,
        (:at - a.at) / {_DAY_S}.0 AS days, (:at - max(a.at, coalesce(h.changed, 0))) / {_DAY_S}.0 AS quiet_days,
        coalesce(h.changes, 0) AS changes,
        (SELECT count(*) FROM relation_tag rt WHERE rt.relation_id = r.id) + coalesce(h.tags, 0) AS tags,
        held.n - 1 AS others, coalesce(gone.n, 0) AS losses,
        coalesce(iif(k.relation_id IS NULL, r.remark, k.old), '') IN ('', coalesce(c.name, '')) AS no_remark,
        iif(:goal = '[]', 0, (SELECT count(*) FROM relation_tag rt WHERE rt.relation_id = r.id
            AND rt.tag_id IN (SELECT value FROM json_each(:goal)))) + coalesce(h.goal, 0), coalesce(h.gained, 0),
        iif(a.status <> 'active' AND a.ended <= :until, a.status, 'active')
    FROM active a JOIN relation r ON r.userid = a.userid AND r.external_userid = a.external_userid
    JOIN held ON held.external_userid = a.external_userid
    LEFT JOIN gone ON gone.external_userid = a.external_userid
    LEFT JOIN history h ON h.relation_id = r.id LEFT JOIN remarked k ON k.relation_id = r.id
    LEFT JOIN member m ON m.userid = a.userid LEFT JOIN contact c ON c.external_userid = a.external_userid
    WHERE r.first_seen <= :at"""


def standings(
    store: Store, score: Score, at: float, until: float, tags: Sequence[str] = (), customer: str = ""
) -> Iterator[Standing]:
    """Every relation that was active and known at a moment, highest score first, and whether the outcome came.

    Args:
        store: the cache.
        score: what they are sorted by; of the same score by userid and external_userid.
        at: unix seconds.
        until: unix seconds; the last moment at which the outcome counts.
        tags: ids of tags, one of which somebody is to get who has none of them; of none, that the customer is lost
            is the outcome. Who is no chance of it, being there already or gone another way, has no `hit`.
        customer: only this external_userid.
    """
    values: dict[str, object] = {"at": at, "until": until, "goal": json.dumps(list(tags)), "customer": customer}
    parts = []
    for n, factor in enumerate(score.factors):
        parts.append(f":weight{n} * min({factor.column}, :cap{n}) / :cap{n}")
        values |= {f"weight{n}": factor.weight, f"cap{n}": factor.cap}
    rows = store.connection.execute(f"SELECT * FROM ({_STANDING}) ORDER BY {' + '.join(parts)} DESC, 1, 3", values)
    for userid, member, external_userid, name, *measured, carried, gained, status in rows:
        measures = dict(zip(MEASURES, map(float, measured), strict=True))
        yield Standing(userid, member, external_userid, name, measures, _hit(bool(tags), carried, gained, status))


def _hit(wants_tag: bool, carried: float, gained: int, status: str) -> bool | None:
    if wants_tag:
        return None if carried else bool(gained)
    return status == LOST if status in ("active", LOST) else None


def began(store: Store) -> float | None:
    """When the first sync of customers began, before which there is no history; None when none has."""
    row = store.connection.execute(
        "SELECT min(started_at) FROM sync_run WHERE purpose IN ('contacts', 'new')"
    ).fetchone()
    return None if row[0] is None else float(row[0])
