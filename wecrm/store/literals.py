"""Values of `--where` as SQLite should compare them: numbers, yes/no, moments."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.text import visible

INT_MAX = 2**63 - 1

_UNITS = {"m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_AGO = re.compile(r"([0-9]{1,6}) *(m|min|h|d|w) ago")
_DATE = re.compile(
    r"([0-9]{4})-([0-9]{2})(?:-([0-9]{2})"
    r"(?:[ T]([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?(Z|[+-][0-9]{2}:?[0-9]{2})?)?)?"
)


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of time, unix seconds: from `start` up to, not including, `end`."""

    start: int
    end: int


def number(text: str) -> int | float:
    """The number that `text` is.

    Raises:
        UsageError: it is none, or one that SQLite's integers can't hold.
    """
    try:
        value = float(text) if "." in text else int(text)
    except ValueError:
        raise UsageError(_("{text} is not a number.", text=repr(visible(text)))) from None
    if abs(value) > INT_MAX:
        raise UsageError(_("{text} is too large.", text=text))
    return value


def truth(text: str) -> int:
    """1 for true, 0 for false.

    Raises:
        UsageError: it is neither.
    """
    known = {"true": 1, "yes": 1, "1": 1, "false": 0, "no": 0, "0": 0}
    value = known.get(text.lower())
    if value is None:
        raise UsageError(_("{text} is neither true nor false.", text=repr(visible(text))))
    return value


def span(text: str, now: float, tz: tzinfo) -> Span:
    """The month, day, minute or second that `text` names, in `tz` unless it has an offset.

    Raises:
        UsageError: it names none.
    """
    plain = text.strip().lower()
    ago = _AGO.fullmatch(plain)
    if ago:
        start = int(now) - int(ago[1]) * _UNITS[ago[2]]
        return Span(start, start + 1)
    if plain.isascii() and plain.isdigit():
        start = int(number(plain))
        return Span(start, start + 1)
    try:
        return _named(plain, now, tz)
    except (ValueError, OverflowError):
        raise UsageError(
            _("{text} is no time.", text=repr(visible(text))),
            "",
            _("Write '2026-03-31', '2026-03-31 18:00', '2026-03', '7d ago', 'today' or unix seconds."),
        ) from None


def _named(plain: str, now: float, tz: tzinfo) -> Span:
    if plain == "now":
        return Span(int(now), int(now) + 1)
    if plain in ("today", "yesterday"):
        day = datetime.fromtimestamp(now, tz).replace(hour=0, minute=0, second=0, microsecond=0)
        return _days(day - timedelta(days=plain == "yesterday"), 1)
    match = _DATE.fullmatch(plain.upper())
    if match is None:
        raise ValueError(plain)
    year, month, day_text, hour, minute, second, offset = match.groups()
    if day_text is None:
        first = datetime(int(year), int(month), 1, tzinfo=tz)
        return _days(first, ((first + timedelta(days=31)).replace(day=1) - first).days)
    if hour is None:
        return _days(datetime(int(year), int(month), int(day_text), tzinfo=tz), 1)
    zone = datetime.strptime(offset, "%z").tzinfo if offset else tz
    at = datetime(int(year), int(month), int(day_text), int(hour), int(minute), int(second or 0), tzinfo=zone)
    start = int(at.timestamp())
    return Span(start, start + (1 if second else 60))


def _days(first: datetime, count: int) -> Span:
    return Span(int(first.timestamp()), int((first + timedelta(days=count)).timestamp()))
