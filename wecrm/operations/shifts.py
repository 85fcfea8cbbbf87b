"""Shifts of a live code: whether one covers a moment, and when the next one begins.

Days and hours are those of the moment's own zone. A shift over midnight belongs to the day it begins on.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta

from wecrm.models.codebook import DAY_MINUTES, CodeEntry, Shift, days_of, hours_of


def of(entry: CodeEntry, userid: str) -> tuple[Shift, ...]:
    """The shifts that `userid` stands in; none means: on at all times."""
    folded = userid.lower()
    return tuple(
        shift for shift in entry.shifts if not shift.members or folded in (name.lower() for name in shift.members)
    )


def covered(shifts: Iterable[Shift], at: datetime) -> bool:
    """Whether one of the shifts is under way at that moment."""
    return any(_covers(shift, at) for shift in shifts)


def _covers(shift: Shift, at: datetime) -> bool:
    days, (start, stop) = days_of(shift.days), hours_of(shift.hours)
    minute, today = at.hour * 60 + at.minute, at.weekday()
    last = stop if start < stop else DAY_MINUTES
    if today in days and start <= minute < last:
        return True
    return start > stop and (today - 1) % 7 in days and minute < stop


def following(shifts: Sequence[Shift], at: datetime) -> datetime | None:
    """When the next of the shifts begins after that moment; None without shifts."""
    return min((begin for shift in shifts for begin in _beginnings(shift, at) if begin > at), default=None)


def _beginnings(shift: Shift, at: datetime) -> Iterable[datetime]:
    days, (start, _stop) = days_of(shift.days), hours_of(shift.hours)
    for n in range(8):
        day = at.date() + timedelta(days=n)
        if day.weekday() in days:
            yield datetime.combine(day, time(start // 60, start % 60), at.tzinfo)
