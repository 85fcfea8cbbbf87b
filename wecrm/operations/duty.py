"""Who of a live code's members receives customers at a moment, and why each of the others does not.

Somebody of the roster is on unless something speaks against it: they can't be used, are on leave, off
shift, over the cap, or the campaign is over. When nobody is left the fallback takes over. When that
can't either, those who are on now stay: a printed code never leads to nobody, whatever the rules say.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal

from wecrm.i18n import _
from wecrm.models.codebook import CodeEntry
from wecrm.operations import shifts
from wecrm.store import directory
from wecrm.store import livecodes as register
from wecrm.store.database import Store
from wecrm.store.directory import KnownMember

Reason = Literal[
    "on_shift",
    "always",
    "fallback",
    "kept",
    "unknown",
    "gone",
    "out_of_view",
    "no_contact",
    "disabled",
    "not_activated",
    "on_leave",
    "campaign_over",
    "off_shift",
    "over_cap",
    "not_needed",
]
"""Why somebody is on (the first four) or not; never translated."""

Source = Literal["roster", "fallback", "kept", "nobody"]
"""Where those who are on come from. `nobody`: not one member can be used, and a person is needed."""

DISABLED, NOT_ACTIVATED, QUIT = 2, 4, 5
_STATUSES: Mapping[int, Reason] = {DISABLED: "disabled", NOT_ACTIVATED: "not_activated", QUIT: "gone"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What deciding needs besides the description; userids in lower case.

    `at` is in the zone whose days count. `counts`: (channel, userid) → relations that began today.
    `leaves`: who is on leave today → the last day of it.
    """

    at: datetime
    members: Mapping[str, KnownMember]
    counts: Mapping[tuple[str, str], int]
    leaves: Mapping[str, date]


@dataclass(frozen=True, slots=True)
class Standing:
    """How one member of a code stands. `cap` 0: any number. `why` is a sentence for a person."""

    userid: str
    name: str
    fallback: bool
    on: bool
    reason: Reason
    why: str
    today: int
    cap: int
    next_shift: datetime | None


@dataclass(frozen=True, slots=True)
class Duty:
    """Who is on, where they come from, and how every member stands, in the order of the description."""

    on: tuple[str, ...]
    source: Source
    standings: tuple[Standing, ...]


def gather(store: Store, entries: Collection[CodeEntry], at: datetime, leaves: Mapping[str, date]) -> Facts:
    """The facts for these descriptions, out of the cache."""
    midnight = datetime.combine(at.date(), time(), at.tzinfo).timestamp()
    channels = {entry.channel for entry in entries if entry.channel}
    userids = {userid for entry in entries for userid in everybody(entry)}
    return Facts(at, directory.known(store, userids), register.added(store, channels, midnight), leaves)


def everybody(entry: CodeEntry) -> tuple[str, ...]:
    """The roster and the fallback, once each."""
    found: dict[str, str] = {}
    for userid in (*entry.roster, *entry.fallback):
        found.setdefault(userid.lower(), userid)
    return tuple(found.values())


def cap_of(entry: CodeEntry, userid: str) -> int:
    """The most customers that this member gets in a day through the code's channel; 0: any number."""
    own = {name.lower(): cap for name, cap in entry.caps.items()}
    return own.get(userid.lower(), entry.cap)


def decide(entry: CodeEntry, now: Sequence[str], facts: Facts) -> Duty:
    """Who should be on; `now` are those who are, and stay when nobody else can be.

    Nobody is cut off: coderules.py lets a description name as many as WeCom takes.
    """
    usable = [userid for userid in everybody(entry) if not unusable(userid, facts.members)]
    present = [userid for userid in usable if userid.lower() not in facts.leaves]
    roster, spare = _folded(entry.roster), _folded(entry.fallback)
    ways: tuple[tuple[Source, Sequence[str]], ...] = (
        ("roster", [u for u in present if u.lower() in roster and not _against(entry, u, facts)]),
        ("fallback", [u for u in present if u.lower() in spare]),
        ("kept", _rather(present, now)),
        ("kept", _rather(usable, now)),
        ("nobody", ()),
    )
    source, found = next((source, found) for source, found in ways if found or source == "nobody")
    standings = tuple(_standing(entry, userid, facts, source, userid in found) for userid in everybody(entry))
    return Duty(tuple(one.userid for one in standings if one.on), source, standings)


