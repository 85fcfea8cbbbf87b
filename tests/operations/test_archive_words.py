"""Sensitive words through the front door: found while pulling, scanned later, listed, told of once."""

import json
import random
import sqlite3
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Result, Wecrm
from wecrm.models.wordrules import WordRule
from wecrm.sandbox import control
from wecrm.sandbox.archive import console
from wecrm.store.archive.tokens import folded
from wecrm.store.archive.words import Finder

CORP = "wwsandbox00000001"
RULES = [
    {"name": "refund", "level": "warn", "words": ["退款", "REFUND"], "owner": "boss", "who": "contact"},
    {"name": "price", "level": "info", "words": ["价格", "多少钱"], "who": "member", "types": ["text"]},
    {"name": "number", "level": "severe", "regex": [r"\d{4,}"], "owner": "boss"},
]


@pytest.fixture
def corp(wecrm: Wecrm) -> Wecrm:
    """A home whose profile names a file of rules; its owner is somebody of the corp."""
    with wecrm.world() as world:
        console.archive_messages(world, 1500)
        members = [row[0] for row in world.db.connection.execute("SELECT userid FROM member WHERE follows ORDER BY id")]
    (wecrm.home / "boss").write_text(members[0], encoding="utf-8")
    profile = {"corp_id": CORP, "archive": {"words": str(wecrm.home / "words.yaml")}}
    config = {"profiles": {"sandbox": profile}}
    (wecrm.home / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    rules(wecrm, RULES)
    return wecrm


def boss(wecrm: Wecrm) -> str:
    return (wecrm.home / "boss").read_text(encoding="utf-8")


def rules(wecrm: Wecrm, wanted: list[dict]) -> None:
    """Write the file of rules."""
    entries = [rule | ({"owner": boss(wecrm)} if rule.get("owner") else {}) for rule in wanted]
    (wecrm.home / "words.yaml").write_text(yaml.safe_dump({"rules": entries}, allow_unicode=True), encoding="utf-8")


def sql(wecrm: Wecrm, query: str) -> list[tuple]:
    with sqlite3.connect(wecrm.home / "data" / f"{CORP}.archive.db") as db:
        return db.execute(query).fetchall()


def stored(wecrm: Wecrm) -> list[tuple]:
    return sql(wecrm, "SELECT rule, level, msgid FROM word_hit h JOIN record r ON r.id = h.record ORDER BY 1, 2, 3")


def expected(wecrm: Wecrm) -> list[tuple]:
    """The hits that a person would find in what is stored, rule by rule."""
    found = set()
    for msgid, sender, msgtype, text in sql(wecrm, "SELECT msgid, sender, msgtype, text FROM record"):
        low = text.lower()
        inside = sender.startswith(("wm", "wo"))
        if inside and ("退款" in text or "refund" in low):
            found.add(("refund", "warn", msgid))
        if not inside and not sender.startswith("wb") and msgtype == "text" and ("价格" in text or "多少钱" in text):
            found.add(("price", "info", msgid))
        digits = "".join(sign if sign.isdecimal() else " " for sign in text)
        if any(len(run) >= 4 for run in digits.split()):
            found.add(("number", "severe", msgid))
    return sorted(found)


def ok(result: Result, code: int = 0) -> Result:
    assert result.code == code, result.err
    return result


def listed(wecrm: Wecrm, *words: str) -> list[dict]:
    return json.loads(ok(wecrm("archive", "words", "hits", "--reason", "test", "-f", "json", *words)).out)


def test_hits_are_written_while_pulling_and_a_scan_finds_the_same(corp: Wecrm) -> None:
    ok(corp("archive", "pull", "--no-media"))
    hits = stored(corp)
    assert hits == expected(corp)
    assert {rule for rule, _level, _msgid in hits} == {"refund", "price", "number"}
    ok(corp("archive", "words", "scan"))
    assert stored(corp) == hits
    with sqlite3.connect(corp.home / "data" / f"{CORP}.archive.db") as db:
        db.execute("DELETE FROM word_hit")
    result = ok(corp("archive", "words", "scan"))
    assert f"{len(hits):,} new hits" in result.err
    assert stored(corp) == hits


def test_rules_that_cannot_be_read_stop_no_pull(corp: Wecrm) -> None:
    (corp.home / "words.yaml").write_text("rules: [{name: x}]", encoding="utf-8")
    result = ok(corp("archive", "pull", "--no-media", "--cron"), 3)
    assert "it needs `words` or `regex`" in result.err
    assert sql(corp, "SELECT count(*) > 1000 FROM record") == [(1,)]
    assert sql(corp, "SELECT count(*) > 100 FROM wait") == [(1,)]
    rules(corp, RULES)
    ok(corp("archive", "words", "scan"))
    assert stored(corp) == expected(corp)


def test_the_list_is_narrowed_and_every_look_is_kept(corp: Wecrm) -> None:
    ok(corp("archive", "pull", "--no-media"))
    ok(corp("sync"))
    every = listed(corp)
    assert sorted((row["rule"], row["level"], row["msgid"]) for row in every) == stored(corp)
    assert {row["level"] for row in listed(corp, "--level", "warn")} == {"warn", "severe"}
    assert {row["rule"] for row in listed(corp, "--rule", "refund")} == {"refund"}
    someone = next(row for row in every if row["rule"] == "price")
    assert someone["from_name"]
    own = listed(corp, "--from", someone["from"], "--rule", "price")
    assert 0 < len(own) < sum(row["rule"] == "price" for row in every)
    assert {row["from"] for row in own} == {someone["from"]}
    log = sql(corp, "SELECT command, reason, rows FROM access ORDER BY id")
    assert log[0] == ("archive words hits", "test", len(every))
    assert len(log) == 4
    ok(corp("archive", "words", "hits", "--detailed-exitcode", "--reason", "cron"), 10)
    ok(corp("archive", "words", "hits", "--level", "grave"), 2)


def test_owners_are_told_once_and_never_what_was_said(corp: Wecrm) -> None:
    ok(corp("archive", "pull", "--no-media"))
    before = sum(rule != "price" for rule, _level, _msgid in stored(corp))
    ok(corp("archive", "words", "notify", "--dry-run", "--yes", "--confirm", CORP))
    assert sql(corp, "SELECT count(*) FROM word_hit WHERE notified_at IS NOT NULL") == [(0,)]
    ok(corp("archive", "words", "notify", "--yes"), 7)  # a notice can't be called back
    result = ok(corp("archive", "words", "notify", "--yes", "--confirm", CORP))
    assert "without an owner" in result.err
    assert "Undo with" not in result.err
    assert sql(corp, "SELECT DISTINCT rule FROM word_hit WHERE notified_at IS NULL") == [("price",)]
    (text,) = notices(corp)
    assert f"{before:,}" in text
    assert "refund" in text
    assert not any(piece and piece in text for (piece,) in sql(corp, "SELECT text FROM record WHERE length(text) > 8"))
    found = {piece for (piece,) in sql(corp, "SELECT DISTINCT found FROM word_hit")}
    assert not any(piece in text.replace("refund", "") for piece in found - {"refund"})
    ok(corp("archive", "words", "notify", "--yes", "--confirm", CORP))
    assert len(notices(corp)) == 1
    ok(corp("archive", "words", "notify", "--to", boss(corp), "--yes", "--confirm", CORP))
    assert len(notices(corp)) == 2
    ok(corp("archive", "words", "hits", "--new", "--detailed-exitcode"))


@pytest.mark.parametrize("long", ["cut", 45002])
def test_a_notice_names_as_many_rules_as_a_message_has_room_for(corp: Wecrm, long: str | int) -> None:
    names = [f"{n:02}{'退' * 58}" for n in range(12)]
    rules(corp, [{"name": name, "level": "severe", "regex": ["."], "owner": "boss"} for name in names])
    with corp.world() as world:
        control.set_switch(world, "long_notice", long)
    ok(corp("archive", "pull", "--no-media"))
    ok(corp("archive", "words", "notify", "--yes", "--confirm", CORP))
    (text,) = notices(corp)
    assert len(text.encode()) <= 2048
    _head, *lines, more, look = text.split("\n")
    assert (more, look) == ("…", "Look: wecrm archive words hits --new --reason …")
    assert [line.split(" · ")[1] for line in lines] == names[: len(lines)]
    assert len(lines) > 7


def test_a_plan_that_is_applied_later_counts_too(corp: Wecrm) -> None:
    ok(corp("archive", "pull", "--no-media"))
    ok(corp("archive", "words", "notify", "--level", "severe", "-o", str(corp.home / "tell.plan")))
    ok(corp("apply", str(corp.home / "tell.plan"), "--yes", "--confirm", CORP))
    assert {row["rule"] for row in listed(corp, "--new")} == {"refund", "price"}


def test_check_shows_the_rules(corp: Wecrm) -> None:
    found = json.loads(ok(corp("archive", "words", "check", "-f", "json")).out)
    assert [(rule["name"], rule["words"], rule["regex"]) for rule in found] == [
        ("refund", 2, 0),
        ("price", 2, 0),
        ("number", 0, 1),
    ]
    other = corp.home / "other.yaml"
    other.write_text("rules:\n- {name: a, words: [b, c]}\n", encoding="utf-8")
    assert ok(corp("archive", "words", "check", str(other))).out.count("\n") == 2
    assert json.loads(ok(corp("archive", "words", "check", str(Path(other)), "-f", "json")).out)[0]["words"] == 2


def notices(wecrm: Wecrm) -> list[str]:
    """Texts that the app has sent to the boss."""
    with wecrm.world() as world:
        return [notice.content["content"] for notice in control.notices(world) if notice.userid == boss(wecrm)]


SIGNS = st.text(st.sampled_from("abABﬁß退款ＡＢ 私\n\x00é"), min_size=1, max_size=12)


@settings(max_examples=200, deadline=None)
@given(words=st.lists(SIGNS, min_size=1, max_size=6), text=SIGNS)
def test_a_word_is_found_where_it_stands(words: list[str], text: str) -> None:
    rules = [WordRule(f"r{n}", words=(word,)) for n, word in enumerate(words)]
    found = {rule.name for rule, _piece in Finder(rules).found(text, "ann", "text")}
    plain = folded(text)
    assert found == {f"r{n}" for n, word in enumerate(words) if (own := folded(word).strip()) and own in plain}


def test_thousands_of_words_of_overlapping_rules_all_count() -> None:
    rng = random.Random(5)
    words = ["".join(rng.choices("退款请问价格合同", k=rng.randint(2, 5))) for _n in range(4000)]
    rules = [WordRule(f"r{n}", words=tuple(words[n::40])) for n in range(40)]
    finder = Finder(rules)
    for _n in range(200):
        text = "".join(rng.choices("退款请问价格合同", k=12))
        found = {rule.name for rule, _piece in finder.found(text, "ann", "text")}
        assert found == {rule.name for rule in rules if any(word in text for word in rule.words)}
