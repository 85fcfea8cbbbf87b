"""Nothing of a secret, and no token outside its 0600 file, in anything a run leaves behind."""

import stat
from pathlib import Path

from tests.acceptance import facts
from tests.acceptance.conftest import Served
from wecrm.sandbox import control
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


def _ours(path: Path) -> bool:
    return "sandbox.world" not in path.name
