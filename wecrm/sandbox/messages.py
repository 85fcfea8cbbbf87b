"""Messages of an app to members: message/send, text, markdown and textcard."""

from typing import Final

from wecrm.sandbox.asked import Answer, Asked
from wecrm.sandbox.fields import Fields
from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.state import messages
from wecrm.sandbox.state.messages import Message

MOST_USERS: Final = 1000
MOST_PARTIES: Final = 100
LONGEST: Final = 2048
SIMULATED: Final = ("text", "markdown", "textcard")  # the other kinds get 40008 here


def send(asked: Asked) -> Answer:
    """Write to members of the app's range; 81013 where nobody of them may get it."""
    world, app, fields = asked.world, asked.app, asked.fields
    if fields.body_number("agentid") != app.agentid:
        raise Refusal(301002)
    users = _split(fields, "touser", MOST_USERS, 40032)
    departments = _split(fields, "toparty", MOST_PARTIES, 82002)
    tags = _split(fields, "totag", MOST_PARTIES, 82003)
    if not users and not departments and not tags:
        raise Refusal(82001)
    fields.body_number("safe", most=2)
    fields.body_number("enable_id_trans", most=1)
    interval = fields.body_number("duplicate_check_interval", most=14_400)
    interval = 1800 if interval is None else interval
    checks = fields.body_number("enable_duplicate_check", most=1) == 1
    msgtype = fields.text("msgtype")
    message = Message(app, msgtype, _content(asked, msgtype), interval if checks else 0)
    members, wrong, wrong_departments = messages.receivers(world, app, users, departments)
    if not members:
        raise Refusal(81013)
    return {
        "invaliduser": "|".join(wrong),
        "invalidparty": "|".join(wrong_departments),
        "invalidtag": "|".join(tags),  # no tags of members here
        "unlicenseduser": "",
        "msgid": messages.send(world, message, members, asked.now),
    }


def _split(fields: Fields, name: str, most: int, too_many: int) -> list[str]:
    found = [one for one in (fields.maybe_text(name) or "").split("|") if one]
    if len(found) > most:
        raise Refusal(too_many, name)
    return found


def _content(asked: Asked, msgtype: str) -> dict[str, str]:
    """What the members read, cut where the platform cuts."""
    if msgtype not in SIMULATED:
        raise Refusal(40008, msgtype)
    given = asked.fields.maybe_object(msgtype)
    if given is None:
        raise Refusal(40063, msgtype)
    if msgtype == "textcard":
        return {
            "title": given.text("title")[:128],
            "description": given.text("description", missing=41033)[:512],
            "url": given.text("url", longest=LONGEST),
            "btntxt": (given.maybe_text("btntxt") or "")[:4],
        }
    content = given.text("content", missing=44004).encode()
    if len(content) > LONGEST and asked.world.switch("long_notice") == 45002:
        raise Refusal(45002)
    return {"content": content[:LONGEST].decode(errors="ignore")}
