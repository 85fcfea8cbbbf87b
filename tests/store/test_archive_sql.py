"""`wecrm sql --archive`: reads the archive and nothing else, and not unseen."""

import json

import pytest

from tests.conftest import Wecrm

ACCESSES = "SELECT command, reason, filter, rows FROM access ORDER BY id"


@pytest.fixture(params=["plain", "encrypted"])
def corp(request: pytest.FixtureRequest, wecrm: Wecrm) -> Wecrm:
    """A corp whose archive is still empty."""
    if request.param == "encrypted":
        pytest.importorskip("sqlcipher3")
        own = {"corp_id": "wwsandbox00000001", "archive": {"encryption": "env:PASSPHRASE"}}
        (wecrm.home / "config.yaml").write_text(json.dumps({"profiles": {"sandbox": own}}))
        wecrm.env["PASSPHRASE"] = "seven words"
    return wecrm


def test_a_query_is_in_the_access_log_with_the_number_of_its_rows(corp: Wecrm) -> None:
    first = corp("sql", "--archive", "SELECT 1 AS one UNION SELECT 2", "--reason", "figures", "-f", "json")
    assert (first.code, json.loads(first.out)) == (0, [{"one": 1}, {"one": 2}]), first.err
    assert corp("sql", "--archive", "SELECT 1 UNION SELECT 2", "--limit", "1").lines == ["1", "1"]
    listed = json.loads(corp("sql", "--archive", ACCESSES, "-f", "json").out)
    assert listed == [
        {"command": "sql --archive", "reason": "figures", "filter": "SELECT 1 AS one UNION SELECT 2", "rows": 2},
        {"command": "sql --archive", "reason": "", "filter": "SELECT 1 UNION SELECT 2", "rows": 1},
        {"command": "sql --archive", "reason": "", "filter": ACCESSES, "rows": 2},
    ]
    verified = corp("archive", "verify")
    assert (verified.code, "3 of 3 links" in verified.err) == (0, True), verified.err


@pytest.mark.parametrize(
    "query",
    ["DELETE FROM access", "ATTACH 'x' AS y", "SELECT 1; SELECT 2", "SELECT * FROM contacts", "PRAGMA key = 'x'"],
)
def test_what_is_no_reading_of_the_archive_is_refused_and_not_logged(corp: Wecrm, query: str) -> None:
    refused = corp("sql", "--archive", query)
    assert (refused.code, refused.out) == (2, ""), refused.err
    assert corp("archive", "accesses").lines[1:] == []


def test_a_query_that_takes_too_long_is_ended(corp: Wecrm) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    ended = corp("sql", "--archive", endless, "--timeout", "0.2s")
    assert ended.code == 2
    assert "--timeout" in ended.err
