"""Every report over a million relations, a million messages, against one scan of the tables it reads, by CPU time."""

import json
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from scripts.benches.figures import Figure, asked, grown, peak
from tests.reports import test_speed as cached
from tests.reports import test_speed_archive as archived
from tests.reports.chatter import CORP
from wecrm.store.archive.opening import open_archive
from wecrm.store.database import Store

Work = Callable[[Any, str], object]

MAKING = """
import sys
from pathlib import Path
from tests.reports import test_speed_archive as archived
from tests.reports.crowds import crowd
folder, count = Path(sys.argv[1]), int(sys.argv[2])
"""
LEFT_OUT = ("--rows", "of other hours")
"""Single rows are streamed as they are read: reading them is all they cost."""


def measured(folder: Path, part: int) -> list[Figure]:
    """Those of the cache and those of the archive; the memory of all of them, and of a tenth of the size."""
    sizes = 100_000 // part, 1_000_000 // part
    of_cache, of_archive = (
        [
            asked(f"from scripts.benches.reports import {measure}; {measure}()", folder / f"{measure}-{n}", n)
            for n in sizes
        ]
        for measure in ("measure_cache", "measure_archive")
    )
    return [
        *(
            Figure(f"`report {case}`, {sizes[1]:,} {rows}", took, "s", "one scan of its tables", scanned, 10)
            for rows, found in (("relations", of_cache[1]), ("messages", of_archive[1]))
            for case, (scanned, took) in found["cases"].items()
        ),
        *(
            figure
            for rows, found in (("relations", of_cache), ("messages", of_archive))
            for figure in (
                Figure(f"memory of these reports, {sizes[1]:,} {rows}", found[1]["memory"], "MB", "allowed", 300, 1.0),
                grown(f"memory of these reports, {{}} {rows}", "MB", sizes, [one["memory"] for one in found]),
            )
        ),
    ]


def measure_cache() -> None:
    """Make the cache of FOLDER and RELATIONS, measure, print."""
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    folder.mkdir()
    _subprocess("crowd(folder / 'cache.db', count).close()", folder, count)
    with closing(Store.open(folder / "cache.db")) as store:
        _tell(store, cached.READS, cached.scan, cached.built)


def measure_archive() -> None:
    """Make the archive of FOLDER and MESSAGES, measure, print."""
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    _subprocess("[db.close() for db in archived.made(folder, count, count)[1:]]", folder, count)
    data = folder / "data"
    store = Store.open(data / f"{CORP}.db")
    pair = archived.Pair(folder, store, open_archive(data / f"{CORP}.archive.db", CORP))
    _tell(pair, archived.READS, archived.scan, archived.built)


def _subprocess(code: str, folder: Path, count: int) -> None:
    """Make something in a process of its own, which does not count for the memory of this one."""
    asked(f"{MAKING}{code}; print(0)", folder, count)


def _tell(source: object, reads: Iterable[str], scan: Work, built: Work) -> None:
    cases = [case for case in reads if not case.endswith(LEFT_OUT)]
    taken = {case: (_best(scan, source, case), _best(built, source, case)) for case in cases}
    print(json.dumps({"cases": taken, "memory": peak()}))


def _best(work: Work, source: object, case: str) -> float:
    """Seconds of CPU, the least of three."""
    taken = []
    for _n in range(3):
        began = time.process_time()
        work(source, case)
        taken.append(time.process_time() - began)
    return min(taken)
