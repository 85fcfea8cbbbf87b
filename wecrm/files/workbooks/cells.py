"""A sheet's XML as a reader may have it: no cell far away, and no failed formula that it would take for nothing.

A reader holds the whole rectangle around the cells, so one cell far away costs all the memory. Nearly every
program spells its cells alike; where a search finds no other spelling and no place outside a small rectangle,
that is proof enough, in a twentieth of the time that a walk through the XML takes. The rest is walked through.
"""

import re
from array import array
from collections.abc import Iterable, Iterator, Mapping
from typing import NoReturn
from xml.parsers import expat

from wecrm.errors import UsageError
from wecrm.i18n import _

LIMIT_CELLS = 10_000_000
"""Cells of the rectangle around a sheet's cells, from A1."""

SHAPES = (
    rb"[A-Z][12]?[0-9]{1,5}+",
    rb"[A-J][0-9]{1,6}+",
    rb"(?:[AB]?[A-Z]|C[A-V])[0-9]{1,5}+",
    rb"[A-Z]{1,2}[0-9]{1,4}+",
)
"""Each matches places within one rectangle of at most `LIMIT_CELLS`."""

_USUAL = rb'"(?: s="[0-9]++")?+(?: t="\w++")?+'  # style and type, which nearly every cell has
_REST = _USUAL + rb'(?: [a-qs-z][a-z]*+="[^"<>]*+")*+/?+>'  # of a tag: nothing in it can be a second place
_OUTSIDE = tuple(re.compile(rb'<c\b(?! r="' + shape + _REST + rb")") for shape in SHAPES)
_PREFIXED = re.compile(rb":c\b")
_FAILS = re.compile(rb' t="e"')
_FAILED = re.compile(rb'<c r="[A-Z]+[0-9]+"[^<>]* t="(e)"[^<>]*>')
_ERROR = re.compile(rb"(?:<f\b[^<>]*>(?:[^<]*</f>)?)?<v>#")
_TYPE = re.compile(rb"\st\s*=\s*[\"'](e)[\"']")
_PLACE = re.compile("([A-Za-z]{1,6})([0-9]{1,10})")


def sound(part: bytes, name: str) -> bytes:
    """The part of a workbook with #N/A and its like as texts; `name` is what errors call the workbook.

    Raises:
        UsageError: the rectangle around its cells is too large to be held.
        ValueError, expat.ExpatError: what no spreadsheet program writes.
    """
    if _PREFIXED.search(part) is None and any(outside.search(part) is None for outside in _OUTSIDE):
        return _as_texts(part, _failed(part)) if _FAILS.search(part) else part
    walk = _Walk(part)
    walk.through()
    count = (walk.last_row + 1) * (walk.last_column + 1)
    if count > LIMIT_CELLS:
        raise UsageError(
            _("{name} has cells too far from each other to be read.", name=name),
            why=_("Its sheet reaches from A1 over {cells:,} cells.", cells=count),
            fix=_("Copy the list into a new workbook, beginning at A1."),
        )
    return _as_texts(part, walk.failed) if walk.failed else part


def _as_texts(part: bytes, places: Iterable[int]) -> bytes:
    texts = bytearray(part)
    for place in places:
        texts[place] = ord("d")  # a date in ISO form, which calamine hands on as the text that stands there
    return bytes(texts)


def _failed(part: bytes) -> Iterator[int]:
    """Where the `e` of each failed cell stands, among cells of the usual spelling."""
    for found in _FAILED.finditer(part):
        if _ERROR.match(part, found.end()) is None:
            _refuse()
        yield found.start(1)


class _Walk:
    """A walk from cell to cell, each placed as the reader places it."""

    def __init__(self, part: bytes) -> None:
        self.last_row = self.last_column = -1
        self.failed = array("Q")  # where the `e` of each failed cell stands
        self._part = part
        self._row = self._column = 0
        self._inside = self._has_failed = False
        self._error = ""
        self._parser = expat.ParserCreate("utf-8")  # whatever the XML declares: the reader knows no other
        self._parser.StartDoctypeDeclHandler = _refuse
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def through(self) -> None:
        self._parser.Parse(self._part, True)

    def _start(self, tag: str, attributes: Mapping[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name in ("c", "row"):
            if self._inside:
                _refuse()
            self._enter(name, attributes)
        elif self._has_failed and name == "v":
            self._parser.CharacterDataHandler = self._value

    def _enter(self, name: str, attributes: Mapping[str, str]) -> None:
        address = attributes.get("r")
        if name == "row":
            self._row = self._row if address is None else int(address) - 1
            return
        self._row, self._column = (self._row, self._column) if address is None else _place(address)
        self.last_row = max(self.last_row, self._row)
        self.last_column = max(self.last_column, self._column)
        self._inside = True
        self._has_failed = attributes.get("t") == "e"
        if self._has_failed:
            self._error = ""
            found = _TYPE.search(self._part, self._parser.CurrentByteIndex)
            self.failed.append(found.start(1) if found else _refuse())

    def _value(self, text: str) -> None:
        self._error = self._error or text

    def _end(self, tag: str) -> None:
        name = tag.rpartition(":")[2]
        if name == "c":
            if self._has_failed and not self._error.startswith("#"):
                _refuse()
            self._column += 1
            self._inside = self._has_failed = False
        elif name == "row":
            self._row += 1
            self._column = 0
        elif self._has_failed:
            self._parser.CharacterDataHandler = None


def _refuse(*_declared: object) -> NoReturn:
    """Entities and cells in cells could hide some; a failed cell that does not say how would look empty."""
    raise ValueError("no spreadsheet program writes this")


def _place(address: str) -> tuple[int, int]:
    """Row and column, from 0."""
    found = _PLACE.fullmatch(address)
    if found is None:
        raise ValueError("no address of a cell")
    column = 0
    for letter in found[1].upper():
        column = column * 26 + ord(letter) - 64
    return int(found[2]) - 1, column - 1
