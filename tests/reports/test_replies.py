"""Reply times and chats without an answer, against the waits of everything that was said, measured minute by minute."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any

import pytest
import yaml

from tests.reports.talks import ZONE, Talk, chat, copied, customer, day_of
from tests.reports.test_messages import PERIODS, at, period

SILENT = {"revoke", "agree", "disagree", "voiptext", "meeting_voice_call", "voip_doc_share"}


@dataclass
class Wait:
    member: str
    contact: str
    asked_s: float
    questions: int
    answered_s: float | None
    first: bool = False

    @property
    def reply(self) -> float:
        assert self.answered_s is not None
        return self.answered_s - self.asked_s


@cache
def open_then(minute: int) -> bool:
    """Whether that minute since the epoch is one of Mon-Fri 9-12 13-18, Sat 10-14, but not of 11 November."""
    told = datetime.fromtimestamp(minute * 60, ZONE)
    if told.weekday() == 6 or (told.month, told.day) == (11, 11):
        return False
    return told.hour in ((10, 11, 12, 13) if told.weekday() == 5 else (9, 10, 11, 13, 14, 15, 16, 17))


def worked(begin: float, end: float) -> float:
    """Working seconds between, added up minute by minute."""
    return sum(
        min(end, 60 * minute + 60) - max(begin, 60 * minute)
        for minute in range(int(begin // 60), int(end // 60) + 1)
        if open_then(minute)
    )


def waits(talk: Talk) -> list[Wait]:
    """All of them; `first` are the first that was answered, or not, of a chat on a day."""
    chats: dict[tuple[str, str], list[tuple[int, int, bool]]] = defaultdict(list)
    for m in talk.within(0, 1e11):
        pair = chat(m)
        if pair and m["msgtype"] not in SILENT:
            chats[pair].append((m["msgtime"], m["seq"], customer(m["from"])))
    found = []
    for pair, lines in chats.items():
        waiting: Wait | None = None
        days = set()
        for at_ms, _seq, asks in sorted(lines):
            if asks and waiting is None:
                day = day_of(at_ms / 1000)
                waiting = Wait(*pair, at_ms / 1000, 1, None, day not in days)
                days.add(day)
                found.append(waiting)
            elif asks and waiting:
                waiting.questions += 1
            elif waiting:
                waiting.answered_s, waiting = at_ms / 1000, None
    return found


def typical(seconds: list[float]) -> list[float | None]:
    """Median and nine tenths in minutes."""
    if not seconds:
        return [None, None]
    ordered = sorted(seconds)
    return [round(median(ordered) / 60, 1), round(ordered[ceil(0.9 * len(ordered)) - 1] / 60, 1)]


def figures(found: list[Wait], work: Any = worked) -> list[Any]:
    """The figures of a row in their order."""
    done = [wait for wait in found if wait.answered_s]
    first = [wait for wait in done if wait.first]
    parts = []
    for some in (done, first):
        parts += typical([wait.reply for wait in some])
        parts += typical([float(int(work(wait.asked_s, wait.answered_s) + 1e-6)) for wait in some])
    return [len(found), len(done), len(found) - len(done), round(100 * len(done) / len(found), 1), *parts]


def cells(row: dict[str, Any]) -> list[Any]:
    return [value for key, value in row.items() if key not in ("period", "userid", "name", "left")]


def by_member(talk: Talk, since: float, until: float, by: str = "") -> dict[tuple[str, str], list[Wait]]:
    found = defaultdict(list)
    for wait in waits(talk):
        if since <= wait.asked_s < until:
            found[period(wait.asked_s, by) if by else "", wait.member].append(wait)
    return found


def close(one: list[Any], other: list[Any]) -> bool:
    """Equal up to a tenth: minutes are rounded after whole seconds of working time."""
    return all(
        a == b or (a is not None and b is not None and abs(a - b) < 0.11) for a, b in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_reply_times(talk: Talk, n: int) -> None:
    words, since, until = PERIODS[n]
    expected = by_member(talk, since, until)
    rows = talk.report("replies", *words, "--totals")
    *rows, totals = rows
    assert {row["userid"] for row in rows} == {member for _label, member in expected}
    for row in rows:
        assert close(cells(row), figures(expected["", row["userid"]])), row
    everything = [wait for each in expected.values() for wait in each]
    assert close(cells(totals), figures(everything))
    assert 0 < totals["open"] < totals["waits"]
    if n == 0:
        assert totals["first_median"] != totals["reply_median"]
    assert totals["reply_work_p90"] < totals["reply_p90"]


@pytest.mark.parametrize("by", ["day", "week", "month"])
def test_reply_times_by_period(talk: Talk, by: str) -> None:
    expected = by_member(talk, at(30, month=10), at(10), by)
    rows = talk.report("replies", "--since", "2026-10-30", "--until", "2026-11-09", "--by", by)
    assert {(row["period"], row["userid"]) for row in rows} == set(expected)
    for row in rows:
        assert close(cells(row), figures(expected[row["period"], row["userid"]])), row


def test_reply_times_of_one_member_and_a_department(talk: Talk) -> None:
    expected = by_member(talk, 0, 1e11)
    one = max(expected, key=lambda key: len(expected[key]))
    (row,) = talk.report("replies", "--member", one[1])
    assert close(cells(row), figures(expected[one]))
    top, inside = talk.department()
    rows = talk.report("replies", "--department", str(top))
    assert {row["userid"] for row in rows} == {member for _label, member in expected} & inside


def test_the_waits_behind_the_figures(talk: Talk) -> None:
    rows = talk.report("replies", "--rows", "--since", "2026-11-02 09:20", "--reason", "test")
    expected = [wait for wait in waits(talk) if wait.answered_s and wait.asked_s >= at(2, 9, 20)]
    assert sorted(
        (row["userid"], row["external_userid"], row["questions"], row["first"], row["reply"]) for row in rows
    ) == sorted((wait.member, wait.contact, wait.questions, wait.first, round(wait.reply / 60, 1)) for wait in expected)


def test_other_working_hours_measure_again(talk: Talk, tmp_path: Path) -> None:
    home = copied(talk, tmp_path)
    path = home.home / "config.yaml"
    config = yaml.safe_load(path.read_text("utf-8"))
    config["profiles"]["sandbox"]["archive"]["working_hours"] = "Mon-Sun 00:00-24:00"
    path.write_text(yaml.safe_dump(config), "utf-8")
    rows = Talk(home, talk.said, talk.now, talk.left).report("replies")
    expected = by_member(talk, 0, 1e11)
    for row in rows:
        assert close(cells(row), figures(expected["", row["userid"]], lambda begin, end: end - begin))


@pytest.mark.parametrize("words", [(), ("--since", "2026-11-02", "--until", "2026-11-12")])
def test_unanswered(talk: Talk, words: tuple[str, ...]) -> None:
    since, until = (at(2), at(13)) if words else (0, 1e11)
    left = [wait for wait in waits(talk) if wait.answered_s is None and since <= wait.asked_s < until]
    expected = defaultdict(list)
    for wait in left:
        expected[wait.member].append(wait)
    rows = talk.report("unanswered", *words)
    assert {row["userid"] for row in rows} == set(expected)
    for row in rows:
        mine = expected[row["userid"]]
        assert row["chats"] == len(mine)
        assert row["messages"] == sum(wait.questions for wait in mine)
        assert row["day"] == sum(talk.now - wait.asked_s > 86400 for wait in mine)
        assert datetime.fromisoformat(row["oldest"]).timestamp() == int(min(wait.asked_s for wait in mine))
        longest = max(worked(wait.asked_s, talk.now) for wait in mine) / 3600
        assert abs(row["longest_work"] - longest) < 0.06
    single = talk.report("unanswered", *words, "--rows", "--reason", "test")
    assert sorted((row["userid"], row["external_userid"], row["questions"]) for row in single) == sorted(
        (wait.member, wait.contact, wait.questions) for wait in left
    )
    assert len(left) > 10
