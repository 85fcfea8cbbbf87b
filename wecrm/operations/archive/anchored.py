"""Holding the archive's chain against its anchor: is each head that was once written still in it?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from wecrm.files import anchors as files
from wecrm.i18n import _
from wecrm.operations.archive import anchors
from wecrm.store.archive import passes
from wecrm.store.archive import verification as store_
from wecrm.store.archive.verification import Finding
from wecrm.store.database import Store

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


@dataclass(slots=True)
class Anchored:
    """One anchor, read in constant memory. Made before the archive's snapshot is taken, so that that has its links."""

    path: Path
    corp: str
    keys: Sequence[bytes]
    lines: int = 0
    newest: int = 0
    """The newest link that it vouches for, and when that was written."""
    newest_at: int = 0
    unsigned: int = 0
    """Lines from before it was signed."""
    _end: int = 0
    _known: "dict[str, Ed25519PublicKey]" = field(default_factory=dict)
    _signed: int = 0
    _agreed: int = 0
    _differs: files.Line | None = None
    _beyond: files.Line | None = None

    def __post_init__(self) -> None:
        self._end = files.size(self.path)
        for pem in self.keys:
            key = anchors.public_key(pem)
            self._known[anchors.key_id(key)] = key

    @property
    def differs(self) -> bool:
        """Whether the chain is another than the one that was anchored."""
        return self._differs is not None

    def findings(self, store: Store) -> Iterator[Finding]:
        """Lines that are none or not signed rightly, and where the chain is not the one that was anchored."""
        total = store_.links(store.connection)
        for at, line in files.lines(self.path, 0, self._end):
            if line is None:
                yield Finding("unreadable", detail=_("Byte {n} of the anchor: no head of a chain.", n=at))
            elif line.corp == self.corp:
                yield from self._signature(line)
                self.lines += 1
                self._compare(store, line, total)
        if self._known and self.lines and not self._signed:
            yield Finding("signature", detail=_("No line of the anchor is signed by a known key."))
        if self._differs is not None:
            told = _("The anchor has another hash; up to link {n} it agrees.", n=self._agreed)
            yield Finding("anchor", link=self._differs.n, detail=told)
        if self._beyond is not None:
            told = _("The anchor knows link {n}; the chain ends before it.", n=self._beyond.n)
            yield Finding("cut", link=total, detail=told)
        if self.newest < total:
            self._later(store, total)

    def _compare(self, store: Store, line: files.Line, total: int) -> None:
        if line.n > total:
            if self._beyond is None or line.n > self._beyond.n:
                self._beyond = line
        elif _agrees(store, line):
            self._take(line)
        elif self._differs is None or line.n < self._differs.n:
            self._differs = line

    def _take(self, line: files.Line) -> None:
        if self._differs is None or line.n < self._differs.n:
            self._agreed = max(self._agreed, line.n)
        if line.n >= self.newest and (not self._known or self._is_genuine(line)):
            self.newest, self.newest_at = line.n, line.at

    def _later(self, store: Store, total: int) -> None:
        """Take notice of lines that were written since; those of links after the snapshot are of no use."""
        for _at, line in files.lines(self.path, self._end):
            if line is not None and line.corp == self.corp and line.n <= total and _agrees(store, line):
                self._take(line)

    def _signature(self, line: files.Line) -> Iterator[Finding]:
        if not self._known:
            return
        if not line.signature:
            if self._signed:
                yield Finding("signature", link=line.n, detail=_("The line is not signed; older ones are."))
            else:
                self.unsigned += 1
        elif line.key not in self._known:
            yield Finding("signature", link=line.n, detail=_("It is signed by the unknown key {id}.", id=line.key))
        elif not self._is_genuine(line):
            yield Finding("signature", link=line.n, detail=_("The signature does not fit the line."))
        else:
            self._signed += 1

    def _is_genuine(self, line: files.Line) -> bool:
        key = self._known.get(line.key)
        return key is not None and anchors.is_genuine(key, line)


def _agrees(store: Store, line: files.Line) -> bool:
    found = passes.hash_at(store.connection, line.n)
    return found is not None and found.hex() == line.hash
