"""Backups taken while a sync and an apply run: each is whole, and after a restore nothing is done twice."""

from pathlib import Path

import pytest

from tests.acceptance import facts
from tests.acceptance.conftest import Served
from tests.conftest import Wecrm
from wecrm.sandbox import control


def good(home: Wecrm) -> int:
    return home.sql("SELECT count(*) FROM job_row WHERE status = 'ok'")[0][0]


def back_up_all_along(home: Wecrm, plan: str, rows: int, count: int) -> list[Path]:
    """Backups spread over an apply, with one sync after the other beside it."""
    apply = home.process("apply", plan, "--yes", "--max-changes", str(rows))
    sync = home.process("sync", "contacts")
    files = []
    for n in range(count):
        while good(home) < n * rows // (count + count // 4 + 1):
            assert apply.poll() is None
            if sync.poll() is not None:
                assert sync.communicate()[0] is not None
                assert sync.returncode == 0
                sync = home.process("sync", "contacts")
        files.append(home.home / f"{n}.bak")
        done = home("db", "backup", str(files[-1]))
        assert done.code == 0, done.err
        assert apply.poll() is None, "the apply ended before the backups were taken"
    _out, err = apply.communicate()
    assert apply.returncode == 0, err
    _out, err = sync.communicate()
    assert sync.returncode == 0, err
    return files


@pytest.mark.parametrize(("contacts", "count"), [(2_500, 8), pytest.param(6_000, 50, marks=pytest.mark.long)])
def test_every_backup_taken_during_sync_and_apply_restores_to_a_state_from_which_nothing_is_done_twice(
    served: Served, contacts: int, count: int
) -> None:
    home = served(members=60, contacts=contacts, latency_s=0.002)
    assert home("sync").code == 0
    tag = facts.tag(home, "客户等级", "VIP")
    keys = facts.relations(home, contacts, lacking=tag)
    plan = str(home.home / "vip.plan")
    assert home("tags", "plan", facts.keys_csv(home, "all.csv", keys), "--add", "VIP", "-o", plan).code == 0
    files = back_up_all_along(home, plan, len(keys), count)
    wanted = facts.truth(home)
    states = set()
    for file in files:
        checked = home("db", "check", str(file))
        assert checked.code == 0, checked.out
        assert home("db", "restore", str(file), "--yes").code == 0
        assert home("db", "check").code == 0
        states.add(good(home))
        known = home.sql("SELECT count(*) FROM job")[0][0]
        assert home("apply", plan, "--yes").code == 7
        assert home("doctor", "--after-restore").code == 0
        again = home("apply", plan, "--yes", "--max-changes", str(contacts))
        assert again.code == (0 if known else 7), again.err
        assert not known or set(facts.statuses(home)) <= {"ok", "same"}
    assert len(states) > count // 2
    assert facts.truth(home) == wanted
    assert max(facts.applied_marks(home).values()) == 1
    assert len(facts.applied_marks(home)) == len(keys)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_job_killed_after_its_backup_goes_on_from_the_backup_and_does_each_row_once(
    served: Served, when: str
) -> None:
    home = served(contacts=1_500)
    assert home("sync").code == 0
    before = facts.truth(home)
    tag = facts.tag(home, "客户等级", "VIP")
    keys = facts.relations(home, 1_000, lacking=tag)
    plan = str(home.home / "vip.plan")
    assert home("tags", "plan", facts.keys_csv(home, "all.csv", keys), "--add", "VIP", "-o", plan).code == 0
    bak = str(home.home / "a.bak")
    for n in range(2):
        with home.world() as world:
            control.clear_faults(world)
            control.add_fault(world, kind="kill", path="mark_tag", share=0.004, seed=n, when=when)
        process = home.process("apply", plan, "--yes", "--max-changes", "1000")
        process.communicate()
        assert process.returncode == -9
        if n == 0:
            assert home("db", "backup", bak).code == 0
    with home.world() as world:
        control.clear_faults(world)
    assert home("db", "restore", bak, "--yes").code == 0
    assert home("db", "check").code == 0
    assert home("doctor", "--after-restore").code == 0
    result = home("apply", plan, "--yes")
    assert result.code == 0, result.err
    assert facts.truth(home) == {key: tags | {tag} if key in keys else tags for key, tags in before.items()}
    assert max(facts.applied_marks(home).values()) == 1
