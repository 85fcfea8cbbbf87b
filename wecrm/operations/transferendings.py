"""What became of customers on their way to another member: WeCom's list, our ledger, whose customers they are.

WeCom lists the attempts of a pair without an id, in no promised order, or the newest alone. Right after the
start it may list nothing, so that silence says nothing before a day has passed. A row whose answer was lost
may never have begun: `begun` tells those two apart.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Literal

from wecrm.api import contacts as contacts_api
from wecrm.api import transfers as api
from wecrm.api.errcodes import Reaction, find
from wecrm.errors import ApiError
from wecrm.i18n import _
from wecrm.models.plan import JobRow, Outcome
from wecrm.models.transfer import FINISHED, FULL, NO_RECORD, REFUSED, WAITING, Kind, TransferRow
from wecrm.operations.transferchanges import Pair, attempt_of
from wecrm.operations.work import Work
from wecrm.store import transfers as ledger
from wecrm.store.transfers import Attempt, Ended

DAY_S = 24 * 3600
MARGIN_S = 600
"""How long after the day we ask: results were seen to come late."""

LONGEST_S = 72 * 3600
"""After this, an attempt of which WeCom shows nothing is not coming any more."""

WAS_REFUSED = "WeCom: refused, or no longer a friend"
WAS_FULL = "WeCom: the taker is full"
"""Evidence of the two ways in which WeCom ends an attempt without moving the customer."""

_ENDS: Mapping[str, Ended] = {WAS_REFUSED: "refused", WAS_FULL: "full"}

_UNKNOWN_MEMBER = (40003, 60111)
_ABOUT_MEMBERS = (84074, 90510)
"""Refusals that may mean one of the two members, although they read as if they meant the corp."""

_ENDED = {"refused": REFUSED, "full": FULL}
"""How the ledger names the statuses that come without a time."""

Place = Literal["giver", "taker", "neither", "unseen"]
"""With whom a customer is: `giver` also where both have them; `unseen` when it can't be read."""


def about_pair(error: ApiError) -> bool:
    """Whether a refusal means these two members or what was sent of them, so that others can go on."""
    reactions = (Reaction.item, Reaction.gone, Reaction.input)
    return error.errcode in _ABOUT_MEMBERS or find(error.errcode).reaction in reactions


@dataclass(slots=True)
class People:
    """Whose customers are whose: each member is read once, and only when somebody asks."""

    work: Work
    _lists: dict[str, Set[str]] = field(default_factory=dict)
    _left: dict[str, set[str]] | None = None

    def of(self, userid: str) -> Set[str]:
        """Customers of a member; of one who left, those who wait for somebody.

        Raises:
            ApiError: the member is out of sight.
        """
        if userid not in self._lists:
            try:
                self._lists[userid] = frozenset(contacts_api.external_userids(self.work.client, userid))
            except ApiError as error:
                if error.errcode not in _UNKNOWN_MEMBER:
                    raise
                self._lists[userid] = self.left_by(userid)
        return self._lists[userid]

    def left_by(self, userid: str) -> Set[str]:
        """Customers who wait for somebody after that member left."""
        if self._left is None:
            self._left = defaultdict(set)
            for row in api.unassigned(self.work.client):
                self._left[row.handover_userid.lower()].add(row.external_userid)
        return self._left.get(userid.lower(), frozenset())

    def place(self, pair: Pair, customer: str) -> Place:
        """With which of the two the customer is now."""
        kind, handover, takeover = pair
        try:
            if customer in (self.left_by(handover) if kind == "resigned" else self.of(handover)):
                return "giver"
            return "taker" if customer in self.of(takeover) else "neither"
        except ApiError as error:
            if not about_pair(error):
                raise
            return "unseen"


def shown(work: Work, pair: Pair) -> Mapping[str, list[TransferRow]]:
    """Every attempt that WeCom lists of the two, by customer; nothing where it no longer tells of them."""
    found: dict[str, list[TransferRow]] = defaultdict(list)
    try:
        for row in api.results(work.client, *pair):
            found[row.external_userid].append(row)
    except ApiError as error:
        if not about_pair(error):
            raise
    return found


@dataclass(frozen=True, slots=True)
class Attempted:
    """One customer who was sent on their way at `since`.

    `begun`: WeCom accepted it; otherwise the answer was lost. `earlier`: refusals and full takers of attempts
    of the same pair before it.
    """

    customer: str
    since: float
    begun: bool
    earlier: Counter[int]


