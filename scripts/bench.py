"""The benchmarks behind docs/explain/performance.md; see scripts/bench."""

import argparse
import importlib
import json
import sys
import tempfile
import time
from pathlib import Path

from scripts.benches import page
from scripts.benches.figures import Figure, machine

MODULES = {
    "startup": "startup",
    "sync": "syncs",
    "planning": "planning",
    "archive": "pulls",
    "search": "searches",
    "encryption": "encryption",
    "reports": "reports",
    "xlsx": "workbooks",
}
"""The subjects, in the order in which they are measured, and the module of each."""


def measured(name: str, part: int) -> list[Figure]:
    """The figures of a subject, in a folder of their own."""
    print(f"{page.SUBJECTS[name]} …", file=sys.stderr, flush=True)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        figures: list[Figure] = importlib.import_module(f"scripts.benches.{MODULES[name]}").measured(Path(folder), part)
    for figure in figures:
        print(page.line(figure), flush=True)
    print(f"  {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    return figures


def main() -> int:
    """Measure, print, and write the page when asked; 1 when a promise was not kept."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a twentieth of the size, to see that it works")
    parser.add_argument("--only", choices=MODULES, help="one subject; with --write the others stay as they are")
    parser.add_argument("--write", action="store_true", help="write docs/explain/performance.md, its charts and JSON")
    parser.add_argument("--compare", type=Path, metavar="JSON", help="the performance.json of an earlier run")
    options = parser.parse_args()
    before = json.loads(options.compare.read_text("utf-8"))["subjects"] if options.compare else {}
    names = [options.only] if options.only else list(MODULES)
    command = "scripts/bench" + " --quick" * options.quick + (f" --only {options.only}" if options.only else "")
    found = {name: measured(name, 20 if options.quick else 1) for name in names}
    if options.write:
        results = page.kept() if options.only else {}
        page.write(results | {name: page.entry(one, machine(), command) for name, one in found.items()})
    figures = [figure for one in found.values() for figure in one]
    print("\n".join(page.compared(figures, before)))
    return 0 if all(figure.kept for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
