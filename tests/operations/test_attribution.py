"""Tags by channel: whom the live codes brought, and that a second run plans nothing; `livecodes stats`."""

import csv
import json
import shutil
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from tests.acceptance import facts
from tests.acceptance.facts import Key
from tests.conftest import Result, Wecrm
from wecrm.sandbox import control
from wecrm.sandbox.state import livecodes

BEIJING = ZoneInfo("Asia/Shanghai")
DAY_S = 24 * 3600
GROUP, TAG, OTHER = "活动", "618", "双11"


@pytest.fixture(scope="module")
def described(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synced home with codes of every kind that have tags, and customers whom they brought."""
    folder = tmp_path_factory.mktemp("described") / "home"
    shutil.copytree(filled, folder)
    home = Wecrm(folder)
    people = [userid for (userid,) in home.sql("SELECT userid FROM member WHERE follows AND status = 1 ORDER BY 1")]
    chat = home.sql("SELECT chat_id FROM group_chat WHERE gone_at IS NULL ORDER BY 1")[0][0]
    push(
        home,
        {"name": "poster", "channel": "shared", "members": people[:2], "cap": 20, "tags": [f"{GROUP}/{TAG}"]},
        {"name": "web", "kind": "link", "channel": "shared", "members": people[2:4], "tags": [f"{GROUP}/{OTHER}"]},
        {"name": "news", "kind": "link", "members": people[4:6], "tags": [f"{GROUP}/{TAG}"]},
        {"name": "club", "kind": "group", "channel": "club", "groups": [chat], "tags": [f"{GROUP}/{OTHER}"]},
        {"name": "bare", "channel": "bare", "members": people[:1]},
    )
    with home.world() as world:
        control.scan(world, "bare", 5, known=0.5)
        control.scan(world, code_id(home, "poster"), 11, over_s=3600, known=0.3)
        control.scan(world, code_id(home, "web"), 7, channel="shared", known=0.3)
        control.scan(world, code_id(home, "web"), 3, known=0.3)
        control.scan(world, code_id(home, "news"), 2, known=0.3)
        control.scan(world, code_id(home, "news"), 2, channel="shared", known=0.3)
        control.scan(world, "club", 30, known=1)
    synced = home("sync", "contacts", "groups", "livecodes", "-qq")
    assert synced.code == 0, synced.err
    return folder


@pytest.fixture
def home(described: Path, tmp_path: Path) -> Wecrm:
    shutil.copytree(described, tmp_path / "home")
    return Wecrm(tmp_path / "home")


def push(home: Wecrm, *codes: Mapping[str, object]) -> None:
    path = home.home / "codes.yaml"
    path.write_text(yaml.safe_dump({"codes": list(codes)}, allow_unicode=True), "utf-8")
    result = home("livecodes", "push", str(path), "--yes")
    assert result.code == 0, result.err


def code_id(home: Wecrm, name: str) -> str:
    return home.sql("SELECT code_id FROM live_code WHERE name = ?", name)[0][0]


def came(home: Wecrm, name: str) -> set[Key]:
    """Whom a contact way or a link brought, as the sandbox has it."""
    with home.world() as world:
        return {(one.userid, one.external_userid) for one in control.came(world, code_id(home, name))}


def joined(home: Wecrm, channel: str) -> set[Key]:
    """All relations of the people who joined a group through a channel."""
    rows = home.sql(
        "SELECT r.userid, r.external_userid FROM relation r WHERE r.status = 'active' AND r.external_userid IN "
        "(SELECT userid FROM group_member WHERE state = ? AND type = 2)",
        channel,
    )
    return set(rows)


def planned(home: Wecrm, *words: str) -> dict[Key, set[str]]:
    """Which tags, by name, a plan puts on which relations."""
    plan = home.home / "the.plan"
    result = home("tags", "plan", *(words or ("--channels",)), "-o", str(plan))
    assert result.code == 0, result.err
    names = dict(home.sql("SELECT tag_id, name FROM corp_tag"))
    found = {}
    for change in map(json.loads, plan.read_text("utf-8").splitlines()[1:]):
        new = set(change["after"]["present"]) - set(change["before"]["present"])
        found[change["key"]["userid"], change["key"]["external_userid"]] = {names[tag] for tag in new}
    return found


def marks(home: Wecrm) -> int:
    with home.world() as world:
        return sum(call.path.endswith("mark_tag") for call in control.calls(world))


def shown(result: Result) -> list[dict[str, object]]:
    assert result.code == 0, result.err
    return json.loads(result.out)


# -- tags by channel


def test_exactly_those_whom_a_code_brought_get_its_tags(home: Wecrm) -> None:
    wanted = {name: came(home, name) for name in ("poster", "web", "news")} | {"club": joined(home, "club")}
    assert all(wanted.values())
    tags = {"poster": {TAG}, "web": {OTHER}, "news": {TAG}, "club": {OTHER}}
    expected: dict[Key, set[str]] = {}
    for name, keys in wanted.items():
        for key in keys:
            expected.setdefault(key, set()).update(tags[name])
    ids = {tag: facts.tag(home, GROUP, tag) for tag in (TAG, OTHER)}
    truth = facts.truth(home)
    lacking = {key: {tag for tag in names if ids[tag] not in truth[key]} for key, names in expected.items()}
    assert planned(home) == {key: names for key, names in lacking.items() if names}


def test_a_second_run_plans_and_sends_nothing(home: Wecrm) -> None:
    first = home("tags", "apply", "--channels", "--yes")
    assert first.code == 0, first.err
    sent = marks(home)
    assert sent
    assert planned(home) == {}
    again = home("tags", "apply", "--channels", "--yes")
    assert again.code == 0, again.err
    assert marks(home) == sent
    assert home("sync", "contacts", "-qq").code == 0
    assert planned(home) == {}


def test_a_dry_run_sends_nothing_and_undo_takes_the_tags_off_again(home: Wecrm) -> None:
    before = facts.truth(home)
    assert home("tags", "apply", "--channels", "--dry-run").code == 0
    assert marks(home) == 0
    assert home("tags", "apply", "--channels", "--yes").code == 0
    assert facts.truth(home) != before
    job = home.sql("SELECT id FROM job ORDER BY created_at DESC LIMIT 1")[0][0]
    undo = str(home.home / "undo.plan")
    assert home("undo", job, "-o", undo).code == 0
    assert home("apply", undo, "--yes", "--max-removals", "100%").code == 0
    assert facts.truth(home) == before


def test_a_links_customers_are_told_by_their_channel_until_its_list_was_read(home: Wecrm) -> None:
    late = code_id(home, "web")
    with home.world() as world:
        control.scan(world, late, 4, channel="shared", known=0)
    assert home("sync", "new", "-qq").code == 0
    fresh = came(home, "web") - set(home.sql("SELECT userid, external_userid FROM link_customer"))
    assert len(fresh) == 4
    plan = planned(home)
    assert all(plan[key] == {OTHER} for key in fresh)


def test_a_tag_of_an_exclusive_group_is_a_stage_for_those_who_have_none(home: Wecrm) -> None:
    library = home.home / "tags.yaml"
    assert home("tags", "pull", str(library)).code == 0
    with library.open("a", encoding="utf-8") as stream:
        stream.write("- group: 阶段\n  exclusive: true\n  tags:\n  - 线索\n  - 成交\n")
    assert home("tags", "push", str(library), "--yes").code == 0
    ids = {name: facts.tag(home, "阶段", name) for name in ("线索", "成交")}
    keys = sorted(came(home, "poster"))
    with home.world() as world:
        control.edit_tags(world, keys[:1], [ids["成交"]])
    codes = home.home / "codes.yaml"
    codes.write_text(codes.read_text("utf-8").replace(f"{GROUP}/{TAG}\n", "阶段/线索\n"), "utf-8")
    assert home("livecodes", "push", str(codes), "--yes").code == 0
    assert home("sync", "contacts", "-qq").code == 0
    plan = planned(home)
    assert "线索" not in plan.get(keys[0], set())
    assert all("线索" in plan[key] for key in keys[1:])


def test_whom_a_code_without_a_channel_brings_nobody_can_tell(home: Wecrm) -> None:
    people = [userid for (userid,) in home.sql("SELECT userid FROM member WHERE follows AND status = 1 ORDER BY 1")]
    push(home, {"name": "blind", "members": people[:1], "tags": [f"{GROUP}/{TAG}"]})
    result = home("tags", "plan", "--channels", "-o", str(home.home / "a.plan"))
    assert result.code == 0
    assert "without a channel nobody can tell whom they bring: blind" in result.err
    rules = home.home / "rules.yaml"
    rules.write_text(yaml.safe_dump({"rules": [{"code": "blind", "tag": f"{GROUP}/{TAG}"}]}, allow_unicode=True))
    refused = home("tags", "plan", "--rules", str(rules), "-o", str(home.home / "b.plan"))
    assert refused.code == 2
    assert "rule 1, code" in refused.err


def test_a_tag_that_was_deleted_since_is_told_with_its_code(home: Wecrm) -> None:
    assert home("tags", "create", "来源", "临时", "--yes").code == 0
    codes = home.home / "codes.yaml"
    codes.write_text(codes.read_text("utf-8").replace(f"{GROUP}/{OTHER}\n", "来源/临时\n"), "utf-8")
    assert home("livecodes", "push", str(codes), "--yes").code == 0
    assert home("tags", "delete", "来源/临时", "--yes", "--max-removals", "100%").code == 0
    result = home("tags", "plan", "--channels", "-o", str(home.home / "a.plan"))
    assert result.code == 2
    assert all(f"{name}, tag: 来源/临时" in result.err for name in ("web", "club"))


def test_codes_without_tags_say_how_to_give_them_some(synced: Wecrm) -> None:
    result = synced("tags", "plan", "--channels", "-o", str(synced.home / "a.plan"))
    assert result.code == 2
    assert "wecrm livecodes push" in result.err


@pytest.mark.parametrize("words", [("--add", "VIP"), ("--rules", "rules.yaml"), ("--where", "type = 1")], ids=" ".join)
def test_channels_stand_alone(home: Wecrm, words: tuple[str, ...]) -> None:
    for verb in ("plan", "apply"):
        result = home("tags", verb, "--channels", *words)
        assert result.code == 2
        assert f"--channels can't be combined with {words[0]}" in result.err


def test_explain_tells_what_the_codes_give_a_customer(home: Wecrm) -> None:
    key = min(came(home, "poster"))
    rows = csv.DictReader(home("tags", "plan", "--channels", "--explain", key[1]).lines)
    mine = {row["rule"]: row["outcome"] for row in rows if row["userid"] == key[0] and row["tag"] == f"{GROUP}/{TAG}"}
    assert mine["poster"] == "gets"
    assert mine["news"] == "no"


# -- `code` in a file of rules


@pytest.mark.parametrize(
    ("code", "names"),
    [("poster", ("poster",)), (["web", "news"], ("web", "news")), ("*s*", ("news", "poster"))],
    ids=str,
)
def test_a_rule_names_codes(home: Wecrm, code: object, names: tuple[str, ...]) -> None:
    rules = home.home / "rules.yaml"
    rules.write_text(yaml.safe_dump({"rules": [{"code": code, "tag": "客户等级/黑名单"}]}, allow_unicode=True), "utf-8")
    has = {key for key, tags in facts.truth(home).items() if facts.tag(home, "客户等级", "黑名单") in tags}
    expected = set().union(*(came(home, name) for name in names)) - has
    assert set(planned(home, "--rules", str(rules))) == expected


def test_a_rule_with_an_unknown_code_says_the_nearest(home: Wecrm) -> None:
    rules = home.home / "rules.yaml"
    rules.write_text(yaml.safe_dump({"rules": [{"code": "postr", "tag": f"{GROUP}/{TAG}"}]}, allow_unicode=True))
    result = home("tags", "plan", "--rules", str(rules), "-o", str(home.home / "a.plan"))
    assert result.code == 2
    assert "rule 1, code" in result.err
    assert "poster" in result.err


# -- first touch, where the syncs of test_channel_figures.py do not reach


def test_an_earlier_beginning_that_is_learnt_later_moves_the_first_touch(synced: Wecrm) -> None:
    home = synced
    first, second = home.sql("SELECT userid FROM member WHERE follows AND status = 1 ORDER BY 1 LIMIT 2")
    with home.world() as world:
        control.set_customer_contact(world, first[0], False)
        external = control.add_relation(world, first[0], state="early")
        control.advance(world, DAY_S)
        control.add_relation(world, second[0], external, state="late", add_way=2)
    home("sync", "contacts", "--max-removals", "100%", "-qq")
    touch = "SELECT userid, channel, add_way FROM first_touch WHERE external_userid = ?"
    assert home.sql(touch, external) == [(second[0], "late", 2)]
    with home.world() as world:
        control.set_customer_contact(world, first[0], True)
    home("sync", "contacts", "--max-removals", "100%", "-qq")
    assert home.sql(touch, external) == [(first[0], "early", 1)]


def test_the_first_touch_is_shown_listed_and_exported(synced: Wecrm) -> None:
    home = synced
    one, other = (userid for (userid,) in home.sql("SELECT userid FROM member WHERE follows ORDER BY 1 LIMIT 2"))
    with home.world() as world:
        external = control.add_relation(world, one, state="early")
    assert home("sync", "new", "-qq").code == 0
    with home.world() as world:
        control.advance(world, DAY_S)
        control.add_relation(world, other, external, add_way=202)
        control.delete_relation(world, one, external)
    assert home("sync", "contacts", "-qq").code == 0
    row = shown(home("contacts", "show", external, "--part", "customer", "-f", "json"))[0]
    assert (row["first_userid"], row["first_channel"], row["first_add_way"]) == (one, "early", "QR code")
    exported = json.loads(home("contacts", "export", external).out)["customer"][0]
    assert exported["first_touch_at"] == row["first_touch_at"]
    listed = shown(
        home("contacts", "list", "--where", "first_channel = 'early'", "--columns", "userid,first_userid", "-f", "json")
    )
    assert {row["userid"]: row["first_userid"] for row in listed} == {one: one, other: one}


def test_who_comes_back_without_a_channel_does_not_come_by_the_old_one(synced: Wecrm) -> None:
    home = synced
    userid, external = home.sql("SELECT userid, external_userid FROM relation WHERE state <> '' ORDER BY 1, 2 LIMIT 1")[
        0
    ]
    with home.world() as world:
        control.delete_relation(world, userid, external)
        control.add_relation(world, userid, external, add_way=2)
    assert home("sync", "contacts", "-qq").code == 0
    found = home.sql("SELECT state FROM relation WHERE userid = ? AND external_userid = ?", userid, external)
    assert found == [(None,)]


# -- livecodes stats


def test_stats_count_whom_each_code_brought(home: Wecrm) -> None:
    with home.world() as world:
        control.advance(world, 3 * DAY_S)
        control.scan(world, code_id(home, "poster"), 4, known=0)
        gone = control.scan(world, code_id(home, "web"), 2, known=0)
        assert gone.added == 2
    assert home("sync", "new", "livecodes", "-qq").code == 0
    key = min(came(home, "web"))
    with home.world() as world:
        control.delete_relation(world, *key)
    assert home("sync", "contacts", "-qq").code == 0
    rows = {row["name"]: row for row in shown(home("livecodes", "stats", "-f", "json"))}
    figures = {name: tuple(row[field] for field in ("today", "days_7", "added", "lost")) for name, row in rows.items()}
    assert figures["poster"] == (4, 15, 15, 0)
    assert figures["web"] == (2, 12, 12, 1)
    assert figures["news"] == (0, 4, 4, 0)
    assert figures["bare"] == (0, 5, 5, 0)
    assert rows["web"]["kept"] == round(100 * 11 / 12, 1)
    assert (rows["poster"]["cap"], rows["poster"]["cap_use"]) == (40, 10.0)
    people = len(home.sql("SELECT DISTINCT userid FROM group_member WHERE state = 'club' AND type = 2"))
    assert figures["club"] == (0, people, people, None)
    assert [row["name"] for row in shown(home("livecodes", "stats", "web", "poster", "-f", "json"))] == [
        "web",
        "poster",
    ]


def clicks(home: Wecrm, name: str) -> dict[str, tuple[int, int]]:
    """Day → clicks and new customers of a link, as the cache has them, days without any left out."""
    rows = home.sql("SELECT day, clicks, added FROM link_day WHERE link_id = ?", code_id(home, name))
    return {day: (n, added) for day, n, added in rows if n}


def asked(home: Wecrm) -> int:
    with home.world() as world:
        return sum(call.path.endswith("/statistic") for call in control.calls(world))


def test_days_of_links_are_what_wecom_counted_and_final_days_are_asked_for_once(home: Wecrm) -> None:
    expected: Counter[str] = Counter()
    with home.world() as world:
        expected[f"{datetime.fromtimestamp(control.now(world), BEIJING):%F}"] += 4  # the four of `described`
        for n in range(3):
            control.advance(world, DAY_S)
            control.scan(world, code_id(home, "news"), n + 1, known=0)
            expected[f"{datetime.fromtimestamp(control.now(world), BEIJING):%F}"] += n + 1
        today = datetime.fromtimestamp(control.now(world), BEIJING).date()
    over = {day: (n, n) for day, n in expected.items() if day < str(today)}
    assert home("sync", "livecodes", "-qq").code == 0
    assert clicks(home, "news") == over
    before = asked(home)
    rows = shown(home("livecodes", "stats", "news", "--fetch", "--part", "days", "-f", "json"))
    assert {row["day"]: row["clicks"] for row in rows if row["clicks"]} == expected
    with home.world() as world:
        control.advance(world, 2 * DAY_S)
        control.scan(world, code_id(home, "news"), 5, known=0)
        control.advance(world, DAY_S)
    assert home("sync", "livecodes", "-qq").code == 0
    assert clicks(home, "news") == over | {str(today): (3, 3), str(today + timedelta(days=2)): (5, 5)}
    known = asked(home)
    assert known > before
    assert home("sync", "livecodes", "-qq").code == 0
    assert asked(home) == known
    with home.world() as world:
        control.advance(world, DAY_S)
    assert home("sync", "livecodes", "-qq").code == 0
    links = home.sql("SELECT count(*) FROM live_code WHERE kind = 'link' AND gone_at IS NULL")[0][0]
    # The day that is over, and once more the one before, which has settled: of `news` together and then one by one.
    assert asked(home) - known == links + 2
    by_stats = "SELECT max(finished_at) FROM sync_run WHERE purpose = 'stats'"
    oldest = home.sql(f"SELECT min(day) FROM link_day WHERE read_at > ({by_stats})")[0][0]
    assert oldest >= str(today - timedelta(days=33))


def test_the_quota_is_told_with_what_expires_when(home: Wecrm) -> None:
    rows = shown(home("livecodes", "stats", "--part", "quota", "-f", "json"))
    brought = sum(len(came(home, name)) for name in ("web", "news"))
    seeded = home.sql(
        "SELECT count(*) FROM link_customer WHERE link_id NOT IN (?, ?)", code_id(home, "web"), code_id(home, "news")
    )
    assert rows[0]["used"] == brought + seeded[0][0]
    assert rows[0]["left"] == sum(int(str(row["left"])) for row in rows[1:])
    assert [row["expires_at"] for row in rows[1:]] == sorted(str(row["expires_at"]) for row in rows[1:])


def test_a_link_that_cannot_be_read_is_told_and_the_others_are_read(home: Wecrm) -> None:
    with home.world() as world:
        control.scan(world, code_id(home, "news"), 2, known=0)
        with world.writing():  # by another program with the same secret
            livecodes.delete(world, livecodes.find(world, livecodes.LINK, code_id(home, "web"), owner="contact"))
    result = home("livecodes", "stats", "--fetch", "--part", "days", "-f", "json")
    assert result.code == 3
    assert code_id(home, "web") in result.err
    assert sum(n for n, _added in clicks(home, "news").values()) == 6
