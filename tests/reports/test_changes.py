"""Transfers and changes, against what the sandbox says was asked of it and what came of it."""

from collections import Counter, defaultdict

from tests.reports.lives import DAY_S, Life, day_of
from wecrm.sandbox import control

ENDS = {1: "done", 2: "waiting", 3: "refused", 4: "full"}


def moves(life: Life) -> list[control.Transfer]:
    with life.home.world() as world:
        return list(control.transfers(world))


def test_transfers_by_taker(life: Life) -> None:
    expected: dict[str, Counter[str]] = defaultdict(Counter)
    for one in moves(life):
        expected[one.takeover_userid].update(["started", ENDS[one.status]])
    rows = life.report("transfers")
    found = {row["userid"]: Counter({k: row[k] for k in ("started", *ENDS.values())}) for row in rows}
    assert found == expected
    assert {row["what"] for row in rows} == {"customer"}
    assert sum(row["lost"] for row in rows) == 0
    for row in rows:
        over = row["started"] - row["waiting"]
        assert row["accepted"] == (round(100 * row["done"] / over, 1) if over else None)
    assert sum(row["refused"] for row in rows) >= 2
    assert sum(row["done"] for row in rows) >= 5


def test_transfers_of_a_period_one_by_one(life: Life) -> None:
    days = sorted({day_of(one.started) for one in moves(life)})
    assert len(days) == 2
    rows = life.report("transfers", "--rows", "--since", str(days[1]))
    expected = [
        (one.kind, one.handover_userid, one.takeover_userid, one.external_userid, ENDS[one.status])
        for one in moves(life)
        if day_of(one.started) == days[1]
    ]
    names = ("kind", "handover", "takeover", "object_id", "status")
    assert sorted(tuple(row[name] for name in names) for row in rows) == sorted(expected)
    assert {row["kind"] for row in rows} == {"resigned"}


def test_changes_made_by_jobs(life: Life) -> None:
    ends = Counter(one.status for one in moves(life))
    rows = {row.pop("op"): row for row in life.report("changes")}
    nothing = dict.fromkeys(("same", "failed", "conflict", "unknown", "skipped", "open"), 0)
    assert rows == {
        "tag.mark": nothing | {"jobs": 1, "changes": 60, "made": life.marks, "same": 60 - life.marks},
        "transfer.customer": nothing
        | {"jobs": 2, "changes": sum(ends.values()), "made": ends[1], "failed": sum(ends.values()) - ends[1]},
        "group.exclusive": nothing | {"jobs": 1, "changes": 1, "made": 1},
    }
    assert 0 < life.marks < 60


def test_changes_of_a_period(life: Life) -> None:
    second = max(one.started for one in moves(life))
    rows = life.report("changes", "--since", str(day_of(second)))
    assert [(row["op"], row["jobs"]) for row in rows] == [("transfer.customer", 1)]
    listed = life.report("changes", "--rows", "--until", str(day_of(second - DAY_S)))
    assert Counter(row["op"] for row in listed)["tag.mark"] == 60
    assert {row["status"] for row in listed if row["op"] == "tag.mark"} == {"ok", "same"}
