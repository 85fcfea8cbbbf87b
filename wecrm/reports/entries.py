"""What the registry holds for each report."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from wecrm.models.report import Asked, Definition
from wecrm.models.table import Table
from wecrm.store.database import Store

Build = Callable[["Sources", Asked], Table]

OPTIONS = ("since", "until", "by", "department", "member", "channel", "tag")
"""Everything that can be asked of a report, as the options of `wecrm report` are called."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What a report reads: the cache, and the session archive where the report wants it and there is one."""

    store: Store
    archive: Store | None = None
    counted: dict[Asked, Any] = field(default_factory=dict, compare=False)
    """What moved by member, for reports of one page that are made of it; empty at first."""

    def needed(self) -> Store:
        """The session archive, for reports that are never built without one."""
        if self.archive is None:
            raise LookupError("this report says that it needs the archive")
        return self.archive


@dataclass(frozen=True, slots=True)
class Report:
    """One report: what it answers, how its figures come about, and how they are built.

    `title`, `summary` and the definition are English sentences, translated when shown. `takes` names, of
    OPTIONS, what may be asked. `rows` gives the single rows behind the figures (`--rows`). With `compares` the
    figures can stand beside those of the period before (`--compare`), joined by the columns that are no
    numbers. `archive`: never opened, used where there is one, or needed. `own`: a
    person's query, whose rows may be messages.
    """

    title: str
    summary: str
    definition: Definition
    build: Build
    takes: frozenset[str] = frozenset()
    rows: Build | None = None
    compares: bool = False
    archive: Literal["", "used", "needed"] = ""
    own: bool = False
