"""The folder of media files beside the archive: content-addressed, whole or not there, encrypted with the archive.

A file is named by its content (`ab/<sha256>.jpg`): the same file is there once, however often it was sent.
In an encrypted archive that name stands in the database only; on the disk it has one that tells nothing.
What is being fetched lies in `.part` and gets its name when it is complete.
"""

import contextlib
import hashlib
import hmac
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from wecrm.errors import ConfigError, IntegrityError
from wecrm.i18n import _
from wecrm.store.archive import sealing
from wecrm.store.backup import sync
from wecrm.store.encryption import Key

BLOCK: Final = 1 << 19
"""Bytes read at once."""

_ACTIVE = re.compile(
    "apk|app|bat|cmd|com|desktop|dmg|exe|hta|html?|jar|js|lnk|mht|mhtml|mjs|msi|ps1|reg|scr|sh|shtml|svgz?|url|vbs|"
    "wsf|xht|xhtml|xml"
)
"""Endings that a double click would run, or a browser obey."""

_PICTURES = ((b"\x89PNG\r\n", "png"), (b"GIF8", "gif"), (b"\xff\xd8\xff", "jpg"))


class MediaFiles:
    """The files of one archive; `key` is that of its database."""

    def __init__(self, folder: Path, key: Key | None) -> None:
        self.folder = folder
        self._secret = key.of("media") if key else None
        self._names = key.of("media names") if key else b""

    @property
    def encrypted(self) -> bool:
        """Whether the files are encrypted: then they are read through `pieces`."""
        return self._secret is not None

    def place(self, name: str) -> Path:
        """Where the file of that name (`media_file.path`) lies; of an encrypted one, its ciphertext."""
        if self._secret is None:
            return self.folder / name
        hidden = hmac.digest(self._names, name.encode(), "sha256").hex()
        return self.folder / hidden[:2] / f"{hidden}.enc"

    def pieces(self, name: str) -> Iterator[bytes]:
        """The content of a file, piece by piece.

        Raises:
            IntegrityError: it is missing or not as it was written.
        """
        try:
            with self.place(name).open("rb") as stream:
                yield from _whole(stream, self._secret)
        except FileNotFoundError:
            raise IntegrityError(_("The media file {name} is missing.", name=name)) from None
        except sealing.BrokenSeal:
            raise IntegrityError(_("The media file {name} was changed or is damaged.", name=name)) from None
        except OSError as error:
            raise _unusable(self.folder, error) from error

    def checked(self, name: str) -> Iterator[bytes]:
        """As `pieces`; raises after the last one when the content is not what the name says."""
        digest = hashlib.sha256()
        for piece in self.pieces(name):
            digest.update(piece)
            yield piece
        if digest.hexdigest() != Path(name).stem:
            raise IntegrityError(_("The media file {name} was changed or is damaged.", name=name))

    def digest(self, name: str) -> str:
        """SHA-256 of the content, in hex, to be compared with `media_file.sha256`; raises as `pieces`."""
        digest = hashlib.sha256()
        for piece in self.pieces(name):
            digest.update(piece)
        return digest.hexdigest()

    def names_on_disk(self) -> Iterator[Path]:
        """Every file under a final name, to be compared with `place` of the known ones."""
        yield from self.folder.glob("[0-9a-f][0-9a-f]/*")

    def take(self, name: str, other: "MediaFiles") -> bool:
        """Have the file of that name as the other folder's form holds it; False when it is missing there.

        What was damaged there is damaged here: its hash tells. The other's file stays.
        """
        source = other.place(name)
        if self.place(name).exists() or not source.exists():
            return source.exists()
        part = self.part(0, 0)
        try:
            for piece in other.pieces(name):
                part.add(piece, last=False, durable=False)
            part.add(b"", last=True)
            part.keep(name)
        finally:
            part.close()
        return True

    def part(self, id_: int, written: int) -> "Part":
        """The file that is being fetched, cut to what is known to be whole.

        Args:
            id_: of its row in `media`.
            written: bytes of content that were on disk when its state was stored. Where they are there no
                more, the part is empty and its `written` 0.
        """
        folder = self.folder / ".part"
        try:
            for each in (self.folder, folder):
                each.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = folder / f"{id_}"
            stream = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600), "r+b")
        except OSError as error:
            raise _unusable(self.folder, error) from error
        return Part(self, path, stream, self._secret, written)

    def discard_parts(self) -> None:
        """Remove everything that was being fetched."""
        for path in (self.folder / ".part").glob("*"):
            path.unlink(missing_ok=True)


