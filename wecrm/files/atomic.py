"""Files that appear whole or not at all."""

import contextlib
import io
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from wecrm.errors import UsageError
from wecrm.i18n import _

if sys.platform != "win32":
    import fcntl

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_NAME_CHARS = 40  # of the target in the temporary's name: at most 160 of the 255 bytes a name may have


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(
        _("Cannot write {path}.", path=path),
        why=error.strerror or str(error),
        fix=_("Name a file in a folder that exists, that you may write to, and that has room."),
    )


class _Raw(io.FileIO):
    """A file whose failing writes (disk full) name the file that was asked for."""

    def __init__(self, descriptor: int, target: Path) -> None:
        super().__init__(descriptor, "wb", closefd=False)
        self._target = target

    def write(self, data: object, /) -> int:
        try:
            return super().write(data)  # type: ignore[arg-type]
        except OSError as error:
            raise _unwritable(self._target, error) from error


def _refuse_odd_target(path: Path) -> None:
    """Refuse folders, devices and pipes: a rename would replace, not fill them."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unwritable(path, error) from error
    if stat.S_ISDIR(mode):
        raise UsageError(
            _("Cannot write {path}.", path=path),
            why=_("It is a folder."),
            fix=_("Name a file inside it."),
        )
    if not stat.S_ISREG(mode):
        raise UsageError(
            _("Cannot write {path}.", path=path),
            why=_("It is a device or a pipe, not a file."),
            fix=_("Use `-o -` for standard output, or name a file."),
        )


def _open_sibling(path: Path, private: bool) -> tuple[Path, int]:
    """A new temporary beside `path`, locked while its descriptor is open; what a killed run left of that name goes.

    It always has the same name, so that killed runs leave one at most; another one only where two write at once.
    """
    sibling = path.with_name(f".{path.name[:_NAME_CHARS]}.wecrm.tmp")
    try:
        if sibling.is_file() and not sibling.is_symlink():
            _remove_abandoned(sibling)
        while True:
            try:
                descriptor = os.open(sibling, _FLAGS, 0o600 if private else 0o666)
            except FileExistsError:
                pass
            else:
                if _locked(descriptor) is not False and os.fstat(descriptor).st_nlink:
                    return sibling, descriptor
                os.close(descriptor)  # somebody took it for abandoned just now
            sibling = path.with_name(f".{path.name[:_NAME_CHARS]}.{secrets.token_hex(6)}.wecrm.tmp")
    except OSError as error:
        raise _unwritable(path, error) from error


def _locked(descriptor: int) -> bool | None:
    """Whether this locks the file until the descriptor is closed; None: such locks are unknown here."""
    if sys.platform == "win32":
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _remove_abandoned(sibling: Path) -> None:
    """Remove a temporary whose writer is dead: the kernel has freed its lock."""
    with contextlib.suppress(OSError):
        descriptor = os.open(sibling, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        try:
            if _locked(descriptor):
                sibling.unlink(missing_ok=True)
        finally:
            os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def check_writable(path: Path) -> None:
    """Find out now whether `replacing` could write `path` later; nothing is left there.

    Raises:
        UsageError: a folder, a device, or a place that cannot be written to.
    """
    _refuse_odd_target(path)
    sibling, descriptor = _open_sibling(path, private=True)
    sibling.unlink(missing_ok=True)
    os.close(descriptor)


@contextlib.contextmanager
def replacing(path: Path, *, private: bool = True) -> Iterator[BinaryIO]:
    """A stream whose bytes become `path` when the block ends well; until then `path` stays as it was.

    The hidden temporary sibling is opened at once, so that a folder that cannot be written to is
    found before work starts. A block that fails (Ctrl-C too) leaves nothing behind. A symbolic
    link is replaced, never followed.

    Args:
        private: the file is for its owner alone (0600); otherwise the umask decides.

    Raises:
        UsageError: a folder, a device, or a place that cannot be written to.
    """
    _refuse_odd_target(path)
    sibling, descriptor = _open_sibling(path, private)
    stream = io.BufferedWriter(_Raw(descriptor, path))
    try:
        yield stream
        stream.flush()
        try:
            os.fsync(descriptor)
            stream.close()
            os.replace(sibling, path)
        except OSError as error:
            raise _unwritable(path, error) from error
    except BaseException:
        with contextlib.suppress(OSError, UsageError):  # the first failure is the one to tell
            stream.close()
        sibling.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)  # frees the lock, under which the rename happened, too
    sync_folder(path.parent)
