"""CSV, TSV and `;` separated text as numbered rows of cells."""

import contextlib
import csv
import itertools
import re
from collections.abc import Iterator, Mapping

from wecrm.errors import UsageError
from wecrm.files import headings
from wecrm.files.tables import plain
from wecrm.i18n import _

DELIMITERS = (",", ";", "\t")
_SAMPLE = 50  # rows that the delimiter is judged by
_LINE = re.compile("[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def records(text: str, delimiter: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Every record with its row number; blank lines are records without cells.

    Raises:
        UsageError: quotes that do not match.
    """
    lines = (match.group() for match in _LINE.finditer(text))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    for number in itertools.count(1):
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UsageError(
                _("{name}, line {line}: the quotes do not match.", name=name, line=line),
                why=_("The row that begins there cannot be taken apart: {error}.", error=error),
                fix=_('A `"` inside a quoted cell is written twice, and every quoted cell is closed.'),
            ) from error
        yield number, [plain(cell) for cell in cells]


def delimiter_of(text: str, known: Mapping[str, str]) -> str:
    """The delimiter with the most recognised headings, then rows of one width, then most columns."""

    def merit(delimiter: str) -> tuple[int, bool, int]:
        rows: list[list[str]] = []
        with contextlib.suppress(UsageError):  # it comes again when the sheet is read
            for _number, cells in itertools.islice(records(text, delimiter, ""), _SAMPLE):
                if any(cell.strip() for cell in cells):
                    rows.append(cells)
        first = rows[0] if rows else []
        recognised = len({known.get(headings.key(heading)) for heading in first} - {None})
        return recognised, len(first) > 1 and len({len(row) for row in rows}) == 1, len(first)

    return max(DELIMITERS, key=merit)
