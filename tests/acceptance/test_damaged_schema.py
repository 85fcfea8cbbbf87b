"""One letter of the schema is another, in the cache or in the archive: damage is told, and nothing is done.

SQLite finds such a file sound. A table by another name, a trigger that is none, a default of another word: without a
look at the schema they are a bug, or a wrong answer.
"""

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance import facts
from tests.conftest import Wecrm
from tests.store.test_firsttouch import BEFORE, old_schema
from wecrm.sandbox import control
from wecrm.store import encryption, schemas
from wecrm.store.archive.opening import ARCHIVE as ARCHIVES
from wecrm.store.database import Store
from wecrm.store.encryption import Key
from wecrm.store.schemas import CURRENT, Schema

CORP = "wwsandbox00000001"
PASSPHRASE = "0123456789abcdef" * 4  # a key itself: no time goes into guarding against guesses
DAMAGED = 9

CACHE = {
    "sync tags": {DAMAGED},
    "sync": {DAMAGED},
    "apply {home}/a.plan --yes": {DAMAGED},
    "tags create 新 一 --yes": {DAMAGED},
    "offboard list": {DAMAGED},
    "contacts list --limit 3": {DAMAGED},
    "report dashboard -o {home}/a.html": {DAMAGED},
    "jobs list": {DAMAGED},
    "doctor": {DAMAGED},
    "db backup {home}/b.bak": {DAMAGED},
    "db check": {DAMAGED},
    "db restore {home}/bad.bak --yes": {DAMAGED},
    "db check {home}/bad.bak": {DAMAGED},
    "status": {0, DAMAGED},  # these read: what they did not come by is none of theirs
    "sql {query}": {0, DAMAGED},
    "archive list --limit 3": {0, DAMAGED},
    "archive search 的 --reason x --limit 3": {0, DAMAGED},
    "archive export -o {home}/x --reason x": {0, DAMAGED},
}
"""Command line → the codes it may end with on a damaged cache."""

QUERY = "SELECT * FROM contacts LEFT JOIN group_days LEFT JOIN jobs LEFT JOIN history LEFT JOIN transfers LIMIT 3"

ARCHIVE = {
    "archive pull": {DAMAGED},
    "archive list --limit 3": {DAMAGED},
    "archive search 的 --reason x --limit 3": {DAMAGED},
    "archive media list": {DAMAGED},
    "archive quarantine list": {DAMAGED},
    "archive accesses": {DAMAGED},
    "report messages": {DAMAGED},
    "db backup {home}/b.bak --archive": {DAMAGED},
    "sql --archive {query} --reason x": {DAMAGED},
    "archive status": {0, DAMAGED},
    "status": {0, DAMAGED},
}


def flip(path: Path, seed: int, key: Key | None = None) -> str:
    """Flip one bit of one letter that stands for one of our tables, indexes, views or triggers; what it was about."""
    dice = random.Random(seed)
    with closing(encryption.connect(path, key, timeout_s=1)) as db:
        rows = db.execute(
            "SELECT rowid, name, type, name, tbl_name, sql FROM sqlite_master "
            "WHERE tbl_name <> '_sqlite_migrations' AND sql IS NOT NULL ORDER BY name"
        ).fetchall()
        row, name, *texts = dice.choice(rows)
        column = dice.choices(range(4), weights=(1, 3, 3, 9))[0]
        text = bytearray(texts[column].encode())
        at = dice.randrange(len(text))
        text[at] ^= 1 << dice.randrange(8)
        db.execute("PRAGMA writable_schema = ON")
        db.execute(
            f"UPDATE sqlite_master SET {('type', 'name', 'tbl_name', 'sql')[column]} = CAST(? AS TEXT) WHERE rowid = ?",
            (bytes(text), row),
        )
    return f"{name}: {bytes(text[max(0, at - 20) : at + 20])!r}"


def archive_of(home: Wecrm) -> Path:
    return home.home / "data" / f"{CORP}.archive.db"


def refused(home: Wecrm, path: Path, lines: dict[str, set[int]]) -> None:
    """Every command line ends as it may, says what to do, and neither the file nor WeCom is touched."""
    before = path.read_bytes()
    for line, codes in lines.items():
        result = home(*(word.format(home=home.home, query=QUERY) for word in line.split()))
        assert result.code in codes, (line, result.err)
        if result.code == DAMAGED and not line.startswith("db check"):
            assert "To fix: " in result.err, (line, result.err)
            assert "restore" in result.err, (line, result.err)
        assert path.read_bytes() == before, line
    assert not (home.home / "b.bak").exists()
    assert not facts.applied_marks(home)
    with home.world() as world:
        assert [*control.calls(world, path="add_corp_tag")] == []


def seeds(short: int, whole: int) -> list[object]:
    return [*range(short), *(pytest.param(n, marks=pytest.mark.long) for n in range(short, whole))]


@pytest.fixture
def home(office: Wecrm, tmp_path: Path) -> Wecrm:
    shutil.copytree(office.home, tmp_path / "home")
    return Wecrm(tmp_path / "home")


@pytest.mark.parametrize("seed", seeds(3, 120))
def test_a_letter_of_the_caches_schema_that_was_flipped_is_9_and_a_backup_heals_it(home: Wecrm, seed: int) -> None:
    what = flip(home.database, seed)
    shutil.copy(home.database, home.home / "bad.bak")
    print(what)  # noqa: T201 shown where it fails
    refused(home, home.database, CACHE)
    restored = home("db", "restore", str(home.home / "a.bak"), "--yes")
    assert restored.code == 0, restored.err
    assert home("db", "check").code == 0
    assert home("contacts", "list", "--limit", "1").code == 0


