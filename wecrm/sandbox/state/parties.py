"""The two members of a transfer: who may give and who may take."""

from dataclasses import dataclass
from typing import Final, cast

from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.state.departures import ACTIVE, QUIT
from wecrm.sandbox.state.scope import App, code, sees
from wecrm.sandbox.world import World

YEAR_S: Final = 365 * 86_400
FIND: Final = (
    "SELECT m.id, m.userid, m.status, m.follows, m.left_at, s.last_login, ifnull(s.real_name, 1), ifnull(s.banned, 0),"
    " s.quit_at FROM member m LEFT JOIN standing s ON s.member = m.id WHERE {}"
    " ORDER BY m.left_at IS NULL DESC, m.left_at DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Party:
    """A member, perhaps one who left, as transfers see them."""

    id: int
    userid: str
    status: int
    follows: bool  # has customer contact, or had it when they left
    left_at: float | None
    last_login: float | None  # None = logs in every day
    real_name: bool
    banned: bool
    quit_at: float | None

    def absent(self, at: float) -> bool:
        """Whether they had not logged in for a year at that moment."""
        return self.last_login is not None and self.last_login < at - YEAR_S


def find(world: World, userid: str) -> Party | None:
    """The member of that userid; if several had it, the one who is there, else the last who left."""
    return _party(world, "m.userid = ?", userid)


def numbered(world: World, id_: int) -> Party:
    """A member by number."""
    found = _party(world, "m.id = ?", id_)
    assert found is not None
    return found


def _party(world: World, where: str, value: object) -> Party | None:
    row = world.db.connection.execute(FIND.format(where), (value,)).fetchone()
    if row is None:
        return None
    id_, userid, status, follows, left_at, last_login, real_name, banned, quit_at = row
    return Party(id_, userid, status, bool(follows), left_at, last_login, bool(real_name), bool(banned), quit_at)


def left_at(world: World, party: Party) -> float | None:
    """When a member left, as transfers of leavers see it; None if they have not."""
    if party.left_at is None and party.status == QUIT and world.switch("quit_member") == "left":
        return party.quit_at
    if party.left_at is not None and world.now() < party.left_at + cast(int, world.switch("leaving_takes_s")):
        return None
    return party.left_at


def works(world: World, party: Party) -> bool:
    """Whether transfers of working members hold for them; disabled ones work."""
    return party.left_at is None and (party.status != QUIT or world.switch("quit_member") == "working")


def taker(world: World, app: App, userid: str, now: float) -> Party:
    """The member who shall take over, checked.

    Raises:
        Refusal: 40003 unknown or gone; 60021 out of sight (a switch); 41054 not activated; 84074 without
            customer contact; 40098 no real name; 40143 banned; 90510 (a switch) not there for a year.
    """
    found = find(world, userid)
    if found is None or found.left_at is not None:
        raise Refusal(code(world, "transfer_unknown_userid"), userid)
    if not sees(world, app, found.id):
        raise Refusal(code(world, "taker_outside"), userid)
    if found.status != ACTIVE:
        raise Refusal(41054, userid)
    if not found.follows:
        raise Refusal(84074, userid)
    if not found.real_name:
        raise Refusal(40098, userid)
    _neither_banned_nor_absent(world, found, now)
    return found


def working_giver(world: World, app: App, userid: str, now: float) -> Party:
    """The member whose customers are moved while they work there, checked as `taker`; disabled ones will do."""
    found = find(world, userid)
    if found is None or not works(world, found):
        raise Refusal(code(world, "transfer_unknown_userid"), userid)
    if not sees(world, app, found.id):
        raise Refusal(code(world, "outside_userid"), userid)
    if not found.follows:
        raise Refusal(84074, userid)
    _neither_banned_nor_absent(world, found, now)
    return found


def _neither_banned_nor_absent(world: World, party: Party, now: float) -> None:
    if party.banned:
        raise Refusal(40143, party.userid)
    if party.absent(now):
        raise Refusal(code(world, "long_absent"), party.userid)


def leaver(world: World, userid: str, now: float) -> Party:
    """The member who left and whose customers are moved, checked.

    Raises:
        Refusal: 40003 never heard of; 40097 has not left; 40003 (a switch) left over a year ago; 90510 (a
            switch) was not there in the year before leaving.
    """
    found = find(world, userid)
    if found is None:
        raise Refusal(code(world, "transfer_unknown_userid"), userid)
    if left_at(world, found) is None:
        raise Refusal(40097, userid)
    errcode = too_late(world, found, now)
    if errcode:
        raise Refusal(errcode, userid)
    if found.banned:
        raise Refusal(40143, userid)
    return found


def too_late(world: World, party: Party, now: float) -> int:
    """Why nothing of a leaver can be inherited any more; 0 if it can."""
    left = left_at(world, party)
    if left is None or left < now - YEAR_S:
        return code(world, "left_long_ago")
    return code(world, "long_absent") if party.absent(left) else 0
