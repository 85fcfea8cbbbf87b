"""`wecrm sandbox`: the worlds, their time, faults and rules, and what other people do in them."""

import csv
import io
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import MEMBERS, RELATIONS, Wecrm
from wecrm.config import decode
from wecrm.sandbox import control
from wecrm.sandbox.identity import CORP_ID, SECRETS
from wecrm.sandbox.world import World


@pytest.fixture
def bare(tmp_path: Path) -> Wecrm:
    """A machine where nothing was set up, and no profile is chosen."""
    return Wecrm(tmp_path / "home", env={"WECRM_PROFILE": ""})


def first(wecrm: Wecrm) -> control.Relation:
    with wecrm.world() as world:
        return next(control.truth(world))


def again(wecrm: Wecrm, relation: control.Relation) -> control.Relation | None:
    key = relation.userid, relation.external_userid
    with wecrm.world() as world:
        return next((r for r in control.truth(world) if (r.userid, r.external_userid) == key), None)


# -- whole worlds


def test_without_a_profile_and_a_world_the_first_command_makes_one(bare: Wecrm) -> None:
    result = bare("sandbox", "calls")
    assert result.code == 0
    assert "Making a sandbox corp" in result.err
    assert (bare.home / "data" / "sandbox.world").exists()


def test_seeding_makes_a_world_of_that_size(bare: Wecrm) -> None:
    sizes = ["--members", "12", "--contacts", "90", "--groups", "3", "--seed", "5"]
    assert bare("sandbox", "seed", *sizes).code == 0  # nothing to remove, nothing to ask
    with bare.world() as world:
        assert world.seed == 5
        assert len(list(control.truth(world))) == 90
    assert bare("--profile", "sandbox", "sync").code == 0
    assert bare.sql("SELECT count(*) FROM member WHERE gone_at IS NULL") == [(12,)]
    assert bare.sql("SELECT count(*) FROM group_chat") == [(3,)]


def test_the_same_seed_makes_the_same_world_and_another_another(bare: Wecrm) -> None:
    def made(seed: str) -> list[control.Relation]:
        assert bare("sandbox", "seed", "--members", "5", "--contacts", "20", "--seed", seed, "--yes").code == 0
        with bare.world() as world:
            return list(control.truth(world))

    one = made("1")
    assert made("2") != one
    assert made("1") == one


def test_reset_begins_again_and_forgets_what_was_cached(synced: Wecrm) -> None:
    synced("sandbox", "advance", "9d")
    synced("sandbox", "switch", "strict", "true")
    with synced.world() as world:
        started = world.setting("start")
    tokens = list((synced.home / "cache" / "sandbox").glob("token-*.json"))
    assert tokens
    assert synced("sandbox", "reset", "--yes").code == 0
    assert [path for path in tokens if path.exists()] == []
    assert not synced.database.exists()
    with synced.world() as world:
        assert world.now() == started
        assert world.switch("strict") is False
        assert list(control.calls(world)) == []
        assert len(list(control.truth(world))) == RELATIONS
    assert synced("sync").code == 0
    assert synced.sql("SELECT count(*) FROM member") == [(MEMBERS,)]


def test_reset_remembers_how_big_the_world_was_made(bare: Wecrm) -> None:
    bare("sandbox", "seed", "--members", "6", "--contacts", "33", "--groups", "2", "--seed", "3")
    assert bare("sandbox", "reset", "--yes").code == 0
    with bare.world() as world:
        assert (world.seed, len(list(control.truth(world)))) == (3, 33)


@pytest.mark.parametrize("command", ["reset", "seed"])
def test_removing_the_old_sandbox_needs_an_answer(synced: Wecrm, command: str) -> None:
    before = (synced.home / "data" / "sandbox.world").read_bytes()
    result = synced("sandbox", command)
    assert result.code == 2
    assert "--yes" in result.err
    assert synced.database.exists()
    assert (synced.home / "data" / "sandbox.world").read_bytes() == before


def test_a_dry_run_removes_nothing(synced: Wecrm) -> None:
    assert synced("sandbox", "reset", "--yes", "--dry-run").code == 0
    assert synced.sql("SELECT count(*) FROM relation") == [(RELATIONS,)]


