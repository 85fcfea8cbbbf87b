"""Fetching the archive's media files: piece by piece, oldest first, one broken file never stopping the others.

Runs in the nightly pull and by `wecrm archive media fetch`, one at a time (the lock `archive`). Killed at any
moment it goes on at the last piece that is on disk.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wecrm.api.errcodes import find
from wecrm.errors import Exit
from wecrm.i18n import _
from wecrm.models.archive import CRASHED, DIFFERS, TOO_LARGE, ArchiveSource
from wecrm.models.clock import Progress, Run
from wecrm.store.archive import media
from wecrm.store.archive.media import Fetched, Wanted
from wecrm.store.archive.mediafiles import MediaFiles, Part
from wecrm.store.database import Store

WAITS_S: Final = (2, 10, 60, 600, 3600, 6 * 3600)
"""Seconds before each new attempt; after the last one the file has failed."""

PATIENCE_S: Final = 60
"""A run waits so long for a file at most; later attempts are the next run's."""

NOT_ALLOWED_S: Final = 600
"""Pause after 10009: somebody must change the IP list first."""

DIFFERS_MAX: Final = 2
"""How often a file that is not what its message says is fetched once more."""

BEYOND: Final = 1 << 20
"""Bytes that a file may be longer than its message says before the rest is not looked at."""

STREAK_MAX: Final = 20
"""So many files in a row that the network or the IP list kept back: the others wait for the next run."""

NO_NETWORK, NO_ANSWER, BROKEN, NOT_ALLOWED, EXPIRED = 10001, 10002, 10003, 10009, 10010

_AGAIN = (NO_NETWORK, NO_ANSWER, BROKEN, CRASHED)
_BATCH = 200


@dataclass(frozen=True, slots=True)
class Settings:
    """Which files are wanted: kinds as `image` (none: all), and up to which size in bytes (None: any)."""

    types: tuple[str, ...] = ()
    size_max: int | None = None


@dataclass(slots=True)
class Counts:
    """What one run did. `left`: still wanted; `kept_back`, `put_off`: for which code the last ones were, or 0."""

    fetched: int = 0
    bytes: int = 0
    failed: int = 0
    expired: int = 0
    skipped: int = 0
    left: int = 0
    kept_back: int = 0
    put_off: int = 0


def drain(source: ArchiveSource, store: Store, folder: Path, settings: Settings, run: Run) -> Counts:
    """Fetch every wanted file whose turn it is; what came of them.

    Raises:
        WecrmError: what `run` says when it must stop; between pieces, all state kept.
        ConfigError: the folder can't be written.
    """
    return _Drain(source, store, MediaFiles(folder, store.key), settings, run).all()


class _Drain:
    """One run over the queue."""

    def __init__(self, source: ArchiveSource, store: Store, files: MediaFiles, settings: Settings, run: Run) -> None:
        self._source, self._store, self._files, self._settings, self._run = source, store, files, settings, run
        self._counts = Counts()
        self._streak = 0
        self._total = 0

    def all(self) -> Counts:
        media.choose(self._store, self._settings.types, self._settings.size_max)
        self._total = media.left(self._store)
        while self._streak < STREAK_MAX:
            batch = media.due(self._store, self._run.clock.now(), _BATCH)
            if not batch and not self._wait():
                break
            for wanted in batch:
                self._run.check()
                self._one(wanted)
                self._tell()
                if self._streak >= STREAK_MAX:
                    break
        self._counts.left = media.left(self._store)
        return self._counts

    def _wait(self) -> bool:
        """Wait for a file that is to be tried again soon; whether there is one."""
        at = media.next_due(self._store)
        if at is None or at - self._run.clock.now() > PATIENCE_S:
            return False
        self._run.sleep(at - self._run.clock.now())
        return True

    def _tell(self) -> None:
        c = self._counts
        done = c.fetched + c.failed + c.expired + c.skipped
        self._run.progress(Progress("archive media", done, max(self._total, done), c.failed))

    def _one(self, wanted: Wanted) -> None:
        part = self._files.part(wanted.id, wanted.written)
        try:
            code = self._pieces(wanted, part)
            if code:
                self._refused(wanted, part, code)
            else:
                self._complete(wanted, part)
        finally:
            part.close()

    def _pieces(self, wanted: Wanted, part: Part) -> int:
        """Append pieces up to the last one; 0, or the code that ended it. Each is on disk before its state."""
        index = wanted.next_index
        if part.written != wanted.written:  # its part is not there any more
            media.advance(self._store, wanted.id, "", 0)
            index = ""
        while True:
            code, piece, following, last = self._source.media(wanted.sdkfileid, index)
            if code:
                return code
            if not last and (not piece or following == index):
                return BROKEN  # it would never end
            if self._too_large(wanted, part.written + len(piece)):
                return TOO_LARGE
            if wanted.size and part.written > wanted.size + BEYOND:
                return DIFFERS
            part.add(piece, last=last)
            if last:
                return 0
            media.advance(self._store, wanted.id, following, part.written)
            index = following
            self._run.check()

    def _too_large(self, wanted: Wanted, written: int) -> bool:
        largest = self._settings.size_max
        return largest is not None and written > largest and not wanted.asked

    def _complete(self, wanted: Wanted, part: Part) -> None:
        self._streak = self._counts.kept_back = 0
        differs = _differs(wanted, part)
        if differs and wanted.mismatches < DIFFERS_MAX:
            self._once_more(wanted, part)
            return
        name = media.known_name(self._store, part.sha256) or part.name(wanted.kind, wanted.extension)
        fetched = Fetched(name, part.sha256, part.md5, part.written)
        part.keep(name)
        now = self._run.clock.now()
        if differs:  # kept all the same: a better one will not come
            media.finish(self._store, wanted, fetched, now, state="failed", code=DIFFERS)
            self._counts.failed += 1
        else:
            media.finish(self._store, wanted, fetched, now)
            self._counts.fetched += 1
        self._counts.bytes += part.written

    def _once_more(self, wanted: Wanted, part: Part) -> None:
        media.differs(self._store, wanted.id, DIFFERS, self._run.clock.now() + WAITS_S[0])
        part.drop()

    def _refused(self, wanted: Wanted, part: Part, code: int) -> None:
        """Again later, or never: by the code."""
        now = self._run.clock.now()
        kept_back = code in (NO_NETWORK, NOT_ALLOWED)
        self._streak = self._streak + 1 if kept_back else 0
        self._counts.kept_back = code if kept_back else 0
        attempts = (0 if part.written > wanted.written else wanted.attempts) + 1
        if code == DIFFERS and wanted.mismatches < DIFFERS_MAX:
            self._once_more(wanted, part)
        elif code == NOT_ALLOWED:  # this machine's fault, not the file's: no attempt of it
            media.put_off(self._store, wanted.id, code, now + NOT_ALLOWED_S, attempts=attempts - 1)
        elif code in _AGAIN and attempts <= len(WAITS_S) and (code == NO_NETWORK or not wanted.past(now)):
            media.put_off(self._store, wanted.id, code, now + WAITS_S[attempts - 1], attempts=attempts)
            self._counts.put_off = code
        else:
            part.drop()
            self._never(wanted, code, now)

    def _never(self, wanted: Wanted, code: int, now: float) -> None:
        if code == TOO_LARGE:
            media.give_up(self._store, wanted.id, "skipped", code)
            self._counts.skipped += 1
        elif code == EXPIRED or (code in _AGAIN and wanted.past(now)):
            media.give_up(self._store, wanted.id, "expired", code)
            self._counts.expired += 1
        else:
            media.give_up(self._store, wanted.id, "failed", code)
            self._counts.failed += 1


