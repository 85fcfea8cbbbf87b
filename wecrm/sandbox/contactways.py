"""Contact ways (联系我): add_contact_way, get, list, update, del; close_temp_chat (doc 92228)."""

from typing import Any, Final

from wecrm.sandbox.asked import Answer, Asked
from wecrm.sandbox.cursors import next_cursor
from wecrm.sandbox.pictures import picture_url
from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.state import arrivals, livecodes, parts, servers
from wecrm.sandbox.state.contacts import contact_id
from wecrm.sandbox.state.livecodes import CONTACT, GROUP, Code
from wecrm.sandbox.state.scope import member_of

DAY_S: Final = 86_400
LISTED_SINCE: Final = 1_625_846_400  # 2021-07-10 in Beijing; older ones are in no list
LONGEST: Final = 30
MOST_MEMBERS: Final = 100
DEFAULTS: Final[dict[str, Any]] = {
    "remark": "", "skip_verify": True, "state": "", "user": [], "party": [],
    "is_exclusive": False, "mark_source": True,
}  # fmt: skip
OF_TEMPORARY: Final[dict[str, Any]] = {"expires_in": 7 * DAY_S, "chat_expires_in": DAY_S, "unionid": ""}
HIDDEN: Final = frozenset(("expires_at",))


def add_contact_way(asked: Asked) -> Answer:
    """A new contact way."""
    world, fields = asked.world, asked.fields
    type_ = _choice(asked, "type", missing=41037, invalid=41039)
    scene = _choice(asked, "scene", missing=41038, invalid=41040)
    temporary = fields.maybe_flag("is_temp") or False
    _room(asked, temporary=temporary)
    if temporary and type_ != 1:
        raise Refusal(41039, "a temporary contact way has one member")
    way = _changed(asked, _reset({"type": type_, "scene": scene, "is_temp": temporary}), "")
    way |= _members(asked, way)
    code = livecodes.make(world, CONTACT, asked.app.kind, way, asked.now)
    return {"config_id": code.id, **picture_url(world, code)}


def get_contact_way(asked: Asked) -> Answer:
    """One contact way; the fields of temporary ones only where it is one."""
    code = _asked_for(asked)
    shown = {name: value for name, value in code.fields.items() if name not in HIDDEN}
    shown["user"] = livecodes.listed(asked.world, shown["user"])
    return {"contact_way": {"config_id": code.id, **shown, **picture_url(asked.world, code)}}


def list_contact_way(asked: Asked) -> Answer:
    """Ids of the contact ways made in a time, the last 90 days unless told."""
    world, fields = asked.world, asked.fields
    start = fields.body_number("start_time")
    end = fields.body_number("end_time")
    limit = fields.body_number("limit", least=1, most=1000) or 100
    since = int(asked.now) - 90 * DAY_S if start is None else start
    until = int(asked.now) if end is None else end
    window = world.switch("list_window_days")
    if since > until or (isinstance(window, int) and window and until - since > window * DAY_S):
        raise Refusal(40058, "start_time and end_time")
    where = "kind = ? AND created BETWEEN ? AND ? AND NOT temporary"
    values = (CONTACT, max(since, LISTED_SINCE), until)
    cursor = fields.maybe_text("cursor")
    ids, following = livecodes.page(world, where, values, limit, cursor, "list_contact_way", start, end, limit)
    return {"contact_way": [{"config_id": id_} for id_ in ids], **next_cursor(world, following)}


def update_contact_way(asked: Asked) -> Answer:
    """Change a contact way; `type`, `scene` and `is_temp` stay for ever."""
    world = asked.world
    code = _asked_for(asked)
    if code.fields["is_temp"] and asked.now >= code.fields["expires_at"]:
        raise Refusal(41044, "the temporary contact way has expired")
    kept = world.switch("update_keeps")
    way = _changed(asked, code.fields if kept else _reset(code.fields), code.id)
    sent = asked.fields.has("user") or asked.fields.has("party")
    if sent or not kept or world.switch("update_checks_stored"):
        way |= _members(asked, way)
    livecodes.update(world, code, way)
    if way["state"] != code.fields["state"] and world.switch("state_follows"):
        arrivals.rename_state(world, code.n, way["state"])
    return {}


def del_contact_way(asked: Asked) -> Answer:
    """Delete a contact way; a second time it is unknown."""
    livecodes.delete(asked.world, _asked_for(asked))
    return {}


def close_temp_chat(asked: Asked) -> Answer:
    """End a running temporary session; 84061 where none runs."""
    userid = asked.fields.text("userid", missing=41009, longest=64)
    external = asked.fields.text("external_userid", missing=41035, longest=64)
    member = member_of(asked.world, asked.app, userid)
    arrivals.end_session(asked.world, member.id, contact_id(asked.world, external), asked.now)
    return {}


