"""What a query by a person can call beside SQLite's own functions: times as people read them."""

import sqlite3
from collections.abc import Callable
from datetime import datetime, tzinfo
from functools import lru_cache

from wecrm.models.periods import label
from wecrm.models.report import By

_QUARTER_S = 900
"""No place's clocks are set apart by less."""
_SECONDS_MAX = 1e12


def declare(connection: sqlite3.Connection, tz: tzinfo) -> None:
    """Give the connection `iso(seconds)` and `period(seconds, 'day')` by the clocks of `tz`; NULL for no time."""
    connection.create_function("iso", 1, lambda at: _iso(at, tz), deterministic=True)
    connection.create_function("period", 2, _periods(tz), deterministic=True)


def _iso(seconds: object, tz: tzinfo) -> str | None:
    at = _moment(seconds, tz)
    return None if at is None else at.isoformat()


def _periods(tz: tzinfo) -> Callable[[object, object], str | None]:
    """`period(seconds, by)`; remembers what it said, as a million rows lie in a few thousand quarters of an hour."""

    @lru_cache(100_000)
    def named(quarter: int, by: By) -> str | None:
        at = _moment(quarter * _QUARTER_S, tz)
        return None if at is None else label(at.date(), by)

    def period(seconds: object, by: object) -> str | None:
        if not isinstance(seconds, int | float) or not -_SECONDS_MAX < seconds < _SECONDS_MAX:
            return None
        return named(int(seconds // _QUARTER_S), by) if by in ("day", "week", "month") else None

    return period


def _moment(seconds: object, tz: tzinfo) -> datetime | None:
    if not isinstance(seconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(int(seconds), tz)
    except (OverflowError, ValueError, OSError):
        return None
