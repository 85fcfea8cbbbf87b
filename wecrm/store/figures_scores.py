"""What is measured of relations at a moment, rebuilt from their history."""

import json
from collections.abc import Iterator, Sequence

from wecrm.models.scores import CHANGES_D, LOST, Measure, Score, Standing
from wecrm.store.beginnings import BEGINNINGS
from wecrm.store.database import Store

_DAY_S = 86400
_CARE = "e.job IS NULL AND e.field IN ('remark', 'description', 'remark_corp_name', 'mobile', 'tag')"
_WHOSE = "(:customer = '' OR external_userid = :customer)"

_MEASURED: dict[Measure, str] = {
    "days": f"(:at - a.at) / {_DAY_S}.0",
    "quiet_days": f"(:at - max(a.at, coalesce(h.changed, 0))) / {_DAY_S}.0",
    "changes": "coalesce(h.changes, 0)",
    "tags": "(SELECT count(*) FROM relation_tag rt WHERE rt.relation_id = r.id) + coalesce(h.tags, 0)",
    "others": "coalesce(shared.n, 1) - 1",
    "losses": "coalesce(gone.n, 0)",
    "no_remark": "coalesce(iif(k.relation_id IS NULL, r.remark, k.old), '') IN ('', coalesce(c.name, ''))",
}

# What a relation carries at :at is what it carries now, less what came since, and with what went since. Relations come
# in the order in which they are stored; the limits have everything worked out once, before it is sorted.
_STANDING = f"""
    WITH active AS MATERIALIZED (SELECT relation, external_userid, at, status, ended FROM ({BEGINNINGS})
        WHERE at > 0 AND at <= :at AND (status = 'active' OR ended > :at) AND {_WHOSE}),
    shared AS MATERIALIZED (SELECT external_userid, count(*) AS n FROM active GROUP BY 1 HAVING count(*) > 1),
    gone AS MATERIALIZED (SELECT external_userid, count(*) AS n FROM ({BEGINNINGS})
        WHERE at > 0 AND status = 'lost' AND ended <= :at AND {_WHOSE} GROUP BY 1),
    history AS MATERIALIZED (SELECT relation_id, sum(at <= :at AND at > :at - {CHANGES_D * _DAY_S}) AS changes,
        max(iif(at <= :at, at, NULL)) AS changed, sum(tags) AS tags, sum(goal) AS goal, max(gained) AS gained
        FROM (SELECT e.relation_id, e.at, iif(e.at > :at, (e.old IS NOT NULL) - (e.new IS NOT NULL), 0) AS tags,
                iif(e.at > :at, coalesce(e.old IN (SELECT value FROM json_each(:goal)), 0)
                    - coalesce(e.new IN (SELECT value FROM json_each(:goal)), 0), 0) AS goal,
                e.at > :at AND e.at <= :until AND e.new IN (SELECT value FROM json_each(:goal)) AS gained
            FROM relation_event e NOT INDEXED WHERE iif(e.at > :at, e.field = 'tag', {_CARE}) LIMIT -1)
        GROUP BY relation_id),
    remarked AS MATERIALIZED (SELECT relation_id, old, min(id) FROM relation_event NOT INDEXED
        WHERE field = 'remark' AND at > :at GROUP BY relation_id)
    SELECT r.userid, m.name, a.external_userid, c.name, {{measured}},
        iif(:goal = '[]', 0, (SELECT count(*) FROM relation_tag rt WHERE rt.relation_id = r.id
            AND rt.tag_id IN (SELECT value FROM json_each(:goal)))) + coalesce(h.goal, 0), coalesce(h.gained, 0),
        iif(a.status <> 'active' AND a.ended <= :until, a.status, 'active')
    FROM active a CROSS JOIN relation r ON r.id = a.relation
    LEFT JOIN shared ON shared.external_userid = a.external_userid
    LEFT JOIN gone ON gone.external_userid = a.external_userid
    LEFT JOIN history h ON h.relation_id = r.id LEFT JOIN remarked k ON k.relation_id = r.id
    LEFT JOIN member m ON m.userid = r.userid LEFT JOIN contact c ON c.external_userid = a.external_userid
    WHERE r.first_seen <= :at LIMIT -1"""


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
    measured, parts = [], []
    for n, factor in enumerate(score.factors):
        measured.append(f"{_MEASURED[factor.column]} AS measure{n}")
        parts.append(f":weight{n} * min(measure{n}, :cap{n}) / :cap{n}")
        values |= {f"weight{n}": factor.weight, f"cap{n}": factor.cap}
    sql = _STANDING.format(measured=", ".join(measured))
    rows = store.connection.execute(f"SELECT * FROM ({sql}) ORDER BY {' + '.join(parts)} DESC, 1, 3", values)
    for row in rows:
        userid, member, external_userid, name = row[:4]
        yield Standing(userid, member, external_userid, name, row[4:-3], _hit(bool(tags), *row[-3:]))


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
