"""One cell of the fault matrix: a command meets one fault, and what must hold then and after it is run again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from tests.acceptance.matrix import promises, scene, state
from tests.acceptance.matrix.places import Cell, Place, goes_on, places_of
from tests.acceptance.matrix.rows import ROWS, Row
from tests.conftest import Result, Wecrm
from wecrm.errors import Exit
from wecrm.sandbox import control
from wecrm.sandbox.faults import PICTURES

KILLED: Final = -9
HEALS_S: Final = 2 * 3600.0
ROUNDS: Final = 3
DAYS: Final = 2


@dataclass(frozen=True)
class Clean:
    """How a row ends without a fault: what every cell of it has to come to."""

    places: tuple[Place, ...]
    world: Mapping[str, state.Rows]
    store: Mapping[str, state.Rows]
    files: frozenset[str]
    drawn: Mapping[str, bytes]


@dataclass(frozen=True)
class Seen:
    """What a cell ended with, and what was wrong."""

    code: int
    wrong: tuple[str, ...]
    err: str


class Bench:
    """A scene, made once, and a folder for copies of it."""

    def __init__(self, folder: Path) -> None:
        self.scene = folder / "scene"
        self.copy = folder / "copy"
        self.ready = folder / "ready"
        self._ready_for: tuple[tuple[str, ...], ...] = ()
        if not self.scene.exists():
            scene.prepared(self.scene)
        self.names: dict[str, str] = msgspec.json.decode((self.scene / scene.NAMES).read_bytes())
        self._clean: dict[str, Clean] = {}

    def words(self, argv: tuple[str, ...]) -> list[str]:
        """A command line of a row as it is run."""
        return [word.format(home=self.copy, **self.names) for word in argv]

    def begun(self, row: Row) -> Wecrm:
        """A new copy, up to the command itself; tokens are asked for anew."""
        if row.before and row.before == self._ready_for:
            return scene.copied(self.ready, self.copy)
        home = scene.copied(self.scene, self.copy)
        for argv in row.before:
            result = home(*self.words(argv))
            assert result.code == 0, result.err
        for token in (self.copy / "cache" / "sandbox").glob("token-*.json"):
            token.unlink()
        if row.before:
            scene.copied(self.copy, self.ready)
            self._ready_for = row.before
        return home

    def clean(self, name: str) -> Clean:
        """The row without a fault."""
        if name not in self._clean:
            row = ROWS[name]
            home = self.begun(row)
            with home.world() as world:
                last = max((call.id for call in control.calls(world)), default=0)
            result = home(*self.words(row.argv))
            assert result.code == row.code, (name, result.err)
            with home.world() as world:
                called = list(control.calls(world, after=last))
            places = tuple(places_of([(c.path, goes_on(c.request)) for c in called]))
            places += tuple(Place("picture", PICTURES, skip) for skip in row.pictures)
            files = frozenset(state.files(home))
            self._clean[name] = Clean(places, state.world(home), state.store(home), files, state.drawn(home))
            assert not list(state.harm(home)), name
        return self._clean[name]

    def run(self, cell: Cell) -> Seen:
        """Meet the fault, look at the store; without the fault come to the same end as if it had never been."""
        row, clean = ROWS[cell.row], self.clean(cell.row)
        home = self.begun(row)
        with home.world() as world:
            control.add_fault(
                world,
                kind=cell.kind,
                path=cell.place.path,
                when=cell.when,
                skip=cell.place.skip,
                times=None if cell.always else 1,
                share=1.0 if cell.always else None,
            )
        argv, earlier = self.words(row.argv), state.drawn(home)
        if cell.kind == "kill":
            code, result = scene.killed(home, *argv), Result(0, "", "")
            wrong = [] if code == KILLED else [f"it was to be killed and ended with {code}"]
        else:
            result = home(*argv)
            code, wrong = result.code, list(promises.broken(cell, row, result))
            more = {f for f in state.files(home) if "/.part/" not in f} - clean.files - state.files(Wecrm(self.scene))
            wrong += [f"left behind: {sorted(more)}"] if more else []
        wrong += state.harm(home)
        known = earlier.items() | clean.drawn.items()
        for name, content in state.drawn(home).items() - known:
            if code != Exit.partial or not content.rstrip().endswith(b"</html>"):  # a sheet without what failed
                wrong.append(f"neither the old file nor the new one: {name}")
        wrong += self._heal(home, cell, row, code, result.err)
        return Seen(code, tuple(wrong), result.err)

    def _heal(self, home: Wecrm, cell: Cell, row: Row, code: int, said: str) -> Iterator[str]:
        """Do what the messages say, without the fault, and compare the end."""
        with home.world() as world:
            control.clear_faults(world)
            control.advance(world, HEALS_S)
        clean, healed = self.clean(cell.row), code == row.code
        # An answer lost for good: told as not known, and nobody tries again without looking; a case that is over can't.
        looked_at = promises.lost(cell) and (cell.when == "after" or row.argv[0] == "offboard")
        if code == Exit.partial and looked_at:
            return
        healed = healed and "still wanted" not in said
        for _round in range(0 if healed else ROUNDS):
            for argv in self._next(home, row, code):
                result = home(*argv)
            if result.code == Exit.partial and looked_at:
                return
            if result.code == row.code:
                break
        else:
            if not healed:
                yield f"run again without the fault it ended with {result.code}: {result.err}"
        if not healed:
            yield from state.harm(home)
        if cell.place.path in promises.LATE and state.difference(dict(clean.world), state.world(home)):
            yield from self._days_later(home, row, clean)
            return
        yield from (f"at WeCom, {d}" for d in [state.difference(dict(clean.world), state.world(home))] if d)
        yield from (f"in the store, {d}" for d in [state.difference(dict(clean.store), state.store(home))] if d)
        if state.drawn(home) != clean.drawn:
            yield "other pictures than after a run without a fault"
        left = state.files(home) ^ clean.files
        if left:
            yield f"other files than after a run without a fault: {sorted(left)}"

    def _days_later(self, home: Wecrm, row: Row, clean: Clean) -> Iterator[str]:
        """What a job that waited still lacks when its days are over, or has done twice."""
        for _day in range(DAYS):
            with home.world() as world:
                control.advance(world, 25 * 3600.0)
            result = home(*(self.words(row.argv) if row.argv[0] == "offboard" else ("transfers", "poll")))
            if result.code not in (Exit.ok, Exit.partial):
                yield f"a day later it ended with {result.code}: {result.err}"
        wanted, found = state.moves(clean.world), state.moves(state.world(home))
        if wanted - found:
            yield f"days later, missing {list(wanted - found)[:3]}"
        if max(found.values(), default=0) > 1:
            yield f"days later, twice: {found.most_common(3)}"

    def _next(self, home: Wecrm, row: Row, code: int) -> Iterator[list[str]]:
        """What a person runs next: the job goes on where one was begun, else the same command again."""
        known = self._jobs()
        fresh = [job for job in home.sql("SELECT id, state FROM job ORDER BY rowid") if job not in known]
        own = row.argv[0] in ("offboard", "jobs") or row.argv[1:2] in (("poll",), ("rotate",))
        if own and row.argv[:2] != ("jobs", "retry"):
            yield self.words(row.argv)
            return
        for job, found in fresh:
            bad = home.sql("SELECT 1 FROM job_row WHERE job = ? AND status IN ('failed', 'skipped', 'unknown')", job)
            if found == "running" or (found == "done" and bad):
                yield ["jobs", "resume" if found == "running" else "retry", job]
                return
        if row.argv[0] == "archive" and code == Exit.partial:
            yield ["archive", "media", "retry", "--state", "failed,expired"]
        yield self.words(row.argv)

    def _jobs(self) -> set[tuple[str, str]]:
        return set(Wecrm(self.scene).sql("SELECT id, state FROM job"))
