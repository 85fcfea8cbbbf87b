"""Time and stopping, as values handed to everything that waits."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from wecrm.errors import WecrmError

SLICE_S = 1.0
"""The longest that a run waits without asking whether it must stop."""


class Clock(Protocol):
    """Where the time comes from; the sandbox has its own."""

    def now(self) -> float:
        """Unix seconds."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return when `seconds` have passed on this clock."""
        ...


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long work is: what a progress line shows.

    `wait_s`: seconds until the next call may go out; then nothing else is told.
    """

    what: str
    done: int
    total: int | None = None
    failed: int = 0
    wait_s: float = 0.0


def _silent(_: Progress) -> None:
    return


def _never() -> WecrmError | None:
    return None


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one command: its clock, whether it must stop, where progress is told.

    `stop` answers the error to end with (deadline, signal) or None, and is asked between batches.
    """

    clock: Clock
    stop: Callable[[], WecrmError | None] = field(default=_never)
    progress: Callable[[Progress], None] = field(default=_silent)

    def check(self) -> None:
        """Raise what `stop` answers; call it where stopping is clean."""
        reason = self.stop()
        if reason is not None:
            raise reason

    def sleep(self, seconds: float) -> None:
        """Wait on the clock in slices, so that a stop is heard and a person sees for how long."""
        while seconds > 0:
            self.check()
            if seconds > SLICE_S:
                self.progress(Progress("", 0, wait_s=seconds))
            self.clock.sleep(min(seconds, SLICE_S))
            seconds -= SLICE_S
