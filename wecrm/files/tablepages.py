"""Tables as one page of HTML, every row written as it is read."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import BinaryIO

from wecrm.files import documents
from wecrm.i18n import _
from wecrm.models.document import Block, Document, Excerpt, Heading, Text
from wecrm.models.table import Cell, Table

_NARROW = 7  # columns that an upright page holds


def write(tables: Sequence[Table], stream: BinaryIO, tz: tzinfo) -> int:
    """Write a page with these tables, each below its title where there are several; how many rows there were."""
    counts = [0] * len(tables)

    def counted(n: int, rows: Iterable[Sequence[Cell]]) -> Iterator[Sequence[Cell]]:
        for row in rows:
            counts[n] += 1
            yield row

    blocks: list[Block] = []
    for n, table in enumerate(tables):
        blocks += [Heading(_title(table))] if len(tables) > 1 else []
        blocks.append(Excerpt(replace(table, rows=counted(n, table.rows))))
        blocks += [Text(note, soft=True) for note in table.notes]
    title = " · ".join(dict.fromkeys(map(_title, tables)))
    wide = any(len(table.columns) > _NARROW for table in tables)
    documents.write(Document(title, _facts(tables, tz), tuple(blocks), wide), stream, "html", tz)
    return sum(counts)


def _title(table: Table) -> str:
    return table.title or table.name


def _facts(tables: Sequence[Table], tz: tzinfo) -> tuple[str, ...]:
    """How old the oldest of what the tables came from is."""
    known = [(table.as_of, table.source) for table in tables if table.as_of is not None]
    if not known:
        return ()
    as_of, source = min(known)
    at = f"{datetime.fromtimestamp(as_of, tz):%Y-%m-%d %H:%M %Z}"
    return (_("From the cache of {at}.", at=at) if source == "cache" else _("From the archive as of {at}.", at=at),)