def test_a_dry_run_changes_nothing_of_a_world(synced: Wecrm, tmp_path: Path) -> None:
    with synced.world() as world:
        one = next(control.truth(world))
        before = list(world.db.connection.iterdump())
    lines = (
        ("advance", "9d"),
        ("switch", "tied_tags", "newest"),
        ("limits", "--per-minute", "1"),
        ("fault", "-1"),
        ("range", "--departments", "2"),
        ("trust", "203.0.113.7"),
        ("secret", "contact", "--disable"),
        ("edit", one.userid, one.external_userid, "--delete-by", "customer"),
        ("member", one.userid, "--delete"),
        ("refuse", one.external_userid),
        ("archive", "messages", "50"),
        ("archive", "say", one.userid, one.external_userid, "您好"),
        ("archive", "key", "rotate"),
        ("archive", "seats", "drop", one.userid),
        ("archive", "trust", "203.0.113.7"),
        ("archive", "off"),
    )
    for words in lines:
        told = synced("sandbox", *words, "--dry-run")
        assert told.code == 0, (words, told.err)
        assert "Dry run" in told.err
    made = tmp_path / "new.world"
    assert synced("sandbox", "seed", "--world", str(made), "--contacts", "10", "--dry-run").code == 0
    assert not made.exists()
    with synced.world() as world:
        assert list(world.db.connection.iterdump()) == before


def test_nothing_is_removed_but_the_sandboxs_own_files(synced: Wecrm) -> None:
    others = [
        synced.home / "config.yaml",
        synced.home / "data" / "ww0123456789abcdef.db",
        synced.home / "data" / "wwsandbox00000001.db.backup",
        synced.home / "cache" / "token-0123456789abcdef.json",
        synced.home / "cache" / "sandbox" / "notes.txt",
        synced.home / "data" / "plans" / "a.plan",
    ]
    for path in others:
        path.parent.mkdir(exist_ok=True)
        path.write_text("default_profile: ''\n")
    assert synced("sandbox", "reset", "--yes").code == 0
    assert [path for path in others if not path.exists()] == []


def test_a_sandbox_profile_of_ones_own_is_not_reset(synced: Wecrm, tmp_path: Path) -> None:
    (synced.home / "config.yaml").write_text(
        f"profiles:\n  sandbox:\n    corp_id: {CORP_ID}\n    database: {tmp_path / 'mine.db'}\n"
    )
    result = synced("sandbox", "reset", "--yes")
    assert result.code == 7
    assert synced.database.exists()


def test_a_database_of_another_corp_under_that_name_is_not_removed(wecrm: Wecrm) -> None:
    from wecrm.store.database import Store

    store = Store.open(wecrm.database)
    store.claim("ww0123456789abcdef")
    store.close()
    assert wecrm("sandbox", "reset", "--yes").code == 7
    assert wecrm.database.exists()


@pytest.mark.parametrize("name", ["data/wwsandbox00000001.db", "data/sandbox.world", "cache/sandbox"])
def test_links_are_not_followed_to_other_files(wecrm: Wecrm, tmp_path: Path, name: str) -> None:
    target = tmp_path / "elsewhere"
    if name.startswith("cache"):
        target.mkdir()
        (target / "token-1.json").write_text("{}")
    else:
        target.write_bytes(b"precious")
    link = wecrm.home / name
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(target)
    assert wecrm("sandbox", "reset", "--yes").code == 7
    assert (target / "token-1.json" if target.is_dir() else target).exists()


def test_a_damaged_sandbox_can_be_reset(synced: Wecrm) -> None:
    synced.database.write_bytes(b"no database" * 500)
    (synced.home / "data" / "sandbox.world").write_bytes(b"no world" * 500)
    refused = synced("sandbox", "calls")
    assert refused.code == 4
    assert "wecrm sandbox reset" in refused.err
    assert synced("sandbox", "reset", "--yes").code == 0
    assert synced("sync", "tags").code == 0


def test_a_sandbox_in_use_is_not_reset(synced: Wecrm) -> None:
    from wecrm.store.locks import held

    with held(synced.database, "apply"):
        assert synced("sandbox", "reset", "--yes").code == 11
    assert synced.database.exists()


def test_another_world_file_is_made_but_never_overwritten(bare: Wecrm, tmp_path: Path) -> None:
    other = tmp_path / "other.world"
    words = ["--members", "4", "--contacts", "10", "--world", str(other)]
    assert bare("sandbox", "seed", *words).code == 0
    assert not (bare.home / "data" / "sandbox.world").exists()
    assert bare("sandbox", "advance", "1h", "--world", str(other)).out.startswith("2026-11-01T10:00:00")
    content = other.read_bytes()
    assert bare("sandbox", "seed", *words, "--yes").code == 7
    assert other.read_bytes() == content


