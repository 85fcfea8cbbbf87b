"""Filling the cache through the front door."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import facts
from tests.conftest import Wecrm
from tests.operations.handing import customers, pair
from wecrm.api.client import Client, Settings
from wecrm.errors import TerminatedRun
from wecrm.models.clock import Run
from wecrm.operations import offboardscan, sync, sync_contacts
from wecrm.operations.work import Work
from wecrm.sandbox import control
from wecrm.sandbox.app import wsgi
from wecrm.sandbox.clock import WorldClock
from wecrm.sandbox.identity import CORP_ID, SECRETS
from wecrm.store.database import Store


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


@pytest.mark.parametrize("purpose", ["contacts", "new"])
def test_an_app_that_sees_nobody_is_no_success_with_nothing_synced(wecrm: Wecrm, purpose: str) -> None:
    assert wecrm("sync", "members").code == 0
    with wecrm.world() as world:
        with world.writing() as db:
            db.execute("INSERT INTO department SELECT 99, 1, 1, '空', 'Empty', '[]'")
        control.set_visible_range(world, "contact", [99])
    result = wecrm("sync", purpose, "--cron", "-qq")
    assert result.code == 6, result.err
    assert "No member with customer contact is in the app's range" in result.err
    assert "可见范围" in result.err
    assert wecrm("status", purpose, "--max-age", "1h").code == 5


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


def empty_members(home: Wecrm, kept: int) -> None:
    """Only the last `kept` members in the follow-user list still have customers; a member without any answers 84061."""
    (home.home / "config.yaml").write_text(
        "profiles: {sandbox: {corp_id: wwsandbox00000001, limits: {parallel: 1, parallel_max: 1}}}"
    )
    chunks = home.sql("SELECT userids FROM sync_chunk WHERE run = (SELECT max(run) FROM sync_chunk) ORDER BY n")
    followers = [userid for (userids,) in chunks for userid in json.loads(userids)]
    with home.world() as world:
        control.set_switch(world, "batch_empty", 84061)
        for relation in list(control.truth(world)):
            if relation.userid not in followers[-kept:]:
                control.delete_relation(world, relation.userid, relation.external_userid)


def test_members_without_customers_are_no_error_when_wecom_says_84061(synced: Wecrm) -> None:
    empty_members(synced, 4)
    result = synced("sync", "contacts", "--max-removals", "100%")
    assert (result.code, "not read" in result.err) == (0, False), result.err
    assert facts.cached(synced) == facts.truth(synced)


def test_a_sync_stopped_in_the_middle_of_a_refused_chunk_reads_all_of_it_later(synced: Wecrm) -> None:
    empty_members(synced, 4)

    def signalled() -> TerminatedRun | None:
        return TerminatedRun("stop") if synced.sql(half_read) else None

    half_read = "SELECT 1 FROM member WHERE pass_run = (SELECT max(id) FROM sync_run)"
    assert synced("sync", "contacts", signalled=signalled).code == 143
    unread = "SELECT count(*) FROM member WHERE follows = 1 AND pass_run < (SELECT max(id) FROM sync_run)"
    assert synced.sql(unread) > [(0,)]
    assert synced("sync", "contacts", "--max-removals", "100%").code == 0
    assert synced.sql(unread) == [(0,)]
    assert facts.cached(synced) == facts.truth(synced)


@pytest.mark.parametrize(
    ("purpose", "emptying", "known"),
    [
        ("tags", "UPDATE tag SET deleted = 1", "SELECT count(*) FROM corp_tag WHERE deleted_at IS NULL"),
        ("groups", "DELETE FROM chat", "SELECT count(*) FROM group_chat WHERE gone_at IS NULL"),
    ],
)
def test_a_list_that_became_empty_ends_nothing_unless_that_is_asked_for(
    synced: Wecrm, purpose: str, emptying: str, known: str
) -> None:
    before = synced.sql(known)
    with synced.world() as world, world.writing() as db:
        db.execute(emptying)
        if purpose == "tags":
            db.execute("UPDATE tag_group SET deleted = 1")
        world.changed()
    result = synced("sync", purpose, "members")
    assert result.code == 7
    assert f"`wecrm sync {purpose} --max-removals 100%`" in result.err
    assert "members: " in result.err
    assert synced.sql(known) == before != [(0,)]
    assert synced("status").code == 0
    assert synced("sync", purpose, "--max-removals", "100%").code == 0
    if purpose == "tags":
        assert synced.sql(known) == [(0,)]


@contextmanager
def through(home: Wecrm, folder: Path, change: Callable[[str, dict[str, Any], dict[str, Any]], None]) -> Iterator[Work]:
    """What a sync works with, on the home's sandbox; `change(path, request, answer)` may edit answers to POST calls."""

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        body = environ["wsgi.input"].read()
        answer = b"".join(inner({**environ, "wsgi.input": io.BytesIO(body)}, lambda *_args: None))
        if body:
            told = json.loads(answer)
            change(environ["PATH_INFO"], json.loads(body), told)
            answer = json.dumps(told).encode()
        start_response("200 OK", [("Content-Type", "application/json")])
        return [answer]

    with home.world() as world, closing(Store.open(home.database)) as store:
        inner, run = wsgi(world), Run(WorldClock(world))
        client = Client(Settings(CORP_ID, {"contact": SECRETS["contact"]}, folder / "cache"), run, app)
        with closing(client):
            yield Work(client, store, run)


