"""From who should get whom to a plan of transfers: what can't move is left out and told, everything else is shared.

Only reads. What is known to be refused (moved twice in 90 days, on the way already, a taker who can't take)
never reaches WeCom; the rest is read back once more just before it is sent.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from wecrm.i18n import _
from wecrm.models.plan import Change, NewId, Plan, Undo
from wecrm.models.sharing import Customer, Group, Misfit, Strategy
from wecrm.models.transfer import Kind
from wecrm.operations import duty, sharing, transfernotes, transfers
from wecrm.operations.transferrefusals import MOVES, WINDOW_DAYS, Refused, row
from wecrm.operations.work import Work
from wecrm.store import directory, handovers
from wecrm.store import transfers as ledger
from wecrm.store.database import Store


@dataclass(frozen=True, slots=True)
class Manner:
    """How to move: `message` is shown to on-job customers, `cap` is the most customers a taker may have then."""

    message: str = ""
    seed: int = 0
    cap: int | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What is to be moved: `kinds` by handing-over member, `takers` userids.

    `otherwise`: who takes groups that no rule decides. `refused`: what is known already not to move.
    """

    kinds: Mapping[str, Kind]
    customers: Sequence[Customer]
    groups: Sequence[Group]
    takers: Sequence[str]
    strategy: Strategy
    refused: Sequence[Refused] = ()
    otherwise: frozenset[str] = frozenset()
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan, and what it leaves out."""

    plan: Plan
    refused: Sequence[Refused]


def plan(work: Work, batch: Batch, manner: Manner) -> Planned:
    """The plan of this batch; without changes when nothing can move."""
    members = directory.known(work.store, batch.takers)
    bad = {userid: reason for userid in batch.takers if (reason := duty.unusable(userid, members))}
    takers = handovers.takers(work.store, [userid for userid in batch.takers if userid not in bad], manner.cap)
    moves = _moves(work, batch)
    customers, refused = _movable(work.store, batch, moves)
    shared = sharing.share(customers, takers, batch.strategy, manner.seed)
    homes = {one.external_userid: userid for one, userid in shared.given}
    groups, stuck = _movable_groups(work, batch)
    decided = [_decided(batch, group, homes) for group in groups]
    given, left = sharing.share_groups(decided, homes, takers, batch.strategy, manner.seed)
    misfits: list[tuple[Customer | Group, Misfit]] = [*shared.left, *left]
    refused = [*batch.refused, *refused, *stuck, *(_misfit(ware, why, bad) for ware, why in misfits)]
    changes = (*_changes("t", batch, shared.given, manner.message), *_changes("g", batch, given, ""))
    notes = transfernotes.notes(changes, takers, moves, shared.bundles, refused)
    title = _("{n:,} customers and {groups:,} groups to new members", n=len(shared.given), groups=len(given))
    return Planned(Plan("transfers", title, changes, input_digest=batch.digest, notes=tuple(notes)), refused)


def window(now: float) -> float:
    """The beginning of the first of 90 natural days, today the last; days are WeCom's."""
    today = datetime.fromtimestamp(now, transfers.BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)
    return (today - timedelta(days=WINDOW_DAYS - 1)).timestamp()


def _moves(work: Work, batch: Batch) -> Counter[str]:
    """How often each customer was moved on the job in 90 days."""
    return ledger.moves(work.store, "customer", {one.external_userid for one in batch.customers}, window(work.now()))


def _movable(store: Store, batch: Batch, moves: Mapping[str, int]) -> tuple[list[Customer], list[Refused]]:
    """Customers who may be moved now, and those who are on their way or were moved too often."""
    moving, used = ledger.moving(store), Counter(moves)
    kept: list[Customer] = []
    refused: list[Refused] = []
    for one in batch.customers:
        onjob = batch.kinds[one.handover] == "onjob"
        if one.external_userid in moving:
            refused.append(Refused(one, "moving", _meant(one)))
        elif onjob and used[one.external_userid] >= MOVES:
            refused.append(Refused(one, "moved", _meant(one)))
        else:
            used[one.external_userid] += onjob
            kept.append(one)
    return kept, refused


def _movable_groups(work: Work, batch: Batch) -> tuple[list[Group], list[Refused]]:
    moves = ledger.moves(work.store, "group", {one.chat_id for one in batch.groups}, window(work.now()))
    often = {
        one.chat_id for one in batch.groups if batch.kinds[one.handover] == "onjob" and moves[one.chat_id] >= MOVES
    }
    kept = [one for one in batch.groups if one.chat_id not in often]
    return kept, [Refused(one, "moved", _meant(one)) for one in batch.groups if one.chat_id in often]


def _decided(batch: Batch, group: Group, homes: Mapping[str, str]) -> Group:
    """Rules are about customers: a group follows its customers, or goes to those who take the rest."""
    if batch.strategy != "rules" or group.takers is not None:
        return group
    return replace(group, takers=frozenset(sharing.votes(group, homes)) or batch.otherwise)


def _misfit(ware: Customer | Group, why: Misfit, bad: Mapping[str, duty.Reason]) -> Refused:
    meant = _meant(ware)
    return Refused(ware, why, meant, bad.get(meant) if why == "unusable" else None)


def _meant(ware: Customer | Group) -> str:
    """The taker whom the caller named for it, if it was one."""
    return min(ware.takers) if ware.takers is not None and len(ware.takers) == 1 else ""


def _changes(letter: str, batch: Batch, given: Sequence[tuple[Customer | Group, str]], message: str) -> list[Change]:
    found = []
    for n, (ware, takeover) in enumerate(given, 1):
        kind = batch.kinds[ware.handover]
        key: dict[str, str | NewId] = {"kind": kind, "handover": ware.handover, "takeover": takeover}
        if isinstance(ware, Group):
            key["chat_id"] = ware.chat_id
        else:
            key["external_userid"] = ware.external_userid
        if message and kind == "onjob":
            key["message"] = message
        op = transfers.Group.op if isinstance(ware, Group) else transfers.Customer.op
        undo: Undo = "compensable" if kind == "onjob" else "irreversible"
        input_ = dict(ware.input or row(ware, takeover))
        found.append(Change(f"{letter}{n}", 0, op, key, {"owner": ware.handover}, {"owner": takeover}, undo, input_))
    return found
