"""Options that every command takes, before or after the subcommand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from wecrm.errors import UsageError
from wecrm.i18n import _

VALUED = {"--profile", "--config", "--lang", "--log-format", "--log-file", "--color", "--max-runtime"}
FLAGS = {"-q", "-qq", "-v", "-vv", "--no-input", "--dry-run", "--cron", "--debug"}


@dataclass(frozen=True, slots=True)
class Globals:
    """The global options of one run, flags already put before the environment."""

    profile: str = ""
    config: Path | None = None
    lang: str = ""
    quiet: int = 0
    verbose: int = 0
    log_format: Literal["text", "json"] = "text"
    log_file: Path | None = None
    color: Literal["auto", "always", "never"] = "auto"
    no_input: bool = False
    dry_run: bool = False
    cron: bool = False
    debug: bool = False
    max_runtime_s: float | None = None
    environ: Mapping[str, str] = field(default_factory=dict)


def asked(option: str, words: Sequence[str]) -> str:
    """What hoisted words give for a global option with a value; "" when they do not name it."""
    found = ""
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if name in VALUED:
            told = value if equals else next(rest, "")
            found = told if name == option else found
        elif word not in FLAGS:
            break
    return found


def hoist(argv: Sequence[str]) -> list[str]:
    """`argv` with known global options moved to the front; everything after `--` stays."""
    front: list[str] = []
    rest: list[str] = []
    words = iter(argv)
    for word in words:
        name = word.split("=", 1)[0]
        if word == "--":
            rest += [word, *words]
        elif name in VALUED and "=" in word:
            front.append(word)
        elif name in VALUED:
            front += [word, *([value] if (value := next(words, None)) is not None else [])]
        elif word in FLAGS:
            front.append(word)
        else:
            rest.append(word)
    return front + rest


def behind(words: Sequence[str]) -> Sequence[str]:
    """Hoisted words without the global options: the command and what belongs to it."""
    while words and (name := words[0].split("=", 1)[0]) in VALUED | FLAGS:
        words = words[2:] if name in VALUED and "=" not in words[0] else words[1:]
    return words


def one_at_a_time(profiles: str) -> UsageError:
    """The error of a command that does not take several profiles."""
    return UsageError(
        _("This works on one profile at a time, not on {names}.", names=profiles),
        _("What belongs to several corps could be taken for one corp's."),
        _(
            "Name one with --profile. `sync`, `doctor`, `status`, `archive pull` and `db backup`, among others, "
            "take several."
        ),
    )
