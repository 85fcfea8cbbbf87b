"""The commands, imported in English before any test, and a language that no test leaves behind."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
import typer

from wecrm import i18n
from wecrm.cli.registry import COMMANDS
from wecrm.cli.root import app

for _module, _summary in COMMANDS.values():
    import_module(_module)


@pytest.fixture(autouse=True)
def _english_afterwards(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("COLUMNS", "80")
    yield
    i18n.use(i18n.SOURCE)


@pytest.fixture(scope="session")
def root() -> Any:
    """The root command, as the parser sees it."""
    return typer.main.get_command(app)
