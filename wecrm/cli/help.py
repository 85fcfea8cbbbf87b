"""Help pages and the parser's complaints in the chosen language.

Commands keep their help as English sentences, whatever the language was when they were imported;
what is shown is looked up when it is shown. In English the parser's own formatter does the work.
"""

import re
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from wecrm import i18n
from wecrm.i18n import _

PARSER = (
    "[OPTIONS]",
    "COMMAND [ARGS]...",
    "Arguments",
    "Options",
    "Show this message and exit.",
    "required",
    "default: {value}",
)
"""Words that the parser puts into help pages: message ids like all others."""

COMPLAINTS = (
    "No such option: {name} (Possible options: {names})",
    "No such option: {name}",
    "No such command {name}. Did you mean {names}?",
    "No such command {name}.",
    "Missing command.",
    "Missing argument {name}.",
    "Missing option {name}.",
    "Option {name} requires an argument.",
    "Option {name} does not take a value.",
    "Got unexpected extra argument(s) ({words})",
    "Invalid value for {name}: {why}",
    "Input should be a valid integer, unable to parse string as an integer",
    "Input should be a valid number, unable to parse string as a number",
    "Input should be greater than or equal to {n}",
    "Input should be less than or equal to {n}",
)
"""What the parser says about a mistake, more before less; pieces in braces are taken over."""


class Context(typer.Context):
    """A parser's context whose help speaks the chosen language."""

    def make_formatter(self) -> Any:
        """The parser's own formatter for English, ours for everything else."""
        if i18n.language() == i18n.SOURCE:
            return super().make_formatter()
        from wecrm.cli.formatter import Formatter

        return Formatter(width=self.terminal_width, max_width=self.max_content_width)


class Command(TyperCommand):
    """A command whose help speaks the chosen language."""

    context_class = Context


class Group(TyperGroup):
    """A group of commands whose help speaks the chosen language."""

    context_class = Context


def wrapped(text: str, width: int, first: str = "", rest: str = "") -> str:
    """`text` in lines of at most `width`: the first begins with `first`, the others with `rest`."""
    if i18n.language() != i18n.SOURCE:
        from wecrm.cli.cells import fill

        return fill(text, width, first, rest)
    import textwrap

    return textwrap.fill(
        text, width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


def complaint(message: str) -> str:
    """What the parser said, in the chosen language; what is not known stays as it is."""
    if i18n.language() == i18n.SOURCE:
        return message
    for sentence in COMPLAINTS:
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+?)", re.escape(sentence))
        found = re.fullmatch(pattern, message, re.DOTALL)
        if found:
            return _(sentence, **{name: complaint(value) for name, value in found.groupdict().items()})
    return message
