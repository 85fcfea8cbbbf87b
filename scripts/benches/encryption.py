"""What encryption costs: the same archive encrypted and plain."""

import json
import os
import sys
import time
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

from scripts.benches.figures import Figure, asked
from scripts.benches.searches import CORP, SOUGHT, best, fill
from wecrm.cli.session import SystemClock
from wecrm.models.clock import Run
from wecrm.operations.archive.verification import Outcome, Wanted, verify
from wecrm.store.archive.filters import Filter, narrowed
from wecrm.store.archive.mediafiles import MediaFiles
from wecrm.store.archive.opening import open_archive
from wecrm.store.archive.search import hits

PASSPHRASE = "a passphrase of a bench"
MEDIA = 64 << 20
PIECE = 1 << 19


def measured(folder: Path, part: int) -> list[Figure]:
    """Opened, stored, searched, verified, its media, its size; for information."""
    code, messages = "from scripts.benches.encryption import measure; measure()", 200_000 // part
    plain, sealed = (asked(code, folder, messages, kind) for kind in ("plain", "encrypted"))
    named = {
        "open_ms": ("opening an encrypted archive", "ms"),
        "stored": (f"storing {messages:,} messages, encrypted", "/s"),
        "search_ms": ("searching two characters, encrypted", "ms"),
        "verified": ("verifying them, encrypted", "/s"),
        "media_written": ("writing a media file, encrypted", "MB/s"),
        "media_read": ("reading it, encrypted", "MB/s"),
        "bytes": ("a message on the disk, encrypted", "bytes"),
    }
    return [Figure(what, sealed[key], unit, "plain", plain[key]) for key, (what, unit) in named.items()]


def measure() -> None:
    """Make the archive of FOLDER, MESSAGES and KIND, measure, print."""
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
