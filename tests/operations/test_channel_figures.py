"""First touches and the figures per channel, against a plain count of what really happened in the sandbox."""

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
import yaml

from tests.conftest import Wecrm
from wecrm.sandbox import control
from wecrm.sandbox.world import World

Key = tuple[str, str]
"""userid, external_userid."""

BEIJING = ZoneInfo("Asia/Shanghai")
HOUR_S, DAY_S = 3600, 24 * 3600
TERMS = (1, 7, 30)
LINK, SHARED, ASSIGNED = 16, 201, 202
STEPS_H = (20, 30, 75, 26, 170, 50, 400, 31, 190)
FULL = (0, 2, 4, 8)
"""The steps that end with a full sync; the others end with a quick one."""


@dataclass
class Episode:
    """One beginning of a relation and its end, as the ledger saw them."""

    userid: str
    external: str
    began: int
    channel: str
    way: int
    ended: float | None = None
    status: str = "active"


def midnight(day: date) -> float:
    return datetime.combine(day, time(), BEIJING).timestamp()


class Ledger:
    """What happened in a sandbox, noted by looking at it after every step."""

    def __init__(self, home: Wecrm, began: float, userids: set[str]) -> None:
        self.home = home
        self.began = began
        self.now = began
        self.userids = userids
        self.episodes: list[Episode] = []
        self.open: dict[Key, Episode] = {}
        self.read: dict[str, float] = {}
        """When a member's customers were last read."""

    def look(self, left: str = "") -> None:
        """Compare with the last look. `left`: a member who went meanwhile."""
        with self.home.world() as world:
            self.now = control.now(world)
            self.read |= dict.fromkeys(self.userids - {left}, self.now)
            self.userids -= {left}
            truth = {(one.userid, one.external_userid): one for one in control.truth(world)}
        fresh = [key for key, one in truth.items() if key not in self.open or self.open[key].began != one.createtime]
        assigned = {external for userid, external in fresh if truth[userid, external].add_way == ASSIGNED}
        for key, episode in list(self.open.items()):
            if key not in truth:
                went = "away" if key[0] == left else "transferred" if key[1] in assigned else "lost"
                episode.ended, episode.status = self.now, went
                del self.open[key]
            elif truth[key].createtime != episode.began:
                episode.ended, episode.status = truth[key].createtime, "lost"
        for key in fresh:
            one = truth[key]
            self.open[key] = Episode(*key, one.createtime, one.state, one.add_way)
            self.episodes.append(self.open[key])

    def beginnings(self) -> list[Episode]:
        return [one for one in self.episodes if one.way not in (SHARED, ASSIGNED)]

    def first_touches(self) -> dict[str, Episode]:
        """The earliest beginning of each customer; two at the same second would say nothing."""
        found: dict[str, Episode] = {}
        for one in sorted(self.beginnings(), key=lambda one: one.began):
            assert one is found.setdefault(one.external, one) or found[one.external].began < one.began
        return found


def figures(
    ledger: Ledger, links: dict[Key, str], since: float, until: float
) -> dict[tuple[str, str, str], dict[str, Any]]:
    """(channel, kind, link without a channel) → what the report of a time should say."""
    rows: dict[tuple[str, str, str], list[Episode]] = defaultdict(list)
    for one in ledger.beginnings():
        if not since <= one.began < until:
            continue
        kind = "link" if one.way == LINK else "contact" if one.channel else "none"
        link = links.get((one.userid, one.external), "") if kind == "link" and not one.channel else ""
        rows[one.channel, kind, link].append(one)
    touches = ledger.first_touches()
    found = {}
    for key, episodes in rows.items():
        lost = [one for one in episodes if one.status == "lost"]
        found[key] = {
            "added": len(episodes),
            "fresh": sum(touches[one.external] is one for one in episodes),
            "active": sum(one.status == "active" for one in episodes),
            "lost": len(lost),
            "kept": round(100 * (len(episodes) - len(lost)) / len(episodes), 1),
        }
        for days in TERMS:
            judged = [one for one in episodes if watched(ledger, one) >= one.began + days * DAY_S]
            gone = [one for one in judged if one.status == "lost" and age(one) <= days * DAY_S]
            found[key][f"lost_{days}"] = len(gone) if judged else None
            found[key][f"rate_{days}"] = round(100 * len(gone) / len(judged), 1) if judged else None
    return found


