"""Filling the cache through the front door."""

from tests.acceptance import facts
from tests.conftest import Wecrm
from tests.operations.handing import customers, pair
from wecrm.sandbox import control


def calls(home: Wecrm, path: str) -> int:
    with home.world() as world:
        return sum(1 for _call in control.calls(world, path=path))


def test_a_second_sync_changes_nothing_and_leaves_no_event(synced: Wecrm) -> None:
    events = synced.sql("SELECT count(*) FROM relation_event")
    result = synced("sync")
    assert result.code == 0
    assert "contacts: 2,000 read ·" in result.err
    assert synced.sql("SELECT count(*) FROM relation_event") == events


def test_a_quick_sync_finds_who_is_new_and_who_is_gone_without_a_full_pass(synced: Wecrm) -> None:
    home = synced
    userid = home.sql("SELECT userid FROM relation GROUP BY userid HAVING count(*) > 30 LIMIT 1")[0][0]
    gone = home.sql("SELECT userid, external_userid FROM relation WHERE userid = ? LIMIT 1", userid)[0]
    full = calls(home, "get_by_user")
    with home.world() as world:
        new = control.add_relation(world, userid)
        control.delete_relation(world, *gone)
    result = home("sync", "new")
    assert result.code == 0, result.err
    assert facts.cached(home) == facts.truth(home)
    assert (userid, new) in facts.cached(home)
    assert home.sql("SELECT status FROM relation WHERE userid = ? AND external_userid = ?", *gone) == [("lost",)]
    assert calls(home, "get_by_user") == full
    assert calls(home, "externalcontact/get") <= 2


def test_a_quick_sync_between_two_halves_of_a_full_one_loses_nobody(synced: Wecrm) -> None:
    home = synced
    assert home("sync", "contacts", "--max-runtime", "0.05").code == 12
    assert home("sync", "new").code == 0
    assert home("sync", "contacts").code == 0
    assert facts.cached(home) == facts.truth(home)


def test_every_change_of_a_relation_leaves_an_event(synced: Wecrm) -> None:
    home = synced
    userid, external, remark = home.sql("SELECT userid, external_userid, remark FROM relation LIMIT 1")[0]
    tag = facts.tag(home, "客户等级", "VIP")
    key = facts.relations(home, 1, lacking=tag)[0]
    with home.world() as world:
        control.set_remark(world, userid, external, "老客户 (new)")
        control.edit_tags(world, [key], add=[tag])
    assert home("sync", "contacts").code == 0
    history = "SELECT old, new FROM history WHERE userid = ? AND external_userid = ? AND field = ?"
    assert home.sql(history, userid, external, "remark") == [(remark or None, "老客户 (new)")]
    assert home.sql(history, *key, "tag")[-1] == (None, tag)


def test_under_cron_a_sync_says_one_line(synced: Wecrm) -> None:
    result = synced("sync", "--cron")
    assert result.code == 0
    assert result.out == ""
    assert result.err.count("\n") == 1
    assert "sync sandbox: members: 30 read" in result.err
    assert result.err.endswith("exit 0\n")
    assert synced("sync", "--cron", "-qq").err == ""


def test_a_run_with_holes_says_so_loses_nobody_and_the_next_one_fills_them(synced: Wecrm) -> None:
    home = synced
    one_at_a_time = "limits: {parallel: 1, parallel_max: 1}"
    (home.home / "config.yaml").write_text(f"profiles: {{sandbox: {{corp_id: wwsandbox00000001, {one_at_a_time}}}}}")
    with home.world() as world:
        control.add_fault(world, kind="-1", path="get_by_user", times=4)
    result = home("sync", "contacts")
    assert result.code == 3, result.err
    assert "was not read" in result.err
    assert home.sql("SELECT state FROM sync_run ORDER BY id DESC LIMIT 1") == [("holes",)]
    assert facts.cached(home) == facts.truth(home)
    assert home("sync", "contacts").code == 0


def test_a_failed_follow_user_list_is_not_an_empty_one(synced: Wecrm) -> None:
    home = synced
    with home.world() as world:
        control.add_fault(world, kind="garbage", path="get_follow_user_list", times=4)
    assert home("sync", "contacts").code == 5
    assert facts.cached(home) == facts.truth(home)
    assert home.sql("SELECT count(*) FROM member WHERE follows = 1")[0][0] > 0


def test_customers_whom_wecrm_itself_hands_over_raise_no_alarm(synced: Wecrm) -> None:
    home = synced
    former, taker = pair(home)
    known = customers(home, former, taker, 1000)
    rows = [(former, external, taker) for external in known[: len(known) * 2 // 3]]
    file = str(home.csv("all.csv", "userid,external_userid,takeover", rows))
    assert home("transfers", "apply", file, "--yes", "--max-removals", "100%").code == 0
    with home.world() as world:
        control.advance(world, 24 * 3600 + 300)
    moved = "SELECT status, count(*) FROM relation WHERE userid = ? AND status <> 'active' GROUP BY 1"
    before = home.sql(moved, former)
    quick = home("sync", "new")
    assert quick.code == 0, quick.err
    assert home.sql(moved, former) == before  # what became of them is for the poll to find out
    with home.world() as world:
        control.advance(world, 3600)
    assert home("transfers", "poll").code == 0
    assert ("transferred", len(rows)) in home.sql(moved, former)
    assert home("sync").code == 0
    assert facts.cached(home) == facts.truth(home)
