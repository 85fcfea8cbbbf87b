"""Customers: externalcontact/get_follow_user_list, list, get, batch/get_by_user, remark."""

import msgspec

from wecrm.sandbox.asked import Answer, Asked
from wecrm.sandbox.cursors import next_cursor
from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.state import contacts


def get_follow_user_list(asked: Asked) -> Answer:
    """Members with customer contact (doc 92571)."""
    return {"follow_user": contacts.follow_users(asked.world, asked.app)}


def list_(asked: Asked) -> Answer:
    """The customers of one member (doc 92113)."""
    userid = asked.fields.text("userid", missing=41009, longest=64)
    return {"external_userid": contacts.customers_of(asked.world, asked.app, userid)}


def get(asked: Asked) -> Answer:
    """One customer and who follows them (doc 92114)."""
    external = asked.fields.text("external_userid", missing=41035, longest=64)
    cursor = asked.fields.maybe_text("cursor")
    detail, followers, following = contacts.details(asked.world, asked.app, external, cursor)
    parts = [f'"external_contact":{detail}'] if detail else []
    parts.append(f'"follow_user":[{",".join(followers)}]')
    if following:
        parts.append(f'"next_cursor":"{following}"')
    return ",".join(parts)


def batch_get_by_user(asked: Asked) -> Answer:
    """Relations of up to 100 members with details (doc 92994)."""
    userids = asked.fields.texts("userid_list", most=100)
    limit = asked.fields.body_number("limit", least=1)
    cursor = asked.fields.maybe_text("cursor")
    page = contacts.by_user(asked.world, asked.app, userids, min(100, limit or 50), cursor)
    end = msgspec.json.encode(next_cursor(asked.world, page.following)).decode()[1:-1]
    return f'"external_contact_list":[{",".join(page.items)}]{"," if end else ""}{end}'


def remark(asked: Asked) -> Answer:
    """Change a member's side of a relation (doc 92115)."""
    fields = asked.fields
    userid = fields.text("userid", missing=41009, longest=64)
    external = fields.text("external_userid", missing=41035, longest=64)
    changes: dict[str, str | list[str]] = {}
    for sent, read, longest in (
        ("remark", "remark", 20),
        ("description", "description", 150),
        ("remark_company", "remark_corp_name", 20),
    ):
        value = fields.maybe_text(sent, longest=longest)
        if value is not None:
            changes[read] = value
    mobiles = fields.maybe_texts("remark_mobiles")
    if mobiles or (mobiles == [] and asked.world.switch("empty_mobiles_clear")):
        changes["remark_mobiles"] = [number for number in mobiles if number]
    picture = fields.maybe_text("remark_pic_mediaid")
    if not changes and mobiles is None and picture is None:
        raise Refusal(40063, "nothing to change")
    contacts.set_remarks(asked.world, asked.app, userid, external, changes)
    return {}
