"""What one kind of change can do: the protocol, and the registry of all of them."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Protocol

from wecrm.errors import SafetyError
from wecrm.i18n import _
from wecrm.models.plan import Change, JobRow, Outcome, State, Undo
from wecrm.operations.work import Work
from wecrm.store.database import Store


class Step(Protocol):
    """One op: how its rows are read, sent, undone and told. Everything else is the runner's."""

    op: str
    batch: int
    undo: Undo

    def cluster(self, change: Change) -> str:
        """What rows that are read together have in common (a member, say)."""
        ...

    def group(self, change: Change) -> Hashable:
        """What rows that may share a call have in common."""
        ...

    def calls(self, store: Store, clusters: Mapping[str, int], sent: int) -> dict[str, int]:
        """Calls per API: reading back all rows of these clusters, and sending `sent` of them."""
        ...

    def taken(self, change: Change) -> Sequence[str]:
        """Names of the things that this change takes something away from."""
        ...

    def existing(self, store: Store, thing: str) -> tuple[str, int]:
        """(what a person calls `thing`, how much of it there is)."""
        ...

    def read(self, work: Work, changes: Sequence[Change]) -> Iterator[dict[str, State]]:
        """What WeCom has now for each change id, as answers arrive; every change comes once."""
        ...

    def send(self, work: Work, changes: Sequence[Change]) -> list[Outcome]:
        """Make at most `batch` changes of one group; one outcome each, in order.

        Runs in a thread: it may use `work.client`, never `work.store`.
        """
        ...

    def note(self, work: Work, job: str, changes: Sequence[Change], made: Mapping[str, str]) -> None:
        """Bring the cache up to what these changes did; `made` maps change id → id made by it."""
        ...

    def reverse(self, store: Store, job: str, change: Change, made_id: str) -> Sequence[Change]:
        """The changes that undo this one, to be done in this order; () when it can't be undone."""
        ...

    def title(self, change: Change) -> str:
        """One line for a person: what it does to what."""
        ...


class Waiting(Step, Protocol):
    """A step whose effect comes after WeCom accepted it; only reading back calls it done."""

    def verify(self, work: Work, rows: Sequence[JobRow]) -> Iterator[dict[str, Outcome]]:
        """What became of these rows, submitted or unanswered, by change id, as answers arrive; nothing is sent.

        `verified`, `failed`, `submitted` or `unknown` with another `due_at`, or `pending`: it never began.
        Every row comes once.
        """
        ...

    def settled(self, work: Work, job: str, found: Sequence[tuple[JobRow, Outcome]]) -> None:
        """Bring the cache up to these outcomes."""
        ...


def find(op: str) -> Step:
    """The step of that op; a plan of a newer wecrm may name one that is not known here."""
    if op not in REGISTRY:
        raise SafetyError(
            _("This plan has a kind of change that is not known here: {op}.", op=op),
            "",
            _("Update wecrm, or plan again."),
        )
    return REGISTRY[op]


def waiting(op: str) -> Waiting | None:
    """The step of that op, if WeCom accepts its rows first and does them later."""
    from wecrm.operations import transfers

    steps: dict[str, Waiting] = {step.op: step for step in (transfers.Customer(), transfers.Group())}
    return steps.get(op)


def _registry() -> dict[str, Step]:
    from wecrm.operations import exclusive, livecodes, marks, remarks, staff, tagmerge, tags, transfers, welcomes

    steps: tuple[Step, ...] = (
        marks.Mark(),
        remarks.Remark(),
        tags.Create(),
        tags.Rename(),
        tags.Reorder(),
        tags.Delete(),
        tagmerge.Retire(),
        exclusive.Exclusive(),
        livecodes.Create(),
        livecodes.Update(),
        livecodes.Duty(),
        livecodes.Delete(),
        welcomes.Create(),
        welcomes.Edit(),
        welcomes.Delete(),
        transfers.Customer(),
        transfers.Group(),
        staff.Disable(),
        staff.Delete(),
        staff.Notice(),
    )
    return {step.op: step for step in steps}


REGISTRY = _registry()
