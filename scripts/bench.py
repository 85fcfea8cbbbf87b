"""The benchmarks behind docs/explain/performance.md; see scripts/bench."""

import argparse
import csv
import json
import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from wecrm.sandbox.identity import CORP_ID, SECRETS

ROOT = Path(__file__).resolve().parent.parent
LATENCY_S = 0.03
SERVE = """
import sys
from pathlib import Path
from wecrm.sandbox.server import serve
from wecrm.sandbox.world import World
serve(World.open(Path(sys.argv[1])), latency_s=float(sys.argv[2]), ready=lambda url: print(url, flush=True))
"""
SEED = """
import sys
import time
from pathlib import Path
from wecrm.sandbox.world import World
World.create(Path(sys.argv[1]), members=200, contacts=int(sys.argv[2]), seed=7, start=time.time()).close()
"""


@dataclass(frozen=True)
class Figure:
    """One line of the result: what, measured, against, ratio, and what was promised."""

    what: str
    measured: str
    against: str
    ratio: float | None
    bound: float | None

    @property
    def good(self) -> bool:
        return self.ratio is None or self.bound is None or self.ratio <= self.bound

    def line(self) -> str:
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}" if self.ratio >= 0.1 else f"{self.ratio:.1g}"
        bound = "" if self.bound is None else f"≤ {self.bound:.2f}"
        return (
            f"| {self.what} | {self.measured} | {self.against} | {ratio} | {bound} | {'yes' if self.good else 'NO'} |"
        )


@contextmanager
def served(folder: Path, relations: int, latency_s: float) -> Iterator[tuple[str, dict[str, str]]]:
    """A served sandbox and the environment of a home that talks to it."""
    home = folder / f"home-{relations}-{latency_s}"
    (home / "data").mkdir(parents=True)
    world = home / "sandbox.world"
    # made in a process of its own: a child's peak memory begins with its parent's
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
    env = {
        **os.environ,
        "WECRM_HOME": str(home),
        "WECRM_PROFILE": "bench",
        "S_C": SECRETS["contact"],
        "S_D": SECRETS["directory"],
    }
    try:
        yield url, env
    finally:
        process.terminate()
        process.wait()


def wecrm(env: dict[str, str], *words: str) -> tuple[float, float]:
    """Run a command line; (seconds, peak memory in MB)."""
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "wecrm", *words], env=env, cwd=ROOT, stderr=subprocess.PIPE)
    assert process.stderr is not None
    err = process.stderr.read().decode()
    _pid, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"wecrm {' '.join(words)} failed:\n{err}")
    return seconds, usage.ru_maxrss / 1024


