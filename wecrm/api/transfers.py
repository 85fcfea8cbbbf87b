"""Transfers (继承): customers and groups from one member to another, on the job (在职) or after leaving (离职).

Customers: a call begins the transfer, the outcome is read up to a day later. Groups move at once. Of neither
kind WeCom keeps an id: who wants to tell attempts apart keeps a ledger.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from wecrm.api.client import Client
from wecrm.api.endpoint import Endpoint
from wecrm.models.transfer import GroupFailure, Kind, Submitted, TransferRow, Unassigned

_AT = "/cgi-bin/externalcontact"
ONJOB = Endpoint("POST", f"{_AT}/transfer_customer", doc=92125, effect="once")
ONJOB_RESULT = Endpoint("POST", f"{_AT}/transfer_result", doc=94088, effect="read")
ONJOB_GROUPS = Endpoint("POST", f"{_AT}/groupchat/onjob_transfer", doc=95703, effect="once", day_limit=True)
UNASSIGNED = Endpoint("POST", f"{_AT}/get_unassigned_list", doc=92124, effect="read")
RESIGNED = Endpoint("POST", f"{_AT}/resigned/transfer_customer", doc=94081, effect="once")
RESIGNED_RESULT = Endpoint("POST", f"{_AT}/resigned/transfer_result", doc=94082, effect="read")
RESIGNED_GROUPS = Endpoint("POST", f"{_AT}/groupchat/transfer", doc=92127, effect="once", day_limit=True)

SUBMIT: Mapping[Kind, Endpoint] = {"onjob": ONJOB, "resigned": RESIGNED}
RESULT: Mapping[Kind, Endpoint] = {"onjob": ONJOB_RESULT, "resigned": RESIGNED_RESULT}
GROUPS: Mapping[Kind, Endpoint] = {"onjob": ONJOB_GROUPS, "resigned": RESIGNED_GROUPS}

BATCH = 100
"""Customers or groups of one call (docs 92125, 95703)."""
MESSAGE_MAX = 200
"""Characters of the message that an on-job transfer shows to the customer (doc 92125)."""
GROUPS_A_DAY = 300
"""Groups that one new owner may be given in a day (docs 95703, 92127)."""
PAGE = 1000


class _Submission(msgspec.Struct, frozen=True):
    customer: tuple[Submitted, ...] = ()


class _Results(msgspec.Struct, frozen=True):
    customer: tuple[TransferRow, ...] = ()
    next_cursor: str | None = None


class _Moved(msgspec.Struct, frozen=True):
    failed_chat_list: tuple[GroupFailure, ...] = ()


class _Waiting(msgspec.Struct, frozen=True):
    info: tuple[Unassigned, ...] = ()
    next_cursor: str | None = None


def submit(
    client: Client, kind: Kind, handover: str, takeover: str, external_userids: Sequence[str], message: str = ""
) -> tuple[Submitted, ...]:
    """Begin to transfer up to 100 customers; WeCom's answer for each that it lists (docs 92125, 94081).

    Errcode 0 means begun; `results` tells the outcome after up to 24 hours. Errcodes come as WeCom gives them.
    A customer whom the answer does not list is unknown: look with `results` before sending them again, and
    also after a lost answer, as each start counts (an on-job customer moves twice in 90 days at most).

    Args:
        message: shown to the customers when they change hands, at most 200 characters; "" leaves WeCom's own
            text. On-job only: a resigned transfer takes none, and raises ValueError.

    Raises:
        ApiError: nothing was begun. 40003 or 40097 the kind does not fit the handing-over member; 40098, 41054
            or 84074 the taking-over one may not; 40099 has no room; 40130 both are the same; 40143 is banned;
            90510 nobody was active for a year. What is documented per customer (40096, 40100, 40128, 40129,
            40131, 84061) may also refuse the whole call.
    """
    if message and kind == "resigned":
        raise ValueError("a resigned transfer takes no message")
    body: dict[str, object] = {
        "handover_userid": handover,
        "takeover_userid": takeover,
        "external_userid": list(external_userids),
    }
    if message:
        body["transfer_success_msg"] = message
    return client.call(SUBMIT[kind], _Submission, body=body).customer


def results(client: Client, kind: Kind, handover: str, takeover: str) -> Iterator[TransferRow]:
    """All transfers of that kind between two members, page by page (docs 94088, 94082).

    A customer who was tried twice may come twice, in no promised order; nothing tells the attempts apart but
    `takeover_time`. Right after `submit` rows may be missing: that is no failure before a day has passed.

    Raises:
        ApiError: 40003 a member is unknown, or left and the kind is on-job; 50100 the cursor ended.
    """
    body = {"handover_userid": handover, "takeover_userid": takeover}
    for page in client.pages(RESULT[kind], _Results, body=body):
        yield from page.customer


def move_groups(client: Client, kind: Kind, chat_ids: Sequence[str], new_owner: str) -> tuple[GroupFailure, ...]:
    """Give up to 100 groups to another owner; those that did not move (docs 95703, 92127).

    Groups move at once, nobody is asked; a leaver's may stay "being inherited" (status 2) for a while. Those that
    moved are not listed: () means all of them. After a lost answer read the groups' owners back: a second call
    would refuse what the first one moved (90504, 90508).
    One new owner may be given 300 groups a day, and a group moves on the job twice in 90 days.

    Raises:
        ApiError: no group moved. 40003 or 60111 the new owner is unknown; 40098, 41054 or 84074 may not own
            groups; 45009 too many today; 60011, 60021 out of sight.
    """
    body = {"chat_id_list": list(chat_ids), "new_owner": new_owner}
    return client.call(GROUPS[kind], _Moved, body=body).failed_chat_list


def unassigned(client: Client) -> Iterator[Unassigned]:
    """Customers of members who left and who wait for a new member (doc 92124).

    Read it to the end before assigning anybody: an assigned customer disappears from the list, the rest moves
    up, and the next page would skip as many as were taken. Members who left with groups but without customers
    are not in it: their groups have status 1 in `groups.statuses`.

    Raises:
        ApiError: 50100 the cursor ended: read from the start.
    """
    for page in client.pages(UNASSIGNED, _Waiting, body={"page_size": PAGE}):
        yield from page.info
