"""When people write: office hours most, evenings some, nights and week-ends hardly."""

from typing import Final

HOUR_S: Final = 3600
ZONE_S: Final = 8 * HOUR_S  # the corp is in China

# share of a busy hour that each hour of a working day has
DAY: Final = (
    0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.02, 0.05, 0.3, 1.0, 1.0, 1.0,
    0.6, 0.6, 1.0, 1.0, 1.0, 1.0, 0.6, 0.4, 0.4, 0.3, 0.1, 0.03,
)  # fmt: skip
WEEKEND: Final = 0.2
EPOCH_WEEKDAY: Final = 3  # 1970-01-01 was a Thursday

WEEK: Final = tuple(share * (WEEKEND if (day + EPOCH_WEEKDAY) % 7 > 4 else 1.0) for day in range(7) for share in DAY)
SUMS: Final = tuple(sum(WEEK[:n]) for n in range(len(WEEK) + 1))


def busy_hours(at: float) -> float:
    """Busy hours from the epoch to that moment (unix seconds); its differences say how much is written between."""
    hours = (at + ZONE_S) / HOUR_S
    whole = int(hours)
    weeks, hour = divmod(whole, len(WEEK))
    return weeks * SUMS[-1] + SUMS[hour] + (hours - whole) * WEEK[hour]
