"""A person's own reports: `.sql` files that become commands, and what is said when they are wrong."""

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import Wecrm
from tests.reports.lives import Life, copied, day_of, midnight

SQL = """-- title: Newcomers
-- summary: Who came, by day, week or month.
-- params: since until by department member channel tag
-- counts: Relations by the period in which they began.
-- source: The view contacts.
-- caveats: Those who came and were lost before a sync are not in it.
--
-- column period: Period
-- column came: Customers | int | heads | sum
-- column share: Share | float | %

SELECT period(added_at, iif(:by = '', 'month', :by)) AS period, count(*) AS came,
  round(100.0 * count(*) / (SELECT count(*) FROM contacts), 1) AS share
FROM contacts c
WHERE added_at >= coalesce(:since, 0) AND added_at < coalesce(:until, :now)
  AND (:member = '[]' OR userid IN (SELECT value FROM json_each(:member)))
  AND (:channel = '[]' OR channel IN (SELECT value FROM json_each(:channel)))
  AND (:department = '[]' OR userid IN (
    SELECT userid FROM member_department WHERE department IN (SELECT value FROM json_each(:department))))
  AND (:tag = '[]' OR EXISTS (
    SELECT 1 FROM relation_tag t, json_each(:tag) j WHERE t.relation_id = c.relation_id AND t.tag_id = j.value))
GROUP BY 1 ORDER BY 1
"""


def put(home: Wecrm, name: str, text: str) -> Path:
    folder = home.home / "reports"
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.sql"
    path.write_text(text, "utf-8")
    return path


def counted(home: Wecrm, *words: str) -> dict[str, int]:
    result = home("report", "newcomers", *words, "-f", "json")
    assert result.code == 0, result.err
    return {row["period"]: row["came"] for row in json.loads(result.out)}


def test_the_options_narrow_and_split_it_as_the_calendar_does(life: Life, tmp_path: Path) -> None:
    home = copied(life, tmp_path)
    put(home, "newcomers", SQL)
    began = {(one.userid, one.external): one for one in life.account.episodes}.values()
    asked = ("--since", "2026-11-01", "--until", "2026-11-30")
    since, until = (
        midnight(day_of(life.began).replace(month=11, day=1)),
        midnight(day_of(life.now).replace(month=12, day=1)),
    )
    within = [one for one in began if since <= one.began < until]
    days = Counter(day_of(one.began).isoformat() for one in within)
    assert len(days) > 5
    assert counted(home, *asked, "--by", "day") == days
    assert counted(home, *asked) == {"2026-11": len(within)}
    (day, count), *_others = days.most_common()
    assert counted(home, "--since", day, "--until", day, "--by", "day") == {day: count}
    userid = Counter(one.userid for one in within).most_common(1)[0][0]
    assert counted(home, *asked, "--member", userid) == {"2026-11": sum(one.userid == userid for one in within)}
    posters = [one for one in within if one.channel in ("poster", "counter")]
    assert counted(home, *asked, "--channel", "poster", "--channel", "counter") == {"2026-11": len(posters)}
    lead = life.tags["Stage/Lead"]
    leads = Counter(
        f"{day_of(one.began):%Y-%m}"
        for one in began
        if lead in life.account.tags[one.userid, one.external] and one.status == "active"
    )
    active = SQL.replace("WHERE", "WHERE status = 'active' AND")
    put(home, "newcomers", active)
    assert counted(home, "--tag", "Stage/Lead", "--by", "month") == leads
    departments = life.departments()
    above = {parent for (parent,) in life.world("SELECT parentid FROM department")}
    id_ = min({each for ids in departments.values() for each in ids} - above)
    people = {userid for userid, ids in departments.items() if id_ in ids and userid != life.left}
    mine = [one for one in within if one.userid in people and one.status == "active"]
    assert mine
    assert sum(counted(home, *asked, "--department", str(id_)).values()) == len(mine)


