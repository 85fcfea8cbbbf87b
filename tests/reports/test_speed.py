"""Reports from the cache stay near the cost of reading their tables once, and empty caches have reports, too."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC

import msgspec
import pytest

from tests.conftest import Wecrm
from tests.reports.crowds import DAY_S, NOW, crowd
from wecrm.files import scores as files
from wecrm.models.report import Asked
from wecrm.reports import REPORTS, dashboard, scores
from wecrm.reports.entries import Sources
from wecrm.store.database import Store

RELATIONS = ("relation", "relation_event", "first_touch")
EPISODES = ("relation", "relation_event", "contact")
SCORED = (*EPISODES, "relation_tag")
GROUPS = ("group_chat", "group_member")
LACKS = ("relation", "contact", "relation_tag", "relation_mobile")
COUNTED = ("behavior_day", "group_day", "link_day", "groupsend", "groupsend_task")
READS = {
    "customers": RELATIONS,
    "staff": RELATIONS,
    "departments": RELATIONS,
    "churn": RELATIONS,
    "inherited": (*RELATIONS, "transfer"),
    "silent": ("relation", "relation_event"),
    "followers": ("relation",),
    "channels": RELATIONS,
    "tags": ("relation", "relation_tag"),
    "followers --rows": ("relation", "contact"),
    "channels --rows": (*RELATIONS, "contact"),
    "tags --rows": ("relation", "relation_tag", "contact"),
    "tag-overlap --rows": ("relation", "relation_tag", "contact"),
    "shared-customers --rows": ("relation", "contact", "first_touch"),
    "shared-customers": ("relation", "contact", "first_touch"),
    "transfers": ("transfer",),
    "funnel": ("relation", "relation_tag", "relation_event"),
    "tag-overlap": ("relation", "relation_tag"),
    "groups": GROUPS,
    "group-owners": GROUPS,
    "quality": LACKS,
    "changes": ("job_row",),
    "customers --rows": EPISODES,
    "churn --rows": EPISODES,
    "inherited --rows": (*EPISODES, "transfer"),
    "silent --rows": EPISODES,
    "transfers --rows": ("transfer", "contact"),
    "funnel --rows": EPISODES,
    "groups --rows": (*GROUPS, "contact"),
    "quality --rows": LACKS,
    "changes --rows": ("job_row",),
    "behavior": ("behavior_day",),
    "behavior --rows": ("behavior_day",),
    "group-stats": ("group_day",),
    "group-stats --rows": ("group_day",),
    "links": ("link_day",),
    "links --rows": ("link_day",),
    "groupsends": ("groupsend", "groupsend_task"),
    "groupsends --rows": ("groupsend", "groupsend_task"),
    "dashboard": (*RELATIONS, "contact", "relation_tag", "relation_mobile", "transfer", *GROUPS, *COUNTED),
    "score churn": SCORED,
    "score churn --backtest": SCORED,
}
"""Every report of this kind, and the tables it reads."""


def built(store: Store, name: str) -> int:
    """Of how many rows it is made; of a page, of how many blocks."""
    asked = Asked(None, None, NOW, UTC, "")
    if name == "dashboard":
        return len(dashboard.build(Sources(store), asked, "corp", 10).blocks)
    if name.startswith("score"):
        score = files.read(files.SHIPPED)[0]
        then = NOW - 30 * DAY_S
        table = scores.tried(store, score, then, 30, ()) if "--" in name else scores.listed(store, score, NOW, ())
        return sum(1 for _row in table.rows)
    report = REPORTS[name.split()[0]]
    asked = replace(asked, by="day" if "by" in report.takes else "")
    build = report.rows if name.endswith("--rows") else report.build
    assert build
    return sum(1 for _row in build(Sources(store), asked).rows)


def scan(store: Store, name: str) -> None:
    """Read every byte of the report's tables once."""
    for table in READS[name]:
        columns = [row[1] for row in store.connection.execute(f"PRAGMA table_info({table})")]
        store.connection.execute(
            f"SELECT {', '.join(f'sum(length({column}))' for column in columns)} FROM {table}"
        ).fetchone()


@pytest.fixture(scope="module")
def crowds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Store]]:
    folder = tmp_path_factory.mktemp("crowds")
    stores = crowd(folder / "small.db", 6_000), crowd(folder / "large.db", 24_000)
    yield stores
    for store in stores:
        store.close()


def steps(store: Store, name: str) -> int:
    """How much SQLite has to do, in hundreds of its instructions."""
    count = 0

    def tick() -> int:
        nonlocal count
        count += 1
        return 0

    store.connection.set_progress_handler(tick, 100)
    try:
        built(store, name)
    finally:
        store.connection.set_progress_handler(None, 0)
    return count


@pytest.mark.parametrize("name", READS)
def test_four_times_the_customers_take_no_more_than_four_times_the_work(crowds: tuple[Store, Store], name: str) -> None:
    small, large = (steps(store, name) for store in crowds)
    assert 100 < small * 2 < large < small * 4.4


@pytest.fixture(scope="module")
def million(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = crowd(tmp_path_factory.mktemp("million") / "large.db", 1_000_000)
    yield store
    store.close()
    store.path.unlink()


MEASURE = """
import sys, time
from pathlib import Path
from tests.reports.test_speed import built, scan
from wecrm.store.database import Store
store = Store.open(Path(sys.argv[1]))
def cpu(work):
    began = time.process_time()
    work(store, sys.argv[2])
    return time.process_time() - began
scanned, took = min(cpu(scan) for _n in range(3)), cpu(built)
print(scanned, took, next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""
"""Seconds of the processor for a scan and for the report, and KiB: other programs of the machine count in neither.
The most memory there was: getrusage would tell that of the process that began this one, where it was more."""


def measured(store: Store, name: str) -> tuple[float, float, float]:
    done = subprocess.run([sys.executable, "-c", MEASURE, str(store.path), name], capture_output=True, check=True)
    scanned, reported, peak = map(float, done.stdout.split())
    return scanned, reported, peak


@pytest.mark.long
@pytest.mark.parametrize("name", READS)
def test_a_million_relations_take_ten_scans_at_most_and_little_memory(
    million: Store, name: str, record_property: Callable[[str, object], None]
) -> None:
    for _attempt in range(3):
        scanned, reported, peak = measured(million, name)
        if reported < 10 * scanned:
            break
    record_property("scans", round(reported / scanned, 1))
    assert reported < 10 * scanned
    assert peak < 300 * 1024


TABLES = [name for name in READS if name.split()[0] in REPORTS]


@pytest.mark.parametrize(
    "name", sorted({*TABLES, *(f"{name} --rows" for name in TABLES if "--rows" not in name and REPORTS[name].rows)})
)
def test_an_empty_cache_has_reports_without_rows(wecrm: Wecrm, name: str) -> None:
    result = wecrm("report", *name.split(), "-f", "json")
    assert result.code == 0, result.err
    assert [row for row in msgspec.json.decode(result.out) if any(row.values())] == []
