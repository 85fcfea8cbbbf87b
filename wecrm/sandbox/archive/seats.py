"""Whose conversations are archived: members with a seat, by edition; and what customers answered to it."""

from collections.abc import Sequence
from typing import Final, cast

from wecrm.sandbox.world import World

DROPPED: Final = "archive.dropped"  # userids without a seat, or true for all of them
SEATED: Final = 0.92  # share of the members with customers who have one
OBJECTS: Final = 0.04  # share of the relations in which the customer said no
SILENT: Final = 0.06  # ... and in which they said nothing, which counts as agreement
OFFICE, SERVICE, ENTERPRISE = 1, 2, 3  # editions


def permitted(world: World, edition: int = 0) -> list[str]:
    """The members in force, of one edition or of all, in a fixed order."""
    gone = world.setting(DROPPED)
    if gone is True:
        return []
    dropped = frozenset(cast(Sequence[str], gone or ()))
    sql = "SELECT id, userid FROM member WHERE left_at IS NULL AND status = 1 AND follows ORDER BY id"
    with world.db.lock:
        rows = world.db.connection.execute(sql).fetchall()
    return [
        userid
        for id_, userid in rows
        if userid not in dropped and _share(world, "seat", id_) < SEATED and edition in (0, edition_of(world, id_))
    ]


def edition_of(world: World, member: int) -> int:
    """Which edition a member's seat is of."""
    drawn = _share(world, "edition", member)
    return SERVICE if drawn < 0.7 else OFFICE if drawn < 0.9 else ENTERPRISE


def agreed(world: World, member: int, contact: int) -> tuple[str, int]:
    """(Agree, Disagree or Silent, since when): what a customer answered to being archived with a member."""
    with world.db.lock:
        row = world.db.connection.execute(
            "SELECT status, at FROM archive_consent WHERE member = ? AND contact = ?", (member, contact)
        ).fetchone()
    if row is not None:
        return row[0], int(row[1])
    drawn = _share(world, "consent", member, contact)
    since = int(cast(float, world.setting("start")) - 86_400 * (1 + 300 * _share(world, "agreed", member, contact)))
    return "Disagree" if drawn < OBJECTS else "Silent" if drawn < OBJECTS + SILENT else "Agree", since


def agreed_in_room(world: World, roomid: str, external_userid: str) -> tuple[str, int]:
    """The same of a customer in a group."""
    drawn = _share(world, "room consent", roomid, external_userid)
    since = int(cast(float, world.setting("start")) - 86_400 * (1 + 100 * drawn))
    return "Disagree" if drawn < OBJECTS else "Silent" if drawn < OBJECTS + SILENT else "Agree", since


def _share(world: World, *parts: object) -> float:
    return int.from_bytes(world.digest(*parts, size=8), "big") / 2.0**64
