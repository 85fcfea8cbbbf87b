"""Sixty days of a corp that runs the crontab of the how-to, with all that goes wrong meanwhile; then everything is held
against the world.
"""

import sys
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.acceptance import aftermath
from tests.acceptance.aftermath import Marks
from tests.acceptance.corps import Corp
from tests.acceptance.days import NIGHTLY, Days
from tests.conftest import Wecrm
from wecrm.sandbox.world import World

QUIET = 7
"""Days at the end on which nothing happens any more, so that what is under way comes to its end."""

DOWN = 4
"""The day on whose night nothing at WeCom can be reached."""

MUST = (
    *("leavers by list", "leavers untold", "reorganisations", "hired", "lost", "came by codes", "edited by hand"),
    *("tags renamed", "archive keys", "keys missing for days", "nights with faults", "on leave"),
)
"""What has to have happened at least once."""


def calendar(corp: Corp, last: int) -> None:
    """Draw what happens until this day; the longer, the more."""
    often = max(1, last // 12)
    corp.busy(1, last)
    corp.refuses(0.05)
    for then in ("delete", "wait"):
        for _time in range(max(1, often // 2)):
            corp.someday(1, last - 2, lambda then=then: corp.resigns(then))  # type: ignore[misc]
    for _time in range(max(1, often // 2)):
        corp.someday(1, last - 1, corp.vanishes)
    for what in (corp.reorganise, corp.hire, corp.rotate_key, corp.absent):
        for _time in range(often):
            corp.someday(1, last, what)
    corp.someday(2, last, lambda: corp.lose_key(2))
    corp.someday(2, last, lambda: corp.rename_tag("来源渠道", "抖音"))
    corp.someday(2, last, lambda: corp.rename_tag("意向", "高意向"))
    if last > 45:
        corp.someday(1, 15, corp.quits)
    corp.trouble(DOWN, kind="close", share=1.0)
    for day in range(2, last + 1):
        if day != DOWN and corp.random.random() < 0.3:
            corp.trouble(day)


@pytest.mark.parametrize(
    ("seed", "days", "often"),
    [(1, 7, 2), *(pytest.param(seed, 53, 4, marks=pytest.mark.long) for seed in (2, 3, 4))],
)
def test_a_corp_that_runs_the_crontab_of_the_how_to_is_well_after(
    tmp_path: Path, seed: int, days: int, often: int
) -> None:
    home = tmp_path / "home"
    (home / "data").mkdir(parents=True)
    World.create(home / "data" / "sandbox.world", members=20, contacts=300, groups=6, seed=seed).close()
    machine = Days(Wecrm(home), Random(f"days {seed}"), often=often)
    corp, marks = Corp(machine, Random(f"corp {seed}")), Marks(machine)
    corp.settle_in()
    calendar(corp, days)
    machine.kills, machine.after = 0.06, marks.check
    machine.measured = frozenset((1, 2, days + QUIET - 1, days + QUIET))
    machine.live(days)
    machine.kills = 0.0
    machine.live(QUIET)
    told = Counter(ran.code for ran in machine.ran)
    sys.stdout.write(f"{dict(corp.met)}\n{dict(told)}\n{machine.sizes[:: max(1, days // 6)]}\n")
    assert [name for name in MUST if not corp.met[name]] == []
    assert told[-9] >= 3
    assert machine.noise == []
    assert {ran.code for ran in machine.ran} <= {0, -9, 2, 3, 4, 5, 6, 7, 10, 12}
    _told_of_the_night(machine)
    _calm(machine)
    assert len(marks.seen) > 10
    wrong = [*marks.wrong, *aftermath.cached(machine), *aftermath.transfers(machine), *aftermath.left_behind(machine)]
    wrong += [*aftermath.archived(machine), *aftermath.left_over(machine), *aftermath.uneasy(machine)]
    assert wrong == []
    _grown(machine)


def _told_of_the_night(machine: Days) -> None:
    """Of the night in which WeCom could not be reached every run that needed it said so."""
    night = [
        ran for ran in machine.ran if ran.day == DOWN and ran.words[:2] in (("sync", "--cron"), ("archive", "pull"))
    ]
    assert night
    assert 0 not in {ran.code for ran in night if "stats" not in ran.words}


def _calm(machine: Days) -> None:
    """The last days go by without a mail."""
    last = [(ran.what, ran.code, ran.err) for ran in machine.ran if ran.day > machine.day - 2 and ran.code]
    assert last == []


def _grown(machine: Days) -> None:
    """Backups take each other's place, files grow as what they hold, and no night needs more memory than the first."""
    assert len(list(machine.path("backups").iterdir())) <= 8
    third = len(machine.sizes) // 3
    begin, middle, end = machine.sizes[2], machine.sizes[2 + third], machine.sizes[-1]
    messages, bytes_ = middle[0] - begin[0], middle[1] - begin[1]
    assert (end[1] - middle[1]) / (end[0] - middle[0]) < 1.5 * bytes_ / messages + 200
    assert (end[2] - middle[2]) / (len(machine.sizes) - 3 - third) < 2 * (middle[2] - begin[2]) / third + 20_000
    for words in NIGHTLY:
        peaks = [(ran.day, ran.peak) for ran in machine.ran if ran.words[:2] == words and ran.peak]
        first = max(peak for day, peak in peaks if day <= 2)
        assert max(peak for day, peak in peaks if day > 2) < 1.2 * first, words
