"""Sensitive-word rules: what is looked for in archived messages, how grave it is, and who is told."""

from typing import Annotated, Final, Literal

import msgspec

from wecrm.models.rules import Text

Level = Literal["info", "warn", "severe"]
LEVELS: Final[tuple[Level, ...]] = ("info", "warn", "severe")
"""From the least grave to the gravest."""

Who = Literal["any", "member", "contact"]


class WordRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule: messages in which one of `words` stands, or one of the regular expressions fits.

    `owner` is the userid of who is told; `who` says whose messages are looked at, `types` which (none: all). Width
    and case do not count.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    level: Level = "warn"
    owner: str = ""
    words: tuple[Text, ...] = ()
    regex: tuple[Text, ...] = ()
    who: Who = "any"
    types: tuple[Text, ...] = ()


class WordsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    rules: tuple[WordRule, ...]
