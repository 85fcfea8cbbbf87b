"""Consent and seats through the front door, against what the world knows."""

import json
import sqlite3

import pytest

from tests.conftest import Result, Wecrm
from wecrm.errors import TerminatedRun
from wecrm.sandbox import control
from wecrm.sandbox.archive import console, seats

CORP = "wwsandbox00000001"
SINGLE = "msgaudit/check_single_agree"
ROOM = "msgaudit/check_room_agree"


def ok(result: Result, code: int = 0) -> Result:
    assert result.code == code, result.err
    return result


def listed(wecrm: Wecrm, *words: str, verb: str = "consent") -> list[dict]:
    return json.loads(ok(wecrm("archive", verb, "-f", "json", *words)).out)


def calls(wecrm: Wecrm, path: str) -> int:
    with wecrm.world() as world:
        return len(list(control.calls(world, path=path)))


def truth(wecrm: Wecrm) -> dict[tuple[str, str], str]:
    """(member, customer) → what the world knows, for every relation of a member with a seat."""
    with wecrm.world() as world:
        seated = set(seats.permitted(world))
        rows = world.db.connection.execute(
            "SELECT m.userid, c.external_userid, m.id, c.id FROM relation r JOIN member m ON m.id = r.member "
            "JOIN contact c ON c.id = r.contact WHERE m.left_at IS NULL"
        ).fetchall()
        return {
            (userid, external): seats.agreed(world, member, contact)[0]
            for userid, external, member, contact in rows
            if userid in seated
        }


def active(wecrm: Wecrm) -> set[tuple[str, str]]:
    return set(wecrm.sql("SELECT userid, external_userid FROM relation WHERE status = 'active'"))


@pytest.mark.parametrize("silent", ["Agree", "Default_Agree", "absent"])
def test_it_lists_who_has_not_agreed(synced: Wecrm, silent: str) -> None:
    with synced.world() as world:
        control.set_switch(world, "agree_silent", silent)
    known = {pair: status for pair, status in truth(synced).items() if pair in active(synced)}
    wanted = {pair: status for pair, status in known.items() if status != "Agree"}
    expected = {
        pair: "unknown" if status == "Silent" else status
        for pair, status in wanted.items()
        if status == "Disagree" or silent == "absent"
    }
    found = {(row["member"], row["customer"]): row["status"] for row in listed(synced)}
    assert found == expected
    assert len(found) > 20
    everybody = listed(synced, "--all")
    assert {(row["member"], row["customer"]) for row in everybody} == set(known)
    assert all(row["customer_name"] and row["checked_at"] for row in everybody)