def _folded(userids: Iterable[str]) -> frozenset[str]:
    return frozenset(userid.lower() for userid in userids)


def _rather(userids: Sequence[str], now: Iterable[str]) -> Sequence[str]:
    """Those of them who are on now, or all of them when none is."""
    on = _folded(now)
    return [userid for userid in userids if userid.lower() in on] or userids


def unusable(userid: str, members: Mapping[str, KnownMember]) -> Reason | None:
    """Why WeCom would not give this member a customer, or refuse them on a code."""
    member = members.get(userid.lower())
    if member is None:
        return "unknown"
    if not member.follows:
        return "gone" if member.gone else "no_contact" if member.in_view else "out_of_view"
    return _STATUSES.get(member.status)


def _against(entry: CodeEntry, userid: str, facts: Facts) -> Reason | None:
    """The rule of the description by which somebody of the roster is not on now."""
    if entry.until and facts.at.date() > date.fromisoformat(entry.until):
        return "campaign_over"
    own = shifts.of(entry, userid)
    if own and not shifts.covered(own, facts.at):
        return "off_shift"
    cap = cap_of(entry, userid)
    return "over_cap" if cap and _today(entry, userid, facts) >= cap else None


def _today(entry: CodeEntry, userid: str, facts: Facts) -> int:
    return facts.counts.get((entry.channel, userid.lower()), 0)


def _standing(entry: CodeEntry, userid: str, facts: Facts, source: Source, on: bool) -> Standing:
    folded = userid.lower()
    member = facts.members.get(folded)
    own = shifts.of(entry, userid)
    reserve = folded not in _folded(entry.roster)
    reason = _off(entry, userid, facts, reserve)
    why = _why(entry, userid, facts, reason) if reason else _("on shift") if own else _("in no shift: on at all times")
    if on and source == "kept":
        reason, why = "kept", _("stays on, since nobody else can be: {why}", why=why)
    elif on and source == "fallback":
        reason, why = "fallback", _("fallback, since nobody of the roster can be on")
    return Standing(
        member.userid if member else userid,
        member.name if member else "",
        reserve,
        on,
        reason or ("on_shift" if own else "always"),
        why,
        _today(entry, userid, facts),
        0 if reserve else cap_of(entry, userid),
        None if shifts.covered(own, facts.at) else shifts.following(own, facts.at),
    )


def _off(entry: CodeEntry, userid: str, facts: Facts, reserve: bool) -> Reason | None:
    """What speaks against a member, the gravest first."""
    reason = unusable(userid, facts.members)
    if reason or userid.lower() in facts.leaves:
        return reason or "on_leave"
    return "not_needed" if reserve else _against(entry, userid, facts)


def _why(entry: CodeEntry, userid: str, facts: Facts, reason: Reason) -> str:
    """What speaks against a member, for a person."""
    match reason:
        case "on_leave":
            return _("on leave until {day}", day=facts.leaves[userid.lower()])
        case "campaign_over":
            return _("the campaign ended on {day}", day=entry.until)
        case "off_shift":
            following = shifts.following(shifts.of(entry, userid), facts.at)
            return _("off shift; the next one begins {when}", when=f"{following:%m-%d %H:%M}" if following else "-")
        case "over_cap":
            today, cap = _today(entry, userid, facts), cap_of(entry, userid)
            return _("over the cap: {today} of {cap} customers today", today=today, cap=cap)
    return told(reason)


def told(reason: Reason) -> str:
    """Why a member is not on, where the reason alone says it."""
    return {
        "unknown": _("not known here: is the userid right? `wecrm sync members` reads them"),
        "gone": _("left the corp"),
        "out_of_view": _("outside the app's visible range (可见范围)"),
        "no_contact": _("left, or has no customer contact (客户联系)"),
        "disabled": _("disabled (禁用) in WeCom"),
        "not_activated": _("has not activated WeCom"),
        "not_needed": _("fallback, not needed now"),
    }[reason]
