"""Stages that customers went through, and tags that stand on the same customers."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, groupby
from typing import Any

from wecrm.models.report import Asked
from wecrm.store.asked import parameters, staffed, within
from wecrm.store.database import Store

_LISTED = "t.deleted_at IS NULL AND (:tags = '[]' OR t.tag_id IN (SELECT value FROM json_each(:tags)))"
"""SQL: the corp tag `t` exists, and is one of those asked for."""


@dataclass(slots=True)
class Stage:
    """One tag of an exclusive group, and the relations that got there.

    `carried`: ever seen with it. `reached`: ever seen with it or a later stage. `there`: active ones that carry it
    now. `days`: from getting it to getting a later stage, of those where both were seen.
    """

    group: str
    tag_id: str
    name: str
    carried: int = 0
    reached: int = 0
    there: int = 0
    days: list[float] = field(default_factory=list)


def funnels(store: Store, asked: Asked) -> list[list[Stage]]:
    """Stages of every exclusive group in their order, with their figures; where tags are asked for, only these."""
    found = _stages(store, asked)
    for stages in found:
        _count(store, asked, stages)
    return found


def _stages(store: Store, asked: Asked) -> list[list[Stage]]:
    rows = store.connection.execute(
        "SELECT g.group_id, g.group_name, t.tag_id, t.name FROM exclusive_group x JOIN tag_group g "
        "ON g.group_id = x.group_id JOIN corp_tag t ON t.group_id = g.group_id WHERE t.deleted_at IS NULL "
        "AND (:tags = '[]' OR t.tag_id IN (SELECT value FROM json_each(:tags))) "
        'ORDER BY g."order" DESC, g.group_name, g.group_id, t."order" DESC, t.create_time, t.name, t.tag_id',
        parameters(store, asked),
    ).fetchall()
    return [[Stage(*row[1:]) for row in each] for _id, each in groupby(rows, key=lambda row: row[0])]


def _count(store: Store, asked: Asked, stages: Sequence[Stage]) -> None:
    places = {stage.tag_id: n for n, stage in enumerate(stages)}
    of_group = "SELECT value FROM json_each(:stages)"
    chosen = f"{within('coalesce(r.createtime, 0)')} AND {staffed(asked, 'r.userid')}"
    rows = store.connection.execute(
        # n NULL: it carries it now
        "SELECT * FROM (SELECT rt.relation_id AS relation, NULL AS n, NULL AS at, NULL AS old, rt.tag_id AS new, "
        "r.status = 'active' FROM relation_tag rt JOIN relation r ON r.id = rt.relation_id "
        f"WHERE rt.tag_id IN ({of_group}) AND {chosen} "
        "UNION ALL SELECT e.relation_id, e.id, e.at, e.old, e.new, 0 FROM relation_event e "
        f"JOIN relation r ON r.id = e.relation_id WHERE e.field = 'tag' AND coalesce(e.new, e.old) IN ({of_group}) "
        f"AND {chosen}) ORDER BY relation, n IS NULL, n",
        {**parameters(store, asked), "stages": json.dumps(list(places))},
    )
    for _relation, each in groupby(rows, key=lambda row: row[0]):
        _follow(stages, places, [row[2:] for row in each])


def _follow(stages: Sequence[Stage], places: Mapping[str, int], rows: Sequence[tuple[Any, ...]]) -> None:
    """Count the history of one relation: (at, tag before, tag after, active), what it carries now coming last."""
    seen = {places[new or old] for _at, old, new, _active in rows}
    gains = [(at, places[new]) for at, _old, new, _active in rows if new is not None and at is not None]
    for at, _old, new, active in rows:
        if at is None:
            stages[places[new]].there += active
    for place in seen:
        stages[place].carried += 1
        n = next((n for n, gain in enumerate(gains) if gain[1] == place), len(gains))
        went = next((at for at, later in gains[n + 1 :] if later > place), None)
        if went is not None:
            stages[place].days.append((went - gains[n][0]) / 86400)
    for place in range(max(seen) + 1):
        stages[place].reached += 1


def moves(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """Every time a stage was put on or taken off a relation, latest first, of the relations that count.

    (when, userid, external_userid, name, group, tag, whether it was put on, job)
    """
    ids = json.dumps([stage.tag_id for stages in _stages(store, asked) for stage in stages])
    return iter(
        store.connection.execute(
            "SELECT e.at, r.userid, r.external_userid, c.name, g.group_name, t.name, e.new IS NOT NULL, e.job "
            "FROM relation_event e JOIN relation r ON r.id = e.relation_id "
            "JOIN corp_tag t ON t.tag_id = coalesce(e.new, e.old) JOIN tag_group g ON g.group_id = t.group_id "
            "LEFT JOIN contact c ON c.external_userid = r.external_userid "
            "WHERE e.field = 'tag' AND t.tag_id IN (SELECT value FROM json_each(:stages)) "
            f"AND {within('coalesce(r.createtime, 0)')} AND {staffed(asked, 'r.userid')} ORDER BY e.id DESC",
            {**parameters(store, asked), "stages": ids},
        )
    )


def overlaps(store: Store, asked: Asked) -> tuple[Counter[str], Counter[tuple[str, str]]]:
    """How many active relations carry each tag, and each two tags (ids in order) together."""
    rows = store.connection.execute(
        "SELECT tags, count(*) FROM (SELECT group_concat(rt.tag_id) AS tags FROM relation_tag rt "
        f"WHERE {_live(asked)} GROUP BY rt.relation_id) GROUP BY tags",
        parameters(store, asked),
    )
    alone: Counter[str] = Counter()
    both: Counter[tuple[str, str]] = Counter()
    for joined, count in rows:
        tags = sorted(str(joined).split(","))
        for tag in tags:
            alone[tag] += count
        for pair in combinations(tags, 2):
            if not asked.tags or set(pair) & set(asked.tags):
                both[pair] += count
    return alone, both


def usage(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """(group, tag, active relations, members), most used first; unused tags come last with 0."""
    return iter(
        store.connection.execute(
            "SELECT g.group_name, t.name, count(r.id) AS customers, count(DISTINCT r.userid) FROM corp_tag t "
            "JOIN tag_group g ON g.group_id = t.group_id LEFT JOIN relation_tag rt ON rt.tag_id = t.tag_id "
            f"LEFT JOIN relation r ON r.id = rt.relation_id AND r.status = 'active' AND {staffed(asked, 'r.userid')} "
            f"WHERE {_LISTED} GROUP BY t.tag_id ORDER BY customers DESC, g.group_name, t.name",
            parameters(store, asked),
        )
    )


def listed(store: Store, asked: Asked) -> dict[str, str]:
    """tag id → GROUP/NAME of the live corp tags that are asked for."""
    rows = store.connection.execute(
        "SELECT t.tag_id, g.group_name || '/' || t.name FROM corp_tag t "
        f"JOIN tag_group g ON g.group_id = t.group_id WHERE {_LISTED}",
        parameters(store, asked),
    )
    return dict(rows.fetchall())


def carriers(store: Store, asked: Asked, least: int = 1) -> Iterator[tuple[Any, ...]]:
    """Every active relation that carries so many tags or more, one of those asked for among them.

    (userid, name, external_userid, name, tag ids with commas between them), in the order they were first seen
    """
    return iter(
        store.connection.execute(
            "SELECT r.userid, m.name, r.external_userid, c.name, carried.tags FROM ("
            "SELECT rt.relation_id AS id, group_concat(rt.tag_id) AS tags FROM relation_tag rt "
            f"WHERE {_live(asked)} GROUP BY rt.relation_id HAVING count(*) >= :least AND (:tags = '[]' OR "
            "max(rt.tag_id IN (SELECT value FROM json_each(:tags))))) carried JOIN relation r ON r.id = carried.id "
            "LEFT JOIN member m ON m.userid = r.userid LEFT JOIN contact c ON c.external_userid = r.external_userid",
            {**parameters(store, asked), "least": least},
        )
    )


def _live(asked: Asked) -> str:
    """SQL: the relation is active, and of a member asked for."""
    if asked.members or asked.departments:
        return f"rt.relation_id IN (SELECT id FROM relation WHERE status = 'active' AND {staffed(asked, 'userid')})"
    return "rt.relation_id NOT IN (SELECT id FROM relation WHERE status <> 'active')"


def tag_names(store: Store) -> dict[str, tuple[str, str]]:
    """tag id → (group, tag) of every tag ever seen."""
    rows = store.connection.execute(
        "SELECT t.tag_id, coalesce(g.group_name, ''), t.name FROM corp_tag t "
        "LEFT JOIN tag_group g ON g.group_id = t.group_id"
    )
    found: dict[str, tuple[str, str]] = defaultdict(lambda: ("", ""))
    found.update({id_: (group, name) for id_, group, name in rows})
    return found
