"""Customer groups: groupchat/list and get."""

from wecrm.sandbox.asked import Answer, Asked
from wecrm.sandbox.cursors import next_cursor
from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.state import groups


def list_(asked: Asked) -> Answer:
    """Ids of groups by state and owner (doc 92120)."""
    fields = asked.fields
    limit = fields.body_number("limit", least=1, most=1000)
    if limit is None:
        raise Refusal(40063, "limit")
    status = fields.body_number("status_filter", most=3) or 0
    owner_filter = fields.maybe_object("owner_filter")
    owners = (owner_filter.maybe_texts("userid_list") if owner_filter else None) or []
    if len(owners) > 100:
        raise Refusal(81017 if asked.world.switch("too_many_owners") == 81017 else 40058, "owner_filter")
    found, following = groups.chats(asked.world, asked.app, status, owners, limit, fields.maybe_text("cursor"))
    return {"group_chat_list": found, **next_cursor(asked.world, following)}


def get(asked: Asked) -> Answer:
    """One group with its members (doc 92122)."""
    chat_id = asked.fields.text("chat_id")
    names = asked.fields.body_number("need_name", most=1) == 1
    return {"group_chat": groups.chat(asked.world, asked.app, chat_id, names=names)}
