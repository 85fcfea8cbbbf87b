"""Proving that the archive is what was stored: the chain, the anchor, the media files; in parts over nights too.

What a hash chain can't show alone (that somebody computed it all anew, or put back yesterday's file) is shown
by the anchor. Nothing shows what was done before a row was stored.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from wecrm.errors import ConfigError, IntegrityError
from wecrm.i18n import _
from wecrm.models.clock import Progress, Run
from wecrm.operations.archive.anchored import Anchored
from wecrm.store.archive import passes
from wecrm.store.archive import verification as store_
from wecrm.store.archive.mediafiles import MediaFiles
from wecrm.store.archive.passes import Passed, Position
from wecrm.store.archive.verification import Finding, Kind, Walk
from wecrm.store.database import Store
from wecrm.store.locks import under_way


@dataclass(frozen=True, slots=True)
class Part:
    """The `n`-th of `of` equal parts; `n` 0: from where the last one stopped, for so many seconds."""

    n: int = 0
    of: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is verified, and against what. Without `media` (the folder) the media files are left out."""

    corp: str
    anchor: Path | None = None
    keys: Sequence[bytes] = ()
    """Ed25519 public keys (PEM) that lines of the anchor must be signed with."""
    media: Path | None = None
    part: Part | None = None
    noted: bool = True
    """Whether it is noted in the archive how far this came; not in a dry run."""


@dataclass(slots=True)
class Outcome:
    """What was looked at, complete when the findings have been read to their end."""

    links: int = 0
    total: int = 0
    media: int = 0
    lines: int = 0
    newest_line_at: int = 0
    unsigned: int = 0
    """Lines from before the anchor was signed."""
    unvouched: int = 0
    """Links newer than the anchor while a pull is under way."""
    found: int = 0
    whole: bool = False
    """Whether this run, or the parts that it was the last of, passed over everything."""
    position: Position | None = None
    """Where the next part goes on."""


def verify(store: Store, wanted: Wanted, run: Run, outcome: Outcome) -> Iterator[Finding]:
    """Everything that is not as it was written; `outcome` says what was looked at.

    Raises:
        IntegrityError: the tables can't be read at all.
        ConfigError: the anchor can't be read.
        DeadlineError, InterruptedRun, TerminatedRun: as the run's `stop` says; parts go on there.
    """
    work = _Verifying(store, wanted, run, outcome)
    try:
        for finding in work.findings():
            outcome.found += 1
            yield finding
    finally:
        work.remember()


