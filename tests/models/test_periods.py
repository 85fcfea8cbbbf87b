"""Days, weeks and months by the clocks of a place, against the calendar."""

import calendar
import random
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from wecrm.models.periods import before, label, spans
from wecrm.models.report import By

NEW_YORK, BEIJING, LORD_HOWE = ZoneInfo("America/New_York"), ZoneInfo("Asia/Shanghai"), ZoneInfo("Australia/Lord_Howe")


def at(zone: ZoneInfo, *parts: int) -> float:
    return datetime(*parts, tzinfo=zone).timestamp()  # type: ignore[misc, arg-type]


@pytest.mark.parametrize("zone", [NEW_YORK, BEIJING, LORD_HOWE], ids=str)
@pytest.mark.parametrize("by", ["day", "week", "month"])
def test_every_moment_lies_in_the_span_that_its_date_names(zone: ZoneInfo, by: By) -> None:
    rng = random.Random(5)
    since, until = at(zone, 2024, 2, 14, 3, 30), at(zone, 2025, 1, 2)
    found = spans(since, until, by, zone)
    assert (found[0].start, found[-1].end) == (since, until)
    assert all(one.end == next_.start for one, next_ in pairwise(found))
    for _n in range(2000):
        moment = rng.uniform(since, until)
        day = datetime.fromtimestamp(moment, zone).date()
        first = {"day": day, "week": day - timedelta(days=day.isoweekday() - 1), "month": day.replace(day=1)}[by]
        name = first.isoformat()[:7] if by == "month" else first.isoformat()
        (span,) = (one for one in found if one.start <= moment < one.end)
        assert span.label == name == label(day, by)


def test_without_a_split_there_is_one_span_and_none_in_an_empty_period() -> None:
    assert [(one.label, one.start, one.end) for one in spans(5, 9, "", BEIJING)] == [("", 5, 9)]
    assert spans(9, 9, "day", BEIJING) == ()


@pytest.mark.parametrize("months", [1, 2, 12, 13])
@pytest.mark.parametrize("month", [(2024, 3), (2025, 1), (2026, 11)])
def test_whole_months_are_followed_back_by_as_many(month: tuple[int, int], months: int) -> None:
    first = date(*month, 1)
    last = first
    for _n in range(months):
        last += timedelta(days=calendar.monthrange(last.year, last.month)[1])
    earlier = first
    for _n in range(months):
        earlier = (earlier - timedelta(days=1)).replace(day=1)
    since, until = (at(NEW_YORK, *day.timetuple()[:3]) for day in (first, last))
    assert before(since, until, NEW_YORK) == (at(NEW_YORK, *earlier.timetuple()[:3]), since)


def test_whole_days_keep_their_clocks_and_other_lengths_their_seconds() -> None:
    # On 2026-11-01 New York has 25 hours.
    since, until = at(NEW_YORK, 2026, 11, 2), at(NEW_YORK, 2026, 11, 4)
    assert before(since, until, NEW_YORK) == (at(NEW_YORK, 2026, 10, 31), since)
    assert since - at(NEW_YORK, 2026, 10, 31) == 49 * 3600
    assert before(since, until - 60, NEW_YORK) == (since - (48 * 3600 - 60), since)
