"""Planning transfers through the front door: who gets whom, what stays out and why, and with how few calls."""

import csv
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.test_safety import writes
from tests.conftest import Result, Wecrm
from wecrm.sandbox import control
from wecrm.sandbox.identity import CORP_ID
from wecrm.sandbox.world import World

GIVER, LARGE = "liu.yuxuan", "fu.jianhua"
TAKERS = ("carol.lin", "guo.na", "eric.cheng")
DAY_S = 24 * 3600


def planned(home: Wecrm, *words: str, code: int = 0) -> tuple[list[dict[str, Any]], Result]:
    """The changes of `wecrm transfers plan` with these words, and what it said."""
    path = home.home / "a.plan"
    result = home("transfers", "plan", *words, "-o", str(path))
    assert result.code == code, result.err
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()[1:]] if not code else [], result


def customers(home: Wecrm, userid: str) -> list[str]:
    rows = home.sql(
        "SELECT external_userid FROM relation WHERE userid = ? AND status = 'active' ORDER BY external_userid", userid
    )
    return [external for (external,) in rows]


def moved(changes: list[dict[str, Any]]) -> dict[str, str]:
    """external_userid → taker."""
    return {c["key"]["external_userid"]: c["key"]["takeover"] for c in changes if c["op"] == "transfer.customer"}


def refusals(home: Wecrm, *words: str) -> list[dict[str, str]]:
    """The rows of --refused."""
    path = home.home / "refused.csv"
    planned(home, *words, "--refused", str(path))
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def delete(home: Wecrm, userid: str) -> None:
    assert home("sandbox", "member", userid, "--delete").code == 0


def carry_out(home: Wecrm, *words: str) -> None:
    """Plan, apply, wait a day, and read back what came of it."""
    planned(home, *words)
    applied = home("apply", str(home.home / "a.plan"), "--yes", "--max-removals", "100%")
    assert applied.code == 0, applied.err
    with home.world() as world:
        control.advance(world, DAY_S + 3600)
    home("jobs", "resume", home.sql("SELECT id FROM job ORDER BY created_at DESC")[0][0])
    home("sync", "contacts", "--max-removals", "100%")


def test_all_customers_of_one_member_go_to_one_taker_and_nothing_is_written(synced: Wecrm) -> None:
    changes, result = planned(synced, "--from", GIVER, "--to", TAKERS[0], "--message", "您好")
    assert moved(changes) == dict.fromkeys(customers(synced, GIVER), TAKERS[0])
    assert {(c["key"]["kind"], c["key"]["message"], c["undo"]) for c in changes} == {("onjob", "您好", "compensable")}
    assert all(c["before"] == {"owner": GIVER} and c["after"] == {"owner": TAKERS[0]} for c in changes)
    own, theirs = len(customers(synced, GIVER)), len(customers(synced, TAKERS[0]))
    assert f"{TAKERS[0]}: {own} customers ({theirs} → {theirs + own}), 0 groups" in result.err
    assert writes(synced) == 0


def test_several_takers_share_by_load_and_the_same_again_for_the_same_seed(synced: Wecrm) -> None:
    words = ("--from", f"{GIVER},{LARGE}", "--to", ",".join(TAKERS))
    first = moved(planned(synced, *words)[0])
    assert first == moved(planned(synced, *words)[0])
    assert first != moved(planned(synced, *words, "--seed", "5")[0])
    after = [len(customers(synced, userid)) + Counter(first.values())[userid] for userid in TAKERS]
    assert max(after) - min(after) <= 3  # three customers have both members


def test_a_where_selects_customers_and_a_cap_keeps_the_rest_out(synced: Wecrm) -> None:
    vips = synced.sql("SELECT count(*) FROM contacts WHERE userid = ? AND instr(tags, '\"VIP\"')", GIVER)[0][0]
    words = ("--from", GIVER, "--to", "eric.cheng", "--where", "tags has 'VIP'")
    assert 5 < len(planned(synced, *words)[0]) == vips
    cap = len(customers(synced, "eric.cheng")) + 5
    path = synced.home / "refused.csv"
    changes, result = planned(synced, *words, "--cap", str(cap), "--refused", str(path))
    assert len(changes) == 5
    assert f"Left out, {vips - 5}: whoever may take it is at the cap" in result.err
    with path.open(encoding="utf-8-sig", newline="") as stream:
        left = list(csv.DictReader(stream))
    assert {(row["userid"], row["reason"]) for row in left} == {(GIVER, "full")}
    assert {row["external_userid"] for row in left}.isdisjoint(moved(changes))