def _differs(wanted: Wanted, part: Part) -> bool:
    """Whether the complete file is not what its message says, as far as it says anything."""
    md5 = wanted.md5.lower() if re.fullmatch("[0-9a-fA-F]{32}", wanted.md5) else part.md5
    return part.md5 != md5 or part.written != (wanted.size or part.written)


def wrong(counts: Counts) -> list[tuple[Exit, str]]:
    """Why a run was not green, in sentences by exit code; empty when it was."""
    found: list[tuple[Exit, str]] = []
    if counts.kept_back == NOT_ALLOWED:
        found.append(
            (Exit.config, _("WeCom gives this machine no media files: its IP is not in 可信IP of the archive."))
        )
    elif counts.kept_back:
        found.append((Exit.temporary, _("Media files could not be fetched: the network or the token (code 10001).")))
    elif counts.put_off and counts.left and not counts.fetched:
        found.append((Exit.temporary, _("No media file could be fetched (code {code}).", code=counts.put_off)))
    if counts.failed:
        found.append(
            (
                Exit.partial,
                _("{n:,} media files failed: `wecrm archive media list --state failed` says why.", n=counts.failed),
            )
        )
    if counts.expired:
        found.append((Exit.partial, _("{n:,} media files are gone at WeCom and lost.", n=counts.expired)))
    return found


def mended_by(code: Exit) -> str:
    """What a person does about a run that ended so; "" when there is nothing."""
    return {
        Exit.config: _("`wecrm doctor` says which secret or IP WeCom refuses; then run it again."),
        Exit.temporary: _("Run it again; what was begun goes on where it stopped."),
        Exit.partial: _("`wecrm archive media list --state failed,expired`, then `wecrm archive media retry`."),
    }.get(code, "")


def told(counts: Counts) -> str:
    """The run in one line; what did not happen is left out."""
    parts = [
        _("{n:,} media files ({size} MB)", n=counts.fetched, size=f"{counts.bytes / 1e6:,.1f}"),
        _("{n:,} failed", n=counts.failed) if counts.failed else "",
        _("{n:,} expired", n=counts.expired) if counts.expired else "",
        _("{n:,} too large", n=counts.skipped) if counts.skipped else "",
        _("{n:,} still wanted", n=counts.left) if counts.left else "",
    ]
    return " · ".join(part for part in parts if part)


def reason(state: str, code: int) -> str:
    """Why a file is in that state, in a sentence; "" where there is nothing to say."""
    own = {
        CRASHED: _("The library died of it."),
        DIFFERS: _("Its size or md5 is not what the message says."),
        TOO_LARGE: _("It is larger than media.max_mb."),
    }
    if code == 0:
        return _("Left out by media.types or media.max_mb.") if state == "skipped" else ""
    return own.get(code) or _(find(code).meaning)
