"""Scores of customers: what can be measured of a relation, and the weighted sum that a file makes of it."""

from typing import Annotated, Literal, NamedTuple

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


class Score(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A score: the sum of its factors. `outcome`: `lost`, or the tag that means success, as GROUP/NAME; left out where
    whoever asks for the score has to name the tag.
    """

    name: Text
    factors: Annotated[tuple[Factor, ...], msgspec.Meta(min_length=1, max_length=20)]
    outcome: Text = ""
    about: str = ""

    def parts(self, one: "Standing") -> tuple[float, ...]:
        """What each factor adds to the score of a relation."""
        measured = zip(self.factors, one.measures, strict=True)
        return tuple([each.weight * min(value, each.cap) / each.cap for each, value in measured])


class ScoresFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    scores: tuple[Score, ...]


class Standing(NamedTuple):
    """A relation at a moment: what each factor of a score measures, in their order. `hit`: the outcome came in the
    days after it; None where nobody can know.

    A tuple, since a score makes one for every customer there is, and a dataclass takes three times as long.
    """

    userid: str
    member: str | None
    external_userid: str
    name: str | None
    measures: tuple[float, ...]
    hit: bool | None
