"""Filling the cache: members, tags, groups. Contacts and live codes have files of their own.

A failed call never becomes an empty list; nothing is ended on a partial pass.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from wecrm.api import contacts as contacts_api
from wecrm.api import groups as groups_api
from wecrm.api import members as members_api
from wecrm.api import tags as tags_api
from wecrm.api.errcodes import Reaction, find
from wecrm.errors import ApiError, Exit, SafetyError, TemporaryError
from wecrm.i18n import _
from wecrm.models.clock import Progress
from wecrm.models.group import GroupChat, GroupStatus
from wecrm.models.member import Member
from wecrm.operations.work import Work
from wecrm.store import directory, leavers, syncs
from wecrm.store import groups as groups_store
from wecrm.store import tags as tags_store
from wecrm.store.syncs import Counts

PURPOSES = ("members", "tags", "contacts", "groups", "livecodes", "stats")


@dataclass(frozen=True, slots=True)
class Synced:
    """What one purpose's sync ended with: numbers, the exit code, sentences for a person."""

    purpose: str
    counts: Counts
    exit: Exit = Exit.ok
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


def members(work: Work) -> Synced:
    """Departments and members. Who is gone gets `gone_at`, who is merely not listed `in_view = 0`."""

    def fill(counts: Counts) -> tuple[str, ...]:
        departments, secret = members_api.departments(work.client)
        people: dict[str, Member] = {}
        for n, department in enumerate(departments):
            for member in members_api.members_of(work.client, department.id, secret):
                known = people.get(member.userid.lower())
                if known is None or len(member.department) > len(known.department):
                    people[member.userid.lower()] = member
            work.run.progress(Progress(_("members"), n + 1, len(departments)))
            work.run.check()
        complete = _add_ids(work, people)
        followers = contacts_api.follow_users(work.client)
        directory.put_departments(work.store, departments, work.now())
        counts.seen = directory.put_members(work.store, people.values(), work.now(), complete=complete)
        directory.put_followers(work.store, followers, work.now())
        return ()

    return recorded(work, "members", fill)


def _add_ids(work: Work, people: dict[str, Member]) -> bool:
    """Add members of whom only ids can be read; True when that listing is the whole corp.

    It alone is: an app whose secret stands for contact sync reads details too, but only of its own range.
    """
    if "directory" not in work.client.settings.secrets:
        return False
    try:
        listed = list(members_api.member_ids(work.client))
    except ApiError as error:
        if error.errcode not in (members_api.MAY_NOT, members_api.NOT_FROM_THIS_IP):
            raise
        return False
    for member in listed:
        people.setdefault(member.userid.lower(), member)
    return bool(listed)  # no corp is without a member: an empty list says nothing


def tags(work: Work, *, max_removals: float = 0.3) -> Synced:
    """The corp tag library, whole. `max_removals` 1: it may have become empty, which else ends with 7."""

    def fill(counts: Counts) -> tuple[str, ...]:
        library = tags_api.library(work.client)
        _refuse_emptied(work, "tags", _("tags"), len(library), max_removals)
        counts.seen = tags_store.put_library(work.store, library, work.now())
        return ()

    return recorded(work, "tags", fill)


def _refuse_emptied(work: Work, purpose: str, things: str, listed: int, max_removals: float) -> None:
    """An answer without its list looks as an empty one does, and must not end all that is known."""
    known = syncs.known(work.store, purpose)
    if listed or known < 2 or max_removals >= 1:
        return
    raise SafetyError(
        _("WeCom lists none of the {n} {things} that were known.", n=known, things=things),
        _("They may be gone, or the answer was not whole. Nothing was changed in the cache."),
        _(
            "Look in the admin console. If they are really gone: `wecrm sync {purpose} --max-removals 100%`.",
            purpose=purpose,
        ),
    )


