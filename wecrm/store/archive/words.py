"""Sensitive words: found in messages while they are stored, or later in what is stored; hits kept with their rule."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Final

from wecrm.models import regexes
from wecrm.models.speakers import side
from wecrm.models.wordrules import WordRule
from wecrm.store.archive.derived import cleaned
from wecrm.store.archive.pages import Stored
from wecrm.store.archive.tokens import folded
from wecrm.store.database import Store

FOUND_MAX: Final = 100
"""Characters that a hit keeps of what was found."""

CHUNK: Final = 5000
"""Messages that a scan looks at in one transaction."""

_INSERT: Final = "INSERT OR IGNORE INTO word_hit (rule, level, record, found, at) VALUES (?, ?, ?, ?, max(0, ? / 1000))"


class Finder:
    """Looks for all words of all rules at once; width and case do not count."""

    def __init__(self, rules: Sequence[WordRule]) -> None:
        from ahocorasick_rs import AhoCorasick

        self.rules = tuple(rules)
        self._owners: list[int] = []
        """Rule of each word."""
        words: list[str] = []
        for n, rule in enumerate(self.rules):
            for word in dict.fromkeys(map(folded, rule.words)):
                if word.strip():  # of a word of control characters nothing is left
                    words.append(word.strip())
                    self._owners.append(n)
        self._words = AhoCorasick(words) if words else None
        self._regexes = [(n, regexes.compiled(pattern)) for n, rule in enumerate(self.rules) for pattern in rule.regex]

    def found(self, text: str, sender: str, msgtype: str) -> list[tuple[WordRule, str]]:
        """(rule, what was found first) of every rule that the message meets."""
        plain = folded(text)
        hits: dict[int, str] = {}
        if self._words is not None:
            for n, begin, end in self._words.find_matches_as_indexes(plain, overlapping=True):
                hits.setdefault(self._owners[n], plain[begin:end])
        for n, pattern in self._regexes:
            if n not in hits and (piece := regexes.first(pattern, plain)):
                hits[n] = piece
        if not hits:
            return []
        who = side(sender)
        return [
            (rule, hits[n][:FOUND_MAX])
            for n in sorted(hits)
            if (rule := self.rules[n]).who in ("any", who) and (not rule.types or msgtype in rule.types)
        ]


def derive(finder: Finder) -> Callable[[Connection, Sequence[Stored]], None]:
    """What writes the hits of messages while they are stored."""

    def write(db: Connection, stored: Sequence[Stored]) -> None:
        db.executemany(
            _INSERT,
            [
                (rule.name, rule.level, each.id, cleaned(found), each.message.msgtime)
                for each in stored
                if each.text
                for rule, found in finder.found(each.text, each.message.sender, each.message.msgtype)
            ],
        )

    return write


def refused(db: Connection, stored: Sequence[Stored]) -> None:
    """Stands for rules that can't be read: the pull goes on, and says that something is missing."""
    raise ValueError("no rules")


def scan(store: Store, finder: Finder, since_ms: int) -> Iterator[tuple[int, int]]:
    """Look through what is stored, chunk by chunk; (messages looked at, new hits) of each.

    Args:
        since_ms: only messages sent then or later, in milliseconds; 0 for all.
    """
    last = 0
    while True:
        rows = store.connection.execute(
            "SELECT id, sender, msgtype, text, msgtime FROM record WHERE id > ? AND msgtime >= ? ORDER BY id LIMIT ?",
            (last, since_ms, CHUNK),
        ).fetchall()
        if not rows:
            return
        last = rows[-1][0]
        hits = [
            (rule.name, rule.level, id_, cleaned(found), msgtime)
            for id_, sender, msgtype, text, msgtime in rows
            if text
            for rule, found in finder.found(text, sender, msgtype)
        ]
        with store.write() as db:
            before = db.total_changes
            db.executemany(_INSERT, hits)
            new = db.total_changes - before
        yield len(rows), new


@dataclass(frozen=True, slots=True)
class Hit:
    """One rule met by one message; times in unix seconds, `told_at` None while its owner was not told."""

    id: int
    at: int
    level: str
    rule: str
    sender: str
    conversation: int
    found: str
    msgid: str
    told_at: int | None


def hits(store: Store, where: tuple[str, Sequence[str | int]], *, limit: int | None = None) -> list[Hit]:
    """Hits that meet a condition over `word_hit h` and `record r`, the newest first."""
    rows = store.connection.execute(
        "SELECT h.id, h.at, h.level, h.rule, r.sender, r.conversation, h.found, r.msgid, h.notified_at "
        f"FROM word_hit h JOIN record r ON r.id = h.record WHERE {where[0]} ORDER BY h.at DESC, h.id DESC LIMIT ?",
        (*where[1], -1 if limit is None else limit),
    )
    return [Hit(*row) for row in rows.fetchall()]


def untold(store: Store) -> list[tuple[str, str, int, int]]:
    """(rule, level, hits that nobody was told of, id of the newest of them)."""
    return store.connection.execute(
        "SELECT rule, level, count(*), max(id) FROM word_hit WHERE notified_at IS NULL GROUP BY rule, level "
        "ORDER BY rule, level"
    ).fetchall()


def note_told(store: Store, told: Sequence[tuple[str, str, int, int]]) -> None:
    """Keep that hits were told of: (rule, level, id of the newest one told, unix seconds); writes only what is new."""
    which = "rule = ?1 AND level = ?2 AND id <= ?3 AND notified_at IS NULL"
    look = f"SELECT EXISTS (SELECT 1 FROM word_hit WHERE {which})"
    new = [each for each in told if store.connection.execute(look, each[:3]).fetchone()[0]]
    if new:
        with store.write() as db:
            db.executemany(f"UPDATE word_hit SET notified_at = ?4 WHERE {which}", new)
