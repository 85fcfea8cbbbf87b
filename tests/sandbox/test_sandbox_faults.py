"""Faults: what goes wrong, when, and how often."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from wecrm.sandbox import control
from wecrm.sandbox.app import SlowAnswer
from wecrm.sandbox.faults import KINDS
from wecrm.sandbox.world import World


def who(office: Any) -> dict[str, str]:
    relation = next(r for r in control.truth(office.world) if not r.tag_ids)
    return {"userid": relation.userid, "external_userid": relation.external_userid}


def tags_of(office: Any, key: dict[str, str]) -> tuple[str, ...]:
    return next(
        r.tag_ids
        for r in control.truth(office.world)
        if (r.userid, r.external_userid) == (key["userid"], key["external_userid"])
    )


@pytest.mark.parametrize("kind", ["-1", "45009", "45033", "42001", "40014"])
def test_an_errcode_strikes_before_the_effect(office: Any, kind: str) -> None:
    key, tag = who(office), office.tag("English")
    control.add_fault(office.world, kind=kind, path="mark_tag")
    assert office.ec("mark_tag", **key, add_tag=[tag])["errcode"] == int(kind)
    assert tags_of(office, key) == ()
    call = office.last()
    assert (call.errcode, call.applied, call.fault) == (int(kind), False, f"{kind} before")


@pytest.mark.parametrize("kind", ["42001", "40014"])
def test_a_token_fault_really_ends_the_token(office: Any, kind: str) -> None:
    old = office.token()
    control.add_fault(office.world, kind=kind, path="list")
    assert office.ec("get_corp_tag_list")["errcode"] == int(kind)
    assert office.ec("get_corp_tag_list")["errcode"] == 40014
    office.tokens.clear()
    assert office.token() != old
    assert office.ec("get_corp_tag_list")["errcode"] == 0


def test_an_errcode_may_also_lie_about_what_was_done(office: Any) -> None:
    key, tag = who(office), office.tag("English")
    control.add_fault(office.world, kind="-1", when="after", path="mark_tag")
    assert office.ec("mark_tag", **key, add_tag=[tag])["errcode"] == -1
    assert tags_of(office, key) == (tag,)
    assert office.last().applied


@pytest.mark.parametrize("kind", ["http502", "cut", "garbage", "wrong_type"])
@pytest.mark.parametrize("when", ["", "before", "after"])
def test_a_body_is_spoilt_after_the_effect_unless_told(office: Any, kind: str, when: str) -> None:
    key, tag = who(office), office.tag("English")
    control.add_fault(office.world, kind=kind, when=when, path="mark_tag")
    answer = office.raw("externalcontact/mark_tag", json={**key, "add_tag": [tag]})
    assert answer.status_code == (502 if kind == "http502" else 200)
    if kind == "wrong_type":
        assert answer.json() == []
    else:
        with pytest.raises(ValueError):
            json.loads(answer.content)
    assert tags_of(office, key) == (() if when == "before" else (tag,))


def test_a_wrong_type_takes_the_place_of_the_first_field(office: Any) -> None:
    office.token()
    control.add_fault(office.world, kind="wrong_type", times=3)
    assert office.ec("get_corp_tag_list")["tag_group"] == {}
    assert office.ec("add_corp_tag", group_name="g", tag=[{"name": "a"}])["tag_group"] == []
    assert office.get("externalcontact/get_follow_user_list")["follow_user"] == {}


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_connection_closes_before_or_after_the_effect(office: Any, when: str) -> None:
    key, tag = who(office), office.tag("English")
    control.add_fault(office.world, kind="close", when=when, path="mark_tag")
    with pytest.raises(ConnectionError):
        office.ec("mark_tag", **key, add_tag=[tag])
    assert tags_of(office, key) == ((tag,) if when == "after" else ())
    call = office.last()
    assert (call.errcode, call.applied, call.fault) == (None, when == "after", f"close {when}")


def test_a_slow_answer_moves_the_worlds_time_and_never_arrives(office: Any) -> None:
    key, tag = who(office), office.tag("English")
    control.add_fault(office.world, kind="slow", path="mark_tag", seconds=90)
    before = office.world.now()
    with pytest.raises(SlowAnswer) as caught:
        office.ec("mark_tag", **key, add_tag=[tag])
    assert isinstance(caught.value, ConnectionError)
    assert isinstance(caught.value, TimeoutError)
    assert office.world.now() == pytest.approx(before + 90.005, abs=1e-3)
    assert tags_of(office, key) == (tag,)


def test_a_fault_strikes_the_next_calls_of_one_path(office: Any) -> None:
    control.add_fault(office.world, kind="-1", path="get_corp_tag_list", times=2)
    assert office.get("externalcontact/get_follow_user_list")["errcode"] == 0
    assert [office.ec("get_corp_tag_list")["errcode"] for _ in range(3)] == [-1, -1, 0]


@pytest.mark.parametrize(("how", "struck"), [({"times": 1}, [0, 0, -1, 0]), ({"share": 1.0}, [0, 0, -1, -1])])
def test_calls_that_are_skipped_go_well_first(office: Any, how: dict[str, Any], struck: list[int]) -> None:
    control.add_fault(office.world, kind="-1", path="get_corp_tag_list", skip=2, **how)
    assert office.get("externalcontact/get_follow_user_list")["errcode"] == 0  # another path counts for nothing
    assert [office.ec("get_corp_tag_list")["errcode"] for _ in range(4)] == struck
    with pytest.raises(ValueError, match="skip"):
        control.add_fault(office.world, kind="-1", skip=-1)


def test_pages_may_be_small_and_leave_nothing_out(office: Any) -> None:
    def pages() -> list[list[str]]:
        found, cursor = [], ""
        while True:
            page = office.post("user/list_id", app="directory", cursor=cursor, limit=10_000)
            found.append([row["userid"] for row in page["dept_user"]])
            if not (cursor := page.get("next_cursor", "")):
                return found

    (whole,) = pages()
    control.set_limits(office.world, page_rows=4)
    small = pages()
    assert {len(page) for page in small[:-1]} == {4}
    assert [userid for page in small for userid in page] == whole


def test_a_fault_without_a_path_strikes_gettoken_too(office: Any) -> None:
    control.add_fault(office.world, kind="-1")
    assert office.gettoken()["errcode"] == -1
    assert office.gettoken()["errcode"] == 0


def test_a_share_is_drawn_from_its_seed_and_nothing_else(office: Any) -> None:
    def run(seed: int) -> list[int]:
        control.clear_faults(office.world)
        control.add_fault(office.world, kind="-1", path="get_corp_tag_list", share=0.3, seed=seed)
        return [office.ec("get_corp_tag_list")["errcode"] for _ in range(200)]

    first = run(5)
    office.get("externalcontact/get_follow_user_list")
    assert run(5) == first
    assert run(6) != first
    assert 35 < first.count(-1) < 85


def test_the_first_fault_wins_and_all_can_be_cleared(office: Any) -> None:
    office.token()
    control.add_fault(office.world, kind="45009", times=1)
    control.add_fault(office.world, kind="-1", times=5)
    assert [office.ec("get_corp_tag_list")["errcode"] for _ in range(2)] == [45009, -1]
    control.clear_faults(office.world)
    assert office.ec("get_corp_tag_list")["errcode"] == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "nonsense"},
        {"kind": "-1", "when": "never"},
        {"kind": "-1", "share": 2},
        {"kind": "redirect"},
        {"kind": "-1", "path": "wwpic"},
    ],
)
def test_a_senseless_fault_is_a_value_error(office: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        control.add_fault(office.world, **wrong)


def test_pictures_meet_the_faults_that_name_them_and_no_others(office: Any) -> None:
    office.token()
    url = next(code.url for code in control.code_truth(office.world) if code.kind != "link" and code.url)
    good = office.http.get(url).content
    control.add_fault(office.world, kind="close", times=2)
    assert office.http.get(url).content == good
    control.add_fault(office.world, kind="http404", path="wwpic", skip=1)
    with pytest.raises(ConnectionResetError):
        office.ec("get_corp_tag_list")
    assert [office.http.get(url).status_code for _ in range(3)] == [200, 404, 200]
    control.add_fault(office.world, kind="redirect", path="wwpic")
    led = office.http.get(url)
    assert (led.status_code, led.content) == (302, b"")
    assert office.http.get(led.headers["location"]).content not in (good, b"")
    for kind, size in (("large", 4_000_000 + len(good)), ("cut", len(good) // 2), ("wrong_type", 2)):
        control.add_fault(office.world, kind=kind, path="wwpic")
        assert len(office.http.get(url).content) == size


def test_faults_stand_in_the_world_file_for_every_process(office: Any) -> None:
    office.token()
    other = World.open(office.world.db.path)
    control.add_fault(other, kind="-1")
    other.close()
    assert office.ec("get_corp_tag_list")["errcode"] == -1


VICTIM = """
import sys
from pathlib import Path
import httpx
from wecrm.sandbox.app import wsgi
from wecrm.sandbox.world import World

