"""A conversation drawn as a chat: customers on the left, members on the right, a line for each day."""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, BinaryIO, TextIO

from wecrm.cli.render import Output
from wecrm.files.tables import moment
from wecrm.i18n import _
from wecrm.models import chatlines
from wecrm.models.message import Message
from wecrm.models.text import visible
from wecrm.store.archive import conversations
from wecrm.store.archive.conversations import Place, Said
from wecrm.store.archive.people import Speakers

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_WIDTH = 80  # where there is no terminal
_SHARE = 0.72  # of the width for what one person says


@dataclass(frozen=True, slots=True)
class Chat:
    """What is drawn besides the messages: who takes part, and where media files are, by sdkfileid."""

    place: Place
    title: Sequence[str]
    speakers: Speakers
    files: Mapping[str, str]
    tz: tzinfo

    def name(self, person: str) -> str:
        """Name and id, fit to be shown."""
        return visible(self.speakers.name(person))


@contextmanager
def screen(output: Output, stdout: TextIO, file: BinaryIO | None) -> "Iterator[Console]":
    """Where a chat is drawn: the terminal, or plain text for a file or a pipe."""
    from rich.console import Console

    target = stdout if file is None else io.TextIOWrapper(file, encoding="utf-8", newline="")
    terminal = file is None and stdout.isatty()
    yield Console(
        file=target,
        width=output.width if terminal else output.width or _WIDTH,
        height=None if terminal and output.width is None else 25,  # rich heeds a width only with a height
        force_terminal=terminal or output.color == "always",
        color_system=None if output.color == "never" else "standard" if output.color == "always" else "auto",
        no_color=False if output.color == "always" else None,
        markup=False,
        highlight=False,
        emoji=False,
        soft_wrap=True,
    )
    target.flush()
    if isinstance(target, io.TextIOWrapper) and file is not None:
        target.detach()


def draw(console: "Console", chat: Chat, said: Iterable[Said]) -> None:
    """Write the messages as a chat, in their order."""
    from rich.text import Text

    console.print(Text(" · ".join(map(chat.name, chat.title)), style="bold"))
    day = ""
    for one in said:
        at = moment(one.msgtime / 1000, chat.tz) if one.msgtime else None
        today = f"{at:%Y-%m-%d}" if at else _("no time")
        if today != day:
            console.print()
            console.print(_middle(console, today, "dim", "─"))
            day = today
        for line in _drawn(console, chat, one, at):
            console.print(line)


def _drawn(console: "Console", chat: Chat, one: Said, at: datetime | None) -> "Iterator[Text]":
    from rich.text import Text

    clock = f"{at:%H:%M}" if at else ""
    message = conversations.message(one)
    if message.msgtype in chatlines.EVENTS:
        label = " ".join(each.text for each in chatlines.lines(message))
        yield _middle(console, f"{clock} {chat.name(message.sender)} {visible(label)}", "dim")
        return
    mark = "▶ " if one.id == chat.place.record else ""
    head = Text(f"{mark}{chat.name(message.sender)}  {clock}", style="bold" if mark else "dim")
    block = [head, *_words(message, chat, one)]
    width = int(console.width * _SHARE)
    lines = [line for text in block for line in text.wrap(console, width, overflow=text.overflow or "fold", tab_size=1)]
    widest = max(min(line.cell_len, width) for line in lines)
    for line in lines:
        line.rstrip()
        if message.sender in chat.speakers.right:
            line.pad_left(console.width - max(widest, min(line.cell_len, console.width)))
        yield line


def _words(message: Message, chat: Chat, one: Said) -> "Iterator[Text]":
    """The message, a text for each line of it; what was taken back is struck through and says so."""
    from rich.text import Text

    struck = "strike" if one.revoked_at is not None else ""
    for each in chatlines.lines(message):
        begin = "  " * each.depth + {"quoted": "│ ", "said": "", "label": ""}[each.kind]
        style = "dim" if each.kind == "quoted" else "cyan" if each.kind == "label" else ""
        for line in each.text.replace("\r\n", "\n").split("\n"):
            yield Text(begin + visible(line), style=f"{style} {struck}".strip())
        if each.file:
            where = visible(chat.files.get(each.file.sdkfileid, ""))
            yield Text("  " * each.depth + where, style="dim", overflow="ignore")  # a path stays in one piece
    if one.revoked_at is not None:
        at = moment(one.revoked_at, chat.tz)
        yield Text(_("[taken back at {time}]", time=f"{at:%Y-%m-%d %H:%M}" if at else "?"), style="red")


def _middle(console: "Console", text: str, style: str, fill: str = " ") -> "Text":
    from rich.text import Text

    line = Text(f" {text} ", style=style)
    room = console.width - line.cell_len
    if room > 0:
        line.pad_left(room // 2, fill)
        if fill != " ":
            line.pad_right(room - room // 2, fill)
    return line
