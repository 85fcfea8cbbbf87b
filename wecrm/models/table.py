"""Rows that a person or a program reads: built by store and reports, written by files, drawn by cli."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Cell = str | int | float | bool | None | tuple[str, ...]
"""One value: text, number, yes/no, nothing, or several texts (a list column)."""

Kind = Literal["text", "id", "int", "float", "bool", "time", "list"]
"""`id` is text that must never become a number; `time` is unix seconds."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `key` is stable and never translated, `title` is for people, a totals row adds up what `sums`."""

    key: str
    title: str
    kind: Kind = "text"
    unit: str = ""
    sums: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Named columns and rows in their order; `rows` may be an iterator that is read once.

    `as_of`: unix seconds of what the rows came from, the cache or the session archive; None when they are live.
    `totals`: one cell per column, for people; None in the columns that have none. `title` is for people, too; where
    it is empty, they see the name.
    """

    name: str
    columns: tuple[Column, ...]
    rows: Iterable[Sequence[Cell]]
    notes: tuple[str, ...] = ()
    as_of: float | None = None
    totals: tuple[Cell, ...] | None = None
    title: str = ""
    source: Literal["cache", "archive"] = "cache"


@dataclass(frozen=True, slots=True)
class Query:
    """What a person may ask of any table: `--columns --where --sort --limit`.

    `sort` is a column key, `-` before it for descending, several separated by commas.
    """

    columns: tuple[str, ...] = ()
    where: str = ""
    sort: str = ""
    limit: int | None = None
