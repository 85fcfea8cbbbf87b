"""The report on a case: its numbers are true, it tells who approved what, and no name in it is obeyed."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Wecrm
from wecrm.models.offboarding import STEPS
from wecrm.sandbox import control

DAY_S = 86400
CORP = "wwsandbox00000001"
HOSTILE = '</td><script>alert(1)</script><img src="https://x.example/a.png">\x1b[31m\u202eevil {{ 7*7 }}'
EMPTY = {"meta", "br", "rect"}


@dataclass(frozen=True)
class Before:
    """What the leaver really had."""

    userid: str
    takers: list[str]
    customers: frozenset[str]
    groups: frozenset[str]
    tags: frozenset[str]
    codes: int


def start(home: Wecrm, *words: str) -> Before:
    """A case of a member with customers, a group and a live code, some of whose customers will refuse."""
    ((userid,),) = home.sql(
        "SELECT g.owner FROM group_chat g JOIN relation r ON r.userid = g.owner JOIN live_code_member c "
        "ON c.userid = g.owner GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
    )
    takers = [
        taker
        for (taker,) in home.sql(
            "SELECT userid FROM member WHERE follows AND status = 1 AND userid <> ? ORDER BY userid LIMIT 2", userid
        )
    ]
    with home.world() as world:
        own = [one for one in control.truth(world) if one.userid == userid]
        codes = [one for one in control.code_truth(world) if userid in one.fields.get("user", ()) and not one.deleted]
        control.refusal_share(world, 0.1)
    groups = frozenset(chat for (chat,) in home.sql("SELECT chat_id FROM group_chat WHERE owner = ?", userid))
    started = home(
        *("offboard", "start", userid, "--to", ",".join(takers), "--due", "2026-11-05", "--by", "王经理"),
        *("--confirm", CORP, "--yes", *words),
    )
    assert started.code == 0, started.err
    tags = frozenset(tag for one in own for tag in one.tag_ids)
    return Before(userid, takers, frozenset(one.external_userid for one in own), groups, tags, len(codes))


def close(home: Wecrm) -> None:
    for _day in range(12):
        advanced = home("offboard", "advance", "--all")
        assert advanced.code in (0, 3), advanced.err
        if home.sql("SELECT state FROM offboarding") == [("closed",)]:
            return
        with home.world() as world:
            control.advance(world, DAY_S + 900)
    raise AssertionError("the case was not closed")


def report(home: Wecrm, case: str) -> dict[str, Any]:
    result = home("offboard", "report", case)
    assert result.code == 0, result.err
    (found,) = json.loads(result.out)
    return dict(found)


def page(home: Wecrm, case: str, *words: str) -> str:
    path = home.home / "report.html"
    result = home("offboard", "report", case, "-o", str(path), *words)
    assert result.code == 0, result.err
    return path.read_text("utf-8")


class Seen(HTMLParser):
    """The tags, attributes and text of a page, whose tags must close one another."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += attrs
        if tag not in EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in EMPTY:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_numbers_of_the_report_are_the_sandboxs_truth(synced: Wecrm) -> None:
    before = start(synced, "--then", "delete")
    close(synced)
    found = report(synced, before.userid)
    assert found["before"] == {
        "customers": len(before.customers),
        "groups": len(before.groups),
        "codes": before.codes,
        "links": 0,
        "tags": len(before.tags),
    }
    with synced.world() as world:
        truth = {(one.userid, one.external_userid) for one in control.truth(world)}
        refused = {one.external_userid for one in control.transfers(world) if one.status == 3}
    items = {item["id"]: item for item in found["items"]}
    assert set(items) == before.customers | before.groups
    verified = {id_ for id_, item in items.items() if item["outcome"] == "verified"} - before.groups
    assert all((items[id_]["takeover"], id_) in truth for id_ in verified)
    lost = {id_ for id_, item in items.items() if item["outcome"] == "lost"}
    assert lost == before.customers - verified
    assert lost
    assert lost <= refused
    assert not any((userid, id_) in truth and userid == before.userid for userid in before.takers for id_ in lost)
    assert found["after"] == {
        "customer": {"verified": len(verified), "lost": len(lost)},
        "group": {"verified": len(before.groups)},
    }
    for taker in found["takers"]:
        own = Counter(
            item["what"]
            for item in items.values()
            if item["takeover"] == taker["userid"] and item["outcome"] == "verified"
        )
        assert (taker["customers"], taker["groups"]) == (own["customer"], own["group"])
    assert found["memory"] == {"restored": len(verified)}
    assert '<td class="lost">refused after the leaver left, lost</td>' in page(synced, before.userid)


