"""Merging tags: nobody loses the mark, whatever happens on the way, and undo brings the former marks back."""

from pathlib import Path

import pytest

from tests.acceptance import facts
from tests.acceptance.facts import Key
from tests.conftest import Wecrm
from wecrm.sandbox import control
from wecrm.sandbox.world import World
from wecrm.store.locks import held

A, B, INTO = "意向/高意向", "意向/中意向", "客户等级/VIP"
CONSOLE = "行业/教育"
Marks = dict[Key, frozenset[str]]


def marks(home: Wecrm) -> Marks:
    """The tags of every relation in the sandbox, by name; a deleted tag that stayed on a relation is not one."""
    with home.world() as world:
        names = dict(
            world.db.connection.execute(
                "SELECT t.id, g.name || '/' || t.name FROM tag t JOIN tag_group g ON g.id = t.group_id "
                "WHERE NOT t.deleted"
            )
        )
    return {key: frozenset(names[tag] for tag in tags if tag in names) for key, tags in facts.truth(home).items()}


def merged(before: Marks, *gone: str) -> Marks:
    """What `before` must become when the tags `gone` are merged into one."""
    return {key: tags - {*gone} | ({INTO} if tags & {*gone} else frozenset()) for key, tags in before.items()}


def tag(home: Wecrm, name: str) -> str:
    return facts.tag(home, *name.split("/"))


def with_tag(found: Marks, name: str, without: str = "") -> list[Key]:
    return [key for key, tags in found.items() if name in tags and without not in tags]


def planned(home: Wecrm, *names: str) -> str:
    path = str(home.home / "merge.plan")
    result = home("tags", "merge", *(names or (A, B)), "--into", INTO, "-o", path)
    assert result.code == 0, result.err
    return path


def apply(home: Wecrm, plan: str, code: int = 0) -> str:
    result = home("apply", plan, "--yes", "--max-removals", "100%", "--max-changes", "99999")
    assert result.code == code, result.err
    return result.err


def undo(home: Wecrm, code: int = 0, job: str = "") -> None:
    path = str(home.home / "undo.plan")
    job = job or newest(home)
    assert home("undo", job, "-o", path).code == 0
    apply(home, path, code)


def newest(home: Wecrm) -> str:
    return home.sql("SELECT id FROM job ORDER BY rowid DESC LIMIT 1")[0][0]


def retired(home: Wecrm) -> dict[str, tuple[str, str, str]]:
    """Tag → (status, evidence, hint) of the deletions of the newest job."""
    rows = home.sql(
        "SELECT json_extract(change, '$.key.name'), status, coalesce(evidence, ''), coalesce(hint, '') FROM job_row "
        "WHERE job = ? AND op = 'tag.retire'",
        newest(home),
    )
    return {name: (status, evidence, hint) for name, status, evidence, hint in rows}


def killed(home: Wecrm, plan: str, **fault: object) -> None:
    """Apply until the fault kills the process."""
    with home.world() as world:
        control.add_fault(world, kind="kill", **fault)  # type: ignore[arg-type]
    process = home.process("apply", plan, "--yes", "--max-removals", "100%", "--max-changes", "99999")
    _out, err = process.communicate()
    assert process.returncode == -9, err.decode()
    with home.world() as world:
        control.clear_faults(world)


def test_everybody_gets_the_target_the_others_go_and_undo_restores_exactly_that(synced: Wecrm) -> None:
    before = marks(synced)
    both, beside = with_tag(before, A), with_tag(before, INTO)
    with synced.world() as world:
        control.edit_tags(world, both[:5], add=[tag(synced, B)])
        control.edit_tags(world, beside[:5], add=[tag(synced, A)])
    assert synced("sync", "contacts").code == 0
    before = marks(synced)
    apply(synced, planned(synced))
    assert marks(synced) == merged(before, A, B)
    assert facts.cached(synced) == facts.truth(synced)
    undo(synced)
    assert marks(synced) == before
    undo(synced)
    assert marks(synced) == merged(before, A, B)


