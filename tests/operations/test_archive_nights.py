"""Nightly pulls through the front door: what they say, when they are green, and when they must not be."""

import json
import re
import signal
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from tests.conftest import Result, Wecrm
from tests.operations.leaving import Size, scene
from tests.store.chains import broken_links
from wecrm.errors import TerminatedRun
from wecrm.sandbox.archive import console
from wecrm.sandbox.identity import CORP_ID
from wecrm.store.locks import held


def database(wecrm: Wecrm) -> Path:
    """The archive of that home."""
    return wecrm.home / "data" / "wwsandbox00000001.archive.db"


def sql(wecrm: Wecrm, query: str, *values: object) -> list[tuple]:
    """Rows of the archive."""
    with sqlite3.connect(database(wecrm)) as db:
        return db.execute(query, values).fetchall()


def night(wecrm: Wecrm, *words: str, hours: float = 24) -> Result:
    """A day later, the nightly run."""
    with wecrm.world() as world:
        world.advance(hours * 3600)
    return wecrm("archive", "pull", "--cron", "--no-media", *words)


def missing(wecrm: Wecrm) -> list[int]:
    """Seqs of what was said in the world and is not in the archive, letter by letter."""
    kept = {bytes(raw).decode("utf-8", "replace") for (raw,) in sql(wecrm, "SELECT raw FROM record")}
    with wecrm.world() as world:
        said = {one.seq: one.plain for one in console.archive_truth(world)}
    assert len(said) > 100
    return [seq for seq, plain in said.items() if plain not in kept]


# -- what it says


def test_a_night_says_one_line_and_brings_all_that_was_said(wecrm: Wecrm) -> None:
    result = night(wecrm, hours=0)
    assert (result.code, result.out) == (0, "")
    line = r"archive sandbox: (\d+) new · (\d+ twice · )?seq [\d,]+ · complete to \d\d:\d\d · \d+ s · exit 0\n"
    found = re.fullmatch(line, result.err)
    assert found
    assert sql(wecrm, "SELECT count(*) FROM record") == [(int(found[1]),)]
    assert missing(wecrm) == []
    assert broken_links(database(wecrm)) == []
    assert night(wecrm, "-qq").err == ""
    assert missing(wecrm) == []


def test_media_come_in_the_same_run(wecrm: Wecrm) -> None:
    result = wecrm("archive", "pull", "--cron")
    assert result.code == 0, result.err
    assert re.search(r" · \d+ media files \(", result.err)
    assert sql(wecrm, "SELECT count(*) FROM media WHERE state <> 'done'") == [(0,)]


def test_a_dry_run_asks_nobody(wecrm: Wecrm) -> None:
    result = wecrm("archive", "pull", "--dry-run")
    assert result.code == 0
    assert not database(wecrm).exists()


def test_a_limit_ends_early_and_says_that_more_waits(wecrm: Wecrm) -> None:
    with wecrm.world() as world:
        console.archive_messages(world, 3_000)
    result = night(wecrm, "--limit", "500", hours=0)
    assert result.code == 0
    assert "more is waiting" in result.err
    assert wecrm("archive", "status", "--max-age", "26h").code == 5
    assert night(wecrm, hours=0).code == 0
    assert missing(wecrm) == []


# -- stopped, locked


def test_a_signal_ends_after_the_page_and_the_next_run_goes_on(wecrm: Wecrm) -> None:
    with wecrm.world() as world:
        console.archive_messages(world, 4_000)
    asked: list[int] = []

    def signalled() -> TerminatedRun | None:
        asked.append(1)
        return TerminatedRun("Stopped.") if len(asked) > 3 else None

    result = wecrm("archive", "pull", "--no-media", signalled=signalled)
    assert result.code == 143
    assert 0 < sql(wecrm, "SELECT count(*) FROM record")[0][0] < 4_000
    assert sql(wecrm, "SELECT state FROM pull") == [("stopped",)]
    assert night(wecrm, hours=0).code == 0
    assert missing(wecrm) == []
    assert broken_links(database(wecrm)) == []


