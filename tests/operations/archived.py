"""A small archive with some of everything, stored as a pull stores it, and an anchor; for proofs about it."""

import hashlib
import json
import random
import shutil
from datetime import UTC
from pathlib import Path

import yaml

from tests.conftest import Wecrm
from wecrm.models.archive import Sealed
from wecrm.models.message import parse, searchable
from wecrm.operations.archive.anchors import Anchors, anchor
from wecrm.store.archive import access, chain, pages, pulls
from wecrm.store.archive.derived import Memory
from wecrm.store.archive.opening import open_archive
from wecrm.store.database import Store

CORP = "wwsandbox00000001"
BEGAN = 1_790_000_000


class Archived:
    """An archive in a home folder of the command line; `night` adds what a night brings, and anchors it."""

    def __init__(self, home: Path, seed: int, *, key: Path | None = None) -> None:
        self.wecrm = Wecrm(home)
        self.database = home / "data" / f"{CORP}.archive.db"
        self.media = self.database.with_suffix(".media")
        self.anchor = home / "elsewhere" / "anchor.jsonl"
        self.key = key
        self.rng = random.Random(seed)
        self.seq = self.nights = 0
        home.mkdir(parents=True, exist_ok=True)
        own = {"file": str(self.anchor), "key": f"file:{key}" if key else None}
        profile = {"corp_id": CORP, "archive": {"anchor": own}}
        (home / "config.yaml").write_text(yaml.safe_dump({"profiles": {"sandbox": profile}}), encoding="utf-8")

    def copied(self, home: Path) -> "Archived":
        """The same archive in another home."""
        shutil.copytree(self.wecrm.home, home)
        other = Archived(home, self.rng.randrange(1 << 30), key=self.key)
        other.seq, other.nights = self.seq, self.nights
        return other

    def night(self, messages: int) -> None:
        """One more night."""
        self.nights += 1
        now = BEGAN + self.nights * 86400
        store = open_archive(self.database, CORP)
        try:
            self._page(store, messages, now)
            with store.write() as db:
                chain.put(db, "seats", [(now, f"day {self.nights}", 2, json.dumps(["ann", "bob"]))])
                chain.put(db, "media_file", [self._file(now) for _n in range(3)])
            access.write(store, now, "ann", "archive search", "a claim", f"退款 {self.nights}", 3)
            anchor(store, CORP, Anchors(self.anchor, key=self.key.read_bytes() if self.key else None), now)
        finally:
            store.close()

    def _page(self, store: Store, messages: int, now: int) -> None:
        read = []
        for _n in range(messages):
            self.seq += self.rng.randint(1, 3)
            sealed = Sealed(self.seq, f"{self.seq}_{self.nights}", 1, "key", "message" * 3)
            if self.rng.random() < 0.1:
                read.append(pages.Read(sealed, reason="no-key", code=-3))
                continue
            words = "".join(self.rng.choices("退款请问价格合同hello ", k=self.rng.randint(1, 30)))
            said = {
                "msgid": sealed.msgid,
                "action": "send",
                "from": "ann",
                "tolist": [f"wm{self.seq % 5}"],
                "msgtime": now * 1000 + self.seq,
                "msgtype": "text",
                "text": {"content": words},
            }
            message = parse(json.dumps(said, ensure_ascii=False).encode())
            read.append(pages.Read(sealed, message, searchable(message)))
        pages.store_page(store, Memory(UTC), pulls.begin(store, self.seq, now), read, seq=self.seq, now=now)

    def _file(self, now: int) -> tuple[str | int, ...]:
        content = self.rng.randbytes(self.rng.randint(1, 3000))
        digest = hashlib.sha256(content).hexdigest()
        path = self.media / digest[:2] / f"{digest}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        name = path.relative_to(self.media).as_posix()
        md5 = hashlib.md5(content).hexdigest()
        return now, f"file {digest}", digest, len(content), md5, name
