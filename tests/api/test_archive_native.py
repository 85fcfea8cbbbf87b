"""The archive through a C library in child processes, with the stand-in for the vendor's; see standin/standin.c."""

import json
import os
import random
import select
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.api.standin.building import Pair, script, serve
from tests.api.standin.building import a_standin_library as a_standin_library
from wecrm.api.archive import native
from wecrm.api.archive.keys import Keys
from wecrm.api.archive.native import NativeSource, Settings
from wecrm.errors import ConfigError
from wecrm.models.archive import CRASHED, TOO_SHORT, Sealed

PAIR = Pair.make()
FILE = bytes(range(256)) * 5000  # 1,280,000 bytes: three pieces


def plain(seq: int) -> bytes:
    return json.dumps({"msgid": f"{seq}_1790000000", "msgtype": "text", "text": {"content": f"第 {seq} 条"}}).encode()


class Corp:
    """A folder of the stand-in and sources on it."""

    def __init__(self, library: Path, folder: Path) -> None:
        self.library, self.folder = library, folder
        self.records = [PAIR.record(seq, plain(seq)) for seq in range(3, 303, 3)]
        serve(folder, self.records, {"FILE": FILE, "SMALL": b"one\0two"})
        self.opened: list[NativeSource] = []

    def source(self, **settings: object) -> NativeSource:
        given = {"timeout_s": 30, "processes": 2, **settings}
        source = native.source(Settings(str(self.library), "wwcorp", "S3CRET", **given))
        self.opened.append(source)
        return source

    def script(self, *lines: str) -> None:
        script(self.folder, *lines)


@pytest.fixture
def corp(standin_library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Corp]:
    folder = tmp_path / "standin"
    corp = Corp(standin_library, folder)
    monkeypatch.setenv("WECRM_STANDIN", str(folder))
    yield corp
    for source in corp.opened:
        source.close()


class _Page(msgspec.Struct):
    chatdata: list[Sealed]


def page(source: NativeSource, seq: int, limit: int) -> list[Sealed]:
    code, body = source.page(seq, limit)
    assert code == 0
    return msgspec.json.decode(body, type=_Page).chatdata


def pairs(keys: Keys, sealed: list[Sealed]) -> list[tuple[bytes, str]]:
    return [(keys.open(1, each.encrypt_random_key)[1], each.encrypt_chat_msg) for each in sealed]


def test_pages_come_byte_for_byte_until_there_is_nothing_more(corp: Corp) -> None:
    source = corp.source()
    lines = (corp.folder / "records.jsonl").read_bytes().splitlines()
    for start in (0, 40, 80):
        after = 0 if start == 0 else 3 * start
        wanted = b'{"errcode":0,"errmsg":"ok","chatdata":[' + b",".join(lines[start : start + 40]) + b"]}"
        assert source.page(after, 40) == (0, wanted)
    assert source.page(300, 1000) == (0, b'{"errcode":0,"errmsg":"ok","chatdata":[]}')
    assert source.page(2**64 - 1, 1000) == (0, b'{"errcode":0,"errmsg":"ok","chatdata":[]}')
    assert source.standin


@pytest.mark.parametrize("body", [b"", b"<html>\n proxy \0 page</html>", b'{"errcode":301042}'])
def test_any_answered_body_is_passed_on(corp: Corp, body: bytes) -> None:
    (corp.folder / "body").write_bytes(body)
    corp.script("page * file body")
    assert corp.source().page(0, 10) == (0, body)


