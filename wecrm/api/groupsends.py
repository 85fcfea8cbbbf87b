"""Mass messages (企业群发) as records: which there are, who sent them, what became of each receiver.

Shown are only members within the visible range.
"""

from collections.abc import Iterator

import msgspec

from wecrm.api.client import Client
from wecrm.api.endpoint import Endpoint
from wecrm.models.groupsend import ChatType, GroupSend, SendResult, SendTask

LIST = Endpoint("POST", "/cgi-bin/externalcontact/get_groupmsg_list_v2", doc=93338, effect="read")
TASKS = Endpoint("POST", "/cgi-bin/externalcontact/get_groupmsg_task", doc=93338, effect="read")
RESULTS = Endpoint("POST", "/cgi-bin/externalcontact/get_groupmsg_send_result", doc=93338, effect="read")

PAGE, LONG_PAGE = 100, 1000
OF_THE_CORP = 0
"""`filter_type`: without the mass messages that members sent on their own."""


class _List(msgspec.Struct, frozen=True):
    group_msg_list: tuple[GroupSend, ...] = ()
    next_cursor: str | None = None


class _Tasks(msgspec.Struct, frozen=True):
    task_list: tuple[SendTask, ...] = ()
    next_cursor: str | None = None


class _Results(msgspec.Struct, frozen=True):
    send_list: tuple[SendResult, ...] = ()
    next_cursor: str | None = None


def listed(client: Client, chat_type: ChatType, start_time: int, end_time: int) -> Iterator[GroupSend]:
    """The corp's mass messages made between two moments at most a month apart (unix seconds; doc 93338)."""
    body = {
        "chat_type": chat_type,
        "start_time": start_time,
        "end_time": end_time,
        "filter_type": OF_THE_CORP,
        "limit": PAGE,
    }
    for page in client.pages(LIST, _List, body=body):
        yield from page.group_msg_list


def tasks(client: Client, msgid: str) -> Iterator[SendTask]:
    """Whom a mass message was given to send, and who did (doc 93338).

    Raises:
        ApiError: 41063 it is still being made.
    """
    for page in client.pages(TASKS, _Tasks, body={"msgid": msgid, "limit": LONG_PAGE}):
        yield from page.task_list


def results(client: Client, msgid: str, userid: str) -> Iterator[SendResult]:
    """What became of each receiver of one member; of groups only those it was sent to (doc 93338)."""
    for page in client.pages(RESULTS, _Results, body={"msgid": msgid, "userid": userid, "limit": LONG_PAGE}):
        yield from page.send_list
