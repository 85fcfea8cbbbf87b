"""Waits: how long customers wait for an answer in single chats, written with the messages that begin and end them.

A customer's first unanswered message opens a wait, more of theirs are counted in it, the member's next message
closes it. Messages count in the order in which they were sent, so one that comes late changes the waits after it.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import pairwise
from sqlite3 import Connection
from typing import Final

from wecrm.models.message import Message
from wecrm.models.speakers import side
from wecrm.models.workinghours import parse
from wecrm.store.archive.derived import cleaned
from wecrm.store.archive.pages import Stored

SILENT: Final = frozenset(("revoke", "agree", "disagree", "switch", "voiptext", "meeting_voice_call", "voip_doc_share"))
"""Types that neither ask nor answer: taking back, consent, and calls, which do not say who picked up."""

_LATEST_MS: Final = 4_102_444_800_000
"""The year 2100: a later time is a mistake, and a wait of centuries would take long to measure."""

_INSERT: Final = (
    "INSERT INTO wait (conversation, member, contact, asked, asked_at, questions, answered, answered_at, work_s) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)

_STANDING: Final = (
    "SELECT j.value, coalesce((SELECT msgtime FROM record r WHERE r.conversation = j.value AND r.id < ?2 "
    "ORDER BY r.msgtime DESC LIMIT 1), 0), w.id, w.asked, w.asked_at, w.questions "
    "FROM json_each(?1) j LEFT JOIN wait w ON w.answered_at IS NULL AND w.id = "
    "(SELECT id FROM wait WHERE conversation = j.value ORDER BY asked_at DESC, id DESC LIMIT 1)"
)
"""conversation, time of its newest message before this page, and its open wait."""

Wait = tuple[int, str, str, int, int, int, int | None, int | None, int | None]
"""conversation, member, contact, asked, asked_at, questions, answered, answered_at, work_s."""

Line = tuple[int, int, str]
"""(record, msgtime, sender) of a message that counts."""


def derive(working_hours: str, tz: tzinfo) -> Callable[[Connection, Sequence[Stored]], None]:
    """What keeps the table `wait` true while messages are stored; `work_s` counts these hours.

    When the hours are others than those of the waits that are there, these are measured again.

    Raises:
        ConfigError: the hours can't be understood.
    """
    seconds = parse(working_hours).measure(tz)

    def write(db: Connection, stored: Sequence[Stored]) -> None:
        _measure(db, f"{working_hours} {tz}", seconds)
        chats = _chats(stored)
        reopened: list[tuple[int]] = []
        found: list[Wait] = []
        asked = (json.dumps(list(chats)), min((each.id for each in stored), default=0))
        for conversation, newest, id_, *begun in db.execute(_STANDING, asked).fetchall():
            chat = chats[conversation]
            lines, begin = sorted(chat.lines, key=_at), min(map(_at, chat.lines))
            if newest >= begin or any(one[1] == other[1] for one, other in pairwise(lines)):
                lines, begun = _lines(db, conversation, _reopened(db, conversation, begin)), [None]
            elif id_ is not None:
                reopened.append((id_,))
            asking = None if begun[0] is None else (begun[0], begun[1], begun[2])
            found += _waits(chat, conversation, asking, lines, lambda a, b: seconds(a / 1000, b / 1000))
        db.executemany("DELETE FROM wait WHERE id = ?", reopened)
        db.executemany(_INSERT, found)

    return write


def _waits(
    chat: "_Chat",
    conversation: int,
    asking: tuple[int, int, int] | None,
    lines: Iterable[Line],
    worked: Callable[[int, int], int],
) -> Iterator[Wait]:
    """The waits in lines of a chat, in the order in which they were sent.

    Args:
        asking: (asked, asked_at, questions) of the wait that is open before the first line.
    """
    asked, asked_at, questions = asking or (0, 0, 0)
    for record, at, sender in lines:
        if sender == chat.contact:
            if not questions:
                asked, asked_at = record, at
            questions += 1
        elif questions:
            work_s = worked(asked_at, at)
            yield conversation, chat.member, chat.contact, asked, asked_at, questions, record, at, work_s
            questions = 0
    if questions:
        yield conversation, chat.member, chat.contact, asked, asked_at, questions, None, None, None


@dataclass(frozen=True, slots=True)
class _Chat:
    """A single chat of a member and a customer, and what was just said in it."""

    member: str
    contact: str
    lines: list[Line]


def _at(line: Line) -> int:
    return line[1]


def _chats(stored: Sequence[Stored]) -> dict[int, _Chat]:
    """Those chats by conversation, with the messages that count."""
    found: dict[int, _Chat] = {}
    for each in stored:
        message = each.message
        if not _counts(message):
            continue
        chat = found.get(each.conversation)
        if chat is None:
            pair = _pair(message)
            if pair is None:
                continue
            chat = found[each.conversation] = _Chat(*pair, [])
        chat.lines.append((each.id, message.msgtime, cleaned(message.sender)))
    return found


def _counts(message: Message) -> bool:
    """Whether it asks or answers, and tells when it was sent; messages of groups do so too."""
    return message.action == "send" and message.msgtype not in SILENT and 0 < message.msgtime < _LATEST_MS


def _pair(message: Message) -> tuple[str, str] | None:
    """(member, customer) of a message in their single chat; None for any other."""
    if message.roomid or len(message.tolist) != 1:
        return None
    one, other = message.sender, message.tolist[0]
    match side(one), side(other):
        case "member", "contact":
            return cleaned(one), cleaned(other)
        case "contact", "member":
            return cleaned(other), cleaned(one)
    return None


def _reopened(db: Connection, conversation: int, since: int) -> int:
    """Take away the waits that messages from `since` on may change; the time from which lines are to be read again."""
    begun = db.execute(
        "SELECT min(asked_at) FROM wait WHERE conversation = ? AND asked_at < ? "
        "AND (answered_at IS NULL OR answered_at >= ?)",
        (conversation, since, since),
    ).fetchone()[0]
    begin = since if begun is None else int(begun)
    db.execute("DELETE FROM wait WHERE conversation = ? AND asked_at >= ?", (conversation, begin))
    return begin


def _lines(db: Connection, conversation: int, begin: int) -> list[Line]:
    return db.execute(
        "SELECT id, msgtime, sender FROM record WHERE conversation = ? AND msgtime >= ? AND msgtime < ? "
        f"AND action = 'send' AND msgtype NOT IN ({', '.join('?' * len(SILENT))}) ORDER BY msgtime, seq",
        (conversation, begin, _LATEST_MS, *SILENT),
    ).fetchall()


def _measure(db: Connection, told: str, seconds: Callable[[float, float], int]) -> None:
    """Let `work_s` of all waits be of the hours that are called so."""
    if db.execute("SELECT 1 FROM corp WHERE key = 'working_hours' AND value = ?", (told,)).fetchone():
        return
    ended = db.execute("SELECT id, asked_at, answered_at FROM wait WHERE answered_at IS NOT NULL").fetchall()
    measured = ((seconds(asked / 1000, answered / 1000), id_) for id_, asked, answered in ended)
    db.executemany("UPDATE wait SET work_s = ? WHERE id = ?", measured)
    db.execute("INSERT OR REPLACE INTO corp VALUES ('working_hours', ?)", (told,))
