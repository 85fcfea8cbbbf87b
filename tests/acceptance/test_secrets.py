"""Nothing of a secret, and no token outside its 0600 file, in anything a run leaves behind."""

import sqlite3
import stat
from pathlib import Path

from tests.acceptance import facts
from tests.acceptance.conftest import Served
from tests.conftest import Wecrm
from wecrm.sandbox import control
from wecrm.sandbox.archive import console
from wecrm.sandbox.identity import SECRETS


def test_no_secret_and_no_token_appears_anywhere_at_vv(served: Served) -> None:
    home = served()
    with home.world() as world:
        for kind in ("42001", "http502", "garbage", "-1"):
            control.add_fault(world, kind=kind, share=0.05, seed=3)
    texts = []
    for words in (
        ("sync",),
        ("tags", "list"),
        ("doctor",),
        ("config", "show"),
        ("explain", "40001"),
        ("--profile", "nobody", "sync"),
    ):
        process = home.process("-vv", "--log-file", str(home.home / "run.log"), *words)
        out, err = process.communicate()
        texts += [out, err]
    keys = facts.relations(home, 50, lacking=facts.tag(home, "客户等级", "VIP"))
    process = home.process("-vv", "tags", "apply", facts.keys_csv(home, "a.csv", keys), "--add", "VIP", "--yes")
    texts += process.communicate()
    process = home.process("-vv", "sync", "tags", env={"S_CONTACT": "a-wrong-secret", "S_DIRECTORY": "a-wrong-secret"})
    texts += process.communicate()

    cache = home.home / "cache"
    kept = {path: path.read_bytes() for path in cache.glob("token-*.json")}
    tokens = [part for content in kept.values() for part in content.split(b'"') if len(part) > 30]
    assert tokens
    hidden = [value.encode() for value in SECRETS.values()] + [b"a-wrong-secret"] + tokens
    files = [path for path in home.home.rglob("*") if path.is_file() and path not in kept and _ours(path)]
    everything = b"\n".join([*texts, *(path.read_bytes() for path in files)])
    assert b"mark_tag" in everything
    assert [value for value in hidden if value in everything] == []
    for path in [*kept, home.database, home.home / "run.log", *cache.glob("*.db")]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_no_word_of_a_message_and_no_file_id_appears_outside_of_the_archive(synced: Wecrm) -> None:
    home = synced
    names = home.database.read_bytes()
    with home.world() as world:
        version = console.archive_rotate_key(world)
        console.archive_withhold_key(world, version)
        control.advance(world, 24 * 3600)
        control.add_fault(world, kind="crash", path="getchatdata", times=1)
        control.add_fault(world, kind="10003", path="getchatmediadata", times=3)
    texts: list[bytes] = []
    for words in (
        ("archive", "pull"),
        ("archive", "pull", "--from-start"),
        ("archive", "quarantine", "retry"),
        ("archive", "quarantine", "list"),
        ("archive", "status"),
        ("archive", "verify"),
    ):
        texts += home.process("-vv", "--log-file", str(home.home / "run.log"), *words).communicate()
    archive = sqlite3.connect(home.home / "data" / "wwsandbox00000001.archive.db")
    said = [text.encode() for (text,) in archive.execute("SELECT text FROM record WHERE length(text) > 7")]
    files = [id_.encode() for (id_,) in archive.execute("SELECT sdkfileid FROM media")]
    assert archive.execute("SELECT count(*) FROM quarantine").fetchone()[0] > 0
    archive.close()
    assert len(said) > 100
    assert len(files) > 50
    kept = [path for path in home.home.rglob("*") if path.is_file() and _ours(path) and ".archive." not in str(path)]
    assert home.home / "run.log" in kept
    everything = b"\n".join([*texts, *(path.read_bytes() for path in kept)])
    assert b"archive: " in everything
    assert [value for value in (*said, *files) if value in everything and value not in names] == []


def _ours(path: Path) -> bool:
    return "sandbox.world" not in path.name
