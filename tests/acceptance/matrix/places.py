"""The columns of the fault matrix: which calls of a row a fault can strike, and with what."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from wecrm.sandbox.archive.source import GETCHATDATA, GETCHATMEDIADATA
from wecrm.sandbox.faults import KINDS, LIBRARY, PICTURES, kinds_of, usual_moment
from wecrm.sandbox.routes import GETTOKEN, ROUTES

BOTH_WAYS: Final = ("-1", "http502", "slow", "close", "kill")
"""What a write may meet before its effect or after it: other errcodes refuse, and only an answer can be spoilt."""

ALIKE: Final = ("45033", "42001", "http502", "cut", "garbage")
"""What a call goes through as it does with another kind: played at one API of each position, the others at all."""

BY_CALL: Final = (GETCHATDATA, GETCHATMEDIADATA)
"""Pages of the archive: each call is one."""


@dataclass(frozen=True, order=True)
class Place:
    """Where a fault strikes: the call of a path after so many others, and what that call is."""

    position: str  # sign-in, read, write, page, last or picture
    path: str
    skip: int


@dataclass(frozen=True, order=True)
class Cell:
    """One cell; `when` is before or after the effect."""

    row: str
    place: Place
    kind: str
    when: str
    always: bool

    @property
    def key(self) -> str:
        """Its name in the kept results."""
        api = self.place.path.rpartition("/cgi-bin/")[2]
        often = "always" if self.always else "once"
        return f"{self.row} | {self.place.position} {api} | {self.kind} {self.when} | {often}"


def goes_on(request: str) -> bool:
    """Whether a call asks for another page than the first."""
    found = re.search(r'"cursor": ?"([^"]*)"|[?&]cursor=([^&\n]*)', request)
    return bool(found and (found[1] or found[2]))


def places_of(calls: list[tuple[str, bool]]) -> Iterator[Place]:
    """Where faults can strike among these calls: of each path the first call, the second page, the last page."""
    for path in dict.fromkeys(path for path, _more in calls):
        own = [more for each, more in calls if each == path]
        if path == GETTOKEN:
            yield Place("sign-in", path, 0)
            continue
        writes = path in ROUTES and ROUTES[path].writes
        yield Place("write" if writes else "read", path, 0)
        pages = [n for n, more in enumerate(own) if (n > 0 if path in BY_CALL else more)]
        if pages:
            yield from (Place("page", path, skip) for skip in pages[:-1][:1])
            yield Place("last", path, pages[-1])


def cells_of(name: str, places: tuple[Place, ...]) -> Iterator[Cell]:
    """All cells of a row."""
    first = {place.position: place for place in reversed(places)}.values()
    for place in places:
        library = LIBRARY if place.path in BY_CALL else ()
        for kind in kinds_of(PICTURES) if place.path == PICTURES else (*KINDS, *library):
            if kind in ALIKE and place not in first:
                continue
            both = kind in BOTH_WAYS and place.position == "write"
            for when in ("before", "after") if both else (usual_moment(kind),):
                for always in (False, True):
                    yield Cell(name, place, kind, when, always)
