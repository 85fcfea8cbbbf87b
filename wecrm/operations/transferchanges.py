"""What a change of a transfer says: who gives what to whom, as the ledger notes it, and the way back."""

from collections.abc import Iterable, Sequence

from wecrm.models.plan import Change
from wecrm.models.transfer import KINDS, Kind
from wecrm.operations.outcomes import text
from wecrm.store.transfers import Attempt, What

Pair = tuple[Kind, str, str]
"""(kind, handover, takeover)."""

_IDS: dict[str, What] = {"external_userid": "customer", "chat_id": "group"}


def pair_of(change: Change) -> Pair:
    """Between whom it is, and whether the giver still works here."""
    return kind_of(text(change.key["kind"])), text(change.key["handover"]), text(change.key["takeover"])


def kind_of(name: str) -> Kind:
    """The kind of that name."""
    return next(kind for kind in KINDS if kind == name)


def ware_of(change: Change) -> str:
    """The external_userid or chat_id that it moves."""
    return text(change.key[_id_name(change)])


def by_pair(changes: Iterable[Change]) -> dict[Pair, list[Change]]:
    """The changes of each pair, in their order."""
    found: dict[Pair, list[Change]] = {}
    for change in changes:
        found.setdefault(pair_of(change), []).append(change)
    return found


def attempt_of(job: str, change: Change, started_at: float, due_at: float | None) -> Attempt:
    """An attempt of this change that is under way, for the ledger."""
    of, handover, takeover = pair_of(change)
    what, due = _IDS[_id_name(change)], None if due_at is None else int(due_at)
    return Attempt(of, what, handover, takeover, ware_of(change), job, change.id, int(started_at), due_at=due)


def back(change: Change) -> Sequence[Change]:
    """The way back to a member who still works here: a second move, without the words that went with the first."""
    of, handover, takeover = pair_of(change)
    if of == "resigned":
        return ()
    name = _id_name(change)
    key = {"kind": of, "handover": takeover, "takeover": handover, name: ware_of(change)}
    row = {"userid": takeover, name: ware_of(change), "takeover": handover}
    return [Change(change.id, 0, change.op, {**key}, {"owner": takeover}, {"owner": handover}, change.undo, row)]


def _id_name(change: Change) -> str:
    return next(name for name in _IDS if name in change.key)