@pytest.mark.parametrize("contacts", [500, pytest.param(30_000, marks=pytest.mark.long)])
def test_killed_five_times_every_relation_ends_on_the_target_and_undo_restores_the_names(
    tmp_path: Path, contacts: int
) -> None:
    (tmp_path / "data").mkdir()
    World.create(tmp_path / "data" / "sandbox.world", members=60, contacts=contacts, seed=7).close()
    home = Wecrm(tmp_path)
    assert home("sync").code == 0
    keys = sorted(facts.truth(home))
    with home.world() as world:  # everybody has one of the two, a tenth has both, a seventh the target already
        control.edit_tags(world, keys[::2], add=[tag(home, A)])
        control.edit_tags(world, [*keys[1::2], *keys[::10]], add=[tag(home, B)])
        control.edit_tags(world, keys[::7], add=[tag(home, INTO)])
    assert home("sync", "contacts").code == 0
    before = marks(home)
    assert all(tags & {A, B} for tags in before.values())
    assert len(before) == contacts
    plan = planned(home)

    few = 8 / contacts
    killed(home, plan, path="mark_tag", share=few, seed=3, when="after")
    killed(home, plan, path="mark_tag", share=few, seed=4, when="before")
    killed(home, plan, path="get_follow_user_list", when="after")  # as the reading before the deletions begins
    killed(home, plan, path="del_corp_tag", when="before")
    killed(home, plan, path="del_corp_tag", when="after")
    between = marks(home)
    assert all(INTO in tags for tags in between.values())
    apply(home, plan)

    assert marks(home) == merged(before, A, B)
    assert all(INTO in tags for tags in marks(home).values())
    assert facts.cached(home) == facts.truth(home)
    assert max(facts.applied_marks(home).values()) == 1
    assert {status for status, *_rest in retired(home).values()} == {"ok"}

    path = str(home.home / "undo.plan")
    assert home("undo", newest(home), "-o", path).code == 0
    killed(home, path, path="mark_tag", share=few, seed=5, when="after")
    apply(home, path)
    assert marks(home) == before
    assert facts.cached(home) == facts.truth(home)


def test_a_relation_that_was_tagged_since_keeps_its_tag_until_planned_again(synced: Wecrm) -> None:
    plan = planned(synced)
    known = next(key for key, tags in marks(synced).items() if not tags & {A, B, INTO})
    with synced.world() as world:
        control.edit_tags(world, [known], add=[tag(synced, A)])
        unknown = (known[0], control.add_relation(world, known[0], tags=[tag(synced, A)]))
    before = marks(synced)
    apply(synced, plan, 3)
    status, evidence, hint = retired(synced)["高意向"]
    assert (status, evidence) == ("conflict", "read back: 2 carry it without the target, 0 are out of sight")
    assert hint == "2 relations carry it without the target: plan the merge again."
    assert retired(synced)["中意向"][0] == "ok"
    assert with_tag(marks(synced), A) == with_tag(before, A)
    assert with_tag(marks(synced), A, without=INTO) == sorted([known, unknown], key=list(before).index)
    first = newest(synced)

    apply(synced, planned(synced, A))
    assert marks(synced) == merged(before, A, B)
    second = newest(synced)
    undo(synced, 3, first)  # the tag is gone by another job: taking the target off would leave nothing
    assert with_tag(marks(synced), INTO) == with_tag(merged(before, A, B), INTO)
    undo(synced, job=second)
    assert with_tag(marks(synced), A) == with_tag(before, A)


@pytest.mark.parametrize(("switch", "value"), [("tag_owner", 60011), ("tag_owner", 48002), ("delete_unowned", "skip")])
def test_a_tag_of_the_console_stays_for_a_person_and_its_customers_have_the_target(
    synced: Wecrm, switch: str, value: str | int
) -> None:
    with synced.world() as world:
        control.set_switch(world, switch, value)
    before = marks(synced)
    apply(synced, planned(synced, A, CONSOLE), 3)
    assert retired(synced)["高意向"][0] == "ok"
    status, evidence, hint = retired(synced)["教育"]
    assert (status, evidence) == ("failed", "blocked: console")
    assert "admin console" in hint
    assert "客户等级/VIP" in hint
    after = marks(synced)
    assert with_tag(after, CONSOLE) == with_tag(before, CONSOLE)
    assert not with_tag(after, CONSOLE, without=INTO)
    undo(synced)
    assert marks(synced) == before


def delete_in_console(home: Wecrm, name: str) -> None:
    """A person deletes a tag in the admin console."""
    id_ = tag(home, name)
    with home.world() as world:
        control.edit_tags(world, with_tag(marks(home), name), remove=[id_])
        with world.writing() as db:
            db.execute("UPDATE tag SET deleted = 1 WHERE id = ?", (id_,))
            world.changed()


def test_once_the_blocked_tag_is_deleted_a_retry_ends_the_job_and_undo_takes_nothing_away(synced: Wecrm) -> None:
    before = marks(synced)
    apply(synced, planned(synced, CONSOLE), 3)
    delete_in_console(synced, CONSOLE)
    assert marks(synced) == merged(before, CONSOLE)
    job = newest(synced)
    assert synced("jobs", "retry", job).code == 0
    assert retired(synced)["教育"][0] == "same"
    undo(synced, 3, job)
    assert marks(synced) == merged(before, CONSOLE)


