"""One measured figure: what was measured, against what, and what was promised."""

import json
import platform
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from os import cpu_count
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Figure:
    """A line of the result; rates (a unit with `/s`) are better when larger, all else when smaller."""

    what: str
    value: float
    unit: str
    against: str = ""
    base: float | None = None
    bound: float | None = None
    """The largest ratio that was promised."""
    base_unit: str = ""
    """Where the base is measured in something else than the value."""

    @property
    def ratio(self) -> float | None:
        """The cost against that of the base: below 1 is cheaper."""
        if self.base is None:
            return None
        return self.base / self.value if self.unit.endswith("/s") else self.value / self.base

    @property
    def kept(self) -> bool:
        """Whether it is as promised."""
        return self.ratio is None or self.bound is None or self.ratio <= self.bound

    def measured(self) -> str:
        """The value as people read it."""
        return told(self.value, self.unit)

    def compared(self) -> str:
        """What it stands against, and that one's value."""
        return "" if self.base is None else f"{self.against} {told(self.base, self.base_unit or self.unit)}"


def told(value: float, unit: str) -> str:
    """A number with about three digits, and its unit."""
    text = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f"{text}{unit}" if unit == "/s" else f"{text} {unit}"


def machine() -> str:
    """Where it was measured."""
    parts = platform.system(), platform.machine(), f"{cpu_count()} cores", f"Python {platform.python_version()}"
    return f"{', '.join(parts)}, SQLite {sqlite3.sqlite_version}"


def asked(code: str, *words: object, env: dict[str, str] | None = None, python: str = sys.executable) -> Any:
    """What a Python program prints as JSON; each has a process of its own, so that its peak memory is its own."""
    command = [python, "-c", code, *map(str, words)]
    return json.loads(subprocess.check_output(command, text=True, cwd=ROOT, env=env))


def peak() -> float:
    """The most memory of this process so far, in MB.

    Linux adds to a child's `ru_maxrss` what its parent had when it began the child; where /proc can tell, it is asked.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024


def grown(what: str, unit: str, sizes: Sequence[int], values: Sequence[float], bound: float | None = None) -> Figure:
    """How a figure grew with the size, whose place in `what` is {}: that of the large one against the small one's."""
    (few, many), (low, high) = sizes, values
    return Figure(what.format(f"{many:,}"), high, unit, f"{few:,}:", low, bound)


def saved(figure: Figure) -> dict[str, object]:
    """The figure for a JSON file, with its ratio."""
    return {**asdict(figure), "ratio": figure.ratio}


def loaded(found: dict[str, Any]) -> Figure:
    """The figure of a JSON file."""
    return Figure(**{name: value for name, value in found.items() if name != "ratio"})
