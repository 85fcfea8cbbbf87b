"""Offboarding: one case for each member who leaves, made of steps, inside what a person approved."""

from typing import Literal, get_args

import msgspec

from wecrm.models.sharing import Strategy

CaseState = Literal["open", "waiting", "blocked", "closed", "cancelled"]
StepState = Literal["pending", "running", "waiting", "done", "skipped", "blocked"]
OVER: tuple[CaseState, ...] = ("closed", "cancelled")
FINISHED: tuple[StepState, ...] = ("done", "skipped")

Removal = Literal["wait", "disable", "delete"]
"""What happens to the member in the end: HR deletes them (`wait`), we disable them, we delete them."""
REMOVALS: tuple[Removal, ...] = ("wait", "disable", "delete")

StepName = Literal[
    "precheck",
    "snapshot",
    "codes",
    "groups",
    "customers",
    "customers-again",
    "memory",
    "member",
    "rest",
    "rest-again",
    "rest-memory",
    "archive",
    "notices",
    "evidence",
]
STEPS: tuple[StepName, ...] = get_args(StepName)
"""The steps of every case in their order, numbered from 1."""

Fate = Literal["verified", "refused", "full", "failed", "left", "waiting"]
"""What became of a customer or group. `left`: still with the leaver, or waiting for somebody after them.

`waiting`: nothing final is known yet; never in a closed case.
"""


class Envelope(msgspec.Struct, frozen=True):
    """What a person approved; everything that is done stays inside it.

    `customers`, `groups`, `codes` were counted at the start; up to `most_customers` and `most_groups` may be moved.
    `cap`: the most customers that a taker may have then, None: WeCom's own limit. `tell`: takers get a notice.
    """

    userid: str
    takers: tuple[str, ...]
    strategy: Strategy
    due: str
    removal: Removal
    message: str = ""
    seed: int = 0
    cap: int | None = None
    tell: bool = False
    customers: int = 0
    groups: int = 0
    codes: int = 0
    most_customers: int = 0
    most_groups: int = 0


class CaseStep(msgspec.Struct, frozen=True):
    """One step of a case; times are unix seconds.

    `asked`, `answered`, `read_back` are JSON objects: what was wanted, what WeCom or the planner said to it, what
    was there afterwards. `blocked_by` is a sentence for a person: who has to do what.
    """

    case_id: str
    n: int
    name: StepName
    state: StepState = "pending"
    job: str = ""
    wait_until: int | None = None
    blocked_by: str = ""
    asked: str = "{}"
    answered: str = "{}"
    read_back: str = "{}"
    started_at: int | None = None
    finished_at: int | None = None


class Case(msgspec.Struct, frozen=True):
    """One leaver. `due` is their last day (YYYY-MM-DD), `left_at` when they were first seen to be gone."""

    id: str
    userid: str
    name: str
    state: CaseState
    due: str
    left_at: int | None
    envelope: Envelope
    digest: str
    approved_by: str
    approved_at: int
    created_at: int
    closed_at: int | None
    blocked_by: str
    steps: tuple[CaseStep, ...]

    def step(self, name: StepName) -> CaseStep:
        """The step of that name."""
        return next(step for step in self.steps if step.name == name)
