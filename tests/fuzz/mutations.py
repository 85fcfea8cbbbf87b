"""Good inputs made bad: the strategies that all tests of this room draw from."""

import json
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

BYTES = (
    b"", b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\x1b[2J", b"\r", b"\n\n", b"\t", b'"', b"'", b"\\",
    b"[" * 300, b"{" * 300, b"%s%n", b"../../etc/passwd", b"&a ", b"*a", b"9" * 5000, b"-1", b"1e999", b"nan",
    "🙂".encode(), "‮".encode(), b"\xe4\xbd", b"=1+1", b"4.2E+17", b"null", b"2026-02-30", b"~", b": ", b"- ", b"<<: ",
)  # fmt: skip
"""What is put into bytes: ends of encodings, quotes, nesting, numbers out of range, words of YAML and spreadsheets."""

DEEP = "@deep@"
"""Stands in JSON for a nesting so deep that a reader which recurses falls."""

VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**31, 2**63, 2**64, 10**30, 1.5, 1e308, "", " ", "0", "x" * 3000, "\x00\x1b[31m",
    "\ud800",
    "2026-13-45", "NaN", "‮", [], {}, [[]], [None], [0], [""], {"a": None}, DEEP,
)  # fmt: skip
"""What is put into JSON in place of something else."""


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """(container, key) of everything inside a JSON value, outermost first."""
    if isinstance(value, dict):
        for key in list(value):
            yield value, key
            yield from places(value[key])
    elif isinstance(value, list):
        for n in range(len(value)):
            yield value, n
            yield from places(value[n])


@st.composite
def values(draw: st.DrawFn, seeds: Sequence[Any]) -> Any:
    """One of the JSON values with one to three places changed: replaced, left out, wrapped, or said twice."""
    value = deepcopy(draw(st.sampled_from(seeds)))
    for _n in range(draw(st.integers(1, 3))):
        found = list(places(value))
        if not found:
            return deepcopy(draw(st.sampled_from(VALUES)))
        container, key = found[draw(st.integers(0, len(found) - 1))]
        way = draw(st.sampled_from(("replace", "replace", "delete", "wrap", "twice")))
        if way == "delete":
            del container[key]
        elif way == "wrap":
            container[key] = [container[key]]
        elif way == "twice" and isinstance(container, list):
            container.append(deepcopy(container[key]))
        else:
            container[key] = deepcopy(draw(st.sampled_from(VALUES)))
    return value


def texts(seeds: Sequence[Any]) -> st.SearchStrategy[bytes]:
    """Mutated JSON values as JSON, some of it damaged byte by byte too."""
    return st.tuples(values(seeds), st.integers(0, 3)).flatmap(
        lambda pair: st.just(written(pair[0])) if pair[1] else damaged([written(pair[0])])
    )


def written(value: Any, depth: int = 20_000) -> bytes:
    """A value as JSON, with `DEEP` written out."""
    return json.dumps(value, default=str).replace(f'"{DEEP}"', "[" * depth + "]" * depth).encode()


@st.composite
def damaged(draw: st.DrawFn, seeds: Sequence[bytes], words: Sequence[bytes] = BYTES) -> bytes:
    """One of the texts with one to four edits: cut, doubled, spliced with another one, or with something put in."""
    data = draw(st.sampled_from(seeds))
    for _n in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        to = min(len(data), at + draw(st.integers(0, 12)))
        way = draw(st.sampled_from(("cut", "end", "double", "splice", "byte", "word", "word", "word")))
        if way == "cut":
            data = data[:at] + data[to:]
        elif way == "end":
            data = data[:at]
        elif way == "double":
            data = data[:to] + data[at:]
        elif way == "splice":
            other = draw(st.sampled_from(seeds))
            data = data[:at] + other[draw(st.integers(0, len(other))) :]
        elif way == "byte":
            data = data[:at] + bytes((draw(st.integers(0, 255)),)) + data[at + 1 :]
        else:
            data = data[:at] + draw(st.sampled_from(words)) + data[at:]
    return data
