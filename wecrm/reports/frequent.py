"""Words that customers use often, and what they ask often; whole sentences only as rows, which are logged."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import Final

from wecrm.i18n import _
from wecrm.models.report import Asked, Definition
from wecrm.models.stopwords import STOP_WORDS
from wecrm.models.table import Column, Table
from wecrm.reports.entries import Report, Sources
from wecrm.store import figures_messages, figures_words
from wecrm.store.archive.tokens import folded

CUSTOMERS_MIN: Final = 3
"""Words of fewer customers say more about them than about the business."""

_KNOWN_MAX: Final = 300_000
"""Words or sentences in memory at most, some 60 MB."""

_LENGTH_MAX: Final = 20

_PERIOD_S: Final = 90 * 86400

_SENTENCE: Final = re.compile(r"[^\n。！!；;…~～?？]+[?？]?")

_ASKING: Final = re.compile(
    r"[?？]$|吗|么|多少|多久|多大|多长|哪|谁|如何|为何|是否|是不是|有没有|能不能|可不可以|要不要|会不会|好不好|行不行|几[个件点天次]|呢$"
    r"|^\s*(?:what|when|where|which|who|why|how|can|could|do|does|did|is|are|will|would)\b",
    re.IGNORECASE,
)

_NUMBER: Final = re.compile(r"[0-9]+(?:[.,:-][0-9]+)*")


class Tally:
    """How often words or sentences were said, and by how many customers; fed customer by customer."""

    def __init__(self) -> None:
        self.people = 0
        self.times: Counter[str] = Counter()
        self.customers: Counter[str] = Counter()

    def add(self, said: Iterable[str]) -> None:
        """What one customer said."""
        own = Counter(said)
        self.people += 1
        self.times.update(own)
        self.customers.update(own.keys())
        if len(self.times) > _KNOWN_MAX:  # what one customer alone said so far goes first
            for text in [text for text, n in self.customers.items() if n == 1]:
                del self.customers[text], self.times[text]

    def rows(self, at_least: int) -> Iterator[tuple[str, int, float, int]]:
        """(text, customers, their share in %, times), what most customers said first."""
        found = [(text, n, self.times[text]) for text, n in self.customers.items() if n >= at_least]
        for text, customers, times in sorted(found, key=lambda row: (-row[1], -row[2], row[0])):
            yield text, customers, round(100 * customers / self.people, 1), times


class _Words(dict[str, str]):
    """What a piece of text counts as: its folded form, or "" when it is no word or says nothing."""

    def __missing__(self, piece: str) -> str:
        if len(self) > _KNOWN_MAX:
            self.clear()
        word = folded(piece)
        counts = word.isalpha() and 1 < len(word) <= _LENGTH_MAX and word not in STOP_WORDS
        found = self[piece] = word if counts else ""
        return found


def _splitter() -> Callable[[str], list[str]]:
    """What takes the words out of a text, those that count, in their order and as often as they stand there.

    Only words of the dictionary: guessing others is slow, and finds names of people above all.
    """
    from rjieba import cut

    known = _Words()
    return lambda text: [word for piece in cut(text, False) if len(piece) > 1 and (word := known[piece])]


def words(sources: Sources, asked: Asked) -> Table:
    """One row per word, those of most customers first."""
    split = _splitter()
    return _table(sources, _tallied(sources, asked, lambda texts: split("\n".join(texts))), "words")


def questions(sources: Sources, asked: Asked) -> Table:
    """One row per word in questions, those of most customers first."""
    split = _splitter()
    asking = _tallied(sources, asked, lambda texts: split("\n".join(_questions(texts))))
    return _table(sources, asking, "question_words")


def sentences(sources: Sources, asked: Asked) -> Table:
    """One row per question, with # for numbers, those of most customers first."""
    tally = _tallied(sources, asked, lambda texts: [text for each in _questions(texts) if (text := _plain(each))])
    columns = (Column("question", _("Question")), *_columns())
    return Table("questions", columns, tally.rows(1), as_of=figures_messages.pulled_at(sources.needed()))


def _tallied(sources: Sources, asked: Asked, said: Callable[[list[str]], Iterable[str]]) -> Tally:
    """What `said` makes of the texts of each customer, counted."""
    if asked.since is None:
        asked = replace(asked, since=asked.now - _PERIOD_S)
    tally = Tally()
    written = figures_words.written(sources.store, sources.needed(), asked)
    for _person, lines in groupby(written, key=itemgetter(0)):
        tally.add(said([text for _sender, text in lines]))
    return tally


def _questions(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from (sentence for sentence in _SENTENCE.findall(text) if _ASKING.search(sentence))


def _plain(sentence: str) -> str:
    """A question as it is counted: folded, # for numbers, without signs around it."""
    return _NUMBER.sub("#", folded(sentence)).strip(" ,.?、，。:：'\"“”（）()")


def _table(sources: Sources, tally: Tally, name: str) -> Table:
    columns = (Column("word", _("Word")), *_columns())
    return Table(name, columns, tally.rows(CUSTOMERS_MIN), as_of=figures_messages.pulled_at(sources.needed()))


def _columns() -> tuple[Column, ...]:
    return (
        Column("customers", _("Customers"), "int"),
        Column("share", _("Share of customers"), "float", "%"),
        Column("times", _("Times"), "int"),
    )


_SOURCE = "The text messages of customers in the session archive, single chats and groups; of 90 days unless told."
_CAVEATS = (
    "Words are those of a dictionary: names of people and products mostly are not in it. Particles, greetings, numbers "
    "and words of a single character are left out, and words of fewer than 3 customers. Taken back messages count."
)
_TAKES = frozenset({"since", "until", "department", "member"})

WORDS = Report(
    title="Frequent words",
    summary="Words that most customers use.",
    definition=Definition(
        "In how many customers' messages a word stands, and how often in all; the share is of the customers who wrote. "
        "For members or departments: only conversations in which they take part.",
        _SOURCE,
        _CAVEATS,
    ),
    build=words,
    takes=_TAKES,
    compares=True,
    archive="needed",
)

QUESTIONS = Report(
    title="Questions",
    summary="Words that most customers use when they ask; their questions with --rows.",
    definition=Definition(
        "As for frequent words, but only sentences that ask: by a question mark or by the words of a question. The "
        "rows are the questions themselves, with # for numbers, those of one customer too.",
        _SOURCE,
        _CAVEATS,
    ),
    build=questions,
    takes=_TAKES,
    rows=sentences,
    compares=True,
    archive="needed",
)
