"""The tag library as a file: pull, edit, push, and it comes back byte for byte."""

from pathlib import Path

import pytest
import yaml

from tests.acceptance import facts
from tests.conftest import Wecrm
from wecrm.sandbox import control


@pytest.fixture
def home(synced: Wecrm) -> Wecrm:
    """A home whose app may edit every tag, as the only app of a corp may."""
    with synced.world() as world, world.writing() as db:
        db.execute("UPDATE tag SET owner = 'contact'")
        db.execute("UPDATE tag_group SET owner = 'contact'")
        world.changed()
    return synced


def pulled(home: Wecrm, name: str = "tags.yaml") -> Path:
    path = home.home / name
    result = home("tags", "pull", str(path))
    assert result.code == 0, result.err
    return path


def edit(path: Path, change) -> bytes:
    value = yaml.safe_load(path.read_text("utf-8"))
    change(value["groups"])
    text = yaml.safe_dump(value, allow_unicode=True, sort_keys=False, default_flow_style=False, width=10_000)
    path.write_text(text, "utf-8")
    return text.encode()


def applied(home: Wecrm, path: Path, *flags: str) -> None:
    result = home("tags", "push", str(path), "--yes", "--max-removals", "100%", *flags)
    assert result.code == 0, result.err


def test_pulling_twice_gives_the_same_bytes_and_nothing_to_push(home: Wecrm) -> None:
    path = pulled(home)
    first = path.read_bytes()
    assert pulled(home).read_bytes() == first
    assert home("tags", "diff", str(path)).code == 0
    result = home("tags", "push", str(path))
    assert result.code == 0
    assert "No changes" in result.err


def test_an_edited_file_comes_back_byte_for_byte(home: Wecrm) -> None:
    path = pulled(home)

    def change(groups: list[dict]) -> None:
        groups[0]["tags"].insert(1, "钻石")
        groups[0]["tags"].append("yes")
        groups[1]["tags"].reverse()
        groups.insert(0, {"group": "大促", "tags": ["双十一", "六一八"]})
        groups.append({"group": "阶段", "exclusive": True, "tags": ["一", "二", "三"]})
        del groups[3]["tags"][0]
        groups.append(groups.pop(4))

    wanted = edit(path, change)
    diff = home("tags", "diff", str(path))
    assert diff.code == 10
    assert "双十一" in diff.out
    applied(home, path)
    assert pulled(home).read_bytes() == wanted
    assert home("tags", "diff", str(path)).code == 0


def test_what_goes_above_the_largest_order_that_wecom_takes_comes_back_in_its_place(home: Wecrm) -> None:
    with home.world() as world, world.writing() as db:
        db.execute("UPDATE tag SET ord = 4294967295 WHERE name = 'VIP'")
        db.execute("UPDATE tag_group SET ord = 4294967295 WHERE name = '客户等级'")
        world.changed()
    assert home("sync", "tags").code == 0
    path = pulled(home)

    def change(groups: list[dict]) -> None:
        assert (groups[0]["group"], groups[0]["tags"][0]) == ("客户等级", "VIP")
        groups[0]["tags"].insert(0, "钻石")
        groups.insert(0, {"group": "大促", "tags": ["双十一"]})

    wanted = edit(path, change)
    applied(home, path)
    assert pulled(home).read_bytes() == wanted


def test_a_rename_keeps_the_customers_the_order_and_needs_was(home: Wecrm) -> None:
    tag = facts.tag(home, "客户等级", "VIP")
    carriers = {key for key, tags in facts.truth(home).items() if tag in tags}
    path = pulled(home)

    def change(groups: list[dict]) -> None:
        group = next(group for group in groups if group["group"] == "客户等级")
        group["group"], group["was"] = "等级", "客户等级"
        group["tags"] = [{"name": "钻石", "was": "VIP"} if name == "VIP" else name for name in group["tags"]]

    edit(path, change)
    with home.world() as world:
        control.set_switch(world, "rename_resets_order", True)
    applied(home, path)
    assert home("tags", "diff", str(path)).code == 0
    assert {key for key, tags in facts.truth(home).items() if facts.tag(home, "等级", "钻石") in tags} == carriers
    assert facts.tag(home, "等级", "钻石") == tag
    fresh = yaml.safe_load(pulled(home, "again.yaml").read_text("utf-8"))
    assert fresh["groups"][0]["tags"][0] == "钻石"


def calls(home: Wecrm) -> int:
    """Calls so far that may change the library."""
    with home.world() as world:
        return sum(
            call.path.endswith(("add_corp_tag", "edit_corp_tag", "del_corp_tag")) for call in control.calls(world)
        )


def exclusive(home: Wecrm) -> set[str]:
    return {name for (name,) in home.sql('SELECT DISTINCT "group" FROM tags WHERE exclusive AND deleted_at IS NULL')}