@pytest.mark.parametrize("errcode", [49008, 40050])
def test_a_group_that_was_dissolved_since_it_was_listed_is_gone_and_no_hole(
    synced: Wecrm, tmp_path: Path, errcode: int
) -> None:
    chat, owner = synced.sql("SELECT chat_id, owner FROM group_chat ORDER BY 1 LIMIT 1")[0]
    with synced.world() as world:
        control.delete_member(world, owner)  # whose groups are not gone for not being listed

    def change(path: str, request: dict[str, Any], answer: dict[str, Any]) -> None:
        if request.get("chat_id") == chat:
            answer.clear()
            answer.update(errcode=errcode, errmsg="no")

    with through(synced, tmp_path, change) as work:
        done = sync.groups(work)
    assert (done.exit, done.counts.failed, done.notes) == (0, 0, ())
    assert synced.sql("SELECT chat_id FROM group_chat WHERE gone_at IS NOT NULL") == [(chat,)]
    assert done.counts.seen > 0


def test_a_group_that_was_dissolved_since_it_was_listed_tells_of_no_leaver(synced: Wecrm, tmp_path: Path) -> None:
    chat, owner = synced.sql("SELECT chat_id, owner FROM group_chat ORDER BY 1 LIMIT 1")[0]
    with synced.world() as world:
        control.delete_member(world, owner)

    def change(path: str, request: dict[str, Any], answer: dict[str, Any]) -> None:
        if request.get("chat_id") == chat:
            answer.clear()
            answer.update(errcode=49008, errmsg="no")

    with through(synced, tmp_path, change) as work:
        at = datetime.fromtimestamp(work.now(), UTC)
        work.store.connection.execute("DELETE FROM group_chat WHERE chat_id = ?", (chat,))
        found, _notes = offboardscan.scan(work, at)
    assert owner in {one.userid for one in found}


def test_customers_of_a_member_without_licence_are_not_read_and_not_lost(synced: Wecrm, tmp_path: Path) -> None:
    userid = synced.sql("SELECT userid FROM relation GROUP BY 1 ORDER BY count(*) DESC, 1")[3][0]

    def change(path: str, request: dict[str, Any], answer: dict[str, Any]) -> None:
        if userid in request.get("userid_list", ()):
            listed = answer["external_contact_list"]
            answer["external_contact_list"] = [one for one in listed if one["follow_info"]["userid"] != userid]
            answer["fail_info"] = {"unlicensed_userid_list": [userid]}

    before = facts.cached(synced)
    with through(synced, tmp_path, change) as work:
        done = sync_contacts.contacts(work)
    assert (done.exit, done.counts.failed, done.counts.lost, done.counts.out_of_sight) == (3, 1, 0, 0)
    (note,) = done.notes
    assert note.startswith(f"{userid} was not read")
    assert "701008" in note
    assert facts.cached(synced) == before


def test_groups_of_an_owner_who_left_are_read_in_a_corp_too_large_for_one_list(synced: Wecrm) -> None:
    owner, many = synced.sql("SELECT owner, count(*) FROM group_chat GROUP BY 1 ORDER BY 2 DESC, 1")[0]
    others = synced.sql("SELECT DISTINCT owner FROM group_chat WHERE owner <> ? ORDER BY 1", owner)
    with synced.world() as world:
        control.set_limits(world, list_people=5)
        control.delete_member(world, owner)
    waiting = "SELECT owner, count(*) FROM group_chat WHERE status = 1 AND gone_at IS NULL GROUP BY 1"
    assert synced("sync", "groups").code == 0
    assert synced.sql(waiting) == [(owner, many)]
    with synced.world() as world:
        control.delete_member(world, others[0][0])
        control.set_switch(world, "outside_userid", 60111)
        control.set_visible_range(world, "contact", [2, 6, 13])
        control.set_limits(world, list_people=0)
    assert synced("sync", "groups").code == 0
