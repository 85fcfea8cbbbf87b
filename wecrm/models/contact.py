"""Customers (客户) and relations: member × customer is the unit of data.

Remarks, tags, channel and add_way belong to the relation, not to the customer.
"""

import msgspec


class ExternalContact(msgspec.Struct, frozen=True):
    """The customer's side (doc 92114, object `external_contact`).

    `type` 1 WeChat user, 2 WeCom user; `gender` 0 unknown, 1 male, 2 female. Any field but the id
    may be absent, null or "": none of those may wipe what is known.
    """

    external_userid: str
    name: str | None = None
    type: int | None = None
    gender: int | None = None
    unionid: str | None = None
    avatar: str | None = None
    position: str | None = None
    corp_name: str | None = None
    corp_full_name: str | None = None


class FollowTag(msgspec.Struct, frozen=True):
    """A tag as `externalcontact/get` answers it: `type` 1 corp, 2 personal (no id), 3 strategy."""

    type: int = 1
    tag_id: str | None = None
    tag_name: str | None = None
    group_name: str | None = None


class Follow(msgspec.Struct, frozen=True):
    """The member's side of a relation (`follow_user` of doc 92114, `follow_info` of doc 92994).

    `createtime` is unix seconds. `tag_id` comes from the batch call, `tags` from the single one;
    personal tags only in `tags`. `oper_userid` is the customer's own id when the customer asked.
    """

    userid: str
    remark: str | None = None
    description: str | None = None
    createtime: int | None = None
    tags: tuple[FollowTag, ...] | None = None
    tag_id: tuple[str, ...] | None = None
    remark_corp_name: str | None = None
    remark_mobiles: tuple[str, ...] | None = None
    oper_userid: str | None = None
    add_way: int | None = None
    state: str | None = None

    @property
    def tag_ids(self) -> tuple[str, ...]:
        """Ids of the corp (and strategy) tags, in order of id, from whichever field came."""
        if self.tags is not None:
            return tuple(sorted({tag.tag_id for tag in self.tags if tag.tag_id}))
        return tuple(sorted(set(self.tag_id or ())))


class Relation(msgspec.Struct, frozen=True):
    """One relation as it arrived: both sides decoded, and the bytes they came from.

    `personal_known`: whether this answer lists personal tags at all (only `get` does).
    """

    contact: ExternalContact
    follow: Follow
    contact_raw: bytes
    follow_raw: bytes
    personal_known: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """(userid, external_userid)."""
        return self.follow.userid, self.contact.external_userid


ADD_WAYS = {
    0: "unknown",
    1: "QR code",
    2: "mobile search",
    3: "business card",
    4: "group chat",
    5: "phone address book",
    6: "WeChat contact",
    8: "service member",
    9: "e-mail search",
    10: "channels",
    11: "calendar",
    12: "meeting",
    13: "WeChat friend",
    14: "smart hardware",
    15: "on-site service",
    16: "acquisition link",
    17: "custom development",
    18: "demand reply",
    21: "third-party pre-sales",
    22: "business partner",
    24: "WeChat friend request",
    201: "shared by a colleague",
    202: "assigned",
}
"""Meaning of `add_way` (doc 92114); any other integer is accepted and shown as it is."""
