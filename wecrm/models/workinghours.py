"""Working hours: on which hours of which days people answer, and how much of a span of time lies in them."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from functools import cache
from itertools import pairwise
from typing import Final, NoReturn

from wecrm.errors import ConfigError
from wecrm.i18n import _
from wecrm.models.text import visible

Spans = tuple[tuple[int, int], ...]
"""(begin, end) in minutes since midnight, ascending, apart; () is a day off."""

_DAY: Final = timedelta(days=1)
_DAY_MINUTES: Final = 1440
_QUARTER_S: Final = 900
"""Days of all places begin and end with a quarter of an hour."""
_DATES_MAX: Final = 400
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CHINESE: Final = {f"周{name}": n for n, name in enumerate("一二三四五六日")} | {"周天": 6}
_NAMES: Final = {name: n for n, name in enumerate(_WEEKDAYS)} | _CHINESE
_HOURS: Final = re.compile(r"(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)")


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """Hours by day of the week (Monday first), and of single dates that differ: holidays, days worked instead."""

    week: tuple[Spans, ...]
    dates: Mapping[date, Spans]

    def seconds(self, begin: float, end: float, tz: tzinfo) -> int:
        """Whole working seconds between two moments (unix seconds) by the clocks of `tz`; 0 when end is first."""
        return self.measure(tz)(begin, end)

    def measure(self, tz: tzinfo) -> Callable[[float, float], int]:
        """`seconds` by the clocks of `tz`, for many spans: what days and hours bring is worked out once."""

        @cache
        def day_of(quarter: float) -> date:
            return datetime.fromtimestamp(quarter * _QUARTER_S, tz).date()

        @cache
        def opened(day: date) -> Sequence[tuple[float, float]]:
            spans = self.dates.get(day, self.week[day.weekday()])
            return [(_moment(day, opens, tz), _moment(day, closes, tz)) for opens, closes in spans]

        def seconds(begin: float, end: float) -> int:
            if end <= begin:
                return 0
            total, day, last = 0.0, day_of(begin // _QUARTER_S), day_of(end // _QUARTER_S)
            while day <= last:
                for opens, closes in opened(day):
                    if opens < end and begin < closes:
                        total += (end if end < closes else closes) - (begin if begin > opens else opens)
                day += _DAY
            return int(total)

        return seconds


def parse(text: str) -> WorkingHours:
    """The hours that a setting means, as `Mon-Fri 09:00-12:00 13:00-18:00, 2026-10-01..2026-10-07 off`.

    Days are weekdays (also 周一), dates, or ranges of them; what is not named is off. A date counts for more than a
    weekday, and the later of two entries about one day for more than the earlier.

    Raises:
        ConfigError: which part can't be understood.
    """
    week: list[Spans] = [()] * 7
    dates: dict[date, Spans] = {}
    for part in filter(None, (each.strip() for each in re.split("[,，;；]", text))):
        words = part.split()
        spans = _spans(words[1:], part)
        for day in _days(words[0], part):
            if isinstance(day, int):
                week[day] = spans
            else:
                dates[day] = spans
    return WorkingHours(tuple(week), dates)


def _days(text: str, part: str) -> list[int] | list[date]:
    """The weekdays or dates that stand before the hours."""
    begin, _dots, end = text.partition("..")
    try:
        first = date.fromisoformat(begin)
        last = date.fromisoformat(end) if end else first
    except ValueError:
        return _weekdays(text, part)
    count = (last - first).days + 1
    if not 1 <= count <= _DATES_MAX:
        _refuse(part)
    return [first + timedelta(days=n) for n in range(count)]


def _weekdays(text: str, part: str) -> list[int]:
    begin, _dash, end = text.casefold().partition("-")
    if begin not in _NAMES or (end or begin) not in _NAMES:
        _refuse(part)
    first = _NAMES[begin]
    return [(first + n) % 7 for n in range((_NAMES[end or begin] - first) % 7 + 1)]


def _spans(words: list[str], part: str) -> Spans:
    if words == ["off"]:
        return ()
    found = [_span(word, part) for word in words]
    if not found or any(before[1] > after[0] for before, after in pairwise(found)):
        _refuse(part)
    return tuple(found)


def _span(word: str, part: str) -> tuple[int, int]:
    match = _HOURS.fullmatch(word)
    if match is None:
        _refuse(part)
    hour, minute, last_hour, last_minute = map(int, match.groups())
    begin, end = hour * 60 + minute, last_hour * 60 + last_minute
    if minute > 59 or last_minute > 59 or not begin < end <= _DAY_MINUTES:
        _refuse(part)
    return begin, end


def _refuse(part: str) -> NoReturn:
    raise ConfigError(
        _("`working_hours` can't be understood at {part}.", part=repr(visible(part))),
        _("An entry is days and hours; hours past midnight belong to the next day."),
        _("Write it like `Mon-Fri 09:00-12:00 13:00-18:00, Sat 10:00-14:00, 2026-10-01..2026-10-07 off`."),
    )


def _moment(day: date, minutes: int, tz: tzinfo) -> float:
    """Unix seconds of so many minutes on the clocks of that day; 1440 is the next midnight."""
    if minutes == _DAY_MINUTES:
        day, minutes = day + timedelta(days=1), 0
    return datetime.combine(day, time(minutes // 60, minutes % 60), tz).timestamp()
