"""What comes when customers have moved: their memory, the member's access, the archive, the evidence."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime

from wecrm.i18n import _
from wecrm.models.memory import Kept
from wecrm.models.offboarding import Case, Fate, StepName
from wecrm.models.plan import Change, Plan
from wecrm.models.text import visible
from wecrm.operations import memory, offboardfates, offboardwares, runner, staff
from wecrm.operations.offboardsteps import Blocked, Done, Go, Skip, Step, Wait, Wanted, day_over
from wecrm.operations.offboardsteps_before import out_of_reach
from wecrm.operations.transfers import BEIJING
from wecrm.operations.work import Work
from wecrm.store import jobs, offboardings, passes
from wecrm.store import transfers as ledger

LOOK_S = 6 * 3600
"""How often it is looked whether HR has deleted the member."""

SETTLES_S = 600
"""How long WeCom may take to forget a deleted member."""


class Memory(Step):
    """Tags, remarks and mobiles of the leaver back at those who took the customers over."""

    name: StepName = "memory"
    after: tuple[StepName, ...] = ("customers-again",)
    of: tuple[StepName, ...] = ("customers", "customers-again")

    def ready(self, work: Work, case: Case) -> Go | Skip | Wait | Blocked:
        return Go() if self._kept(work, case) else Skip("no customer has moved")

    def plan(self, work: Work, case: Case) -> Wanted | Blocked | None:
        kept = [each for each in self._kept(work, case) if each.restored_at is None]
        plan = memory.restoration(work, kept)
        return Wanted(plan, {"customers": len(kept)}, {"notes": list(plan.notes)}) if plan.changes else None

    def finish(self, work: Work, case: Case, job: str) -> Done | Wait | Blocked:
        results = memory.verified(work, self._kept(work, case))
        return Done({"rows": jobs.tally(work.store, job) if job else {}}, dict(results))

    def _kept(self, work: Work, case: Case) -> list[Kept]:
        ids = [case.step(name).job for name in self.of]
        return [each for job in ids if job for each in memory.arrived(work.store, job)[0]]


class RestMemory(Memory):
    """The same for those who were moved after the member had left."""

    name = "rest-memory"
    after = ("rest-again",)
    of = ("rest", "rest-again")


class Removal(Step):
    """The member is disabled or deleted, if that was approved; else HR does it. Never while anything waits."""

    name = "member"
    after = ("codes", "groups", "customers", "customers-again")

    def ready(self, work: Work, case: Case) -> Go | Skip | Wait | Blocked:
        standing = offboardwares.standing(work, case.userid)
        if not standing.here:
            return Skip("the member has left")
        hidden = out_of_reach(work, case, standing)
        if hidden is not None:
            return hidden
        for job, due_at in ledger.moving_from(work.store, case.userid).items():
            if due_at <= work.now():
                runner.verify(work, jobs.get(work.store, job))  # of another job: it is only asked about
        moving = ledger.moving_from(work.store, case.userid)
        if moving:
            return Wait(min(moving.values()), "transfers are under way")
        over = day_over(case)
        if work.now() < over:
            soon = over if case.envelope.removal != "wait" else min(over, work.now() + LOOK_S)
            return Wait(soon, "the last day is not over")
        if case.envelope.removal == "wait":
            return Blocked(
                _(
                    "{userid} is still a member after the last day, {due}. HR deletes the member: Admin console → "
                    "通讯录 → {userid} → 删除; then advance again.",
                    userid=case.userid,
                    due=case.due,
                )
            )
        return Go()

    def plan(self, work: Work, case: Case) -> Wanted | Blocked | None:
        key = {"userid": case.userid}
        if case.envelope.removal == "disable":
            change = Change("m1", 0, staff.Disable.op, {**key}, {"enabled": True}, {"enabled": False})
        else:
            change = Change("m1", 0, staff.Delete.op, {**key}, {"present": True}, {"present": False}, staff.Delete.undo)
        title = _("offboarding of {userid}: {step}", userid=case.userid, step=case.envelope.removal)
        return Wanted(Plan("staff", title, (change,)), {"removal": case.envelope.removal})

    def finish(self, work: Work, case: Case, job: str) -> Done | Wait | Blocked:
        standing = offboardwares.standing(work, case.userid)
        told = {
            "member": "here" if standing.here else "gone",
            "status": standing.member.status if standing.member else 0,
        }
        bad = next(jobs.rows(work.store, job, ("failed", "conflict", "unknown", "skipped")), None) if job else None
        if bad is not None and standing.here:
            return Blocked(
                _(
                    "{userid} could not be removed: {errcode} {errmsg}. {hint}. Do it in Admin console → 通讯录 → "
                    "{userid}, or mend what WeCom refuses; then advance again.",
                    userid=case.userid,
                    errcode=bad.errcode,
                    errmsg=bad.errmsg or bad.evidence,
                    hint=bad.hint.rstrip(".。"),
                )
            )
        if case.envelope.removal == "delete":
            if standing.here:
                return Wait(work.now() + SETTLES_S, "WeCom still shows the member")
            offboardings.note_left(work.store, case.id, work.now())
        return Done({"rows": jobs.tally(work.store, job) if job else {}}, told)


class Archive(Step):
    """Conversations complete up to the last day: nightly pulls fetch them, the case only waits for that."""

    name = "archive"
    after = ("memory", "rest-memory")

    def ready(self, work: Work, case: Case) -> Go | Skip | Wait | Blocked:
        standing = work.archive()
        if standing is None:
            return Skip("no archive")
        if (standing.covered_until or 0) < day_over(case):
            return Wait(work.now() + LOOK_S, "the archive is not complete up to the last day")
        return Go()

    def finish(self, work: Work, case: Case, job: str) -> Done | Wait | Blocked:
        standing = work.archive()
        assert standing is not None
        told = {"covered_until": standing.covered_until, "unreadable": standing.unreadable, "media": standing.media}
        return Done(told, {"gaps": list(standing.gaps)})


class Notices(Step):
    """A short message to each taker: how many customers and groups came to them, and where to look."""

    name = "notices"
    after = ("archive",)

    def ready(self, work: Work, case: Case) -> Go | Skip | Wait | Blocked:
        return Go() if case.envelope.tell else Skip("not asked for")

    def plan(self, work: Work, case: Case) -> Wanted | Blocked | None:
        moved = [one for one in offboardfates.endings(work.store, case) if one.fate == "verified"]
        day = datetime.fromtimestamp(work.now(), BEIJING).strftime("%Y-%m-%d")
        changes = []
        for n, userid in enumerate(sorted({one.takeover for one in moved}), 1):
            own = [one.what for one in moved if one.takeover == userid]
            text = _(
                "{customers:,} customers and {groups:,} groups of {name} are yours now.",
                customers=own.count("customer"),
                groups=own.count("group"),
                name=visible(case.name or case.userid),
            )
            key = {"userid": userid, "about": case.id, "day": day, "text": text}
            changes.append(
                Change(f"n{n}", 0, staff.Notice.op, {**key}, {"sent": False}, {"sent": True}, staff.Notice.undo)
            )
        title = _("offboarding of {userid}: {step}", userid=case.userid, step=self.name)
        return Wanted(Plan("notices", title, tuple(changes)), {"takers": len(changes)})

    def finish(self, work: Work, case: Case, job: str) -> Done | Wait | Blocked:
        return Done({"rows": jobs.tally(work.store, job) if job else {}})


class Evidence(Step):
    """What became of everything, counted from the journal and read back from WeCom."""

    name = "evidence"
    after = ("notices",)

    def finish(self, work: Work, case: Case, job: str) -> Done | Wait | Blocked:
        standing = offboardwares.standing(work, case.userid)
        endings = offboardfates.endings(work.store, case)
        listed = (offboardwares.customers if standing.follows else offboardwares.waiting)(work, case.userid)
        customers = sorted(one.external_userid for one in listed)
        if not standing.here:
            passes.end_left(work.store, case.userid, customers, work.now())
        groups = sorted(one.chat_id for one in offboardwares.groups(work, case.userid))
        read_back = {
            "member": "here" if standing.here else "gone",
            "status": standing.member.status if standing.member else 0,
            "customers_left": customers,
            "groups_left": groups,
            "codes_left": offboardwares.codes(work, case.userid),
            "takers_gone": offboardwares.usable(work, case)[1],
        }
        known = {one.object_id for one in endings}
        counts = {
            "customers": _with_new(offboardfates.tally(endings, "customer"), set(customers) - known),
            "groups": _with_new(offboardfates.tally(endings, "group"), set(groups) - known),
        }
        return Done(counts, read_back)


def _with_new(counted: Counter[Fate], new: Collection[str]) -> dict[str, int]:
    """The tally with those who came when everybody had been moved: they stay with the leaver."""
    found: dict[str, int] = dict(counted.items())
    if new:
        found["left"] = found.get("left", 0) + len(new)
    return found
