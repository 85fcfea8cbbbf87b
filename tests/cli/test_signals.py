"""Ctrl-C and SIGTERM where nothing is under way that would have to be finished: the command ends there and then."""

import os
import signal
import subprocess
import sys

import pytest

from tests.conftest import Wecrm
from wecrm.errors import TerminatedRun

SIGNALS = pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
ENDLESS = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT n FROM t"


@SIGNALS
def test_a_signal_at_a_question_ends_the_command_and_nothing_is_sent(synced: Wecrm, number: int, code: int) -> None:
    pty = pytest.importorskip("pty")
    controller, terminal = pty.openpty()
    env = {**os.environ, "WECRM_HOME": str(synced.home), "WECRM_PROFILE": "sandbox"}
    command = [sys.executable, "-m", "wecrm", "tags", "create", "客户等级", "新"]
    try:
        process = subprocess.Popen(command, stdin=terminal, stderr=subprocess.PIPE, env=env)
        assert process.stderr is not None
        told = b""
        while not told.endswith(b"[y/N] "):
            piece = process.stderr.read(1)
            assert piece, told
            told += piece
        process.send_signal(number)
        _out, err = process.communicate(timeout=60)
    finally:
        os.close(controller)
        os.close(terminal)
    assert process.returncode == code, err
    assert err.decode().splitlines()[-1].startswith(f"exit {code} (")
    assert synced.sql("SELECT count(*) FROM job") == [(0,)]


@SIGNALS
@pytest.mark.parametrize(
    "rows", [ENDLESS, f"{ENDLESS} WHERE n <= 5000"], ids=["while writing", "while SQLite searches"]
)
def test_a_signal_ends_a_command_that_only_reads(synced: Wecrm, number: int, code: int, rows: str) -> None:
    process = synced.process("sql", rows, "--timeout", "1h")
    assert process.stdout is not None
    assert process.stdout.readline() == b"n\n"
    process.send_signal(number)
    _out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert err.decode().splitlines()[-1].startswith(f"exit {code} (")


def test_a_signal_is_more_severe_than_what_went_wrong_after_it(wecrm: Wecrm) -> None:
    result = wecrm("apply", "absent.plan", signalled=lambda: TerminatedRun("Stopped by SIGTERM."))
    assert result.code == 143
    assert result.err.splitlines()[-1] == "exit 143 (terminate): Stopped by SIGTERM."
    assert "absent.plan" in result.err
