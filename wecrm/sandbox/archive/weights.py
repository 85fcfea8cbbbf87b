"""How often each type of message comes up."""

from collections.abc import Callable, Mapping
from typing import Final

from wecrm.sandbox.archive import contents, dealings
from wecrm.sandbox.archive.contents import Content, Draw

Maker = Callable[[Draw], Content]

# msgtype: (how many of 10,000 messages, what makes it)
TYPES: Final[Mapping[str, tuple[int, Maker]]] = {
    "text": (8_090, contents.text),
    "quote": (150, contents.quote),  # msgtype text
    "image": (560, contents.image),
    "voice": (260, contents.voice),
    "emotion": (200, contents.emotion),
    "file": (180, contents.file),
    "link": (140, contents.link),
    "weapp": (50, contents.weapp),
    "video": (40, contents.video),
    "voiptext": (50, dealings.voiptext),
    "mixed": (50, contents.mixed),
    "card": (30, contents.card),
    "location": (30, contents.location),
    "chatrecord": (30, contents.chatrecord),
    "redpacket": (10, dealings.redpacket),
    "external_redpacket": (10, dealings.external_redpacket),
    "markdown": (15, dealings.markdown),
    "meeting": (10, dealings.meeting),
    "docmsg": (10, dealings.docmsg),
    "todo": (10, dealings.todo),
    "calendar": (8, dealings.calendar),
    "sphfeed": (8, dealings.sphfeed),
    "news": (8, dealings.news),
    "vote": (8, dealings.vote),
    "collect": (8, dealings.collect),
    "qydiskfile": (8, dealings.qydiskfile),
    "meeting_notification": (5, dealings.meeting_notification),
    "meeting_voice_call": (5, dealings.meeting_voice_call),
    "voip_doc_share": (5, dealings.voip_doc_share),
    "solitaire": (6, dealings.solitaire),
    "note": (6, dealings.note),
    "hologram": (5, dealings.hologram),  # a type that nobody knows yet
}
CALLS: Final = frozenset(("meeting_voice_call", "voip_doc_share"))
"""Types without roomid."""