def test_messages_are_decrypted_in_their_order_by_several_threads(corp: Corp) -> None:
    source, keys = corp.source(), Keys({1: PAIR.pem()})
    sealed = page(source, 0, 1000)
    batches = [pairs(keys, sealed[n : n + 10]) for n in range(0, 100, 10)]
    found: dict[int, list[tuple[int, bytes]]] = {}
    threads = [threading.Thread(target=lambda n=n: found.__setitem__(n, source.decrypt(batches[n]))) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [opened for n in range(10) for opened in found[n]] == [(0, plain(seq)) for seq in range(3, 303, 3)]
    assert len(source.children) == 3


def test_a_wrong_key_shows_as_10008_and_leaves_the_others_alone(corp: Corp) -> None:
    source, keys = corp.source(), Keys({1: PAIR.pem()})
    asked = pairs(keys, page(source, 0, 3))
    asked[1] = (os.urandom(40), asked[1][1])
    assert source.decrypt(asked) == [(0, plain(3)), (10008, b""), (0, plain(9))]
    assert source.decrypt([]) == []


def test_codes_of_the_library_come_through(corp: Corp) -> None:
    source = corp.source()
    assert source.page(0, 0) == (10000, b"")
    assert source.page(0, 1001) == (10000, b"")
    corp.script("page * 10001", "media =FILE 10010")
    assert source.page(0, 10) == (10001, b"")
    assert source.media("FILE", "") == (10010, b"", "", False)


def test_media_come_in_pieces_and_resume_by_index(corp: Corp) -> None:
    first = corp.source()
    code, data, index, last = first.media("FILE", "")
    assert (code, len(data), last) == (0, 524288, False)
    content, other = data, corp.source()
    while not last:
        code, data, index, last = other.media("FILE", index)
        assert code == 0
        content += data
    assert content == FILE
    assert other.media("SMALL", "")[1] == b"one\0two"
    assert other.media("GONE", "")[0] == 10005
    assert other.media("", "")[0] == 10000
    assert other.media("FILE", "nonsense")[0] == 10000


def test_media_refused_without_a_reason_are_asked_again_once_with_a_new_sdk(corp: Corp) -> None:
    source = corp.source()
    before = source.children
    corp.script("media 1 10002")
    assert source.media("SMALL", "")[1] == b"one\0two"
    assert source.children != before
    corp.script("media * 10002")
    renewed = [(source.media("SMALL", "")[0], tuple(source.children)) for _try in range(3)]
    assert {code for code, _children in renewed} == {10002}
    assert len({children for _code, children in renewed}) == 1  # not a new process for every expired file


@pytest.mark.parametrize("errcode", [40001, 40014, 41001, 42001])
def test_an_ended_token_in_a_page_makes_a_new_sdk(corp: Corp, errcode: int) -> None:
    source = corp.source()
    before = source.children
    corp.script(f'page 1 body {{"errcode":{errcode},"errmsg":"x"}}')
    assert len(page(source, 0, 1000)) == 100
    assert source.children != before


def test_a_ciphertext_that_would_kill_is_not_asked(corp: Corp) -> None:
    source, keys = corp.source(), Keys({1: PAIR.pem()})
    asked = pairs(keys, page(source, 0, 2))
    source.decrypt(asked)
    before = source.children
    key = asked[0][0]
    short = [(key, "A" * 12), (key, ""), (key, "AAAA\0AAAAAAAAAAAAAAAAAA"), (key, "A" * 13), asked[1]]
    assert [code for code, _text in source.decrypt(short)] == [TOO_SHORT, TOO_SHORT, TOO_SHORT, 10008, 0]
    assert source.children == before


def test_messages_that_kill_the_child_are_named_and_no_other_is_lost(corp: Corp) -> None:
    source, keys = corp.source(), Keys({1: PAIR.pem()})
    sealed = page(source, 0, 1000)
    killers = {17, 50, 51, 99}
    corp.script(*(f"decrypt ={sealed[n].encrypt_chat_msg[:60]} abort" for n in killers))
    found = source.decrypt(pairs(keys, sealed))
    assert {n for n, (code, _text) in enumerate(found) if code} == killers
    assert {found[n] for n in killers} == {(CRASHED, b"")}
    assert all(found[n] == (0, plain(3 * n + 3)) for n in range(100) if n not in killers)


def test_a_page_that_kills_once_is_fetched_again_and_one_that_always_does_is_named(corp: Corp) -> None:
    source = corp.source()
    corp.script("page 1 abort")
    assert len(page(source, 0, 1000)) == 100
    corp.script("page 1 abort", "page 2 abort")
    assert len(page(source, 0, 1000)) == 100  # tried smaller
    corp.script("page * abort")
    assert source.page(0, 1000) == (CRASHED, b"")
    corp.script()
    assert len(page(source, 0, 1000)) == 100


def test_killed_twenty_times_nothing_is_missing_or_doubled(corp: Corp) -> None:
    chance = random.Random(7)
    corp.script(
        *(f"decrypt {n} abort" for n in chance.sample(range(2, 120, 2), 14)),
        *(f"page {n} abort" for n in (2, 5, 9)),
    )
    source, keys = corp.source(), Keys({1: PAIR.pem()})
    found, seq, killed = [], 0, 0
    while sealed := page(source, seq, 10):
        found += source.decrypt(pairs(keys, sealed))
        seq = sealed[-1].seq
        if seq in (60, 120, 180):
            os.kill(source.children[seq // 60 % len(source.children)], 9)
            killed += 1
    assert killed == 3
    assert found == [(0, plain(seq)) for seq in range(3, 303, 3)]


def test_a_child_that_hangs_is_killed_and_told_as_a_network_error(corp: Corp) -> None:
    source = corp.source(timeout_s=1, slack_s=0.0)
    before = source.children
    corp.script("page 1 hang", "media 1 hang")
    assert source.page(0, 10) == (10001, b"")
    assert len(page(source, 0, 1000)) == 100
    assert source.children != before
    assert source.media("SMALL", "")[0] == 10001


def resident_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1])


def test_buffers_are_given_back(corp: Corp) -> None:
    source = corp.source(processes=1)
    (corp.folder / "body").write_bytes(b"x" * 1_000_000)
    corp.script("page * file body")
    sealed, key = PAIR.record(1, b"x" * 1_000_000), Keys({1: PAIR.pem()})
    _code, opened = key.open(1, str(sealed["encrypt_random_key"]))

    def work(rounds: int) -> list[int]:
        for _round in range(rounds):
            assert len(source.page(0, 10)[1]) == 1_000_000
            assert source.media("FILE", "")[0] == 0
            assert source.decrypt([(opened, str(sealed["encrypt_chat_msg"]))])[0][0] == 0
        return [resident_kb(pid) for pid in source.children]

    before = work(5)
    assert all(after - warm < 10_000 for after, warm in zip(work(40), before, strict=True))


def test_closing_ends_a_call_under_way(corp: Corp) -> None:
    source = corp.source()
    corp.script("page 1+ hang")
    ended: list[object] = []
    thread = threading.Thread(target=lambda: ended.append(source.page(0, 10)))
    thread.start()
    while thread.is_alive() and not (corp.folder / "count.page").exists():
        pass  # the stand-in counts the call before it hangs
    source.close()
    thread.join(20)
    assert ended == [(CRASHED, b"")]
    assert source.children == []
    assert source.decrypt([(b"k", "A" * 20)]) == [(CRASHED, b"")]


def test_the_secret_is_on_no_command_line_and_proxies_of_the_environment_are_gone(
    corp: Corp, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "ALL_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    settings = Settings("x", "wwcorp", "S3CRET", "http://user:PASS@h:1", "user:PASS")
    assert "S3CRET" not in repr(settings)
    assert "PASS" not in repr(settings)
    process = Path(f"/proc/{corp.source().children[0]}")
    assert b"S3CRET" not in (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
    assert b"_proxy=" not in (process / "environ").read_bytes().lower()
    limit = next(line for line in (process / "limits").read_text().splitlines() if line.startswith("Max core file"))
    assert limit.split()[4:6] == ["0", "0"]


def test_signals_meant_for_the_parent_leave_the_child_alone(corp: Corp) -> None:
    source = corp.source()
    before = source.children
    os.kill(before[0], 15)
    os.kill(before[0], 2)
    assert len(page(source, 0, 1000)) == 100
    assert source.children == before
    assert os.getsid(before[0]) == before[0]


PARENT = """
import sys
from wecrm.api.archive import native
source = native.source(native.Settings(sys.argv[1], "wwcorp", "S3CRET"))
print(*source.children, flush=True)
source.page(0, 10)
"""


@pytest.mark.parametrize("lines", [[], ["page * hang"]])
def test_a_child_dies_with_its_parent(corp: Corp, lines: list[str]) -> None:
    corp.script(*lines)
    parent = subprocess.Popen([sys.executable, "-c", PARENT, corp.library], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = os.pidfd_open(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert select.select([child], [], [], 20)[0]
    os.close(child)


@pytest.mark.parametrize(
    ("wrong", "word"),
    [({"timeout_s": 0}, "timeout_s"), ({"timeout_s": -1}, "timeout_s"), ({"processes": 0}, "processes")],
)
def test_settings_that_would_hang_are_refused(corp: Corp, wrong: dict[str, object], word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        corp.source(**wrong)


def test_a_secret_is_needed(corp: Corp) -> None:
    with pytest.raises(ConfigError, match="secret"):
        native.source(Settings(str(corp.library), "wwcorp", ""))