def flagged(path: Path, group: str, value: bool) -> bytes:
    """Say in the file whether a group is exclusive."""

    def change(groups: list[dict]) -> None:
        n = next(n for n, each in enumerate(groups) if each["group"] == group)
        entry = {key: each for key, each in groups[n].items() if key not in ("tags", "exclusive")}
        groups[n] = {**entry, **({"exclusive": True} if value else {}), "tags": groups[n]["tags"]}

    return edit(path, change)


def test_whether_a_group_is_exclusive_is_pushed_shown_and_undone_without_a_call(synced: Wecrm) -> None:
    path = pulled(synced)
    before = path.read_bytes()
    wanted = flagged(path, "Stage", True)
    diff = synced("tags", "diff", str(path))
    assert (diff.code, diff.lines[1]) == (10, "group.exclusive,Stage,exclusive=False,exclusive=True")
    applied(synced, path)
    assert exclusive(synced) == {"Stage"}
    assert pulled(synced).read_bytes() == wanted
    assert synced("tags", "diff", str(path)).code == 0
    assert "No changes" in synced("tags", "push", str(path)).err
    job = synced.sql("SELECT id FROM job ORDER BY rowid DESC LIMIT 1")[0][0]
    undo = str(synced.home / "undo.plan")
    assert synced("undo", job, "-o", undo).code == 0
    assert synced("apply", undo, "--yes").code == 0
    assert exclusive(synced) == set()
    assert pulled(synced).read_bytes() == before
    flagged(path, "Stage", True)
    applied(synced, path)
    flagged(path, "Stage", False)
    applied(synced, path)
    assert exclusive(synced) == set()
    assert calls(synced) == 0


def test_a_group_that_a_push_makes_renames_or_deletes_is_exclusive_as_its_file_says(home: Wecrm) -> None:
    path = pulled(home)
    flagged(path, "意向", True)
    flagged(path, "语言", True)
    applied(home, path)
    before = path.read_bytes()

    def change(groups: list[dict]) -> None:
        groups[0] = {"group": "等级", "was": groups[0]["group"], "exclusive": True, "tags": groups[0]["tags"]}
        groups.insert(1, {"group": "阶段", "exclusive": True, "tags": ["一", "二"]})
        groups[:] = [group for group in groups if group["group"] != "语言"]

    edit(path, change)
    applied(home, path, "--max-changes", "5000")
    assert exclusive(home) == {"等级", "阶段", "意向"}
    assert home("tags", "diff", str(path)).code == 0
    job = home.sql("SELECT id FROM job ORDER BY rowid DESC LIMIT 1")[0][0]
    undo = str(home.home / "undo.plan")
    assert home("undo", job, "-o", undo).code == 0
    result = home("apply", undo, "--yes", "--max-removals", "100%", "--max-changes", "5000")
    assert result.code == 0, result.err
    assert exclusive(home) == {"意向", "语言"}
    assert pulled(home, "old.yaml").read_bytes() == before


def test_a_dry_run_of_a_push_makes_no_group_exclusive(synced: Wecrm) -> None:
    path = pulled(synced)
    flagged(path, "Stage", True)
    assert synced("tags", "push", str(path), "--yes", "--dry-run").code == 0
    assert exclusive(synced) == set()


def test_a_push_killed_in_the_middle_makes_no_tag_twice(home: Wecrm) -> None:
    path = pulled(home)
    names = [f"活动{n}" for n in range(12)]
    edit(path, lambda groups: groups.append({"group": "大促", "tags": names}))
    plan = str(home.home / "tags.plan")
    assert home("tags", "push", str(path), "-o", plan).code == 0
    with home.world() as world:
        control.add_fault(world, kind="kill", path="add_corp_tag", share=0.3, seed=5, times=1, when="after")
    process = home.process("apply", plan, "--yes")
    process.communicate()
    assert process.returncode == -9
    with home.world() as world:
        control.clear_faults(world)
    result = home("apply", plan, "--yes")
    assert result.code == 0, result.err
    assert home.sql("SELECT count(*), count(DISTINCT name) FROM corp_tag WHERE name LIKE '活动%'") == [(12, 12)]
    assert home("tags", "diff", str(path)).code == 0


def test_undo_of_a_push_gives_the_old_library_back(home: Wecrm) -> None:
    path = pulled(home)
    before, truth = path.read_bytes(), facts.truth(home)

    def change(groups: list[dict]) -> None:
        groups[0]["tags"][0] = {"name": "新名", "was": groups[0]["tags"][0]}
        groups[1]["tags"].pop()
        groups[2]["tags"].append("又一个")

    edit(path, change)
    applied(home, path)
    job = home.sql("SELECT id FROM job ORDER BY rowid DESC LIMIT 1")[0][0]
    undo = str(home.home / "undo.plan")
    assert home("undo", job, "-o", undo).code == 0
    result = home("apply", undo, "--yes", "--max-removals", "100%", "--max-changes", "5000")
    assert result.code == 0, result.err
    assert pulled(home, "old.yaml").read_bytes() == before
    assert sum(len(tags) for tags in facts.truth(home).values()) == sum(len(tags) for tags in truth.values())