def attempted(
    customer: str, job: str, change_id: str, sent_at: float | None, accepted: bool, known: Iterable[Attempt]
) -> Attempted:
    """The attempt of this row, among all that the ledger knows of its pair and customer."""
    own, before = None, []
    for attempt in known:
        if (attempt.job, attempt.change_id) == (job, change_id) and attempt.started_at >= int(sent_at or 0):
            own = attempt
        else:
            before.append(attempt)
    since = float(own.started_at) if own else sent_at or 0.0
    ended = Counter(_ENDED[one.status] for one in before if one.status in _ENDED and one.started_at <= since)
    return Attempted(customer, since, accepted or own is not None, ended)


def ending(one: Attempted, pair: Pair, rows: Sequence[TransferRow], people: People, now: float) -> Outcome:
    """How this attempt stands: `verified`, `failed`, on its way (`submitted`), or `pending`: it never began."""
    waiting = [row.takeover_time for row in rows if row.status == WAITING]
    if waiting:
        later = max(now, *waiting) + MARGIN_S
        return Outcome("submitted", due_at=later, evidence="WeCom: waits for the customer")
    status = _status(one, rows)
    if status == FINISHED:
        return Outcome("verified", evidence="WeCom: finished")
    if status == REFUSED:
        return Outcome("failed", 0, _("refused, or no longer a friend"), _after_refusal(pair[0]), evidence=WAS_REFUSED)
    if status == FULL:
        hint = _("Give the customer to another taker.")
        return Outcome("failed", 0, _("the taker is at the customer limit"), hint, evidence=WAS_FULL)
    return _unlisted(one, pair[0], people.place(pair, one.customer), now)


def _unlisted(one: Attempted, kind: Kind, place: Place, now: float) -> Outcome:
    """What is to be thought of an attempt that WeCom does not list."""
    settled = one.since + DAY_S + MARGIN_S
    if not one.begun and place == "giver" and (kind == "resigned" or now >= settled):
        return Outcome("pending", evidence="read back: never begun")
    if now < settled:
        return _later(one, settled)
    if place == "taker":
        return Outcome("verified", evidence="read back: with the taker")
    if not one.begun and place == "neither":
        return Outcome("failed", contacts_api.NO_RELATION, _("with neither of the two members"), evidence="read back")
    if now < one.since + LONGEST_S:
        return _later(one, now + DAY_S / 4)
    hint = _("`wecrm contacts show` tells with whom the customer is; `wecrm jobs retry` starts the transfer again.")
    return Outcome("failed", 0, _("WeCom shows nothing of this transfer"), hint, evidence="read back: nothing")


def _later(one: Attempted, due_at: float) -> Outcome:
    if one.begun:
        return Outcome("submitted", due_at=due_at, evidence="WeCom shows nothing yet")
    return Outcome("unknown", due_at=due_at, evidence="sent, no answer read; WeCom may show it later")


def _after_refusal(kind: Kind) -> str:
    if kind == "onjob":
        return _("The customer stays with the former member; another taker may be tried.")
    return _("A customer of somebody who left is lost when they refuse.")


def _status(one: Attempted, rows: Sequence[TransferRow]) -> int | None:
    """How WeCom says that this attempt ended: what is left when earlier attempts took theirs.

    An attempt that began is among the rows: the last one left is its own. One that may not have begun has to
    show a row more than there were before it.
    """
    left = Counter(row.status for row in rows if not _older(one, row))
    del left[NO_RECORD]
    for status, count in one.earlier.items():
        least = 1 if one.begun else 0
        left[status] -= min(count, left[status], max(0, left.total() - least))
    return next((status for status in (FINISHED, REFUSED, FULL) if left[status] > 0), None)


def _older(one: Attempted, row: TransferRow) -> bool:
    """Whether it finished before this attempt was sent; only a finished one says when."""
    return row.status == FINISHED and 0 < row.takeover_time < one.since - MARGIN_S


def write_down(work: Work, job: str, found: Sequence[tuple[JobRow, Outcome]]) -> None:
    """Bring the ledger up to these outcomes; what WeCom did accept, although its answer was lost, enters it now."""
    begun = [
        attempt_of(job, row.change, row.sent_at, outcome.due_at)
        for row, outcome in found
        if row.sent_at and (outcome.status in ("submitted", "verified") or outcome.evidence in _ENDS)
    ]
    ended: dict[str, Ended] = {}
    for row, outcome in found:
        if outcome.status == "verified":
            ended[row.change.id] = "done"
        elif outcome.status in ("failed", "conflict"):
            ended[row.change.id] = _ENDS.get(outcome.evidence, "lost")
    ledger.begin(work.store, begun)
    ledger.end(work.store, job, ended, work.now())
    later = {row.change.id: o.due_at for row, o in found if o.status == "submitted" and o.due_at is not None}
    ledger.put_off(work.store, job, later)