def test_max_runtime_stores_what_is_there_and_ends_with_12(wecrm: Wecrm) -> None:
    with wecrm.world() as world:
        console.archive_messages(world, 3_000)
    wecrm("sandbox", "fault", "slow", "--path", "message/getchatdata", "--seconds", "90", "--times", "9")
    result = night(wecrm, "--max-runtime", "60s", hours=0)
    assert result.code == 12
    wecrm("sandbox", "fault", "--clear")
    assert night(wecrm, hours=0).code == 0
    assert missing(wecrm) == []


def test_a_process_that_is_killed_leaves_nothing_half(wecrm: Wecrm) -> None:
    with wecrm.world() as world:
        console.archive_messages(world, 5_000)
    wecrm(
        "sandbox", "fault", "kill", "--path", "message/getchatdata", "--when", "after", "--share", "30%", "--seed", "3"
    )
    codes = []
    for _run in range(3):
        process = wecrm.process("archive", "pull", "--no-media")
        process.communicate(timeout=120)
        codes.append(process.returncode)
    assert -signal.SIGKILL in codes
    wecrm("sandbox", "fault", "--clear")
    assert night(wecrm, hours=0).code == 0
    assert missing(wecrm) == []
    assert broken_links(database(wecrm)) == []


def test_a_held_lock_is_11_unless_the_last_success_is_young(wecrm: Wecrm) -> None:
    night(wecrm)
    with held(database(wecrm), "archive"):
        assert wecrm("archive", "pull").code == 11
        result = wecrm("archive", "pull", "--cron", "--max-age", "26h")
        assert (result.code, result.err.count("\n")) == (0, 1)
        with wecrm.world() as world:
            world.advance(30 * 3600)
        assert wecrm("archive", "pull", "--cron", "--max-age", "26h").code == 11


# -- silence


def test_without_a_public_key_the_next_night_is_not_green(wecrm: Wecrm) -> None:
    assert night(wecrm).code == 0
    with wecrm.world() as world:
        console.archive_remove_key(world)
    result = night(wecrm)
    assert result.code == 9
    assert [line[0] for line in result.err.splitlines()[:4]] == ["1", "2", "3", "4"]
    assert "version 1" in result.err.splitlines()[0]
    assert wecrm("archive", "status").code == 9
    assert wecrm("status").code == 9
    with wecrm.world() as world:
        console.archive_rotate_key(world)
    assert night(wecrm).code == 0
    assert wecrm("archive", "status", "--max-age", "26h").code == 0


def test_without_any_seat_the_next_night_is_not_green(wecrm: Wecrm) -> None:
    assert night(wecrm).code == 0
    with wecrm.world() as world:
        console.archive_drop_seats(world)
    result = night(wecrm)
    assert result.code == 9
    assert "Nobody has a seat" in result.err
    assert wecrm("archive", "status").code == 9
    with wecrm.world() as world:
        console.archive_restore_seats(world)
    assert night(wecrm).code == 0
    assert wecrm("archive", "status").code == 0


def test_a_weekend_that_is_always_quiet_is_green(wecrm: Wecrm) -> None:
    assert night(wecrm, hours=24 * 5).code == 0
    result = night(wecrm, hours=0)
    assert result.code == 0
    assert " 0 new " in result.err


def test_an_archive_that_never_had_a_message_is_let_be_for_a_day(wecrm: Wecrm) -> None:
    with wecrm.world() as world:
        console.archive_remove_key(world)
        world.advance(6 * 86400)
    assert night(wecrm, hours=0).code == 0
    result = night(wecrm, hours=25)
    assert result.code == 9
    assert "No message has ever come" in result.err


