"""Two months in a sandbox, drawn from a seed, and a plain account of what really happened in them.

The account knows nothing of wecrm's tables: it looks at the sandbox's world after every step.
"""

import random
import shutil
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from tests.conftest import Wecrm
from tests.operations import moving
from wecrm.sandbox import control
from wecrm.sandbox.world import World

Key = tuple[str, str]
"""userid, external_userid."""

ZONE = ZoneInfo("America/New_York")  # whose clocks change on the second day of the story
SEEDS = (3, 11, 29)
SHARED, ASSIGNED = 201, 202
HOUR_S, DAY_S = 3600, 24 * 3600
STAGES = ("Lead", "Contacted", "Qualified", "Proposal", "Won", "Lost")
STEPS_H = (21, 33, 76, 27, 171, 52, 401, 190)
JOB_STEP, LEAVING_STEP = 2, 4


@dataclass
class Episode:
    """One time that somebody was a customer of a member, and how it ended."""

    userid: str
    external: str
    began: int
    channel: str
    way: int
    ended: float | None = None
    status: str = "active"

    @property
    def passed_on(self) -> bool:
        return self.way in (SHARED, ASSIGNED)


@dataclass
class Account:
    """What was seen by looking at the world after every sync."""

    episodes: list[Episode] = field(default_factory=list)
    open: dict[Key, Episode] = field(default_factory=dict)
    tags: dict[Key, frozenset[str]] = field(default_factory=dict)
    words: dict[Key, tuple[object, ...]] = field(default_factory=dict)
    gains: dict[Key, list[tuple[float, str]]] = field(default_factory=lambda: defaultdict(list))
    """When each relation was seen to get a tag; what it had when it was first seen is not among them."""
    carried: dict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    changed: dict[Key, float] = field(default_factory=dict)
    """When a remark, tag or the like was last seen to have changed, and not by a job."""
    names: dict[str, str] = field(default_factory=dict)
    truth: dict[Key, control.Relation] = field(default_factory=dict)

    def look(self, home: Wecrm, *, left: str = "", inherited: Iterable[Key] = (), job: bool = False) -> None:
        """Compare with the last look. `inherited`: former relations of a member who left that went to others."""
        with home.world() as world:
            now = control.now(world)
            self.truth = {(one.userid, one.external_userid): one for one in control.truth(world)}
        truth = self.truth
        fresh = [key for key, one in truth.items() if key not in self.open or self.open[key].began != one.createtime]
        assigned = {external for userid, external in fresh if truth[userid, external].add_way == ASSIGNED}
        for key, episode in list(self.open.items()):
            if key not in truth:
                went = "out_of_sight" if key[0] == left else "transferred" if key[1] in assigned else "lost"
                episode.ended, episode.status = now, went
                del self.open[key]
            elif truth[key].createtime != episode.began:
                episode.ended, episode.status = truth[key].createtime, "lost"
        for key in inherited:
            last = next(one for one in reversed(self.episodes) if (one.userid, one.external) == key)
            last.ended, last.status = now, "transferred"
        for key in fresh:
            one = truth[key]
            self.open[key] = Episode(*key, one.createtime, one.state, one.add_way)
            self.episodes.append(self.open[key])
        for key, one in truth.items():
            self._read(key, one, now, job)

    def _read(self, key: Key, one: control.Relation, now: float, job: bool) -> None:
        company = one.remark_company or self.words.get(key, ("", "", ""))[2]  # what WeCom leaves out is not wiped
        words, tags = (one.remark, one.description, company, one.remark_mobiles), frozenset(one.tag_ids)
        self.names[key[1]] = one.name
        if key in self.words:
            if not job and (self.words[key], self.tags[key]) != (words, tags):
                self.changed[key] = now
            self.gains[key] += [(now, tag) for tag in tags - self.tags[key]]
        self.words[key], self.tags[key] = words, tags
        self.carried[key] |= tags

    def first_touches(self) -> dict[str, Episode]:
        """The earliest beginning of each customer that was no passing on."""
        found: dict[str, Episode] = {}
        for one in sorted(self.episodes, key=lambda one: one.began):
            if not one.passed_on:
                assert one is found.setdefault(one.external, one) or found[one.external].began < one.began
        return found


@dataclass
class Life:
    """A home after two months, what happened in it, and by whom."""

    home: Wecrm
    account: Account
    began: float
    now: float
    left: str
    tags: dict[str, str]
    """group/tag → id."""
    marks: int
    """How many relations of sixty a job really tagged; the others were so already."""

    def report(self, name: str, *words: str) -> list[dict[str, Any]]:
        """The rows of a report as JSON."""
        result = self.home("report", name, *words, "-f", "json")
        assert result.code == 0, result.err
        return list(msgspec.json.decode(result.out))

    def world(self, sql: str) -> list[Any]:
        """Rows straight from the sandbox's world."""
        with self.home.world() as world:
            return list(world.db.connection.execute(sql).fetchall())

    def departments(self) -> dict[str, set[int]]:
        """userid → departments, of everybody there ever was."""
        return {
            userid: set(msgspec.json.decode(ids))
            for userid, ids in self.world("SELECT userid, departments FROM member")
        }


