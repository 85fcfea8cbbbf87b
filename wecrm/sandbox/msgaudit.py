"""The session archive over HTTP: message/getchatdata, which the vendor's library calls, and msgaudit/*."""

from typing import Any, Final

import msgspec

from wecrm.sandbox.archive import cast, records, seats
from wecrm.sandbox.asked import Answer, Asked
from wecrm.sandbox.fields import Fields
from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.seed.ids import wire_id
from wecrm.sandbox.state.scope import code
from wecrm.sandbox.world import World

REFUSED: Final = {"off": 301053, "expired": 301052}
PAIRS: Final = 100


def getchatdata(asked: Asked) -> Answer:
    """Sealed records after a seq, as the library asks for them."""
    records.check_address(asked.world, asked.ip)
    _check_open(asked.world)
    seq = asked.fields.body_number("seq", most=records.LARGEST_SEQ) or 0
    limit = asked.fields.body_number("limit", least=1, most=1000) or 1000
    records.catch_up(asked.world)
    found = records.of(asked.world).page(seq, limit, asked.now)
    empty = asked.world.switch("archive_empty")
    if found or empty == "list":
        return {"chatdata": found}
    return {"chatdata": None} if empty == "null" else {}


def get_permit_user_list(asked: Asked) -> Answer:
    """The members in force, of one edition or of all (doc 91614)."""
    _check_open(asked.world)
    return {"ids": seats.permitted(asked.world, asked.fields.body_number("type", least=1, most=3) or 0)}


def check_single_agree(asked: Asked) -> Answer:
    """What customers answered to being archived with a member (doc 91782)."""
    _check_open(asked.world)
    info = asked.fields.objects("info")
    if len(info) > PAIRS:
        raise Refusal(40058, "info")
    found = [_single(asked.world, each) for each in info]
    return {"agreeinfo": [each for each in found if each is not None]}


def check_room_agree(asked: Asked) -> Answer:
    """What the customers of a group answered (doc 91782)."""
    _check_open(asked.world)
    world, roomid = asked.world, asked.fields.text("roomid")
    row = world.db.connection.execute("SELECT members FROM chat WHERE chat_id = ?", (roomid,)).fetchone()
    if row is None:
        raise Refusal(40058, "roomid")
    people: list[dict[str, Any]] = msgspec.json.decode(row[0])
    found = [
        _told(world, seats.agreed_in_room(world, roomid, each["userid"]), {"exteranalopenid": each["userid"]})
        for each in people
        if each["type"] == 2
    ]
    return {"agreeinfo": [each for each in found if each is not None]}


def groupchat_get(asked: Asked) -> Answer:
    """A group that only members are in (doc 92951)."""
    _check_open(asked.world)
    world, roomid = asked.world, asked.fields.text("roomid")
    for n, room in enumerate(cast.rooms(world), 1):
        if room.roomid == roomid:
            start = world.setting("start")
            made = int(start) - 86_400 * 30 * n if isinstance(start, int | float) else 0
            return {
                "roomname": f"内部群 {n}",
                "creator": room.members[0] if room.members else "",
                "room_create_time": made,
                "notice": "",
                "members": [{"memberid": userid, "jointime": made} for userid in room.members],
            }
    raise Refusal(40058, "roomid")


def get_robot_info(asked: Asked) -> Answer:
    """A robot that speaks in conversations (doc 91774)."""
    _check_open(asked.world)
    world, robot_id = asked.world, asked.fields.text("robot_id")
    for n in range(1, cast.ROBOTS + 1):
        if wire_id("wb", world.seed, "robot", n) == robot_id:
            row = world.db.connection.execute("SELECT userid FROM member ORDER BY id LIMIT 1").fetchone()
            return {"data": {"robot_id": robot_id, "name": f"智能助手 {n}", "creator_userid": row[0] if row else ""}}
    raise Refusal(40058, "robot_id")


def _check_open(world: World) -> None:
    """301053 or 301052 unless the corp's archive is on."""
    state = str(world.setting(records.STATE) or "on")
    if state in REFUSED:
        raise Refusal(REFUSED[state])


def _single(world: World, pair: Fields) -> Answer | None:
    userid, external = pair.text("userid"), pair.text("exteranalopenid")
    row = world.db.connection.execute(
        "SELECT r.member, r.contact FROM relation r JOIN member m ON m.id = r.member JOIN contact c ON c.id = r.contact"
        " WHERE m.userid = ? AND m.left_at IS NULL AND c.external_userid = ?",
        (userid, external),
    ).fetchone()
    if row is None:
        refused = code(world, "agree_stranger")
        if refused:
            raise Refusal(refused, external)
        return None
    return _told(world, seats.agreed(world, *row), {"userid": userid, "exteranalopenid": external})


def _told(world: World, answered: tuple[str, int], who: dict[str, object]) -> dict[str, object] | None:
    """One line of agreeinfo; None where it would not be in the answer."""
    status, since = answered
    if status == "Silent":
        status = str(world.switch("agree_silent"))
    if status == "absent":
        return None
    return {**who, "agree_status": status, "status_change_time": since}
