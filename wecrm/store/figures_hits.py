"""Hits of sensitive words as reports count them."""

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any, Final

from wecrm.models import periods
from wecrm.models.report import Asked
from wecrm.store.asked import parameters, staffed, within
from wecrm.store.database import Store

_FROM: Final = (
    "FROM word_hit h JOIN record r ON r.id = h.record "
    "LEFT JOIN participant p ON p.conversation = r.conversation AND p.person = r.sender"
)


def by_rule(store: Store, archive: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """Hits by period and rule, most of them first.

    (day, week or month, rule, level, hits, in messages of members, of customers, conversations, persons who wrote
    them, hits that nobody was told of, unix seconds of the newest or None)
    """
    archive.connection.create_function("period_of", 1, _period_of(asked), deterministic=True)
    return iter(
        archive.connection.execute(
            "SELECT period_of(h.at / 900) AS label, h.rule, h.level, count(*) AS hits, "
            "CAST(total(p.side = 'member') AS INTEGER), CAST(total(p.side = 'contact') AS INTEGER), "
            "count(DISTINCT r.conversation), count(DISTINCT r.sender), sum(h.notified_at IS NULL), "
            f"nullif(max(h.at), 0) {_FROM} WHERE {_meant(asked)} "
            "GROUP BY label, h.rule, h.level ORDER BY label, hits DESC, h.rule, h.level",
            parameters(store, asked),
        )
    )


def single(store: Store, archive: Store, asked: Asked) -> Iterator[tuple[Any, ...]]:
    """(unix seconds or None, level, rule, what was found, sender, conversation, msgid), the newest first."""
    return iter(
        archive.connection.execute(
            "SELECT nullif(h.at, 0), h.level, h.rule, h.found, r.sender, r.conversation, r.msgid "
            f"FROM word_hit h JOIN record r ON r.id = h.record WHERE {_meant(asked)} ORDER BY h.at DESC, h.id DESC",
            parameters(store, asked),
        )
    )


def _meant(asked: Asked) -> str:
    """Hits of the period, in conversations in which a member takes part who was asked for."""
    person = staffed(asked, "person")
    mine = f"SELECT conversation FROM participant WHERE side = 'member' AND {person}"
    return within("h.at") + (f" AND r.conversation IN ({mine})" if asked.members or asked.departments else "")


def _period_of(asked: Asked) -> Any:
    """The name of the period from quarters of an hour since the epoch; None for messages without a time."""

    @cache
    def label(quarter: int) -> str | None:
        if not asked.by:
            return ""
        return periods.label(datetime.fromtimestamp(quarter * 900, asked.tz).date(), asked.by) if quarter else None

    return label
