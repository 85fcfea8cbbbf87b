"""What a leaver still has, read from WeCom: customers, groups, live codes; and who may take it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from wecrm.api import contacts as contacts_api
from wecrm.api import groups as groups_api
from wecrm.api import livecodes as codes_api
from wecrm.api import transfers as transfers_api
from wecrm.errors import ApiError, Exit
from wecrm.models.contact import Relation
from wecrm.models.group import GroupChat, GroupStatus
from wecrm.models.livecode import KINDS, Kind
from wecrm.models.member import Member
from wecrm.models.offboarding import Case
from wecrm.models.sharing import Customer, Group, Strategy
from wecrm.operations import codematch, codeswap, duty, staff
from wecrm.operations.work import Work
from wecrm.store import contacts as contacts_store
from wecrm.store import directory, handovers, offboardings, syncs
from wecrm.store import groups as groups_store
from wecrm.store import livecodes as register
from wecrm.store.syncs import Counts

ORPHANED = 1
"""Status of a group whose owner has left (doc 92120)."""

MAY_NOT = 48002


@dataclass(frozen=True, slots=True)
class Standing:
    """The leaver now: `member` None when they are gone; `follows`: has customer contact and is in sight."""

    member: Member | None
    follows: bool

    @property
    def here(self) -> bool:
        """Whether they still are a member of the corp."""
        return self.follows or self.member is not None


def standing(work: Work, userid: str) -> Standing:
    """Whether the leaver is still there; the cache learns it, if not.

    Raises:
        ApiError, TemporaryError: WeCom can't be read; nothing is concluded then.
    """
    followers = contacts_api.follow_users(work.client)
    directory.put_followers(work.store, followers, work.now())
    found = Standing(staff.find(work, userid), userid.lower() in {name.lower() for name in followers})
    if found.here:
        directory.put_statuses(work.store, [found.member] if found.member else [], work.now())
    else:
        directory.note_gone(work.store, userid, work.now())
    return found


def usable(work: Work, case: Case) -> tuple[dict[str, str], dict[str, str]]:
    """(takers who can take now, the others with the reason), both by userid; read from WeCom."""
    takers = case.envelope.takers
    followers = contacts_api.follow_users(work.client)
    directory.put_followers(work.store, followers, work.now())
    read = {userid: staff.find(work, userid) for userid in takers}
    directory.put_statuses(work.store, [member for member in read.values() if member is not None], work.now())
    here = {userid.lower() for userid in followers}
    for userid, member in read.items():
        if member is None and userid.lower() not in here:
            directory.note_gone(work.store, userid, work.now())
    members = directory.known(work.store, takers)
    good: dict[str, str] = {}
    bad: dict[str, str] = {}
    leaving = {one.userid.lower() for one in offboardings.unfinished(work.store)}
    for userid in takers:
        reason = duty.unusable(userid, members)
        if reason is None and userid.lower() not in leaving:
            good[userid] = members[userid.lower()].userid
        else:
            bad[userid] = reason or "leaving"
    return good, bad


def customers(work: Work, userid: str) -> list[Customer]:
    """The customers whom WeCom lists for a member who is still there, with what the cache knows of them."""
    listed = contacts_api.external_userids(work.client, userid)
    return _with_cache(work, userid, listed)


def waiting(work: Work, userid: str) -> list[Customer]:
    """Customers of a leaver whom nobody was assigned to; the list is read to its end first."""
    rows = list(transfers_api.unassigned(work.client))
    return _with_cache(
        work, userid, [row.external_userid for row in rows if row.handover_userid.lower() == userid.lower()]
    )


def _with_cache(work: Work, userid: str, listed: Iterable[str]) -> list[Customer]:
    cached = handovers.customers(work.store, [userid], ended=True)
    known = {one.external_userid: replace(one, handover=userid) for one in cached}
    return [known.get(external) or Customer(external, userid) for external in listed]


def groups(work: Work, userid: str) -> list[Group]:
    """The groups that a member owns, or owned when they left; read anew into the cache."""
    seen = {status.chat_id: status.status for status in _statuses(work, userid)}
    ids = list(dict.fromkeys((*seen, *(one.chat_id for one in handovers.groups(work.store, [userid])))))
    for chat_id, one in zip(ids, work.client.pool().map(lambda id_: _group(work, id_), ids), strict=True):
        if one is not None:
            groups_store.put_group(work.store, *one, seen.get(chat_id, 0), work.now())
    return [replace(one, handover=userid) for one in handovers.groups(work.store, [userid])]


def _statuses(work: Work, userid: str) -> list[GroupStatus]:
    """Groups of that owner; where WeCom does not know the owner any more, all that have none.

    None in a corp too large for one list: the cached ones are known all the same.
    """
    try:
        return list(groups_api.statuses(work.client, [userid]))
    except ApiError as error:
        if error.errcode not in (*staff.UNKNOWN, staff.OUT_OF_SIGHT):
            raise
    try:
        return [one for one in groups_api.statuses(work.client) if one.status == ORPHANED]
    except ApiError as error:
        if error.errcode != groups_api.SCOPE_TOO_LARGE:
            raise
    return []


def _group(work: Work, chat_id: str) -> tuple[GroupChat, bytes] | None:
    try:
        return groups_api.get(work.client, chat_id)
    except ApiError as error:
        if error.code in (Exit.config, Exit.refused, Exit.temporary):
            raise
        return None


def remember(work: Work, userid: str) -> Counts:
    """Read all relations of a member who is still there into the cache, as they are now."""
    run = syncs.start(work.store, "leaver", work.now())
    counts = Counts()
    try:
        for page in contacts_api.batch_get(work.client, [userid]):
            relations = [one for one in page if isinstance(one, Relation)]
            counts.failed += len(page) - len(relations)
            counts.add(contacts_store.put_relations(work.store, relations, run.id, work.now()))
            work.run.check()
    except ApiError as error:
        syncs.finish(work.store, run, "failed", counts, work.now(), error.what)
        raise
    syncs.finish(work.store, run, "holes" if counts.failed else "done", counts, work.now())
    return counts


def codes(work: Work, userid: str) -> list[str]:
    """Live codes and links that name the member, read anew; codes that nobody knew here are read first."""
    seen = {(one.code.kind, one.code.id) for one in register.known(work.store, gone=True)}
    for kind in KINDS:
        if kind in codes_api.LIST:
            codematch.refresh(work, [(kind, id_) for id_ in _listed(work, kind) if (kind, id_) not in seen])
    named = [one for one in register.known(work.store) if codeswap.names(one, userid)]
    codematch.refresh(work, [(one.code.kind, one.code.id) for one in named])
    return [one.shown for one in register.known(work.store) if codeswap.names(one, userid)]


def _listed(work: Work, kind: Kind) -> Collection[str]:
    try:
        return tuple(codes_api.ids(work.client, kind))
    except ApiError as error:
        if kind != "link" or error.errcode != MAY_NOT:
            raise
        return ()


def placed(work: Work, userid: str, strategy: Strategy, found: list[Customer]) -> list[Customer]:
    """With what the strategy asks about them: the leaver's departments, or the groups they are in."""
    if strategy == "department":
        at = handovers.departments(work.store, [userid]).get(userid.lower(), frozenset())
        return [replace(one, departments=at) for one in found]
    if strategy == "keep-together":
        chats = handovers.chats(work.store, {one.external_userid for one in found})
        return [replace(one, chats=chats.get(one.external_userid, frozenset())) for one in found]
    return found


def placed_groups(work: Work, userid: str, strategy: Strategy, found: list[Group]) -> list[Group]:
    """The same for groups."""
    if strategy != "department":
        return found
    at = handovers.departments(work.store, [userid]).get(userid.lower(), frozenset())
    return [replace(one, departments=at) for one in found]
