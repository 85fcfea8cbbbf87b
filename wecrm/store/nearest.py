"""The names nearest to a misspelt one."""

from collections.abc import Iterable
from difflib import get_close_matches

from wecrm.i18n import _
from wecrm.models.text import folded, visible


def nearest(name: str, known: Iterable[str], count: int = 1) -> tuple[str, ...]:
    """Up to `count` of the `known` names that look like `name`, best first; width and case do not count."""
    by_fold: dict[str, str] = {}
    for each in known:
        by_fold.setdefault(folded(each), each)
    return tuple(by_fold[each] for each in get_close_matches(folded(name), by_fold, count, 0.5))


def did_you_mean(name: str, known: Iterable[str], count: int = 1) -> str:
    """A sentence naming the nearest of the `known` names, or "" when none is near."""
    found = nearest(name, known, count)
    if not found:
        return ""
    return _("Did you mean {names}?", names=", ".join(visible(each) for each in found))
