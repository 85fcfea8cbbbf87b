"""Pages of the archive, fetched and opened ahead of the one that is being stored.

While a page is stored, the next is opened and the one after that fetched. Only who stores a page moves the
cursor, so whatever happens to the others, they are fetched again.
"""

from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from wecrm.api.archive import refusals
from wecrm.api.errcodes import Reaction, find
from wecrm.errors import Exit, TemporaryError, WecrmError
from wecrm.i18n import _
from wecrm.models import archivepage
from wecrm.models.archive import CRASHED, ArchiveSource
from wecrm.models.archivepage import Page
from wecrm.models.clock import Run
from wecrm.operations.archive.openings import Opener, malformed
from wecrm.store.archive.pages import Read

TRIES = 5
"""How often a page is asked for again in a row, later and later."""

WAIT_S = 60.0
"""The pause after 45009: 600 calls a minute are allowed."""

NETWORK = 10001
"""The library's code for everything between it and WeCom, a refused secret among it."""

POLL_S = 0.2
"""How often it is asked whether to stop while a call of the library, which nothing interrupts, is under way."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fetched:
    """One page: its messages, readable or not, and the seq after which the next begins."""

    seq: int
    reads: tuple[Read, ...]
    short: bool
    """Whether it held fewer messages than were asked for."""


class Fetcher:
    """Asks the source for pages; smaller ones after trouble, larger ones again when it is calm."""

    def __init__(self, source: ArchiveSource, run: Run, page: int, diagnose: Callable[[], WecrmError | None]) -> None:
        self._source = source
        self._run = run
        self._most = page
        self._limit = page
        self._diagnose = diagnose

    def page(self, seq: int) -> tuple[Page, bool]:
        """The page after `seq`, and whether it is short; with the waits and repeats that its codes ask for.

        Raises:
            WecrmError: what repeating does not mend.
        """
        refreshed = False
        for tries in range(1, TRIES + 2):
            limit = self._limit
            code, body = self._source.page(seq, limit)
            page = archivepage.read(body) if code == 0 else None
            if page is not None and page.errcode == 0:
                self._limit = min(self._most, limit * 2)
                return page, len(page.sealed) + len(page.malformed) < limit
            reaction = _reaction(code, page)
            if reaction is Reaction.refresh and not refreshed:
                refreshed = True  # the source has made itself a new token
                continue
            if reaction not in (Reaction.retry, Reaction.wait, Reaction.slow) or tries > TRIES:
                raise refusals.of_page(code, page, len(body))
            if code == NETWORK and tries == 1:
                self._refuse_secret()
            self._limit = max(1, limit // 4)
            self._run.sleep(WAIT_S if reaction is Reaction.wait else 2.0**tries)
        raise AssertionError

    def _refuse_secret(self) -> None:
        """Raise what an own gettoken says, unless that passes by itself.

        10001 hides every failure of gettoken, and asking with a wrong secret again and again locks the address out.
        """
        error = self._diagnose()
        if error is not None and error.code is not Exit.temporary:
            raise error


def _reaction(code: int, page: Page | None) -> Reaction:
    """What to do about what came instead of a page of messages."""
    if page is not None:
        return find(page.errcode).reaction
    return Reaction.retry if code in (0, CRASHED) else find(code).reaction


def pages(fetcher: Fetcher, opener: Opener, run: Run, seq: int) -> Generator[Fetched]:
    """The pages after `seq` until there is none, opened; close it when done.

    Raises:
        WecrmError: as `Fetcher.page`, and what `run` is to end with; the page that is ready comes before.
    """
    pool = ThreadPoolExecutor(2, thread_name_prefix="page")
    opening: Future[Fetched] | None = None
    try:
        fetching = pool.submit(fetcher.page, seq)
        while True:
            try:
                page, short = _awaited(fetching, run)
            except WecrmError:
                if opening is not None:
                    yield opening.result()
                raise
            after, seq = seq, max(seq, page.seq)
            more = bool(page.sealed or page.malformed)
            if more and seq > after:
                fetching = pool.submit(fetcher.page, seq)
            begun = pool.submit(_opened, opener, page, seq, short) if more else None
            if opening is not None:
                yield opening.result()
            if begun is None:
                return
            opening = begun
            if seq == after:
                yield opening.result()
                raise _stuck(seq)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _opened(opener: Opener, page: Page, seq: int, short: bool) -> Fetched:
    return Fetched(seq, (*opener.read(page.sealed), *malformed(page.malformed)), short)


def _awaited(future: Future[T], run: Run) -> T:
    while True:
        try:
            return future.result(POLL_S)
        except TimeoutError:
            if not future.done():
                run.check()


def _stuck(seq: int) -> TemporaryError:
    return TemporaryError(
        _("WeCom gave messages that do not come after seq {seq}.", seq=seq),
        _("Asking again would give the same ones for ever; what came was kept."),
        _("Run it again later; if it returns, `wecrm archive status` and `wecrm doctor` help to find out why."),
    )