def test_a_position_of_an_earlier_life_is_found_out(wecrm: Wecrm) -> None:
    night(wecrm)
    with sqlite3.connect(database(wecrm)) as db:
        db.execute("UPDATE cursor SET seq = '99999999'")
    result = night(wecrm, hours=24 * 4)
    assert result.code == 9
    assert "--from-start" in result.err
    assert night(wecrm, "--from-start", hours=0).code == 0


# -- seats


def test_seats_are_written_down_daily_and_dropped_ones_are_told(synced: Wecrm) -> None:
    assert night(synced).code == 0
    (before,) = sql(synced, "SELECT userids FROM seats")
    dropped = json.loads(before[0])[:2]
    with synced.world() as world:
        console.archive_drop_seats(world, dropped)
    result = night(synced)
    assert result.code == 0, result.err
    assert f"2 members have lost their seat: {', '.join(dropped)}." in result.err
    assert "have no seat" in result.err
    days = sql(synced, "SELECT day, userids FROM seats ORDER BY id")
    assert len({day for day, _userids in days}) == 2
    assert set(json.loads(days[1][1])) == set(json.loads(before[0])) - set(dropped)


def test_seats_that_can_not_be_read_are_not_green(wecrm: Wecrm) -> None:
    wecrm("sandbox", "fault", "-1", "--path", "msgaudit/get_permit_user_list", "--times", "9")
    result = night(wecrm, hours=0)
    assert result.code == 5
    assert missing(wecrm) == []


# -- keys


def test_a_lost_private_key_is_partial_until_it_is_found(wecrm: Wecrm) -> None:
    with wecrm.world() as world:
        version = console.archive_rotate_key(world)
        console.archive_withhold_key(world, version)
    assert night(wecrm, hours=0).code == 0
    result = night(wecrm)
    assert result.code == 3
    listed = json.loads(wecrm("archive", "quarantine", "list", "-f", "json").out)
    assert [(row["publickey_ver"], row["reason"]) for row in listed] == [(version, "no-key")]
    waiting = listed[0]["messages"]
    assert wecrm("archive", "quarantine", "retry").code == 3
    path = wecrm.home / "waiting.ndjson"
    assert wecrm("archive", "quarantine", "export", "-o", str(path), "--reason", "case 7").code == 0
    logged = sql(wecrm, "SELECT command, reason, rows FROM access")
    assert logged == [("archive quarantine export", "case 7", waiting)]
    assert path.stat().st_mode & 0o777 == 0o600
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(lines) == waiting
    assert {line["publickey_ver"] for line in lines} == {version}
    each = json.loads(wecrm("archive", "quarantine", "list", "--by-message", "-f", "json").out)
    assert {row["msgid"] for row in each} == {line["msgid"] for line in lines}
    with wecrm.world() as world:
        console.archive_withhold_key(world, version, withheld=False)
    other = wecrm("archive", "quarantine", "retry", "--version", str(version - 1))
    assert (other.code, other.out, "0 recovered" in other.err) == (0, "", True)
    result = wecrm("archive", "quarantine", "retry", "--version", str(version))
    assert result.code == 0
    assert f"{waiting:,} recovered, 0 still wait." in result.err
    assert missing(wecrm) == []
    assert broken_links(database(wecrm)) == []


# -- gaps and trouble


def test_a_stop_of_more_than_five_days_is_a_gap_until_somebody_acknowledges_it(wecrm: Wecrm) -> None:
    night(wecrm)
    result = night(wecrm, hours=24 * 7)
    assert result.code == 9
    assert "Gap 1: messages from" in result.err
    assert len(sql(wecrm, "SELECT id FROM gap")) == 1
    assert missing(wecrm) != []
    assert night(wecrm).code == 9
    assert wecrm("archive", "status").code == 9
    assert wecrm("archive", "status", "--acknowledge", "1").code == 2
    assert wecrm("archive", "status", "--acknowledge", "7", "--reason", "?").code == 2
    assert wecrm("archive", "status", "--acknowledge", "1", "--reason", "holiday").code == 0
    assert night(wecrm).code == 0
    assert wecrm("archive", "status").code == 0
    assert broken_links(database(wecrm)) == []


