"""What WeCom counts by itself: one-to-one chats of members, and customer groups of owners (docs 92132, 92133).

Days are those of UTC+8; `stat_time` is the first second of one, in unix seconds.
"""

import msgspec


class Behavior(msgspec.Struct, frozen=True):
    """One-to-one chats of those asked for on one day, summed up (doc 92132).

    `reply_percentage` (per cent of the chats that customers began) and `avg_reply_time` (minutes until the first
    answer) are absent when there were no chats.
    """

    stat_time: int
    chat_cnt: int = 0
    message_cnt: int = 0
    reply_percentage: float | None = None
    avg_reply_time: int | None = None
    negative_feedback_cnt: int = 0
    new_apply_cnt: int = 0
    new_contact_cnt: int = 0


class GroupFigures(msgspec.Struct, frozen=True):
    """Groups of one owner: `new_*` within the period asked for, everything else as of its last day (doc 92133)."""

    new_chat_cnt: int = 0
    chat_total: int = 0
    chat_has_msg: int = 0
    new_member_cnt: int = 0
    member_total: int = 0
    member_has_msg: int = 0
    msg_total: int = 0


class OwnerFigures(msgspec.Struct, frozen=True):
    """The groups of one owner."""

    owner: str
    data: GroupFigures
