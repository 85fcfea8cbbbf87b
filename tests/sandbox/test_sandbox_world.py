"""The world itself: seed, file, time, threads and processes."""

import multiprocessing
import re
import sqlite3
import stat
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wecrm.sandbox import control, cursors
from wecrm.sandbox.clock import WorldClock
from wecrm.sandbox.identity import SECRETS
from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.settings import SWITCHES
from wecrm.sandbox.world import World


def dump(path: Path) -> list[str]:
    with sqlite3.connect(path) as db:
        return list(db.iterdump())


def test_two_worlds_of_one_seed_are_equal_and_of_two_seeds_are_not(tmp_path: Path) -> None:
    dumps = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        World.create(tmp_path / name, members=30, contacts=300, seed=seed).close()
        dumps.append(dump(tmp_path / name))
    assert dumps[0] == dumps[1]
    assert dumps[0] != dumps[2]


@pytest.mark.parametrize(("members", "contacts"), [(1, 0), (1, 5), (2, 50), (5, 3), (200, 20), (60, 2000)])
def test_a_world_has_as_many_relations_as_asked(tmp_path: Path, members: int, contacts: int) -> None:
    world = World.create(tmp_path / "w", members=members, contacts=contacts)
    found = [(r.userid, r.external_userid) for r in control.truth(world)]
    assert len(found) == len(set(found)) == contacts
    world.close()


def test_a_seeded_world_looks_like_a_corp(tmp_path: Path) -> None:
    world = World.create(tmp_path / "w", contacts=5000)
    relations = list(control.truth(world))
    db = world.db.connection
    assert db.execute("SELECT count(*) FROM chat").fetchone() == (25,)
    follows = db.execute("SELECT count(*) FROM member WHERE follows").fetchone()[0]
    assert 0.85 <= follows / 200 <= 0.95
    per_member: dict[str, int] = {}
    per_customer: dict[str, int] = {}
    for r in relations:
        per_member[r.userid] = per_member.get(r.userid, 0) + 1
        per_customer[r.external_userid] = per_customer.get(r.external_userid, 0) + 1
    assert len(per_member) < follows  # somebody has no customers
    assert max(per_member.values()) > 5 * 5000 / follows
    shared = sum(n > 1 for n in per_customer.values()) / len(per_customer)
    assert 0.12 < shared < 0.22
    names = {r.name for r in relations}
    for hostile in ("=1+1", "\x1b[31m红字\x1b[0m", "[bold red]markup[/bold red]", "\u202etxt.exe", ""):
        assert hostile in names
    assert {len(r.tag_ids) for r in relations} == {0, 1, 2, 3, 4, 5}
    mobiles = [m for r in relations for m in r.remark_mobiles]
    assert all(re.fullmatch(r"1[3578]\d{9}", m) for m in mobiles)
    assert len({r.state for r in relations}) == 21  # twenty channels and none
    assert all(len(r.remark) <= 20 and len(r.state) <= 30 for r in relations)
    assert all(world.now() - 4 * 365 * 86400 < r.createtime < world.now() for r in relations)
    world.close()


def test_a_world_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "w"
    path.write_text("something older")
    path.chmod(0o644)
    World.create(path, members=3, contacts=3).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir() if p.name not in ("w", "w-wal", "w-shm")] == []


def test_what_is_no_world_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        World.open(tmp_path / "none")
    (tmp_path / "text").write_text("x" * 5000)
    with pytest.raises(ValueError, match="not a sandbox world"):
        World.open(tmp_path / "text")
    sqlite3.connect(tmp_path / "other").execute("PRAGMA user_version = 99").connection.close()
    with pytest.raises(ValueError, match="version 99"):
        World.open(tmp_path / "other")


def test_a_call_costs_five_milliseconds_of_the_worlds_time(office: Any) -> None:
    office.token()
    before = office.world.now()
    for _ in range(10):
        office.ec("get_corp_tag_list")
    assert office.world.now() == pytest.approx(before + 0.05, abs=1e-3)


def test_a_world_starts_at_nine_on_the_first_of_november_unless_told(world: World, tmp_path: Path) -> None:
    assert world.now() == 1793494800
    assert World.create(tmp_path / "w", members=1, contacts=0, start=1700000000.5).now() == 1700000000.5


def test_the_clock_sleeps_in_no_time(world: World) -> None:
    clock = WorldClock(world)
    before = clock.now()
    clock.sleep(3 * 86400)
    clock.sleep(-5)
    assert clock.now() == before + 3 * 86400
    with pytest.raises(ValueError):
        control.advance(world, -1)


def test_time_is_shared_by_everybody_who_has_the_file_open(world: World) -> None:
    other = World.open(world.db.path)
    control.advance(other, 3600)
    assert world.now() == other.now()
    other.close()


def test_the_call_log_is_read_from_anywhere(office: Any) -> None:
    for _ in range(3):
        office.ec("get_corp_tag_list")
    everything = list(control.calls(office.world))
    assert [c.id for c in everything] == list(range(1, len(everything) + 1))
    assert [c.path for c in control.calls(office.world, path="gettoken")] == ["/cgi-bin/gettoken"]
    assert len(list(control.calls(office.world, after=everything[-2].id))) == 1
    last = everything[-1]
    assert (last.app, last.errcode, last.body, last.caller) == ("contact", 0, b"{}", "127.0.0.1")


def test_a_long_call_log_is_read_in_pages(office: Any) -> None:
    with office.world.writing() as db:
        db.executemany(
            "INSERT INTO call VALUES (?, 0, '/x', '', '', NULL, 0, 0, '', '', '', '')",
            [(n,) for n in range(1, 2502)],
        )
    assert len(list(control.calls(office.world))) == 2501


