"""A corp for tests that only look, and the tree of commands."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer import Context

from tests.conftest import Wecrm
from wecrm.cli.root import app


@pytest.fixture(scope="session")
def corp(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Wecrm:
    """A synced corp with one applied job in it; shared, so nobody may change it."""
    home = tmp_path_factory.mktemp("corp") / "home"
    shutil.copytree(filled, home)
    wecrm = Wecrm(home)
    rows = wecrm.sql("SELECT userid, external_userid, '=1+1' FROM relation WHERE status = 'active' LIMIT 3")
    file = wecrm.csv("remarks.csv", "userid,external_userid,remark", rows)
    result = wecrm("contacts", "remark", str(file), "--yes")
    assert result.code == 0, result.err
    return wecrm


@pytest.fixture(scope="session")
def root() -> Any:
    """The root command, as the parser sees it."""
    return typer.main.get_command(app)


def leaves(root: Any, name: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The commands behind the first word `name`: (words, command)."""
    context = Context(root)
    yield from _below(context, (name,), root.get_command(context, name))


def _below(context: Context, words: tuple[str, ...], found: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    if hasattr(found, "list_commands"):
        for verb in found.list_commands(context):
            yield from _below(context, (*words, verb), found.get_command(context, verb))
    else:
        yield words, found
