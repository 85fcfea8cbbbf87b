"""`wecrm explain`: errcodes, exit codes and topics, offline."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from wecrm.api.errcodes import TABLE, Reaction, find
from wecrm.api.topics import TOPICS
from wecrm.cli import rows
from wecrm.cli.command import command, session, single
from wecrm.cli.help import wrapped
from wecrm.cli.session import Session
from wecrm.config import Config
from wecrm.errors import Exit, UsageError
from wecrm.i18n import _
from wecrm.models.table import Cell, Column, Table

app = single()

WIDTH = 96

REACTIONS = {
    Reaction.retry: "wecrm tries again, later and later, at most 3 times; then the run ends and can be resumed.",
    Reaction.wait: (
        "wecrm lets this API rest for the window that was exceeded (60 seconds, then an hour), then goes on by itself."
    ),
    Reaction.slow: "wecrm sends fewer calls of this API in parallel and tries again, at most 8 times.",
    Reaction.refresh: "wecrm gets a new token once and repeats the call once; if that fails too, the run ends.",
    Reaction.restart: "wecrm begins the listing again from its first page.",
    Reaction.stop: "wecrm stops and does not try again: a person has to change something first.",
    Reaction.input: "wecrm rejects the command and does not try again: the request has to change.",
    Reaction.item: "wecrm records it against the row and goes on with the others.",
    Reaction.gone: "wecrm takes the object for gone, records it against the row and goes on with the others.",
}
"""What wecrm does by itself about a code, one sentence for each reaction."""

_ERRCODE = re.compile(r"errcode\W{0,4}?(-?\d+)", re.IGNORECASE)
_EXIT = re.compile(r"\bexit(?:[ -]?code)?\W{0,3}(\d+)\b", re.IGNORECASE)
_NUMBER = re.compile(r"(?<!\w)(?<!\d[.:])(?<!\w-)-?\d+(?!\w|[.:-]\d)")  # no part of a time, a date or an IP


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing explained; `text` only for topics and exit codes."""

    kind: str
    name: str
    title: str
    zh: str = ""
    cause: str = ""
    fix: str = ""
    reaction: str = ""
    wecrm: str = ""
    exit: int | None = None
    text: str = ""


@command(
    app,
    "explain",
    _("Explain errcodes of WeCom, exit codes and topics, offline; without a word, list the topics."),
    (
        "wecrm explain 60020",
        "wecrm explain 40001 48002 -1",
        "wecrm explain exit 7",
        "wecrm explain trusted-ip",
        "wecrm explain 'WeCom answered errcode 84061 to externalcontact/list'",
        "wecrm explain 45009 -f json",
    ),
    minus=True,
)
def explain(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(help=_("Errcodes, exit N, a topic, or a pasted line."), metavar="CODE_OR_TOPIC"),
    ] = None,
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
) -> None:
    s = session(ctx)
    wanted = rows.Rows(format, output, columns)
    if not words:
        _list(s, wanted)
        return
    entries = list(look_up(words))
    if format or output or columns:
        rows.show(s, _table(entries), wanted, Config().tz())
        return
    s.stdout.write("\n".join(map(_page, entries)))
    s.stdout.flush()


def _list(s: Session, wanted: rows.Rows) -> None:
    columns = (Column("topic", _("Topic")), Column("title", _("What it is about")))
    lines = [(name, _(topic.title)) for name, topic in TOPICS.items()]
    rows.show(s, Table("topics", columns, lines), wanted, Config().tz())


def look_up(words: Sequence[str]) -> Iterator[Entry]:
    """What the words name: each a code or topic of its own, or all together one pasted line.

    Raises:
        UsageError: nothing that is known; says the nearest topic.
    """
    parts = _parts(words)
    single = [_one(part) for part in parts]
    if all(entry is not None for entry in single):
        yield from (entry for entry in single if entry is not None)
        return
    line = " ".join(words)
    missed = [part for part, entry in zip(parts, single, strict=True) if entry is None]
    together = _one(line) or (None if _misspelt(missed) else _pasted(line))
    if together is None:
        raise _unknown(missed)
    yield together


def _misspelt(missed: Sequence[str]) -> bool:
    """Whether the words that are not known were meant one by one: numbers, or nearly topics."""
    from difflib import get_close_matches

    return all(re.fullmatch(r"-?\d+", word) or get_close_matches(word.lower(), TOPICS, 1, 0.75) for word in missed)


