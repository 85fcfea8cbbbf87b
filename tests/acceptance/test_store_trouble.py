"""Full disk, read-only place, held database, jumping clock, frozen process: a documented code, an intact store."""

import ctypes
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance import facts
from tests.acceptance.conftest import Served
from tests.conftest import Wecrm
from wecrm.errors import WecrmError
from wecrm.sandbox import control

CORP = "wwsandbox00000001"


def ended(home: Wecrm, *argv: str, first: Callable[[], None]) -> tuple[int, str]:
    """Code and stderr of a process that begins with `first`."""
    environ = {**os.environ, "WECRM_HOME": str(home.home), "WECRM_PROFILE": "sandbox", "PYTHONPATH": os.getcwd()}
    done = subprocess.run(
        [sys.executable, "-m", "wecrm", *argv],
        env={**environ, **home.env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        preexec_fn=first,
        cwd=os.getcwd(),
        check=False,
    )
    return done.returncode, done.stderr.decode()


def files_up_to(size: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def intact(home: Wecrm) -> None:
    checked = home("db", "check")
    assert checked.code == 0, checked.out


def plan_of(home: Wecrm, count: int) -> str:
    keys = facts.relations(home, count, lacking=facts.tag(home, "客户等级", "VIP"))
    plan = str(home.home / "a.plan")
    assert home("tags", "plan", facts.keys_csv(home, "a.csv", keys), "--add", "VIP", "-o", plan).code == 0
    return plan


def goes_on(home: Wecrm, plan: str, count: int) -> None:
    """The journal is whole, and the plan ends as if nothing had happened."""
    intact(home)
    result = home("apply", plan, "--yes", "--max-changes", str(count))
    assert result.code == 0, result.err
    assert set(facts.statuses(home)) <= {"ok", "same"}
    assert len(facts.applied_marks(home)) == count
    assert max(facts.applied_marks(home).values()) == 1


# -- a full disk


@pytest.mark.parametrize("size", [60_000, 250_000, 900_000])
def test_a_sync_that_finds_the_disk_full_ends_with_4_and_the_next_goes_on(served: Served, size: int) -> None:
    home = served(contacts=3000)
    code, err = ended(home, "sync", first=files_up_to(size))
    assert code == 4, err
    assert "disk space" in err
    if home.database.exists() and home.database.stat().st_size:
        intact(home)
    assert home("sync").code == 0
    intact(home)
    assert facts.cached(home) == facts.truth(home)


@pytest.mark.parametrize("size", [30_000, 90_000])
def test_an_apply_that_finds_the_disk_full_ends_with_4_and_does_nothing_twice(served: Served, size: int) -> None:
    home = served(contacts=1500)
    assert home("sync").code == 0
    plan = plan_of(home, 450)
    code, err = ended(home, "apply", plan, "--yes", "--max-changes", "450", first=files_up_to(size))
    assert code == 4, err
    goes_on(home, plan, 450)


def test_a_backup_that_finds_the_disk_full_ends_with_4_and_leaves_nothing(synced: Wecrm) -> None:
    code, err = ended(synced, "db", "backup", str(synced.home / "a.bak"), first=files_up_to(500_000))
    assert code == 4, err
    assert [path.name for path in synced.home.iterdir() if "bak" in path.name] == []


def test_a_restore_that_finds_the_disk_full_ends_with_4_and_changes_nothing(synced: Wecrm) -> None:
    bak = str(synced.home / "a.bak")
    assert synced("db", "backup", bak).code == 0
    code, err = ended(synced, "db", "restore", bak, "--yes", first=files_up_to(1_300_000))
    assert code == 4, err
    assert synced.sql("SELECT value FROM corp WHERE key = 'corp_id'") == [("wwsandbox00000001",)]
    intact(synced)
    assert synced("sync").code == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1.5 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    if shutil.which("mount") is None:
        pytest.skip("no mount here")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1500k", "tmpfs", str(place)], capture_output=True)
    if done.returncode:
        pytest.skip("this user may not mount")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_file_system_without_room_is_4_and_room_heals_it(served: Served, small_disk: Path) -> None:
    home = served(contacts=3000, settings=f"database: {small_disk / 'corp.db'}")
    result = home("sync")
    assert result.code == 4, result.err
    subprocess.run(["mount", "-o", "remount,size=30m", str(small_disk)], check=True)
    assert home("sync").code == 0
    intact(home)


# -- a place that may not be written


_PR_CAPBSET_DROP, _POWERS = 24, (1, 2, 3)  # dac_override, dac_read_search, fowner


def become_ordinary() -> None:
    """Let file modes bind root too, from the next exec on."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for power in _POWERS:
            libc.prctl(_PR_CAPBSET_DROP, power, 0, 0, 0)


@pytest.fixture
def apart(synced: Wecrm) -> tuple[Wecrm, Path]:
    """A home whose database stands in a folder of its own, and the path of the database."""
    probe = synced.home / "probe"
    probe.touch(0o400)
    opened = [sys.executable, "-c", f"open({str(probe)!r}, 'a')"]
    if not subprocess.run(opened, preexec_fn=become_ordinary, capture_output=True, check=False).returncode:
        pytest.skip("file modes do not bind this user")
    path = synced.home / "own" / "corp.db"
    path.parent.mkdir(0o700)
    shutil.move(synced.database, path)
    settings = f"profiles: {{sandbox: {{corp_id: {CORP}, name: Sandbox, database: '{path}'}}}}"
    (synced.home / "config.yaml").write_text(settings)
    return synced, path


def test_a_read_only_file_is_4_and_stays_as_it_is(apart: tuple[Wecrm, Path]) -> None:
    home, path = apart
    path.chmod(0o400)
    before = path.read_bytes()
    code, err = ended(home, "sync", first=become_ordinary)
    assert code == 4, err
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (before, 0o400)
    path.chmod(0o600)
    assert home("sync").code == 0
    intact(home)


@pytest.mark.parametrize("locked_before", [True, False])
def test_a_read_only_folder_is_4_and_the_database_stays_as_it_is(
    apart: tuple[Wecrm, Path], locked_before: bool
) -> None:
    home, path = apart
    bak = str(home.home / "a.bak")
    assert home("db", "backup", bak).code == 0
    for purpose in ("sync", "apply") if locked_before else ():
        path.with_name(f"{path.name}.{purpose}.lock").touch(0o600)
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    before = path.read_bytes()
    path.parent.chmod(0o500)
    for words in (("sync",), ("db", "restore", bak, "--yes"), ("contacts", "list")):
        code, err = ended(home, *words, first=become_ordinary)
        assert code == 4, (words, err)
    code, err = ended(home, "db", "backup", str(path.with_name("b.bak")), first=become_ordinary)
    assert code in (2, 4), err
    assert path.read_bytes() == before
    path.parent.chmod(0o700)
    assert home("sync").code == 0
    intact(home)


def test_an_immutable_file_is_4(synced: Wecrm) -> None:
    if subprocess.run(["chattr", "+i", str(synced.database)], capture_output=True).returncode:
        pytest.skip("no immutable files here")
    try:
        result = synced("sync")
    finally:
        subprocess.run(["chattr", "-i", str(synced.database)], check=True)
    assert result.code == 4, result.err
    intact(synced)


# -- a database that another program holds


def impatient(home: Wecrm) -> None:
    settings = f"profiles: {{sandbox: {{corp_id: {CORP}, name: Sandbox, busy_timeout_s: 0.1}}}}"
    (home.home / "config.yaml").write_text(settings)


def holder(home: Wecrm) -> sqlite3.Connection:
    other = sqlite3.connect(home.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return other


@pytest.mark.parametrize("words", [("sync", "tags"), ("sync", "contacts"), ("apply", "{plan}", "--yes")])
def test_a_database_that_another_program_holds_is_5_and_then_it_goes_on(synced: Wecrm, words: tuple[str, ...]) -> None:
    impatient(synced)
    plan = plan_of(synced, 50)
    words = tuple(word.format(plan=plan) for word in words)
    other = holder(synced)
    result = synced(*words)
    assert result.code == 5, result.err
    other.close()
    assert synced(*words).code == 0
    intact(synced)


def test_an_apply_whose_database_is_taken_away_in_the_middle_ends_with_5_and_goes_on(synced: Wecrm) -> None:
    impatient(synced)
    plan = plan_of(synced, 400)
    taken: list[sqlite3.Connection] = []

    def take() -> WecrmError | None:
        if not taken and facts.applied_marks(synced):
            taken.append(holder(synced))
        return None

    result = synced("apply", plan, "--yes", signalled=take)
    assert result.code == 5, result.err
    taken[0].close()
    goes_on(synced, plan, 400)


# -- a clock that jumps


def jump(home: Wecrm, seconds: float) -> None:
    with home.world() as world, world.writing() as db:
        db.execute("UPDATE world SET now = now + ?, shift = shift + ?", (seconds, seconds))


@pytest.mark.parametrize("seconds", [-3600, 365 * 86400], ids=["an-hour-back", "a-year-on"])
@pytest.mark.parametrize("what", ["apply", "sync"])
def test_a_clock_that_jumps_in_the_middle_changes_nothing(synced: Wecrm, what: str, seconds: int) -> None:
    plan = plan_of(synced, 400)
    asked = iter(range(100_000))

    def at_the_third() -> WecrmError | None:
        if next(asked) == 3:
            jump(synced, seconds)
        return None

    words = ("apply", plan, "--yes") if what == "apply" else ("sync",)
    result = synced(*words, signalled=at_the_third)
    assert result.code == 0, result.err
    assert next(asked) > 4
    if what == "apply":
        assert facts.statuses(synced) == {"ok": 400}
        assert max(facts.applied_marks(synced).values()) == 1
    assert synced("sync").code == 0
    intact(synced)
    assert facts.cached(synced) == facts.truth(synced)


@pytest.mark.parametrize("seconds", [-3600, 365 * 86400], ids=["an-hour-back", "a-year-on"])
def test_a_clock_that_jumps_between_a_kill_and_a_resume_changes_nothing(synced: Wecrm, seconds: int) -> None:
    plan = plan_of(synced, 200)
    with synced.world() as world:
        control.add_fault(world, kind="kill", path="mark_tag", share=0.02, seed=5)
    process = synced.process("apply", plan, "--yes")
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    with synced.world() as world:
        control.clear_faults(world)
    jump(synced, seconds)
    goes_on(synced, plan, 200)


# -- a process that is frozen


def test_an_apply_that_is_frozen_and_thawed_ends_well(served: Served) -> None:
    home = served(contacts=1500, latency_s=0.005)
    assert home("sync").code == 0
    plan = plan_of(home, 400)
    process = home.process("apply", plan, "--yes")
    for count in (1, 100, 200, 300):
        while len(facts.applied_marks(home)) < count:
            assert process.poll() is None
        process.send_signal(signal.SIGSTOP)
        while Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "T":
            assert process.poll() is None
        intact(home)
        assert home("contacts", "list", "--limit", "1").code == 0
        process.send_signal(signal.SIGCONT)
    _out, err = process.communicate()
    assert process.returncode == 0, err
    assert facts.statuses(home) == {"ok": 400}
    assert max(facts.applied_marks(home).values()) == 1


# -- a first start that was cut off

CUT_OFF = bytes.fromhex("d9d505f920a163d7 00000000 babb0082 00000000 00000200 00001000") + bytes(484)
"""SQLite's journal as a power cut leaves it beside a new database: there was no page before."""


@pytest.mark.parametrize(
    "words",
    [("db", "check"), ("status",), ("sql", "SELECT 1"), ("db", "backup", "{home}/a.bak"), ("archive", "list")],
    ids=lambda words: " ".join(words[:2]),
)
def test_who_only_reads_is_not_stopped_by_what_a_power_cut_left_beside_a_new_database(
    wecrm: Wecrm, words: tuple[str, ...]
) -> None:
    argv = [word.format(home=wecrm.home) for word in words]
    assert wecrm("archive", "pull", "--no-media").code == 0
    with sqlite3.connect(wecrm.database) as db:
        db.execute("PRAGMA journal_mode = WAL")
    wanted = wecrm(*argv)
    wecrm.database.with_name(wecrm.database.name + "-journal").write_bytes(CUT_OFF)
    told = wecrm(*argv)
    assert (told.code, told.out, told.err) == (wanted.code, wanted.out, wanted.err)
    assert wecrm("sync", "tags").code == 0
    assert wecrm("db", "check").code == 0