def test_a_world_file_that_is_none_is_a_mistake(bare: Wecrm, tmp_path: Path) -> None:
    assert bare("sandbox", "calls", "--world", str(tmp_path / "missing.world")).code == 2
    (tmp_path / "text.world").write_text("not a world " * 500)
    assert bare("sandbox", "calls", "--world", str(tmp_path / "text.world")).code == 2


# -- time, faults, calls


def test_time_passes_and_the_new_time_is_told(wecrm: Wecrm) -> None:
    result = wecrm("sandbox", "advance", "24h")
    assert (result.code, result.out) == (0, "2026-11-02T09:00:00+08:00\n")
    assert wecrm("sandbox", "advance", "tomorrow").code == 2


def test_a_fault_strikes_the_calls_it_names_and_is_survived(wecrm: Wecrm) -> None:
    assert wecrm("sandbox", "fault", "45033", "--path", "get_corp_tag_list", "--times", "2").code == 0
    assert wecrm("sync", "tags").code == 0
    rows = json.loads(wecrm("sandbox", "calls", "--path", "get_corp_tag_list", "-f", "json").out)
    assert [row["errcode"] for row in rows] == [45033, 45033, 0]
    assert [row["fault"] for row in rows] == ["45033 before", "45033 before", ""]


def test_faults_are_listed_and_cleared(wecrm: Wecrm) -> None:
    wecrm("sandbox", "fault", "-1")
    wecrm("sandbox", "fault", "close", "--share", "1%", "--seed", "9", "--when", "after", "--path", "mark_tag")
    rows = json.loads(wecrm("sandbox", "fault", "--list", "-f", "json").out)
    assert [(row["kind"], row["times"], row["share"], row["when"]) for row in rows] == [
        ("-1", 1, None, "before"),
        ("close", None, 0.01, "after"),
    ]
    assert wecrm("sandbox", "fault", "--clear").code == 0
    assert json.loads(wecrm("sandbox", "fault", "--list", "-f", "json").out) == []


@pytest.mark.parametrize(
    "words",
    [[], ["nonsense"], ["-1", "--clear"], ["--list", "--clear"], ["-1", "--when", "later"], ["-1", "--share", "200%"]],
)
def test_a_fault_that_makes_no_sense_is_a_mistake(wecrm: Wecrm, words: list[str]) -> None:
    assert wecrm("sandbox", "fault", *words).code == 2


def test_calls_are_rows_like_any_others(wecrm: Wecrm, tmp_path: Path) -> None:
    assert wecrm("sync", "tags").code == 0
    assert wecrm("sandbox", "calls").lines[0] == "id,at,path,app,errcode,applied,fault,notes"
    result = wecrm("sandbox", "calls", "--after", "1", "--columns", "id,path,body", "--limit", "1")
    assert result.lines == ["id,path,body", "2,/cgi-bin/externalcontact/get_corp_tag_list,{}"]
    assert wecrm("sandbox", "calls", "--columns", "?").lines[1].startswith("id,")
    whole = wecrm("sandbox", "calls", "--columns", "*").out
    assert "corpsecret=***" in whole
    assert not [secret for secret in SECRETS.values() if secret in whole]
    assert wecrm("sandbox", "calls", "-o", str(tmp_path / "calls.ndjson")).code == 0
    assert len((tmp_path / "calls.ndjson").read_text().splitlines()) == 2


# -- rules


def test_switches_are_listed_and_turned(wecrm: Wecrm) -> None:
    rows = {row["name"]: row for row in json.loads(wecrm("sandbox", "switch", "-f", "json").out)}
    assert (rows["strict"]["value"], rows["strict"]["default"]) == ("true", "false")
    assert rows["unknown_userid"]["others"] == ["40003"]
    for name, value, stored in (
        ("strict", "false", False),
        ("unknown_userid", "40003", 40003),
        ("escapes", "refuse", "refuse"),
    ):
        assert wecrm("sandbox", "switch", name, value).code == 0
        with wecrm.world() as world:
            assert world.switch(name) == stored
    (row,) = json.loads(wecrm("sandbox", "switch", "strict", "-f", "json").out)
    assert row["value"] == "false"


