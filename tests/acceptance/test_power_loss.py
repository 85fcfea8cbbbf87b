"""Power cuts: the disk forgets what was not synced, yet nothing that was said to be done is missing or done twice."""

import random
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.acceptance import facts
from tests.acceptance.powercuts import disks
from tests.conftest import Wecrm
from wecrm.sandbox import control
from wecrm.sandbox.world import World

CORP = "wwsandbox00000001"
CUTS = pytest.mark.parametrize("cuts", [1, pytest.param(60, marks=pytest.mark.long)])


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What notes down the writes of a process; skips where it can't be compiled."""
    library = disks.library(tmp_path_factory.mktemp("shim"))
    if library is None:
        pytest.skip("noting down writes needs Linux and a C compiler")
    return library


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Wecrm:
    """A small corp whose archive is anchored; to be copied."""
    home = tmp_path_factory.mktemp("office") / "home"
    (home / "data").mkdir(parents=True)
    World.create(home / "data" / "sandbox.world", members=6, contacts=100, seed=7).close()
    archive = {"anchor": {"file": str(home / "elsewhere" / "anchor.jsonl")}, "media": {"max_mb": 0.1}}
    profile = {"corp_id": CORP, "archive": archive}
    (home / "config.yaml").write_text(yaml.safe_dump({"profiles": {"sandbox": profile}}))
    return Wecrm(home)


@pytest.fixture(scope="module")
def busy(office: Wecrm, tmp_path_factory: pytest.TempPathFactory) -> Wecrm:
    """The same corp, synced, with a plan of 60 marks; to be copied."""
    home = copied(office, tmp_path_factory.mktemp("busy") / "home")
    assert home("sync").code == 0
    file = facts.keys_csv(home, "a.csv", facts.relations(home, 60, lacking=facts.tag(home, "客户等级", "VIP")))
    assert home("tags", "plan", file, "--add", "VIP", "-o", str(home.home / "a.plan")).code == 0
    return home


def copied(home: Wecrm, folder: Path) -> Wecrm:
    shutil.copytree(home.home, folder)
    text = (folder / "config.yaml").read_text()
    (folder / "config.yaml").write_text(text.replace(str(home.home), str(folder)))
    return Wecrm(folder)


def after_cuts(start: Wecrm, shim: Path, folder: Path, cuts: int, *argv: str) -> Iterator[Wecrm]:
    """Homes after power cuts at random moments of a command; `{home}` in its words is where it runs."""
    whole = copied(start, folder / "whole")
    done = disks.cut(whole, shim, *(word.format(home=whole.home) for word in argv))
    assert done.code == 0, done.err
    anywhere, before_a_sync = done.moments(), [n - 1 for n in done.moments("S")]
    for n in range(cuts):
        dice = random.Random(n)
        moment = dice.choice(anywhere if n % 2 else before_a_sync)
        home = copied(start, folder / f"{n}")
        killed = disks.cut(home, shim, *(word.format(home=home.home) for word in argv), after=moment)
        assert killed.code in (-9, 0), killed.err  # calls in flight make a run a little longer or shorter
        left = disks.left(home, killed, folder / f"{n}-left", dice if n % 3 else None, strict=n % 2 == 0)
        shutil.rmtree(home.home)
        config = left.home / "config.yaml"
        config.write_text(config.read_text().replace(str(home.home), str(left.home)))
        yield left
        shutil.rmtree(left.home)


def whole(home: Wecrm) -> None:
    if home.database.exists() and home.database.stat().st_size:
        checked = home("db", "check")
        assert checked.code == 0, checked.out


@CUTS
def test_a_sync_goes_on_after_a_power_cut(office: Wecrm, shim: Path, tmp_path: Path, cuts: int) -> None:
    for home in after_cuts(office, shim, tmp_path, cuts, "sync", "tags", "contacts"):
        whole(home)
        again = home("sync")
        assert again.code == 0, again.err
        whole(home)
        assert facts.cached(home) == facts.truth(home)


@CUTS
def test_the_journal_knows_every_call_after_a_power_cut(busy: Wecrm, shim: Path, tmp_path: Path, cuts: int) -> None:
    for home in after_cuts(busy, shim, tmp_path, cuts, "apply", "{home}/a.plan", "--yes"):
        whole(home)
        assert set(facts.applied_marks(home)) <= intended(home)
        again = home("apply", str(home.home / "a.plan"), "--yes")
        assert again.code in (0, 7), again.err  # 7: it had ended
        assert set(facts.statuses(home)) <= {"ok", "same"}
        assert len(facts.applied_marks(home)) == 60
        assert max(facts.applied_marks(home).values()) == 1
        whole(home)


