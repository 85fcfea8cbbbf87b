"""Customer groups (客户群), as docs 92120 and 92122 answer them."""

import msgspec


class GroupStatus(msgspec.Struct, frozen=True):
    """A line of the list call; `status` 0 owner normal, 1 owner left, 2 being inherited, 3 inherited."""

    chat_id: str
    status: int = 0


class GroupInvitor(msgspec.Struct, frozen=True):
    """The own member who invited somebody."""

    userid: str


class GroupMember(msgspec.Struct, frozen=True):
    """Somebody in the group; `type` 1 own member, 2 external; `join_scene` 1 invited, 2 link, 3 code."""

    userid: str
    type: int = 2
    join_time: int = 0
    join_scene: int = 0
    unionid: str | None = None
    name: str | None = None
    group_nickname: str | None = None
    state: str | None = None
    invitor: GroupInvitor | None = None


class GroupAdmin(msgspec.Struct, frozen=True):
    """An administrator of the group."""

    userid: str


class GroupChat(msgspec.Struct, frozen=True):
    """One customer group with its people; `name` may be "" (the client then makes one up)."""

    chat_id: str
    name: str = ""
    owner: str = ""
    create_time: int = 0
    notice: str | None = None
    member_list: tuple[GroupMember, ...] = ()
    admin_list: tuple[GroupAdmin, ...] = ()
    member_version: str | None = None
