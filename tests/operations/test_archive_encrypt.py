"""The archive encrypted at rest: nothing of it readable on the disk, everything as without, converted or not at all."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import yaml
from sqlite_utils import Database, Migrations

from tests.conftest import Result, Wecrm
from wecrm.models.clock import Run
from wecrm.operations.archive import encrypt as operations
from wecrm.store import encryption
from wecrm.store.archive import chain
from wecrm.store.archive import encryption as converting
from wecrm.store.archive.mediafiles import MediaFiles
from wecrm.store.archive.opening import ARCHIVE, attached, open_archive, with_cache
from wecrm.store.connections import reading
from wecrm.store.database import Store
from wecrm.store.migrating import Schema


class Never:
    """A clock that nobody asks."""

    def now(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError


CORP = "wwsandbox00000001"
PASSPHRASE = "correct horse, battery staple"
SENTENCE = "这句话谁也不能在磁盘上读到 nobody reads this on the disk"


def configured(home: Path, reference: str | None) -> None:
    """The profile of the sandbox, with that reference to a passphrase."""
    profile = {"corp_id": CORP, "archive": {"encryption": reference}}
    (home / "config.yaml").write_text(yaml.safe_dump({"profiles": {"sandbox": profile}}), encoding="utf-8")


@pytest.fixture(scope="module")
def pulled(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose archive was pulled plain, media too."""
    home = tmp_path_factory.mktemp("pulled") / "home"
    shutil.copytree(seeded, home)
    wecrm = Wecrm(home)
    assert wecrm("sync").code == 0  # the cache is attached to the archive
    result = wecrm("archive", "pull")
    assert result.code == 0, result.err
    with closing(open_archive(home / "data" / f"{CORP}.archive.db", CORP)) as store, store.write() as db:
        chain.put(db, "access", [(1, "ann", "archive search", SENTENCE, SENTENCE, 1)])
        db.execute("INSERT INTO record_text (rowid, pairs) VALUES (900001, ?)", (SENTENCE,))
    return home


@pytest.fixture
def plain(pulled: Path, tmp_path: Path) -> Wecrm:
    """A copy of that home; the passphrase is in the environment."""
    shutil.copytree(pulled, tmp_path / "home")
    return Wecrm(tmp_path / "home", {"PASSPHRASE": PASSPHRASE})


@pytest.fixture
def encrypted(plain: Wecrm) -> Wecrm:
    """The same, converted."""
    configured(plain.home, "env:PASSPHRASE")
    result = plain("archive", "encrypt", "--yes")
    assert result.code == 0, result.err
    return plain


def archive_of(wecrm: Wecrm) -> Path:
    return wecrm.home / "data" / f"{CORP}.archive.db"


