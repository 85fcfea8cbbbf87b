"""Live codes (活码) of the three kinds, as WeCom has them.

`contact`: a contact way (联系我, doc 92228) · `group`: a group join way (加入群聊, doc 92229) ·
`link`: a customer-acquisition link (获客链接, doc 97297).
"""

from typing import Literal

import msgspec

Kind = Literal["contact", "group", "link"]
KINDS: tuple[Kind, ...] = ("contact", "group", "link")

STATE_MAX, REMARK_MAX = 30, 30
"""Characters of `state` and of `remark` or a link's name (docs 92228, 92229, 97297)."""
MEMBERS_MAX, LINK_MEMBERS_MAX, CHATS_MAX = 100, 500, 5
"""Members of a contact way after expanding departments (41041), of a link; groups of a join way (41091)."""
LISTED_SINCE = 1625846400
"""2021-07-10 00:00 in Beijing: contact ways made before are in no list."""
SINGLE, MULTIPLE = 1, 2
"""`type` of a contact way; fixed when it is made."""
BUTTON, QR = 1, 2
"""`scene`: mini program, or QR code; fixed when it is made."""


class LiveCode(msgspec.Struct, frozen=True, omit_defaults=True):
    """One live code; what its kind does not have stands at its default.

    `id` is the config_id, or the link_id; "" before it is made. `remark` is a link's `link_name`.
    `url` is the picture of the QR code (contact, group) or the link itself; WeCom gives it, we never
    send it. A link has no `state` of its own: its channel is appended to the address. `mark_source` means
    something to marketing-acquisition apps only: an update sends it as it was found.
    """

    kind: Kind
    id: str = ""
    remark: str = ""
    state: str = ""
    users: tuple[str, ...] = ()
    departments: tuple[int, ...] = ()
    chats: tuple[str, ...] = ()
    type: int = MULTIPLE
    scene: int = QR
    style: int = 0
    skip_verify: bool = True
    is_exclusive: bool = False
    is_temp: bool = False
    auto_create_room: bool = True
    room_base_name: str = ""
    room_base_id: int = 0
    priority_type: int = 0
    priority_users: tuple[str, ...] = ()
    mark_source: bool = True
    url: str = ""
    create_time: int = 0


class LinkCustomer(msgspec.Struct, frozen=True):
    """One customer whom a link brought; `chat_status` 0 has not written, 1 has, 2 unknown (doc 97298)."""

    external_userid: str
    userid: str
    chat_status: int = 2
    state: str = ""


class LinkStatistic(msgspec.Struct, frozen=True):
    """Clicks and new customers of a link over whole days (doc 97375)."""

    click_link_customer_cnt: int = 0
    new_customer_cnt: int = 0


class QuotaPart(msgspec.Struct, frozen=True):
    """A part of the quota that ends at midnight of `expire_date` (unix seconds)."""

    expire_date: int
    balance: int = 0


class Quota(msgspec.Struct, frozen=True):
    """The acquisition quota of the corp: used so far, left, and when parts of it end (doc 97375)."""

    total: int = 0
    balance: int = 0
    quota_list: tuple[QuotaPart, ...] = ()
