"""XLSX written and read, against openpyxl."""

import statistics
import subprocess
import sys
from pathlib import Path

from scripts.benches.figures import Figure, asked, grown

WRITE = """
import json, sys, time
from datetime import UTC
from scripts.benches.figures import peak
from wecrm.files.atomic import replacing
from wecrm.files.tables import write
from wecrm.models.table import Column, Table
from pathlib import Path
kinds = ("id", "id", "text", "text", "int", "time", "list")
columns = tuple(Column(f"c{n}", f"c{n}", kind) for n, kind in enumerate(kinds))
def row(n):
    return f"user{n % 200}", f"wm{n:018}", f"客户{n}", "备注", n, 1793496600 + n, ("VIP", "老客户")
rows = map(row, range(int(sys.argv[2])))
began = time.perf_counter()
with replacing(Path(sys.argv[1])) as stream:
    write(Table("contacts", columns, rows), stream, "xlsx", for_file=True, tz=UTC)
print(json.dumps([time.perf_counter() - began, peak()]))
"""
READ = """
import json, sys, time
from pathlib import Path
from scripts.benches.figures import peak
began = time.perf_counter()
if sys.argv[2] == "wecrm":
    from wecrm.files.workbooks import reading
    count = sum(1 for _row in reading.opened(Path(sys.argv[1]).read_bytes(), "x").records()) - 1
elif sys.argv[2] == "checked":
    from wecrm.files import sheets
    count = sum(1 for _row in sheets.read(Path(sys.argv[1]), name="x").rows)
else:
    from openpyxl import load_workbook
    page = load_workbook(sys.argv[1], read_only=True, data_only=True).worksheets[0]
    count = sum(1 for _row in page.iter_rows(values_only=True)) - 1
print(json.dumps([count, time.perf_counter() - began, peak()]))
"""


def measured(folder: Path, part: int) -> list[Figure]:
    """Memory of writing, and the time of reading: runs interleaved, medians."""
    sizes = few, many = 20_000 // part, 200_000 // part
    venv = folder / "reader"
    subprocess.run([sys.executable, "-m", "venv", "--system-site-packages", venv], check=True)
    subprocess.run([venv / "bin" / "python", "-m", "pip", "install", "-qq", "openpyxl"], check=True, cwd=folder)
    small, large = folder / "few.xlsx", folder / "many.xlsx"
    written = [asked(WRITE, path, size) for path, size in ((small, few), (large, many))]
    peaks = [asked(READ, path, "checked")[2] for path in (small, large)]
    pythons = {"wecrm": sys.executable, "checked": sys.executable, "openpyxl": str(venv / "bin" / "python")}
    times: dict[str, list[float]] = {reader: [] for reader in pythons}
    for _n in range(3):
        for reader, python in pythons.items():
            count, seconds, _peak = asked(READ, large, reader, python=python)
            assert count == many, count
            times[reader].append(seconds)
    taken = {reader: statistics.median(values) for reader, values in times.items()}
    rows = f"{many:,} rows of XLSX"
    return [
        Figure(f"reading {rows}", taken["wecrm"], "s", "openpyxl", taken["openpyxl"], 1 / 5),
        Figure("the same, every cell checked, fields named", taken["checked"], "s", "openpyxl", taken["openpyxl"]),
        Figure(f"memory of writing {few:,} rows as XLSX", written[0][1], "MB", "allowed", 150, 1.0),
        grown("time of writing {} rows of XLSX", "s", sizes, [seconds for seconds, _peak in written], 13),
        grown("memory of writing {} rows of XLSX", "MB", sizes, [peak for _s, peak in written]),
        grown("memory of reading {} rows of XLSX", "MB", sizes, peaks),
    ]
