"""The example for HR systems runs as it stands, and a scan by an app with few rights says what it could not see."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.conftest import Served
from tests.conftest import Wecrm
from wecrm.sandbox import control
from wecrm.sandbox.identity import SECRETS

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "offboard_leavers.sh"
CORP = "wwsandbox00000001"
DAY_S = 86400


def run(home: Wecrm, leavers: Path, corp: str = CORP) -> "subprocess.CompletedProcess[str]":
    """The script as an HR system starts it."""
    folder = home.home / "bin"
    folder.mkdir(exist_ok=True)
    command = folder / "wecrm"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m wecrm "$@"\n')
    command.chmod(0o755)
    env = {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "WECRM_HOME": str(home.home),
        "WECRM_PROFILE": "sandbox",
    }
    words = [str(SCRIPT), str(leavers), corp, str(home.home / "reports")]
    return subprocess.run(words, env=env, capture_output=True, text=True, check=False)


def pass_days(home: Wecrm, days: float) -> None:
    with home.world() as world:
        control.advance(world, days * DAY_S)


def states(home: Wecrm) -> list[str]:
    return [state for (state,) in home.sql("SELECT state FROM offboarding ORDER BY userid")]


@pytest.fixture
def people(synced: Wecrm) -> list[str]:
    """Members with few customers, who may leave or take over."""
    found = synced.sql(
        "SELECT m.userid FROM member m JOIN relation r ON r.userid = m.userid AND r.status = 'active' "
        "WHERE m.follows AND m.status = 1 GROUP BY 1 HAVING count(*) > 5 ORDER BY count(*), 1"
    )
    return [userid for (userid,) in found]


def test_a_list_of_leavers_becomes_a_closed_case_with_its_reports(synced: Wecrm, people: list[str]) -> None:
    leaver, taker = people[:2]
    leavers = synced.csv("leavers.csv", "userid,takeover,due,then", [(leaver, taker, "2026-11-02", "delete")])
    with synced.world() as world:
        control.refusal_share(world, 1.0)
    assert run(synced, leavers).returncode == 0
    assert states(synced) == ["waiting"]
    pass_days(synced, 2.1)
    assert synced("offboard", "advance", "--all").code == 0
    pass_days(synced, 1.1)
    refused = run(synced, leavers)
    assert refused.returncode == 3, refused.stderr
    assert "could not be handed over" in refused.stderr
    assert states(synced) == ["closed"]
    ((case,),) = synced.sql("SELECT id FROM offboarding")
    reports = synced.home / "reports"
    assert {path.name for path in reports.iterdir()} == {f"{case}.html", f"{case}.json"}
    assert json.loads((reports / f"{case}.json").read_text())[0]["userid"] == leaver
    quiet = run(synced, leavers)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")


def test_a_mistake_in_the_list_does_not_stop_the_cases_under_way(synced: Wecrm, people: list[str]) -> None:
    one, two, taker = people[:3]
    words = ("offboard", "start", one, "--to", taker, "--due", "2026-11-02", "--confirm", CORP, "--yes")
    assert synced(*words).code == 0
    assert synced("offboard", "advance", "--all").code == 0
    assert synced.sql("SELECT count(*) FROM transfer WHERE status = 'waiting'") != [(0,)]
    pass_days(synced, 2.1)
    wrong = run(synced, synced.csv("wrong.csv", "userid,takeover,due", [(two, "nobody.here", "2026-11-20")]))
    assert wrong.returncode == 6  # graver than the mistake: HR has not deleted the leaver
    assert "nobody.here" in wrong.stderr
    assert "has a mistake" in wrong.stderr
    assert "A case needs a person" in wrong.stderr
    assert synced.sql("SELECT count(*) FROM transfer WHERE status = 'waiting'") == [(0,)]
    other = run(synced, synced.csv("other.csv", "userid,takeover,due", [(one, taker, "2026-11-21")]))
    assert other.returncode == 7
    assert "another case" in other.stderr
    assert len(states(synced)) == 1


def test_an_app_that_may_not_read_who_is_a_member_says_what_is_missing(served: Served) -> None:
    home = served(members=12, contacts=200)
    home.env["S_DIRECTORY"] = SECRETS["other"]
    assert home("sync").code == 0
    userid = home.sql("SELECT userid FROM relation WHERE status = 'active' GROUP BY 1 ORDER BY count(*) DESC")[0][0]
    with home.world() as world:
        control.delete_member(world, userid)
    result = home("offboard", "scan", "-f", "json")
    assert result.code == 0, result.err
    assert "that needs contact sync" in result.err
    (row,) = [row for row in json.loads(result.out) if row["userid"] == userid]
    assert row["customers"] > 0
    assert "gone" not in row["found_by"]


def test_members_outside_the_range_of_an_app_that_stands_for_contact_sync_have_not_left(served: Served) -> None:
    home = served(members=12, contacts=200)
    home.env["S_DIRECTORY"] = SECRETS["other"]
    assert home("sync", "members").code == 0
    with home.world() as world:
        control.set_visible_range(world, "other", [3])
    assert home("sync", "members").code == 0
    assert home.sql(
        "SELECT count(*) > 0, sum(follows) > 0, sum(gone_at IS NOT NULL) FROM member WHERE NOT in_view"
    ) == [(1, 1, 0)]
    scanned = home("offboard", "scan", "-f", "json")
    assert (scanned.code, json.loads(scanned.out)) == (0, [])
