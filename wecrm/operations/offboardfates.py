"""What became of every customer and group of a leaver, from the journal of the case's jobs."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import msgspec

from wecrm.models.offboarding import Case, CaseStep, Fate
from wecrm.models.plan import JobRow
from wecrm.operations import transfers
from wecrm.operations.outcomes import text
from wecrm.store import jobs
from wecrm.store.database import Store

What = Literal["customer", "group"]
FULL = 40099
MOVED_TOO_OFTEN = 40128


@dataclass(frozen=True, slots=True)
class Ending:
    """How the last attempt to move one customer or group ended; `takeover` "" where there was no attempt.

    `reason`: what WeCom, the journal or the planner said; never a customer's words.
    """

    what: What
    object_id: str
    fate: Fate
    takeover: str
    reason: str
    errcode: int
    step: str
    job: str


def endings(store: Store, case: Case) -> list[Ending]:
    """The last word on each customer and group that a step of the case had to do with, in order of the steps.

    What is `verified` once stays so; whoever was left out of a later plan keeps the earlier attempt's ending.
    """
    found: dict[tuple[What, str], Ending] = {}
    for step in case.steps:
        for ending in (*_left_out(step), *of_step(store, step)):
            key = ending.what, ending.object_id
            before = found.get(key)
            if before is None or (before.fate != "verified" and (ending.job or not before.job)):
                found[key] = ending
    return list(found.values())


def tally(found: Iterable[Ending], what: What) -> Counter[Fate]:
    """How many of them ended in which way."""
    return Counter(one.fate for one in found if one.what == what)


def of_row(row: JobRow) -> Fate:
    """How one row of a transfer ended."""
    if row.status in ("verified", "ok", "same"):
        return "verified"
    if row.status in ("pending", "unknown", "submitted"):
        return "waiting"
    if row.evidence == transfers.WAS_REFUSED:
        return "refused"
    if row.evidence == transfers.WAS_FULL or row.errcode == FULL:
        return "full"
    return "failed"


def of_step(store: Store, step: CaseStep) -> Iterable[Ending]:
    """How the rows of one step ended."""
    if not step.job:
        return
    for row in jobs.rows(store, step.job):
        if row.change.op in (transfers.Customer.op, transfers.Group.op):
            what: What = "customer" if row.change.op == transfers.Customer.op else "group"
            object_id = text(row.change.key["external_userid" if what == "customer" else "chat_id"])
            reason = row.errmsg or row.evidence
            takeover = text(row.change.key["takeover"])
            yield Ending(what, object_id, of_row(row), takeover, reason, row.errcode, step.name, step.job)


def _left_out(step: CaseStep) -> Iterable[Ending]:
    said = msgspec.json.decode(step.answered)
    kinds: tuple[What, ...] = ("customer", "group")
    for what in kinds:
        for object_id, reason in said.get("left_out", {}).get(what, {}).items():
            yield Ending(what, object_id, "left", "", reason, 0, step.name, "")
