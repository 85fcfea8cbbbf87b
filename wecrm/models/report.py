"""What a person asks of a report, and what a report says of itself."""

from dataclasses import dataclass
from datetime import tzinfo
from typing import Literal

from wecrm.models.table import Column

By = Literal["", "day", "week", "month"]
"""How a period is split into rows; empty: not at all."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of a report; what was not asked is empty.

    `since` and `until` are unix seconds, the first moment and the first moment after; None is open. Days, weeks
    (from Monday) and months begin in `tz`. `hours` are working hours as `models/workinghours.py` reads them.
    `departments` are ids, those below the named ones included already; `tags` are tag ids.
    """

    since: float | None
    until: float | None
    now: float
    tz: tzinfo
    hours: str
    by: By = ""
    departments: tuple[int, ...] = ()
    members: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """What a report counts, where the numbers come from, and what they do not say: sentences in English,
    translated when shown.
    """

    counts: str
    source: str
    caveats: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """A person's own report as its file has it: `text` is the whole file, a query below comments.

    `path` is for complaints. `params` are the parameters that its header names, None when it names none.
    `columns` by key; what they do not describe gets its name as title and its kind from the first rows.
    `archive`: it is asked of the session archive, not of the cache.
    """

    path: str
    text: str
    title: str
    summary: str
    definition: Definition
    params: tuple[str, ...] | None = None
    columns: tuple[Column, ...] = ()
    archive: bool = False
