"""The rotation over a day of scans, and what happens when members, codes or WeCom itself go missing."""

import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
import yaml

from tests.conftest import Result, Wecrm
from wecrm.api.limits import Budget
from wecrm.sandbox import control
from wecrm.store.locks import held

BEIJING = ZoneInfo("Asia/Shanghai")
INTERVAL_S = 300


def usable(home: Wecrm) -> list[str]:
    rows = home.sql("SELECT userid FROM member WHERE follows AND status = 1 AND gone_at IS NULL ORDER BY userid")
    return [userid for (userid,) in rows]


def push(home: Wecrm, *codes: Mapping[str, object]) -> None:
    """Describe these codes and make them."""
    path = home.home / "codes.yaml"
    path.write_text(yaml.safe_dump({"codes": list(codes)}, allow_unicode=True), "utf-8")
    result = home("livecodes", "push", str(path), "--yes")
    assert result.code == 0, result.err


def rotate(home: Wecrm, *words: str) -> Result:
    return home("livecodes", "rotate", "--cron", *words)


def rotated(home: Wecrm, *words: str) -> str:
    result = rotate(home, *words)
    assert result.code == 0, result.err
    return result.err


def at_wecom(home: Wecrm) -> dict[str, list[str]]:
    """State of each code that has one → its members, as the sandbox really has them."""
    with home.world() as world:
        codes = [one for one in control.code_truth(world) if one.kind == "contact" and not one.deleted]
    return {one.state: sorted(one.fields["user"]) for one in codes if one.state}


def updates(home: Wecrm) -> list[tuple[str, list[str]]]:
    """(config_id, members) of every update that WeCom carried out, in order."""
    with home.world() as world:
        bodies = [
            msgspec.json.decode(call.body) for call in control.calls(world, path="update_contact_way") if call.applied
        ]
    return [(body["config_id"], sorted(body["user"])) for body in bodies]


def advance(home: Wecrm, seconds: float) -> None:
    with home.world() as world:
        control.advance(world, seconds)


def scan(home: Wecrm, channel: str, count: int = 1) -> dict[str, int]:
    """Let customers scan; who got how many."""
    with home.world() as world:
        return dict(control.scan(world, channel, count, known=0).members)


def leave(home: Wecrm, *userids: str, days: int = 1) -> str:
    """A calendar in which these members are away from today on."""
    with home.world() as world:
        today = datetime.fromtimestamp(control.now(world), BEIJING).date()
    last = today + timedelta(days=days - 1)
    return str(home.csv("leave.csv", "员工,开始,结束", [(userid, f"{today}", f"{last}") for userid in userids]))


def shown(home: Wecrm, name: str, *words: str) -> dict[str, dict[str, object]]:
    """What `livecodes show` says of each member."""
    result = home("livecodes", "show", name, "-f", "json", *words)
    assert result.code == 0, result.err
    return {row["userid"]: row for row in msgspec.json.decode(result.out)}


# -- a whole day


def described(people: Sequence[str], n: int, cap: int) -> dict[str, object]:
    """The n-th of twenty codes: caps for all, shifts for most, a fallback that is not of the roster."""
    roster = [people[(3 * n + k) % len(people)] for k in range(4)]
    spare = [people[(3 * n + k) % len(people)] for k in (5, 6)]
    shifts: list[dict[str, object]] = [
        {"hours": "08:00-14:00", "members": roster[:2]},
        {"hours": "14:00-20:00", "members": roster[2:]},
        {"hours": "20:00-08:00", "members": roster[1:3]},
    ]
    code: dict[str, object] = {"name": f"code {n}", "channel": f"ch{n}", "members": roster, "cap": cap}
    if n % 4:
        code |= {"shifts": shifts}
    if n % 5 == 0:
        code |= {"caps": {roster[0]: cap + 2}}
    return {**code, "fallback": spare}


def today(home: Wecrm) -> date:
    with home.world() as world:
        return datetime.fromtimestamp(control.now(world), BEIJING).date()