class Usual:
    """What a script of the field does: one call after another, default page size."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=f"{url}/cgi-bin", timeout=60)
        asked = {"corpid": CORP_ID, "corpsecret": SECRETS["contact"]}
        self.token = {"access_token": self.http.get("/gettoken", params=asked).json()["access_token"]}

    def sync(self, folder: Path) -> float:
        """Every relation into a table, one member per listing; seconds."""
        began = time.perf_counter()
        db = sqlite3.connect(folder / "usual.db")
        db.execute("CREATE TABLE IF NOT EXISTS r (userid, external_userid, name, remark, tags)")
        members = self.http.get("/externalcontact/get_follow_user_list", params=self.token).json()["follow_user"]
        for userid in members:
            cursor = ""
            while True:
                body = {"userid_list": [userid], "cursor": cursor}
                page = self.http.post("/externalcontact/batch/get_by_user", params=self.token, json=body).json()
                for pair in page.get("external_contact_list", []):
                    contact, follow = pair["external_contact"], pair["follow_info"]
                    row = (userid, contact["external_userid"], contact["name"], follow["remark"], str(follow["tag_id"]))
                    db.execute("INSERT INTO r VALUES (?, ?, ?, ?, ?)", row)
                db.commit()
                cursor = page.get("next_cursor") or ""
                if not cursor:
                    break
        return time.perf_counter() - began

    def mark(self, rows: Sequence[tuple[str, str]], tag: str) -> float:
        """One mark after another; seconds."""
        began = time.perf_counter()
        for userid, external in rows:
            body = {"userid": userid, "external_userid": external, "add_tag": [tag]}
            self.http.post("/externalcontact/mark_tag", params=self.token, json=body).json()
        return time.perf_counter() - began


def sync_and_apply(folder: Path, relations: int, rows: int) -> list[Figure]:
    """Sync and bulk apply with 30 ms latency against the usual loops, and the memory of both."""
    with served(folder, relations, LATENCY_S) as (url, env):
        wecrm(env, "sync", "members", "tags", "-qq")
        sync_s, sync_mb = wecrm(env, "sync", "contacts")
        again_s, _mb = wecrm(env, "sync", "contacts")
        usual = Usual(url)
        loop_s = usual.sync(folder)
        database = sqlite3.connect(Path(env["WECRM_HOME"]) / "data" / f"{CORP_ID}.db")
        tag = database.execute("SELECT tag_id FROM corp_tag WHERE name = 'VIP'").fetchone()[0]
        lacking = (
            "SELECT userid, external_userid FROM relation r WHERE NOT EXISTS (SELECT 1 FROM relation_tag rt "
            "WHERE rt.relation_id = r.id AND rt.tag_id = ?) ORDER BY id LIMIT ?"
        )
        chosen = database.execute(lacking, (tag, rows)).fetchall()
        file = folder / "rows.csv"
        with file.open("w", newline="") as stream:
            csv.writer(stream).writerows([("userid", "external_userid"), *chosen])
        plan = str(folder / "rows.plan")
        plan_s, _mb = wecrm(env, "tags", "plan", str(file), "--add", "VIP", "-o", plan)
        apply_s, apply_mb = wecrm(env, "apply", plan, "--yes", "--max-changes", str(rows))
        sample = chosen[: max(50, rows // 10)]
        mark_s = usual.mark(sample, tag) / len(sample) * len(chosen)
    rel = f"{relations:,} relations"
    return [
        Figure(
            f"sync of {rel}, 30 ms latency", f"{sync_s:.1f} s", f"usual loop {loop_s:.1f} s", sync_s / loop_s, 1 / 6
        ),
        Figure(
            "the same again, nothing changed",
            f"{again_s:.1f} s",
            f"usual loop {loop_s:.1f} s",
            again_s / loop_s,
            1 / 6,
        ),
        Figure(
            f"apply of {len(chosen):,} marks, 30 ms latency",
            f"{apply_s:.1f} s",
            f"one call after another {mark_s:.1f} s",
            apply_s / mark_s,
            1 / 3,
        ),
        Figure(f"planning these {len(chosen):,} rows", f"{plan_s:.1f} s", "", None, None),
        Figure(f"memory of the sync of {rel}", f"{sync_mb:.0f} MB", "200 MB", sync_mb / 200, 1.0),
        Figure(f"memory of the apply of {len(chosen):,} marks", f"{apply_mb:.0f} MB", "200 MB", apply_mb / 200, 1.0),
    ]


def memory(folder: Path, small: int, large: int) -> list[Figure]:
    """Peak memory of a sync of ten times as many relations."""
    peaks = []
    for relations in (small, large):
        with served(folder, relations, 0.0) as (_url, env):
            wecrm(env, "sync", "members", "tags", "-qq")
            seconds, peak = wecrm(env, "sync", "contacts")
            peaks.append((relations, peak, seconds))
        shutil.rmtree(env["WECRM_HOME"])
    (few, low, _s), (many, high, seconds) = peaks
    return [
        Figure(
            f"memory of a sync of {many:,} relations ({seconds:.0f} s)",
            f"{high:.0f} MB",
            f"{few:,}: {low:.0f} MB",
            high / low,
            1.3,
        )
    ]


RULES = """
rules:
- {channel: 抖音-*, tag: 来源渠道/抖音}
- {channel: [官网-咨询, sem-*], tag: 来源渠道/官网}
- {channel: 小红书-种草, tag: 来源渠道/小红书}
- {add_way: 1, tag: 来源渠道/门店}
- {chat: 福利群*, tag: 活动/周年庆}
- {where: "remark like '%王%' and type = 1", tag: 备注类/需回访}
- {where: company is not empty, stage: Stage/Contacted}
- {where: "mobiles like '%138%'", stage: Stage/Qualified, from: Stage/Lead}
"""
PLAN_RULES = """
import sys, time
from datetime import UTC
from pathlib import Path
from wecrm.files import rules as files
from wecrm.operations import rules
from wecrm.operations.ruleconditions import Cache
from wecrm.store import effects, selection, tags
from wecrm.store.database import Store
store = Store.open(Path(sys.argv[1]))
tags.set_exclusive(store, next(group.group_id for group in tags.groups(store) if group.name == "Stage"), True)
file, _digest = files.read(Path(sys.argv[2]))
def plan():
    return rules.plan(Cache(store, 1793494800.0, UTC), file, title="", input_digest="").changes
