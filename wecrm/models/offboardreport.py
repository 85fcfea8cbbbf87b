"""The report on an offboarding case: what there was, what became of it, who approved it and how it went.

Times are unix seconds; every field that holds one ends in `_at`, or is `wait_until`.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from wecrm.models.offboarding import CaseState, Envelope, StepName, StepState

What = Literal["customer", "group"]
WHATS: tuple[What, ...] = ("customer", "group")

Outcome = Literal["verified", "refused", "lost", "full", "failed", "left", "waiting"]
"""`refused`: said no, and is the leaver's still or waits for somebody else. `lost`: said no after the leaver left.

The rest is as in `offboarding.Fate`.
"""
OUTCOMES: tuple[Outcome, ...] = ("verified", "refused", "lost", "full", "failed", "left", "waiting")


class Counts(msgspec.Struct, frozen=True):
    """What the leaver had when the case began; `tags`: different corp tags on their customers."""

    customers: int
    groups: int
    codes: int
    links: int
    tags: int


class Item(msgspec.Struct, frozen=True):
    """One customer or group: `takeover` has it now or was the last to be offered it, "" if nobody was."""

    what: What
    id: str
    name: str
    outcome: Outcome
    takeover: str = ""
    reason: str = ""
    errcode: int = 0
    job: str = ""
    finished_at: int | None = None


class Taker(msgspec.Struct, frozen=True):
    """One taker: customers and groups verified to be theirs, and who did not come."""

    userid: str
    name: str
    customers: int = 0
    groups: int = 0
    refused: int = 0
    full: int = 0
    failed: int = 0


class StepLine(msgspec.Struct, frozen=True):
    """One step of the case with what was asked, answered and read back."""

    n: int
    name: StepName
    state: StepState
    job: str
    started_at: int | None
    finished_at: int | None
    wait_until: int | None
    blocked_by: str
    asked: Mapping[str, Any]
    answered: Mapping[str, Any]
    read_back: Mapping[str, Any]


class JobLine(msgspec.Struct, frozen=True):
    """One job of the case: the plan it applied by its digest, under which approval, and its rows by status."""

    id: str
    kind: str
    title: str
    state: str
    digest: str
    approval: str
    created_at: float
    finished_at: float | None
    rows: Mapping[str, int]


class Report(msgspec.Struct, frozen=True):
    """Everything about one case, as of `made_at`.

    `after`: customer or group → outcome → how many. `memory`: what became of remarks and tags → of how many.
    """

    case: str
    userid: str
    name: str
    state: CaseState
    due: str
    created_at: int
    left_at: int | None
    closed_at: int | None
    blocked_by: str
    made_at: float
    approved_by: str
    approved_at: int
    digest: str
    envelope: Envelope
    before: Counts
    after: Mapping[What, Mapping[Outcome, int]]
    takers: tuple[Taker, ...]
    memory: Mapping[str, int]
    steps: tuple[StepLine, ...]
    jobs: tuple[JobLine, ...]
    items: tuple[Item, ...]
