"""One child process that holds the library: started when first asked, killed when it hangs, started again.

A child has a session of its own, so that Ctrl-C on a terminal reaches the parent alone.
"""

import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

import msgspec

import wecrm
from wecrm.api.archive import frames, loading
from wecrm.api.archive.frames import Begin, Begun, Request

T = TypeVar("T")

START_LIMIT_S = 60.0
"""How long a child may take to load the library."""


class Died(Exception):
    """The child ended before it answered."""


class Hung(Died):
    """The child did not answer in time and was killed."""


class Worker:
    """A child process, one call at a time; several threads may ask. After a death the next call starts another."""

    def __init__(self, begin: Begin) -> None:
        self._begin = begin
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._closed = False
        self.begun: Begun | None = None
        """What the newest child said when it began."""

    def ask(self, request: Request, reply: type[T], limit_s: float) -> T:
        """The answer of the child.

        Raises:
            Died: it ended first, or this worker is closed; Hung: not within `limit_s` seconds.
            ConfigError: the library can't be loaded.
        """
        with self._lock:
            if self._process is None:
                self._start()
            return self._exchange(request, reply, limit_s)

    def start(self) -> Begun:
        """Start the child if none runs; what it said when it began. Raises as `ask`."""
        with self._lock:
            if self._process is None:
                self._start()
            return cast(Begun, self.begun)

    def renew(self) -> None:
        """End the child; the next call starts another, with a new sdk and a new token."""
        with self._lock:
            self._end()

    def close(self) -> None:
        """End the child for good, in the middle of a call too: that call raises Died. Any thread may do it."""
        self._closed = True
        process = self._process
        if process is not None:
            process.kill()
        with self._lock:
            self._end()

    @property
    def pid(self) -> int | None:
        """Process id of the running child, if there is one."""
        return self._process.pid if self._process is not None else None

    def _start(self) -> None:
        for last in (False, False, True):  # whoever killed one child may kill the next one too
            try:
                self._start_one()
            except Died:
                if self._closed:
                    raise
                if last:
                    raise loading.refused(self._begin.library, "") from None
            else:
                return

    def _start_one(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "wecrm.api.archive.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            start_new_session=True,
        )
        self.begun = self._exchange(self._begin, Begun, START_LIMIT_S)
        if self.begun.reason:
            self._end()
            raise loading.refused(self._begin.library, self.begun.reason)

    def _exchange(self, request: Request, reply: type[T], limit_s: float) -> T:
        process = cast("subprocess.Popen[bytes]", self._process)
        if self._closed:
            self._end()
            raise Died
        hung = threading.Event()

        def give_up() -> None:
            hung.set()
            process.kill()

        timer = threading.Timer(limit_s, give_up)
        timer.daemon = True
        timer.start()
        try:
            frames.send(cast(BinaryIO, process.stdin), request)
            return frames.decoded(frames.receive(cast(BinaryIO, process.stdout)), reply)
        except (OSError, EOFError, msgspec.MsgspecError):  # gone, or its memory is damaged
            self._end()
            raise (Hung if hung.is_set() else Died) from None
        except BaseException:  # a half-read answer would be taken for the next one's
            self._end()
            raise
        finally:
            timer.cancel()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):  # what it did not read any more
                cast(Any, stream).close()


def _environment() -> dict[str, str]:
    """Ours without proxies, which the library would follow without checking a certificate, and with our own code."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    ours = str(Path(wecrm.__file__).parent.parent)
    kept["PYTHONPATH"] = os.pathsep.join(filter(None, (ours, kept.get("PYTHONPATH", ""))))
    return kept
