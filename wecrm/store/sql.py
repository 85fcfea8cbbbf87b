"""`wecrm sql`: one query by a person, on a connection of its own that can only read."""

import re
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn

from wecrm.errors import ConfigError, UsageError
from wecrm.i18n import _
from wecrm.models.table import Cell, Column, Kind, Table
from wecrm.models.text import visible
from wecrm.store import encryption
from wecrm.store.database import explained
from wecrm.store.encryption import Key
from wecrm.store.nearest import did_you_mean
from wecrm.store.views import VIEWS

_LOOKED_AT = 500
"""Rows looked at to tell columns of numbers."""
_PER_CHECK = 20_000
"""SQLite instructions between two looks at the time: about a millisecond."""
_LENGTH_MAX = 20_000_000
"""Bytes of one value, so that no query fills the memory with one."""
_CHINA = timezone(timedelta(hours=8))
_PRAGMAS = frozenset(("table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo"))
_FORBIDDEN = frozenset(("load_extension", "fts3_tokenizer", "readfile", "writefile", "edit"))


def query(
    path: Path, text: str, *, seconds: float = 30, monotonic: Callable[[], float], key: Key | None = None
) -> Table:
    """The rows of one SELECT over the database at `path`, streamed.

    `iso(seconds)` in the query writes unix seconds as ISO-8601 in +08:00. The connection is
    read-only, sees no other file and is closed after the last row.

    Args:
        seconds: how long SQLite may work, not counting what is done with the rows.
        monotonic: seconds of a clock that never goes back.
        key: of an encrypted file.

    Raises:
        UsageError: not one SELECT, an unknown name, or it took too long (also while rows are read).
        ConfigError: there is no database.
    """
    connection = _opened(path, key)
    reading = _Reading(path, connection, text, _Watch(seconds, monotonic))
    try:
        reading.begin()
        first = reading.some()
    except BaseException:
        connection.close()
        raise
    names = [item[0] for item in reading.cursor.description]
    columns = tuple(Column(name, name, _kind(n, first)) for n, name in enumerate(names))
    return Table("sql", columns, reading.rows(first))


class _Watch:
    """Time spent inside SQLite; everything else is not counted."""

    def __init__(self, seconds: float, monotonic: Callable[[], float]) -> None:
        self.seconds = seconds
        self.monotonic = monotonic
        self.spent = 0.0
        self.since = 0.0

    def __enter__(self) -> None:
        self.since = self.monotonic()

    def __exit__(self, *_: object) -> None:
        self.spent += self.monotonic() - self.since

    def late(self) -> int:
        return int(self.spent + self.monotonic() - self.since > self.seconds)


class _Reading:
    """One query under way."""

    def __init__(self, path: Path, connection: sqlite3.Connection, text: str, watch: _Watch) -> None:
        self.path = path
        self.connection = connection
        self.text = text
        self.watch = watch
        self.cursor = connection.cursor()

    def begin(self) -> None:
        self.connection.set_authorizer(_authorize)
        self.connection.set_progress_handler(self.watch.late, _PER_CHECK)
        try:
            with self.watch:
                self.cursor.execute(self.text)
        except (self.connection.Error, self.connection.Warning, ValueError) as error:
            self.explain(error)
        if self.cursor.description is None:
            raise UsageError(_("There is no query."), "", _("For example: SELECT count(*) FROM contacts"))

    def some(self) -> list[tuple[Cell, ...]]:
        try:
            with self.watch:
                rows = self.cursor.fetchmany(_LOOKED_AT)
        except self.connection.Error as error:
            self.explain(error)
        return [tuple(_cell(value) for value in row) for row in rows]

    def rows(self, first: list[tuple[Cell, ...]]) -> Iterator[tuple[Cell, ...]]:
        try:
            yield from chain.from_iterable(chain([first], iter(self.some, [])))
        finally:
            self.connection.close()

    def explain(self, error: Exception) -> NoReturn:
        message = visible(str(error))
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_BUSY", "SQLITE_IOERR")):
            with explained(self.path):
                raise error
        if name == "SQLITE_INTERRUPT" or message == "interrupted":
            raise UsageError(
                _("The query took longer than {seconds:g} s.", seconds=self.watch.seconds),
                "",
                _("Narrow it, or give it more time with --timeout."),
            ) from error
        if "one statement" in message:
            raise UsageError(_("Only one statement at a time.")) from error
        if "not authorized" in message or "prohibited" in message or "readonly" in message:
            raise UsageError(
                _("Only reading is possible here."), message, _("Write one SELECT over the views and tables.")
            ) from error
        raise UsageError(_("SQLite can't run this query."), message, self.hint(message)) from error

    def hint(self, message: str) -> str:
        missing = re.search(r"no such (table|column): (.+)", message)
        if missing is None:
            return ""
        name = missing[2].rsplit(".", 1)[-1]
        if missing[1] == "table":
            return did_you_mean(name, [*VIEWS, *self.tables()], 3)
        words = set(re.findall(r"\w+", self.text.lower()))
        asked = [view for view in VIEWS.values() if view.name in words] or VIEWS.values()
        return did_you_mean(name, [column.key for view in asked for column in view.columns], 3)

    def tables(self) -> list[str]:
        return [row[0] for row in self.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]


def _opened(path: Path, key: Key | None) -> sqlite3.Connection:
    try:
        with explained(path):
            return _prepared(encryption.connect(path, key, mode="?mode=ro", timeout_s=30))
    except ConfigError as error:
        raise ConfigError(
            _("The database {path} can't be read.", path=path), error.why, _("Run `wecrm sync` first.")
        ) from error


def _prepared(connection: sqlite3.Connection) -> sqlite3.Connection:
    connection.execute("PRAGMA query_only = ON")
    connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    if isinstance(connection, sqlite3.Connection):  # of an encrypted file nothing goes to the disk
        connection.execute("PRAGMA temp_store = FILE")
    # The first use of a table-valued function declares a table, which the authorizer would refuse.
    connection.execute("SELECT 1 FROM json_each('[]'), json_tree('[]')").fetchone()
    if hasattr(connection, "setlimit"):  # not in SQLCipher's
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LENGTH_MAX)
    connection.text_factory = lambda data: data.decode(errors="backslashreplace")
    connection.create_function("iso", 1, _iso, deterministic=True)
    if sys.version_info >= (3, 12) and hasattr(
        connection, "setconfig"
    ):  # before, SQLite takes a misspelt "column" for a text
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DQS_DML, False)
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DQS_DDL, False)
    return connection


def _authorize(action: int, first: str | None, second: str | None, *_rest: str | None) -> int:
    match action:
        case sqlite3.SQLITE_SELECT | sqlite3.SQLITE_READ | sqlite3.SQLITE_RECURSIVE:
            return sqlite3.SQLITE_OK
        case sqlite3.SQLITE_FUNCTION if (second or "").lower() not in _FORBIDDEN:
            return sqlite3.SQLITE_OK
        case sqlite3.SQLITE_PRAGMA if (first or "").lower() in _PRAGMAS:
            return sqlite3.SQLITE_OK
        case _:
            return sqlite3.SQLITE_DENY


def _iso(seconds: object) -> str | None:
    if not isinstance(seconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(int(seconds), _CHINA).isoformat()
    except (OverflowError, ValueError, OSError):
        return None


def _cell(value: Any) -> Cell:
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value.hex()
    return value  # type: ignore[no-any-return]


def _kind(n: int, rows: Sequence[Sequence[Cell]]) -> Kind:
    types = {type(row[n]) for row in rows} - {type(None)}
    if types == {int}:
        return "int"
    return "float" if types and types <= {int, float} else "text"
