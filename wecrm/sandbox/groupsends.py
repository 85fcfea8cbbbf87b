"""Records of mass messages: get_groupmsg_list_v2, get_groupmsg_task, get_groupmsg_send_result (doc 93338)."""

from collections.abc import Sequence
from typing import Final, TypeVar

from wecrm.sandbox.asked import Answer, Asked
from wecrm.sandbox.cursors import next_cursor, seal, unseal
from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.state import groupsends
from wecrm.sandbox.state.groupsends import GROUP, SINGLE, Send

MONTH_S: Final = 31 * 86_400
CORP, PERSONAL, ALL = range(3)
MOST, MOST_ROWS = 100, 1000
SENT: Final = 2

T = TypeVar("T")


def get_groupmsg_list_v2(asked: Asked) -> Answer:
    """The mass messages made between two moments, newest first."""
    fields = asked.fields
    chat_type = fields.text("chat_type")
    start, end = (fields.body_number(name) for name in ("start_time", "end_time"))
    if start is None or end is None:
        raise Refusal(40063, "start_time and end_time")
    if chat_type not in (SINGLE, GROUP) or not start <= end <= start + MONTH_S:
        raise Refusal(40058, "chat_type, start_time and end_time")
    filter_type = fields.body_number("filter_type", most=2)
    kinds = {CORP: (False,), PERSONAL: (True,)}.get(ALL if filter_type is None else filter_type, (False, True))
    creator = fields.maybe_text("creator") or ""
    found = [
        _shown(send)
        for send in groupsends.sends(asked.world, asked.now)
        if start <= send.made <= end
        and send.chat_type == chat_type
        and send.personal in kinds
        and creator in ("", send.creator)
    ]
    page, following = _page(asked, found, 50, MOST, chat_type, start, end, filter_type, creator)
    return {"group_msg_list": page, **following}


def get_groupmsg_task(asked: Asked) -> Answer:
    """The members who were given a mass message to send."""
    send = groupsends.find(asked.world, asked.fields.text("msgid", missing=41046), asked.now)
    rows: list[dict[str, object]] = [
        {"userid": userid, "status": 0} if at is None else {"userid": userid, "status": SENT, "send_time": at}
        for userid, at in groupsends.tasks(asked.world, asked.app, send, asked.now)
    ]
    page, following = _page(asked, rows, 500, MOST_ROWS, send.msgid)
    return {"task_list": page, **following}


def get_groupmsg_send_result(asked: Asked) -> Answer:
    """What became of each receiver of one member."""
    send = groupsends.find(asked.world, asked.fields.text("msgid", missing=41046), asked.now)
    userid = asked.fields.text("userid")
    rows = groupsends.results(asked.world, asked.app, send, userid, asked.now)
    page, following = _page(asked, rows, 500, MOST_ROWS, send.msgid, userid)
    return {"send_list": page, **following}


def _shown(send: Send) -> dict[str, object]:
    """One line of the list; times are strings, as in the page's own sample."""
    head: dict[str, object] = {"msgid": send.msgid, "create_time": str(send.made), "create_type": int(send.personal)}
    if send.creator:
        head["creator"] = send.creator
    if send.content:
        head["text"] = {"content": send.content}
    return {**head, "attachments": []}


def _page(
    asked: Asked, rows: Sequence[T], usual: int, most: int, *question: object
) -> tuple[Sequence[T], dict[str, str]]:
    """A page and the next cursor; a limit above the most silently becomes the usual one."""
    limit = asked.fields.body_number("limit", least=1) or usual
    limit = usual if limit > most else limit
    (after,) = unseal(asked.world, asked.fields.maybe_text("cursor"), 1, *question)
    following = seal(asked.world, [after + limit], *question) if after + limit < len(rows) else ""
    return rows[after : after + limit], next_cursor(asked.world, following)
