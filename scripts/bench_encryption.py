"""What encryption costs: bench_encryption.py FOLDER MESSAGES plain|encrypted prints figures of one archive as JSON."""

import json
import os
import sys
import time
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # run as a script, as well as imported

from scripts.bench_search import CORP, SOUGHT, best, fill  # noqa: E402
from wecrm.cli.session import SystemClock  # noqa: E402
from wecrm.models.clock import Run  # noqa: E402
from wecrm.operations.archive.verification import Outcome, Wanted, verify  # noqa: E402
from wecrm.store.archive.filters import Filter, narrowed  # noqa: E402
from wecrm.store.archive.mediafiles import MediaFiles  # noqa: E402
from wecrm.store.archive.opening import open_archive  # noqa: E402
from wecrm.store.archive.search import hits  # noqa: E402

PASSPHRASE = "a passphrase of a bench"
MEDIA = 64 << 20
PIECE = 1 << 19


def main() -> None:
    """Make the archive, measure, print."""
    folder, count, kind = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    passphrase = PASSPHRASE if kind == "encrypted" else None
    path, found = folder / f"{kind}.db", {}
    open_archive(path, CORP, passphrase=passphrase).close()
    began = time.perf_counter()
    with closing(open_archive(path, CORP, passphrase=passphrase)) as store:
        found["open_ms"] = (time.perf_counter() - began) * 1000
        began = time.perf_counter()
        fill(store, count)
        found["stored"] = count / (time.perf_counter() - began)
        every = narrowed(store, Filter(), now=0, tz=ZoneInfo("Asia/Shanghai"))
        _hits, found["search_ms"] = best(lambda: hits(store, SOUGHT, every, limit=50))
        began = time.perf_counter()
        outcome = Outcome()
        assert list(verify(store, Wanted(CORP), Run(SystemClock()), outcome)) == []
        found["verified"] = outcome.links / (time.perf_counter() - began)
        found["media_written"], found["media_read"] = media(MediaFiles(folder / f"{kind}.media", store.key))
    found["bytes"] = path.stat().st_size / count
    print(json.dumps(found))


def media(files: MediaFiles) -> tuple[float, float]:
    """MB a second of writing one large file piece by piece, each on disk before the next, and of reading it."""
    pieces = [os.urandom(PIECE) for _n in range(8)]
    began = time.perf_counter()
    part = files.part(1, 0)
    for n in range(MEDIA // PIECE):
        part.add(pieces[n % 8], last=n == MEDIA // PIECE - 1)
    name = part.name("video", "mp4")
    part.keep(name)
    written = time.perf_counter() - began
    began = time.perf_counter()
    for _piece in files.checked(name):
        pass
    return MEDIA / 1e6 / written, MEDIA / 1e6 / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
