"""What the sandbox really has and what was really asked of it, to hold wecrm against."""

from collections import Counter
from collections.abc import Sequence

import msgspec

from tests.conftest import Wecrm
from wecrm.sandbox import control

Key = tuple[str, str]


def truth(home: Wecrm) -> dict[Key, frozenset[str]]:
    """Corp tags of every relation in the sandbox."""
    with home.world() as world:
        return {(r.userid, r.external_userid): frozenset(r.tag_ids) for r in control.truth(world)}


def cached(home: Wecrm) -> dict[Key, frozenset[str]]:
    """Corp tags of every active relation in the cache."""
    found: dict[Key, set[str]] = {
        key: set() for key in home.sql("SELECT userid, external_userid FROM relation WHERE status = 'active'")
    }
    for userid, external, tag in home.sql(
        "SELECT r.userid, r.external_userid, rt.tag_id FROM relation_tag rt JOIN relation r ON r.id = rt.relation_id "
        "WHERE r.status = 'active'"
    ):
        found[userid, external].add(tag)
    return {key: frozenset(tags) for key, tags in found.items()}


def beginnings(home: Wecrm) -> dict[Key, tuple[int, int, str]]:
    """createtime, add_way and state of every relation in the sandbox."""
    with home.world() as world:
        return {(r.userid, r.external_userid): (r.createtime, r.add_way, r.state) for r in control.truth(world)}


def cached_beginnings(home: Wecrm) -> dict[Key, tuple[int, int, str]]:
    """createtime, add_way and state of every active relation in the cache."""
    rows = home.sql(
        "SELECT userid, external_userid, createtime, add_way, coalesce(state, '') FROM relation WHERE status = 'active'"
    )
    return {(userid, external): (at, way, state) for userid, external, at, way, state in rows}


def tag(home: Wecrm, group: str, name: str) -> str:
    """Id of a tag."""
    rows = home.sql(
        "SELECT tag_id FROM corp_tag t JOIN tag_group g USING (group_id) "
        "WHERE t.name = ? AND group_name = ? AND t.deleted_at IS NULL",
        name,
        group,
    )
    return rows[0][0]


def relations(home: Wecrm, count: int, *, having: str = "", lacking: str = "") -> list[Key]:
    """Active relations that carry the tag `having` and not the tag `lacking` (ids)."""
    has = "(SELECT count(*) FROM relation_tag rt WHERE rt.relation_id = r.id AND rt.tag_id = ?)"
    return home.sql(
        f"SELECT userid, external_userid FROM relation r WHERE status = 'active' AND (? = '' OR {has} = 1) "
        f"AND {has} = 0 ORDER BY id LIMIT ?",
        having,
        having,
        lacking,
        count,
    )


def applied_marks(home: Wecrm) -> Counter[Key]:
    """How often a mark was carried out on each relation."""
    counts: Counter[Key] = Counter()
    with home.world() as world:
        for call in control.calls(world, path="mark_tag"):
            if call.applied:
                body = msgspec.json.decode(call.body)
                counts[body["userid"], body["external_userid"]] += 1
    return counts


def faults_met(home: Wecrm) -> Counter[str]:
    """How often each fault struck."""
    with home.world() as world:
        return Counter(call.fault for call in control.calls(world) if call.fault)


def statuses(home: Wecrm, job: str = "") -> Counter[str]:
    """Rows of the newest job (or of `job`) by status."""
    job = job or home.sql("SELECT id FROM job ORDER BY rowid DESC LIMIT 1")[0][0]
    return Counter(status for (status,) in home.sql("SELECT status FROM job_row WHERE job = ?", job))


def keys_csv(home: Wecrm, name: str, keys: Sequence[Key]) -> str:
    """An input file naming these relations."""
    return str(home.csv(name, "userid,external_userid", keys))