class _Story:
    def __init__(self, home: Wecrm, seed: int, tags: dict[str, str]) -> None:
        self.home = home
        self.rng = random.Random(seed)
        self.tags = tags
        self.stages = [tags[f"Stage/{name}"] for name in STAGES]
        with home.world() as world:
            self.userids = sorted({one.userid for one in control.truth(world)})
        self.lost: list[Key] = []

    def step(self, account: Account, n: int) -> None:
        """What people do between two syncs; nobody goes twice."""
        known = sorted(account.open)
        self.rng.shuffle(known)
        with self.home.world() as world:
            control.advance(world, HOUR_S)
            self._come(world, known, account)
            self._go(world, known, account, n)
            self._stages(world, known)
            for userid, external in known[-50:-44]:
                control.set_remark(world, userid, external, f"老客户{n}")
            control.advance(world, 61)

    def _add(self, world: World, userid: str, external: str = "", *, way: int = 1, tags: Sequence[str] = ()) -> None:
        control.advance(world, 61)
        channel = self.rng.choice(("", "poster", "counter")) if way in (1, 16) else ""
        control.add_relation(world, userid, external, add_way=way, state=channel, tags=tags)

    def _come(self, world: World, known: list[Key], account: Account) -> None:
        for _n in range(self.rng.randint(5, 12)):
            tags = [self.stages[0]] if self.rng.random() < 0.5 else []
            self._add(world, self.rng.choice(self.userids), way=self.rng.choice((1, 2, 16)), tags=tags)
        for n in range(4):
            key, other = known.pop(), self.rng.choice(self.userids)
            if (other, key[1]) not in account.open and (other, key[1]) not in self.lost:
                self._add(world, other, key[1], way=SHARED if n < 2 else 1)
        for key in self.rng.sample(self.lost, min(3, len(self.lost))):
            self._add(world, *key, way=self.rng.choice((1, 2, SHARED)))
            self.lost.remove(key)

    def _go(self, world: World, known: list[Key], account: Account, n: int) -> None:
        young = [key for key in known[:-50] if account.open[key].began > control.now(world) - 9 * DAY_S]
        for key in dict.fromkeys((*young[:2], *known[:4])):
            known.remove(key)
            control.delete_relation(world, *key)
            self.lost.append(key)
        for _n in range(3):
            key, taker = known.pop(0), self.rng.choice(self.userids)
            if (taker, key[1]) not in account.open and (taker, key[1]) not in self.lost:
                self._add(world, taker, key[1], way=ASSIGNED)
                control.delete_relation(world, *key)
        if n % 2 == 0:  # gone and back before any sync sees it
            key = known.pop(0)
            control.delete_relation(world, *key)
            self._add(world, *key)

    def _stages(self, world: World, keys: Sequence[Key]) -> None:
        """Customers go on by one stage or two, some fall back."""
        tags = {(one.userid, one.external_userid): one.tag_ids for one in control.truth(world)}
        for key in keys:
            held = [n for n, id_ in enumerate(self.stages) if id_ in tags[key]]
            if not held or self.rng.random() < 0.4:
                continue
            place = max(0, min(len(self.stages) - 1, max(held) + self.rng.choice((-1, 1, 1, 2))))
            control.edit_tags(world, [key], [self.stages[place]], [self.stages[n] for n in held if n != place])


def _transfer(home: Wecrm, account: Account, former: str, takers: Sequence[str], count: int) -> list[Key]:
    """Really move customers of a member, two of whom refuse where they can; those who went."""
    mine = [key for key in account.truth if key[0] == former] or [
        (one.userid, one.external) for one in account.episodes if one.userid == former and one.status == "out_of_sight"
    ]
    others = {external for userid, external in account.words if userid in takers}
    chosen = sorted(external for _userid, external in mine if external not in others)[:count]
    assert len(chosen) == count
    with home.world() as world:
        for external in chosen[:2]:
            control.customer_refuses(world, external)
    wishes = [(former, external, takers[n % len(takers)]) for n, external in enumerate(chosen)]
    result = home("apply", moving.plan(home, wishes), *moving.LIFTED, *moving.CONFIRMED)
    assert result.code == 0, result.err
    with home.world() as world:
        control.advance(world, moving.DUE_S)
    assert home("transfers", "poll").code in (0, 3), "poll"
    assert home("sync", "contacts", "--max-removals", "100%", "-qq").code in (0, 7)
    with home.world() as world:
        done = {one.external_userid for one in control.transfers(world) if one.status == 1}
    return [(former, external) for external in chosen if external in done]