def bytes_of(folder: Path) -> dict[Path, bytes]:
    """Every file of the archive: database, what SQLite has beside it, media, parts."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and ".archive." in str(path)}


def words_in(data: bytes) -> bool:
    """Whether any piece of the known sentence is in it, as text or as pairs of the search index."""
    return any(piece in data for piece in (SENTENCE.encode()[:12], b"nobody reads", "磁盘".encode(), "這句".encode()))


def answers(wecrm: Wecrm) -> list[str]:
    """What commands say about the archive, without what the access log adds."""
    rules = wecrm.home / "rules.yaml"
    rules.write_text("rules: [{name: refund, level: warn, owner: an.lu, words: [退款]}]", encoding="utf-8")
    commands = (
        ("archive", "media", "list", "-f", "json"),
        ("archive", "status", "-f", "json"),
        ("archive", "list", "-f", "json"),
        ("archive", "search", "退款", "--context", "2", "-f", "json"),
        ("archive", "show", "1", "-f", "json"),
        ("archive", "export", "-o", str(wecrm.home / "exported"), "--by", "conversation"),
        ("archive", "quarantine", "list", "-f", "json"),
        ("archive", "verify", "-f", "json"),
        ("archive", "pull"),
        ("archive", "media", "fetch"),
        ("archive", "words", "scan", "--rules", str(rules)),
        ("archive", "words", "hits", "-f", "json"),
        ("archive", "consent", "-f", "json"),
        ("archive", "seats", "-f", "json"),
        ("archive", "sample", "--per-member", "2", "--seed", "x", "-f", "json"),
        ("archive", "accesses", "--columns", "command,reason,filter", "-f", "json"),
    )
    told: list[Result] = [wecrm(*words) for words in commands]
    heard = [f"{result.code} {result.out} {re.sub('[0-9,]+ of [0-9,]+ links', '', result.err)}" for result in told]
    return [each.replace(str(wecrm.home), "") for each in heard]


def exported(wecrm: Wecrm) -> dict[str, bytes]:
    """Every file of the export that `answers` makes."""
    folder = wecrm.home / "exported"
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_encrypted_archive_shows_nothing_of_itself_on_the_disk(encrypted: Wecrm, pulled: Path) -> None:
    assert any(words_in(data) for data in bytes_of(pulled / "data").values())
    store = open_archive(archive_of(encrypted), CORP, passphrase=PASSPHRASE)
    try:
        with store.write() as db:  # stays in the -wal while the connection is open
            chain.put(db, "access", [(2, "bob", "archive search", SENTENCE, SENTENCE, 1)])
        found = bytes_of(encrypted.home / "data")
        assert {path.name for path in found} >= {f"{CORP}.archive.db", f"{CORP}.archive.db-wal"}
        assert found[archive_of(encrypted).with_name(f"{CORP}.archive.db-wal")]
        assert not [path for path, data in found.items() if words_in(data)]
        pictures = (b"\x89PNG", b"GIF8", b"#!AMR", b"PK\x03\x04", b"%PDF", b"ftypmp42", b"SQLite format")
        begin = [path for path, data in found.items() if any(magic in data[:64] for magic in pictures)]
        assert not begin
    finally:
        store.close()


def test_names_on_the_disk_tell_nothing_of_the_content(encrypted: Wecrm) -> None:
    store = open_archive(archive_of(encrypted), CORP, passphrase=PASSPHRASE)
    with closing(store):
        known = [row[0] for row in store.connection.execute("SELECT sha256 FROM media_file")]
        folder = MediaFiles(archive_of(encrypted).with_suffix(".media"), store.key)
        names = "".join(str(path) for path in folder.names_on_disk())
    assert len(known) > 50
    assert not [digest for digest in known if digest in names]


def test_every_command_says_the_same_as_without(plain: Wecrm, tmp_path: Path) -> None:
    shutil.copytree(plain.home, tmp_path / "other")
    other = Wecrm(tmp_path / "other", plain.env)
    configured(other.home, "env:PASSPHRASE")
    assert other("archive", "encrypt", "--yes").code == 0
    for one, same in zip(answers(other), answers(plain), strict=True):
        assert one == same
    assert len(exported(plain)) > 100
    assert exported(other) == exported(plain)


def test_a_new_archive_is_encrypted_from_its_first_byte(wecrm: Wecrm) -> None:
    configured(wecrm.home, "env:PASSPHRASE")
    env = {"PASSPHRASE": PASSPHRASE}
    result = wecrm("archive", "pull", env=env)
    assert result.code == 0, result.err
    assert encryption.is_encrypted(archive_of(wecrm))
    assert "done" in wecrm("archive", "media", "list", env=env).out
    assert {path.suffix for path in archive_of(wecrm).with_suffix(".media").glob("??/*")} == {".enc"}
    result = wecrm("archive", "media", "save", "1", "-o", str(wecrm.home / "one"), env=env)
    assert result.code == 0, result.err
    assert (wecrm.home / "one").stat().st_mode & 0o777 == 0o600


def test_converting_keeps_every_row_the_chain_and_every_file(plain: Wecrm) -> None:
    def contents(passphrase: str | None) -> tuple[object, ...]:
        with closing(open_archive(archive_of(plain), CORP, passphrase=passphrase)) as store:
            folder = MediaFiles(archive_of(plain).with_suffix(".media"), store.key)
            names = store.connection.execute("SELECT DISTINCT path, sha256 FROM media_file ORDER BY path").fetchall()
            assert [folder.digest(name) for name, _digest in names] == [digest for _name, digest in names]
            records = store.connection.execute("SELECT * FROM record ORDER BY id").fetchall()
            found = store.connection.execute(
                "SELECT rowid FROM record_text WHERE record_text MATCH 'nobody'"
            ).fetchall()
            return chain.head(store.connection), names, records, found, store.corp_id()

    before = contents(None)
    configured(plain.home, "env:PASSPHRASE")
    assert plain("archive", "encrypt", "--yes").code == 0
    assert contents(PASSPHRASE) == before
    assert before[3] == [(900001,)]
    left = [path.suffix for path in archive_of(plain).with_suffix(".media").glob("??/*")]
    assert set(left) == {".enc"}
    assert not list(plain.home.glob("data/*encrypting*"))
    with closing(open_archive(archive_of(plain), CORP, passphrase=PASSPHRASE)) as store:
        with pytest.raises(Exception, match="never changed"), store.write() as db:
            db.execute("DELETE FROM record")
        assert store.connection.execute("SELECT value FROM corp WHERE key LIKE 'encrypting%'").fetchall() == []


@pytest.mark.parametrize(
    ("state", "reference", "passphrase", "says"),
    [
        ("plain", "env:PASSPHRASE", PASSPHRASE, "is not encrypted"),
        ("encrypted", None, "", "is encrypted, but"),
        ("encrypted", "env:PASSPHRASE", "wrong horse", "does not open the archive"),
        ("encrypted", "env:PASSPHRASE", "ab" * 32, "does not open the archive"),
    ],
)
def test_a_key_that_does_not_fit_is_told_as_what_it_is_and_changes_nothing(
    request: pytest.FixtureRequest, state: str, reference: str | None, passphrase: str, says: str
) -> None:
    wecrm: Wecrm = request.getfixturevalue(state)
    configured(wecrm.home, reference)
    before = archive_of(wecrm).read_bytes()
    result = wecrm("archive", "media", "list", env={"PASSPHRASE": passphrase})
    assert result.code == 4
    assert says in result.err
    assert "To fix:" in result.err
    assert "damaged or not a database" not in result.err
    assert passphrase not in result.err or not passphrase
    assert archive_of(wecrm).read_bytes() == before


@pytest.mark.parametrize("at", [200, 20_000])
def test_a_damaged_encrypted_archive_is_told_as_damaged(encrypted: Wecrm, at: int) -> None:
    with archive_of(encrypted).open("r+b") as stream:
        stream.seek(at)
        stream.write(b"x" * 3000)
    result = encrypted("archive", "verify")
    assert result.code == 9, result.err
    assert "damaged" in result.err


def test_what_is_neither_plain_nor_encrypted_is_damaged(wecrm: Wecrm) -> None:
    archive_of(wecrm).write_bytes(b"no database at all")
    for reference in (None, "env:PASSPHRASE"):
        configured(wecrm.home, reference)
        assert wecrm("archive", "media", "list", env={"PASSPHRASE": PASSPHRASE}).code == 9


def test_without_the_extra_it_is_said_what_to_install(wecrm: Wecrm) -> None:
    configured(wecrm.home, "env:PASSPHRASE")
    program = "import sys; sys.modules['sqlcipher3'] = None; from wecrm.__main__ import main; main()"
    environ = {**os.environ, "WECRM_HOME": str(wecrm.home), "WECRM_PROFILE": "sandbox", "PASSPHRASE": PASSPHRASE}
    command = [sys.executable, "-c", program, "archive", "media", "list"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 4
    assert "wecrm[encryption]" in done.stderr


def test_sqlcipher_is_not_imported_without_a_key(plain: Wecrm) -> None:
    program = (
        "import sys; from wecrm.cli.main import run; code = run(['archive', 'media', 'list'], environ=None); "
        "sys.exit(99 if 'sqlcipher3' in sys.modules else code)"
    )
    environ = {**os.environ, "WECRM_HOME": str(plain.home), "WECRM_PROFILE": "sandbox"}
    program = program.replace("environ=None", "environ=__import__('os').environ")
    done = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_the_cache_is_attached_plain_and_nobody_can_write_it(encrypted: Wecrm) -> None:
    assert encrypted("sync", "members").code == 0
    with closing(open_archive(archive_of(encrypted), CORP, passphrase=PASSPHRASE)) as store:
        with with_cache(store, encrypted.database):
            assert attached(store)
            assert store.connection.execute("SELECT count(*) FROM crm.member").fetchone()[0] == 30
            with pytest.raises(Exception, match="readonly"):
                store.connection.execute("DELETE FROM crm.member")
        assert not attached(store)


def test_a_new_migration_keeps_the_former_file_encrypted_beside_it(encrypted: Wecrm) -> None:
    more = Migrations("wecrm-archive")

    @more()
    def a002_more(db: Database) -> None:
        db.execute("CREATE TABLE more (x)")
        db.execute("PRAGMA user_version = 2")

    path = archive_of(encrypted)
    schema = Schema(more, 2)
    with closing(Store.open(path, schema=schema, passphrase=PASSPHRASE)) as store:
        assert store.connection.execute("SELECT count(*) FROM more").fetchone() == (0,)
        own = store.key
    kept = path.with_name(f"{path.name}.before-m{ARCHIVE.version + 1:03d}")
    assert not words_in(kept.read_bytes())
    with reading(kept, alone=True, key=own) as db:
        assert db.execute("SELECT count(*) FROM record").fetchone()[0] > 500


def test_a_held_archive_is_told_as_held(encrypted: Wecrm) -> None:
    path = archive_of(encrypted)
    with closing(open_archive(path, CORP, passphrase=PASSPHRASE)) as store, store.write():
        configured(encrypted.home, "env:PASSPHRASE")
        text = (encrypted.home / "config.yaml").read_text()
        (encrypted.home / "config.yaml").write_text(text.replace("corp_id:", "busy_timeout_s: 0.1\n    corp_id:"))
        result = encrypted("archive", "media", "list")
    assert result.code == 5, result.err


def test_a_conversion_beside_an_open_archive_is_refused_and_changes_nothing(plain: Wecrm) -> None:
    configured(plain.home, "env:PASSPHRASE")
    program = (
        "import sys; from pathlib import Path; from wecrm.store.archive.opening import open_archive; "
        f"s = open_archive(Path({str(archive_of(plain))!r}), {CORP!r}); "
        "s.connection.execute('BEGIN'); s.connection.execute('SELECT * FROM corp').fetchall(); "
        "print('open', flush=True); "
        "sys.stdin.read()"
    )
    held = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert held.stdout is not None
    assert held.stdin is not None
    held.stdout.readline()
    try:
        with closing(open_archive(archive_of(plain), CORP)) as store:
            own = converting.key_for(store, PASSPHRASE)
        with pytest.raises(Exception, match="held"):
            converting.replace(archive_of(plain), own, Run(Never()), busy_timeout_s=0.2)
    finally:
        held.stdin.close()
        held.wait()
    assert not encryption.is_encrypted(archive_of(plain))
    assert operations.encrypt(
        archive_of(plain), CORP, archive_of(plain).with_suffix(".media"), PASSPHRASE, Run(Never())
    ).files
    assert encryption.is_encrypted(archive_of(plain))


_KILLED = """
import os, signal, sys
from wecrm.cli.main import run
left = int(sys.argv[1])
def count(event, _args):
    global left
    if event in ("open", "os.rename", "os.remove", "os.mkdir", "sqlite3.connect"):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.argv = ["wecrm"]
