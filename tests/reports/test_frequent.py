"""Frequent words and questions, against cutting every message by itself; whole sentences only in logged rows."""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
import rjieba

from tests.conftest import Wecrm
from tests.reports.talks import CORP, Talk, chat, copied, customer
from tests.reports.test_messages import at
from wecrm.models.stopwords import STOP_WORDS
from wecrm.sandbox.archive import console

ENDS = "\n。！!；;…~～?？"


def written(talk: Talk, since: float, until: float, member: str = "") -> dict[str, list[str]]:
    """What each customer wrote as text."""
    found = defaultdict(list)
    for m in talk.within(since, until):
        inside = not member or member in people(talk, m)
        if customer(m["from"]) and m["msgtype"] == "text" and inside:
            found[m["from"]].append(m["text"]["content"].encode("utf-8", "replace").decode())
    return found


def people(talk: Talk, m: dict[str, Any]) -> set[str]:
    return {m["from"], *m["tolist"]}


def words(text: str) -> list[str]:
    """The words that count."""
    found = [normalize("NFKC", word).casefold() for word in rjieba.cut(text, False) if len(word) > 1]
    return [word for word in found if word.isalpha() and 1 < len(word) <= 20 and word not in STOP_WORDS]


def ranked(said: dict[str, list[str]], pieces: Any, at_least: int) -> list[tuple[str, int, float, int]]:
    """(what, customers, share, times) of what at least so many customers said."""
    times: Counter[str] = Counter()
    customers = defaultdict(set)
    for who, texts in said.items():
        for text in texts:
            for piece in pieces(text):
                times[piece] += 1
                customers[piece].add(who)
    rows = [
        (piece, len(customers[piece]), round(100 * len(customers[piece]) / len(said), 1), n)
        for piece, n in times.items()
        if len(customers[piece]) >= at_least
    ]
    return sorted(rows, key=lambda row: (-row[1], -row[3], row[0]))


def cells(rows: Iterable[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in rows]


@pytest.mark.parametrize("n", [0, 1])
def test_frequent_words(talk: Talk, n: int) -> None:
    asked, since, until = [((), 1.0, 1e11), (("--since", "2026-10", "--until", "2026-11-04"), at(1, month=10), at(5))][
        n
    ]
    rows = talk.report("frequent-words", *asked)
    assert cells(rows) == ranked(written(talk, since, until), words, 3)
    assert {"退款", "发货"} <= {row["word"] for row in rows}


def test_words_of_one_members_customers(talk: Talk) -> None:
    pairs = Counter(pair[0] for m in talk.within(0, 1e11) if (pair := chat(m)))
    one = pairs.most_common(1)[0][0]
    found = cells(talk.report("frequent-words", "--member", one))
    assert found == ranked(written(talk, 1.0, 1e11, one), words, 3)
    assert found


MARKS = (
    "吗 么 多少 多久 多大 多长 哪 谁 如何 为何 是否 是不是 有没有 能不能 可不可以 要不要 会不会 好不好 行不行 "
    "几个 几件 几点 几天 几次"
)
ENGLISH = "what when where which who why how can could do does did is are will would"


def questions(text: str) -> list[str]:
    """Sentences that end with a question mark or have 吗, 多少, 什么时候, 哪里 and the like in them."""
    found, sentence = [], ""
    for sign in f"{text}\n":
        if sign not in ENDS:
            sentence += sign
            continue
        first = "".join(c if c.isalnum() or c == "_" else " " for c in sentence.lower()).split()[:1]
        begins = bool(first) and first[0] in ENGLISH.split() and sentence.lstrip().lower().startswith(first[0])
        asks = sign in "?？" or any(mark in sentence for mark in MARKS.split()) or sentence.endswith("呢") or begins
        if sentence and asks:
            found.append(sentence)
        sentence = ""
    return found


def test_words_in_questions(talk: Talk) -> None:
    rows = cells(talk.report("questions"))
    assert rows == ranked(written(talk, 1.0, 1e11), lambda text: [w for q in questions(text) for w in words(q)], 3)
    assert len(rows) > 10


def test_the_questions_themselves_are_rows_and_logged(talk: Talk, tmp_path: Path) -> None:
    own = Talk(copied(talk, tmp_path), talk.said, talk.now, talk.left)

    def accesses() -> list[Any]:
        with sqlite3.connect(own.home.home / "data" / f"{CORP}.archive.db") as db:
            return db.execute("SELECT command, reason, filter, rows FROM access ORDER BY id").fetchall()

    before = accesses()
    figures = own.report("questions")
    assert accesses() == before
    rows = own.report("questions", "--rows", "--since", "2026-10-01", "--reason", "what they ask")
    assert accesses()[len(before) :] == [("report questions", "what they ask", "--since 2026-10-01", len(rows))]
    told = [row["question"] for row in rows]
    assert not {row["word"] for row in figures} & set(told)
    assert any("#" in each for each in told)
    assert not any(sign.isdecimal() for each in told for sign in each)
    expected = Counter(len(q) > 0 for texts in written(talk, 1.0, 1e11).values() for t in texts for q in questions(t))
    assert abs(sum(row["times"] for row in rows) - expected[True]) <= 5  # of signs alone nothing is left


def test_words_of_few_customers_or_of_members_are_not_shown(wecrm: Wecrm) -> None:
    with wecrm.world() as world:
        (member,) = world.db.connection.execute("SELECT userid FROM member WHERE follows LIMIT 1").fetchone()
        for n in range(4):
            text = f"航空母舰 Zeppelin 几天发货，航空母舰的订单是1380000000{n}" + ("，蒸汽机车" if n < 2 else "")
            console.archive_say(world, f"wmAAAAAAAAAAAA{n}", member, text)
            console.archive_say(world, member, f"wmAAAAAAAAAAAA{n}", "没有直升飞机")
    assert wecrm("archive", "pull", "--no-media", "-qq").code == 0
    found = json.loads(wecrm("report", "frequent-words", "--since", "1h ago", "-f", "json").out)
    rows = {row["word"]: (row["customers"], row["times"]) for row in found}
    assert (rows["航空母舰"], rows["zeppelin"]) == ((4, 8), (4, 4))
    assert not {"蒸汽机车", "直升飞机", "直升", "蒸汽", "机车", "没有"} & set(rows)
    assert not any("138" in word for word in rows)
    asked = json.loads(wecrm("report", "questions", "--rows", "--since", "1m ago", "-f", "json").out)
    told = "航空母舰 zeppelin 几天发货,航空母舰的订单是#"
    assert [row["question"] for row in asked] == [told, f"{told},蒸汽机车"]
