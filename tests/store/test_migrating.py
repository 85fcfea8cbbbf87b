"""Opening databases of other versions, on other file systems, and migrating without losing anything."""

import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from sqlite_utils import Database, Migrations

from tests.store.small_corp import fill
from wecrm.errors import ConfigError, TemporaryError
from wecrm.store import filesystem
from wecrm.store.database import Store
from wecrm.store.locks import held
from wecrm.store.migrating import CURRENT, Schema
from wecrm.store.migrations import SCHEMA_VERSION

OLD, FIRST = SCHEMA_VERSION, f"m{SCHEMA_VERSION + 1:03d}"
CHILD = "import sys; from tests.store.test_migrating import child; child(*sys.argv[1:])"


def schema(dies: str = "") -> Schema:
    """The current schema and two more versions; with `dies`, a process that is killed there."""
    import os

    grown = Migrations(CURRENT.migrations.name)
    for known in CURRENT.migrations.pending(Database(memory=True)):
        grown(name=known.name)(known.fn)

    def point(name: str) -> None:
        if name == dies:
            os.kill(os.getpid(), signal.SIGKILL)

    @grown(name=f"m{OLD + 1:03d}_channel")
    def channel(db: Database) -> None:
        point("first-begun")
        db.execute("ALTER TABLE relation ADD COLUMN channel TEXT")
        point("first-half")
        db.execute("UPDATE relation SET channel = state")
        db.execute(f"PRAGMA user_version = {OLD + 1}")
        point("first-done")

    @grown(name=f"m{OLD + 2:03d}_note")
    def note(db: Database) -> None:
        point("second-begun")
        db.execute("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT)")
        db.execute(f"PRAGMA user_version = {OLD + 2}")
        point("second-done")

    return Schema(grown, OLD + 2)


def child(path: str, dies: str) -> None:
    """What another process does: say that it is there, open when told, say that it is done."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    store = Store.open(Path(path), schema=schema(dies))
    sys.stdout.write(f"{store.connection.execute('PRAGMA user_version').fetchone()[0]}\n")
    store.close()


def start(path: Path, dies: str = "") -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", CHILD, str(path), dies]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("old") / "corp.db"
    store = Store.open(path)
    fill(store)
    with store.write() as db:
        rows = [(n, n, 1, "remark", "x" * 500) for n in range(1000, 12_000)]
        db.executemany("INSERT INTO relation_event (id, at, relation_id, field, old) VALUES (?,?,?,?,?)", rows)
    store.close()
    return path


@pytest.fixture
def old(filled: Path, tmp_path: Path) -> Path:
    """A database of today's version, which two more migrations are to change."""
    folder = tmp_path / "data"
    folder.mkdir()
    return Path(shutil.copy(filled, folder / "corp.db"))


