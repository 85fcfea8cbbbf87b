"""Locks held by the kernel: one per (database, purpose), free the moment their holder dies."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from wecrm.errors import LockedError
from wecrm.i18n import _


@contextmanager
def held(database: Path, purpose: str) -> Iterator[None]:
    """Hold the lock of `purpose` (sync, apply …) while the block runs; readers never take one.

    Raises:
        LockedError: another process has it; names its process id where that is known.
    """
    database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(f"{database}.{purpose}.lock", timeout=0, mode=0o600)
    holder = Path(f"{database}.{purpose}.holder")
    try:
        lock.acquire()
    except Timeout:
        raise LockedError(
            _(
                "Another run of `{purpose}` is under way for this corp{who}.",
                purpose=purpose,
                who=_who(holder),
            ),
            _("Two at once could do the same work twice."),
            _("Wait for it to end; the lock is free the moment that process ends."),
        ) from None
    try:
        holder.write_text(f"{os.getpid()} {int(time.time())}")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _who(holder: Path) -> str:
    try:
        pid = int(holder.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return ""
    return f" (process {pid})"
