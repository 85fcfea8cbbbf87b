"""Scores: every measure and every hit against a plain count of what happened, and sums that can be checked by hand."""

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.conftest import Wecrm
from tests.reports.lives import DAY_S, Episode, Life
from wecrm.models.scores import MEASURES
from wecrm.sandbox import control

PLAIN = {"others": (10.0, 10.0), "losses": (100.0, 10.0)}
"""Measure → weight and cap whose sums are exact."""


def rules(home: Wecrm, outcome: str = "lost", factors: dict[str, tuple[float, float]] | None = None) -> str:
    """A file whose score `test` adds every measure as it is, or with these weights and caps."""
    chosen = factors or dict.fromkeys(MEASURES, (1e3, 1e3))
    lines = [
        f"      - {{name: {name}, column: {name}, weight: {weight:g}, cap: {cap:g}}}"
        for name, (weight, cap) in chosen.items()
    ]
    path = home.home / "scores.yaml"
    text = f"scores:\n  - name: test\n    outcome: {outcome}\n    factors:\n" + "\n".join(lines) + "\n"
    path.write_text(text, "utf-8")
    return str(path)


def score(home: Wecrm, *words: str) -> list[dict[str, Any]]:
    result = home("report", "score", "test", *words, "-f", "json")
    assert result.code == 0, result.err
    return list(msgspec.json.decode(result.out))


def quiet_moment(life: Life) -> float:
    """The middle of the longest time in which nothing happened."""
    moments = sorted(
        {*(one.began for one in life.account.episodes), *(one.ended or 0 for one in life.account.episodes)}
    )
    moments = [at for at in moments if life.began < at < life.now]
    gap, start = max((after - before, before) for before, after in pairwise(moments))
    return float(int(start + gap / 2))


def active(life: Life, at: float) -> list[Episode]:
    return [one for one in life.account.episodes if one.began <= at and (one.ended is None or one.ended > at)]


def measured(life: Life, at: float) -> dict[tuple[str, str], dict[str, float]]:
    """What can be told of every relation of then from the episodes alone."""
    there = active(life, at)
    held = Counter(one.external for one in there)
    gone = Counter(
        one.external for one in life.account.episodes if one.status == "lost" and one.ended and one.ended <= at
    )
    return {
        (one.userid, one.external): {
            "days": min((at - one.began) / DAY_S, 1e3),
            "others": held[one.external] - 1,
            "losses": gone[one.external],
        }
        for one in there
    }


def test_what_is_measured_at_a_moment_of_the_past(life: Life) -> None:
    at = quiet_moment(life)
    expected = measured(life, at)
    rows = score(life.home, "--rules", rules(life.home), "--at", str(int(at)))
    assert {(row["userid"], row["external_userid"]) for row in rows} == expected.keys()
    for row in rows:
        wanted = expected[row["userid"], row["external_userid"]]
        assert [row[name] for name in wanted] == pytest.approx(list(wanted.values()), abs=0.01)
        assert row["score"] == pytest.approx(sum(row[name] for name in MEASURES), abs=0.05)
    assert [row["score"] for row in rows] == sorted((row["score"] for row in rows), reverse=True)
    assert len({one["losses"] for one in expected.values()}) > 1


def test_what_is_measured_now(life: Life) -> None:
    rows = score(life.home, "--rules", rules(life.home))
    account = life.account
    assert {(row["userid"], row["external_userid"]) for row in rows} == account.open.keys()
    for row in rows:
        key = row["userid"], row["external_userid"]
        one = account.truth[key]
        since = max(account.open[key].began, account.changed.get(key, 0))
        assert row["tags"] == len(one.tag_ids)
        assert row["no_remark"] == (one.remark in ("", one.name))
        assert row["quiet_days"] == pytest.approx(min((life.now - since) / DAY_S, 1e3), abs=0.02)
    assert len({row["tags"] for row in rows}) > 2