def test_a_file_says_who_gets_whom_and_what_can_not_move_stays_out(synced: Wecrm) -> None:
    own, foreign = customers(synced, GIVER), customers(synced, LARGE)
    chat = synced.sql("SELECT chat_id FROM group_chat WHERE owner = ?", GIVER)[0][0]
    stranger = next(external for external in foreign if external not in own)
    others = "SELECT userid FROM member WHERE follows AND userid NOT IN (?, ?, ?, ?) ORDER BY userid"
    disabled = synced.sql(others, GIVER, LARGE, *TAKERS[:2])[0][0]
    assert synced("sandbox", "member", disabled, "--disable").code == 0
    assert synced("sync", "members").code == 0
    file = synced.csv(
        "reorg.csv",
        "员工,客户ID,群ID,接替人,说明",
        [
            (GIVER, own[0], "", "Carol Lin", "a"),
            ("刘宇轩", own[1], "", "guo.na", "b"),
            (GIVER, own[2], "", GIVER, "self"),
            (GIVER, own[3], "", disabled, "disabled"),
            (GIVER, stranger, "", "guo.na", "not_theirs"),
            (GIVER, "", chat, "guo.na", "c"),
            (LARGE, "", chat, "guo.na", "not_owner"),
        ],
    )
    changes, _result = planned(synced, str(file))
    assert moved(changes) == {own[0]: "carol.lin", own[1]: "guo.na"}
    assert [c["key"]["chat_id"] for c in changes if c["op"] == "transfer.group"] == [chat]
    assert [c["input"]["说明"] for c in changes] == ["a", "b", "c"]
    left = refusals(synced, str(file))
    assert {row["说明"]: row["reason"] for row in left} == {
        "self": "self",
        "disabled": "unusable",
        "not_theirs": "not_theirs",
        "not_owner": "not_owner",
    }
    assert next(row["why"] for row in left if row["说明"] == "disabled").startswith(
        f"{disabled} can't take anybody: disabled"
    )


def test_a_file_with_mistakes_is_refused_with_the_addresses_of_the_cells(synced: Wecrm) -> None:
    own = customers(synced, GIVER)
    file = synced.csv(
        "bad.csv",
        "员工,客户ID,接替人",
        [
            (GIVER, own[0], "carol.lin"),
            (GIVER, own[0], "guo.na"),
            ("liu.yuxan", own[1], "guo.na"),
            (GIVER, own[2], "gou.na"),
            (GIVER, "", "guo.na"),
            (GIVER, own[3], ""),
        ],
    )
    _changes, result = planned(synced, str(file), code=2)
    for complaint in (
        "B3: names the same as B2",
        "A4: no member is called liu.yuxan. Did you mean liu.yuxuan?",
        "C5: no member is called gou.na. Did you mean guo.na?",
        "B6: name a customer or a group",
        "C7: names nobody",
    ):
        assert complaint in result.err
    assert not (synced.home / "a.plan").exists()


def test_who_left_is_told_from_who_was_only_disabled(synced: Wecrm) -> None:
    assert synced("sandbox", "member", LARGE, "--disable").code == 0
    delete(synced, GIVER)
    changes, result = planned(synced, "--from", f"{GIVER},{LARGE}", "--to", "guo.na", "--message", "您好")
    kinds = {(c["key"]["handover"], c["key"]["kind"], c["undo"], c["key"].get("message", "")) for c in changes}
    assert kinds == {(GIVER, "resigned", "irreversible", ""), (LARGE, "onjob", "compensable", "您好")}
    assert sum(c["key"]["handover"] == GIVER for c in changes) == len(customers(synced, GIVER))
    assert "this can't be undone; who refuses is lost" in result.err


