"""Pulling the archive: nothing lost, nothing twice, whatever the source, the keys and the process do."""

import json
import random
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path

import pytest

from tests.operations.sealed_archive import START_MS, SealedSource, pem, said
from tests.store.chains import broken_links
from wecrm.api.archive.keys import Keys
from wecrm.errors import ApiError, ConfigError, Exit, TemporaryError
from wecrm.models.archive import CRASHED, Opened
from wecrm.models.clock import Run
from wecrm.operations.archive import quarantine
from wecrm.operations.archive.openings import Opener
from wecrm.operations.archive.pull import Pulled, Settings, pull
from wecrm.store.archive import pulls
from wecrm.store.archive.opening import open_archive
from wecrm.store.archive.pages import Derive, Stored
from wecrm.store.database import Store

GOLDEN = sorted((Path(__file__).parent.parent / "golden" / "messages").glob("*.json"))


@dataclass
class Ticking:
    """A clock that moves only when somebody waits."""

    at: float = START_MS / 1000 + 1_000_000
    slept: float = 0.0

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.at += seconds


@dataclass
class Home:
    """An archive in a file and what pulls into it."""

    path: Path
    versions: list[int] = field(default_factory=lambda: [1])
    clock: Ticking = field(default_factory=Ticking)

    @contextmanager
    def open(self, source: SealedSource) -> Iterator[tuple[Store, Opener]]:
        """The archive, and an opener with the keys of `versions`."""
        store = open_archive(self.path, "wwcorp")
        opener = Opener(source, Keys({version: pem(version) for version in self.versions}))
        try:
            yield store, opener
        finally:
            opener.close()
            store.close()

    def pull(self, source: SealedSource, *, page: int = 1000, derive: Sequence[Derive] = ()) -> Pulled:
        """One pull to the end."""
        with self.open(source) as (store, opener):
            done = pull(store, source, opener, Run(self.clock), Settings(UTC, page, derive=derive))
            pulls.end(store, done.id, "done", int(self.clock.now()), emptied=done.emptied)
            return done

    def sql(self, query: str, *values: object) -> list[tuple]:
        """Rows of the archive."""
        with sqlite3.connect(self.path) as db:
            return db.execute(query, values).fetchall()

    def texts(self) -> dict[int, str]:
        """What stands in every record, by seq."""
        return {seq: json.loads(raw)["text"]["content"] for seq, raw in self.sql("SELECT seq, raw FROM record")}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "archive.db")


def spoken(count: int) -> dict[int, str]:
    """What was said, by seq."""
    return {n: json.loads(said(n))["text"]["content"] for n in range(1, count + 1)}


# -- messages, cursor, pages


def test_a_pull_brings_everything_and_the_next_one_nothing(home: Home) -> None:
    source = SealedSource(2_345)
    done = home.pull(source)
    assert (done.counts.new, done.counts.doubled, done.counts.quarantined, done.seq) == (2_345, 0, 0, 2_345)
    assert home.texts() == spoken(2_345)
    assert home.sql("SELECT seq FROM cursor") == [("2345",)]
    assert broken_links(home.path) == []
    source.asked.clear()
    assert home.pull(source).counts.new == 0
    assert source.asked == [(2_345, 1000)]


def test_conversations_participants_days_and_full_text_follow(home: Home) -> None:
    home.pull(SealedSource(1_000))
    kinds = dict(home.sql("SELECT kind, sum(messages) FROM conversation GROUP BY kind"))
    assert kinds == {"group": 100, "single": 900}
    assert home.sql("SELECT count(*) FROM participant WHERE person GLOB 'wm*' AND side <> 'contact'") == [(0,)]
    sides = home.sql(
        "SELECT side, count(*) FROM participant p JOIN conversation c ON c.id = p.conversation "
        "WHERE kind = 'single' GROUP BY side"
    )
    singles = home.sql("SELECT count(*) FROM conversation WHERE kind = 'single'")[0][0]
    assert sides == [("contact", singles), ("member", singles)]
    assert home.sql("SELECT sum(messages) FROM message_day") == [(1_000,)]
    found = home.sql("SELECT rowid FROM record_text WHERE record_text MATCH '\"退款\"'")
    assert len(found) == 1_000
    key = " ".join(sorted(["member5", f"wmCUSTOMER{5:024}"]))
    first, last = home.sql("SELECT first_at, last_at FROM conversation WHERE key = ?", key)[0]
    spans = home.sql(
        "SELECT min(msgtime), max(msgtime) FROM record r JOIN conversation c ON c.id = r.conversation WHERE key = ?",
        key,
    )
    assert [(first * 1000, last * 1000)] == spans