def test_what_wecom_refused_is_told_before_the_next_push(synced: Wecrm) -> None:
    path = pulled(synced)

    def change(groups: list[dict]) -> None:
        group = next(group for group in groups if group["group"] == "生命周期")
        group["tags"][0] = {"name": "新来的", "was": group["tags"][0]}

    edit(path, change)
    first = synced("tags", "push", str(path), "--yes")
    assert first.code == 3, first.err
    again = synced("tags", "push", str(path), "-o", str(synced.home / "x.plan"))
    assert again.code == 0
    assert "60011" in again.err


def test_a_tag_that_wecom_refuses_holds_up_only_what_needs_it(synced: Wecrm) -> None:
    path = pulled(synced)

    def change(groups: list[dict]) -> None:
        foreign = next(group for group in groups if group["group"] == "生命周期")
        foreign["tags"][0] = {"name": "新来的", "was": foreign["tags"][0]}
        own = next(group for group in groups if group["group"] == "客户等级")
        own["tags"].append("又一等")
        groups.append({"group": "新组", "tags": ["甲", "乙"]})

    edit(path, change)
    first = synced("tags", "push", str(path), "--yes")
    assert first.code == 3, first.err
    made = [name for (name,) in synced.sql("SELECT name FROM corp_tag WHERE name IN ('又一等', '甲', '乙', '新来的')")]
    assert sorted(made) == sorted(["又一等", "甲", "乙"])
    assert synced.sql("SELECT count(*) FROM job_row WHERE status = 'skipped'") == [(0,)]


def test_a_deletion_waits_until_all_else_went_well(synced: Wecrm) -> None:
    path = pulled(synced)

    def change(groups: list[dict]) -> None:
        foreign = next(group for group in groups if group["group"] == "生命周期")
        foreign["tags"][0] = {"name": "新来的", "was": foreign["tags"][0]}
        next(group for group in groups if group["group"] == "客户等级")["tags"].pop()

    edit(path, change)
    tags = synced.sql("SELECT count(*) FROM corp_tag WHERE deleted_at IS NULL")
    assert synced("tags", "push", str(path), "--yes", "--max-removals", "100%").code == 3
    assert synced.sql("SELECT op FROM job_row WHERE status = 'skipped'") == [("tag.delete",)]
    assert synced.sql("SELECT count(*) FROM corp_tag WHERE deleted_at IS NULL") == tags


def test_undo_of_a_renamed_group_that_lost_a_tag_makes_no_second_group(home: Wecrm) -> None:
    path = pulled(home)
    before = path.read_bytes()

    def change(groups: list[dict]) -> None:
        groups[0] |= {"group": "改名组", "was": groups[0]["group"], "tags": groups[0]["tags"][:-1]}

    edit(path, change)
    applied(home, path)
    job = home.sql("SELECT id FROM job ORDER BY rowid DESC LIMIT 1")[0][0]
    undo = str(home.home / "undo.plan")
    assert home("undo", job, "-o", undo).code == 0
    result = home("apply", undo, "--yes", "--max-removals", "100%", "--max-changes", "5000")
    assert result.code == 0, result.err
    assert pulled(home, "old.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("groups: [", "not valid YAML"),
        ("groups: &a [{group: x, tags: [y]}]\nmore: *a", "anchors"),
        ("groups: [{group: x, tags: []}]", "no group without tags"),
        ("groups: [{group: x, tags: [a, a]}]", "twice"),
        ("groups: [{group: x, tags: [12]}]", "not a tag library"),
        ("groups: [{group: x, tags: [a], colour: red}]", "not a tag library"),
        ("groups: [{group: x, tags: [" + "字" * 31 + "]}]", "30 characters"),
    ],
)
def test_a_wrong_file_is_refused_before_anything_is_read(synced: Wecrm, text: str, told: str) -> None:
    path = synced.home / "bad.yaml"
    path.write_text(text, "utf-8")
    result = synced("tags", "push", str(path), "--yes")
    assert result.code == 2
    assert told in result.err
    assert path.read_text("utf-8") == text


def test_a_file_with_comments_is_not_overwritten(synced: Wecrm) -> None:
    path = pulled(synced)
    kept = "# stages are agreed with sales\n" + path.read_text("utf-8")
    path.write_text(kept, "utf-8")
    assert synced("tags", "pull", str(path)).code == 2
    assert path.read_text("utf-8") == kept
