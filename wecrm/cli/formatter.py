"""A help page in another language than English: looked up sentence by sentence, aligned by cells."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import typer

from wecrm.cli.cells import fill, width
from wecrm.i18n import _

_EXTRA = re.compile(r"(?P<help>.*?)(?:  |^)\[(?P<extra>[^\[\]]+)\]", re.DOTALL)
_DEFAULT = "default: "
_RAW = "\b"
"""What begins a paragraph that stays as it was cut."""

HelpFormatter: Any = typer.Context.formatter_class


class Formatter(HelpFormatter):  # type: ignore[misc]
    """What the parser's formatter does, with translations, and wide characters counted as two."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """The first line of a page."""
        start = _("Usage: {prog}", prog=prog) + " "
        for word in ("[OPTIONS]", "COMMAND [ARGS]..."):
            args = args.replace(word, _(word))
        self.write(fill(args, self.width, start, " " * min(width(start), self.width // 2)) + "\n")

    def write_heading(self, heading: str) -> None:
        """A line above a list."""
        self.write(" " * self.current_indent + _("{heading}:", heading=_(heading)) + "\n")

    def write_text(self, text: str) -> None:
        """Paragraphs, each a message id of its own."""
        indent = " " * self.current_indent
        self.write("\n\n".join(_paragraph(part, self.width, indent) for part in _paragraphs(text)) + "\n")

    def write_dl(self, rows: Sequence[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Names and what they mean, side by side."""
        indent = " " * self.current_indent
        column = min(max(width(name) for name, _text in rows), col_max) + col_spacing
        for name, text in rows:
            start = f"{indent}{name}"
            if width(name) > column - col_spacing:
                self.write(start + "\n")
                start = indent
            room = indent + " " * column
            self.write(
                fill(_meaning(text), self.width, start.ljust(len(room) - width(start) + len(start)), room) + "\n"
            )


def _paragraphs(text: str) -> Iterator[str]:
    return (part for part in re.split(r"\n{2,}", text.strip("\n")) if part.strip())


def _paragraph(text: str, cells: int, indent: str) -> str:
    lines = text.splitlines()
    if lines[0] == _RAW:
        return "\n".join(indent + line for line in lines[1:])
    return fill(_(" ".join(lines)), cells, indent, indent)


def _meaning(text: str) -> str:
    """An option's help, with what the parser added to it in brackets."""
    found = _EXTRA.fullmatch(text)
    if found is None:
        return _(text)
    extra = "; ".join(_added(part) for part in found["extra"].split("; "))
    return f"{_(found['help'])} [{extra}]".strip()


def _added(text: str) -> str:
    if text.startswith(_DEFAULT):
        return _("default: {value}", value=text.removeprefix(_DEFAULT))
    return _(text)
