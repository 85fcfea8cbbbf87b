"""Answering a shell that completes a command line: from a static table, the configuration and the cache.

It runs on every press of TAB, before the parser could even be imported. So nothing heavy is imported,
nothing is written or fetched, and whatever goes wrong, the answer is silence. One candidate per line,
`value<TAB>what it is`, the value standing for the whole word; a line without a value is an instruction:
`<TAB>files` (names of files are wanted) or `<TAB>more` (no blank after it).
"""

import os

from wecrm.cli import _tree as tree
from wecrm.cli.complete_profile import SANDBOX, Names, database, folder, profiles

Candidate = tuple[str, str]
Option = tuple[tuple[str, ...], str, str, bool]

FILES, MORE = ("", "files"), ("", "more")
CACHED = ("tag", "taggroup", "member", "userid", "chat", "job")
_TOLD_MAX = 70
_UNSEEN = frozenset("\u200b\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\ufffd")
_ASKED_BY = {"tag": "tag", "tags": "tag", "userid": "userid", "owner": "userid", "oper_userid": "userid"}
"""Columns of a condition whose values are in the cache, and their kinds."""


def main(words: list[str]) -> None:
    """Answer `wecrm __complete …` on stdout; never fails."""
    try:
        text = reply(words, dict(os.environ))
        os.write(1, text.encode("utf-8", "ignore"))
    except (Exception, KeyboardInterrupt):  # noqa: BLE001, S110 a person is typing: there is nobody to tell
        pass


def reply(words: list[str], environ: dict[str, str]) -> str:
    """The answer to `bash BREAKS LINE`, to `fish -- WORDS…` or to `-- WORDS…`; the last word is unfinished."""
    if words[0] == "bash":
        return _to_bash(words[1], words[2], environ)
    given = words[words.index("--") + 1 :]
    if words[0] == "fish":
        from wecrm.cli.complete_bash import split

        given[-1] = split(given[-1], "")[0][-1]
    found = candidates(given, environ)
    if any(told for value, told in found if value):
        from wecrm import i18n

        i18n.use(i18n.choose(_read(given[:-1]).given.get("--lang", ""), environ))
        found = [(value, i18n._(told) if value and told else told) for value, told in found]
    return "".join(f"{value}\t{_clean(told)}\n" for value, told in found)


def _to_bash(breaks: str, line: str, environ: dict[str, str]) -> str:
    from wecrm.cli.complete_bash import replies, split

    words, kept, quote = split(line, breaks)
    found = candidates(words[1:], environ)
    orders = [f"\t{told}" for value, told in found if not value]
    values = [value for value, _told in found if value]
    return "".join(f"{each}\n" for each in orders + replies(values, words[-1], kept, quote, open_end=MORE in found))


def candidates(words: list[str], environ: dict[str, str]) -> list[Candidate]:
    """What the last of these words may become; the others stand before it."""
    typed = _read(words[:-1])
    current = words[-1]
    name, equals, value = current.partition("=")
    if typed.waiting:
        found = _of_kind(typed, typed.waiting[1], current, environ)
    elif typed.plain or not current.startswith("-"):
        found = _words(typed, current, environ)
    elif equals and name.startswith("--"):
        option = typed.options().get(name)
        found = _of_kind(typed, option[1], value, environ) if option and option[1] else []
        found = [(f"{name}={each}", told) if each else (each, told) for each, told in found]
    else:
        found = _flags(typed, current) + _words(typed, current, environ)
    return [(value, told) for value, told in found if value == _clean(value)]


class _Typed:
    """What the words before the cursor say."""

    def __init__(self) -> None:
        self.path = ""
        self.places = 0
        self.plain = False
        self.waiting: Option | None = None
        self.given: dict[str, str] = {}

    def options(self) -> dict[str, Option]:
        """The options that are understood here, by each of their names."""
        numbers = tree.COMMANDS[self.path][2] if self.path in tree.COMMANDS else ()
        found = [tree.OPTIONS[n] for n in (*numbers, *tree.GLOBALS)]
        return {name: option for option in reversed(found) for name in option[0]}

    def option(self, word: str) -> None:
        """Take a word that begins with a dash."""
        name, equals, value = word.partition("=")
        if not word.startswith("--"):
            name, equals, value = word[:2], word[2:], word[2:]
        option = self.options().get(name)
        if option is None:
            return
        self.given[option[0][0]] = value
        if option[1] and not equals:
            self.waiting = option

    def word(self, word: str) -> None:
        """Take a command word, an argument, or the value that an option waits for."""
        if self.waiting:
            self.given[self.waiting[0][0]] = word
            self.waiting = None
        elif self.path in tree.COMMANDS and not verbs(self.path):
            self.places += 1
        else:
            self.path = f"{self.path} {word}".strip()


def _read(words: list[str]) -> _Typed:
    typed = _Typed()
    for word in words:
        if typed.waiting or typed.plain or word == "-" or not word.startswith("-"):
            typed.word(word)
        elif word == "--":
            typed.plain = True
        else:
            typed.option(word)
    return typed


def verbs(path: str) -> list[Candidate]:
    """The words that may follow a command's words, with what they do."""
    start = f"{path} " if path else ""
    return [
        (name[len(start) :], told)
        for name, (told, _places, _options) in tree.COMMANDS.items()
        if name.startswith(start) and " " not in name[len(start) :]
    ]


