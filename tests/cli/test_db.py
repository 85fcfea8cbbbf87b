"""`wecrm db`: backups, checks and restores through the front door."""

import hashlib
import json
import os
import shutil
import sqlite3
import stat
from pathlib import Path

import pytest

from tests.acceptance import facts
from tests.conftest import Result, Wecrm
from wecrm.errors import InterruptedRun
from wecrm.sandbox import control

SECOND = 2.0  # plans and restores are told apart by whole seconds


def later(home: Wecrm, seconds: float = SECOND) -> None:
    with home.world() as world:
        control.advance(world, seconds)


def change(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def checked(home: Wecrm, *words: str) -> tuple[int, dict[str, dict[str, str]]]:
    result = home("db", "check", "-f", "json", *words)
    return result.code, {row["check"]: row for row in json.loads(result.out)}


def tagged(home: Wecrm, count: int, name: str = "a") -> str:
    """A plan that puts VIP on relations that lack it."""
    keys = facts.relations(home, count, lacking=facts.tag(home, "客户等级", "VIP"))
    path = str(home.home / f"{name}.plan")
    planned = home("tags", "plan", facts.keys_csv(home, f"{name}.csv", keys), "--add", "VIP", "-o", path)
    assert planned.code == 0, planned.err
    return path


def interrupted(home: Wecrm, plan: str, calls: int = 3) -> None:
    """Begin to apply a plan, and stop soon; twice so, up to 310 rows are sent: a stop is heard once per window."""
    asked = iter(range(10_000))
    stop = home("apply", plan, "--yes", signalled=lambda: InterruptedRun("stop") if next(asked) > calls else None)
    assert stop.code == 130, stop.err


def restored(home: Wecrm, file: str) -> Result:
    result = home("db", "restore", file, "--yes")
    assert result.code == 0, result.err
    return result


@pytest.fixture
def bak(synced: Wecrm) -> str:
    """A backup of the database after a sync."""
    path = str(synced.home / "a.bak")
    assert synced("db", "backup", path).code == 0
    return path


# -- backup


def test_a_backup_tells_size_journal_and_digest_which_are_those_of_the_file(synced: Wecrm) -> None:
    assert synced("apply", tagged(synced, 7), "--yes").code == 0
    path = synced.home / "a.bak"
    result = synced("db", "backup", str(path), "-f", "json")
    assert result.code == 0, result.err
    (row,) = json.loads(result.out)
    assert (row["path"], row["size"], row["jobs"], row["rows"]) == (str(path), path.stat().st_size, 1, 7)
    assert row["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert checked(synced, str(path))[0] == 0


def test_a_backup_from_cron_is_one_line(synced: Wecrm) -> None:
    path = synced.home / "a.bak"
    result = synced("db", "backup", str(path), "--cron")
    assert (result.code, result.out, len(result.err.splitlines())) == (0, "", 1)
    assert result.err.startswith("backup sandbox: ")
    assert synced("db", "backup", str(path), "--cron", "--force", "-qq").err == ""


def test_a_backup_is_refused_where_a_file_is_unless_forced(synced: Wecrm, bak: str) -> None:
    before = Path(bak).read_bytes()
    assert synced("db", "backup", bak).code == 2
    assert Path(bak).read_bytes() == before
    assert synced("db", "backup", bak, "--force").code == 0


@pytest.mark.parametrize("end", ["", "-wal"])
def test_a_backup_over_the_living_database_is_refused(synced: Wecrm, end: str) -> None:
    result = synced("db", "backup", f"{synced.database}{end}", "--force")
    assert result.code == 2
    assert "itself" in result.err


def test_a_dry_run_writes_no_backup(synced: Wecrm) -> None:
    assert synced("db", "backup", str(synced.home / "a.bak"), "--dry-run").code == 0
    assert not (synced.home / "a.bak").exists()


def test_without_a_database_there_is_nothing_to_back_up(wecrm: Wecrm) -> None:
    result = wecrm("db", "backup", str(wecrm.home / "a.bak"))
    assert result.code == 4
    assert not wecrm.database.exists()


def test_a_folder_that_is_not_there_is_refused(synced: Wecrm) -> None:
    assert synced("db", "backup", str(synced.home / "none" / "a.bak")).code == 2


def test_another_corps_database_gives_no_backup(synced: Wecrm) -> None:
    text = f"profiles: {{other: {{corp_id: ww0000000000000001, database: '{synced.database}'}}}}"
    (synced.home / "config.yaml").write_text(text)
    result = synced("--profile", "other", "db", "backup", str(synced.home / "a.bak"))
    assert result.code == 4
    assert not (synced.home / "a.bak").exists()


# -- check


def test_a_sound_database_has_no_finding_and_a_check_changes_nothing(synced: Wecrm) -> None:
    assert synced("sync", "new").code == 0
    assert synced("apply", tagged(synced, 5), "--yes").code == 0
    before = synced.database.read_bytes()
    code, found = checked(synced)
    assert code == 0
    assert {row["state"] for row in found.values()} == {"ok"}
    assert synced.database.read_bytes() == before


@pytest.mark.parametrize(
    ("statement", "check", "count"),
    [
        ("DELETE FROM relation WHERE id = 2000", "reference.relation_event", 1),
        ("INSERT INTO relation_tag VALUES (999999, 't')", "reference.relation_tag", 1),
        ("INSERT INTO relation_mobile VALUES (999999, '1'), (999998, '1')", "reference.relation_mobile", 2),
        ("DELETE FROM contact", "reference.relation", 2000),
        ("DELETE FROM job", "reference.job_row", 9),
        ("INSERT INTO job_binding VALUES ('gone', 'c', 'id')", "reference.job_binding", 1),
        ("UPDATE job_row SET status = 'pending' WHERE n = 2", "journal.ended", 1),
        ("UPDATE job_row SET status = 'unknown', sent_at = 1 WHERE n = 2", "journal.ended", 1),
        ("UPDATE job_row SET status = 'unknown', sent_at = NULL WHERE n = 2", "journal.intents", 1),
        ("UPDATE job_row SET status = 'fine' WHERE n = 2", "journal.status", 1),
        ("UPDATE job SET state = 'over'", "journal.state", 1),
        ("DELETE FROM job_row WHERE n = 2", "journal.rows", 1),
        ("UPDATE job_row SET change = 'x' WHERE n = 2", "journal.changes", 1),
        ("DROP INDEX relation_createtime", "schema", 1),
        ("ALTER TABLE job ADD COLUMN extra", "schema", 1),
        ("DROP TRIGGER relation_event_is_append_only_1", "schema", 1),
        ("PRAGMA user_version = 999", "schema", 1),
    ],
)
def test_what_does_not_fit_together_is_found(synced: Wecrm, statement: str, check: str, count: int) -> None:
    assert synced("apply", tagged(synced, 9), "--yes").code == 0
    change(synced.database, statement)
    code, found = checked(synced)
    assert code == 9
    assert (found[check]["state"], found[check]["count"]) == ("wrong", count)
    assert found[check]["detail"]


def test_a_backup_that_others_can_read_is_found(synced: Wecrm, bak: str) -> None:
    os.chmod(bak, 0o644)
    code, found = checked(synced, bak)
    assert code == 9
    assert "0644" in found["mode"]["detail"]


@pytest.mark.parametrize("content", [b"no database " * 999, b""])
def test_what_is_no_database_is_found(synced: Wecrm, bak: str, content: bytes) -> None:
    Path(bak).write_bytes(content)
    assert checked(synced, bak)[0] == 9


def test_damaged_pages_are_found(synced: Wecrm, bak: str) -> None:
    held = bytearray(Path(bak).read_bytes())
    middle = len(held) // 4096 // 2 * 4096
    held[middle : middle + 20 * 4096] = b"\xa5" * (20 * 4096)
    Path(bak).write_bytes(held)
    code, found = checked(synced, bak)
    assert code == 9
    assert found["integrity"]["state"] == "wrong"


def test_reading_a_damaged_database_is_9_and_no_bug(synced: Wecrm) -> None:
    held = bytearray(synced.database.read_bytes())
    held[4096 * 40 :] = b"\xa5" * (len(held) - 4096 * 40)
    synced.database.write_bytes(held)
    result = synced("contacts", "list", "--columns", "*")
    assert result.code == 9, result.err


def test_a_backup_is_checked_without_any_profile(synced: Wecrm, bak: str, tmp_path: Path) -> None:
    result = Wecrm(tmp_path / "empty", {"WECRM_PROFILE": ""})("db", "check", bak)
    assert result.code == 0, result.err


# -- restore


def test_a_restore_asks_and_a_dry_run_replaces_nothing(synced: Wecrm, bak: str) -> None:
    before = synced.sql("SELECT * FROM corp")
    assert synced("db", "restore", bak).code == 2
    assert synced("db", "restore", bak, "--yes", "--dry-run").code == 0
    assert synced.sql("SELECT * FROM corp") == before
    assert list(synced.database.parent.glob("*before-restore*")) == []


def test_what_was_there_before_a_restore_is_kept_beside_it(synced: Wecrm, bak: str) -> None:
    assert synced("apply", tagged(synced, 4), "--yes").code == 0
    result = restored(synced, bak)
    (kept,) = synced.database.parent.glob("*.before-restore-*")
    assert str(kept) in result.err
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert checked(synced, str(kept))[0] == checked(synced)[0] == 0
    assert synced.sql("SELECT count(*) FROM job") == [(0,)]
    restored(synced, str(kept))
    assert synced.sql("SELECT count(*) FROM job") == [(1,)]


def test_a_restore_to_a_home_without_a_database(synced: Wecrm, bak: str) -> None:
    for path in synced.database.parent.glob(f"{synced.database.name}*"):
        path.unlink()
    restored(synced, bak)
    assert checked(synced)[0] == 0
    assert synced.sql("SELECT count(*) FROM relation") == [(2000,)]


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE corp SET value = 'ww0000000000000001'", 7),
        ("DELETE FROM corp", 7),
        ("PRAGMA user_version = 999", 4),
        ("DROP TABLE job", 9),
        ("DROP INDEX relation_createtime", 9),
    ],
)
def test_a_file_that_does_not_belong_here_is_refused(synced: Wecrm, bak: str, statement: str, code: int) -> None:
    change(Path(bak), statement)
    result = synced("db", "restore", bak, "--yes")
    assert result.code == code, result.err
    assert synced.sql("SELECT value FROM corp WHERE key = 'corp_id'") == [("wwsandbox00000001",)]


