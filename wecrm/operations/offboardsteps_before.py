"""What comes before anything is moved: checks, a reading of all there is, and live codes off the leaver."""

from wecrm.i18n import _
from wecrm.models.offboarding import Case
from wecrm.models.text import visible
from wecrm.operations import codeswap, offboardwares
from wecrm.operations.offboardsteps import Blocked, Done, Go, Skip, Step, Wait, Wanted
from wecrm.operations.work import Work
from wecrm.store import handovers, jobs, offboardings


class Precheck(Step):
    """Whether the leaver can hand over, and who can take."""

    name = "precheck"

    def ready(self, work: Work, case: Case) -> Go | Skip | Wait | Blocked:
        hidden = out_of_reach(work, case, offboardwares.standing(work, case.userid))
        if hidden is not None:
            return hidden
        good, bad = offboardwares.usable(work, case)
        return Go() if good else nobody(bad)

    def finish(self, work: Work, case: Case, job: str) -> Done | Wait | Blocked:
        standing = offboardwares.standing(work, case.userid)
        if not standing.here:
            offboardings.note_left(work.store, case.id, work.now())
        good, bad = offboardwares.usable(work, case)
        told = {
            "member": "here" if standing.here else "gone",
            "status": standing.member.status if standing.member else 0,
        }
        return Done({"takers": sorted(good.values()), "unusable": bad}, told)


def out_of_reach(work: Work, case: Case, standing: offboardwares.Standing) -> Blocked | None:
    """A member who is there, with customers whom WeCom does not show: deleted like this, they would be lost."""
    if not standing.here or standing.follows or not handovers.customers(work.store, [case.userid]):
        return None
    return Blocked(
        _(
            "{userid} has no customer contact (客户联系), or is out of the app's visible range: deleted like "
            "this, the customers would be lost. Admin console → 客户与上下游 → 客户联系 → 权限配置: add "
            "{userid}, and put them into the app's visible range (可见范围).",
            userid=case.userid,
        )
    )


def nobody(bad: dict[str, str]) -> Blocked:
    """Not one of the takers of the envelope can take anybody."""
    told = ", ".join(f"{userid}: {reason}" for userid, reason in sorted(bad.items()))
    return Blocked(
        _(
            "None of the takers can take anybody ({told}). Mend that in the console, or `wecrm offboard cancel` this "
            "case and start it again with other takers.",
            told=told,
        )
    )


class Snapshot(Step):
    """All of the leaver's customers, groups and codes as they are now, in the cache."""

    name = "snapshot"
    after = ("precheck",)

    def finish(self, work: Work, case: Case, job: str) -> Done | Wait | Blocked:
        standing = offboardwares.standing(work, case.userid)
        if standing.follows:
            offboardwares.remember(work, case.userid)
            customers = len(offboardwares.customers(work, case.userid))
        else:
            customers = len(offboardwares.waiting(work, case.userid))
        groups = len(offboardwares.groups(work, case.userid))
        codes = offboardwares.codes(work, case.userid)
        return Done({}, {"customers": customers, "groups": groups, "codes": len(codes)})


class Codes(Step):
    """The takers in the place of the leaver on every live code and acquisition link."""

    name = "codes"
    after = ("snapshot",)

    def plan(self, work: Work, case: Case) -> Wanted | Blocked | None:
        named = offboardwares.codes(work, case.userid)
        if not named:
            return None
        good, bad = offboardwares.usable(work, case)
        if not good:
            return nobody(bad)
        plan = codeswap.plan(work, case.userid, list(good.values()))
        return Wanted(plan, {"codes": named, "instead": list(good.values())}, {"notes": list(plan.notes)})

    def finish(self, work: Work, case: Case, job: str) -> Done | Wait | Blocked:
        left = offboardwares.codes(work, case.userid)
        if not left:
            return Done({"rows": jobs.tally(work.store, job) if job else {}}, {"still": []})
        why = "; ".join(
            f"{row.errcode} {row.errmsg}".strip() or row.evidence
            for row in jobs.rows(work.store, job, ("failed", "conflict", "unknown", "skipped"))
        )
        return Blocked(
            _(
                "Live codes still name {userid}: {codes} ({why}). Put somebody else in their place: Admin console → "
                "客户与上下游 → 加客户, or `wecrm livecodes swap {userid} MEMBER`; then advance again.",
                userid=case.userid,
                codes=", ".join(visible(name) for name in left),
                why=why or "-",
            )
        )
