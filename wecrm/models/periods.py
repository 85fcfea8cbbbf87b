"""Days, weeks and months by the clocks of a place, and the period before another."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from wecrm.models.report import By


@dataclass(frozen=True, slots=True)
class Span:
    """One day, week or month: `label` is its first day, or the month; from `start` until before `end`, unix s."""

    label: str
    start: float
    end: float


def spans(since: float, until: float, by: By, tz: tzinfo) -> tuple[Span, ...]:
    """The days, weeks (from Monday) or months between two moments, the outer ones cut to them; ascending.

    One span in all, labelled with nothing, where `by` is empty; none where `until` is not after `since`.
    """
    if until <= since:
        return ()
    if not by:
        return (Span("", since, until),)
    found: list[Span] = []
    first = _first(datetime.fromtimestamp(since, tz).date(), by)
    while (start := moment(first, tz)) < until:
        after = _next(first, by)
        found.append(Span(label(first, by), max(start, since), min(moment(after, tz), until)))
        first = after
    return tuple(found)


def before(since: float, until: float, tz: tzinfo) -> tuple[float, float]:
    """The period of the same length that ends where this one begins.

    Whole months are followed back by as many months, whole days by as many days (of 23 or 25 hours, where clocks
    change), anything else by as many seconds.
    """
    first, last = (datetime.fromtimestamp(at, tz).date() for at in (since, until))
    if moment(first, tz) != since or moment(last, tz) != until:
        return since - (until - since), since
    if first.day == last.day == 1:
        months = first.year * 12 + first.month - 1 - (last.year * 12 + last.month - first.year * 12 - first.month)
        return moment(date(months // 12, months % 12 + 1, 1), tz), since
    return moment(first - (last - first), tz), since


def label(day: date, by: By) -> str:
    """What the day, week or month is called that a day lies in: its first day, or the month as 2026-11."""
    return f"{day:%Y-%m}" if by == "month" else _first(day, by).isoformat()


def moment(day: date, tz: tzinfo) -> float:
    """Unix seconds of when that day begins in `tz`."""
    return datetime.combine(day, time(), tz).timestamp()


def _first(day: date, by: By) -> date:
    if by == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if by == "week" else day


def _next(first: date, by: By) -> date:
    if by == "month":
        return (first + timedelta(days=31)).replace(day=1)
    return first + timedelta(days=7 if by == "week" else 1)
