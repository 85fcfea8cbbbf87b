"""The YAML file of sensitive-word rules: read strictly, every complaint with the rule it is about."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from wecrm.errors import UsageError
from wecrm.files import rules
from wecrm.i18n import _
from wecrm.models import regexes
from wecrm.models.text import visible
from wecrm.models.wordrules import WordRule, WordsFile


def read(path: Path) -> tuple[WordRule, ...]:
    """The rules that the file describes, in its order.

    Raises:
        UsageError: not YAML, an unknown or misspelt key, a value of the wrong kind, no rule at all, a rule that
            looks for nothing, a name twice, a regular expression that is none or could take minutes.
    """
    fix = _("`wecrm archive words check --help` shows how rules are written.")
    found, _text = rules.decoded(path, WordsFile, {"rules": WordRule}, fix)
    wrong = [] if found.rules else [_("there is no rule in it")]
    named = Counter(rule.name for rule in found.rules)
    for n, rule in enumerate(found.rules, 1):
        label = _("rule {n} ({name})", n=n, name=visible(rule.name))
        wrong += [f"{label}: {what}" for what in _wrong(rule)]
        if named[rule.name] > 1:
            wrong.append(f"{label}: {_('there is another one of this name')}")
    if wrong:
        raise UsageError(_("{path} has rules that can't be followed.", path=path), "\n".join(wrong[:10]), fix)
    return found.rules


def _wrong(rule: WordRule) -> Iterator[str]:
    """Every reason why a rule can't be followed."""
    if not rule.words and not rule.regex:
        yield _("it needs `words` or `regex`")
    for word in rule.words:
        if not word.strip():
            yield _("a word of blanks stands everywhere")
    for n, pattern in enumerate(rule.regex, 1):
        try:
            regexes.compiled(pattern)
        except ValueError as error:
            yield f"regex {n}: {error}"
