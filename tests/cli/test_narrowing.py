"""`--where`, `--sort` and `--limit` of tables that a command makes, as of those that are views of the cache."""

import json
import sqlite3

import pytest

from tests.conftest import Wecrm

REPORT = ("report", "followers")


def test_a_made_table_is_chosen_and_sorted_as_a_view_is(synced: Wecrm) -> None:
    every = json.loads(synced(*REPORT, "-f", "json").out)
    most = max(row["active"] for row in every)
    condition = f"active between 1 and {most - 1} and not name like 'A%'"
    found = json.loads(synced(*REPORT, "--where", condition, "--sort", "-active,userid", "-f", "json").out)
    kept = [row for row in every if 1 <= row["active"] < most and not row["name"].startswith(("A", "a"))]
    assert 1 < len(kept) < len(every)
    assert found == sorted(kept, key=lambda row: (-row["active"], row["userid"]))
    limited = synced(*REPORT, "--where", condition, "--sort", "-active,userid", "--limit", "2", "-f", "json")
    assert json.loads(limited.out) == found[:2]
    hidden = synced(*REPORT, "--where", condition, "--columns", "name", "--sort", "-active,userid", "-f", "json")
    assert json.loads(hidden.out) == [{"name": row["name"]} for row in found]


def test_equals_stay_in_their_order_and_what_is_empty_comes_last(synced: Wecrm) -> None:
    every = json.loads(synced("report", "channels", "-f", "json").out)
    found = json.loads(synced("report", "channels", "--sort", "known", "-f", "json").out)
    assert {row["known"] for row in every} == {True, False, None}
    assert found == [row for value in (False, True, None) for row in every if row["known"] is value]


def test_lists_and_times_of_a_made_table_can_be_asked(synced: Wecrm) -> None:
    every = json.loads(synced("contacts", "duplicates", "-f", "json").out)
    userid = every[-1]["userids"][0]
    found = json.loads(synced("contacts", "duplicates", "--where", f"userids has '{userid}'", "-f", "json").out)
    assert 0 < len(found) < len(every)
    assert found == [row for row in every if userid in row["userids"]]
    states = json.loads(synced("status", "--where", "last_success > '1h ago'", "-f", "json").out)
    assert {row["purpose"] for row in states} == {"members", "tags", "contacts", "groups", "livecodes", "stats"}
    assert json.loads(synced("status", "--where", "last_success < '1h ago'", "-f", "json").out) == []


def test_a_totals_row_is_left_out_when_it_would_add_up_other_rows(synced: Wecrm) -> None:
    totals = synced("report", "channels", "-f", "markdown").lines[-1]
    assert totals.startswith("| **Total** |")
    assert synced("report", "channels", "--sort", "-added", "-f", "markdown").lines[-1] == totals
    assert "Total" not in synced("report", "channels", "--where", "added > 0", "-f", "markdown").out


@pytest.mark.parametrize("words", [("--where", "activ > 1"), ("--sort", "activ"), ("--where", "active >")])
def test_a_wrong_name_or_condition_is_exit_2(synced: Wecrm, words: tuple[str, str]) -> None:
    result = synced(*REPORT, *words)
    assert result.code == 2
    assert "active" in result.err


@pytest.mark.parametrize("words", [("--where", "active > 1"), ("--sort", "active"), ("--columns", "active")])
def test_several_tables_take_nothing_that_is_about_one(synced: Wecrm, words: tuple[str, str]) -> None:
    for form in ("table", "json"):
        result = synced("report", "followers,tags", *words, "-f", form)
        assert (result.code, result.out) == (2, ""), form
        assert words[0] in result.err


def test_what_a_limit_leaves_out_counts_for_the_exit_code(synced: Wecrm) -> None:
    with sqlite3.connect(synced.database) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("DELETE FROM contact WHERE external_userid = (SELECT external_userid FROM relation LIMIT 1)")
    checked = synced("db", "check", "-f", "json")
    assert checked.code == 9
    limited = synced("db", "check", "--limit", "0", "-f", "json")
    assert (limited.code, json.loads(limited.out)) == (9, [])
    assert limited.err.splitlines()[-1] == checked.err.splitlines()[-1]