def test_somebody_who_left_before_the_first_sync_is_known_by_who_waits(wecrm: Wecrm) -> None:
    with wecrm.world() as world:
        waiting = {r.external_userid for r in control.truth(world) if r.userid == GIVER}
    delete(wecrm, GIVER)
    assert wecrm("sync").code == 0
    assert customers(wecrm, GIVER) == []
    changes, _result = planned(wecrm, "--from", GIVER, "--to", "guo.na,carol.lin")
    assert set(moved(changes)) == waiting != set()


def test_a_leaver_with_groups_alone_is_found_by_groups_without_an_owner(synced: Wecrm) -> None:
    owner = synced.sql(
        "SELECT owner FROM group_chat g JOIN relation r ON r.userid = g.owner GROUP BY owner ORDER BY count(*)"
    )[0][0]
    with synced.world() as world:
        for external in customers(synced, owner):
            control.delete_relation(world, owner, external)
    delete(synced, owner)
    assert synced("sync", "groups").code == 0  # members are not read again: nobody is known to be gone
    changes, _result = planned(synced, "--from", owner, "--to", "guo.na", "--only-groups")
    owned = synced.sql("SELECT chat_id FROM group_chat WHERE owner = ?", owner)
    assert {c["key"]["chat_id"] for c in changes} == {chat for (chat,) in owned}
    assert {(c["op"], c["key"]["kind"], c["after"]["owner"]) for c in changes} == {
        ("transfer.group", "resigned", "guo.na")
    }


def test_who_lost_customer_contact_still_works_here(synced: Wecrm) -> None:
    with synced.world() as world:
        control.set_customer_contact(world, GIVER, False)
    changes, _result = planned(synced, "--from", GIVER, "--to", "guo.na")
    assert {c["key"]["kind"] for c in changes} == {"onjob"}


def test_groups_stay_unless_asked_for_and_follow_most_of_their_customers(synced: Wecrm) -> None:
    assert all(c["op"] == "transfer.customer" for c in planned(synced, "--from", GIVER, "--to", "guo.na")[0])
    giver, chat = synced.sql(
        "SELECT g.owner, g.chat_id FROM group_chat g JOIN group_member gm ON gm.chat_id = g.chat_id "
        "JOIN relation r ON r.external_userid = gm.userid AND r.userid = g.owner GROUP BY 2 ORDER BY count(*) DESC"
    )[0]
    words = ("--from", giver, "--to", ",".join(TAKERS), "--strategy", "keep-together", "--groups")
    changes, result = planned(synced, *words)
    owner = next(c["key"]["takeover"] for c in changes if c["key"].get("chat_id") == chat)
    people = {
        userid for (userid,) in synced.sql("SELECT userid FROM group_member WHERE chat_id = ? AND type = 2", chat)
    }
    homes = {taker for external, taker in moved(changes).items() if external in people}
    assert homes == {owner}
    assert "Days for the groups: 1" in result.err


def test_rules_decide_by_tag_and_channel_and_the_first_that_is_met_counts(synced: Wecrm) -> None:
    rules = synced.home / "rules.yaml"
    rules.write_text(
        "rules:\n- {name: VIPs, tag: 客户等级/VIP, to: guo.na}\n"
        "- {channel: '*', where: channel is not empty, to: eric.cheng}\n",
        "utf-8",
    )
    words = ("--from", GIVER, "--rules", str(rules), "--groups")
    changes, _result = planned(synced, *words)
    expected = {
        external: "guo.na" if vip else "eric.cheng"
        for external, channel, vip in synced.sql(
            "SELECT external_userid, channel, instr(tags, '\"VIP\"') FROM contacts WHERE userid = ?", GIVER
        )
        if vip or channel
    }
    assert moved(changes) == expected
    assert set(expected.values()) == {"guo.na", "eric.cheng"}
    left = refusals(synced, *words)
    assert {row["reason"] for row in left} == {"rule"}
    rules.write_text(rules.read_text("utf-8") + "else: carol.lin\n", "utf-8")
    everybody = moved(planned(synced, *words)[0])
    assert everybody == {**dict.fromkeys(customers(synced, GIVER), "carol.lin"), **expected}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rules:\n- {tag: VPI, to: guo.na}\n", "rule 1, tag: VPI"),
        ("rules:\n- {channel: x, to: gou.na}\n", "Did you mean guo.na?"),
        ("rules:\n- {chanel: x, to: guo.na}\n", "Did you mean channel?"),
        ("rules:\n- {to: guo.na}\n", "it does not say for whom"),
    ],
)
def test_mistakes_in_a_rules_file_are_named_with_their_rule(synced: Wecrm, text: str, told: str) -> None:
    rules = synced.home / "rules.yaml"
    rules.write_text(text, "utf-8")
    assert told in planned(synced, "--from", GIVER, "--rules", str(rules), code=2)[1].err