def names(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


def all_of(path: Path, query: str) -> list[tuple]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def is_current(path: Path) -> None:
    store = Store.open(path, schema=schema())
    try:
        assert store.connection.execute("PRAGMA user_version").fetchone() == (OLD + 2,)
        assert store.connection.execute("SELECT count(*) FROM relation WHERE channel IS state").fetchone() == (4,)
        assert store.connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert store.connection.execute("SELECT count(*) FROM note").fetchone() == (0,)
    finally:
        store.close()


def test_an_older_database_is_copied_before_it_is_migrated(old: Path) -> None:
    before = all_of(old, "SELECT * FROM relation_event")
    is_current(old)
    kept = old.with_name(f"corp.db.before-{FIRST}")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert all_of(kept, "PRAGMA user_version") == [(OLD,)]
    assert all_of(kept, "SELECT * FROM relation_event") == before
    assert names(old.parent) == {"corp.db", kept.name, "corp.db.migrate.lock"}


def test_a_new_database_needs_no_copy(tmp_path: Path) -> None:
    Store.open(tmp_path / "new.db", schema=schema()).close()
    assert names(tmp_path) == {"new.db", "new.db.migrate.lock"}


@pytest.mark.parametrize("dies", ["first-begun", "first-half", "first-done", "second-begun", "second-done"])
def test_a_migration_killed_inside_is_as_if_it_had_not_begun_and_the_next_start_finishes(old: Path, dies: str) -> None:
    process = start(old, dies)
    go(process)
    assert process.wait() == -signal.SIGKILL
    assert all_of(old, "PRAGMA user_version") == [(OLD,)]
    assert all_of(old, "SELECT count(*) FROM relation_event") == [(11_002,)]
    is_current(old)
    assert all_of(old.with_name(f"corp.db.before-{FIRST}"), "SELECT count(*) FROM relation_event") == [(11_002,)]


@pytest.mark.parametrize("size", [0, 1_000_000, 4_000_000])
def test_a_migration_killed_while_it_copies_leaves_no_half_copy_under_the_name_of_a_copy(old: Path, size: int) -> None:
    part, kept = old.with_name(f".corp.db.before-{FIRST}.part"), old.with_name(f"corp.db.before-{FIRST}")
    process = start(old)
    go(process)
    while not kept.exists():
        try:
            if part.stat().st_size >= size:
                break
        except FileNotFoundError:
            assert process.poll() in (None, 0)
    process.kill()
    process.wait()
    if kept.exists():
        assert all_of(kept, "PRAGMA integrity_check") == [("ok",)]
    is_current(old)
    assert all_of(kept, "SELECT count(*) FROM relation_event") == [(11_002,)]
    assert not part.exists()


@pytest.mark.parametrize("fresh", [True, False])
def test_processes_that_migrate_at_once_all_end_well(old: Path, fresh: bool) -> None:
    path = old.with_name("new.db") if fresh else old
    processes = [start(path) for _n in range(4)]
    for process in processes:
        go(process)
    for process in processes:
        out, _err = process.communicate()
        assert (process.returncode, out) == (0, f"{OLD + 2}\n")
    assert all_of(path, "SELECT count(*) FROM _sqlite_migrations") == [(OLD + 2,)]


def test_who_waits_too_long_for_another_migration_is_told_to_come_again(old: Path) -> None:
    from filelock import FileLock

    with FileLock(f"{old}.migrate.lock"), pytest.raises(TemporaryError, match="up to date"):
        Store.open(old, busy_timeout_s=0.05, schema=schema())
    is_current(old)


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_a_newer_database_is_refused_and_not_one_byte_changes(old: Path, mode: str) -> None:
    connection = sqlite3.connect(old)
    connection.execute(f"PRAGMA journal_mode = {mode}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.commit()
    connection.close()
    old.chmod(0o640)
    before = old.read_bytes(), old.stat().st_mtime_ns, old.stat().st_mode, names(old.parent)
    with pytest.raises(ConfigError, match="newer"):
        Store.open(old)
    assert (old.read_bytes(), old.stat().st_mtime_ns, old.stat().st_mode, names(old.parent)) == before


def test_a_newer_database_in_use_is_refused_by_what_its_wal_says(old: Path) -> None:
    connection = sqlite3.connect(old, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    assert int.from_bytes(old.read_bytes()[60:64], "big") == SCHEMA_VERSION  # only the -wal knows
    before = old.read_bytes(), Path(f"{old}-wal").read_bytes(), names(old.parent)
    with pytest.raises(ConfigError, match="newer"):
        Store.open(old)
    assert (old.read_bytes(), Path(f"{old}-wal").read_bytes(), names(old.parent)) == before
    connection.close()


def test_somebody_elses_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE bookmarks (url)")
    connection.close()
    with pytest.raises(ConfigError, match="not a database of wecrm"):
        Store.open(path)
    assert all_of(path, "SELECT name FROM sqlite_master") == [("bookmarks",)]


MOUNTS = "/dev/vda / ext4 rw 0 0\nserver:/export /srv/corp nfs4 rw 0 0\nhost /mnt/c 9p rw 0 0\n"


@pytest.mark.parametrize(
    ("path", "refused"),
    [("/srv/corp/data/a.db", True), ("/srv/corps/a.db", False), ("/mnt/c/a.db", False), ("/var/lib/a.db", False)],
)
def test_a_network_file_system_is_refused(path: str, refused: bool) -> None:
    if not refused:
        filesystem.refuse_network(Path(path), MOUNTS)
        return
    with pytest.raises(ConfigError, match="nfs4") as error:
        filesystem.refuse_network(Path(path), MOUNTS)
    assert error.value.exit == 4
    assert not Path(path).parent.exists()


def test_a_link_into_a_network_file_system_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / "here.db").symlink_to("/srv/corp/there.db")
    with pytest.raises(ConfigError):
        filesystem.refuse_network(tmp_path / "here.db", MOUNTS)


def test_a_lock_in_a_place_that_is_a_file_is_a_question_of_configuration(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(ConfigError), held(tmp_path / "data" / "corp.db", "sync"):
        pass
