"""The manual page `docs/reference/wecrm.1`, built from the commands."""

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from wecrm import __version__

MADE = '.\\" Made by scripts/docs from the code; edit the code, then run scripts/docs.'

DATE = "2026-11-22"
"""When the words of this file were last gone over; a manual page has to have a date."""

ROWS = ("--format", "--output", "--columns", "--where", "--sort", "--limit", "--csv-safe")
"""Options of every command that shows rows: explained once."""

FILES = (
    ("$WECRM_HOME/config.yaml", "The configuration. Without WECRM_HOME it is in the user's own configuration folder."),
    ("$WECRM_HOME/data/CORP_ID.db", "The cache and the journal of one corp, a SQLite file; see wecrm db path."),
    ("$WECRM_HOME/cache/", "Tokens, and what was already spent of WeCom's limits."),
)
ENVIRONMENT = (
    ("WECRM_HOME", "One folder for configuration, data and cache."),
    ("WECRM_PROFILE", "The profile when --profile is not given."),
    ("WECRM_CONFIG", "The configuration file when --config is not given."),
    ("WECRM_LANG", "zh or en when --lang is not given; without it the locale decides."),
    ("NO_COLOR", "No colours, whatever the terminal can do."),
    ("CLICOLOR_FORCE", "Colours even where there is no terminal."),
    ("CREDENTIALS_DIRECTORY", "Secret files below it need not be closed to others, as below /run/secrets."),
)
EXAMPLES = (
    ("Try everything on the built-in, offline WeCom:", "wecrm --profile sandbox sync"),
    ("Find customers:", "wecrm contacts list --where \"tag has 'VIP' and status = 'active'\" -o vip.csv"),
    ("Plan, look, apply, take back:", "wecrm tags plan vip.csv --add VIP -o vip.plan"),
    ("", "wecrm plan show vip.plan"),
    ("", "wecrm apply vip.plan"),
    ("", "wecrm undo JOB -o undo.plan"),
    ("Every night, from cron:", "wecrm --profile acme --cron --max-runtime 90m sync"),
)


def escaped(text: object) -> str:
    """`text` for roff: no control lines, dashes that can be copied, other scripts by their numbers."""
    plain = " ".join(str(text).split()).replace("\\", "\\e").replace("-", "\\-")
    plain = plain.replace("'", "\\(aq").replace("`", "\\(ga")
    plain = "".join(char if ord(char) < 128 else f"\\[u{ord(char):04X}]" for char in plain)
    return f"\\&{plain}" if plain.startswith(".") else plain


def prose(text: object) -> str:
    """The same for sentences: `code` in bold, in lines of 80."""
    joined = " ".join(str(text).split())
    parts = re.split(r"`([^`]+)`", joined)
    whole = "".join(f"\\fB{escaped(part)}\\fR" if n % 2 else spaced(part) for n, part in enumerate(parts))
    lines = textwrap.wrap(whole, 80, break_long_words=False, break_on_hyphens=False)
    return "\n".join(f"\\&{line}" if line.startswith(".") else line for line in lines)


def spaced(part: str) -> str:
    """A part of a sentence with the blanks at its ends."""
    left = " " if part[:1] == " " else ""
    right = " " if part.strip() and part[-1:] == " " else ""
    return f"{left}{escaped(part)}{right}"


def entry(term: str, text: object) -> str:
    """One term with what it means."""
    return f".TP\n\\fB{escaped(term)}\\fR\n{prose(text)}"


def page(
    leaves: Iterable[tuple[str, Any]],
    root: Any,
    summaries: Mapping[str, str],
    codes: Sequence[tuple[int, str, str]],
    spelling: Any,
) -> str:
    """The whole page.

    Args:
        leaves: (words, command) of every command.
        summaries: one sentence for each first word.
        codes: (number, name, meaning) of the exit codes.
        spelling: how an argument or option is written.
    """
    every = list(leaves)
    lines = [
        MADE,
        f'.TH WECRM 1 {DATE} "wecrm {__version__}" "User Commands"',
        ".SH NAME",
        "wecrm \\- customer contact of WeCom: plan, apply, undo",
        ".SH SYNOPSIS",
        ".B wecrm",
        "[\\fIGLOBAL OPTIONS\\fR] \\fICOMMAND\\fR [\\fIARGUMENTS\\fR] [\\fIOPTIONS\\fR]",
        ".SH DESCRIPTION",
        prose(
            "wecrm is a command line for administrators of WeCom customer contact. It keeps a local copy of customers, "
            "tags and groups, and changes WeCom in bulk: a plan is written to a file, shown, applied and can be "
            "undone. A run that was interrupted goes on where it was."
        ),
        ".PP",
        prose(
            "Standard output carries data only; everything else goes to standard error. On a terminal rows are shown "
            "as a table, elsewhere as CSV."
        ),
        ".SH COMMANDS",
        *(line for name, command in every for line in one(name, command, summaries, spelling)),
        ".SH OPTIONS",
        "Global options stand before or after the command. A flag beats the environment.",
        *options(root, spelling, ()),
        ".SS Options of commands that show rows",
        *rows(every, spelling),
        ".SH EXIT STATUS",
        *(entry(str(number), f"{name}: {meaning}") for number, name, meaning in codes),
        ".SH FILES",
        *(entry(path, text) for path, text in FILES),
        ".SH ENVIRONMENT",
        *(entry(name, text) for name, text in ENVIRONMENT),
        ".SH EXAMPLES",
        *(line for text, example in EXAMPLES for line in shown(text, example)),
    ]
    return "\n".join(lines) + "\n"


def one(name: str, command: Any, summaries: Mapping[str, str], spelling: Any) -> Iterator[str]:
    """A noun, or a command with its own options."""
    if hasattr(command, "commands"):
        yield f".SS wecrm {escaped(name)}"
        yield prose(summaries.get(name) or command.help or "")
        return
    if " " not in name:
        yield f".SS wecrm {escaped(name)}"
    places = [p for p in command.params if p.param_type_name == "argument"]
    words = [f"\\fI{escaped(spelling(p))}\\fR" if p.required else f"[\\fI{escaped(spelling(p))}\\fR]" for p in places]
    yield ".TP"
    yield " ".join([f"\\fBwecrm {escaped(name)}\\fR", *words])
    yield prose(command.short_help or summaries.get(name, ""))
    own = list(options(command, spelling, ROWS))
    if own:
        yield ".RS"
        yield from own
        yield ".RE"


def options(command: Any, spelling: Any, left_out: Sequence[str]) -> Iterator[str]:
    """The options of a command, those that every list has left out."""
    listed = "--columns" in {name for p in command.params for name in p.opts}
    for each in command.params:
        if each.param_type_name != "option" or each.name == "help" or getattr(each, "hidden", False):
            continue
        if not (listed and set(each.opts) & set(left_out)):
            yield entry(spelling(each), each.help or "")


def rows(every: Sequence[tuple[str, Any]], spelling: Any) -> Iterator[str]:
    """The options that every list has, once."""
    command = next(command for name, command in every if name == "contacts list")
    for name in ROWS:
        each = next(p for p in command.params if name in p.opts)
        yield entry(spelling(each), each.help or "")


def shown(text: str, example: str) -> Iterator[str]:
    """An example, with what it is for."""
    if text:
        yield f".TP\n{prose(text)}"
    yield f".nf\n\\fB{escaped(example)}\\fR\n.fi"
