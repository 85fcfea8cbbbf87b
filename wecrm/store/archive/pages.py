"""A page of the archive, its derived rows and the cursor: stored in one durable transaction, or not at all.

Nothing of a page is lost: what can't be read goes into quarantine with its ciphertext, and its plaintext
where there is one.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from sqlite3 import Connection
from typing import Literal

from wecrm.models.archive import Sealed
from wecrm.models.message import MediaRef, Message
from wecrm.store.archive import chain, derived
from wecrm.store.archive.derived import Memory, cleaned
from wecrm.store.database import Store

logger = logging.getLogger(__name__)

_DEFECTS = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What code about messages that strangers wrote raises when it has not thought of something."""

Reason = Literal["no-key", "key", "cipher", "crashed", "unreadable", "conflict", "malformed"]
"""Why a message waits in quarantine: no private key of that version; the key does not open its random key;
the library refuses the ciphertext; the library dies of it; the plaintext is no message; another message has
the same msgid; the page's entry is no message."""


@dataclass(frozen=True, slots=True)
class Read:
    """One message of a page and what became of it; without `message`, `reason` and `code` say why."""

    sealed: Sealed
    message: Message | None = None
    text: str = ""
    media: tuple[MediaRef, ...] = ()
    reason: Reason | None = None
    code: int = 0
    plain: bytes | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """A message that has just been stored: `id` of its record, `conversation` that it belongs to, its searchable text."""  # noqa: E501

    id: int
    message: Message
    conversation: int
    text: str


Derive = Callable[[Connection, Sequence[Stored]], None]
"""Writes what follows from messages just stored; inside their transaction. Times of stored ones: `message.msgtime`."""


@dataclass(slots=True)
class Counts:
    """What became of messages: stored, there already, put into quarantine."""

    new: int = 0
    doubled: int = 0
    quarantined: int = 0
    newest_msgtime: int = 0
    """Of the stored ones, in milliseconds; 0 when none has a time."""
    underived: int = 0
    """Times that a derivation failed for a page: its messages are stored, what should follow from them is not."""

    def add(self, other: "Counts") -> None:
        """Count those too."""
        self.new += other.new
        self.doubled += other.doubled
        self.quarantined += other.quarantined
        self.newest_msgtime = max(self.newest_msgtime, other.newest_msgtime)
        self.underived += other.underived


@dataclass(slots=True)
class _Sorted:
    fresh: list[Read] = field(default_factory=list)
    refused: list[Read] = field(default_factory=list)
    doubled: int = 0


def cursor(store: Store) -> int:
    """The seq after which the next page begins; 0 before the first."""
    row = store.connection.execute("SELECT seq FROM cursor WHERE name = 'pull'").fetchone()
    return int(row[0]) if row else 0


def store_page(
    store: Store, memory: Memory, pull: int, page: Sequence[Read], *, seq: int, now: int, derive: Iterable[Derive] = ()
) -> Counts:
    """Everything of one page on disk, with the cursor at `seq` and the counters of that pull; all or nothing.

    Args:
        memory: what this run knows of conversations; one for all pages of a run.
        pull: id of the row that counts this run.
        seq: the largest of the page.
        now: unix seconds.
        derive: called in the same transaction with what was stored.
    """
    try:
        with store.write() as db:
            found = _sort_out(db, page)
            stored = _keep(db, memory, found.fresh, now)
            put_aside(db, found.refused, now)
            failed = _derive(db, derive, stored)
            counts = Counts(len(stored), found.doubled, len(found.refused), _newest(stored), failed)
            _advance(db, pull, seq, counts, now)
    except BaseException:
        memory.forget()  # ids in it may have been rolled back
        raise
    return counts


def store_recovered(
    store: Store, memory: Memory, items: Sequence[tuple[int, Read]], *, now: int, derive: Iterable[Derive] = ()
) -> Counts:
    """Messages of the quarantine tried again: the readable ones become records, the others keep waiting.

    Args:
        items: (id in quarantine, what became of it now).
    """
    try:
        with store.write() as db:
            known = dict(_known(db, [_msgid(read) for _id, read in items]))
            fresh: dict[str, Read] = {}
            for _id, read in items:
                if read.message is not None and _msgid(read) not in known:
                    fresh.setdefault(_msgid(read), read)
            stored = _keep(db, memory, list(fresh.values()), now)
            failed = _derive(db, derive, stored)
            known.update((msgid, (one.id, one.message.raw)) for msgid, one in zip(fresh, stored, strict=True))
            tried = [_tried(quarantine, read, known, now) for quarantine, read in items]
            db.executemany(
                "UPDATE quarantine_state SET attempts = attempts + 1, tried_at = ?, reason = ?, code = ?, record = ? "
                "WHERE quarantine = ?",
                tried,
            )
    except BaseException:
        memory.forget()
        raise
    back = sum(1 for row in tried if row[3] is not None)
    return Counts(len(stored), back - len(stored), len(items) - back, _newest(stored), failed)


def seq_value(seq: int) -> int | str:
    """`seq` as a column takes it: digits where it is too large for an integer of SQLite."""
    return seq if seq < 2**63 else str(seq)


