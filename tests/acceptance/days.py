"""A corp whose crontab is that of the how-to, run day by day on the sandbox's clock; turns of it may be killed."""

import os
import re
import shlex
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import yaml

from tests.conftest import Result, Wecrm
from tests.operations.test_offboarding_crashes import MORTAL
from wecrm.sandbox import control
from wecrm.sandbox.world import World

CORP = "wwsandbox00000001"
DAY_S = 86_400
TZ = ZoneInfo("Asia/Shanghai")
HOWTO = Path(__file__).parents[2] / "docs" / "howto" / "cron.md"
OFTEN = 4
"""Turns that are taken of a line which has more in a day."""

NIGHTLY = (("sync", "--cron"), ("tags", "apply"), ("archive", "pull"), ("db", "backup"))
"""Commands whose memory is measured."""

MEASURED = """
import os, re, sys
from pathlib import Path
from wecrm.cli.main import run

code = run(sys.argv[2:], environ=os.environ)
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())
Path(sys.argv[1]).write_text(peak[1])
sys.exit(code)
"""
"""A command line that writes down its peak of memory, in KiB."""

FRAIL = """
import os, signal, sys
from wecrm.cli.main import run

home, fatal = os.environ["WECRM_HOME"], int(sys.argv[1])
touched = 0

def seen(event, args):
    global touched
    if event not in ("open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "sqlite3.connect"):
        return
    name = args[0] if args and isinstance(args[0], str) else ""
    if name.startswith(home) and "sandbox.world" not in name:
        touched += 1
        if touched == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(seen)
sys.exit(run(sys.argv[2:], environ=os.environ))
"""
"""A command line that dies when it is about to touch its n-th file."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the crontab: the minutes of a day and the days of the week (0 = Sunday) at which it is due."""

    minutes: tuple[int, ...]
    weekdays: frozenset[int]
    command: str

    def due(self, day: datetime, random: Random, often: int) -> list[int]:
        """Minutes of that day at which it is run here: a few of many, the same ones for the same draws."""
        if day.isoweekday() % 7 not in self.weekdays:
            return []
        return sorted(random.sample(self.minutes, min(often, len(self.minutes))))


def crontab() -> list[Line]:
    """The whole crontab of the how-to."""
    text = HOWTO.read_text("utf-8").partition("## The whole crontab")[2]
    block = re.search(r"```crontab\n(.*?)```", text, re.S)
    assert block is not None
    found = []
    for line in filter(None, (each.partition("#")[0].strip() for each in block[1].splitlines())):
        minute, hour, day, month, weekday, command = line.split(None, 5)
        assert (day, month) == ("*", "*")
        minutes = tuple(60 * h + m for h in _values(hour, 24) for m in _values(minute, 60))
        found.append(Line(minutes, frozenset(_values(weekday, 7)), command.replace("\\%", "%")))
    return found


def _values(text: str, end: int) -> list[int]:
    span, _slash, step = text.partition("/")
    first, _dash, last = ("0", "-", str(end - 1)) if span == "*" else span.partition("-")
    return list(range(int(first), int(last or first) + 1, int(step or 1)))


@dataclass(frozen=True, slots=True)
class Ran:
    """One turn of the crontab: what it ended with (-9: it was killed), its peak of memory in KiB (0: not measured)."""

    day: int
    words: tuple[str, ...]
    code: int
    err: str
    peak: int = 0

    @property
    def what(self) -> str:
        """The command without its options."""
        return " ".join(word for word in self.words[:2] if not word.startswith("-"))