class Part:
    """One file that is being fetched. `written`: bytes of content that are on disk."""

    def __init__(self, files: MediaFiles, path: Path, stream: BinaryIO, secret: bytes | None, written: int) -> None:
        self._files = files
        self._path = path
        self._stream = stream
        self._sha256, self._md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        self._head = b""
        self.written = 0
        frames = self._recover(secret, written)
        self._seal = sealing.Seal(stream, secret, frames) if secret is not None else None

    def _recover(self, secret: bytes | None, written: int) -> int:
        """Read what is there up to `written` and cut off the rest; number of its frames."""
        frames = 0
        with contextlib.suppress(sealing.BrokenSeal):
            for piece in _some(self._stream, secret, written):
                self._count(piece)
                frames += 1
        if self.written == written and written:
            self._stream.truncate()
            return frames
        self._sha256, self._md5, self._head, self.written = hashlib.sha256(), hashlib.md5(usedforsecurity=False), b"", 0
        self._stream.seek(0)
        self._stream.truncate()
        return 0

    def _count(self, piece: bytes) -> None:
        self._sha256.update(piece)
        self._md5.update(piece)
        if len(self._head) < 16:
            self._head += piece[:16]
        self.written += len(piece)

    @property
    def sha256(self) -> str:
        """Of the content so far, in hex."""
        return self._sha256.hexdigest()

    @property
    def md5(self) -> str:
        """Of the content so far, in hex."""
        return self._md5.hexdigest()

    def add(self, piece: bytes, *, last: bool, durable: bool = True) -> None:
        """Append a piece; when `durable` it is on disk afterwards, with all before it."""
        try:
            if self._seal:
                self._seal.write(piece, last=last)
            else:
                self._stream.write(piece)
            if durable:
                self._stream.flush()
                os.fsync(self._stream.fileno())
        except OSError as error:
            raise _unusable(self._files.folder, error) from error
        self._count(piece)

    def name(self, kind: str, extension: str) -> str:
        """What the complete file is to be called."""
        return f"{self.sha256[:2]}/{self.sha256}.{ending(kind, extension, self._head)}"

    def keep(self, name: str) -> None:
        """Give the complete file its final name; one of the same name has the same content and is replaced."""
        place = self._files.place(name)
        self.close()
        try:
            place.parent.mkdir(exist_ok=True, mode=0o700)
            self._path.replace(place)
        except OSError as error:
            raise _unusable(self._files.folder, error) from error
        sync(place.parent)
        sync(self._files.folder)

    def drop(self) -> None:
        """Remove it: what was fetched is of no use."""
        self.close()
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close it; what is on disk stays for the next run."""
        self._stream.close()


def ending(kind: str, extension: str, head: bytes) -> str:
    """A harmless ending (without dot) for a file: of pictures by their first bytes, else the sender's if it is safe."""
    if kind in ("image", "emotion"):
        for magic, found in _PICTURES:
            if head.startswith(magic):
                return found
    plain = extension.lower().lstrip(".")
    return plain if re.fullmatch("[a-z0-9]{1,8}", plain) and not _ACTIVE.fullmatch(plain) else "bin"


def _some(stream: BinaryIO, secret: bytes | None, size: int) -> Iterator[bytes]:
    """Pieces of the content from its beginning up to `size` bytes; the stream stands behind the last one."""
    done = 0
    if secret is None:
        while done < size and (block := stream.read(min(BLOCK, size - done))):
            done += len(block)
            yield block
    elif size:
        for piece, _last in sealing.opened(stream, secret):
            done += len(piece)
            yield piece
            if done >= size:
                return


def _whole(stream: BinaryIO, secret: bytes | None) -> Iterator[bytes]:
    if secret is None:
        yield from iter(lambda: stream.read(BLOCK), b"")
        return
    ended = False
    for piece, last in sealing.opened(stream, secret):
        if ended:
            raise sealing.BrokenSeal
        ended = last
        yield piece
    if not ended:
        raise sealing.BrokenSeal


def _unusable(folder: Path, error: OSError) -> ConfigError:
    return ConfigError(
        _("The media folder {path} can't be used.", path=folder),
        error.strerror or str(error),
        _("Check its disk's free space and permissions; what was fetched is kept."),
    )
