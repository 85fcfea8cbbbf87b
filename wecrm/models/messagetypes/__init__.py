"""Every type of archived message (会话内容存档, page 91774): a struct for its content, and where that stands.

A new type is one struct beside its like and one line here. `reading.py` takes content apart.
"""

from dataclasses import dataclass
from typing import Final

from wecrm.models.messagetypes import bundles, dealings, media, words
from wecrm.models.messagetypes.body import Body


@dataclass(frozen=True, slots=True)
class Kind:
    """`struct` holds the content, which stands under the first of `keys` that there is; or flat beside msgtype."""

    struct: type[Body]
    keys: tuple[str, ...]
    flat: bool = False


_INFO: dict[str, type[Body]] = {
    "markdown": words.Markdown,
    "news": words.News,
    "voiptext": dealings.Call,
    "qydiskfile": words.Disk,
    "meeting_notification": dealings.MeetingNotice,
}

_OWN: dict[str, type[Body]] = {
    "text": words.Text,
    "image": media.Image,
    "revoke": dealings.Revoke,
    "agree": dealings.Agree,
    "disagree": dealings.Disagree,
    "voice": media.Voice,
    "video": media.Video,
    "card": words.Card,
    "location": words.Location,
    "emotion": media.Emotion,
    "file": media.File,
    "link": words.Link,
    "weapp": words.Weapp,
    "chatrecord": bundles.ChatRecord,
    "todo": dealings.Todo,
    "collect": dealings.Collect,
    "redpacket": dealings.Redpacket,
    "meeting": dealings.Meeting,
    "calendar": dealings.Calendar,
    "mixed": bundles.Mixed,
    "meeting_voice_call": media.Recording,
    "voip_doc_share": media.SharedDoc,
    "sphfeed": words.Sphfeed,
}

TYPES: Final[dict[str, Kind]] = {
    **{name: Kind(struct, (name,)) for name, struct in _OWN.items()},
    **{name: Kind(struct, ("info", name)) for name, struct in _INFO.items()},
    "docmsg": Kind(words.Doc, ("doc", "docmsg")),
    "external_redpacket": Kind(dealings.Redpacket, ("redpacket", "external_redpacket")),
    "vote": Kind(dealings.Vote, ("vote",), flat=True),
    "switch": Kind(dealings.Switch, (), flat=True),
}
"""Types by msgtype. `solitaire` and `note` are not here: no document names their fields."""
