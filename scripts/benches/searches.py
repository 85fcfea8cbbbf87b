"""Searching and verifying an archive of generated messages: the full-text index against a scan with LIKE."""

import itertools
import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC
from pathlib import Path
from typing import Any

from scripts.benches.figures import Figure, asked, grown, peak
from wecrm.cli.session import SystemClock
from wecrm.models.archive import Sealed
from wecrm.models.clock import Run
from wecrm.models.message import parse
from wecrm.operations.archive.verification import Outcome, Wanted, verify
from wecrm.store.archive import pages, pulls
from wecrm.store.archive.derived import Memory
from wecrm.store.archive.filters import Filter, narrowed
from wecrm.store.archive.opening import open_archive, with_cache
from wecrm.store.archive.search import hits
from wecrm.store.database import Store

CORP = "wwbench"
EACH = 20
"""Messages of one customer, on average."""
SOUGHT = "退款"
SPOKEN = 80
"""Messages that hold it: the fiftieth is found after most of the others have been looked at."""


def measured(folder: Path, part: int) -> list[Figure]:
    """100,000 messages and ten times as many."""
    sizes = 100_000 // part, 1_000_000 // part
    said = [asked("from scripts.benches.searches import measure; measure()", _made(folder, n), n) for n in sizes]
    found, messages = said[1], sizes[1]
    tagged = 1 / 20 if messages >= 1_000_000 else None  # a scan of few is over before the tags are looked up
    plain, joined = (
        (found[f"{name} index"], "ms", "the same with LIKE", found[f"{name} like"]) for name in ("plain", "tagged")
    )
    return [
        Figure(f"searching two characters in {messages:,} messages", *plain, 1 / 100),
        Figure("the same, of customers with a tag", *joined, tagged),
        Figure(f"verifying {messages:,} messages", found["verified"], "/s"),
        Figure(f"memory of searching and verifying {messages:,}", found["memory"], "MB", "allowed", 300, 1.0),
        grown("time of a search in {} messages", "ms", sizes, [one["plain index"] for one in said]),
        grown("time of verifying {} messages", "s", sizes, [one["verify_s"] for one in said], 13),
        grown("memory of both with {} messages", "MB", sizes, [one["memory"] for one in said]),
    ]


def _made(folder: Path, messages: int) -> Path:
    made = folder / str(messages)
    made.mkdir()
    return made


def measure() -> None:
    """Make the archive of FOLDER and MESSAGES, measure, print."""
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    make_cache(folder / "cache.db", count // EACH)
    with closing(open_archive(folder / "archive.db", CORP)) as store:
        fill(store, count)
        with with_cache(store, folder / "cache.db"):
            found = timed(store)
        began = time.perf_counter()
        outcome = Outcome()
        assert list(verify(store, Wanted(CORP), Run(SystemClock()), outcome)) == []
        found["verify_s"] = time.perf_counter() - began
        found["verified"] = outcome.links / found["verify_s"]
        found["memory"] = peak()
    print(json.dumps(found))


def make_cache(path: Path, customers: int) -> None:
    """Customers, every tenth with a tag."""
    with closing(Store.open(path)) as cache, cache.write() as db:
        db.execute("INSERT INTO tag_group (group_id, group_name) VALUES ('g', 'G')")
        db.execute("INSERT INTO corp_tag (tag_id, name, group_id) VALUES ('t', 'VIP', 'g')")
        people = ((n, f"m{n % 200}", f"wm{n:06}") for n in range(1, customers + 1))
        db.executemany("INSERT INTO relation (id, userid, external_userid, first_seen) VALUES (?, ?, ?, 1)", people)
        db.executemany("INSERT INTO relation_tag VALUES (?, 't')", ((n,) for n in range(1, customers + 1, 10)))


def fill(store: Store, count: int) -> None:
    """Store `count` messages of words as frequent as words are."""
    rng, speech = random.Random(7), spoken()
    memory, pull = Memory(UTC), pulls.begin(store, 0, 1)
    for first in range(1, count + 1, 1000):
        page = []
        for n in range(first, first + 1000):
            customer = rng.randrange(count // EACH) + 1
            text = next(speech) + (SOUGHT if n % (count // SPOKEN) == 0 else "")
            sender, other = (f"m{customer % 200}", f"wm{customer:06}")[:: 1 if n % 2 else -1]
            said = {"msgid": f"{n}_{customer}_external", "action": "send", "from": sender, "tolist": [other]}
            said |= {"msgtime": 1_700_000_000_000 + n * 1000, "msgtype": "text", "text": {"content": text}}
            message = parse(json.dumps(said, ensure_ascii=False).encode())
            page.append(pages.Read(Sealed(n, message.msgid, 1, "", ""), message, text))
        pages.store_page(store, memory, pull, page, seq=first + 999, now=1_700_000_000)
    pulls.end(store, pull, "done", 2)


def spoken() -> Iterator[str]:
    """Sentences of 2 to 16 of 30,000 words, without the sign that is looked for."""
    rng = random.Random(11)
    signs = [chr(0x4E00 + n) for n in range(3500) if chr(0x4E00 + n) not in SOUGHT]
    shares = [1 / (n + 10) for n in range(len(signs))]
    words = ["".join(rng.choices(signs, shares, k=rng.choice((1, 2, 2, 2, 3)))) for _n in range(30_000)]
    heard = list(itertools.accumulate(1 / (n + 20) for n in range(len(words))))
    while True:
        yield "".join(rng.choices(words, cum_weights=heard, k=rng.randint(2, 16)))


def timed(store: Store) -> dict[str, float]:
    """Milliseconds of the index and of LIKE, alone and with a tag; both must find the same."""
    found: dict[str, float] = {}
    for name, wanted in (("plain", Filter()), ("tagged", Filter(tag="VIP"))):
        meant = narrowed(store, wanted, now=0, tz=UTC)
        condition, params = meant.on_records()
        like = f"SELECT r.id FROM record r WHERE r.text LIKE ? AND {condition} ORDER BY r.id DESC LIMIT 50"
        by_index, found[f"{name} index"] = best(
            lambda: hits(store, SOUGHT, narrowed(store, wanted, now=0, tz=UTC), limit=50)  # noqa: B023
        )
        by_like, found[f"{name} like"] = best(
            lambda: [n for (n,) in store.connection.execute(like, (f"%{SOUGHT}%", *params))]  # noqa: B023
        )
        assert by_index == by_like, (by_index, by_like)
    return found


def best(work: Callable[[], Any]) -> tuple[Any, float]:
    """What it found, and the least of five times in milliseconds."""
    taken = []
    for _n in range(5):
        began = time.perf_counter()
        found = work()
        taken.append(time.perf_counter() - began)
    return found, min(taken) * 1000
