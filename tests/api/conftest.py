"""A client on a small sandbox of its own, on the sandbox's clock."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from wecrm.api.client import Client, Settings
from wecrm.errors import WecrmError
from wecrm.models.clock import Run
from wecrm.sandbox import control
from wecrm.sandbox.app import wsgi
from wecrm.sandbox.clock import WorldClock
from wecrm.sandbox.identity import CORP_ID, SECRETS
from wecrm.sandbox.world import World

KINDS = ("contact", "directory")


class PassingClock:
    """Its time passes when somebody waits."""

    def __init__(self) -> None:
        self.time = 1_793_494_800.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


class Office:
    """A world, a cache folder, and clients that share both."""

    def __init__(self, world: World, cache: Path) -> None:
        self.world = world
        self.cache = cache
        self.clock = WorldClock(world)
        self._clients: list[Client] = []

    def client(self, stop: Callable[[], WecrmError | None] = lambda: None, **settings: Any) -> Client:
        """Another client, as another process would have one."""
        given = {"secrets": {kind: SECRETS[kind] for kind in KINDS}, **settings}
        client = Client(Settings(CORP_ID, cache=self.cache, **given), Run(self.clock, stop), wsgi(self.world))
        self._clients.append(client)
        return client

    def calls(self, path: str) -> list[control.Call]:
        """What the sandbox logged for paths with this end."""
        return list(control.calls(self.world, path=path))

    def close(self) -> None:
        for client in self._clients:
            client.close()


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world of 20 members and 300 relations, made once."""
    path = tmp_path_factory.mktemp("small") / "a.world"
    world = World.create(path, members=20, contacts=300, groups=4)
    control.set_switch(world, "strict", True)  # a misspelt field would be ignored
    world.close()
    return path


@pytest.fixture
def office(small: Path, tmp_path: Path) -> Iterator[Office]:
    shutil.copy(small, tmp_path / "a.world")
    world = World.open(tmp_path / "a.world")
    office = Office(world, tmp_path / "cache")
    yield office
    office.close()
    world.close()
