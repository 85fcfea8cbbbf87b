"""Customers scan a group join way: they join its groups, the first one with room."""

from dataclasses import dataclass
from typing import Any, cast

import msgspec

from wecrm.sandbox.seed.ids import hex_id, wire_id
from wecrm.sandbox.state import livecodes
from wecrm.sandbox.state.crowd import Crowd, Customer, Scanned
from wecrm.sandbox.state.livecodes import Code
from wecrm.sandbox.world import World


@dataclass(slots=True)
class _Room:
    """One group while it is being filled."""

    chat_id: str
    owner: int
    open: bool
    head: dict[str, Any]
    people: list[dict[str, Any]]


def join(world: World, code: Code, crowd: Crowd) -> Scanned:
    """Let the crowd into the groups of the code; a new one is made when all are full and the code says so."""
    result = Scanned(code.id, code.kind, len(crowd.times))
    rooms = [room for id_ in (*code.fields["chat_id_list"], *code.fields["rooms"]) if (room := _room(world, id_))]
    most = world.limit("group_people")
    for n in range(len(crowd.times)):
        room = next((room for room in rooms if room.open and len(room.people) < most), None)
        if room is None:
            room = _another(world, code, rooms, len(result.made_groups), crowd.times[n])
            if room is None:
                result.fail("the groups are full or have no owner")
                continue
            rooms.append(room)
            result.made_groups.append(room.chat_id)
        customer = crowd.come(n, ())
        if any(person["userid"] == customer.external_userid for person in room.people):
            result.again += 1
            continue
        room.people.append(_person(customer, code.fields["state"]))
        _arrive(world, code, customer)
        result.added += 1
        result.known += bool(customer.followers)
        result.groups[room.chat_id] = result.groups.get(room.chat_id, 0) + 1
    for room in rooms:
        if room.chat_id in result.groups:
            _write(world, room)
    if result.made_groups:
        livecodes.write(world, code, {**code.fields, "rooms": [*code.fields["rooms"], *result.made_groups]})
    return result


def _room(world: World, chat_id: str) -> _Room | None:
    row = world.db.connection.execute(
        "SELECT owner, status, head, members FROM chat WHERE chat_id = ?", (chat_id,)
    ).fetchone()
    if row is None:
        return None
    open_ = row[1] == 0 or bool(world.switch("waiting_group_joins"))
    return _Room(chat_id, row[0], open_, msgspec.json.decode(row[2]), msgspec.json.decode(row[3]))


def _another(world: World, code: Code, rooms: list[_Room], made: int, at: int) -> _Room | None:
    """A new, empty group of the owner of the last one; None where the code makes none."""
    fields = code.fields
    if not fields["auto_create_room"] or not rooms:
        return None
    old = rooms[-1]
    sql = "SELECT userid, name FROM member WHERE id = ? AND left_at IS NULL"
    owner = world.db.connection.execute(sql, (old.owner,)).fetchone()
    if owner is None:
        return None
    number = fields["room_base_id"] + len(fields["rooms"]) + made
    name = f"{fields['room_base_name']}{number}" if fields["room_base_name"] else old.head["name"]
    chat_id = wire_id("wr", world.seed, "made chat", world.new_number())
    head = {
        "chat_id": chat_id, "name": name, "owner": owner[0], "create_time": at, "admin_list": [], "member_version": "",
    }  # fmt: skip
    person = {
        "userid": owner[0], "type": 1, "join_time": at, "join_scene": 1, "invitor": {"userid": owner[0]},
        "group_nickname": "", "name": owner[1],
    }  # fmt: skip
    world.db.connection.execute(
        "INSERT INTO chat (chat_id, owner, status, head, members) VALUES (?, ?, 0, '{}', '[]')", (chat_id, old.owner)
    )
    return _Room(chat_id, old.owner, True, head, [person])


def _person(customer: Customer, state: str) -> dict[str, Any]:
    row: dict[str, Any] = {"userid": customer.external_userid, "type": 2}
    if customer.detail.get("unionid"):
        row["unionid"] = customer.detail["unionid"]
    row |= {"join_time": customer.at, "join_scene": 3}
    if state:
        row["state"] = state
    return {**row, "group_nickname": "", "name": cast(str, customer.detail["name"])}


def _arrive(world: World, code: Code, customer: Customer) -> None:
    world.db.connection.execute(
        "INSERT INTO arrival (code, at, state, contact, fresh, welcome, greeted) VALUES (?, ?, ?, ?, ?, '', 0)",
        (code.n, customer.at, code.fields["state"], customer.contact, not customer.followers),
    )


def _write(world: World, room: _Room) -> None:
    """Store a group whose members changed, with another member_version."""
    head = {**room.head, "member_version": hex_id(world.seed, "member version", world.new_number())}
    world.db.connection.execute(
        "UPDATE chat SET head = ?, members = ? WHERE chat_id = ?",
        (msgspec.json.encode(head).decode(), msgspec.json.encode(room.people).decode(), room.chat_id),
    )
