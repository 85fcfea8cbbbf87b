"""Media files: fetched whole or not at all, never twice, never given up too early, never asked for for ever."""

import hashlib
import os
import random
import stat
import subprocess
import sys
from collections import deque
from dataclasses import replace
from pathlib import Path

import pytest

from tests.operations.shelf import DAY, PASSPHRASE, Fetching, Shelf, files
from wecrm.errors import ConfigError, DeadlineError, Exit
from wecrm.models.archive import CRASHED, DIFFERS, TOO_LARGE
from wecrm.models.clock import Run
from wecrm.models.message import MediaRef
from wecrm.operations.archive import media as operations
from wecrm.operations.archive.media import STREAK_MAX, WAITS_S, Settings
from wecrm.store.archive import media

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["plain", "encrypted"])
def fetching(request: pytest.FixtureRequest, tmp_path: Path) -> Fetching:
    return Fetching(tmp_path, PASSPHRASE if request.param == "encrypted" else None)


def states(fetching: Fetching) -> dict[str, str]:
    return {id_: state for id_, (state,) in fetching.rows("state").items()}


def test_every_file_comes_whole_and_the_same_content_lies_there_once(fetching: Fetching) -> None:
    content = files(1, 40)
    fetching.want(content)
    counts = fetching.drain(Shelf(content))
    assert (counts.fetched, counts.left, counts.failed) == (40, 0, 0)
    assert fetching.read() == content
    assert len(fetching.on_disk()) == len(set(content.values())) < 40
    assert not list((fetching.folder / ".part").iterdir())
    assert {stat.S_IMODE(path.stat().st_mode) for path in fetching.on_disk()} == {0o600}
    assert stat.S_IMODE(fetching.folder.stat().st_mode) == 0o700


def test_the_same_content_under_other_endings_lies_there_once(fetching: Fetching) -> None:
    content = {"one": b"same", "two": b"same"}
    fetching.want(content, two=MediaRef("two", "file", "docx", "b.docx", 4, ""))
    fetching.drain(Shelf(content))
    assert len(fetching.on_disk()) == 1
    assert fetching.read() == content


def test_the_oldest_comes_first_and_what_wecom_has_dropped_last(fetching: Fetching) -> None:
    old, new, gone = ({name: b"x"} for name in ("old", "new", "gone"))
    fetching.want(gone, age_s=6 * DAY)
    fetching.want(new, age_s=DAY)
    fetching.want(old, age_s=4 * DAY)
    shelf = Shelf(old | new | gone)
    fetching.drain(shelf)
    assert [id_ for id_, _index in shelf.calls] == ["old", "new", "gone"]


def test_a_failing_piece_is_asked_for_again_with_its_index_and_grows_no_file_twice(fetching: Fetching) -> None:
    content = {"long": random.Random(3).randbytes(5500)}
    fetching.want(content)
    shelf = Shelf(content, script={"long": deque([0, 0, 10003, 10002, 0])})
    began = fetching.clock.at
    assert fetching.drain(shelf).fetched == 1
    assert [index for _id, index in shelf.calls].count("") == 1
    assert fetching.read() == content
    assert fetching.clock.at - began == pytest.approx(sum(WAITS_S[:2]), abs=2)


@pytest.mark.parametrize("code", [10001, 10002, 10003, CRASHED])
def test_a_file_that_never_comes_is_tried_later_and_later_and_then_given_up(fetching: Fetching, code: int) -> None:
    content = {"bad": b"never", "good": b"always"}
    fetching.want(content, age_s=0)
    shelf = Shelf(content, script={"bad": deque([code] * 1000)})
    nights = 0
    while states(fetching)["bad"] == "wanted":
        fetching.drain(shelf)
        fetching.clock.at += DAY / 2
        nights += 1
    assert states(fetching) == {"bad": "failed", "good": "done"}
    assert fetching.rows("code")["bad"] == (code,)
    assert [id_ for id_, _index in shelf.calls].count("bad") == len(WAITS_S) + 1
    assert nights > 2
    assert fetching.drain(shelf).failed == 0


@pytest.mark.parametrize(
    ("code", "state"), [(10000, "failed"), (10005, "failed"), (10010, "expired"), (99999, "failed")]
)
def test_final_codes_end_it_at_once_and_stop_no_other(fetching: Fetching, code: int, state: str) -> None:
    content = files(5, 3)
    fetching.want(content)
    shelf = Shelf(content, script={"file 0": deque([code])})
    counts = fetching.drain(shelf)
    assert states(fetching) == {"file 0": state, "file 1": "done", "file 2": "done"}
    assert (counts.fetched, counts.failed + counts.expired) == (2, 1)
    assert [found for found, _sentence in operations.wrong(counts)] == [Exit.partial]


def test_past_five_days_an_unreadable_answer_means_expired_but_the_network_does_not(fetching: Fetching) -> None:
    content = {"dropped": b"a", "unreachable": b"b"}
    fetching.want(content, age_s=6 * DAY)
    fetching.drain(Shelf(content, script={"dropped": deque([10002]), "unreachable": deque([10001])}))
    assert states(fetching) == {"dropped": "expired", "unreachable": "done"}


