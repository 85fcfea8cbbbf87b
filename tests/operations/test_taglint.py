"""`tags lint`: what it finds, what it leaves alone, and that each remedy mends."""

import json
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.acceptance import facts
from tests.conftest import Result, Wecrm
from wecrm.operations.taglikeness import pairs
from wecrm.sandbox import control
from wecrm.store import tags as library
from wecrm.store.database import Store
from wecrm.store.tags import KnownTag


def compared(*names: str, groups: str = "") -> list[tuple[str, str, str]]:
    """(goes, stays, why) among tags of these names, one letter of `groups` for the group of each."""
    letters = groups or "g" * len(names)
    tags = [
        KnownTag(f"t{n}", name, group, group, 0) for n, (name, group) in enumerate(zip(names, letters, strict=True))
    ]
    return [(pair.goes.name, pair.stays.name, pair.why) for pair in pairs(tags)]


@pytest.mark.parametrize(
    ("why", "names"),
    [
        (
            "same",
            "VIP ＶＩＰ 双11 双１１ 意向(高) 意向高 勿打扰 勿打扰！ A/B测试 AB测试 2024-01 2024/01 Ⅱ级 II级 "
            "vip客户 VIP_客户",
        ),
        ("pinyin", "重点客户 众点客户 登录 登陆 客户 客戶 北京 beijing 第3期会员 第3期汇源"),
        (
            "spelling",
            "Qualified Qualifed Qualified Qualifeid Newsletter Newsletters Xiaohongshu Xiaohangshu 杭州 杭州市 "
            "已成交客户 已成交的客户 2024双11直播引流 2024双11直播间引流",
        ),
    ],
)
def test_names_that_mean_one_thing_are_found(why: str, names: str) -> None:
    words = names.split(" ")
    for one, other in zip(words[::2], words[1::2], strict=True):
        assert compared(one, other) == [(other, one, why)]
        assert compared(other, one) == [(one, other, why)]


DIFFERENT = (
    "2024|2025 一级|二级 A|B A|A+ A|A- AA|AB KA|KB A类|B类 VIP1|VIP2 Q1|Q2 1-3|13 1.5万|1-5万 10-20岁|20-30岁 100+|100 "
    "<10万|>10万 5%|5 第一批|第二批 双11|双12 高意向|低意向 已成交|未成交 成交|未成交 合格|不合格 客户|大客户 男|女 "
    "春季班|秋季班 买家|卖家 山西|陕西 福州|抚州 上海|上饶 一院|医院 广州分公司重点客户|福州分公司重点客户 TypeA|TypeB "
    "Lead|Leads Male|Female typical|atypical Monday|Sunday ⭐|⭐⭐ !!!|??? 市|区 东|东区 潜在客户|潜在大客户 "
    "已报名体验课程学员|已报名未体验课程学员"
)


@pytest.mark.parametrize("names", DIFFERENT.split(" "))
def test_names_that_mean_two_things_are_left_alone(names: str) -> None:
    assert compared(*names.split("|")) == []


def test_a_series_is_no_slip() -> None:
    series = ["小红书推广渠道", *(f"小红书推广渠道{last}" for last in "商人部")]
    assert compared(*series) == []
    assert compared(*series[:3]) == [(name, series[0], "spelling") for name in series[1:3]]


def test_one_name_in_two_groups_is_meant_and_the_own_group_goes_first() -> None:
    assert compared("其他", "其他", groups="ab") == []
    assert compared("其他", "其他", "其他 ", groups="abb") == [("其他 ", "其他", "same")]
    tags = [KnownTag(name, name, group, group, 0) for name, group in [("登录", "a"), ("登陆", "b"), ("登录 ", "b")]]
    assert [(p.goes.group_id, p.stays.group_id) for p in pairs(tags)] == [("b", "a"), ("b", "b")]


# -- through the front door


