"""Customers and groups to the takers: on the job while the leaver is there, of somebody who left after that.

Nothing is started that the envelope does not cover. A customer who refused is not tried again on the
job; one whose taker was full, or went away, is tried once more with another taker.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from wecrm.i18n import _
from wecrm.models.offboarding import Case, StepName
from wecrm.models.plan import Change, Plan
from wecrm.models.sharing import Customer, Group
from wecrm.models.transfer import Kind
from wecrm.operations import offboardfates, offboardwares, transferplan, transfers
from wecrm.operations.offboardfates import MOVED_TOO_OFTEN, Ending
from wecrm.operations.offboardsteps import Blocked, Done, Go, Skip, Step, Wait, Wanted
from wecrm.operations.offboardsteps_before import nobody, out_of_reach
from wecrm.operations.transferplan import Batch, Manner
from wecrm.operations.transferrefusals import Refused
from wecrm.operations.work import Work
from wecrm.store import handed, handovers, jobs, offboardings

SETTLES_S = 600
"""How long after leaving WeCom may not list the customers who wait yet."""

Ops = tuple[str, ...]
CUSTOMERS: Ops = (transfers.Customer.op,)
GROUPS: Ops = (transfers.Group.op,)


@dataclass(frozen=True, slots=True)
class _Wares:
    """What is to be moved, and what is left out before anybody plans: id → reason."""

    customers: Sequence[Customer]
    groups: Sequence[Group] = ()
    left: Mapping[str, str] | None = None


class _Moves(Step):
    """What all of these have in common: the envelope, the plan of transfers, the tally."""

    kind: Kind = "onjob"
    ops: Ops = (*GROUPS, *CUSTOMERS)

    def ready(self, work: Work, case: Case) -> Go | Skip | Wait | Blocked:
        standing = offboardwares.standing(work, case.userid)
        if not standing.here:
            offboardings.note_left(work.store, case.id, work.now())
        if self.kind == "resigned":
            return Skip("the member is still there") if standing.here else Go()
        return (out_of_reach(work, case, standing) or Go()) if standing.here else Skip("the member has left")

    def wares(self, work: Work, case: Case, takers: Sequence[str]) -> _Wares:
        """What it is about."""
        raise NotImplementedError

    def plan(self, work: Work, case: Case) -> Wanted | Blocked | None:
        good, bad = offboardwares.usable(work, case)
        takers = list(good.values())
        wares = self.wares(work, case, takers)
        if not wares.customers and not wares.groups:
            return Wanted(Plan("transfers", "", ()), {}, {"left_out": _left_out((), self.ops, wares.left or {})})
        if not takers:
            return nobody(bad)
        envelope = case.envelope
        customers = offboardwares.placed(work, case.userid, envelope.strategy, list(wares.customers))
        groups = offboardwares.placed_groups(work, case.userid, envelope.strategy, list(wares.groups))
        batch = Batch({case.userid: self.kind}, customers, groups, takers, envelope.strategy, digest=case.digest)
        made = transferplan.plan(work, batch, Manner(envelope.message, envelope.seed, envelope.cap))
        changes = tuple(change for op in self.ops for change in made.plan.changes if change.op == op)
        outside = _outside(case, changes)
        if outside is not None:
            return outside
        plan = replace(made.plan, title=_("offboarding of {userid}: {step}", userid=case.userid, step=self.name))
        said = {"left_out": _left_out(made.refused, self.ops, wares.left or {}), "unusable": bad}
        return Wanted(replace(plan, changes=changes), {"takers": takers, "rows": len(changes)}, said)

    def finish(self, work: Work, case: Case, job: str) -> Done | Wait | Blocked:
        return Done({}, {"rows": jobs.tally(work.store, job) if job else {}})


def _outside(case: Case, changes: Sequence[Change]) -> Blocked | None:
    """More than was approved."""
    customers = sum(change.op in CUSTOMERS for change in changes)
    groups = len(changes) - customers
    if customers <= case.envelope.most_customers and groups <= case.envelope.most_groups:
        return None
    return Blocked(
        _(
            "{userid} has {customers:,} customers and {groups:,} groups to move; approved are {most_customers:,} and "
            "{most_groups:,}. If that is right: `wecrm offboard cancel {case}`, then start it again.",
            userid=case.userid,
            customers=customers,
            groups=groups,
            most_customers=case.envelope.most_customers,
            most_groups=case.envelope.most_groups,
            case=case.id,
        )
    )


def _left_out(refused: Sequence[Refused], ops: Ops, before: Mapping[str, str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {"customer": dict(before), "group": {}}
    for one in refused:
        if isinstance(one.ware, Group) and GROUPS[0] in ops:
            found["group"][one.ware.chat_id] = one.why
        elif isinstance(one.ware, Customer) and CUSTOMERS[0] in ops:
            found["customer"][one.ware.external_userid] = one.why
    return found


class Groups(_Moves):
    """The groups of a member who is there: at once, 300 a day; with the takers of most of their customers."""

    name = "groups"
    after = ("snapshot",)
    ops = GROUPS

    def wares(self, work: Work, case: Case, takers: Sequence[str]) -> _Wares:
        groups = offboardwares.groups(work, case.userid)
        return _Wares(offboardwares.customers(work, case.userid) if groups else (), groups)


class Customers(_Moves):
    """The customers of a member who is there; a day passes before it is true."""

    name = "customers"
    after = ("snapshot",)
    ops = CUSTOMERS

    def wares(self, work: Work, case: Case, takers: Sequence[str]) -> _Wares:
        return _Wares(offboardwares.customers(work, case.userid))


class Again(_Moves):
    """Another taker for those whose first one was full or went away, and whoever came since."""

    name: StepName = "customers-again"
    after: tuple[StepName, ...] = ("customers",)
    ops = CUSTOMERS

    def wares(self, work: Work, case: Case, takers: Sequence[str]) -> _Wares:
        return _once_more(work, case, offboardwares.customers(work, case.userid), takers)


class Rest(_Moves):
    """Whoever waits for somebody after the member has left, and the groups without an owner."""

    name: StepName = "rest"
    after: tuple[StepName, ...] = ("member",)
    kind = "resigned"

    def ready(self, work: Work, case: Case) -> Go | Skip | Wait | Blocked:
        found = super().ready(work, case)
        if not isinstance(found, Go):
            return found
        expected = handed.customers(work.store, case.userid)
        left_at = offboardings.get(work.store, case.id).left_at or work.now()
        if expected and work.now() < left_at + SETTLES_S and not offboardwares.waiting(work, case.userid):
            return Wait(left_at + SETTLES_S, "WeCom does not list the customers who wait yet")
        return found

    def wares(self, work: Work, case: Case, takers: Sequence[str]) -> _Wares:
        customers = offboardwares.waiting(work, case.userid)
        return _Wares(customers, offboardwares.groups(work, case.userid), _unlisted(work, case, customers))


class RestAgain(Rest):
    """Another taker for those of them whose first one was full or went away."""

    name = "rest-again"
    after = ("rest",)

    def wares(self, work: Work, case: Case, takers: Sequence[str]) -> _Wares:
        again = _once_more(work, case, offboardwares.waiting(work, case.userid), takers, "rest")
        return replace(again, groups=offboardwares.groups(work, case.userid))


def _unlisted(work: Work, case: Case, waiting: Sequence[Customer]) -> dict[str, str]:
    """Customers of the cache whom nobody moved and whom WeCom does not list as waiting: id → reason."""
    seen = {one.external_userid for one in waiting}
    seen |= {ending.object_id for ending in offboardfates.endings(work.store, case)}
    cached = handovers.customers(work.store, [case.userid])
    why = _("WeCom does not list it as waiting for somebody: on the way to another member already, assigned, or lost")
    return {one.external_userid: why for one in cached if one.external_userid not in seen}


def _once_more(
    work: Work, case: Case, customers: Sequence[Customer], takers: Sequence[str], step: StepName = "customers"
) -> _Wares:
    """Those who may be tried again, each without the takers who were full; the others with the reason."""
    tried: dict[str, list[Ending]] = {}
    for ending in offboardfates.of_step(work.store, case.step(step)):
        tried.setdefault(ending.object_id, []).append(ending)
    kept: list[Customer] = []
    left: dict[str, str] = {}
    for one in customers:
        before = tried.get(one.external_userid, [])
        full = {ending.takeover for ending in before if ending.fate == "full"}
        other = frozenset(takers) - full
        if any(ending.fate == "refused" or ending.errcode == MOVED_TOO_OFTEN for ending in before):
            continue
        if other:
            kept.append(replace(one, takers=other) if full else one)
        else:
            left[one.external_userid] = _("whoever may take it is at the customer limit")
    return _Wares(kept, (), left)
