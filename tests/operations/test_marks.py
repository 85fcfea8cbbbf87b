"""Tagging in bulk through the front door."""

from tests.conftest import Wecrm
from wecrm.sandbox import control

TAG = "客户等级/VIP"


def some(synced: Wecrm, count: int, *, with_tag: bool | None = None) -> list[tuple[str, str]]:
    """Some active relations, with or without the tag."""
    has = "EXISTS (SELECT 1 FROM relation_tag rt WHERE rt.relation_id = r.id AND rt.tag_id = ?)"
    only = {None: f"({has} OR 1)", True: has, False: f"NOT {has}"}[with_tag]
    return synced.sql(
        f"SELECT userid, external_userid FROM relation r WHERE status = 'active' AND {only} ORDER BY id LIMIT {count}",
        tag_id(synced),
    )


def tag_id(synced: Wecrm) -> str:
    return synced.sql(
        "SELECT tag_id FROM corp_tag t JOIN tag_group g USING (group_id) WHERE name = 'VIP' AND group_name = '客户等级'"
    )[0][0]


def truth(synced: Wecrm) -> dict[tuple[str, str], set[str]]:
    """Which tags the sandbox has on each relation."""
    world = synced.world()
    try:
        return {(r.userid, r.external_userid): set(r.tag_ids) for r in control.truth(world)}
    finally:
        world.close()


def test_a_plan_changes_nothing_until_it_is_applied(synced: Wecrm) -> None:
    before = truth(synced)
    file = synced.csv("vip.csv", "userid,external_userid", some(synced, 30))
    planned = synced("tags", "plan", str(file), "--add", TAG, "-o", str(synced.home / "vip.plan"))
    assert planned.code == 0, planned.err
    assert truth(synced) == before
    applied = synced("apply", str(synced.home / "vip.plan"), "--yes")
    assert applied.code == 0, applied.err
    after = truth(synced)
    for relation in some(synced, 30):
        assert tag_id(synced) in after[relation]


def test_undo_takes_back_only_what_the_job_did(synced: Wecrm) -> None:
    rows = some(synced, 20, with_tag=False) + some(synced, 5, with_tag=True)
    before = truth(synced)
    file = synced.csv("vip.csv", "userid,external_userid", rows)
    assert synced("tags", "apply", str(file), "--add", TAG, "--yes").code == 0
    job = synced.sql("SELECT id FROM job")[0][0]
    undo = synced.home / "undo.plan"
    assert synced("undo", job, "-o", str(undo)).code == 0
    result = synced("apply", str(undo), "--yes")
    assert result.code == 0, result.err
    assert truth(synced) == before


def test_an_ambiguous_tag_name_is_refused_with_the_candidates(synced: Wecrm) -> None:
    file = synced.csv("vip.csv", "userid,external_userid", some(synced, 3))
    twice = synced.sql("SELECT name FROM corp_tag GROUP BY name HAVING count(*) > 1")[0][0]
    result = synced("tags", "plan", str(file), "--add", twice, "-o", str(synced.home / "x.plan"))
    assert result.code == 2
    assert f"/{twice}" in result.err
    assert not (synced.home / "x.plan").exists()
