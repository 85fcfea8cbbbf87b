"""What has happened by itself by now: transfers are decided, groups inherited, members who quit deleted."""

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from wecrm.sandbox.state import agenda, departures, events
from wecrm.sandbox.state.transfers import DONE, FULL, ONJOB, REFUSED, RESIGNED, customers, follows
from wecrm.sandbox.world import World

ASSIGNED: Final = 202  # add_way: by an admin or a responsible person
NOTES: Final = ("remark", "description", "remark_corp_name", "remark_mobiles")


def catch_up(world: World) -> None:
    """Let happen what is due at the world's own time, for who looks at the world past its calls."""
    with world.writing():
        settle(world, world.now())


def settle(world: World, now: float) -> None:
    """Let happen what is due, in its order and as of its moment; inside a transaction."""
    counts: dict[int, int] = {}
    for at, what, id_ in agenda.take_due(world, now):
        if what == agenda.TRANSFER:
            _decide(world, id_, at, counts)
        elif what == agenda.CHAT:
            world.db.connection.execute("UPDATE chat SET status = 3 WHERE id = ? AND status = 2", (id_,))
        else:
            departures.quit_for_good(world, id_, at)


@dataclass(frozen=True, slots=True)
class _Moving:
    """A waiting transfer whose time has come."""

    n: int
    kind: str
    giver: int
    taker: int
    contact: int
    external: str
    at: float


def _decide(world: World, n: int, at: float, counts: dict[int, int]) -> None:
    """One transfer ends; `counts` remembers how many customers the takers have."""
    db = world.db.connection
    kind, giver, taker, contact, external, refuses = db.execute(
        "SELECT t.kind, t.giver, t.taker, t.contact, c.external_userid, t.refuses FROM transfer t"
        " JOIN contact c ON c.id = t.contact WHERE t.n = ?",
        (n,),
    ).fetchone()
    moving = _Moving(n, kind, giver, taker, contact, external, at)
    side = db.execute(
        "SELECT info, tags, personal FROM relation WHERE member = ? AND contact = ? AND NOT one_way",
        (giver, contact),
    ).fetchone()
    known = follows(world, taker, contact)
    if taker not in counts:
        counts[taker] = customers(world, taker)
    full = counts[taker] >= world.limit("customers") and world.switch("taker_full") != "extends"
    if refuses or side is None:
        _fail(world, moving, REFUSED)
    elif full and not known:
        _fail(world, moving, FULL)
    else:
        counts[taker] += not known
        counts.pop(giver, None)
        _move(world, moving, side, known=known)


def _fail(world: World, moving: _Moving, status: int) -> None:
    """The customer stays where they are; a leaver's who refuses is lost."""
    db = world.db.connection
    db.execute("UPDATE transfer SET status = ?, ended = ? WHERE n = ?", (status, moving.at, moving.n))
    reason = "customer_limit_exceed" if status == FULL else "customer_refused"
    _tell(world, moving, "transfer_fail", moving.taker, FailReason=reason)
    if status == REFUSED and moving.kind == RESIGNED and world.switch("refused_leaver_lost"):
        lost = "DELETE FROM relation WHERE member = ? AND contact = ?"
        if db.execute(lost, (moving.giver, moving.contact)).rowcount:
            _tell(world, moving, "del_follow_user", moving.giver)


def _move(world: World, moving: _Moving, side: tuple[str, str, str], *, known: bool) -> None:
    """The customer is the taker's; who knew them already keeps their own side."""
    db = world.db.connection
    sql = f"SELECT 1 FROM transfer WHERE contact = ? AND giver = ? AND status = {DONE}"
    returns = db.execute(sql, (moving.contact, moving.taker)).fetchone() is not None
    db.execute(f"UPDATE transfer SET status = {DONE}, ended = ? WHERE n = ?", (moving.at, moving.n))
    db.execute("DELETE FROM relation WHERE member = ? AND contact = ?", (moving.giver, moving.contact))
    if known:
        db.execute("UPDATE relation SET one_way = 0 WHERE member = ? AND contact = ?", (moving.taker, moving.contact))
    else:
        _take(world, moving, *side)
    if not known and not returns:
        _tell(world, moving, "add_external_contact", moving.taker)
    if moving.kind == ONJOB:
        _tell(world, moving, "del_external_contact", moving.giver, Source="DELETE_BY_TRANSFER")


def _take(world: World, moving: _Moving, info: str, tags: str, personal: str) -> None:
    """The taker's new side of the customer; switches say what of the old side goes with it."""
    userid = _userid(world, moving.taker)
    new: dict[str, Any] = {
        "userid": userid, "remark": "", "description": "", "createtime": int(moving.at), "remark_mobiles": [],
        "oper_userid": _assigner(world) or userid, "add_way": ASSIGNED,
    }  # fmt: skip
    if world.switch("notes_follow"):
        old = msgspec.json.decode(info)
        new |= {name: old[name] for name in NOTES if name in old}
    world.db.connection.execute(
        "INSERT INTO relation VALUES (?, ?, ?, ?, ?, '[]', 0)",
        (
            moving.taker, moving.contact, msgspec.json.encode(new).decode(),
            tags if world.switch("tags_follow") else "[]", personal if world.switch("notes_follow") else "[]",
        ),
    )  # fmt: skip


def _tell(world: World, moving: _Moving, change_type: str, member: int, **fields: str) -> None:
    events.customer(world, moving.at, change_type, _userid(world, member), moving.external, **fields)


def _userid(world: World, member: int) -> str:
    return str(world.db.connection.execute("SELECT userid FROM member WHERE id = ?", (member,)).fetchone()[0])


def _assigner(world: World) -> str:
    """Who assigns by the API: the creator of the corp stands for the admin."""
    row = world.db.connection.execute("SELECT userid FROM member WHERE id = ?", (world.setting("creator"),)).fetchone()
    return row[0] if row else ""
