"""Reading conversations: which one is meant, and its messages in the order in which they were sent."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wecrm.errors import IntegrityError, UsageError
from wecrm.i18n import _
from wecrm.models.message import Message, UnreadableMessage, parse
from wecrm.models.text import visible
from wecrm.store.connections import explained
from wecrm.store.database import Store

Where = tuple[str, tuple[str | int, ...]]
"""SQL over `record` under the name `r`, or `conversation` under the name `c`, and its parameters."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A media file of a message: how far it is, and where under the media folder ("" when it is not there)."""

    sdkfileid: str
    state: str
    path: str


@dataclass(frozen=True, slots=True)
class Said:
    """One archived message; `msgtime` in milliseconds, `revoked_at` in unix seconds."""

    id: int
    seq: str
    msgid: str
    msgtime: int
    conversation: int
    raw: bytes
    revoked_at: int | None
    files: tuple[Kept, ...]


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation; `key` is the group's id, or both ids of a single chat; times in unix seconds."""

    id: int
    kind: str
    key: str
    messages: int
    first_at: int
    last_at: int


@dataclass(frozen=True, slots=True)
class Place:
    """A conversation, and the message in it that was asked for (None: the conversation itself was)."""

    conversation: Conversation
    record: int | None = None


def find(archive: Store, text: str) -> Place:
    """What a person means: the number or the key of a conversation (two ids in any order), or a msgid.

    Raises:
        UsageError: nothing of the kind is archived.
    """
    if text.isascii() and text.isdigit() and len(text) < 19:
        for found in of(archive, ("c.id = ?", (int(text),))):
            return Place(found)
    for found in of(archive, ("c.key IN (?, ?)", (text, " ".join(sorted(text.split()))))):
        return Place(found)
    row = archive.connection.execute("SELECT id, conversation FROM record WHERE msgid = ?", (text,)).fetchone()
    if row:
        return Place(next(of(archive, ("c.id = ?", (row[1],)))), int(row[0]))
    raise UsageError(
        _("No archived conversation or message is {name}.", name=repr(visible(text))),
        _("A conversation has a number or a key, a message a msgid."),
        _("`wecrm archive list` shows the conversations."),
    )


def of(archive: Store, where: Where) -> Iterator[Conversation]:
    """Conversations that meet a condition on the table `conversation` under the name `c`, the newest last."""
    sql = f"SELECT id, kind, key, messages, first_at, last_at FROM conversation c WHERE {where[0]} ORDER BY last_at, id"
    with explained(archive.path):
        for row in archive.connection.execute(sql, where[1]):
            yield Conversation(*row)


def message(one: Said) -> Message:
    """What was said, read.

    Raises:
        IntegrityError: it is no message, though it was one when it was stored.
    """
    try:
        return parse(one.raw)
    except UnreadableMessage:
        raise IntegrityError(
            _("Record {id} of the archive is not what was stored.", id=one.id), "", _("Run `wecrm archive verify`.")
        ) from None


def people(archive: Store, conversation: int) -> list[tuple[str, str]]:
    """(person, side) of everybody in a conversation, members first."""
    return archive.connection.execute(
        "SELECT person, side FROM participant WHERE conversation = ? ORDER BY side = 'member' DESC, side, person",
        (conversation,),
    ).fetchall()


def count(archive: Store, where: Where) -> int:
    """How many messages meet the condition."""
    with explained(archive.path):
        return int(
            archive.connection.execute(f"SELECT count(*) FROM record r WHERE {where[0]}", where[1]).fetchone()[0]
        )


def newest(archive: Store) -> int:
    """The number of the newest record: who reads up to it sees nothing that a pull adds meanwhile."""
    return int(archive.connection.execute("SELECT coalesce(max(id), 0) FROM record").fetchone()[0])


def inside(where: Where, conversation: int) -> Where:
    """The condition on records, in that conversation only."""
    return f"r.conversation = ? AND {where[0]}", (conversation, *where[1])


def up_to(where: Where, record: int) -> Where:
    """The condition on records, up to that one: nothing that a pull adds later."""
    return f"r.id <= ? AND {where[0]}", (record, *where[1])


def with_person(where: Where, person: str) -> Where:
    """The condition on conversations, those of that person only."""
    return f"c.id IN (SELECT conversation FROM participant WHERE person = ?) AND {where[0]}", (person, *where[1])


def groups_only(where: Where) -> Where:
    """The condition on conversations, groups only."""
    return f"c.kind = 'group' AND {where[0]}", where[1]


def among(where: Where, last: int | None) -> Where:
    """The condition on the view `messages` under the name `v`; with `last` only the newest so many of them."""
    cut = "" if last is None else " ORDER BY r.msgtime DESC, r.seq DESC LIMIT ?"
    return f"v.id IN (SELECT r.id FROM record r WHERE {where[0]}{cut})", where[1] if last is None else (*where[1], last)


def said(archive: Store, where: Where, *, last: int | None = None) -> Iterator[Said]:
    """Messages that meet the condition in order of (msgtime, seq), read as they are taken.

    Args:
        last: only the newest so many of them.
    """
    sql, params = where[0], list(where[1])
    if last is not None:
        sql = f"r.id IN (SELECT r.id FROM record r WHERE {sql} ORDER BY r.msgtime DESC, r.seq DESC LIMIT ?)"
        params.append(last)
    yield from _said(archive, f"{sql} ORDER BY r.msgtime, r.seq", params)


def around(archive: Store, conversation: int, record: int, many: int) -> list[Said]:
    """That message with `many` before it and as many after it."""
    (at,) = archive.connection.execute("SELECT msgtime FROM record WHERE id = ?", (record,)).fetchone()
    place = "(r.msgtime, r.seq) {} (SELECT msgtime, seq FROM record WHERE id = ?) AND r.conversation = ?"
    near = "AND r.msgtime {} ?"  # lets the index serve
    before = f"{place.format('<=')} {near.format('<=')} ORDER BY r.msgtime DESC, r.seq DESC LIMIT ?"
    after = f"{place.format('>')} {near.format('>=')} ORDER BY r.msgtime, r.seq LIMIT ?"
    found = [*_said(archive, before, [record, conversation, at, many + 1])][::-1]
    return [*found, *_said(archive, after, [record, conversation, at, many])]


def _said(archive: Store, sql: str, params: list[Any]) -> Iterator[Said]:
    with explained(archive.path):
        rows = archive.connection.execute(
            "SELECT r.id, CAST(r.seq AS TEXT), r.msgid, r.msgtime, r.conversation, r.raw,"
            " (SELECT max(v.at) FROM revoke v WHERE v.pre_msgid = r.msgid), r.msgtype"
            f" FROM record r WHERE {sql}",
            params,
        )
        for id_, seq, msgid, msgtime, conversation, raw, revoked_at, msgtype in rows:
            files = () if msgtype == "text" else _files(archive, id_)
            yield Said(id_, seq, msgid, msgtime, conversation, raw, revoked_at, files)


def _files(archive: Store, record: int) -> tuple[Kept, ...]:
    rows = archive.connection.execute(
        "SELECT m.sdkfileid, m.state, coalesce(f.path, '') FROM media_use u JOIN media m ON m.id = u.media"
        " LEFT JOIN media_file f ON f.id = m.file WHERE u.record = ?",
        (record,),
    )
    return tuple(Kept(*row) for row in rows)
