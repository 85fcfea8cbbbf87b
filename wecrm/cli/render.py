"""Where rows go and in which form: the one place that knows `-f`, `-o`, `--columns` and `--color`."""

import contextlib
import difflib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from pathlib import Path
from typing import BinaryIO, TextIO, TypeGuard, cast

from wecrm import i18n
from wecrm.cli import headers
from wecrm.cli.terminal import Color, draw
from wecrm.errors import UsageError
from wecrm.files.atomic import check_writable, replacing
from wecrm.files.tables import FORMATS, format_of, known, write, write_arrays, write_book
from wecrm.i18n import _
from wecrm.models.table import Cell, Column, Table
from wecrm.models.text import visible

_SHOWABLE = re.compile("[^\n\t]+")
_AGES = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


@dataclass(frozen=True, slots=True)
class Output:
    """What the caller asked for.

    `format`: None lets the path's extension decide, then: a terminal gets a table, a pipe CSV.
    `path`: None or `-` is standard output.
    `csv_safe`: whether a CSV or TSV file gets its dangerous cells neutralised.
    `width` of the terminal in cells; None asks it.
    `headers`: zh, en or raw; empty for what the format has by itself.
    `totals`: forms for programs get the totals row, too.
    """

    format: str | None
    path: Path | None
    color: Color
    tz: tzinfo
    csv_safe: bool = True
    width: int | None = None
    headers: str = ""
    totals: bool = False

    @property
    def file(self) -> Path | None:
        """The file to write, None for standard output."""
        return None if self.path is None or str(self.path) == "-" else self.path


@contextlib.contextmanager
def prepare(output: Output) -> Iterator[BinaryIO | None]:
    """The stream of `--output`, opened before the work starts; None for standard output.

    The file appears when the block ends well; a block that fails leaves what was there.

    Raises:
        UsageError: an unknown format, or a place that cannot be written to.
    """
    headers.check(output.headers)
    _form(output, terminal=False)
    if output.file is None:
        yield None
        return
    with replacing(output.file) as stream:
        yield stream


def check(output: Output) -> None:
    """Find out now whether `prepare` could open `output` later; nothing is left there.

    Raises:
        UsageError: as `prepare`.
    """
    headers.check(output.headers)
    _form(output, terminal=False)
    if output.file is not None:
        check_writable(output.file)


def emit(
    table: Table,
    output: Output,
    *,
    stdout: TextIO | BinaryIO,
    stderr: TextIO,
    now: float,
    file: BinaryIO | None = None,
) -> int:
    """Write `table` as asked, then say on `stderr` what a reader must know; how many rows there were.

    Args:
        now: unix seconds, from which the age of cached rows is counted.
        file: what `prepare` gave; without it, `--output` is opened here.

    Raises:
        UsageError: an unknown format, or a place that cannot be written to.
    """
    if output.file and file is None:
        with prepare(output) as opened:
            return emit(table, output, stdout=stdout, stderr=stderr, now=now, file=opened)
    rows, neutralised = _put(table, output, file or stdout, for_file=file is not None)
    for sentence in _remarks(table, neutralised, now):
        stderr.write(sentence + "\n")
    return rows


def emit_all(tables: Sequence[Table], output: Output, stream: TextIO | BinaryIO) -> int:
    """Write several tables into one workbook, one page or one JSON array; how many rows.

    Raises:
        UsageError: another form, which holds one table only.
    """
    form = _form(output, terminal=False)
    if form not in ("xlsx", "json", "html"):
        raise UsageError(
            _("The format {format} holds one table, not several.", format=form),
            fix=_("Name a workbook or a page with `-o FILE.xlsx` or `-o FILE.html`, or take `-f json`."),
        )
    headed = [replace(headers.headed(table, output.headers), rows=list(table.rows)) for table in tables]
    binary = _as_binary(stream, False)
    if form == "json":
        write_arrays(headed, binary, tz=output.tz)
    elif form == "html":
        from wecrm.files import tablepages

        tablepages.write(headed, binary, output.tz)
    else:
        write_book(headed, binary, tz=output.tz, titles=output.headers in i18n.LANGUAGES)
    return sum(len(list(table.rows)) for table in headed)


def select_columns(table: Table, columns: Sequence[str]) -> Table:
    """`table` with these columns in this order, each once; all of them when none is named.

    Raises:
        UsageError: an unknown column, with the nearest name.
    """
    if not columns:
        return table
    keys = [column.key for column in table.columns]
    for name in columns:
        if name not in keys:
            near = difflib.get_close_matches(name.casefold(), keys, 1)
            raise UsageError(
                _("{table} has no column {name}.", table=table.name, name=repr(visible(name))),
                why=_("Columns: {columns}.", columns=", ".join(keys)),
                fix=_("Did you mean {name}?", name=near[0]) if near else _("`--columns ?` explains them."),
            )
    places = [keys.index(name) for name in dict.fromkeys(columns)]
    return replace(
        table,
        columns=tuple(table.columns[place] for place in places),
        rows=(tuple(row[place] for place in places) for row in table.rows),
        totals=table.totals and tuple(table.totals[place] for place in places),
    )