def test_by_department_only_colleagues_take(synced: Wecrm) -> None:
    changes, _result = planned(synced, "--from", "guo.na", "--to", "eric.cheng,carol.lin", "--strategy", "department")
    assert set(moved(changes).values()) == {"eric.cheng"}  # both are in 广州门店, Carol is in 上海门店
    path = synced.home / "refused.csv"
    words = ("--from", "guo.na", "--to", "carol.lin", "--strategy", "department", "--refused", str(path))
    assert planned(synced, *words)[0] == []
    assert "no taker is in a department of guo.na" in path.read_text("utf-8-sig")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--from", GIVER), "Say who gets whom"),
        (("--from", GIVER, "--to", "carl.lin"), "Did you mean carol.lin?"),
        (("--from", GIVER, "--to", "guo.na", "--strategy", "foad"), "Did you mean load?"),
        (("--from", GIVER, "--to", "guo.na,carol.lin", "--strategy", "one"), "not for 2"),
        (("--from", GIVER, "--to", "guo.na", "--strategy", "cap"), "--cap"),
        (("--from", GIVER, "--to", "guo.na", "--strategy", "rules"), "--rules"),
        (("--from", GIVER, "--to", "guo.na", "--message", "x" * 201), "longer than 200"),
        (("--from", GIVER, "--to", "guo.na", "--where", "tagz = 1"), "tagz"),
    ],
)
def test_options_that_do_not_fit_are_refused(synced: Wecrm, words: tuple[str, ...], told: str) -> None:
    assert told in planned(synced, *words, code=2)[1].err


def test_a_taker_who_can_not_take_stops_the_plan(synced: Wecrm) -> None:
    delete(synced, "guo.na")
    assert synced("sync", "members").code == 0
    result = planned(synced, "--from", GIVER, "--to", "guo.na,carol.lin", code=2)[1]
    assert "guo.na can't take anybody: left the corp" in result.err


def test_without_a_cache_nothing_is_planned(wecrm: Wecrm) -> None:
    assert "wecrm sync contacts" in planned(wecrm, "--from", GIVER, "--to", "guo.na", code=2)[1].err


def test_who_is_on_the_way_or_moved_twice_stays_out(synced: Wecrm) -> None:
    first = customers(synced, GIVER)[0]
    where = ("--where", f"external_userid = '{first}'")
    planned(synced, "--from", GIVER, "--to", "guo.na", *where)
    assert synced("apply", str(synced.home / "a.plan"), "--yes").code == 0
    assert [row["reason"] for row in refusals(synced, "--from", GIVER, "--to", "eric.cheng", *where)] == ["moving"]
    with synced.world() as world:
        control.advance(world, DAY_S + 3600)
    assert synced("jobs", "resume", synced.sql("SELECT id FROM job")[0][0]).code == 0
    assert synced("sync", "contacts").code == 0
    _changes, told = planned(synced, "--from", "guo.na", "--to", "eric.cheng", *where)
    assert "Customers whose last move on the job in 90 days this is: 1." in told.err
    carry_out(synced, "--from", "guo.na", "--to", "eric.cheng", *where)
    words = ("--from", "eric.cheng", "--to", "carol.lin", *where)
    left = refusals(synced, *words)
    assert [(row["external_userid"], row["reason"]) for row in left] == [(first, "moved")]
    with synced.world() as world:
        control.advance(world, 91 * DAY_S)
    assert moved(planned(synced, *words)[0]) == {first: "carol.lin"}