@pytest.mark.parametrize("syncs", [slice(1, 5), pytest.param(slice(None), marks=pytest.mark.long)])
def test_no_call_leaves_before_its_intent_is_on_the_disk(busy: Wecrm, shim: Path, tmp_path: Path, syncs: slice) -> None:
    done = disks.cut(copied(busy, tmp_path / "whole"), shim, "apply", f"{tmp_path}/whole/a.plan", "--yes")
    sent = 0
    for n in done.moments("S")[syncs]:
        home = copied(busy, tmp_path / f"{n}")
        killed = disks.cut(home, shim, "apply", f"{home.home}/a.plan", "--yes", after=n - 1)
        left = disks.left(home, killed, tmp_path / f"{n}-left")
        sent += len(facts.applied_marks(left))
        assert set(facts.applied_marks(left)) <= intended(left)
    assert sent


def intended(home: Wecrm) -> set[tuple[str, str]]:
    """The relations whose rows the journal does not take for untouched."""
    keys = ", ".join(f"json_extract(CAST(change AS TEXT), '$.key.{name}')" for name in ("userid", "external_userid"))
    return set(home.sql(f"SELECT {keys} FROM job_row WHERE status <> 'pending'"))


@CUTS
def test_the_archive_loses_no_message_to_a_power_cut(office: Wecrm, shim: Path, tmp_path: Path, cuts: int) -> None:
    for home in after_cuts(office, shim, tmp_path, cuts, "archive", "pull"):
        if (home.home / "elsewhere" / "anchor.jsonl").exists():
            verified = home("archive", "verify")
            assert verified.code == 0, verified.out + verified.err
        again = home("archive", "pull")
        assert again.code == 0, again.err
        verified = home("archive", "verify")
        assert verified.code == 0, verified.out + verified.err
        with home.world() as world:
            said = {message.msgid for message in control.archive_truth(world)}
        with sqlite3.connect(home.home / "data" / f"{CORP}.archive.db") as db:
            kept = [msgid for (msgid,) in db.execute("SELECT msgid FROM record")]
        assert len(kept) == len(said)
        assert set(kept) == said


def kept_after(home: Wecrm, shim: Path, folder: Path, *argv: str) -> Iterator[Wecrm]:
    """Homes after a command that ended well and a power cut right behind it, which spares nothing that it may spare."""
    done = disks.cut(home, shim, *argv)
    assert done.code == 0, done.err
    for strict in (False, True):
        left = disks.left(home, done, folder / f"{strict}", strict=strict)
        config = left.home / "config.yaml"
        if config.exists():
            config.write_text(config.read_text().replace(str(home.home), str(left.home)))
        yield left


def test_what_an_apply_said_to_be_done_is_in_the_journal_after_a_power_cut(
    busy: Wecrm, shim: Path, tmp_path: Path
) -> None:
    home = copied(busy, tmp_path / "home")
    for left in kept_after(home, shim, tmp_path, "apply", str(home.home / "a.plan"), "--yes"):
        assert facts.statuses(left) == {"ok": 60}
        assert left("undo", left.sql("SELECT id FROM job")[0][0], "-o", str(left.home / "undo.plan")).code == 0


def test_what_a_pull_said_to_be_stored_is_there_after_a_power_cut(office: Wecrm, shim: Path, tmp_path: Path) -> None:
    home = copied(office, tmp_path / "home")
    for left in kept_after(home, shim, tmp_path, "archive", "pull"):
        verified = left("archive", "verify")
        assert verified.code == 0, verified.out + verified.err
        with left.world() as world:
            said = {message.msgid for message in control.archive_truth(world)}
        with sqlite3.connect(left.home / "data" / f"{CORP}.archive.db") as db:
            assert {msgid for (msgid,) in db.execute("SELECT msgid FROM record")} == said


@pytest.mark.parametrize(
    "words",
    [
        "tags plan {home}/a.csv --add VIP -o {home}/new",
        "contacts list -o {home}/new.csv",
        "db backup {home}/new",
        "config init {home}/new.yaml",
        *(
            pytest.param(words, marks=pytest.mark.long)
            for words in ("contacts list -o {home}/new.xlsx", "livecodes pull {home}/new.yaml")
        ),
    ],
)
def test_a_file_that_was_written_is_there_after_a_power_cut(
    busy: Wecrm, shim: Path, tmp_path: Path, words: str
) -> None:
    home = copied(busy, tmp_path / "home")
    for left in kept_after(home, shim, tmp_path, *words.format(home=home.home).split()):
        (wanted,) = home.home.glob("new*")
        assert (left.home / wanted.name).read_bytes() == wanted.read_bytes()


def test_a_restored_database_is_there_after_a_power_cut(busy: Wecrm, shim: Path, tmp_path: Path) -> None:
    home = copied(busy, tmp_path / "home")
    assert home("db", "backup", str(home.home / "a.bak")).code == 0
    assert home("apply", str(home.home / "a.plan"), "--yes").code == 0
    for left in kept_after(home, shim, tmp_path, "db", "restore", str(home.home / "a.bak"), "--yes"):
        whole(left)
        assert left.sql("SELECT count(*) FROM job") == [(0,)]
        assert left("apply", str(left.home / "a.plan"), "--yes").code == 7
