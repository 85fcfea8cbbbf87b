"""Between an entry of the file and the code that WeCom has: what the one asks of the other."""

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any, TypeVar

import msgspec

from wecrm.models.codebook import CodeEntry, Shift
from wecrm.models.coderules import NAME_MAX
from wecrm.models.livecode import BUTTON, MULTIPLE, QR, SINGLE, LiveCode
from wecrm.models.text import visible
from wecrm.operations.livecodes import MADE, facts_of
from wecrm.store.directory import KnownMember
from wecrm.store.livecodes import KnownCode

FIELDS: Mapping[str, str] = {
    "state": "channel",
    "remark": "remark",
    "users": "members",
    "departments": "departments",
    "chats": "groups",
    "style": "style",
    "skip_verify": "skip_verify",
    "is_exclusive": "exclusive",
    "auto_create_room": "auto_create",
    "room_base_name": "room_name",
    "room_base_id": "room_number",
    "priority_type": "priority",
    "priority_users": "priority_members",
}
"""Field of a LiveCode → field of its entry. What is not here can't be changed, or is ours alone."""


def wanted(entry: CodeEntry, users: Sequence[str], now: LiveCode | None = None) -> LiveCode:
    """The code that an entry asks for, with these members on; `now` is the code as it is.

    Without a `remark`, the name stands there; a code that was made without any keeps none. Names of groups that
    are not made any more stay.
    """
    asleep = now if now and not entry.auto_create else LiveCode(entry.kind)
    scene = BUTTON if entry.scene == "button" else QR
    return LiveCode(
        entry.kind,
        now.id if now else "",
        remark=entry.remark or ("" if now and not now.remark else entry.name),
        state="" if entry.kind == "link" else entry.channel,
        users=tuple(users),
        departments=entry.departments,
        chats=now.chats if now and _right_chats(entry, now) else entry.groups,
        type=SINGLE if entry.single else MULTIPLE,
        scene=scene,
        style=(entry.style or 1) if scene == BUTTON else now.style if now else 0,
        skip_verify=entry.skip_verify,
        is_exclusive=entry.exclusive,
        auto_create_room=entry.auto_create,
        room_base_name=entry.room_name or asleep.room_base_name,
        room_base_id=entry.room_number or asleep.room_base_id,
        priority_type=entry.priority,
        priority_users=entry.priority_members,
    )


def right_users(entry: CodeEntry, now: LiveCode, left: Set[str]) -> tuple[str, ...] | None:
    """The members that stand at WeCom if they are right by the entry; None: they have to change.

    Of an entry that rotates WeCom holds the part that is on, so any part will do. `left`: who left the
    corp, in lower case; WeCom may have taken them off already.
    """
    at_wecom = {userid.lower() for userid in now.users}
    if entry.rotates:
        roster = {userid.lower() for userid in (*entry.roster, *entry.fallback)}
        right = at_wecom <= roster and bool(at_wecom or not roster)
    else:
        members = {userid.lower() for userid in entry.members}
        right = at_wecom <= members <= at_wecom | left
    return now.users if right else None


def _right_chats(entry: CodeEntry, now: LiveCode) -> bool:
    """Whether these are its groups, or these and some that WeCom made when they were full."""
    return entry.auto_create and set(entry.groups) <= set(now.chats)


def as_described(known: KnownCode, left: Set[str]) -> CodeEntry:
    """The entry of a known code as WeCom has it now: where WeCom agrees, the entry's own words stay."""
    code = known.code
    entry = known.entry or _plain(known)
    agreed = entry.rotates or right_users(entry, code, left) is not None
    like = wanted(entry, code.users if agreed else entry.members, code)
    fields = [field for field in MADE[code.kind] if field in FIELDS]
    here, there = facts_of(like, fields), facts_of(code, fields)
    changed: dict[str, Any] = {}
    for field in fields:
        if here[field] != there[field]:
            old, new = getattr(entry, FIELDS[field]), getattr(code, field)
            changed[FIELDS[field]] = _in_order(old, new) if isinstance(new, tuple) else new
    if not code.auto_create_room:  # what the groups would be called says nothing then
        changed |= {"room_name": "", "room_number": 0}
    return msgspec.structs.replace(entry, **changed)


def _plain(known: KnownCode) -> CodeEntry:
    """An entry that says nothing yet but what can't be changed, and its groups."""
    code = known.code
    contact = code.kind == "contact"
    return CodeEntry(
        visible(known.shown)[:NAME_MAX].strip() or code.kind,
        kind=code.kind,
        scene="button" if code.scene == BUTTON else "qr",
        single=contact and code.type == SINGLE,
        groups=code.chats,
    )


T = TypeVar("T")


def _in_order(old: Sequence[T], new: Sequence[T]) -> tuple[T, ...]:
    """`new`, what stood in `old` first and in its order."""
    return (*(item for item in old if item in new), *(item for item in new if item not in old))


def anew(known: KnownCode, left: Set[str], taken: Set[str]) -> CodeEntry:
    """The entry of a code that nobody described, with its `id` and a name that is not `taken`."""
    entry = as_described(known, left)
    name, n = entry.name, 1
    while name in taken:
        n += 1
        mark = f" ({n})"
        name = entry.name[: NAME_MAX - len(mark)] + mark
    remark = "" if known.code.remark == name else known.code.remark
    return msgspec.structs.replace(entry, name=name, remark=remark, id=known.code.id)


def as_it_is(entry: CodeEntry, known: KnownCode, left: Set[str]) -> CodeEntry:
    """An entry that says nothing but which code it means, with all that the code is at WeCom and in the register."""
    remark = "" if known.code.remark == entry.name else known.code.remark
    return msgspec.structs.replace(as_described(known, left), name=entry.name, remark=remark)


def spelled(entry: CodeEntry, members: Mapping[str, KnownMember]) -> CodeEntry:
    """The entry with every userid written as the directory writes it, each once."""

    def own(userid: str) -> str:
        found = members.get(userid.lower())
        return found.userid if found else userid

    def each(userids: Iterable[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(own(userid) for userid in userids))

    return msgspec.structs.replace(
        entry,
        members=each(entry.members),
        fallback=each(entry.fallback),
        priority_members=each(entry.priority_members),
        shifts=tuple(Shift(shift.days, shift.hours, each(shift.members)) for shift in entry.shifts),
        caps={own(userid): cap for userid, cap in entry.caps.items()},
    )
