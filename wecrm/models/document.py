"""A page for people: built by reports, written by files as HTML or as plain text."""

from dataclasses import dataclass
from typing import Literal

from wecrm.models.table import Table

ChartKind = Literal["bars", "lines", "funnel"]
Number = int | float | None
"""A value; None where there is none, which is not 0."""


@dataclass(frozen=True, slots=True)
class Heading:
    """The title of what follows, of level 2 or 3; the document's own title is level 1."""

    text: str
    level: Literal[2, 3] = 2


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; `soft` ones are remarks beside the matter."""

    text: str
    soft: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """One number to look at first, what it was in the period before, and its way through the period."""

    title: str
    value: Number
    before: Number = None
    trend: tuple[Number, ...] = ()


@dataclass(frozen=True, slots=True)
class Figures:
    """Numbers side by side."""

    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """One value per label of its chart."""

    name: str
    values: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Values by label: `lines` in the order of time; `bars` as they come; `funnel` of the first series alone.

    Each series has as many values as there are labels. Bars of less than nothing are not drawn, their values are.
    """

    kind: ChartKind
    title: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The first rows of a table that has `of` rows, in a list; or all of them, however they come, where `of` is 0."""

    table: Table
    of: int = 0


Block = Heading | Text | Figures | Chart | Excerpt


@dataclass(frozen=True, slots=True)
class Document:
    """A title, the facts that stand below it, one a line, and what follows, in its order.

    `wide`: it takes the whole width of a window, and paper on its side.
    """

    title: str
    facts: tuple[str, ...]
    blocks: tuple[Block, ...]
    wide: bool = False