import wecrm.operations.archive.encrypt, wecrm.cli.archive.commands
sys.addaudithook(count)
code = run(["archive", "encrypt", "--yes"], environ=os.environ)
print(int(sys.maxsize if code else 0), left)
"""


def encrypted_until(wecrm: Wecrm, moment: int) -> tuple[int, int]:
    """(exit code, moments that were left) of a conversion that kills itself at that moment."""
    environ = {**os.environ, "WECRM_HOME": str(wecrm.home), "WECRM_PROFILE": "sandbox", **wecrm.env}
    command = [sys.executable, "-c", _KILLED, str(moment)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode in (0, -9), done.stderr
    return done.returncode, int(done.stdout.split()[1]) if done.returncode == 0 else 0


@pytest.mark.parametrize("kills", [4, pytest.param(40, marks=pytest.mark.long)])
def test_killed_while_converting_the_archive_is_plain_or_encrypted_and_whole(plain: Wecrm, kills: int) -> None:
    whole = len(plain("archive", "media", "list", "-f", "json").out)
    configured(plain.home, "env:PASSPHRASE")
    kept = plain.home.with_name("kept")
    shutil.copytree(plain.home, kept)
    _code, left = encrypted_until(plain, 10**9)
    moments = 10**9 - left
    rng = random.Random(kills)
    ended: set[bool] = set()
    for n in range(kills):
        shutil.rmtree(plain.home)
        shutil.copytree(kept, plain.home)
        moment = moments - rng.choice((rng.randint(1, 6), rng.randint(70, 95))) if n % 2 else rng.randint(1, moments)
        assert encrypted_until(plain, moment)[0] == -9
        ended.add(encryption.is_encrypted(archive_of(plain)))
        configured(plain.home, "env:PASSPHRASE" if encryption.is_encrypted(archive_of(plain)) else None)
        found = json.loads(plain("archive", "verify", "-f", "json").out)
        assert {each["finding"] for each in found} <= {"media_extra"}
        assert len(plain("archive", "media", "list", "-f", "json").out) == whole
        configured(plain.home, "env:PASSPHRASE")
        again = plain("archive", "encrypt", "--yes")
        assert again.code == 0, again.err
        result = plain("archive", "verify")
        assert (result.code, result.out.count("\n")) == (0, 1), result.out
        assert not [path for path, data in bytes_of(plain.home / "data").items() if words_in(data)]
        assert {path.suffix for path in archive_of(plain).with_suffix(".media").glob("??/*")} == {".enc"}
    assert ended == {True, False}


@pytest.mark.parametrize("state", ["plain", "encrypted"])
def test_a_backup_of_the_archive_is_as_encrypted_as_the_archive_and_whole(
    request: pytest.FixtureRequest, state: str
) -> None:
    wecrm: Wecrm = request.getfixturevalue(state)
    copy = wecrm.home / "copy.db"
    result = wecrm("db", "backup", str(copy), "--archive", "-f", "json")
    assert result.code == 0, result.err
    (told,) = json.loads(result.out)
    assert words_in(copy.read_bytes()) == (state == "plain")
    assert copy.stat().st_mode & 0o777 == 0o600
    assert wecrm("db", "backup", str(copy), "--archive").code == 2
    records = json.loads(wecrm("archive", "status", "-f", "json").out)[0]["messages"]
    assert told["records"] == records > 500
    for end in ("-wal", "-shm"):
        archive_of(wecrm).with_name(archive_of(wecrm).name + end).unlink(missing_ok=True)
    shutil.copy(copy, archive_of(wecrm))
    assert wecrm("archive", "verify").code == 0


def test_without_room_for_a_second_copy_nothing_is_begun(plain: Wecrm) -> None:
    configured(plain.home, "env:PASSPHRASE")
    path = next(path for path in archive_of(plain).with_suffix(".media").glob("??/*"))
    with path.open("r+b") as stream:
        stream.truncate(1 << 43)  # a hole: it takes no room itself
    before = archive_of(plain).read_bytes()
    result = plain("archive", "encrypt", "--yes")
    assert result.code == 4
    assert "room" in result.err
    assert archive_of(plain).read_bytes() == before
    assert not list(archive_of(plain).with_suffix(".media").glob("??/*.enc"))


def test_several_processes_that_make_it_at_once_agree_on_its_key(tmp_path: Path) -> None:
    path = tmp_path / "new.archive.db"
    program = (
        "import sys; from pathlib import Path; from wecrm.store.archive.opening import open_archive; "
        "sys.stdin.readline(); "
        f"store = open_archive(Path({str(path)!r}), {CORP!r}, passphrase={PASSPHRASE!r}); "
        "print(store.key.salt.hex()); store.close()"
    )
    command = [sys.executable, "-c", program]
    made = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _n in range(4)]
    for each in made:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()
    told = [each.communicate()[0].strip() for each in made]
    assert [each.returncode for each in made] == [0] * 4
    assert len(set(told)) == 1
    assert told[0]
