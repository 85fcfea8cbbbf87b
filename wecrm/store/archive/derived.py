"""Rows that follow from archived messages: conversations, participants, answers to archiving, days, full text, media.

Written with the records, inside their transaction. Each function takes a whole page: what can be counted
together is written once.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from hashlib import sha256
from sqlite3 import Connection
from typing import Final

from wecrm.models import message as messages
from wecrm.models.message import MediaRef, Message
from wecrm.models.speakers import side
from wecrm.store.archive import tokens

PERSONS_KNOWN: Final = 200_000
"""Participants that a run remembers at most: some 40 MB."""

CONVERSATIONS_KNOWN: Final = 100_000
"""Conversations likewise: some 20 MB."""

_QUARTER_MS: Final = 900_000
"""Every time zone is whole quarters of an hour away from UTC, so a quarter lies in one hour of one day."""

_LATEST_MS: Final = 253_000_000_000_000
"""The year 9987: later times are no days of a calendar."""

_CALL_MAX: Final = 20
"""Persons of a conversation without a room that are named in its key; more are told by a hash."""


@dataclass(slots=True)
class Memory:
    """What a run knows of the archive, so that it asks once; `tz` is where days begin."""

    tz: tzinfo
    ids: dict[str, int] = field(default_factory=dict)
    """Conversation by key."""
    persons: dict[int, set[str]] = field(default_factory=dict)
    """Participants by conversation."""
    held: int = 0
    """Participants in `persons`."""
    quarters: dict[int, tuple[str, int]] = field(default_factory=dict)
    """(day, hour) by quarters of an hour since the epoch."""

    def forget(self) -> None:
        """Know nothing of the database any more."""
        self.ids.clear()
        self.persons.clear()
        self.held = 0

    def when(self, msgtime: int) -> tuple[str, int] | None:
        """(day, hour) of a time in milliseconds; None where it is no time."""
        if not 0 < msgtime < _LATEST_MS:
            return None
        quarter = msgtime // _QUARTER_MS
        if quarter not in self.quarters:
            if len(self.quarters) > CONVERSATIONS_KNOWN:
                self.quarters.clear()
            at = datetime.fromtimestamp(quarter * _QUARTER_MS // 1000, self.tz)
            self.quarters[quarter] = (at.strftime("%Y-%m-%d"), at.hour)
        return self.quarters[quarter]


def cleaned(text: str) -> str:
    """`text` as SQLite takes it: halves of broken pairs become question marks."""
    if text.isascii():  # known without looking at it
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def conversations(db: Connection, memory: Memory, page: Sequence[Message], now: int) -> list[int]:
    """The conversation of each message, made, counted and with its participants known afterwards."""
    if len(memory.ids) > CONVERSATIONS_KNOWN:
        memory.ids.clear()
    found: list[int] = []
    spans: dict[int, tuple[int, int, int]] = {}
    for each in page:
        kind, key = _place(each)
        at = each.msgtime // 1000 if 0 < each.msgtime < _LATEST_MS else now
        id_ = memory.ids.get(key)
        if id_ is None:
            id_ = memory.ids[key] = _conversation(db, kind, key, at)
        first, last, count = spans.get(id_, (at, at, 0))
        spans[id_] = (min(first, at), max(last, at), count + 1)
        _join(db, memory, id_, {each.sender, *each.tolist})
        found.append(id_)
    db.executemany(
        "UPDATE conversation SET first_at = min(first_at, ?), last_at = max(last_at, ?), messages = messages + ? "
        "WHERE id = ?",
        [(*span, id_) for id_, span in spans.items()],
    )
    return found


def _place(message: Message) -> tuple[str, str]:
    """Kind and key of the conversation that a message belongs to."""
    if message.roomid:
        return "group", cleaned(message.roomid)
    persons = sorted({message.sender, *message.tolist} - {""})
    if message.sender and len(message.tolist) == 1:
        return "single", cleaned(" ".join(persons))
    if len(persons) > _CALL_MAX:
        return "other", sha256(" ".join(persons).encode("utf-8", "replace")).hexdigest()
    return "other", cleaned(" ".join(["other", *persons]))


def _conversation(db: Connection, kind: str, key: str, at: int) -> int:
    row = db.execute("SELECT id FROM conversation WHERE key = ?", (key,)).fetchone()
    if row is None:
        row = db.execute(
            "INSERT INTO conversation (kind, key, first_at, last_at, messages) VALUES (?, ?, ?, ?, 0) RETURNING id",
            (kind, key, at, at),
        ).fetchone()
    return int(row[0])


def _join(db: Connection, memory: Memory, conversation: int, persons: set[str]) -> None:
    """Write those persons who are new in the conversation; a huge group costs no statement per message."""
    known = memory.persons.get(conversation)
    if known is None:
        if memory.held > PERSONS_KNOWN:
            memory.persons.clear()
            memory.held = 0
        rows = db.execute("SELECT person FROM participant WHERE conversation = ?", (conversation,))
        known = memory.persons[conversation] = {person for (person,) in rows}
        memory.held += len(known)
    new = persons - known
    if new:
        known |= new
        memory.held += len(new)
        clean = [cleaned(person) for person in new if person]
        db.executemany(
            "INSERT OR IGNORE INTO participant (conversation, person, side) VALUES (?, ?, ?)",
            [(conversation, person, side(person)) for person in clean],
        )


def texts(db: Connection, stored: Iterable[tuple[int, str]]) -> None:
    """Make texts findable by any part of them. Each is (record, text)."""
    db.executemany(
        "INSERT INTO record_text (rowid, pairs) VALUES (?, ?)",
        [(record, tokens.pairs(text)) for record, text in stored if text],
    )


def answers(db: Connection, stored: Iterable[tuple[int, int, Message]]) -> None:
    """What was taken back, and what customers say to archiving. Each is (record, conversation, message)."""
    for record, conversation, message in stored:
        if message.msgtype == "revoke":
            original = _text(messages.content(message).get("pre_msgid"))
            db.execute("INSERT INTO revoke VALUES (?, ?, ?)", (record, original, _seconds(message.msgtime)))
        elif message.msgtype in ("agree", "disagree"):
            said = messages.content(message)
            person = _text(said.get("userid")) or cleaned(message.sender)
            at = said.get(f"{message.msgtype}_time")
            at_ms = at if isinstance(at, int) and at > 0 else message.msgtime
            row = (record, person, conversation, message.msgtype, _seconds(at_ms))
            db.execute("INSERT INTO consent VALUES (?, ?, ?, ?, ?)", row)


def _text(value: object) -> str:
    return cleaned(value) if isinstance(value, str) else ""


def _seconds(ms: int) -> int:
    return ms // 1000 if 0 < ms < _LATEST_MS else 0


def days(db: Connection, memory: Memory, stored: Iterable[tuple[int, Message]]) -> None:
    """Count what persons sent by conversation, day and hour. Each is (conversation, message)."""
    counted: Counter[tuple[str, str, int, int]] = Counter()
    for conversation, message in stored:
        when = memory.when(message.msgtime)
        if when is not None and message.action == "send":
            counted[when[0], message.sender, conversation, when[1]] += 1
    db.executemany(
        "INSERT INTO message_day (day, person, conversation, hour, messages) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET messages = messages + excluded.messages",
        [(day, cleaned(person), at, hour, n) for (day, person, at, hour), n in counted.items()],
    )


def media(db: Connection, stored: Iterable[tuple[int, Sequence[MediaRef], Message | None]]) -> None:
    """Queue the files that messages carry; one that is known already is kept by its newest message.

    Each is (record, its files, message). WeCom counts the days it keeps a file from its message.
    """
    for record, refs, message in stored:
        for ref in refs:
            at = message.msgtime if message and 0 < message.msgtime < _LATEST_MS else 0
            size = ref.size if ref.size is not None and 0 <= ref.size < 2**63 else None
            (id_,) = db.execute(
                "INSERT INTO media (sdkfileid, record, kind, extension, name, size, md5, msgtime, state) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'wanted') ON CONFLICT (sdkfileid) DO UPDATE SET "
                "msgtime = max(msgtime, excluded.msgtime), state = iif(state = 'expired', 'wanted', state) "
                "RETURNING id",
                (
                    *(cleaned(ref.sdkfileid), record, cleaned(ref.kind), cleaned(ref.extension)),
                    *(cleaned(ref.name), size, cleaned(ref.md5), at),
                ),
            ).fetchone()
            db.execute("INSERT OR IGNORE INTO media_use (record, media) VALUES (?, ?)", (record, id_))
