"""Working hours: what a setting means, and time counted minute by minute."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wecrm.errors import ConfigError
from wecrm.models.workinghours import parse

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def at(text: str, tz: ZoneInfo = SHANGHAI) -> float:
    """Unix seconds of a time on the clocks there."""
    return datetime.fromisoformat(text).replace(tzinfo=tz).timestamp()


@st.composite
def weeks(draw: st.DrawFn) -> dict[str, list[tuple[int, int]]]:
    """Hours of some days, in minutes; three in the morning to eleven, where no clock is ever changed."""
    found = {}
    for day in draw(st.sets(st.sampled_from(DAYS), min_size=1)):
        marks = sorted(draw(st.sets(st.integers(180, 1380), min_size=2, max_size=4)))
        found[day] = list(zip(marks[::2], marks[1::2], strict=False))
    return found


@settings(max_examples=60, deadline=None)
@given(
    week=weeks(),
    begin=st.integers(1_760_000_000 // 60, 1_800_000_000 // 60),
    minutes=st.integers(-100, 15 * 1440),
    tz=st.sampled_from([SHANGHAI, UTC, ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")]),
)
def test_seconds_are_those_of_a_count_minute_by_minute(week, begin, minutes, tz) -> None:
    clock = "{:02d}:{:02d}".format
    text = ", ".join(
        f"{day} {' '.join(f'{clock(*divmod(a, 60))}-{clock(*divmod(b, 60))}' for a, b in spans)}"
        for day, spans in week.items()
    )
    counted = 0
    for minute in range(begin, begin + minutes):
        now = datetime.fromtimestamp(minute * 60, tz)
        counted += any(a <= now.hour * 60 + now.minute < b for a, b in week.get(DAYS[now.weekday()], ()))
    assert parse(text).seconds(begin * 60, (begin + minutes) * 60, tz) == counted * 60


def test_a_night_and_a_weekend_do_not_count() -> None:
    hours = parse("Mon-Fri 09:00-18:00")
    # Friday 17:50 to Monday 9:10
    assert hours.seconds(at("2026-11-20T17:50:00"), at("2026-11-23T09:10:30"), SHANGHAI) == 20 * 60 + 30
    assert hours.seconds(at("2026-11-21T10:00:00"), at("2026-11-22T20:00:00"), SHANGHAI) == 0


def test_dates_count_for_more_than_weekdays() -> None:
    hours = parse("周一-周五 09:00-12:00 13:00-18:00; 2026-10-01..2026-10-07 off， 2026-10-10 10:00-11:00")
    assert hours.seconds(at("2026-10-01T00:00:00"), at("2026-10-08T00:00:00"), SHANGHAI) == 0
    assert hours.seconds(at("2026-10-08T00:00:00"), at("2026-10-09T00:00:00"), SHANGHAI) == 8 * 3600
    assert hours.seconds(at("2026-10-10T00:00:00"), at("2026-10-11T00:00:00"), SHANGHAI) == 3600


def test_a_range_of_days_may_go_over_the_weekend_and_a_day_to_midnight() -> None:
    hours = parse("Sat-Mon 00:00-24:00")
    week = [
        hours.seconds(at("2026-11-16T00:00:00") + n * 86400, at("2026-11-17T00:00:00") + n * 86400, SHANGHAI)
        for n in range(7)
    ]
    assert week == [86400, 0, 0, 0, 0, 86400, 86400]


def test_a_day_whose_clocks_change_has_its_own_length() -> None:
    new_york = ZoneInfo("America/New_York")
    hours = parse("Mon-Sun 00:00-24:00")
    begin = datetime(2026, 11, 1, tzinfo=new_york)
    assert hours.seconds(begin.timestamp(), (begin + timedelta(days=1)).timestamp(), new_york) == 25 * 3600


@pytest.mark.parametrize(
    "text",
    [
        "Mon", "Mon-Fri", "Mon-Fry 09:00-18:00", "Mon 9-18", "Mon 18:00-09:00", "Mon 09:00-25:00", "Mon 09:60-10:00",
        "Mon 09:00-12:00 11:00-18:00", "2026-02-30 09:00-18:00", "2026-10-07..2026-10-01 off", "Mon 09:00-18:00 off",
        "0001-01-01..9999-12-31 off",
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_named(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(f"Tue 10:00-11:00, {text}")
    assert text in str(caught.value.what)