@dataclass
class Days:
    """The corp's machine. `at` lets something happen at a minute of the day, between turns of the crontab."""

    home: Wecrm
    random: Random
    ran: list[Ran] = field(default_factory=list)
    day: int = 0
    happens: dict[int, list[tuple[int, Callable[[], None]]]] = field(default_factory=dict)
    kills: float = 0.0
    noise: list[tuple[int, tuple[str, ...], Result]] = field(default_factory=list)
    often: int = OFTEN
    measured: frozenset[int] = frozenset()
    after: Callable[[Ran], None] = lambda _ran: None
    sizes: list[tuple[int, int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for folder in ("etc", "hr", "crm", "backups", "audit"):
            (self.home.home / folder).mkdir()
        self.lines = crontab()
        with self.world() as world:
            self.began = datetime.fromtimestamp(control.now(world), TZ).replace(hour=0, minute=0, second=0)
        own = {
            "anchor": {"file": str(self.path("audit", "anchor.jsonl"))},
            "words": str(self.path("etc", "words.yaml")),
        }
        config = {"profiles": {"sandbox": {"corp_id": CORP, "archive": own}}}
        self.path("config.yaml").write_text(yaml.safe_dump(config), "utf-8")
        self.path("config.yaml").chmod(0o600)
        self.path("config.yaml").chmod(0o600)

    def path(self, *parts: str) -> Path:
        return self.home.home.joinpath(*parts)

    def world(self) -> World:
        return self.home.world()

    def at(self, day: int, minute: int, what: Callable[[], None]) -> None:
        """Let this happen then."""
        self.happens.setdefault(day, []).append((minute, what))

    def live(self, days: int) -> None:
        """So many days, each from midnight to midnight; what happens may let more happen, on the same day too."""
        for _day in range(days):
            self.day += 1
            agenda, own = self._turns(), self.happens.setdefault(self.day, [])
            while agenda or own:
                agenda = sorted([*agenda, *own], key=lambda each: each[0])
                own.clear()
                minute, what = agenda.pop(0)
                self._until(minute)
                what()
            self.sizes.append(self._size())

    def _turns(self) -> list[tuple[int, Callable[[], None]]]:
        today = self.began + timedelta(days=self.day)
        return [
            (minute, partial(self.turn, line.command))
            for line in self.lines
            for minute in line.due(today, self.random, self.often)
        ]

    def _until(self, minute: int) -> None:
        wanted = (self.began + timedelta(days=self.day, minutes=minute)).timestamp()
        with self.world() as world:
            control.advance(world, max(0.0, wanted - control.now(world)))

    def _size(self) -> tuple[int, int, int]:
        """Messages in the archive; bytes of the archive's database, and of the cache."""
        archive = self.path("data", f"{CORP}.archive.db")
        with closing(sqlite3.connect(archive)) as db:
            (messages,) = db.execute("SELECT count(*) FROM record").fetchone()
        return messages, archive.stat().st_size, self.home.database.stat().st_size

    def turn(self, command: str) -> Ran:
        """One turn of a line, as the shell of cron would read it."""
        words = tuple(self._words(command))
        if self.random.random() < self.kills:
            ran = self._killed(words)
        elif self.day in self.measured and words[:2] in NIGHTLY:
            ran = self._measured(words)
        else:
            result = self.home(*words)
            ran = Ran(self.day, words, result.code, self._said(words, result))
        self.ran.append(ran)
        self.after(ran)
        return ran

    def _words(self, command: str) -> Iterator[str]:
        weekday = (self.began + timedelta(days=self.day)).isoweekday()
        places = {"/etc/wecrm/": "etc", "/srv/hr/": "hr", "/srv/crm/": "crm", "/var/backups/wecrm/": "backups"}
        for word in shlex.split(command.replace("$(date +%u)", str(weekday)).replace("ww0000000000000000", CORP))[1:]:
            for place, folder in places.items():
                word = word.replace(place, f"{self.path(folder)}/")
            yield word

    def _said(self, words: tuple[str, ...], result: Result) -> str:
        """Its mail; `noise` has those that are not as cron wants them."""
        last = (result.err.splitlines() or [""])[-1]
        if result.code:
            good = last.startswith(f"exit {result.code} (")
        elif "-qq" in words:
            good = result.err == ""
        else:
            good = last.endswith(" · exit 0")
        if result.out or not good or "Traceback" in result.err:
            self.noise.append((self.day, words, result))
        return result.err

    def _killed(self, words: tuple[str, ...]) -> Ran:
        """A turn that is killed at one of its calls, commits or files; it may end before that."""
        where = self.random.choice(["calls", "commits", "files"])
        if where == "files":
            process = self._process("-c", FRAIL, str(self.random.randint(1, 40)), *words)
        elif where == "calls":
            when, seed = self.random.choice(["before", "after"]), self.random.randrange(1 << 30)
            with self.world() as world:
                fault = control.add_fault(world, kind="kill", share=0.15, times=1, seed=seed, when=when)
            process = self._process("-m", "wecrm", *words)
            with self.world() as world, world.writing() as db:
                db.execute("DELETE FROM fault WHERE id = ?", (fault,))
        else:
            database = f"{CORP}.archive.db" if "archive" in words[:2] else f"{CORP}.db"
            when, fatal = self.random.choice(["before", "after"]), str(self.random.randint(1, 12))
            process = self._process("-c", MORTAL, database, "", when, fatal, *words)
        return self._ended(words, process)

    def _measured(self, words: tuple[str, ...]) -> Ran:
        """A turn as a process that tells its peak of memory."""
        file = self.path("peak")
        ran = self._ended(words, self._process("-c", MEASURED, str(file), *words))
        return Ran(ran.day, ran.words, ran.code, ran.err, int(file.read_text()))

    def _process(self, *words: str) -> "subprocess.CompletedProcess[str]":
        environ = {**os.environ, "WECRM_HOME": str(self.home.home), "WECRM_PROFILE": "sandbox"}
        return subprocess.run(
            [sys.executable, *words],
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def _ended(self, words: tuple[str, ...], process: "subprocess.CompletedProcess[str]") -> Ran:
        result = Result(process.returncode, process.stdout, process.stderr)
        return Ran(self.day, words, result.code, "" if result.code == -9 else self._said(words, result))
