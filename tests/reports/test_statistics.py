"""WeCom's own statistics in reports, against what the sandbox says and when it was asked."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Wecrm
from tests.reports.lives import SEEDS, Life
from tests.sandbox.conftest import Office
from wecrm.sandbox import control
from wecrm.sandbox.state import statistics
from wecrm.sandbox.state.scope import Member
from wecrm.sandbox.world import World

HOUR_S, DAY_S = 3600, 86_400
EPOCH = date(2026, 11, 1), 1_793_462_400
"""A day of UTC+8 and when it began."""

COUNTS = ("chats", "messages", "negative", "applied", "new")
STATES = ("groups", "talking_groups", "people", "talking_people")
OF_PERIOD = ("new_groups", "new_people")
WIRE = {
    "groups": "chat_total",
    "talking_groups": "chat_has_msg",
    "people": "member_total",
    "talking_people": "member_has_msg",
    "new_groups": "new_chat_cnt",
    "new_people": "new_member_cnt",
    "messages": "msg_total",
}
Day = tuple[str, date]
"""A userid and a day."""


def day_of(moment: int) -> date:
    return EPOCH[0] + timedelta(days=(moment - EPOCH[1]) // DAY_S)


def start(day: date) -> int:
    return EPOCH[1] + (day - EPOCH[0]).days * DAY_S


def asked_days(
    world: World, path: str, whom: Callable[[Any], Iterable[str]], times: tuple[str, str]
) -> dict[Day, float]:
    """Of whom the sandbox was asked for which day when its figures were there, and when last: from its own log."""
    found: dict[Day, float] = {}
    for call in control.calls(world, path=path):
        if call.errcode != 0:
            continue
        body = json.loads(call.body)
        for moment in range(body[times[0]], body[times[1]] + 1, DAY_S):
            if call.at >= moment + DAY_S + 6 * HOUR_S:
                for userid in whom(body):
                    found[userid, day_of(moment)] = call.at
    return found


def chats_asked(world: World) -> dict[Day, float]:
    return asked_days(world, "get_user_behavior_data", lambda body: body["userid"], ("start_time", "end_time"))


def groups_asked(world: World) -> dict[Day, float]:
    times = ("day_begin_time", "day_end_time")
    return asked_days(world, "groupchat/statistic", lambda body: body["owner_filter"]["userid_list"], times)


def members(world: World) -> dict[str, Member]:
    return {
        userid: Member(id_, userid)
        for id_, userid in world.db.connection.execute("SELECT id, userid FROM member ORDER BY left_at IS NULL")
    }


def talks(world: World) -> dict[Day, statistics.Talk]:
    """What each member did on each day that is known."""
    people, found = members(world), {}
    known: dict[str, list[date]] = defaultdict(list)
    for userid, day in chats_asked(world):
        known[userid].append(day)
    for userid, days in known.items():
        first, last = start(min(days)), start(max(days))
        said = statistics.talks(world, people[userid], range(first, last + DAY_S, DAY_S))
        found |= {(userid, day): said[(day - min(days)).days] for day in days}
    return found


def chats(parts: Sequence[statistics.Talk]) -> dict[str, Any]:
    """Figures of some days, added up by hand."""
    rates = [round(100 * one.answered / one.begun, 2) for one in parts if one.begun]
    waits = [one.waited // one.answered for one in parts if one.answered]
    names = {"new": "added"}
    return {
        **{names.get(name, name): sum(getattr(one, name) for one in parts) for name in COUNTS},
        "reply_percentage": round(sum(rates) / len(rates), 2) if rates else None,
        "reply_minutes": round(sum(waits) / len(waits), 2) if waits else None,
        "days": len(parts),
    }


def agrees(row: dict[str, Any], expected: dict[str, Any]) -> bool:
    """Whether a row has these figures; means may differ by the last digit's rounding."""
    for name, value in expected.items():
        if isinstance(value, float):
            assert row[name] is not None, (row, expected)
            assert abs(row[name] - value) < 0.011, (row, expected)
        else:
            assert row[name] == value, (name, row, expected)
    return True


PERIODS = [
    ((), date.min, date.max),
    (("--since", "2026-10", "--until", "2026-10"), date(2026, 10, 1), date(2026, 11, 1)),
    (("--since", "2026-10-20", "--until", "2026-11-12"), date(2026, 10, 20), date(2026, 11, 13)),
    (("--since", "2026-11-03 12:00"), date(2026, 11, 4), date.max),
]
KEYS = {
    "day": lambda day: day.isoformat(),
    "week": lambda day: (day - timedelta(days=day.isoweekday() - 1)).isoformat(),
    "month": lambda day: day.isoformat()[:7],
}


