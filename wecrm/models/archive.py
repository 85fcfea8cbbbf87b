"""What the session archive (会话内容存档) is fetched as, and the source that it comes from.

Sealed messages come in pages by `seq`. Each is opened in two steps: the private key of its
`publickey_ver` opens `encrypt_random_key`, and the source opens `encrypt_chat_msg` with what came out.
"""

from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

Opened = tuple[int, bytes]
"""(0, what came) or (a code that is not 0, b"")."""

Piece = tuple[int, bytes, str, bool]
"""(code, bytes of the piece, index of the next one, whether it was the last). Only code 0 has the rest."""

CRASHED: Final = -1
"""Our own code beside the library's (10000 …): the process that did it died, again when asked again."""

TOO_SHORT: Final = -2
"""Our own code: a ciphertext so short that the library would end its process; it was not asked."""

NO_KEY: Final = -3
"""Our own code: no private key of the message's `publickey_ver` is known."""

NOT_BASE64: Final = -4
"""Our own code: `encrypt_random_key` is not base64."""

KEY_REFUSED: Final = -5
"""Our own code: the private key cannot open `encrypt_random_key`. A wrong key mostly shows only as 10008."""

DIFFERS: Final = -6
"""Our own code: a media file came complete, but its size or md5 is not what its message says."""

TOO_LARGE: Final = -7
"""Our own code: a media file that did not tell its size is larger than the settings allow."""

CIPHERTEXT_MIN: Final = 13
"""Characters that `encrypt_chat_msg` must have at least (measured on SDK 3.0)."""

PAGE_MAX: Final = 1000
"""Messages of one page at most."""

WINDOW_S: Final = 5 * 86400
"""How long WeCom keeps a message for the archive."""


class Sealed(msgspec.Struct, frozen=True):
    """One message as it comes in a page, encrypted. `seq` only promises to grow."""

    seq: int
    msgid: str
    publickey_ver: int
    encrypt_random_key: str
    encrypt_chat_msg: str


class Agreement(msgspec.Struct, frozen=True):
    """What a customer answered to being archived: Agree, Disagree, perhaps Default_Agree (unconfirmed)."""

    external_userid: str = msgspec.field(name="exteranalopenid")  # spelt so by WeCom
    agree_status: str
    status_change_time: int = 0
    """Unix seconds."""
    userid: str = ""
    """The member of a single chat; "" in groups."""


class RoomMember(msgspec.Struct, frozen=True):
    """A person in an internal group; `jointime` in unix seconds."""

    memberid: str
    jointime: int = 0


class Room(msgspec.Struct, frozen=True):
    """An internal group as the archive knows it; `room_create_time` in unix seconds."""

    roomname: str = ""
    creator: str = ""
    room_create_time: int = 0
    notice: str = ""
    members: tuple[RoomMember, ...] = ()


class Robot(msgspec.Struct, frozen=True):
    """A robot that speaks in conversations."""

    robot_id: str
    name: str = ""
    creator_userid: str = ""


class ArchiveSource(Protocol):
    """Where the archive comes from: the native library behind a child process, or the sandbox's world.

    Codes are those of the vendor's library (`wecrm explain 10001`); nothing here raises for them. A source
    belongs to one thread, but for `decrypt`, which several may call.
    """

    def page(self, seq: int, limit: int) -> Opened:
        """The JSON of up to `limit` (1 to 1000) messages after `seq`, byte for byte as it came; any HTTP 2xx body is code 0."""  # noqa: E501

    def decrypt(self, pairs: Sequence[tuple[bytes, str]]) -> list[Opened]:
        """For each (opened encrypt_random_key, encrypt_chat_msg) the plaintext, in their order."""

    def media(self, sdkfileid: str, index: str) -> Piece:
        """One piece (at most 512 KiB) of a media file; the first has index ""."""

    def close(self) -> None:
        """End it; not usable afterwards."""
