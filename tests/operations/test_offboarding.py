"""Offboarding: a case goes from start to closed by nothing but `offboard advance`, whatever happens on the way."""

from collections import Counter

import pytest

from tests.conftest import Wecrm
from tests.operations.closed import members_here, settled, usual_end
from tests.operations.handing import session
from tests.operations.leaving import CORP, FULL, Scene, Size, codes_naming, scene, unread_repeats
from tests.operations.readings import EACH, OTHERWISE, TOGETHER, Readings, read
from wecrm.sandbox import control


@pytest.mark.parametrize("size", [Size(), pytest.param(FULL, marks=pytest.mark.long)])
def test_a_leaver_goes_from_start_to_closed_by_nothing_but_advance(synced: Wecrm, size: Size) -> None:
    found = scene(synced, size)
    assert found.start("--strategy", "round-robin").code == 0
    result = found.run()
    assert result.code == 3  # some refused
    usual_end(found)
    assert synced.sql("SELECT count(*) FROM transfer WHERE status = 'full' AND takeover = ?", found.takers[0])[0][0] > 0
    assert set(found.step("customers-again")["read_back"]["rows"]) == {"verified"}
    assert found.steps()["archive"] == "skipped"


CALLS = (
    "get_follow_user_list",
    "user/get",
    "user/list_id",
    "batch/get_by_user",
    "externalcontact/list",
    "groupchat/list",
    "groupchat/get",
    "list_contact_way",
    "get_contact_way",
    "customer_acquisition/get",
    "update_contact_way",
    "update_link",
    "groupchat/onjob_transfer",
    "externalcontact/transfer_customer",
    "externalcontact/transfer_result",
    "externalcontact/get",
    "mark_tag",
    "remark",
    "user/delete",
    "get_unassigned_list",
    "resigned/transfer_customer",
    "resigned/transfer_result",
)
"""Calls of every step: killed at the first of each, the case was stopped at every boundary."""


def killed_on_the_way(found: Scene, most: int) -> int:
    """Advance as processes of their own, with faults that may kill them, until closed; how many were killed."""
    kills = 0
    for _round in range(60):
        process = found.home.process("offboard", "advance", found.leaver)
        _out, err = process.communicate()
        assert process.returncode in (0, 3, -9), err.decode()
        kills += process.returncode == -9
        if kills >= most:
            with found.home.world() as world:
                control.clear_faults(world)
        if found.state == "closed":
            return kills
        if process.returncode == 0:
            found.wait(25 * 3600)
    raise AssertionError(f"not closed: {found.steps()}")


WRITING = (
    "externalcontact/transfer_customer",
    "user/delete",
    "resigned/transfer_customer",
)


@pytest.mark.parametrize(
    ("calls", "when"),
    [
        (WRITING, "after"),
        pytest.param(CALLS, "before", marks=pytest.mark.long),
        pytest.param(CALLS, "after", marks=pytest.mark.long),
    ],
)
def test_a_case_killed_at_every_step_ends_the_same(synced: Wecrm, calls: tuple[str, ...], when: str) -> None:
    found = scene(synced)
    assert found.start("--strategy", "round-robin").code == 0
    with synced.world() as world:
        for path in calls:
            control.add_fault(world, kind="kill", path=path, times=1, when=when)
    assert killed_on_the_way(found, 100) == len(calls)
    usual_end(found)


@pytest.mark.parametrize(
    ("seed", "when", "kills"),
    [
        (1, "after", 2),
        *(pytest.param(seed, when, 4, marks=pytest.mark.long) for seed in range(2, 17) for when in ("before", "after")),
    ],
)
def test_a_case_killed_at_seeded_moments_ends_the_same(synced: Wecrm, seed: int, when: str, kills: int) -> None:
    found = scene(synced)
    assert found.start("--strategy", "round-robin").code == 0
    with synced.world() as world:
        control.add_fault(world, kind="kill", share=0.02, seed=seed, when=when)
    assert 0 < killed_on_the_way(found, kills) <= kills
    usual_end(found)


