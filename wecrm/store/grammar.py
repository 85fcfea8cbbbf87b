"""The grammar of `--where`: text becomes a tree, or an error that points at the place.

    condition  = part { "or" part }
    part       = unit { "and" unit }
    unit       = "not" unit | "(" condition ")" | test
    test       = column ( = | == | != | <> | < | <= | > | >= ) value
               | column [ "not" ] ( "in" "(" value { "," value } ")" | "like" value
                                  | "between" value "and" value | "has" value | "under" value )
               | column "is" [ "not" ] ( "null" | "empty" )
    value      = 'text' | "text" | number | true | false

Names and values are told apart by their form alone: quoted text is always a value and a bare word
always a column, so that a misspelt column can never pass for a text.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NoReturn
from unicodedata import east_asian_width

from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.text import visible

LENGTH_MAX = 20_000
DEPTH_MAX = 12
TESTS_MAX = 300
"""Below what SQLite's parser bears (a stack of 100, trees 1,000 deep)."""

Op = Literal["=", "!=", "<", "<=", ">", ">=", "in", "like", "between", "empty", "has", "under"]


@dataclass(frozen=True, slots=True)
class Value:
    """A literal: its text, where it stands, and whether it was quoted."""

    text: str
    at: int
    quoted: bool


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison of a column (at `at`) with values."""

    column: str
    op: Op
    values: tuple[Value, ...]
    at: int
    __test__ = False


@dataclass(frozen=True, slots=True)
class Not:
    """The rows that `part` does not select."""

    part: "Node"


@dataclass(frozen=True, slots=True)
class Both:
    """The rows that all (`and`) or some (`or`) of the parts select."""

    word: Literal["and", "or"]
    parts: tuple["Node", ...]


Node = Test | Not | Both


@dataclass(frozen=True, slots=True)
class _Token:
    kind: Literal["word", "quoted", "number", "sign", "end"]
    text: str
    at: int


_KEYWORDS = frozenset(
    ("and", "or", "not", "in", "like", "is", "null", "empty", "between", "has", "under", "true", "false")
)
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<quoted>'(?:[^']|'')*' | "(?:[^"]|"")*")
      | (?P<number>[+-]?[0-9]+(?:\.[0-9]+)?(?![\w.]))
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*(?!\w))
      | (?P<sign><=|>=|<>|!=|==|[=<>(),])
      | (?P<end>\Z))""",
    re.VERBOSE,
)
_SPACE = re.compile(r"\s*")
_SIGNS: dict[str, Op] = {
    "=": "=",
    "==": "=",
    "!=": "!=",
    "<>": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
}


def refuse(text: str, at: int, what: str, fix: str = "") -> NoReturn:
    """Raise the UsageError that shows `text` with a caret under position `at`."""
    start = max(0, at - 40)
    before, after = visible(text[start:at]), visible(text[at : at + 30])
    width = sum(2 if east_asian_width(char) in "WF" else 1 for char in before)
    raise UsageError(what, f"{before}{after}\n{' ' * width}^", fix)


def parse(text: str) -> Node:
    """The tree of `text`.

    Raises:
        UsageError: it is not of the grammar, is longer than 20,000 characters, has more than 300
            comparisons, or is nested deeper than 12.
    """
    if len(text) > LENGTH_MAX:
        raise UsageError(
            _("The condition is longer than {max} characters.", max=LENGTH_MAX),
            "",
            _("Give long lists of ids as a file instead."),
        )
    for at, char in enumerate(text):
        if "\ud800" <= char <= "\udfff":
            refuse(text, at, _("This is not valid UTF-8."))
    return _Parser(text).condition_alone()


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while not tokens or tokens[-1].kind != "end":
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            if text[at] in "'\"":
                refuse(text, at, _("The quoted text has no closing quote."))
            if text[at] in "‘’“”＝（），＜＞！":
                refuse(
                    text,
                    at,
                    _("This sign is full-width."),
                    _("Type quotes, brackets and signs in half width."),
                )
            refuse(text, at, _("This can't be read."), _("Put texts in quotes."))
        kind = match.lastgroup
        assert kind in ("word", "quoted", "number", "sign", "end")
        tokens.append(_Token(kind, match.group(kind), match.start(kind)))  # type: ignore[arg-type]
        at = match.end()
    return tokens


