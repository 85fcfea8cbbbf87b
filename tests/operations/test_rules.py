"""Tagging by rules: what a file of rules plans, what it leaves alone, and that a customer has one stage."""

import json
import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.acceptance import facts
from tests.acceptance.facts import Key
from tests.conftest import Wecrm
from wecrm.api.topics import TOPICS
from wecrm.files import rules as files
from wecrm.operations.stages import Move, path
from wecrm.sandbox import control
from wecrm.store.conditions import Compiled

STAGES = ("线索", "意向", "报价", "成交")
ALL = "2000"


@pytest.fixture(scope="module")
def staged(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synced home with the exclusive group 阶段, which a push has just made."""
    folder = tmp_path_factory.mktemp("staged") / "home"
    shutil.copytree(filled, folder)
    home = Wecrm(folder)
    library = folder / "tags.yaml"
    assert home("tags", "pull", str(library)).code == 0
    with library.open("a", encoding="utf-8") as stream:
        stream.write("- group: 阶段\n  exclusive: true\n  tags:\n" + "".join(f"  - {name}\n" for name in STAGES))
    pushed = home("tags", "push", str(library), "--yes")
    assert pushed.code == 0, pushed.err
    return folder


@pytest.fixture
def home(staged: Path, tmp_path: Path) -> Wecrm:
    shutil.copytree(staged, tmp_path / "home")
    return Wecrm(tmp_path / "home")


def written(home: Wecrm, *rules: object, **limits: object) -> str:
    """A file with these rules."""
    file = home.home / "rules.yaml"
    file.write_text(yaml.safe_dump({"rules": list(rules), "limits": limits}, allow_unicode=True), "utf-8")
    return str(file)


def applied(home: Wecrm, *rules: object) -> None:
    """Apply these rules, whatever they take off."""
    rules_file = written(home, *rules, max_changes=2000, max_removals="100%")
    result = home("tags", "apply", "--rules", rules_file, "--yes")
    assert result.code == 0, result.err


def planned(home: Wecrm, rules: str) -> dict[Key, tuple[set[str], set[str]]]:
    """What a plan of the rules puts on and takes off, by relation."""
    plan = home.home / "rules.plan"
    result = home("tags", "plan", "--rules", rules, "-o", str(plan))
    assert result.code == 0, result.err
    found = {}
    for change in map(json.loads, plan.read_text("utf-8").splitlines()[1:]):
        before, after = set(change["before"]["present"]), set(change["after"]["present"])
        found[change["key"]["userid"], change["key"]["external_userid"]] = after - before, before - after
    return found


def stage(home: Wecrm, name: str) -> str:
    return facts.tag(home, "阶段", name)


def stages(home: Wecrm, key: Key) -> set[str]:
    """Names of the stages that WeCom has on a relation."""
    names = {stage(home, name): name for name in STAGES}
    return {names[tag] for tag in facts.truth(home)[key] if tag in names}


def by_hand(home: Wecrm, key: Key, add: str, remove: str = "") -> None:
    """A member marks a customer in the client; the cache learns of it with the next sync."""
    with home.world() as world:
        control.edit_tags(world, [key], [stage(home, add)], [stage(home, remove)] if remove else [])


def synchronised(home: Wecrm) -> None:
    assert home("sync", "contacts", "-qq").code == 0


def followers(home: Wecrm) -> list[Key]:
    """The active relations of a customer whom two members follow, and who came by a channel with one of them only."""
    rows = home.sql(
        "SELECT external_userid FROM relation WHERE status = 'active' GROUP BY 1 "
        "HAVING count(*) = 2 AND count(state) = 1 ORDER BY 1 LIMIT 1"
    )
    return home.sql(
        "SELECT userid, external_userid FROM relation WHERE external_userid = ? ORDER BY state IS NULL", rows[0][0]
    )


def one(key: Key) -> str:
    """The condition that selects one relation."""
    return f"userid = '{key[0]}' and external_userid = '{key[1]}'"


def writes(home: Wecrm) -> int:
    with home.world() as world:
        return sum(call.path.endswith("mark_tag") for call in control.calls(world))


# -- who gets a tag


@pytest.mark.parametrize(
    ("condition", "sql"),
    [
        ({"channel": "ad-7"}, "r.state = 'ad-7'"),
        ({"channel": "抖音-*"}, "substr(r.state, 1, 3) = '抖音-'"),
        ({"channel": ["ad-?", "官网-咨询"]}, "r.state IN ('ad-7', 'ad-8', '官网-咨询')"),
        ({"add_way": 1}, "r.add_way = 1"),
        ({"add_way": "扫描二维码"}, "r.add_way = 1"),
        ({"add_way": ["Mobile Search", 16]}, "r.add_way IN (2, 16)"),
        ({"where": "company is not empty"}, "r.remark_corp_name <> ''"),
        ({"where": "tag has '客户等级/VIP'", "add_way": 1}, "r.add_way = 1 AND 'VIP' IN (SELECT name FROM carried)"),
        ({"where": "userid is not null"}, "1"),
    ],
    ids=str,
)
def test_exactly_the_relations_that_meet_the_conditions_and_lack_the_tag_are_planned(
    home: Wecrm, condition: dict[str, object], sql: str
) -> None:
    tag = facts.tag(home, "活动", "618")
    carried = (
        "WITH carried AS (SELECT t.name FROM relation_tag rt JOIN corp_tag t USING (tag_id) WHERE relation_id = r.id)"
    )
    expected = {
        tuple(row)
        for *row, meets, has in home.sql(
            f"SELECT userid, external_userid, ({carried} SELECT {sql}), "
            "EXISTS (SELECT 1 FROM relation_tag WHERE relation_id = r.id AND tag_id = ?) "
            "FROM relation r WHERE status = 'active'",
            tag,
        )
        if meets and not has
    }
    assert expected
    found = planned(home, written(home, {**condition, "tag": "活动/618"}))
    assert found == {key: ({tag}, set()) for key in expected}


@pytest.mark.parametrize("by", ["name", "chat_id", "glob"])
def test_members_of_a_customer_group_get_the_tag_on_all_their_relations(home: Wecrm, by: str) -> None:
    chat, name = home.sql("SELECT chat_id, name FROM group_chat WHERE name <> '' ORDER BY chat_id LIMIT 1")[0]
    people = {row[0] for row in home.sql("SELECT userid FROM group_member WHERE chat_id = ? AND type = 2", chat)}
    tag = facts.tag(home, "语言", "粤语")
    expected = {key for key, tags in facts.cached(home).items() if key[1] in people and tag not in tags}
    value = {"name": name, "chat_id": chat, "glob": f"?{name[1:]}*"}[by]
    assert expected
    assert set(planned(home, written(home, {"chat": value, "tag": "语言/粤语"}))) == expected


def test_a_group_that_was_dissolved_has_no_members_any_more(home: Wecrm) -> None:
    chat, name = home.sql("SELECT chat_id, name FROM group_chat WHERE name <> '' ORDER BY chat_id LIMIT 1")[0]
    rules = written(home, {"chat": name, "tag": "语言/粤语"})
    assert planned(home, rules)
    with home.world() as world, world.writing() as db:
        db.execute("DELETE FROM chat WHERE chat_id = ?", (chat,))
    assert home("sync", "groups", "-qq").code == 0
    assert planned(home, rules) == {}


def test_only_stars_and_question_marks_are_wild_in_a_channel(home: Wecrm) -> None:
    with home.world() as world:
        userid = facts.relations(home, 1)[0][0]
        meant, other = (control.add_relation(world, userid, state=state) for state in ("spring[2]x", "spring2x"))
    synchronised(home)
    assert set(planned(home, written(home, {"channel": "spring[2]*", "tag": "618"}))) == {(userid, meant)}
    assert set(planned(home, written(home, {"channel": "spring?x", "tag": "618"}))) == {(userid, other)}


def test_a_second_run_plans_and_sends_nothing(home: Wecrm) -> None:
    rules = written(
        home,
        {"channel": "ad-*", "tag": "活动/618"},
        {"add_way": 2, "tag": "来源渠道/官网"},
        {"channel": "ad-7", "stage": "阶段/线索"},
        {"where": "mobiles like '1%'", "stage": "阶段/报价", "from": "阶段/线索"},
    )
    first = home("tags", "apply", "--rules", rules, "--yes", "--max-changes", ALL)
    assert first.code == 0, first.err
    assert "rule 2: " in first.err
    sent, truth = writes(home), facts.truth(home)
    again = home("tags", "apply", "--rules", rules, "--yes")
    assert (again.code, again.out) == (0, "")
    assert "No changes" in again.err
    assert planned(home, rules) == {}
    synchronised(home)
    cron = home("--cron", "tags", "apply", "--rules", rules, "--yes")
    assert cron.code == 0
    assert cron.err.startswith("apply sandbox: no changes · ")
    assert len(cron.err.splitlines()) == 1
    assert (writes(home), facts.truth(home)) == (sent, truth)


def test_a_tag_is_never_taken_off_when_its_condition_is_no_longer_met(home: Wecrm) -> None:
    key = facts.relations(home, 1)[0]
    applied(home, {"where": one(key), "tag": "活动/618"})
    applied(home, {"where": f"not ({one(key)}) and userid = '{key[0]}'", "tag": "活动/618"})
    assert facts.tag(home, "活动", "618") in facts.truth(home)[key]


def test_undo_takes_back_what_the_rules_did(home: Wecrm) -> None:
    first, second = followers(home)
    by_hand(home, second, "线索")
    synchronised(home)
    before = facts.truth(home)
    applied(home, {"where": one(first), "stage": "阶段/报价"}, {"channel": "ad-7", "tag": "活动/618"})
    assert facts.truth(home) != before
    job = home.sql("SELECT id FROM job ORDER BY rowid DESC LIMIT 1")[0][0]
    undo = str(home.home / "undo.plan")
    assert home("undo", job, "-o", undo).code == 0
    assert home("apply", undo, "--yes", "--max-removals", "100%").code == 0
    assert facts.truth(home) == before


# -- stages


def test_moved_by_hand_and_by_rule_on_the_same_day_a_customer_ends_in_one_stage(home: Wecrm) -> None:
    first, second = followers(home)
    rule = {"where": one(first), "stage": "阶段/意向"}
    applied(home, rule)
    assert stages(home, first) == {"意向"}
    by_hand(home, second, "成交")
    synchronised(home)
    applied(home, rule)
    assert stages(home, first) == stages(home, second) == {"成交"}
    by_hand(home, first, "报价")
    synchronised(home)
    applied(home, rule)
    assert stages(home, first) == stages(home, second) == {"成交"}
    assert planned(home, written(home, rule)) == {}


@pytest.mark.parametrize("hand_first", [True, False])
def test_it_does_not_matter_whether_the_hand_or_the_rule_was_first(home: Wecrm, hand_first: bool) -> None:
    first, second = followers(home)
    rule = {"where": one(first), "stage": "阶段/报价"}
    if not hand_first:
        applied(home, rule)
    by_hand(home, second, "成交")
    synchronised(home)
    applied(home, rule)
    assert stages(home, first) == stages(home, second) == {"成交"}


def test_a_mark_made_by_hand_since_the_sync_is_a_conflict_and_never_a_second_stage(home: Wecrm) -> None:
    key = followers(home)[0]
    rules = written(home, {"where": one(key), "stage": "阶段/意向"})
    by_hand(home, key, "成交")
    result = home("tags", "apply", "--rules", rules, "--yes")
    assert result.code == 3, result.err
    assert facts.statuses(home) == {"conflict": 1}
    assert stages(home, key) == {"成交"}
    synchronised(home)
    assert home("tags", "apply", "--rules", rules, "--yes").code == 0
    assert stages(home, key) == {"成交"}


def test_a_rule_moves_forward_only_unless_from_says_otherwise(home: Wecrm) -> None:
    key = followers(home)[0]
    back = {"where": one(key), "stage": "阶段/线索"}
    by_hand(home, key, "报价")
    synchronised(home)
    assert planned(home, written(home, back)) == {}
    assert planned(home, written(home, {**back, "from": ["阶段/意向", "成交"]})) == {}
    assert planned(home, written(home, {**back, "from": "报价"})) == {
        key: ({stage(home, "线索")}, {stage(home, "报价")})
    }


def test_of_two_rules_the_furthest_stage_wins_and_explain_says_so(home: Wecrm) -> None:
    key = followers(home)[0]
    rules = written(
        home,
        {"where": one(key), "stage": "报价"},
        {"channel": "*", "stage": "线索"},
        {"channel": "nowhere", "tag": "618"},
    )
    assert planned(home, rules)[key] == ({stage(home, "报价")}, set())
    result = home("tags", "plan", "--rules", rules, "--explain", key[1])
    assert result.code == 0, result.err
    lines = [line.split(",") for line in result.lines if line.startswith(key[0])]
    assert [line[1:4] for line in lines] == [
        ["rule 1", "阶段/报价", "gets"],
        ["rule 2", "阶段/线索", "no"],
        ["rule 3", "活动/618", "no"],
    ]
    assert "ends in another stage: 阶段/报价" in lines[1][4]
    assert "the channel is" in lines[2][4]


def test_explain_tells_what_comes_off_and_writes_no_plan(home: Wecrm) -> None:
    first, second = followers(home)
    by_hand(home, first, "线索")
    by_hand(home, second, "成交")
    synchronised(home)
    rules = written(home, {"name": "新客", "where": one(first), "stage": "意向", "from": "线索"})
    before = {file.name for file in home.home.rglob("*")}
    result = home("tags", "plan", "--rules", rules, "--explain", first[1])
    assert {file.name for file in home.home.rglob("*")} == before
    assert [line.split(",")[:4] for line in result.lines[1:] if line.startswith(first[0])] == [
        [first[0], "rule 1 (新客)", "阶段/意向", "no"],
        [first[0], "", "阶段/成交", "gets"],
        [first[0], "", "阶段/线索", "loses"],
    ]
    assert [line.split(",")[2:4] for line in result.lines[1:] if line.startswith(second[0])] == [
        ["阶段/意向", "no"],
        ["阶段/成交", "has"],
    ]
    assert planned(home, rules) == {first: ({stage(home, "成交")}, {stage(home, "线索")})}
    unknown = home("tags", "plan", "--rules", rules, "--explain", first[1][:-1] + "x")
    assert unknown.code == 2
    assert first[1] in unknown.err


moves = st.lists(
    st.builds(
        lambda n, target, start: Move(n, target, start, Compiled("1", (), frozenset())),
        st.integers(1, 9),
        st.integers(0, 4),
        st.frozensets(st.integers(0, 4), max_size=3),
    ),
    max_size=5,
)


def move(target: int, *start: int) -> Move:
    return Move(1, target, frozenset(start), Compiled("1", (), frozenset()))


@pytest.mark.parametrize(
    ("place", "rules", "expected"),
    [
        (None, [], [None]),
        (2, [], [2]),
        (None, [move(1), move(3)], [None, 3]),
        (4, [move(1), move(3)], [4]),
        (None, [move(1, 0)], [None]),
        (3, [move(0, 3)], [3, 0]),
        (0, [move(1, 0), move(2, 1)], [0, 1, 2]),
        (3, [move(1, 3), move(2)], [3, 2]),
        (1, [move(3), move(2, 1), move(0, 2), move(4, 0)], [1, 3]),
        (0, [move(1, 0), move(2, 0)], [0, 2]),
        (0, [move(1, 0), move(0, 1)], [0, 1, 1]),
    ],
)
def test_where_rules_lead_from_a_place(place: int | None, rules: list[Move], expected: list[int | None]) -> None:
    assert path(place, rules) == expected


@given(st.none() | st.integers(0, 4), moves)
def test_a_customer_whom_the_rules_moved_is_not_moved_again(place: int | None, rules: list[Move]) -> None:
    end = path(place, rules)[-1]
    assert path(end, rules)[-1] == end
    forward = [move.target for move in rules if not move.start]
    if forward:
        assert end is not None
        assert end >= max(forward)
    if not any(move.start for move in rules):
        assert end == max([each for each in (place, *forward) if each is not None], default=None)


# -- limits and the other flags


def test_limits_of_the_file_hold_and_flags_beat_them(home: Wecrm) -> None:
    rule = {"channel": "ad-*", "tag": "活动/618"}
    few = written(home, rule, max_changes=3)
    refused = home("tags", "apply", "--rules", few, "--yes")
    assert refused.code == 7
    assert home("tags", "apply", "--rules", few, "--dry-run").code == 7
    assert writes(home) == 0
    allowed = home("tags", "apply", "--rules", few, "--yes", "--max-changes", "100")
    assert allowed.code == 0, allowed.err


def test_limits_of_the_file_lift_those_of_the_profile(home: Wecrm) -> None:
    (home.home / "config.yaml").write_text(
        "profiles: {sandbox: {corp_id: wwsandbox00000001, limits: {max_changes: 3}}}", encoding="utf-8"
    )
    rule = {"channel": "ad-*", "tag": "活动/618"}
    assert home("tags", "apply", "--rules", written(home, rule), "--yes").code == 7
    assert home("tags", "apply", "--rules", written(home, rule, max_changes=100), "--yes").code == 0


def test_a_move_that_takes_a_stage_from_too_many_needs_the_limit_of_the_file(home: Wecrm) -> None:
    keys = facts.relations(home, 20)
    names = ", ".join(f"'{external}'" for _userid, external in keys)
    applied(home, {"where": f"external_userid in ({names})", "stage": "线索"})
    on = {"where": f"external_userid in ({names})", "stage": "意向"}
    assert home("tags", "apply", "--rules", written(home, on), "--yes").code == 7
    result = home("tags", "apply", "--rules", written(home, on, max_removals="100%"), "--yes")
    assert result.code == 0, result.err
    assert "Stage moves" in result.err


@pytest.mark.parametrize(("allowed", "stopped"), [(1, True), ("50%", False)])
def test_the_file_says_how_many_failures_stop_the_job(home: Wecrm, allowed: object, stopped: bool) -> None:
    rules = written(home, {"channel": "ad-*", "tag": "活动/618"}, max_failures=allowed)
    with home.world() as world:
        for key in list(planned(home, rules))[:4]:
            control.delete_relation(world, *key)
    result = home("tags", "apply", "--rules", rules, "--yes")
    assert result.code == 3
    assert ("the job was stopped" in result.err) is stopped
    assert facts.statuses(home)["failed"] in (range(2, 5) if stopped else (4,))


def test_a_dry_run_of_rules_sends_nothing(home: Wecrm) -> None:
    rules = written(home, {"channel": "ad-*", "tag": "活动/618"})
    before = facts.truth(home)
    result = home("tags", "apply", "--rules", rules, "--yes", "--dry-run")
    assert result.code == 0, result.err
    assert "Dry run" in result.err
    assert (writes(home), facts.truth(home)) == (0, before)


@pytest.mark.parametrize(
    "words",
    [
        ("plan", "vip.csv", "-o", "x.plan"),
        ("plan", "--add", "VIP", "-o", "x.plan"),
        ("plan", "--remove", "VIP", "-o", "x.plan"),
        ("plan", "--where", "add_way = 1", "-o", "x.plan"),
        ("plan", "--explain", "wm1", "-o", "x.plan"),
        ("plan",),
        ("apply", "--create-tags"),
        ("apply", "--followers", "all"),
    ],
    ids=" ".join,
)
def test_rules_stand_alone(home: Wecrm, words: tuple[str, ...]) -> None:
    rules = written(home, {"channel": "ad-*", "tag": "活动/618"})
    result = home("tags", words[0], "--rules", rules, *words[1:])
    assert result.code == 2
    assert writes(home) == 0


def test_the_age_of_the_cache_is_said(home: Wecrm) -> None:
    rules = written(home, {"channel": "ad-*", "tag": "活动/618"})
    with home.world() as world:
        control.advance(world, 5 * 3600)
    assert "From the cache of 5 h ago." in home("tags", "plan", "--rules", rules, "-o", str(home.home / "x")).err


def test_an_empty_cache_is_refused(wecrm: Wecrm) -> None:
    result = wecrm("tags", "apply", "--rules", written(wecrm, {"channel": "*", "tag": "活动/618"}), "--yes")
    assert result.code == 2
    assert "wecrm sync contacts" in result.err


# -- what is refused in a file


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("# nothing yet\n", "is empty"),
        ("rules: []", "no rule"),
        ("rules: [", "not valid YAML"),
        ("rules: &a [{channel: x, tag: y}]\nlimits: *a", "anchors"),
        ("rules: " + "[" * 5000, "nested deeper"),
        ("rules: [{channel: x, channel: y, tag: 618}]", "channel twice"),
        ("rule: [{channel: x, tag: y}]", "Did you mean rules?"),
        ("rules: [{channel: x, tag: y}, {chanel: x, tag: y}]", "rule 2: There is no field chanel here."),
        ("rules: [{channel: x, tags: y}]", "Did you mean tag?"),
        ("rules: [{channel: 618, tag: y}]", "rule 1, channel"),
        ("rules: [{channel: , tag: y}]", "rule 1, channel"),
        ("rules: [{channel: [], tag: y}]", "rule 1, channel"),
        ("rules: [{tag: y}]", "for whom"),
        ("rules: [{channel: x}]", "`tag` or a `stage`"),
        ("rules: [{channel: x, tag: y, stage: z}]", "`tag` or a `stage`"),
        ("rules: [{channel: x, tag: y, from: z}]", "`from` belongs to a `stage`"),
        ("rules: [{channel: x, tag: y}]\nlimits: {max_removals: 0.6}", "limits, max_removals"),
        ("rules: [{channel: x, tag: y}]\nlimits: {max_change: 6}", "Did you mean max_changes?"),
        ("rules: [{channel: x, tag: 来源渠道/抖因}]", "Did you mean 来源渠道/抖音?"),
        ("rules: [{channel: x, tag: 重点}]", "several tags have this name"),
        ("rules: [{channel: x, tag: 阶段/报价}]", "exclusive: write `stage`"),
        ("rules: [{channel: x, stage: Stage/Won}]", "not exclusive"),
        ("rules: [{channel: x, stage: 报价, from: VIP}]", "rule 1, from"),
        ("rules: [{add_way: 扫码, tag: '618'}]", "rule 1, add_way"),
        ("rules: [{chat: 福利裙1, tag: '618'}]", "There is no customer group"),
        ("rules: [{where: chanel = 'x', tag: '618'}]", "Did you mean channel?"),
        ("rules: [{where: \"name = '\", tag: '618'}]", "^"),
    ],
)
def test_a_wrong_file_is_refused_with_the_rule_and_the_field(home: Wecrm, text: str, told: str) -> None:
    file = home.home / "bad.yaml"
    file.write_text(text, "utf-8")
    result = home("tags", "apply", "--rules", str(file), "--yes")
    assert result.code == 2, result.err
    assert told in result.err
    assert writes(home) == 0


def test_all_wrong_names_are_told_at_once(home: Wecrm) -> None:
    rules = written(home, {"channel": "a", "tag": "x1"}, {"chat": "x2", "tag": "618"}, {"add_way": "x3", "tag": "618"})
    result = home("tags", "plan", "--rules", rules, "-o", str(home.home / "x.plan"))
    assert result.code == 2
    assert all(f"rule {n}, " in result.err for n in (1, 2, 3))
    assert not (home.home / "x.plan").exists()


def test_the_example_in_explain_is_a_file_of_rules(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text("\n".join(line[2:] for line in TOPICS["rules"].body.splitlines() if line.startswith("  ")), "utf-8")
    found, _digest = files.read(file)
    assert len(found.rules) == 3
    assert found.limits.max_changes == 2000
