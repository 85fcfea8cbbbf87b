"""Writes an archive as files, for a stand-in of the vendor's library that serves them without a world.

In the folder:

- `records.jsonl`: one sealed record a line, ascending seq, as
  `{"seq":…,"msgid":"…","publickey_ver":…,"encrypt_random_key":"…","encrypt_chat_msg":"…"}`;
- `offsets.bin`: for each line two unsigned 64-bit numbers, little-endian: its seq, and where it begins;
- `media/<sha1 of the sdkfileid, hex>`: the bytes of a file, where media were wanted;
- `keys/<version>.pem`: the private keys (PKCS#8).
"""

import hashlib
import os
import re
import shutil
import struct
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import msgspec

from wecrm.sandbox.archive import cast, keys, media, records
from wecrm.sandbox.archive.sealing import Record, Sealer
from wecrm.sandbox.archive.talks import Stream, Talks
from wecrm.sandbox.world import World

PAGE: Final = 1_000
ENDS: Final = 1_793_494_800.0  # 2026-11-01 09:00 +08:00
DAYS: Final = 5
_SDKFILEID: Final = re.compile(rb'sdkfileid\\?": ?\\?"([\w-]+)')


@dataclass(frozen=True, slots=True)
class _Part:
    """What one process makes: records `start` up to `stop`."""

    seed: int
    count: int
    start: int
    stop: int
    keys: Mapping[int, bytes]  # by the number of the first record that each seals
    distinct_keys: int
    media: Path | None
    into: Path


def of_world(world: World, folder: Path) -> int:
    """Write what the world's archive holds now, its media and the keys its admin has; the number of records."""
    records.catch_up(world)
    folder.mkdir(parents=True, exist_ok=True)
    seq, count, written = -1, 0, _Writer(folder / "records.jsonl")
    with written:
        while found := records.of(world).page(seq, PAGE, world.now()):
            count += len(found)
            seq = found[-1].seq
            written.add(found)
    _offsets(folder, [folder / "records.jsonl"])
    plains = (said.plain for _, _, said in records.of(world).truth())
    _media(world.seed, folder / "media", plains)
    _keys(folder, keys.held_by_admin(world))
    return count


def invented(
    folder: Path,
    count: int,
    *,
    pems: Sequence[bytes] = (),
    seed: int = 7,
    distinct_keys: int = 0,
    with_media: bool = False,
    processes: int = 0,
) -> dict[int, bytes]:
    """Write an archive of `count` records that belongs to no world; the private keys (PEM) by version.

    Args:
        folder: made if needed.
        count: how many; the same seed makes the same messages.
        pems: private keys; each seals an equal part of the records, as version 1, 2 … A new one unless given.
        seed: what everything is drawn from.
        distinct_keys: only so many different random keys, which saves most of the RSA; 0 = one each.
        with_media: write the media files too (some MB).
        processes: as many as there are processors unless told.
    """
    folder.mkdir(parents=True, exist_ok=True)
    held = dict(enumerate(pems or (keys.new_pem(),), 1))
    firsts = {count * n // len(held): pem for n, pem in enumerate(held.values())}
    number = processes or os.cpu_count() or 1
    cuts = [count * n // number for n in range(number + 1)]
    parts = [
        _Part(seed, count, start, stop, firsts, distinct_keys, folder / "media" if with_media else None, path)
        for n, (start, stop) in enumerate(pairwise(cuts))
        for path in (folder / f"records.{n}",)
    ]
    if number == 1:
        _write_part(parts[0])
    else:
        with ProcessPoolExecutor(number, get_context("spawn")) as pool:
            list(pool.map(_write_part, parts))
    _offsets(folder, [part.into for part in parts])
    _keys(folder, held)
    return held


def plain(count: int, *, seed: int = 7, start: int = 0, stop: int | None = None) -> Iterable[tuple[int, bytes]]:
    """(seq, plaintext) of the records that `invented` seals, by seq."""
    stream, talks, people = _stream(seed, count)
    for n in range(start, count if stop is None else stop):
        yield n + 1, talks.message(stream, n, people)[1].plain


def _stream(seed: int, count: int) -> tuple[Stream, Talks, cast.Cast]:
    begins = ENDS - DAYS * 86_400
    return Stream.of_count(1, begins, ENDS, count), Talks(seed), cast.invented(seed)


def _write_part(part: _Part) -> None:
    stream, talks, people = _stream(part.seed, part.count)
    versions = {first: version for version, first in enumerate(sorted(part.keys), 1)}
    sealers = {first: Sealer.of(pem, versions[first], part.distinct_keys) for first, pem in sorted(part.keys.items())}
    with _Writer(part.into) as written:
        for start in range(part.start, part.stop, PAGE):
            page, plains = [], []
            for n in range(start, min(start + PAGE, part.stop)):
                said = talks.message(stream, n, people)[1]
                sealer = sealers[max(first for first in sealers if first <= n)]
                page.append(sealer.seal(n + 1, said.msgid, said.plain))
                plains.append(said.plain)
            written.add(page)
            if part.media is not None:
                _media(part.seed, part.media, plains)


class _Writer:
    """Lines of records into one file, and their places into another beside it."""

    def __init__(self, path: Path) -> None:
        self._lines = path.open("wb")
        self._places = path.with_suffix(path.suffix + ".places").open("wb")
        self._at = 0

    def __enter__(self) -> "_Writer":
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._places.close()

    def add(self, found: Iterable[Record]) -> None:
        """Write some records."""
        for record in found:
            line = msgspec.json.encode(record) + b"\n"
            self._lines.write(line)
            self._places.write(struct.pack("<QQ", record.seq, self._at))
            self._at += len(line)


def _offsets(folder: Path, parts: Sequence[Path]) -> None:
    """Put the parts together, and their places, which count from the beginning of the whole."""
    whole = folder / "records.jsonl"
    moved = 0
    with (folder / "offsets.bin").open("wb") as offsets, whole.open("ab" if whole in parts else "wb") as lines:
        for part in parts:
            places = part.with_suffix(part.suffix + ".places")
            for seq, at in struct.iter_unpack("<QQ", places.read_bytes()):
                offsets.write(struct.pack("<QQ", seq, at + moved))
            places.unlink()
            moved += part.stat().st_size
            if part != whole:
                with part.open("rb") as source:
                    shutil.copyfileobj(source, lines, 1 << 20)
                part.unlink()


def _media(seed: int, folder: Path, plains: Iterable[bytes]) -> None:
    """The files that these messages carry; the same file under several ids is one on the disk."""
    folder.mkdir(parents=True, exist_ok=True)
    for text in plains:
        if b"sdkfileid" not in text:
            continue
        for found in _SDKFILEID.findall(text):
            told = media.told(seed, found.decode())
            path = folder / hashlib.sha1(found, usedforsecurity=False).hexdigest()
            if told is None or path.exists():
                continue
            kind, number, _ = told
            store = folder / f".{kind}-{number}"
            if not store.exists():
                store.write_bytes(media.content(seed, kind, number))
            path.hardlink_to(store)


def _keys(folder: Path, held: Mapping[int, bytes]) -> None:
    (folder / "keys").mkdir(exist_ok=True)
    for version, pem in held.items():
        path = folder / "keys" / f"{version}.pem"
        path.touch(0o600)
        path.write_bytes(pem)