def test_a_page_again_is_stored_once_and_other_words_under_its_id_wait_as_a_conflict(home: Home) -> None:
    home.pull(SealedSource(50))

    def other(n: int) -> bytes:
        return said(n).replace("退款".encode(), "换货".encode()) if n == 7 else said(n)

    with home.open(SealedSource(60, plain=other)) as (store, opener):
        source = SealedSource(60, plain=other)
        for _again in range(2):
            done = pull(store, source, opener, Run(home.clock), Settings(UTC, from_start=True))
        counts = done.counts
    assert (counts.new, counts.doubled, counts.quarantined) == (0, 60, 0)
    assert home.texts() == spoken(60)
    assert home.sql("SELECT seq, reason FROM quarantine") == [(7, "conflict")]
    assert broken_links(home.path) == []


def test_the_position_may_be_as_large_as_it_gets(home: Home) -> None:
    class Far(SealedSource):
        def entry(self, n: int) -> dict[str, object]:
            return {**super().entry(n), "seq": 2**64 - 1 - self.count + n}

        def page(self, seq: int, limit: int) -> Opened:
            base = 2**64 - 1 - self.count
            return super().page(max(0, seq - base), limit)

    done = home.pull(Far(30), page=7)
    assert done.seq == 2**64 - 1
    assert home.sql("SELECT seq FROM cursor") == [("18446744073709551615",)]
    assert len(home.sql("SELECT DISTINCT seq FROM record WHERE typeof(seq) = 'text'")) == 30


# -- keys