def test_a_file_that_is_damaged_missing_or_the_database_itself_is_refused(synced: Wecrm, bak: str) -> None:
    shutil.copy(bak, synced.home / "b.bak")
    Path(bak).write_bytes(b"no database " * 999)
    assert synced("db", "restore", bak, "--yes").code == 9
    assert synced("db", "restore", str(synced.home / "none"), "--yes").code == 2
    assert synced("db", "restore", str(synced.database), "--yes").code == 2


@pytest.mark.parametrize("purpose", ["sync", "apply"])
def test_a_restore_waits_for_nobody(synced: Wecrm, bak: str, purpose: str) -> None:
    from wecrm.store.locks import held

    with held(synced.database, purpose):
        assert synced("db", "restore", bak, "--yes").code == 11


def test_after_a_restore_everything_that_writes_is_refused_and_everything_else_works(synced: Wecrm) -> None:
    plan = tagged(synced, 500)
    interrupted(synced, plan)
    (job,) = (id_ for (id_,) in synced.sql("SELECT id FROM job"))
    bak = str(synced.home / "half.bak")
    assert synced("db", "backup", bak).code == 0
    restored(synced, bak)
    journal = synced.sql("SELECT * FROM job_row")
    file = facts.keys_csv(synced, "t.csv", facts.relations(synced, 3))
    for words in (
        ("apply", plan, "--yes"),
        ("apply", plan, "--dry-run"),
        ("tags", "apply", file, "--add", "潜在", "--yes"),
        ("tags", "create", "新", "一", "--yes"),
        ("jobs", "resume", job),
        ("jobs", "retry", job),
    ):
        result = synced(*words)
        assert (result.code, "wecrm doctor --after-restore" in result.err) == (7, True), (words, result.err)
    assert synced.sql("SELECT * FROM job_row") == journal
    assert synced("contacts", "list", "--limit", "1").code == 0
    assert synced("sync").code == 0
    assert "restore,warn" in synced("doctor", "-f", "csv", "--columns", "check,state").out
    assert synced("doctor", "--after-restore").code == 0
    assert synced("jobs", "resume", job).code == 0
    assert max(facts.applied_marks(synced).values()) == 1


