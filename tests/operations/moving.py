"""Customers and groups on their way through the front door, and what the sandbox knows of them."""

import io
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tests.conftest import Result, Wecrm
from tests.operations.handing import session
from tests.sandbox.conftest import Office
from wecrm.api.client import Client
from wecrm.models.plan import Change, NewId
from wecrm.operations.work import Work
from wecrm.sandbox import control
from wecrm.sandbox.app import wsgi

GIVER, LARGE = "liu.yuxuan", "fu.jianhua"
TAKER, OTHER, THIRD = "guo.na", "carol.lin", "eric.cheng"
CONFIRMED = ("--confirm", "wwsandbox00000001")
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 24 * 3600
DUE_S = DAY_S + 660
"""When the outcome of what was sent a moment ago is asked for, and a minute."""

Wish = tuple[str, str, str]
"""(former member, customer, taker)."""


@dataclass(frozen=True)
class Row:
    """A row of a job."""

    status: str
    errcode: int
    errmsg: str
    hint: str
    evidence: str


def customers(home: Wecrm, userid: str, count: int, *, unknown_to: Sequence[str] = (TAKER, OTHER, THIRD)) -> list[str]:
    """So many customers of that member whom the takers do not know, and who know the member."""
    with home.world() as world:
        relations = list(control.truth(world))
    known = {r.external_userid for r in relations if r.userid in unknown_to}
    own = sorted(r.external_userid for r in relations if r.userid == userid and not r.one_way)
    found = [external for external in own if external not in known][:count]
    assert len(found) == count
    return found


def plan(home: Wecrm, wishes: Sequence[Wish], *words: str) -> str:
    """The plan file of `wecrm transfers plan` for these customers."""
    path = home.home / f"{len(list(home.home.glob('*.plan')))}.plan"
    file = home.csv("wishes.csv", "userid,external_userid,takeover", wishes)
    result = home("transfers", "plan", str(file), *words, "-o", str(path))
    assert result.code == 0, result.err
    return str(path)


def plan_groups(home: Wecrm, wishes: Sequence[Wish]) -> str:
    """The same for groups: (owner, chat_id, taker)."""
    path = home.home / f"{len(list(home.home.glob('*.plan')))}.plan"
    file = home.csv("wishes.csv", "userid,chat_id,takeover", wishes)
    result = home("transfers", "plan", str(file), "-o", str(path))
    assert result.code == 0, result.err
    return str(path)


def apply(home: Wecrm, path: str, *words: str, code: int = 0) -> Result:
    """`wecrm apply` with every limit lifted."""
    result = home("apply", path, *LIFTED, *words)
    assert result.code == code, result.err
    return result


LIFTED = ("--yes", "--max-removals", "100%", "--max-changes", "99999")


def started(home: Wecrm, wishes: Sequence[Wish], *words: str, code: int = 0) -> Result:
    """Plan and apply."""
    return apply(home, plan(home, wishes), *words, code=code)


def wishes(former: str, externals: Sequence[str], taker: str = TAKER) -> list[Wish]:
    return [(former, external, taker) for external in externals]


def advance(home: Wecrm, seconds: float) -> None:
    with home.world() as world:
        control.advance(world, seconds)


def poll(home: Wecrm, *words: str, code: int = 0) -> Result:
    result = home("transfers", "poll", *words)
    assert result.code == code, (result.code, result.err)
    return result


def switch(home: Wecrm, name: str, value: str | int | bool) -> None:
    with home.world() as world:
        control.set_switch(world, name, value)


def job(home: Wecrm) -> str:
    """The newest job."""
    return str(home.sql("SELECT id FROM job ORDER BY rowid DESC LIMIT 1")[0][0])


def rows(home: Wecrm, of: str = "") -> dict[str, Row]:
    """The rows of the newest job, or of `of`, by external_userid or chat_id."""
    found = home.sql(
        "SELECT change, status, errcode, errmsg, hint, evidence FROM job_row WHERE job = ?", of or job(home)
    )
    return {
        json.loads(change)["key"].get("external_userid") or json.loads(change)["key"]["chat_id"]: Row(
            status, errcode or 0, errmsg or "", hint or "", evidence or ""
        )
        for change, status, errcode, errmsg, hint, evidence in found
    }


def change(former: str, external: str, taker: str, id_: str) -> Change:
    """One on-job transfer, as the planner writes it."""
    key: dict[str, str | NewId] = {"kind": "onjob", "handover": former, "takeover": taker, "external_userid": external}
    return Change(id_, 0, "transfer.customer", key, {"owner": former}, {"owner": taker}, "compensable")


def group_change(former: str, chat: str, taker: str, id_: str) -> Change:
    key: dict[str, str | NewId] = {"kind": "onjob", "handover": former, "takeover": taker, "chat_id": chat}
    return Change(id_, 0, "transfer.group", key, {"owner": former}, {"owner": taker}, "compensable")