@pytest.mark.parametrize(("code", "exit_"), [(10001, Exit.temporary), (10009, Exit.config)])
def test_without_network_or_permission_the_run_ends_early_and_no_file_is_given_up(
    fetching: Fetching, code: int, exit_: Exit
) -> None:
    content = files(6, 3 * STREAK_MAX)
    fetching.want(content)
    shelf = Shelf(content, always=code)
    counts = fetching.drain(shelf)
    assert len(shelf.calls) == STREAK_MAX
    assert (counts.left, counts.kept_back) == (3 * STREAK_MAX, code)
    assert [found for found, _sentence in operations.wrong(counts)] == [exit_]
    fetching.clock.at += DAY
    assert fetching.drain(Shelf(content)).fetched == 3 * STREAK_MAX


def test_old_files_that_never_come_do_not_keep_the_newer_ones_from_coming(fetching: Fetching) -> None:
    bad = {f"bad {n}": b"" for n in range(STREAK_MAX + 5)}
    good = files(7, 10)
    fetching.want(bad, age_s=2 * DAY)
    fetching.want(good, age_s=DAY)
    for _night in range(2):
        shelf = Shelf(good | bad, script={name: deque([10001] * 100) for name in bad})
        fetching.drain(shelf)
        fetching.clock.at += DAY // 2
    assert {states(fetching)[name] for name in good} == {"done"}
    assert {states(fetching)[name] for name in bad} == {"wanted"}


@pytest.mark.parametrize("told", ["md5", "size"])
def test_what_is_not_as_its_message_says_is_fetched_twice_more_and_then_kept_as_failed(
    fetching: Fetching, told: str
) -> None:
    content = {"odd": b"content" * 400, "fine": b"fine"}
    md5 = hashlib.md5(content["odd"]).hexdigest()
    ref = MediaRef("odd", "file", "pdf", "a.pdf", 2800, md5)
    fetching.want(content, odd=replace(ref, md5="0" * 32) if told == "md5" else replace(ref, size=2799))
    shelf = Shelf(content)
    counts = fetching.drain(shelf)
    assert (counts.fetched, counts.failed) == (1, 1)
    assert fetching.rows("state, code")["odd"] == ("failed", DIFFERS)
    assert [index for id_, index in shelf.calls if id_ == "odd"].count("") == 3
    assert fetching.read() == content


@pytest.mark.parametrize("md5", ["", "0123"])
def test_a_message_that_tells_no_md5_is_believed(fetching: Fetching, md5: str) -> None:
    content = {"one": b"content"}
    fetching.want(content, one=MediaRef("one", "file", "pdf", "", None, md5))
    assert fetching.drain(Shelf(content)).fetched == 1


def test_types_and_sizes_leave_files_out_until_they_are_wanted_again(fetching: Fetching) -> None:
    content = {"small": b"x", "large": b"x" * 3000, "image": b"y", "silent": b"z" * 3000}
    image = MediaRef("image", "image", "jpg", "", 1, "")
    fetching.want(content, image=image, silent=MediaRef("silent", "file", "pdf", "", None, ""))
    settings = Settings(("file",), 2000)
    fetching.drain(Shelf(content), settings)
    assert states(fetching) == {"small": "done", "large": "skipped", "image": "skipped", "silent": "skipped"}
    assert fetching.rows("code")["silent"] == (TOO_LARGE,)
    store = fetching.open()
    (ids,) = store.connection.execute("SELECT group_concat(id) FROM media WHERE sdkfileid <> 'large'").fetchone()
    assert media.want_again(store, [int(id_) for id_ in ids.split(",")], ("skipped",)) == 2
    store.close()
    fetching.drain(Shelf(content), settings)
    assert states(fetching) == {"small": "done", "large": "skipped", "image": "done", "silent": "done"}
    fetching.drain(Shelf(content), Settings())
    assert set(states(fetching).values()) == {"done"}
    assert fetching.read() == content


def test_it_stops_between_pieces_and_goes_on_there(fetching: Fetching) -> None:
    content = {"long": random.Random(8).randbytes(9500)}
    fetching.want(content)
    shelf = Shelf(content)

    def stop() -> DeadlineError | None:
        return DeadlineError("enough") if len(shelf.calls) == 4 else None

    with pytest.raises(DeadlineError):
        fetching.drain(shelf, run=Run(fetching.clock, stop))
    assert fetching.rows("state, written, next_index")["long"] == ("part", 4000, "Range:bytes=4000-4999")
    assert not fetching.on_disk()
    shelf.calls.append(("", ""))
    assert fetching.drain(shelf).fetched == 1
    assert [index for _id, index in shelf.calls].count("") == 2  # the one piece at the beginning, and the mark above
    assert fetching.read() == content


