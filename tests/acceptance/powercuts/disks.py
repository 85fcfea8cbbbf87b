"""A disk as a power cut leaves it: what a process wrote and did not sync is missing, wholly or in part.

disks.cut(home, library, "apply", plan, after=117)   # killed behind its 117th write, sync or rename
disks.left(home, cut, random.Random(7))              # another home, as the machine comes up with it

The sandbox's world is WeCom: it loses nothing.
"""

import os
import random
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.api.standin.building import build
from tests.conftest import Wecrm

SOURCE = Path(__file__).with_name("shim.c")
SECTOR = 4096
_HEAD = struct.Struct("=cQQIII")


def library(folder: Path) -> Path | None:
    """The compiled shim; None where it can't be had."""
    return build(folder, SOURCE, "-ldl")


@dataclass(slots=True)
class _File:
    """Content that is on the disk, and what was written since: (offset, data), or a new size."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes] | int] = field(default_factory=list)

    def sync(self) -> None:
        for each in self.pending:
            self._take(self.durable, each)
        self.pending.clear()

    @staticmethod
    def _take(content: bytearray, each: tuple[int, bytes] | int) -> None:
        if isinstance(each, int):
            del content[each:]
            content.extend(bytes(each - len(content)))
        else:
            at, data = each
            content.extend(bytes(max(0, at + len(data) - len(content))))
            content[at : at + len(data)] = data

    def left(self, dice: random.Random | None) -> bytes:
        """The content after the cut: without what was not synced, or (`dice`) with some sectors of it."""
        content = bytearray(self.durable)
        for each in self.pending if dice else ():
            if isinstance(each, int):
                if dice.random() < 0.5:
                    self._take(content, each)
                continue
            at, data = each
            for start in range(0, len(data), SECTOR):
                if dice.random() < 0.5:
                    self._take(content, (at + start, data[start : start + SECTOR]))
        return bytes(content)


@dataclass(frozen=True, slots=True)
class Cut:
    """A run that ended, and what it did to the disk."""

    code: int
    out: str
    err: str
    before: dict[Path, bytes]
    inodes: dict[int, Path]
    log: Path

    def moments(self, kinds: str = "OWTSDRLU") -> list[int]:
        """Numbers of the operations of these kinds, as `cut` counts them."""
        names, found, n = dict(self.inodes), [], 0
        for kind, inode, _number, name, _other, _data in _records(self.log):
            if kind == "O":
                names[inode] = name
            counted = "/cache/" not in str(names.get(inode, name) if kind in "OWTS" else name)
            n += counted
            if counted and kind in kinds:
                found.append(n)
        return found


def cut(home: Wecrm, shim: Path, *argv: str, after: int = 0) -> Cut:
    """Run a command as a process that dies behind its operation number `after`; 0: it ends by itself."""
    log = home.home.with_name(f"{home.home.name}.log")
    log.unlink(missing_ok=True)
    files = list(_files(home.home))
    before, inodes = {path: path.read_bytes() for path in files}, {path.stat().st_ino: path for path in files}
    settings = {"POWERCUT_ROOT": home.home, "POWERCUT_LOG": log, "POWERCUT_AFTER": after, "LD_PRELOAD": shim}
    done = subprocess.run(
        [sys.executable, "-m", "wecrm", *argv],
        env={
            **os.environ,
            "WECRM_HOME": str(home.home),
            "WECRM_PROFILE": "sandbox",
            **home.env,
            **{name: str(value) for name, value in settings.items()},
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return Cut(done.returncode, done.stdout.decode(), done.stderr.decode(), before, inodes, log)


def _files(folder: Path) -> Iterator[Path]:
    """The files that a power cut may harm; SQLite's shared memory is never on a disk."""
    for path in folder.rglob("*"):
        if path.is_file() and "sandbox.world" not in path.name and not path.name.endswith("-shm"):
            yield path


def _records(log: Path) -> Iterator[tuple[str, int, int, Path, Path, bytes]]:
    data = log.read_bytes()
    at = 0
    while at < len(data):
        kind, inode, number, *sizes = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        parts = []
        for size in sizes:
            parts.append(data[at : at + size])
            at += size
        yield kind.decode(), inode, number, Path(os.fsdecode(parts[0])), Path(os.fsdecode(parts[1])), parts[2]


class _Disk:
    """Names and files, each as they are on the disk and as the process saw them."""

    def __init__(self, done: Cut, strict: bool) -> None:
        self.names = {path: _File(bytearray(content)) for path, content in done.before.items()}
        self.inodes = {inode: self.names[path] for inode, path in done.inodes.items()}
        self.live = dict(self.names)
        self.pending: list[tuple[str, Path, Path, _File]] = []
        self.strict = strict
        for record in _records(done.log):
            self._replay(*record)

    def _replay(self, kind: str, inode: int, number: int, name: Path, other: Path, data: bytes) -> None:
        match kind:
            case "O":
                self.inodes[inode] = _File()
                self._named(kind, name, name, self.inodes[inode])
            case "W":
                self.inodes[inode].pending.append((number, data))
            case "T":
                self.inodes[inode].pending.append(number)
            case "S":
                self.inodes[inode].sync()
                if not self.strict:
                    self._settle(len(self.pending))
            case "D":
                self._settle_folder(name)
            case "R" | "L":
                self._named(kind, name, other, self.live.get(name, _File()))
            case "U":
                self._named(kind, name, name, self.live.get(name, _File()))

    def _named(self, kind: str, name: Path, other: Path, file: _File) -> None:
        self.pending.append((kind, name, other, file))
        self._apply(self.live, kind, name, other, file)

    @staticmethod
    def _apply(names: dict[Path, _File], kind: str, name: Path, other: Path, file: _File) -> None:
        if kind in "RU":
            names.pop(name, None)
        if kind in "ORL":
            names[other] = file

    def _settle(self, count: int) -> None:
        for each in self.pending[:count]:
            self._apply(self.names, *each)
        del self.pending[:count]

    def _settle_folder(self, folder: Path) -> None:
        """A journal of a file system writes what came before as well; without one only this folder is safe."""
        if not self.strict:
            self._settle(len(self.pending))
            return
        rest = []
        for each in self.pending:
            if each[2].parent == folder:
                self._apply(self.names, *each)
            else:
                rest.append(each)
        self.pending[:] = rest

    def left(self, dice: random.Random | None) -> dict[Path, bytes]:
        self._settle(dice.randint(0, len(self.pending)) if dice else 0)
        return {path: file.left(dice) for path, file in self.names.items()}


def left(home: Wecrm, done: Cut, folder: Path, dice: random.Random | None = None, *, strict: bool = True) -> Wecrm:
    """The home as it is after the cut, in `folder`.

    Args:
        dice: which of the unsynced sectors and names survived; None: not one.
        strict: a file's sync does not save its name, as POSIX allows; else names are kept as journals do.
    """
    disk = _Disk(done, strict)
    shutil.copytree(home.home, folder, ignore=lambda _where, names: [n for n in names if not _stays(n)], symlinks=True)
    for path in list(folder.rglob("*")):
        if path.is_file() and not _world(path.name):
            path.unlink()
    for path, content in disk.left(dice).items():
        target = folder / path.relative_to(home.home.resolve())
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        target.write_bytes(content)
        target.chmod(0o600)
    return Wecrm(folder, home.env)


def _stays(name: str) -> bool:
    return _world(name) or "." not in name


def _world(name: str) -> bool:
    return "sandbox.world" in name
