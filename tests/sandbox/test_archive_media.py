"""Media of the sandbox's archive: pieces, checks, expiry."""

import hashlib
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from wecrm.sandbox import control
from wecrm.sandbox.archive import media, records
from wecrm.sandbox.archive.source import WorldSource
from wecrm.sandbox.world import World

SIZE = {"image": "filesize", "voice": "voice_size", "video": "filesize", "emotion": "imagesize", "file": "filesize"}


def sent(world: World, *kinds: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Media messages that are still kept, the newest first."""
    found = [(m["msgtype"], m[m["msgtype"]]) for _, m in records.truth(world) if m.get("msgtype") in (kinds or SIZE)]
    return reversed(found)


def fetched(source: WorldSource, sdkfileid: str) -> tuple[bytes, list[str]]:
    """The whole file, and the indexes that led to its pieces."""
    data, index, indexes = b"", "", []
    while True:
        code, piece, following, last = source.media(sdkfileid, index)
        assert code == 0
        assert len(piece) == media.PIECE or last
        data += piece
        indexes.append(index)
        if last:
            assert following == ""
            return data, indexes
        index = following


@pytest.fixture
def talkative(world: World) -> World:
    control.archive_messages(world, 3_000, days=1)
    return world


def test_every_kind_of_file_has_the_size_and_the_sum_that_its_message_says(talkative: World) -> None:
    source, seen = WorldSource(talkative), set()
    for kind, told in sent(talkative):
        if kind in seen or not told["md5sum"]:
            continue
        data, _ = fetched(source, told["sdkfileid"])
        assert len(data) == told[SIZE[kind]]
        assert hashlib.md5(data).hexdigest() == told["md5sum"]
        seen.add(kind)
    assert seen == set(SIZE)


def test_a_large_file_comes_in_pieces_and_goes_on_where_it_stopped(talkative: World) -> None:
    told = next(told for _, told in sent(talkative, "video") if told["filesize"] > 2 * media.PIECE)
    data, indexes = fetched(WorldSource(talkative), told["sdkfileid"])
    assert indexes[:2] == ["", f"Range:bytes=524288-{min(1048576, len(data)) - 1}"]
    code, piece, _, _ = WorldSource(talkative).media(told["sdkfileid"], indexes[1])
    assert (code, piece) == (0, data[media.PIECE : 2 * media.PIECE])


def test_pictures_can_be_looked_at(talkative: World) -> None:
    images = pytest.importorskip("PIL.Image")
    formats = set()
    for kind in ("image", "emotion"):
        for _, told in list(sent(talkative, kind))[:12]:
            picture = images.open(io.BytesIO(fetched(WorldSource(talkative), told["sdkfileid"])[0]))
            picture.load()
            formats.add((kind, picture.format))
    assert formats == {("image", "PNG"), ("emotion", "PNG"), ("emotion", "GIF")}


def test_the_same_file_comes_again_under_another_id(talkative: World) -> None:
    ids: dict[str, set[str]] = {}
    for _, told in sent(talkative, "image"):
        ids.setdefault(told["md5sum"], set()).add(told["sdkfileid"])
    assert any(len(same) > 1 for same in ids.values())
    lengths = {len(id_) for same in ids.values() for id_ in same}
    assert min(lengths) >= 60
    assert max(lengths) <= 1000


def test_the_same_file_may_keep_its_id(world: World) -> None:
    control.set_switch(world, "archive_file_ids", "same")
    control.archive_messages(world, 3_000, days=1)
    told = [told for _, told in sent(world, "image")]
    assert len({each["sdkfileid"] for each in told}) < len(told) * 0.8
    assert fetched(WorldSource(world), told[0]["sdkfileid"])


@pytest.mark.parametrize(("md5", "right"), [("right", 0.95), ("empty", 0.0), ("wrong", 0.0)])
def test_sums_may_be_empty_or_wrong(world: World, md5: str, right: float) -> None:
    control.set_switch(world, "archive_md5", md5)
    control.archive_messages(world, 600, days=1)
    told = list(sent(world, "image"))[:20]
    sums = [
        each["md5sum"] == hashlib.md5(fetched(WorldSource(world), each["sdkfileid"])[0]).hexdigest() for _, each in told
    ]
    assert len(sums) == 20
    assert sum(sums) >= right * 18 if right else not any(sums)
    assert md5 != "empty" or not any(each["md5sum"] for _, each in told)


def test_what_was_sent_keeps_its_sum_when_the_switch_moves(world: World) -> None:
    control.archive_messages(world, 600, days=1)
    before = list(sent(world))
    control.set_switch(world, "archive_md5", "empty")
    control.archive_messages(world, 100, days=1)
    assert list(sent(world))[-len(before) :] == before


def test_files_end_after_five_days(talkative: World) -> None:
    told = next(sent(talkative))[1]
    assert WorldSource(talkative).media(told["sdkfileid"], "")[0] == 0
    control.advance(talkative, 5 * 86_400 + 3600)
    assert WorldSource(talkative).media(told["sdkfileid"], "") == (10010, b"", "", False)


@pytest.mark.parametrize(
    ("sdkfileid", "index", "code"),
    [
        ("", "", 10000),
        ("SDKFILEID", "", 10005),
        ("***", "", 10005),
        (None, "bytes=0-1", 10000),
        (None, "Range:bytes=7-9", 10000),
        (None, "Range:bytes=52428800-62428800", 10000),
    ],
)
def test_bad_ids_and_indexes(talkative: World, sdkfileid: str | None, index: str, code: int) -> None:
    told = next(sent(talkative))[1]["sdkfileid"]
    assert WorldSource(talkative).media(told if sdkfileid is None else sdkfileid, index)[0] == code


def test_an_id_that_was_altered_is_none(talkative: World) -> None:
    told = next(sent(talkative))[1]["sdkfileid"]
    for n in (0, 12, 40):
        altered = told[:n] + ("A" if told[n] != "A" else "B") + told[n + 1 :]
        assert WorldSource(talkative).media(altered, "")[0] == 10005


@pytest.mark.parametrize(
    ("kind", "code"), [("10001", 10001), ("10002", 10002), ("10010", 10010), ("45009", 10002), ("garbage", 10003)]
)
def test_a_fault_strikes_one_piece(talkative: World, kind: str, code: int) -> None:
    told = next(sent(talkative))[1]["sdkfileid"]
    source = WorldSource(talkative)
    control.add_fault(talkative, kind=kind, path="getchatmediadata")
    assert source.media(told, "") == (code, b"", "", False)
    assert source.media(told, "")[0] == 0


def test_an_untrusted_address_gets_no_file(talkative: World) -> None:
    told = next(sent(talkative))[1]["sdkfileid"]
    control.archive_trust(talkative, ["203.0.113.7"])
    assert WorldSource(talkative).media(told, "")[0] == 10009


@pytest.mark.parametrize("state", ["off", "expired"])
def test_an_archive_that_is_not_in_force_gives_no_file_and_not_the_reason(talkative: World, state: str) -> None:
    told = next(sent(talkative))[1]["sdkfileid"]
    control.archive_state(talkative, state)
    source = WorldSource(talkative)
    assert source.media(told, "") == (10002, b"", "", False)
    assert source.media("", "")[0] == 10000
    control.archive_state(talkative, "on")
    assert source.media(told, "")[0] == 0


def test_the_call_log_knows_no_file_ids(talkative: World) -> None:
    told = next(sent(talkative))[1]["sdkfileid"]
    WorldSource(talkative).media(told, "")
    call = list(control.calls(talkative, path="getchatmediadata"))[-1]
    assert told not in json.dumps([call.query, call.notes, call.body.decode()])
    assert call.app == "archive"
