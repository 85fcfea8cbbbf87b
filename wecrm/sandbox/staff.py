"""What the console does to members: disable, delete, restore; and what is to be known of them."""

from wecrm.sandbox.state import departures, parties
from wecrm.sandbox.state.parties import Party
from wecrm.sandbox.world import World


def set_member(
    world: World,
    userid: str,
    *,
    status: int | None = None,
    last_login: float | None = None,
    real_name: bool | None = None,
    banned: bool | None = None,
    creator: bool = False,
) -> None:
    """Change what transfers ask of a member, who may have left.

    Args:
        world: where.
        userid: the member; of several who had it, the one who is there, else the last who left.
        status: 1 active, 2 disabled, 4 not activated, 5 quit the corp on their own.
        last_login: unix seconds of the last log-in; until it is set a member logs in every day. Whoever is
            disabled, quits or is deleted has logged in for the last time at that moment.
        real_name: whether the member is real-name verified.
        banned: whether the platform has banned the member.
        creator: make the member the creator of the corp, whom the API does not delete.

    Raises:
        ValueError: no such member or status; a status for somebody who has left.
    """
    with world.writing():
        member = _member(world, userid)
        if status is not None:
            if status not in (1, 2, 4, 5):
                raise ValueError("status is 1, 2, 4 or 5")
            if member.left_at is not None:
                raise ValueError(f"{userid} has left")
            departures.set_status(world, member.id, status, world.now())
        if last_login is not None:
            departures.note(world, member.id, "last_login = ?", last_login)
        if real_name is not None:
            departures.note(world, member.id, "real_name = ?", real_name)
        if banned is not None:
            departures.note(world, member.id, "banned = ?", banned)
        if creator:
            world.store("creator", member.id)


def delete_member(world: World, userid: str) -> None:
    """A member leaves the corp; their customers and groups wait for somebody, or are lost without customer contact."""
    with world.writing():
        member = _member(world, userid)
        if member.left_at is not None:
            raise ValueError(f"{userid} has left already")
        departures.leave(world, member.id, world.now())


def restore_member(world: World, userid: str) -> None:
    """A deleted member is back, with the customers and groups whom nobody has inherited."""
    with world.writing():
        member = _member(world, userid)
        if member.left_at is None:
            raise ValueError(f"{userid} has not left")
        departures.restore(world, member.id)


def _member(world: World, userid: str) -> Party:
    found = parties.find(world, userid)
    if found is None:
        raise ValueError(f"no member {userid}")
    return found