def put_aside(db: Connection, refused: Sequence[Read], now: int) -> None:
    """Put messages into quarantine, with everything that is needed to try them again."""
    ids = chain.put(
        db,
        "quarantine",
        [
            (
                *(seq_value(read.sealed.seq), _msgid(read), read.sealed.publickey_ver, now),
                *(read.reason or "unreadable", read.code),
                *(cleaned(read.sealed.encrypt_random_key), cleaned(read.sealed.encrypt_chat_msg), read.plain),
            )
            for read in refused
        ],
    )
    db.executemany(
        "INSERT INTO quarantine_state (quarantine, attempts, tried_at, reason, code) VALUES (?, 1, ?, ?, ?)",
        [(id_, now, read.reason or "unreadable", read.code) for id_, read in zip(ids, refused, strict=True)],
    )


def _msgid(read: Read) -> str:
    own = read.sealed.msgid or (read.message.msgid if read.message else "")
    return cleaned(own) or f"seq:{read.sealed.seq}"


def _known(db: Connection, msgids: Iterable[str]) -> Iterator[tuple[str, tuple[int, bytes]]]:
    for msgid in msgids:
        row = db.execute("SELECT id, raw FROM record WHERE msgid = ?", (msgid,)).fetchone()
        if row:
            yield msgid, (row[0], row[1])


def _sort_out(db: Connection, page: Sequence[Read]) -> _Sorted:
    """What is new, what is there already, what must wait; the same msgid with other words waits as a conflict."""
    found = _Sorted()
    known = {msgid: raw for msgid, (_id, raw) in _known(db, map(_msgid, page))}
    for read in page:
        msgid = _msgid(read)
        if read.message is None:
            refused = read
        elif msgid not in known:
            known[msgid] = read.message.raw
            found.fresh.append(read)
            continue
        elif known[msgid] == read.message.raw:
            found.doubled += 1
            continue
        else:
            refused = Read(read.sealed, reason="conflict", plain=read.message.raw)
        if _waits(db, refused):
            found.doubled += 1
        else:
            found.refused.append(refused)
    return found


def _waits(db: Connection, read: Read) -> bool:
    """Whether the very same ciphertext is in quarantine already: the page was fetched before."""
    rows = db.execute(
        "SELECT 1 FROM quarantine WHERE msgid = ? AND seq = ? AND encrypt_chat_msg = ?",
        (_msgid(read), seq_value(read.sealed.seq), cleaned(read.sealed.encrypt_chat_msg)),
    )
    return rows.fetchone() is not None


def _keep(db: Connection, memory: Memory, fresh: Sequence[Read], now: int) -> list[Stored]:
    """Write records and everything that is derived from them; in the order of `fresh`."""
    messages = [(read.message, cleaned(read.text)) for read in fresh if read.message is not None]
    conversations = derived.conversations(db, memory, [message for message, _text in messages], now)
    rows = [
        (
            *(seq_value(read.sealed.seq), _msgid(read), read.sealed.publickey_ver, now),
            *(_whole(message.msgtime), cleaned(message.action), cleaned(message.msgtype), cleaned(message.sender)),
            *(conversation, text, message.raw),
        )
        for read, (message, text), conversation in zip(fresh, messages, conversations, strict=True)
    ]
    ids = chain.put(db, "record", rows)
    stored = [
        Stored(id_, message, conversation, text)
        for id_, (message, text), conversation in zip(ids, messages, conversations, strict=True)
    ]
    derived.texts(db, ((one.id, one.text) for one in stored))
    derived.answers(db, ((one.id, one.conversation, one.message) for one in stored))
    derived.days(db, memory, ((one.conversation, one.message) for one in stored))
    derived.media(db, ((id_, read.media, read.message) for id_, read in zip(ids, fresh, strict=True)))
    return stored


def _derive(db: Connection, derive: Iterable[Derive], stored: Sequence[Stored]) -> int:
    """How many derivations failed and were taken back: a word rule must not keep messages from being stored."""
    failed = 0
    for each in derive:
        db.execute("SAVEPOINT derivation")
        try:
            each(db, stored)
        except _DEFECTS as error:  # not a full disk or a damaged file: then nothing of the page is stored
            logger.error("a derivation failed: %s", type(error).__name__)
            db.execute("ROLLBACK TO derivation")
            failed += 1
        db.execute("RELEASE derivation")
    return failed


def _tried(
    quarantine: int, read: Read, known: dict[str, tuple[int, bytes]], now: int
) -> tuple[int, str, int, int | None, int]:
    if read.message is None:
        return (now, read.reason or "unreadable", read.code, None, quarantine)
    record, raw = known[_msgid(read)]
    if raw != read.message.raw:
        return (now, "conflict", 0, None, quarantine)
    return (now, "", 0, record, quarantine)


def _newest(stored: Sequence[Stored]) -> int:
    return max((_whole(one.message.msgtime) for one in stored), default=0)


def _whole(number: int) -> int:
    """`number`, or 0 where no integer of SQLite holds it."""
    return number if -(2**63) <= number < 2**63 else 0


def _advance(db: Connection, pull: int, seq: int, counts: Counts, now: int) -> None:
    db.execute(
        "INSERT INTO cursor (name, seq, at) VALUES ('pull', ?, ?) "
        "ON CONFLICT (name) DO UPDATE SET seq = excluded.seq, at = excluded.at",
        (str(seq), now),
    )
    db.execute(
        "UPDATE pull SET to_seq = ?, pages = pages + 1, new = new + ?, doubled = doubled + ?, "
        "quarantined = quarantined + ?, newest_msgtime = max(coalesce(newest_msgtime, 0), ?) WHERE id = ?",
        (str(seq), counts.new, counts.doubled, counts.quarantined, counts.newest_msgtime, pull),
    )