def test_the_calls_that_a_plan_tells_are_those_that_it_makes(synced: Wecrm) -> None:
    delete(synced, LARGE)
    planned(synced, "--from", f"{GIVER},{LARGE}", "--to", ",".join(TAKERS))
    path = synced.home / "a.plan"
    told = json.loads(path.read_text("utf-8").splitlines()[0])["calls"]
    with synced.world() as world:
        before = max(call.id for call in control.calls(world))
    limits = ("--max-removals", "100%", "--max-changes", "1000", "--confirm", CORP_ID)
    applied = synced("apply", str(path), "--yes", *limits)
    assert applied.code == 0, applied.err
    with synced.world() as world:
        made = Counter(call.path for call in control.calls(world, after=before))
    assert made["/cgi-bin/externalcontact/get"] == told["/cgi-bin/externalcontact/get"] > 500
    assert 0 <= sum(told.values()) - made.total() <= 20


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Wecrm:
    """A synced corp in which few members have more than 10,000 customers."""
    home = tmp_path_factory.mktemp("many")
    (home / "data").mkdir()
    World.create(home / "data" / "sandbox.world", members=50, contacts=16_000, seed=3).close()
    found = Wecrm(home)
    assert found("sync").code == 0
    return found


def _givers(home: Wecrm) -> tuple[list[str], list[str]]:
    """Members who have 10,000 customers together, and those who may take them."""
    rows = home.sql(
        "SELECT m.userid, count(r.id) AS n FROM member m JOIN relation r ON r.userid = m.userid "
        "WHERE r.status = 'active' AND m.follows AND m.status = 1 GROUP BY m.userid ORDER BY n DESC"
    )
    givers: list[str] = []
    total = 0
    while total < 10_000:
        userid, n = rows.pop(0)
        givers.append(userid)
        total += n
    return givers, [userid for userid, _n in rows]


def test_ten_thousand_customers_are_planned_with_few_calls(many: Wecrm) -> None:
    givers, takers = _givers(many)
    delete(many, givers[0])
    with many.world() as world:
        before = max(call.id for call in control.calls(world))
    changes, _result = planned(many, "--from", ",".join(givers), "--to", ",".join(takers), "--groups")
    assert len(moved(changes)) > 8_000
    assert sum(c["op"] == "transfer.customer" for c in changes) >= 10_000
    with many.world() as world:
        made = Counter(call.path.rsplit("/", 1)[-1] for call in control.calls(world, after=before))
    assert made["get_unassigned_list"] > 2
    assert made.total() <= 105


MEASURED = """
import os, sys
from wecrm.cli.main import run
code = run(sys.argv[1:], environ=os.environ)
with open("/proc/self/status") as lines:
    print(*(line.split()[1] for line in lines if line.startswith("VmHWM")))
sys.exit(code)
"""
"""A command line that tells its peak memory in KB, the sandbox in it included."""


@pytest.mark.parametrize(
    "strategy", ["keep-together", *(pytest.param(one, marks=pytest.mark.long) for one in ("load", "round-robin"))]
)
def test_ten_thousand_customers_are_planned_in_less_than_150_mb(many: Wecrm, tmp_path: Path, strategy: str) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("memory is measured on Linux alone")
    givers, takers = _givers(many)
    words = ("transfers", "plan", "--from", ",".join(givers), "--to", ",".join(takers), "--strategy", strategy)
    plan = tmp_path / "a.plan"
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *words, "-o", str(plan)],
        env={**os.environ, "WECRM_HOME": str(many.home), "WECRM_PROFILE": "sandbox"},
        capture_output=True,
        check=True,
    )
    assert len(plan.read_bytes().splitlines()) > 8_000
    assert int(done.stdout) / 1024 < 150


def test_a_deletion_that_wecom_has_not_noticed_yet_is_told(synced: Wecrm) -> None:
    with synced.world() as world:
        control.set_switch(world, "leaving_takes_s", 60)
        control.delete_member(world, GIVER)
    assert synced("sync", "members").code in (0, 7)
    words = ("--from", GIVER, "--to", TAKERS[0])
    changes, result = planned(synced, *words)
    assert changes == []
    told = f"lists no customer of {GIVER} who waits, but the cache knows {len(customers(synced, GIVER)):,}"
    assert told in result.err
    with synced.world() as world:
        control.advance(world, 60)
    changes, result = planned(synced, *words)
    assert set(moved(changes)) <= set(customers(synced, GIVER))
    assert changes
    assert "lists no customer" not in result.err