world = World.open(Path(sys.argv[1]))
http = httpx.Client(transport=httpx.WSGITransport(app=wsgi(world)), base_url="https://x")
secret = {"corpid": "wwsandbox00000001", "corpsecret": "sandbox-contact-secret"}
token = http.get("/cgi-bin/gettoken", params=secret).json()["access_token"]
body = {"userid": sys.argv[2], "external_userid": sys.argv[3], "add_tag": [sys.argv[4]]}
http.post("/cgi-bin/externalcontact/mark_tag", params={"access_token": token}, json=body)
print("alive")
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_kill_ends_the_calling_process_before_or_after_the_effect(office: Any, tmp_path: Path, when: str) -> None:
    key, tag = who(office), office.tag("English")
    control.add_fault(office.world, kind="kill", when=when, path="mark_tag")
    script = tmp_path / "victim.py"
    script.write_text(VICTIM)
    done = subprocess.run(
        [sys.executable, script, office.world.db.path, key["userid"], key["external_userid"], tag],
        env={"PYTHONPATH": str(Path(control.__file__).parents[2])},
        capture_output=True,
        check=False,
    )
    assert done.returncode == -9, done.stderr
    assert b"alive" not in done.stdout
    assert tags_of(office, key) == ((tag,) if when == "after" else ())
    call = office.last()
    assert (call.path[-8:], call.applied, call.fault) == ("mark_tag", when == "after", f"kill {when}")


def test_every_kind_of_fault_is_known_to_the_documentation() -> None:
    for kind in KINDS:
        assert kind in (control.add_fault.__doc__ or "")
