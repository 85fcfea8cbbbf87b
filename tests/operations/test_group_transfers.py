"""Groups that get another owner: read back before they are called moved, and no more in a day than WeCom allows."""

import json
import shutil
from pathlib import Path
from random import Random

import pytest

from tests.conftest import Wecrm
from tests.operations import moving
from tests.operations.moving import (
    CONFIRMED,
    DAY_S,
    GIVER,
    HOUR_S,
    LARGE,
    MINUTE_S,
    OTHER,
    TAKER,
    advance,
    answering,
    apply,
    calls,
    job,
    last_call,
    ledger,
    owners,
    owns,
    plan_groups,
    poll,
    rows,
    state,
    statuses,
    switch,
)
from tests.sandbox.conftest import Office
from wecrm.operations import steps
from wecrm.sandbox import control
from wecrm.sandbox.world import World

GROUPS = 430


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synced home where one member owns many groups; it is nine in the morning."""
    home = tmp_path_factory.mktemp("crowded") / "home"
    (home / "data").mkdir(parents=True)
    World.create(home / "data" / "sandbox.world", members=30, contacts=600, groups=GROUPS, seed=7).close()
    owns(Wecrm(home), GIVER, GROUPS)
    assert Wecrm(home)("sync").code == 0
    return home


@pytest.fixture
def groups(crowded: Path, tmp_path: Path) -> Wecrm:
    shutil.copytree(crowded, tmp_path / "home")
    return Wecrm(tmp_path / "home")


def own(home: Wecrm, count: int) -> list[str]:
    """So many groups of the former member."""
    return [
        chat for (chat,) in home.sql("SELECT chat_id FROM group_chat WHERE owner = ? ORDER BY 1 LIMIT ?", GIVER, count)
    ]


def theirs(home: Wecrm, chats: list[str], userid: str) -> None:
    """Somebody else owns these groups, and the cache knows."""
    owns(home, userid, chats)
    assert home("sync", "groups").code == 0


def moves(home: Wecrm) -> list[control.GroupMove]:
    with home.world() as world:
        return list(control.group_moves(world))


def to_taker(chats: list[str], former: str = GIVER, taker: str = TAKER) -> list[moving.Wish]:
    return [(former, chat, taker) for chat in chats]


def days(home: Wecrm) -> list[int]:
    """How many groups moved on each of WeCom's days."""
    found: dict[int, int] = {}
    for move in moves(home):
        day = int((move.at + 8 * HOUR_S) // DAY_S)
        found[day] = found.get(day, 0) + 1
    return [found[day] for day in sorted(found)]


def test_groups_are_read_back_with_few_calls_before_they_are_called_moved(groups: Wecrm) -> None:
    chats = own(groups, 150)
    path = plan_groups(groups, to_taker(chats))
    before = last_call(groups)
    applied = apply(groups, path)
    assert "150 verified" in applied.err
    assert "wecrm undo" in applied.err
    assert (statuses(groups), state(groups)) == ({"verified": 150}, "done")
    assert {owners(groups)[chat] for chat in chats} == {TAKER}
    assert calls(groups, before)["groupchat/onjob_transfer"] == 2
    assert calls(groups, before)["groupchat/get"] == 0
    assert calls(groups, before)["groupchat/list"] <= 4
    assert groups.sql("SELECT count(*) FROM group_chat WHERE owner = ?", TAKER)[0][0] >= 150
    assert {status for _id, status in ledger(groups)} == {"done"}


@pytest.mark.parametrize(
    ("counts", "full"),
    [
        ("both", "item"),
        ("both", "call"),
        *(pytest.param(one, full, marks=pytest.mark.long) for one in ("taker", "owner") for full in ("item", "call")),
    ],
)
def test_420_groups_for_one_taker_need_two_days_and_the_limit_is_never_met(
    groups: Wecrm, counts: str, full: str
) -> None:
    switch(groups, "group_day_counts", counts)
    switch(groups, "group_day_full", full)
    chats = own(groups, 420)
    path = plan_groups(groups, to_taker(chats))
    applied = apply(groups, path)
    assert "300 verified, 120 pending" in applied.err
    assert "waits for WeCom until 2026-11-02 00:01" in applied.err
    with groups.world() as world:
        assert [call.errcode for call in control.calls(world, path="onjob_transfer")] == [0, 0, 0]
    before = last_call(groups)
    advance(groups, 14 * HOUR_S + 59 * MINUTE_S)
    assert "Nothing is due before 2026-11-02 00:01" in poll(groups).err
    assert calls(groups, before).total() == 0
    advance(groups, 3 * MINUTE_S)
    assert "420 verified" in poll(groups).err
    assert (statuses(groups), state(groups)) == ({"verified": 420}, "done")
    assert days(groups) == [300, 120]
    assert {owners(groups)[chat] for chat in chats} == {TAKER}


@pytest.mark.parametrize("full", ["item", "call"])
def test_a_limit_met_because_of_the_console_makes_the_rest_wait_for_tomorrow_and_nobody_sits(
    groups: Wecrm, full: str
) -> None:
    switch(groups, "group_day_full", full)
    chats = own(groups, 230)
    path = plan_groups(groups, to_taker(chats[150:]))
    with groups.world() as world:
        control.set_limits(world, groups_a_day=200)
        for start in (0, 75):
            Office(world).ec("groupchat/onjob_transfer", chat_id_list=chats[start : start + 75], new_owner=TAKER)
        began = world.now()
    assert len(moves(groups)) == 150
    applied = apply(groups, path)
    assert statuses(groups) == {"verified": 50, "pending": 30}
    assert {row.errcode for row in rows(groups).values() if row.status == "pending"} == {45009}
    assert "until 2026-11-02 00:01" in applied.err
    with groups.world() as world:
        assert world.now() - began < 60
    advance(groups, DAY_S)
    poll(groups)
    assert statuses(groups) == {"verified": 80}


def test_a_taker_who_gives_groups_away_too_is_counted_once_for_each(groups: Wecrm) -> None:
    chats = own(groups, 400)
    theirs(groups, chats[200:], TAKER)
    apply(groups, plan_groups(groups, [*to_taker(chats[:200]), *to_taker(chats[200:], TAKER, OTHER)]))
    assert statuses(groups) == {"verified": 400}


def crowd(home: Wecrm, chats: list[str]) -> None:
    """Groups that nobody can come into any more."""
    people = [{"userid": f"wmSIMfull{n:03}", "type": 2, "join_time": 1, "join_scene": 1} for n in range(99)]
    people += [{"userid": f"staff{n}", "type": 1} for n in range(101)]
    with home.world() as world, world.writing() as db:
        db.executemany("UPDATE chat SET members = ? WHERE chat_id = ?", [(json.dumps(people), chat) for chat in chats])


def console_moves_twice(home: Wecrm, chats: list[str]) -> None:
    with home.world() as world:
        for taker in (OTHER, LARGE):
            Office(world).ec("groupchat/onjob_transfer", chat_id_list=chats, new_owner=taker)


@pytest.mark.parametrize("errcode", [90500, 90502, 90503, 40128, 45009])
def test_a_group_that_can_not_move_says_why_and_the_others_go_on(groups: Wecrm, errcode: int) -> None:
    chats = own(groups, 4)
    bad, good = chats[:2], chats[2:]
    theirs(groups, bad, LARGE)
    if errcode == 90503:
        crowd(groups, bad)
    if errcode in (40128, 45009):
        switch(groups, "group_too_often", errcode)
        console_moves_twice(groups, bad)
    if errcode == 90500:
        assert groups("sandbox", "member", LARGE, "--delete").code == 0
    path = plan_groups(groups, [*to_taker(bad, LARGE), *to_taker(good)])
    if errcode in (90500, 90502):
        assert groups("sandbox", "member", LARGE, "--restore" if errcode == 90500 else "--delete").code == 0
    apply(groups, path, *CONFIRMED, code=0 if errcode == 45009 else 3)
    for chat in bad:
        row = rows(groups)[chat]
        assert (row.status, row.errcode) == ("pending" if errcode == 45009 else "failed", errcode)
        assert row.hint
    assert [rows(groups)[chat].status for chat in good] == ["verified"] * 2
    assert len(moves(groups)) == (6 if errcode in (40128, 45009) else 2)


def test_a_limit_that_does_not_end_with_the_day_is_believed_after_a_week(groups: Wecrm) -> None:
    chats = own(groups, 2)
    theirs(groups, chats, LARGE)
    switch(groups, "group_too_often", 45009)
    console_moves_twice(groups, chats)
    apply(groups, plan_groups(groups, to_taker(chats, LARGE)))
    for _day in range(5):
        advance(groups, DAY_S)
        poll(groups)
        assert (statuses(groups), state(groups)) == ({"pending": 2}, "waiting")
    advance(groups, DAY_S)
    poll(groups, code=3)
    assert (statuses(groups), state(groups)) == ({"failed": 2}, "done")


@pytest.mark.parametrize("errcode", [90501, 90504, 90507, 90508, 90509])
def test_what_wecom_says_of_one_group_is_told_with_what_to_do(groups: Wecrm, errcode: int) -> None:
    chats = own(groups, 3)
    changes = [moving.group_change(GIVER, chat, TAKER, str(n)) for n, chat in enumerate(chats)]
    answer = {"failed_chat_list": [{"chat_id": chats[1], "errcode": errcode, "errmsg": "no"}]}
    with answering(groups, "/onjob_transfer", answer) as work:
        outcomes = steps.find("transfer.group").send(work, changes)
    assert [outcome.status for outcome in outcomes] == ["submitted", "failed", "submitted"]
    assert outcomes[1].errcode == errcode
    assert outcomes[1].hint


def test_a_group_that_takes_its_time_is_not_called_moved_before_it_is(groups: Wecrm) -> None:
    switch(groups, "group_takes_s", 60)
    chats = own(groups, 3)
    assert groups("sandbox", "member", GIVER, "--delete").code == 0
    path = plan_groups(groups, to_taker(chats))
    assert groups("apply", path, *moving.LIFTED).code == 7
    apply(groups, path, *CONFIRMED)
    assert (statuses(groups), state(groups)) == ({"submitted": 3}, "waiting")
    assert {row.evidence for row in rows(groups).values()} == {"WeCom: is being inherited"}
    advance(groups, 5 * MINUTE_S)
    assert "Nothing is due" in poll(groups).err
    advance(groups, 6 * MINUTE_S)
    poll(groups)
    assert statuses(groups) == {"verified": 3}
    assert len(moves(groups)) == 3
    assert groups("undo", job(groups), "-o", str(groups.home / "undo.plan")).code == 7


def test_a_group_that_is_being_inherited_is_waited_for_and_then_moved_on(groups: Wecrm) -> None:
    switch(groups, "group_takes_s", 300)
    chats = own(groups, 2)
    theirs(groups, chats, LARGE)
    assert groups("sandbox", "member", LARGE, "--delete").code == 0
    apply(groups, plan_groups(groups, to_taker(chats, LARGE)), *CONFIRMED)
    assert groups("sync", "groups").code == 0
    apply(groups, plan_groups(groups, to_taker(chats, TAKER, OTHER)))
    assert statuses(groups) == {"pending": 2}
    advance(groups, 11 * MINUTE_S)
    poll(groups)
    assert statuses(groups) == {"verified": 2}
    assert {owners(groups)[chat] for chat in chats} == {OTHER}


def test_a_move_that_wecom_took_and_did_not_make_fails_after_a_day(groups: Wecrm) -> None:
    switch(groups, "group_takes_s", 60)
    (chat,) = own(groups, 1)
    assert groups("sandbox", "member", GIVER, "--delete").code == 0
    apply(groups, plan_groups(groups, to_taker([chat])), *CONFIRMED)
    owns(groups, GIVER, [chat])
    with groups.world() as world, world.writing() as db:
        db.execute("UPDATE chat SET status = 1 WHERE chat_id = ?", (chat,))
    advance(groups, 11 * MINUTE_S)
    poll(groups)
    assert rows(groups)[chat].status == "submitted"
    assert rows(groups)[chat].evidence == "read back: has the former owner still"
    advance(groups, DAY_S)
    poll(groups, code=3)
    assert (rows(groups)[chat].status, state(groups)) == ("failed", "done")
    assert ledger(groups) == [(chat, "lost")]


def test_a_group_whom_somebody_else_took_or_that_is_gone_is_left_alone(groups: Wecrm) -> None:
    chats = own(groups, 4)
    path = plan_groups(groups, to_taker(chats))
    owns(groups, OTHER, chats[:1])
    owns(groups, TAKER, chats[1:2])
    with groups.world() as world, world.writing() as db:
        db.execute("DELETE FROM chat WHERE chat_id = ?", (chats[2],))
    apply(groups, path, code=3)
    assert [rows(groups)[chat].status for chat in chats] == ["conflict", "same", "failed", "verified"]
    assert owners(groups)[chats[0]] == OTHER


@pytest.mark.parametrize("seed", [1, 2, 3, *(pytest.param(n, marks=pytest.mark.long) for n in range(4, 31))])
def test_groups_are_moved_once_however_often_the_run_is_killed(groups: Wecrm, seed: int) -> None:
    random = Random(seed)
    chats = own(groups, 320)
    path = plan_groups(groups, to_taker(chats))
    ended = []
    for share in (1.0, 0.5, 0.5):
        with groups.world() as world:
            path_of = random.choice(["onjob_transfer", "onjob_transfer", "groupchat/list"])
            when = random.choice(["before", "after"])
            control.add_fault(world, kind="kill", path=path_of, share=share, seed=random.randrange(99), when=when)
        process = groups.process("apply", path, *moving.LIFTED)
        process.communicate()
        ended.append(process.returncode)
        with groups.world() as world:
            control.clear_faults(world)
    assert -9 in ended
    assert groups("apply", path, *moving.LIFTED).code in (0, 7)
    advance(groups, DAY_S)
    poll(groups)
    assert (statuses(groups), state(groups)) == ({"verified": 320}, "done")
    assert [move.chat_id for move in sorted(moves(groups), key=lambda move: move.chat_id)] == sorted(chats)
    assert days(groups) == [300, 20]
    assert {status for _id, status in ledger(groups)} == {"done"}


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_is_looked_up_at_once(groups: Wecrm, when: str) -> None:
    chats = own(groups, 5)
    with groups.world() as world:
        control.add_fault(world, kind="close", path="onjob_transfer", when=when)
    apply(groups, plan_groups(groups, to_taker(chats)))
    assert statuses(groups) == {"verified": 5}
    assert calls(groups)["groupchat/onjob_transfer"] == (1 if when == "after" else 2)


def test_undo_gives_the_groups_back_as_a_second_move(groups: Wecrm) -> None:
    chats = own(groups, 5)
    apply(groups, plan_groups(groups, to_taker(chats)))
    undo = str(groups.home / "undo.plan")
    assert groups("undo", job(groups), "-o", undo).code == 0
    apply(groups, undo)
    assert {owners(groups)[chat] for chat in chats} == {GIVER}
    left = groups("transfers", "plan", "--from", GIVER, "--to", TAKER, "--only-groups", "-o", undo)
    assert f"Left out, {len(chats)}: moved 2 times in 90 days" in left.err
