"""`wecrm archive verify`: whatever is done to an archive behind wecrm's back is found."""

import json
import random
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.operations.archived import CORP, Archived
from wecrm.operations.archive.anchors import Anchors, anchor
from wecrm.store.archive import access, chain
from wecrm.store.archive.opening import open_archive

LONG = pytest.mark.long
CHANGED = {str: "xx", bytes: b"xx"}
"""What the last character of a value becomes."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Archived:
    """Three nights; after the second one the database was copied, as a backup would."""
    made = Archived(tmp_path_factory.mktemp("archived") / "home", 11)
    for messages in (40, 30, 30):
        if made.nights == 2:
            shutil.copy(made.database, made.wecrm.home / "yesterday.db")
        made.night(messages)
    return made


@pytest.fixture
def archived(whole: Archived, tmp_path: Path) -> Archived:
    return whole.copied(tmp_path / "home")


def findings(archived: Archived, *options: str) -> list[dict[str, object]]:
    """What verify lists; its exit code must fit."""
    result = archived.wecrm("archive", "verify", "-f", "json", *options)
    found: list[dict[str, object]] = json.loads(result.out)
    assert result.code == (9 if found else 0), result.err
    return found


def opened(archived: Archived) -> sqlite3.Connection:
    """The database as an attacker opens it: without the triggers that keep rows from being changed."""
    db = sqlite3.connect(archived.database, isolation_level=None)
    for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    return db


def closed_again(archived: Archived, db: sqlite3.Connection, whole: Archived) -> None:
    """The attacker puts the triggers back as they were."""
    with closing(sqlite3.connect(whole.database)) as untouched:
        statements = untouched.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (statement,) in statements:
        db.execute(statement)
    db.close()


def relinked(db: sqlite3.Connection) -> None:
    """The whole chain computed anew, as wecrm would have written it."""
    hash_ = chain.BEGINNING
    tables = {each.kind: each for each in chain.CHAINED.values()}
    for n, kind, id_ in db.execute("SELECT n, kind, id FROM chain ORDER BY n").fetchall():
        each = tables[kind]
        row = db.execute(f"SELECT {', '.join(each.columns)} FROM {each.table} WHERE id = ?", (id_,)).fetchone()
        hash_ = chain.link(hash_, kind, id_, row)
        db.execute("UPDATE chain SET hash = ? WHERE n = ?", (hash_, n))


def some_row(db: sqlite3.Connection, rng: random.Random) -> tuple[chain.Chained, int]:
    each = rng.choice([chain.CHAINED[name] for name in ("record", "quarantine", "media_file", "seats", "access")])
    return each, rng.choice(db.execute(f"SELECT id FROM {each.table}").fetchall())[0]


def change(db: sqlite3.Connection, rng: random.Random) -> str:
    each, id_ = some_row(db, rng)
    column = rng.choice(each.columns)
    (old,) = db.execute(f"SELECT {column} FROM {each.table} WHERE id = ?", (id_,)).fetchone()
    new = old + 1 if isinstance(old, int) else b"\xff" if old is None else old[:-1] + CHANGED[type(old)]
    what = "CAST(x'e4bd00ff' AS TEXT)" if isinstance(old, str) and column != "msgid" and rng.random() < 0.2 else "?"
    db.execute(f"UPDATE {each.table} SET {column} = {what} WHERE id = ?", (new, id_) if what == "?" else (id_,))
    return f"{each.table}.{column} of {id_}"


def retype(db: sqlite3.Connection, rng: random.Random) -> str:
    """Only the type of a value: the same bytes as a blob instead of a text."""
    id_ = rng.choice(db.execute("SELECT id FROM record").fetchall())[0]
    db.execute("UPDATE record SET raw = CAST(raw AS TEXT) WHERE id = ?", (id_,))
    return f"type of record.raw of {id_}"


def delete(db: sqlite3.Connection, rng: random.Random) -> str:
    each, id_ = some_row(db, rng)
    db.execute(f"DELETE FROM {each.table} WHERE id = ?", (id_,))
    if rng.random() < 0.5:
        db.execute("DELETE FROM chain WHERE kind = ? AND id = ?", (each.kind, id_))
    return f"{each.table} {id_}"


def insert(db: sqlite3.Connection, rng: random.Random) -> str:
    each, source = some_row(db, rng)
    columns = ", ".join(each.columns)
    row = list(db.execute(f"SELECT {columns} FROM {each.table} WHERE id = ?", (source,)).fetchone())
    if "msgid" in each.columns:
        row[each.columns.index("msgid")] = "forged"
    last = db.execute(f"SELECT max(id) FROM {each.table}").fetchone()[0]
    id_ = rng.choice((-1, 0, last + 1, last + 5))
    db.execute(f"INSERT INTO {each.table} (id, {columns}) VALUES (?{', ?' * len(row)})", (id_, *row))
    if rng.random() < 0.5:  # with a link that fits
        head = chain.head(db)
        hash_ = chain.link(head.hash, each.kind, id_, row)
        db.execute("INSERT INTO chain VALUES (?, ?, ?, ?)", (head.n + 1, each.kind, id_, hash_))
    return f"{each.table} {id_}"


def swap(db: sqlite3.Connection, rng: random.Random) -> str:
    one, other = rng.sample([id_ for (id_,) in db.execute("SELECT id FROM record")], 2)
    if rng.random() < 0.5:
        for old, new in ((one, -7), (other, one), (-7, other)):
            db.execute("UPDATE record SET id = ? WHERE id = ?", (new, old))
    else:
        a, b = (
            db.execute("SELECT n FROM chain WHERE kind = 1 AND id = ?", (id_,)).fetchone()[0] for id_ in (one, other)
        )
        for old, new in ((a, -7), (b, a), (-7, b)):
            db.execute("UPDATE chain SET n = ? WHERE n = ?", (new, old))
    return f"record {one} and {other}"


def truncate(db: sqlite3.Connection, rng: random.Random) -> str:
    head = chain.head(db).n
    keep = rng.randrange(head)
    tables = {each.kind: each.table for each in chain.CHAINED.values()}
    for kind, id_ in db.execute("SELECT kind, id FROM chain WHERE n > ?", (keep,)).fetchall():
        db.execute(f"DELETE FROM {tables[kind]} WHERE id = ?", (id_,))
    db.execute("DELETE FROM chain WHERE n > ?", (keep,))
    return f"after {keep} of {head}"


def recompute(db: sqlite3.Connection, rng: random.Random) -> str:
    told = change(db, random.Random(rng.random()))
    try:
        relinked(db)
    except sqlite3.OperationalError:  # the changed row can't be read as text: nothing to compute
        return told
    return f"{told}, recomputed"


def relink(db: sqlite3.Connection, rng: random.Random) -> str:
    n = rng.randint(1, chain.head(db).n)
    statement = rng.choice(
        (
            "UPDATE chain SET hash = zeroblob(32) WHERE n = ?",
            "UPDATE chain SET hash = 'text' WHERE n = ?",
            "UPDATE chain SET kind = 99 WHERE n = ?",
            "UPDATE chain SET id = id + 1 WHERE n = ?",
            "DELETE FROM chain WHERE n = ?",
        )
    )
    db.execute(statement, (n,))
    return f"{statement} {n}"


ON_ROWS: tuple[Callable[[sqlite3.Connection, random.Random], str], ...] = (
    *(change, change, retype, delete, insert, swap, truncate, recompute, relink),
)


def yesterday(archived: Archived, _rng: random.Random) -> str:
    for end in ("-wal", "-shm"):
        archived.database.with_name(archived.database.name + end).unlink(missing_ok=True)
    shutil.copy(archived.wecrm.home / "yesterday.db", archived.database)
    return "yesterday"


MEDIA = {
    "changed": ["media_changed"],
    "shorter": ["media_changed"],
    "missing": ["media_missing"],
    "extra": ["media_extra"],
    "swapped": ["media_changed", "media_changed"],
}


def media(archived: Archived, rng: random.Random, what: str = "") -> str:
    files = sorted(path for path in archived.media.rglob("*") if path.is_file())
    one, other = rng.sample(files, 2)
    what = what or rng.choice(tuple(MEDIA))
    content = one.read_bytes()
    if what == "changed":
        one.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    elif what == "shorter":
        one.write_bytes(content[:-1])
    elif what == "missing":
        one.unlink()
    elif what == "extra":
        one.with_name("f" * 64 + ".jpg").write_bytes(content)
    else:
        one.write_bytes(other.read_bytes())
        other.write_bytes(content)
    return f"media {what}"


def altered(archived: Archived, whole: Archived, seed: int) -> str:
    """One seeded alteration; what it was."""
    rng = random.Random(seed)
    which = rng.randrange(len(ON_ROWS) + 2)
    if which >= len(ON_ROWS):
        return (yesterday, media)[which - len(ON_ROWS)](archived, rng)
    db = opened(archived)
    told = ON_ROWS[which](db, rng)
    closed_again(archived, db, whole)
    return f"{ON_ROWS[which].__name__}: {told}"


@pytest.mark.parametrize("seeds", [range(60), pytest.param(range(500), marks=LONG)], ids=("60", "500"))
def test_whatever_is_altered_is_found(whole: Archived, tmp_path: Path, seeds: range) -> None:
    missed = []
    for seed in seeds:
        archived = whole.copied(tmp_path / f"{seed}")
        told = altered(archived, whole, seed)
        if not findings(archived):
            missed.append((seed, told))
        shutil.rmtree(archived.wecrm.home)
    assert missed == []


@pytest.mark.parametrize("seeds", [range(8), pytest.param(range(100), marks=LONG)], ids=("8", "100"))
def test_an_untouched_archive_passes(tmp_path: Path, seeds: range) -> None:
    for seed in seeds:
        archived = Archived(tmp_path / f"{seed}", seed)
        for _night in range(seed % 4 + 1):
            archived.night(archived.rng.randrange(40))
        assert findings(archived) == []
        archived.wecrm.database.unlink(missing_ok=True)


@pytest.mark.parametrize("what", MEDIA)
def test_what_is_done_to_media_files_is_told_apart(archived: Archived, what: str) -> None:
    media(archived, random.Random(1), what)
    assert [one["finding"] for one in findings(archived)] == MEDIA[what]
    assert findings(archived, "--no-media") == []


def test_an_altered_row_is_named_once(archived: Archived, whole: Archived) -> None:
    db = opened(archived)
    db.execute("UPDATE record SET text = 'never said' WHERE id = 7")
    (msgid,) = db.execute("SELECT msgid FROM record WHERE id = 7").fetchone()
    closed_again(archived, db, whole)
    (one,) = findings(archived)
    assert (one["finding"], one["table"], one["id"], one["msgid"]) == ("changed", "record", 7, msgid)
    result = archived.wecrm("archive", "verify")
    assert "never said" not in result.out + result.err
    assert result.err.splitlines()[-1].startswith("exit 9 (integrity): 1 findings")


def test_guards_that_are_gone_are_told(archived: Archived) -> None:
    opened(archived).close()
    found = findings(archived)
    assert {one["finding"] for one in found} == {"guard"}
    assert {"record_update", "chain_delete"} <= {one["table"] for one in found}


def test_a_trigger_that_does_more_than_guard_is_told(archived: Archived) -> None:
    with closing(sqlite3.connect(archived.database)) as db:
        db.execute("CREATE TRIGGER helpful AFTER INSERT ON access BEGIN DELETE FROM word_hit; END")
    (one,) = findings(archived)
    assert (one["finding"], one["table"]) == ("guard", "helpful")


def test_a_table_made_anew_without_its_key_is_refused(archived: Archived) -> None:
    with closing(opened(archived)) as db:
        db.execute("CREATE TABLE other AS SELECT * FROM seats")
        db.execute("DROP TABLE seats")
        db.execute("ALTER TABLE other RENAME TO seats")
    result = archived.wecrm("archive", "verify")
    assert result.code == 9, result.err
    assert "not as wecrm made them" in result.err


def test_without_an_anchor_a_recomputed_chain_passes_and_that_is_said(archived: Archived, whole: Archived) -> None:
    db = opened(archived)
    db.execute("UPDATE record SET text = 'never said' WHERE id = 7")
    relinked(db)
    closed_again(archived, db, whole)
    assert {one["finding"] for one in findings(archived)} == {"anchor"}
    (archived.wecrm.home / "config.yaml").unlink()
    result = archived.wecrm("archive", "verify")
    assert result.code == 0
    assert "Without an anchor nobody sees" in result.err


def test_rows_newer_than_the_anchor_are_told_until_the_next_line(archived: Archived) -> None:
    with closing(open_archive(archived.database, CORP)) as store:
        access.write(store, 1.0, "ann", "archive show", "", "", 1)
        (one,) = findings(archived)
        assert one["finding"] == "unanchored"
        anchor(store, CORP, Anchors(archived.anchor), 2.0)
    assert findings(archived) == []


def test_other_corps_and_words_of_a_system_log_do_not_disturb(archived: Archived) -> None:
    lines = archived.anchor.read_text().splitlines()
    foreign = lines[0].replace(CORP, "wwother").replace('"hash":"', '"hash":"00')
    archived.anchor.write_text(
        "\n".join([foreign, *(f"Nov 22 01:02:03 host wecrm[7]: {line}" for line in lines)]) + "\n"
    )
    assert findings(archived) == []
    archived.anchor.write_text("{torn\n" + "\n".join(lines) + "\n")
    assert [one["finding"] for one in findings(archived)] == ["unreadable"]


def parts(archived: Archived) -> Iterator[tuple[int, list[dict[str, object]], str]]:
    """Parts of `auto` that may take no time: each goes on by the least step."""
    for _n in range(50):
        result = archived.wecrm("archive", "verify", "--part", "auto", "--max-duration", "0s", "-f", "json")
        yield result.code, json.loads(result.out), result.err


def test_parts_pass_over_everything_and_then_begin_anew(tmp_path: Path) -> None:
    archived = Archived(tmp_path / "home", 5)
    for messages in (1500, 1200):
        archived.night(messages)
    done = [err for code, found, err in parts(archived) if not code and not found]
    assert len(done) == 50
    first = next(n for n, err in enumerate(done) if "A part" not in err)
    assert first >= 3  # two thousand links and some files took several
    assert "last verified: never" in done[0]
    assert "last verified: 20" in done[first + 1]


def test_parts_without_media_come_round_too_and_say_so(archived: Archived) -> None:
    archived.wecrm("archive", "verify", "--no-media")
    told = archived.wecrm("archive", "verify", "--part", "1/2").err
    assert re.search("last verified: 20.*, without media files", told)
    for _night in range(3):
        result = archived.wecrm("archive", "verify", "--part", "auto", "--no-media")
        assert re.search(r"^(\d+) of \1 links, 0 media files", result.err), result.err


@pytest.mark.parametrize("words", [("--part", "auto", "--max-duration", "0s"), ("--part", "auto"), ()])
def test_a_dry_run_verifies_and_notes_nothing(tmp_path: Path, words: tuple[str, ...]) -> None:
    archived = Archived(tmp_path / "home", 6)
    archived.night(2500)
    archived.wecrm("archive", "verify", "--part", "auto", "--max-duration", "0s")
    with closing(opened(archived)) as db:
        before = db.execute("SELECT * FROM corp").fetchall()
        ((last,),) = db.execute("SELECT max(id) FROM record")
        db.execute("UPDATE record SET text = 'x' WHERE id = ?", (last,))
    for _n in range(2):
        result = archived.wecrm("archive", "verify", *words, "--dry-run", "-f", "json")
        assert "Dry run" in result.err
        with closing(opened(archived)) as db:
            assert db.execute("SELECT * FROM corp").fetchall() == before
        whole = words != ("--part", "auto", "--max-duration", "0s")
        assert [one["id"] for one in json.loads(result.out) if one["finding"] == "changed"] == ([last] if whole else [])


@pytest.mark.parametrize("change", [{"n": 2400}, {"n": "x"}, {"hash": ""}])
def test_a_position_that_is_not_on_the_chain_is_not_believed(tmp_path: Path, change: dict[str, object]) -> None:
    archived = Archived(tmp_path / "home", 6)
    archived.night(2500)
    archived.wecrm("archive", "verify", "--part", "auto", "--max-duration", "0s")
    with closing(opened(archived)) as db:
        (text,) = db.execute("SELECT value FROM corp WHERE key = 'verify_position'").fetchone()
        forged = json.loads(text) | change
        db.execute("UPDATE corp SET value = ? WHERE key = 'verify_position'", (json.dumps(forged),))
        db.execute("UPDATE record SET text = 'x' WHERE id = 700")
    result = archived.wecrm("archive", "verify", "--part", "auto", "--max-duration", "0s", "-f", "json")
    assert [one["id"] for one in json.loads(result.out) if one["finding"] == "changed"] == [700]


def test_parts_find_what_is_altered_wherever_they_are(tmp_path: Path) -> None:
    archived = Archived(tmp_path / "home", 6)
    for messages in (1500, 1200):
        archived.night(messages)
    with closing(opened(archived)) as db:
        db.execute("UPDATE record SET text = 'x' WHERE id = 1900")
    changed = [found for _code, found, _err in parts(archived)]
    ids = [one["id"] for found in changed for one in found if one["finding"] == "changed"]
    assert ids
    assert set(ids) == {1900}
    shares = [findings(archived, "--part", f"{n}/3") for n in (1, 2, 3)]
    assert [any(one["finding"] == "changed" for one in share) for share in shares] == [False, False, True]


@pytest.mark.parametrize("part", ["0/3", "4/3", "x", "1/"])
def test_a_part_that_is_none_is_a_usage_error(archived: Archived, part: str) -> None:
    assert archived.wecrm("archive", "verify", "--part", part).code == 2
