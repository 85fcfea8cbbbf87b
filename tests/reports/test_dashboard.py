"""The dashboard: its figures are those of a plain count, and nothing that a stranger wrote is obeyed."""

import re
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import Wecrm
from tests.reports.lives import Episode, Life, copied, day_of, midnight
from tests.reports.pages import Page
from tests.reports.test_customers import counted
from wecrm.reports.dashboardparts import PARTS
from wecrm.sandbox import control

TITLES = {"total": "In all", "new": "New", "fresh": "New to the corp", "lost": "Lost", "net": "Net"}
NOVEMBER = ("--since", "2026-11", "--until", "2026-11")
HOSTILE = '=1+1</td><script>alert(1)</script><img src="https://x.example/a.png">\x1b[31m\u202eevil {{ 7*7 }}'


def page(home: Wecrm, *words: str) -> Page:
    result = home("report", "dashboard", "-f", "html", *words)
    assert result.code == 0, result.err
    return Page(result.out)


def number(text: str) -> float | None:
    return None if text in ("", "—") else float(text.replace(",", "").removeprefix("+").removeprefix("±"))


def by_member(life: Life, since: float, until: float) -> dict[str, dict[str, int]]:
    parts: dict[str, list[Episode]] = defaultdict(list)
    for one in life.account.episodes:
        parts[one.userid].append(one)
    return {userid: counted(life, part, since, until) for userid, part in parts.items()}


def test_key_figures_beside_those_of_the_month_before(life: Life) -> None:
    cards = page(life.home, *NOVEMBER).sections[0].cards
    now = counted(life, life.account.episodes, midnight(date(2026, 11, 1)), midnight(date(2026, 12, 1)))
    before = counted(life, life.account.episodes, midnight(date(2026, 10, 1)), midnight(date(2026, 11, 1)))
    assert cards.keys() == set(TITLES.values())
    for key, title in TITLES.items():
        value, told = cards[title]
        change, was = told.split(", before ")
        assert [number(each) for each in (value, was, change)] == [now[key], before[key], now[key] - before[key]], key
    assert now["lost"] > 10


def test_the_lines_have_every_day_of_the_month(life: Life) -> None:
    points = page(life.home, *NOVEMBER).sections[0].points
    days = [date(2026, 11, 1) + timedelta(days=n) for n in range(30)]
    for key, title in (("new", "New"), ("lost", "Lost"), ("total", "In all")):
        expected = [
            counted(life, life.account.episodes, midnight(day), midnight(day + timedelta(days=1)))[key] for day in days
        ]
        told = [(label, number(value)) for label, value in points[title]]
        assert told == [(f"{day:%m-%d}", value) for day, value in zip(days, expected, strict=True)], title


def test_the_last_seven_whole_days_unless_told(life: Life) -> None:
    found = page(life.home)
    today = day_of(life.now)
    first, last = today - timedelta(days=7), today - timedelta(days=1)
    assert f"{first} – {last}, beside {first - timedelta(days=7)} – {first - timedelta(days=1)}." in found.text
    expected = counted(life, life.account.episodes, midnight(first), midnight(today))
    for key, title in TITLES.items():
        assert number(found.sections[0].cards[title][0]) == expected[key], key


def test_members_as_a_chart_and_as_a_table_with_the_totals_of_all(life: Life) -> None:
    section = page(life.home, *NOVEMBER, "--rows", "4").section("Ranking of members")
    expected = by_member(life, midnight(date(2026, 11, 1)), midnight(date(2026, 12, 1)))
    ((heads, *rows, totals),) = section.tables
    assert heads == ["Userid", "Name", "New", "Lost", "Handed over", "Net", "In all"]
    keys = ("new", "lost", "handed_over", "net", "total")
    assert len(rows) == 4
    for userid, _name, *cells in rows:
        assert [number(cell) for cell in cells] == [expected[userid][key] for key in keys], userid
    assert [row[0] for row in rows] == [
        userid
        for userid, one in sorted(expected.items(), key=lambda item: (-item[1]["new"], -item[1]["total"], item[0]))
    ][:4]
    assert [number(cell) for cell in totals[2:]] == [sum(one[key] for one in expected.values()) for key in keys]
    shown = len([one for one in expected.values() if any(one.values())])
    assert f"4 of {shown} rows." in section.texts
    drawn = sorted(number(value) or 0 for _label, value in section.points["New"])
    assert drawn == sorted(one["new"] for one in expected.values() if one["new"] or one["lost"])[-12:]


def test_the_funnel_draws_what_the_report_counts(life: Life) -> None:
    section = page(life.home, *NOVEMBER).section("Funnel")
    counts = [(row["stage"], row["reached"]) for row in life.report("funnel", *NOVEMBER)]
    assert [(label, number(value)) for label, value in section.points["Reached it"]] == counts
    assert counts[0][1] > 0


def test_one_member_alone_and_what_cannot_answer_is_left_out_and_named(life: Life) -> None:
    expected = by_member(life, midnight(date(2026, 11, 1)), midnight(date(2026, 12, 1)))
    userid = max(expected, key=lambda each: (expected[each]["new"], each))
    found = page(life.home, *NOVEMBER, "--member", userid)
    for key in ("new", "lost", "total"):
        assert number(found.sections[0].cards[TITLES[key]][0]) == expected[userid][key]
    assert f"Members: {userid}." in found.text
    titles = [section.title for section in found.sections]
    assert "Acquisition links" not in titles
    (left_out,) = found.section("Left out").texts
    assert "Acquisition links" in left_out
    assert "Ranking of members" not in left_out


