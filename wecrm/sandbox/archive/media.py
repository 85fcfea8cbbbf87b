"""Media files by seed: an sdkfileid says which file of a small store it is, when it was sent and nothing to a client.

The same file is often sent again, under an id of its own.
"""

import base64
import hashlib
import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Final

PIECE: Final = 524_288
DAY_S: Final = 86_400
KEPT_S: Final = 5 * DAY_S
_SHAPE: Final = struct.Struct(">BIIQ")  # kind, number, unix seconds, salt
_CHECK: Final = 8

IMAGE, VOICE, VIDEO, EMOTION, FILE = "image", "voice", "video", "emotion", "file"
# kind: (how many different files there are, least and most bytes)
STORE: Final = {
    IMAGE: (240, 3_000, 300_000),
    VOICE: (120, 2_000, 90_000),
    VIDEO: (10, 400_000, 4_000_000),
    EMOTION: (60, 2_000, 30_000),
    FILE: (90, 500, 1_500_000),
}
_KINDS: Final = list(STORE)
NAMES: Final = (
    "报价单.xlsx", "合同（最终版）.docx", "plan.docx", "产品手册.pdf", "说明.txt", "../../etc/passwd",
    "CON.txt",
    "发票\u202e\u0007fdp.exe", "a" * 180 + ".pdf",
    "对账单 2026-10.csv", "没有扩展名", ".hidden", "x/y\\z.zip", "通讯录.vcf",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sent:
    """A file as it was sent once."""

    sdkfileid: str
    md5: str
    size: int
    number: int


def sent(seed: int, rng: Random, kind: str, at: int, *, same_ids: bool = False) -> Sent:
    """One of the files of that kind, sent at that moment (unix seconds); its id is new, or the file's of that day."""
    number = int(rng.random() ** 2 * STORE[kind][0])
    if same_ids:
        at += DAY_S - at % DAY_S
        rng = Random(f"{seed}:{kind}:{number}:{at}")
    shape = _SHAPE.pack(_KINDS.index(kind), number, max(0, at), rng.getrandbits(64))
    filler = rng.randbytes(rng.choice((20, 60, 120, 150, 180, 500)))
    body = shape + filler
    id_ = base64.urlsafe_b64encode(_check(seed, body) + body).decode().rstrip("=")
    size, md5 = _measured(seed, kind, number)
    return Sent(id_, md5, size, number)


def told(seed: int, sdkfileid: str) -> tuple[str, int, int] | None:
    """(kind, number, when it was sent) behind an id; None if it is none of this world."""
    try:
        raw = base64.urlsafe_b64decode(sdkfileid + "=" * (-len(sdkfileid) % 4))
        check, body = raw[:_CHECK], raw[_CHECK:]
        kind, number, at, _ = _SHAPE.unpack_from(body)
    except (ValueError, struct.error):
        return None
    if check != _check(seed, body) or kind >= len(_KINDS):
        return None
    return _KINDS[kind], number, at


def start_of(index: str, size: int) -> int | None:
    """Where a piece begins by the index that the piece before gave; None if it is no index of this file."""
    if not index:
        return 0
    first, _, last = index.removeprefix("Range:bytes=").partition("-")
    if not (index.startswith("Range:bytes=") and first.isdecimal() and last.isdecimal()):
        return None
    return int(first) if int(first) % PIECE == 0 and int(first) < size else None


def _check(seed: int, body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_CHECK, key=b"%d" % seed).digest()


@lru_cache(maxsize=2_000)
def _measured(seed: int, kind: str, number: int) -> tuple[int, str]:
    data = content(seed, kind, number)
    return len(data), hashlib.md5(data, usedforsecurity=False).hexdigest()


@lru_cache(maxsize=4)
def content(seed: int, kind: str, number: int) -> bytes:
    """The bytes of a file: PNG or GIF where it is a picture, else a true beginning and noise."""
    draw = Random(f"{seed}:{kind}:{number}")
    _, least, most = STORE[kind]
    size = least + int((most - least) * draw.random() ** 2)
    if kind == IMAGE or (kind == EMOTION and number % 2):
        return _png(draw, size)
    if kind == EMOTION:
        return _gif(draw, size)
    if kind == FILE:
        return _file(draw, name_of(number), size)
    return {VOICE: b"#!AMR\n", VIDEO: b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"}[kind] + _noise(draw, size)


def name_of(number: int) -> str:
    """The name under which a file is sent."""
    name = NAMES[number % len(NAMES)]
    return name if number < len(NAMES) else f"{number}-{name}" if "/" not in name else name


def _noise(draw: Random, size: int) -> bytes:
    return hashlib.shake_128(draw.randbytes(16)).digest(size)


def _png(draw: Random, size: int) -> bytes:
    """A coloured gradient with grain, stored without compression so that its size is about as wanted."""
    wide = max(16, int((size / 3) ** 0.5))
    red, green, blue = (draw.randrange(256) for _ in range(3))
    ramp = bytes(v for x in range(wide) for v in ((red + 90 * x // wide) & 255, (green + 60 * x // wide) & 255, blue))
    grain = int.from_bytes(_noise(draw, len(ramp))) & int.from_bytes(b"\x1f" * len(ramp))
    row = (int.from_bytes(ramp) ^ grain).to_bytes(len(ramp))
    rows = b"".join(b"\x00" + row[3 * (y % wide) :] + row[: 3 * (y % wide)] for y in range(wide))
    head = struct.pack(">IIBBBBB", wide, wide, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )


def _gif(draw: Random, size: int) -> bytes:
    """Stripes in 128 colours; each pixel is a code of 8 bits, the table cleared before it would grow to 9."""
    wide = max(16, int(size**0.5))
    pixels = bytes((x // 4 + y // 4) & 127 for y in range(wide) for x in range(wide))
    codes = b"".join(b"\x80" + pixels[at : at + 120] for at in range(0, len(pixels), 120)) + b"\x81"
    blocks = b"".join(bytes((len(part),)) + part for part in (codes[at : at + 255] for at in range(0, len(codes), 255)))
    head = b"GIF89a" + struct.pack("<HHBBB", wide, wide, 0xF6, 0, 0) + draw.randbytes(3 * 128)
    return head + b"," + struct.pack("<HHHHB", 0, 0, wide, wide, 0) + b"\x07" + blocks + b"\x00;"


def _file(draw: Random, name: str, size: int) -> bytes:
    if name.endswith((".txt", ".csv", ".vcf", "passwd")):
        return (f"{name} {draw.getrandbits(64):x}\n".encode() * (size // 20 + 1))[:size]
    head = b"%PDF-1.7\n" if name.endswith(".pdf") else b"PK\x03\x04"
    return head + _noise(draw, size)
