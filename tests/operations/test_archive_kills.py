"""A pull that is killed: by SIGKILL, anywhere in the work, also in the middle of a transaction."""

import os
import random
import signal
from datetime import UTC
from pathlib import Path

import pytest

from tests.operations.sealed_archive import SealedSource, pair
from tests.operations.test_archive_pull import Home, spoken
from tests.store.chains import broken_links
from wecrm.models.clock import Run
from wecrm.operations.archive.pull import Settings, pull

MOMENTS = 30
STATEMENTS = 6
"""Of SQL that a message costs, about; a transaction of a page is some thousand of them."""


def _pull_and_die(home: Home, source: SealedSource, page: int, statement: int) -> int:
    """Pull in a process of its own that kills itself before it runs that SQL statement; its wait status."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    try:
        left = statement

        def count(_sql: str) -> None:
            nonlocal left
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

        with home.open(source) as (store, opener):
            store.connection.set_trace_callback(count)
            pull(store, source, opener, Run(home.clock), Settings(UTC, page))
    finally:
        os._exit(0)


def _killed_often(path: Path, count: int, page: int) -> None:
    home, source, dice = Home(path), SealedSource(count), random.Random(7)
    pair(1)  # made here, so that every child has the same
    killed = positions = 0
    for _moment in range(MOMENTS):
        before = home.sql("SELECT seq FROM cursor") if path.exists() else []
        status = _pull_and_die(home, source, page, dice.randint(20, 2 * STATEMENTS * count // MOMENTS))
        killed += os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        assert broken_links(path) == []
        stored = home.sql("SELECT max(seq), count(*) FROM record")[0]
        cursor = home.sql("SELECT seq FROM cursor")
        assert stored == ((int(cursor[0][0]),) * 2 if cursor else (None, 0))
        positions += cursor != before
    assert killed == MOMENTS
    assert positions > MOMENTS // 2
    home.pull(source, page=page)
    assert home.texts() == spoken(count)
    assert home.sql("SELECT seq FROM cursor") == [(str(count),)]
    assert home.sql("SELECT count(*), count(DISTINCT msgid) FROM record") == [(count, count)]
    assert home.sql("SELECT sum(messages) FROM message_day") == [(count,)]
    assert home.sql("SELECT sum(messages) FROM conversation") == [(count,)]
    assert home.sql("SELECT state, count(*) FROM pull WHERE state <> 'done' GROUP BY state") == [("stopped", MOMENTS)]
    assert broken_links(path) == []


def test_killed_at_thirty_moments_nothing_is_missing_and_nothing_twice(tmp_path: Path) -> None:
    _killed_often(tmp_path / "archive.db", 4_000, 50)


@pytest.mark.long
def test_killed_at_thirty_moments_of_100_000_nothing_is_missing_and_nothing_twice(tmp_path: Path) -> None:
    _killed_often(tmp_path / "archive.db", 100_000, 1_000)
