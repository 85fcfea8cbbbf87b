"""The front door for tests: `wecrm(...)` runs a command line in process on a sandbox of its own."""

import io
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from wecrm import i18n
from wecrm.cli.main import run
from wecrm.errors import WecrmError
from wecrm.sandbox import control
from wecrm.sandbox.world import World

MEMBERS, RELATIONS, SEED = 30, 2000, 7

# No test asks the real clock, and Hypothesis does so unasked: on a busy machine that fails what is right.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


def _text(written: bytes) -> str:
    """What was written: UTF-8 or nothing, unless it is a workbook."""
    return written.decode("utf-8", "surrogateescape" if written.startswith(b"PK") else "strict")


@dataclass(frozen=True)
class Result:
    """What a command line ended with."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


@dataclass
class Wecrm:
    """A home folder with a sandbox in it, and the command line on it."""

    home: Path
    env: dict[str, str] = field(default_factory=dict)

    def __call__(
        self,
        *argv: str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        signalled: Callable[[], WecrmError | None] = lambda: None,
    ) -> Result:
        """Run in this process; stdin and stdout are pipes."""
        environ = {"WECRM_HOME": str(self.home), "WECRM_PROFILE": "sandbox", **self.env, **(env or {})}
        streams = sys.stdin, sys.stdout, sys.stderr
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="", write_through=True) for _ in range(2))
        sys.stdin = io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
        sys.stdout, sys.stderr = out, err
        try:
            code = run(argv, environ=environ, signalled=signalled)
        finally:
            sys.stdin, sys.stdout, sys.stderr = streams
        return Result(code, *(_text(stream.buffer.getvalue()) for stream in (out, err)))  # type: ignore[attr-defined]

    def process(self, *argv: str, env: Mapping[str, str] | None = None) -> "subprocess.Popen[bytes]":
        """The same command line as a real process."""
        environ = {**os.environ, "WECRM_HOME": str(self.home), "WECRM_PROFILE": "sandbox", **self.env, **(env or {})}
        return subprocess.Popen(
            [sys.executable, "-m", "wecrm", *argv],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def world(self) -> World:
        """The sandbox behind it; close it when done."""
        return World.open(self.home / "data" / "sandbox.world")

    @property
    def database(self) -> Path:
        return self.home / "data" / "wwsandbox00000001.db"

    def sql(self, query: str, *params: object) -> list[tuple]:
        """Rows straight from the cache, to compare with."""
        connection = sqlite3.connect(self.database)
        try:
            return connection.execute(query, params).fetchall()
        finally:
            connection.close()

    def csv(self, name: str, header: str, rows: Sequence[Sequence[str]]) -> Path:
        """Write an input file."""
        path = self.home / name
        path.write_text("\n".join([header, *(",".join(row) for row in rows)]) + "\n", encoding="utf-8")
        return path


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a small seeded sandbox, made once and copied."""
    home = tmp_path_factory.mktemp("seeded")
    (home / "data").mkdir()
    world = World.create(home / "data" / "sandbox.world", members=MEMBERS, contacts=RELATIONS, seed=SEED)
    control.set_switch(world, "strict", True)  # a misspelt field would be ignored
    world.close()
    return home


@pytest.fixture(scope="session")
def filled(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same home after one complete sync."""
    home = tmp_path_factory.mktemp("filled") / "home"
    shutil.copytree(seeded, home)
    result = Wecrm(home)("sync")
    assert result.code == 0, result.err
    return home


@pytest.fixture
def wecrm(seeded: Path, tmp_path: Path) -> Wecrm:
    """The command line on a fresh sandbox whose cache is still empty."""
    shutil.copytree(seeded, tmp_path / "home")
    return Wecrm(tmp_path / "home")


@pytest.fixture
def synced(filled: Path, tmp_path: Path) -> Wecrm:
    """The command line on a sandbox that was synced once."""
    shutil.copytree(filled, tmp_path / "home")
    return Wecrm(tmp_path / "home")


@pytest.fixture(autouse=True)
def in_english() -> None:
    """Each test begins in the language of the sources, whatever the one before it spoke."""
    i18n.use(i18n.SOURCE)