def test_customers_who_are_gone_hold_up_neither_the_merge_nor_its_undo(synced: Wecrm) -> None:
    plan = planned(synced)
    first, second = with_tag(marks(synced), A, without=INTO)[:2]
    with synced.world() as world:
        control.delete_relation(world, *first)
    before = marks(synced)
    apply(synced, plan, 3)
    assert facts.statuses(synced)["failed"] == 1
    assert marks(synced) == merged(before, A, B)
    with synced.world() as world:
        control.delete_relation(world, *second)
    undo(synced, 3)
    assert marks(synced) == {key: tags for key, tags in before.items() if key != second}


def test_a_customer_who_deleted_the_member_is_merged_like_any_other(synced: Wecrm) -> None:
    one = with_tag(marks(synced), A, without=INTO)[0]
    with synced.world() as world:
        control.delete_relation(world, *one, by="customer")
    before = marks(synced)
    apply(synced, planned(synced))
    assert marks(synced) == merged(before, A, B)


@pytest.mark.parametrize("when", ["after the plan", "before it"])
def test_a_tag_of_relations_out_of_sight_is_not_deleted(synced: Wecrm, when: str) -> None:
    member, _external = with_tag(marks(synced), A, without=INTO)[0]
    beside = next(key for key, tags in marks(synced).items() if key[0] == member and A not in tags)
    with synced.world() as world:
        control.edit_tags(world, [beside], add=[tag(synced, A), tag(synced, INTO)])
    assert synced("sync", "contacts").code == 0
    plan = planned(synced)
    with synced.world() as world:
        control.set_customer_contact(world, member, False)
    if when == "before it":
        assert synced("sync", "contacts").code == 7
        again = synced("tags", "merge", A, B, "--into", INTO, "-o", plan)
        assert "out of sight" in again.err
    before = marks(synced)
    hidden = [key for key in with_tag(before, A) if key[0] == member]
    apply(synced, plan, 3)
    status, evidence, hint = retired(synced)["高意向"]
    assert (status, evidence) == (
        "conflict",
        f"read back: 0 carry it without the target, {len(hidden)} are out of sight",
    )
    assert "visible range" in hint
    after = marks(synced)
    assert with_tag(after, A) == with_tag(before, A)
    assert [key for key in with_tag(after, A, without=INTO) if key[0] != member] == []


def carried_already(home: Wecrm, *names: str) -> str:
    """A plan of deletions only: everybody carries the target."""
    found = marks(home)
    keys = {key for name in names for key in with_tag(found, name)}
    with home.world() as world:
        control.edit_tags(world, keys, add=[tag(home, INTO)])
    assert home("sync", "contacts").code == 0
    return planned(home, *names)


def test_nothing_is_deleted_when_not_everybody_could_be_read_and_a_resume_ends_it(synced: Wecrm) -> None:
    plan = carried_already(synced, A)
    before = marks(synced)
    one = "SELECT member, contact FROM relation LIMIT 1"
    with synced.world() as world, world.writing() as db:
        info = db.execute("SELECT info FROM relation LIMIT 1").fetchone()[0]
        db.execute(f"UPDATE relation SET info = json_set(info, '$.createtime', 'x') WHERE (member, contact) = ({one})")
    assert "not every relation could be read" in apply(synced, plan, 5)
    assert retired(synced)["高意向"][0] == "pending"
    assert marks(synced) == before
    with synced.world() as world, world.writing() as db:
        db.execute(f"UPDATE relation SET info = ? WHERE (member, contact) = ({one})", (info,))
    assert synced("jobs", "resume", newest(synced)).code == 0
    assert marks(synced) == merged(before, A)


def test_a_sync_under_way_is_waited_for_by_the_person_not_broken_into(synced: Wecrm) -> None:
    plan = carried_already(synced, A)
    with held(synced.database, "sync"):
        apply(synced, plan, 11)
    assert retired(synced)["高意向"][0] == "pending"
    apply(synced, plan)
    assert retired(synced)["高意向"][0] == "ok"


def test_all_deletions_of_a_plan_share_one_reading(synced: Wecrm) -> None:
    plan = carried_already(synced, A, B, "意向/低意向")
    with synced.world() as world:
        last = max(call.id for call in control.calls(world))
    apply(synced, plan)
    with synced.world() as world:
        assert len(list(control.calls(world, after=last, path="get_follow_user_list"))) == 1
        assert len(list(control.calls(world, after=last, path="del_corp_tag"))) == 3