def test_a_job_that_was_named_but_not_written_is_planned_anew(synced: Wecrm) -> None:
    found = scene(synced, PLAIN)
    assert found.start().code == 0
    with session(synced) as s, s.store.write() as db:  # what a kill between the two commits leaves
        db.execute(
            "UPDATE offboarding_step SET state = 'running', job = 'transfers-0101-000000' WHERE name = 'customers'"
        )
    found.run()
    settled(found)


PLAIN = Size(customers=12, groups=2, codes=2, links=0, refuse=1, full=0, gone=0, known=0, moving=0, moved=0)


def test_starting_again_is_the_same_case_and_otherwise_is_refused(synced: Wecrm) -> None:
    found = scene(synced, PLAIN)
    assert found.start().code == 0
    again = found.start()
    assert again.code == 0
    assert "has this case already" in again.err
    other = found.start(then="disable")
    assert other.code == 7
    assert "offboard cancel" in other.err
    assert found.advance().code == 0
    assert found.start().code == 0
    found.wait(26 * 3600)
    found.run()
    assert found.start().code == 0  # closed meanwhile
    assert synced.sql("SELECT count(*) FROM offboarding") == [(1,)]


def test_start_shows_the_whole_envelope_and_stores_who_approved_it(synced: Wecrm) -> None:
    found = scene(synced, PLAIN)
    to = ",".join(found.takers)
    words = ("offboard", "start", found.leaver, "--to", to, "--due", "2026-11-30", "--then", "delete")
    refused = synced(*words, "--yes")
    assert refused.code == 7
    assert "--confirm" in refused.err
    asked = synced(*words, "--confirm", CORP)
    assert asked.code == 2
    assert "--yes" in asked.err
    for told in ("12 customers, 2 groups, 2 live codes", *found.takers, "DELETED", "digest"):
        assert told in asked.err
    assert not synced.sql("SELECT 1 FROM offboarding")
    assert synced(*words, "--confirm", CORP, "--yes", "--by", "王经理").code == 0
    assert synced.sql("SELECT approved_by, length(digest) FROM offboarding") == [("王经理", 16)]


def test_without_the_approval_nobody_is_deleted_and_hr_is_waited_for(synced: Wecrm) -> None:
    found = scene(synced, PLAIN)
    assert found.start(then="wait", due="2026-11-05").code == 0
    assert found.advance().code == 0
    found.wait(26 * 3600)
    assert found.advance().code == 0
    assert (found.state, found.steps()["member"]) == ("waiting", "waiting")
    found.wait(6 * 24 * 3600)
    late = found.advance()
    assert late.code == 6
    assert "HR deletes the member" in late.err
    assert found.leaver in members_here(synced)
    with synced.world() as world:
        control.delete_member(world, found.leaver)
    found.run()
    settled(found)


def test_a_disabled_member_keeps_who_refused(synced: Wecrm) -> None:
    found = scene(synced, PLAIN)
    assert found.start(then="disable").code == 0
    assert found.run().code == 3
    with synced.world() as world:
        status = world.db.connection.execute("SELECT status FROM member WHERE userid = ?", (found.leaver,)).fetchone()
    assert status == (2,)
    assert {e for u, e in found.truth() if u == found.leaver} == found.refuse
    assert set(found.step("evidence")["read_back"]["customers_left"]) == found.refuse
    assert found.steps()["rest"] == "skipped"


@pytest.mark.parametrize("hours", [0, 5])
def test_a_member_whom_hr_deletes_before_or_during_the_moves_is_handled(synced: Wecrm, hours: int) -> None:
    found = scene(synced)
    assert found.start("--strategy", "round-robin").code == 0
    if hours:
        assert found.advance().code == 0
        found.wait(hours * 3600)
    with synced.world() as world:
        control.delete_member(world, found.leaver)
    assert found.run().code == 3
    settled(found)
    assert found.steps()["member"] == "skipped"
    assert synced.sql("SELECT left_at IS NOT NULL FROM offboarding") == [(1,)]
    if not hours:
        assert found.steps()["customers"] == "skipped"


