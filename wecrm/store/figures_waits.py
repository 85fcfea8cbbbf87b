"""Waits for an answer as reports count them, from the table that is kept while messages are stored."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, Final, NamedTuple

from wecrm.models.periods import moment
from wecrm.models.report import Asked
from wecrm.models.workinghours import parse
from wecrm.store.asked import parameters, staffed
from wecrm.store.database import Store

_WAITS: Final = "w.member, w.contact, w.conversation, w.asked_at, w.answered_at, w.questions, w.work_s"

_Row = tuple[str, str, int, int, int, int, int]

_DURATIONS: Final = (
    "lower(w.member), w.conversation, w.asked_at, w.answered_at / 1000.0 - w.asked_at / 1000.0, w.work_s"
)


class Wait(NamedTuple):
    """A customer's messages without an answer in a single chat, and how long they waited for it.

    Times in unix ms; `waited_s` is by the calendar, `work_s` of it within working hours, until the answer or,
    while there is none, until now.
    """

    member: str
    contact: str
    conversation: int
    asked_at: int
    answered_at: int | None
    questions: int
    waited_s: float
    work_s: int


def answered(store: Store, archive: Store, asked: Asked) -> Iterator[Wait]:
    """Waits that began within the period and had an answer, earliest first.

    Raises:
        ConfigError: the working hours can't be understood.
    """
    worked = _worked(archive, asked)
    rows: Iterator[_Row] = _rows(store, archive, asked, _WAITS, "w.answered_at IS NOT NULL")
    for row in rows:
        begin, end = row[3] / 1000, row[4] / 1000
        yield Wait(*row[:6], max(0.0, end - begin), worked(begin, end) if worked else row[6])


def durations(store: Store, archive: Store, asked: Asked) -> Iterator[tuple[str, int, int, float | None, int | None]]:
    """(userid in lower case, conversation, unix ms, s until the answer, of them in working hours), earliest first.

    Waits that began within the period; those that have no answer yet have no durations.

    Raises:
        ConfigError: the working hours can't be understood.
    """
    worked = _worked(archive, asked)
    rows = _rows(store, archive, asked, _DURATIONS, "1")
    if worked is None:
        return rows
    return ((*row[:4], None if row[3] is None else worked(row[2] / 1000, row[2] / 1000 + row[3])) for row in rows)


def standing(store: Store, archive: Store, asked: Asked) -> Iterator[Wait]:
    """Waits that began within the period and have no answer yet, earliest first.

    Raises:
        ConfigError: the working hours can't be understood.
    """
    worked = _until_now(asked)
    rows: Iterator[_Row] = _rows(store, archive, asked, _WAITS, "w.answered_at IS NULL")
    for row in rows:
        begin = row[3] / 1000
        yield Wait(*row[:6], max(0.0, asked.now - begin), worked(begin))


def _rows(store: Store, archive: Store, asked: Asked, columns: str, condition: str) -> Iterator[Any]:
    return iter(
        archive.connection.execute(
            f"SELECT {columns} FROM wait w WHERE w.asked_at >= :since * 1000 AND w.asked_at < :until * 1000 "
            f"AND {condition} AND {staffed(asked, 'w.member')} ORDER BY w.asked_at, w.id",
            parameters(store, asked),
        )
    )


def _worked(archive: Store, asked: Asked) -> Callable[[float, float], int] | None:
    """Working seconds between two moments; None where `work_s` was measured with the same hours at the last pull."""
    hours = parse(asked.hours)
    told = archive.connection.execute("SELECT value FROM corp WHERE key = 'working_hours'").fetchone()
    if told is not None and told[0] == f"{asked.hours} {asked.tz}":
        return None
    return hours.measure(asked.tz)


def _until_now(asked: Asked) -> Callable[[float], int]:
    """Working seconds from a moment until now; what follows the moment's own day is measured once."""
    seconds = parse(asked.hours).measure(asked.tz)

    @cache
    def after(day: date) -> tuple[float, int]:
        end = moment(day + timedelta(days=1), asked.tz)
        return end, seconds(end, asked.now)

    def worked(at: float) -> int:
        end, rest = after(datetime.fromtimestamp(at, asked.tz).date())
        return seconds(at, min(end, asked.now)) + rest

    return worked
