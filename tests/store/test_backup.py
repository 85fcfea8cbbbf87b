"""Copies of a living database, and putting one back."""

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.store.small_corp import NOW, fill
from wecrm.errors import IntegrityError, InterruptedRun, TemporaryError, UsageError, WecrmError
from wecrm.models.clock import Progress, Run
from wecrm.store import backup, health, restores
from wecrm.store.database import Store

CORP = "ww1"


class Still:
    """A clock that stands still."""

    def now(self) -> float:
        return NOW

    def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


RUN = Run(Still())


@pytest.fixture
def living(tmp_path: Path) -> Iterator[Store]:
    """A small corp with 6 MB of history, still open."""
    store = Store.open(tmp_path / "data" / "corp.db")
    store.claim(CORP)
    fill(store)
    with store.write() as db:
        events = [(n, n, 1, "remark", "x" * 500, None) for n in range(1000, 12_000)]
        db.executemany("INSERT INTO relation_event (id, at, relation_id, field, old, new) VALUES (?,?,?,?,?,?)", events)
    yield store
    store.close()


def events(path: Path) -> int:
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT count(*) FROM relation_event").fetchone()[0]
    finally:
        connection.close()


def wrong(path: Path) -> list[health.Finding]:
    return [found for found in health.examine(path, RUN, alone=True) if found.state == "wrong"]


def beside(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir())


def test_a_backup_holds_the_moment_it_began_although_others_write_between_its_steps(
    living: Store, tmp_path: Path
) -> None:
    target = tmp_path / "copies" / "corp.bak"
    target.parent.mkdir()
    steps: list[int] = []

    def write(progress: Progress) -> None:
        steps.append(progress.done)
        with living.write(durable=False) as db:
            db.execute("INSERT INTO relation_event (at, relation_id, field) VALUES (1, 1, 'remark')")

    held = events(living.path)
    done = backup.take(living.path, target, CORP, Run(Still(), progress=write))
    assert len(steps) >= 2
    assert events(living.path) == held + len(steps)
    assert done.contents.events == events(target) == held
    assert beside(target) == ["corp.bak"]


def test_a_backup_is_one_private_file_that_can_be_read_without_changing_its_folder(
    living: Store, tmp_path: Path
) -> None:
    target = tmp_path / "copies" / "corp.bak"
    target.parent.mkdir()
    done = backup.take(living.path, target, CORP, RUN)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    before = target.read_bytes()
    assert wrong(target) == []
    assert (target.read_bytes(), beside(target)) == (before, ["corp.bak"])
    assert done.size == len(before)


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_backup_that_is_stopped_leaves_nothing(living: Store, tmp_path: Path, after: int) -> None:
    asked = iter(range(1000))

    def stop() -> WecrmError | None:
        return InterruptedRun("stopped") if next(asked) >= after else None

    with pytest.raises(InterruptedRun):
        backup.take(living.path, tmp_path / "corp.bak", CORP, Run(Still(), stop))
    assert beside(tmp_path / "corp.bak") == ["data"]


@pytest.mark.parametrize("end", ["", "-wal", "-shm", "-journal"])
def test_no_backup_is_written_over_the_living_database(living: Store, end: str) -> None:
    with pytest.raises(UsageError):
        backup.take(living.path, Path(f"{living.path}{end}"), CORP, RUN, force=True)


def test_another_name_of_the_database_is_the_database(living: Store, tmp_path: Path) -> None:
    os.link(living.path, tmp_path / "hard")
    (tmp_path / "soft").symlink_to(living.path)
    for name in ("hard", "soft"):
        with pytest.raises(UsageError, match="itself"):
            backup.take(living.path, tmp_path / name, CORP, RUN, force=True)


def test_a_file_that_is_there_is_replaced_only_by_force(living: Store, tmp_path: Path) -> None:
    target = tmp_path / "corp.bak"
    target.write_text("older")
    with pytest.raises(UsageError, match="already"):
        backup.take(living.path, target, CORP, RUN)
    assert target.read_text() == "older"
    backup.take(living.path, target, CORP, RUN, force=True)
    assert wrong(target) == []


def test_a_file_that_comes_during_the_backup_is_not_replaced(living: Store, tmp_path: Path) -> None:
    target = tmp_path / "corp.bak"

    def come(_progress: Progress) -> None:
        target.write_text("somebody else's")

    with pytest.raises(UsageError, match="already"):
        backup.take(living.path, target, CORP, Run(Still(), progress=come))
    assert target.read_text() == "somebody else's"


