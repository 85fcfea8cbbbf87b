"""Clicks and new customers of acquisition links by day, as WeCom counts them.

WeCom keeps 180 days and tells the sum of up to 30. A day is asked for when it is over, and once more a day
later, however often this runs; a stretch without a click costs one call.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from wecrm.api import acquisitions as api
from wecrm.errors import ApiError, Exit
from wecrm.i18n import _
from wecrm.models.livecode import LinkStatistic
from wecrm.operations.statdays import day_at, is_stale, start, stretches
from wecrm.operations.work import Work
from wecrm.store import links
from wecrm.store import livecodes as register

USUAL_DAYS, MOST_DAYS = 30, 180


def fetch(work: Work, link_ids: Sequence[str], days: int, notes: list[str], *, today: bool = False) -> int:
    """Store the last `days` days of these links as far as they are not final here; how many links failed.

    Whether WeCom answers for the day that is not over is told nowhere: it is left out unless asked for.
    """
    failed = 0
    for link_id in link_ids:
        work.run.check()
        try:
            found = dict(_found(work, link_id, _wanted(work, link_id, days, today)))
        except ApiError as error:
            if error.code in (Exit.config, Exit.refused, Exit.temporary):
                raise
            failed += 1
            notes.append(_("The days of link {link} were not read: {why}", link=link_id, why=error.what))
            continue
        links.put_days(work.store, link_id, {day.isoformat(): one for day, one in found.items()}, work.now())
    return failed


def fetch_quota(work: Work) -> None:
    """Store the acquisition quota as it is now."""
    links.put_quota(work.store, api.quota(work.client), work.now())


def _wanted(work: Work, link_id: str, days: int, today: bool) -> list[date]:
    """Days of a link that are not final here, since it was made."""
    known = register.find(work.store, "link", link_id)
    last = day_at(work.now())
    made = day_at(known.code.create_time if known else 0)
    first = max(last - timedelta(days=min(days, MOST_DAYS) - 1), made)
    read = links.days_read(work.store, link_id)
    listed = [first + timedelta(days=n) for n in range((last - first).days + today)]
    return [day for day in listed if is_stale(day, read.get(day.isoformat(), 0), work.now())]


def _found(work: Work, link_id: str, wanted: Sequence[date]) -> Iterator[tuple[date, LinkStatistic]]:
    for stretch in stretches(wanted):
        whole = _ask(work, link_id, stretch[0], stretch[-1])
        if len(stretch) == 1 or whole == LinkStatistic():
            yield from ((day, whole) for day in stretch)
        else:
            asked = work.client.pool().map(lambda day: _ask(work, link_id, day, day), stretch)
            yield from zip(stretch, asked, strict=True)


def _ask(work: Work, link_id: str, first: date, last: date) -> LinkStatistic:
    return api.statistic(work.client, link_id, start(first), start(last))
