"""The manual page: whole, and understood by the programs that show it."""

import re
import shutil
import subprocess
from collections.abc import Sequence

import pytest

from tests.docs.console import ROOT
from wecrm.cli import _tree
from wecrm.cli.complete import verbs

PAGE = ROOT / "docs" / "reference" / "wecrm.1"
SECTIONS = "NAME SYNOPSIS DESCRIPTION COMMANDS OPTIONS EXIT STATUS FILES ENVIRONMENT EXAMPLES"


def test_the_sections_stand_in_their_order() -> None:
    assert " ".join(re.findall(r"^\.SH (.+)$", PAGE.read_text("utf-8"), re.MULTILINE)) == SECTIONS


def test_every_command_is_there() -> None:
    text = PAGE.read_text("utf-8").replace("\\-", "-")
    for path in _tree.COMMANDS:
        assert verbs(path) or f"\\fBwecrm {path}\\fR" in text


def test_the_page_is_plain_ascii_that_any_roff_reads() -> None:
    assert PAGE.read_text("utf-8").isascii()


@pytest.mark.parametrize(
    "argv", [("mandoc", "-Tlint", "-Wwarning"), ("groff", "-man", "-Tutf8", "-ww", "-z")], ids=["mandoc", "groff"]
)
def test_no_roff_complains(argv: Sequence[str]) -> None:
    if shutil.which(argv[0]) is None:
        pytest.skip(f"{argv[0]} is not installed")
    done = subprocess.run([*argv, str(PAGE)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
