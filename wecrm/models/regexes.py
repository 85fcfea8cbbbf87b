"""Regular expressions that people write into rules, bounded before they are used: a match can't be interrupted.

How long a search takes at worst depends on the number of ways in which the expression can be tried at one place.
That number is counted; an expression with too many, as `(a+)+` or `.*a.*b`, is refused.
"""

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final

from wecrm.i18n import _

PIECE: Final = 2000
"""Characters that are looked at together."""

OVERLAP: Final = 500
"""Characters that two pieces have in common: what is found across a border is at most so long."""

WAYS_MAX: Final = 30_000
"""Ways at one place; of what passes, `(?:b?){14}c` was the slowest found: 1.2 s for a piece of nothing but b."""

STEPS_MAX: Final = 20_000
_PATTERN_MAX: Final = 500

_PARSER: Final[Any] = import_module("re._parser")  # not public, but the only reading that is re's own


def compiled(pattern: str) -> re.Pattern[str]:
    """The expression, case not counting.

    Raises:
        ValueError: in a sentence, why it can't be used.
    """
    try:
        if len(pattern) > _PATTERN_MAX:
            raise ValueError(_("longer than {n} characters", n=_PATTERN_MAX))
        found = re.compile(pattern, re.IGNORECASE)
        ways, steps = _cost(_PARSER.parse(pattern, re.IGNORECASE))
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(_("not a regular expression: {detail}", detail=str(error))) from None
    if ways > WAYS_MAX or steps > STEPS_MAX:
        raise ValueError(
            _(
                "it could take minutes on one message; nothing repeated inside a repetition, and bounds, as `.{0,30}`, "
                "for a second `*` or `+`"
            )
        )
    if found.fullmatch(""):
        raise ValueError(_("it fits everywhere, also where nothing is"))
    return found


def first(pattern: re.Pattern[str], text: str) -> str:
    """What of `text` the expression fits first; "" when it fits nowhere."""
    for begin in _pieces(len(text)):
        if match := pattern.search(text, begin, begin + PIECE):
            return match.group()
    return ""


def _pieces(length: int) -> Iterator[int]:
    yield 0
    yield from range(PIECE - OVERLAP, length - OVERLAP, PIECE - OVERLAP)


def _cost(sequence: Any) -> tuple[int, int]:
    """(ways, steps of one way) of parsed elements that follow each other; counted no further than it matters."""
    ways, steps = 1, 0
    for op, value in sequence:
        more, length = _element(str(op), value)
        ways, steps = min(ways * more, WAYS_MAX + 1), min(steps + length, STEPS_MAX + 1)
    return ways, steps


def _element(op: str, value: Any) -> tuple[int, int]:
    match op:
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return _repeated(int(value[0]), min(int(value[1]), PIECE), *_cost(value[2]))
        case "BRANCH":
            costs = [_cost(each) for each in value[1]]
            return sum(ways for ways, _steps in costs), max(steps for _ways, steps in costs)
        case "SUBPATTERN":
            return _cost(value[3])
        case "ATOMIC_GROUP":
            return _cost(value)
        case "ASSERT" | "ASSERT_NOT":
            return _cost(value[1])
        case "GROUPREF_EXISTS":
            costs = [_cost(each) for each in value[1:] if each is not None]
            return sum(ways for ways, _steps in costs) + 1, max(steps for _ways, steps in costs)
    return 1, 1


def _repeated(least: int, most: int, ways: int, steps: int) -> tuple[int, int]:
    """Of a body that is tried from `least` to `most` times."""
    if least > PIECE:
        return WAYS_MAX + 1, STEPS_MAX + 1
    length = most * (steps + 1)
    if ways == 1:
        return most - least + 1, length
    return min(ways ** min(most, 20) * (most - least + 1), WAYS_MAX + 1), length
