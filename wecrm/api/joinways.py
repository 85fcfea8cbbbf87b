"""Group join ways (加入群聊): codes that lead a customer into a group. WeCom has no list of them."""

from collections.abc import Collection, Mapping

import msgspec

from wecrm.api.answers import Envelope, lenient
from wecrm.api.client import Client
from wecrm.api.endpoint import Endpoint
from wecrm.models.livecode import LiveCode

ADD = Endpoint("POST", "/cgi-bin/externalcontact/groupchat/add_join_way", doc=92229, effect="once")
GET = Endpoint("POST", "/cgi-bin/externalcontact/groupchat/get_join_way", doc=92229, effect="read")
UPDATE = Endpoint("POST", "/cgi-bin/externalcontact/groupchat/update_join_way", doc=92229, effect="same")
DELETE = Endpoint("POST", "/cgi-bin/externalcontact/groupchat/del_join_way", doc=92229, effect="same")


class _Way(msgspec.Struct, frozen=True):
    config_id: str
    scene: int
    remark: str = ""
    auto_create_room: int = 1
    room_base_name: str = ""
    room_base_id: int = 0
    chat_id_list: tuple[str, ...] = ()
    qr_code: str = ""
    state: str = ""
    mark_source: bool = True


class _Detail(msgspec.Struct, frozen=True):
    join_way: msgspec.Raw


class _Added(msgspec.Struct, frozen=True):
    config_id: str


def get(client: Client, config_id: str) -> tuple[LiveCode, bytes]:
    """One join way of this app with its QR code's address, and the bytes it came from (doc 92229).

    Raises:
        ApiError: 41044 unknown, deleted, or made by another app.
    """
    return client.call(GET, tuple, body={"config_id": config_id}, decode=_code)


def add(client: Client, code: LiveCode) -> str:
    """Make a join way; its new config_id, which no list will ever tell again (doc 92229).

    One to five groups. `remark` is cut at 30 characters without an error; `state` has at most 30,
    `room_base_name` at most 40.

    Raises:
        ApiError: 41091 more than five groups; 41045 the corp has 500,000 contact and join ways.
    """
    return client.call(ADD, _Added, body=_fields(code)).config_id


def update(client: Client, code: LiveCode, touched: Collection[str]) -> None:
    """Write all of a join way as `code` has it, whatever was `touched` (doc 92229).

    WeCom overwrites: a field left out of the call falls back to its default.

    Raises:
        ApiError: 41044 unknown, deleted, or made by another app; 41091 more than five groups.
    """
    client.call(UPDATE, Envelope, body={"config_id": code.id, **_fields(code)})


def delete(client: Client, config_id: str) -> None:
    """Delete a join way (doc 92229).

    Raises:
        ApiError: 41044 unknown, deleted, or made by another app.
    """
    client.call(DELETE, Envelope, body={"config_id": config_id})


def _fields(code: LiveCode) -> Mapping[str, object]:
    """All that a join way has; what stands at its default is left out, which means the same."""
    fields = {name: getattr(code, name) for name in ("remark", "state", "room_base_name", "room_base_id")}
    return {
        "scene": code.scene,
        "auto_create_room": int(code.auto_create_room),  # 0 or 1 here, a bool everywhere else
        "chat_id_list": code.chats,
        **{name: value for name, value in fields.items() if value},
        **({} if code.mark_source else {"mark_source": False}),
    }


def _code(content: bytes) -> tuple[LiveCode, bytes]:
    raw = bytes(lenient(content, _Detail).join_way)
    way = lenient(raw, _Way)
    code = LiveCode(
        "group",
        way.config_id,
        remark=way.remark,
        state=way.state,
        chats=way.chat_id_list,
        scene=way.scene,
        auto_create_room=way.auto_create_room != 0,
        room_base_name=way.room_base_name,
        room_base_id=way.room_base_id,
        mark_source=way.mark_source,
        url=way.qr_code,
    )
    return code, raw
