"""Power cuts: a bulk apply is killed again and again, and ends as if nothing had happened."""

import pytest

from tests.acceptance import facts
from tests.acceptance.conftest import Served
from wecrm.sandbox import control


@pytest.mark.parametrize(
    ("contacts", "kills"),
    [(2_500, 8), pytest.param(50_000, 20, marks=pytest.mark.long)],
)
def test_an_apply_killed_again_and_again_ends_as_planned_and_repeats_no_readable_write(
    served: Served, contacts: int, kills: int
) -> None:
    home = served(members=60, contacts=contacts)
    assert home("sync").code == 0
    tag = facts.tag(home, "客户等级", "VIP")
    keys = list(facts.cached(home))
    before = facts.truth(home)
    lacking = sum(tag not in tags for tags in before.values())
    plan = str(home.home / "vip.plan")
    file = facts.keys_csv(home, "all.csv", keys)
    assert home("tags", "plan", file, "--add", "VIP", "-o", plan).code == 0
    for n in range(kills):
        with home.world() as world:
            control.clear_faults(world)
            when = "before" if n % 2 else "after"
            control.add_fault(world, kind="kill", path="mark_tag", share=kills / (0.6 * lacking), seed=n, when=when)
        process = home.process("apply", plan, "--yes", "--max-changes", str(contacts))
        process.communicate()
        assert process.returncode == -9, f"run {n} was not killed"
    with home.world() as world:
        control.clear_faults(world)
    final = home("apply", plan, "--yes")
    assert final.code == 0, final.err
    assert facts.truth(home) == {key: tags | {tag} for key, tags in before.items()}
    assert set(facts.statuses(home)) == {"ok", "same"}
    assert facts.cached(home) == facts.truth(home)
    assert max(facts.applied_marks(home).values()) == 1
    assert facts.faults_met(home).total() >= kills


def test_at_least_four_calls_are_in_flight(served: Served) -> None:
    latency_s = 0.05
    home = served(latency_s=latency_s)
    assert home("sync", "tags", "members", "contacts").code == 0
    keys = facts.relations(home, 200, lacking=facts.tag(home, "客户等级", "VIP"))
    result = home("tags", "apply", facts.keys_csv(home, "some.csv", keys), "--add", "VIP", "--yes")
    assert result.code == 0, result.err
    with home.world() as world:
        times = [call.at for call in control.calls(world, path="mark_tag")]
    most = max(sum(start <= other < start + latency_s for other in times) for start in times)
    assert most >= 4


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_sync_that_is_killed_goes_on_where_it_was(served: Served, when: str) -> None:
    home = served(members=60, contacts=3_000)
    assert home("sync", "members", "tags").code == 0
    with home.world() as world:
        control.add_fault(world, kind="kill", path="get_by_user", share=0.05, seed=3, when=when)
    process = home.process("sync", "contacts")
    process.communicate()
    assert process.returncode == -9
    done = home.sql("SELECT count(*) FROM sync_chunk WHERE state = 'done'")[0][0]
    with home.world() as world:
        control.clear_faults(world)
        last = max(call.id for call in control.calls(world))
    assert home("sync", "contacts").code == 0
    assert facts.cached(home) == facts.truth(home)
    assert home.sql("SELECT count(*) FROM sync_run WHERE purpose = 'contacts'") == [(1,)]
    with home.world() as world:
        asked = [msg for msg in control.calls(world, after=last, path="get_by_user") if b'"cursor":""' in msg.body]
    total = home.sql("SELECT count(*) FROM sync_chunk")[0][0]
    assert done > 0
    assert len(asked) == total - done
