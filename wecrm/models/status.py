"""How a corp's cache and journal stand: what a monitor asks for."""

from collections.abc import Mapping
from dataclasses import dataclass, field

NEVER = "never"
"""The state of a purpose that never ran."""


@dataclass(frozen=True, slots=True)
class Worked:
    """The runs of one purpose (members, tags, contacts, groups, new, apply); times in unix seconds."""

    purpose: str
    state: str = NEVER
    """Of the newest run: done, holes, refused, failed, stopped, running, waiting, cancelled, never."""
    last_success: float | None = None
    duration_s: float | None = None
    """Of the last success."""
    unread: int = 0
    """What the newest run could not read."""


@dataclass(frozen=True, slots=True)
class OpenJob:
    """A job with rows that have no final status; `due_at` is when WeCom will have decided, if it waits."""

    id: str
    state: str
    rows: int
    due_at: float | None = None


@dataclass(frozen=True, slots=True)
class ArchiveStatus:
    """How a corp's archive of conversations stands; times in unix seconds.

    `state` is that of the newest pull: done, partial, silent, limited, stopped, failed, running, never.
    """

    state: str = NEVER
    last_success: float | None = None
    duration_s: float | None = None
    seq: int = 0
    messages: int = 0
    unreadable: int = 0
    """Messages that wait in quarantine."""
    media: int = 0
    """Files that are still to be fetched."""
    covered_until: float | None = None
    """Until when everything was fetched that WeCom ever gave, or is known to be lost."""
    gaps: tuple[int, ...] = ()
    """Gaps that nobody has acknowledged."""
    seats: int | None = None
    note: str = ""
    """What was wrong with the newest pull."""


@dataclass(frozen=True, slots=True)
class CorpStatus:
    """Everything of one corp; `problem` is why its database could not be read, "" when it could."""

    profile: str
    corp_id: str
    problem: str = ""
    work: tuple[Worked, ...] = ()
    jobs: tuple[OpenJob, ...] = ()
    relations: Mapping[str, int] = field(default_factory=dict)
    """Relations by status."""
    hidden_members: int = 0
    """Members whose relations are out of sight."""
    hidden_since: float | None = None
    archive: ArchiveStatus | None = None
    """None where there is no archive."""

    def of(self, purpose: str) -> Worked:
        """The runs of one purpose, also when there was none."""
        return next((each for each in self.work if each.purpose == purpose), Worked(purpose))
