"""`wecrm sql`: one query by a person, on a connection of its own that can only read."""

import re
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta, timezone, tzinfo
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

from wecrm.errors import ConfigError, UsageError
from wecrm.i18n import _
from wecrm.models.table import Cell, Column, Kind, Table
from wecrm.models.text import visible
from wecrm.store import encryption, sqlfunctions, sqltext
from wecrm.store.connections import explained, rolled_back
from wecrm.store.encryption import Key
from wecrm.store.nearest import did_you_mean
from wecrm.store.views import VIEWS

Value = str | int | float | None
"""What a parameter may be."""

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
    path: Path,
    text: str,
    values: Mapping[str, Value] = MappingProxyType({}),
    *,
    seconds: float = 30,
    monotonic: Callable[[], float],
    key: Key | None = None,
    tz: tzinfo = _CHINA,
    source: str = "",
    archive: bool = False,
) -> Table:
    """The rows of one SELECT over the database at `path`, streamed.

    `iso(seconds)` in the query writes unix seconds as ISO-8601, `period(seconds, 'week')` the first day of the day,
    week or month they lie in (a month as 2026-11), both by the clocks of `tz`. The connection is read-only, sees no
    other file and is closed after the last row.

    Args:
        values: of the parameters that stand in the query as `:name`.
        seconds: how long SQLite may work, not counting what is done with the rows.
        monotonic: seconds of a clock that never goes back.
        key: of an encrypted file.
        source: the file that the query stands in, for complaints.
        archive: the database is a session archive.

    Raises:
        UsageError: not one SELECT, an unknown name, a parameter without a value, or it took too long (also while
            rows are read); says the line and column where that is known.
        ConfigError: there is no database.
        IntegrityError: it is damaged.
    """
    connection = _opened(path, key, tz)
    reading = _Reading(path, connection, text, values, _Watch(seconds, monotonic), source, archive)
    try:
        reading.begin()
        first = reading.some()
    except BaseException:
        connection.close()
        raise
    names = [item[0] for item in reading.cursor.description]
    columns = tuple(Column(name, name, _kind(n, first)) for n, name in enumerate(names))
    return Table("sql", columns, reading.rows(first))


def check(path: Path, text: str, *, source: str = "") -> None:
    """Let SQLite understand a query without running it; its parameters need no values.

    Raises:
        UsageError: it can't be run; says where.
        ConfigError: there is no database.
    """
    connection = _opened(path, None, _CHINA)
    values = dict.fromkeys(sqltext.parameters(text))
    try:
        _Reading(path, connection, text, values, _Watch(1, lambda: 0.0), source).begin("EXPLAIN ")
    finally:
        connection.close()


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

    def over(self) -> bool:
        """Whether what was spent so far is all that there was."""
        return self.spent > self.seconds


class _Reading:
    """One query under way."""

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        text: str,
        values: Mapping[str, Value],
        watch: _Watch,
        source: str,
        archive: bool = False,
    ) -> None:
        self.path = path
        self.connection = connection
        self.text = text
        self.values = values
        self.watch = watch
        self.source = source
        self.archive = archive
        self.cursor = connection.cursor()

    def begin(self, verb: str = "") -> None:
        self.connection.set_authorizer(_authorize)
        self.connection.set_progress_handler(self.watch.late, _PER_CHECK)
        for name, offset in sqltext.parameters(self.text).items():
            if name not in self.values:
                raise UsageError(
                    self.at(offset, _("The parameter :{name} has no value.", name=name)),
                    "",
                    did_you_mean(name, self.values) or _("Give it one: --param {name}=VALUE.", name=name),
                )
        try:
            with self.watch:
                self.cursor.execute(verb + self.text, dict(self.values))
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
            if not self.watch.over():
                raise KeyboardInterrupt from error  # a signal came while SQLite asked for the time
            raise UsageError(
                self.at(None, _("The query took longer than {seconds:g} s.", seconds=self.watch.seconds)),
                "",
                _("Narrow it.") if self.source else _("Narrow it, or give it more time with --timeout."),
            ) from error
        if "one statement" in message:
            raise UsageError(self.at(None, _("Only one statement at a time."))) from error
        if "not authorized" in message or "prohibited" in message or "readonly" in message:
            raise UsageError(
                self.at(None, _("Only reading is possible here.")),
                message,
                _("Write one SELECT over the views and tables."),
            ) from error
        self.look()
        offset = sqltext.refused(self.connection, self.text, str(error))
        what = self.at(offset, _("SQLite can't run this query."))
        raise UsageError(what, message, self.hint(message)) from error

    def look(self) -> None:
        """Whether it is the database that does not know a name it should, rather than the query a wrong one."""
        from wecrm.store.archive.opening import ARCHIVE
        from wecrm.store.schemas import CURRENT, refuse_damaged

        self.connection.set_authorizer(None)
        with explained(self.path):
            refuse_damaged(self.path, self.connection, ARCHIVE if self.archive else CURRENT)

    def at(self, offset: int | None, what: str) -> str:
        """What is wrong, with the file, line and column where they are known."""
        if offset is not None:
            line, column = sqltext.place(self.text, offset)
            if self.source:
                return _(
                    "{path}, line {line}, column {column}: {what}",
                    path=self.source,
                    line=line,
                    column=column,
                    what=what,
                )
            return _("Line {line}, column {column}: {what}", line=line, column=column, what=what)
        return _("{path}: {what}", path=self.source, what=what) if self.source else what

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


def _opened(path: Path, key: Key | None, tz: tzinfo) -> sqlite3.Connection:
    try:
        rolled_back(path, key)
        with explained(path):
            return _prepared(encryption.connect(path, key, mode="?mode=ro", timeout_s=30), tz)
    except ConfigError as error:
        raise ConfigError(
            _("The database {path} can't be read.", path=path), error.why, _("Run `wecrm sync` first.")
        ) from error


def _prepared(connection: sqlite3.Connection, tz: tzinfo) -> sqlite3.Connection:
    connection.execute("PRAGMA query_only = ON")
    connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    if isinstance(connection, sqlite3.Connection):  # of an encrypted file nothing goes to the disk
        connection.execute("PRAGMA temp_store = FILE")
    # The first use of a table-valued function declares a table, which the authorizer would refuse.
    connection.execute("SELECT 1 FROM json_each('[]'), json_tree('[]')").fetchone()
    if hasattr(connection, "setlimit"):  # not in SQLCipher's
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LENGTH_MAX)
    connection.text_factory = lambda data: data.decode(errors="backslashreplace")
    sqlfunctions.declare(connection, tz)
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
