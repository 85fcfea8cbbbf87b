"""Who came through which live code."""

from dataclasses import dataclass
from typing import Final

from wecrm.sandbox.cursors import seal, unseal
from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.state.livecodes import LINK, Code, midnight
from wecrm.sandbox.world import World

DAY_S: Final = 86_400
PARTS_END: Final = (90, 365)  # days after the world's start at which the two parts of the quota end


@dataclass(frozen=True, slots=True)
class QuotaPart:
    """One purchase of acquisition quota."""

    expire_date: int
    balance: int


def rename_state(world: World, code: int, state: str) -> None:
    """Show another state on the relations that a code made."""
    world.db.connection.execute(
        "UPDATE relation SET info = json_set(info, '$.state', ?)"
        " WHERE (member, contact) IN (SELECT member, contact FROM arrival WHERE code = ?)",
        (state, code),
    )


def end_session(world: World, member: int, contact: int, now: float) -> None:
    """End a running temporary session; 84061 where none runs."""
    sql = "UPDATE arrival SET ends = ? WHERE member = ? AND contact = ? AND ends > ?"
    if not world.db.connection.execute(sql, (now, member, contact, now)).rowcount:
        raise Refusal(84061, "no temporary session")


def customers(world: World, code: Code, limit: int, cursor: str | None) -> tuple[list[dict[str, object]], str]:
    """A page of the customers that a link brought, first come first, and the next cursor."""
    question = ("customer", code.id, limit)
    (after,) = unseal(world, cursor, 1, *question)
    rows = world.db.connection.execute(
        "SELECT a.n, c.external_userid, m.userid, a.messages, a.state FROM arrival a"
        " JOIN contact c ON c.id = a.contact JOIN member m ON m.id = a.member"
        " WHERE a.code = ? AND a.n > ? ORDER BY a.n LIMIT ?",
        (code.n, after, limit + 1),
    ).fetchall()
    shown: list[dict[str, object]] = [
        {
            "external_userid": external,
            "userid": userid,
            "chat_status": 2 if messages is None else min(messages, 1),
            "state": state,
        }
        for _, external, userid, messages, state in rows[:limit]
    ]
    return shown, seal(world, [rows[limit - 1][0]], *question) if len(rows) > limit else ""


def between(world: World, code: Code, start: int, end: int) -> tuple[int, int]:
    """How many clicked on a link in that time, and how many of them became customers."""
    row = world.db.connection.execute(
        "SELECT count(*), count(member) FROM arrival WHERE code = ? AND at >= ? AND at < ?", (code.n, start, end)
    ).fetchone()
    return int(row[0]), int(row[1])


def quota(world: World) -> tuple[int, list[QuotaPart]]:
    """How much of the acquisition quota was used, and the parts that have not ended, first ending first.

    Half of what was bought ends after 90 days, the rest after a year; what ends sooner is used sooner.
    """
    start = world.setting("start")
    assert isinstance(start, int | float)
    bought = world.limit("quota")
    used = _used(world)
    early, late = (midnight(start) + days * DAY_S for days in PARTS_END)
    from_early = min(bought // 2, _used(world, early))
    from_late = min(used - from_early, bought - bought // 2)
    parts = [QuotaPart(early, bought // 2 - from_early), QuotaPart(late, bought - bought // 2 - from_late)]
    return used, [part for part in parts if part.expire_date > world.now()]


def _used(world: World, before: int = 2**62) -> int:
    known = "" if world.switch("quota_for_known") else " AND a.fresh"
    sql = f"SELECT count(a.member) FROM arrival a JOIN live_code l ON l.n = a.code WHERE l.kind = ? AND a.at < ?{known}"
    return int(world.db.connection.execute(sql, (LINK, before)).fetchone()[0])


def chat_key(world: World, arrival: int, at: int) -> str:
    """The key that a callback gives for a customer's message."""
    return seal(world, (arrival, at), "chat_key")


def chat_of(world: World, key: str, now: float) -> tuple[str, str, int, str, str]:
    """userid, external_userid, messages, link_id and state behind a key; 40058 if unknown or over 30 minutes old."""
    try:
        arrival, at = unseal(world, key, 2, "chat_key")
    except Refusal:
        raise Refusal(40058, "chat_key") from None
    if now > at + 1800:
        raise Refusal(40058, "chat_key has expired")
    row = world.db.connection.execute(
        "SELECT m.userid, c.external_userid, a.messages, l.id, a.state FROM arrival a JOIN live_code l ON l.n = a.code"
        " JOIN contact c ON c.id = a.contact JOIN member m ON m.id = a.member WHERE a.n = ?",
        (arrival,),
    ).fetchone()
    return row[0], row[1], row[2] or 0, row[3], row[4]


def greet(world: World, code: str, now: float) -> None:
    """Use up a welcome_code; 41050 if unknown or older than 20 s, 41051 if it was used."""
    sql = "SELECT n, at, greeted FROM arrival WHERE welcome = ? AND welcome <> ''"
    row = world.db.connection.execute(sql, (code,)).fetchone()
    if row is None or now > row[1] + 20:
        raise Refusal(41050)
    if row[2]:
        raise Refusal(41051)
    world.db.connection.execute("UPDATE arrival SET greeted = 1 WHERE n = ?", (row[0],))
