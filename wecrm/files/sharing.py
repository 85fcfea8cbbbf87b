"""The YAML file that says who takes whom: read strictly, every complaint with the rule it is about."""

from pathlib import Path

from wecrm.errors import UsageError
from wecrm.files import rules
from wecrm.i18n import _
from wecrm.models.sharing import SharingFile, SharingRule


def read(path: Path) -> SharingFile:
    """The rules that the file describes.

    Raises:
        UsageError: as `rules.decoded`; no rule at all, or one that is for nobody in particular.
    """
    fix = _("`wecrm transfers plan --help` shows one.")
    found, _text = rules.decoded(path, SharingFile, {"rules": SharingRule}, fix)
    wrong = [
        _("{rule}: it does not say for whom; whoever meets no rule goes to `else`", rule=rule.conditions().label(n))
        for n, rule in enumerate(found.rules, 1)
        if not any((rule.tag, rule.channel, rule.code, rule.add_way, rule.chat, rule.where))
    ]
    if wrong or not found.rules:
        raise UsageError(
            _("{path} has rules that can't be followed.", path=path),
            "\n".join(wrong) or _("there is no rule in it"),
            fix,
        )
    return found