def test_a_leaver_who_had_only_groups_is_closed_too(synced: Wecrm) -> None:
    size = Size(customers=0, groups=5, codes=0, links=0, refuse=0, full=0, gone=0, known=0, moving=0, moved=0)
    found = scene(synced, size)
    with synced.world() as world:
        control.delete_member(world, found.leaver)
    assert found.start("--strategy", "round-robin").code == 0
    assert found.run().code == 0
    owners = found.owners()
    assert all(owners[chat] in found.takers for chat in found.chats)
    assert found.step("evidence")["answered"] == {"customers": {}, "groups": {"verified": 5}}


def test_a_taker_who_leaves_before_the_moves_gets_nobody(synced: Wecrm) -> None:
    found = scene(synced, PLAIN)
    assert found.start().code == 0
    gone, stays = found.takers
    with synced.world() as world:
        control.delete_member(world, gone)
    found.run()
    settled(found)
    assert {e.takeover for e in found.endings().values()} == {stays}
    assert found.step("customers")["answered"]["unusable"] == {gone: "gone"}


def test_a_taker_who_leaves_while_customers_are_on_their_way_is_told(synced: Wecrm) -> None:
    found = scene(synced, PLAIN)
    assert found.start().code == 0
    assert found.advance().code == 0
    with synced.world() as world:
        control.delete_member(world, found.takers[0])
    found.run()
    assert not [e for e in found.endings().values() if e.fate == "waiting"]
    assert found.step("evidence")["read_back"]["takers_gone"] == {found.takers[0]: "gone"}


def test_when_no_taker_is_left_a_person_is_needed_and_another_case_goes_on(synced: Wecrm) -> None:
    found = scene(synced, PLAIN)
    assert found.start(takers=found.takers[:1]).code == 0
    with synced.world() as world:
        control.delete_member(world, found.takers[0])
    blocked = found.advance()
    assert blocked.code == 6
    assert "offboard cancel" in blocked.err
    assert found.takers[0] in synced.sql("SELECT blocked_by FROM offboarding")[0][0]
    assert synced("offboard", "cancel", found.leaver, "--yes").code == 0
    assert found.start(takers=found.takers[1:]).code == 0
    found.run()
    assert {e.takeover for e in found.endings().values()} == {found.takers[1]}


def test_a_code_that_cannot_be_updated_blocks_the_deletion_and_says_who_must_do_what(synced: Wecrm) -> None:
    found = scene(synced, PLAIN)
    with synced.world() as world:
        control.delete_member(world, found.other)  # stands on the second code, too: WeCom refuses to keep them
    assert found.start().code == 0
    assert found.advance().code == 6
    found.wait(26 * 3600)
    blocked = found.advance()
    assert blocked.code == 6
    assert "离职码1" in blocked.err
    assert "livecodes swap" in blocked.err
    assert found.steps()["codes"] == "blocked"
    assert found.steps()["member"] == "pending"
    assert found.leaver in members_here(synced)
    assert codes_naming(synced, found.leaver) == ["离职码1"]
    assert {e for u, e in found.truth() if u == found.leaver} == found.refuse  # customers go all the same
    assert synced("livecodes", "swap", found.other, found.takers[0], "--yes").code in (0, 3)
    found.run()
    assert not codes_naming(synced, found.leaver)
    settled(found)


def test_the_creator_of_the_corp_can_not_be_deleted_and_that_is_explained(synced: Wecrm) -> None:
    found = scene(synced, PLAIN)
    with synced.world() as world:
        control.set_member(world, found.leaver, creator=True)
    assert found.start().code == 0
    assert found.advance().code == 0
    found.wait(26 * 3600)
    blocked = found.advance()
    assert blocked.code == 6
    assert "301005" in blocked.err
    assert found.leaver in members_here(synced)


