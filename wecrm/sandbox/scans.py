"""What customers do with live codes, past the API: scan them, write; and what the codes really are."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from wecrm.sandbox import pictures
from wecrm.sandbox.acquisitions import url
from wecrm.sandbox.state import arrivals, joining, livecodes, scanning, servers
from wecrm.sandbox.state.crowd import Crowd, Scanned
from wecrm.sandbox.state.livecodes import GROUP, LINK, Code
from wecrm.sandbox.world import World

STATE_BYTES: Final = 64


@dataclass(frozen=True, slots=True)
class CodeTruth:
    """One live code as it really is, for comparison."""

    kind: str  # contact, group or link
    id: str
    owner: str  # the app that made it
    deleted: bool
    create_time: int
    state: str
    fields: dict[str, Any]  # as configured, under the names of the API
    usable: tuple[str, ...]  # members who can get the next customer; of a group code: nobody
    scans: int
    added: int  # customers whom the scans brought
    url: str  # the picture, or the link itself; "" for a mini program
    target: str  # what the picture says


@dataclass(frozen=True, slots=True)
class Arrival:
    """A customer who came through a contact way or a link."""

    code: str
    userid: str
    external_userid: str
    at: int
    state: str
    welcome_code: str  # for 20 seconds


def scan(
    world: World, code: str, count: int = 1, *, over_s: float = 0, channel: str = "", known: float = 0.1
) -> Scanned:
    """Customers scan a code or open a link, while `over_s` seconds of the world's time pass.

    Args:
        world: where.
        code: config_id, link_id, or a state that one code has.
        count: how many customers.
        over_s: they come evenly spread over this time; the world is that much later afterwards.
        channel: customer_channel in the address of a link, cut at 64 bytes.
        known: which part of them the corp knows already, through another member.

    Raises:
        ValueError: no such code, a deleted one, a state of several codes; a channel for no link.
    """
    if count < 1 or over_s < 0 or not 0 <= known <= 1:
        raise ValueError("count is at least 1, over_s is not negative, known is from 0 to 1")
    with world.writing() as db:
        found = _named(world, code)
        if channel and found.kind != LINK:
            raise ValueError("only a link takes a channel; the other codes have their own state")
        begin = world.now()
        crowd = Crowd(world, found, [int(begin + over_s * n / count) for n in range(count)], known)
        if found.kind == GROUP:
            result = joining.join(world, found, crowd)
        else:
            state = channel.encode()[:STATE_BYTES].decode(errors="ignore") or found.fields.get("state", "")
            result = scanning.scan(world, found, crowd, state)
        db.execute("UPDATE live_code SET turn = turn + ? WHERE n = ?", (count, found.n))
        if over_s:
            world.advance(over_s)
    return result


def _named(world: World, name: str) -> Code:
    world.refresh()
    found = livecodes.matching(world, "id = ?", (name,))
    if not found and name:
        found = livecodes.matching(world, "NOT deleted AND json_extract(fields, '$.state') = ?", (name,))
    if len(found) > 1:
        raise ValueError(f"{len(found)} codes have the state {name}: {', '.join(code.id for code in found)}")
    if not found or livecodes.gone(world, found[0]):
        raise ValueError(f"no live code {name}")
    if found[0].deleted:
        raise ValueError(f"the live code {name} was deleted")
    return found[0]


def customer_writes(world: World, userid: str, external_userid: str, messages: int = 1) -> str:
    """A customer who came through a code writes to the member; the chat_key of the callback about it."""
    with world.writing() as db:
        row = db.execute(
            "UPDATE arrival SET messages = ifnull(messages, 0) + ? WHERE n = (SELECT max(a.n) FROM arrival a"
            " JOIN member m ON m.id = a.member JOIN contact c ON c.id = a.contact"
            " WHERE m.userid = ? AND c.external_userid = ?) RETURNING n",
            (messages, userid, external_userid),
        ).fetchone()
        if row is None:
            raise ValueError(f"{external_userid} did not come to {userid} through a live code")
        return arrivals.chat_key(world, row[0], int(world.now()))


def came(world: World, code: str) -> Iterator[Arrival]:
    """Whom a contact way or link brought, first come first."""
    with world.db.lock:
        found = _named(world, code)
        rows = world.db.connection.execute(
            "SELECT m.userid, c.external_userid, a.at, a.state, a.welcome FROM arrival a"
            " JOIN member m ON m.id = a.member JOIN contact c ON c.id = a.contact WHERE a.code = ? ORDER BY a.n",
            (found.n,),
        ).fetchall()
    for row in rows:
        yield Arrival(found.id, *row)


def code_truth(world: World) -> Iterator[CodeTruth]:
    """Every live code, deleted ones included, oldest first."""
    with world.db.lock:
        world.refresh()
        codes = livecodes.matching(world, "1", ())
        sql = "SELECT code, count(contact) FROM arrival GROUP BY code"
        added = dict(world.db.connection.execute(sql).fetchall())
        found = [_as_it_is(world, code, added.get(code.n, 0)) for code in codes]
    yield from found


def _as_it_is(world: World, code: Code, added: int) -> CodeTruth:
    usable: tuple[str, ...] = ()
    if code.kind != GROUP:
        usable = tuple(userid for userid, _ in servers.usable(world, *scanning.served_by(code)).values())
    return CodeTruth(
        kind=code.kind,
        id=code.id,
        owner=code.owner,
        deleted=code.deleted or livecodes.gone(world, code),
        create_time=code.created,
        state=code.fields.get("state", ""),
        fields=code.fields,
        usable=usable,
        scans=code.turn,
        added=added,
        url=url(code) if code.kind == LINK else pictures.picture_url(world, code).get("qr_code", ""),
        target=pictures.target(world, code) if code.picture else "",
    )
