"""Mass messages (企业群发) and what became of them (doc 93338).

A mass message is a task for members: nothing goes out before the member confirms it.
"""

from typing import Literal

import msgspec

ChatType = Literal["single", "group"]
"""To customers, or into customer groups."""

NOT_SENT, SENT, NO_FRIEND, CAP_REACHED = 0, 1, 2, 3
"""`status` of one receiver; a task has other numbers."""

TASK_SENT = 2
"""`status` of the task of a member who sent; 0 has not."""


class SendText(msgspec.Struct, frozen=True):
    """The words of a mass message."""

    content: str = ""


class GroupSend(msgspec.Struct, frozen=True):
    """One mass message; `creator` is absent where an app made it; `create_type` 0 the corp, 1 a member."""

    msgid: str
    create_time: int
    creator: str = ""
    create_type: int = 0
    text: SendText = SendText()


class SendTask(msgspec.Struct, frozen=True):
    """One member's task; `send_time` (unix seconds) once it was sent."""

    userid: str
    status: int = 0
    send_time: int | None = None


class SendResult(msgspec.Struct, frozen=True):
    """What became of one receiver, a customer or a group."""

    external_userid: str = ""
    chat_id: str = ""
    userid: str = ""
    status: int = 0
    send_time: int | None = None
