"""A media file encrypted at rest: pieces of any size, each by itself, so that files stream and resume.

A file is a header, then frames. The header is 12 bytes that say what it is, and 20 random ones that make a
key for this file alone. A frame is its length (4 bytes; the top bit marks the last one), a random nonce
(12), the ciphertext (AES-256-GCM) and its tag (16). Number and mark of a frame are authenticated with it:
frames can't be altered, moved, removed or cut off unseen.
"""

import hmac
import os
from collections.abc import Iterator
from typing import BinaryIO, Final

MAGIC: Final = b"wecrm media\1"
"""How an encrypted media file begins; the last byte is the version of its form."""

_RANDOM = 20
_NONCE = 12
_TAG = 16
_LAST = 1 << 31
_FRAME_MAX = 1 << 26
"""Longer pieces do not come; a damaged length must not fill the memory."""


class BrokenSeal(Exception):
    """The file is cut, altered, or was sealed with another key."""


class Seal:
    """Frames appended to one open file. `n` frames are in it already, and it stands behind them."""

    def __init__(self, stream: BinaryIO, secret: bytes, n: int = 0) -> None:
        self._stream = stream
        self._n = n
        if n == 0:
            stream.seek(0)
            stream.truncate()
            self._random = os.urandom(_RANDOM)
            stream.write(MAGIC + self._random)
        else:
            at = stream.tell()
            self._random = _random(stream)
            stream.seek(at)
        self._key = hmac.digest(secret, self._random, "sha256")

    def write(self, piece: bytes, *, last: bool) -> None:
        """Append one piece."""
        from Crypto.Cipher import AES

        word = (len(piece) | (_LAST if last else 0)).to_bytes(4, "big")
        cipher = AES.new(self._key, AES.MODE_GCM, nonce=os.urandom(_NONCE))
        cipher.update(_bound(self._n, word))
        sealed, tag = cipher.encrypt_and_digest(piece)
        self._stream.write(word + cipher.nonce + sealed + tag)
        self._n += 1


def opened(stream: BinaryIO, secret: bytes) -> Iterator[tuple[bytes, bool]]:
    """Each piece and whether it is marked as the last, from the beginning of the file.

    Raises:
        BrokenSeal: at the first frame that is not as it was written; nothing of it was handed out.
    """
    from Crypto.Cipher import AES

    stream.seek(0)
    key = hmac.digest(secret, _random(stream), "sha256")
    n = 0
    while word := stream.read(4):
        number = int.from_bytes(word, "big")
        length, last = number & ~_LAST, bool(number & _LAST)
        if len(word) < 4 or length > _FRAME_MAX:
            raise BrokenSeal
        frame = stream.read(_NONCE + length + _TAG)
        if len(frame) < _NONCE + length + _TAG:
            raise BrokenSeal
        cipher = AES.new(key, AES.MODE_GCM, nonce=frame[:_NONCE])
        cipher.update(_bound(n, word))
        try:
            yield cipher.decrypt_and_verify(frame[_NONCE:-_TAG], frame[-_TAG:]), last
        except ValueError:
            raise BrokenSeal from None
        n += 1


def _random(stream: BinaryIO) -> bytes:
    stream.seek(0)
    head = stream.read(len(MAGIC) + _RANDOM)
    if len(head) < len(MAGIC) + _RANDOM or not head.startswith(MAGIC):
        raise BrokenSeal
    return head[len(MAGIC) :]


def _bound(n: int, word: bytes) -> bytes:
    return n.to_bytes(8, "big") + word