def counted(home: Wecrm, day: date) -> Counter[tuple[str, str]]:
    """(channel, userid) → customers of that day, as the sandbox really has them."""
    with home.world() as world:
        return Counter(
            (one.state, one.userid)
            for one in control.truth(world)
            if one.state.startswith("ch") and datetime.fromtimestamp(one.createtime, BEIJING).date() == day
        )


def crowds(scans: int, runs: int) -> Iterator[list[tuple[int, int]]]:
    """For each interval (code, how many customers), so that all scans are spread over the runs."""
    random_ = random.Random(5)
    per_run = Counter(n * runs // scans for n in range(scans))
    for run in range(runs):
        yield sorted(Counter(random_.randrange(20) for _ in range(per_run[run])).items())


@pytest.mark.parametrize(("scans", "runs", "cap"), [(250, 8, 2), pytest.param(5_000, 288, 15, marks=pytest.mark.long)])
def test_over_a_day_nobody_exceeds_the_cap_by_more_than_came_between_two_runs(
    synced: Wecrm, scans: int, runs: int, cap: int
) -> None:
    home = synced
    people = usable(home)
    codes = [described(people, n, cap) for n in range(20)]
    push(home, *codes)
    caps = {(code["channel"], name): code.get("caps", {}).get(name, cap) for code in codes for name in code["members"]}
    advance(home, 4 * 3600)  # to one in the afternoon, an hour before the shifts change
    day, counts, changes, reached, excess = today(home), Counter(), 0, 0, 0
    before = at_wecom(home)
    for crowd in crowds(scans, runs):
        seen = counts.copy()  # what the last run could see
        for n, count in crowd:
            with home.world() as world:
                pause = INTERVAL_S * count // sum(each for _n, each in crowd)
                found = control.scan(world, f"ch{n}", count, over_s=pause)
            assert found.added + found.again == count, found  # there is always somebody to take one
            counts.update({(f"ch{n}", userid): more for userid, more in found.members.items()})
            for userid in found.members:
                if (f"ch{n}", userid) in caps:
                    assert seen[f"ch{n}", userid] < caps[f"ch{n}", userid], "on, and was at the cap at the last run"
        rotated(home)
        if today(home) != day:
            day = today(home)
            counts = counted(home, day)
        reached = max(reached, sum(counts[key] >= most for key, most in caps.items()))
        excess = max([excess, *(counts[key] - most for key, most in caps.items())])
        after = at_wecom(home)
        changes += sum(after[channel] != before[channel] for channel in after)
        before = after
        with home.world() as world:
            assert all(one.usable for one in control.code_truth(world) if one.state.startswith("ch"))
    assert counts == counted(home, day)
    assert len(updates(home)) == changes > 20
    assert reached > 20
    busiest = busiest_hours(home)
    assert max(busiest.values()) < 0.05 * Budget().corp()[1]
    report = f"{scans} scans, {runs} runs, {changes} updates, {reached} members at their cap at once, {excess} over it"
    sys.stdout.write(f"{report} at most; calls in the busiest hour: {busiest}\n")


def busiest_hours(home: Wecrm) -> dict[str, int]:
    """Calls of each reading API in the hour that had most of them."""
    hours: dict[str, Counter[int]] = defaultdict(Counter)
    with home.world() as world:
        for call in control.calls(world):
            hours[call.path.rsplit("/cgi-bin/")[-1]][int(call.at // 3600)] += 1
    return {path: max(counts.values()) for path, counts in hours.items()}


def test_members_over_the_cap_are_not_read_again_before_midnight(synced: Wecrm) -> None:
    ann, bob, cat = usable(synced)[:3]
    push(synced, {"name": "fair", "channel": "fair", "members": [ann, bob], "cap": 2, "fallback": [cat]})
    scan(synced, "fair", 4)
    rotated(synced)
    assert at_wecom(synced)["fair"] == [cat]
    with synced.world() as world:
        last = max(call.id for call in control.calls(world))
    rotated(synced)
    with synced.world() as world:
        assert not list(control.calls(world, after=last, path="externalcontact/list"))
        assert len(list(control.calls(world, after=last))) < 20
    scan(synced, "fair", 3)
    advance(synced, 15 * 3600)  # from nine in the morning to midnight
    assert "1 changed" in rotated(synced)
    assert at_wecom(synced)["fair"] == sorted([ann, bob])


# -- members go


def test_when_everybody_is_on_leave_the_fallback_is_on_until_they_are_back(synced: Wecrm) -> None:
    ann, bob, cat = usable(synced)[:3]
    push(synced, {"name": "fair", "channel": "fair", "members": [ann, bob], "fallback": [cat]})
    calendar = leave(synced, ann, bob, days=2)
    assert "1 on their fallback" in rotated(synced, "--leave", calendar)
    assert at_wecom(synced)["fair"] == [cat]
    found = shown(synced, "fair", "--leave", calendar)
    assert [found[userid]["reason"] for userid in (ann, bob, cat)] == ["on_leave", "on_leave", "fallback"]
    advance(synced, 24 * 3600)
    assert "0 changed" in rotated(synced, "--leave", calendar)
    advance(synced, 24 * 3600)
    assert "1 changed" in rotated(synced, "--leave", calendar)
    assert at_wecom(synced)["fair"] == sorted([ann, bob])


def test_a_calendar_may_name_members_by_name_and_a_name_of_two_is_refused(synced: Wecrm) -> None:
    ann, bob, cat = usable(synced)[:3]
    push(synced, {"name": "fair", "channel": "fair", "members": [ann, bob], "fallback": [cat]})
    name = synced.sql("SELECT name FROM member WHERE userid = ?", ann)[0][0]
    calendar = leave(synced, name, "nobody.here")
    assert "A3 nobody.here" in synced("livecodes", "rotate", "--leave", calendar, "--dry-run").err
    rotated(synced, "--leave", calendar)
    assert at_wecom(synced)["fair"] == [bob]
    with synced.world() as world, world.writing() as db:
        db.execute("UPDATE member SET name = ? WHERE userid = ?", (name, cat))
        world.changed()
    assert synced("sync", "members").code == 0
    result = rotate(synced, "--leave", leave(synced, name))
    assert result.code == 2
    assert "A2" in result.err
    assert cat in result.err


@pytest.mark.parametrize("how", ["deleted", "disabled", "no customer contact"])
def test_who_goes_between_two_runs_is_off_after_the_next(synced: Wecrm, how: str) -> None:
    ann, bob, cat = usable(synced)[:3]
    push(synced, {"name": "fair", "channel": "fair", "members": [ann, bob], "cap": 50, "fallback": [cat]})
    rotated(synced)
    assert at_wecom(synced)["fair"] == sorted([ann, bob])
    for gone, left in ((ann, bob), (bob, cat)):
        with synced.world() as world:
            if how == "deleted":
                control.delete_member(world, gone)
            elif how == "disabled":
                _disable(world, gone)
            else:
                control.set_customer_contact(world, gone, False)
        rotated(synced)
        assert at_wecom(synced)["fair"] == [left]


def _disable(world: control.World, userid: str) -> None:
    with world.writing() as db:
        db.execute("UPDATE member SET status = 2 WHERE userid = ?", (userid,))
        world.changed()


def test_when_nobody_can_be_used_the_code_stays_and_a_person_is_asked_for(synced: Wecrm) -> None:
    ann, bob, cat = usable(synced)[:3]
    push(
        synced,
        {"name": "fair", "channel": "fair", "members": [ann], "fallback": [bob]},
        {"name": "shop", "channel": "shop", "members": [ann, cat], "cap": 9},
    )
    with synced.world() as world:
        _disable(world, ann)
        _disable(world, bob)
    result = rotate(synced)
    assert result.code == 6, result.err
    assert result.err.splitlines()[-1] == "exit 6 (refused): nobody can be on: fair"
    assert "disabled" in result.err
    assert at_wecom(synced) | {"fair": [ann], "shop": [cat]} == at_wecom(synced)
    with synced.world() as world, world.writing() as db:
        db.execute("UPDATE member SET status = 1 WHERE userid = ?", (bob,))
        world.changed()
    rotated(synced)
    assert at_wecom(synced)["fair"] == [bob]


def test_a_member_whose_customers_cannot_be_read_keeps_the_last_counts_and_is_told(synced: Wecrm) -> None:
    ann, bob, cat = usable(synced)[:3]
    push(synced, {"name": "fair", "channel": "fair", "members": [ann, bob], "cap": 2, "fallback": [cat]})
    scan(synced, "fair", 4)
    with synced.world() as world:
        control.add_fault(world, kind="-1", path="externalcontact/list", share=1.0)
    result = rotate(synced)
    assert result.code == 3
    assert f"{ann} was not read" in result.err
    assert at_wecom(synced)["fair"] == sorted([ann, bob])
    with synced.world() as world:
        control.clear_faults(world)
    rotated(synced)
    assert at_wecom(synced)["fair"] == [cat]


# -- codes go


def test_refused_codes_are_explained_and_the_others_go_on(wecrm: Wecrm) -> None:
    home = wecrm
    assert home("sync", "contacts").code == 0  # but no members: nobody's status is known
    ann, bob, cat = [userid for (userid,) in home.sql("SELECT userid FROM member ORDER BY userid")][:3]
    spare = {f"c{n:02}": cat if n < 3 else bob for n in range(30)}
    push(home, *({"name": c, "channel": c, "members": [ann], "fallback": [who]} for c, who in spare.items()))
    with home.world() as world:
        _disable(world, cat)
    result = rotate(home, "--leave", leave(home, ann))
    assert result.code == 3, result.err
    assert result.err.splitlines()[-1] == "exit 3 (partial): not changed: c00, c01, c02; not read: 0"
    assert "c00: WeCom answered errcode 41054" in result.err
    assert "To fix" in result.err
    assert at_wecom(home) | {c: [ann if n < 3 else bob] for n, c in enumerate(spare)} == at_wecom(home)


def test_a_code_that_somebody_deleted_is_told_once(synced: Wecrm) -> None:
    ann, bob, cat = usable(synced)[:3]
    push(
        synced,
        {"name": "fair", "channel": "fair", "members": [ann], "fallback": [cat]},
        {"name": "shop", "channel": "shop", "members": [bob], "fallback": [cat]},
    )
    with synced.world() as world, world.writing() as db:
        db.execute("UPDATE live_code SET deleted = 1 WHERE json_extract(fields, '$.state') = 'fair'")
        world.changed()
    calendar = leave(synced, ann, bob)
    result = rotate(synced, "--leave", calendar)
    assert result.code == 3
    assert "fair: WeCom answered errcode 41044" in result.err
    assert at_wecom(synced)["shop"] == [cat]
    assert rotated(synced, "--leave", calendar).startswith("rotate sandbox: 1 codes · 0 changed")


def test_what_somebody_else_changed_is_left_alone_and_decided_from_then_on(synced: Wecrm) -> None:
    ann, bob, cat = usable(synced)[:3]
    push(synced, {"name": "fair", "channel": "fair", "members": [ann], "fallback": [cat]})
    with synced.world() as world, world.writing() as db:
        db.execute(
            "UPDATE live_code SET fields = json_set(fields, '$.user', json_array(?)) "
            "WHERE json_extract(fields, '$.state') = 'fair'",
            (bob,),
        )
        world.changed()
    calendar = leave(synced, ann)
    result = rotate(synced, "--leave", calendar)
    assert result.code == 3
    assert "somebody else changed it" in result.err
    assert at_wecom(synced)["fair"] == [bob]
    assert shown(synced, "fair")[bob]["reason"] == "not_described"
    rotated(synced, "--leave", calendar)
    assert at_wecom(synced)["fair"] == [cat]


# -- WeCom, locks, kills


def test_while_wecom_is_out_of_reach_nothing_changes(synced: Wecrm) -> None:
    ann, _bob, cat = usable(synced)[:3]
    push(synced, {"name": "fair", "channel": "fair", "members": [ann], "cap": 3, "fallback": [cat]})
    before, register = at_wecom(synced), synced.sql("SELECT code, entry FROM live_code ORDER BY id")
    calendar = leave(synced, ann)
    with synced.world() as world:
        control.add_fault(world, kind="close", share=1.0)
    result = rotate(synced, "--leave", calendar)
    assert result.code == 5, result.err
    assert synced.sql("SELECT code, entry FROM live_code ORDER BY id") == register
    with synced.world() as world:
        control.clear_faults(world)
    assert at_wecom(synced) == before
    assert synced.sql("SELECT count(*) FROM job WHERE kind = 'rotation'") == [(0,)]
    rotated(synced, "--leave", calendar)
    assert at_wecom(synced)["fair"] == [cat]


def test_a_second_run_at_the_same_time_leaves_it_to_the_first(synced: Wecrm) -> None:
    ann, _bob, cat = usable(synced)[:3]
    push(synced, {"name": "fair", "channel": "fair", "members": [ann], "fallback": [cat]})
    calendar = leave(synced, ann)
    with held(synced.database, "rotate"):
        assert rotate(synced, "--leave", calendar, "--max-age", "15m").code == 11
    rotated(synced)
    with held(synced.database, "rotate"):
        result = rotate(synced, "--leave", calendar, "--max-age", "15m")
        assert result.code == 0
        assert re.fullmatch(r"rotate sandbox: another run is under way; .* · exit 0\n", result.err)
        advance(synced, 16 * 60)
        assert rotate(synced, "--leave", calendar, "--max-age", "15m").code == 11
    with held(synced.database, "apply"):  # a long bulk job is no reason to wait
        rotated(synced, "--leave", calendar)
    assert at_wecom(synced)["fair"] == [cat]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_that_is_killed_is_settled_by_the_next(synced: Wecrm, when: str) -> None:
    people = usable(synced)
    codes = [{"name": f"c{n}", "channel": f"ch{n}", "members": [people[n]], "fallback": [people[-1]]} for n in range(8)]
    push(synced, *codes)
    calendar = leave(synced, *people[:8])
    with synced.world() as world:
        control.add_fault(world, kind="kill", path="update_contact_way", share=0.4, seed=3, when=when, times=1)
    process = synced.process("livecodes", "rotate", "--cron", "--leave", calendar)
    process.communicate()
    assert process.returncode == -9
    assert "unknown" in {status for (status,) in synced.sql("SELECT status FROM job_row WHERE op = 'livecode.duty'")}
    with synced.world() as world:
        control.clear_faults(world)
    rotated(synced, "--leave", calendar)
    assert {channel: users for channel, users in at_wecom(synced).items() if channel.startswith("ch")} == {
        f"ch{n}": [people[-1]] for n in range(8)
    }
    assert len(updates(synced)) == 8
    assert synced.sql("SELECT state, count(*) FROM job WHERE kind = 'rotation' GROUP BY 1 ORDER BY 1") == [
        ("cancelled", 1),
        ("done", 1),
    ]
    assert synced.sql("SELECT count(*) FROM job_row WHERE status IN ('pending', 'unknown')") == [(0,)]


# -- what a person sees


def test_on_a_terminal_it_asks_and_a_dry_run_only_tells(synced: Wecrm) -> None:
    ann, bob, cat = usable(synced)[:3]
    push(synced, {"name": "fair", "channel": "fair", "members": [ann, bob], "cap": 2, "fallback": [cat]})
    scan(synced, "fair", 3)
    before = at_wecom(synced)
    result = synced("livecodes", "rotate", "--dry-run")
    assert result.code == 0
    assert "over the cap: 2 of 2 customers today" in result.err
    result = synced("livecodes", "rotate")
    assert result.code == 2
    assert "--yes" in result.err
    assert at_wecom(synced) == before
    assert synced("livecodes", "rotate", "--yes", "fair").code == 0
    assert at_wecom(synced) != before


@pytest.mark.parametrize(("name", "told"), [("fiar", "fair"), ("plain", "Nothing about")])
def test_a_name_that_does_not_rotate_is_refused(synced: Wecrm, name: str, told: str) -> None:
    ann, bob = usable(synced)[:2]
    push(
        synced,
        {"name": "fair", "channel": "fair", "members": [ann], "cap": 5},
        {"name": "plain", "channel": "plain", "members": [bob]},
    )
    result = synced("livecodes", "rotate", name)
    assert result.code == 2
    assert told in result.err


def test_show_explains_who_is_on_and_counts_the_customers(synced: Wecrm) -> None:
    ann, bob, cat = usable(synced)[:3]
    night = {"hours": "20:00-23:00", "members": [bob]}
    push(
        synced,
        {"name": "fair", "channel": "fair", "members": [ann], "cap": 2, "shifts": [night], "fallback": [cat]},
    )
    scan(synced, "fair", 3)
    rotated(synced)
    found = shown(synced, "fair")
    assert [found[who]["reason"] for who in (ann, bob, cat)] == ["over_cap", "off_shift", "fallback"]
    assert [found[who]["on"] for who in (ann, bob, cat)] == [False, False, True]
    assert (found[ann]["today"], found[ann]["cap"]) == (3, 2)
    assert str(found[bob]["next_shift"]).endswith("T20:00:00+08:00")
    customers = synced("livecodes", "show", "fair", "--part", "customers", "-f", "json")
    assert [row["added"] for row in msgspec.json.decode(customers.out)] == [3, 3, 3, 3]
    jobs = msgspec.json.decode(synced("livecodes", "show", "fair", "--part", "jobs", "-f", "json").out)
    assert [row["op"] for row in jobs] == ["livecode.duty", "livecode.create"]
    page = synced("livecodes", "show", "fair", "-f", "table").out
    assert "mon-sun 20:00-23:00" in page


def test_show_finds_codes_that_nobody_described(synced: Wecrm) -> None:
    code, state, members = synced.sql(
        "SELECT code_id, channel, members FROM livecodes WHERE members <> '[]' AND channel <> '' LIMIT 1"
    )[0]
    for name in (code, state):
        found = shown(synced, name)
        assert sorted(found) == sorted(msgspec.json.decode(members))
        assert all(row["on"] for row in found.values())
    assert "did you mean" in synced("livecodes", "show", state[:-1] + "x").err.lower()


def test_show_of_a_group_code_names_its_groups(synced: Wecrm) -> None:
    (chat,) = synced.sql("SELECT chat_id FROM group_chat WHERE gone_at IS NULL LIMIT 1")[0]
    push(synced, {"name": "room", "kind": "group", "channel": "room", "groups": [chat]})
    groups = synced("livecodes", "show", "room", "--part", "groups", "-f", "json")
    assert [row["chat_id"] for row in msgspec.json.decode(groups.out)] == [chat]
    with synced.world() as world:
        control.scan(world, "room", 2)
    assert synced("sync", "groups").code == 0
    customers = synced("livecodes", "show", "room", "--part", "customers", "-f", "json")
    assert msgspec.json.decode(customers.out)[0]["added"] == 2


def test_a_missing_calendar_is_refused_before_anything_is_asked(synced: Wecrm, tmp_path: Path) -> None:
    with synced.world() as world:
        last = max(call.id for call in control.calls(world))
    assert rotate(synced, "--leave", str(tmp_path / "none.csv")).code == 2
    with synced.world() as world:
        assert not list(control.calls(world, after=last))