def groups(work: Work, *, max_removals: float = 0.3) -> Synced:
    """Customer groups with their people; one call each, side by side.

    `max_removals` 1: none may be left, which else ends with 7.
    """

    def fill(counts: Counts) -> tuple[str, ...]:
        owners = contacts_api.follow_users(work.client)
        listed = list(_group_statuses(work, owners))
        _refuse_emptied(work, "groups", _("groups"), len(listed), max_removals)
        notes = []
        dissolved = []
        for start in range(0, len(listed), 100):
            work.run.check()
            block = listed[start : start + 100]
            for status, found in zip(block, work.client.pool().map(lambda s: _group(work, s), block), strict=True):
                if isinstance(found, ApiError) and found.errcode in groups_api.GONE:
                    dissolved.append(status.chat_id)
                elif isinstance(found, (ApiError, TemporaryError)):
                    counts.failed += 1
                    notes.append(_("Group {chat} was not read: {why}", chat=status.chat_id, why=found.what))
                else:
                    groups_store.put_group(work.store, *found, status.status, work.now())
                    counts.seen += 1
            work.run.progress(Progress(_("groups"), counts.seen, len(listed), counts.failed))
        if dissolved:
            groups_store.note_gone(work.store, dissolved, work.now())
        if not counts.failed:
            groups_store.end_absent(work.store, [s.chat_id for s in listed], owners, work.now())
        return tuple(notes[:10])

    return recorded(work, "groups", fill)


def _group_statuses(work: Work, owners: Sequence[str]) -> Iterator[GroupStatus]:
    try:
        yield from list(groups_api.statuses(work.client))
        return
    except ApiError as error:
        if error.errcode != groups_api.SCOPE_TOO_LARGE:
            raise
    for start in range(0, len(owners), groups_api.OWNERS):
        work.run.check()
        yield from groups_api.statuses(work.client, owners[start : start + groups_api.OWNERS])
    yield from groups_of_absent(work, owners)


def groups_of_absent(work: Work, following: Sequence[str]) -> Iterator[GroupStatus]:
    """States of the groups of cached owners who may not have customers now, where one list can't tell of all groups.

    Of an owner whom WeCom does not let be named there are none.
    """
    here = {userid.lower() for userid in following}
    known = {owner.lower(): owner for owner in leavers.owners(work.store).values()}
    absent = sorted(owner for folded, owner in known.items() if folded not in here)
    for start in range(0, len(absent), groups_api.OWNERS):
        work.run.check()
        yield from _nameable(work, absent[start : start + groups_api.OWNERS])


def _nameable(work: Work, owners: Sequence[str]) -> Iterator[GroupStatus]:
    try:
        yield from list(groups_api.statuses(work.client, owners))
    except ApiError as error:
        if find(error.errcode).reaction is not Reaction.item:
            raise
        half = len(owners) // 2
        for part in (owners[:half], owners[half:]) if half else ():
            yield from _nameable(work, part)


def _group(work: Work, status: GroupStatus) -> tuple[GroupChat, bytes] | ApiError | TemporaryError:
    try:
        return groups_api.get(work.client, status.chat_id)
    except ApiError as error:
        if error.code in (Exit.config, Exit.temporary):
            raise
        return error
    except TemporaryError as error:
        return error


def recorded(work: Work, purpose: str, fill: Callable[[Counts], tuple[str, ...]]) -> Synced:
    """Run `fill` as one sync run: what it ends with is in the database whatever happens.

    A SafetyError is not raised but told in the result: it says nothing against syncing what comes next.
    """
    began = work.now()
    run = syncs.start(work.store, purpose, began)
    counts = Counts()
    try:
        notes = fill(counts)
    except SafetyError as error:
        syncs.finish(work.store, run, "failed", counts, work.now(), error.what)
        return Synced(purpose, counts, error.exit, (error.what, error.why, error.fix), work.now() - began)
    except BaseException:
        syncs.finish(work.store, run, "failed", counts, work.now())
        raise
    state, code = ("holes", Exit.partial) if counts.failed else ("done", Exit.ok)
    syncs.finish(work.store, run, state, counts, work.now(), "\n".join(notes))
    return Synced(purpose, counts, code, notes, work.now() - began)