def watched(ledger: Ledger, one: Episode) -> float:
    """Until when the syncs could see how it went; nothing of what began before the first of them."""
    if one.began < ledger.began:
        return 0.0
    read = ledger.read[one.userid]
    return min(read, one.ended) if one.status in ("transferred", "away") and one.ended else read


def age(one: Episode) -> float:
    """How long it lasted; a sync takes some seconds, so none may end that close to a limit."""
    assert one.ended is not None
    assert all(abs(one.ended - one.began - days * DAY_S) > 60 for days in TERMS)
    return one.ended - one.began


class Story:
    """Scans, losses, returns and handovers, drawn from a seed."""

    def __init__(self, home: Wecrm, seed: int) -> None:
        self.home = home
        self.rng = random.Random(seed)
        userids = [
            userid for (userid,) in home.sql("SELECT userid FROM member WHERE follows AND status = 1 ORDER BY 1")
        ]
        on_links = {
            one
            for (one,) in home.sql(
                "SELECT lm.userid FROM live_code_member lm JOIN live_code l ON l.id = lm.code WHERE l.kind = 'link'"
            )
        }
        self.free = [userid for userid in userids if userid not in on_links]
        self.userids = userids
        self.lost: list[Key] = []

    def push(self) -> None:
        """Two contact ways and a link, which the report will know by name."""
        codes = [
            {"name": "poster", "channel": "poster", "members": self.free[:3]},
            {"name": "counter", "channel": "counter", "members": self.free[1:4]},
            {"name": "web", "kind": "link", "channel": "web", "members": self.free[2:5]},
        ]
        path = self.home.home / "codes.yaml"
        path.write_text(yaml.safe_dump({"codes": codes}), "utf-8")
        result = self.home("livecodes", "push", str(path), "--yes")
        assert result.code == 0, result.err

    def scans(self, world: World, link: str) -> None:
        for code, channel in (("poster", ""), ("counter", ""), (link, "web"), (link, "")):
            control.scan(
                world, code, self.rng.randint(3, 9), over_s=self.rng.randint(1800, 7200), channel=channel, known=0.3
            )

    def returns(self, world: World, ledger: Ledger) -> None:
        """Some of those whom an earlier sync missed come back, by another way."""
        ways = [(1, "poster"), (1, "counter"), (2, ""), (LINK, "web"), (LINK, ""), (SHARED, "")]
        for key in self.rng.sample(self.lost, min(3, len(self.lost))):
            way, state = self.rng.choice(ways)
            control.add_relation(world, *key, add_way=way, state=state)
            self.lost.remove(key)

    def unseen_returns(self, world: World, known: list[Key]) -> None:
        """Some go and come back before any sync sees them gone."""
        for _n in range(3):
            key = known.pop()
            control.delete_relation(world, *key)
            control.add_relation(world, *key, add_way=1, state="counter")

    def handovers(self, world: World, known: list[Key], ledger: Ledger) -> None:
        """Some are assigned to another member."""
        for _n in range(4):
            key, takeover = known.pop(), self.rng.choice(self.userids)
            if (takeover, key[1]) not in ledger.open and (takeover, key[1]) not in self.lost:
                control.add_relation(world, takeover, key[1], add_way=ASSIGNED)
                control.delete_relation(world, *key)

    def losses(self, world: World, known: list[Key], ledger: Ledger) -> None:
        """Somebody of the young ones above all, and some others."""
        young = [key for key in known if ledger.now - ledger.open[key].began < 8 * DAY_S]
        for key in dict.fromkeys((*young[: len(young) // 3], *known[:6])):
            control.delete_relation(world, *key)
            self.lost.append(key)

    def step(self, world: World, ledger: Ledger, link: str, unseen: bool) -> None:
        """What happens between two syncs; nobody goes twice."""
        known = sorted(ledger.open)
        self.rng.shuffle(known)
        if unseen:
            self.unseen_returns(world, known)
        control.advance(world, HOUR_S)
        self.returns(world, ledger)
        self.handovers(world, known, ledger)
        self.scans(world, link)
        self.losses(world, known, ledger)


def lived(path: Path, seed: int) -> tuple[Wecrm, Ledger]:
    """A home after two months of scans, losses, returns and handovers, and what really happened."""
    (path / "data").mkdir(parents=True)
    World.create(path / "data" / "sandbox.world", members=14, contacts=300, seed=seed).close()
    home = Wecrm(path)
    with home.world() as world:
        began = control.now(world)
    assert home("sync", "-qq").code == 0
    ledger = Ledger(home, began, {userid for (userid,) in home.sql("SELECT userid FROM member WHERE follows")})
    ledger.look()
    story = Story(home, seed)
    story.push()
    link = home.sql("SELECT code_id FROM live_code WHERE name = 'web'")[0][0]
    for n, hours in enumerate(STEPS_H):
        left = story.free[-1] if n == 5 else ""
        with home.world() as world:
            story.step(world, ledger, link, unseen=n in FULL)
            if left:
                control.delete_member(world, left)
        if left:
            story.lost = [key for key in story.lost if key[0] != left]
            story.userids.remove(left)
        what = ("contacts", "groups", "livecodes") if n in FULL else ("new",)
        synced = home("sync", *what, "--max-removals", "100%", "-qq")
        assert synced.code in (0, 7), synced.err  # 7: somebody left
        ledger.look(left)
        with home.world() as world:
            control.advance(world, hours * HOUR_S)
    synced = home("sync", "contacts", "livecodes", "--max-removals", "100%", "-qq")
    assert synced.code in (0, 7), synced.err
    ledger.look()
    return home, ledger


@pytest.fixture(scope="module", params=(3, 11, 29))
def story(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Wecrm, Ledger]:
    return lived(tmp_path_factory.mktemp("story") / "home", request.param)


@pytest.mark.parametrize("days", [None, (9, 40)], ids=["ever", "a month"])
def test_the_figures_per_channel_are_what_happened(story: tuple[Wecrm, Ledger], days: tuple[int, int] | None) -> None:
    home, ledger = story
    first, words = datetime.fromtimestamp(ledger.began, BEIJING).date(), []
    since, until = 0.0, ledger.now
    if days:
        one, other = (first + timedelta(days=n) for n in days)
        since, until = midnight(one), midnight(other + timedelta(days=1))
        words = ["--since", str(one), "--until", str(other)]
    with home.world() as world:
        links = {
            (one.userid, one.external_userid): code.id
            for code in control.code_truth(world)
            if code.kind == "link"
            for one in control.came(world, code.id)
        }
    names = dict(home.sql("SELECT code_id, coalesce(name, remark) FROM live_code WHERE kind = 'link'"))
    expected = {
        (channel, kind, names.get(link, "")): row
        for (channel, kind, link), row in figures(ledger, links, since, until).items()
    }
    result = home("report", "channels", "-f", "json", *words)
    rows = [row for row in msgspec.json.decode(result.out) if row["kind"] != "group"]
    found = {
        (row["channel"], row["kind"], "" if row["channel"] else "".join(row["codes"])): {
            key: value for key, value in row.items() if key not in ("channel", "kind", "codes", "known")
        }
        for row in rows
    }
    assert len(found) == len(rows)
    assert found == expected
    judged = [row for row in found.values() if row["rate_7"]]
    assert any(row["lost_1"] != row["lost_7"] != row["lost_30"] for row in judged)
    assert sum(row["lost"] for row in found.values()) > 20


def test_first_touches_are_the_earliest_real_beginnings_ever(story: tuple[Wecrm, Ledger]) -> None:
    home, ledger = story
    expected = {
        external: (one.began, one.userid, one.channel or None, one.way)
        for external, one in ledger.first_touches().items()
    }
    rows = home.sql("SELECT external_userid, at, userid, channel, add_way FROM first_touch")
    assert {external: tuple(touch) for external, *touch in rows} == expected
    now = dict(home.sql("SELECT external_userid, min(createtime) FROM relation WHERE status = 'active' GROUP BY 1"))
    assert any(now.get(external, at) != at for external, (at, *_rest) in expected.items())