def test_it_has_the_forms_the_help_and_the_place_of_the_others(synced: Wecrm, tmp_path: Path) -> None:
    put(synced, "newcomers", SQL)
    put(synced, "broken", SQL.replace("GROUP BY", "GRUOP BY"))
    listed = {row["name"]: row for row in json.loads(synced("report", "-f", "json").out)}
    assert listed["newcomers"] == {"name": "newcomers", "summary": "Who came, by day, week or month.", "broken": None}
    assert "line 22, column 1" in listed["broken"]["broken"]
    assert listed["followers"]["broken"] is None
    assert "one page" in listed["dashboard"]["summary"]
    assert listed["score"]["broken"] is None
    text = synced("report", "newcomers", "--help").out
    assert "--department" in text
    assert "--rows" not in text
    assert "Relations by the period in which they began." in text
    assert "newcomers" in synced("report", "--help").out
    heading = synced("report", "newcomers", "-f", "markdown").lines[0]
    assert heading == "| Period | Customers (heads) | Share (%) |"
    total = synced("report", "newcomers", "-f", "markdown").lines[-1]
    assert total == "| **Total** | **2000** |  |"
    book = tmp_path / "week.xlsx"
    assert synced("report", "followers,newcomers", "-o", str(book)).code == 0
    assert book.read_bytes()[:2] == b"PK"


def place_of(text: str, offset: int) -> str:
    lines = text[:offset].split("\n")
    return f"line {len(lines)}, column {len(lines[-1]) + 1}: "


@pytest.mark.parametrize(
    ("right", "wrong", "at", "said"),
    [
        ("FROM contacts c", "FORM contacts c", "FORM", "SQLite can't run"),
        ("FROM contacts c", "FROM contcts c", "contcts", "SQLite can't run"),
        ("AS share\n", "AS share,\n ", "", "SQLite can't run"),
        ("userid IN (SELECT value FROM json_each(:member))", "useridd = 'useridd'", "useridd", "SQLite can't run"),
        ("count(*) AS came", "/* cuont */ cuont(*) AS came", "cuont(", "SQLite can't run"),
        (":until, :now", ":untill, :now", ":untill", "There is no parameter :untill."),
        ("params: since until by", "params: since by", "", "The params of the header lack :until."),
    ],
)
def test_a_slip_in_the_query_is_pointed_at(synced: Wecrm, right: str, wrong: str, at: str, said: str) -> None:
    text = SQL.replace(right, wrong, 1)
    offset = SQL.index(right) + wrong.index(at)
    if right == "AS share\n":  # the comma is right until FROM comes
        offset = text.index("FROM contacts c")
    elif "params" in right:
        offset = text.index(":until")
    put(synced, "mine", text)
    result = synced("report", "mine")
    assert (result.code, result.out) == (2, "")
    assert f"mine.sql, {place_of(text, offset)}{said}" in result.err


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("FROM contacts c", "FROM contcts c", "Did you mean contacts"),
        ("(:since, 0)", "(:sinc, 0)", "Did you mean since?"),
        ("ORDER BY 1\n", "ORDER BY (1\n", "incomplete input"),
        ("params: since", "params: sicne since", "The query has no parameter :sicne."),
        ("-- counts", "-- count", "line 4: There is no heading 'count'."),
        ("-- counts: Relations by the period in which they began.\n", "", "The heading counts is missing."),
        ("-- source", "-- title", "line 5: The heading title stands twice."),
        ("| int |", "| itn |", "line 9: There is no kind 'itn'"),
        ("| sum", "| total", "line 9: Behind the unit only `sum` may stand"),
        ("column came", "column cmae", "Did you mean came?"),
        ("-- source: The", "-- database: crm\n-- source: The", "The database is cache or archive"),
        ("SELECT period", "DELETE FROM contact; SELECT period", "Only reading is possible"),
        ("SELECT period", "SELECT load_extension('x'), period", "Only reading is possible"),
    ],
)
def test_a_mistake_is_told_and_ends_with_2(synced: Wecrm, right: str, wrong: str, said: str) -> None:
    assert right in SQL
    put(synced, "mine", SQL.replace(right, wrong, 1))
    put(synced, "newcomers", SQL)
    result = synced("report", "mine")
    assert (result.code, result.out) == (2, ""), result.err
    assert said in result.err
    assert "mine.sql" in result.err
    assert synced("report", "newcomers").code == 0


@pytest.mark.parametrize("name", ["followers", "dashboard", "Big", "a b"])
def test_a_name_that_is_taken_or_odd_is_broken(synced: Wecrm, name: str) -> None:
    put(synced, name, SQL)
    rows = [row for row in json.loads(synced("report", "-f", "json").out) if row["broken"]]
    assert [row["name"] for row in rows] == [name]
    assert json.loads(synced("report", "followers", "-f", "json").out)[0].keys() >= {"userid", "active"}


