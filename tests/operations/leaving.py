"""A member who leaves, with everything that can go wrong, and what the sandbox really has afterwards."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tests.conftest import Result, Wecrm
from tests.operations.codes import good, push, written
from tests.operations.codes import truth as codes_truth
from tests.operations.handing import Pair, session
from wecrm.api import transfers as api
from wecrm.operations import offboardfates
from wecrm.operations.offboardfates import Ending
from wecrm.sandbox import control
from wecrm.store import offboardings

DAY_S = 24 * 3600
CORP = "wwsandbox00000001"


@dataclass(frozen=True)
class Size:
    """How much of everything there is."""

    customers: int = 60
    groups: int = 20
    groups_a_day: int = 12
    codes: int = 3
    links: int = 1
    refuse: int = 3
    full: int = 2
    gone: int = 1
    known: int = 6
    moving: int = 2
    moved: int = 2


FULL = Size(1234, 420, 300, 9, 2, refuse=62, full=25, gone=12, known=123, moving=20, moved=15)


@dataclass
class Scene:
    """A leaver, two takers, somebody else; sets of customers by what is special about them."""

    home: Wecrm
    leaver: str
    takers: tuple[str, str]
    other: str
    customers: set[str] = field(default_factory=set)
    chats: list[str] = field(default_factory=list)
    refuse: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    moving: set[str] = field(default_factory=set)
    moved: set[str] = field(default_factory=set)
    before: dict[Pair, control.Relation] = field(default_factory=dict)

    def start(self, *more: str, then: str = "delete", due: str = "2026-01-01", takers: Sequence[str] = ()) -> Result:
        to = ",".join(takers or self.takers)
        flags = ("--due", due, "--then", then, "--yes", "--confirm", CORP)
        return self.home("offboard", "start", self.leaver, "--to", to, *flags, *more)

    def advance(self, *more: str) -> Result:
        return self.home("offboard", "advance", self.leaver, *more)

    def wait(self, seconds: float = 13 * 3600) -> None:
        with self.home.world() as world:
            control.advance(world, seconds)

    def run(self, rounds: int = 20) -> Result:
        """Nothing but `offboard advance` and time, until the case is over."""
        for _round in range(rounds):
            result = self.advance()
            assert result.code in (0, 3), result.err
            if self.state == "closed":
                return result
            self.wait()
        raise AssertionError(f"not closed after {rounds} rounds: {self.steps()}")

    @property
    def state(self) -> str:
        return str(self.home.sql("SELECT state FROM offboarding ORDER BY rowid DESC LIMIT 1")[0][0])

    def steps(self) -> dict[str, str]:
        query = "SELECT name, state FROM offboarding_step WHERE case_id = (SELECT max(id) FROM offboarding) ORDER BY n"
        return dict(self.home.sql(query))

    def step(self, name: str) -> dict[str, Any]:
        """asked, answered and read_back of the step, and what blocks it."""
        row = self.home.sql(
            "SELECT asked, answered, read_back, blocked_by, job FROM offboarding_step WHERE name = ? "
            "ORDER BY rowid DESC LIMIT 1",
            name,
        )[0]
        return dict(zip(("asked", "answered", "read_back"), map(json.loads, row[:3]), strict=True)) | {
            "blocked_by": row[3],
            "job": row[4],
        }

    def endings(self) -> dict[str, Ending]:
        with session(self.home) as s:
            found = offboardfates.endings(s.store, offboardings.get(s.store, self.leaver))
        return {ending.object_id: ending for ending in found}

    def truth(self) -> dict[Pair, control.Relation]:
        with self.home.world() as world:
            return {(r.userid, r.external_userid): r for r in control.truth(world)}

    def owners(self) -> dict[str, str]:
        with self.home.world() as world:
            rows = world.db.connection.execute(
                "SELECT c.chat_id, m.userid FROM chat c JOIN member m ON m.id = c.owner"
            ).fetchall()
        return dict(rows)


def scene(home: Wecrm, size: Size = Size()) -> Scene:
    """Make all of it, and read it into the cache."""
    rows = home.sql(
        "SELECT m.userid FROM member m JOIN relation r ON r.userid = m.userid AND r.status = 'active' "
        "WHERE m.status = 1 AND m.follows AND NOT EXISTS (SELECT 1 FROM group_chat g WHERE g.owner = m.userid) "
        "AND NOT EXISTS (SELECT 1 FROM live_code_member l WHERE l.userid = m.userid) "
        "GROUP BY 1 HAVING count(*) BETWEEN 20 AND 60 ORDER BY count(*) DESC, 1"
    )
    a, b, leaver, other = (userid for (userid,) in rows[:4])
    found = Scene(home, leaver, (a, b), other)
    _customers(found, size)
    _on_the_move(found, size)
    _groups(found, size.groups)
    _codes(found, size)
    _rules(found, size)
    assert home("sync", "members", "contacts", "groups", "livecodes", "--max-removals", "100%").code == 0
    found.before = found.truth()
    return found


def _customers(found: Scene, size: Size) -> None:
    """Half of them as the world has them, half with something written about them; strangers to the takers at first."""
    truth = found.truth()
    a, b = found.takers
    mine = sorted(external for userid, external in truth if userid == found.leaver)
    plain = [e for e in mine if not truth[found.leaver, e].one_way and not {(a, e), (b, e)} & truth.keys()]
    own = plain[: size.customers // 2]
    with found.home.world() as world:
        tags = [id_ for (id_,) in world.db.connection.execute("SELECT id FROM tag ORDER BY id LIMIT 6")]
        for external in sorted({*mine} - {*own}):
            control.delete_relation(world, found.leaver, external)
        new = [
            control.add_relation(
                world, found.leaver, remark=f"老客户{n}", description=f"喜欢茶 {n}", tags=tags[n % 6 : n % 6 + 1]
            )
            for n in range(size.customers - len(own) - size.moved)
        ]
        found.moved = {control.add_relation(world, found.other, remark=f"来回{n}") for n in range(size.moved)}
        rest = iter(new)
        found.refuse = {next(rest) for _n in range(size.refuse)}
        found.gone = {next(rest) for _n in range(size.gone)}
        found.moving = {next(rest) for _n in range(size.moving)}
        found.known = {next(rest) for _n in range(size.known)}
        for external in sorted(found.known):
            control.add_relation(world, a, external, remark="我的客户", tags=tags[:1])
            control.add_relation(world, b, external, description="自己写的")
        for _n in range(size.full * 10):  # the first taker has so many that WeCom's limit is met
            control.add_relation(world, a)
    found.customers = {*own, *new, *found.moved}


def _on_the_move(found: Scene, size: Size) -> None:
    """Some were moved twice in the last days, some are on their way to somebody else."""
    with session(found.home) as s:
        for giver, taker in ((found.other, found.takers[0]), (found.takers[0], found.leaver)):
            if found.moved:
                assert {row.errcode for row in api.submit(s.client, "onjob", giver, taker, sorted(found.moved))} == {0}
                control.advance(s.world, DAY_S + 60)
        for start in range(0, size.moving, api.BATCH):
            batch = sorted(found.moving)[start : start + api.BATCH]
            assert {r.errcode for r in api.submit(s.client, "onjob", found.leaver, found.other, batch)} == {0}
    with found.home.world() as world:
        for external in sorted(found.gone):
            control.delete_relation(world, found.leaver, external, by="customer")


def _groups(found: Scene, count: int) -> None:
    customers = sorted(found.customers)
    with found.home.world() as world, world.writing() as db:
        (member,) = db.execute("SELECT id FROM member WHERE userid = ?", (found.leaver,)).fetchone()
        for n in range(count):
            chat = f"wrLeave{n:04}"
            guests = customers[n % len(customers) :][:1] if customers else []
            people = [
                {"userid": userid, "type": kind, "join_time": 1, "join_scene": 1, "group_nickname": "", "name": "x"}
                for userid, kind in ((found.leaver, 1), *((guest, 2) for guest in guests))
            ]
            head = {"chat_id": chat, "name": f"群{n}", "owner": found.leaver, "create_time": 1, "admin_list": []}
            db.execute(
                "INSERT INTO chat (chat_id, owner, status, head, members) VALUES (?, ?, 0, ?, ?)",
                (
                    chat,
                    member,
                    msgspec.json.encode({**head, "member_version": "a"}).decode(),
                    msgspec.json.encode(people).decode(),
                ),
            )
            found.chats.append(chat)


def _codes(found: Scene, size: Size) -> None:
    if not size.codes + size.links:
        return
    both = [found.leaver, found.other]
    entries: list[dict[str, Any]] = [
        {"name": f"离职码{n}", "channel": f"leave{n}", "members": [found.leaver] if n == 0 else [*both]}
        for n in range(size.codes)
    ]
    entries += [
        {"name": f"离职链接{n}", "kind": "link", "channel": f"link{n}", "members": [*both]} for n in range(size.links)
    ]
    good(push(found.home, written(found.home, entries, "leave.yaml")))


def _rules(found: Scene, size: Size) -> None:
    truth = Counter(userid for userid, _external in found.truth())
    odd = size.refuse + size.gone + size.known + size.moving + size.moved
    with found.home.world() as world:
        for external in sorted(found.refuse):
            control.customer_refuses(world, external)
        limit = truth[found.takers[0]] + (size.customers - odd) // 2 - size.full if size.full else 5000
        control.set_limits(world, groups_a_day=size.groups_a_day, customers=limit)


def codes_naming(home: Wecrm, userid: str) -> list[str]:
    """Live codes that really name the member."""
    return sorted(name for name, code in codes_truth(home).items() if userid in json.dumps(code.fields))


def unread_repeats(home: Wecrm) -> list[str]:
    """Customers sent twice to the same taker, though nobody had looked in between or the first try was under way."""
    sent: dict[tuple[str, str, str, str], int] = {}
    read: dict[tuple[str, str], int] = {}
    found = []
    with home.world() as world:
        tries = list(control.transfers(world))
        for call in control.calls(world):
            name = call.path.rsplit("externalcontact/", 1)[-1]
            if not name.endswith(("transfer_result", "transfer_customer")):
                continue
            if call.errcode and not name.endswith("transfer_result"):
                continue  # refused as a whole: nothing is under way that would have to be read
            body = json.loads(call.body)
            pair = body["handover_userid"], body["takeover_userid"]
            if name.endswith("transfer_result"):
                read[pair] = call.id if call.errcode == 0 else read.get(pair, 0)
                continue
            for external in body["external_userid"]:
                key = (name, *pair, external)
                if key in sent and (read.get(pair, 0) < sent[key] or _under_way(tries, pair, external, call.at)):
                    found.append(external)
                sent[key] = call.id
    return found


def _under_way(tries: Sequence[control.Transfer], pair: Pair, external: str, at: float) -> bool:
    return any(
        (one.handover_userid, one.takeover_userid, one.external_userid) == (*pair, external)
        and one.started < at
        and (one.ended is None or one.ended > at)
        for one in tries
    )
