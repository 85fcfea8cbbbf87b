"""`wecrm archive media`: what is there, what is missing and why; fetched, wanted again, saved."""

import hashlib
import json
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Wecrm
from wecrm.sandbox import control

MEDIA = "getchatmediadata"


@pytest.fixture(scope="module")
def without(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose archive has messages, but no media yet."""
    home = tmp_path_factory.mktemp("without") / "home"
    shutil.copytree(seeded, home)
    result = Wecrm(home)("archive", "pull", "--no-media")
    assert result.code == 0, result.err
    return home


@pytest.fixture
def archive(without: Path, tmp_path: Path) -> Wecrm:
    shutil.copytree(without, tmp_path / "home")
    return Wecrm(tmp_path / "home")


def listed(wecrm: Wecrm, *options: str) -> list[dict[str, Any]]:
    result = wecrm("archive", "media", "list", "-f", "json", *options)
    assert result.code == 0, result.err
    found: list[dict[str, Any]] = json.loads(result.out)
    return found


def test_every_file_of_the_messages_is_fetched_whole(archive: Wecrm) -> None:
    wanted = listed(archive)
    assert len(wanted) > 50
    assert {each["state"] for each in wanted} == {"wanted"}
    result = archive("archive", "media", "fetch")
    assert result.code == 0, result.err
    assert f"{len(wanted)} media files" in result.err
    for each in listed(archive):
        path = archive.home / "data" / "wwsandbox00000001.archive.media" / each["path"]
        content = path.read_bytes()
        assert hashlib.sha256(content).hexdigest() == each["sha256"]
        assert len(content) == each["size"]
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert archive("archive", "verify").code == 0


def test_the_list_says_until_when_and_is_in_the_access_log(archive: Wecrm) -> None:
    result = archive("archive", "media", "list", "--type", "image", "--state", "wanted", "--reason", "a case")
    assert result.code == 0
    images = listed(archive, "--type", "image", "--columns", "id,state,type,sent_at,lost_at")
    assert {each["type"] for each in images} == {"image"}
    assert all(each["lost_at"] > each["sent_at"] for each in images)
    log = json.loads(archive("archive", "accesses", "-f", "json").out)
    assert [(each["command"], each["reason"], each["filter"], each["rows"]) for each in log][-1] == (
        *("archive media list", "a case", "--state wanted --type image", len(images)),
    )


def test_columns_are_explained_without_looking(archive: Wecrm) -> None:
    result = archive("archive", "media", "list", "--columns", "?")
    assert "lost_at" in result.out
    assert json.loads(archive("archive", "accesses", "-f", "json").out) == []


@pytest.mark.parametrize(("kind", "code"), [("10001", 5), ("10009", 4)])
def test_a_machine_that_gets_nothing_says_so_and_keeps_wanting(archive: Wecrm, kind: str, code: int) -> None:
    with archive.world() as world:
        control.add_fault(world, kind=kind, path=MEDIA, share=1.0)
    result = archive("archive", "media", "fetch", "--cron")
    assert result.code == code, result.err
    assert f"exit {code}" in result.err
    states = {each["state"] for each in listed(archive)}
    assert states == {"wanted"}
    with archive.world() as world:
        control.clear_faults(world)
        world.advance(700)
    archive("archive", "media", "fetch", "--cron")
    states = [each["state"] for each in listed(archive)]
    assert states.count("done") > 90
    assert set(states) <= {"done", "expired"}  # the oldest of them may have been dropped just now


def test_files_that_fail_are_listed_with_the_reason_and_come_when_wanted_again(archive: Wecrm) -> None:
    with archive.world() as world:
        control.add_fault(world, kind="10005", path=MEDIA, times=3)
    result = archive("archive", "media", "fetch")
    assert result.code == 3
    assert "--state failed" in result.err
    failed = listed(archive, "--state", "failed")
    assert [each["code"] for each in failed] == [10005] * 3
    assert "file id" in failed[0]["reason"]
    assert archive("archive", "media", "retry", str(failed[0]["id"]), "--dry-run").code == 0
    assert len(listed(archive, "--state", "failed")) == 3
    assert archive("archive", "media", "retry", str(failed[0]["id"])).code == 0
    assert len(listed(archive, "--state", "failed")) == 2
    assert archive("archive", "media", "retry").code == 0
    assert archive("archive", "media", "fetch").code == 0
    assert {each["state"] for each in listed(archive)} == {"done"}


def test_what_the_settings_leave_out_is_listed_and_can_be_wanted(archive: Wecrm) -> None:
    own = {"media": {"types": ["image"], "max_mb": 0.1}}
    profile = {"corp_id": "wwsandbox00000001", "archive": own}
    (archive.home / "config.yaml").write_text(yaml.safe_dump({"profiles": {"sandbox": profile}}))
    assert archive("archive", "media", "fetch").code == 0
    left_out = listed(archive, "--state", "skipped")
    assert all(each["type"] != "image" or each["size"] > 100_000 for each in left_out)
    assert all(each["type"] == "image" and each["size"] <= 100_000 for each in listed(archive, "--state", "done"))
    assert "media.types" in left_out[0]["reason"]
    assert archive("archive", "media", "retry", "--state", "skipped").code == 0
    assert archive("archive", "media", "fetch").code == 0
    assert {each["state"] for each in listed(archive)} == {"done"}


def test_what_wecom_has_dropped_is_told_as_lost(archive: Wecrm) -> None:
    with archive.world() as world:
        world.advance(9 * 86400)
    result = archive("archive", "media", "fetch")
    assert result.code == 3
    assert "lost" in result.err
    assert {each["state"] for each in listed(archive)} == {"expired"}


def test_a_saved_copy_is_checked_and_logged(archive: Wecrm, tmp_path: Path) -> None:
    assert archive("archive", "media", "fetch").code == 0
    one, other = listed(archive, "--limit", "2")
    result = archive("archive", "media", "save", str(one["id"]), "-o", str(tmp_path / "copy"), "--reason", "court")
    assert result.code == 0, result.err
    assert hashlib.sha256((tmp_path / "copy").read_bytes()).hexdigest() == one["sha256"]
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o600
    log = json.loads(archive("archive", "accesses", "-f", "json").out)
    assert ("archive media save", "court") in [(each["command"], each["reason"]) for each in log]
    path = archive.home / "data" / "wwsandbox00000001.archive.media" / other["path"]
    path.write_bytes(b"another content")
    result = archive("archive", "media", "save", str(other["id"]), "-o", str(tmp_path / "other"))
    assert result.code == 9
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("save", "99999", "-o", "x"), "no fetched media file 99999"),
        (("list", "--state", "lost"), "no state lost"),
        (("retry", "--state", "done"), "can be wanted again"),
    ],
)
def test_what_does_not_exist_is_refused(archive: Wecrm, words: tuple[str, ...], says: str) -> None:
    result = archive("archive", "media", *words)
    assert result.code == 2
    assert says in result.err
