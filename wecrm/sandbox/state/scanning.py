"""Customers scan a contact way or open a link: each becomes the customer of a member of that code."""

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from wecrm.sandbox.seed.ids import wire_id
from wecrm.sandbox.state import arrivals, contacts, events, livecodes, servers
from wecrm.sandbox.state.crowd import Crowd, Customer, Scanned
from wecrm.sandbox.state.livecodes import CONTACT, LINK, Code
from wecrm.sandbox.world import World

ADD_WAY: Final = {CONTACT: 1, LINK: 16}
MESSAGES: Final = (0, 0, 1, 2, 5, None)  # how often a new customer writes; None = nobody knows


@dataclass(slots=True)
class _Rota:
    """The members who take turns, id → [userid, room left]."""

    members: dict[int, tuple[str, int]]
    turn: int

    def next(self) -> int:
        """Whose turn it is."""
        ids = list(self.members)
        self.turn += 1
        return ids[(self.turn - 1) % len(ids)]

    def take(self, member: int) -> str:
        """Fill one place; the member's userid. Who has no place left drops out."""
        userid, room = self.members[member]
        if room > 1:
            self.members[member] = userid, room - 1
        else:
            del self.members[member]
        return userid


def served_by(code: Code) -> tuple[list[str], list[int]]:
    """The members and departments that a contact way or link names."""
    if code.kind == LINK:
        return code.fields["user_list"], code.fields["department_list"]
    return code.fields["user"], code.fields["party"]


def scan(world: World, code: Code, crowd: Crowd, state: str) -> Scanned:
    """Let the crowd through the code; members take turns, the platform's own way is not known."""
    result = Scanned(code.id, code.kind, len(crowd.times))
    rota = _Rota(servers.usable(world, *served_by(code)), code.turn)
    served = frozenset(rota.members)
    left = sum(part.balance for part in arrivals.quota(world)[1]) if code.kind == LINK else 2**62
    priority = code.fields.get("priority_option") or {}
    for n, at in enumerate(crowd.times):
        why = _closed(world, code, rota, left, at, result.added)
        if why:
            result.fail(why)
            _click(world, code, at, state)
            continue
        customer = crowd.come(n, () if priority else served)
        if _friend(world, customer, priority) or not customer.followers.isdisjoint(rota.members):
            result.again += 1
            _click(world, code, at, state)
            continue
        member = _same_firm(world, code, customer, rota) or rota.next()
        userid = rota.take(member)
        _add(world, code, customer, member, userid, state)
        if not customer.followers or world.switch("quota_for_known"):
            left -= 1
        result.added += 1
        result.known += bool(customer.followers)
        result.members[userid] = result.members.get(userid, 0) + 1
    if code.fields.get("is_temp") and result.added:
        livecodes.write(world, code, {**code.fields, "expires_at": crowd.times[0]})
    return result


def _closed(world: World, code: Code, rota: _Rota, left: int, at: int, added: int) -> str:
    """Why nobody can be added now; "" if somebody can."""
    if not rota.members:
        return "no usable member"
    if left < 1:
        return "acquisition quota used up"
    if code.fields.get("is_temp") and (added or at >= code.fields["expires_at"]):
        return "expired"
    return ""


def _friend(world: World, customer: Customer, priority: dict[str, Any]) -> bool:
    """Whether a link leads the customer back to a member they know: anybody, or one of a list."""
    if not priority or not customer.followers:
        return False
    if priority["priority_type"] == 1:
        return True
    named = servers.everybody(world, priority["priority_userid_list"], ())
    return not customer.followers.isdisjoint(id_ for id_, _ in named)


def _same_firm(world: World, code: Code, customer: Customer, rota: _Rota) -> int | None:
    """Of an exclusive way: the member who has the earlier customers of the same company."""
    firm = customer.detail.get("corp_name")
    if not firm or not code.fields.get("is_exclusive"):
        return None
    row = world.db.connection.execute(
        "SELECT a.member FROM arrival a JOIN contact c ON c.id = a.contact"
        " WHERE a.code = ? AND json_extract(c.detail, '$.corp_name') = ? ORDER BY a.n LIMIT 1",
        (code.n, firm),
    ).fetchone()
    return row[0] if row and row[0] in rota.members else None


def _click(world: World, code: Code, at: int, state: str) -> None:
    """A scan that added nobody."""
    world.db.connection.execute(
        "INSERT INTO arrival (code, at, state, fresh, welcome, greeted) VALUES (?, ?, ?, 0, '', 0)",
        (code.n, at, state),
    )


def _add(world: World, code: Code, customer: Customer, member: int, userid: str, state: str) -> None:
    info: dict[str, object] = {
        "userid": userid, "remark": "", "description": "", "createtime": customer.at, "remark_mobiles": [],
        "oper_userid": customer.external_userid, "add_way": ADD_WAY[code.kind],
    }  # fmt: skip
    if state:
        info["state"] = state
    info = contacts.begin(world, member, customer.contact, info)
    db = world.db.connection
    db.execute(
        "INSERT INTO relation VALUES (?, ?, ?, '[]', '[]', '[]', 0)",
        (member, customer.contact, msgspec.json.encode(info).decode()),
    )
    welcome = wire_id("", world.seed, "welcome", customer.number)
    channel = {"State": state} if state else {}
    events.customer(
        world, customer.at, "add_external_contact", userid, customer.external_userid, WelcomeCode=welcome, **channel
    )
    ends = customer.at + code.fields["chat_expires_in"] if code.fields.get("is_temp") else None
    db.execute(
        "INSERT INTO arrival (code, at, state, member, contact, fresh, messages, welcome, greeted, ends)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?)",
        (
            code.n, customer.at, state, member, customer.contact, not customer.followers,
            MESSAGES[customer.number % len(MESSAGES)], welcome, ends,
        ),
    )  # fmt: skip