def test_a_switch_or_a_position_that_does_not_exist_is_a_mistake(wecrm: Wecrm) -> None:
    result = wecrm("sandbox", "switch", "strikt")
    assert result.code == 2
    assert "Did you mean strict?" in result.err
    assert wecrm("sandbox", "switch", "strict", "maybe").code == 2


def test_limits_are_shown_and_changed(wecrm: Wecrm) -> None:
    assert "per_minute,10000" in wecrm("sandbox", "limits").out
    result = wecrm("sandbox", "limits", "--per-minute", "50", "--scale", "0.5")
    assert "per_minute,50" in result.out
    with wecrm.world() as world:
        assert world.limit("per_minute") == 25


def test_pages_are_made_small(wecrm: Wecrm) -> None:
    assert wecrm("sandbox", "limits", "--page-rows", "3").code == 0
    assert wecrm("sync", "groups").code == 0
    rows = json.loads(wecrm("sandbox", "calls", "--path", "groupchat/list", "-f", "json").out)
    assert len(rows) == 4  # ten groups


def test_a_fault_lets_calls_go_well_first(wecrm: Wecrm) -> None:
    assert wecrm("sandbox", "fault", "-1", "--path", "get_corp_tag_list", "--skip", "1").code == 0
    assert wecrm("sync", "tags").code == 0
    rows = json.loads(wecrm("sandbox", "calls", "--path", "get_corp_tag_list", "-f", "json").out)
    assert [row["fault"] for row in rows] == [""]
    assert wecrm("sync", "tags").code == 0
    rows = json.loads(wecrm("sandbox", "calls", "--path", "get_corp_tag_list", "-f", "json").out)
    assert [row["fault"] for row in rows] == ["", "-1 before", ""]


def test_limits_of_live_codes_are_changed(wecrm: Wecrm) -> None:
    given = {"ways": 7, "customers": 8, "group-people": 9, "quota": 10}
    assert wecrm("sandbox", "limits", *(word for name, n in given.items() for word in (f"--{name}", str(n)))).code == 0
    with wecrm.world() as world:
        assert {name: world.limit(name.replace("-", "_")) for name in given} == given


def test_looking_at_the_limits_ends_no_block(wecrm: Wecrm) -> None:
    wecrm("sandbox", "limits", "--per-minute", "1")
    assert wecrm("sync", "tags").code == 0
    wecrm("sandbox", "limits")
    with wecrm.world() as world:
        before = world.now()
    assert wecrm("sync", "tags").code == 0
    with wecrm.world() as world:
        assert world.now() - before >= 60


def test_a_visible_range_hides_and_shows_members(wecrm: Wecrm) -> None:
    def seen() -> int:
        rows = json.loads(wecrm("doctor", "-f", "json").out)
        return int(next(row for row in rows if row["check"] == "api.contact.follow-users")["detail"].split()[0])

    everybody = seen()
    assert wecrm("sandbox", "range", "--departments", "2,3").code == 0
    assert seen() < everybody
    assert wecrm("sandbox", "range", "--secret", "contact", "--departments", "all").code == 0
    assert seen() == everybody
    assert wecrm("sandbox", "range", "--secret", "nobody", "--departments", "1").code == 2
    assert wecrm("sandbox", "range", "--departments", "one").code == 2


def test_ips_are_trusted_and_not_trusted(wecrm: Wecrm) -> None:
    wecrm("sandbox", "trust", "203.0.113.7")
    result = wecrm("sync", "tags")
    assert result.code == 4
    assert "60020" in result.err
    assert "WeCom saw the IP 127.0.0.1." in result.err
    wecrm("sandbox", "trust", "all")
    assert wecrm("sync", "tags").code == 0


def test_a_secret_is_reset_switched_off_and_its_token_ended(wecrm: Wecrm) -> None:
    assert wecrm("sync", "tags").code == 0
    assert wecrm("sandbox", "secret", "contact", "--end-token").code == 0
    assert wecrm("sync", "tags").code == 0
    assert wecrm("sandbox", "secret", "contact", "--disable").code == 0
    assert wecrm("sync", "tags").code == 4
    assert wecrm("sandbox", "secret", "contact", "--reset-to", SECRETS["contact"]).code == 0
    assert wecrm("doctor", "--retry-secrets").code == 0
    assert wecrm("sandbox", "secret", "contact").code == 2
    assert wecrm("sandbox", "secret", "nobody", "--disable").code == 2


# -- somebody else


