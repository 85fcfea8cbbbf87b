"""What one line of the errcode tables is, and the words its lines begin with.

A line reads `item(40003, meaning, zh, cause, fix)`: the first word says what the client does and
with which exit code a run ends when that did not help. Strings are English message ids: whole
sentences, passed through `_()` by whoever shows them. Cause and fix may be left out only for
`usage`, where the meaning says it all.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from wecrm.errors import Exit


class Reaction(StrEnum):
    """What the client does about an errcode."""

    retry = "retry"
    """Try again, later and later, at most 3 times."""
    wait = "wait"
    """Pause this API for the window that was exceeded, then go on more slowly."""
    slow = "slow"
    """Send fewer calls of this API in parallel, then try again."""
    refresh = "refresh"
    """Drop the token, get one, replay once."""
    restart = "restart"
    """Begin the listing again from its first page."""
    stop = "stop"
    """Configuration or permission: tell the administrator, do not retry."""
    input = "input"
    """The request was wrong: reject the command, do not retry."""
    item = "item"
    """Record it against the row and go on with the others."""
    gone = "gone"
    """The object no longer exists: mark it deleted locally."""


@dataclass(frozen=True, slots=True)
class Errcode:
    """One errcode of WeCom: what it means and what to do."""

    code: int
    reaction: Reaction
    meaning: str
    zh: str  # WeCom's own word for it, shown beside the meaning in every language
    cause: str = ""
    fix: str = ""
    exit: Exit = Exit.refused


class _Line(Protocol):
    def __call__(self, code: int, meaning: str, zh: str, cause: str = "", fix: str = "") -> Errcode: ...


def _line(reaction: Reaction, end: Exit) -> _Line:
    def line(code: int, meaning: str, zh: str, cause: str = "", fix: str = "") -> Errcode:
        return Errcode(code, reaction, meaning, zh, cause, fix, end)

    return line


success = _line(Reaction.item, Exit.ok)
retry = _line(Reaction.retry, Exit.temporary)
wait = _line(Reaction.wait, Exit.temporary)
slow = _line(Reaction.slow, Exit.temporary)
restart = _line(Reaction.restart, Exit.temporary)
refresh = _line(Reaction.refresh, Exit.config)  # seen by a person only if the new token is refused too
config = _line(Reaction.stop, Exit.config)
refused = _line(Reaction.stop, Exit.refused)
usage = _line(Reaction.input, Exit.usage)
item = _line(Reaction.item, Exit.partial)
gone = _line(Reaction.gone, Exit.partial)