def test_a_second_run_of_the_day_asks_only_what_is_new(synced: Wecrm) -> None:
    first = listed(synced)
    asked = calls(synced, SINGLE)
    assert asked == -(-len(truth(synced)) // 100)
    assert listed(synced) == first
    assert calls(synced, SINGLE) == asked
    listed(synced, "--anew")
    assert calls(synced, SINGLE) == 2 * asked
    with synced.world() as world:
        world.advance(24 * 3600)
    listed(synced)
    assert calls(synced, SINGLE) == 3 * asked


def test_pairs_that_wecom_refuses_cost_nobody_else_the_answer(synced: Wecrm) -> None:
    with synced.world() as world:
        (member, customer) = next(pair for pair, status in truth(synced).items() if status == "Agree")
        control.delete_relation(world, member, customer)
    found = {(row["member"], row["customer"]): row["status"] for row in listed(synced, "--all")}
    assert found.pop((member, customer)) == "unknown"
    assert found == {pair: "Agree" if said == "Silent" else said for pair, said in truth(synced).items()}


def test_an_interrupted_run_goes_on_where_it_ended(synced: Wecrm) -> None:
    total = -(-len(truth(synced)) // 100)
    asked: list[int] = []

    def signalled() -> TerminatedRun | None:
        asked.append(1)
        return TerminatedRun("Stopped.") if calls(synced, SINGLE) >= 3 else None

    ok(synced("archive", "consent", signalled=signalled), 143)
    assert asked
    done = calls(synced, SINGLE)
    assert 3 <= done < total
    found = {(row["member"], row["customer"]): row["status"] for row in listed(synced, "--all")}
    assert found == {pair: "Agree" if said == "Silent" else said for pair, said in truth(synced).items()}
    assert calls(synced, SINGLE) <= total + 1  # the answer that came when it was stopped may be asked for again


def test_what_a_message_says_counts_when_it_is_newer(synced: Wecrm) -> None:
    (member, customer) = next(
        pair for pair, said in truth(synced).items() if said == "Agree" and pair in active(synced)
    )
    assert (member, customer) not in {(row["member"], row["customer"]) for row in listed(synced)}
    with synced.world() as world:
        world.advance(3600)
        console.archive_consent(world, member, customer, "disagree")
    ok(synced("archive", "pull", "--no-media"))
    row = next(row for row in listed(synced) if (row["member"], row["customer"]) == (member, customer))
    assert (row["status"], row["source"]) == ("Disagree", "message")


def test_groups_are_asked_one_by_one_and_only_if_wanted(synced: Wecrm) -> None:
    listed(synced)
    assert calls(synced, ROOM) == 0
    found = [row for row in listed(synced, "--groups", "--all") if row["group"]]
    rooms = {row["group"] for row in found}
    assert calls(synced, ROOM) == len(rooms) > 3
    with synced.world() as world:
        for row in found:
            status = seats.agreed_in_room(world, row["group"], row["customer"])[0]
            assert row["status"] == ("Agree" if status == "Silent" else status)
    listed(synced, "--groups")
    assert calls(synced, ROOM) == len(rooms)
    one = min(rooms)
    assert {row["group"] for row in listed(synced, "--group", one, "--all")} == {one}


def test_one_member_and_the_sums(synced: Wecrm) -> None:
    every = listed(synced, "--all")
    member = every[0]["member"]
    own = listed(synced, "--member", member, "--all")
    assert own == [row for row in every if row["member"] == member]
    sums = {row["member"]: row for row in listed(synced, "--by-member")}
    for userid, row in sums.items():
        statuses = [each["status"] for each in every if each["member"] == userid]
        assert row["customers"] == len(statuses) == row["agreed"] + row["objected"] + row["unknown"]
        assert row["objected"] == statuses.count("Disagree")


def test_without_an_archive_it_says_so(synced: Wecrm) -> None:
    with synced.world() as world:
        console.archive_state(world, "off")
    assert "301053" in ok(synced("archive", "consent"), 6).err


def test_seats_tell_who_has_one_lost_one_and_lacks_one(synced: Wecrm) -> None:
    before = {row["member"]: row for row in listed(synced, verb="seats")}
    with synced.world() as world:
        seated = {userid: seats.edition_of(world, id_) for id_, userid in _members(world)}
        permitted = seats.permitted(world)
    assert {userid for userid, row in before.items() if row["seat"] == "seated"} == set(permitted)
    names = {1: "office", 2: "service", 3: "enterprise"}
    assert all(before[userid]["edition"] == names[seated[userid]] for userid in permitted)
    lost = permitted[0]
    with synced.world() as world:
        world.advance(24 * 3600)
        console.archive_drop_seats(world, [lost])
    after = {row["member"]: row for row in listed(synced, verb="seats")}
    assert after[lost]["seat"] == "dropped"
    assert after[lost]["dropped_on"] > before[lost]["since"]
    kept = permitted[1]
    assert (after[kept]["since"], after[kept]["dropped_on"]) == (before[kept]["since"], None)
    customers = dict(synced.sql("SELECT userid, count(*) FROM relation WHERE status = 'active' GROUP BY userid"))
    uncovered = {row["member"]: row["customers"] for row in listed(synced, "--without", verb="seats")}
    assert uncovered == {userid: n for userid, n in customers.items() if userid not in permitted[1:]}
    assert len(uncovered) > 1
    with sqlite3.connect(synced.home / "data" / f"{CORP}.archive.db") as db:
        assert db.execute("SELECT count(*) FROM seats").fetchone() == (2,)


def _members(world) -> list[tuple[int, str]]:
    return world.db.connection.execute("SELECT id, userid FROM member").fetchall()


def test_a_dry_run_asks_nothing_and_keeps_nothing(synced: Wecrm) -> None:
    ok(synced("archive", "pull", "--no-media"))
    for verb in ("consent", "seats"):
        before = calls(synced, "")
        result = ok(synced("--dry-run", "archive", verb))
        assert (result.out, calls(synced, "")) == ("", before)
        assert "Would ask WeCom" in result.err
