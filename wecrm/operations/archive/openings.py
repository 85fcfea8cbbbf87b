"""Sealed messages opened: private key, source, plaintext, and what a page of them comes to."""

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from wecrm.api.archive.keys import Keys
from wecrm.models import message as messages
from wecrm.models.archive import CRASHED, KEY_REFUSED, NO_KEY, NOT_BASE64, ArchiveSource, Sealed
from wecrm.models.message import Message
from wecrm.store.archive.pages import Read, Reason

BATCH = 50
"""Messages that one thread opens in one go: one frame to a child process."""

_REASONS: dict[int, Reason] = {NO_KEY: "no-key", NOT_BASE64: "key", KEY_REFUSED: "key", CRASHED: "crashed"}
"""Every other code comes from the source's own opening."""


class Opener:
    """Opens whole pages on all cores: private keys in threads, the source in its processes. Close it when done."""

    def __init__(self, source: ArchiveSource, keys: Keys) -> None:
        self.keys = keys
        self._source = source
        self._pool = ThreadPoolExecutor(2 * (os.cpu_count() or 1), thread_name_prefix="open")

    def read(self, sealed: Sequence[Sealed]) -> list[Read]:
        """Every message of the page, readable or not, in the page's order."""
        batches = [sealed[n : n + BATCH] for n in range(0, len(sealed), BATCH)]
        return [read for batch in self._pool.map(self._batch, batches) for read in batch]

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(cancel_futures=True)

    def _batch(self, sealed: Sequence[Sealed]) -> Iterable[Read]:
        opened = [self.keys.open(one.publickey_ver, one.encrypt_random_key) for one in sealed]
        pairs = [(key, one.encrypt_chat_msg) for one, (code, key) in zip(sealed, opened, strict=True) if code == 0]
        plain = iter(self._source.decrypt(pairs) if pairs else ())
        return [
            understood(one, *(next(plain) if code == 0 else (code, b"")))
            for one, (code, _key) in zip(sealed, opened, strict=True)
        ]


def malformed(entries: Iterable[tuple[int, str]]) -> list[Read]:
    """Entries of a page that are no message, kept as they came."""
    return [Read(Sealed(seq, "", 0, "", raw), reason="malformed") for seq, raw in entries]


def understood(sealed: Sealed, code: int, plain: bytes) -> Read:
    """What a plaintext comes to, or the code that came instead of one."""
    if code:
        return Read(sealed, reason=_REASONS.get(code, "cipher"), code=code)
    try:
        message = messages.parse(plain)
    except Exception:  # noqa: BLE001 strangers wrote it: whatever is wrong, it waits and the archive goes on
        return Read(sealed, reason="unreadable", plain=plain)
    return _with_content(sealed, message)


def _with_content(sealed: Sealed, message: Message) -> Read:
    """The message with its texts and files; a content that no type knows costs these, never the message."""
    try:
        return Read(sealed, message, messages.searchable(message), messages.media(message))
    except Exception:  # noqa: BLE001 likewise
        return Read(sealed, message)
