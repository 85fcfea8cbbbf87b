"""The session archive by way of the vendor's library: one child for pages and media, several that decrypt.

The library checks no certificates, obeys proxies of the environment, can't be interrupted and can end its
process (measured on SDK 3.0). So it runs in children that may die; what dies with one message or page is
asked again, alone, and named when it kills again.
"""

import logging
import os
import queue
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from wecrm.api.archive import loading
from wecrm.api.archive.frames import Begin, Decrypt, Media, Page
from wecrm.api.archive.loading import Found
from wecrm.api.archive.workers import Died, Hung, Worker
from wecrm.errors import ConfigError
from wecrm.i18n import _
from wecrm.models.archive import CIPHERTEXT_MIN, CRASHED, TOO_SHORT, Opened, Piece

logger = logging.getLogger(__name__)

NETWORK: Final = 10001
"""The library's code for everything on the way to WeCom, and for a refused gettoken."""

UNPARSED: Final = 10002
"""Its code for a media answer with any errcode; an ended token is among them."""

STALE: Final = frozenset((40001, 40014, 41001, 42001))
"""Errcodes of a page after which only a new sdk asks for a new token."""

DECRYPT_LIMIT_S = 20.0
"""How long a child may decrypt one batch; 100 messages take some milliseconds."""

_ERRCODE = re.compile(rb'"errcode"\s*:\s*(\d+)')
_HEAD = 4096


@dataclass(frozen=True, slots=True)
class Settings:
    """How the library is used for one corp. `proxy_auth` is user:password; `processes` decrypt."""

    library: str
    corp_id: str
    secret: str = field(repr=False)
    proxy: str = field(default="", repr=False)
    proxy_auth: str = field(default="", repr=False)
    timeout_s: int = 30
    processes: int = field(default_factory=lambda: os.cpu_count() or 1)
    slack_s: float = 10.0
    """What a child gets beyond its two requests of `timeout_s` each before it is killed."""


def source(settings: Settings) -> "NativeSource":
    """The archive through the library at `settings.library`, which is loaded to see that it can be.

    Raises:
        ConfigError: a setting can't be right, or the library can't be loaded.
    """
    _check(settings)
    made = NativeSource(settings, loading.examine(settings.library, loading.here()))
    try:
        made.begin()
    except BaseException:
        made.close()
        raise
    return made


