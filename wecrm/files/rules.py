"""The rules' YAML file: read strictly, every complaint with the rule it is about."""

import difflib
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from wecrm.errors import UsageError
from wecrm.files import yamls
from wecrm.i18n import _
from wecrm.models.rules import CONDITIONS, Rule, RuleLimits, RulesFile

_PLACE = re.compile(r" - at `\$(?:\.(\w+))?(?:\[(\d+)\])?(?:\.(\w+))?.*`$")
_UNKNOWN = re.compile("unknown field `(.+)`")

T = TypeVar("T", bound=msgspec.Struct)


def read(path: Path) -> tuple[RulesFile, str]:
    """The rules that the file describes, and the SHA-256 (hex) of its bytes.

    Raises:
        UsageError: not YAML, an unknown or misspelt key, a value of the wrong kind, no rule at all, or
            one that is for nobody in particular or gives nothing.
    """
    found, text = decoded(path, RulesFile, {"rules": Rule, "limits": RuleLimits}, _help())
    wrong = [f"{rule.label(n)}: {what}" for n, rule in enumerate(found.rules, 1) if (what := _missing(rule))] or _empty(
        found.rules
    )
    if wrong:
        raise UsageError(_("{path} has rules that can't be followed.", path=path), "\n".join(wrong[:10]), _help())
    return found, hashlib.sha256(text).hexdigest()


def decoded(path: Path, kind: type[T], parts: Mapping[str, type[msgspec.Struct]], fix: str) -> tuple[T, bytes]:
    """The file as a `kind`, and its bytes.

    Args:
        parts: field of `kind` → what it is made of.
        fix: where it is shown how such a file is written.

    Raises:
        UsageError: not YAML, an unknown or misspelt key, a value of the wrong kind.
    """
    value, text = yamls.read(path)
    if value is None:
        raise UsageError(_("{path} is empty.", path=path), "", fix)
    try:
        return msgspec.convert(value, kind), text
    except msgspec.ValidationError as error:
        raise _refused(path, str(error), {"": kind, **parts}, fix) from None


def _refused(path: Path, message: str, parts: Mapping[str, type[msgspec.Struct]], fix: str) -> UsageError:
    """What is wrong with the shape of the file, by msgspec's `message`, in words with its place."""
    place = _PLACE.search(message)
    part, number, field = place.groups() if place else (None, None, None)
    detail = _PLACE.sub("", message)
    known = parts.get(part or "", parts[""]).__struct_encode_fields__
    if part == "limits":
        fix = _("Write counts like 500 and shares like 30%.")
    elif re.search("got `(int|float|bool|date|datetime)`", detail):
        fix = _("Put texts that look like numbers, dates, or yes and no in quotes.")
    if unknown := _UNKNOWN.search(detail):
        near = difflib.get_close_matches(unknown[1], known, n=1)
        detail = _("There is no field {name} here.", name=unknown[1])
        fix = _("Did you mean {name}?", name=near[0]) if near else _("Fields: {names}.", names=", ".join(known))
    where = ", ".join(filter(None, (_("rule {n}", n=int(number) + 1) if number else part, field)))
    return UsageError(_("{path} is not a file of rules.", path=path), f"{where}: {detail}" if where else detail, fix)


def _missing(rule: Rule) -> str:
    """What a rule lacks, or has too much of; "" when it can be followed."""
    if bool(rule.tag) is bool(rule.stage):
        return _("it needs a `tag` or a `stage`, and not both")
    if rule.start and not rule.stage:
        return _("`from` belongs to a `stage`")
    if not any(getattr(rule, kind) for kind in CONDITIONS):
        return _("it does not say for whom; for everybody, write `where: userid is not null`")
    return ""


def _empty(rules: tuple[Rule, ...]) -> list[str]:
    return [] if rules else [_("there is no rule in it")]


def _help() -> str:
    return _("`wecrm explain rules` shows how they are written.")
