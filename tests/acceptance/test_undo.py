"""Undo restores exactly the former state; what others did stays and is told."""

import pytest

from tests.acceptance import facts
from tests.conftest import Wecrm
from wecrm.sandbox import control


def apply(home: Wecrm, plan: str, *flags: str) -> int:
    return home("apply", plan, "--yes", "--max-changes", "5000", *flags).code


def test_undo_restores_the_former_state_and_leaves_foreign_edits(synced: Wecrm) -> None:
    home = synced
    vip, low = facts.tag(home, "客户等级", "VIP"), facts.tag(home, "客户等级", "潜在")
    had = facts.relations(home, 100, having=vip)
    lacked = facts.relations(home, 900, lacking=vip)
    plan, undo = str(home.home / "vip.plan"), str(home.home / "undo.plan")
    file = facts.keys_csv(home, "vip.csv", had + lacked)
    assert home("tags", "plan", file, "--add", "VIP", "--add", "潜在", "-o", plan).code == 0
    untouched = [key for key in lacked if low not in facts.cached(home)[key]]
    between, later = untouched[:10], untouched[10:20]
    with home.world() as world:
        control.edit_tags(world, between, add=[low])  # half of what the plan wants: neither before nor after
    before = facts.truth(home)

    assert apply(home, plan) == 3
    assert facts.statuses(home)["conflict"] == 10
    applied = facts.truth(home)
    assert {key: applied[key] for key in between} == {key: before[key] for key in between}

    with home.world() as world:
        control.edit_tags(world, later, remove=[low])
    edited = facts.truth(home)
    job = home.sql("SELECT id FROM job")[0][0]
    assert home("undo", job, "-o", undo).code == 0
    assert apply(home, undo, "--max-removals", "100%") == 3
    assert facts.statuses(home)["conflict"] == 10
    expected = {key: edited[key] if key in later else before[key] for key in before}
    assert facts.truth(home) == expected
    assert facts.cached(home).keys() == facts.truth(home).keys()


def test_undo_of_undo_does_it_again(synced: Wecrm) -> None:
    home = synced
    keys = facts.relations(home, 20, lacking=facts.tag(home, "客户等级", "VIP"))
    assert home("tags", "apply", facts.keys_csv(home, "a.csv", keys), "--add", "VIP", "--yes").code == 0
    done = facts.truth(home)
    plan = str(home.home / "x.plan")
    for _n in range(2):
        newest = home.sql("SELECT id FROM job ORDER BY rowid DESC LIMIT 1")[0][0]
        assert home("undo", newest, "-o", plan).code == 0
        assert apply(home, plan, "--max-removals", "100%") == 0
    assert facts.truth(home) == done


def test_a_deleted_tag_is_made_anew_and_put_back_on_the_same_customers(synced: Wecrm) -> None:
    home = synced
    tag = facts.tag(home, "客户等级", "潜在")
    carriers = {key for key, tags in facts.truth(home).items() if tag in tags}
    assert home("tags", "delete", "潜在", "--yes").code == 7
    assert home("tags", "delete", "潜在", "--yes", "--max-removals", "100%").code == 0
    assert not any(tag in tags for tags in facts.truth(home).values())
    job = home.sql("SELECT id FROM job ORDER BY rowid DESC LIMIT 1")[0][0]
    plan = str(home.home / "undo.plan")
    assert home("undo", job, "-o", plan).code == 0
    result = home("apply", plan, "--yes", "--max-changes", "5000")
    assert result.code == 0, result.err
    assert home("sync", "tags").code == 0
    again = {key for key, tags in facts.truth(home).items() if facts.tag(home, "客户等级", "潜在") in tags}
    assert again == carriers


def test_remarks_are_written_and_undone(synced: Wecrm) -> None:
    home = synced
    rows = home.sql(
        "SELECT userid, r.external_userid FROM relation r JOIN contact c USING (external_userid) "
        "WHERE c.type = 1 ORDER BY r.id LIMIT 40"
    )

    def remarks() -> dict[tuple[str, str], tuple[str, str, str, tuple[str, ...]]]:
        with home.world() as world:
            return {
                (r.userid, r.external_userid): (r.remark, r.description, r.remark_company, tuple(r.remark_mobiles))
                for r in control.truth(world)
            }

    before = remarks()
    file = home.csv(
        "remarks.csv",
        "userid,external_userid,remark,company,mobiles",
        [(*key, f"Shop {n}", "ACME", "13800000001;13800000002") for n, key in enumerate(rows)],
    )
    result = home("contacts", "remark", str(file), "--yes")
    assert result.code == 0, result.err
    after = remarks()
    for n, key in enumerate(rows):
        assert after[key] == (f"Shop {n}", before[key][1], "ACME", ("13800000001", "13800000002"))
    job = home.sql("SELECT id FROM job")[0][0]
    plan = str(home.home / "undo.plan")
    assert home("undo", job, "-o", plan).code == 0
    assert apply(home, plan) == 0
    assert {k: (r, d, c, sorted(m)) for k, (r, d, c, m) in remarks().items()} == {
        k: (r, d, c, sorted(m)) for k, (r, d, c, m) in before.items()
    }


@pytest.mark.parametrize("create", [True, False])
def test_a_missing_tag_is_made_only_when_asked(synced: Wecrm, create: bool) -> None:
    home = synced
    keys = facts.relations(home, 5)
    flags = ["--create-tags"] if create else []
    file = facts.keys_csv(home, "new.csv", keys)
    result = home("tags", "apply", file, "--add", "活动/双十一", "--yes", *flags)
    made = home.sql("SELECT tag_id, made_by_job FROM corp_tag WHERE name = '双十一'")
    if not create:
        assert result.code == 2
        assert made == []
        return
    assert result.code == 0, result.err
    assert len(made) == 1
    assert made[0][1] is not None
    assert {key for key, tags in facts.truth(home).items() if made[0][0] in tags} == set(keys)


def test_a_job_whose_first_stage_was_interrupted_does_not_skip_the_second(synced: Wecrm) -> None:
    home = synced
    plan = str(home.home / "new.plan")
    file = facts.keys_csv(home, "new.csv", facts.relations(home, 5))
    assert home("tags", "plan", file, "--add", "活动/双十一", "--create-tags", "-o", plan).code == 0
    assert "双十一" in home("plan", "show", plan).out
    with home.world() as world:
        control.add_fault(world, kind="-1", path="get_corp_tag_list", times=4)
    assert home("apply", plan, "--yes").code == 5
    assert facts.statuses(home) == {"pending": 6}
    with home.world() as world:
        control.add_fault(world, kind="close", path="add_corp_tag", times=1, when="after")
    result = home("apply", plan, "--yes")
    assert result.code == 0, result.err
    assert facts.statuses(home) == {"ok": 6}
    assert home.sql("SELECT count(*) FROM corp_tag WHERE name = '双十一'") == [(1,)]
