"""Reports from the cache stay near the cost of reading their tables once, and empty caches have reports, too."""

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC

import msgspec
import pytest

from tests.conftest import Wecrm
from tests.reports.crowds import NOW, crowd
from wecrm.models.report import Asked
from wecrm.reports import REPORTS
from wecrm.reports.entries import Sources
from wecrm.store.database import Store

RELATIONS = ("relation", "relation_event", "first_touch")
READS = {
    "customers": RELATIONS,
    "staff": RELATIONS,
    "departments": RELATIONS,
    "churn": RELATIONS,
    "inherited": (*RELATIONS, "transfer"),
    "silent": ("relation", "relation_event"),
    "shared-customers": ("relation", "contact", "first_touch"),
    "transfers": ("transfer",),
    "funnel": ("relation", "relation_tag", "relation_event"),
    "tag-overlap": ("relation", "relation_tag"),
    "groups": ("group_chat", "group_member"),
    "group-owners": ("group_chat", "group_member"),
    "quality": ("relation", "contact", "relation_tag", "relation_mobile"),
    "changes": ("job_row",),
}
"""Every report of this kind, and the tables it reads."""


def built(store: Store, name: str) -> int:
    asked = Asked(None, None, NOW, UTC, "", by="day" if "by" in REPORTS[name].takes else "")
    return sum(1 for _row in REPORTS[name].build(Sources(store), asked).rows)


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


PEAK = """
import resource, sys
from pathlib import Path
from tests.reports.test_speed import built
from wecrm.store.database import Store
built(Store.open(Path(sys.argv[1])), sys.argv[2])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.long
@pytest.mark.parametrize("name", READS)
def test_a_million_relations_take_ten_scans_at_most_and_little_memory(million: Store, name: str) -> None:
    def best(work: object) -> float:
        began = time.perf_counter()
        assert callable(work)
        work(million, name)
        return time.perf_counter() - began

    scanned, reported = (min(best(work) for _n in range(3)) for work in (scan, built))
    assert reported < 10 * scanned
    peak = subprocess.run([sys.executable, "-c", PEAK, str(million.path), name], capture_output=True, check=True)
    assert int(peak.stdout) < 300 * 1024


@pytest.mark.parametrize("name", READS)
def test_an_empty_cache_has_reports_without_rows(wecrm: Wecrm, name: str) -> None:
    for words in ((), ("--rows",)) if REPORTS[name].rows else ((),):
        result = wecrm("report", name, *words, "-f", "json")
        assert result.code == 0, result.err
        assert [row for row in msgspec.json.decode(result.out) if any(row.values())] == []
