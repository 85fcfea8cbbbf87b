"""What WeCom counts by itself, summed up over the days of a period.

A day of WeCom belongs to the period in which its date begins by the clocks of the profile; days, weeks and
months are made of whole days of WeCom.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from wecrm.models.periods import moment
from wecrm.models.report import Asked, By
from wecrm.store.asked import parameters, staffed
from wecrm.store.database import Store

_LABELS: dict[By, str] = {
    "": "''",
    "day": "{day}",
    "week": "date({day}, '-6 days', 'weekday 1')",
    "month": "substr({day}, 1, 7)",
}
_FIRST: dict[By, str] = {"": ":first", "day": "period", "week": "period", "month": "period || '-01'"}
"""The first day of a labelled period."""

_IN_PERIOD = "{day} >= :first AND {day} < :end"


def bounds(asked: Asked) -> tuple[str, str]:
    """The first day of the period and the first one after it; "" and "9999" where it is open."""
    first = "" if asked.since is None else _from(asked.since, asked.tz)
    return first, "9999" if asked.until is None else _from(asked.until, asked.tz)


def _from(at: float, tz: tzinfo) -> str:
    """The first date that begins at that moment or later."""
    day = datetime.fromtimestamp(at, tz).date()
    return (day if moment(day, tz) >= at else day + timedelta(days=1)).isoformat()


def labels(store: Store, asked: Asked, view: str) -> list[str]:
    """Every day, week or month from the first to the last known day of `view` in the period, gaps included."""
    row = store.connection.execute(
        f"SELECT min(day), max(day) FROM {view} WHERE {_IN_PERIOD.format(day='day')}", _parameters(store, asked)
    ).fetchone()
    if row[0] is None:
        return []
    first, last = (date.fromisoformat(day) for day in row)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return list(dict.fromkeys(_label(day, asked.by) for day in days))


def _label(day: date, by: By) -> str:
    if by == "month":
        return f"{day:%Y-%m}"
    return (day - timedelta(days=day.weekday()) if by == "week" else day).isoformat()


def provisional(store: Store, asked: Asked, view: str) -> list[str]:
    """Days of the period of which some figures in `view` are provisional, ascending."""
    rows = store.connection.execute(
        f"SELECT DISTINCT day FROM {view} WHERE provisional AND {_IN_PERIOD.format(day='day')} ORDER BY day",
        _parameters(store, asked),
    )
    return [day for (day,) in rows]


# -- one-to-one chats

_CHATS = (
    "sum(b.chats), sum(b.messages), avg(b.reply_percentage), avg(b.reply_minutes), sum(b.negative), sum(b.applied), "
    "sum(b.added)"
)


def chats_by_member(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """Members with a known day, most messages first.

    (userid, name, whether they left, days known, chats, messages, mean of the days' share of answered chats, mean of
    the days' reply time, negative feedback, requests, new customers)
    """
    return iter(
        store.connection.execute(
            f"SELECT b.userid, max(m.name), max(m.gone_at IS NOT NULL), count(*), {_CHATS} FROM behavior_day b "
            f"LEFT JOIN member m ON m.userid = b.userid WHERE {_chats(asked)} GROUP BY b.userid "
            "ORDER BY sum(b.messages) DESC, b.userid",
            _parameters(store, asked),
        )
    )


def chats_by_period(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """(period, members, days known of all of them, then as `chats_by_member`) where anything is known."""
    label = _LABELS[asked.by].format(day="b.day")
    return iter(
        store.connection.execute(
            f"SELECT {label} AS period, count(DISTINCT b.userid), count(*), {_CHATS} FROM behavior_day b "
            f"WHERE {_chats(asked)} GROUP BY period ORDER BY period",
            _parameters(store, asked),
        )
    )


def chat_days(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """Every known day, member by member, as the view has it without `read_at`."""
    return iter(
        store.connection.execute(
            "SELECT day, userid, name, chats, messages, reply_percentage, reply_minutes, negative, applied, added, "
            f"provisional FROM behavior_days WHERE {_IN_PERIOD.format(day='day')} AND {staffed(asked, 'userid')} "
            "ORDER BY userid, day",
            _parameters(store, asked),
        )
    )


def _chats(asked: Asked) -> str:
    return f"b.chats IS NOT NULL AND {_IN_PERIOD.format(day='b.day')} AND {staffed(asked, 'b.userid')}"


# -- groups

_EVE = """
        coalesce(e.messages_total, iif(EXISTS (
            SELECT 1 FROM group_day q
            WHERE q.owner = e.owner AND q.day < e.day AND q.messages_total IS NOT NULL), NULL, 0))"""
"""All messages until an evening that was asked for. Where WeCom told nothing: none, unless it told some earlier."""

_OWNED = """
    SELECT p.*, l.groups, l.talking_groups, l.people, l.talking_people,
        CASE WHEN {open} THEN l.messages_total WHEN e.owner IS NOT NULL
            THEN l.messages_total - {eve} END AS messages
    FROM (SELECT owner, {label} AS period, count(*) AS days, max(day) AS last, sum(new_groups) AS new_groups,
            sum(new_people) AS new_people FROM group_day
            WHERE groups IS NOT NULL AND {in_period} AND {staffed} GROUP BY owner, period) p
        JOIN group_day l ON l.owner = p.owner AND l.day = p.last
        LEFT JOIN group_day e ON e.owner = p.owner AND e.day = date(max({first}, :first), '-1 day')"""
"""Owners and periods; `e` is the evening before the period."""

_DAILY = """
    SELECT l.owner, l.day AS period, 1 AS days, l.day AS last, l.new_groups, l.new_people, l.groups, l.talking_groups,
        l.people, l.talking_people,
        iif(e.owner IS NULL, NULL, l.messages_total - {eve}) AS messages
    FROM group_day l LEFT JOIN group_day e ON e.owner = l.owner AND e.day = date(l.day, '-1 day')
    WHERE l.groups IS NOT NULL AND {in_period} AND {staffed}"""
"""The same where every day is a period: the evening before is the neighbour, and nothing is grouped."""


def groups_by_owner(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """Owners with a known day, most people first.

    (owner, name, whether they left, days known, the last of them, then as of that day groups, those with messages,
    people and those who wrote, then of the period groups made, people who joined, and messages; None where the
    evening before the period is not known)
    """
    return iter(
        store.connection.execute(
            "SELECT o.owner, m.name, m.gone_at IS NOT NULL, o.days, o.last, o.groups, o.talking_groups, o.people, "
            f"o.talking_people, o.new_groups, o.new_people, o.messages FROM ({_owned(asked, '')}) o "
            "LEFT JOIN member m ON m.userid = o.owner ORDER BY o.people DESC, o.owner",
            _parameters(store, asked),
        )
    )


def groups_by_period(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """(period, owners, days known of all, then from `groups` on as `groups_by_owner`, summed up) where any is known.

    Messages are None where those of one owner are.
    """
    return iter(
        store.connection.execute(
            "SELECT period, count(*), sum(days), sum(groups), sum(talking_groups), sum(people), sum(talking_people), "
            "sum(new_groups), sum(new_people), CASE WHEN count(messages) = count(*) THEN sum(messages) END "
            f"FROM ({_owned(asked, asked.by)}) GROUP BY period ORDER BY period",
            _parameters(store, asked),
        )
    )


def _owned(asked: Asked, by: By) -> str:
    if by == "day":
        return _DAILY.format(eve=_EVE, in_period=_IN_PERIOD.format(day="l.day"), staffed=staffed(asked, "l.owner"))
    return _OWNED.format(
        eve=_EVE,
        label=_LABELS[by].format(day="day"),
        first=_FIRST[by],
        open=int(asked.since is None and not by),
        in_period=_IN_PERIOD.format(day="day"),
        staffed=staffed(asked, "owner"),
    )


def group_days(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """Every known day, owner by owner, as the view has it without `read_at`."""
    return iter(
        store.connection.execute(
            "SELECT day, owner, owner_name, groups, talking_groups, people, talking_people, new_groups, new_people, "
            f"messages, provisional FROM group_days WHERE {_IN_PERIOD.format(day='day')} AND "
            f"{staffed(asked, 'owner')} ORDER BY owner, day",
            _parameters(store, asked),
        )
    )


# -- acquisition links


def links(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """(link_id, name, whether it is gone, days known, clicks, new customers), most clicks first."""
    return iter(
        store.connection.execute(
            "SELECT d.link_id, coalesce(l.name, l.remark), l.gone_at IS NOT NULL, count(*), sum(d.clicks) AS clicks, "
            "sum(d.added) FROM link_day d LEFT JOIN live_code l ON l.kind = 'link' AND l.code_id = d.link_id "
            f"WHERE {_IN_PERIOD.format(day='d.day')} GROUP BY d.link_id ORDER BY clicks DESC, d.link_id",
            _parameters(store, asked),
        )
    )


def links_by_period(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """(period, links, days known of all of them, clicks, new customers) where anything is known."""
    return iter(
        store.connection.execute(
            f"SELECT {_LABELS[asked.by].format(day='day')} AS period, count(DISTINCT link_id), count(*), sum(clicks), "
            f"sum(added) FROM link_day WHERE {_IN_PERIOD.format(day='day')} GROUP BY period ORDER BY period",
            _parameters(store, asked),
        )
    )


def link_days(store: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """(day, link_id, name, clicks, new customers, whether provisional), newest first."""
    return iter(
        store.connection.execute(
            "SELECT day, link_id, name, clicks, added, provisional FROM link_days "
            f"WHERE {_IN_PERIOD.format(day='day')} ORDER BY day DESC, link_id",
            _parameters(store, asked),
        )
    )


def _parameters(store: Store, asked: Asked) -> dict[str, str | float | None]:
    first, end = bounds(asked)
    return {**parameters(store, asked), "first": first, "end": end}
