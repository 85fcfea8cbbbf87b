"""Acquisition links (获客链接): customer_acquisition/* (docs 97297, 97298, 97375, 100130) and the quota."""

from typing import Any, Final

from wecrm.sandbox.asked import Answer, Asked
from wecrm.sandbox.cursors import next_cursor
from wecrm.sandbox.fields import Fields
from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.state import arrivals, livecodes, servers
from wecrm.sandbox.state.livecodes import LINK, Code

DAY_S: Final = 86_400
MOST_MEMBERS: Final = 500


def list_link(asked: Asked) -> Answer:
    """Ids of the links that this app made."""
    limit = asked.fields.body_number("limit", least=1, most=100) or 100
    cursor = asked.fields.maybe_text("cursor")
    values = (LINK, asked.app.kind)
    question = ("list_link", asked.app.kind, limit)
    ids, following = livecodes.page(asked.world, "kind = ? AND owner = ?", values, limit, cursor, *question)
    return {"link_id_list": ids, **next_cursor(asked.world, following)}


def get(asked: Asked) -> Answer:
    """One link with its range."""
    code = _asked_for(asked)
    fields = code.fields
    users = livecodes.listed(asked.world, fields["user_list"])
    answer: dict[str, object] = {
        "link": {
            **({"link_id": code.id} if asked.world.switch("link_id_in_get") else {}),
            **_head(code),
            "skip_verify": fields["skip_verify"],
            "mark_source": fields["mark_source"],
        },
        "range": {"user_list": users, "department_list": fields["department_list"]},
    }
    if fields["priority_option"]:
        answer["priority_option"] = fields["priority_option"]
    return answer


def create_link(asked: Asked) -> Answer:
    """A new link of this app."""
    if livecodes.count(asked.world, LINK) >= asked.world.limit("links"):
        raise Refusal(41095)
    for name in ("link_name", "range"):
        if not asked.fields.has(name):
            raise Refusal(40063, name)
    base = {"skip_verify": True, "mark_source": True, "priority_option": {}}
    code = livecodes.make(asked.world, LINK, asked.app.kind, _changed(asked, base), asked.now)
    return {"link": {"link_id": code.id, **_head(code)}}


def update_link(asked: Asked) -> Answer:
    """Change a link; a range that is sent overwrites the whole old one."""
    code = _asked_for(asked)
    livecodes.update(asked.world, code, _changed(asked, code.fields))
    return {}


def delete_link(asked: Asked) -> Answer:
    """Delete a link; a second time it is unknown."""
    livecodes.delete(asked.world, _asked_for(asked))
    return {}


def customer(asked: Asked) -> Answer:
    """The customers that a link brought."""
    code = _asked_for(asked)
    limit = asked.fields.body_number("limit", least=1, most=1000) or 1000
    shown, following = arrivals.customers(asked.world, code, limit, asked.fields.maybe_text("cursor"))
    return {"customer_list": shown, **next_cursor(asked.world, following)}


def statistic(asked: Asked) -> Answer:
    """Clicks and new customers over whole days, at most 30 apart and 180 back."""
    code = _asked_for(asked)
    start, end = (_day(asked, name) for name in ("start_time", "end_time"))
    today = livecodes.midnight(asked.now)
    if not start <= end <= start + 30 * DAY_S or start < today - 180 * DAY_S or end > today:
        raise Refusal(40058, "start_time and end_time")
    clicks, new = arrivals.between(asked.world, code, start, end + DAY_S)
    return {"click_link_customer_cnt": clicks, "new_customer_cnt": new}


def get_chat_info(asked: Asked) -> Answer:
    """What a customer of a link has written so far."""
    key = asked.fields.text("chat_key")
    userid, external, messages, link_id, state = arrivals.chat_of(asked.world, key, asked.now)
    info = {"recv_msg_cnt": messages, "link_id": link_id, "state": state}
    return {"userid": userid, "external_userid": external, "chat_info": info}


def quota(asked: Asked) -> Answer:
    """The quota used so far and what is left of it."""
    used, parts = arrivals.quota(asked.world)
    shown = [{"expire_date": part.expire_date, "balance": part.balance} for part in parts]
    return {"total": used, "balance": sum(part.balance for part in parts), "quota_list": shown}


def url(code: Code) -> str:
    """The address that customers open."""
    return f"https://work.weixin.qq.com/ca/{code.id}"


def _asked_for(asked: Asked) -> Code:
    return livecodes.find(asked.world, LINK, asked.fields.text("link_id"), owner=asked.app.kind)


def _head(code: Code) -> dict[str, object]:
    return {"link_name": code.fields["link_name"], "url": url(code), "create_time": code.created}


def _day(asked: Asked, name: str) -> int:
    value = asked.fields.body_number(name)
    if value is None:
        raise Refusal(40063, name)
    return livecodes.midnight(value)


def _changed(asked: Asked, old: dict[str, Any]) -> dict[str, Any]:
    """The settings after what was sent."""
    fields = asked.fields
    new = dict(old)
    if fields.has("link_name"):
        new["link_name"] = fields.text("link_name", longest=30)
    for name in ("skip_verify", "mark_source"):
        flag = fields.maybe_flag(name)
        new[name] = old[name] if flag is None else flag
    range_ = fields.maybe_object("range")
    if range_ is not None:
        new |= _range(asked, range_)
    option = fields.maybe_object("priority_option")
    if option is not None:
        new["priority_option"] = _priority(asked, option)
    return new


def _range(asked: Asked, given: Fields) -> dict[str, Any]:
    world, app = asked.world, asked.app
    userids = given.maybe_texts("user_list") or []
    ids = given.maybe_numbers("department_list") or []
    if not userids and not ids:
        raise Refusal(40063, "range")
    if len(userids) > MOST_MEMBERS:
        raise Refusal(40058, "range.user_list")
    users = servers.checked_users(world, app, userids)
    departments = servers.checked_departments(world, app, ids)
    if len(servers.everybody(world, users, departments)) > MOST_MEMBERS:
        raise Refusal(40058, "range covers more than 500 members")
    return {"user_list": users, "department_list": departments}


def _priority(asked: Asked, given: Fields) -> dict[str, Any]:
    """The option as it is kept; {} takes it away."""
    kind = given.body_number("priority_type", least=1, most=2)
    if kind != 2:
        return {} if kind is None else {"priority_type": 1}
    users = given.texts("priority_userid_list", most=1000)
    return {"priority_type": 2, "priority_userid_list": servers.checked_users(asked.world, asked.app, users)}