@pytest.mark.parametrize("days", [5, 20])
def test_hits_by_tenths_and_the_base_rate(life: Life, days: int) -> None:
    at = quiet_moment(life) - 12 * DAY_S if days == 20 else quiet_moment(life)
    at = min(at, life.now - days * DAY_S - 1)
    until = at + days * DAY_S
    sums = {
        key: sum(PLAIN[name][0] * min(one[name], PLAIN[name][1]) / PLAIN[name][1] for name in PLAIN)
        for key, one in measured(life, at).items()
    }
    lost: dict[tuple[str, str], bool | None] = {}
    for one in active(life, at):
        over = one.ended is not None and one.ended <= until
        lost[one.userid, one.external] = over if not over or one.status == "lost" else None
    rows = score(
        life.home,
        *("--rules", rules(life.home, factors=PLAIN), "--backtest", "--at", str(int(at)), "--days", str(days)),
    )
    order = sorted(
        (key for key, hit in lost.items() if hit is not None and key in known(life, at)), key=lambda k: (-sums[k], *k)
    )
    base = sum(bool(lost[key]) for key in order) / len(order)
    assert len(rows) == 10
    assert sum(row["customers"] for row in rows) == len(order)
    for n, row in enumerate(rows):
        part = order[len(order) * n // 10 : len(order) * (n + 1) // 10]
        hits = sum(bool(lost[key]) for key in part)
        assert (row["decile"], row["customers"], row["hits"]) == (n + 1, len(part), hits)
        assert row["rate"] == pytest.approx(100 * hits / len(part), abs=0.01)
        assert row["lift"] == (pytest.approx(hits / len(part) / base, abs=0.01) if base else None)
        assert (row["from"], row["to"]) == (sums[part[-1]], sums[part[0]])


def known(life: Life, at: float) -> set[tuple[str, str]]:
    """Relations that the cache has known since before that moment."""
    rows = life.home.sql("SELECT userid, external_userid FROM relation WHERE first_seen <= ?", at)
    return set(rows)


def test_history_is_rolled_back_tag_by_tag_and_a_tag_can_be_the_outcome(synced: Wecrm) -> None:
    with synced.world() as world:
        rows = world.db.connection.execute(
            "SELECT g.name || '/' || t.name, t.id FROM tag t JOIN tag_group g ON g.id = group_id ORDER BY 1"
        ).fetchall()
        (goal, goal_id), (_other, other_id) = rows[:2]
        control.advance(world, DAY_S)
        free = [one for one in control.truth(world) if not {goal_id, other_id} & set(one.tag_ids)][:3]
        first, second, third = ((one.userid, one.external_userid) for one in free)
        had = {(one.userid, one.external_userid): len(one.tag_ids) for one in free}
        control.edit_tags(world, [first], [other_id], [])
        control.edit_tags(world, [third], [goal_id], [])
        control.set_remark(world, *second, "老客户")
    assert synced("sync", "-qq").code == 0
    with synced.world() as world:
        control.advance(world, DAY_S)
        moment = int(control.now(world))
        control.advance(world, DAY_S + 600)
        control.edit_tags(world, [first, second], [goal_id], [other_id])
        control.set_remark(world, *second, "")
    assert synced("sync", "-qq").code == 0
    with synced.world() as world:
        control.advance(world, 3 * DAY_S)
    assert synced("sync", "-qq").code == 0
    at = ("--rules", rules(synced), "--at", str(moment))
    then = {(row["userid"], row["external_userid"]): row for row in score(synced, *at)}
    now = {(row["userid"], row["external_userid"]): row for row in score(synced, *at[:2])}
    assert [then[key]["tags"] for key in (first, second, third)] == [had[first] + 1, had[second], had[third] + 1]
    assert [now[key]["tags"] for key in (first, second, third)] == [had[first] + 1, had[second] + 1, had[third] + 1]
    assert [then[key]["changes"] for key in (first, second, third)] == [1, 1, 1]
    assert [now[key]["changes"] for key in (first, second, third)] == [3, 3, 1]
    assert [each[second]["no_remark"] for each in (then, now)] == [0, 1]
    assert then[first]["quiet_days"] == pytest.approx(1, abs=0.1)
    assert now[first]["quiet_days"] == pytest.approx(3, abs=0.1)
    rules(synced, goal)
    tried = score(synced, *at, "--backtest", "--days", "2")
    with synced.world() as world:
        others = [one for one in control.truth(world) if goal_id not in one.tag_ids]
    assert sum(row["hits"] for row in tried) == 2
    assert sum(row["customers"] for row in tried) == len(others) + 2  # whoever had it already is no chance
    assert not sum(row["hits"] for row in score(synced, *at, "--backtest", "--days", "1"))  # noticed by a later sync


def test_each_factor_of_one_customer_is_shown_and_adds_up(life: Life) -> None:
    best = msgspec.json.decode(life.home("report", "score", "--limit", "1", "-f", "json").out)[0]
    result = life.home("report", "score", "--explain", best["external_userid"], "-f", "json")
    rows = [row for row in msgspec.json.decode(result.out) if row["userid"] == best["userid"]]
    *factors, total = rows
    assert [row["factor"] for row in factors] == [*best][5:]
    for row in factors:
        assert row["contribution"] == pytest.approx(
            row["weight"] * min(row["value"], row["cap"]) / row["cap"], abs=0.02
        )
        assert row["contribution"] == best[row["factor"]]
    assert total["contribution"] == pytest.approx(sum(row["contribution"] for row in factors), abs=0.03)
    assert total["contribution"] == best["score"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("chrn",), "churn"),
        (("churn", "--explain", "wmNOBODY"), "wmNOBODY"),
        (("churn", "--backtest", "--at", "2020-01-01"), "begins with the first sync"),
        (("churn", "--backtest", "--at", "now", "--days", "1"), "ends with the last one"),
        (("churn", "--backtest", "--explain", "x"), "--backtest"),
        (("churn", "--rules", "missing.yaml"), "missing.yaml"),
    ],
)
def test_what_cannot_be_told_is_refused(synced: Wecrm, words: tuple[str, ...], said: str) -> None:
    result = synced("report", "score", *words)
    assert result.code == 2
    assert said in result.err


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("column: days", "column: dayz", "dayz"),
        ("cap: 1000", "cap: 0", "factors"),
        ("name: days", "name: tags", "twice"),
        ("outcome: lost", "outcome: lost\n    weigth: 3", "weigth"),
    ],
)
def test_a_slip_in_the_file_is_pointed_at(synced: Wecrm, right: str, wrong: str, said: str) -> None:
    path = Path(rules(synced))
    text = path.read_text("utf-8")
    assert right in text
    path.write_text(text.replace(right, wrong, 1), "utf-8")
    result = synced("report", "score", "test", "--rules", str(path))
    assert result.code == 2
    assert said in result.err