def _keys_change(home: Home, count: int) -> None:
    home.versions = [1, 3]
    third = count // 3
    source = SealedSource(count, version=lambda n: 1 + n // third if n < 2 * third else 3)
    done = home.pull(source)
    missing = sum(1 for n in range(1, count + 1) if source.version(n) == 2)
    assert (done.counts.new, done.counts.quarantined) == (count - missing, missing)
    assert missing > count // 4
    assert home.sql("SELECT DISTINCT publickey_ver, reason FROM quarantine") == [(2, "no-key")]
    home.versions = [1, 2, 3]
    with home.open(source) as (store, opener):
        back = quarantine.retry(store, opener, Run(home.clock), UTC)
    assert (back.new, back.quarantined) == (missing, 0)
    assert home.texts() == spoken(count)
    assert home.sql("SELECT count(*) FROM quarantine_state WHERE record IS NULL") == [(0,)]
    assert broken_links(home.path) == []


def test_what_a_missing_key_hides_waits_and_comes_back_with_the_key(home: Home) -> None:
    _keys_change(home, 10_000)


@pytest.mark.long
def test_what_a_missing_key_hides_comes_back_of_200_000_messages(home: Home) -> None:
    _keys_change(home, 200_000)


def test_the_next_pull_recovers_by_itself_what_its_new_key_opens(home: Home) -> None:
    source = SealedSource(300, version=lambda n: 2 if n > 100 else 1)
    assert home.pull(source).counts.quarantined == 200
    home.versions = [1, 2]
    assert home.pull(source).recovered == 200
    assert home.texts() == spoken(300)


def test_a_wrong_key_of_a_version_is_told_as_what_the_library_says(home: Home) -> None:
    source = SealedSource(20)
    with home.open(source) as (store, _opener):
        opener = Opener(source, Keys({1: pem(9)}))
        done = pull(store, source, opener, Run(home.clock), Settings(UTC))
        opener.close()
    assert (done.counts.new, done.counts.quarantined) == (0, 20)
    reasons = home.sql("SELECT DISTINCT reason, code FROM quarantine")
    assert set(reasons) <= {("cipher", 10008), ("key", -5)}
    attempts = "SELECT max(attempts) FROM quarantine_state"
    home.versions = [2]
    assert home.pull(source).recovered == 0
    assert home.sql(attempts) == [(1,)]
    home.versions = [1]
    assert home.pull(source).recovered == 20
    assert home.texts() == spoken(20)


# -- what comes is hostile


def test_nothing_that_comes_stops_the_pull_or_is_lost(home: Home) -> None:
    odd = {
        1: b"",
        2: b"not json",
        3: b"[1, 2]",
        4: b'{"msgtype":"text","text":{"content":"\\ud800 half"},"from":"\\udfff","tolist":["a"],"msgtime":5}',
        5: b'{"msgid":"x","from":7,"tolist":"nobody","msgtime":99999999999999999999,"msgtype":"text","text":[]}',
        6: b'{"a":' * 5_000,
        7: b'{"msgtype":"text","from":"a","tolist":["b"],"text":{"content":"tab\there"}}',
        8: b'{"action":"switch","time":1790000000123,"user":"ann"}',
        9: b'{"msgtype":"revoke","action":"recall","revoke":{"pre_msgid":5},"from":"a","tolist":["b"]}',
        10: b'{"msgtype":"agree","from":"wmA","tolist":["a"],"agree":{"userid":"wmA","agree_time":1790000000123}}',
        11: b'\xff\xfe{"msgtype":"text"}',
        12: b'{"msgtype":"file","file":{"sdkfileid":"\\ud800","filesize":-5},"from":"a","tolist":["b"]}',
    }
    source = SealedSource(len(odd), plain=lambda n: odd[n])
    done = home.pull(source)
    assert done.counts.new + done.counts.quarantined == len(odd)
    kept = home.sql("SELECT seq, raw FROM record UNION ALL SELECT seq, plain FROM quarantine")
    assert dict(kept) == odd
    assert {seq for (seq,) in home.sql("SELECT seq FROM quarantine")} >= {1, 2, 3, 6}
    assert home.sql("SELECT person, answer, at FROM consent") == [("wmA", "agree", 1_790_000_000)]
    assert broken_links(home.path) == []


def _mutated(n: int) -> bytes:
    """A documented message with some of its bytes changed, doubled or cut, by seed `n`; now and then mere noise."""
    dice = random.Random(n)
    if n % 20 == 0:
        return dice.randbytes(dice.randrange(300))
    raw = bytearray(dice.choice(GOLDEN).read_bytes())
    for _change in range(dice.randrange(1, 6)):
        at = dice.randrange(len(raw))
        kind = dice.randrange(3)
        raw[at : at + kind * dice.randrange(9)] = (b"", b'"', b"\\u0000", b"\x00", b"[", b"1e999", b"\xed\xa0\x80")[
            dice.randrange(7)
        ]
    return bytes(raw)


@pytest.mark.parametrize("count", [600, pytest.param(10_000, marks=pytest.mark.long)])
def test_mutated_and_random_messages_never_crash_it_and_none_is_lost(home: Home, count: int) -> None:
    done = home.pull(SealedSource(count, plain=_mutated))
    assert done.counts.new + done.counts.quarantined == count
    assert min(done.counts.new, done.counts.quarantined) > count // 50
    kept = dict(home.sql("SELECT seq, raw FROM record UNION ALL SELECT seq, plain FROM quarantine"))
    assert kept == {n: _mutated(n) for n in range(1, count + 1)}
    assert broken_links(home.path) == []


def test_entries_that_are_no_message_are_kept_as_they_came(home: Home) -> None:
    entry = SealedSource(5).entry
    page = {"errcode": 0, "chatdata": [entry(1), {"seq": 2, "msgid": ["?"]}, 17, {**entry(3), "seq": "3"}]}
    source = SealedSource(4, answers=[json.dumps(page).encode()])
    done = home.pull(source)
    assert (done.counts.new, done.counts.quarantined) == (3, 2)
    waiting = home.sql("SELECT seq, reason, encrypt_chat_msg FROM quarantine ORDER BY id")
    assert [(seq, reason) for seq, reason, _raw in waiting] == [(2, "malformed"), (2, "malformed")]
    assert [json.loads(raw) for _seq, _reason, raw in waiting] == [{"seq": 2, "msgid": ["?"]}, 17]
    assert set(home.texts()) == {1, 3, 4}


def test_a_derivation_that_fails_costs_what_it_writes_and_no_message(home: Home) -> None:
    def broken(db: sqlite3.Connection, stored: Sequence[Stored]) -> None:
        db.execute("INSERT INTO cursor VALUES ('derived', '1', 1)")
        raise KeyError(stored[0].text)

    done = home.pull(SealedSource(30), derive=[broken])
    assert (done.counts.new, done.counts.underived) == (30, 1)
    assert home.sql("SELECT name FROM cursor") == [("pull",)]


# -- the source


@pytest.mark.parametrize(
    "answers",
    [[10001, 10001], [b""], [b"<html>proxy</html>"], [b'{"errcode":45009,"errmsg":"rate"}'], [CRASHED]],
)
def test_trouble_that_passes_is_waited_for_with_smaller_pages(home: Home, answers: list[int | bytes]) -> None:
    source = SealedSource(3_000, answers=answers)
    assert home.pull(source).counts.new == 3_000
    limits = [limit for _seq, limit in source.asked]
    assert limits[1] < limits[0]
    assert limits[-1] == 1_000
    assert home.clock.slept > 1


def test_trouble_that_stays_ends_the_pull_and_keeps_what_came(home: Home) -> None:
    class Failing(SealedSource):
        def page(self, seq: int, limit: int) -> Opened:
            return (10001, b"") if seq >= 2_000 else super().page(seq, limit)

    with pytest.raises(TemporaryError, match="10001"):
        home.pull(Failing(9_000))
    assert home.texts() == spoken(2_000)
    assert home.sql("SELECT state, new, to_seq FROM pull") == [("failed", 2_000, "2000")]
    assert home.pull(SealedSource(9_000)).counts.new == 7_000


def test_a_wrong_secret_behind_10001_is_told_at_once_and_not_asked_again(home: Home) -> None:
    source = SealedSource(10, answers=[10001] * 9)
    with home.open(source) as (store, opener), pytest.raises(ConfigError, match="secret"):
        pull(store, source, opener, Run(home.clock), Settings(UTC), lambda: ConfigError("The secret is wrong."))
    assert len(source.asked) == 1  # repeated wrong secrets lock the address out for an hour


@pytest.mark.parametrize(("errcode", "code"), [(301042, Exit.config), (301052, Exit.refused), (48002, Exit.refused)])
def test_a_refusal_inside_the_json_ends_the_pull_at_once(home: Home, errcode: int, code: Exit) -> None:
    source = SealedSource(10, answers=[json.dumps({"errcode": errcode, "errmsg": "no"}).encode()])
    with pytest.raises(ApiError) as caught:
        home.pull(source)
    assert caught.value.code is code
    assert len(source.asked) == 1


def test_messages_that_do_not_come_after_the_position_are_kept_and_told(home: Home) -> None:
    entries = [SealedSource(9).entry(n) for n in range(1, 10)]
    stuck = json.dumps({"errcode": 0, "chatdata": entries}).encode()
    home.pull(SealedSource(5))
    with pytest.raises(TemporaryError, match="do not come after"):
        home.pull(SealedSource(0, answers=[stuck, stuck]))
    assert home.texts() == spoken(9)


def test_a_corp_that_never_falls_silent_does_not_keep_the_run_for_ever(home: Home) -> None:
    home.clock.at = START_MS / 1000 + 100

    class Busy(SealedSource):
        def page(self, seq: int, limit: int) -> Opened:
            self.count = max(self.count, seq + 3)
            return super().page(seq, limit)

    done = home.pull(Busy(1_500))
    assert done.emptied
    assert 1_500 <= done.counts.new < 1_520


def test_a_busy_wecom_is_not_taken_for_a_library_that_crashed(home: Home) -> None:
    busy = b'{"errcode":-1,"errmsg":"system busy"}'
    with pytest.raises(TemporaryError, match="errcode -1"):
        home.pull(SealedSource(10, answers=[busy] * 9))
    with pytest.raises(TemporaryError, match="ends its process"):
        home.pull(SealedSource(10, answers=[CRASHED] * 9))
