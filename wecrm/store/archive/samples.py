"""What a sample is drawn from, and its rows."""

from collections.abc import Iterator
from dataclasses import dataclass

from wecrm.store.archive.filters import Narrowed
from wecrm.store.database import Store


def conversations(archive: Store, narrowed: Narrowed) -> Iterator[tuple[str, int, str]]:
    """(member, id, key) of every conversation of every member that meets the filter."""
    condition, params = narrowed.on_conversations("c.id")
    yield from archive.connection.execute(
        "SELECT p.person, c.id, c.key FROM conversation c JOIN participant p ON p.conversation = c.id "
        f"WHERE p.side = 'member' AND c.kind <> 'other' AND {condition}",
        params,
    )


def messages(archive: Store, narrowed: Narrowed) -> Iterator[tuple[str, int, str]]:
    """(member, id, msgid) of every message that meets the filter and that a member sent."""
    condition, params = narrowed.on_records()
    yield from archive.connection.execute(
        "SELECT r.sender, r.id, r.msgid FROM record r JOIN participant p ON p.conversation = r.conversation "
        f"AND p.person = r.sender WHERE p.side = 'member' AND {condition}",
        params,
    )


@dataclass(frozen=True, slots=True)
class Span:
    """The messages of a conversation that meet a filter: how many, by members, time of the last (milliseconds)."""

    kind: str
    key: str
    messages: int
    by_members: int
    last: int


def span(archive: Store, narrowed: Narrowed, conversation: int) -> Span:
    """What a conversation comes to within the filter."""
    condition, params = narrowed.on_records()
    row = archive.connection.execute(
        "SELECT c.kind, c.key, count(*), coalesce(sum(EXISTS (SELECT 1 FROM participant p WHERE p.conversation = c.id "
        "AND p.person = r.sender AND p.side = 'member')), 0), "
        f"coalesce(max(r.msgtime), 0) FROM conversation c LEFT JOIN record r ON r.conversation = c.id AND {condition} "
        "WHERE c.id = ?",
        (*params, conversation),
    ).fetchone()
    return Span(*row)