# -- doctor --after-restore


def test_rows_that_were_sent_after_the_backup_are_found_done_and_the_others_stay_open(synced: Wecrm) -> None:
    plan = tagged(synced, 500)
    interrupted(synced, plan)
    bak = str(synced.home / "half.bak")
    assert synced("db", "backup", bak).code == 0
    then = facts.statuses(synced)
    interrupted(synced, plan)
    now = facts.statuses(synced)
    assert now["ok"] > then["ok"]
    assert now["pending"] > 0
    restored(synced, bak)
    assert facts.statuses(synced) == then
    before = sum(facts.applied_marks(synced).values())
    result = synced("doctor", "--after-restore")
    assert result.code == 0, result.err
    found = facts.statuses(synced)
    done = len(facts.applied_marks(synced))  # of the rows without an answer, some were carried out
    assert (found["ok"] + found["same"], found["pending"]) == (done, 500 - done)
    assert sum(facts.applied_marks(synced).values()) == before
    assert synced("apply", plan, "--yes").code == 0
    assert sum(facts.applied_marks(synced).values()) == 500
    assert max(facts.applied_marks(synced).values()) == 1


def test_what_an_earlier_stage_made_after_the_backup_is_found_by_its_name(synced: Wecrm) -> None:
    plan = str(synced.home / "new.plan")
    file = facts.keys_csv(synced, "new.csv", facts.relations(synced, 5))
    assert synced("tags", "plan", file, "--add", "活动/双十一", "--create-tags", "-o", plan).code == 0
    with synced.world() as world:
        control.add_fault(world, kind="-1", path="get_corp_tag_list", times=4)
    assert synced("apply", plan, "--yes").code == 5
    bak = str(synced.home / "a.bak")
    assert synced("db", "backup", bak).code == 0
    assert synced("apply", plan, "--yes").code == 0
    restored(synced, bak)
    assert facts.statuses(synced) == {"pending": 6}
    assert synced("doctor", "--after-restore").code == 0
    assert facts.statuses(synced) == {"same": 6}
    assert synced("apply", plan, "--yes").code == 0
    assert max(facts.applied_marks(synced).values()) == 1


