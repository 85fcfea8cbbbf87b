"""Departments and members: department/* and user/*; of the writing ones only disabling and deleting a member."""

from wecrm.sandbox.asked import Answer, Asked
from wecrm.sandbox.cursors import next_cursor
from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.state import departures, members
from wecrm.sandbox.state.scope import member_of


def department_list(asked: Asked) -> Answer:
    """Departments with details (doc 90208)."""
    members.detail_reads(asked.world, asked.app)
    found = members.departments(asked.world, asked.app, asked.fields.maybe_number("id"))
    return {"department": _not_too_many(asked, found)}


def department_simplelist(asked: Asked) -> Answer:
    """Departments, ids only (doc 95350)."""
    found = members.departments(asked.world, asked.app, asked.fields.maybe_number("id"))
    return {"department_id": [{name: row[name] for name in ("id", "parentid", "order")} for row in found]}


def department_get(asked: Asked) -> Answer:
    """One department (doc 95351)."""
    members.detail_reads(asked.world, asked.app)
    id_ = asked.fields.maybe_number("id")
    if id_ is None:
        raise Refusal(60123, "id")
    return {"department": members.department(asked.world, asked.app, id_)}


def user_get(asked: Asked) -> Answer:
    """One member (doc 90196)."""
    members.detail_reads(asked.world, asked.app)
    return members.member(asked.world, asked.app, asked.fields.text("userid", missing=41009, longest=64))


def user_update(asked: Asked) -> Answer:
    """Disable a member or enable them again, and nothing else (doc 90197)."""
    userid = asked.fields.text("userid", missing=41009, longest=64)
    enable = asked.fields.body_number("enable", most=1)
    member = member_of(asked.world, asked.app, userid)
    if enable is not None:
        departures.enable(asked.world, member.id, enable == 1, asked.now)
    return {"errmsg": "updated"}


def user_delete(asked: Asked) -> Answer:
    """Delete a member, who counts as departed from now on (doc 90198)."""
    userid = asked.fields.text("userid", missing=41009, longest=64)
    departures.delete(asked.world, member_of(asked.world, asked.app, userid).id, asked.now)
    return {"errmsg": "deleted"}


def user_list(asked: Asked) -> Answer:
    """The members of a department with details (doc 90201)."""
    return {"userlist": _not_too_many(asked, _in_department(asked))}


def user_simplelist(asked: Asked) -> Answer:
    """The members of a department, ids and names (doc 90200)."""
    short = ("userid", "name", "department")
    return {"userlist": [{name: row[name] for name in short} for row in _in_department(asked)]}


def _not_too_many(asked: Asked, found: list[dict[str, object]]) -> list[dict[str, object]]:
    """What was found, or 45029 where that is more than one answer holds."""
    if len(found) > asked.world.limit("details"):
        raise Refusal(45029)
    return found


def _in_department(asked: Asked) -> list[dict[str, object]]:
    members.detail_reads(asked.world, asked.app)
    root = asked.fields.maybe_number("department_id")
    if root is None:
        raise Refusal(60123, "department_id")
    children = asked.fields.maybe_number("fetch_child", most=1) == 1
    return members.members_in(asked.world, asked.app, root, children=children)


def user_list_id(asked: Asked) -> Answer:
    """(member, department) pairs, for contacts sync alone (doc 96067)."""
    limit = asked.fields.body_number("limit", least=1, most=10_000) or 10_000
    pairs, following = members.ids(asked.world, limit, asked.fields.maybe_text("cursor"))
    return {**next_cursor(asked.world, following), "dept_user": pairs}
