"""Budgets: however many processes share them, no window ever holds more calls than allowed."""

import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wecrm.api.limits import Budget, Limiter

PATH = "/cgi-bin/externalcontact/mark_tag"


class Time:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now_s = 1_793_494_800.0

    def __call__(self) -> float:
        return self.now_s


def busiest(times: list[float], window_s: float) -> int:
    """The most calls in any window of that length."""
    return max((sum(start <= t < start + window_s for t in times) for start in times), default=0)


steps = st.lists(st.tuples(st.integers(0, 1), st.floats(0, 40), st.booleans()), min_size=5, max_size=60)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps)
def test_two_processes_together_never_exceed_the_budget(moves: list[tuple[int, float, bool]]) -> None:
    budget = Budget(share=0.001)  # 10 a minute, 150 an hour for the corp
    with tempfile.TemporaryDirectory() as folder:
        now = Time()
        pair = [Limiter(Path(folder), "ww1", budget, now) for _each in range(2)]
        taken: list[float] = []
        for who, pause, obedient in moves:
            now.now_s += pause
            for _try in range(4):
                wait = pair[who].take(PATH)
                if wait == 0:
                    taken.append(now.now_s)
                elif obedient:
                    now.now_s += wait
        for limiter in pair:
            limiter.close()
    assert busiest(taken, 60) <= budget.corp()[0]
    assert busiest(taken, 3600) <= budget.corp()[1]


def test_the_wait_that_is_told_is_enough_and_not_much_too_long(tmp_path: Path) -> None:
    now = Time()
    limiter = Limiter(tmp_path, "ww1", Budget(share=0.001), now)
    assert [limiter.take(PATH) for _call in range(10)] == [0.0] * 10
    wait = limiter.take(PATH)
    assert 60 <= wait < 60.1
    now.now_s += wait
    assert limiter.take(PATH) == 0.0
    limiter.close()


def test_an_api_that_is_used_up_holds_no_other_api_and_no_other_corp_back(tmp_path: Path) -> None:
    now = Time()
    mine = Limiter(tmp_path, "ww1", Budget(share=0.0001), now)
    other = Limiter(tmp_path, "ww2", Budget(share=0.0001), now)
    assert mine.take(PATH) == 0
    assert mine.take(PATH) > 0
    assert mine.take("/cgi-bin/user/list") == 0
    assert other.take(PATH) == 0
    mine.close()
    other.close()


def test_corps_share_what_one_ip_may_call(tmp_path: Path) -> None:
    now = Time()
    budget = Budget(share=0.0001)  # 1 a minute for a corp, 2 for the IP
    corps = [Limiter(tmp_path, f"ww{n}", budget, now) for n in range(3)]
    assert [limiter.take(PATH) > 0 for limiter in corps] == [False, False, True]
    now.now_s += 61
    assert [limiter.take(PATH) > 0 for limiter in (corps[2], corps[0], corps[1])] == [False, False, True]
    for limiter in corps:
        limiter.close()


def test_a_call_that_one_budget_refuses_costs_nothing_of_the_other(tmp_path: Path) -> None:
    now = Time()
    corps = [Limiter(tmp_path, f"ww{n}", Budget(share=0.0001), now) for n in range(3)]
    for limiter in corps[:2]:
        assert limiter.take(PATH) == 0
    for _try in range(5):
        assert corps[2].take(PATH) > 0  # the IP's budget
    now.now_s += 61
    assert corps[2].take(PATH) == 0
    for limiter in corps:
        limiter.close()


def test_a_block_lasts_and_a_shorter_one_does_not_shorten_it(tmp_path: Path) -> None:
    now = Time()
    here, there = (Limiter(tmp_path, "ww1", Budget(), now) for _each in range(2))
    here.block(PATH, 3600)
    there.block(PATH, 60)
    assert there.take(PATH) == pytest.approx(3600)
    now.now_s += 3600
    assert here.take(PATH) == 0.0
    here.close()
    there.close()


def test_what_is_past_every_window_is_forgotten_by_the_next_process(tmp_path: Path) -> None:
    now = Time()
    for _day in range(3):
        limiter = Limiter(tmp_path, "ww1", Budget(), now)
        for _call in range(20):
            limiter.take(PATH)
        limiter.close()
        now.now_s += 86_400
    limiter = Limiter(tmp_path, "ww1", Budget(), now)
    limiter.take(PATH)
    limiter.close()
    connection = sqlite3.connect(tmp_path / "limits.db")
    names = [n for (n,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'") if "mark_tag" in n]
    counts = [connection.execute(f"SELECT count(*) FROM '{name}'").fetchone()[0] for name in names]
    connection.close()
    assert counts == [1, 1]


def test_a_plan_is_told_how_long_its_calls_take() -> None:
    budget = Budget(share=0.5)
    assert budget.seconds(5_000) == 0
    assert budget.seconds(10_000) == pytest.approx(60)
    assert budget.seconds(150_000) == pytest.approx(7200)
