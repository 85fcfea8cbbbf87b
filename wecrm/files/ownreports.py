"""Reports that a person writes: `.sql` files whose comments at the top say what they are.

-- title: Newcomers by week
-- summary: Who came, week by week.
-- params: since until
-- counts: Relations by the week in which they began.
-- source: The view contacts.
-- caveats: Those who were lost are in it.
-- database: cache
-- column week: Week
-- column came: Customers | int | | sum
SELECT period(added_at, 'week') AS week, count(*) AS came FROM contacts …
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn, get_args

from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.report import Definition, Query
from wecrm.models.table import Column, Kind
from wecrm.models.text import visible

KEYS = ("title", "summary", "params", "counts", "source", "caveats", "database", "column")
"""What the header may say."""

_LINE = re.compile(r"--[ \t]*([A-Za-z]+)(?:[ \t]+(\w+))?[ \t]*:[ \t]*(.*)")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_SIZE_MAX = 1_000_000


def files(folder: Path) -> tuple[Path, ...]:
    """The `.sql` files of a folder in the order of their names; none where there is no folder."""
    return tuple(sorted(path for path in folder.glob("*.sql") if path.is_file())) if folder.is_dir() else ()


def read(path: Path) -> Query:
    """The report that stands in the file.

    Raises:
        UsageError: what is wrong and in which line.
    """
    if not _NAME.fullmatch(path.stem):
        raise UsageError(
            _("{path}: a report's name has small letters, digits and hyphens.", path=path), "", _("Rename the file.")
        )
    text = _text(path)
    told: dict[str, str] = {}
    columns: list[Column] = []
    for number, key, name, value in _header(text):
        if key not in KEYS or bool(name) != (key == "column"):
            _refuse(path, number, _("There is no heading {key}.", key=repr(visible(f"{key} {name}".strip()))))
        if key == "column":
            columns.append(_column(path, number, name, value))
        elif key in told:
            _refuse(path, number, _("The heading {key} stands twice.", key=key))
        else:
            told[key] = value
    for key in ("title", "counts"):
        if not told.get(key):
            _refuse(path, 1, _("The heading {key} is missing.", key=key))
    database = told.get("database", "cache")
    if database not in ("cache", "archive"):
        _refuse(path, 1, _("The database is cache or archive, not {value}.", value=repr(visible(database))))
    return Query(
        str(path),
        text,
        told["title"],
        told.get("summary") or told["title"],
        Definition(told["counts"], told.get("source", ""), told.get("caveats", "")),
        tuple(re.findall(r"[^\s,]+", told["params"])) if "params" in told else None,
        tuple(columns),
        database == "archive",
    )


def _text(path: Path) -> str:
    try:
        data = path.read_bytes() if path.stat().st_size <= _SIZE_MAX else None
    except OSError as error:
        raise UsageError(_("{path} can't be read.", path=path), str(error.strerror)) from error
    if data is None:
        raise UsageError(
            _("{path} is too large for a report.", path=path), "", _("Take it out of the folder if it is none.")
        )
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UsageError(
            _("{path}, line {line}: it is not UTF-8.", path=path, line=line), "", _("Save the file as UTF-8.")
        ) from None


def _header(text: str) -> Iterator[tuple[int, str, str, str]]:
    """(line number, key, name, value) of the comments above the query; other comments are passed over."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip() and not line.startswith("--"):
            return
        found = _LINE.fullmatch(line.rstrip())
        if found and (found[1].lower() in KEYS or not found[2]):
            yield number, found[1].lower(), found[2] or "", found[3].strip()


def _column(path: Path, number: int, name: str, value: str) -> Column:
    title, kind, unit, sums = [*(part.strip() for part in value.split("|")), "", "", "", ""][:4]
    kinds: dict[str, Kind] = {each: each for each in get_args(Kind)}
    if kind and kind not in kinds:
        _refuse(
            path,
            number,
            _("There is no kind {kind}; kinds are {kinds}.", kind=repr(visible(kind)), kinds=", ".join(kinds)),
        )
    if sums not in ("", "sum"):
        _refuse(path, number, _("Behind the unit only `sum` may stand, not {value}.", value=repr(visible(sums))))
    return Column(name, title or name, kinds.get(kind, "text"), unit, sums == "sum")


def _refuse(path: Path, line: int, what: str) -> NoReturn:
    raise UsageError(
        _("{path}, line {line}: {what}", path=path, line=line, what=what),
        _("A report begins with lines like `-- title: …`."),
        _("Headings: {keys}.", keys=", ".join(KEYS)),
    )
