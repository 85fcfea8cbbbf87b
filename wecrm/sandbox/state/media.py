"""Files that were uploaded; they stand in the world file for three days of its time."""

from dataclasses import dataclass
from typing import Final

from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.seed.ids import wire_id
from wecrm.sandbox.world import World

LASTS_S: Final = 3 * 86_400
TABLE: Final = """
CREATE TABLE IF NOT EXISTS media (
  id TEXT PRIMARY KEY, at REAL NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, content BLOB NOT NULL
) WITHOUT ROWID"""
"""Made when it is first needed: most worlds never get a file."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that comes with a call, or goes back instead of JSON."""

    name: str
    kind: str  # as in Content-Type
    content: bytes


def keep(world: World, file: File, now: float) -> str:
    """Keep a file, drop those whose time is over; its media_id."""
    db = world.db.connection
    db.execute(TABLE)
    db.execute("DELETE FROM media WHERE at < ?", (now - LASTS_S,))
    media_id = wire_id("", world.seed, "upload", world.new_number())
    db.execute("INSERT INTO media VALUES (?, ?, ?, ?, ?)", (media_id, now, file.name, file.kind, file.content))
    return media_id


def kept(world: World, media_id: str, now: float) -> File:
    """The file of that id; 40007 if there is none any more, or never was."""
    db = world.db.connection
    db.execute(TABLE)
    row = db.execute(
        "SELECT name, kind, content FROM media WHERE id = ? AND at >= ?", (media_id, now - LASTS_S)
    ).fetchone()
    if row is None:
        raise Refusal(40007, "media_id")
    return File(*row)
