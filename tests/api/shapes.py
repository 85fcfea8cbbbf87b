"""What samples of JSON say about its shape, and where another value does not have that shape."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.api.documented import read
from wecrm.api.endpoint import Endpoint

TYPES = {dict: "object", list: "list", str: "text", bool: "yes or no", int: "whole number", float: "number"}


@dataclass(frozen=True)
class Shape:
    """The types seen at one place; of an object, its fields and which of them every sample has; of a list, its rows."""

    types: frozenset[str]
    fields: Mapping[str, "Shape"] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    rows: "Shape | None" = None


def shape_of(samples: Sequence[object]) -> Shape:
    """The shape that all of these samples have together."""
    objects = [value for value in samples if isinstance(value, dict)]
    rows = [row for value in samples if isinstance(value, list) for row in value]
    names = dict.fromkeys(name for value in objects for name in value)
    return Shape(
        frozenset(TYPES.get(type(value), "null") for value in samples),
        {name: shape_of([value[name] for value in objects if name in value]) for name in names},
        frozenset(name for name in names if all(name in value for value in objects)),
        shape_of(rows) if rows else None,
    )


def strangers(value: object, shape: Shape, *, whole: bool, where: str = "") -> Iterator[str]:
    """Where `value` has a key or a type that no sample has, or, if it is to be `whole`, lacks what all have."""
    kind = TYPES.get(type(value), "null")
    if kind not in shape.types:
        yield f"{where}: {kind}, not {' or '.join(sorted(shape.types))}"
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name in shape.fields:
                yield from strangers(inner, shape.fields[name], whole=whole, where=f"{where}.{name}")
            else:
                yield f"{where}.{name}: unknown"
        if whole:
            yield from (f"{where}.{name}: missing" for name in sorted(shape.required - value.keys()))
    elif isinstance(value, list):
        for row in value:
            if shape.rows is None:
                yield f"{where}[]: no sample has a row"
            else:
                yield from strangers(row, shape.rows, whole=whole, where=f"{where}[]")


def answers_of(endpoint: Endpoint) -> list[dict[str, Any]]:
    """Every answer that its sample file has, pages one by one."""
    found = read(endpoint)
    return [found["answer"], *(page for also in found.get("also", ()) for page in also["answers"])]


def request_of(endpoint: Endpoint) -> Shape:
    """Every field that a request may have: of the body, or of the query without the token."""
    found = read(endpoint)
    own = found["request"]["body"] if endpoint.method == "POST" else found["request"]["query"]
    return shape_of([own, found["every_field"]] if "every_field" in found else [own])