def test_somebody_else_edits_a_relation(wecrm: Wecrm) -> None:
    relation = first(wecrm)
    who = relation.userid, relation.external_userid
    with wecrm.world() as world:
        (tag, name), *_rest = world.db.connection.execute(
            "SELECT id, name FROM tag WHERE NOT deleted GROUP BY name HAVING count(*) = 1 ORDER BY n"
        ).fetchall()
    assert wecrm("sandbox", "edit", *who, "--add", name, "--remark", "改过的").code == 0
    found = again(wecrm, relation)
    assert found is not None
    assert tag in found.tag_ids
    assert found.remark == "改过的"
    assert wecrm("sandbox", "edit", *who, "--remove", tag).code == 0
    found = again(wecrm, relation)
    assert found is not None
    assert tag not in found.tag_ids
    with wecrm.world() as world:
        assert list(control.calls(world)) == []  # past the API


def test_somebody_deletes_a_relation(wecrm: Wecrm) -> None:
    relation = first(wecrm)
    who = relation.userid, relation.external_userid
    assert wecrm("sandbox", "edit", *who, "--delete-by", "customer").code == 0
    found = again(wecrm, relation)
    assert found is not None
    assert found.one_way
    assert wecrm("sandbox", "edit", *who, "--delete-by", "member").code == 0
    assert again(wecrm, relation) is None


def test_customers_scan_a_live_code(wecrm: Wecrm) -> None:
    result = wecrm("sandbox", "scan", "小红书-种草", "--count", "30", "--over", "2h", "--known", "0")
    assert result.code == 0
    got = {row["id"]: int(row["customers"]) for row in csv.DictReader(io.StringIO(result.out))}
    assert sum(got.values()) == 30
    assert "30 scans, 30 customers added, 0 of them known to the corp." in result.err
    with wecrm.world() as world:
        assert world.now() == pytest.approx(1793494800 + 7200, abs=1)
        (code,) = [one for one in control.code_truth(world) if one.state == "小红书-种草"]
        assert set(got) <= set(code.usable)
        assert code.added == 30


def test_a_scan_of_a_group_code_shows_groups_and_a_link_takes_a_channel(wecrm: Wecrm) -> None:
    rows = json.loads(wecrm("sandbox", "scan", "spring-fair", "--count", "3", "-f", "json").out)
    assert [(row["kind"], row["customers"]) for row in rows] == [("group", 3)]
    with wecrm.world() as world:
        link = next(one.id for one in control.code_truth(world) if one.kind == "link")
    assert wecrm("sandbox", "scan", link, "--channel", "feed-3").code == 0
    with wecrm.world() as world:
        assert list(control.came(world, link))[-1].state == "feed-3"


def test_a_scan_that_leads_nowhere_says_why(wecrm: Wecrm) -> None:
    result = wecrm("sandbox", "scan", "展会2026春", "--count", "4")
    assert result.code == 0
    assert "4 scans added nobody: no usable member." in result.err
    assert wecrm("sandbox", "scan", "nothing").code == 2
    assert wecrm("sandbox", "scan", "展会2026春", "--channel", "x").code == 2


def test_a_member_is_deleted_and_brought_back(wecrm: Wecrm) -> None:
    relation = first(wecrm)
    assert wecrm("sandbox", "member", relation.userid, "--delete").code == 0
    assert again(wecrm, relation) is None
    assert wecrm("sandbox", "member", relation.userid, "--disable").code == 2  # there is nobody
    assert wecrm("sandbox", "member", relation.userid, "--restore").code == 0
    assert again(wecrm, relation) == relation
    with wecrm.world() as world:
        assert list(control.calls(world)) == []  # past the API


def test_a_member_is_disabled_quits_and_is_set_up(wecrm: Wecrm) -> None:
    userid = first(wecrm).userid

    def told() -> list[str]:
        with wecrm.world() as world:
            return [event.fields["Status"] for event in control.events(world)]

    for flag in ("--disable", "--enable", "--quit"):
        assert wecrm("sandbox", "member", userid, flag).code == 0
    assert told() == ["2", "1", "5"]
    assert wecrm("sandbox", "member", userid, "--last-login", "400d", "--no-real-name", "--banned").code == 0
    with wecrm.world() as world:
        sql = "SELECT last_login, real_name, banned FROM standing"
        assert world.db.connection.execute(sql).fetchall() == [(world.now() - 400 * 86400, 0, 1)]
    assert wecrm("sandbox", "member", userid).code == 2
    assert wecrm("sandbox", "member", userid, "--disable", "--delete").code == 2
    assert wecrm("sandbox", "member", "nobody", "--delete").code == 2


