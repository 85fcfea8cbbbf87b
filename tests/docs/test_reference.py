"""The reference pages agree with the code."""

import subprocess
import sys

from tests.docs.console import ROOT


def test_the_reference_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "reference.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_reference_does_not_depend_on_the_terminal() -> None:
    narrow = subprocess.run(
        [sys.executable, ROOT / "scripts" / "reference.py", "--check"],
        env={"COLUMNS": "30", "TERM": "dumb", "LANG": "C", "WECRM_LANG": "zh"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert narrow.returncode == 0, narrow.stderr
