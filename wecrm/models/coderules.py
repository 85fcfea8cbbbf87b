"""What can be wrong with the description of a live code, as far as it shows without asking anybody."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date

from wecrm.i18n import _
from wecrm.models.codebook import CodeEntry, days_of, hours_of
from wecrm.models.livecode import CHATS_MAX, LINK_MEMBERS_MAX, MEMBERS_MAX, REMARK_MAX, STATE_MAX
from wecrm.models.text import visible
from wecrm.models.welcome import WelcomeEntry

NAME_MAX = REMARK_MAX
"""Characters of our own names: they are the remark, too, where none is given."""
LINK_CHANNEL_BYTES = 64
"""UTF-8 bytes of a link's channel; WeCom cuts longer ones without an error (doc 97297)."""
PRIORITY_MAX = 1000
_LENGTHS = {"remark": REMARK_MAX, "room_name": 40}

_ALL = frozenset(("name", "was", "id", "kind", "channel", "remark", "tags", "until"))
_PEOPLE = frozenset(("members", "departments", "cap", "caps", "shifts", "fallback", "skip_verify"))
_OF_KIND = {
    "contact": _PEOPLE | {"scene", "style", "single", "exclusive"},
    "group": frozenset(("groups", "scene", "auto_create", "room_name", "room_number")),
    "link": _PEOPLE | {"priority", "priority_members"},
}
_PLAIN = CodeEntry("")


def wrong(entry: CodeEntry) -> Iterator[str]:
    """Every reason why this entry can't be followed, without its name."""
    yield from _texts(entry)
    if entry.bare:
        return
    yield from _misplaced(entry)
    yield from _numbers(entry)
    yield from _shifts(entry)
    match entry.kind:
        case "group":
            yield from _groups(entry)
        case "link":
            yield from _people(entry, LINK_MEMBERS_MAX)
            yield from _link(entry)
        case "contact":
            yield from _people(entry, MEMBERS_MAX)
            yield from _contact(entry)


def repeated(entries: Iterable[CodeEntry | WelcomeEntry]) -> Iterator[str]:
    """What two entries claim that only one can have."""
    listed = list(entries)
    for field in ("name", "was", "id"):
        for value, n in Counter(getattr(entry, field) for entry in listed).items():
            if value and n > 1:
                yield _("{value}: `{field}` stands in {n} entries", value=visible(value), field=field, n=n)


def named(name: str) -> Iterator[str]:
    """Every reason why something can't have this name."""
    if not name:
        yield _("`name` is empty")
    if name != visible(name).strip():
        yield _("`name` has spaces around it, or characters that nobody sees")
    yield from _longer("name", name, NAME_MAX)


def _longer(field: str, text: str, most: int) -> Iterator[str]:
    if len(text) > most:
        yield _("`{field}` has {n} characters; there may be {most}", field=field, n=len(text), most=most)


def _texts(entry: CodeEntry) -> Iterator[str]:
    yield from named(entry.name)
    for field, most in _LENGTHS.items():
        yield from _longer(field, getattr(entry, field), most)
    if entry.kind != "link":  # whose channel is no `state` and counted in bytes
        yield from _longer("channel", entry.channel, STATE_MAX)
    if entry.until:
        try:
            date.fromisoformat(entry.until)
        except ValueError:
            yield _("`until` is a day, as 2026-12-31, not {value}", value=visible(entry.until))


def _misplaced(entry: CodeEntry) -> Iterator[str]:
    for field in CodeEntry.__struct_fields__:
        if field not in _ALL | _OF_KIND[entry.kind] and getattr(entry, field) != getattr(_PLAIN, field):
            yield _("`{field}` does not belong to a code of kind {kind}", field=field, kind=entry.kind)


def _numbers(entry: CodeEntry) -> Iterator[str]:
    fields = ("cap", "style", "room_number", "priority")
    values = {**{field: getattr(entry, field) for field in fields}, **{f"caps.{k}": n for k, n in entry.caps.items()}}
    for field, value in values.items():
        if value < 0:
            yield _("`{field}` can't be below 0", field=visible(field))
    if any(id_ < 1 for id_ in entry.departments):
        yield _("`departments` are ids, from 1 on")


def _shifts(entry: CodeEntry) -> Iterator[str]:
    for n, shift in enumerate(entry.shifts, 1):
        try:
            days_of(shift.days)
        except ValueError:
            yield _("shift {n}: `days` are like mon-fri or sat,sun, not {value}", n=n, value=visible(shift.days))
        try:
            hours_of(shift.hours)
        except ValueError:
            yield _("shift {n}: `hours` are like 09:00-18:00, not {value}", n=n, value=visible(shift.hours))


def _groups(entry: CodeEntry) -> Iterator[str]:
    if not 1 <= len(entry.groups) <= CHATS_MAX:
        yield _("a group code leads to 1 to {most} `groups`, not {n}", most=CHATS_MAX, n=len(entry.groups))
    yield from _twice("groups", entry.groups)
    if not entry.auto_create and (entry.room_name or entry.room_number):
        yield _("`room_name` and `room_number` need `auto_create`")


def _people(entry: CodeEntry, most: int) -> Iterator[str]:
    if not (entry.roster or entry.departments or entry.fallback):
        yield _("it needs `members`, `departments` or `fallback`")
    for field in ("members", "fallback", "caps", "priority_members"):
        yield from _twice(field, (userid.lower() for userid in getattr(entry, field)))
    roster = {userid.lower() for userid in (*entry.roster, *entry.fallback)}
    if len(roster) > most:
        yield _("it names {n} members; there may be {most}", n=len(roster), most=most)
    if (entry.cap or entry.caps) and not entry.channel:
        yield _("`cap` and `caps` need a `channel`: customers are counted by it")
    for userid in entry.caps:
        if userid.lower() not in roster:
            yield _("`caps` names {userid}, who is none of its members", userid=visible(userid))


def _contact(entry: CodeEntry) -> Iterator[str]:
    if entry.style and entry.scene != "button":
        yield _("`style` is for buttons (`scene: button`)")
    if entry.style > (3 if entry.single else 2):
        yield _("`style` goes to 2, of a single member's button to 3")
    if entry.single and (len(entry.members) != 1 or entry.departments):
        yield _("`single` means exactly one member and no department")
    if entry.single and (entry.cap or entry.caps or entry.shifts or entry.fallback):
        yield _("a `single` code can't rotate: no `cap`, `caps`, `shifts`, `fallback`")


def _link(entry: CodeEntry) -> Iterator[str]:
    size = len(entry.channel.encode())
    if size > LINK_CHANNEL_BYTES:
        yield _("`channel` of a link has {n} bytes; there may be {most}", n=size, most=LINK_CHANNEL_BYTES)
    if entry.priority > 2:
        yield _("`priority` is 1 (a friend anywhere in the corp) or 2 (a friend among `priority_members`)")
    if (entry.priority == 2) is not bool(entry.priority_members):
        yield _("`priority: 2` and `priority_members` go together")
    if len(entry.priority_members) > PRIORITY_MAX:
        yield _("it names {n} members; there may be {most}", n=len(entry.priority_members), most=PRIORITY_MAX)


def _twice(field: str, values: Iterable[str]) -> Iterator[str]:
    for value, n in Counter(values).items():
        if n > 1:
            yield _("`{field}` names {value} {n} times", field=field, value=visible(value), n=n)
