"""How many messages were to be expected: what hours of a working day and of a weekend usually bring."""

from collections import Counter
from datetime import date, datetime, timedelta, tzinfo

from wecrm.store.database import Store

LOOK_BACK_DAYS = 28

SPAN_MAX_S = 3 * 86400
"""Of a longer silence its last three days are judged: one of them is a working day, holidays apart."""


def _weekend(day: date) -> bool:
    return day.weekday() >= 5


def nothing_since(store: Store) -> int | None:
    """Unix seconds at which the newest run began that brought a message, readable or not; None when none ever did."""
    found = store.connection.execute("SELECT max(started_at) FROM pull WHERE new + quarantined > 0").fetchone()[0]
    return None if found is None else int(found)


def first_pull(store: Store) -> int | None:
    """Unix seconds at which the archive was first asked with an answer; None before."""
    found = store.connection.execute("SELECT min(started_at) FROM pull WHERE emptied = 1").fetchone()[0]
    return None if found is None else int(found)


def newest_version(store: Store) -> int | None:
    """The version of the public key that the newest message came under; None in an empty archive."""
    found = store.connection.execute("SELECT publickey_ver FROM record ORDER BY id DESC LIMIT 1").fetchone()
    return int(found[0]) if found else None


def newest_seq(store: Store) -> int:
    """The largest seq of any message that was fetched; 0 before the first. Reads them all."""
    largest = 0
    for table in ("record", "quarantine"):
        numbers = store.connection.execute(f"SELECT max(seq) FROM {table} WHERE typeof(seq) = 'integer'")
        digits = store.connection.execute(f"SELECT seq FROM {table} WHERE typeof(seq) = 'text'")
        largest = max(largest, int(numbers.fetchone()[0] or 0), *(int(seq) for (seq,) in digits))
    return largest


def has_msgid(store: Store, msgid: str) -> bool:
    """Whether a message of that id was fetched, readable or not."""
    row = store.connection.execute(
        "SELECT EXISTS (SELECT 1 FROM record WHERE msgid = ?1) OR EXISTS (SELECT 1 FROM quarantine WHERE msgid = ?1)",
        (msgid,),
    ).fetchone()
    return bool(row[0])


def expected(store: Store, since: int, until: int, tz: tzinfo) -> float:
    """How many messages came on average in the same hours of comparable days of the four weeks before `since`.

    Comparable: working days (Monday to Friday) with each other, weekends with each other. Part hours count as
    parts. 0 where there is nothing to compare with.
    """
    begin = datetime.fromtimestamp(since, tz).date()
    first = begin - timedelta(days=LOOK_BACK_DAYS)
    counted: Counter[tuple[bool, int]] = Counter()
    days: set[date] = set()
    for day, hour, n in store.connection.execute(
        "SELECT day, hour, sum(messages) FROM message_day WHERE day BETWEEN ? AND ? GROUP BY day, hour",
        (first.isoformat(), begin.isoformat()),
    ):
        days.add(date.fromisoformat(day))
        counted[_weekend(date.fromisoformat(day)), hour] += n
    if not days:
        return 0.0
    whole = [min(days) + timedelta(days=n) for n in range((begin - min(days)).days + 1)]
    of_kind = Counter(map(_weekend, whole))
    total, at = 0.0, max(since, until - SPAN_MAX_S)
    while at < until:
        step = min(until - at, 3600 - at % 3600)
        moment = datetime.fromtimestamp(at, tz)
        kind = _weekend(moment.date())
        if of_kind[kind]:
            total += counted[kind, moment.hour] / of_kind[kind] * step / 3600
        at += step
    return total
