"""What a step of an offboarding case is: when it may begin, what it plans, and how it ends."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from wecrm.models.offboarding import Case, StepName
from wecrm.models.plan import Plan
from wecrm.operations import transfers
from wecrm.operations.work import Work


@dataclass(frozen=True, slots=True)
class Go:
    """It may begin."""


@dataclass(frozen=True, slots=True)
class Skip:
    """There is nothing to do, and why."""

    why: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Not yet; `until` in unix seconds, None: as soon as something changes."""

    until: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Blocked:
    """A person has to do something, which `why` says."""

    why: str


@dataclass(frozen=True, slots=True)
class Done:
    """It ended: what was said to it, what was there afterwards."""

    answered: Mapping[str, Any] = field(default_factory=dict)
    read_back: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a step wants to change, as a plan for the runner; `answered` is what planning had to say."""

    plan: Plan
    asked: Mapping[str, Any] = field(default_factory=dict)
    answered: Mapping[str, Any] = field(default_factory=dict)


class Step:
    """One step; it may begin when the steps of `after` have ended. The runner does what it plans.

    Everything may happen again after an interruption: each reads what is there before it decides.
    """

    name: StepName
    after: tuple[StepName, ...] = ()

    def ready(self, work: Work, case: Case) -> Go | Skip | Wait | Blocked:
        """Whether it may begin now."""
        return Go()

    def plan(self, work: Work, case: Case) -> Wanted | Blocked | None:
        """What is to be changed at WeCom; None: nothing."""
        return None

    def finish(self, work: Work, case: Case, job: str) -> Done | Wait | Blocked:
        """How it ended, by the journal of its job ("" when it had none) and by reading."""
        return Done()


def day_over(case: Case) -> float:
    """When the leaver's last day is over, in unix seconds; days are WeCom's."""
    last = datetime.strptime(case.due, "%Y-%m-%d").replace(tzinfo=transfers.BEIJING)
    return (last + timedelta(days=1)).timestamp()
