"""Leavers for whom nobody started a case: WeCom has no list of them, so every trace that they leave is looked at."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from wecrm.api import contacts as contacts_api
from wecrm.api import groups as groups_api
from wecrm.api import members as members_api
from wecrm.api import transfers as transfers_api
from wecrm.errors import ApiError
from wecrm.i18n import _
from wecrm.models.group import GroupStatus
from wecrm.operations import codeaudit, codeswap
from wecrm.operations.sync import groups_of_absent
from wecrm.operations.work import Work
from wecrm.store import leavers
from wecrm.store import livecodes as register

Trace = Literal["unassigned", "groups", "gone", "quit", "codes"]
"""How a leaver was found: customers wait, groups wait, no longer a member, quit on their own, or named by a code."""

YEAR_S = 365 * 86400
"""How long after leaving customers and groups can be inherited (docs 94081, 92127)."""
OWNER_LEFT = 1
_ABSENT: tuple[codeaudit.Kind, ...] = ("leaver",)


@dataclass(slots=True)
class Leaver:
    """Somebody who left: what waits for a taker, and the live codes that still name them.

    `left_at` and `deadline` are unix seconds. WeCom tells the first only together with waiting customers; else it
    is 0 and the deadline counts from when the member was last seen. 0 where that is not known either.
    """

    userid: str
    name: str = ""
    left_at: int = 0
    deadline: int = 0
    customers: int = 0
    groups: int = 0
    codes: tuple[str, ...] = ()
    found_by: dict[Trace, None] = field(default_factory=dict)


class _Found(dict[str, Leaver]):
    """Leavers by userid in lower case."""

    def add(self, userid: str, trace: Trace) -> Leaver:
        leaver = self.setdefault(userid.lower(), Leaver(userid))
        leaver.found_by[trace] = None
        return leaver


def scan(work: Work, at: datetime) -> tuple[list[Leaver], list[str]]:
    """Who left without a case, the nearest deadline first, and sentences about what could not be looked at.

    Only reads: the list of waiting customers, the states of groups and who is a member from WeCom, the rest from
    the cache.

    Raises:
        ApiError: WeCom does not let this app read who left or which groups there are.
    """
    present, notes = _present(work)
    found = _Found()
    for row in transfers_api.unassigned(work.client):
        leaver = found.add(row.handover_userid, "unassigned")
        leaver.customers += 1
        leaver.left_at = max(leaver.left_at, row.dimission_time)
    for owner in _ownerless(work):
        found.add(owner, "groups").groups += 1
    for userid in leavers.gone(work.store, present):
        found.add(userid, "gone")
    for userid in leavers.quitters(work.store):
        found.add(userid, "quit")
    _by_codes(work, at, found, present)
    return _without_case(work, _described(work, found)), notes


def _present(work: Work) -> tuple[frozenset[str] | None, list[str]]:
    """Everybody who is a member now, in lower case; None with a note where this may not be read."""
    if "directory" in work.client.settings.secrets:
        try:
            return frozenset(member.userid.lower() for member in members_api.member_ids(work.client)), []
        except ApiError as error:
            if error.errcode not in (members_api.MAY_NOT, members_api.NOT_FROM_THIS_IP):
                raise
    return None, [
        _("Who is a member could not be read, so leavers whom nothing waits for are missing: that needs contact sync.")
    ]


def _ownerless(work: Work) -> Iterator[str]:
    """The owner of each group whose owner left; of a group that the cache does not know, WeCom is asked."""
    owners = leavers.owners(work.store)
    for group in _statuses(work):
        if group.status == OWNER_LEFT:
            owner = owners.get(group.chat_id) or _owner(work, group.chat_id)
            if owner:
                yield owner


def _owner(work: Work, chat_id: str) -> str | None:
    """None of a group that was dissolved since it was listed."""
    try:
        return groups_api.get(work.client, chat_id)[0].owner
    except ApiError as error:
        if error.errcode not in groups_api.GONE:
            raise
    return None


def _statuses(work: Work) -> Iterator[GroupStatus]:
    """The states of all groups; in a corp too large for one list, of groups whose owners may not have customers now."""
    try:
        yield from list(groups_api.statuses(work.client))
        return
    except ApiError as error:
        if error.errcode != groups_api.SCOPE_TOO_LARGE:
            raise
    yield from groups_of_absent(work, contacts_api.follow_users(work.client))


def _by_codes(work: Work, at: datetime, found: _Found, present: frozenset[str] | None) -> None:
    """Note which codes name whom, and add those whom codes alone show to be absent."""
    for finding in codeaudit.findings(work.store, at, _ABSENT):
        for userid in finding.members:
            if present is None or userid.lower() not in present:
                found.add(userid, "codes")
    known = register.known(work.store)
    for leaver in found.values():
        leaver.codes = tuple(one.shown for one in known if codeswap.names(one, leaver.userid))
        if leaver.codes:
            leaver.found_by["codes"] = None


def _described(work: Work, found: _Found) -> Sequence[Leaver]:
    """The same with their names and deadlines."""
    remembered = leavers.remembered(work.store, found)
    for folded, leaver in found.items():
        known = remembered.get(folded)
        if known is not None:
            leaver.userid, leaver.name = known.userid, known.name
        since = leaver.left_at or (known.seen_at if known is not None and "quit" not in leaver.found_by else 0)
        leaver.deadline = since + YEAR_S if since else 0
    return list(found.values())


def _without_case(work: Work, found: Iterable[Leaver]) -> list[Leaver]:
    covered = leavers.covered(work.store)
    left = [
        leaver
        for leaver in found
        if leaver.userid.lower() not in covered or leaver.left_at > covered[leaver.userid.lower()]
    ]
    return sorted(left, key=lambda leaver: (leaver.deadline or float("inf"), leaver.userid))
