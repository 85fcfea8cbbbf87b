"""Folders for the time being, which a killed run cannot leave for ever."""

import contextlib
import glob
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

if sys.platform != "win32":
    import fcntl

_SUFFIX = ".wecrm.tmp"


@contextlib.contextmanager
def passing(parent: Path, name: str) -> Iterator[Path]:
    """A new hidden folder in `parent`, mode 0700, gone with all that is in it when the block ends.

    Its process holds a lock on it, which the kernel frees however that process ends: so whoever needs one of the same
    name next removes what killed runs left. Where the file system can't lock a folder, nothing is removed.

    Args:
        name: of what it is for; the folder is called `.NAME.….wecrm.tmp`.

    Raises:
        OSError: `parent` is not there, can't be written, or is full.
    """
    prefix = f".{name}."
    for left in parent.glob(f"{glob.escape(prefix)}*{_SUFFIX}"):
        _remove_abandoned(left)
    folder, lock = _made(parent, prefix)
    try:
        yield folder
    finally:
        rmtree(folder, ignore_errors=True)
        os.close(lock)


def _made(parent: Path, prefix: str) -> tuple[Path, int]:
    while True:
        folder = Path(mkdtemp(suffix=_SUFFIX, prefix=prefix, dir=parent))
        with contextlib.suppress(FileNotFoundError):  # another run took it for abandoned just now
            lock = os.open(folder, os.O_RDONLY)
            if _locked(lock) is not False and folder.exists():
                return folder, lock
            os.close(lock)


def _locked(descriptor: int) -> bool | None:
    """Whether this locks the folder until it is closed; None: such locks are unknown here."""
    if sys.platform == "win32":
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _remove_abandoned(folder: Path) -> None:
    if folder.is_symlink() or not folder.is_dir():
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            if _locked(descriptor):
                rmtree(folder, ignore_errors=True)
        finally:
            os.close(descriptor)
