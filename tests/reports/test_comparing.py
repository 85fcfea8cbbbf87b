"""`--compare`, `--rows`, `--totals` and `--explain`: what every report has."""

import csv
import io
import json
from typing import Any

import pytest

from tests.conftest import Wecrm
from tests.reports.lives import Life

Row = dict[str, Any]
FIGURES = ("added", "fresh", "active", "lost", "kept", "lost_1", "rate_1", "lost_7", "rate_7", "lost_30", "rate_30")
SUMMED = ("added", "fresh", "active", "lost")


def by_key(rows: list[Row]) -> dict[tuple[str, ...], Row]:
    return {(row["channel"], row["kind"], str(row["codes"]), str(row["known"])): row for row in rows}


@pytest.mark.parametrize(
    ("asked", "earlier"),
    [
        (("--since", "2026-12", "--until", "2026-12"), ("--since", "2026-11", "--until", "2026-11")),
        (("--since", "2026-11-01", "--until", "2026-11-10"), ("--since", "2026-10-22", "--until", "2026-10-31")),
    ],
    ids=["months", "days"],
)
def test_beside_each_figure_stands_that_of_the_period_before(
    life: Life, asked: tuple[str, ...], earlier: tuple[str, ...]
) -> None:
    now, then = by_key(life.report("channels", *asked)), by_key(life.report("channels", *earlier))
    rows = by_key(life.report("channels", *asked, "--compare"))
    assert rows.keys() == now.keys() | then.keys()
    assert any(row["added"] and row["added_before"] for row in rows.values())
    for key, row in rows.items():
        for name in FIGURES:
            new, old = (one[key][name] if key in one else 0 if name in SUMMED else None for one in (now, then))
            assert (row[name], row[f"{name}_before"]) == (new, old), (key, name)
            change = None if new is None or old is None else pytest.approx(new - old)
            assert row[f"{name}_change"] == change, (key, name)


def test_totals_are_the_sums_of_all_rows_in_every_form(life: Life) -> None:
    rows = life.report("followers")
    sums = [sum(row[name] for row in rows) for name in ("active", "lost", "transferred", "out_of_sight")]
    assert sums[0] == len(life.account.open)
    with_totals = life.report("followers", "--totals")
    assert with_totals[:-1] == rows
    assert list(with_totals[-1].values()) == ["Total", None, *sums]
    lines = list(csv.reader(io.StringIO(life.home("report", "followers", "--totals").out)))
    assert lines[-1] == ["Total", "", *map(str, sums)]
    last = life.home("report", "followers", "-f", "markdown", "--limit", "2").lines[-1]
    assert last == f"| **Total** |  | {' | '.join(f'**{n}**' for n in sums)} |"
    table = life.home("report", "followers", "-f", "table", "--limit", "2", "--columns", "name,active,lost").lines
    assert table[-1].split() == [str(sums[0]), str(sums[1])]


def test_programs_get_no_totals_unasked(synced: Wecrm) -> None:
    for form in ("csv", "tsv", "json", "ndjson"):
        assert "Total" not in synced("report", "followers", "-f", form).out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("followers", "--since", "2026-11"), "does not take --since"),
        (("followers", "--compare"), "does not take --compare"),
        (("transfers", "--by", "day"), "does not take --by"),
        (
            ("channels", "--tag", "VIP"),
            "It takes: --since, --until, --department, --member, --channel, --compare, --rows.",
        ),
        (("channels", "--compare"), "--compare needs a period."),
        (("channels", "--compare", "--since", "2999-01"), "--compare needs a period."),
        (("channels", "--since", "2026-12", "--until", "2026-11"), "ends before it begins"),
        (("channels", "--since", "soon"), "is no time"),
        (("customers", "--by", "year"), "--by is day, week or month"),
        (("customers", "--member", "nobody-at-all"), "knows no member"),
        (("customers", "--department", "无此部门"), "no department"),
        (("folowers",), "Did you mean followers?"),
        (("followers,folowers",), "Did you mean followers?"),
        (("-f", "json", "followers"), "behind the report's name"),
        (("followers,tags",), "holds one table"),
        (("followers,tags", "-f", "json", "--columns", "name"), "--columns"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_what_can(synced: Wecrm, words: tuple[str, ...], said: str) -> None:
    result = synced("report", *words)
    assert (result.code, result.out) == (2, ""), result.err
    assert said in result.err


def test_a_report_explains_itself(synced: Wecrm) -> None:
    told = json.loads(synced("report", "channels", "--explain", "-f", "json").out)
    assert {row["what"] for row in told} == {"Title", "Answers", "Counts", "Source", "Caveats", "Options"}
    assert told[-1]["text"] == "--since, --until, --department, --member, --channel, --compare, --rows"
    chinese = json.loads(synced("--lang", "zh", "report", "channels", "--explain", "-f", "json").out)
    assert chinese[0]["text"] == "各渠道的客户"


def test_help_shows_the_options_that_a_report_takes_and_its_definition(synced: Wecrm) -> None:
    followers, channels = (synced("report", name, "--help").out for name in ("followers", "channels"))
    assert "--since" in channels
    assert "--since" not in followers
    assert "a customer of two members counts twice" in " ".join(followers.split())


def test_several_reports_are_one_array_with_a_name_and_rows_each(synced: Wecrm) -> None:
    found = json.loads(synced("report", "followers,tags", "-f", "json").out)
    names = ("followers", "tags")
    assert found == [{"name": name, "rows": json.loads(synced("report", name, "-f", "json").out)} for name in names]


def test_several_reports_for_a_person_stand_below_each_other_without_empty_columns(synced: Wecrm) -> None:
    result = synced("report", "followers,channels", "-f", "table")
    assert result.code == 0, result.err
    rows = json.loads(synced("report", "channels", "-f", "json").out)
    assert all(row["rate_30"] is None for row in rows)
    total = result.lines[-1].split()
    assert total[0] == "Total"
    assert total[1:] == [str(sum(row[key] or 0 for row in rows)) for key in ("added", "fresh", "active", "lost")]