@contextmanager
def answering(home: Wecrm, path: str, answer: "Answer") -> Iterator[Work]:
    """Work on a WeCom that answers calls of this path so, and all others as the sandbox does.

    `answer`: the reply itself, or what makes one from the decoded body, None to leave it to the sandbox.
    """
    with session(home) as s, home.world() as world:
        behind = wsgi(world)

        def app(environ: dict[str, Any], start_response: Any) -> Any:
            raw = environ["wsgi.input"].read() if environ["PATH_INFO"].endswith(path) else None
            if raw is None:
                return behind(environ, start_response)
            reply = answer(json.loads(raw)) if callable(answer) else answer
            environ["wsgi.input"] = io.BytesIO(raw)
            if reply is None:
                return behind(environ, start_response)
            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps({"errcode": 0, "errmsg": "ok", **reply}).encode()]

        client = Client(s.client.settings, s.run, app)
        yield Work(client, s.store, s.run)
        client.close()


Answer = dict[str, Any] | Callable[[dict[str, Any]], dict[str, Any] | None]


def statuses(home: Wecrm, of: str = "") -> Counter[str]:
    return Counter(row.status for row in rows(home, of).values())


def state(home: Wecrm, of: str = "") -> str:
    """The state of a job."""
    return str(home.sql("SELECT state FROM job WHERE id = ?", of or job(home))[0][0])


def ledger(home: Wecrm, *columns: str) -> list[tuple]:
    """Our attempts, oldest first."""
    return home.sql(f"SELECT {', '.join(columns or ('object_id', 'status'))} FROM transfer ORDER BY id")


def followers(home: Wecrm) -> dict[str, set[str]]:
    """Who really has each customer."""
    found: dict[str, set[str]] = defaultdict(set)
    with home.world() as world:
        for relation in control.truth(world):
            found[relation.external_userid].add(relation.userid)
    return found


def attempts(home: Wecrm, taker: str = "") -> dict[str, list[int]]:
    """How every attempt really ended or stands, by customer, oldest first."""
    found: dict[str, list[int]] = defaultdict(list)
    with home.world() as world:
        for one in control.transfers(world):
            if not taker or one.takeover_userid == taker:
                found[one.external_userid].append(one.status)
    return found


def last_call(home: Wecrm) -> int:
    with home.world() as world:
        return max((call.id for call in control.calls(world)), default=0)


def calls(home: Wecrm, after: int = 0) -> Counter[str]:
    """Calls since then, by the end of their path."""
    with home.world() as world:
        return Counter(
            call.path.removeprefix("/cgi-bin/externalcontact/") for call in control.calls(world, after=after)
        )


def submissions(home: Wecrm) -> dict[Wish, list[tuple[int, float]]]:
    """(former member, customer, taker) → (number of the call, time) of every call that asked for it."""
    found: dict[Wish, list[tuple[int, float]]] = defaultdict(list)
    with home.world() as world:
        for call in control.calls(world, path="/transfer_customer"):
            if call.errcode in (None, 0):
                body = json.loads(call.body)
                for external in body["external_userid"]:
                    found[body["handover_userid"], external, body["takeover_userid"]].append((call.id, call.at))
    return found


def sent_again_blindly(home: Wecrm) -> list[Wish]:
    """Customers submitted to the same taker again although no reading in between showed that they are not moving."""
    with home.world() as world:
        readings: dict[tuple[str, str], list[tuple[int, float]]] = defaultdict(list)
        for call in control.calls(world, path="/transfer_result"):
            if call.errcode == 0:
                body = json.loads(call.body)
                readings[body["handover_userid"], body["takeover_userid"]].append((call.id, call.at))
        under_way: dict[Wish, list[tuple[float, float]]] = defaultdict(list)
        for one in control.transfers(world):
            key = one.handover_userid, one.external_userid, one.takeover_userid
            under_way[key].append((one.started, float("inf") if one.ended is None else one.ended))
    found = []
    for wish, sent in submissions(home).items():
        for (before, _at), (again, _later) in pairwise(sent):
            between = [at for n, at in readings[wish[0], wish[2]] if before < n < again]
            if not any(all(not began <= at < ended for began, ended in under_way[wish]) for at in between):
                found.append(wish)
    return found


def refuse(home: Wecrm, externals: Sequence[str], *, refuses: bool = True, after_s: float = 3600.0) -> None:
    """These customers say no to every transfer, or to none any more."""
    with home.world() as world:
        for external in externals:
            control.customer_refuses(world, external, refuses=refuses, after_s=after_s)


def console_moves(home: Wecrm, former: str, externals: Sequence[str], taker: str) -> None:
    """Somebody starts a transfer of these customers without wecrm."""
    with home.world() as world:
        asked = Office(world).ec(
            "transfer_customer", handover_userid=former, takeover_userid=taker, external_userid=list(externals)
        )
    assert {row["errcode"] for row in asked["customer"]} == {0}


def owns(home: Wecrm, userid: str, chats: Sequence[str] | int) -> None:
    """Make that member the owner of these groups, or of so many."""
    with home.world() as world, world.writing() as db:
        number = db.execute("SELECT id FROM member WHERE userid = ?", (userid,)).fetchone()[0]
        if isinstance(chats, int):
            chats = [chat for (chat,) in db.execute("SELECT chat_id FROM chat ORDER BY id LIMIT ?", (chats,))]
        db.executemany(
            "UPDATE chat SET owner = ?, head = json_set(head, '$.owner', ?) WHERE chat_id = ?",
            [(number, userid, chat) for chat in chats],
        )


def owners(home: Wecrm) -> dict[str, str]:
    """Who really owns each group."""
    with home.world() as world:
        rows = world.db.connection.execute("SELECT chat_id, userid FROM chat JOIN member m ON m.id = owner").fetchall()
    return dict(rows)
