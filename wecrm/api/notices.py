"""App messages (应用消息) to members: short texts from the app of the contact secret."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from wecrm.api.client import Client
from wecrm.api.endpoint import Endpoint
from wecrm.errors import ConfigError
from wecrm.i18n import _

SEND = Endpoint("POST", "/cgi-bin/message/send", doc=90236, effect="once")

RECEIVERS = 1000
"""Members of one call."""
TEXT_MAX = 2048
"""Bytes in UTF-8; WeCom cuts off or refuses (45002) what is longer."""
SAME_S = 4 * 3600
"""Seconds for which WeCom drops the same text to the same members; the longest that it allows."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one message: its id, and who does not get it, in the spelling of the request."""

    msgid: str
    invalid: tuple[str, ...] = ()
    """Unknown, gone, or outside the app's visible range."""
    unlicensed: tuple[str, ...] = ()
    """Without interface licence; provider apps only."""


class _Sent(msgspec.Struct, frozen=True):
    msgid: str = ""
    invaliduser: str = ""
    unlicenseduser: str = ""


def sender(client: Client) -> int:
    """The agentid of the app that notices come from: the one of the contact secret.

    Raises:
        ConfigError: the profile does not name it.
    """
    if client.settings.agentid is None:
        raise ConfigError(
            _("The profile does not say which app sends notices."),
            _("The profile's contact secret has no `agentid` beside it."),
            _("Copy AgentId from Admin console → 应用管理 → the app into the profile."),
        )
    return client.settings.agentid


def send(client: Client, agentid: int, userids: Sequence[str], text: str) -> Sent:
    """Send a text to up to 1000 members, and say who does not get it (doc 90236).

    `text` has at most 2048 bytes. WeCom has no call that reads a message back, so after a lost answer nobody
    knows; the same text to the same members within 4 hours is dropped by WeCom and may be sent again. More
    than 30 messages a minute or 1000 an hour to one member are dropped without a word.

    Args:
        agentid: the app that the contact secret belongs to: `sender`.

    Raises:
        ValueError: nobody is named, or what WeCom would not take for one member (`@all`, `a|b`).
        ApiError: 81013 nobody can get it; 301002 the secret is another app's; 45002 too long.
    """
    if not userids or any(userid.startswith("@") or "|" in userid for userid in userids):
        raise ValueError(f"not a list of members: {userids}")
    body = {
        "touser": "|".join(userids),
        "msgtype": "text",
        "agentid": agentid,
        "text": {"content": text},
        "enable_duplicate_check": 1,
        "duplicate_check_interval": SAME_S,
    }
    answer = client.call(SEND, _Sent, body=body)
    return Sent(answer.msgid, _spelt(answer.invaliduser, userids), _spelt(answer.unlicenseduser, userids))


def _spelt(joined: str, userids: Sequence[str]) -> tuple[str, ...]:
    """The listed ids, which WeCom writes in lower case, as the request has them."""
    own = {userid.lower(): userid for userid in userids}
    return tuple(own.get(userid.lower(), userid) for userid in joined.split("|") if userid)
