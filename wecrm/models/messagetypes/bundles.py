"""Types of archived messages that carry others inside: their items hold JSON in a string."""

from collections.abc import Iterator
from typing import Any

import msgspec

from wecrm.models.messagetypes.body import Body

_MS_FROM = 10**11
"""Times from here on are milliseconds: WeCom's samples are seconds, its newer text says milliseconds."""

_RECORD = "ChatRecord"


class Item(msgspec.Struct, frozen=True):
    """One item; `content` is JSON in a string, at times the object itself."""

    type: str = ""
    content: Any = None
    msgtime: int = 0
    from_chatroom: bool = False

    @property
    def msgtype(self) -> str:
        """Its type as a message of its own has it: `ChatRecordText` is `text`."""
        name = self.type[len(_RECORD) :] if self.type.startswith(_RECORD) else self.type
        return name.lower()

    @property
    def ms(self) -> int:
        """When it was sent, in milliseconds; 0 where nothing tells."""
        return self.msgtime if self.msgtime > _MS_FROM else self.msgtime * 1000


class Mixed(Body, frozen=True):
    """`mixed`: text and pictures in one message."""

    label = "[mixed]"
    item: tuple[Item, ...] = ()


class ChatRecord(Body, frozen=True):
    """`chatrecord`: messages of another conversation, forwarded."""

    label = "[forwarded chat]"
    title: str = ""
    item: tuple[Item, ...] = ()

    def texts(self) -> Iterator[str]:
        yield self.title