def scan():
    return sum(1 for _row in selection.relations(store, "userid is not null", now=0.0, tz=UTC))
def best(work):
    began = [(time.perf_counter(), work(), time.perf_counter()) for _n in range(5)]
    return min(end - start for start, _result, end in began)
first = plan()
marks = {tuple(c.key.values()): (c.after["present"], c.after["absent"]) for c in first}
effects.note_marks(store, "bench", marks, 0.0)
assert not plan()
print(len(first), best(scan), best(plan))
"""


def rules(folder: Path, relations: int) -> list[Figure]:
    """Planning a file of rules when nearly all is as it says, against reading the relations once."""
    with served(folder, relations, 0.0) as (_url, env):
        wecrm(env, "sync", "members", "tags", "contacts", "groups", "-qq")
        file = folder / "rules.yaml"
        file.write_text(RULES, encoding="utf-8")
        database = Path(env["WECRM_HOME"]) / "data" / f"{CORP_ID}.db"
        words = [sys.executable, "-c", PLAN_RULES, str(database), str(file)]
        given, scan_s, plan_s = map(float, subprocess.check_output(words, text=True, cwd=ROOT).split())
    return [
        Figure(
            f"planning 8 rules on {relations:,} relations, {given:,.0f} of them tagged by the rules before",
            f"{plan_s * 1000:.0f} ms",
            f"reading them once {scan_s * 1000:.0f} ms",
            plan_s / scan_s,
            3.0,
        )
    ]


ATTRIBUTE = """
import sys, time
from datetime import UTC
from pathlib import Path
from wecrm.models.codebook import CodeEntry
from wecrm.models.livecode import LiveCode
from wecrm.operations import attribution, rules
from wecrm.operations.ruleconditions import Cache
from wecrm.store import livecodes, rules as store_rules
from wecrm.store.database import Store
store = Store.open(Path(sys.argv[1]))
channels = [row[0] for row in store.connection.execute("SELECT DISTINCT state FROM relation WHERE state <> ''")]
for n, channel in enumerate(channels):
    entry = CodeEntry(channel, channel=channel, members=("x",), tags=("客户等级/VIP",))
    livecodes.register(store, LiveCode("contact", f"bench{n}", state=channel, users=("x",)), f"bench {n}", entry, 1)
def scan():
    rows = store.connection.execute("SELECT id, userid, external_userid, state, status FROM relation")
    return sum(1 for _row in rows)
def attribute():
    ready = rules.prepare(Cache(store, 2e9, UTC), attribution.rules(store)[0]).ready
    return sum(1 for each in ready for _row in store_rules.lacking(store, each.condition, each.tag.tag_id))
def best(work):
    taken = []
    for _n in range(5):
        began = time.process_time()
        found = work()
        taken.append(time.process_time() - began)
    return found, min(taken)
print(*best(scan), *best(attribute))
"""


def attribution(folder: Path, relations: int) -> list[Figure]:
    """Telling which relations lack the tags of the codes that brought them, against one scan of the relations."""
    with served(folder, relations, 0.0) as (_url, env):
        wecrm(env, "sync", "-qq")
        database = str(Path(env["WECRM_HOME"]) / "data" / f"{CORP_ID}.db")
        said = subprocess.check_output([sys.executable, "-c", ATTRIBUTE, database], text=True, cwd=ROOT).split()
    scan_s, took_s = float(said[1]), float(said[3])
    what = f"attribution of {int(said[0]):,} relations"
    return [Figure(what, f"{took_s:.2f} s", f"one scan of them {scan_s:.2f} s", took_s / scan_s, 3.0)]


PLAN_TRANSFERS = """
import os, sys, time
from wecrm.cli.main import run
givers, takers, folder = sys.argv[1:]
def best(*words):
    taken = []
    for _n in range(3):
        began = time.perf_counter()
        assert run(words, environ=os.environ) == 0, words
        taken.append(time.perf_counter() - began)
    return min(taken)
