"""Who owns groups now, and what became of groups that were given to another owner.

The list of a member's groups tells of all of them in one call, and which are still being inherited; what is in
neither member's list is looked up by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wecrm.api import groups as api
from wecrm.errors import ApiError
from wecrm.i18n import _
from wecrm.models.plan import JobRow, Outcome
from wecrm.operations.transferchanges import Pair
from wecrm.operations.transferendings import DAY_S, MARGIN_S, about_pair
from wecrm.operations.work import Work

INHERITING = 2
"""`status` of a group that is on its way to another owner (doc 92120)."""


@dataclass(frozen=True, slots=True)
class Owned:
    """Who owns a group (in lower case), whether it is on its way to another owner; or why that can't be read."""

    owner: str = ""
    moving: bool = False
    error: ApiError | None = None


def read(work: Work, pair: Pair, chat_ids: Sequence[str]) -> Mapping[str, Owned]:
    """Every one of these groups, with its owner."""
    found = _listed(work, pair[1]) | _listed(work, pair[2])
    rest = [id_ for id_ in chat_ids if id_ not in found]
    found.update(zip(rest, work.client.pool().map(lambda id_: _alone(work, id_), rest), strict=True))
    return found


def _listed(work: Work, userid: str) -> dict[str, Owned]:
    """The groups of one member, who may have left; none where WeCom does not tell."""
    try:
        return {g.chat_id: Owned(userid.lower(), g.status == INHERITING) for g in api.statuses(work.client, [userid])}
    except ApiError as error:
        if not about_pair(error):
            raise
        return {}


def _alone(work: Work, chat_id: str) -> Owned:
    try:
        return Owned(api.get(work.client, chat_id)[0].owner.lower())
    except ApiError as error:
        if not about_pair(error):
            raise
        return Owned(error=error)


def ending(row: JobRow, pair: Pair, found: Owned, now: float) -> Outcome:
    """How a group that was sent stands: `verified`, not `verified` yet (`submitted`), or `pending`: it never left."""
    _kind, handover, takeover = pair
    if found.error is not None:
        return Outcome("failed", found.error.errcode, found.error.errmsg, found.error.fix, evidence="read back")
    if found.owner == takeover.lower() and not found.moving:
        return Outcome("verified", evidence="read back: has the new owner")
    if found.owner not in (handover.lower(), takeover.lower()):
        return Outcome("conflict", evidence="read back: has another owner")
    if row.status == "unknown" and not found.moving:
        return Outcome("pending", evidence="read back: never left")
    if now < (row.sent_at or now) + DAY_S:
        evidence = "WeCom: is being inherited" if found.moving else "read back: has the former owner still"
        return Outcome("submitted", due_at=now + MARGIN_S, evidence=evidence)
    hint = _("Look with `wecrm sync groups` and `wecrm groups show CHAT_ID`; `wecrm jobs retry` moves it again.")
    return Outcome("failed", 0, _("WeCom took it a day ago, and it has not moved"), hint, evidence="read back")
