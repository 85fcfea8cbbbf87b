"""Thirty nights of the archive on the sandbox's clock, with what happens in a month; then everything is counted."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import yaml

from tests.conftest import Result, Wecrm
from tests.store.test_archive_replies import expected_waits, stored_waits
from wecrm.sandbox import control
from wecrm.sandbox.archive import records

CORP = "wwsandbox00000001"
DAY_S = 86_400
MEDIA = "message/getchatmediadata"


class Month:
    """A corp whose archive is pulled by cron, with an anchor and sensitive words; `night` is a day later."""

    def __init__(self, wecrm: Wecrm) -> None:
        self.wecrm = wecrm
        self.archive = wecrm.home / "data" / f"{CORP}.archive.db"
        self.anchor = wecrm.home / "elsewhere" / "anchor.jsonl"
        words = wecrm.home / "words.yaml"
        words.write_text("rules:\n- {name: refund, words: [退款], level: severe}\n", encoding="utf-8")
        own = {"words": str(words), "anchor": {"file": str(self.anchor)}}
        config = {"profiles": {"sandbox": {"corp_id": CORP, "archive": own}}}
        (wecrm.home / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")

    def later(self, days: float) -> None:
        with self.wecrm.world() as world:
            control.advance(world, days * DAY_S)

    def night(self) -> Result:
        """A day later, the nightly run."""
        self.later(1)
        return self.wecrm("archive", "pull", "--cron", "--max-age", "26h")

    def killed(self) -> None:
        """A nightly run that is killed from outside in the middle of its pages."""
        self.later(1)
        self.wecrm("sandbox", "fault", "kill", "--path", "message/getchatdata", "--when", "after", "--times", "1")
        process = self.wecrm.process("archive", "pull", "--cron")
        process.communicate(timeout=120)
        assert process.returncode == -9
        self.wecrm("sandbox", "fault", "--clear")

    def sandbox(self, *words: str) -> None:
        result = self.wecrm("sandbox", *words)
        assert result.code == 0, result.err

    def sql(self, query: str) -> list[tuple]:
        with sqlite3.connect(self.archive) as db:
            return db.execute(query).fetchall()


def test_thirty_nights_lose_nothing_that_was_not_proven_to_be_lost(synced: Wecrm) -> None:
    month = Month(synced)
    assert synced("archive", "pull").code == 0  # what WeCom has of the days before
    seated = _seated(synced)
    happens: dict[int, Callable[[], None]] = {
        4: lambda: month.sandbox("archive", "key", "rotate"),
        7: lambda: month.sandbox("archive", "key", "rotate"),
        8: lambda: month.sandbox("archive", "key", "withhold", "3"),
        11: lambda: month.sandbox("archive", "key", "give", "3"),
        12: lambda: month.sandbox("archive", "seats", "drop", *seated[:3]),
        14: lambda: month.sandbox("archive", "seats", "restore"),
        15: lambda: month.sandbox("fault", "10002", "--path", MEDIA, "--share", "100%"),
        16: lambda: month.sandbox("fault", "--clear"),
        17: month.killed,
        18: lambda: month.later(5.5),
        20: lambda: _acknowledged(month),
        24: lambda: month.sandbox("fault", "10001", "--path", "message/getchatdata", "--times", "100"),
        25: lambda: month.sandbox("fault", "--clear"),
        27: lambda: month.sandbox("archive", "key", "rotate"),
    }
    expected = {8: 3, 9: 3, 10: 3, 15: 5, 18: 9, 19: 9, 24: 5}
    codes, said = {}, {}
    for n in range(1, 31):
        happens.get(n, lambda: None)()
        result = month.night()
        codes[n], said[n] = result.code, result.err
        assert result.out == ""
        assert result.code == expected.get(n, 0), (n, result.err)
    assert set(codes.values()) == {0, 3, 5, 9}
    assert "3 members have lost their seat" in said[12]
    assert "still wanted" in said[15]
    _complete(month)
    _proved(month)
    _clean(month)


def _seated(wecrm: Wecrm) -> list[str]:
    return [row["member"] for row in json.loads(wecrm("archive", "seats", "-f", "json").out) if row["seat"] == "seated"]


def _acknowledged(month: Month) -> None:
    (gap,) = json.loads(month.wecrm("archive", "status", "-f", "json").out)[0]["gaps"]
    assert month.wecrm("archive", "status", "--acknowledge", gap, "--reason", "the server was away").code == 0


def _complete(month: Month) -> None:
    """Each message of the world is stored as it was said, or arrived within the gap that is told."""
    ((begin, end),) = month.sql("SELECT from_at, to_at FROM gap")
    kept = dict(month.sql("SELECT msgid, raw FROM record"))
    last = month.sql("SELECT seq FROM cursor")[0][0]
    stored: dict[str, tuple[int, dict]] = {}
    lost = 0
    with month.wecrm.world() as world:
        for seq, at, said in records.of(world).truth():
            if seq > int(last):
                break
            if said.msgid in kept:
                assert kept[said.msgid] == said.plain
                stored.setdefault(said.msgid, (seq, json.loads(said.plain, strict=False)))
            else:
                assert begin <= at <= end, (seq, at)
                lost += 1
    assert len(stored) == len(kept)
    assert len(kept) > 3000
    assert stored_waits(month.archive) == expected_waits(list(stored.values()))
    assert lost > 0
    assert month.sql("SELECT count(*) FROM quarantine_state WHERE record IS NULL") == [(0,)]
    assert month.sql("SELECT count(*) > 10 FROM quarantine") == [(1,)]
    assert month.sql("SELECT count(*) > 10 FROM word_hit") == [(1,)]
    assert month.sql("SELECT DISTINCT state FROM media") == [("done",)]


def _proved(month: Month) -> None:
    result = month.wecrm("archive", "verify", "--anchor", str(month.anchor))
    assert result.code == 0, result.err
    with sqlite3.connect(month.archive) as db:
        db.execute("DROP TRIGGER record_update")
        db.execute("UPDATE record SET text = text || '.' WHERE id = 77")
    assert month.wecrm("archive", "verify", "--anchor", str(month.anchor)).code == 9


def _clean(month: Month) -> None:
    """No file is left that was only there for a while."""
    media = month.archive.with_suffix(".media")
    left = [path for path in month.wecrm.home.rglob("*") if path.is_file() and _temporary(path, media)]
    assert left == []


def _temporary(path: Path, media: Path) -> bool:
    passing = [part for part in path.parts if part.startswith(".") and part.endswith(".tmp")]
    return bool(passing) or ".part" in path.parts or path.suffix in (".tmp", ".part") or path.name.startswith("tmp")
