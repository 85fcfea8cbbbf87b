"""Human sentences: every one passes through `_()`; its English text is its id.

Whole sentences only, never glued from pieces; placeholders are named (`{count}`) and filled after
the look-up. Keys, column names, statuses and log fields are not sentences and are not translated.
"""

from collections.abc import Mapping

_catalogue: Mapping[str, str] = {}


def use(catalogue: Mapping[str, str]) -> None:
    """Make `catalogue` (English sentence → translation) the one that `_` looks into."""
    global _catalogue
    _catalogue = catalogue


def _(sentence: str, /, **values: object) -> str:
    """The sentence in the chosen language, its `{placeholders}` filled from `values`."""
    found = _catalogue.get(sentence, sentence)
    return found.format(**values) if values else found
