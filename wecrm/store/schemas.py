"""What the schema of a database is to be, and whether it still is: one letter that was flipped there is damage.

SQLite's own check does not look: a table by another name is a sound database, and only ours is missing.
"""

import hashlib
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database, Migrations

from wecrm.errors import ConfigError
from wecrm.i18n import _
from wecrm.store.connections import damaged, refuse_newer
from wecrm.store.migrations import SCHEMA_DIGEST, SCHEMA_VERSION, migrations

SHOWN = 5
"""Differing names that are told."""

_TEXT = """SELECT CAST(type || ' ' || name || ' ' || tbl_name || ' ' ||
        iif(tbl_name = '_sqlite_migrations', '', coalesce(sql, '')) AS BLOB)
    FROM {within}.sqlite_master WHERE name <> 'sqlite_autoindex__sqlite_migrations_1' ORDER BY name"""


@dataclass(frozen=True, slots=True)
class Schema:
    """A list of migrations; `version` is the number of the newest, `PRAGMA user_version` of a current file."""

    migrations: Migrations
    version: int
    digest: str = ""
    """What `digest` gives for a current file, one that has another is compared piece by piece; "": none is."""


CURRENT = Schema(migrations, SCHEMA_VERSION, SCHEMA_DIGEST)


def version(db: sqlite3.Connection, within: str = "main") -> int:
    """Number of the schema that the connection sees."""
    return int(db.execute(f"PRAGMA {within}.user_version").fetchone()[0])


def digest(db: sqlite3.Connection, within: str = "main") -> str:
    """SHA-256 (hex) of the schema's text, in 0.2 ms; what the library of migrations makes for itself is left out."""
    found = hashlib.sha256()
    for (text,) in db.execute(_TEXT.format(within=within)):
        found.update(text + b"\n")
    return found.hexdigest()


def refuse_damaged(path: Path, db: sqlite3.Connection, schema: Schema, within: str = "main") -> None:
    """Refuse a file whose tables, indexes, views or triggers are not as its migrations made them.

    What a person added is no damage. A current file costs 0.2 ms, any other some 10 ms.

    Args:
        within: the name under which the file is attached.

    Raises:
        IntegrityError: something is missing, or is another.
        ConfigError: it is somebody else's file, or a newer wecrm wrote it meanwhile.
    """
    if digest(db, within) == schema.digest:
        return
    found = version(db, within)
    refuse_newer(path, found, schema.version)
    wanted, there = made(schema, found), objects(db, within)
    if wanted and not wanted.keys() & there.keys():
        raise foreign(path)
    differing = lacking(wanted, there)
    if differing:
        raise damaged(path, told(found, differing), _whole_again(path) if schema.migrations is migrations else "")


def lacking(wanted: dict[str, str], there: dict[str, str]) -> list[str]:
    """The names of what is wanted and missing, or another; sorted."""
    return sorted(name for name in wanted if there.get(name) != wanted[name])


def _whole_again(path: Path) -> str:
    return _(
        "`wecrm db check {path}` tells all that is wrong; `wecrm db restore FILE` puts a backup in the place of the "
        "database and keeps it beside.",
        path=path,
    )


def foreign(path: Path) -> ConfigError:
    """What to say of a file of SQLite that never was ours."""
    return ConfigError(
        _("{path} is not a database of wecrm.", path=path), "", _("Point the profile at its own database.")
    )


def told(version: int, names: list[str]) -> str:
    """These tables, views and so on are not as that schema has them."""
    return _("Not as schema {n} has it: {names}", n=version, names=", ".join(names[:SHOWN]))


def made(schema: Schema, version: int) -> dict[str, str]:
    """What the migrations make up to that version, as `objects` shows it."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        later = [name for name in names(schema) if number(name) > version]
        schema.migrations.apply(Database(fresh), stop_before=later)
        return objects(fresh)


def objects(db: sqlite3.Connection, within: str = "main") -> dict[str, str]:
    """Every table, index, view and trigger (`view contacts`) with what it is made of.

    That is the text that we wrote. Where a library wrote it, another version of that may write otherwise: of tables
    behind a full-text index it is the names of their columns, of the list of migrations nothing.
    """
    found = {}
    own = [row[0] for row in db.execute(f"SELECT name FROM {within}.sqlite_master WHERE sql LIKE 'CREATE VIRTUAL %'")]
    pieces = ", ".join(f"CAST(coalesce({each}, '') AS BLOB)" for each in ("type", "name", "tbl_name", "sql"))
    for row in db.execute(f"SELECT {pieces} FROM {within}.sqlite_master"):
        kind, name, table, text = (each.decode(errors="backslashreplace") for each in row)
        if name.startswith("sqlite_"):
            continue
        if table == "_sqlite_migrations":
            text = ""
        elif any(table.startswith(f"{each}_") for each in own):
            text = _columns(db, within, name)
        found[f"{kind} {name}"] = f"{table} {text}"
    return found


def _columns(db: sqlite3.Connection, within: str, table: str) -> str:
    quoted = table.replace('"', '""')
    return " ".join(row[1] for row in db.execute(f'PRAGMA {within}.table_info("{quoted}")'))


def names(schema: Schema) -> list[str]:
    """The names of all migrations, oldest first."""
    with closing(sqlite3.connect(":memory:")) as nothing:
        return [migration.name for migration in schema.migrations.pending(Database(nothing))]


def number(name: str) -> int:
    """1 of `m001_cache_and_journal`."""
    found = re.match(r"\w(\d+)", name)
    return int(found[1]) if found else 0
