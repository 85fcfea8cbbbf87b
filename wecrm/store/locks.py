"""Locks held by the kernel: one per (database, purpose), free the moment their holder dies."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from wecrm.errors import ConfigError, LockedError
from wecrm.i18n import _
from wecrm.store import filesystem


@contextmanager
def held(database: Path, purpose: str) -> Iterator[None]:
    """Hold the lock of `purpose` (sync, apply …) while the block runs; readers never take one.

    Raises:
        LockedError: another process has it; names its process id where that is known.
        ConfigError: the lock can't be made there: no permission, no room, a network share.
    """
    filesystem.refuse_network(database, filesystem.mounts())
    lock = FileLock(f"{database}.{purpose}.lock", timeout=0, mode=0o600)
    holder = Path(f"{database}.{purpose}.holder")
    try:
        database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock.acquire()
    except Timeout:
        raise LockedError(
            _other_run(purpose, _pid(holder)),
            _("Two at once could do the same work twice."),
            _("Wait for it to end; the lock is free the moment that process ends."),
        ) from None
    except OSError as error:
        raise ConfigError(
            _("The folder {path} can't be written.", path=database.parent),
            str(error.strerror),
            _("Give this user a writable folder, or set WECRM_HOME to one."),
        ) from error
    try:
        with suppress(OSError):  # only tells others who it is
            holder.unlink(missing_ok=True)  # a link that stands there is not followed
            with os.fdopen(os.open(holder, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
                stream.write(f"{os.getpid()} {int(time.time())}")
        yield
    finally:
        with suppress(OSError):
            holder.unlink(missing_ok=True)
        lock.release()


def under_way(database: Path, purpose: str) -> bool:
    """Whether a living process says that it holds that lock; asked without taking it."""
    pid = _pid(Path(f"{database}.{purpose}.holder"))
    if pid <= 0 or os.name != "posix":  # elsewhere signal 0 would end it
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it lives, and is somebody else's
        pass
    return True


def _other_run(purpose: str, pid: int) -> str:
    if not pid:
        return _("Another run of `{purpose}` is under way for this corp.", purpose=purpose)
    return _("Another run of `{purpose}` is under way for this corp (process {pid}).", purpose=purpose, pid=pid)


def _pid(holder: Path) -> int:
    try:
        return int(holder.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 0