def test_text_says_the_same_and_no_line_holds_more_than_text(life: Life) -> None:
    shown = page(life.home, *NOVEMBER)
    result = life.home("report", "dashboard", *NOVEMBER)
    assert result.code == 0
    lines = result.out.splitlines()
    for title, (value, change) in shown.sections[0].cards.items():
        (line,) = [each for each in lines if re.match(rf"{title} +{value} +{re.escape(change)}", each)]
        assert line == line.rstrip()
    for section in shown.sections:
        if section.title:
            assert section.title in lines
        for table in section.tables:
            for row in table[1:]:
                assert any(all(cell in line for cell in row) for line in lines), row
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f]", result.out)


def test_everything_shown_says_what_it_counts(life: Life) -> None:
    found = page(life.home, *NOVEMBER)
    titles = [section.title for section in found.sections]
    place = titles.index("What is counted")
    explained = {title for each in found.sections[place + 1 :] for title in each.title.split("; ")}
    assert explained == {"Customers", *titles[1:place]} - {"Nothing to show", "Left out"}
    assert all(section.texts for section in found.sections[place + 1 :])


def test_names_that_strangers_wrote_are_only_words(life: Life, tmp_path: Path) -> None:
    home = copied(life, tmp_path)
    with home.world() as world, world.writing() as db:
        for sql in (
            "UPDATE contact SET detail = json_set(detail, '$.name', ?)",
            "UPDATE chat SET head = json_set(head, '$.name', ?)",
            "UPDATE member SET name = ?",
            "UPDATE tag SET name = substr(? || id, -300)",
            "UPDATE tag_group SET name = ? || id",
            "UPDATE department SET name = ?",
        ):
            db.execute(sql, (HOSTILE,))
        world.changed()
    assert home("sync", "--max-removals", "100%", "-qq").code in (0, 7)
    found = page(home, *NOVEMBER, "--rows", "50")
    assert not found.tags.keys() & {"script", "img", "iframe", "object", "a", "form", "base", "use", "foreignobject"}
    assert found.tags["link"] == 1
    names = {name for name, _value in found.attributes}
    assert not [name for name in names if name.startswith("on") or name in ("src", "style", "xlink:href")]
    assert [value for name, value in found.attributes if name == "href"] == ["data:,"]
    assert found.text.count("<script>alert(1)</script>") > 20
    assert "{{ 7*7 }}" in found.text
    text = home("report", "dashboard", *NOVEMBER).out
    assert "alert(1)" in text
    for each in (found.text, text):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", each)
        assert r"\e[31m\u202eevil" in each


@pytest.fixture
def talking(synced: Wecrm) -> tuple[Wecrm, list[tuple[str, str]]]:
    """A home with a small archive: a few members who wrote to customers, an hour ago."""
    with synced.world() as world:
        keys = sorted((one.userid, one.external_userid) for one in control.truth(world))[::150]
        at = int(control.now(world) - 3600) * 1000
        for n, (userid, external) in enumerate(keys):
            for k in range(n + 1):
                control.archive_say(world, userid, external, "您好", msgtime=at + 1000 * k)
    assert synced("archive", "pull", "-qq").code == 0
    return synced, keys


def test_every_part_has_the_columns_that_are_drawn(talking: tuple[Wecrm, object]) -> None:
    for part in PARTS:
        keys = {*part.columns, *part.some, *(part.shape.labels + part.shape.values if part.shape else ())}
        result = talking[0]("report", part.report, "-f", "csv")
        assert result.code == 0, result.err
        assert keys <= set(result.lines[0].split(",")), part.report


def test_archived_messages_stand_on_the_page_and_their_hours(talking: tuple[Wecrm, list[tuple[str, str]]]) -> None:
    home, keys = talking
    sent: Counter[str] = Counter()
    for n, (userid, _external) in enumerate(keys):
        sent[userid] += n + 1
    with home.world() as world:
        day = datetime.fromtimestamp(control.now(world) - 3600, ZoneInfo("Asia/Shanghai"))
    found = page(home, "--since", f"{day:%Y-%m-%d}", "--rows", "50")
    ((heads, *rows, _totals),) = found.section("Messages of members").tables
    place = heads.index("Sent in them")
    assert {row[0]: number(row[place]) for row in rows if number(row[place])} == sent
    hours = found.section("Busiest hours").points["From members"]
    assert len(hours) == 24
    assert {label: number(value) for label, value in hours if number(value)} == {f"{day:%H}:00": sent.total()}
    assert "您好" not in found.text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-o", "week.pdf"), "html or text"),
        (("-f", "xlsx"), "html or text"),
        (("--since", "2026-11", "--until", "2026-10"), "ends before it begins"),
        (("--member", "nobody.at.all"), "nobody.at.all"),
    ],
)
def test_what_cannot_be_done_is_refused_and_nothing_is_written(
    synced: Wecrm, words: tuple[str, ...], said: str
) -> None:
    target = synced.home / words[1] if words[0] == "-o" else synced.home / "kept.html"
    target.write_text("kept", "utf-8")
    result = synced("report", "dashboard", *words, *(() if words[0] == "-o" else ("-o", str(target))))
    assert result.code == 2
    assert said in result.err
    assert target.read_text("utf-8") == "kept"


def test_a_cache_without_customers_makes_a_page_that_says_so(wecrm: Wecrm) -> None:
    result = wecrm("report", "dashboard")
    assert result.code == 0, result.err
    assert "Nothing to show" in result.lines


def test_a_file_is_for_its_owner_and_the_ending_tells_the_form(synced: Wecrm) -> None:
    for name, begins in (("a.html", "<!DOCTYPE html>"), ("a.txt", "Customers of sandbox\n===")):
        file = synced.home / name
        assert synced("report", "dashboard", "-o", str(file)).code == 0
        assert file.read_text("utf-8").startswith(begins)
        assert file.stat().st_mode & 0o777 == 0o600
