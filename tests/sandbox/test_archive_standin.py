"""The files that a stand-in of the vendor's library serves."""

import hashlib
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from tests.sandbox.opened import Opener, pages
from wecrm.sandbox import control
from wecrm.sandbox.archive import keys, media, records, standin
from wecrm.sandbox.archive.source import WorldSource
from wecrm.sandbox.world import World


def read(folder: Path) -> list[dict[str, Any]]:
    """The records, found through the offsets."""
    lines = (folder / "records.jsonl").read_bytes()
    places = list(struct.iter_unpack("<QQ", (folder / "offsets.bin").read_bytes()))
    found = [json.loads(lines[at : lines.index(b"\n", at)]) for _, at in places]
    assert [record["seq"] for record in found] == [seq for seq, _ in places]
    assert lines.count(b"\n") == len(places)
    return found


@pytest.fixture
def opener(world: World) -> Opener:
    return Opener(world)


@pytest.mark.parametrize("processes", [1, 2])
def test_an_archive_of_nobody_opens_to_what_was_said(tmp_path: Path, opener: Opener, processes: int) -> None:
    pems = (keys.new_pem(), keys.new_pem())
    held = standin.invented(tmp_path, 2_500, pems=pems, processes=processes, with_media=True)
    found = read(tmp_path)
    assert [record["publickey_ver"] for record in found] == [1] * 1_250 + [2] * 1_250
    assert held == dict(enumerate(pems, 1))
    assert (tmp_path / "keys" / "2.pem").read_bytes() == pems[1]
    opener.keys = {n: serialization.load_pem_private_key(pem, None) for n, pem in held.items()}  # type: ignore[misc]
    said = dict(standin.plain(2_500))
    assert list(said) == [record["seq"] for record in found] == list(range(1, 2_501))
    for record in found[::50]:
        assert opener.open(record) == said[record["seq"]]
    ids = {m["image"]["sdkfileid"]: m["image"] for m in map(_read, said.values()) if m.get("msgtype") == "image"}
    assert len(ids) > 50
    for id_, told in ids.items():
        data = (tmp_path / "media" / hashlib.sha1(id_.encode()).hexdigest()).read_bytes()
        assert len(data) == told["filesize"]
    assert max(len(id_) for id_ in ids) > 500


def _read(plain: bytes) -> dict[str, Any]:
    return json.loads(plain.decode(), strict=False)


def test_fewer_random_keys_make_fewer_ciphertexts_of_rsa(tmp_path: Path) -> None:
    standin.invented(tmp_path, 600, distinct_keys=7, processes=1)
    assert len({record["encrypt_random_key"] for record in read(tmp_path)}) == 7
    assert len({record["encrypt_chat_msg"] for record in read(tmp_path)}) > 590


def test_the_archive_of_a_world(world: World, tmp_path: Path) -> None:
    control.archive_messages(world, 1_500)
    control.archive_rotate_key(world)
    control.archive_messages(world, 50)
    count = standin.of_world(world, tmp_path / "out")
    found = read(tmp_path / "out")
    kept = list(pages(WorldSource(world)))
    assert count == len(found) == len(kept)
    assert [record["encrypt_chat_msg"] for record in found] == [record["encrypt_chat_msg"] for record in kept]
    assert sorted(path.name for path in (tmp_path / "out" / "keys").iterdir()) == ["1.pem", "2.pem"]
    files = [m["file"]["sdkfileid"] for _, m in records.truth(world) if m.get("msgtype") == "file"]
    for id_ in files:
        kind, number, _ = media.told(world.seed, id_) or ("", 0, 0)
        path = tmp_path / "out" / "media" / hashlib.sha1(id_.encode()).hexdigest()
        assert path.read_bytes() == media.content(world.seed, kind, number)
    assert len(files) > 10