def test_trouble_says_from_half_of_the_window_what_could_be_lost_and_when(wecrm: Wecrm) -> None:
    night(wecrm)
    wecrm("sandbox", "fault", "10001", "--path", "message/getchatdata", "--share", "100%")
    result = night(wecrm)
    assert result.code == 5
    assert "will be lost" not in result.err
    result = night(wecrm, hours=48)
    assert result.code == 5
    assert re.search(r"are not fetched; in \d+ h the first of them will be lost", result.err)


def refusal(wecrm: Wecrm, words: Sequence[str]) -> Result:
    wecrm(*words)
    return night(wecrm)


def test_refusals_ask_for_a_person(wecrm: Wecrm) -> None:
    assert refusal(wecrm, ["sandbox", "archive", "expired"]).code == 6
    assert refusal(wecrm, ["sandbox", "archive", "off"]).code == 6
    wecrm("sandbox", "archive", "on")
    with wecrm.world() as world:
        console.archive_trust(world, ["203.0.113.9"])
    result = night(wecrm)
    assert result.code == 4
    assert "301042" in result.err


# -- status


def test_status_of_a_corp_without_archive_makes_nothing(wecrm: Wecrm) -> None:
    rows = json.loads(wecrm("archive", "status", "-f", "json").out)
    assert [row["state"] for row in rows] == ["never"]
    assert wecrm("archive", "status", "--max-age", "26h").code == 5
    assert not database(wecrm).exists()


def test_status_tells_the_position_and_until_when_it_is_complete(wecrm: Wecrm) -> None:
    night(wecrm)
    (row,) = json.loads(wecrm("archive", "status", "-f", "json").out)
    assert row["state"] == "done"
    assert row["messages"] == sql(wecrm, "SELECT count(*) FROM record")[0][0]
    assert row["seq"] == sql(wecrm, "SELECT seq FROM cursor")[0][0]
    assert row["seats"] > 0
    assert wecrm("archive", "status", "--max-age", "26h").code == 0
    with wecrm.world() as world:
        world.advance(27 * 3600)
    assert wecrm("archive", "status", "--max-age", "26h").code == 5
    assert wecrm("status", "--max-age", "26h").code == 5
    (told,) = [each for each in json.loads(wecrm("status", "-f", "json").out) if each["purpose"] == "archive"]
    assert (told["state"], told["last_success"]) == ("done", row["last_success"])


# -- offboarding


def test_a_case_waits_until_the_archive_is_complete_up_to_the_last_day(synced: Wecrm) -> None:
    assert night(synced, hours=0).code == 0
    found = scene(synced, Size())
    assert found.start("--strategy", "round-robin", due="2026-11-03").code == 0
    for _round in range(20):
        assert found.advance().code == 0
        if found.steps()["archive"] == "waiting":
            break
        found.wait()
    assert found.steps()["archive"] == "waiting"
    assert night(synced, hours=0).code in (0, 9)  # a gap, if five days went by
    found.wait()
    assert found.advance().code in (0, 3)
    assert found.steps()["archive"] == "done"
    assert found.state == "closed"


# -- the anchor


def test_an_anchor_that_can_not_be_written_is_not_green_and_loses_nothing(wecrm: Wecrm) -> None:
    (wecrm.home / "config.yaml").write_text(
        f"profiles: {{sandbox: {{corp_id: {CORP_ID}, archive: {{anchor: {{file: /dev/null/no/anchor}}}}}}}}"
    )
    result = night(wecrm, hours=0)
    assert result.code == 4
    assert "The anchor was not written" in result.err
    assert "archive sandbox: " in result.err
    assert missing(wecrm) == []
