"""Customers who scan codes, the codes a new world has, and what they really are."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from wecrm.sandbox import control
from wecrm.sandbox.world import World


def way(office: Any, count: int = 3, **fields: Any) -> tuple[str, list[str]]:
    """A fresh contact way and its members."""
    sql = "SELECT userid FROM member WHERE status = 1 AND follows AND left_at IS NULL ORDER BY id LIMIT ?"
    users = [row[0] for row in office.world.db.connection.execute(sql, (count,))]
    answer = office.ec("add_contact_way", **{"type": 2, "scene": 2, "user": users, "state": "scan-me", **fields})
    return answer["config_id"], users


def came(office: Any, code: str) -> list[control.Relation]:
    pairs = {(one.userid, one.external_userid) for one in control.came(office.world, code)}
    return [r for r in control.truth(office.world) if (r.userid, r.external_userid) in pairs]


def test_scans_bring_customers_to_all_members_in_turn(office: Any) -> None:
    code, users = way(office)
    before = len(list(control.truth(office.world)))
    start = int(office.world.now())
    done = control.scan(office.world, code, 100, over_s=1000)
    assert (done.scans, done.added, done.failed) == (100, 100, 0)
    assert sorted(done.members.values()) == [33, 33, 34]
    assert len(list(control.truth(office.world))) == before + 100
    relations = came(office, code)
    assert Counter(r.userid for r in relations) == done.members
    assert {(r.add_way, r.state) for r in relations} == {(1, "scan-me")}
    assert sorted(r.createtime for r in relations) == [start + 10 * n for n in range(100)]
    assert office.world.now() == pytest.approx(start + 1000, abs=1)
    ones = [next(iter(control.scan(office.world, code).members)) for _ in users]
    assert sorted(ones) == sorted(users)  # whose turn it is goes on from scan to scan


def test_the_api_shows_whom_a_scan_brought(office: Any) -> None:
    code, _ = way(office, 1)
    control.scan(office.world, code, known=0)
    (one,) = control.came(office.world, code)
    answer = office.get("externalcontact/get", external_userid=one.external_userid)
    (follow,) = answer["follow_user"]
    assert (follow["state"], follow["oper_userid"], follow["tags"]) == ("scan-me", one.external_userid, [])
    assert one.external_userid in office.get("externalcontact/list", userid=one.userid)["external_userid"]


def test_some_of_those_who_scan_were_customers_before(office: Any) -> None:
    code, users = way(office)
    known = {r.external_userid for r in control.truth(office.world)}
    own = {r.external_userid for r in control.truth(office.world) if r.userid in users}
    done = control.scan(office.world, code, 200, known=0.3)
    people = [one.external_userid for one in control.came(office.world, code)]
    assert len(set(people)) == 200
    assert len(known.intersection(people)) == done.known
    assert 30 < done.known < 90
    assert own.isdisjoint(people)


def test_equal_worlds_scan_equally(template: Path, tmp_path: Path) -> None:
    results = []
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(template.read_bytes())
        with World.open(tmp_path / name) as world:
            code = next(code.id for code in control.code_truth(world) if code.usable)
            control.scan(world, code, 50)
            results.append([(one.userid, one.external_userid) for one in control.came(world, code)])
    assert results[0] == results[1]


def test_members_who_cannot_serve_get_nobody(office: Any) -> None:
    code, (gone, off, left) = way(office)
    control.delete_member(office.world, gone)
    control.set_customer_contact(office.world, off, False)
    assert control.scan(office.world, code, 6).members == {left: 6}
    control.delete_member(office.world, left)
    done = control.scan(office.world, code, 6)
    assert (done.added, done.failed, done.why) == (0, 6, "no usable member")


def test_a_member_with_too_many_customers_gets_no_more(office: Any) -> None:
    code, users = way(office)
    has = Counter(r.userid for r in control.truth(office.world))
    most = max(has[user] for user in users) + 4
    control.set_limits(office.world, customers=most)
    done = control.scan(office.world, code, 3 * most)
    assert done.members == {user: most - has[user] for user in users}
    assert done.failed == 3 * most - done.added
    assert control.scan(office.world, code).failed == 1


def test_a_department_serves_with_all_its_members(office: Any) -> None:
    sql = "SELECT userid FROM member WHERE status = 1 AND follows AND departments LIKE '[3%'"
    team = {row[0] for row in office.world.db.connection.execute(sql)}
    code, _ = way(office, user=[], party=[3])
    assert len(team) > 2
    assert set(control.scan(office.world, code, 50).members) == team


def test_an_exclusive_way_leads_a_company_to_one_member(office: Any) -> None:
    code, users = way(office, 5, is_exclusive=True)  # every twelfth customer is of a company
    control.scan(office.world, code, 300, known=0)
    rows = office.world.db.connection.execute(
        "SELECT json_extract(c.detail, '$.corp_name'), count(DISTINCT a.member) FROM arrival a"
        " JOIN contact c ON c.id = a.contact JOIN live_code l ON l.n = a.code WHERE l.id = ? GROUP BY 1",
        (code,),
    ).fetchall()
    firms = {firm: count for firm, count in rows if firm}
    assert len(firms) > 3
    assert set(firms.values()) == {1}
    assert dict(rows)[None] == len(users)


def test_a_code_is_named_by_its_id_or_by_a_state_that_it_alone_has(office: Any) -> None:
    code, _ = way(office)
    assert control.scan(office.world, "scan-me").code == code
    way(office)
    with pytest.raises(ValueError, match="2 codes have the state scan-me"):
        control.scan(office.world, "scan-me")
    for name in ("nothing", ""):
        with pytest.raises(ValueError, match="no live code"):
            control.scan(office.world, name)
    office.ec("del_contact_way", config_id=code)
    with pytest.raises(ValueError, match="was deleted"):
        control.scan(office.world, code)
    assert control.scan(office.world, "scan-me").code != code


def test_scans_that_make_no_sense_are_refused(office: Any) -> None:
    code, _ = way(office)
    for wrong in ({"count": 0}, {"over_s": -1}, {"known": 2}, {"channel": "x"}):
        with pytest.raises(ValueError, match=r"count|channel"):
            control.scan(office.world, code, **wrong)


def test_the_truth_about_codes_tells_what_the_api_does_not(office: Any) -> None:
    code, users = way(office)
    control.scan(office.world, code, 5)
    control.delete_member(office.world, users[0])

    def truth() -> control.CodeTruth:
        return next(one for one in control.code_truth(office.world) if one.id == code)

    shown = office.ec("get_contact_way", config_id=code)["contact_way"]
    assert truth().fields == {k: v for k, v in shown.items() if k not in ("config_id", "qr_code")}
    assert truth().usable == tuple(users[1:])
    assert (truth().scans, truth().added, truth().owner, truth().url) == (5, 5, "contact", shown["qr_code"])
    office.ec("del_contact_way", config_id=code)
    assert truth().deleted


def test_scans_go_over_http_too(office: Any) -> None:
    code, _ = way(office)
    answer = office.http.post("/_sandbox/scan", json={"code": code, "count": 3}).json()
    assert answer["ok"]
    assert answer["result"]["added"] == 3
    listed = office.http.post("/_sandbox/code_truth", json={}).json()["result"]
    assert next(one for one in listed if one["id"] == code)["scans"] == 3
    assert office.http.post("/_sandbox/scan", json={"code": "none"}).status_code == 400


# -- the codes of a new world


def test_a_new_world_has_codes_in_order_and_codes_for_an_audit(template: Path) -> None:
    with World.open(template) as world:
        codes = list(control.code_truth(world))
        states = {r.state for r in control.truth(world)}
    assert Counter(code.kind for code in codes) == {"contact": 6, "link": 2, "group": 1}
    assert all(code.state in states for code in codes)  # the channels of the relations; "" is one of them
    ways = [code for code in codes if code.kind == "contact"]
    assert [code.state for code in ways].count("") == 1
    assert [way.fields["type"] for way in ways].count(1) == 2
    assert [way.fields["party"] != [] for way in ways].count(True) == 1
    assert [bool(way.usable) for way in ways].count(False) == 1
    partly = [way for way in ways if 0 < len(way.usable) < len(way.fields["user"])]
    assert len(partly) == 1


def test_more_relations_mean_more_codes_and_no_members_none(tmp_path: Path) -> None:
    with World.create(tmp_path / "a", members=40, contacts=20_000) as world:
        assert Counter(code.kind for code in control.code_truth(world)) == {"contact": 14, "link": 2, "group": 1}
    with World.create(tmp_path / "b", members=1, contacts=0) as world:
        assert all(code.kind == "contact" or code.added == 0 for code in control.code_truth(world))


def test_the_customers_of_a_seeded_link_are_relations_that_came_by_a_link(tmp_path: Path) -> None:
    with World.create(tmp_path / "a", members=40, contacts=5_000) as world:
        relations = {(r.userid, r.external_userid): r for r in control.truth(world)}
        links = [code for code in control.code_truth(world) if code.kind == "link"]
        for link in links:
            people = list(control.came(world, link.id))
            assert len(people) == link.added
            for one in people:
                relation = relations[one.userid, one.external_userid]
                assert (relation.add_way, relation.state, relation.createtime) == (16, one.state, one.at)
        assert sum(link.added for link in links) > 10


@pytest.mark.parametrize("count", [500, pytest.param(5_000, marks=pytest.mark.long)])
def test_many_scans_are_one_transaction(office: Any, count: int) -> None:
    code, _ = way(office)
    begins: list[str] = []
    office.world.db.connection.set_trace_callback(lambda sql: begins.append(sql) if "BEGIN" in sql else None)
    assert control.scan(office.world, code, count, over_s=3600).added == count
    assert len(begins) == 1
