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


# -- exclusive groups


def made_exclusive(synced: Wecrm, group: str) -> dict[str, str]:
    """Make the group exclusive by a push of its file; its tags by name."""
    library = synced.home / "tags.yaml"
    assert synced("tags", "pull", str(library)).code == 0
    text = library.read_text("utf-8")
    library.write_text(text.replace(f"- group: {group}\n", f"- group: {group}\n  exclusive: true\n"), "utf-8")
    pushed = synced("tags", "push", str(library), "--yes")
    assert pushed.code == 0, pushed.err
    return dict(
        synced.sql(
            "SELECT t.name, tag_id FROM corp_tag t JOIN tag_group g USING (group_id) WHERE group_name = ?", group
        )
    )


def test_a_tag_of_an_exclusive_group_takes_the_others_off_in_the_same_mark(synced: Wecrm) -> None:
    tags = made_exclusive(synced, "Stage")
    rows = synced.sql(
        "SELECT userid, external_userid FROM relation r WHERE status = 'active' AND "
        "(SELECT count(*) FROM relation_tag WHERE relation_id = r.id AND tag_id IN (?, ?)) = 1 ORDER BY id LIMIT 9",
        tags["Lead"],
        tags["Contacted"],
    )
    before = truth(synced)
    file = str(synced.csv("won.csv", "userid,external_userid", rows))
    planned = synced("tags", "plan", file, "--add", "Stage/Won", "-o", str(synced.home / "won.plan"))
    assert planned.code == 0, planned.err
    assert f"take another tag of an exclusive group off: {len(rows)}." in planned.err
    applied = synced("apply", str(synced.home / "won.plan"), "--yes", "--max-removals", "100%")
    assert applied.code == 0, applied.err
    after = truth(synced)
    for relation in rows:
        assert after[relation] == before[relation] - set(tags.values()) | {tags["Won"]}
    world = synced.world()
    try:
        assert sum(call.path.endswith("mark_tag") for call in control.calls(world)) == len(rows)
    finally:
        world.close()
    job = synced.sql("SELECT id FROM job ORDER BY rowid DESC LIMIT 1")[0][0]
    undo = str(synced.home / "undo.plan")
    assert synced("undo", job, "-o", undo).code == 0
    assert synced("apply", undo, "--yes", "--max-removals", "100%").code == 0
    assert truth(synced) == before


def test_a_stage_given_by_hand_since_the_sync_is_a_conflict(synced: Wecrm) -> None:
    tags = made_exclusive(synced, "Stage")
    key = some(synced, 1)[0]
    world = synced.world()
    try:
        mine = truth(synced)[key] & set(tags.values())
        control.edit_tags(world, [key], [tags["Proposal"]], sorted(mine))
    finally:
        world.close()
    result = synced(
        "tags", "apply", str(synced.csv("a.csv", "userid,external_userid", [key])), "--add", "Stage/Won", "--yes"
    )
    assert result.code == 3, result.err
    assert truth(synced)[key] & set(tags.values()) == {tags["Proposal"]}


def test_two_tags_of_an_exclusive_group_for_one_relation_are_refused_with_the_row(synced: Wecrm) -> None:
    made_exclusive(synced, "Stage")
    one, two = some(synced, 2)
    out = str(synced.home / "x.plan")
    rows = [(*one, "Stage/Won"), (*two, "Stage/Lead;Stage/Won"), (*one, "Stage/Lead")]
    result = synced("tags", "plan", str(synced.csv("a.csv", "userid,external_userid,add", rows)), "-o", out)
    assert result.code == 2
    assert "row 3: asks for two tags of the exclusive group Stage" in result.err
    assert "row 4: asks for another tag of the exclusive group Stage than row 2" in result.err
    new = [(*one, "Stage/Won;Stage/Paid")]
    result = synced(
        "tags", "plan", str(synced.csv("b.csv", "userid,external_userid,add", new)), "--create-tags", "-o", out
    )
    assert result.code == 2
    assert "row 2: asks for two tags" in result.err
    fine = [(*one, "Stage/Won;Stage/Won;VIP"), (*one, "Stage/Won")]
    result = synced("tags", "plan", str(synced.csv("c.csv", "userid,external_userid,add", fine)), "-o", out)
    assert result.code == 0, result.err
