"""One progress line on a terminal: rate, done of total, failures, time left."""

import math
import time
from collections.abc import Callable, Mapping
from typing import TextIO

from wecrm.i18n import _
from wecrm.models.clock import Progress

FIRST_S, EVERY_S = 1.0, 0.2


class ProgressLine:
    """Draws the newest progress in place; silent during the first second and outside a terminal."""

    def __init__(self, screen: TextIO, *, shown: bool) -> None:
        self._screen = screen
        self._shown = shown and screen.isatty()
        self._began = time.monotonic()
        self._drawn = 0.0
        self._what = ""
        self._first = 0
        self._line = ""
        self._sent: Mapping[str, int] = {}
        self._before: Mapping[str, int] = {}
        self._allowed: Callable[[int], float] | None = None

    def pace(self, sent: Mapping[str, int], allowed: Callable[[int], float]) -> None:
        """Count WeCom's limits into the time left.

        Args:
            sent: calls that went out until now, by API; it grows.
            allowed: seconds that so many calls of one API take at the allowed rate.
        """
        self._sent, self._before, self._allowed = sent, dict(sent), allowed

    def __call__(self, progress: Progress) -> None:
        """Take notice of `progress`."""
        if not self._shown:
            return
        now = time.monotonic()
        if progress.wait_s:
            wait = _("next call in {s} s", s=math.ceil(progress.wait_s))
            self._draw(f"{self._line} · {wait}" if self._line else wait, now)
            return
        if progress.what != self._what:
            self._what, self._began, self._first = progress.what, now, progress.done
            self._line, self._before = "", dict(self._sent)
        if now - self._began >= FIRST_S:
            self._line = self._told(progress, now - self._began)
            self._draw(self._line, now)

    def clear(self) -> None:
        """Take the line away."""
        if self._drawn:
            self._screen.write("\r\x1b[K")
            self._screen.flush()
            self._drawn = 0.0

    def _draw(self, line: str, now: float) -> None:
        if now - self._began < FIRST_S or now - self._drawn < EVERY_S:
            return
        self._drawn = now
        self._screen.write("\r\x1b[K" + line)
        self._screen.flush()

    def _told(self, progress: Progress, seconds: float) -> str:
        rate = (progress.done - self._first) / seconds
        total = f"/{progress.total:,}" if progress.total else ""
        line = f"{progress.what} {progress.done:,}{total} · {rate:,.0f}/s"
        if progress.failed:
            line += " · " + _("{n} failed", n=progress.failed)
        if progress.total and rate > 0:
            rest = max(0, progress.total - progress.done)
            left = max(rest / rate, self._at_least(rest, progress.done - self._first, seconds))
            line += " · " + _("{s} s left", s=int(left))
        return line

    def _at_least(self, rest: int, done: int, seconds: float) -> float:
        """Seconds that the calls for the rest take at the allowed rate, going by what those for `done` were."""
        if self._allowed is None:
            return 0.0
        calls = max((n - self._before.get(path, 0) for path, n in dict(self._sent).items()), default=0)
        return self._allowed(math.ceil(calls * (done + rest) / done)) - seconds
