"""The quick sync: who is new and who is gone, by one list of ids per member.

Two hundred members cost two hundred calls however many customers they have, where a full pass costs
one per hundred relations. Changed remarks and tags are only seen by the full pass.
"""

from collections.abc import Iterator, Sequence

from wecrm.api import contacts as api
from wecrm.errors import ApiError, Exit, TemporaryError
from wecrm.i18n import _
from wecrm.models.clock import Progress
from wecrm.models.contact import Relation
from wecrm.operations.sync import Synced
from wecrm.operations.sync_contacts import exit_of, judge
from wecrm.operations.work import Work
from wecrm.store import contacts as contacts_store
from wecrm.store import directory, passes, syncs
from wecrm.store.syncs import Counts, SyncRun

BLOCK = 48
"""Members, or new customers, asked for side by side before they are stored."""

Listed = tuple[str, tuple[str, ...] | ApiError]


def new_contacts(work: Work, *, max_removals: float = 0.3) -> Synced:
    """Add relations that are new and end those that are gone, by the same evidence as the full sync."""
    began = work.now()
    followers = api.follow_users(work.client)
    directory.put_followers(work.store, followers, work.now())
    run = syncs.start(work.store, "new", work.now())
    counts = Counts()
    notes: list[str] = []
    for userid in read(work, run, followers, counts, notes):
        passes.passed(work.store, [userid], run, work.now())
    if counts.failed == len(notes):  # else customers are unread who may have come from another member: nobody is ended
        notes += judge(work, run, followers, counts, max_removals)
    code = exit_of(counts, followers)
    state = {Exit.ok: "done", Exit.partial: "holes"}.get(code, "refused")
    syncs.finish(work.store, run, state, counts, work.now(), "\n".join(notes))
    return Synced("new", counts, code, tuple(notes), work.now() - began)


def read(work: Work, run: SyncRun, userids: Sequence[str], counts: Counts, notes: list[str]) -> Iterator[str]:
    """Store whom these members have that the cache does not know; each member whose list was read.

    Nothing is ended. Who could not be read is told in `notes`.
    """
    for start in range(0, len(userids), BLOCK):
        work.run.check()
        block = userids[start : start + BLOCK]
        for userid, listed in list(work.client.pool().map(lambda u: _list(work, u), block)):
            if isinstance(listed, ApiError):
                counts.failed += 1
                notes.append(_("{member} was not read: {why}", member=userid, why=listed.what))
                continue
            counts.seen += len(listed)
            _fetch(work, run, passes.note_listed(work.store, userid, listed, run), counts)
            yield userid
        work.run.progress(Progress(_("members"), start + len(block), len(userids), counts.failed))


def _list(work: Work, userid: str) -> Listed:
    try:
        return userid, api.external_userids(work.client, userid)
    except ApiError as error:
        if error.code in (Exit.config, Exit.refused):
            raise
        return userid, error


def _fetch(work: Work, run: SyncRun, external_userids: Sequence[str], counts: Counts) -> None:
    """Read customers that are new to a member, with all their followers."""
    for start in range(0, len(external_userids), BLOCK):
        block = external_userids[start : start + BLOCK]
        for found in work.client.pool().map(lambda external: _get(work, external), block):
            relations = [relation for relation in found if isinstance(relation, Relation)]
            counts.failed += len(found) - len(relations)
            stored = contacts_store.put_relations(work.store, relations, run.id, work.now())
            counts.added += stored.added
            counts.changed += stored.changed


def _get(work: Work, external_userid: str) -> Sequence[object]:
    try:
        return api.get(work.client, external_userid)
    except (ApiError, TemporaryError) as error:
        if error.code in (Exit.config, Exit.refused):
            raise
        return (error,)
