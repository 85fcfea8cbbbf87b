"""`sync stats`: what WeCom counts by itself, fetched once, again when it is final, and never made up."""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Wecrm
from tests.sandbox.conftest import Office
from wecrm.api.client import Client, Settings
from wecrm.models.clock import Run
from wecrm.operations import sync_livecodes, sync_stats
from wecrm.operations.work import Work
from wecrm.sandbox import control
from wecrm.sandbox.app import wsgi
from wecrm.sandbox.clock import WorldClock
from wecrm.sandbox.identity import CORP_ID, SECRETS
from wecrm.sandbox.world import World
from wecrm.store.database import Store

DAY_S = 86_400
TODAY = 1_793_462_400  # 2026-11-01 00:00 +08:00; the world begins at 09:00
BEHAVIOR, GROUPS = "get_user_behavior_data", "groupchat/statistic"


def day(moment: int) -> str:
    """`2026-11-01` of UTC+8, by counting: no calendar of the code under test."""
    import datetime

    return (datetime.date(2026, 11, 1) + datetime.timedelta(days=(moment - TODAY) // DAY_S)).isoformat()


def told(office: Office, userids: Sequence[str], first: int, last: int) -> set[tuple[Any, ...]]:
    """What the sandbox says of members, asked one by one, in the order of the table."""
    names = ("chat_cnt", "message_cnt", "reply_percentage", "avg_reply_time", "negative_feedback_cnt")
    names += ("new_apply_cnt", "new_contact_cnt")
    return {
        (userid, day(row["stat_time"]), *(row.get(name) for name in names))
        for userid in userids
        for begin in range(first, last + 1, 31 * DAY_S)
        for row in office.ec(BEHAVIOR, userid=[userid], start_time=begin, end_time=min(begin + 30 * DAY_S, last))[
            "behavior_data"
        ]
    }


def told_of_groups(office: Office, days: Sequence[int]) -> set[tuple[Any, ...]]:
    """What the sandbox says of the groups of everybody, day by day."""
    found = set()
    for each in days:
        for item in office.ec(GROUPS, day_begin_time=each, limit=1000)["items"]:
            figures = item["data"]
            found.add((item["owner"], day(each), *(figures[name] for name in FIGURES)))
    return found


FIGURES = (
    "new_chat_cnt", "chat_total", "chat_has_msg", "new_member_cnt", "member_total", "member_has_msg", "msg_total"
)  # fmt: skip
OF_BEHAVIOR = "userid, day, chats, messages, reply_percentage, reply_minutes, negative, applied, added"
OF_GROUPS = "owner, day, new_groups, groups, talking_groups, new_people, people, talking_people, messages_total"


def stored(home: Wecrm, columns: str, table: str) -> set[tuple[Any, ...]]:
    return set(home.sql(f"SELECT {columns} FROM {table}"))


def new_calls(home: Wecrm, run: Callable[[], object]) -> Counter[str]:
    """How often each API was called meanwhile."""
    with home.world() as world:
        last = max((call.id for call in control.calls(world)), default=0)
    run()
    with home.world() as world:
        return Counter(call.path.removeprefix("/cgi-bin/externalcontact/") for call in control.calls(world, after=last))


def stats(home: Wecrm, code: int = 0) -> str:
    result = home("sync", "stats")
    assert result.code == code, result.err
    return result.err


@pytest.fixture
def home(wecrm: Wecrm) -> Wecrm:
    """Members and groups are known, statistics are not."""
    assert wecrm("sync", "members", "groups", "-qq").code == 0
    return wecrm


@pytest.fixture
def people(home: Wecrm) -> list[str]:
    return [userid for (userid,) in home.sql("SELECT userid FROM member WHERE follows ORDER BY 1")]


def test_everything_that_wecom_keeps_is_stored_as_it_tells_it(home: Wecrm, people: list[str]) -> None:
    stats(home)
    with home.world() as world:
        office = Office(world)
        first, last = TODAY - 179 * DAY_S, TODAY - DAY_S
        assert stored(home, OF_BEHAVIOR, "behavior_day") == told(office, people, first, last)
        groups = told_of_groups(office, range(first, last + 1, DAY_S))
    assert {row for row in stored(home, OF_GROUPS, "group_day") if row[3] is not None} == groups
    assert len({row[1] for row in groups}) == 179


def test_a_day_costs_a_call_per_member_and_one_per_100_owners(home: Wecrm, people: list[str]) -> None:
    first = new_calls(home, lambda: stats(home))
    assert (first[BEHAVIOR], first[GROUPS]) == (6 * len(people), 179)
    again = new_calls(home, lambda: stats(home))
    assert (again[BEHAVIOR], again[GROUPS], again["customer_acquisition/statistic"]) == (0, 0, 0)
    assert again["get_groupmsg_send_result"] == 0
    with home.world() as world:
        control.advance(world, DAY_S)
    later = new_calls(home, lambda: stats(home))
    assert (later[BEHAVIOR], later[GROUPS]) == (len(people), 2)
    owners = len(home.sql("SELECT DISTINCT owner FROM group_day"))
    assert sync_stats.calls_a_day(len(people), owners) == later[BEHAVIOR] + later[GROUPS]
    assert sync_stats.calls_a_day(1000, 250) == 1006


def test_yesterday_is_provisional_until_a_day_later(home: Wecrm, people: list[str]) -> None:
    stats(home)
    userid, yesterday = people[0], day(TODAY - DAY_S)
    question = "SELECT provisional, negative FROM behavior_days WHERE userid = ? AND day = ?"
    assert home.sql(question, userid, yesterday) == [(1, 0)]
    with home.world() as world:
        external = control.add_relation(world, userid)
        control.delete_relation(world, userid, external, by="customer")
        world.db.connection.execute("UPDATE event SET at = at - ?", (DAY_S,))  # WeCom finds out later
        control.advance(world, DAY_S)
    stats(home)
    assert home.sql(question, userid, yesterday) == [(0, 1)]
    assert home.sql("SELECT count(*) FROM behavior_days WHERE provisional") == [(len(people),)]
    assert {row[0] for row in home.sql("SELECT day FROM group_days WHERE provisional")} == {day(TODAY)}


def test_zeros_of_the_night_are_a_gap_and_not_a_figure(home: Wecrm, people: list[str]) -> None:
    stats(home)
    with home.world() as world:
        control.advance(world, 17.5 * 3600)  # 02:30
    stats(home)
    ask = "SELECT count(*) FROM {} WHERE day = ?"
    assert home.sql(ask.format("behavior_day"), day(TODAY)) == [(0,)]
    assert home.sql(ask.format("group_day"), day(TODAY)) == [(0,)]
    with home.world() as world:
        control.advance(world, 4.5 * 3600)  # 07:00
    stats(home)
    with home.world() as world:
        office = Office(world)
        assert {row for row in stored(home, OF_BEHAVIOR, "behavior_day") if row[1] == day(TODAY)} == told(
            office, people, TODAY, TODAY
        )
    assert home.sql(ask.format("group_day"), day(TODAY))[0][0] > 0


def test_a_missed_night_is_made_up_for(home: Wecrm, people: list[str]) -> None:
    stats(home)
    with home.world() as world:
        control.advance(world, 5 * DAY_S)
    calls = new_calls(home, lambda: stats(home))
    assert (calls[BEHAVIOR], calls[GROUPS]) == (len(people), 6)
    with home.world() as world:
        office = Office(world)
        assert told(office, people, TODAY - DAY_S, TODAY + 4 * DAY_S) <= stored(home, OF_BEHAVIOR, "behavior_day")


def test_stopped_in_the_middle_it_goes_on_where_it_was(home: Wecrm, people: list[str]) -> None:
    codes: list[int] = []

    def run() -> None:
        codes.append(home("sync", "stats", "--max-runtime", "0.4").code)

    calls = new_calls(home, run)
    while codes[-1]:
        calls += new_calls(home, run)
    assert codes == [12] * (len(codes) - 1) + [0]
    assert len(codes) > 3
    assert (calls[BEHAVIOR], calls[GROUPS]) == (6 * len(people), 179)
    with home.world() as world:
        expected = told(Office(world), people, TODAY - 179 * DAY_S, TODAY - DAY_S)
    assert stored(home, OF_BEHAVIOR, "behavior_day") == expected


@pytest.mark.parametrize("kind", ["-1", "45033", "http502", "cut"])
def test_a_bad_line_changes_nothing(home: Wecrm, people: list[str], kind: str) -> None:
    with home.world() as world:
        for path in (BEHAVIOR, GROUPS, "get_groupmsg_send_result"):
            control.add_fault(world, kind=kind, path=path, share=0.1, seed=3)
    code = home("sync", "stats").code
    with home.world() as world:
        control.clear_faults(world)
    assert code in (0, 5)
    stats(home)
    with home.world() as world:
        office = Office(world)
        assert stored(home, OF_BEHAVIOR, "behavior_day") == told(office, people, TODAY - 179 * DAY_S, TODAY - DAY_S)


def test_statistics_that_the_app_may_not_read_are_left_out_and_told(home: Wecrm) -> None:
    with home.world() as world:
        control.set_switch(world, "stats_permitted", False)
    said = stats(home)
    assert said.count("(48002)") == 2
    assert stored(home, OF_BEHAVIOR, "behavior_day") == set()
    assert home.sql("SELECT count(*) > 0 FROM groupsend") == [(1,)]
    assert home.sql("SELECT state FROM sync_run ORDER BY id DESC LIMIT 1") == [("done",)]


def test_links_are_read_as_far_back_as_wecom_keeps_them(home: Wecrm) -> None:
    assert home("sync", "livecodes", "-qq").code == 0
    with home.world() as world:
        control.advance(world, 60 * DAY_S)
    stats(home)
    (first, count), *others = home.sql("SELECT min(day), count(*) FROM link_day GROUP BY link_id")
    assert count > 60
    assert first < day(TODAY)
    assert len(others) == 1


# -- whom WeCom does not tell of, or refuses


@pytest.fixture
def world(seeded: Path, tmp_path: Path) -> Iterator[World]:
    path = tmp_path / "a.world"
    path.write_bytes((seeded / "data" / "sandbox.world").read_bytes())
    with World.open(path) as world:
        yield world


class Picky:
    """The sandbox, but one person (or message) must not be named: calls that do are refused, or leave them out."""

    def __init__(self, world: World, person: str, errcode: int) -> None:
        self.app, self.person, self.errcode = wsgi(world), person, errcode
        self.refused: Counter[str] = Counter()
        self.apis: tuple[str, ...] = (BEHAVIOR, GROUPS)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        body = environ["wsgi.input"].read()
        path = environ["PATH_INFO"].removeprefix("/cgi-bin/externalcontact/")
        asked = json.loads(body) if body else {}
        if path in self.apis and self.person in json.dumps(asked):
            self.refused[path] += 1
            answer = json.dumps({"errcode": self.errcode, "errmsg": "no"}).encode()
            if not self.errcode:
                answer = b'{"errcode":0,"errmsg":"ok","behavior_data":[],"items":[],"total":0}'
            start_response("200 OK", [("Content-Type", "application/json")])
            return [answer]
        import io

        return self.app({**environ, "wsgi.input": io.BytesIO(body)}, start_response)


@pytest.fixture
def pick(home: Wecrm, world: World, tmp_path: Path) -> Iterator[Callable[[str, int], tuple[Work, Picky]]]:
    opened: list[Any] = []

    def made(person: str, errcode: int) -> tuple[Work, Picky]:
        app, run = Picky(world, person, errcode), Run(WorldClock(world))
        client = Client(Settings(CORP_ID, {"contact": SECRETS["contact"]}, tmp_path / "cache"), run, app)
        store = Store.open(home.database)
        opened.extend((client, store))
        return Work(client, store, run), app

    yield made
    for each in opened:
        each.close()


def test_one_refused_owner_does_not_keep_the_others_from_being_counted(
    home: Wecrm, people: list[str], pick: Callable[[str, int], tuple[Work, Picky]]
) -> None:
    owner = home.sql("SELECT owner FROM group_chat ORDER BY 1 LIMIT 1")[0][0]
    work, app = pick(owner, 60011)
    synced = sync_stats.stats(work)
    assert synced.exit == 3
    assert sum(note.startswith(f"Chats of {owner} were not read") for note in synced.notes) == 6
    assert any(note.startswith(f"Groups of {owner} were not counted") for note in synced.notes)
    days = "SELECT owner, count(*) FROM group_day GROUP BY owner"
    counts = dict(home.sql(days))
    others = {userid for (userid,) in home.sql("SELECT DISTINCT owner FROM group_chat")} - {owner}
    assert counts == dict.fromkeys(others & set(people), 179)
    assert app.refused[GROUPS] < 179 * 2


def test_of_whom_wecom_tells_nothing_nothing_is_stored_as_zero_and_nobody_asks_again(
    home: Wecrm, people: list[str], pick: Callable[[str, int], tuple[Work, Picky]]
) -> None:
    person = home.sql("SELECT owner FROM group_chat ORDER BY 1 LIMIT 1")[0][0]
    work, app = pick(person, 0)
    assert sync_stats.stats(work).exit == 0
    assert home.sql("SELECT count(*), max(chats) FROM behavior_day WHERE userid = ?", person) == [(179, None)]
    assert home.sql("SELECT count(*) FROM behavior_days WHERE userid = ?", person) == [(0,)]
    assert home.sql("SELECT count(*) FROM group_days WHERE owner = ?", person) == [(0,)]
    asked = app.refused.total()
    assert asked > 0
    assert sync_stats.stats(work).exit == 0
    assert app.refused.total() == asked


def test_days_that_wecom_does_not_have_are_asked_for_once_and_told(
    home: Wecrm, pick: Callable[[str, int], tuple[Work, Picky]]
) -> None:
    work, app = pick(home.sql("SELECT owner FROM group_chat ORDER BY 1 LIMIT 1")[0][0], 40058)
    synced = sync_stats.stats(work)
    assert synced.exit == 3
    assert synced.counts.failed == len(synced.notes) == 2
    assert all("clock" in note for note in synced.notes)
    assert app.refused[BEHAVIOR] <= 6


@pytest.mark.parametrize("errcode", [41044, 40058])
def test_a_link_that_is_deleted_while_links_are_read_holds_up_no_other(
    home: Wecrm, pick: Callable[[str, int], tuple[Work, Picky]], errcode: int
) -> None:
    with home.world() as world:
        first, *others = Office(world).ec("customer_acquisition/list_link")["link_id_list"]
    work, app = pick(first, errcode)
    app.apis = ("customer_acquisition/customer",)
    assert sync_livecodes.livecodes(work).exit == 0
    assert app.refused.total() == 1
    assert home.sql("SELECT code_id FROM live_code WHERE kind = 'link' AND gone_at IS NOT NULL") == [(first,)]
    assert {link for (link,) in home.sql("SELECT DISTINCT link_id FROM link_customer")} == set(others)
    assert home.sql("SELECT count(*) FROM corp WHERE key = 'acquisition_quota'") == [(1,)]


# -- mass messages


def sends(office: Office, first: int, last: int) -> Iterator[dict[str, Any]]:
    for chat_type in ("single", "group"):
        for begin in range(first, last, 30 * DAY_S):
            body = {"start_time": begin, "end_time": min(begin + 30 * DAY_S, last), "filter_type": 0, "limit": 100}
            yield from office.ec("get_groupmsg_list_v2", chat_type=chat_type, **body)["group_msg_list"]


def fates(office: Office, msgid: str) -> dict[str, Counter[int] | None]:
    """Member → how many receivers of each status; None who has not sent."""
    found: dict[str, Counter[int] | None] = {}
    for task in office.ec("get_groupmsg_task", msgid=msgid, limit=1000)["task_list"]:
        rows = office.ec("get_groupmsg_send_result", msgid=msgid, userid=task["userid"], limit=1000)
        assert rows["next_cursor"] == ""
        found[task["userid"]] = Counter(row["status"] for row in rows["send_list"]) if task["status"] == 2 else None
    return found


def test_mass_messages_with_who_sent_them_and_whom_they_reached(home: Wecrm) -> None:
    stats(home)
    with home.world() as world:
        office = Office(world)
        now = int(world.now())
        truth = {one["msgid"]: fates(office, one["msgid"]) for one in sends(office, now - 90 * DAY_S, now)}
    assert len(truth) > 5
    assert {msgid for (msgid,) in home.sql("SELECT msgid FROM groupsends")} == set(truth)
    found: dict[str, dict[str, Counter[int] | None]] = {msgid: {} for msgid in truth}
    for msgid, userid, sent, *numbers in home.sql(
        "SELECT msgid, userid, sent, undelivered, delivered, no_friend, cap_reached FROM groupsend_tasks"
    ):
        found[msgid][userid] = Counter({n: count for n, count in enumerate(numbers) if count}) if sent else None
    assert found == truth


def test_receivers_are_read_again_once_they_have_settled(home: Wecrm) -> None:
    stats(home)
    with home.world() as world:
        control.advance(world, 3 * DAY_S)
    stats(home)
    with home.world() as world:
        control.advance(world, 40 * DAY_S)
    stats(home)
    quiet = new_calls(home, lambda: stats(home))
    assert 2 <= quiet["get_groupmsg_list_v2"] <= 4
    assert quiet["get_groupmsg_send_result"] == 0
    with home.world() as world:
        office, now = Office(world), int(world.now())
        old = {one["msgid"]: fates(office, one["msgid"]) for one in sends(office, now - 70 * DAY_S, now - 35 * DAY_S)}
    for msgid, truth in old.items():
        sent = {userid: found[1] for userid, found in truth.items() if found is not None}
        rows = home.sql("SELECT userid, delivered FROM groupsend_tasks WHERE msgid = ? AND sent", msgid)
        assert dict(rows) == sent
    assert len(old) > 3


def test_a_sender_who_left_leaves_a_note_and_no_hole(home: Wecrm) -> None:
    stats(home)
    sender = home.sql("SELECT userid FROM groupsend_tasks WHERE sent ORDER BY send_time DESC LIMIT 1")[0][0]
    with home.world() as world:
        control.delete_member(world, sender)
        control.advance(world, 3 * DAY_S)
    assert f"Receivers of {sender} were not read" in stats(home)
    assert "Receivers" not in stats(home)  # nobody will ever read them, so nobody asks again


def test_a_mass_message_that_is_still_being_dispatched_is_read_the_next_time(
    home: Wecrm, pick: Callable[[str, int], tuple[Work, Picky]]
) -> None:
    stats(home)
    msgid = home.sql("SELECT msgid FROM groupsend_tasks WHERE sent LIMIT 1")[0][0]
    tasks = "SELECT count(*) FROM groupsend_tasks WHERE msgid = ?"
    there = home.sql(tasks, msgid)
    with closing(sqlite3.connect(home.database)) as db, db:
        db.execute("DELETE FROM groupsend_task WHERE msgid = ?", (msgid,))
        db.execute("UPDATE groupsend SET read_at = NULL WHERE msgid = ?", (msgid,))
    work, app = pick(msgid, 41063)
    app.apis = ("get_groupmsg_task",)
    synced = sync_stats.stats(work)
    assert (synced.exit, synced.notes, app.refused.total()) == (0, (), 4)
    app.apis = ()
    assert sync_stats.stats(work).exit == 0
    assert home.sql(tasks, msgid) == there


def test_a_mass_message_that_wecom_forgot_leaves_a_note_and_no_hole(home: Wecrm, people: list[str]) -> None:
    stats(home)
    made = TODAY - 2 * DAY_S
    with closing(sqlite3.connect(home.database)) as db, db:
        for msgid, read_at in (("msgGONE1", None), ("msgGONE2", made)):
            db.execute("INSERT INTO groupsend VALUES (?, 'single', '', ?, 'x', ?)", (msgid, made, read_at))
        db.execute(
            "INSERT INTO groupsend_task (msgid, userid, sent, send_time) VALUES ('msgGONE2', ?, 1, ?)",
            (people[0], made),
        )
    said = stats(home)  # that it ends well is part of it
    assert "Mass message msgGONE1 was not read" in said
    assert f"Receivers of {people[0]} were not read (msgGONE2)" in said
    assert "msgGONE" not in stats(home)  # it will not come back, so nobody asks again
