"""A shelf of media files as WeCom would give them, for tests of fetching them; and a queue that wants them.

Run as a program it fetches from a shelf and kills itself at the n-th thing that it does.
"""

import hashlib
import os
import random
import signal
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wecrm.models.archive import Opened, Piece
from wecrm.models.clock import Run
from wecrm.models.message import MediaRef, parse
from wecrm.operations.archive.media import Counts, Settings, drain
from wecrm.store.archive import derived
from wecrm.store.archive.mediafiles import MediaFiles
from wecrm.store.archive.opening import open_archive
from wecrm.store.database import Store

NOW = 1_790_000_000
DAY = 86_400
PASSPHRASE = "5e" * 32  # 64 hexadecimal digits are the key itself, which saves the work of making one


@dataclass
class Ticking:
    """A clock that moves only when somebody waits."""

    at: float = NOW

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


@dataclass
class Shelf:
    """An ArchiveSource of media alone. `script`: codes that the next calls for a file answer, 0 for its piece."""

    files: dict[str, bytes]
    piece: int = 1000
    script: dict[str, deque[int]] = field(default_factory=dict)
    always: int = 0
    calls: list[tuple[str, str]] = field(default_factory=list)

    def media(self, sdkfileid: str, index: str) -> Piece:
        self.calls.append((sdkfileid, index))
        script = self.script.get(sdkfileid)
        code = script.popleft() if script else self.always
        if code:
            return code, b"", "", False
        content = self.files[sdkfileid]
        start = int(index.removeprefix("Range:bytes=").split("-")[0]) if index else 0
        end = min(start + self.piece, len(content))
        following = f"Range:bytes={end}-{end + self.piece - 1}" if end < len(content) else ""
        return 0, content[start:end], following, end == len(content)

    def page(self, seq: int, limit: int) -> Opened:
        raise NotImplementedError

    def decrypt(self, pairs: Sequence[tuple[bytes, str]]) -> list[Opened]:
        raise NotImplementedError

    def close(self) -> None:
        return


def files(seed: int, n: int, largest: int = 5000) -> dict[str, bytes]:
    """Contents by id; some twice under different ids."""
    rng = random.Random(seed)
    made: dict[str, bytes] = {}
    for k in range(n):
        twice = made and rng.random() < 0.2
        made[f"file {k}"] = rng.choice(list(made.values())) if twice else rng.randbytes(rng.randint(1, largest))
    return made


@dataclass
class Fetching:
    """An archive whose queue wants files, the folder they go to, and a clock."""

    home: Path
    passphrase: str | None = None
    clock: Ticking = field(default_factory=Ticking)

    @property
    def path(self) -> Path:
        return self.home / "ww.archive.db"

    @property
    def folder(self) -> Path:
        return self.home / "ww.archive.media"

    def open(self) -> Store:
        return open_archive(self.path, "ww", passphrase=self.passphrase)

    def want(self, content: dict[str, bytes], *, age_s: float = DAY, **refs: MediaRef) -> None:
        """Queue files, the first the oldest; `refs` (by id, blanks as _) say something else than the truth."""
        store = self.open()
        with store.write() as db:
            for n, (id_, data) in enumerate(content.items()):
                md5 = hashlib.md5(data).hexdigest()
                ref = refs.get(id_.replace(" ", "_")) or MediaRef(id_, "file", "pdf", "a.pdf", len(data), md5)
                msgtime = int((self.clock.at - age_s) * 1000) + n
                message = parse(b'{"msgid":"m","msgtime":%d,"msgtype":"file"}' % msgtime)
                derived.media(db, [(n + 1, (ref,), message)])
        store.close()

    def drain(self, source: Shelf, settings: Settings | None = None, run: Run | None = None) -> Counts:
        store = self.open()
        try:
            return drain(source, store, self.folder, settings or Settings(), run or Run(self.clock))
        finally:
            store.close()

    def rows(self, columns: str) -> dict[str, tuple]:
        """Columns of the queue by id."""
        store = self.open()
        try:
            query = f"SELECT sdkfileid, {columns} FROM media"
            return {row[0]: row[1:] for row in store.connection.execute(query)}
        finally:
            store.close()

    def read(self) -> dict[str, bytes]:
        """The content of every fetched file by id, read through the archive."""
        store = self.open()
        try:
            folder = MediaFiles(self.folder, store.key)
            named = store.connection.execute("SELECT sdkfileid, path FROM media_file ORDER BY id").fetchall()
            return {id_: b"".join(folder.checked(name)) for id_, name in named}
        finally:
            store.close()

    def on_disk(self) -> list[Path]:
        """Files under a final name."""
        return [path for path in self.folder.glob("??/*") if path.is_file()]


def main(home: str, passphrase: str, seed: int, n: int, moment: int) -> None:
    """Fetch and die at that moment; every file opened, renamed or removed, and every statement, is one."""
    left = moment

    def count(event: str, _args: object) -> None:
        nonlocal left
        if event in ("open", "os.rename", "os.remove", "os.truncate", "os.mkdir"):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    class Counting(Shelf):
        def media(self, sdkfileid: str, index: str) -> Piece:
            count("open", None)
            found = super().media(sdkfileid, index)
            count("open", None)
            return found

    fetching = Fetching(Path(home), passphrase or None)
    store = fetching.open()
    store.connection.set_trace_callback(lambda _statement: count("open", None))
    sys.addaudithook(count)
    drain(Counting(files(seed, n)), store, fetching.folder, Settings(), Run(fetching.clock))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
