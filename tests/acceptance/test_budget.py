"""The shared budget: used well, never overdrawn."""

from collections import Counter

import pytest

from tests.acceptance import facts
from tests.acceptance.conftest import Served
from tests.conftest import Wecrm
from wecrm.sandbox import control

SCALE = 0.05
BUDGET = 10_000 * SCALE * 0.7
IN_FLIGHT = 6
"""Calls that were allowed in one minute may arrive in the next: at most as many as run side by side."""
SETTINGS = f"limits: {{scale: {SCALE}, max_changes: 100000}}"


def per_minute(home: Wecrm, path: str) -> list[int]:
    """Calls of one API in each whole minute between its first and its last call."""
    with home.world() as world:
        times = [call.at for call in control.calls(world, path=path)]
    counts = Counter(int((at - times[0]) // 60) for at in times)
    return [counts[minute] for minute in range(max(counts))]


def refusals(home: Wecrm) -> int:
    with home.world() as world:
        return sum(call.errcode == 45009 for call in control.calls(world))


def test_an_apply_alone_uses_nine_tenths_of_its_budget_and_never_meets_the_limit(synced: Wecrm) -> None:
    home = synced
    (home.home / "config.yaml").write_text(f"profiles: {{sandbox: {{corp_id: wwsandbox00000001, {SETTINGS}}}}}")
    with home.world() as world:
        control.set_limits(world, scale=SCALE)
    keys = facts.relations(home, 1500, lacking=facts.tag(home, "客户等级", "VIP"))
    result = home("tags", "apply", facts.keys_csv(home, "a.csv", keys), "--add", "VIP", "--yes")
    assert result.code == 0, result.err
    minutes = per_minute(home, "mark_tag")
    assert len(minutes) >= 3
    assert all(0.9 * BUDGET <= count <= BUDGET + IN_FLIGHT for count in minutes), minutes
    assert refusals(home) == 0


@pytest.mark.long
def test_a_sync_and_an_apply_side_by_side_share_token_and_budget(served: Served) -> None:
    """In real time, about four minutes: two processes that would each use the budget alone."""
    home = served(contacts=2000, settings=SETTINGS)
    assert home("sync", "tags", "members", "contacts").code == 0
    with home.world() as world:
        control.set_limits(world, scale=SCALE)
    keys = list(facts.cached(home))
    plan = str(home.home / "a.plan")
    file = facts.keys_csv(home, "a.csv", keys)
    assert home("tags", "plan", file, "--add", "VIP", "-o", plan).code == 0
    with home.world() as world:
        last = max(call.id for call in control.calls(world))
    apply = home.process("apply", plan, "--yes")
    while apply.poll() is None:
        sync = home.process("sync", "contacts")
        assert sync.wait() in (0, 3)
    assert apply.returncode == 0
    minutes = per_minute(home, "mark_tag")
    assert len(minutes) >= 3
    assert all(0.9 * BUDGET <= count <= BUDGET for count in minutes), minutes
    shared = per_minute(home, "get_by_user")[1:]
    assert all(count <= BUDGET for count in shared), shared
    assert refusals(home) == 0
    with home.world() as world:
        assert sum(call.path.endswith("gettoken") for call in control.calls(world, after=last)) == 0


def test_processes_that_start_side_by_side_ask_for_one_token_each_time_it_ends(served: Served) -> None:
    home = served(latency_s=0.2)
    for _time in range(2):
        with home.world() as world:
            control.end_tokens(world)
            last = max((call.id for call in control.calls(world)), default=0)
        running = [home.process("tags", "pull", str(home.home / f"{n}.yaml")) for n in range(4)]
        for process in running:
            _out, err = process.communicate()
            assert process.returncode == 0, err
        with home.world() as world:
            asked = Counter(call.path.rsplit("/", 1)[1] for call in control.calls(world, after=last))
        assert asked["get_corp_tag_list"] >= 4
        assert asked["gettoken"] == 1
