"""What one archived message shows: lines of its own words, quotes, labels and files, for a screen or a page."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from wecrm.models import message as messages
from wecrm.models.message import MediaRef, Message
from wecrm.models.messagetypes.bundles import ChatRecord, Mixed
from wecrm.models.messagetypes.words import Markdown, Text

EVENTS: Final = ("revoke", "agree", "disagree", "switch")
"""Types that nobody said: they stand in the middle."""


@dataclass(frozen=True, slots=True)
class Line:
    """`text` (hostile, may have line breaks) is said, quoted by a reply, or our label of something that is no words.

    `depth` 1 and more: inside a forwarded chat. `file` is what a label stands for.
    """

    kind: Literal["said", "quoted", "label"]
    text: str
    depth: int = 0
    file: MediaRef | None = None


def lines(message: Message) -> Iterator[Line]:
    """Everything that the message shows, in its order; at least one line."""
    forwarded = False
    for depth, _item, part in messages.parts(message):
        forwarded = forwarded or isinstance(part, ChatRecord)
        inside = depth if forwarded else 0
        match part:
            case Text(content=content):
                quote = part.quote()
                if quote:
                    yield Line("quoted", quote[0], inside)
                yield Line("said", quote[1] if quote else content, inside)
            case Markdown(content=content):
                yield Line("said", content, inside)
            case Mixed():
                if not part.item:
                    yield Line("label", part.line(), inside)
            case _other:
                yield Line("label", part.line(), inside, next(part.files(), None))
