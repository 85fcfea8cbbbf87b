"""Putting other members in the place of one, on every live code that names them, as one plan."""

from collections.abc import Iterable, Sequence

import msgspec

from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.codebook import CodeEntry
from wecrm.models.livecode import SINGLE, LiveCode
from wecrm.models.plan import Change, Plan
from wecrm.models.text import visible
from wecrm.operations import duty
from wecrm.operations.codematch import refresh
from wecrm.operations.livecodes import update
from wecrm.operations.work import Work
from wecrm.store import directory
from wecrm.store import livecodes as register
from wecrm.store.livecodes import KnownCode
from wecrm.store.nearest import did_you_mean


def plan(work: Work, old: str, new: Sequence[str]) -> Plan:
    """The plan by which `new` take the place of `old`: at WeCom, in rosters, shifts, caps and fallbacks.

    The codes are read freshly first. Each is a row of its own: one that WeCom refuses (40003, 41054)
    holds up no other. No changes when no code names `old`.

    Raises:
        UsageError: a new member who is unknown or can't be used.
    """
    taking = _takers(work, old, new)
    refresh(work, [(one.code.kind, one.code.id) for one in register.known(work.store) if names(one, old)])
    changes: list[Change] = []
    notes: list[str] = []
    for one in register.known(work.store):
        if not names(one, old):
            continue
        if one.code.kind == "contact" and one.code.type == SINGLE and len(taking) > 1:
            notes.append(_("{name} takes one member only: {member}.", name=visible(one.shown), member=taking[0]))
        changes.append(_change(len(changes) + 1, one, old, taking))
    title = f"{visible(old)} → {', '.join(taking)}"
    return Plan("livecodes", title, tuple(changes), notes=tuple(notes))


def names(one: KnownCode, userid: str) -> bool:
    """Whether the code or its description names that member anywhere."""
    entry = one.entry.named if one.entry else ()
    return userid.lower() in {name.lower() for name in (*one.code.users, *one.code.priority_users, *entry)}


def _takers(work: Work, old: str, new: Sequence[str]) -> tuple[str, ...]:
    """Those who take over, as the directory writes them."""
    members = directory.known(work.store, new)
    found = []
    for userid in new:
        member = members.get(userid.lower())
        if member is None:
            near = did_you_mean(userid, directory.names(work.store))
            raise UsageError(
                _("There is no member {userid}.", userid=visible(userid)),
                near,
                _("`wecrm sync members` reads new ones."),
            )
        reason = duty.unusable(userid, members)
        if reason is not None:
            raise UsageError(
                _("{userid} can't receive customers: {reason}.", userid=member.userid, reason=reason),
                _("WeCom refuses such a member on a live code (40003, 41054)."),
                _("Name somebody else, or mend it in the console and run `wecrm sync members`."),
            )
        if member.userid.lower() == old.lower():
            raise UsageError(_("{userid} can't take their own place.", userid=member.userid))
        found.append(member.userid)
    return tuple(dict.fromkeys(found))


def _change(n: int, one: KnownCode, old: str, taking: Sequence[str]) -> Change:
    most = 1 if one.code.kind == "contact" and one.code.type == SINGLE else len(taking)
    code: LiveCode = msgspec.structs.replace(
        one.code,
        users=_swapped(one.code.users, old, taking[:most]),
        priority_users=_swapped(one.code.priority_users, old, taking),
    )
    entry = None if one.entry is None else _described(one.entry, old, taking[:most])
    return update(f"s{n}", 0, one, code, entry)


def _described(entry: CodeEntry, old: str, taking: Sequence[str]) -> CodeEntry:
    caps: dict[str, int] = {}
    for userid, cap in entry.caps.items():
        for name in taking if userid.lower() == old.lower() else (userid,):
            caps.setdefault(name, cap)
    return msgspec.structs.replace(
        entry,
        members=_swapped(entry.members, old, taking),
        shifts=tuple(
            msgspec.structs.replace(shift, members=_swapped(shift.members, old, taking)) for shift in entry.shifts
        ),
        caps=caps,
        fallback=_swapped(entry.fallback, old, taking),
        priority_members=_swapped(entry.priority_members, old, taking),
    )


def _swapped(userids: Iterable[str], old: str, taking: Sequence[str]) -> tuple[str, ...]:
    """The list with `taking` where `old` stood, each member once."""
    found: dict[str, str] = {}
    for userid in userids:
        for name in taking if userid.lower() == old.lower() else (userid,):
            found.setdefault(name.lower(), name)
    return tuple(found.values())
