"""Symbolic links where wecrm is about to write: what they point at stays as it is."""

import os
from datetime import UTC, datetime
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


@pytest.mark.parametrize("there", [True, False])
def test_the_report_of_a_bug_does_not_follow_a_link(wecrm: Wecrm, tmp_path: Path, there: bool) -> None:
    settings = 'profiles: {acme: {corp_id: wwacme0001, database: "no\\0file"}}'  # what nobody thought of
    (wecrm.home / "config.yaml").write_text(settings)
    victim = tmp_path / "victim"
    if there:
        victim.write_bytes(HELD)
    report = wecrm.home / "cache" / f"bug-{os.getpid()}.txt"
    report.parent.mkdir(exist_ok=True)
    report.symlink_to(victim)
    result = wecrm("sync", "tags", "--profile", "acme")
    assert result.code == 1, result.err
    assert str(report) not in result.err
    assert (victim.read_bytes() if there else victim.exists()) == (HELD if there else False)
    report.unlink()
    result = wecrm("sync", "tags", "--profile", "acme")
    assert str(report) in result.err
    assert "ValueError" in report.read_text()


@pytest.mark.parametrize("end", ["", "-wal"])
@pytest.mark.parametrize("sound", [True, False])
@pytest.mark.parametrize("there", [True, False])
def test_what_a_restore_keeps_does_not_follow_a_link(
    home: Wecrm, tmp_path: Path, end: str, sound: bool, there: bool
) -> None:
    assert home("db", "backup", f"{home.home}/a.bak").code == 0
    if not sound:  # then it is kept byte by byte, with what lies beside it
        home.database.write_bytes(b"no database " * 999)
        home.database.with_name(f"{home.database.name}-wal").write_bytes(b"its log")
    victim = tmp_path / "victim"
    if there:
        victim.write_bytes(HELD)
    with home.world() as world:
        now = world.now()
    links = []
    for seconds in range(30):  # the clock goes on
        stamp = datetime.fromtimestamp(now + seconds, UTC).strftime("%Y%m%dT%H%M%SZ")
        links.append(home.database.with_name(f"{home.database.name}.before-restore-{stamp}{end}"))
        links[-1].symlink_to(victim)
    result = home("db", "restore", f"{home.home}/a.bak", "--yes")
    assert result.code == 0, result.err
    assert (victim.read_bytes() if there else victim.exists()) == (HELD if there else False)
    assert all(link.is_symlink() for link in links)
    kept = [path for path in home.database.parent.glob("*.before-restore-*") if not path.is_symlink()]
    assert {path.name.rpartition("Z")[2].removeprefix("-2") for path in kept} == ({""} if sound else {"", "-wal"})
    assert home("db", "check").code == 0


def test_a_dangling_link_in_the_place_of_the_database_is_replaced_by_what_is_restored(
    home: Wecrm, tmp_path: Path
) -> None:
    assert home("db", "backup", f"{home.home}/a.bak").code == 0
    home.database.unlink()
    home.database.symlink_to(tmp_path / "victim")
    result = home("db", "restore", f"{home.home}/a.bak", "--yes")
    assert result.code == 0, result.err
    assert not (tmp_path / "victim").exists()
    assert not home.database.is_symlink()
    assert home("db", "check").code == 0
