"""The reference pages agree with the code."""

import subprocess
import sys

from tests.docs.console import ROOT
from wecrm.api import endpoints


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


def test_the_page_of_endpoints_has_no_hole() -> None:
    lines = (ROOT / "docs" / "reference" / "endpoints.md").read_text("utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]
    assert [row[0].strip("`") for row in rows] == [endpoint.name for endpoint in endpoints.ALL]
    assert [row[0] for row in rows if row[5:] != ["yes"] * 4] == []
