"""Transfers of customers and groups: starting them, and finding out what became of them.

Starting a customer's transfer only begins it: for a day the customer may refuse. So a row is
`submitted` until a day and a margin have passed and WeCom was asked. Groups move at once.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from wecrm.api import contacts as contacts_api
from wecrm.api import errcodes
from wecrm.api import groups as groups_api
from wecrm.api import transfers as api
from wecrm.errors import ApiError, Exit
from wecrm.i18n import _
from wecrm.models.plan import Change, JobRow, Outcome, State, Undo
from wecrm.models.transfer import FINISHED, FULL, KINDS, REFUSED, WAITING, Kind, TransferRow
from wecrm.operations.outcomes import text
from wecrm.operations.work import Work
from wecrm.store import handed
from wecrm.store import transfers as ledger
from wecrm.store.database import Store
from wecrm.store.transfers import Attempt, Ended

DAY_S = 24 * 3600
MARGIN_S = 600
"""How long after the day we ask: results were seen to come late."""

LONGEST_S = 72 * 3600
"""After this, an attempt of which WeCom shows nothing is not coming any more."""

BEIJING = timezone(timedelta(hours=8))
"""WeCom's days, by which it counts groups."""

MOVING = (40100, 40129)
"""The customer is being moved already, by us or in the console."""

Pair = tuple[Kind, str, str]
"""(kind, handover, takeover)."""


