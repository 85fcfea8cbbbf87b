"""Symbolic links where wecrm is about to write: what they point at stays as it is."""

from pathlib import Path

import pytest

from tests.acceptance import facts
from tests.conftest import Wecrm

CORP = "wwsandbox00000001"
HELD = b"somebody else's words\n" * 400

PLANTED = {
    "the database": ("data/{corp}.db", "sync tags", {4, 9}),
    "its log": ("data/{corp}.db-wal", "sync tags", {4, 9}),
    "its shared memory": ("data/{corp}.db-shm", "sync tags", {4, 9}),
    "a copy before a migration": ("data/.{corp}.db.before-m003.part", "sync tags", {0}),
    "the lock of syncing": ("data/{corp}.db.sync.lock", "sync tags", {4}),
    "the lock of applying": ("data/{corp}.db.apply.lock", "apply {plan} --yes", {4}),
    "the lock of the archive": ("data/{corp}.archive.db.archive.lock", "archive media fetch", {4}),
    "who holds a lock": ("data/{corp}.db.sync.holder", "sync tags", {0}),
    "the lock of the sandbox": ("data/sandbox.world.lock", "sync tags", {4}),
    "the budgets": ("cache/sandbox/limits.db", "sync tags", {0, 4}),
    "the lock of the budgets": ("cache/sandbox/limits.lock", "sync tags", {4}),
    "a token": ("{token}", "sync tags", {0}),
    "a token's lock": ("{token}.lock", "sync tags", {4}),
    "a token's next content": ("{token.new}", "sync tags", {0}),
    "a plan": ("a.plan", "tags plan {csv} --add VIP -o {home}/a.plan", {0}),
    "a table": ("a.csv", "contacts list --limit 5 -o {home}/a.csv", {0}),
    "a backup": ("a.bak", "db backup {home}/a.bak", {2}),
    "a backup that may replace": ("a.bak", "db backup {home}/a.bak --force", {0}),
    "an undo": ("undo.plan", "undo {job} -o {home}/undo.plan", {0, 2, 7}),
    "a page": ("a.html", "report dashboard -o {home}/a.html", {0}),
    "live codes": ("codes.yaml", "livecodes pull {home}/codes.yaml", {0, 2}),
    "the configuration": ("new.yaml", "config init {home}/new.yaml", {2}),
    "the folder of an export": ("conversations", "archive export -o {home}/conversations", {2}),
}


@pytest.fixture
def home(synced: Wecrm) -> Wecrm:
    assert synced("sync", "tags").code == 0
    return synced


def words_of(home: Wecrm, text: str) -> list[str]:
    """The command; where it needs a plan, one that was made before."""
    known = {"home": home.home, "job": "none"}
    if "{plan}" in text or "{csv}" in text:
        keys = facts.relations(home, 3, lacking=facts.tag(home, "客户等级", "VIP"))
        known["csv"] = facts.keys_csv(home, "keys.csv", keys)
    if "{plan}" in text:
        known["plan"] = home.home / "planted.plan"
        assert home("tags", "plan", str(known["csv"]), "--add", "VIP", "-o", str(known["plan"])).code == 0
    return text.format(**known).split()


def place_of(home: Wecrm, text: str) -> Path:
    """Where the link goes; what stands there goes away."""
    token = sorted((home.home / "cache" / "sandbox").glob("token-*.json"))[0]
    text = text.replace("{token.new}", str(token.with_suffix(".new"))).replace("{token}", str(token))
    place = home.home / text.format(corp=CORP)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    return place


BOTH = [(what, there) for what in PLANTED for there in (True, False)]
BOTH.remove(("the database", False))  # that is how a database is put on another disk


@pytest.mark.parametrize(("what", "there"), BOTH)
def test_a_link_that_was_planted_is_not_followed(home: Wecrm, tmp_path: Path, what: str, there: bool) -> None:
    where, command, codes = PLANTED[what]
    words = words_of(home, command)
    victim = tmp_path / "victim"
    if there:
        victim.write_bytes(HELD)
    place = place_of(home, where)
    for token in (home.home / "cache" / "sandbox").glob("token-*.json") if "token" in where else ():
        token.unlink()  # so that a new one is asked for
    place.symlink_to(victim)
    result = home(*words)
    assert result.code in codes, result.err
    assert (victim.read_bytes() if there else victim.exists()) == (HELD if there else False)
