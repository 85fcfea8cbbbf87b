"""Every fault of the sandbox in a share of the calls: a sync and an apply end correct all the same."""

import pytest

from tests.acceptance import facts
from tests.conftest import Wecrm
from wecrm.sandbox import control
from wecrm.sandbox.faults import KINDS

SHARE = 0.05  # five times what must be survived, so that a small corp meets it often enough
FAULTS = [
    (kind, when)
    for kind in KINDS
    if kind != "kill"  # test_crashes.py
    for when in (("before", "after") if kind in ("close", "http502", "cut", "garbage", "slow") else ("",))
]


def inject(home: Wecrm, kind: str, when: str) -> None:
    with home.world() as world:
        control.add_fault(world, kind=kind, share=SHARE, seed=11, when=when)


@pytest.mark.parametrize(("kind", "when"), FAULTS)
def test_a_sync_and_an_apply_survive(wecrm: Wecrm, kind: str, when: str) -> None:
    home = wecrm
    inject(home, kind, when)
    allowed = (3, 5, 4) if kind in ("40014", "42001") else (3, 5)  # a new token refused at once is not asked for again
    for _try in range(5):
        result = home("sync")
        if result.code == 0:
            break
        assert result.code in allowed, result.err
    assert facts.cached(home) == facts.truth(home)
    assert home.sql("SELECT count(*) FROM relation WHERE status <> 'active'") == [(0,)]

    before = facts.truth(home)
    keys = facts.relations(home, 200, lacking=facts.tag(home, "客户等级", "VIP"))
    plan = str(home.home / "vip.plan")
    assert home("tags", "plan", facts.keys_csv(home, "vip.csv", keys), "--add", "VIP", "-o", plan).code == 0
    for _try in range(5):
        result = home("apply", plan, "--yes")
        if result.code == 0:
            break
        assert result.code in allowed, result.err
    assert result.code == 0, result.err
    tag = facts.tag(home, "客户等级", "VIP")
    assert facts.truth(home) == {key: tags | ({tag} if key in set(keys) else set()) for key, tags in before.items()}
    assert set(facts.statuses(home)) == {"ok"}
    assert set(facts.applied_marks(home).values()) == {1}
    assert facts.faults_met(home).total() > 5


def test_a_department_taken_out_of_view_loses_no_relation(synced: Wecrm) -> None:
    home = synced
    departments = [d for (d,) in home.sql("SELECT id FROM department ORDER BY id")]
    busiest = home.sql(
        "SELECT md.department FROM member_department md JOIN relation r ON r.userid = md.userid "
        "WHERE md.department <> 1 GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
    )[0][0]
    seen = facts.cached(home)
    with home.world() as world:
        parents = dict(home.sql("SELECT id, parentid FROM department"))
        hidden = {d for d in departments if d in (1, busiest) or d in _ancestors(busiest, parents)}
        control.set_visible_range(world, "contact", [d for d in departments if d not in hidden])
    result = home("sync", "contacts")
    assert result.code == 7, result.err
    assert home.sql("SELECT count(*) FROM relation WHERE status IN ('lost', 'transferred')") == [(0,)]
    out = home.sql("SELECT count(*) FROM relation WHERE status = 'out_of_sight'")[0][0]
    assert out > 0
    with home.world() as world:
        control.set_visible_range(world, "contact", None)
    assert home("sync", "contacts").code == 0
    assert facts.cached(home) == seen


def _ancestors(department: int, parents: dict[int, int]) -> set[int]:
    found = set()
    while department in parents:
        department = parents[department]
        found.add(department)
    return found


def test_a_customer_who_is_gone_is_lost_and_comes_back_active(synced: Wecrm) -> None:
    home = synced
    userid = home.sql(
        "SELECT userid FROM relation WHERE status = 'active' GROUP BY userid HAVING count(*) > 30 LIMIT 1"
    )[0][0]
    key = home.sql("SELECT userid, external_userid FROM relation WHERE userid = ? LIMIT 1", userid)[0]
    with home.world() as world:
        control.delete_relation(world, *key)
    assert home("sync", "contacts").code == 0
    status = "SELECT status FROM relation WHERE userid = ? AND external_userid = ?"
    assert home.sql(status, *key) == [("lost",)]
    history = home.sql(
        "SELECT old, new FROM history WHERE userid = ? AND external_userid = ? AND field = 'status'", *key
    )
    assert history == [(None, "active"), ("active", "lost")]


def test_a_member_who_loses_a_third_at_once_is_out_of_sight_unless_allowed(synced: Wecrm) -> None:
    home = synced
    userid, count = home.sql(
        "SELECT userid, count(*) FROM relation WHERE status = 'active' GROUP BY userid HAVING count(*) > 30 LIMIT 1"
    )[0]
    gone = home.sql("SELECT external_userid FROM relation WHERE userid = ? LIMIT ?", userid, count // 3 + 1)
    with home.world() as world:
        for (external,) in gone:
            control.delete_relation(world, userid, external)
    result = home("sync", "contacts")
    assert result.code == 7
    assert userid in result.err
    statuses = "SELECT status, count(*) FROM relation WHERE userid = ? AND status <> 'active' GROUP BY 1"
    assert home.sql(statuses, userid) == [("out_of_sight", len(gone))]


def test_what_wecom_leaves_out_never_wipes_what_is_known(synced: Wecrm) -> None:
    home = synced
    external, unionid = home.sql("SELECT external_userid, unionid FROM contact WHERE unionid IS NOT NULL LIMIT 1")[0]
    relation = home.sql("SELECT id FROM relation WHERE external_userid = ? LIMIT 1", external)[0][0]
    import sqlite3

    db = sqlite3.connect(home.database)
    db.execute("INSERT INTO relation_personal_tag VALUES (?, '个人', '老友')", (relation,))
    db.execute("UPDATE contact SET raw = NULL")
    db.execute("UPDATE relation SET raw = NULL")
    db.commit()
    db.close()
    assert home("sync", "contacts").code == 0
    assert home.sql("SELECT unionid FROM contact WHERE external_userid = ?", external) == [(unionid,)]
    assert home.sql("SELECT tag_name FROM relation_personal_tag WHERE relation_id = ?", relation) == [("老友",)]
