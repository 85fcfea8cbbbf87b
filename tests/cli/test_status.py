"""`wecrm status`: what a monitor sees, without a call, a lock or a change."""

import json
import re
import sqlite3
from itertools import pairwise
from pathlib import Path

import pytest

from tests.conftest import Wecrm
from wecrm.files.prometheus import text
from wecrm.models.status import CorpStatus, Worked
from wecrm.sandbox import control
from wecrm.store.locks import held

PURPOSES = ["members", "tags", "contacts", "groups", "livecodes", "stats", "new", "rotation", "apply", "archive"]


def rows(wecrm: Wecrm, *words: str) -> dict[str, dict[str, object]]:
    """What it says of each purpose."""
    result = wecrm("status", *words, "-f", "json")
    assert result.code == 0, result.err
    return {row["purpose"]: row for row in json.loads(result.out)}


def metrics(wecrm: Wecrm, *words: str) -> dict[str, float]:
    """Its metrics, the corp's labels left out."""
    out = wecrm("status", "-f", "prometheus", *words).out
    found = re.findall(r'^(\w+)\{profile="\w+",corp_id="\w+",?(.*)\} (\S+)$', out, re.MULTILINE)
    return {f"{name} {labels}".strip(): float(value) for name, labels, value in found}


def files(folder: Path) -> dict[Path, bytes]:
    """Every file below a folder, but what SQLite keeps beside a database that is being read."""
    kept = [path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(("-shm", "-wal"))]
    return {path: path.read_bytes() for path in kept}


# -- what it does not do


