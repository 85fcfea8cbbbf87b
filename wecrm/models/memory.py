"""What a member knew of a customer before the customer was transferred to somebody else."""

from dataclasses import dataclass

import msgspec


class HeldTag(msgspec.Struct, frozen=True):
    """A corp tag that a relation carried, by the names it had then; `stage`: its group is exclusive."""

    tag_id: str
    group: str
    name: str
    stage: bool = False

    @property
    def shown(self) -> str:
        """`group/name`, as people write tags."""
        return f"{self.group}/{self.name}" if self.group else self.name


class Side(msgspec.Struct, frozen=True):
    """One member's side of a customer. `createtime` in unix seconds; `personal_tags` None: they could not be read."""

    remark: str = ""
    description: str = ""
    company: str = ""
    mobiles: tuple[str, ...] = ()
    tags: tuple[HeldTag, ...] = ()
    personal_tags: tuple[str, ...] | None = None
    channel: str = ""
    add_way: int | None = None
    createtime: int | None = None


class Beginning(msgspec.Struct, frozen=True):
    """How the customer first came to the corp; `at` in unix seconds."""

    at: int
    userid: str
    channel: str = ""
    add_way: int | None = None


class Memory(msgspec.Struct, frozen=True):
    """All that is known of a customer whom one member hands to another.

    `side` is the handing-over member's; `own` what the taking-over one had already, None if nothing.
    `contact_type` 1 WeChat user, 2 WeCom user, 0 not known. `chats` are names of groups with both of them.
    `fresh`: read from WeCom for this, not from the cache.
    """

    name: str
    contact_type: int
    side: Side
    own: Side | None
    first: Beginning | None
    chats: tuple[str, ...]
    fresh: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """A memory as it is stored: of which transfer, when it was read, and what became of it (unix seconds)."""

    id: int
    job: str
    handover: str
    takeover: str
    external_userid: str
    taken_at: int
    memory: Memory
    restored_at: int | None
    result: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A field, or an exclusive tag group, in which the two members' sides do not agree."""

    what: str
    former: str
    own: str


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that the taking-over member's side lacks; `why` it was not put there, "" if it still may be."""

    what: str
    value: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Handover:
    """One customer of a hand-over file: the memory, what came over of it, what differs, what is missing.

    `former` and `began_by` are the names of members, `came_by` is the former member's way of adding in words.
    `in_sight` False: WeCom does not show the customer at the taking-over member, so nothing was compared.
    """

    external_userid: str
    memory: Memory
    former: str
    came_by: str
    began_by: str
    arrived: tuple[str, ...] = ()
    differs: tuple[Difference, ...] = ()
    missing: tuple[Missing, ...] = ()
    in_sight: bool = True


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one taking-over member is handed: all customers of a job who are with them; `as_of` in unix seconds."""

    userid: str
    name: str
    job: str
    as_of: float
    customers: tuple[Handover, ...]
