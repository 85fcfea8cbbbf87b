"""Found messages on a terminal: the words looked for stand out, what was said around them is told apart."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from wecrm.cli.session import Session
from wecrm.i18n import _
from wecrm.models.text import visible

if TYPE_CHECKING:
    from rich.text import Text

    from wecrm.models.message import Message
    from wecrm.store.archive.conversations import Said
    from wecrm.store.database import Store

_BEFORE: Final = 30
"""Characters that are shown before the first word found."""

_WIDE: Final = 200
"""Characters of one message that are shown."""


def draw(s: Session, archive: "Store", found: "Iterable[tuple[int, list[Said]]]", text: str) -> None:
    """Each message found under the people of its conversation, `>` before it where others stand around it."""
    from rich.console import Console
    from rich.text import Text

    from wecrm.store.archive import tokens

    color = s.options.color
    console = Console(
        file=s.stdout,
        markup=False,
        highlight=False,
        emoji=False,
        color_system=None if color == "never" else "standard" if color == "always" else "auto",
        no_color=False if color == "always" else None,
    )
    words, last = tokens.terms(text), -1
    for hit, block in found:
        conversation = block[0].conversation
        if conversation != last or len(block) > 1:
            console.print(Text(_heading(archive, conversation), "bold"), soft_wrap=True)
        last = conversation
        for each in block:
            console.print(_line(s, archive, each, words, each.id == hit, len(block) > 1), soft_wrap=True)


def _heading(archive: "Store", conversation: int) -> str:
    """The first people of a conversation, and its number."""
    from wecrm.store.archive import conversations, people

    persons = [person for person, _side in conversations.people(archive, conversation)]
    names = people.names(archive, persons[:3])
    told = ", ".join(people.named(person, names) for person in persons[:3])
    if len(persons) > 3:
        told = _("{names} and {n} others", names=told, n=len(persons) - 3)
    return visible(_("{people} · conversation {n}", people=told, n=conversation))


def _line(s: Session, archive: "Store", each: "Said", words: list[str], is_hit: bool, among: bool) -> "Text":
    from rich.text import Text

    from wecrm.files.tables import moment
    from wecrm.models.message import parse, summary
    from wecrm.store.archive import people

    message = parse(each.raw)
    at = moment(each.msgtime / 1000, s.tz) if each.msgtime else None
    when = f"{at:%Y-%m-%d %H:%M}" if at else " " * 16
    name = people.names(archive, [message.sender]).get(message.sender, message.sender)
    line = Text(f"{'>' if is_hit and among else ' '} {when}  {visible(name)}: ", "" if is_hit else "dim")
    if each.revoked_at is not None:
        line.append(_("(taken back)") + " ", "italic")
    return line.append(_marked(message, words) if is_hit else Text(visible(summary(message)), "dim"))


def _marked(message: "Message", words: list[str]) -> "Text":
    """The part of the message around the first word found, with all words standing out."""
    from rich.text import Text

    from wecrm.models.message import searchable
    from wecrm.store.archive import tokens

    whole = " ".join(searchable(message).split())
    first = min((begin for begin, _end in tokens.places(whole, words)), default=0)
    begin = max(0, first - _BEFORE) if len(whole) > _WIDE else 0
    piece = whole[begin : begin + _WIDE]
    line, at = Text("…" if begin else ""), 0
    for start, end in tokens.places(piece, words):
        line.append(visible(piece[at:start])).append(visible(piece[start:end]), "bold red")
        at = end
    return line.append(visible(piece[at:]) + ("…" if begin + _WIDE < len(whole) else ""))
