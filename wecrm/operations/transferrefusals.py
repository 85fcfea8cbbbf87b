"""What can't be moved, known before anything is sent: who, why, and what to do about it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from wecrm.i18n import _
from wecrm.models.sharing import Customer, Group, Misfit
from wecrm.models.table import Column, Table
from wecrm.operations import duty

Reason = Misfit | Literal["moving", "moved", "not_theirs", "not_waiting", "not_owner"]

MOVES = 2
"""How often a customer or group may move on the job in so many natural days (docs 92125, 95703)."""
WINDOW_DAYS = 90


@dataclass(frozen=True, slots=True)
class Refused:
    """One customer or group that stays out of the plan; `takeover` is who it was meant for, if anybody."""

    ware: Customer | Group
    reason: Reason
    takeover: str = ""
    unusable: duty.Reason | None = None

    @property
    def why(self) -> str:
        """What speaks against it, for a person."""
        if self.unusable is not None:
            return _("{userid} can't take anybody: {why}", userid=self.takeover, why=duty.told(self.unusable))
        return {
            "self": _("the taker is who has it already"),
            "unusable": _("there is no taker who could have it"),
            "department": _("no taker is in a department of {userid}", userid=self.ware.handover),
            "rule": _("no rule says who takes it"),
            "full": _("whoever may take it is at the cap"),
            "together": _("no one taker may have, or has room for, all who belong together"),
            "moving": _("is being moved already"),
            "moved": _("moved {n} times in {days} days", n=MOVES, days=WINDOW_DAYS),
            "not_theirs": _("is no customer of {userid} in the cache", userid=self.ware.handover),
            "not_waiting": _(
                "WeCom does not list it as waiting for somebody after {userid}", userid=self.ware.handover
            ),
            "not_owner": _("is no group of {userid} in the cache", userid=self.ware.handover),
        }[self.reason]

    @property
    def fix(self) -> str:
        """What can be done about it."""
        return {
            "self": _("Name somebody else."),
            "unusable": _("Name somebody who has customer contact (客户联系) and is in sight of the app."),
            "department": _("Name a taker of that department, or another strategy."),
            "rule": _("Add a rule, or `else`."),
            "full": _("Name more takers, or raise --cap."),
            "together": _("Name more takers, raise --cap, or take another strategy."),
            "moving": _("`wecrm transfers poll` tells how it ended; then plan again."),
            "moved": _("WeCom refuses a third move: wait until the first is {days} days old.", days=WINDOW_DAYS),
            "not_theirs": _("`wecrm sync contacts` reads who has whom."),
            "not_waiting": _("It was assigned, or lost, or the member left more than a year ago."),
            "not_owner": _("`wecrm sync groups` reads who owns what."),
        }[self.reason]

    @property
    def input(self) -> Mapping[str, str]:
        """Its row: the caller's, or one that could be given to the planner again."""
        return self.ware.input or row(self.ware, self.takeover)


def row(ware: Customer | Group, takeover: str) -> dict[str, str]:
    """A row that means this, as a file for the planner has it."""
    name, id_ = ("chat_id", ware.chat_id) if isinstance(ware, Group) else ("external_userid", ware.external_userid)
    return {"userid": ware.handover, name: id_, "takeover": takeover}


def summary(refused: Sequence[Refused]) -> Iterator[str]:
    """A sentence for each reason, with how many it keeps out and what to do."""
    counts = Counter((one.why, one.fix) for one in refused)
    for (why, fix), n in counts.most_common():
        yield _("Left out, {n:,}: {why}. {fix}", n=n, why=why, fix=fix)


def table(refused: Sequence[Refused]) -> Table:
    """All of them, with the columns of their input: mended, it can be given to the planner again."""
    names = dict.fromkeys(name for one in refused for name in one.input)
    own = (Column("reason", _("Reason")), Column("why", _("Why")), Column("fix", _("What to do")))
    kept = [name for name in names if name not in ("reason", "why", "fix")]
    rows = ((*(one.input.get(name, "") for name in kept), one.reason, one.why, one.fix) for one in refused)
    return Table("refused", (*(Column(name, name, "id") for name in kept), *own), rows)
