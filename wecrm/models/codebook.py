"""Live codes as a file: what people keep under version control, one entry per code.

WeCom keeps only a part of an entry (channel, remark, who receives customers now). The rest, such as
caps, shifts, fallback, tags and the last day, is ours: the register in the database remembers it.
"""

import re
from typing import Literal

import msgspec

from wecrm.models.livecode import Kind
from wecrm.models.welcome import WelcomeEntry

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60
_HOURS = re.compile(r"(\d{1,2}):([0-5]\d)-(\d{1,2}):([0-5]\d)")


def days_of(days: str) -> frozenset[int]:
    """Weekdays (0 is Monday) of `mon-fri`, `sat,sun`, or over Sunday like `fri-mon`.

    Raises:
        ValueError: a part that is no weekday and no range of them.
    """
    found: set[int] = set()
    for part in days.split(","):
        first, dash, last = (name.strip().lower() for name in part.partition("-"))
        if first not in WEEKDAYS or (dash and last not in WEEKDAYS):
            raise ValueError(part)
        start, end = WEEKDAYS.index(first), WEEKDAYS.index(last if dash else first)
        found |= {(start + n) % 7 for n in range((end - start) % 7 + 1)}
    return frozenset(found)


def hours_of(hours: str) -> tuple[int, int]:
    """First minute of the day and the minute after the last, of `09:00-18:00`; over midnight the first is the larger.

    Raises:
        ValueError: not two times of a day (00:00 to 24:00), or both the same.
    """
    match = _HOURS.fullmatch(hours.replace(" ", ""))
    if match is None:
        raise ValueError(hours)
    first, minute, last, end = (int(number) for number in match.groups())
    start, stop = first * 60 + minute, last * 60 + end
    if start >= DAY_MINUTES or stop > DAY_MINUTES or start == stop:
        raise ValueError(hours)
    return start, stop


class Shift(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """When `members` (everybody of the entry when empty) receive customers.

    `days` like `mon-fri` or `sat,sun`; `hours` like `09:00-18:00`, over midnight like `22:00-06:00`.
    """

    days: str = "mon-sun"
    hours: str = "00:00-24:00"
    members: tuple[str, ...] = ()


class CodeEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One live code. `name` is ours and unique; `was` the name it had before a rename.

    `cap` is the most customers a member gets through the code's channel in a day (0: any number),
    `caps` the same for single members. Who stands in no shift is on at all times. `fallback` is used
    when nobody else can be. `until` is the last day of the campaign, like 2026-12-31. `single`: a
    code that can only ever name one member. `groups` are chat_ids. `id` takes over a code that exists
    and that nobody described: its config_id or link_id. With nothing but its name, `id` and kind it is
    taken over as it is.
    """

    name: str
    was: str = ""
    id: str = ""
    kind: Kind = "contact"
    channel: str = ""
    remark: str = ""
    members: tuple[str, ...] = ()
    departments: tuple[int, ...] = ()
    cap: int = 0
    caps: dict[str, int] = {}
    shifts: tuple[Shift, ...] = ()
    fallback: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    until: str = ""
    scene: Literal["qr", "button"] = "qr"
    style: int = 0
    single: bool = False
    skip_verify: bool = True
    exclusive: bool = False
    auto_create: bool = True
    room_name: str = ""
    room_number: int = 0
    priority: int = 0
    priority_members: tuple[str, ...] = ()

    @property
    def bare(self) -> bool:
        """Whether it says nothing but which code it means."""
        return bool(self.id) and self == CodeEntry(self.name, id=self.id, kind=self.kind)

    @property
    def rotates(self) -> bool:
        """Whether who is on changes with time or load, so that WeCom holds only a part of the members."""
        return bool(self.cap or self.caps or self.shifts or self.fallback or self.until)

    @property
    def roster(self) -> tuple[str, ...]:
        """Who takes turns: its members and those of its shifts, once each, in order."""
        return tuple(dict.fromkeys((*self.members, *(userid for shift in self.shifts for userid in shift.members))))

    @property
    def named(self) -> tuple[str, ...]:
        """Every member the entry names anywhere, once each, in order."""
        return tuple(dict.fromkeys((*self.roster, *self.fallback, *self.caps, *self.priority_members)))


class CodesFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file. Without `welcomes` it says nothing of welcome templates."""

    codes: tuple[CodeEntry, ...] = ()
    welcomes: tuple[WelcomeEntry, ...] | None = None
