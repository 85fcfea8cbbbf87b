"""What is wrong with the live codes, as the cache has them, and the command that mends each thing.

A code on a poster works for years; the people it names do not stay for years. A command here lifts no
limit, and a word in capitals is for a person to fill in.
"""

import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from wecrm.api.welcomes import FOREIGN
from wecrm.models.livecode import LINK_MEMBERS_MAX, MEMBERS_MAX, SINGLE
from wecrm.models.welcomerules import TEMPLATES_MAX
from wecrm.operations import duty
from wecrm.store import code_audit, directory, welcomes
from wecrm.store import livecodes as register
from wecrm.store.database import Store
from wecrm.store.livecodes import KnownCode

Kind = Literal[
    "nobody",
    "leaver",
    "disabled",
    "no-contact",
    "single",
    "too-many",
    "no-channel",
    "no-tag",
    "tag-without-channel",
    "ended",
    "unused",
    "unlisted",
    "other-app",
    "full",
]

KINDS: tuple[Kind, ...] = get_args(Kind)
"""The gravest first. `disabled` has who is disabled or has not activated WeCom; `unlisted` are channels that
customers carry and no known code has. The last two are about group welcome templates: another app made it, and the corp
has nearly as many as it may."""

UNUSED_DAYS = 90
NEARLY_FULL = 90
"""Welcome templates of ours; those of other apps count for WeCom, too."""