@pytest.mark.parametrize(("words", "first", "end"), PERIODS, ids=["ever", "month", "days", "noon"])
def test_chats_of_every_member(life: Life, words: tuple[str, ...], first: date, end: date) -> None:
    with life.home.world() as world:
        truth: dict[str, list[statistics.Talk]] = defaultdict(list)
        for (userid, day), talk in talks(world).items():
            if first <= day < end:
                truth[userid].append(talk)
    rows = {row["userid"]: row for row in life.report("behavior", *words)}
    assert rows.keys() == truth.keys()
    assert all(agrees(rows[userid], chats(parts)) for userid, parts in truth.items())
    assert {row["userid"] for row in rows.values() if row["left"]} <= {life.left}
    assert sum(row["messages"] for row in rows.values()) > 1000


def test_a_member_who_left_counts_until_then(life: Life) -> None:
    rows = {row["userid"]: row for row in life.report("behavior")}
    days = {row["days"] for userid, row in rows.items() if userid != life.left}
    assert rows[life.left]["left"] is True
    assert rows[life.left]["days"] < min(days)
    told = [row for row in life.report("behavior", "--rows") if row["userid"] == life.left]
    with life.home.world() as world:
        assert {row["day"] for row in told} == {
            d.isoformat() for userid, d in chats_asked(world) if userid == life.left
        }


@pytest.mark.parametrize("by", KEYS)
def test_chats_by_period(life: Life, by: str) -> None:
    with life.home.world() as world:
        truth: dict[str, list[statistics.Talk]] = defaultdict(list)
        people: dict[str, set[str]] = defaultdict(set)
        for (userid, day), talk in talks(world).items():
            truth[KEYS[by](day)].append(talk)
            people[KEYS[by](day)].add(userid)
    rows = life.report("behavior", "--by", by)
    assert [row["period"] for row in rows] == sorted(truth)
    for row in rows:
        assert agrees(row, {**chats(truth[row["period"]]), "members": len(people[row["period"]])})


def test_a_day_that_was_never_read_is_a_gap(life: Life, tmp_path: Path) -> None:
    gap = "2026-10-15"
    home = Wecrm(copied(life.home.home, tmp_path))
    change(home, f"DELETE FROM behavior_day WHERE day = '{gap}'", f"DELETE FROM group_day WHERE day = '{gap}'")
    for name, width in (("behavior", 9), ("group-stats", 9)):
        rows = json.loads(home("report", name, "--by", "day", "--since", "2026-10-10", "-f", "json").out)
        found = {row["period"]: row for row in rows}
        assert [row["period"] for row in rows] == sorted(found)
        assert list(found[gap].values()) == [gap, *[None] * width]
        assert found["2026-10-14"]["days"] > 0
    after = next(row for row in rows if row["period"] == "2026-10-16")
    assert after["messages"] is None
    assert after["groups"] > 0
    whole = json.loads(home("report", "group-stats", "--since", "2026-10", "--until", "2026-10", "-f", "json").out)
    assert whole
    assert all(row["messages"] is not None for row in whole)


def copied(home: Path, folder: Path) -> Path:
    import shutil

    shutil.copytree(home, folder / "copy")
    return folder / "copy"


def change(home: Wecrm, *statements: str) -> None:
    import sqlite3

    connection = sqlite3.connect(home.database)
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_provisional_days_are_told_and_marked(life: Life) -> None:
    with life.home.world() as world:
        last = {key: at for key, at in chats_asked(world).items() if at < start(key[1]) + 2 * DAY_S}
    result = life.home("report", "behavior", "-f", "table")
    for day in {day.isoformat() for _userid, day in last}:
        assert day in result.err
    marked = {(row["userid"], row["day"]) for row in life.report("behavior", "--rows") if row["provisional"]}
    assert marked == {(userid, day.isoformat()) for userid, day in last}
    assert marked


def owned(world: World) -> dict[Day, Counter[str] | None]:
    """What each owner's groups were on each day that is known; None: WeCom told nothing of them."""
    people = members(world)
    names = {member.id: userid for userid, member in people.items()}
    by_day: dict[date, list[Member]] = defaultdict(list)
    for userid, day in groups_asked(world):
        by_day[day].append(people[userid])
    found: dict[Day, Counter[str] | None] = {}
    for day, owners in by_day.items():
        found |= {(member.userid, day): None for member in owners}
        told = statistics.groups(world, owners, start(day), start(day))
        found |= {(names[id_], day): figures for id_, figures in told.items()}
    return found


