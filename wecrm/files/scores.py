"""The YAML file of scores: read strictly, every complaint with the score it is about."""

from collections import Counter
from pathlib import Path

from wecrm.errors import UsageError
from wecrm.files import rules
from wecrm.i18n import _
from wecrm.models.scores import Score, ScoresFile
from wecrm.models.text import visible

SHIPPED = Path(__file__).with_name("scores.yaml")
"""The scores that come with wecrm: an example to begin with."""


def read(path: Path) -> tuple[Score, ...]:
    """The scores that the file describes, in its order.

    Raises:
        UsageError: not YAML, an unknown or misspelt key, a value of the wrong kind, no score at all, a name twice.
    """
    fix = _("`wecrm report score --print-rules` prints an example.")
    found, _text = rules.decoded(path, ScoresFile, {"scores": Score}, fix)
    wrong = [] if found.scores else [_("there is no score in it")]
    names = Counter(score.name for score in found.scores)
    wrong += [_("{name} is there twice", name=visible(name)) for name, n in names.items() if n > 1]
    for score in found.scores:
        factors = Counter(factor.name for factor in score.factors)
        wrong += [
            _("{name} has the factor {factor} twice", name=visible(score.name), factor=factor)
            for factor, n in factors.items()
            if n > 1
        ]
    if wrong:
        raise UsageError(_("{path} has scores that can't be used.", path=path), "\n".join(wrong[:10]), fix)
    return found.scores
