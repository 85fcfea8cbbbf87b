"""Corp tags: get_corp_tag_list, add_corp_tag, edit_corp_tag, del_corp_tag, mark_tag."""

from collections.abc import Iterable
from typing import cast

from wecrm.sandbox.asked import Answer, Asked
from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.state import tagedits, tags
from wecrm.sandbox.state.contacts import contact_id
from wecrm.sandbox.state.scope import member_of


def get_corp_tag_list(asked: Asked) -> Answer:
    """The library, or what was asked for by id (doc 92117)."""
    tag_ids = asked.fields.maybe_texts("tag_id") or []
    group_ids = asked.fields.maybe_texts("group_id") or []
    known = tags.library(asked.world)
    if group_ids:
        shown = [_by_group(asked, known, id_) for id_ in dict.fromkeys(group_ids)]
    elif tag_ids:
        shown = _by_tag(known, tag_ids)
    else:
        corp = (g for g in known.groups.values() if not g.strategy and not g.deleted)
        shown = [_group(g, [_tag(t) for t in g.tags if not t.deleted]) for g in corp]
    return {"tag_group": shown}


def _by_group(asked: Asked, known: tags.Library, id_: str) -> dict[str, object]:
    group = known.groups.get(id_)
    if group is None or group.strategy:
        raise Refusal(40068)
    all_ = group.deleted or asked.world.switch("group_shows_deleted")
    return _group(group, [{**_tag(t), "deleted": t.deleted} for t in group.tags if all_ or not t.deleted])


def _by_tag(known: tags.Library, tag_ids: Iterable[str]) -> list[dict[str, object]]:
    wanted = {id_: known.tags.get(id_) for id_ in tag_ids}
    groups = {tag.group_id for tag in wanted.values() if tag is not None}
    if None in wanted.values() or any(known.groups[id_].strategy for id_ in groups):
        raise Refusal(40068)
    return [
        {
            **_group(group, [{**_tag(t), "deleted": t.deleted} for t in group.tags if t.id in wanted]),
            "deleted": group.deleted,
        }
        for group in known.groups.values()
        if group.id in groups
    ]


def _group(group: tags.Group, shown: list[dict[str, object]]) -> dict[str, object]:
    return {
        "group_id": group.id,
        "group_name": group.name,
        "create_time": group.create_time,
        "order": group.order,
        "tag": shown,
    }


def _tag(tag: tags.Tag) -> dict[str, object]:
    return {"id": tag.id, "name": tag.name, "create_time": tag.create_time, "order": tag.order}


def add_corp_tag(asked: Asked) -> Answer:
    """New tags, in a new group or an old one (doc 92117)."""
    world, fields, app, now = asked.world, asked.fields, asked.app, int(asked.now)
    fields.body_number("agentid")
    wanted = []
    for one in fields.objects("tag"):
        if one.given.get("id") == "":
            raise Refusal(40068, "tag.id")
        wanted.append((one.maybe_text("name") or "", one.body_number("order") or 0))
    group_id = fields.maybe_text("group_id")
    name = fields.maybe_text("group_name")
    order = fields.body_number("order") or 0
    if group_id is not None:
        group = tags.library(world).groups.get(group_id)
        if group is None or group.deleted or group.strategy:
            raise Refusal(40068, "group_id")
    elif name:
        group = tags.group_named(world, name)
        group_id = group.id if group else tags.make_group(world, app.kind, name, order, now)
    else:
        raise Refusal(40058 if world.switch("no_tag_group") == 40058 else 41018, "group_id or group_name")
    if group and not tags.may_edit(app, group.owner) and not world.switch("foreign_group_add"):
        raise tags.refuse_unowned(world)
    made = tags.make_tags(world, app.kind, group_id, wanted, now)
    known = tags.library(world)
    shown = [known.tags[id_] for id_ in made]
    if world.switch("added_tags") == "all":
        shown = [tag for tag in known.groups[group_id].tags if not tag.deleted]
    return {"tag_group": _group(known.groups[group_id], [_tag(tag) for tag in shown])}


def edit_corp_tag(asked: Asked) -> Answer:
    """Rename or reorder a tag or a group (doc 92117)."""
    fields = asked.fields
    id_ = fields.text("id")
    fields.body_number("agentid")
    tagedits.edit(asked.world, asked.app, id_, fields.maybe_text("name"), fields.body_number("order"))
    return {}


def del_corp_tag(asked: Asked) -> Answer:
    """Delete tags and groups (doc 92117)."""
    tag_ids = asked.fields.maybe_texts("tag_id") or []
    group_ids = asked.fields.maybe_texts("group_id") or []
    if not tag_ids and not group_ids:
        raise Refusal(40063, "tag_id or group_id")
    asked.fields.body_number("agentid")
    tagedits.delete(asked.world, asked.app, tag_ids, group_ids)
    return {}


def mark_tag(asked: Asked) -> Answer:
    """Put tags on one relation and take tags off (doc 92118)."""
    fields = asked.fields
    userid = fields.text("userid", missing=41009, longest=64)
    external = fields.text("external_userid", missing=41035, longest=64)
    add = fields.maybe_texts("add_tag") or []
    remove = fields.maybe_texts("remove_tag") or []
    if not add and not remove:
        raise Refusal(40063, "add_tag or remove_tag")
    if 0 < cast(int, asked.world.switch("mark_most_ids")) < len(add) + len(remove):
        raise Refusal(40058, "too many tags")
    member = member_of(asked.world, asked.app, userid)
    tags.mark(asked.world, asked.app, member.id, contact_id(asked.world, external), add, remove)
    return {}
