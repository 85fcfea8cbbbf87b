"""`contacts lost|duplicates|export`."""

import json
import stat

from tests.conftest import Wecrm
from wecrm.sandbox import control


def test_lost_tells_when_and_with_whom(synced: Wecrm) -> None:
    userid = synced.sql("SELECT userid FROM relation GROUP BY userid HAVING count(*) > 30 LIMIT 1")[0][0]
    external = synced.sql("SELECT external_userid FROM relation WHERE userid = ? LIMIT 1", userid)[0][0]
    assert json.loads(synced("contacts", "lost", "-f", "json").out) == []
    with synced.world() as world:
        control.delete_relation(world, userid, external)
    assert synced("sync", "contacts").code == 0
    found = json.loads(synced("contacts", "lost", "-f", "json").out)
    assert [(row["userid"], row["external_userid"], row["status"]) for row in found] == [(userid, external, "lost")]
    assert found[0]["status_at"].startswith("2026-11-01T")
    assert json.loads(synced("contacts", "lost", "--where", "status = 'transferred'", "-f", "json").out) == []


PAIRS = {
    "mobile": "SELECT mobile AS v, external_userid AS e, userid AS u FROM relation_mobile "
    "JOIN relation ON id = relation_id",
    "unionid": "SELECT unionid AS v, external_userid AS e, userid AS u FROM contact "
    "JOIN relation USING (external_userid)",
}


def test_duplicates_are_those_that_the_cache_has(synced: Wecrm) -> None:
    assert synced.sql("SELECT count(*) FROM contact WHERE unionid = ''")[0][0] > 1
    two = synced.sql("SELECT min(userid), external_userid FROM relation GROUP BY external_userid LIMIT 2")
    file = synced.csv("same.csv", "userid,external_userid,mobiles", [(*key, "13800138000") for key in two])
    assert synced("contacts", "remark", str(file), "--yes").code == 0
    found = json.loads(synced("contacts", "duplicates", "-f", "json").out)
    for kind, table in PAIRS.items():
        wanted = synced.sql(
            f"SELECT v, count(DISTINCT e), count(DISTINCT u) FROM ({table}) WHERE v <> '' "
            "GROUP BY v HAVING count(DISTINCT e) > 1 OR count(DISTINCT u) > 1"
        )
        assert wanted
        rows = [row for row in found if row["kind"] == kind]
        assert {(row["value"], row["customers"], row["members"]) for row in rows} == set(wanted)
        assert all(len(row["external_userids"]) == row["customers"] for row in rows)


def test_an_export_has_everything_about_one_person_and_nobody_else_may_read_it(synced: Wecrm) -> None:
    external = synced.sql("SELECT external_userid FROM relation GROUP BY 1 HAVING count(*) > 1 LIMIT 1")[0][0]
    path = synced.home / "person.json"
    result = synced("contacts", "export", external, "-o", str(path))
    assert result.code == 0, result.err
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    person = json.loads(path.read_text("utf-8"))
    assert list(person) == ["customer", "followers", "chats", "history", "raw"]
    userids = {userid for (userid,) in synced.sql("SELECT userid FROM relation WHERE external_userid = ?", external)}
    assert {row["userid"] for row in person["followers"]} == userids
    assert len(person["raw"]) == 1 + len(userids)
    assert json.loads(person["raw"][0]["raw"])["external_userid"] == external
    assert json.loads(synced("contacts", "export", external).out) == person
    assert synced("contacts", "export", "nobody").code == 2
    assert synced("contacts", "export", external, "-o", str(synced.home / "person.csv")).code == 2
