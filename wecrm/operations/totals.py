"""What a plan adds up to: counted when it is written, and counted again before a plan file is believed.

The digest of a plan file tells that nobody altered it by mistake. It is no signature: whoever can write a
file can seal one whose header says less than its lines do. So limits and questions go by the lines.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, get_args

import msgspec

from wecrm.errors import SafetyError
from wecrm.files import plans as files
from wecrm.i18n import _
from wecrm.models.plan import Change, PlanHeader, Removal, Undo
from wecrm.operations import steps
from wecrm.store import jobs
from wecrm.store.database import Store

DELETING = ("tag.delete", "tag.retire")
"""Ops that take a thing away whole."""

_MOVES = ("transfer.customer", "transfer.group")
"""Ops that can be made up for while the giver is in office, which their step does not know."""


@dataclass(slots=True)
class Tally:
    """What a plan adds up to, counted while its changes go by."""

    changes: int = 0
    same: int = 0
    ops: Counter[str] = field(default_factory=Counter)
    undo: Counter[str] = field(default_factory=Counter)
    taken: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    clusters: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, change: Change) -> Change:
        """Count a change; the same change."""
        step = steps.find(change.op)
        self.clusters[change.op][step.cluster(change)] += 1
        if change.is_same:
            self.same += 1
            return change
        self.changes += 1
        self.ops[change.op] += 1
        self.undo[change.undo] += 1
        self.taken[change.op].update(step.taken(change))
        return change

    def calls(self, store: Store) -> dict[str, int]:
        """Calls per API."""
        total: Counter[str] = Counter()
        for op, clusters in self.clusters.items():
            total.update(steps.find(op).calls(store, clusters, self.ops[op]))
        return dict(total)

    def removals(self, store: Store) -> tuple[Removal, ...]:
        """What is taken away, of what the cache has now; the largest first."""
        found = []
        for op, taken in self.taken.items():
            for thing, count in taken.items():
                what, existing = steps.find(op).existing(store, thing)
                found.append(Removal(what, existing, max(existing, 1) if op in DELETING else count))
        largest = {removal.what: removal for removal in sorted(found, key=lambda removal: removal.removed)}
        return tuple(sorted(largest.values(), key=lambda removal: -removal.removed))


DAMAGE: Final = (KeyError, TypeError, ValueError, AttributeError, AssertionError, msgspec.MsgspecError)
"""What a step meets with a change that has not the form of its own."""


def opened(store: Store, path: Path) -> PlanHeader:
    """The header of a plan file whose lines do what it says; of one not begun, with what is taken away as of now.

    Raises:
        UsageError: not a plan file, or a line of it is damaged.
        SafetyError: altered since it was written, or the header says something else than the lines.
    """
    header = files.header(path)
    tally = _counted(path, files.changes(path, header))
    if (header.changes, header.same, header.ops, header.undo) != (tally.changes, tally.same, tally.ops, tally.undo):
        raise SafetyError(
            _("The header of {path} does not say what its lines do.", path=path),
            _("`wecrm` does not write such a file: somebody else made it, or changed it."),
            _("Apply plans of people you trust only; plan again from the input."),
        )
    if jobs.find(store, header.id) is not None:  # going on: what is gone already must not look like all there is
        return header
    return msgspec.structs.replace(header, removals=tally.removals(store))


def _counted(path: Path, changes: Iterable[Change]) -> Tally:
    tally = Tally()
    for n, change in enumerate(changes, 2):
        try:
            tally.add(change)
            steps.find(change.op).title(change)
            steps.find(change.op).group(change)
        except DAMAGE as error:  # it has not what its step expects
            raise files.damaged(path, n) from error
        if _rank(change.undo) < _rank(_least(change)):
            raise SafetyError(
                _(
                    "Line {n} of {path} calls {op} {claim}; it is {undo}.",
                    n=n,
                    path=path,
                    op=change.op,
                    claim=change.undo,
                    undo=_least(change),
                ),
                "",
                _("Apply plans of people you trust only; plan again from the input."),
            )
    return tally


def _least(change: Change) -> Undo:
    """How hard such a change is to undo at least."""
    if change.op in _MOVES:
        return "compensable" if change.key.get("kind") == "onjob" else "irreversible"
    return steps.find(change.op).undo


def _rank(undo: Undo) -> int:
    return get_args(Undo).index(undo)
