"""Offboarding: killed at commits of the database, where a case and its jobs stand written down, it ends the same."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from random import Random
from typing import Literal

import pytest

from tests.conftest import Wecrm
from tests.operations.closed import settled, usual_end
from tests.operations.leaving import Scene, scene, unread_repeats
from tests.operations.readings import OTHERWISE, TOGETHER, Readings, read

When = Literal["before", "after"]

MORTAL = """
import os, signal, sqlite3, sys
from wecrm.cli.main import run

database, what, when, fatal, *argv = sys.argv[1:]
made, met, doomed = sqlite3.connect, 0, False
counts = False

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def seen(own, sql):
    global counts, met, doomed
    if doomed:
        die()
    if not own:
        return
    counts = counts or what in sql
    if sql == "COMMIT" and counts:
        counts, met = False, met + 1
        if met == int(fatal):
            die() if when == "before" else None
            doomed = True

def connect(path, *args, **more):
    connection = made(path, *args, **more)
    own = os.path.basename(database) in os.fspath(path)
    connection.set_trace_callback(lambda sql: seen(own, sql))
    return connection

sqlite3.connect = connect
code = run(argv, environ=os.environ)
die() if doomed else sys.exit(code)
"""
"""A command line that dies at its n-th commit of transactions in which something was said: before it, or when it is
written and nothing else, be it at WeCom or here, has begun."""


def advanced(found: Scene, what: str, when: When, fatal: int) -> bool:
    """Whether an `offboard advance` was killed at that commit; 0: it may live."""
    home = found.home
    argv = [str(home.database), what, when, str(fatal), "offboard", "advance", found.leaver]
    done = subprocess.run(
        [sys.executable, "-c", MORTAL, *argv],
        env={**os.environ, "WECRM_HOME": str(home.home), "WECRM_PROFILE": "sandbox"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert done.returncode in (0, 3, -9), done.stderr.decode()
    return done.returncode == -9


def rounds(found: Scene, most: int) -> Iterator[int]:
    """Numbers for as long as the case is not closed."""
    for n in range(most):
        if found.state == "closed":
            return
        yield n
    raise AssertionError(f"not closed: {found.steps()}")


def killed_and_closed(found: Scene, seed: int, kills: int) -> None:
    """Until the case is closed; that often it is killed on the way, at commits drawn from the seed."""
    random, killed = Random(seed), 0
    assert found.start("--strategy", "round-robin").code == 0
    for _round in rounds(found, 60):
        fatal = random.randint(1, 30) if killed < kills else 0
        if advanced(found, "", random.choice(["before", "after"]), fatal):
            killed += 1
        else:
            found.wait()
    assert killed == kills


@pytest.mark.parametrize(
    ("seed", "kills"), [(0, 2), *(pytest.param(seed, 8, marks=pytest.mark.long) for seed in range(1, 6))]
)
def test_a_case_killed_at_seeded_commits_ends_the_same(synced: Wecrm, seed: int, kills: int) -> None:
    found = scene(synced)
    killed_and_closed(found, seed, kills)
    usual_end(found)


@pytest.mark.long
@pytest.mark.parametrize("readings", [TOGETHER, OTHERWISE])
def test_a_killed_case_closes_however_wecom_is_read(synced: Wecrm, readings: Readings) -> None:
    found = scene(synced)
    read(synced, readings)
    killed_and_closed(found, 6, 8)
    settled(found)
    assert not unread_repeats(synced)


def killed_whenever(found: Scene, what: str, when: When) -> list[dict[str, str]]:
    """Until the case is closed, which is killed whenever this is committed; how it stood after each kill."""
    fatal, stood, noted = 1, [found.steps()], 0
    for _round in rounds(found, 200):
        if advanced(found, what, when, fatal):
            before = stood[-1], noted
            stood.append(found.steps())
            ((noted,),) = found.home.sql("SELECT count(*) FROM transfer")
            fatal = fatal + 1 if before == (stood[-1], noted) else 1  # so that it gets on, and passes nothing over
        else:
            fatal = 1
            found.wait()
    return stood


def begun(stood: Sequence[dict[str, str]]) -> set[str]:
    """Steps in the middle of which it was killed."""
    return {name for steps in stood for name, state in steps.items() if state == "running"}


@pytest.mark.long
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_case_killed_whenever_a_step_is_written_down_ends_the_same(synced: Wecrm, when: When) -> None:
    found = scene(synced)
    assert found.start("--strategy", "round-robin").code == 0
    stood = killed_whenever(found, "UPDATE offboarding_step", when)
    assert found.steps().keys() - begun(stood) == {"archive", "notices"}  # which are skipped in one go
    usual_end(found)


@pytest.mark.parametrize(
    ("when", "readings"),
    [
        ("before", OTHERWISE),
        *(pytest.param(*each, marks=pytest.mark.long) for each in (("before", TOGETHER), ("after", OTHERWISE))),
    ],
)
def test_a_case_killed_whenever_what_was_accepted_is_written_down_closes(
    synced: Wecrm, when: When, readings: Readings
) -> None:
    found = scene(synced)
    read(synced, readings)
    assert found.start("--strategy", "round-robin").code == 0
    stood = killed_whenever(found, "INTO transfer (", when)
    assert begun(stood) >= {"groups", "customers", "rest"}
    settled(found)
    assert not unread_repeats(synced)
