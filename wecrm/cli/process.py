"""What a process has and a command line run in process has not: signals, streams, a umask."""

import contextlib
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator

from wecrm.errors import InterruptedRun, TerminatedRun, WecrmError
from wecrm.i18n import _


def begin() -> Callable[[], WecrmError | None]:
    """Make this process ready: its streams, its umask, its signals; what tells the error to stop with."""
    os.umask(os.umask(0) | 0o022)  # whatever the caller's is, nobody else may change what is written
    _fill_closed_streams()
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr = _Unheard(sys.stderr.detach(), encoding="utf-8", errors="backslashreplace", line_buffering=True)
    signals = Signals()
    signals.install()
    return signals


class Signals:
    """What arrived: the first Ctrl-C, SIGTERM or SIGHUP asks to stop, the second Ctrl-C breaks off.

    While `at_once` is set nothing is under way that would have to be finished: the first breaks off.
    """

    def __init__(self) -> None:
        self.reason: WecrmError | None = None
        self.at_once = False
        self._terminals: list[int] = []

    def install(self) -> None:
        """Listen, in the main thread of a process."""
        signal.signal(signal.SIGINT, self._interrupt)
        signal.signal(signal.SIGTERM, self._terminate)
        hangup = getattr(signal, "SIGHUP", None)
        if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:  # nohup stays in force
            self._terminals = [number for number in (0, 1, 2) if os.isatty(number)]
            signal.signal(hangup, self._hang_up)

    def __call__(self) -> WecrmError | None:
        """The error to stop with, or None."""
        return self.reason

    def _interrupt(self, _number: int, _frame: object) -> None:
        if self.reason is not None:
            raise KeyboardInterrupt
        self.reason = InterruptedRun(_("Stopped by Ctrl-C."), "", _("Everything done is kept; run it again to go on."))
        self._break_off()
        sys.stderr.write(_("Stopping after the calls in flight; Ctrl-C again breaks off.") + "\n")

    def _terminate(self, _number: int, _frame: object) -> None:
        self.reason = TerminatedRun(_("Stopped by SIGTERM."), "", _("Everything done is kept; run it again to go on."))
        self._break_off()

    def _hang_up(self, _number: int, _frame: object) -> None:
        """The terminal is gone: what is still to be said goes nowhere."""
        self.reason = TerminatedRun(_("Stopped by SIGHUP."), "", _("Everything done is kept; run it again to go on."))
        for number in self._terminals:
            _point_nowhere(number)
        self._break_off()

    def _break_off(self) -> None:
        if self.at_once:
            raise KeyboardInterrupt  # the one that nobody takes for an error of their own


@contextlib.contextmanager
def at_once(signalled: Callable[[], WecrmError | None]) -> Iterator[None]:
    """Let a signal end the run the moment it comes, unless the block calls `finish_first`."""
    if not isinstance(signalled, Signals):
        yield
        return
    before, signalled.at_once = signalled.at_once, True
    try:
        if signalled.reason is not None:
            raise KeyboardInterrupt
        yield
    finally:
        signalled.at_once = before


def finish_first(signalled: Callable[[], WecrmError | None]) -> None:
    """From now on signals are only noted: the run asks for them where stopping is clean."""
    if isinstance(signalled, Signals):
        signalled.at_once = False


class _Unheard(io.TextIOWrapper):
    """Standard error: when nobody listens any more, the work goes on all the same."""

    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except OSError:
            _point_nowhere(self.fileno())
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError:
            _point_nowhere(self.fileno())


def _point_nowhere(number: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, number)
    os.close(nowhere)


def _fill_closed_streams() -> None:
    """Put the null device where the caller closed a stream: else the next file opened would take its place."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number: this one
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