def _refuse_sign(text: str, at: int) -> NoReturn:
    if text[at] in "'\"":
        refuse(text, at, _("The quoted text has no closing quote."))
    if text[at] in "‘’“”＝（），＜＞！":
        refuse(text, at, _("This sign is full-width."), _("Type quotes, brackets and signs in half width."))
    refuse(text, at, _("This can't be read."), _("Put texts in quotes."))


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.n = 0
        self.tests = 0

    @property
    def token(self) -> _Token:
        return self.tokens[self.n]

    def refuse(self, what: str, fix: str = "") -> NoReturn:
        refuse(self.text, self.token.at, what, fix)

    def take(self, *words: str) -> str:
        """The next word or sign, in lower case, if it is one of `words`; else ""."""
        found = self.token.text.lower()
        if self.token.kind in ("word", "sign") and found in words:
            self.n += 1
            return found
        return ""

    def need(self, word: str) -> None:
        if not self.take(word):
            self.refuse(_("Here {word} is missing.", word=repr(word)))

    def condition_alone(self) -> Node:
        node = self.condition(0)
        if self.token.kind != "end":
            self.refuse(_("The condition should end here."), _("Join conditions with and / or."))
        return node

    def condition(self, depth: int) -> Node:
        return self.joined("or", lambda: self.joined("and", lambda: self.unit(depth)))

    def joined(self, word: Literal["and", "or"], part: Callable[[], Node]) -> Node:
        parts = [part()]
        while self.take(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Both(word, tuple(parts))

    def unit(self, depth: int) -> Node:
        if depth > DEPTH_MAX:
            self.refuse(_("The condition is nested deeper than {max}.", max=DEPTH_MAX))
        if self.take("not"):
            return Not(self.unit(depth + 1))
        if self.take("("):
            node = self.condition(depth + 1)
            self.need(")")
            return node
        return self.test()

    def test(self) -> Node:
        self.tests += 1
        if self.tests > TESTS_MAX:
            self.refuse(_("The condition has more than {max} comparisons.", max=TESTS_MAX))
        token = self.token
        if token.kind != "word" or token.text.lower() in _KEYWORDS:
            self.refuse(
                _("A column's name should stand here."),
                _("Columns are written without quotes, texts with: name = 'text'."),
            )
        self.n += 1
        sign = _SIGNS.get(self.take(*_SIGNS))
        if sign:
            return Test(token.text, sign, (self.value(),), token.at)
        if self.take("is"):
            negated = self.take("not")
            if not self.take("null", "empty"):
                self.refuse(_("Only null, empty, not null or not empty may follow 'is'."))
            return _maybe_not(negated, Test(token.text, "empty", (), token.at))
        return self.worded(token)

    def worded(self, column: _Token) -> Node:
        negated = self.take("not")
        word = self.take("in", "like", "between", "has", "under")
        match word:
            case "in":
                values = self.list()
            case "between":
                first = self.value()
                self.need("and")
                values = (first, self.value())
            case "like" | "has" | "under":
                values = (self.value(),)
            case _:
                self.refuse(
                    _("A comparison should stand here."),
                    _("For example: = != < > in like between has under is."),
                )
        return _maybe_not(negated, Test(column.text, word, values, column.at))

    def list(self) -> tuple[Value, ...]:
        self.need("(")
        values = [self.value()]
        while self.take(","):
            values.append(self.value())
        self.need(")")
        return tuple(values)

    def value(self) -> Value:
        token = self.token
        if token.kind == "word" and token.text.lower() not in ("true", "false"):
            self.refuse(
                _("A value should stand here, and texts are written in quotes."),
                _("Write {text}.", text=repr(token.text)),
            )
        if token.kind not in ("quoted", "number", "word"):
            self.refuse(_("A value should stand here: a text in quotes, a number, true or false."))
        self.n += 1
        if token.kind == "quoted":
            quote = token.text[0]
            return Value(token.text[1:-1].replace(quote * 2, quote), token.at, True)
        return Value(token.text, token.at, False)


def _maybe_not(negated: str, test: Test) -> Node:
    return Not(test) if negated else test