def describe_columns(table: Table) -> Table:
    """What `--columns ?` shows: one row per column of `table`."""
    rows: list[tuple[Cell, ...]] = [(c.key, c.title, c.kind, c.unit) for c in table.columns]
    return Table(
        name="columns",
        columns=(
            Column("key", _("Column")),
            Column("title", _("Heading")),
            Column("kind", _("Kind")),
            Column("unit", _("Unit")),
        ),
        rows=rows,
    )


def _form(output: Output, terminal: bool) -> str:
    if output.format == "table":
        return "table"
    if output.format:
        return _known(output.format)
    if output.file:
        return format_of(output.file)
    return "table" if terminal else "csv"


def _known(fmt: str) -> str:
    near = difflib.get_close_matches(fmt.casefold(), ("table", *FORMATS), 1)
    if near and near[0] != fmt:
        raise UsageError(
            _("Cannot write the format {format}.", format=repr(visible(fmt))),
            why=_("Formats: {formats}.", formats=", ".join(("table", *FORMATS))),
            fix=_("Did you mean {name}?", name=near[0]),
        )
    return known(fmt)


def _put(table: Table, output: Output, stream: TextIO | BinaryIO, *, for_file: bool) -> tuple[int, int]:
    """Write the rows; how many, and how many cells were neutralised."""
    terminal = not for_file and stream.isatty()
    form = _form(output, terminal)
    table = headers.headed(table, output.headers)
    if form == "xlsx" and not for_file and (terminal or (_is_text(stream) and not hasattr(stream, "buffer"))):
        raise UsageError(
            _("A workbook is no text for a terminal."),
            fix=_("Name a file with `-o FILE.xlsx`, or pipe it into one."),
        )
    if form == "table":
        with _as_text(stream) as screen:
            return draw(table, screen, tz=output.tz, color=output.color, width=output.width), 0
    binary = _as_binary(stream, terminal)
    titles = output.headers in i18n.LANGUAGES
    written = write(
        table,
        binary,
        form,
        for_file=for_file,
        tz=output.tz,
        safe=output.csv_safe,
        titles=titles,
        totals=output.totals,
    )
    return written.rows, written.neutralised


def _remarks(table: Table, neutralised: int, now: float) -> Iterator[str]:
    if neutralised:
        yield _(
            "Cells that a spreadsheet would run as formulas now begin with an apostrophe: {count} "
            "(`--csv-safe none` writes them as they are).",
            count=neutralised,
        )
    if table.as_of is not None:
        old = age(now - table.as_of)
        if table.source == "archive":
            yield _("From the session archive, last pulled to its end {age} ago.", age=old)
        else:
            yield _("From the cache of {age} ago.", age=old)
    for note in table.notes:
        yield visible(note)


def age(seconds: float) -> str:
    """An age in the largest unit that counts two of it: `45 s`, `90 min`, `26 h`, `3 d`."""
    for size, unit in _AGES:
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"


def _is_text(stream: TextIO | BinaryIO) -> TypeGuard[TextIO]:
    return isinstance(stream, io.TextIOBase) or hasattr(stream, "encoding")


@contextlib.contextmanager
def _as_text(stream: TextIO | BinaryIO) -> Iterator[TextIO]:
    if _is_text(stream):
        yield stream
        return
    wrapper = io.TextIOWrapper(cast(BinaryIO, stream), encoding="utf-8", newline="")
    try:
        yield wrapper
    finally:
        wrapper.detach()  # flushes; closing it would close the stream


def _as_binary(stream: TextIO | BinaryIO, terminal: bool) -> BinaryIO:
    """The stream for bytes; on a terminal, one that spells control characters out."""
    if not _is_text(stream):
        return cast(BinaryIO, stream)
    if not terminal and hasattr(stream, "buffer"):
        stream.flush()
        return stream.buffer
    return cast(BinaryIO, _Decoded(stream, terminal))


class _Decoded:
    """Bytes for a stream that takes only text; `write` of tables always gets whole lines."""

    def __init__(self, screen: TextIO, shown: bool) -> None:
        self._screen = screen
        self._shown = shown

    def write(self, data: bytes, /) -> int:
        text = data.decode()
        if self._shown:
            text = _SHOWABLE.sub(lambda piece: visible(piece.group()), text)
        self._screen.write(text)
        return len(data)
