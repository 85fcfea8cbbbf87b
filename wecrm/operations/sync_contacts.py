"""Filling the cache with every relation, resumable, and deciding what became of missing ones.

Members are cut into chunks; a few chunks are listed side by side while one thread stores. A chunk
that was stored whole is never fetched again by a resumed run.

Lost needs positive evidence: the member is still in the follow-user list, a complete pass over that
member succeeded, and the others still arrive. A member who left that list, or whose customers shrink
by more than 30 %, goes out of sight instead: a shrunken visible range must never look like lost
customers.
"""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from wecrm.api import contacts as api
from wecrm.api.contacts import Malformed
from wecrm.api.errcodes import Reaction, find
from wecrm.errors import ApiError, Exit, TemporaryError, WecrmError, most_severe
from wecrm.i18n import _
from wecrm.models.clock import Progress
from wecrm.models.contact import Relation
from wecrm.operations.sync import Synced
from wecrm.operations.work import Work
from wecrm.store import contacts as contacts_store
from wecrm.store import directory, leavers, passes, syncs
from wecrm.store.syncs import Chunk, Counts, SyncRun

RESUME_S = 24 * 3600
"""A run stopped longer ago than this starts again from the beginning."""

SMALL = 10
"""Members with fewer customers lose some without alarm; losing all of several is one."""

PAGES_A_TRANSACTION = 20


@dataclass(frozen=True, slots=True)
class _Page:
    chunk: Chunk
    relations: tuple[Relation | Malformed, ...]


@dataclass(frozen=True, slots=True)
class _Ended:
    chunk: Chunk
    error: WecrmError | None


def contacts(work: Work, *, max_removals: float = 0.3, resume: bool = True) -> Synced:
    """Fetch every relation of every member with customer contact.

    Args:
        max_removals: share of a member's customers that may be lost in one run; more is out of sight.
        resume: whether to go on with a run that was stopped; its first part may be hours old.

    Raises:
        ApiError: the follow-user list, or every chunk, was refused. Nothing is ended then.
    """
    began = work.now()
    followers = api.follow_users(work.client)
    directory.put_followers(work.store, followers, work.now())
    run = _begin(work, followers, resume)
    counts = Counts()
    failed = _fetch(work, run, counts)
    notes = [_("{member} was not read: {why}", member=userid, why=error.what) for userid, error in failed]
    notes += judge(work, run, followers, counts, max_removals)
    code = exit_of(counts, followers)
    state = {Exit.ok: "done", Exit.partial: "holes"}.get(code, "refused")
    syncs.finish(work.store, run, state, counts, work.now(), "\n".join(notes))
    return Synced("contacts", counts, code, tuple(notes), work.now() - began)


def exit_of(counts: Counts, followers: Sequence[str]) -> Exit:
    """What a pass over these members came to; to read nobody because the app sees nobody is no success."""
    return most_severe(
        [
            Exit.partial if counts.failed else Exit.ok,
            Exit.safety if counts.out_of_sight else Exit.ok,
            Exit.ok if followers else Exit.refused,
        ]
    )


def _begin(work: Work, followers: Sequence[str], resume: bool) -> SyncRun:
    run = syncs.unfinished(work.store, "contacts", work.now() - RESUME_S)
    if run is None or not resume:
        return syncs.start(work.store, "contacts", work.now(), _cut(followers, work.client.settings.parallel_max))
    here = {userid.lower() for userid in followers}
    kept = [Chunk(c.n, tuple(u for u in c.userids if u.lower() in here)) for c in run.pending]
    run.pending = [chunk for chunk in kept if chunk.userids]
    known = {userid.lower() for userid in syncs.covered(work.store, run)}
    joined = [userid for userid in followers if userid.lower() not in known]
    if joined:
        run.pending += syncs.append(work.store, run, _cut(joined, work.client.settings.parallel_max))
    return run