def grown(truth: dict[Day, Counter[str] | None], owner: str, first: date, last: date) -> int | None:
    """Messages from the beginning of `first` to the end of `last`; None where the evening before is not known.

    Of an evening WeCom tells nothing when there was no group: nothing was written yet, or it is not known how much.
    """
    eve = owner, first - timedelta(days=1)
    now = truth[owner, last]
    assert now is not None
    if eve not in truth:
        return None
    then = truth[eve]
    if then is None and any(owner == one and day < eve[1] and figures for (one, day), figures in truth.items()):
        return None
    return now["msg_total"] - (then or Counter())["msg_total"]


@pytest.mark.parametrize(("words", "first", "end"), PERIODS, ids=["ever", "month", "days", "noon"])
def test_groups_of_every_owner(life: Life, words: tuple[str, ...], first: date, end: date) -> None:
    with life.home.world() as world:
        truth = owned(world)
    rows = {row["owner"]: row for row in life.report("group-stats", *words)}
    days: dict[str, list[date]] = defaultdict(list)
    for (owner, day), figures in truth.items():
        if figures is not None and first <= day < end:
            days[owner].append(day)
    assert rows.keys() == days.keys() != set()
    for owner, known in days.items():
        last, row = max(known), rows[owner]
        figures = truth[owner, last] or Counter()
        assert (row["last"], row["days"]) == (last.isoformat(), len(known))
        assert {name: row[name] for name in STATES} == {name: figures[WIRE[name]] for name in STATES}
        for name in OF_PERIOD:
            assert row[name] == sum((truth[owner, day] or Counter())[WIRE[name]] for day in known), name
        ever = figures["msg_total"]
        assert row["messages"] == (grown(truth, owner, first, last) if words else ever)


@pytest.mark.parametrize("by", KEYS)
def test_groups_by_period(life: Life, by: str) -> None:
    with life.home.world() as world:
        truth = owned(world)
    days: dict[str, dict[str, list[date]]] = defaultdict(lambda: defaultdict(list))
    for (owner, day), figures in truth.items():
        if figures is not None:
            days[KEYS[by](day)][owner].append(day)
    rows = life.report("group-stats", "--by", by)
    assert [row["period"] for row in rows] == sorted(days)
    summed = 0
    for row in rows:
        label = row["period"]
        first = date.fromisoformat(label if by != "month" else f"{label}-01")
        ends = [truth[owner, max(known)] or Counter() for owner, known in days[label].items()]
        every = [truth[owner, day] or Counter() for owner, known in days[label].items() for day in known]
        grew = [grown(truth, owner, first, max(known)) for owner, known in days[label].items()]
        assert (row["owners"], row["days"]) == (len(ends), len(every))
        assert {name: row[name] for name in STATES} == {name: sum(c[WIRE[name]] for c in ends) for name in STATES}
        assert {name: row[name] for name in OF_PERIOD} == {
            name: sum(c[WIRE[name]] for c in every) for name in OF_PERIOD
        }
        assert row["messages"] == (None if None in grew else sum(each or 0 for each in grew))
        summed += row["messages"] or 0
    assert summed > 0


def test_groups_of_every_day(life: Life) -> None:
    with life.home.world() as world:
        truth = owned(world)
    rows = {(row["owner"], date.fromisoformat(row["day"])): row for row in life.report("group-stats", "--rows")}
    assert rows.keys() == {key for key, figures in truth.items() if figures is not None}
    seen = 0
    for (owner, day), row in rows.items():
        figures = truth[owner, day]
        assert figures is not None
        assert all(row[name] == figures[WIRE[name]] for name in (*STATES, *OF_PERIOD))
        assert row["messages"] == grown(truth, owner, day, day)
        seen += row["messages"] or 0
    assert seen > 0


EVES = {
    "2026-09-01": (None, None),  # WeCom told nothing: there was no group yet
    "2026-09-02": (5, 5),
    "2026-09-03": (12, 7),
    "2026-09-04": (None, None),  # a hole: what was written on the next day is not known
    "2026-09-05": (90, None),
    "2026-09-06": (100, 10),
    "2026-09-08": (130, None),  # the 7th was never read: the difference is of two days
    "2026-09-09": (131, 1),
}
"""Day → all messages ever, and those of the day."""


