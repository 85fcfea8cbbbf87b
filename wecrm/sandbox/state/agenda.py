"""What happens by itself when its time has come."""

from typing import Final

from wecrm.sandbox.world import World

TRANSFER: Final = "transfer"  # a waiting transfer is decided
CHAT: Final = "chat"  # a group has been inherited
QUIT: Final = "quit"  # a member who quit is deleted


def enter(world: World, at: float, what: str, id_: int) -> None:
    """Let something happen at a moment."""
    world.db.connection.execute("INSERT INTO agenda (at, what, id) VALUES (?, ?, ?)", (at, what, id_))


def bring_forward(world: World, at: float, what: str, id_: int) -> None:
    """Let it happen at `at`, if it was to happen later."""
    sql = "UPDATE agenda SET at = ? WHERE what = ? AND id = ? AND at > ?"
    world.db.connection.execute(sql, (at, what, id_, at))


def take_due(world: World, now: float) -> list[tuple[float, str, int]]:
    """(moment, what, id) of everything whose time has come, in order; it is off the agenda."""
    db = world.db.connection
    due = db.execute("SELECT at, what, id FROM agenda WHERE at <= ? ORDER BY at, n", (now,)).fetchall()
    if due:
        db.execute("DELETE FROM agenda WHERE at <= ?", (now,))
    return due