_REASONS: Mapping[duty.Reason, Kind] = {
    "unknown": "leaver",
    "gone": "leaver",
    "out_of_view": "no-contact",
    "no_contact": "no-contact",
    "disabled": "disabled",
    "not_activated": "disabled",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend; `members` are those it is about, `customers` those who ever came through the code."""

    kind: Kind
    code: str
    code_id: str
    channel: str
    members: tuple[str, ...]
    customers: int
    last_at: int
    fix: str


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the cache says about codes, read once."""

    known: tuple[KnownCode, ...]
    members: Mapping[str, directory.KnownMember]
    channels: Mapping[str, tuple[int, int]]
    links: Mapping[str, tuple[int, int]]
    joined: Mapping[str, int]
    since: Mapping[tuple[str, str], int]
    at: datetime

    def use(self, one: KnownCode) -> tuple[int, int]:
        """(customers, when the last one came)."""
        if one.code.kind == "link":
            return self.links.get(one.code.id, (0, 0))
        count, newest = self.channels.get(one.code.state, (0, 0)) if one.code.state else (0, 0)
        return count, max(newest, self.joined.get(one.code.state, 0) if one.code.state else 0)


def findings(store: Store, at: datetime, kinds: Collection[Kind]) -> list[Finding]:
    """What these kinds of check find at that time, in the order of `KINDS`, then by code."""
    known = register.known(store)
    named = {userid for one in known for userid in _named(one)}
    seen = _Seen(
        known,
        directory.known(store, named),
        code_audit.channels(store),
        code_audit.brought(store),
        code_audit.joined(store),
        code_audit.first_seen(store),
        at,
    )
    found = [finding for one in known for finding in _of(store, one, seen)]
    found += _unlisted(store, seen)
    found += _welcomes(store)
    return sorted((f for f in found if f.kind in kinds), key=lambda f: (KINDS.index(f.kind), f.code))


def _named(one: KnownCode) -> tuple[str, ...]:
    """Every member whom the code or its description names, once each."""
    entry = one.entry.named if one.entry else ()
    spelled = {userid.lower(): userid for userid in (*entry, *one.code.users, *one.code.priority_users)}
    return tuple(spelled.values())


def _of(store: Store, one: KnownCode, seen: _Seen) -> Iterator[Finding]:
    if one.code.kind != "group":
        yield from _people(store, one, seen)
    yield from _purpose(one, seen)


def _people(store: Store, one: KnownCode, seen: _Seen) -> Iterator[Finding]:
    """Whom the code names: who can't serve, how few, how many."""
    bad: dict[Kind, list[str]] = {}
    for userid in _named(one):
        reason = duty.unusable(userid, seen.members)
        if reason is not None:
            bad.setdefault(_REASONS[reason], []).append(userid)
    serving = [userid for userid in one.code.users if duty.unusable(userid, seen.members) is None]
    below = code_audit.members_below(store, one.code.departments) if one.code.departments else frozenset()
    everybody = below | {userid.lower() for userid in one.code.users}
    for kind, userids in bad.items():
        yield _found(kind, one, seen, "\n".join(_swap(userid) for userid in userids), userids)
    if not serving and not below:
        yield _found("nobody", one, seen, _update(one, "--members MEMBER,MEMBER"))
    elif len(everybody) == 1 and not (one.entry and one.entry.rotates):
        yield _found("single", one, seen, _more(one), sorted(everybody))
    if len(everybody) > (LINK_MEMBERS_MAX if one.code.kind == "link" else MEMBERS_MAX):
        yield _found("too-many", one, seen, _update(one, "--departments '' --members MEMBER,MEMBER"))


def _purpose(one: KnownCode, seen: _Seen) -> Iterator[Finding]:
    """What the code is for: its channel, its tags, its end, whether anybody comes."""
    tags = one.entry.tags if one.entry else ()
    channel = one.code.state or (one.entry.channel if one.entry else "")
    if one.code.kind != "link" and not channel:
        yield _found("tag-without-channel" if tags else "no-channel", one, seen, _update(one, "--channel CHANNEL"))
    elif not tags:
        yield _found("no-tag", one, seen, _update(one, "--tags GROUP/TAG"))
    if one.entry and one.entry.until and one.entry.until < f"{seen.at:%Y-%m-%d}":
        yield _found("ended", one, seen, f"wecrm livecodes delete {_word(one)}")
    last = max(seen.use(one)[1], seen.since[one.code.kind, one.code.id])
    if last < seen.at.timestamp() - UNUSED_DAYS * 86400:
        yield _found("unused", one, seen, f"wecrm livecodes delete {_word(one)}")


def _unlisted(store: Store, seen: _Seen) -> Iterator[Finding]:
    """Channels of customers that no code has or had: their codes may be older than 2021-07-10, or of another app."""
    own = {one.code.state for one in register.known(store, gone=True)}
    entries = {one.entry.channel for one in seen.known if one.entry}
    for channel, (count, newest) in sorted(seen.channels.items()):
        if channel not in own and channel not in entries:
            fix = "wecrm livecodes push FILE   # an entry with id: CONFIG_ID of the old code takes it over"
            yield Finding("unlisted", "", "", channel, (), count, newest, fix)


def _welcomes(store: Store) -> Iterator[Finding]:
    """Templates whose newest change WeCom refused since another app made them, and too many of them."""
    known, foreign = welcomes.known(store), welcomes.refused(store, FOREIGN)
    for one in known:
        if one.id in foreign:
            yield Finding("other-app", one.entry.name, one.id, "", (), 0, 0, f"wecrm explain {FOREIGN}")
    if len(known) >= NEARLY_FULL:
        fix = "wecrm livecodes push FILE --delete-missing   # without those that nobody uses"
        yield Finding("full", f"{len(known)} / {TEMPLATES_MAX}", "", "", (), 0, 0, fix)


def _found(kind: Kind, one: KnownCode, seen: _Seen, fix: str, members: Sequence[str] = ()) -> Finding:
    count, newest = seen.use(one)
    return Finding(kind, one.shown, one.code.id, one.code.state, tuple(members), count, newest, fix)


def _swap(userid: str) -> str:
    return f"wecrm livecodes swap {shlex.quote(userid)} MEMBER"


def _update(one: KnownCode, change: str) -> str:
    return f"wecrm livecodes update {_word(one)} {change}"


def _more(one: KnownCode) -> str:
    """A second member for the code, or another code where this one takes one only."""
    members = f"--members {shlex.quote(','.join((*one.code.users, 'MEMBER')))}"
    if one.code.kind == "contact" and one.code.type == SINGLE:
        return f"wecrm livecodes create NAME --channel {shlex.quote(one.code.state or 'CHANNEL')} {members}"
    return _update(one, members)


def _word(one: KnownCode) -> str:
    """The code as one word of a shell."""
    name = one.name if one.name and not one.name.startswith("-") and one.name.isprintable() else one.code.id
    return shlex.quote(name)
