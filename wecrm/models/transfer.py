"""Transfers (继承) of customers and customer groups from one member to another, as WeCom answers them."""

from collections.abc import Mapping
from typing import Literal

import msgspec

Kind = Literal["onjob", "resigned"]
"""在职继承 while the handing-over member works here, 离职继承 once they were deleted."""
KINDS: tuple[Kind, ...] = ("onjob", "resigned")

FINISHED, WAITING, REFUSED, FULL, NO_RECORD = 1, 2, 3, 4, 5
"""`status` of a transfer (docs 94088, 94082); NO_RECORD comes for the on-job kind only."""

MEANINGS: Mapping[int, str] = {
    FINISHED: "The transfer is finished.",
    WAITING: "The transfer waits for the customer, who may refuse it for 24 hours.",
    REFUSED: "The customer refused, or had deleted the handing-over member before.",
    FULL: "The taking-over member has reached the customer limit.",
    NO_RECORD: "WeCom has no record of this transfer.",
}
"""What a status says to a person; English message ids."""


class Submitted(msgspec.Struct, frozen=True):
    """WeCom's answer to one customer of a call; `errcode` 0 means that the transfer has begun, not that it is done."""

    external_userid: str
    errcode: int


class TransferRow(msgspec.Struct, frozen=True):
    """One transfer of a pair of members, and where it stands.

    `takeover_time` in unix seconds: when it was finished; while waiting, the moment to come at which it
    finishes by itself; 0 after a refusal.
    """

    external_userid: str
    status: int
    takeover_time: int = 0


class Unassigned(msgspec.Struct, frozen=True):
    """One customer of a member who left; `dimission_time` (unix seconds) is when the member did."""

    handover_userid: str
    external_userid: str
    dimission_time: int


class GroupFailure(msgspec.Struct, frozen=True):
    """A group that did not move, and why."""

    chat_id: str
    errcode: int
    errmsg: str = ""