def test_a_sync_that_stopped_half_way_is_not_taken_for_the_reading(synced: Wecrm) -> None:
    plan = carried_already(synced, A)
    with synced.world() as world:
        control.add_fault(world, kind="kill", path="get_by_user", share=0.1, seed=3)
    process = synced.process("sync", "contacts")
    process.communicate()
    assert process.returncode == -9
    with synced.world() as world:
        control.clear_faults(world)
    stopped = "run = (SELECT max(run) FROM sync_chunk) AND state = 'done'"
    assert synced.sql(f"SELECT count(*) FROM sync_chunk WHERE {stopped}") != [(0,)]
    late = [key for key, tags in marks(synced).items() if not tags & {A, INTO}]
    with synced.world() as world:
        control.edit_tags(world, late, add=[tag(synced, A)])
    apply(synced, plan, 3)
    assert retired(synced)["高意向"][1].startswith(f"read back: {len(late)} carry it")
    assert set(late) <= set(with_tag(marks(synced), A))


def test_undo_knows_who_had_the_tag_even_if_a_sync_noticed_its_deletion_first(synced: Wecrm) -> None:
    before = marks(synced)
    plan = planned(synced)
    killed(synced, plan, path="del_corp_tag", when="after")
    with synced.world() as world:
        control.advance(world, 60)
    assert synced("sync", "contacts").code == 0
    apply(synced, plan)
    assert marks(synced) == merged(before, A, B)
    undo(synced)
    assert marks(synced) == before


def test_a_target_that_was_deleted_since_keeps_the_others(synced: Wecrm) -> None:
    with synced.world() as world:
        control.set_switch(world, "deleted_tag_stays", True)
    plan = carried_already(synced, A)
    assert synced("tags", "delete", INTO, "--yes", "--max-removals", "100%").code == 0
    before = with_tag(marks(synced), A)
    apply(synced, plan, 3)
    assert retired(synced)["高意向"][:2] == ("conflict", "read back: the target is gone")
    assert with_tag(marks(synced), A) == before


@pytest.mark.parametrize(
    ("names", "into", "told"),
    [
        ([A, INTO], "VIP", f"{INTO}: is the tag to merge into"),
        (["高意"], INTO, "Did you mean 高意向?"),
        ([A], "VIPP", "Did you mean VIP?"),
        (["重点"], INTO, "several tags have this name"),
    ],
)
def test_wrong_names_are_refused_before_anything_is_planned(
    synced: Wecrm, names: list[str], into: str, told: str
) -> None:
    result = synced("tags", "merge", *names, "--into", into, "--yes")
    assert result.code == 2
    assert told in result.err
    assert synced.sql("SELECT count(*) FROM job") == [(0,)]


def test_a_tag_named_twice_is_merged_once(synced: Wecrm) -> None:
    before = marks(synced)
    apply(synced, planned(synced, A, "高意向", tag(synced, A)))
    assert list(retired(synced)) == ["高意向"]
    assert marks(synced) == merged(before, A)


def test_the_limits_stand_before_a_merge_and_the_plan_says_what_goes(synced: Wecrm) -> None:
    before = marks(synced)
    carriers = len(with_tag(before, A))
    plan = planned(synced, A)
    shown = synced("plan", "show", plan)
    assert f"takes away {carriers} of {carriers}: tag {A}" in shown.err
    merge = ("tags", "merge", A, "--into", INTO, "--yes")
    assert synced(*merge).code == 7
    assert synced(*merge, "--max-removals", "100%", "--max-changes", "1").code == 7
    assert marks(synced) == before
    assert synced(*merge, "--max-removals", "100%").code == 0
    assert marks(synced) == merged(before, A)


def test_the_plan_says_how_many_would_carry_two_tags_of_an_exclusive_group(synced: Wecrm) -> None:
    path = synced.home / "tags.yaml"
    assert synced("tags", "pull", str(path)).code == 0
    path.write_text(
        path.read_text("utf-8").replace("- group: 客户等级\n", "- group: 客户等级\n  exclusive: true\n"), "utf-8"
    )
    assert synced("tags", "push", str(path), "--yes").code == 0
    rivals = {f"客户等级/{name}" for name in ("重点", "普通", "潜在", "黑名单")}
    doubled = sum(bool(tags & rivals) for tags in marks(synced).values() if A in tags and INTO not in tags)
    assert doubled > 0
    result = synced("tags", "merge", A, "--into", INTO, "-o", str(synced.home / "x.plan"))
    assert f"{doubled} of them would then carry two tags of 客户等级" in result.err
