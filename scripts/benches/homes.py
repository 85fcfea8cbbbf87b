"""A served sandbox, and the wecrm of somebody who talks to it."""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.benches.figures import ROOT
from wecrm.sandbox.identity import CORP_ID, SECRETS

LATENCY_S = 0.03
SERVE = """
import sys
from pathlib import Path
from wecrm.sandbox.server import serve
from wecrm.sandbox.world import World
serve(World.open(Path(sys.argv[1])), latency_s=float(sys.argv[2]), ready=lambda url: print(url, flush=True))
"""
RUN = """
import atexit, runpy, sys
from scripts.benches.figures import peak
where = sys.argv.pop(1)
atexit.register(lambda: open(where, "w").write(str(peak())))
runpy.run_module("wecrm", run_name="__main__", alter_sys=True)
"""
SEED = """
import sys
import time
from pathlib import Path
from wecrm.sandbox.world import World
World.create(Path(sys.argv[1]), members=200, contacts=int(sys.argv[2]), seed=7, start=time.time()).close()
"""


@dataclass(frozen=True, slots=True)
class Home:
    """Where a wecrm keeps its things, and the sandbox it talks to."""

    url: str
    env: dict[str, str]

    @property
    def path(self) -> Path:
        """The folder."""
        return Path(self.env["WECRM_HOME"])

    @property
    def cache(self) -> Path:
        """The database of the cache."""
        return self.path / "data" / f"{CORP_ID}.db"

    def connection(self) -> sqlite3.Connection:
        """The cache, opened."""
        return sqlite3.connect(self.cache)

    def run(self, *words: str) -> tuple[float, float]:
        """Run a command line; (seconds, peak memory in MB)."""
        peak = self.path / "peak"
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", RUN, peak, *words], env=self.env, cwd=ROOT, capture_output=True, text=True
        )
        seconds = time.perf_counter() - began
        if done.returncode:
            raise SystemExit(f"wecrm {' '.join(words)} failed:\n{done.stderr}")
        return seconds, float(peak.read_text())


@contextmanager
def served(folder: Path, relations: int, latency_s: float) -> Iterator[Home]:
    """A served sandbox with so many relations of 200 members, each call that much slower."""
    home = folder / f"home-{relations}-{latency_s}"
    (home / "data").mkdir(parents=True)
    world = home / "sandbox.world"
    subprocess.run([sys.executable, "-c", SEED, str(world), str(relations)], check=True, cwd=ROOT)
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(world), str(latency_s)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    (home / "config.yaml").write_text(
        f"profiles: {{bench: {{corp_id: {CORP_ID}, base_url: '{url}', "
        "secrets: {contact: {secret: 'env:S_C'}, directory: {secret: 'env:S_D'}}}}"
    )
    env = {**os.environ, "WECRM_HOME": str(home), "WECRM_PROFILE": "bench", "WECRM_LANG": "en"}
    env |= {"S_C": SECRETS["contact"], "S_D": SECRETS["directory"]}
    try:
        yield Home(url, env)
    finally:
        process.terminate()
        process.wait()
