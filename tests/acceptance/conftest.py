"""A sandbox on a loopback port and a home whose profile points at it."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance import facts
from tests.conftest import Wecrm
from wecrm.sandbox import control
from wecrm.sandbox.identity import CORP_ID, SECRETS
from wecrm.sandbox.world import World

SERVE = """
import sys
from pathlib import Path
from wecrm.sandbox.server import serve
from wecrm.sandbox.world import World
serve(World.open(Path(sys.argv[1])), latency_s=float(sys.argv[2]), ready=lambda url: print(url, flush=True))
"""

Served = Callable[..., Wecrm]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Wecrm:
    """A small corp with an archive, a plan of 60 marks and a backup: to be copied."""
    folder = tmp_path_factory.mktemp("office") / "home"
    (folder / "data").mkdir(parents=True)
    World.create(folder / "data" / "sandbox.world", members=8, contacts=150, seed=7).close()
    home = Wecrm(folder)
    assert home("sync").code == 0
    assert home("archive", "pull", "--limit", "50").code == 0
    keys = facts.relations(home, 60, lacking=facts.tag(home, "客户等级", "VIP"))
    assert home("tags", "plan", facts.keys_csv(home, "a.csv", keys), "--add", "VIP", "-o", f"{folder}/a.plan").code == 0
    assert home("db", "backup", f"{folder}/a.bak").code == 0
    return home


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """`served(members=…, contacts=…, latency_s=…)`: a home that talks to a new served sandbox."""
    processes = []

    def start(
        *, members: int = 30, contacts: int = 2000, latency_s: float = 0.0, settings: str = "", secret: str = "contact"
    ) -> Wecrm:
        home = tmp_path / "served"
        (home / "data").mkdir(parents=True)
        world = home / "data" / "sandbox.world"
        made = World.create(world, members=members, contacts=contacts, seed=7, start=time.time())
        control.set_switch(made, "strict", True)
        made.close()
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(world), str(latency_s)], stdout=subprocess.PIPE, text=True
        )
        processes.append(process)
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        (home / "config.yaml").write_text(config(url, settings))
        env = {"WECRM_PROFILE": "served", "S_CONTACT": SECRETS[secret], "S_DIRECTORY": SECRETS["directory"]}
        return Wecrm(home, env)

    yield start
    for process in processes:
        process.terminate()
        process.wait()


def config(url: str, settings: str = "") -> str:
    """A configuration with one profile at this address."""
    return f"""
profiles:
  served:
    corp_id: {CORP_ID}
    name: Sandbox
    base_url: {url}
    secrets:
      contact: {{secret: "env:S_CONTACT"}}
      directory: {{secret: "env:S_DIRECTORY"}}
    {settings}
"""