def test_a_file_that_is_no_text_is_broken_and_nothing_can_be_written(synced: Wecrm) -> None:
    path = put(synced, "odd", "")
    path.write_bytes(b"-- title: x\n\xff")
    assert "line 2: it is not UTF-8" in synced("report", "odd").err
    put(synced, "odd", "-- title: x\n-- counts: y\nUPDATE member SET name = 'x'\n")
    result = synced("report", "odd")
    assert (result.code, result.out) == (2, "")
    assert "Only reading is possible here." in result.err
    assert synced.sql("SELECT count(*) FROM member WHERE name = 'x'") == [(0,)]


def test_one_that_asks_the_archive_needs_it_and_its_rows_are_logged(synced: Wecrm) -> None:
    put(synced, "said", "-- title: Said\n-- counts: Records.\n-- database: archive\nSELECT seq FROM record LIMIT 3\n")
    assert synced("report", "said").code == 4
    assert synced("archive", "pull").code == 0
    result = synced("report", "said", "--reason", "a look", "-f", "json")
    assert (result.code, len(json.loads(result.out))) == (0, 3), result.err
    (entry,) = json.loads(synced("archive", "accesses", "-f", "json").out)[-1:]
    assert (entry["command"], entry["rows"], entry["reason"]) == ("report said", 3, "a look")


ENCRYPTED = """-- title: Said by day
-- counts: Messages of customers and members.
-- params: since
-- database: archive
-- column day: Day
-- column messages: Messages | int | | sum
SELECT period(msgtime / 1000, 'day') AS day, count(*) AS messages, count(DISTINCT sender) AS senders FROM record
WHERE msgtime >= 1000 * coalesce(:since, 0) GROUP BY 1 ORDER BY 1
"""


def test_one_reads_an_encrypted_archive_as_a_plain_one(synced: Wecrm) -> None:
    put(synced, "said", ENCRYPTED)
    assert synced("archive", "pull").code == 0
    plain = synced("report", "said", "--totals", "-f", "json")
    assert plain.code == 0, plain.err
    assert len(json.loads(plain.out)) > 2
    profile = {"corp_id": "wwsandbox00000001", "archive": {"encryption": "env:WORDS"}}
    (synced.home / "config.yaml").write_text(json.dumps({"profiles": {"sandbox": profile}}), "utf-8")
    with_words = Wecrm(synced.home, {"WORDS": "correct horse, battery staple"})
    assert with_words("archive", "encrypt", "--yes").code == 0
    (database,) = (synced.home / "data").glob("*.archive.db")
    assert not database.read_bytes().startswith(b"SQLite format 3")
    found = with_words("report", "said", "--totals", "-f", "json")
    assert (found.code, json.loads(found.out)) == (0, json.loads(plain.out)), found.err
    assert "From the session archive" in found.err
    assert with_words("report", "messages", "-f", "json").code == 0
    wrong = Wecrm(synced.home, {"WORDS": "wrong"})("report", "said")
    assert (wrong.code, wrong.out) == (4, "")


def test_one_that_takes_too_long_is_stopped_when_asked(synced: Wecrm) -> None:
    endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS n FROM n"
    put(synced, "endless", f"-- title: Endless\n-- counts: For ever.\n{endless}\n")
    result = synced("report", "endless", "--timeout", "0.2s")
    assert (result.code, result.out) == (2, "")
    assert "0.2" in result.err
    assert "--timeout" in synced("report", "endless", "--help").out
    assert "--timeout" not in synced("report", "followers", "--help").out
    refused = synced("report", "followers", "--timeout", "5s")
    assert refused.code == 2
    assert "does not take --timeout" in refused.err
    assert synced("report", "endless", "--timeout", "soon").code == 2


def test_a_hostile_heading_is_only_text(synced: Wecrm) -> None:
    put(synced, "evil", "-- title: x\n-- summary: \x1b[2J=1+1\n-- counts: y\nSELECT '\x1b]0;x\x07' AS \"=a\"\n")
    for words in (("report",), ("report", "--help"), ("report", "evil"), ("report", "evil", "-f", "table")):
        found = synced(*words, "-f", "table") if words == ("report",) else synced(*words)
        assert "\x1b[2J" not in found.err, words
        if words[-1] != "evil":
            assert "\x1b" not in found.out, words
