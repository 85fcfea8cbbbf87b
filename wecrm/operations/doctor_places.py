"""What `wecrm doctor` looks at on this machine: who may read what, the disk, the file system, SQLite."""

import os
import shlex
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from wecrm.errors import Exit, WecrmError
from wecrm.i18n import _
from wecrm.operations.doctor import Finding, failed
from wecrm.store.database import Store, explained
from wecrm.store.filesystem import existing, trust
from wecrm.store.filesystem import kind_of as kind_of
from wecrm.store.filesystem import mounts as mounts

LOW_BYTES, TOO_LOW_BYTES = 1_000_000_000, 100_000_000

NEWEST_NEEDED = (3, 35, 0)
"""SQLite with RETURNING."""


def private(check: str, paths: Iterable[Path], *, reading: bool = True) -> Iterator[Finding]:
    """Whether only this user may read (or, without `reading`, change) each of these files that exists."""
    if os.name != "posix":
        return
    seen = [(path, stat.S_IMODE(path.stat().st_mode)) for path in paths if path.exists()]
    open_ = [(path, mode) for path, mode in seen if mode & (0o077 if reading else 0o022)]
    for path, bits in open_:
        mode = f"{bits:04o}"
        if reading:
            detail = _("Others can read {path}: its mode is {mode}.", path=path, mode=mode)
        else:
            detail = _("Others can change {path}: its mode is {mode}.", path=path, mode=mode)
        fix = f"chmod {700 if path.is_dir() else 600} {shlex.quote(str(path))}"
        yield Finding(check, "fail", detail, fix, Exit.config)
    if seen and not open_:
        yield Finding(check, "ok", _("{path} belongs to this user alone.", path=seen[0][0]))


def writable(check: str, folder: Path) -> Finding:
    """Whether this user can write in `folder`, or make it."""
    place = existing(folder)
    if os.access(place, os.W_OK | os.X_OK) and place.is_dir():
        return Finding(check, "ok", str(folder))
    fix = _("Give this user a writable folder, or set WECRM_HOME to one.")
    return Finding(check, "fail", _("{path} can't be written.", path=place), fix, Exit.config)


def disk(folder: Path) -> Finding:
    """Free space where the database grows."""
    return space(shutil.disk_usage(existing(folder)).free, folder)


def space(free: int, folder: Path) -> Finding:
    """What so many free bytes mean."""
    detail = _("{n} GB free at {path}.", n=f"{free / 1e9:,.1f}", path=folder)
    fix = _("Make room, or put the data elsewhere with WECRM_HOME or the profile's `database`.")
    if free < TOO_LOW_BYTES:
        return Finding("disk", "fail", detail, fix, Exit.config)
    return Finding("disk", "warn", detail, fix) if free < LOW_BYTES else Finding("disk", "ok", detail)


def file_system(path: Path, table: str) -> Finding:
    """Whether SQLite's locks can be trusted where `path` lies."""
    kind = kind_of(existing(path).resolve(), table)
    if not kind:
        return Finding("filesystem", "skip", _("This system does not tell its file systems."))
    fix = _("Put it on a local disk: WECRM_HOME, or `database` in the profile.")
    if trust(kind) == "network":
        detail = _("{path} lies on a network file system ({kind}), where SQLite's locks fail.", path=path, kind=kind)
        return Finding("filesystem", "fail", detail, fix, Exit.config)
    if trust(kind) == "doubtful":
        detail = _("{path} lies on {kind}: locks may not hold between programs.", path=path, kind=kind)
        return Finding("filesystem", "warn", detail, fix)
    return Finding("filesystem", "ok", _("Local ({kind}).", kind=kind))


def sqlite() -> Finding:
    """Whether this Python's SQLite can do what wecrm asks of it, tried on a file of its own."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            store = Store.open(Path(folder) / "try.db")
        except WecrmError as error:
            return failed("sqlite", error)
        try:
            version = store.connection.execute("SELECT sqlite_version()").fetchone()[0]
            fts = store.connection.execute("SELECT sqlite_compileoption_used('ENABLE_FTS5')").fetchone()[0]
        finally:
            store.close()
    if tuple(map(int, version.split("."))) < NEWEST_NEEDED:
        fix = _("Use a Python with SQLite {wanted} or newer.", wanted=".".join(map(str, NEWEST_NEEDED)))
        return Finding("sqlite", "fail", _("SQLite {version} is too old.", version=version), fix, Exit.config)
    if not fts:
        fix = _("Use a Python whose SQLite was built with FTS5.")
        return Finding("sqlite", "warn", _("SQLite {version} has no full-text search.", version=version), fix)
    return Finding("sqlite", "ok", _("SQLite {version} with full-text search.", version=version))


def database(store: Store) -> Finding:
    """Whether the open database is whole, by SQLite's quick check."""
    try:
        with explained(store.path):
            found = [row[0] for row in store.connection.execute("PRAGMA quick_check(3)")]
    except WecrmError as error:
        return failed("database", error)
    if found != ["ok"]:
        fix = _("Keep the file, restore a backup beside it, and compare.")
        detail = _("{path} is damaged: {what}", path=store.path, what="; ".join(map(str, found)))
        return Finding("database", "fail", detail, fix, Exit.integrity)
    size = store.path.stat().st_size
    return Finding("database", "ok", _("{path} is whole ({n} MB).", path=store.path, n=f"{size / 1e6:,.1f}"))
