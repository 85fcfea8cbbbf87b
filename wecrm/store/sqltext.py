"""The text of a query by a person: its parameters, and the place of what SQLite refuses."""

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<skipped>--[^\n]*|/\*.*?(?:\*/|\Z)|'(?:[^']|'')*'?|\s+)
    |(?P<quoted>"(?:[^"]|"")*"?|`(?:[^`]|``)*`?|\[[^\]]*\]?)
    |(?P<parameter>[:@$]\w+)
    |(?P<word>\w+)
    |(?P<sign>.)""",
    re.DOTALL | re.VERBOSE,
)
_NEAR = re.compile(r'near "(.*)": syntax error', re.DOTALL)
_NO_SUCH = re.compile(r"no such (?:table|column|function): (.+)|ambiguous column name: (.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Token:
    """One word, name, parameter or sign: `offset` and `end` in characters; `kind` as the pattern calls it."""

    text: str
    kind: str
    offset: int
    end: int


def tokens(text: str) -> Iterator[Token]:
    """What a query consists of, without comments, blanks and texts in quotes."""
    for found in _TOKEN.finditer(text):
        if found.lastgroup not in (None, "skipped"):
            yield Token(found.group(), str(found.lastgroup), found.start(), found.end())


def parameters(text: str) -> dict[str, int]:
    """Names of the parameters (`:since`, without the sign) and where each stands first."""
    found: dict[str, int] = {}
    for token in tokens(text):
        if token.kind == "parameter":
            found.setdefault(token.text[1:], token.offset)
    return found


def place(text: str, offset: int) -> tuple[int, int]:
    """Line and column, both from 1, of a character."""
    before = text[:offset]
    return before.count("\n") + 1, offset - before.rfind("\n")


def refused(connection: sqlite3.Connection, text: str, message: str) -> int | None:
    """Where the thing stands that SQLite's message is about; None when it can't be told."""
    near = _NEAR.search(message)
    if near:
        return _of_syntax(connection, text, near[1], message)
    missing = _NO_SUCH.search(message)
    if missing:
        name = (missing[1] or missing[2]).strip().rsplit(".", 1)[-1].casefold()
        return next((each.offset for each in tokens(text) if each.text.strip('"`[]').casefold() == name), None)
    return len(text.rstrip()) if "incomplete input" in message else None


def _of_syntax(connection: sqlite3.Connection, text: str, word: str, message: str) -> int | None:
    """The one of several equal words at which SQLite stops: cut behind it, the query fails with the same words.

    Cut behind an earlier one, the query is whole or incomplete.
    """
    places = [each for each in tokens(text) if each.text == word]
    for each in places[:-1]:
        try:
            connection.execute("EXPLAIN " + text[: each.end])
        except connection.Error as error:
            if str(error) == message:
                return each.offset
    return places[-1].offset if places else None
