"""What the platform would tell by callback: a list, oldest first."""

import msgspec

from wecrm.sandbox.world import World

CUSTOMER = "change_external_contact"
CHAT = "change_external_chat"
DIRECTORY = "change_contact"


def emit(world: World, at: float, event: str, change_type: str, **fields: str) -> None:
    """Note an event; fields are named as in the callback."""
    world.db.connection.execute(
        "INSERT INTO event (at, event, change_type, fields) VALUES (?, ?, ?, ?)",
        (int(at), event, change_type, msgspec.json.encode(fields).decode()),
    )


def customer(world: World, at: float, change_type: str, userid: str, external_userid: str, **fields: str) -> None:
    """Note something about a member and a customer."""
    emit(world, at, CUSTOMER, change_type, UserID=userid, ExternalUserID=external_userid, **fields)
