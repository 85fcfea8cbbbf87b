"""What parent and child say to each other: one request, one answer, each a length and MessagePack.

Texts of WeCom travel as bytes, since they may hold what UTF-8 can't. The secret comes in `Begin`, never on
a command line or in the environment, where other processes of this user could read it.
"""

import struct
from typing import Any, BinaryIO, TypeVar

import msgspec

T = TypeVar("T")

_LENGTH = struct.Struct(">I")


class Begin(msgspec.Struct, frozen=True, array_like=True, tag="begin"):
    """Load the library; with a corp id, also make an sdk. Answer: Begun."""

    library: str
    corp_id: str = ""
    secret: str = ""
    proxy: str = ""
    proxy_auth: str = ""
    timeout_s: int = 30

    def __repr__(self) -> str:
        """Without what must not be shown."""
        return f"Begin({self.library!r})"


class Page(msgspec.Struct, frozen=True, array_like=True, tag="page"):
    """GetChatData after `seq`. Answer: (code, bytes)."""

    seq: int
    limit: int


class Decrypt(msgspec.Struct, frozen=True, array_like=True, tag="decrypt"):
    """DecryptData for each (key, message). Answer: a list of (code, bytes)."""

    pairs: list[tuple[bytes, bytes]]


class Media(msgspec.Struct, frozen=True, array_like=True, tag="media"):
    """GetMediaData from `index` on. Answer: (code, bytes, next index, whether it was the last)."""

    sdkfileid: bytes
    index: bytes


Request = Begin | Page | Decrypt | Media


class Begun(msgspec.Struct, frozen=True, array_like=True):
    """Whether the library is loaded: `reason` is "" or the loader's own words; `code` is that of Init."""

    reason: str
    code: int = 0
    standin: bool = False


_encoder = msgspec.msgpack.Encoder()


def send(stream: BinaryIO, value: Any) -> None:
    """Write one frame and flush it; OSError when nobody reads any more."""
    content = _encoder.encode(value)
    stream.write(_LENGTH.pack(len(content)))
    stream.write(content)
    stream.flush()


def receive(stream: BinaryIO) -> bytes:
    """The content of the next frame; EOFError when there is none, or only a part of one."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    content = stream.read(length)
    if len(content) < length:
        raise EOFError
    return content


def decoded(content: bytes, kind: type[T]) -> T:
    """A frame's content as the struct or tuple that is expected there."""
    return msgspec.msgpack.decode(content, type=kind)
