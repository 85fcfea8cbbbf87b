"""Transfers of customers and groups: starting them, and finding out what became of them.

Starting a customer's transfer only begins it: for a day the customer may refuse. So a row is `submitted`
until a day and a margin have passed and WeCom was asked. Groups move at once, but the answer names only
those that did not: they are `submitted` until their owner was read back.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from wecrm.api import contacts as contacts_api
from wecrm.api import errcodes
from wecrm.api import groups as groups_api
from wecrm.api import transfers as api
from wecrm.errors import ApiError, UnansweredError, WecrmError
from wecrm.i18n import _
from wecrm.models.plan import Change, JobRow, Outcome, State, Undo
from wecrm.models.transfer import WAITING, TransferRow
from wecrm.operations import groupowners, memory, transferendings
from wecrm.operations.groupowners import Owned
from wecrm.operations.outcomes import text
from wecrm.operations.transferchanges import Pair, attempt_of, back, by_pair, kind_of, pair_of, ware_of
from wecrm.operations.transferendings import DAY_S, MARGIN_S, Attempted, People, about_pair
from wecrm.operations.transferendings import WAS_FULL as WAS_FULL
from wecrm.operations.transferendings import WAS_REFUSED as WAS_REFUSED
from wecrm.operations.work import Work
from wecrm.store import handed
from wecrm.store import transfers as ledger
from wecrm.store.database import Store
from wecrm.store.transfers import Attempt

BEIJING = timezone(timedelta(hours=8))
"""WeCom's days, by which it counts groups."""

MOVING = (40100, 40129)
"""The customer is being moved already: by the console, or to somebody else."""

_OF_ONE = (40096, 40128, 40131, 84061, *MOVING)
"""Errcodes about a customer that may also refuse the whole call."""

TOO_MANY = 45009
"""Too many groups today."""


