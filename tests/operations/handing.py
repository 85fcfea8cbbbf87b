"""Customers on their way to another member, with what is remembered of them."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.conftest import Wecrm
from wecrm.api import transfers as api
from wecrm.cli.globals import Globals
from wecrm.cli.session import Session
from wecrm.models.memory import Kept
from wecrm.models.plan import Change, Outcome, PlanHeader
from wecrm.models.transfer import Kind
from wecrm.operations import memory
from wecrm.sandbox import control
from wecrm.store import jobs, memories
from wecrm.store.jobs import NewRow

JOB = "transfers-1122-000001"
DAY_S = 24 * 3600
Pair = tuple[str, str]


@contextmanager
def session(home: Wecrm) -> Iterator[Session]:
    options = Globals(profile="sandbox", environ={"WECRM_HOME": str(home.home)})
    opened = Session(options, None, io.StringIO(), io.StringIO(), lambda: None)
    try:
        yield opened
    finally:
        opened.close()


def truth(home: Wecrm) -> dict[Pair, control.Relation]:
    with home.world() as world:
        return {(r.userid, r.external_userid): r for r in control.truth(world)}


def pair(home: Wecrm) -> Pair:
    """A member with customers, and one who can take them."""
    found = home.sql(
        "SELECT m.userid FROM member m JOIN relation r ON r.userid = m.userid AND r.status = 'active' "
        "WHERE m.status = 1 AND m.follows GROUP BY 1 HAVING count(*) BETWEEN 20 AND 200 ORDER BY count(*) DESC, 1"
    )
    return found[0][0], found[1][0]


def customers(home: Wecrm, former: str, taker: str, count: int) -> list[str]:
    """So many customers of the former member whom the taker does not know, on both of whose sides nothing is odd."""
    known = {external for userid, external in truth(home) if userid == taker}
    own = sorted(r.external_userid for r in truth(home).values() if r.userid == former and not r.one_way)
    return [external for external in own if external not in known][:count]


def described(home: Wecrm, former: str, externals: Sequence[str]) -> None:
    """The former member wrote everything down that there is room for."""
    rows = [
        (
            former,
            external,
            f"老客户{n}",
            f"喜欢茶 {n}",
            "" if external.startswith("wo") else f"公司{n}",
            f"138000{n:05d};139000{n:05d}",
        )
        for n, external in enumerate(externals)
    ]
    file = home.csv("own.csv", "userid,external_userid,remark,description,company,mobiles", rows)
    result = home("contacts", "remark", str(file), "--yes")
    assert result.code in (0, 3), result.err
    assert home("sync", "contacts").code == 0


def plan(former: str, taker: str, externals: Sequence[str], kind: Kind = "onjob") -> list[Change]:
    return [
        Change(
            f"t{n}",
            0,
            "transfer.customer",
            {"kind": kind, "handover": former, "takeover": taker, "external_userid": external},
            {"owner": former},
            {"owner": taker},
        )
        for n, external in enumerate(externals, 1)
    ]


def transferred(
    home: Wecrm, former: str, taker: str, externals: Sequence[str], kind: Kind = "onjob", *, detailed: int = 1000
) -> list[Kept]:
    """Keep the memories, transfer, let a day pass, and have the journal say that it was verified."""
    changes = plan(former, taker, externals, kind)
    header = PlanHeader(
        1, JOB, "transfers", "", "wwsandbox00000001", "sandbox", 0, 0, "", "", len(changes), 0, {}, {}, (), {}, 0, 0.0
    )
    with session(home) as s:
        jobs.create(s.store, header, [NewRow(change, former) for change in changes], "", s.clock.now())
        assert memory.snapshot(s.work, JOB, changes, detailed=detailed) == len(externals)
        for start in range(0, len(externals), api.BATCH):
            answers = api.submit(s.client, kind, former, taker, externals[start : start + api.BATCH])
            assert {answer.errcode for answer in answers} == {0}
        control.advance(s.world, DAY_S + 60)
        outcomes = [(n, change, Outcome("verified")) for n, change in enumerate(changes, 1)]
        jobs.record(s.store, JOB, outcomes)
        jobs.set_state(s.store, JOB, "done", s.clock.now())
        return list(memories.of_job(s.store, JOB))
