"""Group join ways (加入群聊): groupchat/add_join_way, get, update, del (doc 92229)."""

from typing import Any

from wecrm.sandbox.asked import Answer, Asked
from wecrm.sandbox.pictures import picture_url
from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.state import livecodes
from wecrm.sandbox.state.groups import check_in_sight
from wecrm.sandbox.state.livecodes import CONTACT, GROUP, Code


def add_join_way(asked: Asked) -> Answer:
    """A new join way; its picture is told by get_join_way alone."""
    world = asked.world
    if livecodes.count(world, CONTACT, GROUP) >= world.limit("ways"):
        raise Refusal(41045)
    return {"config_id": livecodes.make(world, GROUP, asked.app.kind, _settings(asked), asked.now).id}


def get_join_way(asked: Asked) -> Answer:
    """One join way of this app."""
    code = _asked_for(asked)
    shown = dict(code.fields)
    made = shown.pop("rooms")
    if asked.world.switch("auto_rooms_listed"):
        shown["chat_id_list"] = [*shown["chat_id_list"], *made]
    return {"join_way": {"config_id": code.id, **shown, **picture_url(asked.world, code)}}


def update_join_way(asked: Asked) -> Answer:
    """Overwrite a join way: what is left out falls back to its default."""
    code = _asked_for(asked)
    livecodes.update(asked.world, code, {**_settings(asked), "rooms": code.fields["rooms"]})
    return {}


def del_join_way(asked: Asked) -> Answer:
    """Delete a join way; a second time it is unknown."""
    livecodes.delete(asked.world, _asked_for(asked))
    return {}


def _asked_for(asked: Asked) -> Code:
    id_ = asked.fields.text("config_id", missing=41043)
    return livecodes.find(asked.world, GROUP, id_, owner=asked.app.kind)


def _settings(asked: Asked) -> dict[str, Any]:
    """All settings as sent, with defaults; `rooms` are groups that the platform makes later."""
    fields = asked.fields
    if not fields.has("scene"):
        raise Refusal(41038)
    scene = fields.body_number("scene")
    if scene not in (1, 2):
        raise Refusal(41040)
    auto = fields.body_number("auto_create_room", most=1)
    base_id = fields.body_number("room_base_id")
    flag = fields.maybe_flag("mark_source")
    return {
        "scene": scene,
        "remark": (fields.maybe_text("remark") or "")[:30],
        "auto_create_room": 1 if auto is None else auto,
        "room_base_name": fields.maybe_text("room_base_name", longest=40) or "",
        "room_base_id": base_id or 0,
        "chat_id_list": _chats(asked),
        "state": fields.maybe_text("state", longest=30) or "",
        "mark_source": True if flag is None else flag,
        "rooms": [],
    }


def _chats(asked: Asked) -> list[str]:
    ids = asked.fields.maybe_texts("chat_id_list")
    if not ids:
        raise Refusal(40063, "chat_id_list")
    if len(ids) > 5:
        raise Refusal(41091)
    found = list(dict.fromkeys(ids))
    for chat_id in found:
        check_in_sight(asked.world, asked.app, chat_id)
    return found
