"""`wecrm tags plan|apply --rules|--channels`: who gets which tag stands in a file, or with the live codes."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wecrm.cli import applying, ending, render, rows
from wecrm.cli.results import Results
from wecrm.cli.session import Session
from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.rules import RuleLimits, RulesFile
from wecrm.models.text import visible

if TYPE_CHECKING:
    from wecrm.models.plan import Plan
    from wecrm.operations.ruleconditions import Cache

RulesOption = Annotated[
    Path | None,
    typer.Option("--rules", help=_("YAML file of rules, instead of FILE and --add."), metavar="RULES"),
]
ChannelsOption = Annotated[
    bool, typer.Option("--channels", help=_("Each live code's tags for the customers it brought."))
]
ExplainOption = Annotated[
    str,
    typer.Option("--explain", help=_("Only show what the rules say of this customer, and why."), metavar="CONTACT"),
]


OutputOption = Annotated[Path | None, typer.Option("--output", "-o", help=_("The plan file to write."), metavar="PLAN")]

_INPUT = ("FILE", "--where", "--add", "--remove", "--create-tags", "--followers", "--map", "--sheet")


def alone(channels: bool, rules: Path | None, *given: object) -> None:
    """Refuse what can't stand beside --rules or --channels: all else that says who gets which tag, as in _INPUT."""
    named = ["--rules"] if channels and rules else []
    named += [name for name, value in zip(_INPUT, given, strict=True) if value]
    if named:
        flag = "--channels" if channels else "--rules"
        raise UsageError(
            _("{flag} can't be combined with {names}.", flag=flag, names=", ".join(named)),
            _("It says already who gets which tag."),
            _("Give either {flag} alone, or a file or condition with --add and --remove.", flag=flag),
        )


def without(output: Path | None, explain: str) -> Path:
    """Where the plan goes when there are no rules."""
    if explain:
        raise UsageError(
            _("--explain tells about rules."), "", _("Name the rules' file with --rules, or say --channels.")
        )
    return _named(output)


def _named(output: Path | None) -> Path:
    if output is None:
        raise UsageError(_("Say where the plan goes."), "", _("For example: -o tags.plan"))
    return output


def plan(s: Session, path: Path | None, output: Path | None, explain: str, detailed: bool) -> int:
    """Write the plan of the rules (None: of the live codes), or show what they say of one customer."""
    if explain:
        if output is not None:
            raise UsageError(_("--explain writes no plan."), "", _("Leave out -o."))
        return _explain(s, path, explain)
    output = _named(output)
    made, _limits = _plan(s, path)
    if not made.changes:
        s.say(_nothing())
    return applying.write_plan(s, made, output, detailed)


def apply(s: Session, path: Path | None, approval: applying.Approval, results: Results) -> int:
    """Apply the rules with the limits of their file; flags beat the file."""
    began = s.clock.now()
    made, limits = _plan(s, path)
    if made.changes:
        return applying.apply_now(s, made, _allowed(approval, limits), results)
    s.say(_nothing())
    ending.finished(s, "apply", _("no changes"), s.clock.now() - began)
    return 0


def _plan(s: Session, path: Path | None) -> "tuple[Plan, RuleLimits]":
    from wecrm.operations import rules

    file, digest, title = _read(s, path)
    cache = _cache(s)
    age = s.clock.now() - rules.as_of(cache, file)
    s.say(_("From the cache of {age} ago.", age=render.age(age)))
    return rules.plan(cache, file, title=title, input_digest=digest), file.limits


def _read(s: Session, path: Path | None) -> tuple[RulesFile, str, str]:
    """The rules, their digest, and what a plan of them is called."""
    if path is not None:
        from wecrm.files import rules as files

        return *files.read(path), _("the rules of {file}", file=path.name)
    from wecrm.operations import attribution

    file, digest, blind = attribution.rules(s.store)
    if blind:
        names = ", ".join(map(visible, blind))
        s.warn(_("Left out, since without a channel nobody can tell whom they bring: {names}", names=names))
    return file, digest, _("tags of the live codes")


def _explain(s: Session, path: Path | None, external_userid: str) -> int:
    from wecrm.operations import ruleexplain
    from wecrm.store import details

    file, _digest, _title = _read(s, path)
    details.must_exist(s.store, "contact", external_userid)
    rows.show(s, ruleexplain.explain(_cache(s), file, external_userid), rows.Rows())
    return 0


def _cache(s: Session) -> "Cache":
    from wecrm.operations.ruleconditions import Cache

    return Cache(s.store, s.clock.now(), s.tz)


def _allowed(approval: applying.Approval, limits: RuleLimits) -> applying.Approval:
    """`approval`, and what the file allows where no flag says otherwise."""
    failures = "" if limits.max_failures is None else str(limits.max_failures)
    return replace(
        approval,
        max_changes=limits.max_changes if approval.max_changes is None else approval.max_changes,
        max_removals=approval.max_removals or limits.max_removals or "",
        max_failures=approval.max_failures or failures,
    )


def _nothing() -> str:
    return _("No changes: every relation has what the rules give it.")
