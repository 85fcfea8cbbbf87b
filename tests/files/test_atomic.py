import os
import resource
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from wecrm.errors import UsageError
from wecrm.files.atomic import replacing


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_reader_sees_the_old_file_until_the_new_one_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "客户.csv"
    target.write_bytes(b"old")
    with replacing(target) as stream:
        stream.write(b"new")
        stream.flush()
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == b"new"
    assert names(tmp_path) == ["客户.csv"]


def test_the_temporary_file_is_hidden_private_and_open_before_the_work(tmp_path: Path) -> None:
    with replacing(tmp_path / "a.csv"):
        (name,) = names(tmp_path)
        assert name.startswith(".")
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "a.csv").stat().st_mode) == 0o600


def test_a_file_that_is_not_private_follows_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with replacing(tmp_path / "a.csv", private=False) as stream:
            stream.write(b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.csv").stat().st_mode) == 0o640


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, BrokenPipeError, SystemExit])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, failure: type[BaseException]) -> None:
    target = tmp_path / "a.csv"
    target.write_bytes(b"old")
    with pytest.raises(failure), replacing(target) as stream:  # noqa: PT012
        stream.write(b"half")
        raise failure
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["a.csv"]


def test_a_missing_folder_is_found_before_the_work_starts(tmp_path: Path) -> None:
    worked = False
    with pytest.raises(UsageError) as caught, replacing(tmp_path / "none" / "a.csv"):
        worked = True
    assert not worked
    assert str(tmp_path / "none" / "a.csv") in caught.value.what
    assert caught.value.why
    assert caught.value.fix


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_write_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError), replacing(tmp_path / "a.csv"):
        pass


def test_a_folder_a_device_and_a_name_that_is_too_long_are_refused(tmp_path: Path) -> None:
    for target in (tmp_path, Path(), Path("/"), Path("/dev/null"), tmp_path / ("长" * 100)):
        with pytest.raises(UsageError), replacing(target):
            pass
    assert names(tmp_path) == []
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_a_long_chinese_name_that_the_system_allows_works(tmp_path: Path) -> None:
    target = tmp_path / ("长" * 80 + ".csv")
    with replacing(target) as stream:
        stream.write(b"x")
    assert target.read_bytes() == b"x"


def test_a_link_is_replaced_and_its_target_stays(tmp_path: Path) -> None:
    real = tmp_path / "real.csv"
    real.write_bytes(b"real")
    link = tmp_path / "link.csv"
    link.symlink_to(real)
    with replacing(link) as stream:
        stream.write(b"new")
    assert real.read_bytes() == b"real"
    assert not link.is_symlink()


def test_a_full_disk_names_the_file_and_leaves_nothing(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with pytest.raises(UsageError) as caught, replacing(tmp_path / "a.csv") as stream:  # noqa: PT012
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
        try:
            stream.write(b"x" * 100_000)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "a.csv" in caught.value.what
    assert names(tmp_path) == []


WRITE = """
import sys
from pathlib import Path
from wecrm.files.atomic import replacing
with replacing(Path(sys.argv[1])) as stream:
    stream.write(b"half")
    stream.flush()
    print("open", flush=True)
    sys.stdin.read()
"""


def test_what_killed_runs_left_is_one_file_and_goes_with_the_next_write(tmp_path: Path) -> None:
    target = tmp_path / "week.html"
    for _time in range(2):
        with subprocess.Popen(
            [sys.executable, "-c", WRITE, str(target)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "open\n"
            writer.send_signal(signal.SIGKILL)
            writer.wait()
        assert len(names(tmp_path)) == 1
    with replacing(target) as stream:
        stream.write(b"whole")
    assert names(tmp_path) == ["week.html"]
    assert target.read_bytes() == b"whole"


def test_two_who_write_the_same_file_at_once_do_not_harm_each_other(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    with replacing(target) as first:
        first.write(b"first")
        with replacing(target) as second:
            second.write(b"second")
        assert target.read_bytes() == b"second"
    assert target.read_bytes() == b"first"
    assert names(tmp_path) == ["a.csv"]
