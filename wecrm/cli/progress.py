"""One progress line on a terminal: rate, done of total, failures, time left."""

import time
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

    def __call__(self, progress: Progress) -> None:
        """Take notice of `progress`."""
        if not self._shown:
            return
        now = time.monotonic()
        if progress.what != self._what:
            self._what, self._began, self._first = progress.what, now, progress.done
        if now - self._began < FIRST_S or now - self._drawn < EVERY_S:
            return
        self._drawn = now
        self._screen.write("\r\x1b[K" + self._line(progress, now - self._began))
        self._screen.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._drawn:
            self._screen.write("\r\x1b[K")
            self._screen.flush()
            self._drawn = 0.0

    def _line(self, progress: Progress, seconds: float) -> str:
        rate = (progress.done - self._first) / seconds
        total = f"/{progress.total:,}" if progress.total else ""
        line = f"{progress.what} {progress.done:,}{total} · {rate:,.0f}/s"
        if progress.failed:
            line += " · " + _("{n} failed", n=progress.failed)
        if progress.total and rate > 0:
            line += " · " + _("{s} s left", s=int(max(0, progress.total - progress.done) / rate))
        return line