@pytest.mark.parametrize("name", sorted(SWITCHES))
def test_every_switch_has_two_positions_and_a_meaning(world: World, name: str) -> None:
    default, others, meaning = SWITCHES[name]
    assert meaning
    assert control.switches(world)[name] == default
    for value in (*others, default):
        control.set_switch(world, name, value)
        assert control.switches(world)[name] == value
    with pytest.raises(ValueError):
        control.set_switch(world, name, "sideways")


def test_an_unknown_switch_is_a_value_error(world: World) -> None:
    with pytest.raises(ValueError, match="no switch"):
        control.set_switch(world, "colour", True)


def test_a_switch_set_elsewhere_is_noticed(office: Any) -> None:
    office.token()
    other = World.open(office.world.db.path)
    control.set_switch(other, "strict", True)
    assert office.ec("get_corp_tag_list", colour="red")["errcode"] == 40058
    assert control.switches(office.world)["strict"] is True
    other.close()


def test_a_crash_in_a_handler_leaves_nothing_half_done(office: Any) -> None:
    before = dump(office.world.db.path)

    def crash() -> None:
        with office.world.writing() as db:
            db.execute("DELETE FROM relation")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        crash()
    assert dump(office.world.db.path) == before


def test_threads_share_a_world(office: Any) -> None:
    tag = office.tag("English")
    relations = list(control.truth(office.world))[:200]
    failed: list[Any] = []

    def mark(part: list[control.Relation]) -> None:
        for r in part:
            answer = office.ec("mark_tag", userid=r.userid, external_userid=r.external_userid, add_tag=[tag])
            failed.extend([answer] if answer["errcode"] else [])

    threads = [threading.Thread(target=mark, args=(relations[n::8],)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert all(tag in office.read(r).tag_ids for r in relations[:20])
    ids = [c.id for c in control.calls(office.world)]
    assert ids == list(range(1, len(ids) + 1))


def _advance_often(path: Path) -> None:
    world = World.open(path)
    for _ in range(200):
        control.advance(world, 1)
    world.close()


def test_processes_share_a_world(world: World) -> None:
    before = world.now()
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=_advance_often, args=(world.db.path,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for _ in range(200):
        control.advance(world, 1)
    for worker in workers:
        worker.join()
    assert world.now() == before + 600


def test_operations_stand_under_a_path_of_their_own(office: Any) -> None:
    def operate(operation: str, **body: Any) -> Any:
        return office.http.post(f"/_sandbox/{operation}", json=body)

    before = office.world.now()
    assert operate("advance", seconds=60).json() == {"ok": True, "result": before + 60}
    operate("add_fault", kind="-1", times=1)
    assert office.gettoken()["errcode"] == -1
    logged = operate("calls", path="gettoken").json()["result"]
    assert [(c["errcode"], c["fault"]) for c in logged] == [(-1, "-1 before")]
    assert operate("switches").json()["result"]["strict"] is False
    assert operate("set_switch", name="strict", value=True).json()["ok"]
    assert len(operate("truth").json()["result"]) == 600
    for name, body in (("nothing", {}), ("advance", {}), ("advance", {"seconds": "x"}), ("add_fault", {"kind": 1})):
        answer = operate(name, **body)
        assert answer.status_code in (400, 404)
        assert answer.json()["ok"] is False


@settings(max_examples=60, deadline=None)
@given(place=st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=3), question=st.text())
def test_a_cursor_opens_with_its_own_question_only(template: Path, place: list[int], question: str) -> None:
    world = _read_only(template)
    cursor = cursors.seal(world, place, question)
    assert cursors.unseal(world, cursor, len(place), question) == tuple(place)
    for other in (question + "x", ""):
        if other != question:
            with pytest.raises(Refusal):
                cursors.unseal(world, cursor, len(place), other)


@settings(max_examples=100, deadline=None)
@given(cursor=st.text(min_size=1, max_size=60))
def test_any_other_text_is_no_cursor(template: Path, cursor: str) -> None:
    with pytest.raises(Refusal) as caught:
        cursors.unseal(_read_only(template), cursor, 2, "q")
    assert caught.value.errcode == 50100


_open: dict[Path, World] = {}


def _read_only(path: Path) -> World:
    return _open.setdefault(path, World.open(path))


SENT = (
    "userid external_userid add_tag remove_tag tag group_id group_name order limit cursor userid_list remark "
    "remark_mobiles id name owner_filter status_filter handover_userid takeover_userid page_id page_size "
    "chat_id_list new_owner"
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None)
@given(
    path=st.sampled_from(
        [
            "mark_tag",
            "remark",
            "add_corp_tag",
            "edit_corp_tag",
            "batch/get_by_user",
            "groupchat/list",
            "transfer_customer",
            "resigned/transfer_customer",
            "transfer_result",
            "get_unassigned_list",
            "groupchat/transfer",
        ]
    ),
    body=st.dictionaries(st.sampled_from(SENT.split()), ANYTHING),
)
def test_no_body_whatever_breaks_the_sandbox(scratch: Any, path: str, body: Any) -> None:
    answer = scratch.raw(f"externalcontact/{path}", content=msgspec.json.encode(body)).json()
    assert isinstance(answer["errcode"], int)


def test_the_secrets_shown_to_users_are_those_of_the_world(office: Any) -> None:
    for app in SECRETS:
        assert office.gettoken(corpsecret=SECRETS[app])["errcode"] == 0