def test_more_than_was_approved_is_not_moved(synced: Wecrm) -> None:
    found = scene(synced, PLAIN)
    assert found.start().code == 0
    with synced.world() as world:
        for _n in range(30):
            control.add_relation(world, found.leaver)
    blocked = found.advance()
    assert blocked.code == 6
    assert "approved are" in blocked.err
    with synced.world() as world:
        assert not list(control.transfers(world))


def test_a_cancelled_case_sends_nothing_more(synced: Wecrm) -> None:
    found = scene(synced, Size(groups=20, full=0))
    assert found.start().code == 0
    assert found.advance().code == 0
    moved = len([owner for chat, owner in found.owners().items() if chat in found.chats and owner != found.leaver])
    assert 0 < moved < 20
    assert synced("offboard", "cancel", found.leaver, "--yes").code == 0
    found.wait(26 * 3600)
    assert found.advance().code == 0
    assert synced("transfers", "poll").code in (0, 3)
    after = len([owner for chat, owner in found.owners().items() if chat in found.chats and owner != found.leaver])
    assert after == moved
    assert found.leaver in members_here(synced)


def test_a_file_of_leavers_starts_a_case_for_each_row_and_says_which_differ(synced: Wecrm) -> None:
    found = scene(synced, PLAIN)
    file = synced.csv(
        "leavers.csv",
        "员工账号,接替人,最后工作日,之后",
        [
            (found.leaver, found.takers[0] + "；" + found.takers[1], "2026-01-01", "delete"),
            (found.other, found.takers[0], "2026-01-01", "wait"),
        ],
    )
    words = ("offboard", "start", "--from", str(file), "--yes", "--confirm", CORP)
    assert synced(*words).code == 0
    assert synced(*words).code == 0
    assert synced.sql("SELECT count(*) FROM offboarding") == [(2,)]
    file.write_text(file.read_text("utf-8").replace("delete", "disable"), "utf-8")
    differs = synced(*words)
    assert differs.code == 7
    assert found.leaver in differs.err
    assert synced("offboard", "advance", "--all", "--cron").code == 0
    assert len(synced("offboard", "list").lines) == 3


def test_a_wrong_file_of_leavers_starts_nothing_and_names_each_place(synced: Wecrm) -> None:
    found = scene(synced, PLAIN)
    file = synced.csv(
        "leavers.csv",
        "userid,takeover,due",
        [(found.leaver, found.takers[0], "soon"), ("nobody.here", found.takers[0], "2026-01-01")],
    )
    result = synced("offboard", "start", "--from", str(file), "--yes", "--confirm", CORP)
    assert result.code == 2
    assert "row 2" in result.err
    assert "nobody.here" in result.err
    assert not synced.sql("SELECT 1 FROM offboarding")


@pytest.mark.parametrize(
    ("readings", "size"),
    [
        pytest.param(TOGETHER, Size(), id="together"),
        pytest.param(OTHERWISE, Size(), id="otherwise"),
        pytest.param(TOGETHER, FULL, id="together-full", marks=pytest.mark.long),
        pytest.param(OTHERWISE, FULL, id="otherwise-full", marks=pytest.mark.long),
        *(pytest.param(one, Size(), id=name, marks=pytest.mark.long) for name, one in EACH.items()),
    ],
)
def test_a_case_closes_however_wecom_is_read(synced: Wecrm, readings: Readings, size: Size) -> None:
    found = scene(synced, size)
    read(synced, readings)
    if "mark_foreign" in readings:
        tags_of(synced, "contact")
    assert found.start("--strategy", "round-robin").code == 0
    found.run()
    settled(found)
    assert found.leaver not in members_here(synced)
    assert not unread_repeats(synced)


def tags_of(home: Wecrm, app: str) -> None:
    """Every tag was made by this app."""
    with home.world() as world, world.writing() as db:
        db.execute("UPDATE tag SET owner = ?", (app,))
        world.changed()