def test_messages_of_a_day_are_never_those_of_several(wecrm: Wecrm) -> None:
    assert wecrm("sync", "members").code == 0
    ever = [(day, total) for day, (total, _day) in EVES.items()]
    ever.insert(0, ("2026-08-31", None))
    some = "('anna', '{}', 0, {}, 1, 0, 3, 2, {}, 1789000000)"
    lines = (some.format(day, 1 if total else "NULL", total or "NULL") for day, total in ever)
    change(wecrm, "DELETE FROM group_day", f"INSERT INTO group_day VALUES {', '.join(lines)}")
    days = {day: said for day, (total, said) in EVES.items() if total}
    view = wecrm("sql", "SELECT day, messages FROM group_days WHERE owner = 'anna' ORDER BY day", "-f", "json")
    assert {row["day"]: row["messages"] for row in json.loads(view.out)} == days
    words = ("--since", "2026-09", "--until", "2026-09", "-f", "json")
    rows = json.loads(wecrm("report", "group-stats", "--rows", *words).out)
    assert {row["day"]: row["messages"] for row in rows} == days
    by_day = json.loads(wecrm("report", "group-stats", "--by", "day", *words).out)
    assert {row["period"]: row["messages"] for row in by_day if row["owners"]} == days
    assert [row["messages"] for row in json.loads(wecrm("report", "group-stats", *words).out)] == [131]
    late = ("--since", "2026-09-05", "-f", "json")
    assert [row["messages"] for row in json.loads(wecrm("report", "group-stats", *late).out)] == [None]
    late = ("--since", "2026-09-06", "-f", "json")
    assert [row["messages"] for row in json.loads(wecrm("report", "group-stats", *late).out)] == [41]


def test_links_by_link_and_by_month(life: Life) -> None:
    with life.home.world() as world:
        office = Office(world)
        asked: set[tuple[str, date]] = set()
        for call in control.calls(world, path="customer_acquisition/statistic"):
            body = json.loads(call.body)
            days = range(body["start_time"], body["end_time"] + 1, DAY_S)
            asked |= {(body["link_id"], day_of(moment)) for moment in days if call.at >= moment + DAY_S}
        first = day_of(int(world.now())) - timedelta(days=179)
        truth: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for link_id, day in asked:
            body = {"link_id": link_id, "start_time": start(day), "end_time": start(day)}
            told = office.ec("customer_acquisition/statistic", **body) if day >= first else None
            if told:
                counts = {"clicks": told["click_link_customer_cnt"], "added": told["new_customer_cnt"], "days": 1}
                truth[link_id, day.isoformat()[:7]].update(counts)
    since = ("--since", first.isoformat())
    rows = life.report("links", *since)
    assert {row["link_id"] for row in rows} == {link_id for link_id, _month in truth}
    for row in rows:
        whole = sum((counts for (link_id, _m), counts in truth.items() if link_id == row["link_id"]), Counter())
        assert {name: row[name] for name in ("clicks", "added", "days")} == {
            n: whole[n] for n in ("clicks", "added", "days")
        }
        share = round(100 * whole["added"] / whole["clicks"], 1) if whole["clicks"] else None
        assert row["rate"] == share
    assert sum(row["clicks"] for row in rows) > 0
    for row in life.report("links", *since, "--by", "month"):
        month = sum((counts for (_id, label), counts in truth.items() if label == row["period"]), Counter())
        assert (row["clicks"], row["added"], row["days"]) == (month["clicks"], month["added"], month["days"])


def test_members_and_departments_narrow_them(life: Life) -> None:
    rows = life.report("behavior")
    userid = rows[0]["userid"]
    assert life.report("behavior", "--member", userid) == [row for row in rows if row["userid"] == userid]
    owner = life.report("group-stats")[0]["owner"]
    assert [row["owner"] for row in life.report("group-stats", "--member", owner)] == [owner]
    one = life.report("behavior", "--member", userid, "--by", "month")
    assert sum(row["messages"] for row in one) == rows[0]["messages"]


def test_a_month_is_compared_with_the_one_before(life: Life) -> None:
    october, november = (("--since", month, "--until", month) for month in ("2026-10", "2026-11"))
    now, then = ({row["userid"]: row for row in life.report("behavior", *words)} for words in (november, october))
    for row in life.report("behavior", *november, "--compare"):
        assert row["messages"] == now.get(row["userid"], {"messages": 0})["messages"]
        assert row["messages_before"] == then[row["userid"]]["messages"]