def test_customers_are_told_to_refuse_transfers(wecrm: Wecrm) -> None:
    customer = first(wecrm).external_userid
    assert wecrm("sandbox", "refuse", customer, "--after", "20h").code == 0
    with wecrm.world() as world:
        assert world.db.connection.execute("SELECT after_s FROM refuser").fetchall() == [(72000.0,)]
    assert wecrm("sandbox", "refuse", customer, "--never").code == 0
    assert wecrm("sandbox", "refuse", "--share", "5%").code == 0
    with wecrm.world() as world:
        assert world.db.connection.execute("SELECT * FROM refuser").fetchall() == []
        assert world.setting("refusals") == [0.05, 1]
    for words in ((), (customer, "--share", "5%"), (customer, "--after", "25h"), ("wmNobody",)):
        assert wecrm("sandbox", "refuse", *words).code == 2


def test_an_edit_that_is_refused_changes_nothing_at_all(wecrm: Wecrm) -> None:
    relation = first(wecrm)
    who = relation.userid, relation.external_userid
    assert wecrm("sandbox", "edit", *who).code == 2
    assert wecrm("sandbox", "edit", *who, "--remark", "neu", "--delete-by", "nobody").code == 2
    assert wecrm("sandbox", "edit", *who, "--remark", "neu", "--add", "no such tag").code == 2
    assert wecrm("sandbox", "edit", "nobody", relation.external_userid, "--remark", "neu").code == 2
    assert again(wecrm, relation) == relation


# -- served


@pytest.fixture
def process(wecrm: Wecrm) -> Iterator["subprocess.Popen[bytes]"]:
    started = wecrm.process("sandbox", "serve", "--latency", "1ms", env={"WECRM_PROFILE": ""})
    yield started
    if started.poll() is None:
        started.kill()
    started.communicate()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_serving_tells_its_address_and_a_profile_and_ends_cleanly(
    wecrm: Wecrm, process: "subprocess.Popen[bytes]", how: signal.Signals
) -> None:
    assert process.stdout is not None
    url = process.stdout.readline().decode().strip()
    query = {"corpid": CORP_ID, "corpsecret": SECRETS["contact"]}
    assert httpx.get(f"{url}/cgi-bin/gettoken", params=query).json()["errcode"] == 0
    process.send_signal(how)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (0, b"")
    told = err.decode()
    pasted = told[told.index("profiles:") : told.index("Secrets of other apps")]
    profile = decode(pasted.encode(), "pasted").profile("served")
    assert (profile.corp_id, profile.base_url) == (CORP_ID, url)


def test_the_pasted_profile_works_and_sees_the_same_world(wecrm: Wecrm, process: "subprocess.Popen[bytes]") -> None:
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    told = b""
    while b"Secrets of other apps" not in told:
        told += os.read(process.stderr.fileno(), 65536)
    text = told.decode()
    (wecrm.home / "config.yaml").write_text(text[text.index("profiles:") : text.index("Secrets of other apps")])
    assert wecrm("--profile", "served", "sync", "members").code == 0
    assert wecrm.sql("SELECT count(*) FROM member") == [(MEMBERS,)]
    assert wecrm("sandbox", "calls", "--path", "get_follow_user_list").lines[1:]  # the same world, from outside


def test_a_port_or_host_that_can_not_be_served_is_a_mistake(wecrm: Wecrm, process: "subprocess.Popen[bytes]") -> None:
    assert process.stdout is not None
    port = process.stdout.readline().decode().strip().rsplit(":", 1)[1]
    result = wecrm("sandbox", "serve", "--port", port)
    assert result.code == 2
    assert port in result.err
    assert wecrm("sandbox", "serve", "--host", "0.0.0.0").code == 2
    assert wecrm("sandbox", "serve", "--latency", "soon").code == 2


def test_a_world_of_ones_own_is_served_with_a_database_of_its_own(bare: Wecrm, tmp_path: Path) -> None:
    other = tmp_path / "other.world"
    World.create(other, members=3, contacts=5).close()
    with bare.process("sandbox", "serve", "--world", str(other)) as started:
        assert started.stdout is not None
        started.stdout.readline()
        started.send_signal(signal.SIGINT)
        _out, err = started.communicate(timeout=10)
    assert f"database: '{other}.db'" in err.decode()
