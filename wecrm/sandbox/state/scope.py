"""Who an app is and which departments and members it may see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.world import World


@dataclass(frozen=True, slots=True)
class App:
    """The app behind a secret."""

    kind: str
    secret: str
    agentid: int
    enabled: bool
    departments: tuple[int, ...] | None  # roots of its visible range; None = everything


@dataclass(frozen=True, slots=True)
class Member:
    """A member as far as rules need it."""

    id: int
    userid: str


def apps(world: World) -> Mapping[str, App]:
    """The apps by kind."""
    return world.remember("apps", _apps)


def _apps(world: World) -> dict[str, App]:
    rows = world.db.connection.execute("SELECT kind, secret, agentid, enabled, departments FROM app").fetchall()
    return {
        kind: App(kind, secret, agentid, bool(on), None if roots is None else tuple(msgspec.json.decode(roots)))
        for kind, secret, agentid, on, roots in rows
    }


def parents(world: World) -> Mapping[int, int]:
    """Each department's parent."""
    return world.remember("parents", _parents)


def _parents(world: World) -> dict[int, int]:
    return dict(world.db.connection.execute("SELECT id, parentid FROM department").fetchall())


def below(world: World, roots: Sequence[int]) -> frozenset[int]:
    """The departments in `roots` and all under them."""
    tree = parents(world)
    inside = {root for root in roots if root in tree}
    grown = True
    while grown:
        more = {child for child, parent in tree.items() if parent in inside} - inside
        grown = bool(more)
        inside |= more
    return frozenset(inside)


def visible_departments(world: World, app: App) -> frozenset[int] | None:
    """The departments an app sees; None = all."""
    roots = app.departments
    if roots is None:
        return None
    return world.remember(f"departments of {app.kind}", lambda w: below(w, roots))


def visible_members(world: World, app: App) -> frozenset[int] | None:
    """The ids of the members an app sees, those who left by the departments they had; None = all."""
    seen = visible_departments(world, app)
    if seen is None:
        return None

    def of(world: World) -> frozenset[int]:
        rows = world.db.connection.execute("SELECT id, departments FROM member").fetchall()
        return frozenset(id_ for id_, own in rows if not seen.isdisjoint(msgspec.json.decode(own)))

    return world.remember(f"members of {app.kind}", of)


def sees(world: World, app: App, member: int) -> bool:
    """Whether the member lies in the app's visible range."""
    visible = visible_members(world, app)
    return visible is None or member in visible


def member_of(world: World, app: App, userid: str, *, unknown: int = 0) -> Member:
    """The member with that userid, compared without case; refused if unknown, gone or out of range.

    `unknown` is the errcode for the first two where an API has one of its own.
    """
    member = world.remember("members", _members).get(userid.lower())
    if member is None:
        raise Refusal(unknown or code(world, "unknown_userid"), userid)
    if not sees(world, app, member.id):
        raise Refusal(code(world, "outside_userid"), userid)
    return member


def _members(world: World) -> dict[str, Member]:
    rows = world.db.connection.execute("SELECT id, userid FROM member WHERE left_at IS NULL").fetchall()
    return {userid.lower(): Member(id_, userid) for id_, userid in rows}


def code(world: World, switch: str) -> int:
    """The errcode that a switch stands at."""
    value = world.switch(switch)
    assert isinstance(value, int)
    return value