class Customer:
    """Op `transfer.customer`: one customer of one member goes to another; a day passes before it is true."""

    op = "transfer.customer"
    batch = api.BATCH
    undo: Undo = "irreversible"

    def cluster(self, change: Change) -> str:
        return "|".join(_pair(change))

    def group(self, change: Change) -> Hashable:
        return (*_pair(change), change.key.get("message", ""))

    def calls(self, store: Store, clusters: Mapping[str, int], sent: int) -> dict[str, int]:
        found: Counter[str] = Counter()
        for cluster, count in clusters.items():
            kind = _kind(cluster.split("|")[0])
            found[api.SUBMIT[kind].path] += -(-count // api.BATCH)
            found[api.RESULT[kind].path] += 2 * (1 + count // api.PAGE)
            found[contacts_api.LIST.path] += 2
        if any(cluster.startswith("resigned|") for cluster in clusters):
            found[api.UNASSIGNED.path] += 1 + sum(clusters.values()) // api.PAGE
        return dict(found)

    def taken(self, change: Change) -> Sequence[str]:
        return [text(change.key["handover"])]

    def existing(self, store: Store, thing: str) -> tuple[str, int]:
        return _("customers of {userid}", userid=thing), handed.customers(store, thing)

    def read(self, work: Work, changes: Sequence[Change]) -> Iterator[dict[str, State]]:
        waiting: frozenset[tuple[str, str]] | None = None
        for pair, rows in _by_pair(changes).items():
            if pair[0] == "resigned" and waiting is None:
                waiting = frozenset((r.handover_userid.lower(), r.external_userid) for r in api.unassigned(work.client))
            sides = _look(work, pair, waiting or frozenset())
            yield {change.id: _state(change, sides) for change in rows}

    def send(self, work: Work, changes: Sequence[Change]) -> list[Outcome]:
        kind, handover, takeover = _pair(changes[0])
        ids = [text(change.key["external_userid"]) for change in changes]
        message = text(changes[0].key.get("message", ""))
        try:
            answers = api.submit(work.client, kind, handover, takeover, ids, message)
        except ApiError as error:
            if len(changes) == 1 or error.errcode not in _OF_ONE:
                raise
            return [outcome for change in changes for outcome in self._alone(work, change)]
        found = {answer.external_userid: answer.errcode for answer in answers}
        due = work.now() + DAY_S + MARGIN_S
        return [_outcome(found.get(id_), due) for id_ in ids]

    def _alone(self, work: Work, change: Change) -> list[Outcome]:
        """One customer by itself, after one of the batch made WeCom refuse all of it."""
        try:
            return self.send(work, [change])
        except ApiError as error:
            if error.code in (Exit.config, Exit.refused, Exit.temporary):
                raise
            return [Outcome("failed", error.errcode, error.errmsg, error.hint)]

    def note(self, work: Work, job: str, changes: Sequence[Change], made: Mapping[str, str]) -> None:
        now = work.now()
        attempts = {
            change.id: Attempt(
                *_pair_of(change, "customer"),
                text(change.key["external_userid"]),
                int(now),
                "waiting",
                int(now) + DAY_S + MARGIN_S,
            )
            for change in changes
        }
        ledger.begin(work.store, job, attempts)

    def verify(self, work: Work, rows: Sequence[JobRow]) -> Iterator[dict[str, Outcome]]:
        by_id = {row.change.id: row for row in rows}
        for pair, changes in _by_pair([row.change for row in rows]).items():
            attempts = ledger.of_pair(work.store, *pair)
            sides = _look(work, pair, frozenset())
            found = {}
            for change in changes:
                customer = text(change.key["external_userid"])
                own = attempts.get(customer, [])
                found[change.id] = _ended(by_id[change.id], sides, sides.rows.get(customer, []), own, work.now())
            yield found

    def settled(self, work: Work, job: str, found: Sequence[tuple[JobRow, Outcome]]) -> None:
        ended: dict[str, Ended] = {}
        moved: list[tuple[str, str, str]] = []
        for row, outcome in found:
            if outcome.status == "verified":
                ended[row.change.id] = "done"
                moved.append((*_pair(row.change)[1:], text(row.change.key["external_userid"])))
            elif outcome.status == "failed":
                ended[row.change.id] = _ENDS.get(outcome.evidence, "lost")
        ledger.end(work.store, job, ended, work.now())
        later = {row.change.id: o.due_at for row, o in found if o.status == "submitted" and o.due_at is not None}
        ledger.put_off(work.store, job, later)
        handed.note_moved(work.store, job, moved, work.now())

    def reverse(self, store: Store, job: str, change: Change, made_id: str) -> Sequence[Change]:
        kind, handover, takeover = _pair(change)
        if kind == "resigned":
            return ()
        key = {**change.key, "handover": takeover, "takeover": handover}
        return [Change(change.id, 0, self.op, key, {"owner": takeover}, {"owner": handover}, change.undo, change.input)]

    def title(self, change: Change) -> str:
        return "{} · {} → {}".format(change.key["external_userid"], change.key["handover"], change.key["takeover"])


class Group:
    """Op `transfer.group`: another owner for a group, at once; 300 a day for who gives and for who takes."""

    op = "transfer.group"
    batch = api.BATCH
    undo: Undo = "compensable"

    def cluster(self, change: Change) -> str:
        return "|".join(_pair(change))

    def group(self, change: Change) -> Hashable:
        return _pair(change)

    def calls(self, store: Store, clusters: Mapping[str, int], sent: int) -> dict[str, int]:
        found: Counter[str] = Counter({groups_api.GET.path: sum(clusters.values())})
        for cluster, count in clusters.items():
            found[api.GROUPS[_kind(cluster.split("|")[0])].path] += -(-count // api.BATCH)
        return dict(found)

    def taken(self, change: Change) -> Sequence[str]:
        return ()

    def existing(self, store: Store, thing: str) -> tuple[str, int]:
        return thing, 0

    def read(self, work: Work, changes: Sequence[Change]) -> Iterator[dict[str, State]]:
        today, tomorrow = _day(work.now())
        members = {userid for change in changes for userid in _pair(change)[1:]}
        used = ledger.groups_moved(work.store, members, today)
        found = work.client.pool().map(lambda change: _owner(work, change), changes)
        for change, owner in zip(changes, found, strict=True):
            yield {change.id: _group_state(change, owner, used, tomorrow)}

    def send(self, work: Work, changes: Sequence[Change]) -> list[Outcome]:
        kind, _handover, takeover = _pair(changes[0])
        ids = [text(change.key["chat_id"]) for change in changes]
        failures = {one.chat_id: one for one in api.move_groups(work.client, kind, ids, takeover)}
        return [
            Outcome("ok")
            if id_ not in failures
            else Outcome(
                "failed", failures[id_].errcode, failures[id_].errmsg, errcodes.find(failures[id_].errcode).fix
            )
            for id_ in ids
        ]

    def note(self, work: Work, job: str, changes: Sequence[Change], made: Mapping[str, str]) -> None:
        now = int(work.now())
        attempts = {
            change.id: Attempt(*_pair_of(change, "group"), text(change.key["chat_id"]), now, "done", finished_at=now)
            for change in changes
        }
        ledger.begin(work.store, job, attempts)
        handed.note_owners(work.store, {text(c.key["chat_id"]): _pair(c)[2] for c in changes})

    def reverse(self, store: Store, job: str, change: Change, made_id: str) -> Sequence[Change]:
        kind, handover, takeover = _pair(change)
        if kind == "resigned":
            return ()
        key = {**change.key, "handover": takeover, "takeover": handover}
        return [Change(change.id, 0, self.op, key, {"owner": takeover}, {"owner": handover}, self.undo, change.input)]

    def title(self, change: Change) -> str:
        return "{} · {} → {}".format(change.key["chat_id"], change.key["handover"], change.key["takeover"])


@dataclass(frozen=True, slots=True)
class _Sides:
    """What WeCom shows of a pair: whose customers are whose (a leaver's are those who wait), and its transfers."""

    giver: frozenset[str]
    taker: frozenset[str]
    rows: Mapping[str, list[TransferRow]] = field(default_factory=dict)


_OF_ONE = (40096, 40131, 84061, *MOVING, 40128)
"""Errcodes about a customer that may also refuse the whole call."""

_ENDS: Mapping[str, Ended] = {"WeCom: refused, or no longer a friend": "refused", "WeCom: the taker is full": "full"}


def _look(work: Work, pair: Pair, waiting: frozenset[tuple[str, str]]) -> _Sides:
    kind, handover, takeover = pair
    rows: dict[str, list[TransferRow]] = defaultdict(list)
    for row in api.results(work.client, *pair):
        rows[row.external_userid].append(row)
    if kind == "resigned":
        giver = frozenset(external for userid, external in waiting if userid == handover.lower())
    else:
        giver = frozenset(contacts_api.external_userids(work.client, handover))
    return _Sides(giver, frozenset(contacts_api.external_userids(work.client, takeover)), rows)


def _state(change: Change, sides: _Sides) -> State:
    """Where the customer is now, or is going to by WeCom's own account."""
    customer, (kind, _giver, _taker) = text(change.key["external_userid"]), _pair(change)
    under_way = [row for row in sides.rows.get(customer, ()) if row.status == WAITING]
    if under_way:
        return State(change.after, due_at=max(row.takeover_time for row in under_way) + MARGIN_S)
    if customer in sides.giver:
        return State(change.before, settles_s=0.0 if kind == "resigned" else DAY_S + MARGIN_S)
    if customer in sides.taker:
        return State(change.after)
    return State(gone=True, errcode=contacts_api.NO_RELATION, errmsg="with neither of the two")


def _outcome(errcode: int | None, due: float) -> Outcome:
    """What one customer's errcode means; None: the answer did not name them."""
    if errcode is None:
        return Outcome("unknown", evidence="accepted, and the answer does not name this customer")
    if errcode == 0:
        return Outcome("submitted", due_at=due, evidence="accepted")
    if errcode in MOVING:
        return Outcome("submitted", errcode, due_at=due, evidence="WeCom: is being moved already")
    return Outcome("failed", errcode, errcodes.find(errcode).meaning, errcodes.find(errcode).fix)


def _ended(
    row: JobRow, sides: _Sides, shown: Sequence[TransferRow], attempts: Sequence[Attempt], now: float
) -> Outcome:
    """What became of a submitted row, now that it is due."""
    kind, _giver, _taker = _pair(row.change)
    customer = text(row.change.key["external_userid"])
    waiting = [one for one in shown if one.status == WAITING]
    if waiting:
        later = max(now, max(one.takeover_time for one in waiting)) + MARGIN_S
        return Outcome("submitted", due_at=later, evidence="WeCom: still waiting")
    status = _newest(shown, attempts)
    if status == FINISHED or (customer in sides.taker and customer not in sides.giver):
        return Outcome("verified", evidence="read back: with the taker")
    if status == REFUSED:
        stays = kind == "onjob"
        hint = (
            _("The customer stays with the former member; another taker may be tried.")
            if stays
            else _("A customer of somebody who left is lost when they refuse.")
        )
        return Outcome("failed", 0, _("refused, or no longer a friend"), hint, evidence=next(iter(_ENDS)))
    if status == FULL:
        hint = _("Give the customer to another taker.")
        return Outcome("failed", 0, _("the taker is at the customer limit"), hint, evidence=list(_ENDS)[1])
    if now < (row.sent_at or now) + LONGEST_S:
        return Outcome("submitted", due_at=now + DAY_S / 4, evidence="WeCom shows nothing yet")
    return Outcome("failed", 0, _("WeCom shows nothing of this transfer"), _("`wecrm jobs retry` starts it again."))


def _newest(shown: Sequence[TransferRow], attempts: Sequence[Attempt]) -> int | None:
    """The status that belongs to the newest attempt: what is left when earlier attempts took theirs.

    WeCom lists every attempt of a pair without an id and in no promised order, or the newest alone.
    """
    left = Counter(one.status for one in shown)
    if not left:
        return None
    if sum(left.values()) > 1:
        for attempt in attempts[:-1]:
            earlier = {"done": FINISHED, "refused": REFUSED, "full": FULL}.get(attempt.status)
            if earlier is not None and sum(left.values()) > 1 and left[earlier]:
                left[earlier] -= 1
    return next(status for status in (FINISHED, REFUSED, FULL, *left) if left[status] > 0)


def _owner(work: Work, change: Change) -> str | ApiError:
    try:
        return groups_api.get(work.client, text(change.key["chat_id"]))[0].owner
    except ApiError as error:
        if error.code in (Exit.config, Exit.refused, Exit.temporary):
            raise
        return error


def _group_state(change: Change, owner: str | ApiError, used: Counter[str], tomorrow: float) -> State:
    """Who owns the group; and not before tomorrow, when one of the two has moved enough today."""
    if isinstance(owner, ApiError):
        return State(gone=True, errcode=owner.errcode, errmsg=owner.errmsg)
    handover, takeover = _pair(change)[1:]
    if owner.lower() == takeover.lower():
        return State(change.after)
    if owner.lower() != handover.lower():
        return State({"owner": owner})
    if max(used[handover.lower()], used[takeover.lower()]) >= api.GROUPS_A_DAY:
        return State(change.before, due_at=tomorrow, evidence="300 groups a day: tomorrow")
    used.update((handover.lower(), takeover.lower()))
    return State(change.before)


def _day(now: float) -> tuple[float, float]:
    """Where WeCom's day of that moment begins, and a little after where the next one does."""
    midnight = datetime.fromtimestamp(now, BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.timestamp(), (midnight + timedelta(days=1)).timestamp() + 60


def _by_pair(changes: Iterable[Change]) -> dict[Pair, list[Change]]:
    found: dict[Pair, list[Change]] = {}
    for change in changes:
        found.setdefault(_pair(change), []).append(change)
    return found


def _pair(change: Change) -> Pair:
    return _kind(text(change.key["kind"])), text(change.key["handover"]), text(change.key["takeover"])


def _pair_of(change: Change, what: ledger.What) -> tuple[Kind, ledger.What, str, str]:
    kind, handover, takeover = _pair(change)
    return kind, what, handover, takeover


def _kind(name: str) -> Kind:
    return next(kind for kind in KINDS if kind == name)
