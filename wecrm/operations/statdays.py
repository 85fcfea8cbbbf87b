"""Days as WeCom's statistics know them: of UTC+8, 180 of them, at most 30 a call, final some time after their end."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))
STRETCH = 30
KEPT_DAYS = 179
"""Days that are asked for: one fewer than WeCom keeps, so that none is too old when a run goes past midnight."""

SETTLED_S = 24 * 3600
"""How long after a day's end its figures may still change; WeCom does not say."""

MORNING_S = 6 * 3600
"""How long after a day's end figures that are all zero may mean that they are not there yet."""


def start(day: date) -> int:
    """When a day begins (unix seconds)."""
    return int(datetime.combine(day, time(), BEIJING).timestamp())


def day_at(moment: float) -> date:
    """The day of a moment (unix seconds)."""
    return datetime.fromtimestamp(moment, BEIJING).date()


def is_stale(day: date, read_at: int, now: float) -> bool:
    """Whether a day was never read since it was over, or not since it settled, which it has by now."""
    over = start(day + timedelta(days=1))
    return read_at < over or read_at < over + SETTLED_S <= now


def wanted(read: Mapping[str, int], now: float) -> list[date]:
    """Days that are over and missing or provisional, by when each was read (`2026-11-22` → unix seconds)."""
    today = day_at(now)
    listed = (today - timedelta(days=n) for n in range(KEPT_DAYS, 0, -1))
    return [day for day in listed if is_stale(day, read.get(day.isoformat(), 0), now)]


def may_be_missing(day: date, now: float) -> bool:
    """Whether figures of that day that are all zero say nothing yet."""
    return now < start(day + timedelta(days=1)) + MORNING_S


def stretches(days: Sequence[date]) -> Iterator[list[date]]:
    """These days, ascending, in parts that one call can ask for."""
    while days:
        part = [day for day in days if day < days[0] + timedelta(days=STRETCH)]
        yield part
        days = days[len(part) :]
