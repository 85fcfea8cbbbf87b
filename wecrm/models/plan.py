"""Plans: what would change, row by row, and what became of each row.

A plan is a file; a job is a plan being applied. See docs/explain/plans.md.
"""

from dataclasses import dataclass, field
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Undo = Literal["reversible", "compensable", "irreversible"]
"""Whether a kind of change can be undone exactly, only made up for, or not at all."""

Status = Literal["pending", "same", "ok", "submitted", "verified", "failed", "conflict", "unknown", "skipped"]
"""What became of a row. `unknown` = sent, no answer read; `submitted` = accepted, effect comes later."""

Count = Annotated[int, Meta(ge=0)]
Seconds = Annotated[int, Meta(ge=0, lt=1 << 37)]
"""Unix time, or a duration; of this age of the world."""

FINAL: tuple[Status, ...] = ("same", "ok", "verified", "failed", "conflict", "skipped")

JobState = Literal["running", "waiting", "done", "cancelled"]


class NewId(msgspec.Struct, frozen=True):
    """Stands where an id will be that an earlier change of the same plan makes."""

    new: str


Fact = str | int | bool | None | tuple[str | NewId, ...] | NewId
Facts = dict[str, Fact]
"""Named touched fields (or touched tag ids) and their values; nothing that is not touched."""


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One change of one object.

    `id` is unique in the plan, `stage` orders (a stage opens when all earlier rows are good), `op`
    names the step (`operations/steps.py`), `key` the object, `before`/`after` only what is touched.
    `input` is the row of the caller's file it comes from, column by column, for the result file.
    `needs` are the earlier changes without which this one makes no sense; None: it needs all of them.
    """

    id: str
    stage: int
    op: str
    key: dict[str, str | NewId]
    before: Facts
    after: Facts
    undo: Undo = "reversible"
    input: dict[str, str] = {}
    needs: tuple[str, ...] | None = None

    @property
    def is_same(self) -> bool:
        """Whether nothing would change (the row is kept so that its result can be told)."""
        return self.before == self.after


class Removal(msgspec.Struct, frozen=True):
    """How much of one existing thing a plan takes away: `removed` of `existing`."""

    what: str
    existing: Count
    removed: Count


class PlanHeader(msgspec.Struct, frozen=True):
    """First line of a plan file. Times are unix seconds; `digest` covers every other byte."""

    wecrm_plan: int
    id: Annotated[str, Meta(pattern="^[A-Za-z0-9_.-]{1,80}$")]
    kind: str
    title: str
    corp_id: str
    profile: str
    created: Seconds
    expires: Seconds
    tool: str
    input_digest: str
    changes: Count
    same: Count
    ops: dict[str, Count]
    undo: dict[str, Count]
    removals: tuple[Removal, ...]
    calls: dict[str, Count]
    seconds: Count
    budget_share: float
    undo_of: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan in memory, as planners build it: its changes in order and what they take away."""

    kind: str
    title: str
    changes: tuple[Change, ...]
    removals: tuple[Removal, ...] = ()
    calls: dict[str, int] = field(default_factory=dict)
    input_digest: str = ""
    undo_of: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """What reading back found for one change: its touched facts, or that the object is gone.

    `made_id`: the id of an object that a creating change was to make and that already exists.
    `unsure`: WeCom gives no way to see whether the object was made; after a lost answer a person decides.
    `evidence`, `hint`: what a conflict says, where there is more to say than that somebody changed it.
    `due_at`: unix seconds; a change that is not made yet is not to be made before then, and the effect of
    one that was accepted comes then.
    """

    facts: Facts = field(default_factory=dict)
    gone: bool = False
    made_id: str = ""
    errcode: int = 0
    errmsg: str = ""
    unsure: bool = False
    evidence: str = ""
    hint: str = ""
    due_at: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What WeCom answered to one change that was sent. `due_at`: when its effect can be looked for."""

    status: Status
    errcode: int = 0
    errmsg: str = ""
    hint: str = ""
    made_id: str = ""
    due_at: float | None = None
    evidence: str = ""


class JobRow(msgspec.Struct, frozen=True):
    """One journal row: a change and where it stands. `sent_at` and `due_at` are unix seconds."""

    job: str
    n: int
    change: Change
    status: Status
    errcode: int = 0
    errmsg: str = ""
    hint: str = ""
    attempts: int = 0
    sent_at: float | None = None
    due_at: float | None = None
    evidence: str = ""


class Job(msgspec.Struct, frozen=True):
    """One plan being applied, or applied. `id` is the plan's id, so a plan has one job at most."""

    id: str
    digest: str
    kind: str
    title: str
    state: JobState
    created_at: float
    finished_at: float | None = None
    due_at: float | None = None
    case_id: str = ""
    approval: str = ""
    undo_of: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an apply may do unasked; each flag lifts only itself.

    Shares are 0…1. `max_failures` counts once 20 rows have an outcome.
    """

    max_changes: int = 500
    max_removals: float = 0.3
    max_failures: float = 0.05
    max_failures_rows: int | None = None
