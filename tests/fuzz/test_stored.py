"""What wecrm wrote itself and others may have touched since: backups, cached tokens, and plans with a right digest."""

import itertools
import shutil
from pathlib import Path

import pytest
from hypothesis import given

from tests.api.conftest import PassingClock
from tests.conftest import Wecrm
from tests.fuzz.holding import LONG, held, kept, nothing_written, shown, tries
from tests.fuzz.mutations import damaged
from tests.fuzz.test_answers import Broken
from tests.fuzz.test_command_line import said
from tests.fuzz.test_files import of_other_values
from wecrm.api import contacts
from wecrm.api.client import Client, Settings
from wecrm.api.endpoint import GETTOKEN
from wecrm.errors import IntegrityError
from wecrm.models.clock import Run
from wecrm.operations import restore

CORP = "wwsandbox00000001"


def try_backups(database: Path, folder: Path, count: int) -> None:
    """Damage a backup again and again, and look at it as `db restore` does before anything else."""
    backup = folder / "backup.db"
    present = folder / "present.db"
    shutil.copy(database, present)
    whole = database.read_bytes()

    @tries(count)
    @given(data=damaged([whole[:3000], whole[:100]]))
    def each(data: bytes) -> None:
        backup.write_bytes(data + whole[len(data) :])
        with shown(data, folder):
            held(lambda: restore.look(present, backup, CORP, Run(PassingClock())))

    with nothing_written(folder / "nothing"):
        each()
    assert present.read_bytes() == whole
    assert sorted(file.name for file in folder.iterdir()) == ["backup.db", "present.db"]


def test_any_backup_is_taken_or_refused(filled: Path, tmp_path: Path) -> None:
    try_backups(filled / "data" / f"{CORP}.db", tmp_path, 40)


@pytest.mark.long
def test_any_backup_is_taken_or_refused_thousands_of_times(filled: Path, tmp_path: Path) -> None:
    try_backups(filled / "data" / f"{CORP}.db", tmp_path, LONG)


def with_token(folder: Path, data: bytes | None) -> Path:
    """Call WeCom with this in the file that a token is cached in; that file."""
    settings = Settings("wwgolden000000001", {"contact": "golden"}, folder)
    for file in folder.glob("token-*.json"):
        if data is not None:
            file.write_bytes(data)
    client = Client(
        settings, Run(PassingClock()), Broken(GETTOKEN, b'{"errcode":0,"access_token":"t","expires_in":7200}')
    )
    try:
        contacts.follow_users(client)
    finally:
        client.close()
    (found,) = folder.glob("token-*.json")
    return found


@pytest.mark.parametrize("count", [30, pytest.param(LONG, marks=pytest.mark.long)])
def test_a_damaged_token_is_asked_for_again(tmp_path: Path, count: int) -> None:
    good = with_token(tmp_path, None).read_bytes()

    @tries(count)
    @given(data=damaged([good, b'{"x":' + b"[" * 20_000]))
    def each(data: bytes) -> None:
        held(lambda: with_token(tmp_path, data))

    each()


def try_plans(home: Wecrm, count: int) -> None:
    numbers = itertools.count()

    @tries(count)
    @given(data=of_other_values("plans"))
    def each(data: bytes) -> None:
        file = home.home / f"{next(numbers)}.plan"
        file.write_bytes(data)
        with shown(data, home.home):
            for argv in (["plan", "show", str(file)], ["apply", str(file), "--dry-run", "--yes"]):
                said(home(*argv), argv)
        file.unlink()

    each()


def test_any_plan_with_a_right_digest_is_shown_or_refused(synced: Wecrm) -> None:
    try_plans(synced, 25)


@pytest.mark.long
def test_any_plan_with_a_right_digest_is_shown_or_refused_thousands_of_times(synced: Wecrm) -> None:
    try_plans(synced, LONG // 4)


@pytest.mark.parametrize("file", kept("plans"), ids=lambda file: file.name)
def test_kept_plans_are_shown_and_applied_or_refused(synced: Wecrm, file: Path) -> None:
    for argv in (["plan", "show", str(file)], ["apply", str(file), "--yes", "--max-removals", "100%"]):
        said(synced(*argv), argv)


def test_a_backup_in_a_format_that_sqlite_does_not_know_is_refused(filled: Path, tmp_path: Path) -> None:
    whole = bytearray((filled / "data" / f"{CORP}.db").read_bytes())
    whole[47] = 5  # the last byte of the format of the schema; 4 is the newest
    backup = tmp_path / "backup.db"
    backup.write_bytes(whole)
    error = held(lambda: restore.look(tmp_path / "present.db", backup, CORP, Run(PassingClock())))
    assert isinstance(error, IntegrityError)
