"""Human sentences: every one passes through `_()`; its English text is its id.

Whole sentences only, never glued from pieces; placeholders are named (`{count}`) and filled after
the look-up. Keys, column names, statuses and log fields are not sentences and are not translated.
Translations stand in `locale/<language>/`, one JSON file per room, and are read only when needed.
"""

from collections.abc import Mapping
from functools import cache

SOURCE = "en"
"""The language of the ids themselves."""

LANGUAGES = (SOURCE, "zh")

_language = SOURCE
_catalogue: Mapping[str, str] = {}


def choose(flag: str, environ: Mapping[str, str]) -> str:
    """The language of a run: `flag` if given, else WECRM_LANG, else the locale; `en` when none says Chinese."""
    if flag:
        return flag
    names = ("WECRM_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    told = next((environ[name] for name in names if environ.get(name)), "")
    return "zh" if told.lower().startswith("zh") else SOURCE


def use(language: str) -> None:
    """Make `language`, one of LANGUAGES, the one that `_` speaks from now on."""
    global _language, _catalogue
    _language, _catalogue = language, catalogue(language)


def language() -> str:
    """The language that `_` speaks."""
    return _language


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """English sentence → its translation; empty for English."""
    found: dict[str, str] = {}
    if language != SOURCE:
        import json
        from pathlib import Path

        for path in sorted(Path(__file__).with_name("locale").joinpath(language).glob("*.json")):
            found.update(json.loads(path.read_text("utf-8")))
    return found


def _(sentence: str, /, **values: object) -> str:
    """The sentence in the chosen language, its `{placeholders}` filled from `values`."""
    found = _catalogue.get(sentence, sentence)
    return found.format(**values) if values else found