def test_a_plan_from_before_the_restore_that_the_journal_does_not_know_stays_refused(synced: Wecrm, bak: str) -> None:
    plan = tagged(synced, 5)
    assert synced("apply", plan, "--yes").code == 0
    later(synced)
    restored(synced, bak)
    assert synced("doctor", "--after-restore").code == 0
    result = synced("apply", plan, "--yes")
    assert result.code == 7
    assert "lan again" in result.err
    later(synced)
    assert synced("sync", "contacts").code == 0
    assert synced("apply", tagged(synced, 5, "b"), "--yes").code == 0
    assert max(facts.applied_marks(synced).values()) == 1


def test_a_comparison_that_wecom_does_not_answer_leaves_the_lock(synced: Wecrm) -> None:
    plan = tagged(synced, 500)
    interrupted(synced, plan)
    bak = str(synced.home / "half.bak")
    assert synced("db", "backup", bak).code == 0
    restored(synced, bak)
    with synced.world() as world:
        control.disable_secret(world, "contact")
        control.end_tokens(world)
    assert synced("doctor", "--after-restore").code == 4
    assert synced("apply", plan, "--yes").code == 7


def test_without_a_restore_there_is_nothing_to_compare(synced: Wecrm) -> None:
    result = synced("doctor", "--after-restore", "-f", "json")
    assert result.code == 0
    assert json.loads(result.out)[0]["state"] == "skip"
    with synced.world() as world:
        calls = len(list(control.calls(world)))
    assert synced("doctor", "--after-restore").code == 0
    with synced.world() as world:
        assert len(list(control.calls(world))) == calls
