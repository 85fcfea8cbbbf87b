"""Mass messages of the world: one every few days, drawn from its seed, with what members and receivers did.

To customers they go from every member in the senders' list to the customers whom the member had by then and has
now; into groups, from their owners.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final, cast

import msgspec

from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.seed.ids import wire_id
from wecrm.sandbox.state.livecodes import DAY_S, midnight
from wecrm.sandbox.state.scope import App, member_of, sees
from wecrm.sandbox.world import World

BEFORE: Final = 30  # mass messages that were made before the world's first moment
EVERY: Final = 6  # days between two of them, on the average
SINGLE, GROUP = "single", "group"
NOT_SENT, SENT, NO_FRIEND, CAP_REACHED = range(4)
WORDS: Final = ("新品到店，欢迎品尝", "周五会员日，全场八折", "=1+1 问卷调查 <b>有礼</b>", "")


@dataclass(frozen=True, slots=True)
class Send:
    """One mass message."""

    n: int
    msgid: str
    made: int
    chat_type: str
    creator: str  # "" = an app made it
    personal: bool
    content: str


def sends(world: World, now: float) -> Iterator[Send]:
    """Every mass message until now, newest first; the same whenever they are asked for."""
    start = cast(float, world.setting("start"))
    newest = BEFORE + int((now - start) // DAY_S // EVERY) + 1
    people = [
        userid for (userid,) in world.db.connection.execute("SELECT userid FROM member WHERE follows ORDER BY id")
    ]
    for n in range(newest, 0, -1):
        rng = Random(world.digest("mass message", n))
        morning = midnight(start) + (n - BEFORE) * EVERY * DAY_S + rng.randrange(EVERY) * DAY_S
        made = morning + 9 * 3600 + rng.randrange(8 * 3600)
        personal = rng.random() < 0.2
        creator = rng.choice(people) if people and (personal or rng.random() < 0.5) else ""
        chat_type, words = rng.choice((SINGLE, SINGLE, GROUP)), rng.choice(WORDS)
        if made <= now:
            msgid = wire_id("msg", world.seed, "mass message", n)
            yield Send(n, msgid, made, chat_type, creator, personal and creator != "", words)


def find(world: World, msgid: str, now: float) -> Send:
    """The mass message with that id; 41047 if there is none."""
    for send in sends(world, now):
        if send.msgid == msgid:
            return send
    raise Refusal(41047)


def tasks(world: World, app: App, send: Send, now: float) -> list[tuple[str, int | None]]:
    """(userid, when it was sent or None) of the members in range who got the task."""
    rows = world.db.connection.execute("SELECT id, userid FROM member WHERE left_at IS NULL AND follows ORDER BY id")
    found: list[tuple[str, int | None]] = []
    for id_, userid in rows.fetchall():
        rng = Random(world.digest("task", send.n, userid.lower()))
        asked = userid == send.creator if send.personal else rng.random() < 0.6
        if asked and sees(world, app, id_):
            sent_at = send.made + 300 + int(rng.expovariate(1 / (DAY_S / 2)))
            does = send.personal or rng.random() < 0.8
            found.append((userid, sent_at if does and sent_at <= now else None))
    return found


def results(world: World, app: App, send: Send, userid: str, now: float) -> list[dict[str, object]]:
    """What became of each receiver of one member; of groups only those it was sent to."""
    member = member_of(world, app, userid)
    sent_at = dict(tasks(world, app, send, now)).get(member.userid)
    if send.chat_type == GROUP:
        return [_into_group(world, member.userid, id_, sent_at) for id_ in _chats(world, member.id, send, sent_at)]
    found = []
    for external, one_way in _customers(world, member.id, send):
        status = NOT_SENT if sent_at is None else NO_FRIEND if one_way else _status(world, send, external)
        row: dict[str, object] = {"external_userid": external, "userid": member.userid, "status": status}
        found.append(row | ({"send_time": sent_at} if status == SENT else {}))
    return found


def _into_group(world: World, userid: str, chat_id: str, sent_at: int | None) -> dict[str, object]:
    return {"chat_id": chat_id, "userid": userid, "status": SENT, "send_time": sent_at}


def _status(world: World, send: Send, external: str) -> int:
    return CAP_REACHED if world.digest("cap", send.n, external, size=1)[0] < 20 else SENT


def _customers(world: World, member: int, send: Send) -> list[tuple[str, bool]]:
    rows = world.db.connection.execute(
        "SELECT c.external_userid, r.one_way, r.info FROM relation r JOIN contact c ON c.id = r.contact"
        " WHERE r.member = ? ORDER BY c.id",
        (member,),
    )
    return [(id_, bool(one_way)) for id_, one_way, info in rows if msgspec.json.decode(info)["createtime"] < send.made]


def _chats(world: World, member: int, send: Send, sent_at: int | None) -> list[str]:
    if sent_at is None:
        return []
    rows = world.db.connection.execute(
        "SELECT chat_id FROM chat WHERE owner = ? AND json_extract(head, '$.create_time') < ? ORDER BY id",
        (member, send.made),
    )
    return [chat_id for (chat_id,) in rows]
