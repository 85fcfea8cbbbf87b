"""Reports from the session archive stay near the cost of reading their tables once, and within little memory."""

import csv
import io
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.conftest import Wecrm
from tests.reports.chatter import CORP, HOURS, chatter
from tests.reports.crowds import NOW, crowd
from wecrm.models.report import Asked
from wecrm.reports import REPORTS
from wecrm.reports.entries import Sources
from wecrm.store.database import Store

COUNTS = ("message_day", "conversation", "participant")
READS = {
    "messages": COUNTS,
    "messages --by day": COUNTS,
    "messages --rows": COUNTS,
    "replies": ("wait",),
    "replies --by day": ("wait",),
    "replies --rows": ("wait",),
    "replies of other hours": ("wait",),
    "unanswered": ("wait",),
    "unanswered --rows": ("wait",),
    "busiest-hours": COUNTS,
    "words-hits": ("word_hit", "record", "participant"),
    "words-hits --by day": ("word_hit", "record", "participant"),
    "words-hits --rows": ("word_hit", "record"),
    "frequent-words": ("record",),
    "questions": ("record",),
    "questions --rows": ("record",),
    "silent": ("conversation", "participant", "cache.relation", "cache.relation_event"),
    "silent --rows": ("conversation", "participant", "cache.relation", "cache.relation_event", "cache.contact"),
    "groups": ("conversation", "cache.group_chat", "cache.group_member"),
    "groups --rows": ("cache.group_chat", "cache.group_member", "cache.contact"),
}
"""Every report that reads the archive, as it may be asked, and the tables it reads then."""

OTHER_HOURS = "Mon-Sun 10:00-20:00"
"""Not those of the last pull: every wait is measured again."""


class Pair(NamedTuple):
    """A home with a cache and an archive."""

    home: Path
    store: Store
    archive: Store


def made(home: Path, relations: int, messages: int) -> Pair:
    (home / "data").mkdir(parents=True)
    profile = {"corp_id": CORP, "archive": {"working_hours": HOURS}}
    (home / "config.yaml").write_text(yaml.safe_dump({"timezone": "UTC", "profiles": {"sandbox": profile}}), "utf-8")
    store = crowd(home / "data" / f"{CORP}.db", relations)
    return Pair(home, store, chatter(home / "data" / f"{CORP}.archive.db", store, messages))


def built(pair: Pair, case: str) -> int:
    """Rows of the report, over all that was ever written."""
    report = REPORTS[case.split()[0]]
    hours = OTHER_HOURS if case.endswith("of other hours") else HOURS
    since = None if case.startswith("silent") else 1.0
    asked = Asked(since, None, NOW, UTC, hours, by="day" if case.endswith("--by day") else "")
    build = report.rows if case.endswith("--rows") else report.build
    assert build
    return sum(1 for _row in build(Sources(pair.store, pair.archive), asked).rows)


def scan(pair: Pair, case: str) -> None:
    """Read every byte of the report's tables once."""
    for name in READS[case]:
        where, _dot, table = name.rpartition(".")
        db = (pair.store if where else pair.archive).connection
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
        db.execute(f"SELECT {', '.join(f'sum(length({column}))' for column in columns)} FROM {table}").fetchone()


def test_every_report_from_the_archive_is_measured() -> None:
    known = {name: report for name, report in REPORTS.items() if report.archive}
    assert {case.split()[0] for case in READS} == set(known)
    assert {case.split()[0] for case in READS if case.endswith("--rows")} == {n for n in known if known[n].rows}
    assert {case.split()[0] for case in READS if case.endswith("--by day")} == {
        name for name in known if "by" in known[name].takes
    }


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Pair, Pair]]:
    folder = tmp_path_factory.mktemp("chatter")
    found = made(folder / "small", 7_000, 12_000), made(folder / "large", 28_000, 48_000)
    yield found
    for pair in found:
        pair.store.close()
        pair.archive.close()


def work(pair: Pair, done: Callable[[Pair, str], object], case: str) -> tuple[int, int]:
    """What SQLite has to do, in hundreds of its instructions, and how often Python calls something."""
    steps = calls = 0

    def tick() -> int:
        nonlocal steps
        steps += 1
        return 0

    def called(_frame: Any, _event: str, _what: Any) -> None:
        nonlocal calls
        calls += 1

    for store in (pair.store, pair.archive):
        store.connection.set_progress_handler(tick, 100)
    sys.setprofile(called)
    try:
        done(pair, case)
    finally:
        sys.setprofile(None)
        for store in (pair.store, pair.archive):
            store.connection.set_progress_handler(None, 0)
    return steps, calls


@pytest.mark.parametrize("case", READS)
def test_four_times_the_messages_take_no_more_than_four_times_the_work(pairs: tuple[Pair, Pair], case: str) -> None:
    (small, few), (large, many) = (work(pair, built, case) for pair in pairs)
    scanned, _calls = work(pairs[1], scan, case)
    assert 10 < small * 1.5 < large < small * 4.4
    assert 100 < few < many < few * 4.4
    assert large < 2 * scanned


def test_rows_too_many_to_keep_are_counted_in_the_access_log_and_all_shown(pairs: tuple[Pair, Pair]) -> None:
    result = Wecrm(pairs[1].home)("report", "silent", "--rows", "--reason", "test", "-f", "csv")
    assert result.code == 0, result.err
    shown = [(row["userid"], row["external_userid"]) for row in csv.DictReader(io.StringIO(result.out))]
    logged = pairs[1].archive.connection.execute("SELECT command, rows FROM access ORDER BY id DESC LIMIT 1").fetchone()
    assert logged == ("report silent", len(shown))
    assert len(set(shown)) == len(shown) > 20_000


@pytest.fixture(scope="module")
def million(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("million")
    pair = made(folder / "home", 1_000_000, 1_000_000)
    yield pair
    pair.store.close()
    pair.archive.close()
    shutil.rmtree(folder)


@pytest.mark.long
@pytest.mark.parametrize("case", [case for case in READS if not case.endswith("--rows")])
def test_a_million_messages_take_ten_scans_at_most(million: Pair, case: str) -> None:
    def best(done: Callable[[Pair, str], object]) -> float:
        took = []
        for _n in range(3):
            began = time.process_time()
            done(million, case)
            took.append(time.process_time() - began)
        return min(took)

    scanned, reported = best(scan), best(built)
    assert reported < 10 * scanned, f"{reported:.2f} s, {scanned:.2f} s"


PEAK = """
import os, sys
from wecrm.cli.main import run
code = run(sys.argv[1:], environ=os.environ)
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1], file=sys.stderr)
sys.exit(code)
"""
"""Tells the most memory there was; getrusage would tell that of the process that began this one, where it was more."""


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc tells the most memory there was")
@pytest.mark.parametrize("case", [case for case in READS if not case.endswith("of other hours")])
def test_a_million_messages_take_little_memory(million: Pair, case: str, tmp_path: Path) -> None:
    argv = ("report", *case.split(), *(() if case.startswith("silent") else ("--since", "2020")))
    ended = subprocess.run(
        [sys.executable, "-c", PEAK, *argv, "--reason", "test", "-f", "csv", "-o", str(tmp_path / "rows.csv")],
        env={**os.environ, "WECRM_HOME": str(million.home), "WECRM_PROFILE": "sandbox"},
        stderr=subprocess.PIPE,
        check=False,
    )
    told = ended.stderr.decode().splitlines()
    assert ended.returncode == 0, told
    assert int(told[-1]) < 300 * 1024
