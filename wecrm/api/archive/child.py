"""The process that loads the vendor's library: `python -m wecrm.api.archive.child`.

It imports little, answers frames one after the other, and ends when its standard input does, in the middle of
a call too: a reader of its own watches it, since no signal interrupts the library.
"""

import os
import queue
import signal
import sys
import threading
from typing import Any, BinaryIO

from wecrm.api.archive import frames
from wecrm.api.archive.frames import Begin, Begun, Decrypt, Media, Page
from wecrm.api.archive.library import Library


def main() -> None:
    """Serve the parent until it closes our standard input."""
    _guard()
    into, out = _streams()
    asked: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(into, asked), daemon=True).start()
    library = _begin(frames.decoded(asked.get(), Begin), out)
    while library is not None:
        frames.send(out, _answer(library, frames.decoded(asked.get(), Page | Decrypt | Media)))  # type: ignore[arg-type]


def _guard() -> None:
    """No core dump, which would hold keys and messages; signals meant for the parent don't end us before it does."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _streams() -> tuple[BinaryIO, BinaryIO]:
    """Our ends of the pipes under new numbers; what the library prints or reads goes nowhere."""
    into, out = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    os.close(nowhere)
    return into, out


def _listen(into: BinaryIO, asked: "queue.SimpleQueue[bytes]") -> None:
    while True:
        try:
            asked.put(frames.receive(into))
        except (EOFError, OSError):
            os._exit(0)


def _begin(begin: Begin, out: BinaryIO) -> Library | None:
    """The loaded library, or None after the reason was told."""
    try:
        if sys.platform == "win32":
            os.add_dll_directory(os.path.dirname(os.path.abspath(begin.library)))
        library = Library(begin.library)
    except (OSError, AttributeError) as error:
        frames.send(out, Begun(str(error)[:500]))
        return None
    code = 0
    if begin.corp_id:
        code = library.begin(
            begin.corp_id.encode(),
            begin.secret.encode(),
            begin.proxy.encode(),
            begin.proxy_auth.encode(),
            begin.timeout_s,
        )
    frames.send(out, Begun("", code, library.standin))
    return library


def _answer(library: Library, request: Page | Decrypt | Media) -> Any:
    if isinstance(request, Decrypt):
        return [library.decrypt(key, message) for key, message in request.pairs]
    if isinstance(request, Page):
        return library.page(request.seq, request.limit)
    return library.media(request.sdkfileid, request.index)


if __name__ == "__main__":
    main()
