"""The progress line on a terminal: what a person sees of work that takes longer than a second."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance import facts
from tests.acceptance.conftest import Served, served
from tests.conftest import Wecrm

__all__ = ["served"]

pty = pytest.importorskip("pty")
Watch = Callable[..., tuple[str, int]]


@pytest.fixture
def watched() -> Iterator[Watch]:
    """`watched(home, pattern, *argv)`: what stood on a terminal until the pattern did, then Ctrl-C; and the code."""
    opened: list[int] = []

    def watch(home: Wecrm, pattern: str, *argv: str) -> tuple[str, int]:
        controller, terminal = pty.openpty()
        opened.append(controller)
        environ = {**os.environ, "WECRM_HOME": str(home.home), "WECRM_PROFILE": "sandbox", **home.env}
        command = [sys.executable, "-m", "wecrm", *argv]
        process = subprocess.Popen(
            command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=terminal
        )
        os.close(terminal)
        seen = ""
        while not re.search(pattern, seen):
            piece = os.read(controller, 4096)
            seen += piece.decode(errors="replace")
        process.send_signal(signal.SIGINT)
        while process.poll() is None:  # what it still says must find room
            try:
                seen += os.read(controller, 4096).decode(errors="replace")
            except OSError:
                break
        return seen, process.wait(timeout=60)

    yield watch
    for controller in opened:
        os.close(controller)


def plan(home: Wecrm, rows: int) -> str:
    assert home("sync", "tags", "members", "contacts").code == 0
    keys = facts.relations(home, rows, lacking=facts.tag(home, "客户等级", "VIP"))
    path = home.home / "a.plan"
    assert home("tags", "plan", facts.keys_csv(home, "a.csv", keys), "--add", "VIP", "-o", str(path)).code == 0
    return str(path)


def scaled(home: Wecrm, scale: float) -> None:
    """Let wecrm believe that WeCom's limits are so much smaller, from now on."""
    config = home.home / "config.yaml"
    config.write_text(config.read_text() + f"    limits: {{scale: {scale}}}\n")


def test_the_line_tells_rate_total_and_the_time_that_the_quota_leaves(served: Served, watched: Watch) -> None:
    home = served(latency_s=0.05)
    path = plan(home, 400)
    scaled(home, 0.015)  # 105 calls a minute: 400 marks take three of them, at whatever rate the first are sent
    seen, code = watched(home, r"s left", "apply", path, "--yes")
    assert code == 130
    told = re.search(r"rows (\d+)/400 · (\d+)/s · (\d+) s left", seen)
    assert told, seen
    done, rate, left = map(int, told.groups())
    assert (400 - done) / max(rate, 1) < 100
    assert left > 140


def test_waiting_for_wecoms_limit_is_told_with_how_long(served: Served, watched: Watch) -> None:
    home = served()
    path = plan(home, 60)
    scaled(home, 0.004)
    seen, code = watched(home, r"next call in \d+ s", "apply", path, "--yes")
    assert code == 130
    assert 1 < int(re.search(r"next call in (\d+) s", seen)[1]) <= 60  # type: ignore[index]


def test_outside_a_terminal_there_is_no_line(synced: Wecrm, tmp_path: Path) -> None:
    result = synced("contacts", "list", "-o", str(tmp_path / "all.csv"))
    assert result.code == 0
    assert "\r" not in result.err
    assert "\x1b" not in result.err
