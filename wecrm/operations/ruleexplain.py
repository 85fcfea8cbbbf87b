"""Why a customer gets what from the rules: every rule on every relation, and the stage that comes of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from wecrm.i18n import _
from wecrm.models.rules import RulesFile
from wecrm.models.table import Column, Table
from wecrm.models.text import visible
from wecrm.operations.ruleconditions import KINDS, Cache
from wecrm.operations.rules import Ready, Rules, prepare
from wecrm.operations.stages import Ladder, Standing
from wecrm.store import rules as store_rules
from wecrm.store import selection
from wecrm.store.rules import Facts
from wecrm.store.views import view

Line = tuple[str, str, str, str, str]
"""userid, rule, tag, outcome (gets, has, loses or no), why."""


@dataclass(frozen=True, slots=True)
class _Case:
    """One customer under the rules: which relations meet which rule, and where it stands in each ladder."""

    cache: Cache
    rules: Rules
    met: dict[int, set[int]]
    standings: tuple[tuple[Ladder, Standing], ...]


def explain(cache: Cache, file: RulesFile, external_userid: str) -> Table:
    """For each relation of the customer and each rule: what it gives, and why or why not.

    Raises:
        UsageError: as `rules.prepare`.
    """
    rules = prepare(cache, file)
    one = [external_userid]
    met = {each.n: {row[0] for row in store_rules.meeting(cache.store, each.condition, one)} for each in rules.ready}
    standings = tuple((ladder, next(ladder.standings(cache.store, one))) for ladder in rules.ladders)
    case = _Case(cache, rules, met, standings)
    rows = [line for facts in store_rules.relations(cache.store, external_userid) for line in _relation(case, facts)]
    columns = (
        Column("userid", _("Member"), "id"),
        Column("rule", _("Rule")),
        Column("tag", _("Tag")),
        Column("outcome", _("Outcome")),
        Column("why", _("Why")),
    )
    return Table("rules", columns, rows, as_of=selection.as_of(cache.store, view("contacts")))


def _relation(case: _Case, facts: Facts) -> Iterator[Line]:
    if facts.status != "active":
        yield facts.userid, "", "", "no", _("the relation is {status}, not active", status=facts.status)
        return
    for rule in case.rules.ready:
        outcome, why = _outcome(case, rule, facts)
        yield facts.userid, rule.rule.label(rule.n), _shown(rule), outcome, why
    for ladder, standing in case.standings:
        for tag, outcome, why in _stage(case, ladder, standing, facts):
            yield facts.userid, "", tag, outcome, why


def _outcome(case: _Case, rule: Ready, facts: Facts) -> tuple[str, str]:
    """What a rule does to a relation, and why."""
    if facts.relation_id not in case.met[rule.n]:
        return "no", _missing(case.cache, rule, facts)
    if rule.rule.stage:
        ladder, standing = next(pair for pair in case.standings if rule.tag in pair[0].group.tags)
        why = _held_back(rule, ladder, standing)
        if why:
            return "no", why
    return ("has", "") if rule.tag.tag_id in facts.tag_ids else ("gets", _("all its conditions are met"))


def _missing(cache: Cache, rule: Ready, facts: Facts) -> str:
    """Which conditions a relation does not meet, and what it has instead."""
    return "; ".join(
        KINDS[kind].seen(cache, facts)
        for kind, sql in rule.conditions.items()
        if facts.relation_id not in {row[0] for row in store_rules.meeting(cache.store, sql, [facts.external_userid])}
    )


def _held_back(rule: Ready, ladder: Ladder, standing: Standing) -> str:
    """Why the customer does not end in this rule's stage although a relation meets it; "" when it does."""
    move = next(move for move in ladder.moves if move.n == rule.n)
    if not standing.applies(move):
        return _("the customer's stage is not one of `from`: {stage}", stage=_stage_name(ladder, standing.before))
    if standing.after == move.target:
        return ""
    return _("the customer ends in another stage: {stage}", stage=_stage_name(ladder, standing.after))


def _stage(case: _Case, ladder: Ladder, standing: Standing, facts: Facts) -> Iterator[tuple[str, str, str]]:
    """(tag, outcome, why) of the stage that a relation ends with, unless a rule told it, and of those it loses."""
    if standing.after is None or facts.relation_id not in ladder.relations(standing):
        return
    stage = ladder.tags[standing.after]
    told = any(
        move.target == standing.after and facts.relation_id in standing.met.get(move.n, ()) and standing.applies(move)
        for move in ladder.moves
    )
    if not told:
        why = _("the furthest stage of the customer stands on every relation that carries one or meets a rule")
        yield _stage_name(ladder, standing.after), "has" if stage in facts.tag_ids else "gets", why
    for place, tag in enumerate(ladder.tags):
        if tag in facts.tag_ids and tag != stage:
            yield _stage_name(ladder, place), "loses", _("a customer has one stage of an exclusive group")


def _stage_name(ladder: Ladder, place: int | None) -> str:
    if place is None:
        return _("none")
    return visible(f"{ladder.group.name}/{ladder.group.tags[place].name}")


def _shown(rule: Ready) -> str:
    return visible(f"{rule.tag.group_name}/{rule.tag.name}")