def _asked_for(asked: Asked) -> Code:
    return livecodes.find(asked.world, CONTACT, asked.fields.text("config_id", missing=41043))


def _choice(asked: Asked, name: str, *, missing: int, invalid: int) -> int:
    if not asked.fields.has(name):
        raise Refusal(missing)
    value = asked.fields.body_number(name)
    if value not in (1, 2):
        raise Refusal(invalid)
    return value


def _room(asked: Asked, *, temporary: bool) -> None:
    """Refused where the corp may not have another one."""
    world = asked.world
    if not temporary:
        if livecodes.count(world, CONTACT, GROUP) >= world.limit("ways"):
            raise Refusal(41045)
        return
    if not world.switch("medical_corp"):
        raise Refusal(48001, "temporary contact ways are for the medical industry")
    if livecodes.temporary_since(world, livecodes.midnight(asked.now)) >= world.limit("temp_ways"):
        raise Refusal(41045)


def _reset(old: dict[str, Any]) -> dict[str, Any]:
    """What is fixed for ever, with the defaults of everything else."""
    fixed = {name: old[name] for name in ("type", "scene", "is_temp")}
    new = {**fixed, **DEFAULTS, **({"style": 1} if fixed["scene"] == 1 else {})}
    return {**new, **OF_TEMPORARY} if fixed["is_temp"] else new


def _changed(asked: Asked, old: dict[str, Any], own_id: str) -> dict[str, Any]:
    """The settings after what was sent; fields of temporary ways are ignored in others."""
    fields = asked.fields
    new = {
        **old,
        **_given("remark", fields.maybe_text("remark", longest=LONGEST)),
        **_given("state", fields.maybe_text("state", longest=LONGEST)),
        **_given("user", fields.maybe_texts("user")),
        **_given("party", fields.maybe_numbers("party")),
    }
    for name in ("skip_verify", "is_exclusive", "mark_source"):
        new |= _given(name, fields.maybe_flag(name))
    if fields.has("style"):
        new["style"] = _style(asked, old)
    if new["is_temp"]:
        new |= _temporary(asked, old)
    if new["state"] and asked.world.switch("state_unique"):
        where = "kind = ? AND NOT deleted AND id <> ? AND json_extract(fields, '$.state') = ?"
        if livecodes.matching(asked.world, where, (CONTACT, own_id, new["state"])):
            raise Refusal(40058, "state")
    return new


def _given(name: str, value: object) -> dict[str, Any]:
    return {} if value is None else {name: value}


def _style(asked: Asked, way: dict[str, Any]) -> int:
    style = asked.fields.body_number("style")
    if style is None or way["scene"] != 1 or not 1 <= style <= (3 if way["type"] == 1 else 2):
        raise Refusal(41042)
    return style


def _temporary(asked: Asked, old: dict[str, Any]) -> dict[str, Any]:
    fields = asked.fields
    new = {
        **_given("expires_in", fields.body_number("expires_in", most=14 * DAY_S)),
        **_given("chat_expires_in", fields.body_number("chat_expires_in", most=14 * DAY_S)),
        **_given("unionid", fields.maybe_text("unionid")),
    }
    conclusions = fields.maybe_object("conclusions")
    if conclusions is not None:
        new["conclusions"] = parts.message(asked.world, conclusions, ("image", "link", "miniprogram"), 4000)
    if "expires_at" not in old or "expires_in" in new:
        new["expires_at"] = int(asked.now) + new.get("expires_in", old["expires_in"])
    return new


def _members(asked: Asked, way: dict[str, Any]) -> dict[str, Any]:
    """`user` and `party` as they are kept; refused where they do not fit the type or cannot serve."""
    world, app = asked.world, asked.app
    if way["type"] == 1:
        if len(set(way["user"])) != 1:
            raise Refusal(40063 if not way["user"] else 40058, "user: exactly one for type 1")
        if way["party"]:
            raise Refusal(40058, "party is for type 2")
    elif not way["user"] and not way["party"] and world.switch("type2_empty") == "refuse":
        raise Refusal(40063, "user or party")
    if len(way["user"]) > MOST_MEMBERS:
        raise Refusal(41041)
    users = servers.checked_users(world, app, way["user"])
    departments = servers.checked_departments(world, app, way["party"])
    if len(servers.everybody(world, users, departments)) > MOST_MEMBERS:
        raise Refusal(41041)
    return {"user": users, "party": departments}
