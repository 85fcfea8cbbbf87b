"""What the report on an offboarding case says, from the case, its journal, the ledger and the cache."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from wecrm.i18n import _
from wecrm.models.offboarding import Case, CaseStep
from wecrm.models.offboardreport import WHATS, Counts, Item, JobLine, Outcome, Report, StepLine, Taker, What
from wecrm.operations import offboardfates
from wecrm.operations.offboardfates import Ending
from wecrm.store import directory, jobs, offboardings, offboardreports
from wecrm.store.database import Store

_AFTER_LEAVING = ("rest", "rest-again")
_LEFT_OVER: Mapping[What, str] = {"customer": "customers_left", "group": "groups_left"}
"""What the last step calls those who are with the leaver still, or wait for somebody."""


def build(store: Store, name: str, now: float) -> Report:
    """The report on the case of that id, or on the newest case of that userid; WeCom is not asked.

    Raises:
        UsageError: there is no such case.
    """
    case = offboardings.get(store, name)
    steps = tuple(_step(step) for step in case.steps)
    own = offboardreports.jobs_of(store, case.id)
    items = tuple(_items(store, case, steps, own))
    return Report(
        case=case.id,
        userid=case.userid,
        name=case.name,
        state=case.state,
        due=case.due,
        created_at=case.created_at,
        left_at=case.left_at,
        closed_at=case.closed_at,
        blocked_by=case.blocked_by,
        made_at=now,
        approved_by=case.approved_by,
        approved_at=case.approved_at,
        digest=case.digest,
        envelope=case.envelope,
        before=_before(store, case, steps, own),
        after={what: dict(Counter(item.outcome for item in items if item.what == what)) for what in WHATS},
        takers=_takers(store, case, items),
        memory=offboardreports.remembered(store, own),
        steps=steps,
        jobs=tuple(_job(store, id_) for id_ in own),
        items=items,
    )


def _step(step: CaseStep) -> StepLine:
    asked, answered, read_back = (msgspec.json.decode(text) for text in (step.asked, step.answered, step.read_back))
    return StepLine(
        step.n,
        step.name,
        step.state,
        step.job,
        step.started_at,
        step.finished_at,
        step.wait_until,
        step.blocked_by,
        asked,
        answered,
        read_back,
    )


def _said(steps: Sequence[StepLine], name: str) -> Mapping[str, Any]:
    """What was read back in the step of that name."""
    return next(step.read_back for step in steps if step.name == name)


def _before(store: Store, case: Case, steps: Sequence[StepLine], own: Sequence[str]) -> Counts:
    """What was read in the snapshot; until then, what was counted for the approval."""
    read, wanted = _said(steps, "snapshot"), case.envelope
    codes = int(read.get("codes", wanted.codes))
    keys = (row.change.key for job in own for row in jobs.rows(store, job))
    links = len({key["id"] for key in keys if key.get("kind") == "link"})
    return Counts(
        int(read.get("customers", wanted.customers)),
        int(read.get("groups", wanted.groups)),
        codes - links,
        links,
        offboardreports.tags_in_use(store, case.userid, case.created_at),
    )


def _items(store: Store, case: Case, steps: Sequence[StepLine], own: Sequence[str]) -> Iterator[Item]:
    """Every customer and group with its outcome, those that no step had to do with too."""
    read = _said(steps, "evidence")
    left: Mapping[What, Sequence[str]] = {what: read.get(key, ()) for what, key in _LEFT_OVER.items()}
    endings = offboardfates.endings(store, case)
    seen = {(one.what, one.object_id) for one in endings}
    names = offboardreports.names(store, {id_ for _what, id_ in seen}.union(*left.values()))
    ended = offboardreports.ended(store, own)
    for one in endings:
        yield Item(
            one.what,
            one.object_id,
            names.get(one.object_id, ""),
            _outcome(one, left[one.what]),
            one.takeover,
            one.reason,
            one.errcode,
            one.job,
            ended.get((one.job, one.object_id)),
        )
    for what, ids in left.items():
        for id_ in ids:
            if (what, id_) not in seen:
                yield Item(what, id_, names.get(id_, ""), "left", reason=_("came after the last step that moved any"))


def _outcome(one: Ending, left: Sequence[str]) -> Outcome:
    """Who says no to a transfer after the leaver left is lost to the corp, unless WeCom lists them as waiting again."""
    if one.fate == "refused" and one.step in _AFTER_LEAVING and one.object_id not in left:
        return "lost"
    return one.fate


def _takers(store: Store, case: Case, items: Sequence[Item]) -> tuple[Taker, ...]:
    """Each taker of the envelope, and whoever else was offered anything."""
    named = {userid.lower(): userid for userid in (*(i.takeover for i in items if i.takeover), *case.envelope.takers)}
    known = directory.known(store, named)
    counts = Counter((item.takeover.lower(), item.what, item.outcome) for item in items)

    def number(folded: str, outcomes: Sequence[Outcome], whats: Sequence[What] = WHATS) -> int:
        return sum(counts[folded, what, outcome] for what in whats for outcome in outcomes)

    return tuple(
        Taker(
            known[folded].userid if folded in known else userid,
            known[folded].name if folded in known else "",
            number(folded, ("verified",), ("customer",)),
            number(folded, ("verified",), ("group",)),
            number(folded, ("refused", "lost")),
            number(folded, ("full",)),
            number(folded, ("failed",)),
        )
        for folded, userid in sorted(named.items())
    )


def _job(store: Store, id_: str) -> JobLine:
    job = jobs.get(store, id_)
    rows: dict[str, int] = dict(jobs.tally(store, id_).items())
    return JobLine(
        job.id, job.kind, job.title, job.state, job.digest, job.approval, job.created_at, job.finished_at, rows
    )