@pytest.mark.parametrize("seed", seeds(3, 100))
def test_a_letter_of_the_archives_schema_that_was_flipped_is_9(home: Wecrm, seed: int) -> None:
    print(flip(archive_of(home), seed))  # noqa: T201 shown where it fails
    refused(home, archive_of(home), ARCHIVE)
    verified = home("archive", "verify")
    assert verified.code == 9, verified.err


@pytest.mark.parametrize("seed", seeds(2, 40))
def test_a_letter_of_an_encrypted_archives_schema_that_was_flipped_is_9(home: Wecrm, seed: int) -> None:
    settings = f"profiles: {{sandbox: {{corp_id: {CORP}, name: Sandbox, archive: {{encryption: 'env:PASSPHRASE'}}}}}}"
    (home.home / "config.yaml").write_text(settings)
    home.env["PASSPHRASE"] = PASSPHRASE
    assert home("archive", "encrypt", "--yes").code == 0
    assert home("archive", "list", "--limit", "1").code == 0
    path = archive_of(home)
    print(flip(path, seed, encryption.key(PASSPHRASE, encryption.beginning(path))))  # noqa: T201 shown where it fails
    refused(home, path, ARCHIVE)


SILENT = {
    "a column": ("sync_run", " finished_at ", " finisied_at "),
    "a default": ("relation", "DEFAULT 'active'", "DEFAULT 'bctive'"),
    "a trigger": ("relation_event_is_append_only_2", "BEFORE DELETE", "BEFORE DELETe"),
    "a view": ("contacts", " AS added_at", " AS addee_at"),
}
"""What SQLite finds in order: table, text, and the text with one letter changed."""


@pytest.mark.parametrize("what", SILENT)
def test_what_sqlite_finds_in_order_is_9_too(home: Wecrm, what: str) -> None:
    name, text, changed = SILENT[what]
    change(home.database, f"UPDATE sqlite_master SET sql = replace(sql, {quoted(text)}, {quoted(changed)})")
    with closing(sqlite3.connect(home.database)) as db:
        (found,) = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()
        assert changed in found
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    shutil.copy(home.database, home.home / "bad.bak")
    refused(home, home.database, CACHE)
    assert home("status").code == (9 if what == "a column" else 0)  # which only reads, and falls over it


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA writable_schema = ON")
        for statement in statements:
            db.execute(statement)


def test_a_wrong_name_in_a_query_is_the_persons_unless_the_database_lost_it(home: Wecrm) -> None:
    wrong = home("sql", "SELECT remrk FROM contacts")
    assert (wrong.code, "remark" in wrong.err) == (2, True), wrong.err
    change(home.database, "CREATE TABLE mine (x)", "CREATE INDEX my_index ON relation (remark)")
    again = home("sql", "SELECT remrk FROM contacts")
    assert (again.code, again.err) == (2, wrong.err)
    change(home.database, "DROP INDEX my_index")
    change(home.database, "UPDATE sqlite_master SET sql = replace(sql, ' remark TEXT', ' remerk TEXT')")
    lost = home("sql", "SELECT remark FROM contacts")
    assert (lost.code, "table relation" in lost.err) == (9, True), lost.err
    assert home("sql", "SELECT count(*) FROM members").code == 0


def test_what_a_person_added_is_no_damage(home: Wecrm) -> None:
    change(home.database, "CREATE TABLE mine (x)", "CREATE INDEX my_index ON relation (remark)")
    change(archive_of(home), "CREATE TABLE mine (x)")
    for line in ("sync", "contacts list --limit 1", "db backup {home}/c.bak", "archive list --limit 1", "status"):
        result = home(*line.format(home=home.home).split())
        assert result.code == 0, result.err


def test_what_another_sqlite_writes_otherwise_is_no_damage(home: Wecrm) -> None:
    table = "UPDATE sqlite_master SET sql = {} WHERE name = 'record_text_data'"
    change(archive_of(home), table.format("'CREATE TABLE \"record_text_data\" (id INTEGER PRIMARY KEY, block BLOB)'"))
    assert home("archive", "search", "的", "--reason", "x", "--limit", "1").code == 0
    change(archive_of(home), table.format("replace(sql, 'block', 'blokk')"))
    assert home("archive", "search", "的", "--reason", "x", "--limit", "1").code == 9


@pytest.mark.parametrize("damage", ["replace(sql, 'remark', 'remerk')", "sql"])
def test_an_older_database_that_is_damaged_is_not_migrated(tmp_path: Path, damage: str) -> None:
    home = Wecrm(tmp_path)
    Store.open(home.database, schema=old_schema()).close()
    change(home.database, f"UPDATE sqlite_master SET sql = {damage} WHERE name = 'relation'")
    result = home("contacts", "list")
    sound = damage == "sql"
    assert result.code == (0 if sound else 9), result.err
    assert home.sql("PRAGMA user_version") == [(CURRENT.version if sound else BEFORE,)]
    assert bool([*home.database.parent.glob("*.before-m*")]) is sound


def test_somebody_elses_file_is_no_damage(tmp_path: Path) -> None:
    home = Wecrm(tmp_path)
    home.database.parent.mkdir()
    change(home.database, "CREATE TABLE bookmarks (url)", f"PRAGMA user_version = {CURRENT.version}")
    result = home("contacts", "list")
    assert (result.code, "not a database of wecrm" in result.err) == (4, True), result.err


@pytest.mark.parametrize("schema", [CURRENT, ARCHIVES], ids=["cache", "archive"])
def test_a_current_file_is_known_by_its_digest(tmp_path: Path, schema: Schema) -> None:
    with closing(Store.open(tmp_path / "a.db", schema=schema)) as store:
        assert schemas.digest(store.connection) == schema.digest  # otherwise every start would compare all of it
