"""What the platform tells of transfers: how those of a pair stand, and whom nobody looks after."""

from typing import Final, cast

import msgspec

from wecrm.sandbox.cursors import seal, unseal
from wecrm.sandbox.state.parties import YEAR_S, Party
from wecrm.sandbox.state.scope import App, visible_members
from wecrm.sandbox.state.transfers import DONE, FULL, RESIGNED, TAKES_S, WAITING
from wecrm.sandbox.world import World

Row = dict[str, object]

PAGE: Final = 1000
LAG_S: Final = 600  # how far results may lag behind
NO_RECORD: Final = 5
TOLD: Final = f"started + (n * 7919) % {LAG_S} <= :now"  # this row no longer lags behind
NEWEST: Final = (
    "NOT EXISTS (SELECT 1 FROM transfer l WHERE l.contact = t.contact AND l.giver = t.giver AND l.taker = t.taker"
    " AND l.kind = t.kind AND l.n > t.n)"
)


def of_pair(
    world: World, kind: str, giver: Party, taker: Party, now: float, cursor: str | None
) -> tuple[list[Row], str]:
    """A page of the transfers between two members, and the next cursor; every attempt is a row unless switched."""
    question = ("transfer_result", kind, giver.id, taker.id)
    (place,) = unseal(world, cursor, 1, *question)
    attempts = world.switch("result_attempts")
    forward, most = attempts == "newest_last", min(PAGE, world.limit("page_rows"))
    where = ["giver = :giver", "taker = :taker", "kind = :kind", f":place = 0 OR n {'>' if forward else '<'} :place"]
    if attempts == "newest_only":
        where.append(NEWEST)
    lag = world.switch("result_lag")
    if lag == "late" or (lag == "status5" and kind == RESIGNED):
        where.append(TOLD)
    elif lag == "empty":
        where.append(
            "(SELECT max(started) FROM transfer WHERE giver = :giver AND taker = :taker AND kind = :kind)"
            f" + {LAG_S} <= :now"
        )
    rows = world.db.connection.execute(
        "SELECT n, (SELECT external_userid FROM contact WHERE id = contact), status, started, ended,"
        f" {TOLD} FROM transfer t WHERE ({') AND ('.join(where)}) ORDER BY n {'' if forward else 'DESC'} LIMIT :limit",
        {"giver": giver.id, "taker": taker.id, "kind": kind, "place": place, "now": now, "limit": most + 1},
    ).fetchall()
    shown = [
        _row(world, external, status if told or lag != "status5" else NO_RECORD, started, ended)
        for _, external, status, started, ended, told in rows[:most]
    ]
    return shown, seal(world, [rows[most - 1][0]], *question) if len(rows) > most else ""


def _row(world: World, external: str, status: int, started: float, ended: float | None) -> Row:
    row: Row = {"external_userid": external, "status": status}
    when = {WAITING: started + TAKES_S, DONE: ended or 0}.get(status, 0)
    reading = world.switch("full_takeover_time")
    if status == FULL and reading == "absent":
        return row
    if status == FULL and reading == "moment":
        when = ended or 0
    return {**row, "takeover_time": int(when)}


def unassigned(world: World, app: App, size: int, skip: int, now: float) -> tuple[list[Row], bool]:
    """Customers of leavers whom nobody was assigned to, after the first `skip`, and whether there are no more.

    The place is a number of rows: who assigns between two pages misses as many rows.
    """
    visible = visible_members(world, app) if world.switch("unassigned_scope") == "visible" else None
    among = None if visible is None else msgspec.json.encode(sorted(visible)).decode()
    left = "m.left_at"
    if world.switch("quit_member") == "left":
        left = "ifnull(m.left_at, CASE m.status WHEN 5 THEN (SELECT quit_at FROM standing WHERE member = m.id) END)"
    taken = f"status = {WAITING}"
    if not world.switch("full_taker_returns"):
        taken += f" OR (status = {FULL} AND kind = '{RESIGNED}')"
    rows = world.db.connection.execute(
        f"SELECT m.userid, c.external_userid, CAST({left} AS INTEGER) FROM member m JOIN relation r ON r.member = m.id"
        f" JOIN contact c ON c.id = r.contact WHERE {left} >= :since AND {left} <= :known"
        " AND (:among IS NULL OR m.id IN (SELECT value FROM json_each(:among)))"
        f" AND NOT EXISTS (SELECT 1 FROM transfer WHERE contact = r.contact AND giver = m.id AND ({taken}))"
        f" ORDER BY {left} {'DESC' if world.switch('unassigned_order') == 'newest' else ''}, m.id, r.contact"
        " LIMIT :limit OFFSET :skip",
        {
            "since": now - YEAR_S,
            "known": now - cast(int, world.switch("leaving_takes_s")),
            "among": among,
            "limit": size + 1,
            "skip": skip,
        },
    ).fetchall()
    shown: list[Row] = [
        {"handover_userid": userid, "external_userid": external, "dimission_time": at}
        for userid, external, at in rows[:size]
    ]
    return shown, len(rows) <= size
