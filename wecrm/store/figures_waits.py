"""Waits for an answer as reports count them, from the table that is kept while messages are stored."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import cache
from typing import NamedTuple

from wecrm.models.periods import moment
from wecrm.models.report import Asked
from wecrm.models.workinghours import parse
from wecrm.store.asked import parameters, staffed
from wecrm.store.database import Store


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
    hours = parse(asked.hours)
    # another setting than that of the last pull: measured again
    told = archive.connection.execute("SELECT value FROM corp WHERE key = 'working_hours'").fetchone()
    kept = told is not None and told[0] == f"{asked.hours} {asked.tz}"
    for row in _rows(store, archive, asked, "w.answered_at IS NOT NULL"):
        begin, end = row[3] / 1000, row[4] / 1000
        work_s = row[6] if kept else hours.seconds(begin, end, asked.tz)
        yield Wait(*row[:6], max(0.0, end - begin), work_s)


def standing(store: Store, archive: Store, asked: Asked) -> Iterator[Wait]:
    """Waits that began within the period and have no answer yet, earliest first.

    Raises:
        ConfigError: the working hours can't be understood.
    """
    worked = _until_now(asked)
    for row in _rows(store, archive, asked, "w.answered_at IS NULL"):
        begin = row[3] / 1000
        yield Wait(*row[:6], max(0.0, asked.now - begin), worked(begin))


def unanswered(store: Store, archive: Store, asked: Asked) -> Iterator[tuple[str, int]]:
    """(userid, unix ms) of each wait that began within the period and has no answer yet, without measuring it."""
    return ((row[0], row[3]) for row in _rows(store, archive, asked, "w.answered_at IS NULL"))


def _rows(
    store: Store, archive: Store, asked: Asked, condition: str
) -> Iterator[tuple[str, str, int, int, int, int, int]]:
    return iter(
        archive.connection.execute(
            "SELECT w.member, w.contact, w.conversation, w.asked_at, w.answered_at, w.questions, w.work_s FROM wait w "
            "WHERE w.asked_at >= :since * 1000 AND w.asked_at < :until * 1000 "
            f"AND {condition} AND {staffed(asked, 'w.member')} ORDER BY w.asked_at, w.id",
            parameters(store, asked),
        )
    )


def _until_now(asked: Asked) -> Callable[[float], int]:
    """Working seconds from a moment until now; what follows the moment's own day is measured once."""
    hours = parse(asked.hours)

    @cache
    def after(day: date) -> tuple[float, int]:
        end = moment(day + timedelta(days=1), asked.tz)
        return end, hours.seconds(end, asked.now, asked.tz)

    def worked(at: float) -> int:
        end, rest = after(datetime.fromtimestamp(at, asked.tz).date())
        return hours.seconds(at, min(end, asked.now), asked.tz) + rest

    return worked
