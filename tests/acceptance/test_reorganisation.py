"""The quarterly reorganisation: a file of who gets whom, killed and resumed; the result file is right row by row."""

import csv
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from tests.conftest import Wecrm
from tests.operations.moving import DUE_S, LIFTED, advance, attempts, job, sent_again_blindly, state, statuses
from tests.operations.readings import OTHERWISE, TOGETHER, Readings, read
from wecrm.sandbox import control
from wecrm.sandbox.world import World

TAKERS = 40
DONE, REFUSED = 1, 3


def corp(home: Path, relations: int) -> Wecrm:
    (home / "data").mkdir(parents=True)
    World.create(home / "data" / "sandbox.world", members=60, contacts=relations, seed=11).close()
    found = Wecrm(home)
    assert found("sync").code == 0
    return found


def staff(home: Wecrm) -> list[str]:
    """Members who can give and take, those with most customers first."""
    rows = home.sql(
        "SELECT m.userid FROM member m LEFT JOIN relation r ON r.userid = m.userid AND r.status = 'active' "
        "WHERE m.follows AND m.status = 1 AND m.gone_at IS NULL GROUP BY 1 ORDER BY count(r.id) DESC, 1"
    )
    return [userid for (userid,) in rows]


def wanted(home: Wecrm, count: int, random: Random) -> list[tuple[str, str, str, str]]:
    """So many rows: everybody gives customers to the 40 members who have the fewest."""
    takers = staff(home)[-TAKERS:]
    own = home.sql(
        "SELECT userid, external_userid FROM relation WHERE status = 'active' GROUP BY external_userid "
        "HAVING count(*) = 1 ORDER BY external_userid"
    )
    chosen = random.sample([(who, whom) for who, whom in own if who not in takers], count)
    return [(who, whom, takers[n % TAKERS], f"第{n}行") for n, (who, whom) in enumerate(chosen)]


def killed(home: Wecrm, random: Random, *words: str) -> int:
    path = random.choice(["/transfer_customer", "/transfer_customer", "/transfer_result", ""])
    share = {"/transfer_customer": 0.1, "/transfer_result": 0.1, "": 0.02}[path]
    with home.world() as world:
        when = random.choice(["before", "after"])
        control.add_fault(world, kind="kill", path=path, share=share, seed=random.randrange(999), when=when)
    process = home.process(*words)
    process.communicate()
    with home.world() as world:
        control.clear_faults(world)
    return process.returncode


def table(path: str) -> list[dict[str, str]]:
    with Path(path).open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def trouble(home: Wecrm, rows: Sequence[tuple[str, str, str, str]]) -> tuple[set[str], set[str]]:
    """Who will refuse, and who has deleted the former member before."""
    refuse, gone = {row[1] for row in rows[::25]}, {row[1] for row in rows[1::60]}
    with home.world() as world:
        for external in refuse:
            control.customer_refuses(world, external)
        for who, whom, _taker, _note in rows[1::60]:
            control.delete_relation(world, who, whom, by="customer")
    return refuse, gone


@pytest.mark.parametrize(
    ("relations", "count", "kills", "readings"),
    [
        (1_500, 250, 2, {}),
        (1_500, 250, 2, TOGETHER),
        (1_500, 250, 2, OTHERWISE),
        *(pytest.param(16_000, 5_000, 8, one, marks=pytest.mark.long) for one in ({}, TOGETHER, OTHERWISE)),
    ],
)
def test_a_reorganisation_that_is_killed_and_resumed_ends_with_a_result_file_that_is_right(
    tmp_path: Path, relations: int, count: int, kills: int, readings: Readings
) -> None:
    random = Random(7)
    home = corp(tmp_path / "home", relations)
    read(home, readings)
    rows = wanted(home, count, random)
    refuse, gone = trouble(home, rows)
    file = home.csv("reorg.csv", "员工,客户ID,接替人,备注", rows)
    plan, base = str(home.home / "reorg.plan"), str(home.home / "result")
    planned = home("transfers", "plan", str(file), "-o", plan)
    assert planned.code == 0, planned.err
    ended = [killed(home, random, "apply", plan, *LIFTED) for _time in range(kills)]
    assert -9 in ended
    for _day in range(6):
        assert home("apply", plan, *LIFTED, "--results", base).code in (0, 3, 7)
        advance(home, DUE_S)
        killed(home, random, "transfers", "poll")
        assert home("transfers", "poll").code in (0, 3)
        if state(home) == "done":
            break
    assert state(home) == "done"
    really = attempts(home)
    assert sent_again_blindly(home) == []
    assert set(really) == {row[1] for row in rows}
    assert all(len(found) == 1 for found in really.values())
    assert {external for external, found in really.items() if found == [REFUSED]} == refuse | gone
    assert statuses(home) == {"verified": count - len(refuse | gone), "failed": len(refuse | gone)}
    result = str(home.home / "all.csv")
    assert home("jobs", "export", job(home), "-o", result).code == 0
    told = table(result)
    assert [(r["员工"], r["客户ID"], r["接替人"], r["备注"]) for r in told] == rows
    for row in told:
        good = really[row["客户ID"]] == [DONE]
        assert (row["status"], row["errmsg"]) == (
            ("verified", "") if good else ("failed", "refused, or no longer a friend")
        )
    assert home("jobs", "export", job(home), "--split", base).code == 0
    assert len(table(f"{base}.ok.csv")) == count - len(refuse | gone)
    assert {row["客户ID"] for row in table(f"{base}.failed.csv")} == refuse | gone
    assert table(f"{base}.unprocessed.csv") == []