def test_tags_that_this_app_may_not_put_back_are_told_and_the_case_closes(synced: Wecrm) -> None:
    found = scene(synced, Size(customers=12, groups=0, codes=0, links=0, refuse=0, full=0, gone=0, moving=0, moved=0))
    read(synced, {"mark_foreign": False})
    tags_of(synced, "second")
    assert found.start("--strategy", "round-robin").code == 0
    assert found.run().code == 3
    failed = synced.sql("SELECT errcode, hint FROM job_row WHERE status = 'failed'")
    assert {errcode for errcode, _hint in failed} == {60011}
    assert all(hint for _errcode, hint in failed)
    assert found.leaver not in members_here(synced)


def test_takers_are_told_once_how_many_came_when_that_was_asked_for(synced: Wecrm) -> None:
    found = scene(synced, PLAIN)
    assert found.start("--tell", "--strategy", "round-robin").code == 0
    found.run()
    with synced.world() as world:
        told = [(notice.userid, notice.content["content"]) for notice in control.notices(world)]
    endings = found.endings().values()
    for userid in found.takers:
        own = Counter(e.what for e in endings if e.fate == "verified" and e.takeover == userid)
        texts = [text for who, text in told if who == userid]
        assert len(texts) == 1
        assert f"{own['customer']} customers and {own['group']} groups" in texts[0]


def test_a_poll_in_between_reads_back_and_leaves_the_sending_to_the_case(synced: Wecrm) -> None:
    found = scene(synced)
    assert found.start("--strategy", "round-robin").code == 0
    for _round in range(12):
        assert found.advance().code in (0, 3)
        if found.state == "closed":
            break
        found.wait()
        assert synced("transfers", "poll").code in (0, 3)
    usual_end(found)


@pytest.mark.parametrize(
    ("path", "kind", "code"),
    [("batch/get_by_user", "-1", 5), ("get_follow_user_list", "http502", 5), ("/transfer_customer", "close", 0)],
)
def test_a_busy_wecom_costs_time_and_nothing_else(synced: Wecrm, path: str, kind: str, code: int) -> None:
    found = scene(synced, PLAIN)
    assert found.start().code == 0
    with synced.world() as world:
        control.add_fault(world, kind=kind, path=path, share=1.0)
    busy = found.advance()
    assert busy.code == code, busy.err
    assert found.state != "blocked"
    with synced.world() as world:
        control.clear_faults(world)
    found.run()
    settled(found)
    assert not unread_repeats(synced)


@pytest.mark.parametrize("begun", [False, True])
def test_a_leaver_without_customer_contact_is_not_let_go_with_customers_to_lose(synced: Wecrm, begun: bool) -> None:
    found = scene(synced, PLAIN)
    assert found.start().code == 0
    if begun:
        assert found.advance().code == 0
    with synced.world() as world:
        control.set_customer_contact(world, found.leaver, False)
    found.wait(26 * 3600)
    blocked = found.advance()
    assert blocked.code == 6
    assert "权限配置" in blocked.err
    assert found.leaver in members_here(synced)
    with synced.world() as world:
        control.set_customer_contact(world, found.leaver, True)
    found.run()
    settled(found)


def test_customers_whom_another_job_is_moving_are_waited_for(synced: Wecrm) -> None:
    found = scene(synced, PLAIN)
    chosen = sorted(found.customers - found.refuse)[:2]
    file = synced.csv("move.csv", "userid,external_userid,takeover", [(found.leaver, e, found.other) for e in chosen])
    plan = str(synced.home / "move.plan")
    assert synced("transfers", "plan", str(file), "-o", plan).code == 0
    assert synced("apply", plan, "--yes", "--max-removals", "100%", "--confirm", CORP).code == 0
    assert found.start().code == 0
    assert found.advance().code == 0
    assert set(found.step("customers")["answered"]["left_out"]["customer"]) == set(chosen)
    found.run()
    endings = found.endings()
    assert {endings[e].fate for e in chosen} == {"left"}
    assert all("moved already" in endings[e].reason for e in chosen)
    assert {(found.other, e) for e in chosen} <= found.truth().keys()
    assert not unread_repeats(synced)