def test_a_damaged_database_gives_no_backup(living: Store, tmp_path: Path) -> None:
    path = living.path
    living.close()
    damage(path)
    with pytest.raises(IntegrityError):
        backup.take(path, tmp_path / "corp.bak", CORP, RUN)
    assert beside(tmp_path / "corp.bak") == ["data"]


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    middle = len(content) // 4096 // 2 * 4096
    content[middle : middle + 20 * 4096] = b"\xa5" * (20 * 4096)
    path.write_bytes(content)


def put_back(path: Path, file: Path) -> Path:
    kept = restores.keep_present(path, NOW, RUN)
    restores.replace(path, file, NOW, RUN, 5.0)
    return kept


def test_a_restore_under_an_open_connection_loses_nothing_written_later(living: Store, tmp_path: Path) -> None:
    file = tmp_path / "corp.bak"
    held = backup.take(living.path, file, CORP, RUN).contents
    with living.write() as db:
        db.execute("INSERT INTO relation_event (at, relation_id, field) VALUES (1, 1, 'later')")
    kept = put_back(living.path, file)
    newer = Store.open(living.path)
    assert restores.unchecked_since(newer) == NOW
    with newer.write() as db:
        db.execute("INSERT INTO relation_event (at, relation_id, field) VALUES (2, 1, 'new')")
    assert restores.restored_at(living) == NOW  # the connection from before sees the new content
    living.close()
    newer.close()
    assert events(living.path) == held.events + 1
    assert events(kept) == held.events + 1
    assert wrong(living.path) == []


def test_a_damaged_database_is_kept_byte_for_byte_and_replaced(living: Store, tmp_path: Path) -> None:
    file = tmp_path / "corp.bak"
    backup.take(living.path, file, CORP, RUN)
    living.close()
    for content in (b"no database at all " * 500, b""):
        living.path.write_bytes(content)
        Path(f"{living.path}-wal").write_bytes(b"stale" if content else b"")
        kept = put_back(living.path, file)
        assert kept.read_bytes() == content
        store = Store.open(living.path)
        assert store.corp_id() == CORP
        store.close()
        assert wrong(living.path) == []


def test_a_restore_waits_no_longer_than_told_for_another_writer(living: Store, tmp_path: Path) -> None:
    file = tmp_path / "corp.bak"
    backup.take(living.path, file, CORP, RUN)
    before = events(living.path)
    other = sqlite3.connect(living.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(TemporaryError):
        restores.replace(living.path, file, NOW, RUN, 0.05)
    other.close()
    assert restores.restored_at(living) is None
    assert events(living.path) == before


RESTORE = """
import sys
from pathlib import Path
from tests.store.test_backup import RUN, NOW
from wecrm.store import restores
print("go", flush=True)
while True:
    restores.replace(Path(sys.argv[1]), Path(sys.argv[2]), NOW, RUN, 5.0)
"""


@pytest.mark.parametrize("n", range(6))
def test_a_restore_killed_at_any_moment_leaves_the_old_or_the_new_marked(living: Store, tmp_path: Path, n: int) -> None:
    file, path = tmp_path / "corp.bak", living.path
    old = backup.take(path, file, CORP, RUN).contents.events
    with living.write() as db:
        db.execute("INSERT INTO relation_event (at, relation_id, field) VALUES (1, 1, 'later')")
    living.close()
    process = subprocess.Popen([sys.executable, "-c", RESTORE, str(path), str(file)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    signs: list[Callable[[], bool]] = [
        lambda: any(path.parent.glob(".*.tmp")),
        lambda: any(each.stat().st_size > 2_000_000 for each in path.parent.glob(".*.tmp/*") if each.exists()),
        lambda: Path(f"{path}-wal").exists(),
    ]
    seen = 0
    while seen <= n:
        assert process.poll() is None
        try:
            seen += signs[n % 3]()
        except OSError:  # gone between looking and asking
            continue
    process.kill()
    process.wait()
    process.stdout.close()
    store = Store.open(path)
    marked = restores.unchecked_since(store)
    store.close()
    assert events(path) == (old if marked else old + 1)
    assert wrong(path) == []
