"""Scores of customers: what can be measured of a relation, and the weighted sum that a file makes of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from wecrm.models.rules import Text

CHANGES_D = 90
"""Days that `changes` looks back."""

Measure = Literal["days", "quiet_days", "changes", "tags", "others", "losses", "no_remark"]
MEASURES: tuple[Measure, ...] = ("days", "quiet_days", "changes", "tags", "others", "losses", "no_remark")
"""What is measured of a relation at a moment:

`days` since the customer was added; `quiet_days` since a person last changed remark, description, company, mobile or
tags, or since the customer was added; `changes` of that kind within CHANGES_D days; `tags`: corp tags that are
carried; `others`: other members who have the customer; `losses`: how often a member lost the customer before;
`no_remark`: 1 where there is no remark, or one that is the customer's own name, else 0.
"""

LOST = "lost"
"""The outcome that the customer is lost; any other one is a tag that they get."""


class Factor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One part of a sum: `weight` × min(measure, `cap`) / `cap`, so that `weight` is reached at `cap`."""

    name: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,30}$")]
    column: Measure
    weight: Annotated[float, msgspec.Meta(ge=-1000, le=1000)]
    cap: Annotated[float, msgspec.Meta(gt=0)]

    def contribution(self, value: float) -> float:
        """What the measure adds to the score."""
        return self.weight * min(value, self.cap) / self.cap


class Score(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A score: the sum of its factors. `outcome`: `lost`, or the tag that means success, as GROUP/NAME."""

    name: Text
    outcome: Text
    factors: Annotated[tuple[Factor, ...], msgspec.Meta(min_length=1, max_length=20)]
    about: str = ""

    def parts(self, one: "Standing") -> tuple[float, ...]:
        """What each factor adds to the score of a relation."""
        return tuple(factor.contribution(one.measures[factor.column]) for factor in self.factors)


class ScoresFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    scores: tuple[Score, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """A relation at a moment. `hit`: the outcome came in the days after it; None where nobody can know."""

    userid: str
    member: str | None
    external_userid: str
    name: str | None
    measures: Mapping[Measure, float]
    hit: bool | None
