"""Runs the fault matrix and writes docs/explain/faults.md and faults.json.

    .venv/bin/python scripts/faults.py             every cell, in two processes; takes its time
    .venv/bin/python scripts/faults.py 'tags push' only these rows; the others stay as they are
    .venv/bin/python scripts/faults.py --page      only the page, from the kept codes

Exit 1 when a cell is wrong: what is wrong with it goes to stdout.
"""

import shutil
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.acceptance.matrix import cells, page, places, results  # noqa: E402
from tests.acceptance.matrix.rows import ROWS  # noqa: E402

Found = list[tuple[places.Cell, cells.Seen]]


def run(row: str) -> Found:
    """Every cell of a row."""
    shared = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="faults-", dir=shared if shared.is_dir() else None))
    try:
        bench = cells.Bench(folder)
        return [(cell, bench.run(cell)) for cell in places.cells_of(row, bench.clean(row).places)]
    finally:
        shutil.rmtree(folder)


def main(argv: Sequence[str]) -> int:
    """Run the rows and write the page; the exit code."""
    known = results.kept()
    unknown = [row for row in argv if row not in ROWS and row != "--page"]
    if unknown:
        sys.stderr.write(f"No such rows: {', '.join(unknown)}. There are: {', '.join(ROWS)}\n")
        return 2
    wanted = [] if argv == ["--page"] else list(argv) or list(ROWS)
    wrong = 0
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        running = {pool.submit(run, row): row for row in reversed(wanted)}
        for n, done in enumerate(as_completed(running), 1):
            row, found = running[done], done.result()
            known.pop(row, None)
            for cell, seen in found:
                results.add(known, cell, seen.code)
                wrong += bool(seen.wrong)
                sys.stdout.writelines(f"WRONG {cell.key}: {each}\n" for each in seen.wrong)
            _write(known)
            sys.stderr.write(f"{n}/{len(wanted)} {row}: {len(found)} cells, wrong so far: {wrong}\n")
    _write(known)
    return 1 if wrong else 0


def _write(known: results.Results) -> None:
    ordered = {row: known[row] for row in ROWS if row in known}
    page.write(results.DATA, results.text(ordered))
    page.write(page.PAGE, page.page(ordered))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