names = ", ".join(f"'{userid}'" for userid in givers.split(","))
listed = ("contacts", "list", "--where", f"userid in ({names})", "-o", f"{folder}/read.ndjson", "-qq")
planned = ("transfers", "plan", "--from", givers, "--to", takers, "-o", f"{folder}/a.plan", "-qq")
print(best(*listed), *(best(*planned, "--strategy", one) for one in ("load", "round-robin", "keep-together")))
"""


def transfers(folder: Path, relations: int, customers: int) -> list[Figure]:
    """Planning who gets so many customers, against reading these from the cache; the slowest strategy."""
    with served(folder, relations, 0.0) as (_url, env):
        wecrm(env, "sync", "-qq")
        database = sqlite3.connect(Path(env["WECRM_HOME"]) / "data" / f"{CORP_ID}.db")
        rows = database.execute(
            "SELECT m.userid, count(r.id) FROM member m LEFT JOIN relation r USING (userid) "
            "WHERE m.follows AND m.status = 1 GROUP BY 1 ORDER BY 2 DESC"
        ).fetchall()
        givers, found = [], 0
        while found < customers:
            userid, own = rows.pop(0)
            givers.append(userid)
            found += own
        both = ",".join(givers), ",".join(userid for userid, _own in rows)
        command = [sys.executable, "-c", PLAN_TRANSFERS, *both, str(folder)]
        read_s, *plans_s = map(float, subprocess.check_output(command, text=True, cwd=ROOT, env=env).split())
        words = ("transfers", "plan", "--from", both[0], "--to", both[1], "--strategy", "keep-together")
        _s, peak = wecrm(env, *words, "-o", str(folder / "a.plan"), "-qq")
    what = f"planning transfers of {found:,} customers"
    return [
        Figure(
            what,
            f"{max(plans_s):.2f} s",
            f"`contacts list` of them {read_s:.2f} s",
            max(plans_s) / read_s,
            5.0,
        ),
        Figure(f"memory of {what}", f"{peak:.0f} MB", "150 MB", peak / 150, 1.0),
    ]


def archive(folder: Path, few: int, many: int) -> list[Figure]:
    """The sustained pull of the archive against OpenSSL itself and against a usual loop, and its memory."""
    import bench_archive

    found = bench_archive.measured(folder, few, many)
    rate, long_rate = found["rate"], found["long_rate"]
    what = f"archive pull of {few:,} messages: decrypt, store, index"
    return [
        Figure(
            what,
            f"{rate:,.0f}/s",
            f"RSA-2048 of OpenSSL on all cores {found['openssl']:,.0f}/s",
            found["openssl"] / rate,
            1 / 0.6,
        ),
        Figure(what, f"{rate:,.0f}/s", f"usual loop {found['usual']:,.0f}/s", found["usual"] / rate, 1 / 4),
        Figure(
            f"memory of a pull of {many:,} ({long_rate:,.0f}/s, {found['bytes']:,.0f} bytes a message on disk)",
            f"{found['high']:.0f} MB",
            f"{few:,}: {found['low']:.0f} MB",
            found["high"] / 300,
            1.0,
        ),
    ]


def search(folder: Path, messages: int) -> list[Figure]:
    """The first 50 of few messages with a text of two characters: the full-text index against a scan with LIKE."""
    command = [sys.executable, str(ROOT / "scripts" / "bench_search.py"), str(folder), str(messages)]
    found = json.loads(subprocess.check_output(command, text=True, cwd=ROOT))
    told = {
        name: (f"{found[f'{name} index']:.2f} ms", f"the same with LIKE {found[f'{name} like']:.0f} ms")
        for name in ("plain", "tagged")
    }
    ratios = {name: found[f"{name} index"] / found[f"{name} like"] for name in told}
    tagged = 1 / 20 if messages >= 1_000_000 else None  # a scan of few is over before the tags are looked up
    return [
        Figure(f"searching two characters in {messages:,} messages", *told["plain"], ratios["plain"], 1 / 100),
        Figure("the same, of customers with a tag", *told["tagged"], ratios["tagged"], tagged),
        Figure(f"verifying {messages:,} messages", f"{found['verified']:,.0f} links/s", "", None, None),
        Figure("memory of searching and verifying", f"{found['memory']:.0f} MB", "300 MB", found["memory"] / 300, 1.0),
    ]


def encryption_figures(folder: Path, messages: int) -> list[Figure]:
    """The same archive encrypted and plain: opened, stored, searched, verified, its media, its size."""
    command = [sys.executable, str(ROOT / "scripts" / "bench_encryption.py"), str(folder), str(messages)]
    plain, sealed = (
        json.loads(subprocess.check_output([*command, kind], text=True, cwd=ROOT)) for kind in ("plain", "encrypted")
    )
    rates = {
        "stored": ("storing messages, encrypted", "{:,.0f} messages/s"),
        "verified": ("verifying them, encrypted", "{:,.0f} links/s"),
        "media_written": ("writing a media file, encrypted", "{:,.0f} MB/s"),
        "media_read": ("reading it, encrypted", "{:,.0f} MB/s"),
    }
    costs = {
        "open_ms": ("opening an encrypted archive", "{:.0f} ms"),
        "search_ms": ("searching two characters, encrypted", "{:.2f} ms"),
        "bytes": ("a message on the disk, encrypted", "{:,.0f} bytes"),
    }
    return [
        Figure(what, unit.format(sealed[key]), f"plain {unit.format(plain[key])}", ratio, None)
        for table, inverted in ((rates, True), (costs, False))
        for key, (what, unit) in table.items()
        for ratio in [plain[key] / sealed[key] if inverted else sealed[key] / plain[key]]
    ]


def start_up(folder: Path, times: int) -> list[Figure]:
    """Start-up of an installed package against bare Python, runs interleaved, medians."""
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
    for _n in range(times):
        for name, command in commands.items():
            began = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder, env=env)
            taken[name].append(time.perf_counter() - began)
    ms = {name: statistics.median(values) * 1000 for name, values in taken.items()}
    return [
        Figure(
            "`wecrm --version`",
            f"{ms['version']:.0f} ms",
            f"`python -c pass` {ms['pass']:.0f} ms",
            ms["version"] / ms["pass"],
            2.0,
        ),
        Figure(
            "`wecrm --help`",
            f"{ms['help']:.0f} ms",
            f"`import typer` {ms['typer']:.0f} ms",
            ms["help"] / ms["typer"],
            1.5,
        ),
        Figure(
            "completing `wecrm tags plan --add V`",
            f"{ms['complete']:.0f} ms",
            f"`wecrm --version` {ms['version']:.0f} ms",
            ms["complete"] / ms["version"],
            2.5,
        ),
    ]


WRITE_XLSX = """
import sys
from datetime import UTC
from wecrm.files.atomic import replacing
from wecrm.files.tables import write
from wecrm.models.table import Column, Table
from pathlib import Path
kinds = ("id", "id", "text", "text", "int", "time", "list")
columns = tuple(Column(f"c{n}", f"c{n}", kind) for n, kind in enumerate(kinds))
def row(n):
    return f"user{n % 200}", f"wm{n:018}", f"客户{n}", "备注", n, 1793496600 + n, ("VIP", "老客户")
