"""Heads of the archive's chain in an append-only file: one line of JSON each, never changed afterwards."""

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from wecrm.errors import ConfigError
from wecrm.files.atomic import sync_folder
from wecrm.i18n import _

VERSION: Final = 1
"""Of the line's form and of what is signed."""


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One head: at `at` (unix seconds) link `n` of the corp's chain had that hash (hex).

    `signature` (Ed25519, hex, over `signed()`) and the id of its key where the profile has one.
    """

    at: int
    corp: str
    n: int
    hash: str
    version: int
    key: str = ""
    signature: str = ""

    def signed(self) -> bytes:
        """What the signature is made over."""
        return (
            f"wecrm archive anchor {self.version}\n{self.corp}\n{self.n}\n{self.hash}\n{self.at}\n{self.key}".encode()
        )


def encoded(line: Line) -> str:
    """The line as it is written, without its end."""
    return _ENCODE(line).decode()


def append(path: Path, line: str) -> None:
    """Add one line to the file, on disk when this returns; a file that only allows appending (chattr +a) is enough.

    Raises:
        ConfigError: it can't be made or written.
    """
    try:
        new = not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        text = ("\n" if _torn(path) else "") + line + "\n"
        number = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            whole = text.encode()
            if os.write(number, whole) != len(whole):  # once, so that lines of two processes never mix
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(number)
        finally:
            os.close(number)
    except OSError as error:
        raise ConfigError(
            _("The anchor {path} can't be written.", path=path),
            str(error.strerror),
            _("Let this user append to it, or set archive.anchor.file to another place."),
        ) from error
    if new:
        sync_folder(path.parent)


def _torn(path: Path) -> bool:
    """Whether the last line was cut off by a crash; a file that may not be read is taken to be whole."""
    with suppress(OSError), path.open("rb") as stream:
        if stream.seek(0, os.SEEK_END):
            stream.seek(-1, os.SEEK_END)
            return stream.read(1) != b"\n"
    return False


def size(path: Path) -> int:
    """Bytes of the anchor as it is now; 0 when there is none yet."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def lines(path: Path, begin: int = 0, end: int | None = None) -> Iterator[tuple[int, Line | None]]:
    """Each line of an anchor with the byte that it begins at; None for one that is no head. Empty ones are left out.

    What stands before the JSON (a system log's own words) does not matter.

    Args:
        begin: the first byte to read; `end` likewise the byte to stop at, None for the end of the file.

    Raises:
        ConfigError: it can't be read.
    """
    try:
        with path.open("rb") as stream:
            at = stream.seek(begin)
            for text in stream:
                if end is not None and at >= end:
                    break
                if text.strip():
                    yield at, _read(text)
                at += len(text)
    except OSError as error:
        raise ConfigError(
            _("The anchor {path} can't be read.", path=path),
            str(error.strerror),
            _("Name the file that archive.anchor wrote: --anchor FILE."),
        ) from error


def _read(text: bytes) -> Line | None:
    try:
        line = _DECODE(text[max(0, text.find(b"{")) :])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return line if line.version == VERSION and 0 <= line.n < 2**63 else None


_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(Line).decode