@dataclass(slots=True)
class _Verifying:
    store: Store
    wanted: Wanted
    run: Run
    outcome: Outcome
    began_at: int = 0
    before: int = 0
    """Findings of the earlier parts of this pass."""
    end: float | None = None

    def findings(self) -> Iterator[Finding]:
        part = self.wanted.part
        if part and not part.of:
            self.end = self.run.clock.now() + part.seconds
        anchor = Anchored(self.wanted.anchor, self.wanted.corp, self.wanted.keys) if self.wanted.anchor else None
        with store_.snapshot(self.store) as db:
            self.outcome.total = store_.links(db)
            yield from store_.guards(db)
            if anchor is not None:
                yield from anchor.findings(self.store)
            start, until = self._range()
            walk = Walk.start(db, start)
            yield from self._walked(walk, until)
            complete = walk.n >= until
            if complete and until == self.outcome.total:
                yield from walk.tail()
        if anchor is not None:
            yield from self._vouched(anchor)
        self.outcome.links = walk.n - start.n
        self.outcome.position = Position(walk.n, walk.hash, walk.ids, start.media, self.began_at)
        if complete:
            yield from self._media(walk.ids.get("media_file", 0))

    def _range(self) -> tuple[Position, int]:
        """Where this run begins and the link that it ends with."""
        db, part, total = self.store.connection, self.wanted.part, self.outcome.total
        self.began_at = int(self.run.clock.now())
        if part and part.of:
            return passes.position_at(db, total * (part.n - 1) // part.of), total * part.n // part.of
        if part:
            found = passes.position(self.store)
            if found is not None and passes.stands(db, found):
                self.began_at, self.before = found.began_at, found.found
                return found, total
        return Position(), total

    def _walked(self, walk: Walk, until: int) -> Iterator[Finding]:
        for finding in walk.findings(until):
            if finding is not None:
                yield finding
                continue
            self.run.progress(Progress("archive verify", walk.n, self.outcome.total, self.outcome.found))
            if self._late():
                return

    def _late(self) -> bool:
        """Whether a part's time is over; what ends the whole run is raised, unless a part can note where it is."""
        if self.end is None:
            self.run.check()
            return False
        return self.run.stop() is not None or self.run.clock.now() >= self.end

    def _vouched(self, anchor: Anchored) -> Iterator[Finding]:
        """What is newer than the anchor; a pull under way writes its line when it ends."""
        outcome = self.outcome
        outcome.lines, outcome.newest_line_at, outcome.unsigned = anchor.lines, anchor.newest_at, anchor.unsigned
        newer = 0 if anchor.differs else outcome.total - anchor.newest
        if newer > 0 and under_way(self.store.path, "archive"):
            outcome.unvouched = newer
        elif newer > 0:
            told = _("{n} links are newer than the anchor: nothing vouches for them yet.", n=newer)
            yield Finding("unanchored", link=anchor.newest + 1, detail=told)

    def _media(self, until: int) -> Iterator[Finding]:
        """The files of the media rows that the walk has passed, as far as time allows; at the end those of nobody."""
        folder, position = self.wanted.media, self.outcome.position
        assert position is not None
        if folder is not None:
            files = MediaFiles(folder, self.store.key)
            for id_, digest, path in store_.files(self.store.connection, position.media, until):
                yield from _file(files, path, digest, id_)
                self.outcome.media += 1
                self.outcome.position = position = replace(position, media=id_)
                self.run.progress(Progress("archive verify media", self.outcome.media, None, self.outcome.found))
                if self._late():
                    return
            if position.n == self.outcome.total:
                yield from self._strays(files)
        if position.n == self.outcome.total:
            self.outcome.whole = not (self.wanted.part and self.wanted.part.of)

    def _strays(self, files: MediaFiles) -> Iterator[Finding]:
        """Files in the media folder that no row knows; what is being fetched lies in a hidden folder."""
        there = (Path(place, name).as_posix() for place, _names, names in os.walk(files.folder) for name in names)
        shown = (path for path in there if "/.part/" not in path)
        for path in store_.strays(self.store.connection, shown, lambda name: files.place(name).as_posix()):
            yield Finding("media_extra", detail=path)

    def remember(self) -> None:
        """Note where the parts stopped, or the pass that is complete; then end as the run wants."""
        position, part, outcome = self.outcome.position, self.wanted.part, self.outcome
        if position is None or (part and part.of):
            return
        found = self.before + outcome.found
        if outcome.whole:
            done = Passed(self.began_at, int(self.run.clock.now()), position.n, found, self.wanted.media is not None)
            self._note(passed=done)
        elif part:
            self._note(position=replace(position, found=found))
            self.run.check()

    def _note(self, *, position: Position | None = None, passed: Passed | None = None) -> None:
        if self.wanted.noted:
            passes.remember(self.store, position=position, passed=passed)


def _file(files: MediaFiles, path: str, digest: str, id_: int) -> Iterator[Finding]:
    """What is wrong with one media file."""
    try:
        if files.digest(path) != digest:
            yield Finding("media_changed", "media_file", id_, detail=path)
    except IntegrityError:
        kind: Kind = "media_changed" if files.place(path).exists() else "media_missing"
        yield Finding(kind, "media_file", id_, detail=path)
    except ConfigError as error:
        yield Finding("media_missing", "media_file", id_, detail=f"{path}: {error.why}")