# -- mass messages


@pytest.fixture(params=SEEDS)
def corp(request: pytest.FixtureRequest, tmp_path: Path) -> Wecrm:
    """A small corp whose mass messages were read; one member has left, some customers are no friends any more."""
    (tmp_path / "data").mkdir()
    with World.create(tmp_path / "data" / "sandbox.world", members=16, contacts=400, seed=request.param) as world:
        relations = list(control.truth(world))
        control.delete_member(world, relations[0].userid)
        for relation in relations[-60::3]:
            control.delete_relation(world, relation.userid, relation.external_userid, by="customer")
        control.advance(world, 2 * DAY_S)
    home = Wecrm(tmp_path)
    assert home("sync", "members", "stats", "-qq").code == 0
    return home


def records(world: World) -> list[dict[str, Any]]:
    """Every mass message of the corp of the last 90 days, with its tasks and the fates of the receivers."""
    office, now, found = Office(world), int(world.now()), []
    for chat_type in ("single", "group"):
        for back in (90, 60, 30):
            times = {"start_time": now - back * DAY_S, "end_time": now - (back - 30) * DAY_S}
            body = {"chat_type": chat_type, "filter_type": 0, "limit": 100, **times}
            for send in office.ec("get_groupmsg_list_v2", **body)["group_msg_list"]:
                tasks = office.ec("get_groupmsg_task", msgid=send["msgid"], limit=1000)["task_list"]
                fates = {}
                for task in tasks:
                    asked = {"msgid": send["msgid"], "userid": task["userid"], "limit": 1000}
                    rows = office.ec("get_groupmsg_send_result", **asked)["send_list"]
                    fates[task["userid"]] = Counter(row["status"] for row in rows) if task["status"] == 2 else None
                found.append({**send, "chat_type": chat_type, "fates": fates})
    return found


FATES = {"undelivered": 0, "delivered": 1, "no_friend": 2, "cap_reached": 3}


def test_mass_messages_and_whom_they_reached(corp: Wecrm) -> None:
    with corp.world() as world:
        truth = {send["msgid"]: send for send in records(world)}
    rows = json.loads(corp("report", "groupsends", "-f", "json").out)
    assert [row["msgid"] for row in rows] == [
        send["msgid"] for send in sorted(truth.values(), key=lambda s: (-int(s["create_time"]), s["msgid"]))
    ]
    whole: Counter[str] = Counter()
    for row in rows:
        send = truth[row["msgid"]]
        sent = [fates for fates in send["fates"].values() if fates is not None]
        assert (row["chat_type"], row["text"], row["creator"]) == (
            send["chat_type"],
            send.get("text", {}).get("content", ""),
            send.get("creator", ""),
        )
        assert (row["members"], row["members_sent"]) == (len(send["fates"]), len(sent))
        assert row["sent_share"] == (round(100 * len(sent) / len(send["fates"]), 1) if send["fates"] else None)
        counts = {name: sum(fates[n] for fates in sent) if sent else None for name, n in FATES.items()}
        assert {name: row[name] for name in FATES} == counts
        tried = sum(fates[n] for fates in sent for n in (1, 2, 3))
        assert row["reached"] == (round(100 * (counts["delivered"] or 0) / tried, 1) if tried else None)
        whole.update({name: count or 0 for name, count in counts.items()})
    assert whole["delivered"] > 100
    assert whole["no_friend"] > 0
    assert whole["cap_reached"] > 0


def test_mass_messages_of_one_member_and_of_a_time(corp: Wecrm) -> None:
    with corp.world() as world:
        truth = records(world)
    userid = next(userid for send in truth for userid, fates in send["fates"].items() if fates)
    rows = json.loads(corp("report", "groupsends", "--member", userid, "--since", "2026-09", "-f", "json").out)
    since = start(date(2026, 9, 1))
    mine = {s["msgid"]: s["fates"][userid] for s in truth if userid in s["fates"] and int(s["create_time"]) >= since}
    assert {row["msgid"]: row["delivered"] for row in rows} == {
        msgid: None if fates is None else fates[1] for msgid, fates in mine.items()
    }
    single = json.loads(
        corp("report", "groupsends", "--rows", "--member", userid, "--since", "2026-09", "-f", "json").out
    )
    assert {row["msgid"]: row["sent"] for row in single} == {msgid: fates is not None for msgid, fates in mine.items()}
    assert {row["userid"] for row in single} == {userid}