@pytest.mark.parametrize("damage", ["longer", "shorter", "gone"])
def test_a_part_that_is_not_as_it_was_left_doubles_nothing(fetching: Fetching, damage: str) -> None:
    content = {"long": random.Random(9).randbytes(9500)}
    fetching.want(content)
    shelf = Shelf(content)

    def stop() -> DeadlineError | None:
        return DeadlineError("enough") if len(shelf.calls) == 4 else None

    with pytest.raises(DeadlineError):
        fetching.drain(shelf, run=Run(fetching.clock, stop))
    (part,) = (fetching.folder / ".part").iterdir()
    if damage == "gone":
        part.unlink()
    else:
        with part.open("r+b") as stream:
            stream.truncate(part.stat().st_size - 7) if damage == "shorter" else stream.seek(0, os.SEEK_END)
            stream.write(b"half a piece" * 2000 if damage == "longer" else b"")
    shelf.calls.clear()
    assert fetching.drain(shelf).fetched == 1
    assert shelf.calls[0][1] == ("Range:bytes=4000-4999" if damage == "longer" else "")
    assert fetching.read() == content


@pytest.mark.parametrize("indexes", ["one", "new ones"])
def test_a_source_that_never_ends_is_not_followed_for_ever(fetching: Fetching, indexes: str) -> None:
    class Endless(Shelf):
        def media(self, sdkfileid: str, index: str) -> tuple[int, bytes, str, bool]:
            self.calls.append((sdkfileid, index))
            return 0, bytes(300_000), "one" if indexes == "one" else f"{len(self.calls)}", False

    fetching.want({"one": b"x"})
    shelf = Endless({"one": b"x"})
    for _night in range(10):
        fetching.drain(shelf)
        fetching.clock.at += DAY
    assert set(states(fetching).values()) <= {"failed", "expired"}
    assert len(shelf.calls) < 30


def test_a_folder_that_can_not_be_written_ends_it_and_loses_nothing(fetching: Fetching) -> None:
    content = files(10, 3)
    fetching.want(content)
    fetching.folder.write_text("a file stands where the folder should")
    with pytest.raises(ConfigError):
        fetching.drain(Shelf(content))
    fetching.folder.unlink()
    assert fetching.drain(Shelf(content)).fetched == 3


PICTURES = {"png": b"\x89PNG\r\n\x1a\n...", "gif": b"GIF89a...", "jpg": b"\xff\xd8\xff\xe0..."}


@pytest.mark.parametrize(
    ("kind", "extension", "content", "ending"),
    [
        *(("image", "jpg", content, ending) for ending, content in PICTURES.items()),
        ("image", "jpg", b"no picture", "jpg"),
        ("file", "DOCX", b"PK..", "docx"),
        ("file", "../../x", b"x", "bin"),
        ("file", "html", b"<script>", "bin"),
        ("file", "exe", b"MZ", "bin"),
        ("file", "a\x00b", b"x", "bin"),
        ("file", "", b"x", "bin"),
        ("file", "png", b"GIF89a", "png"),
    ],
)
def test_names_are_made_of_the_content_and_a_harmless_ending(
    tmp_path: Path, kind: str, extension: str, content: bytes, ending: str
) -> None:
    fetching = Fetching(tmp_path)
    fetching.want({"one": content}, one=MediaRef("one", kind, extension, "../../etc/passwd", len(content), ""))
    fetching.drain(Shelf({"one": content}))
    digest = hashlib.sha256(content).hexdigest()
    assert [path.relative_to(fetching.folder).as_posix() for path in fetching.on_disk()] == [
        f"{digest[:2]}/{digest}.{ending}"
    ]


def killed(fetching: Fetching, seed: int, n: int, moment: int) -> bool:
    """Whether a process that fetches was killed at that moment, rather than ending before it."""
    words = [str(fetching.home), fetching.passphrase or "", str(seed), str(n), str(moment)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.operations.shelf", *words],
        cwd=ROOT,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode in (0, -9), done.stderr.decode()
    return done.returncode == -9


@pytest.mark.parametrize(("n", "kills"), [(4, 10), pytest.param(30, 60, marks=pytest.mark.long)])
def test_killed_at_any_moment_no_half_file_has_a_name_and_nothing_comes_twice(
    fetching: Fetching, n: int, kills: int
) -> None:
    content = files(12, n)
    fetching.want(content)
    rng = random.Random(n)
    died = 0
    for _each in range(kills):
        if not killed(fetching, 12, n, rng.randint(1, 45)):
            break
        died += 1
        whole = {hashlib.sha256(data).hexdigest() for data in content.values()}
        if not fetching.passphrase:
            assert {hashlib.sha256(path.read_bytes()).hexdigest() for path in fetching.on_disk()} <= whole
        fetching.read()
    assert died >= 4
    fetching.drain(Shelf(content))
    assert set(states(fetching).values()) == {"done"}
    assert fetching.read() == content
    assert len(fetching.on_disk()) == len(set(content.values()))
    assert not list((fetching.folder / ".part").iterdir())