def _cut(userids: Sequence[str], parallel: int) -> list[Sequence[str]]:
    """Chunks of at most 100 members, and enough of them to keep every place in flight busy."""
    size = max(1, min(api.BATCH_MEMBERS, -(-len(userids) // (parallel * 4))))
    return [userids[start : start + size] for start in range(0, len(userids), size)]


def _fetch(work: Work, run: SyncRun, counts: Counts) -> list[tuple[str, WecrmError]]:
    """Fetch and store all pending chunks; members that could not be read come back with why."""
    total = directory.relations_known(work.store) or None
    failed: list[tuple[str, WecrmError]] = []
    holed: set[int] = set()
    left = {chunk.n: len(chunk.userids) for chunk in run.pending}
    good = 0
    for batch in _arrivals(work, run):
        _store(work, run, [item for item in batch if isinstance(item, _Page)], counts, holed)
        for end in batch:
            if isinstance(end, _Ended):
                error = end.error or (_malformed() if end.chunk.n in holed else None)
                left[end.chunk.n] -= 0 if error else len(end.chunk.userids)
                _close(work, run, end.chunk, error, whole=not left[end.chunk.n])
                good += error is None
                if error is not None:
                    failed += [(userid, error) for userid in end.chunk.userids]
                    counts.failed += len(end.chunk.userids) if end.error else 0
        work.run.progress(Progress(_("relations"), counts.seen, total, counts.failed))
    if failed and not good and not counts.seen:
        syncs.finish(work.store, run, "failed", counts, work.now(), failed[0][1].what)
        raise failed[0][1]
    return failed


def _store(work: Work, run: SyncRun, pages: Sequence[_Page], counts: Counts, holed: set[int]) -> None:
    relations = [r for page in pages for r in page.relations if isinstance(r, Relation)]
    counts.failed += sum(len(page.relations) for page in pages) - len(relations)
    holed |= {page.chunk.n for page in pages if any(isinstance(r, Malformed) for r in page.relations)}
    counts.add(contacts_store.put_relations(work.store, relations, run.id, work.now()))


def _close(work: Work, run: SyncRun, chunk: Chunk, error: WecrmError | None, *, whole: bool) -> None:
    """A chunk, or a half of one, is at its end; only one without any hole counts as a pass over its members.

    `whole`: no other half is missing or failed; until then a run that is stopped fetches the chunk again.
    """
    if error is None:
        passes.passed(work.store, chunk.userids, run, work.now())
        if whole:
            syncs.end_chunk(work.store, run, chunk, "done")
    else:
        errcode = error.errcode if isinstance(error, ApiError) else 0
        syncs.end_chunk(work.store, run, chunk, "failed", errcode, error.what)


def _malformed() -> WecrmError:
    return WecrmError(_("Some of its relations are not as documented and were left out."))


def _arrivals(work: Work, run: SyncRun) -> Iterator[list[_Page | _Ended]]:
    """Pages and ends of chunks as several threads fetch them, a few at a time.

    An error that concerns the whole corp (secret, permission, stop) ends all threads and is raised.
    """
    todo: queue.SimpleQueue[Chunk] = queue.SimpleQueue()
    for chunk in run.pending:
        todo.put(chunk)
    arrived: queue.Queue[_Page | _Ended | WecrmError | None] = queue.Queue(maxsize=PAGES_A_TRANSACTION)
    halt = threading.Event()
    workers = min(work.client.settings.parallel_max, len(run.pending))
    threads = [
        threading.Thread(target=_worker, args=(work, todo, arrived, halt), daemon=True, name=f"sync-{n}")
        for n in range(workers)
    ]
    for thread in threads:
        thread.start()
    try:
        running = workers
        while running:
            batch: list[_Page | _Ended] = []
            while len(batch) < PAGES_A_TRANSACTION and running:
                item = arrived.get()
                if item is None:
                    running -= 1
                elif isinstance(item, WecrmError):
                    raise item
                else:
                    batch.append(item)
                if arrived.empty():
                    break
            if batch:
                yield batch
            work.run.check()
    finally:
        halt.set()
        for thread in threads:
            while thread.is_alive():  # it may be waiting for room
                while not arrived.empty():
                    arrived.get_nowait()
                thread.join(0.01)


def _worker(
    work: Work,
    todo: "queue.SimpleQueue[Chunk]",
    arrived: "queue.Queue[_Page | _Ended | WecrmError | None]",
    halt: threading.Event,
) -> None:
    try:
        while not halt.is_set():
            try:
                chunk = todo.get_nowait()
            except queue.Empty:
                return
            _list(work, chunk, arrived.put, halt)
    except WecrmError as error:
        arrived.put(error)
    except BaseException as error:  # noqa: BLE001 a thread has nobody above it
        arrived.put(_wrapped(error))
    finally:
        arrived.put(None)


def _wrapped(error: BaseException) -> WecrmError:
    wrapped = WecrmError(_("A fetching thread failed: {kind}", kind=type(error).__name__))
    wrapped.__cause__ = error
    return wrapped


def _list(
    work: Work, chunk: Chunk, put: "Callable[[_Page | _Ended], None]", halt: threading.Event, restarts: int = 2
) -> None:
    """Fetch one chunk; a member that WeCom refuses is found by halving, so the others still count."""
    try:
        for relations in api.batch_get(work.client, chunk.userids):
            if halt.is_set():
                return
            put(_Page(chunk, relations))
    except ApiError as error:
        code = find(error.errcode)
        if code.reaction is Reaction.restart and restarts:
            _list(work, chunk, put, halt, restarts - 1)
        elif code.exit in (Exit.config, Exit.refused):
            raise
        elif code.reaction in (Reaction.item, Reaction.gone, Reaction.input) and len(chunk.userids) > 1:
            _halved(work, chunk, put, halt)
        else:
            put(_Ended(chunk, error))
    except TemporaryError as error:
        put(_Ended(chunk, error))
    else:
        put(_Ended(chunk, None))


def _halved(work: Work, chunk: Chunk, put: "Callable[[_Page | _Ended], None]", halt: threading.Event) -> None:
    middle = len(chunk.userids) // 2
    for userids in (chunk.userids[:middle], chunk.userids[middle:]):
        _list(work, Chunk(chunk.n, userids), put, halt)


def judge(work: Work, run: SyncRun, followers: Sequence[str], counts: Counts, max_removals: float) -> list[str]:
    """Decide what relations that did not arrive became; sentences about everything out of sight."""
    notes = []
    if not followers:
        notes.append(_("No member with customer contact is in the app's range."))
        notes.append(
            _("Admin console → 应用管理 → the app → 可见范围; 客户联系 → 使用范围; see `wecrm explain visible-range`.")
        )
    here = {userid.lower() for userid in followers}
    whole = passes.complete(work.store, run)
    expected = {userid for userid, until in leavers.covered(work.store).items() if until > run.started_at}
    for userid, (before, absent) in passes.missing_by_member(work.store, run).items():
        if userid.lower() not in here:
            hidden = passes.end_missing(work.store, run, userid, "out_of_sight", work.now())
            if userid.lower() in expected:
                continue  # their case knows, and finds out what becomes of each customer
            counts.out_of_sight += hidden
            notes.append(
                _(
                    "{member} is no longer in the follow-user list: {n} relations are out of sight. Did they leave, "
                    "or did the app's visible range (可见范围) shrink?",
                    member=userid,
                    n=absent,
                )
            )
        elif userid.lower() not in whole:
            continue  # not read to its end: absence says nothing
        elif _shrunken(before, absent, max_removals):
            counts.out_of_sight += passes.end_missing(work.store, run, userid, "out_of_sight", work.now())
            notes.append(
                _(
                    "{member} shows {absent} of {before} relations fewer: they are out of sight, not lost. "
                    "If they really left: `wecrm sync contacts --max-removals 100%`.",
                    member=userid,
                    absent=absent,
                    before=before,
                )
            )
        else:
            counts.lost += passes.end_missing(work.store, run, userid, "lost", work.now())
    if max_removals >= 1:
        counts.lost += sum(passes.end_hidden(work.store, run, userid, work.now()) for userid in whole & here)
    return notes


def _shrunken(before: int, absent: int, max_removals: float) -> bool:
    if before < SMALL:
        return absent == before > 1 and max_removals < 1
    return absent > before * max_removals
