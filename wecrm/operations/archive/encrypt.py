"""`archive encrypt`: an archive that was made plain becomes an encrypted one, with its media files.

Media files first, each beside the plain one; then the database takes its place in one step; then the plain
files go. Killed before that step, the plain archive works as before; after it, running again removes what is left.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from wecrm.errors import ConfigError, IntegrityError
from wecrm.i18n import _
from wecrm.models.clock import Progress, Run
from wecrm.store.archive import encryption, media
from wecrm.store.archive.mediafiles import MediaFiles
from wecrm.store.archive.opening import open_archive
from wecrm.store.encryption import Key, is_encrypted
from wecrm.store.filesystem import existing

SPARE = 1.1
"""How much room is asked for: that of the plain archive and a tenth more."""


@dataclass(frozen=True, slots=True)
class Encrypted:
    """What was done. `rows`: of the chain, None when the archive was encrypted before; `files`: media files now
    encrypted; `missing`: media files that were not there; `removed`: plain files taken away."""

    rows: int | None
    files: int
    missing: int
    removed: int


def encrypt(path: Path, corp_id: str, folder: Path, passphrase: str, run: Run) -> Encrypted:
    """Encrypt the archive at `path` and its media files; of an encrypted one, remove plain files that are left.

    Raises:
        ConfigError: no room, another passphrase than that of an encrypted archive, or no SQLCipher.
        TemporaryError: another program has the archive open.
        IntegrityError: a copy is not what was copied; the plain archive is as it was.
        WecrmError: what `run` says when it must stop; running again goes on.
    """
    if is_encrypted(path):
        with closing(open_archive(path, corp_id, passphrase=passphrase)) as store:
            own, names = store.key, encryption.media_names(store)
        return Encrypted(None, 0, 0, _remove(names, folder, MediaFiles(folder, own)))
    with closing(open_archive(path, corp_id)) as store:
        names = encryption.media_names(store)
        refuse_too_full(path, folder, names)
        own = encryption.key_for(store, passphrase)
        media.begin_again(store)
        MediaFiles(folder, None).discard_parts()
        missing = sum(not taken for taken in _media(names, folder, own, run))
    rows = encryption.replace(path, own, run)
    return Encrypted(rows, len(names) - missing, missing, _remove(names, folder, MediaFiles(folder, own)))


def refuse_too_full(path: Path, folder: Path, names: Sequence[str]) -> None:
    """Refuse to begin where the encrypted copies would not find room beside the plain ones."""
    plain = MediaFiles(folder, None)
    needed = {
        existing(path): path.stat().st_size,
        existing(folder): sum(plain.place(name).stat().st_size for name in names if plain.place(name).exists()),
    }
    total = int(sum(needed.values()) * SPARE)  # they may share a disk
    for place in needed:
        free = shutil.disk_usage(place).free
        if free < total:
            raise ConfigError(
                _("There is not room enough to encrypt the archive at {path}.", path=place),
                _(
                    "It takes {needed:,} MB until the plain files are removed, {free:,} MB are free.",
                    needed=total // 1_000_000,
                    free=free // 1_000_000,
                ),
                _("Make room and run it again; nothing was changed."),
            )


def _media(names: Sequence[str], folder: Path, own: Key, run: Run) -> Iterator[bool]:
    """Encrypt each file and read it back; whether it was there."""
    plain, sealed = MediaFiles(folder, None), MediaFiles(folder, own)
    for n, name in enumerate(names):
        run.check()
        run.progress(Progress("archive encrypt media", n, len(names)))
        taken = sealed.take(name, plain)
        if taken and sealed.digest(name) != plain.digest(name):
            raise IntegrityError(_("The copy of {path} is not what was copied.", path=plain.place(name)))
        yield taken


def _remove(names: Sequence[str], folder: Path, sealed: MediaFiles) -> int:
    """Remove the plain files that are there encrypted too; how many. What another key encrypted goes as well."""
    plain, removed = MediaFiles(folder, None), 0
    own = {sealed.place(name) for name in names}
    for name in names:
        place = plain.place(name)
        if place.exists() and sealed.place(name).exists():
            place.unlink()
            removed += 1
    for place in sealed.names_on_disk():
        if place.suffix == ".enc" and place not in own:
            place.unlink()
    return removed
