"""Members who are disabled, quit, are deleted and come back, and what that does to customers and groups."""

from typing import Final

from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.state import agenda, events
from wecrm.sandbox.world import World

ACTIVE: Final = 1
DISABLED: Final = 2
INACTIVE: Final = 4
QUIT: Final = 5
QUIT_LASTS_S: Final = 30 * 86_400  # then the platform deletes the member


def note(world: World, member: int, assignments: str, *values: object) -> None:
    """Note how a member differs from most."""
    db = world.db.connection
    db.execute("INSERT OR IGNORE INTO standing (member) VALUES (?)", (member,))
    db.execute(f"UPDATE standing SET {assignments} WHERE member = ?", (*values, member))


def enable(world: World, member: int, on: bool, now: float) -> None:
    """Disable a member, or make them again what they were before."""
    db = world.db.connection
    status = db.execute("SELECT status FROM member WHERE id = ?", (member,)).fetchone()[0]
    if on and status == DISABLED:
        row = db.execute("SELECT enabled_status FROM standing WHERE member = ?", (member,)).fetchone()
        set_status(world, member, row[0] if row and row[0] else ACTIVE, now)
    elif not on and status in (ACTIVE, INACTIVE):
        set_status(world, member, DISABLED, now)


def set_status(world: World, member: int, status: int, now: float) -> None:
    """A member becomes active, disabled, not activated, or quits; who cannot log in has logged in for the last time."""
    db = world.db.connection
    userid, old = db.execute("SELECT userid, status FROM member WHERE id = ?", (member,)).fetchone()
    if status == old:
        return
    db.execute("UPDATE member SET status = ? WHERE id = ?", (status, member))
    if status in (ACTIVE, INACTIVE):
        note(world, member, "last_login = NULL, quit_at = NULL")
    elif status == DISABLED:
        note(world, member, "enabled_status = ?, last_login = ifnull(last_login, ?), quit_at = NULL", old, now)
    else:
        note(world, member, "quit_at = ?, last_login = ifnull(last_login, ?)", now, now)
        agenda.enter(world, now + QUIT_LASTS_S, agenda.QUIT, member)
    if status == QUIT and world.switch("quit_member") == "left":
        db.execute("UPDATE chat SET status = 1 WHERE owner = ?", (member,))
    elif old == QUIT:
        db.execute("UPDATE chat SET status = 0 WHERE owner = ? AND status = 1", (member,))
    events.emit(world, now, events.DIRECTORY, "update_user", UserID=userid, Status=str(status))


def delete(world: World, member: int, now: float) -> None:
    """The platform's own deletion; 301005 for the creator of the corp."""
    if world.setting("creator") == member:
        raise Refusal(301005)
    leave(world, member, now)


def leave(world: World, member: int, now: float) -> None:
    """A member is gone: groups wait for somebody, customers too; without customer contact the latter are lost."""
    db = world.db.connection
    userid, follows = db.execute("SELECT userid, follows FROM member WHERE id = ?", (member,)).fetchone()
    db.execute("UPDATE member SET left_at = ? WHERE id = ?", (now, member))
    note(world, member, "last_login = ifnull(last_login, ?)", now)
    db.execute("UPDATE chat SET status = 1 WHERE owner = ?", (member,))
    if not follows:
        db.execute("DELETE FROM relation WHERE member = ?", (member,))
    events.emit(world, now, events.DIRECTORY, "delete_user", UserID=userid)
    world.changed()


def restore(world: World, member: int) -> None:
    """A deleted member is back, with what nobody has inherited yet."""
    db = world.db.connection
    db.execute("UPDATE member SET left_at = NULL, status = 1 WHERE id = ?", (member,))
    note(world, member, "last_login = NULL, quit_at = NULL")
    db.execute("UPDATE chat SET status = 0 WHERE owner = ? AND status = 1", (member,))
    world.changed()


def quit_for_good(world: World, member: int, at: float) -> None:
    """30 days after quitting, a member who did not come back is deleted."""
    sql = "SELECT 1 FROM member m JOIN standing s ON s.member = m.id WHERE id = ? AND left_at IS NULL AND quit_at <= ?"
    if world.db.connection.execute(sql, (member, at - QUIT_LASTS_S)).fetchone():
        leave(world, member, at)