def test_a_corp_that_was_never_synced_is_told_so_and_nothing_is_made(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.yaml").write_text("profiles: {acme: {corp_id: wwacme0001}}")
    wecrm = Wecrm(home)
    for profile in ("acme", "sandbox"):
        found = rows(wecrm, "--profile", profile)
        assert list(found) == PURPOSES
        assert {row["state"] for row in found.values()} == {"never", "none"}
        assert not any(row["last_success"] for row in found.values())
    assert [path.name for path in home.rglob("*")] == ["config.yaml"]


def test_nobody_is_called_no_lock_is_taken_and_no_byte_changes(synced: Wecrm) -> None:
    before = files(synced.home)
    with held(synced.database, "sync"), held(synced.database, "apply"):
        assert rows(synced)["tags"]["state"] == "done"
        locks = {path for path in files(synced.home) if path.suffix in (".lock", ".holder")}
    after = files(synced.home)
    assert {path: after[path] for path in after if path not in locks} == {
        path: before[path] for path in before if path not in locks
    }


def test_it_answers_while_another_program_writes(synced: Wecrm) -> None:
    writer = sqlite3.connect(synced.database, isolation_level=None)
    try:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM sync_run")
        assert rows(synced)["tags"]["state"] == "done"
    finally:
        writer.execute("ROLLBACK")
        writer.close()


# -- what it says


def test_every_purpose_has_its_state_its_last_success_and_its_age(synced: Wecrm) -> None:
    with synced.world() as world:
        control.advance(world, 36 * 3600)
    found = rows(synced)
    for purpose in ("members", "tags", "contacts", "groups", "livecodes"):
        assert found[purpose]["state"] == "done"
        assert str(found[purpose]["last_success"]).startswith("2026-11-01T09:00:")
        assert found[purpose]["age_h"] == 36.0
        assert found[purpose]["duration_s"] is not None
    assert (found["new"]["state"], found["new"]["age_h"]) == ("never", None)
    assert found["archive"]["note"]
    assert {row["profile"] for row in found.values()} == {"sandbox"}
    assert {row["corp_id"] for row in found.values()} == {"wwsandbox00000001"}


def test_a_failed_run_shows_and_the_last_success_stays(synced: Wecrm) -> None:
    good = rows(synced)["tags"]["last_success"]
    with synced.world() as world:
        control.advance(world, 3600)
        control.set_trusted_ips(world, ["203.0.113.9"])
        control.end_tokens(world)
    assert synced("sync", "tags").code == 4
    found = rows(synced)["tags"]
    assert (found["state"], found["last_success"]) == ("failed", good)


def test_a_job_that_stopped_in_the_middle_waits_with_its_rows(synced: Wecrm) -> None:
    keys = synced.sql("SELECT userid, external_userid, 'x' FROM relation WHERE status = 'active' LIMIT 40")
    file = str(synced.csv("some.csv", "userid,external_userid,remark", keys))
    with synced.world() as world:
        control.set_trusted_ips(world, ["203.0.113.9"])
        control.end_tokens(world)
    assert synced("contacts", "remark", file, "--yes").code == 4
    with synced.world() as world:
        control.set_trusted_ips(world, None)
    [(job,)] = synced.sql("SELECT id FROM job")
    found = rows(synced)["apply"]
    assert (found["state"], found["jobs"], found["open_rows"]) == ("running", [job], 40)
    assert metrics(synced)["wecrm_jobs_open_rows"] == 40
    assert synced("jobs", "resume", job).code == 0
    found = rows(synced)["apply"]
    assert (found["state"], found["jobs"], found["open_rows"]) == ("done", [], None)
    assert found["age_h"] == 0.0


def test_a_job_that_waits_for_wecom_says_until_when(synced: Wecrm) -> None:
    keys = synced.sql("SELECT userid, external_userid, 'x' FROM relation WHERE status = 'active' LIMIT 3")
    assert (
        synced("contacts", "remark", str(synced.csv("a.csv", "userid,external_userid,remark", keys)), "--yes").code == 0
    )
    with sqlite3.connect(synced.database) as db:
        db.execute("UPDATE job SET state = 'waiting'")
        db.execute("UPDATE job_row SET status = 'submitted', due_at = 1793494800 + n * 3600")
    db.close()
    found = rows(synced)["apply"]
    assert (found["state"], found["open_rows"], found["due_at"]) == ("waiting", 3, "2026-11-01T10:00:00+08:00")


def test_customers_out_of_sight_are_told_with_how_long(synced: Wecrm) -> None:
    [(userid, count)] = synced.sql(
        "SELECT userid, count(*) FROM relation WHERE status = 'active' GROUP BY userid ORDER BY 2 DESC LIMIT 1"
    )
    with synced.world() as world:
        control.set_customer_contact(world, userid, False)
    assert synced("sync", "contacts").code == 7
    with synced.world() as world:
        control.advance(world, 3 * 86400)
    found = rows(synced)["contacts"]
    assert found["state"] == "refused"
    assert f"{count} customers of 1 members are out of sight, the first for 3 days" in str(found["note"])
    assert metrics(synced)['wecrm_relations status="out_of_sight"'] == count
    assert metrics(synced)['wecrm_relations status="active"'] == 2000 - count


def test_what_was_not_read_is_counted_until_a_run_reads_it(synced: Wecrm) -> None:
    good = rows(synced)["contacts"]["last_success"]
    limits = {"parallel": 1, "parallel_max": 1}
    profile = {"corp_id": "wwsandbox00000001", "limits": limits}
    (synced.home / "config.yaml").write_text(json.dumps({"profiles": {"sandbox": profile}}))
    with synced.world() as world:
        control.add_fault(world, kind="-1", path="get_by_user", times=4)
    assert synced("sync", "contacts").code == 3
    found = rows(synced)["contacts"]
    assert (found["state"], found["last_success"]) == ("holes", good)
    assert found["unread"] == metrics(synced)['wecrm_run_unread purpose="contacts"'] > 0
    assert synced("sync", "contacts").code == 0
    assert rows(synced)["contacts"]["unread"] is None


def test_on_a_terminal_columns_without_a_value_are_left_out(corp: Wecrm) -> None:
    heads = corp("status", "-f", "table").lines[0]
    assert "Last success" in heads
    assert "Due" not in heads
    assert corp("status").lines[0].startswith("profile,corp_id,purpose,state,last_success,age_h,duration_s,")
    assert corp("status", "--columns", "purpose,state").lines[1] == "members,done"


# -- exit codes


def test_max_age_is_exit_5_when_something_is_older_and_0_otherwise(synced: Wecrm) -> None:
    assert synced("status", "--max-age", "26h").code == 0
    with synced.world() as world:
        control.advance(world, 27 * 3600)
    assert synced("sync", "members", "tags", "groups", "livecodes").code == 0
    result = synced("status", "--max-age", "26h", "-f", "json")
    assert result.code == 5
    assert len(json.loads(result.out)) == len(PURPOSES)
    assert result.err.splitlines()[-1].startswith("exit 5 (temporary): ")
    assert "contacts" in result.err.splitlines()[-1]
    assert "tags" not in result.err.splitlines()[-1]
    assert synced("status", "--max-age", "28h").code == 0
    assert synced("status").code == 0


def test_max_age_judges_the_purposes_that_are_named(synced: Wecrm) -> None:
    result = synced("status", "new", "tags", "--max-age", "26h", "--columns", "purpose")
    assert (result.code, result.lines[1:]) == (5, ["new", "tags"])
    assert synced("sync", "new").code == 0
    assert synced("status", "new", "tags", "--max-age", "26h").code == 0
    result = synced("status", "contcts", "--max-age", "26h")
    assert result.code == 2
    assert "Did you mean contacts" in result.err
    assert synced("status", "--max-age", "soon").code == 2


def test_a_damaged_database_is_exit_9_and_left_as_it_is(synced: Wecrm) -> None:
    synced.database.write_bytes(b"this is not a database " * 400)
    for end in ("-wal", "-shm"):
        Path(f"{synced.database}{end}").unlink(missing_ok=True)
    result = synced("status", "--max-age", "26h", "-f", "json")
    assert result.code == 9
    assert [row["state"] for row in json.loads(result.out)] == ["unreadable"]
    assert metrics(synced) == {"wecrm_up": 0}
    assert synced.database.read_bytes() == b"this is not a database " * 400


def test_the_most_severe_of_several_wins_and_each_has_its_rows(synced: Wecrm) -> None:
    broken = synced.home / "data" / "wwbroken01.db"
    broken.write_bytes(b"this is not a database " * 400)
    profiles = "broken: {corp_id: wwbroken01}, new: {corp_id: wwnew00001}, sandbox: {corp_id: wwsandbox00000001}"
    (synced.home / "config.yaml").write_text(f"profiles: {{{profiles}}}")
    result = synced("status", "--profile", "sandbox,new,broken", "--max-age", "26h", "-f", "json")
    assert result.code == 9
    assert {row["profile"] for row in json.loads(result.out)} == {"sandbox", "new", "broken"}
    assert re.search(r"^new: exit 5 \(temporary\): .* To fix: wecrm --profile new sync ", result.err, re.MULTILINE)


def test_the_database_of_another_corp_is_exit_4(synced: Wecrm) -> None:
    profile = {"corp_id": "wwother0001", "database": str(synced.database)}
    (synced.home / "config.yaml").write_text(json.dumps({"profiles": {"other": profile}}))
    result = synced("status", "--profile", "other")
    assert result.code == 4
    assert "belongs to another corp" in result.err


# -- Prometheus


def test_metrics_are_well_formed_and_each_has_its_help_and_type(corp: Wecrm) -> None:
    lines = corp("status", "-f", "prometheus").lines
    known: set[str] = set()
    sample = re.compile(r'(\w+)\{\w+="(?:[^"\\\n]|\\["\\n])*"(?:,\w+="(?:[^"\\\n]|\\["\\n])*")*\} -?[\d.e+]+')
    for first, second in pairwise(lines):
        if first.startswith("# HELP "):
            name = first.split()[2]
            assert second == f"# TYPE {name} gauge"
            assert name not in known
            known.add(name)
    for line in lines:
        if not line.startswith("#"):
            found = sample.fullmatch(line)
            assert found, line
            assert found[1] in known
    found_metrics = metrics(corp)
    assert found_metrics["wecrm_up"] == 1
    assert found_metrics['wecrm_last_success_timestamp_seconds purpose="contacts"'] >= 1793494800
    assert found_metrics['wecrm_last_success_timestamp_seconds purpose="apply"'] >= 1793494800
    assert 'wecrm_last_success_timestamp_seconds purpose="new"' not in found_metrics
    assert 'wecrm_run_duration_seconds purpose="tags"' in found_metrics


def test_an_expected_purpose_that_never_succeeded_is_0_so_that_an_alert_sees_it() -> None:
    made = text([CorpStatus("acme", "ww1")], ("tags", "new"), ("tags",))
    assert 'wecrm_last_success_timestamp_seconds{profile="acme",corp_id="ww1",purpose="tags"} 0\n' in made
    assert 'purpose="new"' not in made


def test_labels_are_escaped_and_times_keep_their_seconds() -> None:
    made = text([CorpStatus('a"b\\c\nd', "ww1", work=(Worked("tags", "done", 1793494801.0),))], ("tags",), ("tags",))
    assert '{profile="a\\"b\\\\c\\nd",corp_id="ww1",purpose="tags"} 1793494801\n' in made


def test_metrics_in_a_file_are_replaced_whole_and_others_may_read_them(corp: Wecrm, tmp_path: Path) -> None:
    target = tmp_path / "wecrm.prom"
    target.write_text("old")
    result = corp("status", "-o", str(target))
    assert (result.code, result.out) == (0, "")
    assert target.read_text() == corp("status", "-f", "prometheus").out
    assert target.stat().st_mode & 0o044 == 0o044
    assert [path.name for path in tmp_path.iterdir()] == ["wecrm.prom"]


@pytest.mark.parametrize("words", [("contacts", "list"), ("tags", "list")])
def test_only_status_speaks_prometheus(corp: Wecrm, words: tuple[str, ...]) -> None:
    assert corp(*words, "-f", "prometheus").code == 2