def _parts(words: Sequence[str]) -> list[str]:
    """The words, `exit 7` and the like as one."""
    parts: list[str] = []
    for word in words:
        if parts and parts[-1].lower() in ("exit", "errcode") and re.fullmatch(r"-?\d+", word):
            parts[-1] += f" {word}"
        else:
            parts.append(word)
    return parts


def _one(text: str) -> Entry | None:
    number = re.fullmatch(r"(?:errcode\W{0,3}?)?(-?\d+)", text.strip(), re.IGNORECASE)
    if number:
        return _errcode(int(number[1])) if int(number[1]) in TABLE else None
    ending = re.fullmatch(_EXIT.pattern, text.strip(), re.IGNORECASE)
    if ending:
        return _exit(int(ending[1]))
    return _topic(text)


def _pasted(line: str) -> Entry | None:
    """The first thing that a pasted line is about: an errcode that it names, an exit code, a known number."""
    named = [int(code) for code in _ERRCODE.findall(line)]
    ending = _EXIT.search(line)
    if not named and ending:
        return _exit(int(ending[1]))
    numbers = named or [int(number) for number in _NUMBER.findall(line)]
    return next((_errcode(number) for number in numbers if number in TABLE), None)


def _errcode(number: int) -> Entry:
    code = find(number)
    return Entry(
        "errcode",
        str(number),
        _(code.meaning),
        code.zh,
        _(code.cause) if code.cause else "",
        _(code.fix) if code.fix else "",
        code.reaction.value if number else "",
        _(REACTIONS[code.reaction]) if number else "",
        int(code.exit),
    )


def _exit(number: int) -> Entry | None:
    if number not in {int(code) for code in Exit}:
        return None
    text = _(TOPICS["exit-codes"].body)
    line = next((line for line in text.splitlines() if re.match(rf"  {number}\s", line)), "")
    meaning = line.split(maxsplit=2)[2] if line else _("Stopped by a signal; everything done is kept, run it again.")
    return Entry("exit", str(number), meaning, exit=number, text=Exit(number).name)


def _topic(text: str) -> Entry | None:
    name = re.sub(r"[\s_]+", "-", text.strip().lower())
    for known in (name, f"{name}s", name.removesuffix("s")):
        if known in TOPICS:
            return Entry("topic", known, _(TOPICS[known].title), text=_(TOPICS[known].body))
    return None


def _unknown(missed: Sequence[str]) -> UsageError:
    from wecrm.store.nearest import did_you_mean

    for number in _NUMBER.findall(" ".join(missed)):
        code = find(int(number))
        what = _("{code} is not a documented code of WeCom as far as wecrm knows.", code=number)
        if int(number) in {int(code) for code in Exit}:
            return UsageError(what, "", _("As an exit code of wecrm: `wecrm explain exit {code}`.", code=number))
        return UsageError(what, _(code.cause), _(code.fix))
    name = " ".join(missed)
    near = did_you_mean(re.sub(r"[\s_]+", "-", name), TOPICS, 2) or did_you_mean(missed[0], TOPICS, 2)
    return UsageError(_("There is no topic {name}.", name=name), "", near or _("`wecrm explain` lists the topics."))


def _table(entries: Sequence[Entry]) -> Table:
    columns = (
        Column("kind", _("Kind")),
        Column("name", _("Name"), "id"),
        Column("title", _("Meaning")),
        Column("zh", _("Chinese term")),
        Column("cause", _("Cause")),
        Column("fix", _("To fix")),
        Column("reaction", _("Reaction")),
        Column("wecrm", _("What wecrm does")),
        Column("exit", _("Exit code"), "int"),
        Column("text", _("Text")),
    )
    lines: list[tuple[Cell, ...]] = [tuple(getattr(entry, column.key) for column in columns) for entry in entries]
    return Table("explain", columns, lines)


def _page(entry: Entry) -> str:
    if entry.kind == "topic":
        return f"{entry.title}\n\n{entry.text}\n"
    if entry.kind == "exit":
        return f"exit {entry.name} ({entry.text})  {entry.title}\n" + _("All of them: wecrm explain exit-codes") + "\n"
    ended = Exit(entry.exit or 0)
    facts = (
        (_("Cause"), entry.cause),
        (_("To fix"), entry.fix),
        (_("By itself"), entry.wecrm),
        (_("Exit code"), f"{int(ended)} ({ended.name})"),
    )
    lines = [f"{entry.name}  {entry.title}  {entry.zh}"]
    lines += [_fact(name, text) for name, text in facts if text]
    return "\n".join(lines) + "\n"


def _fact(name: str, text: str) -> str:
    return wrapped(_("{name}: {text}", name=name, text=text), WIDTH, "  ", "    ")
