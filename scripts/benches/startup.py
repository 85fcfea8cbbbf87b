"""Start-up of an installed package against bare Python."""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from scripts.benches.figures import ROOT, Figure


def measured(folder: Path, part: int) -> list[Figure]:
    """Runs interleaved, medians of 40."""
    venv = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    subprocess.run([venv / "bin" / "python", "-m", "pip", "install", "-qq", str(ROOT)], check=True, cwd=folder)
    python, tool = str(venv / "bin" / "python"), str(venv / "bin" / "wecrm")
    commands = {
        "pass": [python, "-c", "pass"],
        "version": [tool, "--version"],
        "typer": [python, "-c", "import typer"],
        "help": [tool, "--help"],
        "complete": [tool, "__complete", "--", "tags", "plan", "--add", "V"],
    }
    env = {**os.environ, "WECRM_HOME": str(folder / "home"), "WECRM_PROFILE": "sandbox", "WECRM_LANG": "en"}
    subprocess.run([tool, "sync", "-qq"], check=True, cwd=folder, env=env)
    assert "VIP" in subprocess.check_output(commands["complete"], text=True, cwd=folder, env=env)
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _n in range(40 if part == 1 else 10):
        for name, command in commands.items():
            began = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder, env=env)
            taken[name].append(time.perf_counter() - began)
    ms = {name: statistics.median(values) * 1000 for name, values in taken.items()}
    return [
        Figure("`wecrm --version`", ms["version"], "ms", "`python -c pass`", ms["pass"], 2.0),
        Figure("`wecrm --help`", ms["help"], "ms", "`import typer`", ms["typer"], 1.5),
        Figure("completing `wecrm tags plan --add V`", ms["complete"], "ms", "`--version`", ms["version"], 2.5),
    ]