class NativeSource:
    """An `ArchiveSource`. `close` may be called from any thread; calls under way then end as CRASHED."""

    def __init__(self, settings: Settings, found: Found) -> None:
        self.found = found
        self.standin = False
        """Whether it is the stand-in of the tests and not the vendor's."""
        self._limit_s = 2 * settings.timeout_s + settings.slack_s
        library = str(found.path.absolute())
        self._fetcher = Worker(
            Begin(
                library,
                settings.corp_id,
                settings.secret,
                settings.proxy,
                settings.proxy_auth,
                settings.timeout_s,
            )
        )
        self._decrypters = [Worker(Begin(library)) for _n in range(settings.processes)]
        self._idle: queue.LifoQueue[Worker] = queue.LifoQueue()
        for worker in self._decrypters:
            self._idle.put(worker)
        self._fresh_sdk = False

    def begin(self) -> None:
        """Start the child that fetches.

        Raises:
            ConfigError: the library can't be loaded, or refuses corp id and secret.
        """
        begun = self._fetcher.start()
        logger.info("archive library %s, version %s", self.found.path, self.found.version or self.found.sha256)
        self.standin = begun.standin
        if begun.code != 0:
            raise ConfigError(
                _("The archive library refused to begin with code {code}.", code=begun.code),
                "",
                _("Check corp_id and secrets.archive in the profile."),
            )

    def page(self, seq: int, limit: int) -> Opened:
        """As `ArchiveSource.page`; a page that kills the child is tried smaller before it is called CRASHED."""
        code, body = self._page(seq, limit)
        found = _ERRCODE.search(body[:_HEAD])
        if code == 0 and found is not None and int(found[1]) in STALE:
            self._fetcher.renew()
            return self._page(seq, limit)
        return code, body

    def decrypt(self, pairs: Sequence[tuple[bytes, str]]) -> list[Opened]:
        """As `ArchiveSource.decrypt`. One call uses one process: call from as many threads to use all."""
        found: list[Opened] = [(TOO_SHORT, b"")] * len(pairs)
        asked = []
        for n, (key, message) in enumerate(pairs):
            text = message.encode("utf-8", "replace").partition(b"\0")[0]  # C ends a text there
            if len(text) >= CIPHERTEXT_MIN:
                asked.append((n, (key, text)))
        worker = self._idle.get()
        try:
            for (n, _pair), opened in zip(asked, _batch(worker, [pair for _n, pair in asked]), strict=True):
                found[n] = opened
        finally:
            self._idle.put(worker)
        return found

    def media(self, sdkfileid: str, index: str) -> Piece:
        """As `ArchiveSource.media`; 10002 is asked again once with a new sdk, whose token is new."""
        code, data, following, last = self._media(sdkfileid, index)
        if code == UNPARSED and not self._fresh_sdk:
            self._fresh_sdk = True
            self._fetcher.renew()
            code, data, following, last = self._media(sdkfileid, index)
        if code == 0:
            self._fresh_sdk = False
        return code, data, following.decode("latin-1"), last

    def close(self) -> None:
        """End the children, in the middle of a call too."""
        for worker in (self._fetcher, *self._decrypters):
            worker.close()

    @property
    def children(self) -> list[int]:
        """Process ids of the children that run now, the fetching one first."""
        return [worker.pid for worker in (self._fetcher, *self._decrypters) if worker.pid is not None]

    def _page(self, seq: int, limit: int) -> Opened:
        for size in (limit, limit, max(1, limit // 10), 1):
            try:
                return self._fetcher.ask(Page(seq, size), tuple[int, bytes], self._limit_s)
            except Hung:
                return NETWORK, b""
            except Died:
                continue
        return CRASHED, b""

    def _media(self, sdkfileid: str, index: str) -> tuple[int, bytes, bytes, bool]:
        request = Media(sdkfileid.encode("utf-8", "replace"), index.encode("latin-1", "replace"))
        for _try in range(2):
            try:
                return self._fetcher.ask(request, tuple[int, bytes, bytes, bool], self._limit_s)
            except Hung:
                return NETWORK, b"", b"", False
            except Died:
                continue
        return CRASHED, b"", b"", False


def _batch(worker: Worker, pairs: list[tuple[bytes, bytes]]) -> list[Opened]:
    """What became of each pair; when the child dies over them, each is asked alone."""
    if not pairs:
        return []
    try:
        return worker.ask(Decrypt(pairs), list[tuple[int, bytes]], DECRYPT_LIMIT_S)
    except Died:
        return [_alone(worker, pair) for pair in pairs]


def _alone(worker: Worker, pair: tuple[bytes, bytes]) -> Opened:
    """What became of one pair; CRASHED only if it kills every time, since a child may be killed from outside too."""
    for _try in range(3):
        try:
            return worker.ask(Decrypt([pair]), list[tuple[int, bytes]], DECRYPT_LIMIT_S)[0]
        except Died:
            continue
    return CRASHED, b""


def _check(settings: Settings) -> None:
    if settings.timeout_s <= 0:
        raise ConfigError(
            _("archive.timeout_s is {n}.", n=settings.timeout_s),
            _("The library takes 0 or less for waiting for ever."),
            _("Set it to some seconds, as 30."),
        )
    if settings.processes < 1:
        raise ConfigError(
            _("archive.processes is {n}.", n=settings.processes),
            "",
            _("Set it to 1 or more, or to null for one process per core."),
        )
    if not settings.corp_id or not settings.secret:
        raise ConfigError(
            _("The profile has no secret for {kind}.", kind="archive"),
            _("The library asks for its token with it."),
            _("Add secrets.{kind} to the profile; see config.example.yaml.", kind="archive"),
        )