def _words(typed: _Typed, current: str, environ: dict[str, str]) -> list[Candidate]:
    """Commands and arguments; where no more of them fit, options."""
    further = verbs(typed.path)
    if further:
        return _matching(further, current)
    if typed.path not in tree.COMMANDS:
        return []
    places = tree.COMMANDS[typed.path][1]
    if typed.places < len(places):
        return _of_kind(typed, places[typed.places].removesuffix("…"), current, environ)
    if places and places[-1].endswith("…"):
        return _of_kind(typed, places[-1].removesuffix("…"), current, environ)
    return [] if current or typed.plain else _flags(typed, "")


def _flags(typed: _Typed, current: str) -> list[Candidate]:
    """Options not given yet, by their long names; by the short ones when that is all there is."""
    found: dict[str, str] = {}
    for names, _kind, told, again in dict.fromkeys(reversed(typed.options().values())):
        if again or names[0] not in typed.given:
            name = next((name for name in names if name.startswith("--")), names[0])
            found[name] = told
    return _matching(list(found.items()), current)


def _of_kind(typed: _Typed, kind: str, text: str, environ: dict[str, str]) -> list[Candidate]:
    """Values of an option or argument that begin with `text`."""
    name, _blank, of = kind.partition(" ")
    if name == "file":
        return [FILES]
    if name == "one":
        return _matching(list(tree.CHOICES[of]), text)
    if name in ("many", "order"):
        return _listed(list(tree.CHOICES[of]), text, signed=name == "order")
    if name == "profiles":
        known = [(each, settings.get("name", "")) for each, settings in _known(typed, environ)[1].items()]
        return _listed([*known, ("@all", "")], text)
    if name == "where":
        return _condition(typed, of, text, environ)
    return _cached(typed, name, text, environ) if name in CACHED else []


def _matching(known: list[Candidate], text: str) -> list[Candidate]:
    start = text.casefold()
    return [(value, told) for value, told in known if value.casefold().startswith(start)]


def _listed(known: list[Candidate], text: str, *, signed: bool = False) -> list[Candidate]:
    """Values for the last place of a list with commas; `signed`: a dash may stand before each."""
    before, comma, last = text.rpartition(",")
    dash = "-" if signed and last.startswith("-") else ""
    used = {each.strip().removeprefix("-") if signed else each.strip() for each in before.split(",")}
    fresh = [(value, told) for value, told in known if value not in used]
    return [(before + comma + dash + value, told) for value, told in _matching(fresh, last[len(dash) :])]


def _known(typed: _Typed, environ: dict[str, str]) -> tuple[str, Names]:
    path = typed.given.get("--config") or environ.get("WECRM_CONFIG", "")
    return profiles(os.path.expanduser(path) if path else os.path.join(folder("config", environ), "config.yaml"))


def _cached(typed: _Typed, kind: str, text: str, environ: dict[str, str]) -> list[Candidate]:
    """Values from the cache of the profile that these words mean; of the first one when they mean several."""
    from wecrm.store.candidates import candidates as cached

    default, known = _known(typed, environ)
    told = typed.given.get("--profile") or environ.get("WECRM_PROFILE") or default
    name = told.split(",")[0]
    if name == "@all":
        name = next(iter(known), SANDBOX)
    path = database(name, known, environ)
    return cached(path, kind, text) if path and os.path.isfile(path) else []


def _condition(typed: _Typed, view: str, text: str, environ: dict[str, str]) -> list[Candidate]:
    """What may follow at the end of an unfinished `--where`: a column, a value in quotes, and/or."""
    quote, start, bare = "", 0, ""
    for n, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote, start = letter, n + 1
            bare += "'"
        else:
            bare += letter
    if quote:
        kind = next((_ASKED_BY[each] for each in reversed(_names(bare)) if each in _ASKED_BY), "")
        found = _cached(typed, kind, text[start:], environ) if kind else []
        return [(text[:start] + value.replace(quote, quote * 2) + quote, told) for value, told in found] + [MORE]
    last = bare[len(bare.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")) :]
    before = bare[: len(bare) - len(last)].rstrip()
    follows = list(tree.CHOICES[f"where {view}"])
    names = [] if before.endswith("(") else _names(before)
    if before.endswith(("'", ")")) or before[-1:].isdigit():
        follows = [("and", ""), ("or", "")]
    elif before.endswith(("=", "<", ">", "!")) or (names and names[-1] != "not" and names[-1] in dict(follows)):
        return []
    head = text[: len(text) - len(last)]
    return [(head + value, told) for value, told in _matching(follows, last)] + [MORE]


def _names(text: str) -> list[str]:
    """The bare words of a condition, in lower case."""
    return "".join(letter if letter.isalnum() or letter == "_" else " " for letter in text).lower().split()


def _clean(text: str) -> str:
    """`text` on one line, without what a terminal would obey."""
    if text.isprintable() and not _UNSEEN.intersection(text):
        return text
    shown = [" " if letter in _UNSEEN or _control(ord(letter)) else letter for letter in text]
    return "".join(shown)


def _control(code: int) -> bool:
    return code < 32 or 127 <= code < 160 or 0xD800 <= code < 0xE000