def test_a_purchase_is_a_tag_that_the_user_names_and_who_has_it_is_not_listed(life: Life) -> None:
    unnamed = life.home("report", "score", "purchase")
    assert (unnamed.code, unnamed.out) == (2, "")
    assert "--goal GROUP/NAME" in unnamed.err
    goal = "Stage/Won"
    result = life.home("report", "score", "purchase", "--goal", goal, "-f", "json")
    assert result.code == 0, result.err
    rows = msgspec.json.decode(result.out)
    carried = {key for key in life.account.open if life.tags[goal] in life.account.tags[key]}
    assert carried
    assert {(row["userid"], row["external_userid"]) for row in rows} == life.account.open.keys() - carried
    for words in (("churn", "--goal", goal), ("purchase", "--goal", "Stage/Wonn")):
        assert life.home("report", "score", *words).code == 2, words


def test_a_goal_named_on_the_command_line_is_that_of_a_file(life: Life) -> None:
    written = Path(rules(life.home, "Stage/Won")).read_text("utf-8")
    at = ("--at", str(int(life.began + 10 * DAY_S)), "--backtest", "--days", "25")
    one = score(life.home, "--rules", rules(life.home, "Stage/Won"), *at)
    Path(rules(life.home)).write_text(written.replace("    outcome: Stage/Won\n", ""), "utf-8")
    other = score(life.home, "--rules", str(life.home.home / "scores.yaml"), *at, "--goal", "Stage/Won")
    assert one == other
    assert sum(row["hits"] for row in one) > 0