def _mark(home: Wecrm, account: Account, tag: str, name: str) -> int:
    """Put a tag on sixty relations by a job; how many really got it."""
    keys = sorted(account.open)[:60]
    file = home.csv("marks.csv", "userid,external_userid", keys)
    path = str(home.home / "marks.plan")
    assert home("tags", "plan", str(file), "--add", name, "-o", path).code == 0
    before = dict(account.tags)
    result = home("apply", path, *moving.LIFTED)
    assert result.code == 0, result.err
    account.look(home, job=True)
    return sum(tag not in before[key] for key in keys)


def _made(path: Path, seed: int) -> tuple[Wecrm, dict[str, str]]:
    """A synced home in another time zone, with an exclusive group."""
    (path / "data").mkdir(parents=True)
    (path / "config.yaml").write_text(f"timezone: {ZONE.key}\n", "utf-8")
    World.create(path / "data" / "sandbox.world", members=12, contacts=260, seed=seed).close()
    home = Wecrm(path)
    assert home("sync", "-qq").code == 0
    library = path / "tags.yaml"
    assert home("tags", "pull", str(library)).code == 0
    text = library.read_text("utf-8").replace("- group: Stage\n", "- group: Stage\n  exclusive: true\n")
    library.write_text(text, "utf-8")
    assert home("tags", "push", str(library), "--yes").code == 0
    with home.world() as world:
        rows = world.db.connection.execute("SELECT g.name, t.name, t.id FROM tag t JOIN tag_group g ON g.id = group_id")
        return home, {f"{group}/{name}": id_ for group, name, id_ in rows.fetchall()}


@cache
def lived(folder: Path, seed: int) -> Life:
    """The story of that seed, told once in a session."""
    home, tags = _made(folder / "lives" / f"home{seed}", seed)
    with home.world() as world:
        began = control.now(world)
    account = Account()
    account.look(home)
    story = _Story(home, seed, tags)
    sizes = sorted(story.userids, key=lambda userid: -sum(key[0] == userid for key in account.open))
    left, giver, takers = sizes[0], sizes[1], sizes[2:5]
    marks = 0
    for n, hours in enumerate(STEPS_H):
        story.step(account, n)
        gone = ""
        if n == LEAVING_STEP:
            gone = left
            story.userids.remove(left)
            story.lost = [key for key in story.lost if key[0] != left]
            with home.world() as world:
                control.delete_member(world, left)
        synced = home("sync", "--max-removals", "100%", "-qq")
        assert synced.code in (0, 7), synced.err
        account.look(home, left=gone)
        if n == JOB_STEP:
            marks = _mark(home, account, tags["客户等级/VIP"], "客户等级/VIP")
            _transfer(home, account, giver, takers, 6)
            account.look(home)
        if n == LEAVING_STEP:
            account.look(home, inherited=_transfer(home, account, left, takers, 5))
        with home.world() as world:
            control.advance(world, hours * HOUR_S)
    assert home("sync", "--max-removals", "100%", "-qq").code in (0, 7)
    account.look(home)
    with home.world() as world:
        now = control.now(world)
    return Life(home, account, began, now, left, tags, marks)


@pytest.fixture(scope="module", params=SEEDS)
def life(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Life:
    """What is not to be changed: every report of every test reads it."""
    return lived(tmp_path_factory.getbasetemp(), request.param)


def copied(one: Life, folder: Path) -> Wecrm:
    """A home of its own, to be changed."""
    shutil.copytree(one.home.home, folder / "home")
    return Wecrm(folder / "home")


def midnight(day: date) -> float:
    """When that day begins in the configured zone."""
    return datetime.combine(day, time(), ZONE).timestamp()


def day_of(at: float) -> date:
    """The day of a moment in the configured zone."""
    return datetime.fromtimestamp(at, ZONE).date()


def periods(life: Life) -> list[tuple[tuple[str, ...], float, float]]:
    """Options and what they mean: ever; a whole month; from the last day of a month on; some days."""
    ends = midnight(date(2026, 11, 30))
    return [
        ((), 0.0, life.now + 1),
        (("--since", "2026-11", "--until", "2026-11"), midnight(date(2026, 11, 1)), midnight(date(2026, 12, 1))),
        (("--since", "2026-11-30"), ends, life.now + 1),
        (
            ("--since", "2026-10-31", "--until", "2026-11-06"),
            midnight(date(2026, 10, 31)),
            midnight(date(2026, 11, 7)),
        ),
    ]