class Customer:
    """Op `transfer.customer`: one customer of one member goes to another; a day passes before it is true."""

    op = "transfer.customer"
    batch = api.BATCH
    undo: Undo = "irreversible"

    def cluster(self, change: Change) -> str:
        return "|".join(pair_of(change))

    def group(self, change: Change) -> Hashable:
        return (*pair_of(change), change.key.get("message", ""))

    def calls(self, store: Store, clusters: Mapping[str, int], sent: int) -> dict[str, int]:
        found: Counter[str] = Counter()
        for cluster, count in clusters.items():
            kind = kind_of(cluster.split("|")[0])
            found[api.SUBMIT[kind].path] += -(-count // api.BATCH)
            found[api.RESULT[kind].path] += 2 * (1 + count // api.PAGE)
            found[contacts_api.LIST.path] += 2
        if any(cluster.startswith("resigned|") for cluster in clusters):
            found[api.UNASSIGNED.path] += 1 + sum(clusters.values()) // api.PAGE
        found.update(memory.calls(store, {_names(cluster): count for cluster, count in clusters.items()}))
        return dict(found)

    def taken(self, change: Change) -> Sequence[str]:
        return [text(change.key["handover"])]

    def existing(self, store: Store, thing: str) -> tuple[str, int]:
        return _("customers of {userid}", userid=thing), handed.customers(store, thing)

    def read(self, work: Work, changes: Sequence[Change]) -> Iterator[dict[str, State]]:
        people, pairs = People(work), by_pair(changes)
        lists = work.client.pool().map(lambda pair: transferendings.shown(work, pair), pairs)
        for (pair, rows), shown in zip(pairs.items(), lists, strict=True):
            yield {change.id: _state(change, pair, shown, people) for change in rows}

    def send(self, work: Work, changes: Sequence[Change]) -> list[Outcome]:
        kind, handover, takeover = pair_of(changes[0])
        ids = [ware_of(change) for change in changes]
        message = text(changes[0].key.get("message", ""))
        try:
            answers = api.submit(work.client, kind, handover, takeover, ids, message)
        except ApiError as error:
            if len(changes) > 1 and error.errcode in _OF_ONE:  # who of them is meant is not told
                return _halves(lambda some: self.send(work, some), changes)
            if not about_pair(error):
                raise
            return [_accepted(error.errcode, work.now())] * len(changes)
        found = {answer.external_userid: answer.errcode for answer in answers}
        return [_accepted(found.get(id_), work.now()) for id_ in ids]

    def note(self, work: Work, job: str, changes: Sequence[Change], made: Mapping[str, str]) -> None:
        now = work.now()
        ledger.begin(work.store, [attempt_of(job, change, now, now + DAY_S + MARGIN_S) for change in changes])

    def verify(self, work: Work, rows: Sequence[JobRow]) -> Iterator[dict[str, Outcome]]:
        people, now = People(work), work.now()
        by_id = {row.change.id: row for row in rows}
        pairs = by_pair([row.change for row in rows])
        lists = work.client.pool().map(lambda pair: transferendings.shown(work, pair), pairs)
        for (pair, changes), shown in zip(pairs.items(), lists, strict=True):
            known = ledger.of_pair(work.store, *pair)
            found = {}
            for change in changes:
                one = _attempted(by_id[change.id], known.get(ware_of(change), ()))
                found[change.id] = transferendings.ending(one, pair, shown.get(one.customer, ()), people, now)
            yield found

    def settled(self, work: Work, job: str, found: Sequence[tuple[JobRow, Outcome]]) -> None:
        transferendings.write_down(work, job, found)
        moved = [(*pair_of(row.change)[1:], ware_of(row.change)) for row, o in found if o.status == "verified"]
        handed.note_moved(work.store, job, moved, work.now())

    def reverse(self, store: Store, job: str, change: Change, made_id: str) -> Sequence[Change]:
        return back(change)

    def title(self, change: Change) -> str:
        return "{} · {} → {}".format(change.key["external_userid"], change.key["handover"], change.key["takeover"])


class Group:
    """Op `transfer.group`: another owner for a group, at once; 300 a day for who gives and for who takes."""

    op = "transfer.group"
    batch = api.BATCH
    undo: Undo = "compensable"

    def cluster(self, change: Change) -> str:
        return "|".join(pair_of(change))

    def group(self, change: Change) -> Hashable:
        return pair_of(change)

    def calls(self, store: Store, clusters: Mapping[str, int], sent: int) -> dict[str, int]:
        found: Counter[str] = Counter()
        for cluster, count in clusters.items():
            found[api.GROUPS[kind_of(cluster.split("|")[0])].path] += -(-count // api.BATCH)
            found[groups_api.LIST.path] += 4 * (1 + count // groups_api.PAGE)
        return dict(found)

    def taken(self, change: Change) -> Sequence[str]:
        return ()

    def existing(self, store: Store, thing: str) -> tuple[str, int]:
        return thing, 0

    def read(self, work: Work, changes: Sequence[Change]) -> Iterator[dict[str, State]]:
        today, tomorrow = _day(work.now())
        members = {userid for change in changes for userid in pair_of(change)[1:]}
        used = ledger.groups_moved(work.store, members, today)
        for pair, rows in by_pair(changes).items():
            owners = groupowners.read(work, pair, [ware_of(change) for change in rows])
            yield {change.id: _group_state(change, owners, used, tomorrow, work.now()) for change in rows}

    def send(self, work: Work, changes: Sequence[Change]) -> list[Outcome]:
        kind, _handover, takeover = pair_of(changes[0])
        ids = [ware_of(change) for change in changes]
        try:
            answers = api.move_groups(work.client, kind, ids, takeover)
        except ApiError as error:
            if error.errcode == TOO_MANY and len(changes) > 1:  # some of them may still go today
                return _halves(lambda some: self.send(work, some), changes, until=TOO_MANY)
            if error.errcode != TOO_MANY and not about_pair(error):
                raise
            return [_moved(error.errcode, error.errmsg, work.now())] * len(changes)
        failures = {one.chat_id: (one.errcode, one.errmsg) for one in answers}
        return [_moved(*failures.get(id_, (0, "")), work.now()) for id_ in ids]

    def note(self, work: Work, job: str, changes: Sequence[Change], made: Mapping[str, str]) -> None:
        now = work.now()
        ledger.begin(work.store, [attempt_of(job, change, now, now) for change in changes])

    def verify(self, work: Work, rows: Sequence[JobRow]) -> Iterator[dict[str, Outcome]]:
        by_id = {row.change.id: row for row in rows}
        for pair, changes in by_pair([row.change for row in rows]).items():
            owners = groupowners.read(work, pair, [ware_of(change) for change in changes])
            yield {c.id: groupowners.ending(by_id[c.id], pair, owners[ware_of(c)], work.now()) for c in changes}

    def settled(self, work: Work, job: str, found: Sequence[tuple[JobRow, Outcome]]) -> None:
        transferendings.write_down(work, job, found)
        moved = {ware_of(row.change): pair_of(row.change)[2] for row, o in found if o.status == "verified"}
        handed.note_owners(work.store, moved)

    def reverse(self, store: Store, job: str, change: Change, made_id: str) -> Sequence[Change]:
        return back(change)

    def title(self, change: Change) -> str:
        return "{} · {} → {}".format(change.key["chat_id"], change.key["handover"], change.key["takeover"])


def _names(cluster: str) -> Pair:
    kind, handover, takeover = cluster.split("|")
    return kind_of(kind), handover, takeover


def _state(change: Change, pair: Pair, shown: Mapping[str, Sequence[TransferRow]], people: People) -> State:
    """Where the customer is now, or is going to by WeCom's own account."""
    customer = ware_of(change)
    under_way = [row.takeover_time for row in shown.get(customer, ()) if row.status == WAITING]
    if under_way:
        return State(change.after, due_at=max(under_way) + MARGIN_S)
    place = people.place(pair, customer)
    if place == "neither":
        gone = _refused(contacts_api.NO_RELATION, _("with neither of the two members"))
        hint = _("It was assigned, or lost, or the member left more than a year ago.") if pair[0] == "resigned" else ""
        return State(gone=True, errcode=gone.errcode, errmsg=gone.errmsg, hint=hint or gone.hint)
    return State(change.after if place == "taker" else change.before)


def _accepted(errcode: int | None, now: float) -> Outcome:
    """What one customer's errcode means; None: the answer did not name them."""
    if errcode is None:
        return Outcome("unknown", evidence="accepted, and the answer does not name this customer")
    due = now + DAY_S + MARGIN_S
    if errcode == 0:
        return Outcome("submitted", due_at=due, evidence="accepted")
    if errcode in MOVING:  # whereto is not told: when it is over, the customer is looked for
        return replace(_refused(errcode), status="pending", due_at=due, evidence="WeCom: on the way already")
    return _refused(errcode)


def _moved(errcode: int, errmsg: str, now: float) -> Outcome:
    """What one group's errcode means; 0: it was not among those that stay."""
    if not errcode:
        return Outcome("submitted", due_at=now, evidence="accepted")
    if errcode == TOO_MANY:
        return replace(_refused(errcode), status="pending", due_at=_day(now)[1], evidence="too many today")
    return _refused(errcode, errmsg)


def _refused(errcode: int, errmsg: str = "") -> Outcome:
    """A row that failed with this errcode, with what can be done about it."""
    code = errcodes.find(errcode)
    return Outcome("failed", errcode, errmsg or _(code.meaning), _(code.fix) if code.fix else "")


def _halves(
    send: Callable[[Sequence[Change]], list[Outcome]], changes: Sequence[Change], until: int = 0
) -> list[Outcome]:
    """Send both halves of a call that was refused as a whole; the second waits if the first met errcode `until`."""
    half = len(changes) // 2
    done = send(changes[:half])
    stopped = next((outcome for outcome in done if until and outcome.errcode == until), None)
    if stopped is not None:
        return [*done, *[stopped] * (len(changes) - half)]
    try:
        return [*done, *send(changes[half:])]
    except UnansweredError as error:
        rest = Outcome("unknown", evidence=error.what)
    except WecrmError:  # it comes again with the next call; what the first half did is not to be forgotten
        rest = Outcome("pending")
    return [*done, *[rest] * (len(changes) - half)]


def _group_state(
    change: Change, owners: Mapping[str, Owned], used: Counter[tuple[str, str]], tomorrow: float, now: float
) -> State:
    """Who owns the group; and not before tomorrow, when one of the two has moved enough today."""
    found = owners[ware_of(change)]
    if found.error is not None:
        return State(gone=True, errcode=found.error.errcode, errmsg=found.error.errmsg, hint=found.error.fix)
    _of, handover, takeover = pair_of(change)
    later = now + MARGIN_S if found.moving else None
    if found.owner == takeover.lower():
        return State(change.after, due_at=later)
    if found.owner != handover.lower():
        return State({"owner": found.owner})
    if later is not None:
        return State(change.before, due_at=later, evidence="WeCom: is being inherited already")
    sides = ("handover", handover.lower()), ("takeover", takeover.lower())
    if max(used[side] for side in sides) >= api.GROUPS_A_DAY:
        return State(change.before, due_at=tomorrow, evidence="300 groups a day: tomorrow")
    used.update(sides)
    return State(change.before)


def _attempted(row: JobRow, known: Iterable[Attempt]) -> Attempted:
    accepted = row.status == "submitted"
    return transferendings.attempted(ware_of(row.change), row.job, row.change.id, row.sent_at, accepted, known)


def _day(now: float) -> tuple[float, float]:
    """Where WeCom's day of that moment begins, and a little after where the next one does."""
    midnight = datetime.fromtimestamp(now, BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.timestamp(), (midnight + timedelta(days=1)).timestamp() + 60
