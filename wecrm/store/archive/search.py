"""Messages in which a text stands anywhere, found through the full-text index, narrowed like every list of messages."""

from typing import Final

from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.store.archive import tokens
from wecrm.store.archive.filters import Narrowed
from wecrm.store.connections import explained
from wecrm.store.database import Store

TEXT_MAX: Final = 200

FEW: Final = 50_000
"""Messages of the conversations meant, up to which these are listed first: measured, 5 ms instead of 145."""

FEW_CONVERSATIONS: Final = 2_000
"""Conversations that are looked at to learn that."""


def hits(archive: Store, text: str, narrowed: Narrowed, *, limit: int | None) -> list[int]:
    """The records of the messages that hold every word of `text`, the last stored first.

    Width and case do not count. Those found are in the order in which they were archived, so that the first
    of many come without looking at the rest.

    Args:
        limit: at most so many.

    Raises:
        UsageError: nothing to look for, or more than 200 characters.
    """
    query = tokens.query(text)
    if not query or len(text) > TEXT_MAX:
        raise UsageError(_("Give a text of 1 to {max} characters to look for.", max=TEXT_MAX))
    condition, params = narrowed.on_records()
    if _are_few(archive, narrowed):
        sql = (  # + : else the index is asked for each of those messages by itself
            "SELECT record_text.rowid FROM record_text WHERE record_text MATCH ? "
            f"AND +record_text.rowid IN (SELECT r.id FROM record r WHERE {condition}) ORDER BY 1 DESC LIMIT ?"
        )
    else:
        sql = (  # CROSS: the index leads, whatever SQLite thinks of it
            "SELECT record_text.rowid FROM record_text CROSS JOIN record r ON r.id = record_text.rowid "
            f"WHERE record_text MATCH ? AND {condition} ORDER BY record_text.rowid DESC LIMIT ?"
        )
    with explained(archive.path):
        found = archive.connection.execute(sql, (query, *params, -1 if limit is None else limit))
        return [id_ for (id_,) in found]


def _are_few(archive: Store, narrowed: Narrowed) -> bool:
    """Whether one of the filters on conversations leaves so few messages that these are listed first."""
    params = iter(narrowed.conversation_params)
    for each in narrowed.conversations:
        count, messages = archive.connection.execute(
            f"WITH meant (id) AS (SELECT * FROM ({each}) LIMIT {FEW_CONVERSATIONS + 1}) "
            "SELECT count(*), coalesce(sum(c.messages), 0) FROM meant JOIN conversation c ON c.id = meant.id",
            [next(params) for _mark in range(each.count("?"))],
        ).fetchone()
        if count <= FEW_CONVERSATIONS and messages <= FEW:
            return True
    return False
