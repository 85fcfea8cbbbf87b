"""Messages, busiest hours and hits of words, against plain counting over everything that was said."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Wecrm
from tests.reports.talks import ZONE, Talk, chat, copied, customer, day_of, member

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def at(day: int, hour: int = 0, minute: int = 0, *, month: int = 11) -> float:
    """A moment of 2026 in the configured zone."""
    return datetime(2026, month, day, hour, minute, tzinfo=ZONE).timestamp()


PERIODS = [
    ((), 0.0, 1e11),
    (("--since", "2026-10", "--until", "2026-10"), at(1, month=10), at(1)),
    (("--since", "2026-11-01", "--until", "2026-11-04"), at(1), at(5)),  # a day of 25 hours is among them
    (("--since", "2026-11-02 09:07", "--until", "2026-11-05 15:47"), at(2, 9, 7), at(5, 15, 48)),
    (("--since", "2026-11-02 21:10", "--until", "2026-11-02 21:49"), at(2, 21, 10), at(2, 21, 50)),
    # 01:40 for the second time: half an hour later the clocks have shown the hour from one to two twice
    (("--since", "2026-11-01 01:40-05:00", "--until", "2026-11-02"), at(1) + 2.6666666666666665 * 3600, at(3)),
]


def period(moment: float, by: str) -> str:
    """The first day of the week or month, or the day."""
    day = day_of(moment)
    if by == "month":
        return day.isoformat()[:7]
    return (day - timedelta(days=day.weekday()) if by == "week" else day).isoformat()


def place(m: dict[str, Any]) -> str:
    return "group" if m.get("roomid") else "chat" if chat(m) else "other"


def conversation(m: dict[str, Any]) -> tuple[str, ...]:
    return (m["roomid"],) if m.get("roomid") else tuple(sorted({m["from"], *m["tolist"]}))


def counted(talk: Talk, since: float, until: float, by: str = "", staff: set[str] | None = None) -> dict[Any, Any]:
    """(period, userid) → the figures, as one would count them on paper."""
    lines: dict[tuple[str, str], list[tuple[dict[str, Any], bool]]] = defaultdict(list)
    for m in talk.within(since, until):
        label = period(m["msgtime"] / 1000, by) if by else ""
        if member(m["from"]):
            lines[label, m["from"]].append((m, True))
        elif (pair := chat(m)) is not None:
            lines[label, pair[0]].append((m, False))
    return {
        key: {
            "days": len({day_of(m["msgtime"] / 1000) for m, own in said if own}),
            "chats": len({conversation(m) for m, _own in said if place(m) == "chat"}),
            "chat_sent": sum(own and place(m) == "chat" for m, own in said),
            "chat_received": sum(not own for _m, own in said),
            "groups": len({conversation(m) for m, _own in said if place(m) == "group"}),
            "group_sent": sum(place(m) == "group" for m, _own in said),
            "other_sent": sum(place(m) == "other" for m, _own in said),
            "sent": sum(own for _m, own in said),
        }
        for key, said in lines.items()
        if staff is None or key[1] in staff
    }


def figures(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in row if name not in ("period", "userid", "name", "left")}


@pytest.mark.parametrize("n", range(len(PERIODS)))
def test_messages_by_member(talk: Talk, n: int) -> None:
    words, since, until = PERIODS[n]
    rows = talk.report("messages", *words)
    assert {("", row["userid"]): figures(row) for row in rows} == counted(talk, since, until)
    assert len(rows) > (1 if n != 4 else 0)
    assert [row["sent"] for row in rows] == sorted((row["sent"] for row in rows), reverse=True)
    if not words:
        assert {row["userid"] for row in rows if row["left"]} == {talk.left}


@pytest.mark.parametrize("by", ["day", "week", "month"])
def test_messages_by_period(talk: Talk, by: str) -> None:
    expected = counted(talk, at(30, month=10), at(10), by)
    rows = talk.report("messages", "--since", "2026-10-30", "--until", "2026-11-09", "--by", by)
    assert {(row["period"], row["userid"]): figures(row) for row in rows} == expected
    assert len({label for label, _userid in expected}) == {"day": 11, "week": 3, "month": 2}[by]
    assert [row["period"] for row in rows] == sorted(row["period"] for row in rows)


def test_only_members_and_departments(talk: Talk) -> None:
    whole = counted(talk, 0.0, 1e11)
    one = sorted(userid for _label, userid in whole)[2]
    assert [figures(row) for row in talk.report("messages", "--member", one)] == [whole["", one]]
    top, inside = talk.department()
    rows = talk.report("messages", "--department", str(top))
    assert {("", row["userid"]): figures(row) for row in rows} == counted(talk, 0.0, 1e11, staff=inside)
    assert 0 < len(rows) < len(whole)


def test_what_stands_behind_the_figures(talk: Talk) -> None:
    expected: Counter[tuple[Any, ...]] = Counter()
    for m in talk.within(at(1), at(5)):
        day, pair = day_of(m["msgtime"] / 1000).isoformat(), chat(m)
        if member(m["from"]) or pair:
            who = m["from"] if member(m["from"]) else pair[0] if pair else ""
            customer_ = pair[1] if pair else None
            talk_ = conversation(m)
            expected[day, who, talk_, place(m), customer_, "sent" if member(m["from"]) else "received"] += 1
    found: Counter[tuple[Any, ...]] = Counter()
    for row in talk.report("messages", "--rows", "--since", "2026-11-01", "--until", "2026-11-04", "--reason", "test"):
        for way in ("sent", "received"):
            if row[way]:
                found[row["day"], row["userid"], row["place"], row["external_userid"], way] += row[way]
    summed: Counter[tuple[Any, ...]] = Counter()
    for (day, who, _talk, place_, customer_, way), count in expected.items():
        summed[day, who, place_, customer_, way] += count
    assert found == summed


def test_compared_with_the_days_before(talk: Talk) -> None:
    rows = talk.report("messages", "--since", "2026-11-03", "--until", "2026-11-05", "--compare")
    now, before = counted(talk, at(3), at(6)), counted(talk, at(31, month=10), at(3))
    for row in rows:
        assert row["sent"] == now.get(("", row["userid"]), {"sent": 0})["sent"]
        assert row["chat_received_before"] == before.get(("", row["userid"]), {"chat_received": 0})["chat_received"]
    assert {("", row["userid"]) for row in rows} == {*now, *before}


@pytest.mark.parametrize("n", [0, 2, 3])
def test_busiest_hours(talk: Talk, n: int) -> None:
    words, since, until = PERIODS[n]
    assert talk.report("busiest-hours", *words) == hours(talk, since, until, None)
    lines = counted(talk, since, until)
    one = max(lines, key=lambda key: int(lines[key]["chat_received"]))[1]
    rows = talk.report("busiest-hours", *words, "--member", one)
    assert rows == hours(talk, since, until, one)
    assert sum(row["customers"] for row in rows) > 0


def hours(talk: Talk, since: float, until: float, only: str | None) -> list[dict[str, Any]]:
    """The rows, counted on paper; a conversation is with customers when one of them ever took part."""
    people: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for m in talk.said:
        if "from" in m:
            people[conversation(m)] |= {m["from"], *m["tolist"]}
    rows = [{"hour": f"{hour:02}:00", "customers": 0, "members": 0, **dict.fromkeys(DAYS, 0)} for hour in range(24)]
    for m in talk.within(since, until):
        inside = people[conversation(m)]
        if not any(map(customer, inside)) or (only is not None and only not in inside):
            continue
        told = datetime.fromtimestamp(m["msgtime"] / 1000, ZONE)
        row: dict[str, Any] = rows[told.hour]
        if customer(m["from"]):
            row["customers"] += 1
            row[DAYS[told.weekday()]] += 1
        elif member(m["from"]) and only in (None, m["from"]):
            row["members"] += 1
    return rows


def met(m: dict[str, Any]) -> list[tuple[str, str]]:
    """(rule, level) that a message meets."""
    if m.get("msgtype") != "text":
        return []
    text = m["text"]["content"]
    found = [("refund", "warn")] if "退款" in text or "refund" in text.lower() else []
    return found + ([("price", "info")] if member(m["from"]) and ("价格" in text or "多少钱" in text) else [])


@pytest.mark.parametrize("by", ["", "day", "month"])
def test_hits_of_words(talk: Talk, by: str) -> None:
    since, until = at(30, month=10), at(10)
    hits: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for m in talk.said:
        for rule in met(m):
            if since <= m["msgtime"] / 1000 < until:
                hits[period(m["msgtime"] / 1000, by) if by else "", *rule].append(m)
    words = ("--since", "2026-10-30", "--until", "2026-11-09", *(("--by", by) if by else ()))
    rows = talk.report("words-hits", *words)
    assert {(row.get("period", ""), row["rule"], row["level"]): hit_figures(row) for row in rows} == {
        key: {
            "hits": len(found),
            "by_members": sum(member(m["from"]) for m in found),
            "by_customers": sum(customer(m["from"]) for m in found),
            "conversations": len({conversation(m) for m in found}),
            "persons": len({m["from"] for m in found}),
            "untold": len(found),
            "newest": max(m["msgtime"] for m in found) // 1000,
        }
        for key, found in hits.items()
    }
    assert {row["rule"] for row in rows} == {"refund", "price"}


def hit_figures(row: dict[str, Any]) -> dict[str, Any]:
    names = ("hits", "by_members", "by_customers", "conversations", "persons", "untold")
    return {name: row[name] for name in names} | {"newest": int(datetime.fromisoformat(row["newest"]).timestamp())}


def test_hits_of_one_member_and_one_by_one(talk: Talk) -> None:
    pairs = Counter(pair for m in talk.said if "from" in m and met(m) and (pair := chat(m)))
    one = pairs.most_common(1)[0][0][0]
    expected = sorted(
        (rule, m["msgid"], m["from"])
        for m in talk.said
        for rule, _level in met(m)
        if one in people_of(talk)[conversation(m)]
    )
    rows = talk.report("words-hits", "--member", one, "--rows", "--reason", "test")
    assert sorted((row["rule"], row["msgid"], row["from"]) for row in rows) == expected
    assert all(row["found"] in ("退款", "refund", "价格", "多少钱") for row in rows)
    assert sum(row["hits"] for row in talk.report("words-hits", "--member", one)) == len(expected)


def people_of(talk: Talk) -> dict[tuple[str, ...], set[str]]:
    """Who ever took part in each conversation."""
    people: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for m in talk.said:
        if "from" in m:
            people[conversation(m)] |= {m["from"], *m["tolist"]}
    return people


NAMES = ("messages", "replies", "unanswered", "busiest-hours", "words-hits", "frequent-words", "questions")


def test_an_encrypted_archive_has_the_same_figures(talk: Talk, tmp_path: Path) -> None:
    pytest.importorskip("sqlcipher3")
    plain = copied(talk, tmp_path)
    path = plain.home / "config.yaml"
    config = yaml.safe_load(path.read_text("utf-8"))
    config["profiles"]["sandbox"]["archive"]["encryption"] = "env:PASSPHRASE"
    path.write_text(yaml.safe_dump(config), "utf-8")
    sealed = Wecrm(plain.home, {"PASSPHRASE": "correct horse battery staple"})
    assert sealed("archive", "encrypt", "--yes").code == 0
    own = Talk(sealed, talk.said, talk.now, talk.left)
    for name in NAMES:
        for words in ((), ("--since", "2026-11-02 09:20", "--until", "2026-11-05 15:47")):
            assert own.report(name, *words) == talk.report(name, *words)


def test_without_an_archive_it_says_so(wecrm: Wecrm) -> None:
    for name in NAMES:
        result = wecrm("report", name)
        assert result.code == 4
        assert "There is no session archive yet." in result.err
        assert "wecrm archive pull" in result.err
        assert not result.out
    assert not list((wecrm.home / "data").glob("*.archive.db"))