def test_who_refused_is_not_lost_while_the_leaver_is_a_member(synced: Wecrm) -> None:
    before = start(synced, "--then", "disable")
    close(synced)
    found = report(synced, before.userid)
    with synced.world() as world:
        still = {one.external_userid for one in control.truth(world) if one.userid == before.userid}
    assert {item["id"] for item in found["items"] if item["outcome"] == "refused"} == still & before.customers
    assert found["after"]["customer"]["refused"] > 0
    assert "lost" not in found["after"]["customer"]


def test_the_report_tells_who_approved_what_and_how_each_step_went(synced: Wecrm) -> None:
    before = start(synced, "--then", "delete")
    close(synced)
    found = report(synced, before.userid)
    ((digest,),) = synced.sql("SELECT digest FROM offboarding")
    assert (found["approved_by"], found["digest"]) == ("王经理", digest)
    assert found["envelope"]["takers"] == before.takers
    assert found["envelope"]["removal"] == "delete"
    assert [step["name"] for step in found["steps"]] == list(STEPS)
    steps = {step["name"]: step for step in found["steps"]}
    assert steps["customers"]["asked"]["rows"] == len(before.customers)
    assert steps["codes"]["read_back"] == {"still": []}
    assert steps["archive"]["answered"] == {"skipped": "no archive"}
    jobs = {job["id"]: job for job in found["jobs"]}
    assert {step["job"] for step in found["steps"] if step["job"]} == set(jobs)
    assert all(digest in job["approval"] and "王经理" in job["approval"] for job in jobs.values())
    assert sum(jobs[steps["customers"]["job"]]["rows"].values()) == len(before.customers)
    times = [found["created_at"], found["left_at"], found["closed_at"]]
    assert times == sorted(times)
    assert all(re.fullmatch(r"2026-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00", at) for at in times)


def test_no_name_on_the_page_is_obeyed(synced: Wecrm) -> None:
    with synced.world() as world, world.writing() as db:
        db.execute("UPDATE contact SET detail = json_set(detail, '$.name', ?)", (HOSTILE,))
        db.execute("UPDATE chat SET head = json_set(head, '$.name', ?)", (HOSTILE,))
        db.execute("UPDATE member SET name = ?", (HOSTILE,))
        world.changed()
    assert synced("sync").code == 0
    before = start(synced, "--then", "delete", "--message", "<b>再见</b>")
    close(synced)
    text = page(synced, before.userid)
    seen = Seen(text)
    assert not seen.tags.keys() & {"script", "img", "iframe", "link", "object", "a", "b>再见", "form", "base"}
    assert not [name for name, _value in seen.attributes if name.startswith("on") or name in ("src", "href", "style")]
    assert "alert(1)" in seen.text
    assert "{{ 7*7 }}" in seen.text
    assert "<b>再见</b>" in seen.text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e]", text)
    assert "default-src 'none'" in text
    assert "http" not in text.replace("https://x.example/a.png", "").replace('http-equiv="', "")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_says_in_words_what_each_step_does(synced: Wecrm, lang: str) -> None:
    before = start(synced)
    text = page(synced, before.userid, "--lang", lang)
    assert f'<html lang="{"zh" if lang == "zh" else "en"}' in text
    for n, name in enumerate(STEPS, 1):
        assert re.search(rf"<h3>{n}\. [^<]{{4,}} <small>{name}</small>", text), name


def test_a_case_that_needs_a_person_has_a_report_that_says_so(synced: Wecrm) -> None:
    before = start(synced)
    with synced.world() as world:
        for taker in before.takers:
            control.set_customer_contact(world, taker, False)
    assert synced("offboard", "advance", "--all").code == 6
    ((why,),) = synced.sql("SELECT blocked_by FROM offboarding")
    assert why
    found = report(synced, before.userid)
    assert (found["state"], found["blocked_by"]) == ("blocked", why)
    assert found["before"]["customers"] == len(before.customers)
    assert found["after"] == {"customer": {}, "group": {}}
    assert before.takers[0] in Seen(page(synced, before.userid)).text


def test_a_wrong_case_or_format_is_a_mistake_and_writes_nothing(synced: Wecrm, tmp_path: Path) -> None:
    before = start(synced)
    for case, name, told in ((f"{before.userid}x", "a.html", before.userid), (before.userid, "a.pdf", "html or json")):
        result = synced("offboard", "report", case, "-o", str(tmp_path / name))
        assert result.code == 2
        assert told in result.err
        assert not (tmp_path / name).exists()
