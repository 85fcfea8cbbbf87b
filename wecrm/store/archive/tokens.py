"""What the full-text index is made of: overlapping pairs of characters, so that any piece of a word is found.

Text is folded (width, case) and cut into runs at white space. A run c1…cn is indexed as c1c2, c2c3, … and its
last character alone. A term of two characters or more is then a phrase of pairs, a single one the beginning of
a pair: no dictionary, no stop words, every script alike.
"""

import re
from collections.abc import Sequence
from operator import add
from unicodedata import normalize

_UNSEEN = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


def folded(text: str) -> str:
    """`text` as it is compared: NFKC, case folded; control characters and lone surrogates are blanks.

    Its length may differ from that of `text`: ﬁ becomes fi, ß becomes ss.
    """
    plain = normalize("NFKC", text).casefold()
    return plain if plain.isprintable() else _UNSEEN.sub(" ", plain)


def terms(text: str) -> list[str]:
    """The folded words of a search; each must stand somewhere in a message."""
    return folded(text).split()


def pairs(text: str) -> str:
    """What `record_text.pairs` holds for a message of this text."""
    return " ".join([pair for run in folded(text).split() for pair in (*map(add, run, run[1:]), run[-1])])


def query(text: str) -> str:
    """The FTS5 query for all words of `text`; "" when there is none."""
    return " AND ".join(map(_phrase, terms(text)))


def _phrase(term: str) -> str:
    if len(term) == 1:
        return f"{_quoted(term)} *"
    return _quoted(" ".join(map(add, term, term[1:])))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def places(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Where the words (of `terms`) stand in `text`: (begin, end) in its own characters, in order, apart.

    Each sign is folded by itself, so a letter and its accent that stand apart are not found where `query`
    finds them: good for showing, not for deciding.
    """
    signs = [folded(sign) for sign in text]
    whole = "".join(signs)
    owner = [n for n, sign in enumerate(signs) for _each in sign]
    inside = bytearray(len(text))
    for word in words:
        begin = whole.find(word)
        while begin >= 0:
            for n in range(owner[begin], owner[begin + len(word) - 1] + 1):
                inside[n] = 1
            begin = whole.find(word, begin + 1)
    return [match.span() for match in re.finditer(b"\1+", inside)]