@pytest.fixture
def home(synced: Wecrm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wecrm:
    """A home whose app may edit every tag, on a desk of its own."""
    monkeypatch.chdir(tmp_path)
    with synced.world() as world, world.writing() as db:
        db.execute("UPDATE tag SET owner = 'contact'")
        world.changed()
    return synced


def create(home: Wecrm, group: str, *names: str) -> None:
    result = home("tags", "create", "--yes", "--", group, *names)
    assert result.code == 0, result.err


def mark(home: Wecrm, tag: str, keys: Sequence[facts.Key]) -> None:
    result = home("tags", "apply", facts.keys_csv(home, "marks.csv", keys), "--add", tag, "--yes")
    assert result.code == 0, result.err


def linted(home: Wecrm, *argv: str) -> list[dict]:
    result = home("tags", "lint", "-f", "json", *argv)
    assert result.code == 0, result.err
    return json.loads(result.out)


def mend(home: Wecrm, fix: str, *flags: str) -> None:
    """Run a remedy as it stands, and apply the plan if it makes one."""
    result = Result(1, "", "")
    for command in fix.split(" && "):
        words = shlex.split(command)
        assert words[0] == "wecrm"
        result = home(*words[1:], *(flags if words[2] in ("delete", "merge") else ()))
        assert result.code == 0, result.err
    if fix.endswith("lint.plan"):
        result = home("apply", "lint.plan", "--yes", "--max-removals", "100%")
        assert result.code == 0, result.err


def exclusive(home: Wecrm, name: str, on: bool = True) -> None:
    store = Store.open(home.database)
    try:
        (group,) = (group for group in library.groups(store) if group.name == name)
        library.set_exclusive(store, group.group_id, on)
    finally:
        store.close()


def test_a_sound_library_has_no_findings_and_nobody_is_called(home: Wecrm) -> None:
    with home.world() as world:
        before = len(list(control.calls(world)))
    result = home("tags", "lint", "--detailed-exitcode", "-f", "json")
    assert result.code == 0, result.err
    assert json.loads(result.out) == []
    assert "From the cache of" in result.err
    assert "Nothing was found." in result.err
    with home.world() as world:
        assert len(list(control.calls(world))) == before


def test_an_empty_cache_is_no_sound_library(wecrm: Wecrm) -> None:
    assert wecrm("tags", "lint").code == 2
    assert wecrm("sync", "tags").code == 0
    result = wecrm("tags", "lint")
    assert result.code == 2
    assert "wecrm sync contacts" in result.err


def test_an_unused_tag_is_found_and_deleted(home: Wecrm) -> None:
    create(home, "客户等级", "新来的")
    assert linted(home) == [
        {
            "kind": "unused",
            "tags": ["客户等级/新来的"],
            "customers": 0,
            "members": 0,
            "detail": "",
            "fix": "wecrm tags delete '客户等级/新来的'",
        }
    ]
    mend(home, linted(home)[0]["fix"], "--yes")
    assert linted(home) == []
    assert home.sql("SELECT count(*) FROM corp_tag WHERE name = '新来的' AND deleted_at IS NULL") == [(0,)]


def test_a_tag_of_lost_customers_alone_is_unused(home: Wecrm) -> None:
    create(home, "客户等级", "旧的")
    (key,) = facts.relations(home, 1)
    mark(home, "旧的", [key])
    assert linted(home, "--only", "unused") == []
    with home.world() as world:
        control.delete_relation(world, *key)
    assert home("sync", "contacts").code == 0
    assert [found["tags"] for found in linted(home, "--only", "unused")] == [["客户等级/旧的"]]


@pytest.mark.parametrize(("few", "many"), [("重点客户", "重点 客户"), ("重点 客户", "重点客户")])
def test_the_doubled_tag_with_fewer_customers_is_merged_into_the_other(home: Wecrm, few: str, many: str) -> None:
    create(home, "客户等级", "重点客户", "重点 客户")
    keys = facts.relations(home, 5)
    mark(home, f"客户等级/{few}", keys[:2])
    mark(home, f"客户等级/{many}", keys[2:])
    (found,) = linted(home, "--only", "near-duplicate")
    assert (found["tags"], found["detail"]) == ([f"客户等级/{few}", f"客户等级/{many}"], "same")
    assert (found["customers"], found["members"]) == (2, len({userid for userid, _ in keys[:2]}))
    stays = facts.tag(home, "客户等级", many)
    mend(home, found["fix"], "--yes", "--max-removals", "100%")
    assert linted(home, "--only", "near-duplicate") == []
    assert all(stays in facts.truth(home)[key] for key in keys)


def test_remedies_of_doubled_tags_can_be_run_one_after_the_other(home: Wecrm) -> None:
    create(home, "客户等级", "ＶＩＰ", "vip ")
    create(home, "新的", "V.I.P", "v-i-p")
    found = linted(home, "--only", "near-duplicate")
    assert len(found) == 4
    for each in found:
        mend(home, each["fix"], "--yes", "--max-removals", "100%", "--max-changes", "1000")
    assert linted(home, "--only", "near-duplicate") == []
    left = home.sql("SELECT t.name FROM corp_tag t WHERE deleted_at IS NULL AND upper(name) LIKE '%V%I%P%'")
    assert left == [("VIP",)]


def together(home: Wecrm) -> tuple[facts.Key, facts.Key]:
    """Two members' relations with one customer."""
    rows = home.sql(
        "SELECT userid, external_userid FROM relation WHERE external_userid = (SELECT external_userid FROM relation "
        "WHERE status = 'active' GROUP BY external_userid HAVING count(*) = 2 LIMIT 1)"
    )
    return rows[0], rows[1]


def test_two_stages_on_one_relation_or_with_two_members_are_found_and_the_later_stays(home: Wecrm) -> None:
    create(home, "阶段", "一", "二", "三")
    order = home.sql(
        "SELECT name FROM corp_tag WHERE name IN ('一', '二', '三') ORDER BY \"order\" DESC, create_time, tag_id"
    )
    early, middle, late = (f"阶段/{name}" for (name,) in order)
    mine, yours = together(home)
    alone = next(key for key in facts.relations(home, 9) if key[1] != mine[1])
    for tag, keys in ((early, [mine, alone]), (middle, [alone]), (late, [yours])):
        mark(home, tag, keys)
    assert linted(home, "--only", "exclusive") == []
    exclusive(home, "阶段")
    found = linted(home, "--only", "exclusive")
    assert [(f["tags"], f["detail"], f["customers"], f["members"]) for f in found] == [
        ([early, middle], "relation", 1, 1),
        ([early, late], "members", 1, 2),
    ]
    wanted = {name: facts.tag(home, "阶段", name.partition("/")[2]) for name in (early, middle, late)}
    for each in found:
        mend(home, each["fix"])
    assert linted(home, "--only", "exclusive") == []
    truth = facts.truth(home)
    stages = {key: {tag for tag in wanted.values() if tag in truth[key]} for key in (mine, yours, alone)}
    assert stages == {mine: set(), yours: {wanted[late]}, alone: {wanted[middle]}}


def test_the_same_stage_with_two_members_is_well(home: Wecrm) -> None:
    create(home, "阶段", "一", "二")
    mark(home, "阶段/一", together(home))
    exclusive(home, "阶段")
    assert linted(home, "--only", "exclusive") == []
    exclusive(home, "阶段", on=False)
    mark(home, "阶段/二", together(home)[:1])
    exclusive(home, "阶段")
    found = linted(home, "--only", "exclusive")
    assert [(sorted(f["tags"]), f["detail"]) for f in found] == [
        (["阶段/一", "阶段/二"], scope) for scope in ("members", "relation")
    ]


def test_a_group_with_one_tag_is_found_and_nobody_loses_a_tag_unasked(home: Wecrm) -> None:
    create(home, "孤单", "唯一")
    (found,) = linted(home, "--only", "single-tag-group")
    assert found["fix"] == "wecrm tags delete '孤单/唯一'"
    mark(home, "孤单/唯一", facts.relations(home, 3))
    (found,) = linted(home, "--only", "single-tag-group")
    assert (found["tags"], found["customers"]) == (["孤单/唯一"], 3)
    assert found["fix"] == "wecrm tags merge '孤单/唯一' --into GROUP/TAG"
    create(home, "孤单", "第二个")
    assert linted(home, "--only", "single-tag-group") == []


def test_a_tag_of_one_member_is_found_when_it_has_enough_customers(home: Wecrm) -> None:
    create(home, "客户等级", "小王的")
    userid = home.sql("SELECT userid FROM relation GROUP BY userid HAVING count(*) > 12 LIMIT 1")[0][0]
    keys = home.sql("SELECT userid, external_userid FROM relation WHERE userid = ? LIMIT 10", userid)
    mark(home, "小王的", keys[:9])
    assert linted(home, "--only", "single-member") == []
    mark(home, "小王的", keys)
    (found,) = linted(home, "--only", "single-member")
    assert (found["tags"], found["customers"], found["members"]) == (["客户等级/小王的"], 10, 1)
    assert found["detail"] == userid
    assert home(*shlex.split(found["fix"])[1:], "--yes").code == 7, "no remedy lifts a limit"
    other = home.sql("SELECT userid, external_userid FROM relation WHERE userid <> ? LIMIT 1", userid)
    mark(home, "小王的", other)
    assert linted(home, "--only", "single-member") == []


HOSTILE = ["-rf", "$(reboot)", "it's", '"quoted"', "`id`", "a;b&&c|d", "esc\x1b[31m", "line\nbreak", " ", "a/b", "!!"]


def test_a_shell_and_wecrm_read_back_the_very_tag_whatever_it_is_called(home: Wecrm) -> None:
    create(home, "'; rm -rf ~ #", *HOSTILE)
    create(home, "-x", "y", "z")
    create(home, "a", "b/c")
    create(home, "a/b", "c")
    waiting = linted(home, "--only", "unused")
    assert len(waiting) == len(HOSTILE) + 4
    while waiting:
        first, *rest = waiting
        script = f"printf '%s\\0' {first['fix']}"
        shown = subprocess.run(["sh", "-c", script], capture_output=True, check=True, text=True).stdout
        words = shown.removesuffix("\0").split("\0")
        assert words[:3] == ["wecrm", "tags", "delete"]
        assert len(words) == 4
        assert words[3].isprintable()
        result = home(*words[1:], "--yes")
        assert result.code == 0, result.err
        waiting = linted(home, "--only", "unused")
        assert [found["tags"] for found in waiting] == [found["tags"] for found in rest]


def test_hostile_stages_are_mended_too(home: Wecrm) -> None:
    create(home, "阶\"段'", 'A "1"', "B $(2)")
    (key,) = facts.relations(home, 1)
    for name in ('A "1"', "B $(2)"):
        mark(home, name, [key])
    exclusive(home, "阶\"段'")
    (found,) = linted(home, "--only", "exclusive")
    mend(home, found["fix"])
    assert linted(home, "--only", "exclusive") == []


def test_only_the_named_kinds_are_looked_for(home: Wecrm) -> None:
    create(home, "孤单", "vip")
    assert {found["kind"] for found in linted(home)} == {"unused", "near-duplicate", "single-tag-group"}
    assert [found["kind"] for found in linted(home, "--only", "single-tag-group, unused")] == [
        "unused",
        "single-tag-group",
    ]
    result = home("tags", "lint", "--only", "unusd")
    assert result.code == 2
    assert "Did you mean unused?" in result.err


def test_findings_end_with_0_unless_the_exit_code_is_to_tell(home: Wecrm) -> None:
    create(home, "孤单", "vip")
    result = home("tags", "lint", "--limit", "0")
    assert result.code == 0
    assert "Found: 1 unused, 1 near-duplicate, 1 single-tag-group." in result.err
    result = home("tags", "lint", "--detailed-exitcode", "-q", "--limit", "0")
    assert result.code == 10
    assert result.err.startswith("exit 10 (changes): ")
    assert result.out == "kind,tags,customers,members,detail,fix\n"


def test_rows_go_where_and_how_they_are_asked(home: Wecrm) -> None:
    create(home, "孤单", "唯一")
    result = home("tags", "lint", "--columns", "fix,kind", "--only", "unused", "-f", "tsv")
    assert result.out.splitlines() == ["fix\tkind", "wecrm tags delete '孤单/唯一'\tunused"]
    assert home("tags", "lint", "-o", "lint.xlsx").code == 0
    assert Path("lint.xlsx").read_bytes()[:2] == b"PK"


def test_members_who_were_never_read_are_told(home: Wecrm) -> None:
    with Store.open(home.database).write() as db:
        db.execute("UPDATE member SET pass_at = NULL WHERE userid = (SELECT userid FROM relation LIMIT 1)")
    assert "never read" in home("tags", "lint").err