rows = map(row, range(int(sys.argv[2])))
with replacing(Path(sys.argv[1])) as stream:
    write(Table("contacts", columns, rows), stream, "xlsx", for_file=True, tz=UTC)
"""
READ_XLSX = """
import sys, time
from pathlib import Path
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
print(count, time.perf_counter() - began)
"""


def workbooks(folder: Path, few: int, many: int) -> list[Figure]:
    """Memory of writing XLSX, and the time of reading it against openpyxl: runs interleaved, medians."""
    venv = folder / "reader"
    subprocess.run([sys.executable, "-m", "venv", "--system-site-packages", venv], check=True)
    subprocess.run([venv / "bin" / "python", "-m", "pip", "install", "-qq", "openpyxl"], check=True, cwd=folder)
    small, large = folder / "few.xlsx", folder / "many.xlsx"
    subprocess.run([sys.executable, "-c", WRITE_XLSX, str(large), str(many)], check=True, cwd=ROOT)
    process = subprocess.Popen([sys.executable, "-c", WRITE_XLSX, str(small), str(few)], cwd=ROOT)
    _pid, status, usage = os.wait4(process.pid, 0)
    assert not os.waitstatus_to_exitcode(status)
    pythons = {"wecrm": sys.executable, "checked": sys.executable, "openpyxl": str(venv / "bin" / "python")}
    times: dict[str, list[float]] = {reader: [] for reader in pythons}
    for _n in range(3):
        for reader, python in pythons.items():
            said = subprocess.check_output([python, "-c", READ_XLSX, str(large), reader], text=True, cwd=ROOT).split()
            assert int(said[0]) == many, said
            times[reader].append(float(said[1]))
    taken = {reader: statistics.median(values) for reader, values in times.items()}
    peak = usage.ru_maxrss / 1024
    return [
        Figure(f"memory of writing {few:,} rows as XLSX", f"{peak:.0f} MB", "150 MB", peak / 150, 1.0),
        Figure(
            f"reading {many:,} rows of XLSX",
            f"{taken['wecrm']:.1f} s",
            f"openpyxl {taken['openpyxl']:.1f} s",
            taken["wecrm"] / taken["openpyxl"],
            1 / 5,
        ),
        Figure("the same, every cell checked, fields named", f"{taken['checked']:.1f} s", "", None, None),
    ]


def report(figures: Sequence[Figure], command: str) -> str:
    """The page of results."""
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    lines = [
        "# Performance",
        "",
        "Written by `scripts/bench --write`; the numbers are ratios against something measured in the same run,",
        "because machines are noisy. The usual loop lists one member per call with the default page size, one call",
        "after another, and stores each row in SQLite; the marks of one call after another are sent without reading",
        "anything back, which wecrm does before it sends.",
        "",
        f"Machine: {machine}, SQLite {sqlite3.sqlite_version}. Command: `{command}`.",
        "",
        "| what | measured | against | ratio | promised | kept |",
        "|---|---|---|---|---|---|",
        *(figure.line() for figure in figures),
        "",
    ]
    return "\n".join(lines)


def main() -> int:
    """Measure, print, and write the page when asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a twentieth of the size")
    parser.add_argument("--write", action="store_true", help="write docs/explain/performance.md")
    names = "startup, archive, xlsx, sync, rules, attribution, transfers, search, encryption or memory"
    parser.add_argument("--only", default="", help=names)
    options = parser.parse_args()
    part = 20 if options.quick else 1
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.only in ("", "startup"):
            figures += start_up(folder, 10 if options.quick else 40)
        if options.only in ("", "xlsx"):
            figures += workbooks(folder, 20_000, 200_000 // part)
        if options.only in ("", "sync"):
            figures += sync_and_apply(folder, 100_000 // part, 5_000 // part)
        if options.only in ("", "rules"):
            figures += rules(folder, 100_000 // part)
        if options.only in ("", "attribution"):
            figures += attribution(folder, 100_000 // part)
        if options.only in ("", "transfers"):
            figures += transfers(folder, 16_000, 10_000)  # of a few hundred the calls would be all that counts
        if options.only in ("", "archive"):
            figures += archive(folder, 40_000 // part, 1_000_000 // part)
        if options.only in ("", "search"):
            figures += search(folder, 1_000_000 // part)
        if options.only in ("", "encryption"):
            figures += encryption_figures(folder, 200_000 // part)
        if options.only in ("", "memory"):
            figures += memory(folder, 100_000 // part, 1_000_000 // part)
    text = report(figures, "scripts/bench" + (" --quick" if options.quick else ""))
    print(text)
    if options.write:
        (ROOT / "docs" / "explain" / "performance.md").write_text(text, encoding="utf-8")
    return 0 if all(figure.good for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
