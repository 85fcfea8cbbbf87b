"""`archive pull`: fetch until there is nothing more, store every page with its cursor, and mistrust silence.

Page → private keys → source → one transaction with record, quarantine, everything derived, and the cursor
(`store/archive/pages.py`). Killed at any moment, the next run goes on behind the last page that is on disk.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Final

from wecrm.errors import DeadlineError, InterruptedRun, TerminatedRun, WecrmError
from wecrm.i18n import _
from wecrm.models.archive import PAGE_MAX, WINDOW_S, ArchiveSource
from wecrm.models.clock import Progress, Run
from wecrm.operations.archive import quarantine
from wecrm.operations.archive.fetching import Fetched, Fetcher, pages
from wecrm.operations.archive.openings import BATCH, Opener
from wecrm.store.archive import pages as stored
from wecrm.store.archive import pulls, quarantines
from wecrm.store.archive.derived import Memory
from wecrm.store.archive.pages import Counts, Derive
from wecrm.store.database import Store

WARN_SHARE: Final = 0.5
"""Part of WeCom's five days after which a missing pull is told."""

WRONG_KEY: Final = {"key", "cipher"}
"""What a message waits for in quarantine that a wrong private key was tried on."""

STOPS = (DeadlineError, InterruptedRun, TerminatedRun)


@dataclass(frozen=True, slots=True)
class Settings:
    """How a pull is done. `limit`: end after about so many messages; None = all there are."""

    tz: tzinfo
    page: int = PAGE_MAX
    limit: int | None = None
    from_start: bool = False
    derive: Sequence[Derive] = ()


@dataclass(slots=True)
class Pulled:
    """What one run brought. `emptied`: it came to the end of what WeCom had."""

    id: int
    started_at: int
    seq: int
    counts: Counts = field(default_factory=Counts)
    recovered: int = 0
    emptied: bool = False
    gap: pulls.Gap | None = None
    """The gap that this run proved."""


def pull(
    store: Store,
    source: ArchiveSource,
    opener: Opener,
    run: Run,
    settings: Settings,
    diagnose: Callable[[], WecrmError | None] = lambda: None,
) -> Pulled:
    """Every message after the cursor, stored; the run is left open: `pulls.end` says what it came to.

    Args:
        diagnose: what is behind a 10001, which hides every failure of gettoken.

    Raises:
        WecrmError: the source's refusals, deadline and signals; what was stored until then stays.
    """
    seq = 0 if settings.from_start else stored.cursor(store)
    now = int(run.clock.now())
    done = Pulled(pulls.begin(store, seq, now), now, seq)
    try:
        _pages(store, done, source, opener, run, settings, diagnose)
        _with_new_keys(store, done, opener, run, settings)
    except WecrmError as error:
        state: pulls.State = "stopped" if isinstance(error, STOPS) else "failed"
        pulls.end(store, done.id, state, int(run.clock.now()), error.what)
        raise
    return done


def _pages(
    store: Store,
    done: Pulled,
    source: ArchiveSource,
    opener: Opener,
    run: Run,
    settings: Settings,
    diagnose: Callable[[], WecrmError | None],
) -> None:
    memory = Memory(settings.tz)
    fetcher = Fetcher(source, run, settings.page, diagnose)
    answered = False
    with closing(pages(fetcher, opener, run, done.seq)) as fetched:
        for page in fetched:
            answered = answered or _answered(store, done)
            counts = stored.store_page(
                *(store, memory, done.id, page.reads),
                seq=page.seq,
                now=int(run.clock.now()),
                derive=settings.derive,
            )
            done.seq = page.seq
            done.counts.add(counts)
            run.progress(Progress("archive", done.counts.new, failed=done.counts.quarantined))
            if settings.limit is not None and done.counts.new + done.counts.quarantined >= settings.limit:
                return
            if _caught_up(page, counts, done.started_at):
                break
            run.check()
    if not answered:
        _answered(store, done)
    done.emptied = True


def _answered(store: Store, done: Pulled) -> bool:
    """The source answers: what it no longer has is proven to be lost."""
    done.gap = pulls.register_gap(store, done.started_at)
    return True


def _caught_up(page: Fetched, counts: Counts, started_at: int) -> bool:
    """Whether the rest was said after this run began; a busy corp would never let it end."""
    return page.short and counts.newest_msgtime >= started_at * 1000


def _with_new_keys(store: Store, done: Pulled, opener: Opener, run: Run, settings: Settings) -> None:
    """Recover what waited for a private key that is known now, or that is another one than before."""
    reasons: dict[int, set[str]] = defaultdict(set)
    for version, reason, _code, _n in quarantines.tally(store.connection):
        reasons[version].add(reason)
    found = [
        version
        for version in opener.keys.versions
        if "no-key" in reasons[version] or (reasons[version] & WRONG_KEY and _opens(store, opener, version))
    ]
    if found:
        counts = quarantine.retry(
            *(store, opener, run, settings.tz),
            derive=settings.derive,
            versions=found,
            reasons=("no-key", *WRONG_KEY),
        )
        done.recovered = counts.new + counts.doubled


def _opens(store: Store, opener: Opener, version: int) -> bool:
    """Whether the key of that version opens one of the first messages that another one did not."""
    waiting = next(quarantines.waiting(store, versions=[version], reasons=tuple(WRONG_KEY)), [])
    return any(read.message for read in opener.read([one.sealed for one in waiting[:BATCH]]))


def at_stake(store: Store, now: float, tz: tzinfo) -> str:
    """What could be lost and when, in one sentence; "" while less than half of WeCom's five days has passed."""
    covered = pulls.covered_until(store.connection)
    if covered is None or now - covered < WARN_SHARE * WINDOW_S:
        return ""
    left_h = (covered + WINDOW_S - now) / 3600
    since = datetime.fromtimestamp(covered, tz).strftime("%Y-%m-%d %H:%M")
    if left_h <= 0:
        return _("Messages since {since} are not fetched, and the first of them are lost by now.", since=since)
    return _(
        "Messages since {since} are not fetched; in {n} h the first of them will be lost.",
        since=since,
        n=f"{left_h:.0f}",
    )
