"""Every command line in the documents is one that wecrm understands: its words, and its options."""

import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.docs.console import DOCS, ROOT, blocks
from wecrm.cli.globals import FLAGS, VALUED
from wecrm.cli.registry import COMMANDS

GENERATED = ROOT / "docs" / "reference"
_INLINE = re.compile(r"`wecrm ([^`]+)`")
_HELP = {"--help", "--version"}
_OWN = {"report NAME", "report newcomers"}
"""Reports that a reader writes, or puts in."""


def lines(path: Path) -> Iterator[str]:
    """Every command line of a document, without `wecrm`: in blocks, and in the text."""
    for language in ("console", "sh"):
        for _first, text in blocks(path, language):
            for line in text.splitlines():
                line = line.removeprefix("$ ")
                if line.startswith("wecrm "):
                    yield line.removeprefix("wecrm ").partition("  #")[0]
    for found in _INLINE.findall(path.read_text("utf-8")):
        yield " ".join(found.split())


def problem(line: str) -> str:
    """What wecrm would not understand in it; "" when all is well."""
    words = [word for word in shlex.split(line) if word not in FLAGS]
    if not words or words[0] in ("COMMAND", *_HELP) or "=" in words[0]:
        return ""
    if words[0].startswith("-"):
        return "" if words[0] in VALUED else f"no option {words[0]}"
    if words[0] not in COMMANDS:
        return f"no command {words[0]}"
    command: Any = typer.main.get_command(import_module(COMMANDS[words[0]][0]).app)
    rest = words[1:]
    while verbs := getattr(command, "commands", None):
        if not rest or rest[0].startswith("["):
            return ""
        named = re.split(r"[|,]", rest[0])
        for verb in named:
            if verb not in verbs and f"{words[0]} {verb}" not in _OWN:
                return f"no command {words[0]} {verb}"
        command, rest = next((verbs[verb] for verb in named if verb in verbs), next(iter(verbs.values()))), rest[1:]
    known = {option for parameter in command.params for option in parameter.opts} | VALUED | _HELP
    for word in rest:
        if re.match(r"--\w|-[a-zA-Z]$", word) and word.partition("=")[0] not in known:
            return f"no option {word}"
    return ""


@pytest.mark.parametrize(
    "path",
    [path for path in DOCS if path.parent != GENERATED or path.name == "commands.md"],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_command_lines_in_documents_are_understood(path: Path) -> None:
    wrong = [f"wecrm {line}: {what}" for line in lines(path) if (what := problem(line))]
    assert not wrong, "\n".join(wrong)


def test_a_wrong_command_line_is_noticed() -> None:
    assert problem("tags plam vip.csv") == "no command tags plam"
    assert problem("apply vip.plan --yess") == "no option --yess"
    assert problem("fetch") == "no command fetch"
    assert not problem("--profile sandbox sync contacts --max-removals 100%")
